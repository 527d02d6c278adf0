"""The tables that say what was put in, against the scenarios: by meaning, for files may say `60 d` or `2 months`."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.experiment.verify.compare import UnreadableError
from sim.scenario import Loaded, ScenarioError
from sim.scenario.leaves import inline
from sim.tables.spreadsheets import unescaped
from sim.tables.words import counted

# A list that is too long to be written out, alone or in a map, says how many it has "in all", and cannot be set.
SHORTENED = re.compile(r", \.\.\. \d+ in all\]")
AS_WRITTEN = "value"


def restated(stored: Path, again: Path, scenarios: Mapping[str, Loaded]) -> str:
    """What a stored `parameters.csv` or `changes.csv` says that was not run; "" where all fits.

    Values fit when the scenario is the same with each of them set as it is written; everything else, such as paths,
    sources and references, must be the same text. Raises UnreadableError.
    """
    rows, rows_again = _rows(stored), _rows(again) if again.is_file() else []
    values = [AS_WRITTEN] if "scenario" in (rows[0] if rows else {}) else list(scenarios)
    for number, (row, other) in enumerate(zip(rows, rows_again, strict=False), start=1):
        for column in row.keys() | other.keys():
            # of a number without a source the note says where it was set, which a resolved scenario no longer knows
            free = column in values or (column == "note" and row.get("stated") == "False")
            if not free and row.get(column) != other.get(column):
                return f"row {number}, {column}: stored {row.get(column)}, again {other.get(column)}"
    if len(rows) != len(rows_again):
        return f"{counted(len(rows), 'row')} stored, {len(rows_again)} again"
    for name, loaded in scenarios.items():
        column = name if name in values else AS_WRITTEN
        mine = [row for row in rows if row.get("scenario", name) == name]
        if wrong := _not_run(loaded, [(row["path"], row.get(column, "")) for row in mine]):
            return f"{name}: {wrong}"
    return ""


def _not_run(loaded: Loaded, written: Sequence[tuple[str, str]]) -> str:
    """The first value that was not run as written; "" where all were."""
    stated = [
        f"{path}={text}"
        for path, text in written
        if text and not SHORTENED.search(text) and not _is_there(loaded, path, text)
    ]
    if _fits(loaded, stated):
        return ""
    return next((f"{one} is not what was run" for one in stated if not _fits(loaded, [one])), "not what was run")


def _is_there(loaded: Loaded, path: str, text: str) -> bool:
    """Whether the scenario in full has this value in these words; one without effect could not be set."""
    value: Any = loaded.resolved
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value is not None and inline(value) == text


def _fits(loaded: Loaded, stated: Sequence[str]) -> bool:
    try:
        return loaded.with_overrides(stated).digest == loaded.digest
    except ScenarioError:
        return False


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            return [
                {unescaped(name): unescaped(cell) for name, cell in row.items()}
                for row in csv.DictReader(opened, strict=True)
            ]
    except (OSError, ValueError, csv.Error) as error:
        raise UnreadableError(f"cannot be read ({error})") from error
