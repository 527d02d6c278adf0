"""The command `report`, and the drawing of any results folder: charts and report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.shell.options import FOLDER, picture_options, quiet
from sim.shell.screen import BAD_INPUT, CANNOT_BE_MADE, errors_in_words, say, stop

if TYPE_CHECKING:
    from reports import Wanted, Written


@click.command("report")
@click.argument("folder", type=FOLDER)
@quiet
@picture_options
def report_command(folder: Path, quiet: bool, wanted: Wanted) -> None:
    """Draw charts and report again from the tables of a results folder."""
    with errors_in_words():
        from sim.experiment.manifest import require_whole

        require_whole(folder)
    draw(folder, wanted, quiet, as_json=False)


def draw(folder: Path, wanted: Wanted, quiet: bool, as_json: bool) -> None:
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
    leave_if_not_all(made)


def leave_if_not_all(made: Written) -> None:
    """Say what could not be made on this machine, and leave with the code for it; all else has been written."""
    for why in made.cannot:
        say(why)
    if made.cannot:
        sys.exit(CANNOT_BE_MADE)
