"""Register files of text: encoding and separator guessed, and the cells read."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sim.pure.arrays import IntArray
from sim.records.cells import SAMPLE, Form, Raw, require_columns, row_of_names
from sim.records.faults import RecordsError
from sim.scenario.problems import show

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def guess_text(path: Path) -> tuple[Form, str]:
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
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=separator) if row)
        # a title above the table has not as many cells as the rows of it
        width, agree = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(1, 0))
        if width > 1 and (agree, width) > (same, fields):
            best, fields, same = separator, width, agree
    name = next(name for name, sign in SEPARATORS.items() if sign == best)
    told = f"{why}; {same} of the first {len(lines)} lines have {fields} cells parted by {name}"
    return Form(encoding, name, row_of_names(list(csv.reader(lines, delimiter=best)))), told


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


def read_text(path: Path, form: Form, wanted: Collection[str] | None, most_rows: int) -> Raw:
    """The cells of the wanted columns of a text file."""
    names = _names(path, form)
    kept = require_columns(path, names, wanted)
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
) -> tuple[pd.DataFrame, IntArray, tuple[int, ...], list[tuple[int, int]]]:
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
                skip_rows=form.header,
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
    row = form.header + 1 + np.arange(len(frame) + len(skipped), dtype=np.int64)
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


def _names(path: Path, form: Form) -> list[str]:
    """The names of the columns."""
    encoding, separator = form.encoding or "utf-8", SEPARATORS.get(form.separator, ",")
    try:
        with path.open(encoding=encoding, newline="") as file:
            text = file.read(SAMPLE)
    except (UnicodeDecodeError, UnicodeError) as error:
        raise RecordsError(f"{path}: is no {encoding} text; state its encoding") from error
    except LookupError as error:
        raise RecordsError(f"{path}: there is no encoding {show(encoding)}") from error
    if "\r" in text and "\n" not in text:
        raise RecordsError(
            f"{path}: its lines end in a carriage return alone, as spreadsheets for the Mac can write them; "
            "save it as CSV UTF-8, or as .xlsx"
        )
    which = "first line" if form.header == 1 else f"line {form.header}"
    try:
        rows = csv.reader(io.StringIO(text), delimiter=separator)
        names = next(itertools.islice(rows, form.header - 1, None), [])
    except csv.Error as error:
        raise RecordsError(f"{path}: its {which} cannot be read ({error})") from error
    if not any(name.strip() for name in names):
        raise RecordsError(f"{path}: its {which} has no names of columns")
    return [name.strip() for name in names]
