"""The tables of a results folder, read and checked: the only way in which `reports` learns a number."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.tables import TABLES, ContractError, Kind, Table, why_unread
from sim.tables.spreadsheets import unescaped


class ResultsError(ValueError):
    """A results folder that cannot be drawn; the message is one line that names the file."""


# The tables that pictures and words are made from, each with the column without which there is nothing to draw.
DRAWN: Mapping[str, str] = {
    "summary": "",
    "differences": "",
    "waits": "share",
    "incidence": "",
    "stages": "mean_days",
    "stages_middle": "mean_days",
    "outcomes": "",
    "same_patients": "",
    "parameters": "",
    "changes": "",
    "flow": "",
    "groups": "estimate",
    "resources_summary": "estimate",
    "use_through_time": "queue",
    "waiting_list": "estimate",
    "stock_through_time": "doses",
    "timeline_sample": "",
    "sweep": "estimate",
    "tornado": "swing",
    "sobol": "total",
    "plan": "estimate",
    "ce_plane": "incremental_cost",
    "psa_quadrants": "",
    "already_waiting": "",
    "ceac": "probability",
    "uncertain_inputs": "",
    "psa_icer": "",
    "morris": "mu_star",
    "prcc": "prcc",
    "warm_up": "",
    "evpi": "evpi",
    "economics": "estimate",
    "economics_differences": "",
    "icer": "",
    "nmb": "",
}
STUDIES = ("sweep", "tornado", "sobol", "morris", "prcc", "plan", "ce_plane", "ceac", "evpi")
"""Tables of studies of many points; a folder that holds one of them need not hold those of a comparison."""


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables by name (an absent one is not there), the CSV text of each, and the manifest."""

    frames: Mapping[str, pd.DataFrame]
    texts: Mapping[str, str]
    manifest: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        """Whether there is such a table with anything in it."""
        frame, drawn = self.frames.get(name), DRAWN[name]
        return frame is not None and not frame.empty and (not drawn or bool(frame[drawn].notna().any()))

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]


def read(folder: Path) -> Tables:
    """The tables of `folder`. Text stays text (a scenario may be called `007`), null numbers are NaN, null text is "".

    What the manifest does not list is not of these results, whatever its name, and is not read. A folder of a study of
    many points may hold its own tables alone. Raises `ResultsError` for a folder of another version, a missing file,
    and a table that does not fit its contract (`sim.tables`).
    """
    manifest = _manifest(folder / "manifest.json")
    listed = manifest.get("tables")

    def there(name: str) -> bool:
        return (folder / f"{name}.csv").exists() and (not isinstance(listed, dict) or f"{name}.csv" in listed)

    frames: dict[str, pd.DataFrame] = {}
    texts: dict[str, str] = {}
    compared = there("summary") or not any(there(name) for name in STUDIES)
    for name in DRAWN:
        path = folder / TABLES[name].file
        if not (TABLES[name].always and compared) and not there(name):
            continue
        text = _text(path)
        frames[name] = _frame(text, TABLES[name])
        texts[name] = safe_csv(text)
    return Tables(frames, texts, manifest)


def records(frame: pd.DataFrame) -> list[Any]:
    """The rows, each with its columns as attributes."""
    return list(frame.itertuples(index=False))


def safe_csv(text: str) -> str:
    """The same table, with an apostrophe before text that a spreadsheet would take for a formula."""
    cells = list(csv.reader(io.StringIO(text)))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([[_plain(cell) for cell in row] for row in cells])
    return out.getvalue()


def _plain(cell: str) -> str:
    if cell[:1] not in ("=", "+", "-", "@", "\t", "\r"):
        return cell
    try:
        float(cell)
    except ValueError:
        return "'" + cell
    return cell


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ResultsError(f"{path}: the results folder has no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"{path}: cannot be read: {error}") from None


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise ResultsError(f"{path}:{error.lineno}: is not JSON: {error.msg}") from None
    if not isinstance(manifest, dict):
        raise ResultsError(f"{path}: is not a JSON object")
    why = why_unread(manifest)
    if why:
        raise ResultsError(f"{path}: {why}")
    return manifest


def _frame(text: str, table: Table) -> pd.DataFrame:
    try:
        cells = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, na_filter=False)
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise ResultsError(f"{table.file}: is not a table: {str(error).strip()}") from None
    cells = cells.map(unescaped).rename(columns=unescaped)
    try:
        table.require_columns(list(cells.columns))
        table.require_key(cells)
    except ContractError as error:
        raise ResultsError(str(error)) from None
    return cells.assign(**{name: _typed(cells[name], table, name) for name in cells.columns})


def _typed(cells: pd.Series[Any], table: Table, name: str) -> Any:
    """The cells of a column by its kind; those of a varied input, and true and false, stay as they are written."""
    column = table.column(name)
    if column is None or column.kind not in (Kind.NUMBER, Kind.WHOLE):
        return cells
    return np.array([_number(cell, table.file, name) for cell in cells], dtype=float)


def _number(cell: str, name: str, column: str) -> float:
    if cell.strip().lower() in ("", "nan", "na"):
        return math.nan
    try:
        return float(cell)
    except ValueError:
        raise ResultsError(f"{name}: {column}: {cell!r} is not a number") from None
