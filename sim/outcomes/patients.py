"""How a trace becomes one row a patient, with an outcome out of the closed list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.trace import PATIENT, Trace
from sim.outcomes.by_group import ByGroup
from sim.outcomes.slot_wait import SlotWait
from sim.pieces.clocks import OUTCOME_OF_CLOCK, Clock
from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.tables.words import OUTCOMES, WITHDRAWALS

if TYPE_CHECKING:
    from sim.pieces.cohort import Cohort


OUTCOME_NAMES = tuple(OUTCOMES)
INFUSED, WAITING = OUTCOME_NAMES.index("infused"), OUTCOME_NAMES.index("waiting")
ALTERNATIVE = OUTCOME_NAMES.index("alternative")
STANDARD_CARE = OUTCOME_NAMES.index("standard_care")


@dataclass(frozen=True, eq=False)
class Afterwards:
    """One entry a patient, in the order of `Patients`; days since the start of the scenario, followed for life.

    `response_day`: NaN where there is no response. `relapse_day`: progression after infusion, on the alternative or on
    standard care, or the return for a later course; NaN where death comes first or neither comes. `death_day`: in
    whichever course; NaN where the patient never dies or, in a
    later course, never began it. `rests_day`: the day from which `death_day` was drawn: infusion, the first dose of the
    alternative, or the day of the outcome (the end of follow-up for those who still wait).
    """

    responded: BoolArray
    response_day: FloatArray
    relapse_day: FloatArray
    death_day: FloatArray
    rests_day: FloatArray


@dataclass(frozen=True, eq=False)
class Patients:
    """One entry a patient, in the order of the cohort; days since the start, NaN where it did not happen.

    `outcome` indexes `OUTCOME_NAMES`, `reason` says more where there is more to say. `days`: the patients' own
    milestone days. `made_day`, `made_count`: the last day and the number of times a product was released or a dose
    drawn for them, whether or not they were there. `off_the_shelf`: whether they were given a dose in the end.
    `followed_to`: the day on which patients without an outcome by then count as waiting; `follow_up`: how long after
    referral each is followed for an outcome. `referral_day`: of the return, for a later course. `after`: what became of
    them, where the scenario says so. `slot_wait`: the parts of their wait for a slot, where slots are dated.
    """

    cohort: Cohort
    referral_day: FloatArray
    outcome: IntArray
    reason: NDArray[np.object_]
    end_day: FloatArray
    progression_day: FloatArray
    days: dict[str, FloatArray]
    attempts: dict[str, IntArray]
    made_day: FloatArray
    made_count: IntArray
    began_manufacture: BoolArray
    off_the_shelf: BoolArray
    followed_to: FloatArray
    follow_up: FloatArray
    after: Afterwards | None = None
    slot_wait: SlotWait | None = None

    @cached_property
    def by(self) -> ByGroup:
        """By replication."""
        return ByGroup(self.cohort.replication, len(self.cohort.luck.replications))

    def with_outcome(self, outcome: str) -> BoolArray:
        """Who has this outcome; of `withdrawn`, for whatever reason."""
        return of_outcome(self.outcome, outcome)

    @property
    def infused(self) -> BoolArray:
        """Whether each patient was infused."""
        return np.asarray(self.outcome == INFUSED)

    @property
    def turned(self) -> BoolArray:
        """Whether each patient was given the alternative instead."""
        return np.asarray(self.outcome == ALTERNATIVE)

    @property
    def cared_for(self) -> BoolArray:
        """Whether each patient was given standard care, in an arm in which nobody is infused."""
        return np.asarray(self.outcome == STANDARD_CARE)

    @property
    def deferred_for_bed(self) -> BoolArray:
        """Whether each patient was ready for infusion and had to wait for a bed or treatment place."""
        return np.asarray(self.between("ready_for_infusion", "infusion") > 0.0)

    @property
    def progressed(self) -> BoolArray:
        """Whether each patient progressed before infusion, eligible afterwards or not."""
        return np.isfinite(self.progression_day)

    def between(self, start: str, end: str) -> FloatArray:
        """Days from one milestone to another, NaN where either did not happen.

        What starts at apheresis speaks of the product made from it, not of a dose that was given instead.
        """
        days = self.day(end) - self.day(start)
        return np.where(self.off_the_shelf, np.nan, days) if start == "apheresis" else days

    def day(self, milestone: str) -> FloatArray:
        """Days of a milestone; `referral` is one. NaN throughout where the path has no such milestone."""
        if milestone == "referral":
            return self.referral_day
        found = self.days.get(milestone)
        return np.full(len(self.outcome), np.nan) if found is None else found


def of_outcome(outcomes: IntArray, outcome: str) -> BoolArray:
    """Which of these are this outcome; of `withdrawn`, for whatever reason."""
    names = ("withdrawn", *WITHDRAWALS) if outcome == "withdrawn" else (outcome,)
    return np.asarray(np.logical_or.reduce([outcomes == OUTCOME_NAMES.index(name) for name in names]))


@dataclass(frozen=True, eq=False)
class Ends:
    """When and how each patient's own path ended, if it did by `limit`, and their milestones up to then.

    Of `infused`, `turned` (given the alternative), `left` (taken off by a clock) and `ended` (by itself) at most one is
    true of a patient; `day` is NaN where none is. `raw`: milestones whether or not they were there.
    """

    limit: FloatArray
    infused: BoolArray
    turned: BoolArray
    left: BoolArray
    ended: BoolArray
    day: FloatArray
    raw: dict[str, FloatArray]
    days: dict[str, FloatArray]


def ends(cohort: Cohort, trace: Trace, follow_up: float | FloatArray, later_end: float = np.inf) -> Ends:
    """The ends of all patients' paths, each up to `follow_up` days after referral, or to the stop.

    Later courses are followed to day `later_end` at most. Who has been infused by then is followed to discharge, and
    who has been given the alternative to the end of its step-up doses.
    """
    stop = trace.stop_day[cohort.replication]
    limit = np.minimum(trace.referral_day + follow_up, stop)
    if cohort.courses > 1:
        limit = np.where(cohort.course > 1, np.minimum(limit, later_end), limit)
    notes = np.ascontiguousarray(trace.notes.T)
    raw = dict(zip(trace.milestones, notes, strict=True))
    infusion = raw.get("infusion", np.full(len(limit), np.nan))
    infused = infusion <= limit
    first_dose = raw.get("alternative", np.full(len(limit), np.nan))
    turned = first_dose <= limit
    treated, treatment = infused | turned, np.where(turned, first_dose, infusion)
    # a path that has come to its end is beyond the reach of the clocks, whatever they would have done later
    struck = (trace.leave_clock >= 0) & (trace.leave_day <= trace.ended_day)
    ended = (trace.ended_day <= limit) & ~struck & ~treated
    left = (trace.leave_day <= limit) & ~treated & ~ended
    day = np.where(treated, treatment, np.where(left, trace.leave_day, np.where(ended, trace.ended_day, np.nan)))
    own = np.where(notes <= np.where(left | ended, day, np.where(treated, stop, limit)), notes, np.nan)
    return Ends(limit, infused, turned, left, ended, day, raw, dict(zip(trace.milestones, own, strict=True)))


def resolve(cohort: Cohort, trace: Trace, follow_up: float | FloatArray, later_end: float = np.inf) -> Patients:
    """Every patient's outcome, and what happened to them up to it, or up to discharge.

    Patients count up to `follow_up` days after referral (one number, or each patient's own), or to the stop;
    unresolved by then they are `waiting`. Later courses count up to day `later_end`.
    """
    its, stop = ends(cohort, trace, follow_up, later_end), trace.stop_day[cohort.replication]
    limit, raw, ended = its.limit, its.raw, its.ended
    nothing = np.full(len(limit), np.nan)
    outcome = np.full(len(limit), WAITING, dtype=np.int64)
    outcome[its.infused], outcome[its.turned] = INFUSED, ALTERNATIVE
    for clock in Clock:
        outcome[its.left & (trace.leave_clock == clock)] = OUTCOME_NAMES.index(OUTCOME_OF_CLOCK[clock])
    reason = np.full(len(limit), "", dtype=object)
    for k, (name, why) in enumerate(zip(trace.outcomes, trace.reasons, strict=True)):
        so = ended & (trace.ended_outcome == k)
        outcome[so], reason[so] = OUTCOME_NAMES.index(name), why
    by_then = trace.progression_day <= np.where(np.isnan(its.day), limit, its.day)
    progression = np.where(by_then, trace.progression_day, np.nan)
    passes = dict(zip(trace.milestones, trace.passes.T, strict=True))
    made_day, made_count = nothing, np.zeros(len(limit), np.int64)
    for made in ("released", "dose"):
        day = raw.get(made, nothing)
        made_day = np.fmax(made_day, np.where(day <= stop, day, np.nan))
        made_count = made_count + passes.get(made, 0) - (day > stop)
    return Patients(
        cohort=cohort,
        referral_day=trace.referral_day,
        outcome=outcome,
        reason=reason,
        end_day=its.day,
        progression_day=progression,
        days=its.days,
        attempts=dict(zip(trace.attempt_names, trace.attempts.T, strict=True)),
        made_day=made_day,
        made_count=made_count,
        began_manufacture=raw.get("manufacturing", nothing) <= stop,
        off_the_shelf=raw.get("dose", nothing) <= limit,
        followed_to=limit,
        follow_up=np.broadcast_to(np.asarray(follow_up, dtype=np.float64), limit.shape),
    )


def tell_withdrawals(patients: Patients, shares: Mapping[str, float]) -> Patients:
    """The same patients, those whom the clock of withdrawal took off by the reason that was drawn for each.

    `shares`: of each reason; the same patient would withdraw for the same reason under every scenario.
    """
    if not any(shares.values()):
        return patients
    drawn = patients.cohort.luck.of("withdrawal")
    reason = np.searchsorted(np.cumsum(list(shares.values())), drawn, side="right")
    by_clock = (patients.outcome == OUTCOME_NAMES.index("withdrawn")) & (patients.reason == "")
    told = np.array([*(OUTCOME_NAMES.index(name) for name in shares), OUTCOME_NAMES.index("withdrawn")])
    return replace(patients, outcome=np.where(by_clock, told[reason], patients.outcome))


def wasted_products(patients: Patients, window: tuple[float, float]) -> FloatArray:
    """Products released, or doses drawn, that were not infused, by the day on which that was certain; by replication.

    That day is the later of release (or draw) and the patient's own end; a product lost on the way counts on the day
    of its successor's release.
    """
    resolved = patients.outcome != WAITING
    surplus = np.maximum(patients.made_count - patients.infused, 0)
    day = np.fmax(patients.made_day, np.where(patients.infused, -np.inf, patients.end_day))
    return patients.by.total(surplus, resolved & (day >= window[0]) & (day < window[1]))


def slots_wasted(patients: Patients, trace: Trace) -> BoolArray:
    """For each slot, whether no manufacture used it and it came back too late to be offered again.

    A patient whose manufacture began has used the slots that they claimed last, as many as they claimed at once.
    """
    slots, uses = trace.slots, trace.uses
    wasted = np.zeros(len(slots.holder), bool)
    at_once = np.ones(len(trace.stop_day), dtype=np.int64)
    several = np.flatnonzero((uses.units > 1) & (uses.kind == PATIENT))
    several = several[np.isin(uses.resource[several], slots.resource)]
    np.maximum.at(at_once, uses.replication[several], uses.units[several])
    rows = np.flatnonzero(slots.holder >= 0)
    holder = slots.holder[rows]
    # how many slots the same holder has from this one on
    from_here = np.ones(len(rows), dtype=np.int64)
    more = np.flatnonzero(np.bincount(holder, minlength=1)[holder] > 1)
    more = more[np.lexsort((slots.start[rows[more]], holder[more]))]
    from_here[more] = np.searchsorted(holder[more], holder[more], side="right") - np.arange(len(more))
    used = patients.began_manufacture[holder] & (from_here <= at_once[slots.replication[rows]])
    through = (patients.outcome[holder] != WAITING) | patients.began_manufacture[holder]
    # who has claimed others since has lost it, even where they still wait
    through |= from_here > at_once[slots.replication[rows]]
    wasted[rows] = through & ~used
    return wasted


def withdrawn_slots(trace: Trace, window: tuple[float, float]) -> FloatArray:
    """Slots starting inside the window that the manufacturer took back, offered or not; by replication."""
    slots = trace.slots
    return _by_slot(trace).count(np.isfinite(slots.withdrawn) & (slots.start >= window[0]) & (slots.start < window[1]))


def wasted_slots(patients: Patients, trace: Trace, window: tuple[float, float]) -> FloatArray:
    """Slots starting inside the window that were claimed and wasted; by replication."""
    inside = (trace.slots.start >= window[0]) & (trace.slots.start < window[1])
    return _by_slot(trace).count(slots_wasted(patients, trace) & inside)


def _by_slot(trace: Trace) -> ByGroup:
    return ByGroup(trace.slots.replication, len(trace.stop_day))


def table(
    patients: Patients,
    scenario: str,
    names: dict[str, Sequence[str]],
    product: str,
    bridging: FloatArray,
    stop_day: FloatArray,
    persons: Mapping[str, NDArray[Any]],
) -> dict[str, object]:
    """The columns of `patients.parquet`, one entry a patient and course begun by the `stop_day` of its replication.

    `names`: the names of regions, sources, centres and risk groups that the cohort's numbers stand for. `bridging`: the
    day on which bridging therapy began. `persons`: age and sex, as far as they are known.
    """
    cohort = patients.cohort
    rows = np.flatnonzero(patients.referral_day <= stop_day[cohort.replication])
    count = len(rows)

    def spelled(kind: str, numbers: IntArray) -> NDArray[np.object_]:
        return np.array(names[kind], dtype=object)[numbers[rows]]

    columns: dict[str, object] = {
        "scenario": np.full(count, scenario, dtype=object),
        "replication": cohort.luck.replications[cohort.replication[rows]],
        "region": spelled("region", cohort.region),
        "source": spelled("source", cohort.source),
        "number": cohort.number[rows],
        "course": cohort.course[rows],
        "centre": spelled("centre", cohort.centre),
        "risk_group": spelled("risk_group", cohort.group),
        **{name: values[rows] for name, values in persons.items()},
        "measured": cohort.measured[rows],
        "product": _product(patients, product)[rows],
        "outcome": np.array(OUTCOME_NAMES, dtype=object)[patients.outcome[rows]],
        "reason": _or_null(patients.reason != "", patients.reason)[rows],
        "referral_day": patients.referral_day[rows],
    }
    if any(name.startswith("manufacturer/") for name in patients.days):
        columns["manufacturer"] = _labelled(patients, "manufacturer", None)[rows]
    columns |= {f"{name}_day": day[rows] for name, day in patients.days.items() if not is_label(name)}
    columns |= {
        "progression_day": patients.progression_day[rows],
        "end_day": patients.end_day[rows],
        "waiting_days": patients.between("referral", "infusion")[rows],
        "vein_to_vein_days": patients.between("apheresis", "infusion")[rows],
        "turnaround_days": patients.between("apheresis", "product_received")[rows],
        "infusion_deferred_for_bed": _or_null(patients.infused, patients.deferred_for_bed)[rows],
        "infusion_deferred_for_bed_days": patients.between("ready_for_infusion", "infusion")[rows],
        "progressed_before_infusion": patients.progressed[rows],
        "bridged": np.isfinite(bridging)[rows],
        "bridging_day": bridging[rows],
        "off_the_shelf": patients.off_the_shelf[rows],
    }
    if patients.slot_wait is not None:
        columns |= {
            "slot_calendar_days": patients.slot_wait.calendar[rows],
            "slot_scarcity_days": patients.slot_wait.scarcity[rows],
        }
    if patients.after is not None:
        columns |= {
            "responded": _or_null(patients.infused | patients.turned | patients.cared_for, patients.after.responded)[
                rows
            ],
            "response_day": patients.after.response_day[rows],
            "relapse_day": patients.after.relapse_day[rows],
            "death_day": patients.after.death_day[rows],
            "followed_from_day": patients.after.rests_day[rows],
        }
    return columns | {f"{name}_attempts": number[rows] for name, number in patients.attempts.items()}


def _or_null(there: BoolArray, values: NDArray[Any]) -> NDArray[np.object_]:
    """The values where they are there, elsewhere null."""
    found = values.astype(object)
    found[~there] = None
    return found


def is_label(milestone: str) -> bool:
    """Whether a milestone says which one of several (product/name, crs/grade) rather than when."""
    return "/" in milestone


def _product(patients: Patients, strategy: str) -> NDArray[np.object_]:
    """The product that each patient was on last: its name where there are several, else the kind of product."""
    found = _labelled(patients, "product", "autologous" if strategy == "hybrid" else strategy)
    found[patients.off_the_shelf] = "allogeneic"
    found[patients.turned] = "alternative"
    return found


def _labelled(patients: Patients, kind: str, otherwise: str | None) -> NDArray[np.object_]:
    """Which one of several each patient came to last, by the milestones kind/name."""
    found = np.full(len(patients.outcome), otherwise, dtype=object)
    latest = np.full(len(found), -np.inf)
    for name, day in patients.days.items():
        if name.startswith(f"{kind}/"):
            later = day >= latest
            found[later], latest[later] = name.removeprefix(f"{kind}/"), day[later]
    return found
