"""Results folders of own records, with made-up tables of the agreed columns."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.tables import TABLES, VERSION
from tests.reports.sample import save

NAN = math.nan
FITTED = ("work_up.duration", "clocks.waiting.death", "clocks.after_apheresis.removal")
REGISTER = {"file": "register.csv", "sha256": "0", "rows": 102, "used": 100, "faults": 2}


def write_fit(folder: Path, word: str = "") -> Path:
    """A folder of `fit`; `word` stands in every text of it that comes from a file."""
    first = f"100 patients of the register determine 3 numbers of the scenario; 2 stay as in the base.{word}"
    said = [first, "One leans."]
    tables = {
        "fits": _fits(word),
        "fits_curves": _curves(),
        "fits_quantiles": _quantiles(),
        "records_faults": _faults(),
    }
    return _written(folder, "fit", tables, {"said": said, "warnings": [f"referrals show a season{word}"]})


def write_observe(folder: Path, word: str = "", off: bool = True) -> Path:
    """A folder of `observe` in which infusions are off, or nothing is."""
    points, scores = _observed(off), _scores(off, word)
    tables = {"observed": points, "observed_scores": scores}
    said = [f"The simulation {'does not reproduce' if off else 'reproduces'} the register.{word}"]
    return _written(folder, "observe", tables, {"said": said, "warnings": [], "not_modelled": ["Time off."]})


def _written(folder: Path, kind: str, tables: Mapping[str, pd.DataFrame], more: Mapping[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        save(folder, name, table)
    manifest = {"format": VERSION, "kind": kind, "title": "Own records: register.csv", "register": REGISTER, **more}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def _frame(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[column.name for column in TABLES[name].columns])


def _fits(word: str) -> pd.DataFrame:
    known = {"low": 1.0, "high": 30.0, "unit": "d", "base": 9.0, "n": 100, "events": 90, "censored": 10, "truncated": 3}
    rows = [
        {"path": FITTED[0], "status": "fitted", "family": "lognormal", "parameter": "median", "estimate": 13.7, **known,
         "weight_of_base": 0.0, "p_value": 0.4, "verdict": "fits", "note": f"least AICc{word}"},
        {"path": FITTED[1], "status": "scaled", "family": "scaled", "parameter": "rate", "estimate": 0.0017, **known,
         "weight_of_base": 0.0, "p_value": 0.002, "bound_low": 0.0012, "bound_high": 0.0031,
         "verdict": "events by time differ from the fit more than by chance"},
        {"path": FITTED[2], "status": "shrunk", "family": "scaled", "parameter": "rate", "estimate": 0.001, **known,
         "weight_of_base": 0.4},
        {"path": "bridging.share", "status": "base", "note": "not recorded"},
        {"path": "economics.discount", "status": "base", "note": "the register does not record it"},
        {"path": "listing to slot", "status": "check", "parameter": "median", "estimate": 75.0, "unit": "d", "n": 80,
         "events": 60, "note": "a wait for manufacturing slots: it comes out of the simulation"},
    ]  # fmt: skip
    return _frame(
        "fits", [{"family": "", "parameter": "", "unit": "", "verdict": "", "note": "", **row} for row in rows]
    )


def _curves() -> pd.DataFrame:
    rows = []
    for day in range(31):
        alive = math.exp(-day / 12.0)
        one = {
            "day": float(day),
            "low": max(alive - 0.05, 0.0),
            "high": min(alive + 0.05, 1.0),
            "at_risk": 100 - 3 * day,
        }
        rows.append(
            {"path": FITTED[0], "curve": "survival", "observed": alive, "fitted": min(alive * 1.02, 1.0), **one}
        )
        rows.append({"path": "listing to slot", "curve": "survival", "observed": alive, "fitted": NAN, **one})
        if day:
            lost = {**one, "observed": 1.0 - alive, "low": 0.95 - alive, "high": 1.05 - alive, "fitted": 1.1 - alive}
            rows.append({"path": FITTED[1], "curve": "cumulative incidence", **lost, "low": max(lost["low"], 0.0),
                         "high": min(lost["high"], 1.0), "fitted": min(lost["fitted"], 1.0)})  # fmt: skip
    return _frame("fits_curves", rows).sort_values(["path", "day"])


def _quantiles() -> pd.DataFrame:
    shares = np.arange(1, 20) / 20
    rows = [{"path": FITTED[0], "probability": s, "observed": 40.0 * s, "fitted": 44.0 * s} for s in shares]
    return _frame("fits_quantiles", rows)


def _faults() -> pd.DataFrame:
    rows = [
        {"row": 7, "column": "infusion", "kind": "order", "reason": "infusion before apheresis"},
        {"row": 9, "column": "referral", "kind": "unreadable", "reason": "no date"},
    ]
    return _frame("records_faults", rows)


QUANTITIES = (
    ("waiting_days", "Waiting days, referral to infusion", "days", ["10% of patients", "50% of patients"]),
    ("incidence_infused", "Infused: cumulative incidence by days since referral", "share", ["30 days", "60 days"]),
    ("incidence_died", "Died: cumulative incidence by days since referral", "share", ["30 days", "60 days"]),
    ("infusions", "Infusions by month", "patients", ["2026-01", "2026-02"]),
)


def _observed(off: bool) -> pd.DataFrame:
    rows = []
    for name, label, unit, points in QUANTITIES:
        for place, point in enumerate(points):
            middle = 0.1 * (1 + place) if unit == "share" else 10.0 * (1 + place)
            seen = middle * (2.0 if off and name == "infusions" else 1.05)
            rows.append(
                {"quantity": name, "label": label, "point": point, "unit": unit, "observed": seen, "simulated": middle,
                 "low_50": 0.9 * middle, "high_50": 1.1 * middle, "low_90": 0.8 * middle, "high_90": 1.2 * middle,
                 "inside_50": seen < 1.1 * middle, "inside_90": seen < 1.2 * middle, "crps": 0.1, "pit": 0.6}
            )  # fmt: skip
    return _frame("observed", rows)


def _scores(off: bool, word: str) -> pd.DataFrame:
    rows = []
    for name, label, unit, points in QUANTITIES:
        wrong = off and name == "infusions"
        rows.append(
            {"quantity": name, "label": f"{label}{word}", "unit": unit, "points": len(points),
             "inside_50": 0.0 if wrong else 1.0, "inside_90": 0.0 if wrong else 1.0, "crps": 0.04,
             "crps_expected": 0.05, "p_value": 0.004 if wrong else 0.6, "is_off": wrong,
             "where": "2026-02: 40 observed, 20 simulated" if wrong else ""}
        )  # fmt: skip
    return _frame("observed_scores", rows)
