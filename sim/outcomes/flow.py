"""From where to where the measured patients go: the counts behind the flow diagram."""

from __future__ import annotations

import numpy as np

from sim.outcomes.by_group import ByGroup
from sim.outcomes.patients import Patients
from sim.pure.arrays import FloatArray
from sim.tables.words import OUTCOMES

# Milestones shown as stations, in the order of the path; between two of them nobody needs to be told apart.
STATIONS = {
    "referral": "Referred",
    "listing": "On the list",
    "slot": "Slot",
    "dose": "Dose",
    "apheresis": "Apheresis",
    "manufacturing": "Manufacture",
    "product_received": "At the centre",
}
NODES = {**STATIONS, **OUTCOMES}


def flow_counts(patients: Patients) -> FloatArray:
    """Measured patients by the station they left and the node they reached next, (replications, stations, nodes).

    A patient's stations are taken in the order of their days, those of one instant in the order of the path; the last
    leads to their outcome.
    """
    measured = patients.cohort.measured
    days = np.array([patients.day(name)[measured] for name in STATIONS])
    order = np.argsort(days, axis=0, kind="stable")
    passed = np.isfinite(days).sum(axis=0)
    outcomes = len(STATIONS) + patients.outcome[measured]
    by = ByGroup(patients.cohort.replication[measured], patients.by.groups)
    shape = (patients.by.groups, len(STATIONS), len(NODES))
    counts = np.zeros(shape)
    for k in range(len(STATIONS)):
        following = np.where(passed > k + 1, order[min(k + 1, len(STATIONS) - 1)], outcomes)
        ways = by.within(order[k] * len(NODES) + following, len(STATIONS) * len(NODES))
        counts += ways.count(passed > k).reshape(shape)
    return counts
