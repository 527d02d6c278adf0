"""Tables on disk, each checked by its contract as it is written: CSV at once, the big ones streamed to Parquet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import is_numeric_dtype

from sim.experiment.disk.folder import new_file, write_text
from sim.outcomes.patients import is_label
from sim.pieces.protocol import Protocol, attempt_names, milestones
from sim.tables import EVENTS_TABLE, PATIENTS, QUANTITIES, TABLES, ContractError, Kind, Table
from sim.tables.spreadsheets import csv_text, unescaped

ARROW = {
    Kind.TEXT: pa.string(),
    Kind.WHOLE: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.INPUT: pa.float64(),
}
# Rows are made ready and written so many at a time: for each time, every column takes its while.
ROWS_AT_ONCE = 20_000


# A table as it was written: its cells, each column of its kind, and the text of its file.
Written = tuple[pd.DataFrame, str]


def write_table(folder: Path, name: str, frame: pd.DataFrame) -> Written:
    """Write a table as CSV, whole or not at all. Raises ContractError where it is not the table of that name."""
    table = TABLES[name]
    whole = table.checked(frame)
    text = csv_text(whole)
    write_text(folder / table.file, text)
    return whole, text


def write_parts(folder: Path, name: str, parts: Iterable[pd.DataFrame]) -> None:
    """Write a table as CSV that comes in parts, one after the other, whole or not at all. Raises ContractError.

    A key must not be in two parts: each is checked alone.
    """
    table = TABLES[name]
    with new_file(folder / table.file) as building, building.open("ab") as file:
        for number, part in enumerate(parts):
            file.write(csv_text(table.checked(part), header=number == 0).encode("utf-8", "backslashreplace"))


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """The table of that name as it stands in a results folder, each column of its kind.

    Whole numbers are `int64`, or `Int64` where some are missing; missing numbers are NaN, missing flags NA, and a
    missing text is "". Raises ContractError where the file is not that table.
    """
    table = TABLES[name]
    if table.suffix == ".parquet":
        return pd.read_parquet(folder / table.file)
    cells = pd.read_csv(folder / table.file, dtype=str, keep_default_na=False, encoding="utf-8")
    cells.columns = [unescaped(str(column)) for column in cells.columns]
    table.require_columns(list(cells.columns))
    return pd.DataFrame({column: _typed(cells[column], table, column) for column in cells.columns})


def _typed(cells: pd.Series[str], table: Table, name: str) -> pd.Series[Any]:
    column = table.column(name)
    assert column is not None
    if column.kind is Kind.FLAG:
        there: pd.Series[Any] = cells.map({"True": True, "False": False})
        return there.astype("boolean") if there.isna().any() else there.astype(bool)
    if column.kind is Kind.TEXT:
        return cells.map(unescaped)
    numbers = pd.to_numeric(cells.where(cells != ""), errors="coerce" if column.kind is Kind.INPUT else "raise")
    if column.kind is Kind.INPUT and (numbers.isna() & (cells != "")).any():
        return cells.map(unescaped)
    if column.kind is Kind.WHOLE:
        return numbers.astype("Int64" if numbers.isna().any() else "int64")
    return numbers.astype(float)


def arrow_schema(table: Table, frame: pd.DataFrame) -> pa.Schema:
    """The Parquet types of a checked frame; the value of a varied input is text where it is so in the frame."""
    types = []
    for name in frame.columns:
        column = table.column(str(name))
        assert column is not None
        worded = column.kind is Kind.INPUT and not is_numeric_dtype(frame[name].dtype)
        types.append((str(name), pa.string() if worded else ARROW[column.kind]))
    return pa.schema(types)


def patient_columns(protocols: Sequence[Protocol], lives: bool = False) -> tuple[str, ...]:
    """Names of the columns of the patient table for scenarios that share one file, in their order.

    `lives`: whether some scenario says what becomes of patients after their path; then with columns for that.
    """
    noted = dict.fromkeys(name for p in protocols for name in milestones(p.patient_steps) if not is_label(name))
    tried = dict.fromkeys(name for p in protocols for name in attempt_names(p.patient_steps))
    families = {
        "<milestone>_day": [f"{name}_day" for name in noted],
        "<step>_attempts": [f"{n}_attempts" for n in tried],
    }
    after = ("responded", "relapse_day", "death_day", "followed_from_day")
    return tuple(
        name
        for column in PATIENTS.columns
        for name in families.get(column.name, [column.name])
        if lives or column.name not in after
    )


def event_columns() -> tuple[str, ...]:
    """Names of the columns of the event table."""
    return tuple(column.name for column in EVENTS_TABLE.columns)


def quantity_columns() -> tuple[str, ...]:
    """Names of the columns of the table of quantities."""
    return tuple(column.name for column in QUANTITIES.columns)


class TableFile:
    """A Parquet file that grows by one row group at a time; what did not happen is null, as is a column rows lack."""

    def __init__(self, folder: Path, table: Table, columns: Sequence[str], wanted: bool = True) -> None:
        self._path, self._table, self._wanted = folder / table.file, table, wanted
        self._columns = {name: table.column(name) for name in columns}
        self._schema = pa.schema([(name, ARROW[column.kind]) for name, column in self._columns.items() if column])
        self._writer: pq.ParquetWriter | None = None
        self._upcoming: list[Mapping[str, Any]] = []
        self._rows = 0

    def __enter__(self) -> TableFile:
        if self._wanted:
            self._writer = pq.ParquetWriter(self._path, self._schema)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._write()
            self._writer.close()

    def append(self, columns: Mapping[str, Any] | None) -> None:
        """Add rows. Raises ContractError, here or with rows to come, where they are not of this table."""
        if self._writer is None or columns is None:
            return
        extra = [name for name in columns if name not in self._columns]
        if extra:
            raise ContractError(f"{self._table.file}: has a column that is none of this table: {', '.join(extra)}")
        self._upcoming.append(columns)
        self._rows += _length(columns)
        if self._rows >= ROWS_AT_ONCE:
            self._write()

    def _array(self, field: pa.Field) -> pa.Array:
        """The upcoming cells of a column."""
        column = self._columns[field.name]
        assert column is not None
        # beside None, each number would become an object
        nothing = math.nan if column.kind is Kind.NUMBER else None
        parts = [
            columns[field.name] if field.name in columns else np.full(_length(columns), nothing)
            for columns in self._upcoming
        ]
        array = pa.array(np.concatenate(parts), field.type, from_pandas=True)
        if array.null_count and not column.null:
            raise ContractError(
                f"{self._table.file}: {field.name}: {array.null_count} of {len(array)} cells have no value"
            )
        if column.kind is Kind.NUMBER and array.null_count < len(array) and not np.isfinite(array.drop_null()).all():
            raise ContractError(f"{self._table.file}: {field.name}: found an infinite number")
        return array

    def _write(self) -> None:
        if self._upcoming and self._writer is not None:
            arrays = [self._array(field) for field in self._schema]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._upcoming, self._rows = [], 0


def _length(columns: Mapping[str, Any]) -> int:
    return len(next(iter(columns.values())))
