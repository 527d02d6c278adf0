"""The command `observe`: a register held against the simulation of its own time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.shell.options import PATH, engine, limited, picture_options, quiet, replace
from sim.shell.report import draw_results
from sim.shell.screen import command_line, errors_in_words, print_table, tell
from vein2vein.drawing import require_room
from vein2vein.progress import progress

if TYPE_CHECKING:
    from reports import Wanted
    from sim.experiment.own.observe import Compared


@click.command("observe")
@click.argument("scenario", type=PATH)
@click.argument("register", type=PATH)
@click.option("--out", type=PATH, help="Folder for the tables; below `results` unless given.")
@click.option("--replications", "-n", **limited("observe", "replications"), help="Registers to simulate.")
@click.option(
    "--fit-until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Fit the scenario to what was known at the end of this day, and score what came after.",
)
@engine
@replace
@quiet
@picture_options
def observe_command(
    scenario: Path,
    register: Path,
    out: Path | None,
    replications: int,
    fit_until: datetime | None,
    engine: str,
    replace: tuple[str, ...],
    quiet: bool,
    wanted: Wanted,
) -> None:
    """Hold a register against the simulation of its own time: what agrees, and what is off."""
    with errors_in_words():
        from sim.experiment.own.observe import FILES, Asked, observe

        folder = out if out is not None else Path("results") / f"observe-{scenario.stem}"
        require_room(folder, FILES, wanted, replace)
        day = None if fit_until is None else fit_until.date()
        asked = Asked(replications, day, engine, command_line(), replace)
        with progress(replications, quiet) as done:
            found = observe(scenario, register, folder, asked, done)
    click.echo(found.verdict)
    for one in (one for one in found.compared if one.is_off):
        from sim.experiment.own.observe import where

        click.echo(f"- {one.quantity.label}: {where(one)}")
    if not quiet:
        headers = ["Observed", "Points", "In 50% band", "In 90% band", "CRPS", "Expected", "p", ""]
        print_table(headers, [_cells(one) for one in found.compared])
    tell((), found.warnings)
    click.echo(f"Tables: {folder}")
    draw_results(folder, wanted, replace).tell(quiet)


def _cells(one: Compared) -> list[str]:
    its = one.score
    inside = [f"{100 * its.inside[name].mean():.0f}%" for name in ("50", "90")]
    crps = [f"{its.crps.mean():.3g}", f"{its.crps_expected.mean():.3g}"]
    verdict = "differs" if one.is_off else "agrees"
    return [one.quantity.label, str(len(one.quantity.points)), *inside, *crps, f"{its.p_value:.3f}", verdict]
