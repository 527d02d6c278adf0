"""The command `fit`: a scenario of a hospital's own, from the register of its past patients."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.shell.options import PATH, base, limited, out_file, picture_options, quiet, replace, tables
from sim.shell.records import tell_reading
from sim.shell.report import draw_results
from sim.shell.screen import command_line, errors_in_words, paragraph, print_table, tell
from vein2vein.drawing import require_room

if TYPE_CHECKING:
    from reports import Wanted
    from sim.fits.numbers import Row


@click.command("fit")
@click.argument("register", type=PATH)
@base
@out_file
@tables
@click.option(
    "--bootstrap",
    **limited("fit", "bootstrap"),
    help="Samples of each test of fit; 0: no test.",
)
@click.option("--seed", **limited("fit", "seed"), help="Of these samples.")
@replace
@quiet
@picture_options
def fit_command(
    register: Path,
    base: str,
    out: Path,
    tables: Path | None,
    bootstrap: int,
    seed: int,
    replace: tuple[str, ...],
    quiet: bool,
    wanted: Wanted,
) -> None:
    """Fit a scenario to a register of past patients: what it can say, over a base."""
    with errors_in_words():
        from sim.experiment.own.fit import FILES, fit_register

        folder = tables if tables is not None else out.with_suffix("")
        require_room(folder, FILES, wanted, replace)
        done = fit_register(register, base, out, folder, bootstrap, seed, command_line(), replace)
        if not quiet:
            for sentence in done.said:
                paragraph(sentence)
            tell_reading(done.reading)
            rows = [row for number in done.fitted.numbers for row in number.rows if row.status != "base"]
            print_table(
                ["Number", "", "Estimate", "95% interval", "Base", "n", "Events", ""], [_cells(row) for row in rows], 2
            )
            if done.fitted.checks:
                print_table(
                    ["No input, but seen", "Median, d", "Base if nobody waits, d", "n", "Ended", "Why"],
                    [_check_cells(row) for row in done.fitted.checks if row.parameter == "median"], 2,
                )  # fmt: skip
            kept = [row for number in done.fitted.numbers for row in number.rows if row.status == "base"]
            if kept:
                print_table(["As in the base, because", "Numbers"], _kept_cells(kept, done.fitted.checks), 2)
        tell((), done.fitted.warnings)
    click.echo(f"Scenario: {out}. Tables: {folder}")
    draw_results(folder, wanted, replace).tell(quiet)


def _check_cells(row: Row) -> list[str]:
    days = [f"{value:.3g}" if value == value else "" for value in (row.estimate, row.base)]
    return [row.path, *days, *_counts(row), row.note]


def _kept_cells(kept: Sequence[Row], checks: Sequence[Row]) -> list[list[str]]:
    """A row a reason, with the numbers that it holds for; what a check above has told is not told again."""
    above = {row.path for row in checks}
    why: dict[str, list[str]] = {}
    for row in kept:
        stretch = row.note.partition(": ")[0]
        why.setdefault(f"{stretch} holds a wait, as above" if stretch in above else row.note, []).append(row.path)
    return [[reason, ", ".join(paths)] for reason, paths in why.items()]


def _cells(row: Row) -> list[str]:
    numbers = [
        f"{row.estimate:.3g} {row.unit}".strip(),
        f"{row.low:.3g} to {row.high:.3g}",
        f"{row.base:.3g}" if row.base == row.base else "",
    ]
    return [row.path, " ".join(filter(None, (row.family, row.parameter))), *numbers, *_counts(row), row.status]


def _counts(row: Row) -> list[str]:
    """Patients and events, as the tables tell them: a screen is photographed, too."""
    from sim.records.small import LEAST, is_small

    return ["" if n is None else f"<{LEAST}" if is_small(n) else str(n) for n in (row.n, row.events)]
