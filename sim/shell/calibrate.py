"""The command `calibrate`: what no record holds, from what it does to what is observed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.shell.options import PATH, cluster, engine, limited, out_file, picture_options, quiet, replace, tables, workers
from sim.shell.report import draw_results
from sim.shell.screen import command_line, errors_in_words, print_table, say, tell
from sim.shell.sweep import resumable
from vein2vein.drawing import require_room
from vein2vein.progress import progress

if TYPE_CHECKING:
    from reports import Wanted
    from sim.experiment.calibrate.posterior import Known


@click.command("calibrate")
@click.argument("scenario", type=PATH)
@click.option("--to", required=True, type=PATH, help="register.yaml, or a file of targets.")
@click.option(
    "--vary",
    multiple=True,
    required=True,
    metavar="PATH=LOW:HIGH",
    help="A value to calibrate and its range, e.g. manufacturing.slots.count=1:6.",
)
@out_file
@tables
@click.option("--particles", **limited("calibrate", "particles"), help="Of each generation.")
@click.option("--generations", **limited("calibrate", "generations"), help="Of particles.")
@click.option(
    "--replications",
    "-n",
    **limited("calibrate", "replications"),
    help="Of each particle, where it is held against targets; 20 unless given.",
)
@engine
@workers
@cluster
@replace
@quiet
@picture_options
def calibrate_command(
    scenario: Path,
    to: Path,
    vary: tuple[str, ...],
    out: Path,
    tables: Path | None,
    particles: int,
    generations: int,
    replications: int | None,
    engine: str,
    workers: int | None,
    cluster: str | None,
    replace: tuple[str, ...],
    quiet: bool,
    wanted: Wanted,
) -> None:
    """Calibrate what no record holds to a register or to targets, by simulation. Goes on where it was stopped."""
    with errors_in_words():
        from sim.experiment.calibrate.run import Asked, calibrate, prepare_study
        from sim.experiment.calibrate.tables import FILES
        from sim.experiment.own.fit import require_out
        from sim.tables import TABLES

        folder = tables if tables is not None else out.with_suffix("")
        require_out(out, replace)
        require_room(folder, [TABLES[name].file for name in FILES], wanted, replace)
        asked = Asked(vary, particles, generations, replications, workers, engine, cluster, command_line(), replace)
        study = prepare_study(scenario, to, asked)
        tell((), study.warnings)
        if not quiet:
            say(f"{generations} generations of {particles} particles, then {study.checks} to check the prediction")
        per = study.aim.replications
        with resumable(folder), progress(study.runs, quiet, per=per) as done:
            found = calibrate(study, scenario, out, folder, done)
    for said in found.said:
        click.echo(said)
    if not quiet:
        print_table(
            ["Value", "Median", "90% interval", "Prior (90%)", "Left", ""], [_cells(one) for one in found.known]
        )
    # what is not determined is said above
    tell((), (one for one in found.warnings[len(study.warnings) :] if not one.startswith("not determined: ")))
    click.echo(f"Scenario: {out}. Tables: {folder}")
    draw_results(folder, wanted, replace).tell(quiet)


def _cells(one: Known) -> list[str]:
    unit = f" {one.prior.unit}" if one.prior.unit else ""
    return [
        one.prior.path,
        f"{one.median:.4g}{unit}",
        f"{one.low:.4g} to {one.high:.4g}",
        f"{one.prior_low:.4g} to {one.prior_high:.4g}",
        f"{100 * one.ratio:.0f}%",
        "determined" if one.determined else "not determined",
    ]
