"""The same patients in two scenarios: who progressed in both, in one only, in neither."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.patients import Patients


def why_not_paired(a: Patients, b: Patients) -> str | None:
    """Why the measured patients of two scenarios are not the same people, or None where they are."""
    first, second = a.cohort, b.cohort
    if first.measured.sum() != second.measured.sum():
        return "they measure different numbers of patients"
    for name in ("region", "source", "number", "group", "referral_day"):
        mine, other = getattr(first, name)[first.measured], getattr(second, name)[second.measured]
        if not np.array_equal(mine, other):
            return f"their patients differ in {name.replace('_', ' ')}"
    mine, other = first.thresholds[:, first.measured], second.thresholds[:, second.measured]
    # the threshold of a clock that never runs is infinite: that is another treatment of the same patient
    drawn = np.isfinite(mine) & np.isfinite(other)
    multipliers = first.group_multipliers[:, first.measured], second.group_multipliers[:, second.measured]
    if not (np.array_equal(mine[drawn], other[drawn]) and np.array_equal(*multipliers)):
        return "their patients differ in the course of the disease"
    return None


def pair_counts(baseline: Patients, scenario: Patients) -> NDArray[np.float64]:
    """Measured patients by `PROGRESSED_IN`; the cohorts must be the same."""
    before = baseline.progressed[baseline.cohort.measured]
    after = scenario.progressed[scenario.cohort.measured]
    return np.array(
        [(before & after).sum(), (before & ~after).sum(), (~before & after).sum(), (~before & ~after).sum()], float
    )
