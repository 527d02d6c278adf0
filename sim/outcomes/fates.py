"""The closed list of fates, and how one replication's trace becomes one row a patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.trace import Trace
from sim.pieces.clocks import FATE_OF_CLOCK, Clock
from sim.pieces.cohort import Cohort

FloatArray = NDArray[np.float64]

FATES = {
    "infused": "Infused",
    "progressed": "Lost eligibility by progression",
    "died": "Died",
    "withdrawn": "Withdrawn",
    "collection_failed": "Collection failed",
    "product_failed": "Product failed",
    "unsuitable": "Unsuitable",
    "waiting": "Still waiting",
}
FATE_NAMES = tuple(FATES)
INFUSED, WAITING = FATE_NAMES.index("infused"), FATE_NAMES.index("waiting")


@dataclass(frozen=True, eq=False)
class Patients:
    """One entry a patient, in the order of the cohort; days since the start, NaN where it did not happen.

    `fate` indexes `FATE_NAMES`. `days`: milestone days of the patient himself. `released_raw`, `released_count`: the
    last day and the number of times a product was released or a dose drawn for him, whether or not he was there.
    """

    cohort: Cohort
    fate: NDArray[np.int64]
    end_day: FloatArray
    progression_day: FloatArray
    days: dict[str, FloatArray]
    attempts: dict[str, NDArray[np.int64]]
    made_day: FloatArray
    made_count: NDArray[np.int64]
    began_manufacture: NDArray[np.bool_]

    @property
    def infused(self) -> NDArray[np.bool_]:
        """Whether each patient was infused."""
        return np.asarray(self.fate == INFUSED)

    @property
    def progressed(self) -> NDArray[np.bool_]:
        """Whether each patient progressed before infusion, eligible afterwards or not."""
        return np.isfinite(self.progression_day)

    def between(self, start: str, end: str) -> FloatArray:
        """Days from one milestone to another, NaN where either did not happen."""
        return self.day(end) - self.day(start)

    def day(self, milestone: str) -> FloatArray:
        """Days of a milestone; `referral` is one. NaN throughout where the path has no such milestone."""
        if milestone == "referral":
            return self.cohort.referral_day
        return self.days.get(milestone, np.full(len(self.fate), np.nan))


def resolve(cohort: Cohort, trace: Trace, follow_up: float) -> Patients:
    """Every patient's fate, and what happened to him up to it.

    A patient counts up to `follow_up` days after his referral, or to the stop; unresolved by then he is `waiting`.
    """
    limit = np.minimum(cohort.referral_day + follow_up, trace.stop_day)
    raw = {name: trace.notes[:, k] for k, name in enumerate(trace.milestones)}
    nothing = np.full(len(limit), np.nan)
    infusion = raw.get("infusion", nothing)
    infused = infusion <= limit
    # a path that has come to its end is beyond the reach of the clocks, whatever they would have done later
    ended = (trace.ended_day <= limit) & ~(trace.leave_day <= trace.ended_day) & ~infused
    left = (trace.leave_day <= limit) & ~infused & ~ended
    fate = np.full(len(limit), WAITING, dtype=np.int64)
    fate[infused] = INFUSED
    for clock in Clock:
        fate[left & (trace.leave_clock == clock)] = FATE_NAMES.index(FATE_OF_CLOCK[clock])
    for k, name in enumerate(trace.fates):
        fate[ended & (trace.ended_fate == k)] = FATE_NAMES.index(name)
    end_day = np.where(infused, infusion, np.where(left, trace.leave_day, np.where(ended, trace.ended_day, np.nan)))
    closes = np.where(infused | np.isnan(end_day), limit, end_day)
    progression = np.where(
        trace.progression_day <= np.where(np.isnan(end_day), limit, end_day), trace.progression_day, np.nan
    )
    made = "released" if "released" in raw else "dose"
    made_day = np.where(raw.get(made, nothing) <= trace.stop_day, raw.get(made, nothing), np.nan)
    passes = dict(zip(trace.milestones, trace.passes.T, strict=True)).get(made, np.zeros(len(limit), np.int64))
    return Patients(
        cohort=cohort,
        fate=fate,
        end_day=end_day,
        progression_day=progression,
        days={name: np.where(day <= closes, day, np.nan) for name, day in raw.items()},
        attempts=dict(zip(trace.attempt_names, trace.attempts.T, strict=True)),
        made_day=made_day,
        made_count=passes - (raw.get(made, nothing) > trace.stop_day),
        began_manufacture=raw.get("manufacturing", nothing) <= trace.stop_day,
    )


def wasted_products(patients: Patients, window: tuple[float, float]) -> int:
    """Products released, or doses drawn, that were not infused, by the day on which that was certain.

    That day is the later of release (or draw) and the patient's own end; a product lost on the way counts on the day
    of its successor's release.
    """
    resolved = patients.fate != WAITING
    surplus = np.maximum(patients.made_count - patients.infused, 0)
    day = np.fmax(patients.made_day, np.where(patients.infused, -np.inf, patients.end_day))
    inside = resolved & (day >= window[0]) & (day < window[1])
    return int(surplus[inside].sum())


def wasted_slots(patients: Patients, trace: Trace, window: tuple[float, float]) -> int:
    """Slots starting inside the window whose holder left before manufacture began, too late to hand them back."""
    slots = trace.slots
    held = (slots.holder >= 0) & (slots.start >= window[0]) & (slots.start < window[1])
    holder = slots.holder[held]
    gone = (patients.fate[holder] != WAITING) & ~patients.began_manufacture[holder]
    return int(gone.sum())


def table(
    patients: Patients, scenario: str, replication: int, names: dict[str, Sequence[str]], product: str
) -> dict[str, object]:
    """The columns of `patients.parquet` for one replication, one entry a patient.

    `names`: the names of regions, sources, centres and risk groups that the cohort's numbers stand for.
    """
    cohort, count = patients.cohort, len(patients.fate)

    def spelled(kind: str, numbers: NDArray[np.int64]) -> NDArray[np.object_]:
        return np.array(names[kind], dtype=object)[numbers]

    columns: dict[str, object] = {
        "scenario": np.full(count, scenario, dtype=object),
        "replication": np.full(count, replication, dtype=np.int64),
        "region": spelled("region", cohort.region),
        "source": spelled("source", cohort.source),
        "number": cohort.number,
        "centre": spelled("centre", cohort.centre),
        "risk_group": spelled("risk_group", cohort.group),
        "measured": cohort.measured,
        "product": np.full(count, product, dtype=object),
        "fate": np.array(FATE_NAMES, dtype=object)[patients.fate],
        "referral_day": cohort.referral_day,
    }
    columns |= {f"{name}_day": day for name, day in patients.days.items()}
    columns |= {
        "progression_day": patients.progression_day,
        "end_day": patients.end_day,
        "waiting_days": patients.between("referral", "infusion"),
        "vein_to_vein_days": patients.between("apheresis", "infusion"),
        "turnaround_days": patients.between("apheresis", "product_received"),
        "progressed_before_infusion": patients.progressed,
    }
    return columns | {f"{name}_attempts": number for name, number in patients.attempts.items()}
