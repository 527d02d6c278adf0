"""The registry of metrics: one place for name, label, unit, better direction and formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.trace import Trace
from sim.outcomes.fates import FATE_NAMES, INFUSED, WAITING, Patients, wasted_products, wasted_slots, withdrawn_slots
from sim.pieces.common import DECLINES

FloatArray = NDArray[np.float64]
DAYS_PER_YEAR = 365.25
Window = tuple[float, float]
Formula = Callable[[Patients, Trace, Window], float]


@dataclass(frozen=True)
class Metric:
    """One number of one replication. `better`: higher, lower or neither. Shares are 0 to 1."""

    name: str
    label: str
    unit: str
    better: str
    formula: Formula


def _count(of: Callable[[Patients], NDArray[np.bool_]]) -> Formula:
    return lambda p, trace, window: float((of(p) & p.cohort.measured).sum())


def _share(of: Callable[[Patients], NDArray[np.bool_]]) -> Formula:
    def share(p: Patients, trace: Trace, window: Window) -> float:
        referred = p.cohort.measured.sum()
        return float((of(p) & p.cohort.measured).sum() / referred) if referred else float("nan")

    return share


def _days(start: str, end: str, statistic: Callable[[FloatArray], float]) -> Formula:
    def days(p: Patients, trace: Trace, window: Window) -> float:
        values = p.between(start, end)[p.cohort.measured]
        values = values[~np.isnan(values)]
        return float(statistic(values)) if len(values) else float("nan")

    return days


def _mean(values: FloatArray) -> float:
    return float(np.mean(values))


def _median(values: FloatArray) -> float:
    return float(np.median(values))


def _p90(values: FloatArray) -> float:
    return float(np.quantile(values, 0.9))


def _lost(p: Patients) -> NDArray[np.bool_]:
    return np.asarray((p.fate != INFUSED) & (p.fate != WAITING))


def _fate(name: str) -> Callable[[Patients], NDArray[np.bool_]]:
    place = FATE_NAMES.index(name)
    return lambda p: np.asarray(p.fate == place)


def _infused_of_collected(p: Patients, trace: Trace, window: Window) -> float:
    collected = p.cohort.measured & ~np.isnan(p.day("apheresis")) & (p.fate != WAITING)
    return float(p.infused[collected].mean()) if collected.any() else float("nan")


def _share_of_infused(of: Callable[[Patients], NDArray[np.bool_]], milestone: str) -> Formula:
    """The share of the measured infused; NaN where no path has the milestone."""

    def share(p: Patients, trace: Trace, window: Window) -> float:
        infused = p.infused & p.cohort.measured
        return float(of(p)[infused].mean()) if milestone in trace.milestones and infused.any() else float("nan")

    return share


def _free_of_progression(years: float) -> Formula:
    """The share of the infused who live without progression so long after infusion."""

    def share(p: Patients, trace: Trace, window: Window) -> float:
        chosen = p.infused & p.cohort.measured
        if p.after is None or not chosen.any():
            return float("nan")
        event = np.fmin(p.after.relapse_day, p.after.death_day) - p.day("infusion")
        return float((~(event <= years * DAYS_PER_YEAR))[chosen].mean())

    return share


def _returned(p: Patients, trace: Trace, window: Window) -> float:
    """Measured patients who came back for a later course by the stop."""
    if p.cohort.courses == 1:
        return float("nan")
    first = len(p.fate) // p.cohort.courses
    return float((np.isfinite(p.referral_day[first:]) & p.cohort.measured[:first]).sum())


def _not_travelled(p: Patients, trace: Trace, window: Window) -> float:
    """The share of the referred who decline to travel; NaN where no region has such patients."""
    declines = p.cohort.flags.get(DECLINES)
    if declines is None or not p.cohort.measured.any():
        return float("nan")
    return float(declines[p.cohort.measured].mean())


def _alive(years: float) -> Formula:
    """The share of the referred who live so long after referral, infused or not."""

    def share(p: Patients, trace: Trace, window: Window) -> float:
        if p.after is None or not p.cohort.measured.any():
            return float("nan")
        died = p.after.death_day - p.referral_day <= years * DAYS_PER_YEAR
        return float((~died)[p.cohort.measured].mean())

    return share


def _responded(p: Patients, trace: Trace, window: Window) -> float:
    chosen = p.infused & p.cohort.measured
    return float(p.after.responded[chosen].mean()) if p.after is not None and chosen.any() else float("nan")


METRICS: tuple[Metric, ...] = (
    Metric("referred", "Patients referred", "patients", "neither", _count(lambda p: p.cohort.measured)),
    Metric("infused", "Patients infused", "patients", "higher", _count(lambda p: p.infused)),
    Metric("infused_share", "Share infused", "share", "higher", _share(lambda p: p.infused)),
    Metric(
        "progressed_before_infusion",
        "Patients progressed before infusion",
        "patients",
        "lower",
        _count(lambda p: p.progressed),
    ),
    Metric(
        "progressed_before_infusion_share",
        "Share progressed before infusion",
        "share",
        "lower",
        _share(lambda p: p.progressed),
    ),
    Metric("lost_before_infusion", "Patients lost before infusion", "patients", "lower", _count(_lost)),
    Metric("lost_before_infusion_share", "Share lost before infusion", "share", "lower", _share(_lost)),
    Metric("died_before_infusion", "Patients died before infusion", "patients", "lower", _count(_fate("died"))),
    Metric("died_before_infusion_share", "Share died before infusion", "share", "lower", _share(_fate("died"))),
    Metric("still_waiting_share", "Share still waiting at the end", "share", "lower", _share(_fate("waiting"))),
    Metric("waiting_days_mean", "Waiting days, mean", "days", "lower", _days("referral", "infusion", _mean)),
    Metric("waiting_days_median", "Waiting days, median", "days", "lower", _days("referral", "infusion", _median)),
    Metric("waiting_days_p90", "Waiting days, 90th percentile", "days", "lower", _days("referral", "infusion", _p90)),
    Metric(
        "referral_to_apheresis_days_mean",
        "Referral to apheresis, mean",
        "days",
        "lower",
        _days("referral", "apheresis", _mean),
    ),
    Metric("vein_to_vein_days_mean", "Vein-to-vein days, mean", "days", "lower", _days("apheresis", "infusion", _mean)),
    Metric(
        "vein_to_vein_days_median",
        "Vein-to-vein days, median",
        "days",
        "lower",
        _days("apheresis", "infusion", _median),
    ),
    Metric(
        "turnaround_days_mean",
        "Turnaround days, mean",
        "days",
        "lower",
        _days("apheresis", "product_received", _mean),
    ),
    Metric(
        "infused_of_collected_share",
        "Share infused of those collected",
        "share",
        "higher",
        _infused_of_collected,
    ),
    Metric("not_travelled_share", "Share who do not travel to a centre", "share", "lower", _not_travelled),
    Metric(
        "product_wasted",
        "Products or doses made, not infused",
        "products",
        "lower",
        lambda p, trace, window: float(wasted_products(p, window)),
    ),
    Metric(
        "slots_wasted",
        "Slots wasted by patients who left",
        "slots",
        "lower",
        lambda p, trace, window: float(wasted_slots(p, trace, window)),
    ),
    Metric(
        "slots_withdrawn",
        "Slots withdrawn by the manufacturer",
        "slots",
        "lower",
        lambda p, trace, window: float(withdrawn_slots(trace, window)),
    ),
    Metric(
        "off_the_shelf_share",
        "Share of the infused given a dose from stock",
        "share",
        "neither",
        _share_of_infused(lambda p: p.off_the_shelf, "dose"),
    ),
    Metric(
        "intensive_care_share",
        "Share of the infused who came to intensive care",
        "share",
        "lower",
        _share_of_infused(lambda p: ~np.isnan(p.day("icu")), "icu"),
    ),
    Metric("returned", "Patients back for a later course", "patients", "lower", _returned),
    Metric("responded_share", "Share of the infused who respond", "share", "higher", _responded),
    Metric(
        "progression_free_at_1_year_share",
        "Share of the infused free of progression 1 year after infusion",
        "share",
        "higher",
        _free_of_progression(1.0),
    ),
    Metric("alive_at_1_year_share", "Share alive 1 year after referral", "share", "higher", _alive(1.0)),
    Metric("alive_at_2_years_share", "Share alive 2 years after referral", "share", "higher", _alive(2.0)),
)
METRIC_NAMES = tuple(metric.name for metric in METRICS)
BY_NAME = {metric.name: metric for metric in METRICS}


def measure(patients: Patients, trace: Trace, window: Window) -> list[float]:
    """The value of each metric, in the order of `METRICS`; NaN where it does not apply."""
    return [metric.formula(patients, trace, window) for metric in METRICS]
