"""What a table of a results folder is: declared once, checked on writing, read by reports, workbook and dictionary.

A frame that fits its table has the declared columns and no others, of the declared kinds, null only where the column
says what null means, numbers finite, and no two rows with the same key.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class ContractError(ValueError):
    """A frame that is not the table it is written or read as; one line that names table and column."""


class Kind(Enum):
    """What the cells of a column are. `INPUT`: the value of a varied input, a number where all of them are."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    FLAG = "true or false"
    INPUT = "number or text"


# Units of columns whose rows say in which unit they are; the last one of columns with differences.
OF_METRIC, OF_PATH, OF_DIFFERENCE = "of the metric", "of the path", "of the metric, a difference"
# Units of what may be below 0: net benefit in a currency of a year, health worse than death.
_SIGNED = re.compile(r"QALYs|.+ [0-9]{4}")


class Bounds(Enum):
    """What the numbers of a column can be. `BY_UNIT`, `CHANGE_BY_UNIT`: as the unit that stands in the row has it."""

    NONE = "any number"
    SHARE = "0 to 1"
    NOT_NEGATIVE = "0 or more"
    CORRELATION = "-1 to 1"
    BY_UNIT = "a proportion 0 to 1; days and counts 0 or more; money and QALYs any number"
    CHANGE_BY_UNIT = "of a proportion -1 to 1; otherwise any number"

    def of(self, unit: str) -> tuple[float, float]:
        """The least and the greatest possible value in a row of this unit."""
        match self:
            case Bounds.SHARE:
                return 0.0, 1.0
            case Bounds.NOT_NEGATIVE:
                return 0.0, math.inf
            case Bounds.CORRELATION:
                return -1.0, 1.0
            case Bounds.BY_UNIT:
                return -math.inf if _SIGNED.fullmatch(unit) else 0.0, 1.0 if unit == "share" else math.inf
            case Bounds.CHANGE_BY_UNIT:
                return (-1.0, 1.0) if unit == "share" else (-math.inf, math.inf)
            case _:
                return -math.inf, math.inf


@dataclass(frozen=True)
class Column:
    """A column, or a family of them: one for each of what stands in `<...>` in the name.

    `unit`: of its numbers, "" where there is none or the row says it. `null`: what a cell without a value means; ""
    where there is no such cell. `optional`: whether the column may be absent.
    """

    name: str
    kind: Kind
    words: str
    unit: str = ""
    null: str = ""
    bounds: Bounds = Bounds.NONE
    optional: bool = False

    @property
    def is_family(self) -> bool:
        """Whether this stands for any number of columns."""
        return "<" in self.name

    @property
    def is_difference(self) -> bool:
        """Whether its numbers are differences in the unit of the row, so that those of proportions are in points."""
        return self.bounds is Bounds.CHANGE_BY_UNIT or self.unit == OF_DIFFERENCE

    def unit_in(self, row: str) -> str:
        """The unit of its number in a row whose own unit is this one."""
        by_row = self.bounds in (Bounds.BY_UNIT, Bounds.CHANGE_BY_UNIT) or self.unit in (
            OF_METRIC,
            OF_PATH,
            OF_DIFFERENCE,
        )
        return row if by_row else self.unit

    def fits(self, name: str) -> bool:
        """Whether a column of this name is meant."""
        if not self.is_family:
            return name == self.name
        return (
            re.fullmatch("".join(".+" if p[:1] == "<" else re.escape(p) for p in _parts(self.name)), name) is not None
        )


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"(<[^>]+>)", name) if part]


@dataclass(frozen=True)
class Table:
    """A table: its grain in words, its columns in order, and those that name a row.

    `intervals`: (estimate, low, high) columns that belong together; they are over patients, unless `not_of_patients`
    says of what else. `always`: whether every results folder of a comparison has it. `per_scenario`: whether there is a
    file for each scenario, in a folder of the table's name.
    """

    name: str
    title: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    intervals: tuple[tuple[str, str, str], ...] = ()
    not_of_patients: str = ""
    always: bool = False
    suffix: str = ".csv"
    per_scenario: bool = False

    @property
    def file(self) -> str:
        """The name of its file, or the pattern of the names of its files."""
        return self.name + ("/<number>" if self.per_scenario else "") + self.suffix

    def file_of(self, number: int) -> str:
        """The name of the file of one scenario, by its number from 1, of a table that has one for each."""
        assert self.per_scenario
        return f"{self.name}/{number}{self.suffix}"

    def column(self, name: str) -> Column | None:
        """The declaration behind a column's name; a family only where no column has that very name."""
        exact = (column for column in self.columns if column.name == name)
        return next(exact, next((column for column in self.columns if column.is_family and column.fits(name)), None))

    def require_columns(self, names: Sequence[str]) -> None:
        """Nothing, or a ContractError where a column is missing or none of this table."""
        missing = [c.name for c in self.columns if not (c.optional or c.is_family or c.name in names)]
        if missing:
            raise ContractError(f"{self.file}: has no column {', '.join(map(repr, missing))}")
        extra = [name for name in names if self.column(name) is None]
        if extra:
            raise ContractError(f"{self.file}: has a column that is none of this table: {', '.join(map(repr, extra))}")
        twice = sorted({name for name in names if list(names).count(name) > 1})
        if twice:
            raise ContractError(f"{self.file}: has two columns {', '.join(map(repr, twice))}")

    def checked(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame as it is written: each column of its kind, null where there is no value. Raises ContractError."""
        import pandas as pd

        self.require_columns([str(name) for name in frame.columns])
        found = {str(name): self._cells(str(name), frame[name]) for name in frame.columns}
        whole = pd.DataFrame(found, index=range(len(frame)))
        self.require_key(whole)
        return whole

    def require_key(self, frame: pd.DataFrame) -> None:
        """Nothing, or a ContractError where two rows stand for the same thing."""
        repeated = frame.duplicated(subset=list(self.key))
        if repeated.any():
            row = frame.loc[repeated, list(self.key)].iloc[0]
            raise ContractError(f"{self.file}: two rows for {', '.join(f'{k} {v!r}' for k, v in row.items())}")

    def _cells(self, name: str, cells: pd.Series[Any]) -> Any:
        column = self.column(name)
        assert column is not None
        values = cells.array
        try:
            typed = _typed(column.kind, values)
        except (TypeError, ValueError) as error:
            raise ContractError(f"{self.file}: {name}: is no {column.kind.value} throughout ({error})") from None
        empty = int(typed.isna().sum())
        if empty and not column.null:
            raise ContractError(f"{self.file}: {name}: {empty} of {len(typed)} cells have no value")
        return typed.array


def _typed(kind: Kind, values: Any) -> pd.Series[Any]:
    """The cells in the type that the kind has in memory: object, Int64 or int64, float64, boolean or bool."""
    import numpy as np
    import pandas as pd

    plain = pd.Series(values)
    if kind is Kind.INPUT:
        kind = Kind.NUMBER if pd.api.types.is_numeric_dtype(plain.dtype) else Kind.TEXT
    if kind is Kind.TEXT:
        empty = plain.isna().tolist()
        there = [None if null or value == "" else value for value, null in zip(plain.tolist(), empty, strict=True)]
        odd = next((value for value in there if value is not None and not isinstance(value, str)), None)
        if odd is not None:
            raise TypeError(f"found {odd!r}")
        return pd.Series(there, dtype=object)
    if kind is Kind.NUMBER:
        exact = plain if plain.dtype == np.float64 else plain.astype("Float64")
        numbers = pd.Series(exact.to_numpy(dtype=float, na_value=np.nan))
        if np.isinf(numbers).any():
            raise ValueError("found an infinite one")
        return numbers
    if plain.dtype == (np.int64 if kind is Kind.WHOLE else np.bool_):
        return plain
    whole = plain.astype("Int64" if kind is Kind.WHOLE else "boolean")
    return whole if whole.isna().any() else whole.astype("int64" if kind is Kind.WHOLE else "bool")
