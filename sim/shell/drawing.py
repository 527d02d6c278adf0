"""Drawing of results folders: charts and report, and the gallery of all charts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.shell.naming import by_name
from sim.shell.screen import BAD_INPUT, CANNOT_BE_MADE, errors_in_words, loaded, progress, say, stop

if TYPE_CHECKING:
    from reports import Wanted, Written


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


def draw_gallery(place: Path, folders: Sequence[Path]) -> None:
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
        scenarios = by_name([loaded(SHIPPED / f"{name}.yaml") for name in ("autologous", "allogeneic")])
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
