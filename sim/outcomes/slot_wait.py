"""The wait for a dated slot in two parts: what the calendar of offers alone would cost, and what scarcity adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.trace import PATIENT, Trace
from sim.pieces.protocol import Cadence, Protocol

FloatArray = NDArray[np.float64]


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
    places = [place for place, resource in enumerate(protocol.resources) if isinstance(resource, Cadence)]
    if not places:
        return None
    (place,) = places
    offers = protocol.resources[place]
    assert isinstance(offers, Cadence)
    asked, granted = np.full(len(gone), np.inf), np.full(len(gone), -np.inf)
    uses = trace.uses
    mine = (uses.kind == PATIENT) & (uses.resource == place)
    np.fmin.at(asked, uses.entity[mine], uses.asked[mine])
    held = trace.slots.holder >= 0
    np.fmax.at(granted, trace.slots.holder[held], trace.slots.start[held])
    asked[np.isinf(asked)] = np.nan
    # a slot that has begun by the time it is claimed is held from then on
    until = np.maximum(np.minimum(np.where(granted > -np.inf, granted, np.inf), gone), asked)
    by_calendar = np.minimum(_first_start(offers, asked), until)
    return SlotWait(by_calendar - asked, until - by_calendar)


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
