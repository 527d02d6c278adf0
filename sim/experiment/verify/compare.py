"""Two tables of results, value by value: the one that is stored and the one that came out again."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sim.pure.checksum import checksum

Row = Sequence[object]
# A table whose cells are longer than this is none of ours.
csv.field_size_limit(10_000_000)


@dataclass(frozen=True)
class Compared:
    """How two tables agree: `values` of the stored one, `different` of them, and the first that is, in words."""

    values: int
    different: int
    first: str = ""

    @property
    def identical(self) -> bool:
        """Whether every value is the same."""
        return self.different == 0


class UnreadableError(Exception):
    """A stored table that cannot be read, in words for the user."""


def compare_tables(stored: Path, again: Path) -> Compared:
    """Every value of a stored CSV or Parquet table against the one that came out again. Raises UnreadableError.

    Numbers of a CSV are the same when their text is, which has all their digits; what is missing (NaN, null) is the
    same. Rows are compared by position, for their order is part of the result. A row or column that only one table has
    counts as different.
    """
    rows = _csv_rows if stored.suffix == ".csv" else _parquet_rows
    try:
        if checksum(stored) == checksum(again):
            return Compared(_count(rows(stored)), 0)
        return _compare(rows(stored), rows(again))
    except (OSError, ValueError, csv.Error, pa.ArrowException) as error:
        raise UnreadableError(f"cannot be read ({error})") from error


def _count(rows: Iterator[Row]) -> int:
    header = next(rows, ())
    return len(header) * sum(1 for _ in rows)


def _compare(stored: Iterator[Row], again: Iterator[Row]) -> Compared:
    names, names_again = list(next(stored, ())), list(next(again, ()))
    if names != names_again:
        odd = [str(n) for n in (*names, *names_again) if (n in names) != (n in names_again)] or ["their order"]
        return Compared(len(names), max(1, len(odd)), f"columns differ: {', '.join(odd[:5])}")
    values, different, first = 0, 0, ""
    for number, (one, other) in enumerate(zip_longest(stored, again), start=1):
        values += len(names)
        if one is None or other is None:
            different += len(names)
            first = first or f"row {number}: {'not in the stored table' if one is None else 'in the stored table only'}"
            continue
        for name, a, b in zip_longest(names, one, other):
            if not _same(a, b):
                different += 1
                first = first or f"row {number}, {name}: stored {a}, again {b}"
    return Compared(values, different, first)


def _same(a: object, b: object) -> bool:
    return a == b or (_missing(a) and _missing(b))


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _csv_rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file, strict=True)


def _parquet_rows(path: Path) -> Iterator[Row]:
    with pq.ParquetFile(path) as file:
        yield file.schema_arrow.names
        for batch in file.iter_batches(batch_size=20_000):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
