"""Better, worse, no clear difference, the same: one function decides, for titles, findings, slides, screen and tables.

A verdict is on an expected value: it uses the interval of the mean difference (over replications in `compare`, over
sets of inputs in `psa`). What is unknown of the inputs is told by other figures, never by a verdict.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

# How a strategy stands among others, where that is clear.
ON_FRONTIER, DOMINATED, EXTENDEDLY = "on the frontier", "dominated", "extendedly dominated"
HIGHER, LOWER, NEITHER = "higher", "lower", "neither"


class Verdict(StrEnum):
    """What may be said of a difference; `DIFFERENT` where neither direction is better."""

    BETTER = "better"
    WORSE = "worse"
    DIFFERENT = "different"
    UNCLEAR = "no clear difference"
    SAME = "the same"
    UNJUDGED = "one replication: not judged"
    INCOMPARABLE = "cannot be compared"

    @property
    def resolved(self) -> bool:
        """Whether there is a difference, beyond the chance of the simulation."""
        return self in (Verdict.BETTER, Verdict.WORSE, Verdict.DIFFERENT)


@dataclass(frozen=True)
class Bounds:
    """A number with its interval; NaN where there is none."""

    value: float
    low: float
    high: float

    def less(self, other: Bounds) -> Bounds:
        """This number minus another whose pairing is not known.

        The bounds of the difference are those of the two intervals set against each other: it holds 0 exactly where
        they overlap. That is true for any correlation of the two (Bonferroni), and wide where they are independent.
        """
        return Bounds(self.value - other.value, self.low - other.high, self.high - other.low)


def verdict(value: float, low: float, high: float, better: str = NEITHER) -> Verdict:
    """The verdict on a difference with its interval; `better`: higher, lower or neither.

    A number without bounds is the difference of a single replication, which cannot be judged; where both bounds are 0
    every replication has the same value on both sides.
    """
    if not math.isfinite(value):
        return Verdict.INCOMPARABLE
    if not (math.isfinite(low) and math.isfinite(high)):
        return Verdict.UNJUDGED
    if low == high == 0.0:
        return Verdict.SAME
    if low <= 0.0 <= high:
        return Verdict.UNCLEAR
    if better == NEITHER:
        return Verdict.DIFFERENT
    return Verdict.BETTER if (value > 0.0) == (better == HIGHER) else Verdict.WORSE


def clearly_apart(one: Bounds, other: Bounds) -> bool:
    """Whether two numbers whose pairing is not known differ beyond the chance of the simulation."""
    return verdict(*_parts(one.less(other))).resolved


def _parts(bounds: Bounds) -> tuple[float, float, float]:
    return bounds.value, bounds.low, bounds.high
