"""Who holds what on which days, for a picture of a few months of one replication: beds, chairs, lines, and slots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.engine.trace import PATIENT, Trace
from sim.outcomes.resource_use import free_again, queues_of, serving_queue_of
from sim.pieces.protocol import Cadence, Capacity, Protocol, place_names

SAMPLE_DAYS = 91
"""Days of the measuring window that are told: thirteen weeks."""
MOST_UNITS = 60
"""A place with more units in use at a time is told by no picture."""
HELD, CLAIMED, UNCLAIMED = "held", "claimed", "unclaimed"


def day_by_day(protocol: Protocol, trace: Trace, begin: float, end: float) -> list[dict[str, Any]]:
    """A row for each time that a unit was held, and for each slot, between two days of the first replication.

    Days since the start of the simulation, not cut at the two. `unit` numbers the rows of a place from 1, so that no
    two that stand in one overlap: who comes takes the lowest that is free. What is held for no time has no row. A slot
    stands from its offer to its start, and through the day of its offer at the least.
    """
    rows = []
    uses = trace.uses
    mine = (uses.replication == 0) & np.isfinite(uses.began)
    serving, free = serving_queue_of(protocol, uses), free_again(protocol, trace)
    for number, (resource, place) in enumerate(queues_of(protocol)):
        if not isinstance(resource, Capacity):
            continue
        its = np.flatnonzero(mine & (serving == number) & (uses.began < end) & (free > np.maximum(begin, uses.began)))
        spells = [
            (float(uses.began[k]), float(free[k]), "patient" if uses.kind[k] == PATIENT else "lot")
            for k in its[np.argsort(uses.began[its], kind="stable")]
            for _ in range(int(uses.units[k]))
        ]
        shared = {
            "resource": resource.name,
            "label": resource.label,
            "centre": place_names(resource, protocol.centres)[place],
        }
        rows += _in_rows(shared, spells, HELD)
    slots = trace.slots
    for number, resource in enumerate(protocol.resources):
        if not isinstance(resource, Cadence):
            continue
        names = place_names(resource, protocol.centres)
        for place, name in enumerate(names):
            offered = (slots.replication == 0) & (slots.resource == number) & (slots.centre == place)
            until = np.maximum(slots.start, slots.offered + 1.0)
            its = np.flatnonzero(offered & (slots.offered < end) & (until > begin))
            shared = {"resource": resource.name, "label": resource.label, "centre": name}
            ordered = its[np.argsort(slots.offered[its], kind="stable")]
            spells = [
                (float(slots.offered[k]), float(until[k]), CLAIMED if slots.holder[k] >= 0 else UNCLAIMED)
                for k in ordered
            ]
            rows += _in_rows(shared, spells, None)
    return rows


def _in_rows(
    shared: dict[str, Any], spells: Sequence[tuple[float, float, str]], kind: str | None
) -> list[dict[str, Any]]:
    """The spells, in order of their beginning, each on the lowest row that is free; none where there are too many."""
    rows: list[dict[str, Any]] = []
    until: list[float] = []
    for first, last, word in spells:
        unit = next((k for k, day in enumerate(until) if day <= first), len(until))
        if unit == len(until):
            until.append(-math.inf)
        until[unit] = last
        told = {"unit": unit + 1, "kind": kind or word, "holder": word if kind else ""}
        rows.append({**shared, **told, "from_day": first, "to_day": last})
    return rows if len(until) <= MOST_UNITS else []
