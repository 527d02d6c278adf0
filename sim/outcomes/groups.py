"""The main metrics by risk group, centre and region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sim.engine.trace import Trace
from sim.outcomes.metrics import BY_NAME, measure
from sim.outcomes.patients import Patients
from sim.pure.arrays import FloatArray
from sim.scenario import Scenario

# Only metrics of measured patients: what belongs to resources cannot be divided among groups.
METRICS = tuple(
    BY_NAME[name]
    for name in (
        "referred",
        "infused",
        "infused_share",
        "progressed_before_infusion_share",
        "died_before_infusion_share",
        "lost_before_infusion_share",
        "still_waiting_share",
        "waiting_days_mean",
        "waiting_days_median",
        "waiting_days_p90",
    )
)
GROUPINGS = {"risk_group": "Risk group", "centre": "Centre", "region": "Home region"}


def group_keys(scenario: Scenario) -> Iterator[tuple[str, int, str]]:
    """(grouping, number in the cohort, name) of each group, in the order of `group_metrics`.

    A grouping with one group only says nothing and is left out, as are regions that are the centres by name.
    """
    names = {
        "risk_group": list(scenario.patients.risk_groups),
        "centre": list(scenario.centres),
        "region": list(scenario.regions),
    }
    for grouping, groups in names.items():
        if len(groups) > 1 and not (grouping == "region" and groups == names["centre"]):
            yield from ((grouping, number, name) for number, name in enumerate(groups))


def group_metrics(scenario: Scenario, patients: Patients, trace: Trace, window: tuple[float, float]) -> FloatArray:
    """The value of each of `METRICS` among the measured patients of each group, (replications, groups, metrics)."""
    cohort = patients.cohort
    number = {"risk_group": cohort.group, "centre": cohort.centre, "region": cohort.region}
    rows = []
    for grouping, place, _ in group_keys(scenario):
        mine = replace(patients, cohort=replace(cohort, measured=cohort.measured & (number[grouping] == place)))
        rows.append(measure(mine, trace, window, METRICS))
    return np.stack(rows, axis=1) if rows else np.zeros((patients.by.groups, 0, len(METRICS)))
