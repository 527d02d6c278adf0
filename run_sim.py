"""The command line: arguments, words on the screen and exit codes. Everything else is done by `sim` and `reports`.

Exit codes: 0 done; 1 the run failed; 2 the input or the usage is wrong; 3 a validation target was missed;
4 an output that was asked for cannot be made here; 130 interrupted.
Heavy imports happen inside the commands, so that the first word is on the screen at once.
Longer than 400 lines because the shell is one file: every command, and all that is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sim.shell.naming import by_name
from sim.shell.screen import (
    BAD_INPUT,
    INTERRUPTED,
    errors_in_words,
    print_table,
    progress,
    say,
    stop,
)

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.precision import Precision
    from sim.experiment.study import Study
    from sim.scenario import Loaded

ON_SCREEN = (
    "waiting_days_mean",
    "waiting_days_median",
    "vein_to_vein_days_median",
    "infused",
    "infused_share",
    "progressed_before_infusion",
    "progressed_before_infusion_share",
    "lost_before_infusion",
    "lost_before_infusion_share",
)
Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="vein2vein", prog_name="vein2vein")
def cli() -> None:
    """How many days do patients wait for CAR T-cell therapy, and how many progress before infusion?"""


def options(*names: str) -> Callable[[Command], Command]:
    """The shared options of these names, in their order."""
    known = {
        "replications": click.option(
            "--replications", "-n", type=click.IntRange(min=1), help="Replications instead of the scenario's own."
        ),
        "seed": click.option("--seed", type=click.IntRange(min=0), help="Seed instead of the scenario's own."),
        "workers": click.option(
            "--workers",
            type=click.IntRange(min=1),
            help="Processes to use; chosen by the work unless given. Results are the same.",
        ),
        "cluster": click.option(
            "--cluster", metavar="ADDRESS", help="A Dask scheduler to run on, e.g. tcp://10.0.0.5:8786."
        ),
        "vary": click.option(
            "--vary",
            multiple=True,
            metavar="PATH=VALUES",
            help="Values of one path: manufacturing.lines=4:20:2 (from:to:step), or release_testing.sterility=7d,14d.",
        ),
        "out": click.option("--out", type=click.Path(path_type=Path), help="Folder for the results."),
        "set": click.option(
            "--set",
            "overrides",
            multiple=True,
            metavar="PATH=VALUE",
            help="Change one value, e.g. manufacturing.lines=12.",
        ),
        "engine": click.option(
            "--engine",
            type=click.Choice(["auto", "simpy", "compiled"]),
            default="auto",
            show_default=True,
            help="Which engine runs.",
        ),
        "trace": click.option("--trace", is_flag=True, help="Also write every event to events.parquet."),
        "precision": click.option(
            "--precision",
            metavar="METRIC=HALFWIDTH",
            help="Replicate until the 95 % interval is so narrow, e.g. progressed_before_infusion_share=0.01.",
        ),
        "min-replications": click.option(
            "--min-replications", type=click.IntRange(min=2), help="With --precision: at least so many (20)."
        ),
        "max-replications": click.option(
            "--max-replications", type=click.IntRange(min=2), help="With --precision: at most so many (1000)."
        ),
        "list-below": click.option(
            "--list-below",
            type=click.IntRange(min=0),
            help="Also say from which date on fewer patients than this are waiting.",
        ),
        "quiet": click.option("--quiet", "-q", is_flag=True, help="Say nothing but results and errors."),
        "json": click.option("--json", "as_json", is_flag=True, help="Print the results as JSON."),
    }

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            command = known[name](command)
        return command

    return decorate


RUN_OPTIONS = options(
    "replications", "precision", "min-replications", "max-replications", "seed", "set", "engine", "workers", "out",
    "list-below", "trace", "quiet", "json",
)  # fmt: skip
SCENARIO_FILE = click.Path(path_type=Path)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=SCENARIO_FILE)
@RUN_OPTIONS
def compare(files: tuple[Path, ...], **how: Any) -> None:
    """Compare scenarios on the same patients; the first file is the baseline."""
    if len(files) < 2:
        raise click.UsageError("compare takes two scenario files or more; to run one alone, use `run`")
    _study(files, "compare", **how)


@cli.command()
@click.argument("file", type=SCENARIO_FILE)
@RUN_OPTIONS
def run(file: Path, **how: Any) -> None:
    """Run one scenario."""
    _study((file,), "run", **how)


def _study(
    files: Sequence[Path],
    verb: str,
    replications: int | None,
    precision: str | None,
    min_replications: int | None,
    max_replications: int | None,
    seed: int | None,
    overrides: tuple[str, ...],
    engine: str,
    workers: int | None,
    out: Path | None,
    list_below: int | None,
    trace: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    rule = _precision(precision, replications, min_replications, max_replications)
    if not quiet:
        say(f"Reading {', '.join(str(file) for file in files)}")
    changed = [*overrides, *([f"run.seed={seed}"] if seed is not None else [])]
    scenarios = by_name([_load(file, changed) for file in files])
    folder = out if out is not None else Path("results") / "-".join([verb, *(file.stem for file in files)])
    with errors_in_words():
        from importlib.util import find_spec

        from sim.experiment.folder import new_results, require_usable
        from sim.experiment.study import Plan, load_warnings, run_study

        require_usable(folder)
        first = next(iter(scenarios.values())).scenario.run
        count = rule.most if rule is not None else replications or first.replications
        notes = _align(scenarios)
        plan = Plan(scenarios, count, workers, _command_line(), trace, engine, rule, list_below)
        if engine == "auto" and find_spec("numba") is None:
            say("numba is not installed: everything runs on the SimPy engine, with the same results but more slowly")
        for warning in [*notes, *load_warnings(scenarios)]:
            say(f"warning: {warning}")
        if not quiet:
            many = f"{'at most ' if rule else ''}{count} replications"
            say(f"{len(scenarios)} scenario{'s' if len(scenarios) > 1 else ''}, {many}")
        with new_results(folder) as building:
            with progress(count, quiet) as done:
                study = run_study(plan, building, done)
            from reports import write_all
            from sim.experiment.folder import write_text

            if not quiet:
                say("Drawing charts and report")
            write_all(building, write_text)
    _show(study, as_json)
    click.echo(f"Report: {folder / 'report.html'}", err=as_json)


def _precision(text: str | None, replications: int | None, least: int | None, most: int | None) -> Precision | None:
    if text is None:
        if least is not None or most is not None:
            raise click.UsageError("--min-replications and --max-replications belong to --precision")
        return None
    if replications is not None:
        raise click.UsageError("--replications and --precision exclude each other; see --max-replications")
    from sim.experiment.precision import parse_precision

    try:
        return parse_precision(text, least, most)
    except ValueError as error:
        return stop(f"--precision: {error}", BAD_INPUT)


def _align(scenarios: dict[str, Loaded]) -> list[str]:
    """Notes on scenarios that cannot be paired because they are seeded differently."""
    seeds = {name: loaded.scenario.run.seed for name, loaded in scenarios.items()}
    if len(set(seeds.values())) < 2:
        return []
    told = ", ".join(f"{name} {seed}" for name, seed in seeds.items())
    return [
        f"the scenarios have different seeds ({told}): their patients are not the same; give --seed to make them so"
    ]


def _load(file: Path, overrides: Sequence[str] = ()) -> Loaded:
    from sim.scenario import ScenarioError, load

    try:
        return load(file, overrides)
    except ScenarioError as error:
        for problem in error.problems:
            say(str(problem))
        sys.exit(BAD_INPUT)


def _command_line() -> str:
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])


def _show(study: Study, as_json: bool) -> None:
    if as_json:
        click.echo(_as_json(study))
        return
    from reports.words import Estimate, compact

    def cell(row: dict[str, Any], change: bool = False) -> str:
        return compact(Estimate(row["estimate"], row["low"], row["high"], row["unit"], change=change))

    names = list(dict.fromkeys(study.summary["scenario"]))
    if study.differences is not None and len(study.changes):
        click.echo("What differs between the scenarios")
        changes = [[row["path"], *(row[name] for name in names)] for _, row in study.changes.iterrows()]
        print_table(["", *names], changes, numbers_from=len(names) + 1)
        click.echo()
    rows = []
    for metric in ON_SCREEN:
        cells = [cell(row) for row in _rows(study.summary, metric)]
        if study.differences is not None:
            cells += [cell(row, change=True) for row in _rows(study.differences, metric)]
        rows.append([_rows(study.summary, metric)[0]["label"], *cells])
    headers = ["", *names]
    if study.differences is not None:
        headers += [f"difference: {name}" if len(names) > 2 else "difference" for name in names[1:]]
    print_table(headers, rows)
    if study.list_below is not None:
        for _, row in study.list_below.iterrows():
            click.echo(f"{row['scenario']}: {row['label'].lower()}: {_dated(row)}")
    click.echo("Estimates over replications with 95 % intervals; differences are paired on the same patients.")


def _dated(row: Any) -> str:
    """When a list falls below its number, in words."""
    import pandas as pd

    if pd.isna(row["day"]):
        return f"never stays below {row['below']} within the window"
    sure = (
        "never in 95 % of replications" if pd.isna(row["sure_day"]) else f"in 95 % of replications {row['sure_date']}"
    )
    return f"below {row['below']} on average from {row['date']} on, {sure}"


def _rows(table: pd.DataFrame, metric: str) -> list[dict[str, Any]]:
    return [dict(row) for _, row in table[table["metric"] == metric].iterrows()]


def _as_json(study: Study) -> str:
    import json

    found = {"summary": study.summary, "differences": study.differences}
    return json.dumps(
        {
            name: json.loads(table.to_json(orient="records", double_precision=15))
            for name, table in found.items()
            if table is not None
        },
        indent=2,
    )


@cli.command()
@click.argument("files", nargs=-1, required=True, type=SCENARIO_FILE)
@click.option(
    "--design",
    type=click.Choice(["grid", "one_at_a_time", "latin_hypercube", "sobol", "morris"]),
    help="Which points to run; grid unless the sweep file says otherwise.",
)
@click.option("--samples", type=click.IntRange(min=2), help="Size of a sampled design.")
@options("vary", "replications", "seed", "set", "engine", "workers", "cluster", "out", "quiet", "json")
def sweep(files: tuple[Path, ...], **how: Any) -> None:
    """Run many points: a sweep file, or scenario files with --vary. Goes on where it was stopped."""
    from sim.shell.sweeps import sweep_command

    sweep_command(files, _command_line(), **how)


@cli.command()
@click.argument("file", type=SCENARIO_FILE)
@click.option("--target", required=True, metavar="'METRIC <= X'", help="What must hold, with <= or >=.")
@click.option(
    "--confidence", type=click.FloatRange(0.5, 0.9999), default=0.95, show_default=True, help="How sure it must be."
)
@options("vary", "replications", "seed", "set", "engine", "workers", "cluster", "out", "quiet", "json")
def plan(file: Path, **how: Any) -> None:
    """The smallest capacity that meets a target, and the curve; leaves with 3 where there is none."""
    from sim.shell.plans import plan_command

    plan_command(file, _command_line(), **how)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=SCENARIO_FILE)
@options("set")
def check(files: tuple[Path, ...], overrides: tuple[str, ...]) -> None:
    """Check scenario files and show what they ask of each resource; run nothing."""
    from sim.scenario import ScenarioError, load

    wrong = False
    for file in files:
        try:
            loaded = load(file, overrides)
        except ScenarioError as error:
            wrong = True
            for problem in error.problems:
                say(str(problem))
            continue
        with errors_in_words():
            _check_one(file, loaded)
    sys.exit(BAD_INPUT if wrong else 0)


def _check_one(file: Path, loaded: Loaded) -> None:
    from sim.experiment.study import load_warnings
    from sim.pieces.loads import expect, offered_loads
    from sim.pieces.strategies import build_protocol

    protocol = build_protocol(loaded.scenario)
    click.echo(f"{file}: {loaded.scenario.name} ({loaded.scenario.strategy}), digest {loaded.digest[:12]}")
    click.echo(
        f"  without any queue, from referral to the end of the stay: {expect(protocol.path).days:.1f} days on average"
    )
    loads = offered_loads(loaded.scenario, protocol)
    if loads:
        print_table(
            ["resource", "name", "centre", "offered load"],
            [[load.label, load.resource, load.centre, f"{load.load:.3f}"] for load in loads],
            numbers_from=3,
        )
    unsourced = [p.path for p in loaded.parameters if not p.stated]
    if unsourced:
        say(f"{file}: no source is given for {', '.join(unsourced)}; the report will call them assumptions")
    for warning in load_warnings({loaded.scenario.name: loaded}):
        say(f"warning: {warning}")


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@options("quiet")
def report(folder: Path, quiet: bool) -> None:
    """Draw charts and report again from the tables of a results folder."""
    from sim.experiment.folder import MANIFEST, write_text

    if not (folder / MANIFEST).is_file():
        stop(f"{folder}: no results here (no {MANIFEST})", BAD_INPUT)
    with errors_in_words():
        from reports import write_all
        from reports.tables import ResultsError

        try:
            write_all(folder, write_text)
        except ResultsError as error:
            stop(str(error), BAD_INPUT)
    if not quiet:
        click.echo(f"Report: {folder / 'report.html'}")


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@options("engine", "workers", "quiet")
def verify(folder: Path, engine: str, workers: int | None, quiet: bool) -> None:
    """Run a stored result again and compare every number; leaves with 3 where one differs."""
    from sim.shell.verifying import verify_command

    verify_command(folder, engine, workers, quiet)


@cli.command(name="list")
def list_scenarios() -> None:
    """The shipped scenarios, one line each."""
    from sim.scenario.shipped import shipped

    rows = [[str(path), one.scenario.name, one.scenario.description.strip().split("\n")[0]] for path, one in shipped()]
    print_table(["file", "name", "what it is"], rows, numbers_from=3)


@cli.command()
def schema() -> None:
    """JSON Schema of the scenario file, for editors."""
    import json

    from sim.scenario import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@cli.command()
@click.argument("file", type=SCENARIO_FILE)
@click.option("--from", "base", default="autologous", show_default=True, help="The shipped scenario to start from.")
def new(file: Path, base: str) -> None:
    """Write a commented scenario file to start from; it extends a shipped one."""
    from sim.experiment.folder import write_text
    from sim.scenario.shipped import ShippedError, template

    try:
        text = template(file, base)
    except ShippedError as error:
        stop(str(error), BAD_INPUT)
    if file.exists():
        stop(f"{file}: exists already; it was left as it is", BAD_INPUT)
    try:
        write_text(file, text)
    except OSError as error:
        stop(f"{file}: cannot be written ({error.strerror})", BAD_INPUT)
    click.echo(f"Wrote {file}. Check it with: python run_sim.py check {file}")


@cli.command()
@click.argument("files", nargs=-1, type=SCENARIO_FILE)
@click.option("--page", type=click.Path(path_type=Path), help="Also write the page there, e.g. docs/validation.md.")
@options("replications", "engine", "workers", "out", "quiet", "json")
def validate(files: tuple[Path, ...], **how: Any) -> None:
    """Run the validation cases: exact or published values against simulated ones."""
    from sim.shell.validating import validate_command

    validate_command(files, **how)


def main() -> None:
    """Run the command line; Ctrl-C leaves with 130."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        stop("interrupted", INTERRUPTED)
    except KeyboardInterrupt:
        stop("interrupted", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
