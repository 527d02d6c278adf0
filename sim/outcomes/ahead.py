"""What months ahead bring: who is still on the way at their ends, aphereses and infusions in them, and beds in use.

Of everybody, of those who were in progress on the first day, and of those who were referred after it.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.engine.trace import PATIENT, Trace
from sim.outcomes.by_group import ByGroup
from sim.outcomes.patients import ends
from sim.outcomes.through_time import mean_level
from sim.pieces.cohort import Cohort
from sim.pieces.protocol import Protocol
from sim.pure.arrays import BoolArray, FloatArray

# What is forecast, in words, and whether it is a number at the end of a month, in it, or a mean over it.
LIST, APHERESES, INFUSIONS, BEDS, ICU = "waiting_list", "aphereses", "infusions", "beds", "icu"
QUANTITIES = {
    LIST: "Awaiting infusion, end of the month",
    APHERESES: "Patients with a first apheresis in the month",
    INFUSIONS: "Infusions in the month",
    BEDS: "Infusion beds in use, mean over the month",
    ICU: "Intensive-care beds in use, mean over the month",
}
# Scored beside them, and forecast of nobody alone.
WAIT, WAIT_LABEL = "wait", "Mean days to infusion, of those infused in the month"
RESOURCES = {BEDS: "bed", ICU: "icu"}
GROUPS = {"all": "all patients", "register": "already in the register", "new": "referred from now on"}


def quantities_of(protocol: Protocol) -> list[str]:
    """The quantities that a protocol has, in order."""
    there = {resource.name for resource in protocol.resources}
    return [name for name in QUANTITIES if name not in RESOURCES or RESOURCES[name] in there]


def by_month(protocol: Protocol, cohort: Cohort, trace: Trace, edges: FloatArray, since: str) -> FloatArray:
    """Shape (replications, quantities, groups, months): the months lie between `edges`, days since the start.

    `since`: the milestone from which on a patient is on the way: that which brings them into the register.
    """
    own, stop = ends(cohort, trace, np.inf), trace.stop_day[cohort.replication]
    never = np.full(len(stop), np.nan)
    groups = _groups(cohort)
    by = ByGroup(cohort.replication, len(trace.stop_day))
    begin = trace.referral_day if since == "referral" else own.days.get(since, never)
    gone = np.where(np.isnan(own.day), np.inf, own.day)
    found = []
    for name in quantities_of(protocol):
        if name == LIST:
            each = [[by.count(mine & (begin < edge) & (gone >= edge)) for edge in edges[1:]] for mine in groups]
        elif name in RESOURCES:
            found.append(np.array(_in_use(protocol, trace, RESOURCES[name], groups, edges)))
            continue
        else:
            day = own.days.get("apheresis" if name == APHERESES else "infusion", never)
            pairs = list(pairwise(edges))
            each = [[by.count(mine & (day >= low) & (day < high)) for low, high in pairs] for mine in groups]
        found.append(np.array(each))
    return np.asarray(np.moveaxis(np.array(found, dtype=np.float64), 3, 0))


def waits_by_month(cohort: Cohort, trace: Trace, edges: FloatArray, since: str) -> FloatArray:
    """Mean days from `since` to infusion of those infused in a month, shape (replications, months); NaN of nobody."""
    own = ends(cohort, trace, np.inf)
    never = np.full(len(own.day), np.nan)
    begin = trace.referral_day if since == "referral" else own.days.get(since, never)
    infused = own.days.get("infusion", never)
    wait, by = infused - begin, ByGroup(cohort.replication, len(trace.stop_day))
    months = [np.isfinite(wait) & (infused >= low) & (infused < high) for low, high in pairwise(edges)]
    return np.stack([by.mean(wait, mine) for mine in months], axis=1)


def daily_list(cohort: Cohort, trace: Trace, last_day: int, since: str) -> NDArray[np.int32]:
    """Patients on the way at the beginning of each whole day 0..last_day, shape (replications, days)."""
    own = ends(cohort, trace, np.inf)
    begin = trace.referral_day if since == "referral" else own.days.get(since, np.full(len(own.day), np.nan))
    gone = np.where(np.isnan(own.day), np.inf, own.day)
    there = ~np.isnan(begin)
    by = ByGroup(cohort.replication, len(trace.stop_day))

    def steps(days: FloatArray) -> FloatArray:
        # who comes or goes on a day is there, or no longer there, at the beginning of the next one
        place = np.clip(np.floor(np.where(there, days, 0.0)) + 1.0, 0.0, last_day + 1.0).astype(np.int64)
        return by.within(place, last_day + 2).count(there).reshape(by.groups, last_day + 2)

    return np.cumsum(steps(begin) - steps(gone), axis=1).astype(np.int32)[:, : last_day + 1]


def _groups(cohort: Cohort) -> list[BoolArray]:
    everybody = np.ones(len(cohort.replication), dtype=bool)
    mine = np.zeros_like(everybody) if cohort.lived is None else cohort.lived
    return [everybody, mine, ~mine]


def _in_use(
    protocol: Protocol, trace: Trace, name: str, groups: list[BoolArray], edges: FloatArray
) -> list[FloatArray]:
    """Mean units in use in each month, for each group of shape (months, replications)."""
    uses = trace.uses
    place = next(k for k, resource in enumerate(protocol.resources) if resource.name == name)
    rows = np.flatnonzero((uses.resource == place) & (uses.kind == PATIENT) & np.isfinite(uses.began))
    by = ByGroup(uses.replication[rows], len(trace.stop_day))
    began = uses.began[rows]
    ended = np.where(np.isnan(uses.ended[rows]), trace.stop_day[uses.replication[rows]], uses.ended[rows])
    return [mean_level(by, began, ended, edges, uses.units[rows] * mine[uses.entity[rows]]).T for mine in groups]
