"""The command `forecast`: a register from its last day on, everybody from where they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.shell.options import NAME, PATH, engine, limited, overrides, picture_options, quiet, replace, seed, workers
from sim.shell.records import tell_reading
from sim.shell.report import draw_results
from sim.shell.screen import command_line, errors_in_words, print_table, tell
from vein2vein.drawing import require_room
from vein2vein.progress import progress

if TYPE_CHECKING:
    import pandas as pd

    from reports import Wanted


@click.command("forecast")
@click.argument("scenario", type=PATH)
@click.argument("register", type=PATH)
@click.option("--months", **limited("forecast", "months"), help="How many months ahead.")
@click.option("--out", type=PATH, help="Folder for the tables; below `results` unless given.")
@click.option(
    "--list-below", **limited("forecast", "list_below"), help="Also when fewer patients than this are waiting."
)
@click.option(
    "--overdue",
    **limited("forecast", "overdue"),
    help="A patient in a stage for longer than it can last: it ends on the first day, or is fitted to the register. "
    "Refused unless given.",
)
@click.option(
    "--individual",
    is_flag=True,
    help="Also the chances of each patient, by the row of the register: for planning, not for decisions on a patient's "
    "care.",
)
@click.option(
    "--back-test",
    "origins",
    **limited("forecast", "back_test"),
    metavar="K",
    help="Forecast from K earlier days as well (5 or more), with what was known then, and score it against what came.",
)
@click.option(
    "--base", type=NAME, help="For --back-test: the scenario that was fitted; what SCENARIO extends unless given."
)
@click.option("--samples", **limited("forecast", "samples"), help="Draws of what is uncertain.")
@click.option("--replications", "-n", **limited("forecast", "replications"), help="Simulated futures for each.")
@seed
@overrides
@engine
@workers
@replace
@quiet
@picture_options
def forecast_command(
    scenario: Path,
    register: Path,
    months: int,
    out: Path | None,
    list_below: int | None,
    overdue: str | None,
    individual: bool,
    origins: int | None,
    base: str | None,
    samples: int,
    replications: int,
    seed: int | None,
    overrides: tuple[str, ...],
    engine: str,
    workers: int | None,
    replace: tuple[str, ...],
    quiet: bool,
    wanted: Wanted,
) -> None:
    """Forecast a register from its last day on: list, aphereses, infusions and beds by month."""
    with errors_in_words():
        from sim.experiment.ahead.placing import FAULT
        from sim.experiment.ahead.run import Asked, files_of, forecast, prepare_study

        if base is not None and origins is None:
            raise click.UsageError("--base is for --back-test alone")
        folder = out if out is not None else Path("results") / f"forecast-{scenario.stem}"
        changes = (*overrides, *([f"run.seed={seed}"] if seed is not None else []))
        asked = Asked(
            months, samples, replications, list_below, overdue or FAULT, individual, origins or 0, base, changes,
            engine, workers, command_line(), replace,
        )  # fmt: skip
        require_room(folder, files_of(asked), wanted, replace)
        study = prepare_study(scenario, register, folder, asked)
        if not quiet:
            tell_reading(study.reading)
        tell((), study.warnings)
        with progress(study.runs, quiet) as done:
            found = forecast(study, folder, asked, done)
    for said in found.said:
        click.echo(said)
    if not quiet:
        print_table(["By month", "", "from", "to", "mean", "p5", "p50", "p95"], _cells(found.tables["forecast"]), 3)
    click.echo(f"Tables: {folder}. Patients in progress: {found.today}")
    draw_results(folder, wanted, replace).tell(quiet)


def _cells(forecast: pd.DataFrame) -> list[list[str]]:
    mine: Any = forecast[forecast["group"] == "all"].itertuples(index=False)
    return [
        [str(row.label), str(row.month), str(row.first_day), str(row.last_day), f"{row.mean:.1f}"]
        + [f"{value:.0f}" if row.unit == "patients" else f"{value:.1f}" for value in (row.p5, row.p50, row.p95)]
        for row in mine
    ]
