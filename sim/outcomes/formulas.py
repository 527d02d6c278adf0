"""The formulas of metrics: the value in each replication of a batch, of patients and of what was recorded.

A formula takes `Patients`, the trace and the window of days in which supply is measured; what does not apply is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sim.engine.trace import Trace
from sim.outcomes.by_group import ByGroup
from sim.outcomes.patients import INFUSED, OUTCOME_NAMES, WAITING, Patients
from sim.outcomes.slot_wait import SlotWait
from sim.pure.arrays import BoolArray, FloatArray
from sim.pure.discounting import DAYS_PER_MONTH, DAYS_PER_YEAR

Window = tuple[float, float]
# The value in each replication of a batch.
Formula = Callable[[Patients, Trace, Window], FloatArray]


def count(of: Callable[[Patients], BoolArray]) -> Formula:
    """How many of the measured are so."""
    return lambda p, trace, window: p.by.count(of(p) & p.cohort.measured)


def share(of: Callable[[Patients], BoolArray]) -> Formula:
    """The share of the measured who are so."""
    return lambda p, trace, window: p.by.share(of(p), p.cohort.measured)


def days(start: str, end: str, statistic: Callable[[ByGroup, FloatArray, BoolArray], FloatArray]) -> Formula:
    """A statistic of the days between two milestones, over the measured who came to both."""

    def value(p: Patients, trace: Trace, window: Window) -> FloatArray:
        values = p.between(start, end)
        return statistic(p.by, values, p.cohort.measured & ~np.isnan(values))

    return value


def passed(start: str, end: str) -> Callable[[Patients], BoolArray]:
    """Who has come to both milestones."""
    return lambda p: ~np.isnan(p.between(start, end))


def half_infused(p: Patients, trace: Trace, window: Window) -> FloatArray:
    """Days from referral by which half of the measured are infused; infinite where that many never are.

    Where the cumulative incidence of infusion, with every other outcome as a competing event, reaches one half
    (Putter, Fiocco, Geskus 2007, doi:10.1002/sim.2712): as all are followed equally long, and nobody leaves unseen
    before, that is a quantile of the days of all, those not infused among them as infinite.
    """
    days = p.between("referral", "infusion")
    ordered, counts = p.by.ordered(np.where(np.isnan(days), np.inf, days), p.cohort.measured)
    return np.asarray(ordered((counts + 1) // 2 - np.minimum(counts, 1)))


def mean(by: ByGroup, values: FloatArray, chosen: BoolArray) -> FloatArray:
    """The mean, by replication."""
    return by.mean(values, chosen)


def median(by: ByGroup, values: FloatArray, chosen: BoolArray) -> FloatArray:
    """The median, by replication."""
    return by.quantile(0.5, values, chosen)


def p90(by: ByGroup, values: FloatArray, chosen: BoolArray) -> FloatArray:
    """The 90th percentile, by replication."""
    return by.quantile(0.9, values, chosen)


def lost(p: Patients) -> BoolArray:
    """Who left before infusion, for whatever reason but the alternative and standard care."""
    return np.asarray(~p.turned & ~p.cared_for & (p.outcome != INFUSED) & (p.outcome != WAITING))


def where_offered(formula: Formula) -> Formula:
    """What a formula gives where some path leads to the alternative, and nothing where none does."""
    return lambda p, trace, window: formula(p, trace, window) if "alternative" in trace.milestones else nothing(p)


def before_infusion(formula: Formula) -> Formula:
    """What a formula gives where there is a path to infusion, and nothing in a reference arm, where there is none."""
    return lambda p, trace, window: formula(p, trace, window) if "infusion" in trace.milestones else nothing(p)


def treated_and_free(months: int) -> Formula:
    """As `free_and_infused`, of those infused or given the alternative."""
    horizon = months * DAYS_PER_MONTH

    def value(p: Patients, trace: Trace, window: Window) -> FloatArray:
        if p.after is None or not np.all(followed_long_enough(p.follow_up, months)):
            return nothing(p)
        event = np.fmin(p.after.relapse_day, p.after.death_day)
        begun = np.fmin(np.where(p.infused, p.day("infusion"), np.nan), np.where(p.turned, p.end_day, np.nan))
        free = (begun - p.referral_day <= horizon) & ~(event - p.referral_day <= horizon)
        return p.by.share(free, p.cohort.measured)

    return value


def with_outcome(name: str) -> Callable[[Patients], BoolArray]:
    """Who has an outcome."""
    place = OUTCOME_NAMES.index(name)
    return lambda p: np.asarray(p.outcome == place)


def infused_of_collected(p: Patients, trace: Trace, window: Window) -> FloatArray:
    """The share of the infused among the measured whose cells were collected, and who are resolved."""
    return p.by.share(p.infused, p.cohort.measured & ~np.isnan(p.day("apheresis")) & (p.outcome != WAITING))


def share_of_infused(of: Callable[[Patients], BoolArray], milestone: str) -> Formula:
    """The share of the measured infused; NaN where no path has the milestone."""

    def value(p: Patients, trace: Trace, window: Window) -> FloatArray:
        return p.by.share(of(p), p.infused & p.cohort.measured) if milestone in trace.milestones else nothing(p)

    return value


def free_of_progression(years: float) -> Formula:
    """The share of the infused who live without progression so long after infusion."""

    def value(p: Patients, trace: Trace, window: Window) -> FloatArray:
        if p.after is None:
            return nothing(p)
        event = np.fmin(p.after.relapse_day, p.after.death_day) - p.day("infusion")
        return p.by.share(~(event <= years * DAYS_PER_YEAR), p.infused & p.cohort.measured)

    return value


def returned(p: Patients, trace: Trace, window: Window) -> FloatArray:
    """Measured patients who came back for a later course by the stop."""
    cohort = p.cohort
    if cohort.courses == 1:
        return nothing(p)
    return p.by.count((cohort.course > 1) & np.isfinite(p.referral_day) & cohort.measured[cohort.person])


def not_travelled(p: Patients, trace: Trace, window: Window) -> FloatArray:
    """The share of the referred who decline to travel; NaN where no region has such patients."""
    from sim.pieces.common import DECLINES  # not above: who reads a metric's words, as `report` does, needs no scenario

    declines = p.cohort.flags.get(DECLINES)
    return nothing(p) if declines is None else p.by.share(declines, p.cohort.measured)


def alive(months: int) -> Formula:
    """The share of the referred who live so long after referral, infused or not."""

    def value(p: Patients, trace: Trace, window: Window) -> FloatArray:
        if p.after is None:
            return nothing(p)
        died = p.after.death_day - p.referral_day <= months * DAYS_PER_MONTH
        return p.by.share(~died, p.cohort.measured)

    return value


def free_and_infused(months: int) -> Formula:
    """The share of the referred who are alive, infused and free of progression after it, so long after referral.

    Unknown where patients are not followed that long, as who still waits may be infused by then.
    """
    horizon = months * DAYS_PER_MONTH

    def value(p: Patients, trace: Trace, window: Window) -> FloatArray:
        if p.after is None or not np.all(followed_long_enough(p.follow_up, months)):
            return nothing(p)
        event = np.fmin(p.after.relapse_day, p.after.death_day)
        free = (p.day("infusion") - p.referral_day <= horizon) & ~(event - p.referral_day <= horizon)
        return p.by.share(free & p.infused, p.cohort.measured)

    return value


def followed_long_enough(follow_up: float | FloatArray, months: int) -> Any:
    """Whether somebody followed so many days is followed for so many months; two years of 365 days are 24 months."""
    return follow_up >= months * DAYS_PER_MONTH - 1.0


def slot_wait(part: Callable[[SlotWait], FloatArray], of: Callable[[Patients], BoolArray]) -> Formula:
    """Mean days of one part of the wait for a slot, over the measured who asked for one."""

    def value(p: Patients, trace: Trace, window: Window) -> FloatArray:
        if p.slot_wait is None:
            return nothing(p)
        values = part(p.slot_wait)
        return p.by.mean(values, of(p) & p.cohort.measured & ~np.isnan(values))

    return value


def asked_for_slot(p: Patients, trace: Trace, window: Window) -> FloatArray:
    """Measured patients who asked for a slot."""
    asked = np.zeros(len(p.outcome), dtype=bool) if p.slot_wait is None else ~np.isnan(p.slot_wait.calendar)
    return p.by.count(asked & p.cohort.measured)


def responded(p: Patients, trace: Trace, window: Window) -> FloatArray:
    """The share of the infused who respond."""
    return nothing(p) if p.after is None else p.by.share(p.after.responded, p.infused & p.cohort.measured)


def nothing(p: Patients) -> FloatArray:
    """What does not apply in any replication."""
    return np.full(p.by.groups, np.nan)
