"""The same patients in two scenarios: who progressed in both, in one only, in neither."""

from __future__ import annotations

import numpy as np

from sim.outcomes.by_group import ByGroup
from sim.outcomes.patients import Patients
from sim.pure.arrays import BoolArray, FloatArray


def why_not_paired(a: Patients, b: Patients) -> list[str | None]:
    """Why the measured patients of two scenarios are not the same people, or None where they are; by replication."""
    first, second = a.cohort, b.cohort
    as_many = a.by.count(first.measured) == b.by.count(second.measured)
    found: list[str | None] = [None if so else "they measure different numbers of patients" for so in as_many]
    mine, other = first.measured & as_many[first.replication], second.measured & as_many[second.replication]
    by = ByGroup(first.replication[mine], a.by.groups)

    def tell(differ: BoolArray, why: str) -> None:
        for k in np.flatnonzero(by.count(differ)):
            found[k] = found[k] or why

    for name in ("region", "source", "number", "group", "referral_day"):
        differ = getattr(first, name)[mine] != getattr(second, name)[other]
        tell(differ, f"their patients differ in {name.replace('_', ' ')}")
    one, two = first.thresholds[:, mine], second.thresholds[:, other]
    # the threshold of a clock that never runs is infinite: that is another treatment of the same patient
    drawn = np.isfinite(one) & np.isfinite(two)
    multiplied = first.group_multipliers[:, mine] != second.group_multipliers[:, other]
    tell(((drawn & (one != two)) | multiplied).any(axis=0), "their patients differ in the course of the disease")
    return found


def pair_counts(baseline: Patients, scenario: Patients) -> FloatArray:
    """Measured patients by `PROGRESSED_IN`, shape (replications, 4); the cohorts must be the same.

    Rows of replications whose cohorts are not the same mean nothing.
    """
    counts = [baseline.by.count(baseline.cohort.measured), scenario.by.count(scenario.cohort.measured)]
    as_many = counts[0] == counts[1]
    mine = baseline.cohort.measured & as_many[baseline.cohort.replication]
    before = baseline.progressed[mine]
    after = scenario.progressed[scenario.cohort.measured & as_many[scenario.cohort.replication]]
    by = ByGroup(baseline.cohort.replication[mine], baseline.by.groups)
    return np.stack([by.count(how) for how in (before & after, before & ~after, ~before & after, ~before & ~after)], 1)
