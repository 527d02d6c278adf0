"""Register files as plain text cells: CSV, XLSX, Parquet and XES; how each is written, and nothing of what it means."""

from __future__ import annotations

import csv
import hashlib
import io
import stat
import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.records.faults import RecordsError
from sim.scenario.files import near_file
from sim.scenario.problems import any_of, show, suggestion

MOST_BYTES, MOST_ROWS, MOST_COLUMNS = 2_000_000_000, 5_000_000, 2_000
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
SAMPLE = 1_000_000
KINDS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".parquet": "parquet", ".xes": "xes"}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, eq=False)
class Raw:
    """The cells of a register as text, "" where empty, by column; `row`: the number of each row in the file.

    The header is row 1. `broken`: rows that have not as many cells as the header. `notes`: what is to be said of it.
    """

    columns: pd.DataFrame
    row: NDArray[np.int64]
    broken: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """How a CSV file is written; of other files nothing needs to be known."""

    encoding: str = ""
    separator: str = ""


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
    ending = path.suffix.lower()
    if ending in (".xlsm", ".xlsb", ".xltm"):
        raise RecordsError(f"{path}: is a workbook with macros; save it as .xlsx or CSV")
    if ending not in KINDS:
        raise RecordsError(f"{path}: ends in '{ending}'; allowed: {', '.join(KINDS)}")
    return KINDS[ending]


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def guess_form(path: Path) -> tuple[Form, str]:
    """How a CSV file is written, and the evidence in words."""
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    if start.startswith((b"PK\x03\x04", _OLD_OFFICE)):
        raise RecordsError(f"{path}: is a workbook, not text; give it the ending .xlsx")
    encoding, why = _guess_encoding(path, start)
    text = start.decode(encoding, errors="ignore")
    lines = text.splitlines()[:200]
    if len(start) == SAMPLE and len(lines) > 1:
        lines = lines[:-1]
    best, fields, same = ",", 1, 0
    for separator in SEPARATORS.values():
        rows = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
        agree = sum(width == rows[0] for width in rows) if rows else 0
        if rows and rows[0] > 1 and (agree, rows[0]) > (same, fields):
            best, fields, same = separator, rows[0], agree
    name = next(name for name, sign in SEPARATORS.items() if sign == best)
    told = f"{why}; {same} of the first {len(lines)} lines have {fields} cells parted by {name}"
    return Form(encoding, name), told


def _guess_encoding(path: Path, start: bytes) -> tuple[str, str]:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding, "begins with a byte order mark"
    try:
        with path.open(encoding="utf-8") as file:
            while file.read(SAMPLE):
                pass
        return "utf-8", "all of it is valid UTF-8"
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        # what Western European programs write unless told otherwise comes first where several fit
        found = from_bytes(start, cp_isolation=["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "utf_16"]).best()
        encoding = "cp1252" if found is None else found.encoding
        return encoding, "is no UTF-8, and looks like this encoding"


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
                raw = _read_csv(path, form, wanted, most_rows)
            case "xlsx":
                raw = _read_xlsx(path, wanted, sheet, most_rows)
            case "parquet":
                raw = _read_parquet(path, wanted, most_rows)
            case _:
                raw = _read_xes(path, wanted, most_rows)
    except (OSError, MemoryError) as error:
        raise RecordsError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'out of memory'})") from error
    if len(raw.row) > MOST_ROWS:
        raise RecordsError(f"{path}: has more than {MOST_ROWS} rows")
    return raw


def _require(path: Path, names: Sequence[str], wanted: Collection[str] | None) -> list[str]:
    """The wanted columns in the order of the file; a RecordsError that names one that is not there, or twice there."""
    if len(names) > MOST_COLUMNS:
        raise RecordsError(f"{path}: has {len(names)} columns; allowed: at most {MOST_COLUMNS}")
    for name in wanted if wanted is not None else dict.fromkeys(names):
        if name not in names:
            hint = suggestion(name, names) or f"; there are {any_of(names[:20])}"
            raise RecordsError(f"{path}: has no column {show(name)}{hint}")
        if list(names).count(name) > 1:
            raise RecordsError(f"{path}: has two columns {show(name)}; give them different names")
    return [name for name in names if wanted is None or name in wanted]


def _read_csv(path: Path, form: Form, wanted: Collection[str] | None, most_rows: int) -> Raw:
    names = _csv_header(path, form.encoding or "utf-8", SEPARATORS.get(form.separator, ","))
    kept = _require(path, names, wanted)
    places = [names.index(name) for name in kept]
    frame, row, broken, swallowed = _cells(path, form, len(names), places, most_rows)
    others = [place for place in range(len(names)) if place not in places]
    # a line may end within a cell of a column that nobody asked for
    if others and not swallowed and len(frame) < most_rows and _ends_of_line(path) > row[-1:].sum():
        swallowed = _cells(path, form, len(names), others, most_rows)[3]
    if swallowed:
        line, lines = min(swallowed)
        raise RecordsError(
            f"{path}:{line}: a quotation mark is opened and not closed, so that {lines} lines are read as one row; "
            "mend it, for none of them could be used"
        )
    frame.columns = pd.Index(kept)
    filled = np.zeros(len(frame), dtype=bool)
    for name in kept:
        filled |= (frame[name] != "").to_numpy()
    if not filled.all():  # an empty line is no row
        frame, row = frame[filled].reset_index(drop=True), row[filled]
    return Raw(frame, row, broken)


def _cells(
    path: Path, form: Form, width: int, places: Sequence[int], most_rows: int
) -> tuple[pd.DataFrame, NDArray[np.int64], tuple[int, ...], list[tuple[int, int]]]:
    """The columns at these places of a CSV file of so many columns, and the number of each row.

    Then the rows that have not as many cells as the header, and the first rows that hold whole rows within one cell, a
    quotation mark not having been closed: (number, lines).
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    separator = SEPARATORS.get(form.separator, ",")
    broken: list[int] = []
    empty: list[int] = []
    swallowed: list[tuple[int, int]] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        if row.text.strip(f"{separator} \r\n"):
            broken.append(int(row.number))
            if "\n" in row.text:
                swallowed.append((int(row.number), row.text.count("\n") + 1))
        else:
            empty.append(int(row.number))
        return "skip"

    encoding = {"utf-8-sig": "utf-8"}.get(form.encoding, form.encoding) or "utf-8"
    kept = [str(place) for place in places]
    try:
        reader = arrow_csv.open_csv(
            path,
            read_options=arrow_csv.ReadOptions(
                use_threads=False,
                encoding=encoding,
                column_names=[str(place) for place in range(width)],
                skip_rows=1,
                block_size=1 << 24,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=kept, column_types=dict.fromkeys(kept, pa.string()), strings_can_be_null=False
            ),
        )
        batches, count = [], 0
        for batch in reader:
            batches.append(batch)
            count += len(batch)
            if count >= most_rows:
                break
    except (pa.ArrowInvalid, UnicodeDecodeError, LookupError) as error:
        how = f"{form.encoding or 'UTF-8'} text parted by {form.separator or 'comma'}"
        raise RecordsError(f"{path}: cannot be read as {how}: {str(error).splitlines()[0][:160]}") from error
    table = pa.Table.from_batches(batches, schema=reader.schema)
    frame = pd.DataFrame({name: table[name].to_pandas().astype(str) for name in kept}, columns=kept)
    # those skipped have a number, too
    skipped = np.array(sorted([*broken, *empty]), dtype=np.int64)
    row = np.arange(2, 2 + len(frame) + len(skipped), dtype=np.int64)
    row = row[~np.isin(row, skipped)][: len(frame)]
    for name in kept:
        for k in np.flatnonzero(frame[name].str.contains("\n", regex=False).to_numpy()):
            # a remark of several lines has not as many separators as rows have
            ends, signs = (frame[name].iloc[k].count(sign) for sign in ("\n", separator))
            if signs >= ends * (width - 1):
                swallowed.append((int(row[k]), ends + 1))
                break
    return frame, row, tuple(sorted(broken)), swallowed


def _ends_of_line(path: Path) -> int:
    with path.open("rb") as file:
        return sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 24), b""))


def _csv_header(path: Path, encoding: str, separator: str) -> list[str]:
    try:
        with path.open(encoding=encoding, newline="") as file:
            text = file.read(SAMPLE)
    except (UnicodeDecodeError, UnicodeError) as error:
        raise RecordsError(f"{path}: is no {encoding} text; state its encoding") from error
    except LookupError as error:
        raise RecordsError(f"{path}: there is no encoding {show(encoding)}") from error
    try:
        names = next(csv.reader(io.StringIO(text), delimiter=separator), [])
    except csv.Error as error:
        raise RecordsError(f"{path}: its first line cannot be read ({error})") from error
    if not any(name.strip() for name in names):
        raise RecordsError(f"{path}: its first line has no names of columns")
    return [name.strip() for name in names]


def _read_xlsx(path: Path, wanted: Collection[str] | None, sheet: str, most_rows: int) -> Raw:
    notes = _inspect_workbook(path)
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        if sheet and sheet not in names:
            raise RecordsError(f"{path}: has no sheet {show(sheet)}{suggestion(sheet, names)}")
        chosen = sheet or next(iter(names), "")
        rows: Iterator[list[Any]] = book.get_sheet_by_name(chosen).iter_rows()
        head = next(rows, [])
        cells = []
        for row in rows:
            cells.append(row)
            if len(cells) >= most_rows:
                break
    except (CalamineError, ValueError, StopIteration) as error:
        raise RecordsError(f"{path}: cannot be read as a workbook ({error})") from error
    if not sheet and len(names) > 1:
        notes.append(f"has {len(names)} sheets, of which '{chosen}', the first, was read")
    titles = [_as_text(cell).strip() for cell in head]
    while titles and not titles[-1]:
        titles.pop()
    if not titles:
        raise RecordsError(f"{path}: the first row of the sheet has no names of columns")
    kept = _require(path, titles, wanted)
    places = [titles.index(name) for name in kept]
    columns = {
        name: [_as_text(row[p]) if p < len(row) else "" for row in cells] for name, p in zip(kept, places, strict=True)
    }
    frame = pd.DataFrame(columns, columns=kept, dtype=str)
    filled = np.array([any(_as_text(cell).strip() for cell in row) for row in cells], dtype=bool)
    return Raw(
        frame[filled].reset_index(drop=True), np.arange(2, 2 + len(cells), dtype=np.int64)[filled], (), tuple(notes)
    )


def _inspect_workbook(path: Path) -> list[str]:
    """What is to be said of a workbook; a RecordsError where it is not read: encrypted, with macros, or too large."""
    with path.open("rb") as file:
        if file.read(8) == _OLD_OFFICE:
            raise RecordsError(
                f"{path}: is encrypted, or a workbook of before 2007; save it as .xlsx without a password"
            )
    try:
        with zipfile.ZipFile(path) as book:
            parts = book.infolist()
            if any(part.filename.endswith("vbaProject.bin") for part in parts):
                raise RecordsError(f"{path}: holds macros; save it as .xlsx without them, or as CSV")
            if sum(part.file_size for part in parts) > MOST_BYTES:
                raise RecordsError(f"{path}: unpacks to more than {MOST_BYTES} bytes")
            formulas = 0
            for part in parts:
                if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                    with book.open(part) as sheet:
                        end = b""
                        while block := sheet.read(SAMPLE):
                            whole = end + block
                            formulas += (
                                whole.count(b"<f>") + whole.count(b"<f ") - end.count(b"<f>") - end.count(b"<f ")
                            )
                            end = block[-2:]
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise RecordsError(f"{path}: is no workbook that can be read ({error})") from error
    return [f"{formulas} cells are formulas; the values last stored for them were read"] if formulas else []


def _as_text(cell: Any) -> str:
    """A cell of a workbook as text; dates as year-month-day, and whole numbers without a point."""
    match cell:
        case None:
            return ""
        case datetime():
            return cell.isoformat(sep=" ", timespec="seconds") if cell.time() != time(0) else cell.date().isoformat()
        case date():
            return cell.isoformat()
        case float() if cell == int(cell):
            return str(int(cell))
        case bool():
            return "yes" if cell else "no"
        case _:
            return str(cell)


def _read_parquet(path: Path, wanted: Collection[str] | None, most_rows: int) -> Raw:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        if file.metadata.num_rows > MOST_ROWS:
            raise RecordsError(f"{path}: has {file.metadata.num_rows} rows; allowed: at most {MOST_ROWS}")
        kept = _require(path, file.schema_arrow.names, wanted)
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
    return pd.Series(["" if cell is None or cell != cell else _as_text(cell) for cell in values.tolist()], dtype=str)


def _read_xes(path: Path, wanted: Collection[str] | None, most_rows: int) -> Raw:
    """The events of an XES log, one row an event, with a column for every attribute of events and of cases."""
    from xml.etree.ElementTree import ParseError, iterparse

    with path.open("rb") as file:
        end = b""
        while block := file.read(SAMPLE):
            if b"<!DOCTYPE" in end + block or b"<!ENTITY" in end + block:
                raise RecordsError(f"{path}: declares a document type or entities, which are not read")
            end = block[-10:]
    rows: list[dict[str, str]] = []
    of_case: dict[str, str] = {}
    inside: list[str] = []
    event: dict[str, str] | None = None
    try:
        for kind, element in iterparse(path, events=("start", "end")):
            tag = element.tag.rpartition("}")[2]
            if kind == "start":
                inside.append(tag)
                if tag == "trace":
                    of_case = {}
                elif tag == "event":
                    event = {}
                continue
            inside.pop()
            key, value = element.get("key"), element.get("value")
            if key is not None and value is not None and inside[-1:] == ["event"] and event is not None:
                event[key] = value
            elif key is not None and value is not None and inside[-1:] == ["trace"]:
                of_case[f"case:{key}"] = value
            elif tag == "event" and event is not None:
                rows.append(event)
                rows[-1].update(of_case)
                event = None
            if tag in ("trace", "event"):
                element.clear()
            if len(rows) >= most_rows:
                break
    except (ParseError, ValueError) as error:
        raise RecordsError(f"{path}: cannot be read as XES ({error})") from error
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not rows:
        raise RecordsError(f"{path}: holds no events")
    kept = _require(path, names, wanted)
    frame = pd.DataFrame({name: [row.get(name, "") for row in rows] for name in kept}, columns=kept, dtype=str)
    return Raw(frame, np.arange(1, 1 + len(frame), dtype=np.int64))
