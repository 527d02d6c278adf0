"""Those on the waiting list on the first day: what becomes of them, counted from that day on.

They are referred before the scenario begins and so are never among the measured: no other figure has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sim.engine.trace import Trace
from sim.outcomes.estimates import ranges
from sim.outcomes.metrics import BY_NAME, measure
from sim.outcomes.patients import Patients, resolve
from sim.pieces.cohort import Cohort
from sim.pieces.luck import WAITING
from sim.pure.arrays import FloatArray
from sim.scenario import Scenario

# Metric of the registry, and what it is called of these patients.
LABELS = {
    "referred": "Patients on the list on the first day",
    "infused_share": "Proportion infused",
    "half_infused_days": "Days from the first day by which half of them are infused",
    "waiting_days_mean": "Days from the first day to infusion, mean",
    "progressed_before_infusion_share": "Proportion progressed before infusion",
    "lost_before_infusion_share": "Proportion lost before infusion",
    "still_waiting_share": "Proportion still waiting at the end",
}
METRICS = tuple(BY_NAME[name] for name in LABELS)
POSSIBLE = ranges([metric.possible for metric in METRICS])


def has_list(scenario: Scenario) -> bool:
    """Whether the scenario begins with a waiting list."""
    return any(region.already_waiting is not None for region in scenario.regions.values())


def already_waiting(cohort: Cohort, trace: Trace, follow_up: float, window: tuple[float, float]) -> FloatArray:
    """The value of each of `METRICS` among those on the list on day 0, each followed for `follow_up` days from then.

    Shape (replications, metrics).
    """
    listed = (cohort.source == WAITING) & (cohort.course == 1)
    found = resolve(cohort, trace, np.where(listed, follow_up - trace.referral_day, follow_up))
    since_day_0 = np.where(listed, 0.0, found.referral_day)
    mine: Patients = replace(found, cohort=replace(cohort, measured=listed), referral_day=since_day_0)
    return measure(mine, trace, window, METRICS)


def counts(values: FloatArray) -> Sequence[float]:
    """Over how many patients each of `METRICS` is, in one replication."""
    listed, infused = values[0], values[0] * values[1]
    return [infused if metric.selected else listed for metric in METRICS]
