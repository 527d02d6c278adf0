"""How far off a hazard may be where patients who left by another way were not like those who stayed.

A cause-specific hazard takes them as censored independently of what would have come. Nobody can tell from the register
whether they were (Tsiatis, Proc Natl Acad Sci USA 1975;72:20); what it can tell is between which ends the hazard lies.
"""

from __future__ import annotations

import math

import numpy as np

from sim.fits.hazards import AFTER, CAUSES, Histories, Model
from sim.pure.arrays import FloatArray

REMOVAL = CAUSES.index("removal")


def bounds(h: Histories, model: Model, one: tuple[str, str], events: int, extract: FloatArray) -> tuple[float, float]:
    """By what the hazard of a clock (set, cause) is multiplied at its bounds; NaN where nobody left by removal.

    Low: everybody who left (transfer, another therapy, their own choice) would have stayed in the set and been free of
    the event up to the extract (`extract`: days since referral). High: each would have had it on the day on which they
    left. At the maximum of the likelihood `events` are as many as expected; frailty and bridging are left out.
    """
    name, cause = one
    after = h.end >= h.switch
    left = (h.cause == REMOVAL) & (after if name == AFTER else ~after)
    if cause == "progression":
        left &= h.progressed > h.end
    if cause == "removal" or not events or not left.any():
        return math.nan, math.nan
    origin = np.where(after, h.switch, 0.0)[left]
    faster = np.where(h.progressed <= h.end, model.after_progression[CAUSES.index(cause)], 1.0)[left]
    start = h.end[left] - origin
    end = np.maximum(extract[left] - origin, start)
    grown = model.hazard[one](end) - model.hazard[one](start)
    more = float((model.groups[h.group[left]] * faster * grown).sum())
    return events / (events + more), (events + int(left.sum())) / events
