"""`distribution.csv`: net benefit by group with and without equity weights; declared in `sim.tables.economics`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sim.experiment.study.economics_tables import assumed, unit_of
from sim.experiment.study.tables import with_bounds
from sim.outcomes.distribution import ALL, FIGURES, told_of
from sim.outcomes.economic_quantities import MONEY
from sim.outcomes.estimates import interval
from sim.outcomes.subgroups import same_centres, same_patients
from sim.outcomes.verdicts import HIGHER, verdict
from sim.pure.arrays import FloatArray
from sim.scenario import Loaded

COST, QALYS, WEIGHTED, WEIGHT, SHARE = range(len(FIGURES))
# Prefix of columns, and the QALYs that they stand on.
WAYS = (("", QALYS), ("weighted_", WEIGHTED))


def distribution_table(scenarios: Mapping[str, Loaded], values: Sequence[Sequence[FloatArray]]) -> pd.DataFrame:
    """`distribution.csv`; `values`: of each replication and scenario, shape (groups, figures).

    Groups of other patients are not set against each other, and, where a centre has a weight, nothing is with weights
    where patients are treated at other centres: that they count for more there is no gain.
    """
    baseline, of_first = next(iter(scenarios.items()))
    first = told_of(of_first.scenario)
    base = np.array([replication[0] for replication in values])
    rows: list[dict[str, Any]] = []
    for place, (name, loaded) in enumerate(scenarios.items()):
        economics = loaded.scenario.economics
        assert economics is not None
        mine = np.array([replication[place] for replication in values])
        moved = bool(economics.equity.centre) and not same_centres(of_first.scenario, loaded.scenario)
        for g, group in enumerate(told_of(loaded.scenario)):
            alike = group[0] == ALL or same_patients(of_first.scenario, loaded.scenario, group)
            other = base[:, first.index(group)] if alike else np.full_like(mine[:, g], np.nan)
            if moved:
                other = np.where(np.arange(len(FIGURES)) == WEIGHTED, np.nan, other)
            for amount in economics.willingness_to_pay:
                row = {"scenario": name, "group_by": group[0], "group": group[1], "willingness_to_pay": amount}
                row |= {"unit": unit_of(loaded, MONEY), "share": _mean(mine[:, g, SHARE])}
                row |= {"weight": _mean(mine[:, g, WEIGHT]), "baseline": baseline}
                for prefix, qalys in WAYS:
                    benefit, before = (amount * of[:, qalys] - of[:, COST] for of in (mine[:, g], other))
                    row |= _told(prefix, benefit, before, place)
                there = int(np.isfinite(mine[:, g, COST]).sum())
                rows.append(row | {"replications": there, "assumed": assumed(loaded)})
    return pd.DataFrame(rows)


def _told(prefix: str, benefit: FloatArray, other: FloatArray, place: int) -> dict[str, Any]:
    """Net benefit, how much more it is than the baseline's, and what that is."""
    value, more = ([float(number) for number in interval(x)] for x in (benefit, benefit - other))
    found = with_bounds(f"{prefix}net_benefit", value) | with_bounds(f"{prefix}increment", more)
    return found | {f"{prefix}verdict": str(verdict(more[0], more[1], more[2], HIGHER)) if place else ""}


def _mean(values: FloatArray) -> float:
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else np.nan
