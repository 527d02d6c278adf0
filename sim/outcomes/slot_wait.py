"""The wait for a dated slot in two parts: what the calendar of offers alone would cost, and what scarcity adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.engine.trace import PATIENT, Trace
from sim.pieces.protocol import AnyOf, Cadence, Protocol, places
from sim.pure.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class SlotWait:
    """Days from first asking for a slot, one entry a patient; NaN who never asked, or where slots are not dated.

    `calendar`: until the start of the first slot that unlimited supply on the same days of offer would have given.
    `scarcity`: from then to the start of the slot that they held last. Of who left before that, or still waits, both
    parts count up to that day, so that the two always add up to the days waited.
    """

    calendar: FloatArray
    scarcity: FloatArray


def slot_wait(protocol: Protocol, trace: Trace, gone: FloatArray) -> SlotWait | None:
    """The two parts of each patient's wait; None where no slots are dated.

    `gone`: the end of each patient's path, or of follow-up.
    """
    offers = {place: served_by for place, served_by in enumerate(_dated(protocol)) if served_by}
    if not offers:
        return None
    asked, granted = np.full(len(gone), np.inf), np.full(len(gone), -np.inf)
    first = np.full(len(gone), np.inf)
    uses = trace.uses
    dated = np.zeros(len(protocol.resources), bool)
    dated[list(offers)] = True
    mine = np.flatnonzero((uses.kind == PATIENT) & dated[uses.resource])
    np.fmin.at(asked, uses.entity[mine], uses.asked[mine])
    for place, by_centre in offers.items():
        for centre, cadences in enumerate(by_centre):
            here = mine[(uses.resource[mine] == place) & (uses.centre[mine] == centre)]
            here = here[uses.asked[here] == asked[uses.entity[here]]]
            for cadence in cadences:
                np.fmin.at(first, uses.entity[here], _first_start(cadence, uses.asked[here]))
    held = trace.slots.holder >= 0
    np.fmax.at(granted, trace.slots.holder[held], trace.slots.start[held])
    asked[np.isinf(asked)] = np.nan
    # a slot that has begun by the time it is claimed is held from then on
    until = np.maximum(np.minimum(np.where(granted > -np.inf, granted, np.inf), gone), asked)
    by_calendar = np.minimum(np.where(np.isnan(asked), np.nan, first), until)
    return SlotWait(by_calendar - asked, until - by_calendar)


def _dated(protocol: Protocol) -> list[list[list[Cadence]]]:
    """Of each resource and each of its places, the dated slots that serve whoever asks for it there; none of others."""
    by_name = {resource.name: resource for resource in protocol.resources}
    found: list[list[list[Cadence]]] = []
    for resource in protocol.resources:
        serving = resource.of if isinstance(resource, AnyOf) else [(resource.name,)] * places(resource)
        cadences = [[one for name in names if isinstance(one := by_name[name], Cadence)] for names in serving]
        found.append(cadences if any(cadences) else [])
    return found


def _first_start(offers: Cadence, asked: FloatArray) -> FloatArray:
    """The start of the first slot that is still open, or offered next, on each of these days; infinite after the last.

    An offer is open until the day of the last offer to which its slots carry over is over.
    """
    days = np.array(offers.offer_days, dtype=float)
    if not len(days):
        return np.where(np.isnan(asked), np.nan, np.inf)
    last = np.minimum(np.arange(len(days)) + offers.carry_over, len(days) - 1)
    first = np.searchsorted(days[last] + 1.0, asked)  # whoever asks at the very instant of closing is still served
    start = np.append(days + offers.lead, np.inf)[np.minimum(first, len(days))]
    return np.where(np.isnan(asked), np.nan, np.maximum(start, asked))
