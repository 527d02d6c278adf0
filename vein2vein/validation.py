"""The validation cases: exact, closed-form and published values against simulated ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from sim.experiment.disk.folder import write_text
from sim.experiment.disk.manifest import about_program, write_manifest
from sim.experiment.disk.publish import new_results
from sim.experiment.disk.table_files import write_table
from sim.experiment.validate.cases import KINDS, Verdict, count_by_kind, judge, require_quantities
from sim.scenario import Loaded
from sim.scenario import load as load_file
from sim.scenario.shipped import ShippedError, validation_file, validation_files
from sim.tables.words import capital
from vein2vein.limits import checked
from vein2vein.progress import Heard, heard
from vein2vein.results import Validation, place
from vein2vein.scenarios import called

FILES = ("validation.csv", "validation.md")
Case = tuple[Path, Loaded]


@checked
def validate(
    *cases: str | os.PathLike[str],
    replications: int | None = None,
    workers: int | None = None,
    engine: str = "auto",
    progress: Heard = False,
    folder: str | os.PathLike[str] | None = None,
) -> Validation:
    """Simulate validation cases and judge each expected value.

    `cases`: names of shipped cases, or files with a `validation:` section; all shipped ones (some minutes) where none
    is named. `replications`: instead of each case's own.

    Returns a `Validation`: `summary` in words, `verdicts` as a frame. Raises ValueError where there is no such case or
    nothing to compare with, ScenarioError.
    """
    found = read_cases([Path(case) for case in cases])
    where = place(folder)
    with heard(progress, sum(replications or loaded.scenario.run.replications for _, loaded in found)) as done:
        verdicts = judged(found, replications, workers, done, engine)
    command = called("validate", cases, {"replications": replications})
    with new_results(where.folder, FILES) as building:
        write_validation(verdicts, found, building, command)
    return Validation(where.folder, (), where.kept, summary=summary(verdicts))


def read_cases(files: Sequence[Path]) -> list[Case]:
    """The cases of these files or names; all shipped ones where none is given.

    Raises ValueError where there is no such case or it has nothing to compare with, ScenarioError (also for targets
    that speak of a result that there is not).
    """
    try:
        wanted = [validation_file(one) for one in files] or validation_files()
    except ShippedError as error:
        raise ValueError(str(error)) from error
    found = [(file, load_file(file)) for file in wanted]
    missing = [str(file) for file, loaded in found if loaded.scenario.validation is None]
    if missing:
        raise ValueError(f"{', '.join(missing)}: no `validation:` section, so there is nothing to compare with")
    for _, loaded in found:
        require_quantities(loaded)
    return found


def judged(
    cases: Sequence[Case], replications: int | None, workers: int | None, done: Callable[[int], None], engine: str
) -> list[Verdict]:
    """A verdict for each quantity of each case."""
    verdicts: list[Verdict] = []
    for file, loaded in cases:
        count = replications or loaded.scenario.run.replications
        verdicts += judge(file.stem, loaded, count, workers, done, engine)
    return verdicts


def summary(verdicts: Sequence[Verdict]) -> str:
    """How many targets of each kind were met, and how many of the missed ones a file states as missed."""
    counts = count_by_kind(verdicts)
    text = "; ".join(f"{KINDS[kind]}: {met} of {count} met" for kind, (met, count) in counts.items())
    missed = [verdict for verdict in verdicts if not verdict.met]
    stated = sum(verdict.as_stated for verdict in missed)
    text = capital(text)
    return f"{text}. {stated} of {len(missed)} misses are stated in the files" if missed else text


def write_validation(verdicts: Sequence[Verdict], cases: Sequence[Case], folder: Path, command: str) -> str:
    """Write table, page and manifest into a folder that is being built; the text of the page."""
    from reports.validation import validation_page

    rows = [verdict.row() for verdict in verdicts]
    text = validation_page(rows, {file.stem: loaded.scenario.name for file, loaded in cases}, summary(verdicts))
    write_table(folder, "validation", pd.DataFrame(rows))
    write_text(folder / "validation.md", text)
    write_manifest(folder, {"title": "Validation", "kind": "validation", "command": command, **about_program()})
    return text
