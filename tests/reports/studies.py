"""Results folders of studies of many points, with made-up tables of the agreed columns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from sim.tables import VERSION
from tests.reports.sample import save

LINES, LEAD = "manufacturing.lines", "manufacturing.slots.lead"
SCENARIO, OTHER = "Autologous, just enough slots", "Allogeneic, off the shelf"
MONEY = "USD 2021"
WAITING = {"scenario": SCENARIO, "metric": "waiting_days_mean", "label": "Waiting days, mean", "unit": "days"}


def write(folder: Path, paths: int = 2) -> Path:
    """A folder that holds every table of a study; the sweep varies so many paths."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "sweep": sweep(paths),
        "tornado": tornado(),
        "sobol": sobol(),
        "morris": morris(),
        "prcc": prcc(),
        "plan": plan(),
        "ce_plane": ce_plane(),
        "psa_price": psa_price(),
        "psa_icer": psa_icer(),
        "ceac": ceac(),
        "evpi": evpi(),
        "evppi": evppi(),
        "calibration_sample": calibration_sample(),
    }
    for name, table in tables.items():
        save(folder, name, table)
    manifest = {
        "format": VERSION,
        "title": "A study of many points",
        "command": "run_sim.py sweep mine.yaml",
        "seed": 1,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def calibration_sample() -> pd.DataFrame:
    """Lines that are known to be 6 or 8, tied to a rate of death."""
    luck = np.random.default_rng(1)
    lines = {"prior": luck.integers(4, 13, 200), "posterior": luck.choice([6, 8], 60)}
    death = {"prior": luck.uniform(0.001, 0.01, 200), "posterior": 0.001 + 0.0005 * lines["posterior"]}
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "of": name,
                    "particle": np.arange(1, len(lines[name]) + 1),
                    "weight": 1.0 / len(lines[name]),
                    LINES: lines[name].astype(float),
                    "clocks.waiting.death.exponential.rate": death[name],
                }
            )
            for name in lines
        ],
        ignore_index=True,
    )


def sweep(paths: int) -> pd.DataFrame:
    """Waiting days and the share progressed over lines and, with two paths, the lead time of a slot."""
    rows = []
    leads = ["7 d", "14 d", "21 d"] if paths == 2 else ["14 d"]
    for point, (lines, lead) in enumerate((lines, lead) for lines in (4, 6, 8, 10, 12) for lead in leads):
        wait = 70 + 300 / lines + int(lead.split()[0])
        for metric, label, unit, value, half in (
            ("waiting_days_mean", "Waiting days, mean", "days", wait, 2.0),
            ("progressed_before_infusion_share", "Proportion progressed before infusion", "share", wait / 400, 0.01),
        ):
            shared = {"scenario": SCENARIO, "metric": metric, "label": label, "unit": unit}
            numbers = {"estimate": value, "low": value - half, "high": value + half, "replications": 20}
            varied = {LINES: lines, LEAD: lead} if paths == 2 else {LINES: lines}
            rows.append({"point": point, "name": f"point {point}", **varied, **shared, **numbers})
    return pd.DataFrame(rows)


def tornado() -> pd.DataFrame:
    """Four inputs, the narrowest first."""
    rows = [
        ("shipping.loss", "0.001", "0.0025", "0.01", 107.0, 107.4),
        ("manufacturing.failure", "0.01", "0.015", "0.06", 106.6, 109.0),
        ("release_testing.sterility", "3 d", "14 d", "14 d", 98.2, 107.1),
        ("manufacturing.slots.count", "3", "4", "6", 161.0, 84.0),
    ]
    columns = ["path", "low_value", "base_value", "high_value", "low_estimate", "high_estimate"]
    table = pd.DataFrame(rows, columns=columns).assign(base_estimate=107.1, **WAITING)
    three = table[["low_estimate", "base_estimate", "high_estimate"]]
    return table.assign(swing=three.max(axis=1) - three.min(axis=1))


def sobol() -> pd.DataFrame:
    """Three inputs, one without effect."""
    rows = [
        ("manufacturing.slots.count", 0.61, 0.08, 0.72, 0.07),
        ("release_testing.sterility", 0.22, 0.06, 0.27, 0.05),
        ("shipping.loss", 0.00, 0.02, 0.01, 0.02),
    ]
    columns = ["path", "first_order", "first_order_half_width", "total", "total_half_width"]
    return pd.DataFrame(rows, columns=columns).assign(**WAITING)


def morris() -> pd.DataFrame:
    """Two inputs; the second one's effect depends on the first."""
    rows = [("shipping.loss", 0.4, 0.4, 0.2, 0.3), ("manufacturing.slots.count", -31.0, 31.0, 4.5, 22.0)]
    columns = ["path", "mu", "mu_star", "mu_star_half_width", "sigma"]
    return pd.DataFrame(rows, columns=columns).assign(**WAITING)


def prcc() -> pd.DataFrame:
    """One input that matters, one that may not."""
    rows = [("shipping.loss", 0.05, -0.2, 0.3, 0.6), ("manufacturing.slots.count", -0.83, -0.9, -0.7, 0.0)]
    return pd.DataFrame(rows, columns=["path", "prcc", "low", "high", "p_value"]).assign(**WAITING)


def plan() -> pd.DataFrame:
    """The share progressed over the slots a month; from 6 on the target is met."""
    values = [3, 4, 5, 6, 7, 8]
    shares = [0.52, 0.318, 0.24, 0.187, 0.171, 0.166]
    return pd.DataFrame(
        {
            "combination": range(len(values)),
            "manufacturing.slots.count": values,
            "cost": [40_000.0 * value for value in values],
            "scenario": SCENARIO,
            "metric": "progressed_before_infusion_share",
            "label": "Proportion progressed before infusion",
            "unit": "share",
            "target": "progressed_before_infusion_share <= 0.2",
            "estimate": shares,
            "low": [share - 0.008 for share in shares],
            "high": [share + 0.008 for share in shares],
            "zone": 0.01,
            "decision": ["missed", "missed", "missed", "met", "not needed", "not needed"],
            "decided_after": [20, 20, 20, 35, None, None],
            "met": [False, False, False, True, None, None],
            "all_met": [False, False, False, True, None, None],
            "answer": [value == 6 for value in values],
            "near": False,
            "front": True,
            "infused_share": [0.9 - share for share in shares],
            "infused_share_low": [0.89 - share for share in shares],
            "infused_share_high": [0.91 - share for share in shares],
            "unresolved_share": 0.0,
        }
    )


def ce_plane() -> pd.DataFrame:
    """A cloud of 300 samples."""
    luck = np.random.default_rng(5)
    qalys = luck.normal(0.42, 0.35, 300)
    cost = 60_000 * qalys + luck.normal(15_000, 22_000, 300)
    return pd.DataFrame(
        {
            "sample": range(300),
            "strategy": OTHER,
            "baseline": SCENARIO,
            "unit": MONEY,
            "incremental_cost": cost,
            "incremental_qalys": qalys,
        }
    )


def psa_icer() -> pd.DataFrame:
    """A reference arm, one on the frontier and one that is not clearly different from it."""
    missing = float("nan")
    return pd.DataFrame(
        {
            "scenario": ["Reference", SCENARIO, OTHER],
            "arm": ["reference", "infusing", "infusing"],
            "unit": MONEY,
            "cost": [180_000.0, 600_000.0, 610_000.0],
            "qalys": [0.9, 1.7, 1.69],
            "status": ["on the frontier", "on the frontier", "no clear difference in QALYs"],
            "against": ["", "Reference", SCENARIO],
            "incremental_cost": [missing, 420_000.0, 10_000.0],
            "incremental_cost_low": [missing, 400_000.0, 9_000.0],
            "incremental_cost_high": [missing, 440_000.0, 11_000.0],
            "incremental_qalys": [missing, 0.8, -0.01],
            "incremental_qalys_low": [missing, 0.7, -0.05],
            "incremental_qalys_high": [missing, 0.9, 0.03],
            "icer": [missing, 525_000.0, missing],
            "icer_low": [missing, 480_000.0, missing],
            "icer_high": [missing, 580_000.0, missing],
            "unresolved_share": 0.0,
            "assumed": "economics.costs.waiting_month",
        }
    )


def psa_price() -> pd.DataFrame:
    """At 100,000 per QALY the product is worth less than it costs, at 150,000 more."""
    worth, low, high = [100_000.0, 150_000.0], [310_000.0, 420_000.0], [390_000.0, 510_000.0]
    value, price = [350_000.0, 465_000.0], 400_000.0
    return pd.DataFrame(
        {
            "scenario": OTHER,
            "against": SCENARIO,
            "product": "allogeneic",
            "willingness_to_pay": worth,
            "unit": MONEY,
            "price": price,
            "value_based_price": value,
            "low": low,
            "high": high,
            "change": [one / price - 1.0 for one in value],
            "assumed": 57,
        }
    )


def ceac() -> pd.DataFrame:
    """Two curves that cross at 75,000."""
    worth = np.arange(0, 200_001, 5_000)
    share = 1 / (1 + np.exp(-(worth - 75_000) / 25_000))
    frames = [
        pd.DataFrame({"willingness_to_pay": worth, "strategy": name, "probability": value, "on_frontier": value >= 0.5})
        for name, value in ((SCENARIO, 1 - share), (OTHER, share))
    ]
    return pd.concat(frames, ignore_index=True).assign(unit=MONEY)


def evppi() -> pd.DataFrame:
    """A price that stands out, a utility, and two inputs that were held fixed."""
    return pd.DataFrame(
        {
            "input": ["costs.product", "utilities.progressed", "slots.count", "lines"],
            "kind": ["one input", "one input", *2 * ["not assessed: held fixed"]],
            "willingness_to_pay": [100_000.0, 100_000.0, None, None],
            "unit": MONEY,
            "evppi": [6_000.0, 1_000.0, None, None],
            "standard_error": [300.0, 200.0, None, None],
        }
    )


def evpi() -> pd.DataFrame:
    """Largest where the curves cross."""
    worth = np.arange(0, 200_001, 5_000)
    value = 9_000 * np.exp(-(((worth - 75_000) / 45_000) ** 2))
    return pd.DataFrame({"willingness_to_pay": worth, "evpi": value, "unit": MONEY})
