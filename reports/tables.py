"""The tables of a results folder, read and checked: the only way in which `reports` learns a number."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from reports import Held
from sim.tables import TABLES, ContractError, Kind, Table, why_unread
from sim.tables.spreadsheets import unescaped


class ResultsError(ValueError):
    """A results folder that cannot be drawn; the message is one line that names the file."""


# The tables that pictures and words are made from, each with the column without which there is nothing to draw.
DRAWN: Mapping[str, str] = {
    "summary": "",
    "differences": "",
    "robustness": "shift",
    "not_tried": "",
    "waits": "share",
    "incidence": "",
    "stages": "mean_days",
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
    "day_by_day": "",
    "pathway": "",
    "network": "",
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
    "psa_nmb": "",
    "psa_wide": "",
    "morris": "mu_star",
    "prcc": "prcc",
    "calibration_sample": "",
    "calibration_posterior": "",
    "warm_up": "",
    "evpi": "evpi",
    "evppi": "",
    "evsi": "evsi",
    "economics": "estimate",
    "economics_differences": "",
    "budget": "estimate",
    "subgroups": "estimate",
    "distribution": "net_benefit",
    "icer": "",
    "price": "",
    "psa_price": "",
    "nmb": "",
    "records_faults": "",
    "fits": "",
    "fits_curves": "observed",
    "fits_quantiles": "observed",
    "observed": "observed",
    "observed_scores": "",
    "forecast": "p50",
    "forecast_below": "",
    "forecast_today": "",
    "forecast_scores": "",
}
STUDIES = (
    "sweep",
    "tornado",
    "sobol",
    "morris",
    "prcc",
    "plan",
    "ce_plane",
    "ceac",
    "evpi",
    "evppi",
    "calibration_sample",
    "fits",
    "observed",
    "forecast",
)
"""Tables of other studies than a comparison; a folder that holds one of them need not hold those of a comparison."""
# With these begins what a spreadsheet takes for a formula.
SIGNS = frozenset("=+-@\t\r")


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


def read(folder: Path, held: Held = MappingProxyType({})) -> Tables:
    """The tables of `folder`. Text stays text (a scenario may be called `007`), null numbers are NaN, null text is "".

    What the manifest does not list is not of these results, whatever its name, and is not read. A folder of a study of
    many points may hold its own tables alone. `held`: tables that are in memory as they stand there, and are taken from
    it; nothing differs. Raises `ResultsError` for a folder of another version, a missing file,
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
        if name in held:
            frame, text = held[name]
            frames[name] = _as_read(frame, TABLES[name])
            texts[name] = _in_lines(text)
            continue
        cells = _cells(_text(path), TABLES[name])
        frames[name] = _frame(cells, TABLES[name])
        texts[name] = _written(cells)
    return Tables(frames, texts, manifest)


def _as_read(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """A table as it was written, as it is when it is read."""
    return pd.DataFrame({str(name): _column(frame[name], table, str(name)) for name in frame.columns})


def _column(cells: pd.Series[Any], table: Table, name: str) -> Any:
    column = table.column(name)
    if column is not None and column.kind in (Kind.NUMBER, Kind.WHOLE):
        return cells.to_numpy(dtype=float, na_value=math.nan)
    missing = cells.isna().tolist()
    there = ["" if null else _in_lines(str(cell)) for cell, null in zip(cells.tolist(), missing, strict=True)]
    return pd.Series(there, dtype=object)


def _in_lines(text: str) -> str:
    """The text as a file gives it back, whatever ends its lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def records(frame: pd.DataFrame) -> list[Any]:
    """The rows, each with its columns as attributes."""
    return list(frame.itertuples(index=False))


def _written(cells: Sequence[Sequence[str]]) -> str:
    """The text of a table, with an apostrophe before text that a spreadsheet would take for a formula."""
    out = io.StringIO()
    rows = [[_plain(cell) if cell[:1] in SIGNS else cell for cell in row] for row in cells]
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _plain(cell: str) -> str:
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


def _cells(text: str, table: Table) -> list[list[str]]:
    """The rows of a table as text, the names of its columns first; each row has a cell a column."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except csv.Error as error:
        raise ResultsError(f"{table.file}: is not a table: {error}") from None
    if not rows:
        raise ResultsError(f"{table.file}: is not a table: it is empty")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise ResultsError(
                f"{table.file}: is not a table: row {number} has {len(row)} cells, its columns are {len(rows[0])}"
            )
    return rows


def _frame(cells: Sequence[Sequence[str]], table: Table) -> pd.DataFrame:
    names, *rows = cells
    names = [unescaped(name) for name in names]
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    try:
        table.require_columns(names)
        table.require_key(pd.DataFrame({name: columns[name] for name in table.key}))
    except ContractError as error:
        raise ResultsError(str(error)) from None
    return pd.DataFrame({name: _typed(column, table, name) for name, column in columns.items()})


def _typed(cells: Sequence[str], table: Table, name: str) -> Any:
    """The cells of a column by its kind; those of a varied input, and true and false, stay as they are written."""
    column = table.column(name)
    if column is None or column.kind not in (Kind.NUMBER, Kind.WHOLE):
        # as objects, which lie in one block: to pick rows of text columns, or to read them one by one, takes far longer
        return pd.Series([cell if cell[:1] != "'" else unescaped(cell) for cell in cells], dtype=object)
    try:
        return np.array([cell or "nan" for cell in cells], dtype=float)
    except ValueError:  # one by one, to say which it is
        return np.array([_number(cell, table.file, name) for cell in cells], dtype=float)


def _number(cell: str, name: str, column: str) -> float:
    if cell.strip().lower() in ("", "na"):
        return math.nan
    try:
        return float(cell)
    except ValueError:
        raise ResultsError(f"{name}: {column}: {cell!r} is not a number") from None


def is_true(text: object) -> bool:
    """Whether a cell says so, however a program has written it."""
    return str(text).lower() in ("true", "1", "yes")
