"""The command `validate`: exact, closed-form and published values against simulated ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from sim.shell.options import PATH, as_json, engine, out, quiet, replace, replications, workers
from sim.shell.screen import BAD_INPUT, MISSED, command_line, errors_in_words, print_table, say, stop
from vein2vein.progress import progress

ON_SCREEN = ("case", "quantity", "kind", "expected", "simulated", "low", "high", "verdict", "why")
# With so few values a standard error is itself too uncertain: at 20, by some 16%.
FEW = 20
RESULTS = Path("results") / "validate"


@click.command("validate")
@click.argument("files", nargs=-1, type=PATH)
@click.option("--page", type=PATH, help="Also write the page there, e.g. docs/validation.md.")
@replications
@engine
@workers
@out
@replace
@quiet
@as_json
def validate_command(
    files: tuple[Path, ...],
    replications: int | None,
    engine: str,
    workers: int | None,
    out: Path | None,
    page: Path | None,
    replace: tuple[str, ...],
    quiet: bool,
    as_json: bool,
) -> None:
    """Run the validation cases: exact or published values against simulated ones."""
    with errors_in_words():
        from sim.experiment.disk.folder import require_page, signed, write_text
        from sim.experiment.disk.publish import new_results
        from sim.tables.words import counted
        from vein2vein.validation import FILES, judged, read_cases, summary, write_validation

        try:
            cases = read_cases(files)
        except ValueError as error:
            stop(str(error), BAD_INPUT)
        folder = out if out is not None else RESULTS
        if page is not None:
            require_page(page, replace)
        counts = [replications or loaded.scenario.run.replications for _, loaded in cases]
        with new_results(folder, FILES, replace) as building:
            with progress(sum(counts), quiet) as done:
                verdicts = judged(cases, replications, workers, done, engine)
            text = write_validation(verdicts, cases, building, command_line())
            if page is not None:
                write_text(page, signed(text))
    rows = [verdict.row() for verdict in verdicts]
    if as_json:
        import json

        click.echo(json.dumps(rows, indent=2))
    else:
        print_table(ON_SCREEN, [[_cell(row[name]) for name in ON_SCREEN] for row in rows], numbers_from=3)
    for verdict in verdicts:
        if not verdict.met:
            say(f"{verdict.verdict}: {verdict.case}, {verdict.quantity}: {verdict.row()['why']}")
    few = [file.stem for (file, _), count in zip(cases, counts, strict=True) if 1 < count < FEW]
    if few:
        say(
            f"warning: fewer than {FEW} replications cannot judge a case that has chance in it, met or missed "
            f"({', '.join(few) if len(few) < 4 else counted(len(few), 'case')})"
        )
    click.echo(summary(verdicts), err=as_json)
    if not quiet:
        say(f"Table and page: {folder}")
    sys.exit(0 if all(verdict.as_stated for verdict in verdicts) else MISSED)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return str(value)
