"""Big tables, streamed to Parquet as replications finish."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.outcomes.patients import is_label
from sim.pieces.protocol import Protocol, attempt_names, milestones

PATIENTS = "patients.parquet"
TEXT, WHOLE, NUMBER, FLAG = pa.string(), pa.int64(), pa.float64(), pa.bool_()


def patient_columns(protocols: Sequence[Protocol], lives: bool = False) -> dict[str, pa.DataType]:
    """Names and types of the patient table for scenarios that share one file.

    `lives`: whether some scenario says what becomes of patients after their path; then with columns for that.
    """
    noted = dict.fromkeys(name for p in protocols for name in milestones(p.patient_steps) if not is_label(name))
    tried = dict.fromkeys(name for p in protocols for name in attempt_names(p.patient_steps))
    return {
        "scenario": TEXT,
        "replication": WHOLE,
        "region": TEXT,
        "source": TEXT,
        "number": WHOLE,
        "course": WHOLE,
        "centre": TEXT,
        "risk_group": TEXT,
        "measured": FLAG,
        "product": TEXT,
        "outcome": TEXT,
        "reason": TEXT,
        "referral_day": NUMBER,
        **{f"{name}_day": NUMBER for name in noted},
        "progression_day": NUMBER,
        "end_day": NUMBER,
        "waiting_days": NUMBER,
        "vein_to_vein_days": NUMBER,
        "turnaround_days": NUMBER,
        "progressed_before_infusion": FLAG,
        **({"responded": FLAG, "relapse_day": NUMBER, "death_day": NUMBER} if lives else {}),
        **{f"{name}_attempts": WHOLE for name in tried},
    }


def event_columns() -> dict[str, pa.DataType]:
    """Names and types of the event table."""
    return {
        "scenario": TEXT,
        "replication": WHOLE,
        "entity": TEXT,
        "step": TEXT,
        "kind": TEXT,
        "asked_day": NUMBER,
        "began_day": NUMBER,
        "ended_day": NUMBER,
    }


# Rows are written so many at a time, because each write takes 2 ms.
ROWS_AT_ONCE = 20_000


class TableFile:
    """A Parquet file that grows by one row group at a time; a column that rows lack is NaN (0 for counts)."""

    def __init__(self, path: Path, columns: dict[str, pa.DataType], wanted: bool = True) -> None:
        self._path, self._schema = path, pa.schema(list(columns.items()))
        self._wanted = wanted
        self._writer: pq.ParquetWriter | None = None
        self._upcoming: list[pa.Table] = []

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

    def append(self, columns: dict[str, Any] | None) -> None:
        """Add the rows of one replication."""
        if self._writer is None or columns is None:
            return
        count = len(next(iter(columns.values())))
        arrays = []
        for field in self._schema:
            values = columns.get(field.name)
            if values is None and field.type == FLAG:
                values = pa.nulls(count, FLAG)
            elif values is None:
                values = np.zeros(count, np.int64) if field.type == WHOLE else np.full(count, np.nan)
            arrays.append(pa.array(values, type=field.type, from_pandas=False))
        self._upcoming.append(pa.Table.from_arrays(arrays, schema=self._schema))
        if sum(len(table) for table in self._upcoming) >= ROWS_AT_ONCE:
            self._write()

    def _write(self) -> None:
        if self._upcoming and self._writer is not None:
            self._writer.write_table(pa.concat_tables(self._upcoming))
        self._upcoming = []
