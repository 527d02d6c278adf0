"""Register files as plain text cells: CSV, XLSX, Parquet and XES; how each is written, and nothing of what it means."""

from __future__ import annotations

import stat
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.records.cells import MOST_BYTES, MOST_ROWS, Form, Raw, require_columns
from sim.records.faults import RecordsError
from sim.records.text_file import guess_text, read_text
from sim.records.workbook import as_text, guess_header, read_workbook
from sim.records.xes import read_xes
from sim.scenario.files import near_file
from sim.tables.words import counted

KINDS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".parquet": "parquet", ".xes": "xes",
         ".xes.gz": "xes"}  # fmt: skip
# Of which kinds of file, and what they are in words, each field can be said that says how a file is written.
_TEXT, _BOOK = {"csv": "text file"}, {"xlsx": "workbook"}
OF_KIND = {"encoding": _TEXT, "separator": _TEXT, "sheet": _BOOK, "header": _TEXT | _BOOK}


def kind_of(path: Path) -> str:
    """Which kind of file this is by its name, once it is known to be one that can be read. Raises RecordsError."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        close = near_file(path)
        hint = f"; did you mean '{close}'?" if close else ""
        raise RecordsError(f"{path}: no such file{hint}") from error
    if not stat.S_ISREG(status.st_mode):
        raise RecordsError(f"{path}: is no ordinary file")
    if status.st_size > MOST_BYTES:
        raise RecordsError(f"{path}: has {status.st_size} bytes; allowed: at most {MOST_BYTES}")
    if not status.st_size:
        raise RecordsError(f"{path}: is empty")
    ending = _ending(path)
    if ending in (".xlsm", ".xlsb", ".xltm"):
        raise RecordsError(f"{path}: is a workbook with macros; save it as .xlsx or CSV")
    if ending not in KINDS:
        hint = "; unpack it" if ending.endswith(".gz") else ""
        raise RecordsError(f"{path}: ends in '{ending}'; allowed: {', '.join(KINDS)}{hint}")
    return KINDS[ending]


def kind_by_name(path: Path) -> str:
    """Which kind of file this is by its name alone; "" where none that is read."""
    return KINDS.get(_ending(path), "")


def _ending(path: Path) -> str:
    return "".join(path.suffixes[-2:] if path.suffix.lower() == ".gz" else path.suffixes[-1:]).lower()


def guess_form(path: Path) -> tuple[Form, str]:
    """How a file is written, and the evidence in words, "" where there is nothing to be guessed."""
    match kind_of(path):
        case "csv":
            return guess_text(path)
        case "xlsx":
            return Form(header=guess_header(path)), ""
        case _:
            return Form(), ""


def header(path: Path, form: Form, sheet: str = "") -> list[str]:
    """The names of the columns."""
    return list(read_raw(path, form, None, sheet, most_rows=1).columns.columns)


def read_raw(
    path: Path, form: Form, wanted: Collection[str] | None = None, sheet: str = "", most_rows: int = MOST_ROWS
) -> Raw:
    """The cells of the wanted columns (None: of all). Raises RecordsError, also where a wanted column is missing."""
    kind = kind_of(path)
    try:
        match kind:
            case "csv":
                raw = read_text(path, form, wanted, most_rows)
            case "xlsx":
                raw = read_workbook(path, form, wanted, sheet, most_rows)
            case "parquet":
                raw = _read_parquet(path, wanted, most_rows)
            case _:
                raw = read_xes(path, wanted, most_rows)
    except (OSError, MemoryError) as error:
        raise RecordsError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'out of memory'})") from error
    if len(raw.row) > MOST_ROWS:
        raise RecordsError(f"{path}: has more than {MOST_ROWS} rows")
    return raw


def _read_parquet(path: Path, wanted: Collection[str] | None, most_rows: int) -> Raw:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        if file.metadata.num_rows > MOST_ROWS:
            raise RecordsError(f"{path}: has {counted(file.metadata.num_rows, 'row')}; allowed: at most {MOST_ROWS}")
        kept = require_columns(path, file.schema_arrow.names, wanted)
        table = file.read(columns=kept).slice(0, most_rows)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise RecordsError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0][:160]})") from error
    frame = pd.DataFrame({name: _parquet_text(table[name]) for name in kept}, columns=kept)
    return Raw(frame, np.arange(2, 2 + len(frame), dtype=np.int64))


def _parquet_text(column: Any) -> pd.Series[str]:
    import pyarrow as pa

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pd.Series(column.to_pandas()).fillna("").astype(str)
    values = pd.Series(column.to_pandas())
    if pa.types.is_timestamp(column.type):  # local time, whatever the zone
        values = values.dt.tz_localize(None) if values.dt.tz is not None else values
        return pd.Series(values.dt.strftime("%Y-%m-%d %H:%M:%S").fillna(""), dtype=str)
    return pd.Series(["" if cell is None or cell != cell else as_text(cell) for cell in values.tolist()], dtype=str)
