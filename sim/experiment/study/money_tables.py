"""`budget.csv` and `subgroups.csv`: what is spent year by year, and on whom; declared in `sim.tables.economics`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sim.experiment.study.economics_tables import assumed, unit_of
from sim.experiment.study.tables import with_bounds
from sim.outcomes import budget, subgroups
from sim.outcomes.estimates import interval, possible
from sim.outcomes.verdicts import HIGHER, LOWER, NEITHER, verdict
from sim.pure.arrays import FloatArray
from sim.scenario import Loaded

BETTER = {"cost": LOWER, "qalys": HIGHER, "life_years": HIGHER, "infused_share": HIGHER}


def budget_table(scenarios: Mapping[str, Loaded], values: Sequence[Sequence[FloatArray]]) -> pd.DataFrame | None:
    """`budget.csv`; `values`: of each replication and scenario, shape (years, figures). None without a whole year.

    Years are told as far as they lie in the measuring window of every scenario.
    """
    years = min(budget.years_in(loaded.scenario) for loaded in scenarios.values())
    if years == 0:
        return None
    whole = np.array([[one[:years] for one in replication] for replication in values])
    rows = []
    for place, (name, loaded) in enumerate(scenarios.items()):
        for year in range(years):
            for k, (figure, label, kind) in enumerate(budget.FIGURES):
                mine, first = whole[:, place, year, k], whole[:, 0, year, k]
                rows.append(
                    {"scenario": name, "year": year + 1, "quantity": figure, "label": label}
                    | {"unit": unit_of(loaded, kind)}
                    | _estimated(mine, kind)
                    | _against(next(iter(scenarios)), mine - first, NEITHER, place)
                    | {"replications": len(mine), "assumed": assumed(loaded)}
                )
    return pd.DataFrame(rows).drop(columns="verdict")


def subgroups_table(scenarios: Mapping[str, Loaded], values: Sequence[Sequence[FloatArray]]) -> pd.DataFrame:
    """`subgroups.csv`; `values`: of each replication and scenario, shape (groups, figures)."""
    of_first = next(iter(scenarios.values())).scenario
    first = subgroups.groups(of_first)
    base = [replication[0] for replication in values]
    rows: list[dict[str, Any]] = []
    for place, (name, loaded) in enumerate(scenarios.items()):
        mine = np.array([replication[place] for replication in values])
        for g, (kind, group) in enumerate(subgroups.groups(loaded.scenario)):
            there = subgroups.same_patients(of_first, loaded.scenario, (kind, group))
            patients = float(mine[:, g, -1].mean())
            for k, (figure, label, unit) in enumerate(subgroups.FIGURES[:-1]):
                found = mine[:, g, k]
                more = (
                    found - np.array([one[first.index((kind, group)), k] for one in base]) if there else found * np.nan
                )
                rows.append(
                    {"scenario": name, "group_by": kind, "group": group, "quantity": figure, "label": label}
                    | {"unit": unit_of(loaded, unit)}
                    | _estimated(found, unit)
                    | _against(next(iter(scenarios)), more, BETTER[figure], place)
                    | {"replications": int(np.isfinite(found).sum()), "patients": patients, "assumed": assumed(loaded)}
                )
    return pd.DataFrame(rows)


def _estimated(values: FloatArray, unit: str) -> dict[str, float]:
    within = possible("units" if unit == "money" else unit)
    return dict(zip(("estimate", "low", "high"), _three(interval(values, within=within)), strict=True))


def _against(baseline: str, more: FloatArray, better: str, place: int) -> dict[str, Any]:
    mean, low, high = _three(interval(more))
    told = str(verdict(mean, low, high, better)) if place else ""
    return {"baseline": baseline, **with_bounds("increment", (mean, low, high)), "verdict": told}


def _three(found: Sequence[Any]) -> Iterator[float]:
    return (float(value) for value in found)
