"""Tables behind the pictures: where the days go, cumulative incidence, waits, outcomes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.engine.trace import Trace
from sim.outcomes.by_group import ByGroup, ratio
from sim.outcomes.patients import OUTCOME_NAMES, Patients, ends
from sim.outcomes.resource_use import queue_days
from sim.pieces.cohort import Cohort
from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.tables.words import EVENTS

# What lies between two milestones that follow each other on a path.
INTERVALS: dict[tuple[str, str], str] = {
    ("referral", "listing"): "Work-up",
    ("listing", "slot"): "Waiting list",
    ("slot", "apheresis"): "Scheduling",
    ("listing", "apheresis"): "Scheduling",
    ("apheresis", "collected"): "Apheresis",
    ("collected", "received_at_factory"): "Shipping to the factory",
    ("received_at_factory", "manufacturing"): "Start of manufacture",
    ("received_at_factory", "slot"): "Waiting for a slot",
    ("slot", "manufacturing"): "Start of manufacture",
    ("manufacturing", "manufactured"): "Manufacture",
    ("manufactured", "released"): "Release testing",
    ("released", "product_received"): "Shipping to the centre",
    ("listing", "dose"): "Dose from stock",
    ("dose", "product_received"): "Shipping to the centre",
    ("product_received", "sterility_test_ended"): "End of the sterility test",
    ("sterility_test_ended", "lymphodepletion"): "Appointment",
    ("product_received", "lymphodepletion"): "Appointment",
    ("lymphodepletion", "infusion"): "Lymphodepletion and bed",
}
# The place among the events of each outcome, in the order of `OUTCOME_NAMES`; after the last where it is none of them.
_EVENT_OF_OUTCOME = np.array(
    [
        next((place for place, (_, outcomes) in enumerate(EVENTS.values()) if name in outcomes), len(EVENTS))
        for name in OUTCOME_NAMES
    ]
)
# Who is counted through time.
LISTS = {
    "before_infusion": "Referred, not yet infused",
    "waiting_list": "Listed, waiting for a slot or dose",
}
BIN_DAYS = 7.0
WAIT_BINS = 156
ROUNDING_DAYS = 1e-9


MADE = (
    "referral", "listing", "slot", "apheresis", "collected", "received_at_factory", "manufacturing", "manufactured",
    "released", "product_received", "sterility_test_ended", "lymphodepletion", "infusion",
)  # fmt: skip
DOSED = ("referral", "listing", "dose", "product_received", "lymphodepletion", "infusion")


def stage_names(milestones: tuple[str, ...]) -> list[tuple[str, str]]:
    """The intervals of a path, each a pair of milestones, from referral to infusion; those of both ways in turn."""
    return list(dict.fromkeys(pair for way in ways(milestones) for pair in way))


def ways(milestones: tuple[str, ...]) -> list[list[tuple[str, str]]]:
    """The intervals of a patient whose product is made for them, and of one who is given a dose from the shelf."""
    made = list(MADE) if "apheresis" in milestones else []
    if made and milestones.index("slot") > milestones.index("received_at_factory"):  # cells wait frozen
        made.remove("slot")
        made.insert(made.index("manufacturing"), "slot")
    passed = {"referral", *milestones}
    return [[p for p in pairwise(m for m in way if m in passed) if p in INTERVALS] for way in (made, DOSED)]


def stage_days(patients: Patients, trace: Trace) -> FloatArray:
    """Mean (process, queue) days of each interval over the measured infused, shape (replications, intervals, 2).

    Their sum is those patients' mean waiting days. What follows a failed attempt counts in the interval that the last
    attempt ends. A patient who was given a dose after all spent the days until then waiting for it.
    """
    chosen = patients.infused & patients.cohort.measured
    names = stage_names(trace.milestones)
    made, dosed = ways(trace.milestones)
    found = np.full((patients.by.groups, len(names), 2), np.nan)
    entity, served, waited = queue_days(trace, patients)
    waits = ByGroup(patients.cohort.replication[entity], patients.by.groups)
    count = patients.by.count(chosen)
    for k, (start, end) in enumerate(names):
        first, last = patients.day(start), patients.day(end)
        # a queue belongs to the interval in which it ends; the first milestone's own instant to the interval before
        mine = chosen & np.where(patients.off_the_shelf, (start, end) in dosed, (start, end) in made)
        inside = mine[entity] & (served > first[entity]) & (served <= last[entity])
        queued = ratio(waits.total(waited, inside), count)
        found[:, k, 0] = _without_noise(ratio(patients.by.total(last - first, mine), count) - queued)
        found[:, k, 1] = queued
    return found


def middle_stage_days(patients: Patients, trace: Trace) -> tuple[FloatArray, FloatArray]:
    """(as `stage_days`, over how many) of the middle tenth of the measured infused by waiting days; by replication.

    They are what the median patient meets. Nearest to the median are taken first, those of equal distance in the order
    of the cohort; at least one patient.
    """
    by, chosen = patients.by, patients.infused & patients.cohort.measured
    waits = patients.between("referral", "infusion")
    distance = np.abs(waits - by.quantile(0.5, waits, chosen)[by.of])
    rows = np.flatnonzero(chosen)
    rows = rows[np.lexsort((distance[rows], by.of[rows]))]
    of, count = by.of[rows], by.count(chosen).astype(np.int64)
    place = np.arange(len(rows)) - (np.cumsum(count) - count)[of]
    middle = np.zeros(len(chosen), dtype=bool)
    middle[rows[place < np.maximum(1, count // 10)[of]]] = True
    days = stage_days(replace(patients, cohort=replace(patients.cohort, measured=middle)), trace)
    return days, by.count(middle)


def _without_noise(days: FloatArray) -> FloatArray:
    """The days, or 0 where only the rounding of a difference is left."""
    return np.where(np.abs(days) < ROUNDING_DAYS, 0.0, days)


def incidence(patients: Patients, days: int) -> FloatArray:
    """Share of the measured with each event, then of those progressed before infusion, by whole days since referral.

    Shape (replications, `CURVES`, days + 1). Who has progressed is counted whatever comes after it.
    """
    by, measured = patients.by, patients.cohort.measured
    event = _EVENT_OF_OUTCOME[patients.outcome]
    happened = measured & (event < len(EVENTS))
    day = _whole_days(patients.end_day - patients.referral_day, happened, days)
    cells = by.within(np.where(happened, event, 0) * (days + 1) + day, len(EVENTS) * (days + 1))
    reached = cells.count(happened).reshape(by.groups, len(EVENTS), days + 1)
    progressed = measured & patients.progressed
    day = _whole_days(patients.progression_day - patients.referral_day, progressed, days)
    also = by.within(day, days + 1).count(progressed).reshape(by.groups, 1, days + 1)
    counts = np.cumsum(np.concatenate([reached, also], axis=1), axis=2)
    return np.asarray(counts / np.maximum(by.count(measured), 1)[:, None, None])


def _whole_days(since: FloatArray, which: BoolArray, most: int) -> IntArray:
    """The whole day by which something has happened to each of those, 0 of the others."""
    return np.clip(np.ceil(np.where(which, since, 0.0)), 0, most).astype(np.int64)


def wait_shares(patients: Patients) -> FloatArray:
    """Share of the measured infused by waiting days, in bins of `BIN_DAYS`, the last one open; NaN where none.

    Shape (replications, bins).
    """
    by, chosen = patients.by, patients.infused & patients.cohort.measured
    waits = np.where(chosen, patients.between("referral", "infusion"), 0.0)
    bins = np.minimum(waits // BIN_DAYS, WAIT_BINS - 1).astype(np.int64)
    counts = by.within(bins, WAIT_BINS).count(chosen).reshape(by.groups, WAIT_BINS)
    return ratio(counts, np.repeat(by.count(chosen)[:, None], WAIT_BINS, axis=1))


def list_lengths(cohort: Cohort, trace: Trace, last_day: int) -> NDArray[np.int32]:
    """Patients on each of the `LISTS` at each whole day 0..last_day, all alike, shape (replications, lists, days).

    Who is on a list on the day itself counts; follow-up does not cut it, as it does the outcomes.
    """
    own = ends(cohort, trace, np.inf)
    gone = np.where(np.isnan(own.day), np.inf, own.day)
    never = np.full(len(gone), np.nan)
    served = np.fmin(own.days.get("slot", never), own.days.get("dose", never))
    by = ByGroup(cohort.replication, len(trace.stop_day))
    lists = ((trace.referral_day, gone), (own.days.get("listing", never), np.fmin(served, gone)))
    return np.stack([_length(by, begin, end, last_day) for begin, end in lists], axis=1)


def _length(by: ByGroup, begin: FloatArray, end: FloatArray, last_day: int) -> NDArray[np.int32]:
    """How many have begun by each whole day and not ended by it; NaN never begins."""
    joined = ~np.isnan(begin)

    def on_each_day(days: FloatArray) -> FloatArray:
        place = np.ceil(np.clip(np.where(joined, days, 0.0), 0.0, last_day + 1.0)).astype(np.int64)
        return by.within(place, last_day + 2).count(joined).reshape(by.groups, last_day + 2)

    steps = on_each_day(begin) - on_each_day(end)
    return np.cumsum(steps, axis=1).astype(np.int32)[:, : last_day + 1]


def outcome_counts(patients: Patients) -> FloatArray:
    """Measured patients by outcome, in the order of `OUTCOME_NAMES`, shape (replications, outcomes)."""
    cells = patients.by.within(patients.outcome, len(OUTCOME_NAMES))
    return cells.count(patients.cohort.measured).reshape(patients.by.groups, len(OUTCOME_NAMES))
