"""The command `curve`: a survival curve that was read off a published figure, as a clock of a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.fits.curve_choices import BEST, CHOICES
from sim.shell.options import PATH, WholeRange, base, out_file, picture_options, quiet, replace, tables
from sim.shell.report import draw_results
from sim.shell.screen import command_line, errors_in_words
from vein2vein.drawing import require_room

if TYPE_CHECKING:
    from reports import Wanted


@click.command("curve")
@click.argument("file", type=PATH)
@click.option("--path", "where", required=True, help="The clock that it is to be: clocks.waiting.death, for example.")
@base
@click.option("--source", required=True, help="Where the figure stands, in words: 'Name 2020, figure 2'.")
@out_file
@click.option("--at-risk", type=PATH, help="The numbers at risk under the figure: a file with day or month, at_risk.")
@click.option("--patients", type=WholeRange(2, 1_000_000), help="How many there were, where no numbers at risk are.")
@click.option("--family", default=BEST, show_default=True, type=click.Choice(CHOICES), help="What it is fitted by.")
@click.option("--after", type=click.Choice(("never", "last_rate")), help="What follows a table that does not end at 0.")
@tables
@replace
@quiet
@picture_options
def curve_command(
    file: Path,
    where: str,
    base: str,
    source: str,
    out: Path,
    at_risk: Path | None,
    patients: int | None,
    family: str,
    after: str | None,
    tables: Path | None,
    replace: tuple[str, ...],
    quiet: bool,
    wanted: Wanted,
) -> None:
    """Turn a survival curve that was read off a figure into a clock of a scenario."""
    with errors_in_words():
        from sim.experiment.own.curve import FILES, Asked, fit_curve

        folder = tables if tables is not None else out.with_suffix("")
        require_room(folder, FILES, wanted, replace)
        asked = Asked(file, where, base, source, at_risk, patients, family, after)
        done = fit_curve(asked, out, folder, command_line(), replace)
        if not quiet:
            for sentence in done.said:
                click.echo(sentence)
    click.echo(f"Scenario: {out}. Tables: {folder}")
    draw_results(folder, wanted, replace).tell(quiet)
