"""Tables behind the pictures, for one replication: where the days go, cumulative incidence, waits, outcomes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.engine.trace import Trace
from sim.outcomes.patients import OUTCOME_NAMES, Patients, ends
from sim.outcomes.resource_use import queue_days
from sim.tables.words import EVENTS

FloatArray = NDArray[np.float64]

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
    "released", "product_received", "lymphodepletion", "infusion",
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
    """Mean (process, queue) days of each interval over the measured infused, shape (intervals, 2).

    Their sum is those patients' mean waiting days. What follows a failed attempt counts in the interval that the last
    attempt ends. A patient who was given a dose after all spent the days until then waiting for it.
    """
    chosen = patients.infused & patients.cohort.measured
    names = stage_names(trace.milestones)
    made, dosed = ways(trace.milestones)
    found = np.full((len(names), 2), np.nan)
    if not chosen.any():
        return found
    entity, served, waited = queue_days(trace, patients)
    for k, (start, end) in enumerate(names):
        first, last = patients.day(start), patients.day(end)
        # a queue belongs to the interval in which it ends; the first milestone's own instant to the interval before
        mine = chosen & np.where(patients.off_the_shelf, (start, end) in dosed, (start, end) in made)
        inside = mine[entity] & (served > first[entity]) & (served <= last[entity])
        queued = float(waited[inside].sum() / chosen.sum())
        found[k] = _without_noise(float((last - first)[mine].sum() / chosen.sum()) - queued), queued
    return found


def middle_stage_days(patients: Patients, trace: Trace) -> tuple[FloatArray, int]:
    """(as `stage_days`, over how many) of the middle tenth of the measured infused by waiting days.

    They are what the median patient meets. Nearest to the median are taken first, those of equal distance in the order
    of the cohort; at least one patient.
    """
    chosen = np.flatnonzero(patients.infused & patients.cohort.measured)
    waits = patients.between("referral", "infusion")[chosen]
    middle = np.zeros(len(patients.outcome), dtype=bool)
    if len(chosen):
        nearest = np.argsort(np.abs(waits - np.median(waits)), kind="stable")
        middle[chosen[nearest[: max(1, len(chosen) // 10)]]] = True
    days = stage_days(replace(patients, cohort=replace(patients.cohort, measured=middle)), trace)
    return days, int(middle.sum())


def _without_noise(days: float) -> float:
    """The days, or 0 where only the rounding of a difference is left."""
    return 0.0 if abs(days) < ROUNDING_DAYS else days


def incidence(patients: Patients, days: int) -> FloatArray:
    """Share of the measured with each event by each whole day 0..days since referral, shape (events, days + 1)."""
    measured = patients.cohort.measured
    since = (patients.end_day - patients.referral_day)[measured]
    event = _EVENT_OF_OUTCOME[patients.outcome[measured]]
    happened = event < len(EVENTS)
    reached = np.zeros((len(EVENTS), days + 1))
    np.add.at(reached, (event[happened], np.clip(np.ceil(since[happened]), 0, days).astype(np.int64)), 1.0)
    return np.asarray(np.cumsum(reached, axis=1) / max(len(event), 1))


def wait_shares(patients: Patients) -> FloatArray:
    """Share of the measured infused by waiting days, in bins of `BIN_DAYS`, the last one open; NaN where none."""
    chosen = patients.infused & patients.cohort.measured
    waits = patients.between("referral", "infusion")[chosen]
    if not len(waits):
        return np.full(WAIT_BINS, np.nan)
    bins = np.minimum(waits // BIN_DAYS, WAIT_BINS - 1).astype(np.int64)
    return np.asarray(np.bincount(bins, minlength=WAIT_BINS) / len(waits))


def list_lengths(trace: Trace, last_day: int) -> NDArray[np.int32]:
    """Patients on each of the `LISTS` at each whole day 0..last_day, all patients alike, shape (lists, days).

    Who is on a list on the day itself counts; follow-up does not cut it, as it does the outcomes.
    """
    own = ends(trace, np.inf)
    gone = np.where(np.isnan(own.day), np.inf, own.day)
    never = np.full(len(gone), np.nan)
    served = np.fmin(own.days.get("slot", never), own.days.get("dose", never))
    return np.stack(
        [
            _length(trace.referral_day, gone, last_day),
            _length(own.days["listing"], np.fmin(served, gone), last_day),
        ]
    )


def _length(begin: FloatArray, end: FloatArray, last_day: int) -> NDArray[np.int32]:
    """How many have begun by each whole day and not ended by it; NaN never begins."""
    joined = ~np.isnan(begin)

    def on_each_day(days: FloatArray) -> NDArray[np.int64]:
        place = np.ceil(np.clip(days[joined], 0.0, last_day + 1.0)).astype(np.int64)
        return np.bincount(place, minlength=last_day + 2)

    steps = on_each_day(begin) - on_each_day(end)
    return np.cumsum(steps, dtype=np.int32)[: last_day + 1]


def outcome_counts(patients: Patients) -> FloatArray:
    """Measured patients by outcome, in the order of `OUTCOME_NAMES`."""
    outcomes = patients.outcome[patients.cohort.measured]
    return np.bincount(outcomes, minlength=len(OUTCOME_NAMES)).astype(float)
