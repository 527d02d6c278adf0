"""When measured patients were in a bed or in intensive care, from requests, or from their milestones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.engine.trace import PATIENT, Trace
from sim.outcomes.patients import Patients
from sim.outcomes.resource_use import idle_until
from sim.pieces.protocol import Capacity, Protocol, unlimited
from sim.pieces.step_up import STAYS
from sim.pure.arrays import FloatArray, IntArray
from sim.scenario import Scenario

Stays = tuple[IntArray, FloatArray, FloatArray]


def stays(
    protocol: Protocol,
    trace: Trace,
    resource: str,
    places: IntArray,
    referral: FloatArray,
    if_unlimited: Callable[[], Stays] | None = None,
) -> Stays:
    """(place, from, to) of each time that a measured patient was in the resource.

    `places`: of each entry of the cohort among the measured, -1 of others. Days since `referral`, one a place.
    `if_unlimited`: what tells the stays where nobody asks for the resource.
    """
    index = next((k for k, r in enumerate(protocol.resources) if r.name == resource), None)
    capacity = protocol.resources[index] if index is not None else None
    if isinstance(capacity, Capacity) and if_unlimited is not None and all(unlimited(u) for u in capacity.units):
        return if_unlimited()
    uses = trace.uses
    mine = np.flatnonzero(uses.resource == (-1 if index is None else index))
    mine = mine[(uses.kind[mine] == PATIENT) & np.isfinite(uses.began[mine])]
    who = places[uses.entity[mine]]
    mine, who = mine[who >= 0], who[who >= 0]
    began, ended = uses.began[mine], uses.ended[mine]
    if isinstance(capacity, Capacity) and capacity.idle_until:
        began = idle_until(capacity, trace, mine)  # nobody is in a bed that stands idle
    stop = trace.stop_day[uses.replication[mine]]
    return who, began - referral[who], np.where(np.isnan(ended), stop, ended) - referral[who]


def bed_if_unlimited(
    s: Scenario, patients: Patients, trace: Trace, rows: IntArray, referral: FloatArray, left: FloatArray
) -> Stays:
    """The stays of inpatients where beds are unlimited and so not asked for; who leaves before infusion ends his.

    Stays for step-up doses, of the alternative and of holding and bridging therapy, are among them.
    """
    start = patients.day("lymphodepletion" if s.infusion.reservation == "admit" else "infusion")[rows]
    there = "discharge" in trace.milestones
    home = trace.notes[rows, trace.milestones.index("discharge")] if there else np.full(len(rows), np.nan)
    end = np.where(patients.infused[rows], home, left)
    # who was lymphodepleted, and given the alternative after all, would have two stays: the first ended with the path
    turned = patients.turned[rows]
    start = np.where(turned, patients.day("alternative")[rows], start)
    stepped_up = np.nan_to_num(patients.day("step_up_ended")[rows], nan=np.inf)
    end = np.where(turned, np.minimum(stepped_up, trace.stop_day[patients.cohort.replication[rows]]), end)
    who = np.flatnonzero(np.isfinite(start))
    found = [(who, start[who], end[who])]
    for begins, ends in STAYS:
        if ends in trace.milestones:
            begun, over = patients.day(begins)[rows], patients.day(ends)[rows]
            who = np.flatnonzero(np.isfinite(begun))
            found.append((who, begun[who], np.where(np.isnan(over), left, over)[who]))
    who, start, end = map(np.concatenate, zip(*found, strict=True))
    return who, start - referral[who], end - referral[who]
