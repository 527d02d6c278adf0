"""The command `report`, and the drawing of any results folder: charts and report, which never cost the tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.shell.options import PATH, Asked, picture_options, quiet, replace
from sim.shell.screen import BAD_INPUT, CANNOT_BE_MADE, FAILED, errors_in_words, program, say, stop
from vein2vein.drawing import draw_pages

if TYPE_CHECKING:
    from reports import Held, Wanted, Written


@click.command("report")
@click.argument("folder", type=PATH)
@replace
@quiet
@picture_options
def report_command(folder: Path, replace: tuple[str, ...], quiet: bool, wanted: Wanted) -> None:
    """Draw charts and report again from the tables of a results folder."""
    with errors_in_words():
        from reports.tables import ResultsError
        from sim.experiment.disk.manifest import require_whole
        from sim.experiment.disk.publish import finish

        finish(folder)
        require_whole(folder)
        try:
            made = draw_pages(folder, wanted, replace)
        except ResultsError as error:
            stop(str(error), BAD_INPUT)
    Drawing(folder, made).tell(quiet)


@dataclass(frozen=True)
class Drawing:
    """What became of the pages of a results folder; `failed`: why there are none, in words."""

    folder: Path
    made: Written | None
    failed: str = ""

    def tell(self, quiet: bool, to_stderr: bool = False) -> None:
        """Say where the report is; leave with the code for what could not be made, all else having been written."""
        if self.made is None:
            stop(self.failed, FAILED)
        if not quiet:
            click.echo(f"Report: {self.folder / 'report.html'}", err=to_stderr)
        for why in self.made.cannot:
            say(why)
        if self.made.cannot:
            sys.exit(CANNOT_BE_MADE)


def draw_results(folder: Path, wanted: Wanted, replace: Sequence[str], held: Held | None = None) -> Drawing:
    """Charts and report of results that have just been written; whatever goes wrong with them, the tables stay.

    `held`: those of their tables that are still in memory.
    """
    from sim.experiment.disk.folder import FolderError

    try:
        return Drawing(folder, draw_pages(folder, wanted, replace, held))
    except FolderError as error:
        told = str(error)
    except OSError as error:
        told = f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}"
    except ModuleNotFoundError:
        raise
    except Exception as error:  # whatever a page may stumble over, the results are not to be lost for it
        told = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    return Drawing(
        folder, None, f"the report was not drawn ({told}); all tables are in {folder}: {program()} report {folder}"
    )


def draw(folder: Path, wanted: Wanted, asked: Asked) -> None:
    """Draw results that have just been written, and say where the report is."""
    draw_results(folder, wanted, asked.replace).tell(asked.quiet, asked.as_json)
