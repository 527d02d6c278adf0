"""The command line: arguments, words on the screen and exit codes. Everything else is done by `sim` and `reports`.

Exit codes: 0 done; 1 the run failed; 2 the input or the usage is wrong; 3 a validation target was missed;
4 an output that was asked for cannot be made here; 130 interrupted.
Heavy imports happen inside the commands, so that the first word is on the screen at once.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.shell.options import OF_MANY_POINTS, RUN_OPTIONS, SCENARIO_FILE, options, picture_options
from sim.shell.screen import (
    BAD_INPUT,
    CANNOT_BE_MADE,
    INTERRUPTED,
    command_line,
    errors_in_words,
    loaded,
    print_table,
    stop,
)

if TYPE_CHECKING:
    from reports import Wanted
    from sim.shell.asked import Asked


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="vein2vein", prog_name="vein2vein")
def cli() -> None:
    """How many days do patients wait for CAR T-cell therapy, and how many progress before infusion?"""


@cli.command()
@click.argument("files", nargs=-1, required=True, type=SCENARIO_FILE)
@RUN_OPTIONS
@picture_options
def compare(files: tuple[Path, ...], **how: Any) -> None:
    """Compare scenarios on the same patients; the first file is the baseline."""
    if len(files) < 2:
        raise click.UsageError("compare takes two scenario files or more; to run one alone, use `run`")
    from sim.shell.studies import study_command

    study_command(files, "compare", **how)


@cli.command()
@click.argument("file", type=SCENARIO_FILE)
@RUN_OPTIONS
@picture_options
def run(file: Path, **how: Any) -> None:
    """Run one scenario."""
    from sim.shell.studies import study_command

    study_command((file,), "run", **how)


def _asked(wanted: Wanted, **how: Any) -> Asked:
    """The shared options of the commands of many points, with how their results are drawn."""
    from sim.shell.asked import Asked
    from sim.shell.drawing import draw

    return Asked(command_line(), lambda folder: draw(folder, wanted, how["quiet"], how["as_json"]), **how)


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
@click.option(
    "--target", multiple=True, required=True, metavar="'METRIC <= X'", help="What must hold, with <= or >=; repeatable."
)
@click.option(
    "--confidence", type=click.FloatRange(0.5, 0.9999), default=0.95, show_default=True, help="How sure it must be."
)
@options("vary", *OF_MANY_POINTS)
@picture_options
def plan(file: Path, vary: tuple[str, ...], target: tuple[str, ...], confidence: float, **how: Any) -> None:
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
    from sim.shell.checking import check_command

    check_command(files, overrides, shows_path, mermaid)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@options("quiet")
@picture_options
def report(folder: Path, quiet: bool, wanted: Wanted) -> None:
    """Draw charts and report again from the tables of a results folder."""
    with errors_in_words():
        from sim.experiment.manifest import require_whole

        require_whole(folder)
    from sim.shell.drawing import draw

    draw(folder, wanted, quiet, as_json=False)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@options("quiet")
def methods(folder: Path, quiet: bool) -> None:
    """Write methods.md into a results folder: STRESS-DES, ISPOR-SMDM and CHEERS, and print it."""
    from sim.shell.documenting import methods_command

    methods_command(folder, quiet)


@cli.command()
@click.option("--gallery", type=click.Path(path_type=Path), help="Write a page with all of them as pictures instead.")
def charts(gallery: Path | None) -> None:
    """The charts there are, one line each; or a gallery of them, drawn from studies of the shipped scenarios."""
    if gallery is not None:
        from sim.shell.gallery import draw_gallery

        draw_gallery(gallery)
        return
    from reports.charts import CHARTS

    rows = [[chart.name, chart.title, f"{chart.table}.csv", chart.reading.split(". ")[0]] for chart in CHARTS]
    print_table(["chart", "title", "drawn from", "what it shows"], rows, numbers_from=4)


@cli.command()
@click.argument("files", nargs=-1, type=SCENARIO_FILE)
@click.option("--port", type=click.IntRange(1024, 65535), default=8501, show_default=True, help="Where it is served.")
@click.option("--page", is_flag=True, hidden=True, help="Draw the page: the server calls this.")
def app(files: tuple[Path, ...], port: int, page: bool) -> None:
    """The planning page, served on this machine only: move levers, see what they do."""
    if page:
        from sim.shell.planning import planning_page

        planning_page(files)
        return
    from importlib.util import find_spec

    if find_spec("streamlit") is None:
        stop("the planning page needs streamlit, which is not installed: pip install 'vein2vein[app]'", CANNOT_BE_MADE)
    for file in files:
        loaded(file)
    from sim.shell.planning import serve

    serve(files, port)


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
