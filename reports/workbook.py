"""The results as an Excel workbook: a sheet a table, numbers as numbers, text as text."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pandas as pd

from reports.charts.sweeps import varied
from reports.findings import Findings, sentence
from reports.first_screen import lead
from reports.own import intervals
from reports.packages import timeless
from reports.tables import DRAWN, Tables
from sim.tables import TABLES, Table

# The samples of `psa` have a sheet of their own, which formulas refer to.
SHEETS = tuple(name for name in TABLES if name in DRAWN and name != "psa_wide")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
MOST_ROWS, MOST_LETTERS = 100_000, 32_000
WIDEST = 60


class NoWorkbookError(Exception):
    """A workbook cannot be made on this machine."""


def workbook(tables: Tables, findings: Findings, folder: Path) -> bytes:
    """The `.xlsx` file: what it is, what follows of the samples, each table, and the patients of the first replication.

    Headers carry units; shares are numbers from 0 to 1, shown as percentages where the unit of the row says so.
    Raises `NoWorkbookError` where XlsxWriter is not installed.
    """
    try:
        import xlsxwriter

        from reports.workbook_money import key_sheets
    except ImportError:
        raise NoWorkbookError("XlsxWriter is not installed: pip install XlsxWriter") from None
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        look = {
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
            "percent": book.add_format({"num_format": "0.0%"}),
            "text": book.add_format({"valign": "top"}),
            "quoted": book.add_format({"valign": "top", "quote_prefix": True}),
        }
        _about(book, look, tables, findings)
        key_sheets(book, look, tables)
        for name in SHEETS:
            if name in tables:
                _sheet(book, look, TABLES[name], _with_numbers(name, tables[name]))
        patients = _patients(folder)
        if patients is not None:
            _sheet(book, look, TABLES["patients"], patients)
    return timeless(out.getvalue())


def header(column: str, table: Table) -> str:
    """The column's name with its unit."""
    declared = table.column(column)
    unit = declared.unit if declared is not None else ""
    return f"{column} ({'share, 0 to 1' if unit == 'share' else unit})" if unit else column


def _with_numbers(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The table with the values of a sweep's inputs as numbers where all of them are."""
    if name != "sweep":
        return frame
    found = {path: pd.to_numeric(frame[path], errors="coerce") for path in varied(frame)}
    return frame.assign(**{path: numbers for path, numbers in found.items() if numbers.notna().all()})


def _about(book: Any, look: dict[str, Any], tables: Tables, findings: Findings) -> None:
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 110)
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
        _cell(sheet, look, row, 1, value, "")


def _sheet(book: Any, look: dict[str, Any], table: Table, frame: pd.DataFrame) -> None:
    """A table with frozen header and a filter; beyond `MOST_ROWS` rows it is cut, and says so."""
    sheet = book.add_worksheet(table.title)
    shown = frame.head(MOST_ROWS)
    for column, name in enumerate(shown.columns):
        values = shown[name].tolist()
        sheet.write_string(0, column, header(str(name), table), look["head"])
        longest = max([len(header(str(name), table)), *(len(str(value)) for value in values[:200])], default=8)
        sheet.set_column(column, column, min(WIDEST, max(9, longest + 1)))
        units = shown["unit"].tolist() if "unit" in shown.columns else [""] * len(shown)
        for row, (value, unit) in enumerate(zip(values, units, strict=True), start=1):
            _cell(sheet, look, row, column, value, unit if name in ("estimate", "low", "high", "base") else "")
    if len(frame) > MOST_ROWS:
        _text(sheet, look, MOST_ROWS + 1, 0, f"cut: the table has {len(frame)} rows; the CSV file has them all")
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(shown), 1), max(len(shown.columns) - 1, 0))


def _cell(sheet: Any, look: dict[str, Any], row: int, column: int, value: Any, unit: str) -> None:
    """A number, a truth value or a text; nothing where there is none."""
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        if math.isfinite(value):
            sheet.write_number(row, column, value, look["percent"] if unit == "share" else None)
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
