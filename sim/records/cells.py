"""What is common to all kinds of register files: cells as text, their limits, and how a file is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.pure.arrays import IntArray
from sim.records.faults import RecordsError
from sim.scenario.problems import any_of, show, suggestion
from sim.tables.words import counted

MOST_BYTES, MOST_ROWS, MOST_COLUMNS = 2_000_000_000, 5_000_000, 2_000
# So much of a file is looked at, or read at once.
SAMPLE = 1_000_000
# Above the names of the columns a sheet may have so many rows of titles.
MOST_TITLES = 30
# Of as many cells as the fullest of the first rows has, the row of names fills so many at least.
NAMED = 0.7
# A number of days that stands for a date.
DAYS = r"\s*[0-9]{5}(\.[0-9]+)?\s*"


@dataclass(frozen=True, eq=False)
class Raw:
    """The cells of a register as text, "" where empty, by column; `row`: the number of each row in the file.

    The header is row 1, or the one that is stated. `broken`: rows that have not as many cells as the header. `notes`:
    what is to be said of it. `days_later`: so many days after 30 December 1899 it begins to count days.
    """

    columns: pd.DataFrame
    row: IntArray
    broken: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    days_later: int = 0

    def dates(self, column: str) -> pd.Series[str]:
        """The cells of a column of dates, numbers of days counted from 30 December 1899."""
        cells = self.columns[column]
        if not self.days_later:
            return cells
        counted_days = cells.str.fullmatch(DAYS)
        return cells.mask(counted_days, (cells.where(counted_days, "0").astype(float) + self.days_later).astype(str))


@dataclass(frozen=True)
class Form:
    """How a file is written. `encoding`, `separator`: of a CSV file; `header`: the row with the names of columns."""

    encoding: str = ""
    separator: str = ""
    header: int = 1


def require_columns(path: Path, names: Sequence[str], wanted: Collection[str] | None) -> list[str]:
    """The wanted columns in the order of the file; a RecordsError that names one that is not there, or twice there."""
    if len(names) > MOST_COLUMNS:
        raise RecordsError(f"{path}: has {counted(len(names), 'column')}; allowed: at most {MOST_COLUMNS}")
    for name in wanted if wanted is not None else dict.fromkeys(names):
        if name not in names:
            hint = suggestion(name, names) or f"; there are {any_of(names[:20])}"
            raise RecordsError(f"{path}: has no column {show(name)}{hint}")
        if list(names).count(name) > 1:
            raise RecordsError(f"{path}: has two columns {show(name)}; give them different names")
    return [name for name in names if wanted is None or name in wanted]


def row_of_names(rows: Sequence[Sequence[str]]) -> int:
    """In which of the first rows of a table the names of its columns seem to stand, counted from 1.

    Above them may stand titles, of which a row holds few. Names are no numbers or dates, which begin with a digit.
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows[:MOST_TITLES]]
    wide = max(filled, default=0)
    for number, row in enumerate(rows[:MOST_TITLES], start=1):
        names = [cell.strip() for cell in row if cell.strip()]
        if len(names) >= max(2.0, NAMED * wide) and not any(name[0].isdigit() for name in names):
            return number
    return 1
