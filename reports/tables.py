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


class ResultsError(ValueError):
    """A results folder that cannot be drawn; the message is one line that names the file."""


@dataclass(frozen=True)
class Form:
    """What a table looks like: its text and number columns, and those that name a row.

    `maybe`: number columns that are NaN where the file has none. `drawn`: the column without which a table has
    nothing to draw. `optional`: the file may be absent.
    """

    text: tuple[str, ...]
    numbers: tuple[str, ...]
    key: tuple[str, ...]
    maybe: tuple[str, ...] = ()
    drawn: str = ""
    optional: bool = False


FORMS: Mapping[str, Form] = {
    "summary": Form(
        ("scenario", "metric", "label", "unit"),
        ("estimate", "low", "high", "replications"),
        ("scenario", "metric"),
    ),
    "differences": Form(
        ("scenario", "baseline", "metric", "label", "unit"),
        ("estimate", "low", "high"),
        ("scenario", "metric"),
        optional=True,
    ),
    "waits": Form(
        ("scenario",),
        ("day_from", "day_to", "share", "low", "high"),
        ("scenario", "day_from"),
        maybe=("cumulative", "cumulative_low", "cumulative_high"),
        drawn="share",
    ),
    "incidence": Form(("scenario", "event"), ("day", "estimate", "low", "high"), ("scenario", "event", "day")),
    "stages": Form(
        ("scenario", "stage", "kind", "label"),
        ("order", "mean_days"),
        ("scenario", "order", "stage", "kind"),
        maybe=("low", "high"),
        drawn="mean_days",
    ),
    "stages_middle": Form(
        ("scenario", "stage", "kind", "label"),
        ("order", "mean_days"),
        ("scenario", "order", "stage", "kind"),
        maybe=("low", "high"),
        drawn="mean_days",
        optional=True,
    ),
    "outcomes": Form(
        ("scenario", "outcome", "label"), ("estimate", "low", "high", "count_mean"), ("scenario", "outcome")
    ),
    "same_patients": Form(
        ("scenario", "baseline", "progressed_in", "label"),
        ("estimate", "share", "low", "high"),
        ("scenario", "progressed_in"),
        optional=True,
    ),
    "parameters": Form(
        ("scenario", "path", "value", "source", "note", "stated", "reference"), (), ("scenario", "path")
    ),
    "changes": Form(("path",), (), ("path",), optional=True),
    "flow": Form(
        ("scenario", "source", "source_label", "target", "target_label"),
        ("estimate", "low", "high"),
        ("scenario", "source", "target"),
        optional=True,
    ),
    "groups": Form(
        ("scenario", "grouping", "grouping_label", "group", "metric", "label", "unit"),
        ("patients", "estimate", "low", "high"),
        ("scenario", "grouping", "group", "metric"),
        drawn="estimate",
        optional=True,
    ),
    "resources_summary": Form(
        ("scenario", "resource", "resource_label", "kind", "centre", "metric", "label", "unit"),
        ("estimate", "low", "high"),
        ("scenario", "resource", "centre", "metric"),
        drawn="estimate",
        optional=True,
    ),
    "use_through_time": Form(
        ("scenario", "resource", "label", "kind", "centre"),
        (
            *("day_from", "day_to", "in_use", "in_use_low", "in_use_high"),
            *("queue", "queue_low", "queue_high", "capacity"),
        ),
        ("scenario", "resource", "centre", "day_from"),
        drawn="queue",
        optional=True,
    ),
    "waiting_list": Form(
        ("scenario", "list", "label", "date"),
        ("day", "estimate", "low", "high"),
        ("scenario", "list", "day"),
        drawn="estimate",
        optional=True,
    ),
    "stock_through_time": Form(
        ("scenario", "resource", "label"),
        (
            *("day_from", "day_to", "doses", "doses_low", "doses_high"),
            *("stock_out_share", "stock_out_share_low", "stock_out_share_high"),
            *("expired", "expired_low", "expired_high", "lots_started", "lots_started_low", "lots_started_high"),
        ),
        ("scenario", "resource", "day_from"),
        drawn="doses",
        optional=True,
    ),
    "timeline_sample": Form(
        ("scenario", "centre", "risk_group", "outcome", "outcome_label", "label", "kind"),
        ("patient", "referral_day", "progression_day", "from_day", "to_day"),
        ("scenario", "patient", "from_day"),
        optional=True,
    ),
    "sweep": Form(
        ("point", "scenario", "metric", "label", "unit"),
        ("estimate", "low", "high", "replications"),
        ("point", "scenario", "metric"),
        maybe=("patients", "unresolved_share"),
        drawn="estimate",
        optional=True,
    ),
    "tornado": Form(
        ("scenario", "path", "metric", "label", "unit", "low_value", "base_value", "high_value"),
        ("base_estimate", "low_estimate", "high_estimate", "swing"),
        ("scenario", "path", "metric"),
        maybe=("range", "range_low", "range_high", "unresolved_share"),
        drawn="swing",
        optional=True,
    ),
    "sobol": Form(
        ("scenario", "path", "metric", "label"),
        ("first_order", "first_order_half_width", "total", "total_half_width"),
        ("scenario", "path", "metric"),
        drawn="total",
        optional=True,
    ),
    "plan": Form(
        ("path", "value", "metric", "label", "unit", "target", "met", "all_met", "answer"),
        (
            *("amount", "estimate", "low", "high"),
            *("infused_share", "infused_share_low", "infused_share_high", "still_waiting_share"),
        ),
        ("value", "target"),
        drawn="estimate",
        optional=True,
    ),
    "ce_plane": Form(
        ("sample", "strategy", "baseline", "unit"),
        ("incremental_cost", "incremental_qalys"),
        ("sample", "strategy"),
        drawn="incremental_cost",
        optional=True,
    ),
    "psa_quadrants": Form(
        ("strategy", "baseline", "unit"),
        (
            *("incremental_cost", "incremental_cost_low", "incremental_cost_high"),
            *("incremental_qalys", "incremental_qalys_low", "incremental_qalys_high"),
            *("incremental_cost_credible_low", "incremental_cost_credible_high"),
            *("incremental_qalys_credible_low", "incremental_qalys_credible_high"),
            *("share_better_cheaper", "share_better_dearer", "share_worse_cheaper", "share_worse_dearer"),
        ),
        ("strategy",),
        optional=True,
    ),
    "already_waiting": Form(
        ("scenario", "metric", "label", "unit"),
        ("estimate", "low", "high", "replications", "patients", "unresolved_share"),
        ("scenario", "metric"),
        optional=True,
    ),
    "ceac": Form(
        ("strategy", "on_frontier", "unit"),
        ("willingness_to_pay", "probability"),
        ("strategy", "willingness_to_pay"),
        drawn="probability",
        optional=True,
    ),
    "uncertain_inputs": Form(
        ("scenario", "path", "distribution", "source", "note", "reference"), (), ("scenario", "path"), optional=True
    ),
    "psa_icer": Form(
        ("scenario", "unit", "status", "against", "assumed"),
        ("cost", "qalys", "incremental_cost", "incremental_qalys", "icer"),
        ("scenario",),
        optional=True,
    ),
    "morris": Form(
        ("scenario", "metric", "label", "unit", "path"),
        ("mu", "mu_star", "mu_star_half_width", "sigma"),
        ("scenario", "metric", "path"),
        drawn="mu_star",
        optional=True,
    ),
    "prcc": Form(
        ("scenario", "metric", "label", "unit", "path"),
        ("prcc", "low", "high", "p_value"),
        ("scenario", "metric", "path"),
        drawn="prcc",
        optional=True,
    ),
    "warm_up": Form(
        ("scenario", "advised"), ("day", "waiting", "used_day"), ("scenario", "day"), maybe=("mser",), optional=True
    ),
    "evpi": Form(("unit",), ("willingness_to_pay", "evpi"), ("willingness_to_pay",), drawn="evpi", optional=True),
    "economics": Form(
        ("scenario", "quantity", "label", "unit", "assumed"),
        ("estimate", "low", "high"),
        ("scenario", "quantity"),
        drawn="estimate",
        optional=True,
    ),
    "economics_differences": Form(
        ("scenario", "baseline", "quantity", "label", "unit", "assumed"),
        ("estimate", "low", "high"),
        ("scenario", "quantity"),
        optional=True,
    ),
    "icer": Form(
        ("scenario", "unit", "status", "against", "assumed"),
        ("cost", "qalys", "incremental_cost", "incremental_qalys", "icer"),
        ("scenario",),
        optional=True,
    ),
    "nmb": Form(
        ("scenario", "unit", "baseline", "assumed"),
        ("willingness_to_pay", "estimate", "low", "high", "increment", "increment_low", "increment_high"),
        ("scenario", "willingness_to_pay"),
        optional=True,
    ),
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
        frame, drawn = self.frames.get(name), FORMS[name].drawn
        return frame is not None and not frame.empty and (not drawn or bool(frame[drawn].notna().any()))

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]


def read(folder: Path) -> Tables:
    """The tables of `folder`. Text stays text (a scenario may be called `007`), empty numbers are NaN.

    A folder of a study of many points may hold its own tables alone. Raises `ResultsError` for a missing file or
    column, a number that is none, or two rows for the same thing.
    """
    manifest = _manifest(folder / "manifest.json")
    frames: dict[str, pd.DataFrame] = {}
    texts: dict[str, str] = {}
    compared = (folder / "summary.csv").exists() or not any((folder / f"{name}.csv").exists() for name in STUDIES)
    for name, form in FORMS.items():
        path = folder / f"{name}.csv"
        if (form.optional or not compared) and not path.exists():
            continue
        text = _text(path)
        frames[name] = _frame(text, form, path.name)
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
    return manifest


def _frame(text: str, form: Form, name: str) -> pd.DataFrame:
    try:
        frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, na_filter=False)
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise ResultsError(f"{name}: is not a table: {str(error).strip()}") from None
    missing = [column for column in (*form.text, *form.numbers) if column not in frame.columns]
    if missing:
        raise ResultsError(f"{name}: has no column {', '.join(repr(column) for column in missing)}")
    for column in (*form.numbers, *form.maybe):
        cells = frame[column] if column in frame.columns else [""] * len(frame)
        frame[column] = np.array([_number(cell, name, column) for cell in cells], dtype=float)
    repeated = frame.duplicated(subset=list(form.key))
    if repeated.any():
        row = frame.loc[repeated, list(form.key)].iloc[0]
        raise ResultsError(f"{name}: two rows for {', '.join(f'{k} {v!r}' for k, v in row.items())}")
    return frame


def _number(cell: str, name: str, column: str) -> float:
    if cell.strip().lower() in ("", "nan", "na"):
        return math.nan
    try:
        return float(cell)
    except ValueError:
        raise ResultsError(f"{name}: {column}: {cell!r} is not a number") from None
