"""The days of single patients, for a picture of a few of them: queues and what is under way, up to their outcome."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.trace import PATIENT, Trace
from sim.outcomes.curves import INTERVALS, ways
from sim.outcomes.patients import OUTCOME_NAMES, Patients
from sim.tables.words import OUTCOMES

SAMPLE = 20


def timelines(patients: Patients, trace: Trace, groups: list[str], centres: list[str]) -> list[dict[str, Any]]:
    """A row a spell of the first `SAMPLE` measured patients of the first replication, by referral; days since referral.

    `kind` is `queue` or `process`; `label` the interval between two milestones in which the spell lies. The spells of a
    patient follow each other without gap from their referral to their end, or to the last day that is known of them.
    """
    cohort = patients.cohort
    measured = np.flatnonzero(cohort.measured & (cohort.replication == 0))
    stop = float(trace.stop_day[0])
    chosen = measured[np.argsort(cohort.referral_day[measured], kind="stable")][:SAMPLE]
    rows: list[dict[str, Any]] = []
    for place, patient in enumerate(chosen):
        referred = float(cohort.referral_day[patient])
        last = patients.end_day[patient]
        ended = float(last if np.isfinite(last) else stop)
        outcome = OUTCOME_NAMES[patients.outcome[patient]]
        shared = {
            "patient": place + 1,
            "centre": centres[cohort.centre[patient]],
            "risk_group": groups[cohort.group[patient]],
            "referral_day": referred,
            "outcome": outcome,
            "outcome_label": OUTCOMES[outcome],
            "progression_day": float(patients.progression_day[patient] - referred),
        }
        for label, start, end in _intervals(patients, trace, int(patient), ended):
            for kind, first, upto in _spells(trace, int(patient), start, end):
                spell = {"label": label, "kind": kind, "from_day": first - referred, "to_day": upto - referred}
                rows.append({**shared, **spell})
    return rows


def _intervals(patients: Patients, trace: Trace, patient: int, ended: float) -> list[tuple[str, float, float]]:
    """(label, first day, last day) of the intervals that a patient went through, the last one cut at their end.

    Who was given a dose after all spent the days until then waiting for it, as in `stage_days`.
    """
    made, dosed = ways(trace.milestones)
    found, reached = [], float(patients.cohort.referral_day[patient])
    for start, end in dosed if patients.off_the_shelf[patient] or not made else made:
        day = float(patients.day(end)[patient])
        upto = day if np.isfinite(day) else ended
        found.append((INTERVALS[start, end], reached, max(upto, reached)))
        reached = max(upto, reached)
        if not np.isfinite(day):
            break
    return found


def _spells(trace: Trace, patient: int, start: float, end: float) -> list[tuple[str, float, float]]:
    """The interval cut into queues and what lies between them; a patient in two queues at once counts once."""
    uses = trace.uses
    mine = (uses.kind == PATIENT) & (uses.entity == patient)
    asked = uses.asked[mine]
    left = np.where(np.isnan(uses.ended[mine]), trace.stop_day[0], uses.ended[mine])
    served = np.where(np.isnan(uses.began[mine]), left, uses.began[mine])
    spells, reached = [], start
    for first, upto in sorted(zip(asked, served, strict=True)):
        first, upto = max(float(first), reached), min(float(upto), end)
        if upto <= first:
            continue
        if first > reached:
            spells.append(("process", reached, first))
        spells.append(("queue", first, upto))
        reached = upto
    if end > reached:
        spells.append(("process", reached, end))
    return spells
