"""The registry of metrics: one place for name, label, unit, better direction and formula (`formulas.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from sim.engine.trace import Trace
from sim.outcomes import formulas as f
from sim.outcomes.estimates import Range, interval, possible, possible_change, ranges
from sim.outcomes.formulas import Formula, Window
from sim.outcomes.patients import WAITING, Patients, wasted_products, wasted_slots, withdrawn_slots
from sim.outcomes.verdicts import HIGHER, LOWER, NEITHER
from sim.pure.arrays import FloatArray
from sim.tables.words import counted

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


REFERRED = Population("all referred", "referred", selected=False)
INFUSED_ONES = Population("the infused", "infused")
COLLECTED = Population("those whose cells were collected", "collected")
COLLECTED_RESOLVED = Population("those whose cells were collected and who are resolved", "collected_resolved")
OWN_CELLS = Population("those infused with their own cells", "infused_own_cells")
ASKED_FOR_SLOT = Population("those who asked for a slot", "asked_for_slot")
PRODUCT_BACK = Population("those whose product came back to the centre", "product_back")
TURNED = Population("those given the alternative", "alternative")
WAIT = ("referral", "infusion")
VEIN = ("apheresis", "infusion")
# By months since referral.
INFUSED_AND_FREE = {months: f"infused_and_progression_free_at_{months}_months_share" for months in (6, 12, 24)}
TREATED_AND_FREE = {months: f"treated_and_progression_free_at_{months}_months_share" for months in (6, 12, 24)}
METRICS: tuple[Metric, ...] = (
    Metric(
        "referred", "Patients referred", "patients", NEITHER, REFERRED, f.count(lambda p: p.cohort.measured),
        settled=True,
    ),
    Metric("infused", "Patients infused", "patients", HIGHER, REFERRED, f.count(lambda p: p.infused), REACH),
    Metric("infused_share", "Proportion infused", "share", HIGHER, REFERRED, f.share(lambda p: p.infused), REACH),
    Metric(
        "half_infused_days", "Days by which half of the referred are infused", "days", LOWER, REFERRED, f.half_infused,
        REACH,
    ),
    Metric(
        "progressed_before_infusion", "Patients progressed before infusion", "patients", LOWER, REFERRED,
        f.before_infusion(f.count(lambda p: p.progressed)),
    ),
    Metric(
        "progressed_before_infusion_share", "Proportion progressed before infusion", "share", LOWER, REFERRED,
        f.before_infusion(f.share(lambda p: p.progressed)),
    ),
    Metric(
        "progressed_and_infused_share", "Proportion progressed before infusion, and infused nevertheless", "share",
        NEITHER, REFERRED, f.before_infusion(f.share(lambda p: p.progressed & p.infused)),
    ),
    Metric(
        "lost_to_progression_or_death_share", "Proportion lost to progression or death", "share", LOWER, REFERRED,
        f.before_infusion(f.share(lambda p: p.with_outcome("progressed") | p.with_outcome("died"))), LOSS,
    ),
    Metric(
        "lost_before_infusion", "Patients lost before infusion", "patients", LOWER, REFERRED,
        f.before_infusion(f.count(f.lost)),
    ),
    Metric(
        "lost_before_infusion_share", "Proportion lost before infusion", "share", LOWER, REFERRED,
        f.before_infusion(f.share(f.lost)), LOSS,
    ),
    Metric(
        "alternative", "Patients given the alternative therapy", "patients", NEITHER, REFERRED,
        f.count(lambda p: p.turned),
    ),
    Metric(
        "alternative_share", "Proportion given the alternative therapy", "share", NEITHER, REFERRED,
        f.where_offered(f.share(lambda p: p.turned)),
    ),
    Metric(
        "standard_care", "Patients given standard care, of an arm in which nobody is infused", "patients", NEITHER,
        REFERRED, f.count(lambda p: p.cared_for),
    ),
    Metric(
        "alternative_days_mean", "Referral to the first dose of the alternative, mean", "days", LOWER, TURNED,
        f.where_offered(f.days("referral", "alternative", f.mean)),
    ),
    *(
        Metric(
            name,
            "Proportion infused or given the alternative, and progression-free "
            f"{counted(months, 'month')} after referral", "share", HIGHER, REFERRED, f.treated_and_free(months),
        )
        for months, name in TREATED_AND_FREE.items()
    ),
    Metric(
        "died_before_infusion", "Patients died before infusion", "patients", LOWER, REFERRED,
        f.before_infusion(f.count(f.with_outcome("died"))),
    ),
    Metric(
        "died_before_infusion_share", "Proportion died before infusion", "share", LOWER, REFERRED,
        f.before_infusion(f.share(f.with_outcome("died"))),
    ),
    Metric(
        "still_waiting_share", "Proportion still waiting at the end", "share", LOWER, REFERRED,
        f.share(f.with_outcome("waiting")), LOSS, settled=True,
    ),
    Metric(
        "collected", "Patients whose cells were collected", "patients", NEITHER, REFERRED,
        f.count(f.passed("referral", "apheresis")),
    ),
    Metric(
        "collected_resolved", "Patients whose cells were collected, resolved", "patients", NEITHER, REFERRED,
        f.count(lambda p: ~np.isnan(p.day("apheresis")) & (p.outcome != WAITING)),
    ),
    Metric(
        "product_back", "Patients whose product came back to the centre", "patients", NEITHER, REFERRED,
        f.count(f.passed("apheresis", "product_received")),
    ),
    Metric(
        "infused_own_cells", "Patients infused with their own cells", "patients", NEITHER, REFERRED,
        f.count(f.passed(*VEIN)),
    ),
    Metric("waiting_days_mean", "Waiting days, mean", "days", LOWER, INFUSED_ONES, f.days(*WAIT, f.mean)),
    Metric("waiting_days_median", "Waiting days, median", "days", LOWER, INFUSED_ONES, f.days(*WAIT, f.median)),
    Metric("waiting_days_p90", "Waiting days, 90th percentile", "days", LOWER, INFUSED_ONES, f.days(*WAIT, f.p90)),
    Metric(
        "referral_to_apheresis_days_mean", "Referral to apheresis, mean", "days", LOWER, COLLECTED,
        f.days("referral", "apheresis", f.mean),
    ),
    Metric(
        "asked_for_slot", "Patients who asked for a slot", "patients", NEITHER, REFERRED, f.asked_for_slot,
    ),
    *(
        Metric(
            f"slot_{part}_days_{which}", f"Wait for a slot, {words}, mean{of}", "days", LOWER, over,
            f.slot_wait(attrgetter(part), among),
        )
        for which, of, over, among in (
            ("mean", "", OWN_CELLS, f.passed(*VEIN)),
            ("of_all_mean", " of all who asked", ASKED_FOR_SLOT, lambda p: p.cohort.measured),
        )
        for part, words in (("calendar", "by the calendar of offers"), ("scarcity", "by scarcity"))
    ),
    Metric("vein_to_vein_days_mean", "Vein-to-vein days, mean", "days", LOWER, OWN_CELLS, f.days(*VEIN, f.mean)),
    Metric("vein_to_vein_days_median", "Vein-to-vein days, median", "days", LOWER, OWN_CELLS, f.days(*VEIN, f.median)),
    Metric(
        "turnaround_days_mean", "Turnaround days, mean", "days", LOWER, PRODUCT_BACK,
        f.days("apheresis", "product_received", f.mean),
    ),
    Metric(
        "infused_of_collected_share", "Proportion infused of those collected", "share", HIGHER, COLLECTED_RESOLVED,
        f.infused_of_collected,
    ),
    Metric(
        "infusion_deferred_for_bed_share", "Proportion of infusions deferred for want of a bed", "share", LOWER,
        INFUSED_ONES, f.share_of_infused(lambda p: p.deferred_for_bed, "ready_for_infusion"),
    ),
    Metric(
        "not_travelled_share", "Proportion who do not travel to a centre", "share", LOWER, REFERRED, f.not_travelled,
        LOSS, settled=True,
    ),
    Metric(
        "product_wasted", "Products or doses made, not infused", "products", LOWER, None,
        lambda p, trace, window: wasted_products(p, window),
    ),
    Metric(
        "slots_wasted", "Slots unused because a patient left", "slots", LOWER, None,
        lambda p, trace, window: wasted_slots(p, trace, window),
    ),
    Metric(
        "slots_withdrawn", "Slots withdrawn by the manufacturer", "slots", LOWER, None,
        lambda p, trace, window: withdrawn_slots(trace, window),
    ),
    Metric(
        "off_the_shelf_share", "Proportion of the infused given a dose from stock", "share", NEITHER, INFUSED_ONES,
        f.share_of_infused(lambda p: p.off_the_shelf, "dose"),
    ),
    Metric(
        "intensive_care_share", "Proportion of the infused who came to intensive care", "share", LOWER, INFUSED_ONES,
        f.share_of_infused(lambda p: ~np.isnan(p.day("icu")), "icu"),
    ),
    Metric("returned", "Patients back for a later course", "patients", LOWER, REFERRED, f.returned),
    Metric("responded_share", "Proportion of the infused who respond", "share", HIGHER, INFUSED_ONES, f.responded),
    Metric(
        "progression_free_at_1_year_share", "Proportion of the infused free of progression 1 year after infusion",
        "share", HIGHER, INFUSED_ONES, f.free_of_progression(1.0),
    ),
    *(
        Metric(
            name, f"Proportion infused and progression-free {counted(months, 'month')} after referral", "share",
            HIGHER, REFERRED, f.free_and_infused(months),
        )
        for months, name in INFUSED_AND_FREE.items()
    ),
    *(
        Metric(
            f"alive_at_{months}_months_share", f"Proportion alive {counted(months, 'month')} after referral", "share",
            HIGHER, REFERRED, f.alive(months),
        )
        for months in INFUSED_AND_FREE
    ),
)  # fmt: skip
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
