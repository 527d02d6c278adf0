"""Text in CSV files that a spreadsheet would take for a formula, and how it is read back.

Text that begins with = + - @, a tab or a carriage return, and is no number, is written with an apostrophe before it, so
that a spreadsheet shows it and runs nothing (OWASP, CSV injection). `unescaped` takes the apostrophe off again; text
that has such an apostrophe of its own gets another, so that every text is read as it was.
"""

from __future__ import annotations

import re

import pandas as pd

ESCAPED = re.compile(r"'+[=+\-@\t\r]")
FORMULA = re.compile(r"'*[=+\-@\t\r]")


def csv_text(table: pd.DataFrame, header: bool = True) -> str:
    """The table as the text of a CSV file, names of columns and text in cells escaped."""
    return escaped(table).to_csv(index=False, header=header)


def escaped(table: pd.DataFrame) -> pd.DataFrame:
    """The table with text escaped; the same one where there is nothing to escape."""
    changed = {
        place: column.map(_escaped)
        for place, (name, column) in enumerate(table.items())
        if not pd.api.types.is_numeric_dtype(column) and any(map(_is_formula, column.unique()))
    }
    if not changed and not any(map(_is_formula, table.columns)):
        return table
    columns = [changed.get(place, table.iloc[:, place]) for place in range(table.shape[1])]
    return pd.concat(columns, axis=1).set_axis([_escaped(name) for name in table.columns], axis=1)


def unescaped(cell: str) -> str:
    """The text that was written as this cell."""
    return cell[1:] if ESCAPED.match(cell) else cell


def _is_formula(cell: object) -> bool:
    if not isinstance(cell, str) or not FORMULA.match(cell):
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False


def _escaped(cell: object) -> object:
    return f"'{cell}" if _is_formula(cell) else cell
