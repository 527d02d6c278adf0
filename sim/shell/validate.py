"""The command `validate`: exact, closed-form and published values against simulated ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.shell.options import SCENARIO_FILE, as_json, engine, out, quiet, replace, replications, workers
from sim.shell.screen import BAD_INPUT, MISSED, command_line, errors_in_words, print_table, progress, say, stop

if TYPE_CHECKING:
    from sim.experiment.validate.cases import Verdict

ON_SCREEN = ("case", "quantity", "kind", "expected", "simulated", "low", "high", "verdict", "why")
FILES = ("validation.csv", "validation.md")
# With so few values a standard error is itself too uncertain: at 20, by some 16 %.
FEW = 20
RESULTS = Path("results") / "validate"


@click.command("validate")
@click.argument("files", nargs=-1, type=SCENARIO_FILE)
@click.option("--page", type=click.Path(path_type=Path), help="Also write the page there, e.g. docs/validation.md.")
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
        from sim.experiment.disk.folder import require_page
        from sim.experiment.disk.publish import new_results
        from sim.experiment.validate.cases import judge
        from sim.experiment.validate.quantities import QuantityError
        from sim.scenario import load
        from sim.scenario.shipped import ShippedError, validation_file, validation_files

        try:
            wanted = [validation_file(file) for file in files] or validation_files()
        except ShippedError as error:
            stop(str(error), BAD_INPUT)
        cases = [(file, load(file)) for file in wanted]
        missing = [str(file) for file, loaded in cases if loaded.scenario.validation is None]
        if missing:
            stop(f"{', '.join(missing)}: no `validation:` section, so there is nothing to compare with", BAD_INPUT)
        folder = out if out is not None else RESULTS
        if page is not None:
            require_page(page, replace)
        verdicts: list[Verdict] = []
        counts = [replications or loaded.scenario.run.replications for _, loaded in cases]
        with new_results(folder, FILES, replace) as building:
            with progress(sum(counts), quiet) as done:
                for (file, loaded), count in zip(cases, counts, strict=True):
                    try:
                        verdicts += judge(file.stem, loaded, count, workers, done, engine)
                    except QuantityError as error:
                        stop(f"{file}: {error}", BAD_INPUT)
            _write(verdicts, {file.stem: loaded.scenario.name for file, loaded in cases}, building, page)
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
            f"({', '.join(few) if len(few) < 4 else f'{len(few)} cases'})"
        )
    click.echo(summary(verdicts), err=as_json)
    if not quiet:
        say(f"Table and page: {folder}")
    sys.exit(0 if all(verdict.as_stated for verdict in verdicts) else MISSED)


def summary(verdicts: list[Verdict]) -> str:
    """How many targets of each kind were met, and how many of the missed ones a file states as missed."""
    from sim.experiment.validate.cases import KINDS, count_by_kind

    counts = count_by_kind(verdicts)
    text = "; ".join(f"{KINDS[kind]}: {met} of {count} met" for kind, (met, count) in counts.items())
    missed = [verdict for verdict in verdicts if not verdict.met]
    stated = sum(verdict.as_stated for verdict in missed)
    text = f"{text[:1].upper()}{text[1:]}"
    return f"{text}. {stated} of {len(missed)} misses are stated in the files" if missed else text


def _write(verdicts: list[Verdict], names: dict[str, str], folder: Path, page: Path | None) -> None:
    import pandas as pd

    from reports.validation import validation_page
    from sim.experiment.disk.folder import signed, write_text
    from sim.experiment.disk.manifest import about_program, write_manifest
    from sim.experiment.disk.table_files import write_table

    rows = [verdict.row() for verdict in verdicts]
    text = validation_page(rows, names, summary(verdicts))
    write_table(folder, "validation", pd.DataFrame(rows))
    write_text(folder / "validation.md", text)
    write_manifest(folder, {"title": "Validation", "kind": "validation", "command": command_line(), **about_program()})
    if page is not None:
        write_text(page, signed(text))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return str(value)
