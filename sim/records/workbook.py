"""Register files that are workbooks: one sheet as text, formulas as they were last computed, and no macros."""

from __future__ import annotations

import itertools
import re
import sys
import zipfile
from collections.abc import Collection, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.records.cells import MOST_BYTES, MOST_TITLES, SAMPLE, Form, Raw, require_columns, row_of_names
from sim.records.faults import RecordsError
from sim.scenario.problems import show, suggestion

# How a cell begins that is a formula, and ends where nobody has computed it.
_FORMULA = (b"<f>", b"<f ")
_WITHOUT_VALUE = (b"</f></c>", b"</f><v></v>", b"</f><v/>", b"</f><v />")
# What says that days are counted from 1904, and how much later than from 1899 that is.
_FROM_1904 = re.compile(rb"""<(\w+:)?workbookPr\b[^>]*\bdate1904=["'](1|true|on)["']""")
LATER = (date(1904, 1, 1) - date(1899, 12, 30)).days
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def guess_header(path: Path) -> int:
    """In which row of the first sheet the names of its columns seem to stand, counted from 1."""
    _inspect_workbook(path)
    rows, _, _ = _rows(path, "")
    return row_of_names([[as_text(cell) for cell in row] for row in itertools.islice(rows, MOST_TITLES)])


def read_workbook(path: Path, form: Form, wanted: Collection[str] | None, sheet: str, most_rows: int) -> Raw:
    """The cells of the wanted columns of a sheet, the first unless it is named."""
    notes = _inspect_workbook(path)
    rows, names, chosen = _rows(path, sheet)
    if not sheet and len(names) > 1:
        notes.append(f"has {len(names)} sheets, of which '{chosen}', the first, was read")
    titles = [as_text(cell).strip() for cell in next(itertools.islice(rows, form.header - 1, None), [])]
    while titles and not titles[-1]:
        titles.pop()
    if not titles:
        which = "the first row" if form.header == 1 else f"row {form.header}"
        raise RecordsError(f"{path}: {which} of the sheet has no names of columns")
    kept = require_columns(path, titles, wanted)
    places = [titles.index(name) for name in kept]
    columns: dict[str, list[str]] = {name: [] for name in kept}
    number: list[int] = []
    for place, row in enumerate(itertools.islice(rows, most_rows), start=form.header + 1):
        if any(cell not in (None, "") and as_text(cell).strip() for cell in row):
            number.append(place)
            for name, p in zip(kept, places, strict=True):
                # the same text again takes no memory
                columns[name].append(sys.intern(as_text(row[p])) if p < len(row) else "")
    cells = pd.DataFrame(columns, columns=kept, dtype=str)
    return Raw(cells, np.array(number, dtype=np.int64), (), tuple(notes), LATER if _counts_from_1904(path) else 0)


def _counts_from_1904(path: Path) -> bool:
    """Whether days are counted from 1 January 1904, as spreadsheets on a Mac did."""
    with zipfile.ZipFile(path) as book:
        parts = [part for part in book.namelist() if part == "xl/workbook.xml"]
        return any(_FROM_1904.search(book.read(part)) for part in parts)


def _rows(path: Path, sheet: str) -> tuple[Iterator[list[Any]], list[str], str]:
    """The rows of a sheet, the names of all of them, and that of this one."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        if sheet and sheet not in names:
            raise RecordsError(f"{path}: has no sheet {show(sheet)}{suggestion(sheet, names)}")
        chosen = sheet or next(iter(names), "")
        return book.get_sheet_by_name(chosen).iter_rows(), names, chosen
    except (CalamineError, ValueError) as error:
        raise RecordsError(f"{path}: cannot be read as a workbook ({error})") from error


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
            formulas = without = 0
            for part in parts:
                if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                    with book.open(part) as sheet:
                        end = b""
                        while block := sheet.read(SAMPLE):
                            whole = end + block
                            formulas += sum(whole.count(mark) - end.count(mark) for mark in _FORMULA)
                            without += sum(whole.count(mark) - end.count(mark) for mark in _WITHOUT_VALUE)
                            end = block[-11:]
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise RecordsError(f"{path}: is no workbook that can be read ({error})") from error
    if not formulas:
        return []
    empty = f"; for {without} of these none is stored, and they count as empty: open the workbook and save it again"
    return [f"{formulas} cells are formulas; the values last stored for them were read{empty if without else ''}"]


def as_text(cell: Any) -> str:
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
