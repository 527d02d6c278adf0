"""The command line: arguments, words on the screen and exit codes. Everything else is done by `sim` and `reports`.

Exit codes: 0 done; 1 the run failed; 2 the input or the usage is wrong; 3 a validation target was missed;
4 an output that was asked for cannot be made here; 130 interrupted.
Heavy imports happen inside the commands, so that the first word is on the screen at once.
Longer than 400 lines because the shell is one file: every command, and all that is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sim.shell.naming import by_name, seed_notes
from sim.shell.screen import (
    BAD_INPUT,
    CANNOT_BE_MADE,
    FAILED,
    INTERRUPTED,
    errors_in_words,
    print_table,
    progress,
    say,
    stop,
)

if TYPE_CHECKING:
    import pandas as pd

    from reports import Wanted, Written
    from sim.experiment.precision import Precision
    from sim.experiment.study import Study
    from sim.scenario import Loaded
    from sim.shell.asked import Asked

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


def picture_options(command: Callable[..., Any]) -> Any:
    """The options about what is drawn, which arrive together as `wanted`."""
    from functools import wraps

    @wraps(command)
    def with_wanted(
        style: str,
        images: tuple[str, ...],
        slides: bool,
        template: Path | None,
        workbook: bool,
        animation: bool,
        **others: Any,
    ) -> Any:
        from reports import Wanted

        slides = slides or template is not None
        return command(**others, wanted=Wanted(style, images, slides, template, workbook, animation))

    found: Any = with_wanted
    for option in reversed(
        (
            click.option(
                "--style",
                type=click.Choice(["screen", "slide", "print"]),
                default="screen",
                show_default=True,
                help="Of charts and images; the report page stays as it is.",
            ),
            click.option(
                "--image",
                "images",
                type=click.Choice(["svg", "png", "pdf"]),
                multiple=True,
                help="Also write each chart as this; takes an installed Chrome, Chromium or Edge.",
            ),
            click.option("--pptx", "slides", is_flag=True, help="Also write slides.pptx, with charts to edit there."),
            click.option(
                "--template",
                type=click.Path(path_type=Path, exists=True, dir_okay=False),
                help="Your own .pptx for the slides.",
            ),
            click.option("--xlsx", "workbook", is_flag=True, help="Also write workbook.xlsx."),
            click.option("--animation", is_flag=True, help="Also write charts/animation.html: patients moving."),
        )
    ):
        found = option(found)
    return found


RUN_OPTIONS = options(
    "replications", "precision", "min-replications", "max-replications", "seed", "set", "engine", "workers", "out",
    "list-below", "trace", "quiet", "json",
)  # fmt: skip
OF_MANY_POINTS = ("replications", "seed", "set", "engine", "workers", "cluster", "out", "quiet", "json")
SCENARIO_FILE = click.Path(path_type=Path)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=SCENARIO_FILE)
@RUN_OPTIONS
@picture_options
def compare(files: tuple[Path, ...], **how: Any) -> None:
    """Compare scenarios on the same patients; the first file is the baseline."""
    if len(files) < 2:
        raise click.UsageError("compare takes two scenario files or more; to run one alone, use `run`")
    _study(files, "compare", **how)


@cli.command()
@click.argument("file", type=SCENARIO_FILE)
@RUN_OPTIONS
@picture_options
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
    wanted: Wanted,
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
        notes = seed_notes(scenarios)
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
            from sim.experiment.folder import write_file

            if not quiet:
                say("Drawing charts and report")
            made = write_all(building, write_file, wanted)
    _show(study, as_json)
    click.echo(f"Report: {folder / 'report.html'}", err=as_json)
    _cannot(made)


def _asked(wanted: Wanted, **how: Any) -> Asked:
    """The shared options of the commands of many points, with how their results are drawn."""
    from sim.shell.asked import Asked

    return Asked(_command_line(), lambda folder: _draw(folder, wanted, how["quiet"], how["as_json"]), **how)


def _draw(folder: Path, wanted: Wanted, quiet: bool, as_json: bool) -> None:
    """Charts and report of a results folder as it stands."""
    from sim.experiment.folder import write_file

    with errors_in_words():
        from reports import write_all
        from reports.tables import ResultsError

        try:
            made = write_all(folder, write_file, wanted)
        except ResultsError as error:
            stop(str(error), BAD_INPUT)
    if not quiet:
        click.echo(f"Report: {folder / 'report.html'}", err=as_json)
    _cannot(made)


def _cannot(made: Written) -> None:
    """Say what could not be made on this machine, and leave with the code for it; all else has been written."""
    for why in made.cannot:
        say(why)
    if made.cannot:
        sys.exit(CANNOT_BE_MADE)


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
    if study.economics is not None:
        _show_economics(study.economics, study.icer)


def _show_economics(economics: pd.DataFrame, icer: pd.DataFrame | None) -> None:
    from reports.money import amount, heading

    names = list(dict.fromkeys(economics["scenario"]))
    rows = []
    for quantity in ("cost_per_referred", "qalys_per_referred"):
        found = [dict(row) for _, row in economics[economics["quantity"] == quantity].iterrows()]
        first = found[0]
        cells = [amount(float(row["estimate"]), str(row["unit"])) for row in found]
        rows.append([heading(str(first["label"]), str(first["unit"])), *cells])
    if icer is not None:
        standing = {str(row["scenario"]): dict(row) for _, row in icer.iterrows()}
        told = [standing[name] for name in names]
        cells = [amount(float(row["icer"]), "") if row["against"] else str(row["status"]) for row in told]
        rows.append(["ICER, per QALY", *cells])
    click.echo()
    print_table(["", *names], rows)
    count = len({path for text in economics["assumed"] for path in str(text).split("; ") if path})
    click.echo(f"Costs and QALYs stand on {count} inputs that are assumptions: see `assumed` in economics.csv.")


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

    found = {
        "summary": study.summary,
        "differences": study.differences,
        "economics": study.economics,
        "icer": study.icer,
    }
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
@options("vary", *OF_MANY_POINTS)
@picture_options
def sweep(files: tuple[Path, ...], vary: tuple[str, ...], design: str | None, samples: int | None, **how: Any) -> None:
    """Run many points: a sweep file, or scenario files with --vary. Goes on where it was stopped."""
    from sim.shell.sweeps import sweep_command

    sweep_command(files, _asked(**how), vary, design, samples)


@cli.command()
@click.argument("file", type=SCENARIO_FILE)
@click.option("--target", required=True, metavar="'METRIC <= X'", help="What must hold, with <= or >=.")
@click.option(
    "--confidence", type=click.FloatRange(0.5, 0.9999), default=0.95, show_default=True, help="How sure it must be."
)
@options("vary", *OF_MANY_POINTS)
@picture_options
def plan(file: Path, vary: tuple[str, ...], target: str, confidence: float, **how: Any) -> None:
    """The smallest capacity that meets a target, and the curve; leaves with 3 where there is none."""
    from sim.shell.plans import plan_command

    plan_command(file, _asked(**how), vary, target, confidence)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=SCENARIO_FILE)
@click.option(
    "--samples", type=click.IntRange(min=2), default=1000, show_default=True, help="Sets of uncertain inputs."
)
@click.option(
    "--replications", "-n", type=click.IntRange(min=1), default=20, show_default=True, help="Replications of each set."
)
@options(*OF_MANY_POINTS[1:])
@picture_options
def psa(files: tuple[Path, ...], samples: int, replications: int, **how: Any) -> None:
    """Probabilistic sensitivity analysis of costs and QALYs. Goes on where it was stopped."""
    from sim.shell.psa import psa_command

    psa_command(files, _asked(replications=replications, **how), samples, replications)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=SCENARIO_FILE)
@options("set")
@click.option("--path", "shows_path", is_flag=True, help="Also print the patient's path, step by step.")
@click.option("--mermaid", is_flag=True, help="Print the path as a flow chart in Mermaid's notation, and nothing else.")
def check(files: tuple[Path, ...], overrides: tuple[str, ...], shows_path: bool, mermaid: bool) -> None:
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
            if mermaid:
                _flow_chart(loaded)
            else:
                _check_one(file, loaded, shows_path)
    sys.exit(BAD_INPUT if wrong else 0)


def _flow_chart(loaded: Loaded) -> None:
    from sim.pieces.diagram import mermaid
    from sim.pieces.strategies import build_protocol

    click.echo(mermaid(build_protocol(loaded.scenario)), nl=False)


def _check_one(file: Path, loaded: Loaded, shows_path: bool) -> None:
    from sim.experiment.study import load_warnings
    from sim.pieces.diagram import outline
    from sim.pieces.loads import expect, flag_shares, offered_loads
    from sim.pieces.strategies import build_protocol

    protocol = build_protocol(loaded.scenario)
    click.echo(f"{file}: {loaded.scenario.name} ({loaded.scenario.strategy}), digest {loaded.digest[:12]}")
    touch = expect(protocol.path, flag_shares(loaded.scenario)).days
    click.echo(f"  without any queue, from referral to the end of the stay: {touch:.1f} days on average")
    if shows_path:
        click.echo("\n".join(["", *outline(protocol), ""]))
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
@picture_options
def report(folder: Path, quiet: bool, wanted: Wanted) -> None:
    """Draw charts and report again from the tables of a results folder."""
    with errors_in_words():
        from sim.experiment.manifest import require_whole

        require_whole(folder)
    _draw(folder, wanted, quiet, as_json=False)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@options("quiet")
def methods(folder: Path, quiet: bool) -> None:
    """Write methods.md into a results folder: STRESS-DES, ISPOR-SMDM and CHEERS, and print it."""
    from sim.shell.documenting import methods_command

    methods_command(folder, quiet)


@cli.command()
@click.option("--gallery", type=click.Path(path_type=Path), help="Write a page with all of them as pictures instead.")
@click.option(
    "--from",
    "folders",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    help="Results to draw the gallery from, beside the shipped pair.",
)
def charts(gallery: Path | None, folders: tuple[Path, ...]) -> None:
    """The charts there are, one line each; or a gallery of them, drawn from the shipped scenarios."""
    from reports.charts import CHARTS

    if gallery is not None:
        _gallery(gallery, folders)
        return
    rows = [[chart.name, chart.title, f"{chart.table}.csv", chart.reading.split(". ")[0]] for chart in CHARTS]
    print_table(["chart", "title", "drawn from", "what it shows"], rows, numbers_from=4)


def _gallery(place: Path, folders: Sequence[Path]) -> None:
    """Run the shipped pair and draw the page."""
    with errors_in_words():
        from tempfile import TemporaryDirectory

        from reports.gallery import gallery
        from reports.images import NoImagesError
        from reports.tables import ResultsError
        from sim.experiment.folder import write_text
        from sim.experiment.manifest import require_whole
        from sim.experiment.study import Plan, run_study
        from sim.scenario.files import SHIPPED

        for folder in folders:
            require_whole(folder)
        scenarios = by_name([_load(SHIPPED / f"{name}.yaml") for name in ("autologous", "allogeneic")])
        count = next(iter(scenarios.values())).scenario.run.replications
        with TemporaryDirectory() as results, progress(count, False) as done:
            run_study(Plan(scenarios, count, None, "run_sim.py charts --gallery"), Path(results), done)
            try:
                write_text(place, gallery([Path(results), *folders]))
            except NoImagesError as error:
                stop(str(error), CANNOT_BE_MADE)
            except ResultsError as error:
                stop(str(error), BAD_INPUT)
    click.echo(f"Wrote {place}")


@cli.command()
@click.argument("files", nargs=-1, type=SCENARIO_FILE)
@click.option("--port", type=click.IntRange(1024, 65535), default=8501, show_default=True, help="Where it is served.")
@click.option("--page", is_flag=True, hidden=True, help="Draw the page: the server calls this.")
def app(files: tuple[Path, ...], port: int, page: bool) -> None:
    """The planning page, served on this machine only: move levers, see what they do."""
    if page:
        _planning_page(files)
        return
    from importlib.util import find_spec

    if find_spec("streamlit") is None:
        stop("the planning page needs streamlit, which is not installed: pip install 'vein2vein[app]'", CANNOT_BE_MADE)
    for file in files:
        _load(file)
    import subprocess

    settings = {
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
    }
    say(f"The planning page: http://127.0.0.1:{port} (Ctrl-C ends it)")
    command = [sys.executable, "-m", "streamlit", "run", __file__, *(f"--{k}={v}" for k, v in settings.items())]
    ended = subprocess.run([*command, "--", "app", "--page", *map(str, files)], check=False, stdout=subprocess.DEVNULL)
    sys.exit(FAILED if ended.returncode > 0 else 0)


def _planning_page(files: Sequence[Path]) -> None:
    """The page with what the simulator does for it."""
    from reports import planner, write_all
    from sim.experiment import planning
    from sim.experiment.folder import write_file
    from sim.scenario import ScenarioError, load
    from sim.scenario.shipped import shipped

    found = [(file, load(file)) for file in files] + shipped()
    scenarios = by_name([loaded for _, loaded in found])
    place = dict(zip(scenarios, (file for file, _ in found), strict=True))
    planner.show(
        planner.Page(
            list(scenarios),
            lambda name: planning.levers(scenarios[name]),
            lambda name, changes, count: planning.answer(place[name], changes, count).frames,
            lambda name, changes: planning.scenario_file(place[name], changes),
            lambda name, changes, count: planning.report(
                place[name], changes, count, lambda folder: write_all(folder, write_file).paths
            ),
            ScenarioError,
        )
    )


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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name may hold what the screen or pipe has no character for
            stream.reconfigure(errors="backslashreplace")
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        stop("interrupted", INTERRUPTED)
    except KeyboardInterrupt:
        stop("interrupted", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in ("", "sim", "reports", "scenarios"):
            raise
        stop(f"{name} is not installed, and nothing runs without it: pip install vein2vein", CANNOT_BE_MADE)


if __name__ == "__main__":
    main()
