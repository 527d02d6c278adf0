"""The registry of metrics: one place for name, label, unit, better direction and formula.

Longer than 400 lines because a metric is a row of it, and its formula stands with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.trace import Trace
from sim.outcomes.by_group import ByGroup
from sim.outcomes.estimates import Range, interval, possible, possible_change, ranges
from sim.outcomes.patients import (
    INFUSED,
    OUTCOME_NAMES,
    WAITING,
    Patients,
    wasted_products,
    wasted_slots,
    withdrawn_slots,
)
from sim.outcomes.slot_wait import SlotWait
from sim.outcomes.verdicts import HIGHER, LOWER, NEITHER
from sim.pure.discounting import DAYS_PER_MONTH, DAYS_PER_YEAR
from sim.tables.words import counted

FloatArray = NDArray[np.float64]
Window = tuple[float, float]
# The value in each replication of a batch.
Formula = Callable[[Patients, Trace, Window], FloatArray]
BoolArray = NDArray[np.bool_]


# From this share of the measured on, what is unresolved at the end of follow-up is said beside every figure it touches.
CENSORED = 0.01
# What a metric says of those who are not among its patients.
REACH, LOSS = "reach", "loss"


@dataclass(frozen=True)
class Population:
    """Over whom a metric is, of the measured. `counted`: the metric that says how many they are.

    `selected`: who is in it depends on what becomes of them. A metric over selected patients gets better, too, where
    those who would have done badly are lost beforehand.
    """

    label: str
    counted: str
    selected: bool = True


@dataclass(frozen=True)
class Metric:
    """One number of a replication. `better`: higher, lower or neither. Shares are 0 to 1.

    `over`: whose mean or share it is; None for what belongs to the supply. `tells`: "reach" where it says how many of
    the referred come to infusion, "loss" where it says how many do not. `settled`: whether it is known of patients who
    are unresolved at the end of follow-up.
    """

    name: str
    label: str
    unit: str
    better: str
    over: Population | None
    formula: Formula
    tells: str = ""
    settled: bool = False
    within: Range | None = None

    @property
    def possible(self) -> Range:
        """Between which numbers it lies: as stated, or by its unit."""
        return possible(self.unit) if self.within is None else self.within

    @property
    def selected(self) -> bool:
        """Whether it is over patients who were selected by what became of them."""
        return self.over is not None and self.over.selected


def _count(of: Callable[[Patients], BoolArray]) -> Formula:
    return lambda p, trace, window: p.by.count(of(p) & p.cohort.measured)


def _share(of: Callable[[Patients], BoolArray]) -> Formula:
    return lambda p, trace, window: p.by.share(of(p), p.cohort.measured)


def _days(start: str, end: str, statistic: Callable[[ByGroup, FloatArray, BoolArray], FloatArray]) -> Formula:
    def days(p: Patients, trace: Trace, window: Window) -> FloatArray:
        values = p.between(start, end)
        return statistic(p.by, values, p.cohort.measured & ~np.isnan(values))

    return days


def _passed(start: str, end: str) -> Callable[[Patients], BoolArray]:
    return lambda p: ~np.isnan(p.between(start, end))


def _half_infused(p: Patients, trace: Trace, window: Window) -> FloatArray:
    """Days from referral by which half of the measured are infused; infinite where that many never are.

    Where the cumulative incidence of infusion, with every other outcome as a competing event, reaches one half
    (Putter, Fiocco, Geskus 2007, doi:10.1002/sim.2712): as all are followed equally long, and nobody leaves unseen
    before, that is a quantile of the days of all, those not infused among them as infinite.
    """
    days = p.between("referral", "infusion")
    ordered, counts = p.by.ordered(np.where(np.isnan(days), np.inf, days), p.cohort.measured)
    return np.asarray(ordered((counts + 1) // 2 - np.minimum(counts, 1)))


def _mean(by: ByGroup, values: FloatArray, chosen: BoolArray) -> FloatArray:
    return by.mean(values, chosen)


def _median(by: ByGroup, values: FloatArray, chosen: BoolArray) -> FloatArray:
    return by.quantile(0.5, values, chosen)


def _p90(by: ByGroup, values: FloatArray, chosen: BoolArray) -> FloatArray:
    return by.quantile(0.9, values, chosen)


def _lost(p: Patients) -> BoolArray:
    return np.asarray(~p.turned & ~p.cared_for & (p.outcome != INFUSED) & (p.outcome != WAITING))


def _where_offered(formula: Formula) -> Formula:
    """What a formula gives where some path leads to the alternative, and nothing where none does."""
    return lambda p, trace, window: formula(p, trace, window) if "alternative" in trace.milestones else _nothing(p)


def _before_infusion(formula: Formula) -> Formula:
    """What a formula gives where there is a path to infusion, and nothing in a reference arm, where there is none."""
    return lambda p, trace, window: formula(p, trace, window) if "infusion" in trace.milestones else _nothing(p)


def _treated_and_free(months: int) -> Formula:
    """As `_free_and_infused`, of those infused or given the alternative."""
    horizon = months * DAYS_PER_MONTH

    def share(p: Patients, trace: Trace, window: Window) -> FloatArray:
        if p.after is None or not np.all(followed_long_enough(p.follow_up, months)):
            return _nothing(p)
        event = np.fmin(p.after.relapse_day, p.after.death_day)
        begun = np.fmin(np.where(p.infused, p.day("infusion"), np.nan), np.where(p.turned, p.end_day, np.nan))
        free = (begun - p.referral_day <= horizon) & ~(event - p.referral_day <= horizon)
        return p.by.share(free, p.cohort.measured)

    return share


def _outcome(name: str) -> Callable[[Patients], BoolArray]:
    place = OUTCOME_NAMES.index(name)
    return lambda p: np.asarray(p.outcome == place)


def _infused_of_collected(p: Patients, trace: Trace, window: Window) -> FloatArray:
    return p.by.share(p.infused, p.cohort.measured & ~np.isnan(p.day("apheresis")) & (p.outcome != WAITING))


def _share_of_infused(of: Callable[[Patients], BoolArray], milestone: str) -> Formula:
    """The share of the measured infused; NaN where no path has the milestone."""

    def share(p: Patients, trace: Trace, window: Window) -> FloatArray:
        return p.by.share(of(p), p.infused & p.cohort.measured) if milestone in trace.milestones else _nothing(p)

    return share


def _free_of_progression(years: float) -> Formula:
    """The share of the infused who live without progression so long after infusion."""

    def share(p: Patients, trace: Trace, window: Window) -> FloatArray:
        if p.after is None:
            return _nothing(p)
        event = np.fmin(p.after.relapse_day, p.after.death_day) - p.day("infusion")
        return p.by.share(~(event <= years * DAYS_PER_YEAR), p.infused & p.cohort.measured)

    return share


def _returned(p: Patients, trace: Trace, window: Window) -> FloatArray:
    """Measured patients who came back for a later course by the stop."""
    cohort = p.cohort
    if cohort.courses == 1:
        return _nothing(p)
    return p.by.count((cohort.course > 1) & np.isfinite(p.referral_day) & cohort.measured[cohort.person])


def _not_travelled(p: Patients, trace: Trace, window: Window) -> FloatArray:
    """The share of the referred who decline to travel; NaN where no region has such patients."""
    from sim.pieces.common import DECLINES  # not above: who reads a metric's words, as `report` does, needs no scenario

    declines = p.cohort.flags.get(DECLINES)
    return _nothing(p) if declines is None else p.by.share(declines, p.cohort.measured)


def _alive(months: int) -> Formula:
    """The share of the referred who live so long after referral, infused or not."""

    def share(p: Patients, trace: Trace, window: Window) -> FloatArray:
        if p.after is None:
            return _nothing(p)
        died = p.after.death_day - p.referral_day <= months * DAYS_PER_MONTH
        return p.by.share(~died, p.cohort.measured)

    return share


def _free_and_infused(months: int) -> Formula:
    """The share of the referred who are alive, infused and free of progression after it, so long after referral.

    Unknown where patients are not followed that long, as who still waits may be infused by then.
    """
    horizon = months * DAYS_PER_MONTH

    def share(p: Patients, trace: Trace, window: Window) -> FloatArray:
        if p.after is None or not np.all(followed_long_enough(p.follow_up, months)):
            return _nothing(p)
        event = np.fmin(p.after.relapse_day, p.after.death_day)
        free = (p.day("infusion") - p.referral_day <= horizon) & ~(event - p.referral_day <= horizon)
        return p.by.share(free & p.infused, p.cohort.measured)

    return share


def followed_long_enough(follow_up: float | FloatArray, months: int) -> Any:
    """Whether somebody followed so many days is followed for so many months; two years of 365 days are 24 months."""
    return follow_up >= months * DAYS_PER_MONTH - 1.0


def _slot_wait(part: Callable[[SlotWait], FloatArray], of: Callable[[Patients], BoolArray]) -> Formula:
    """Mean days of one part of the wait for a slot, over the measured who asked for one."""

    def days(p: Patients, trace: Trace, window: Window) -> FloatArray:
        if p.slot_wait is None:
            return _nothing(p)
        values = part(p.slot_wait)
        return p.by.mean(values, of(p) & p.cohort.measured & ~np.isnan(values))

    return days


def _asked_for_slot(p: Patients, trace: Trace, window: Window) -> FloatArray:
    asked = np.zeros(len(p.outcome), dtype=bool) if p.slot_wait is None else ~np.isnan(p.slot_wait.calendar)
    return p.by.count(asked & p.cohort.measured)


def _responded(p: Patients, trace: Trace, window: Window) -> FloatArray:
    return _nothing(p) if p.after is None else p.by.share(p.after.responded, p.infused & p.cohort.measured)


def _nothing(p: Patients) -> FloatArray:
    """What does not apply in any replication."""
    return np.full(p.by.groups, np.nan)


REFERRED = Population("all referred", "referred", selected=False)
INFUSED_ONES = Population("the infused", "infused")
COLLECTED = Population("those whose cells were collected", "collected")
COLLECTED_RESOLVED = Population("those whose cells were collected and who are resolved", "collected_resolved")
OWN_CELLS = Population("those infused with their own cells", "infused_own_cells")
ASKED_FOR_SLOT = Population("those who asked for a slot", "asked_for_slot")
PRODUCT_BACK = Population("those whose product came back to the centre", "product_back")
TURNED = Population("those given the alternative", "alternative")
DIED = _outcome("died")
WAIT = ("referral", "infusion")
VEIN = ("apheresis", "infusion")
# By months since referral.
INFUSED_AND_FREE = {months: f"infused_and_progression_free_at_{months}_months_share" for months in (6, 12, 24)}
TREATED_AND_FREE = {months: f"treated_and_progression_free_at_{months}_months_share" for months in (6, 12, 24)}
METRICS: tuple[Metric, ...] = (
    Metric(
        "referred",
        "Patients referred",
        "patients",
        NEITHER,
        REFERRED,
        _count(lambda p: p.cohort.measured),
        settled=True,
    ),
    Metric("infused", "Patients infused", "patients", HIGHER, REFERRED, _count(lambda p: p.infused), REACH),
    Metric("infused_share", "Proportion infused", "share", HIGHER, REFERRED, _share(lambda p: p.infused), REACH),
    Metric(
        "half_infused_days",
        "Days by which half of the referred are infused",
        "days",
        LOWER,
        REFERRED,
        _half_infused,
        REACH,
    ),
    Metric(
        "progressed_before_infusion",
        "Patients progressed before infusion",
        "patients",
        LOWER,
        REFERRED,
        _before_infusion(_count(lambda p: p.progressed)),
    ),
    Metric(
        "progressed_before_infusion_share",
        "Proportion progressed before infusion",
        "share",
        LOWER,
        REFERRED,
        _before_infusion(_share(lambda p: p.progressed)),
    ),
    Metric(
        "progressed_and_infused_share",
        "Proportion progressed before infusion, and infused nevertheless",
        "share",
        NEITHER,
        REFERRED,
        _before_infusion(_share(lambda p: p.progressed & p.infused)),
    ),
    Metric(
        "lost_to_progression_or_death_share",
        "Proportion lost to progression or death",
        "share",
        LOWER,
        REFERRED,
        _before_infusion(_share(lambda p: p.with_outcome("progressed") | p.with_outcome("died"))),
        LOSS,
    ),
    Metric(
        "lost_before_infusion",
        "Patients lost before infusion",
        "patients",
        LOWER,
        REFERRED,
        _before_infusion(_count(_lost)),
    ),
    Metric(
        "lost_before_infusion_share",
        "Proportion lost before infusion",
        "share",
        LOWER,
        REFERRED,
        _before_infusion(_share(_lost)),
        LOSS,
    ),
    Metric(
        "alternative",
        "Patients given the alternative therapy",
        "patients",
        NEITHER,
        REFERRED,
        _count(lambda p: p.turned),
    ),
    Metric(
        "alternative_share",
        "Proportion given the alternative therapy",
        "share",
        NEITHER,
        REFERRED,
        _where_offered(_share(lambda p: p.turned)),
    ),
    Metric(
        "standard_care",
        "Patients given standard care, of an arm in which nobody is infused",
        "patients",
        NEITHER,
        REFERRED,
        _count(lambda p: p.cared_for),
    ),
    Metric(
        "alternative_days_mean",
        "Referral to the first dose of the alternative, mean",
        "days",
        LOWER,
        TURNED,
        _where_offered(_days("referral", "alternative", _mean)),
    ),
    *(
        Metric(
            name,
            f"Proportion infused or given the alternative, and progression-free "
            f"{counted(months, 'month')} after referral",
            "share",
            HIGHER,
            REFERRED,
            _treated_and_free(months),
        )
        for months, name in TREATED_AND_FREE.items()
    ),
    Metric(
        "died_before_infusion",
        "Patients died before infusion",
        "patients",
        LOWER,
        REFERRED,
        _before_infusion(_count(_outcome("died"))),
    ),
    Metric(
        "died_before_infusion_share",
        "Proportion died before infusion",
        "share",
        LOWER,
        REFERRED,
        _before_infusion(_share(_outcome("died"))),
    ),
    Metric(
        "still_waiting_share",
        "Proportion still waiting at the end",
        "share",
        LOWER,
        REFERRED,
        _share(_outcome("waiting")),
        LOSS,
        settled=True,
    ),
    Metric(
        "collected",
        "Patients whose cells were collected",
        "patients",
        NEITHER,
        REFERRED,
        _count(_passed("referral", "apheresis")),
    ),
    Metric(
        "collected_resolved",
        "Patients whose cells were collected, resolved",
        "patients",
        NEITHER,
        REFERRED,
        _count(lambda p: ~np.isnan(p.day("apheresis")) & (p.outcome != WAITING)),
    ),
    Metric(
        "product_back",
        "Patients whose product came back to the centre",
        "patients",
        NEITHER,
        REFERRED,
        _count(_passed("apheresis", "product_received")),
    ),
    Metric(
        "infused_own_cells",
        "Patients infused with their own cells",
        "patients",
        NEITHER,
        REFERRED,
        _count(_passed(*VEIN)),
    ),
    Metric("waiting_days_mean", "Waiting days, mean", "days", LOWER, INFUSED_ONES, _days(*WAIT, _mean)),
    Metric("waiting_days_median", "Waiting days, median", "days", LOWER, INFUSED_ONES, _days(*WAIT, _median)),
    Metric("waiting_days_p90", "Waiting days, 90th percentile", "days", LOWER, INFUSED_ONES, _days(*WAIT, _p90)),
    Metric(
        "referral_to_apheresis_days_mean",
        "Referral to apheresis, mean",
        "days",
        LOWER,
        COLLECTED,
        _days("referral", "apheresis", _mean),
    ),
    Metric(
        "asked_for_slot",
        "Patients who asked for a slot",
        "patients",
        NEITHER,
        REFERRED,
        _asked_for_slot,
    ),
    *(
        Metric(
            f"slot_{part}_days_{which}",
            f"Wait for a slot, {words}, mean{of}",
            "days",
            LOWER,
            over,
            _slot_wait(attrgetter(part), among),
        )
        for which, of, over, among in (
            ("mean", "", OWN_CELLS, _passed(*VEIN)),
            ("of_all_mean", " of all who asked", ASKED_FOR_SLOT, lambda p: p.cohort.measured),
        )
        for part, words in (("calendar", "by the calendar of offers"), ("scarcity", "by scarcity"))
    ),
    Metric("vein_to_vein_days_mean", "Vein-to-vein days, mean", "days", LOWER, OWN_CELLS, _days(*VEIN, _mean)),
    Metric("vein_to_vein_days_median", "Vein-to-vein days, median", "days", LOWER, OWN_CELLS, _days(*VEIN, _median)),
    Metric(
        "turnaround_days_mean",
        "Turnaround days, mean",
        "days",
        LOWER,
        PRODUCT_BACK,
        _days("apheresis", "product_received", _mean),
    ),
    Metric(
        "infused_of_collected_share",
        "Proportion infused of those collected",
        "share",
        HIGHER,
        COLLECTED_RESOLVED,
        _infused_of_collected,
    ),
    Metric(
        "infusion_deferred_for_bed_share",
        "Proportion of infusions deferred for want of a bed",
        "share",
        LOWER,
        INFUSED_ONES,
        _share_of_infused(lambda p: p.deferred_for_bed, "ready_for_infusion"),
    ),
    Metric(
        "not_travelled_share",
        "Proportion who do not travel to a centre",
        "share",
        LOWER,
        REFERRED,
        _not_travelled,
        LOSS,
        settled=True,
    ),
    Metric(
        "product_wasted",
        "Products or doses made, not infused",
        "products",
        LOWER,
        None,
        lambda p, trace, window: wasted_products(p, window),
    ),
    Metric(
        "slots_wasted",
        "Slots unused because a patient left",
        "slots",
        LOWER,
        None,
        lambda p, trace, window: wasted_slots(p, trace, window),
    ),
    Metric(
        "slots_withdrawn",
        "Slots withdrawn by the manufacturer",
        "slots",
        LOWER,
        None,
        lambda p, trace, window: withdrawn_slots(trace, window),
    ),
    Metric(
        "off_the_shelf_share",
        "Proportion of the infused given a dose from stock",
        "share",
        NEITHER,
        INFUSED_ONES,
        _share_of_infused(lambda p: p.off_the_shelf, "dose"),
    ),
    Metric(
        "intensive_care_share",
        "Proportion of the infused who came to intensive care",
        "share",
        LOWER,
        INFUSED_ONES,
        _share_of_infused(lambda p: ~np.isnan(p.day("icu")), "icu"),
    ),
    Metric("returned", "Patients back for a later course", "patients", LOWER, REFERRED, _returned),
    Metric("responded_share", "Proportion of the infused who respond", "share", HIGHER, INFUSED_ONES, _responded),
    Metric(
        "progression_free_at_1_year_share",
        "Proportion of the infused free of progression 1 year after infusion",
        "share",
        HIGHER,
        INFUSED_ONES,
        _free_of_progression(1.0),
    ),
    *(
        Metric(
            name,
            f"Proportion infused and progression-free {counted(months, 'month')} after referral",
            "share",
            HIGHER,
            REFERRED,
            _free_and_infused(months),
        )
        for months, name in INFUSED_AND_FREE.items()
    ),
    *(
        Metric(
            f"alive_at_{months}_months_share",
            f"Proportion alive {counted(months, 'month')} after referral",
            "share",
            HIGHER,
            REFERRED,
            _alive(months),
        )
        for months in INFUSED_AND_FREE
    ),
)
METRIC_NAMES = tuple(metric.name for metric in METRICS)
BY_NAME = {metric.name: metric for metric in METRICS}
POSSIBLE = ranges([metric.possible for metric in METRICS])
POSSIBLE_CHANGES = ranges([possible_change(metric.unit) for metric in METRICS])


def measure(patients: Patients, trace: Trace, window: Window, metrics: Sequence[Metric] | None = None) -> FloatArray:
    """The value of each metric (of all, unless said), NaN where it does not apply; shape (replications, metrics)."""
    asked = METRICS if metrics is None else metrics
    return np.stack([metric.formula(patients, trace, window) for metric in asked], axis=1)


def patients_of(values: FloatArray) -> FloatArray:
    """Over how many measured patients each metric is, mean of a replication; NaN for what belongs to the supply.

    `values`: shape (replications, metrics).
    """
    nothing = float("nan")
    if not len(values):
        return np.full(len(METRICS), nothing)
    mean = values[:, : len(METRICS)].mean(axis=0)
    return np.array([nothing if m.over is None else mean[METRIC_NAMES.index(m.over.counted)] for m in METRICS])


def unresolved_of(values: FloatArray) -> float:
    """The share of the measured who are unresolved at the end of follow-up, mean of the replications; NaN without any.

    `values`: shape (replications, metrics).
    """
    return float(interval(values[:, METRIC_NAMES.index("still_waiting_share")])[0])


def all_referred(values: FloatArray) -> dict[str, float]:
    """The columns `patients` and `unresolved_share` of what is over all measured patients.

    `values`: shape (replications, metrics).
    """
    referred = float(patients_of(values)[METRIC_NAMES.index("referred")])
    return {"patients": referred, "unresolved_share": unresolved_of(values)}


def unresolved_share(patients: Patients) -> FloatArray:
    """The share of the measured who are unresolved at the end of follow-up, by replication; NaN without any."""
    return patients.by.share(patients.outcome == WAITING, patients.cohort.measured)
