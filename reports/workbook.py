"""The results as an Excel workbook: a sheet a table, numbers as numbers, text as text."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from reports.findings import Findings, sentence
from reports.first_screen import lead
from reports.own import intervals
from reports.packages import timeless
from reports.tables import DRAWN, Tables
from reports.words import LONG_UNITS, capital, folded, is_money
from sim.tables import TABLES, Table
from sim.tables.contract import Bounds, Column, Kind

# The samples of `psa` have a sheet of their own, which formulas refer to.
SHEETS = tuple(name for name in TABLES if name in DRAWN and name != "psa_wide")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
MOST_ROWS, MOST_LETTERS = 100_000, 32_000
WIDEST, LONGEST_HEAD = 60, 24
PAPER_ROWS = 200
"""Of a longer sheet so many rows are printed; the whole would be a thousand pages."""
ESTIMATES = ("estimate", "low", "high")
"""Columns whose unit stands in the row, where their table says nothing of it and they are no correlations."""
VALUES = ("value", "stated_value", "low_value", "base_value", "high_value")
"""Columns of text with the values of inputs, most of them numbers."""
NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?([eE][-+]?\d{1,2})?")
ABOUT_WIDTH, LINE_HEIGHT, MOST_LINES = 110, 15, 20
"""Of the sheet About: letters in a line of its texts, the height of one, and how many are shown of one text."""
NOTES = (("Sheet", 24), ("Header", 34), ("Column of the file", 28), ("File", 24), ("Unit", 18), ("What it is", 70),
         ("An empty cell means", 40))  # fmt: skip


class NoWorkbookError(Exception):
    """A workbook cannot be made on this machine."""


def workbook(tables: Tables, findings: Findings, folder: Path) -> bytes:
    """The `.xlsx` file: what it is, key figures and charts, what follows of the samples, each table, the patients of
    the first replication, and what the columns mean.

    Headers carry units; shares are numbers from 0 to 1, shown as percentages where the unit of the row says so, and
    their differences as percentage points.
    Raises `NoWorkbookError` where XlsxWriter is not installed.
    """
    try:
        import xlsxwriter

        from reports.workbook_key import figure_sheets
        from reports.workbook_money import key_sheets
    except ImportError:
        raise NoWorkbookError("XlsxWriter is not installed: pip install XlsxWriter") from None
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        look = looks(book)
        _about(book, look, tables, findings)
        figure_sheets(book, look, findings)
        key_sheets(book, look, tables, findings.threshold)
        shown = [(TABLES[name], tables[name]) for name in SHEETS if name in tables]
        patients = _patients(folder)
        shown += [(TABLES["patients"], patients)] if patients is not None else []
        for table, frame in shown:
            _sheet(book, look, table, frame)
        _notes(book, look, shown)
        for sheet in book.worksheets():
            _on_paper(sheet)
    return timeless(out.getvalue())


def looks(book: Any) -> dict[str, Any]:
    """The formats of cells by what they are: `head`, `text`, `quoted`, and numbers by their unit (`unit_look`)."""
    return {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "percent": book.add_format({"num_format": "0.0%"}),
        "points": book.add_format({"num_format": '0.0%" points"'}),
        "days": book.add_format({"num_format": "#,##0.0"}),
        "money": book.add_format({"num_format": "#,##0"}),
        "long": book.add_format({"num_format": "0.000"}),
        "text": book.add_format({"valign": "top"}),
        "wrapped": book.add_format({"valign": "top", "text_wrap": True}),
        "quoted": book.add_format({"valign": "top", "quote_prefix": True}),
    }


def unit_look(look: dict[str, Any], unit: str, is_difference: bool = False) -> Any:
    """How a number of this unit is written: a share in per cent, a difference of shares in percentage points, money
    whole, QALYs with three decimals."""
    if unit == "share":
        return look["points" if is_difference else "percent"]
    if is_money(unit) or unit == "money":
        return look["money"]
    if unit in LONG_UNITS:
        return look["long"]
    return look["days"] if unit else None


def header(column: str, table: Table) -> str:
    """The column's name in words, with its unit; the sheet of notes has the name in the file."""
    declared = table.column(column)
    unit = declared.unit if declared is not None else ""
    # the columns of varied inputs and of scenarios have names of the user's
    named = in_words(column) if declared is not None and not declared.is_family else column
    return f"{named} ({'proportion, 0 to 1' if unit == 'share' else unit})" if unit else named


def in_words(column: str) -> str:
    """`waiting_days` as `Waiting days`."""
    told = column.replace("_", " ")
    return capital(told)


def _number_of(text: str) -> int | float | str:
    """The text of an input as a number, where it is one and nothing else."""
    if not NUMBER.fullmatch(text):
        return text
    return float(text) if set(text) & set(".eE") else int(text)


def _holds_inputs(table: Table, column: str) -> bool:
    """Whether the cells of a column are values of inputs, numbers and words among each other."""
    declared = table.column(column)
    return declared is None or declared.kind is Kind.INPUT or declared.is_family or column in VALUES


def _about(book: Any, look: dict[str, Any], tables: Tables, findings: Findings) -> None:
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, ABOUT_WIDTH)
    manifest = tables.manifest
    versions = manifest.get("versions")
    rows: list[tuple[str, Any]] = [("What", manifest.get("title"))]
    rows += [("Finding", lead(findings))] if findings.scenarios else []
    rows += [("In full", sentence(findings, scenario)) for scenario in findings.others or findings.scenarios[:1]]
    rows += [("Finding", text) for text in manifest.get("said") or [] if not findings.scenarios]
    rows += [(name.capitalize(), manifest.get(name)) for name in ("command", "created", "seed", "replications")]
    rows += [
        ("Versions", ", ".join(f"{k} {v}" for k, v in versions.items()) if isinstance(versions, dict) else versions)
    ]
    rows += [("Warning", text) for text in manifest.get("warnings") or []]
    rows += [("Not modelled", text) for text in manifest.get("not_modelled") or []]
    rows += [("Intervals", intervals(manifest))]
    told = [(word, value) for word, value in rows if value not in (None, "")]
    for row, (word, value) in enumerate(told):
        _text(sheet, look, row, 0, word)
        if isinstance(value, str) and not value.startswith(FORMULA_SIGNS):
            sheet.write_string(row, 1, value[:MOST_LETTERS], look["wrapped"])
            sheet.set_row(row, LINE_HEIGHT * len(folded(value, ABOUT_WIDTH - 10, MOST_LINES)))
        else:
            _cell(sheet, look, row, 1, value, "")


def _sheet(book: Any, look: dict[str, Any], table: Table, frame: pd.DataFrame) -> None:
    """A table with frozen header and a filter; beyond `MOST_ROWS` rows it is cut, and says so."""
    sheet = book.add_worksheet(table.title)
    shown = frame.head(MOST_ROWS)
    units = shown["unit"].tolist() if "unit" in shown.columns else [""] * len(shown)
    highest = 1
    for column, name in enumerate(map(str, shown.columns)):
        values, head = shown[name].tolist(), header(name, table)
        sheet.write_string(0, column, head, look["head"])
        highest = max(highest, len(folded(head, LONGEST_HEAD - 2, MOST_LINES)))
        longest = max([min(len(head), LONGEST_HEAD), *(len(str(value)) for value in values[:200])], default=8)
        sheet.set_column(column, column, min(WIDEST, max(9, longest + 1)))
        declared = table.column(name)
        inputs, differs = _holds_inputs(table, name), declared is not None and declared.is_difference
        for row, (value, unit) in enumerate(zip(values, units, strict=True), start=1):
            told = _number_of(value) if inputs and isinstance(value, str) else value
            _cell(sheet, look, row, column, told, _unit_in(declared, unit), differs)
    if len(frame) > MOST_ROWS:
        _text(sheet, look, MOST_ROWS + 1, 0, f"cut: {MOST_ROWS} rows of {len(frame)}; the CSV file has them all")
    sheet.set_row(0, LINE_HEIGHT * highest)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    last = max(len(shown.columns) - 1, 0)
    sheet.autofilter(0, 0, max(len(shown), 1), last)
    if len(shown) > PAPER_ROWS:
        sheet.print_area(0, 0, PAPER_ROWS, last)
        sheet.set_footer(f"&L&A: the first {PAPER_ROWS} rows of {len(shown)}&RPage &P of &N")


def _unit_in(declared: Column | None, row: str) -> str:
    """The unit of a column's number in a row whose own unit is this one; "" where it has none."""
    if declared is None:
        return ""
    unsaid = declared.name in ESTIMATES and declared.bounds is not Bounds.CORRELATION
    return declared.unit_in(row) or (row if unsaid else "")


def _notes(book: Any, look: dict[str, Any], shown: Sequence[tuple[Table, pd.DataFrame]]) -> None:
    """A row a column of each sheet: its name in the file, its unit, what it means, and what an empty cell means."""
    sheet = book.add_worksheet("Notes")
    for column, (head, width) in enumerate(NOTES):
        sheet.write_string(0, column, head, look["head"])
        sheet.set_column(column, column, width)
    row = 1
    for table, frame in shown:
        for name in map(str, frame.columns):
            declared = table.column(name)
            if declared is None:
                continue
            cells = (table.title, header(name, table), name, table.file, declared.unit, declared.words, declared.null)
            for column, text in enumerate(cells):
                quoted = text.startswith(FORMULA_SIGNS)
                sheet.write_string(row, column, text[:MOST_LETTERS], look["quoted" if quoted else "wrapped"])
            row += 1
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)


def _on_paper(sheet: Any) -> None:
    """A4 across, as wide as the page, its name and number below."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    if not sheet.footer:
        sheet.set_footer("&L&A&RPage &P of &N")


def _cell(
    sheet: Any, look: dict[str, Any], row: int, column: int, value: Any, unit: str, differs: bool = False
) -> None:
    """A number, a truth value or a text; nothing where there is none."""
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        if math.isfinite(value):
            sheet.write_number(row, column, value, unit_look(look, unit, differs))
    elif value is not None:
        _text(sheet, look, row, column, str(value))


def _text(sheet: Any, look: dict[str, Any], row: int, column: int, text: str) -> None:
    """Text as text, whatever it begins with: Excel keeps what is quoted as text even when the cell is edited."""
    quoted = text.startswith(FORMULA_SIGNS)
    sheet.write_string(row, column, text[:MOST_LETTERS], look["quoted" if quoted else "text"])


def _patients(folder: Path) -> pd.DataFrame | None:
    """The patients of the first replication, in each scenario; None where no table of patients is kept."""
    path = folder / TABLES["patients"].file
    if not path.exists():
        return None
    return pd.read_parquet(path, filters=[("replication", "=", 0)])
