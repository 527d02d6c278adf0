"""What a base counts for where a register holds few: it stands for what is missing to enough, and for no more.

With five events a hazard is known to a coefficient of variation of 0.45, about what an assumption from elsewhere is
worth; what the base adds shrinks with every event of one's own, and there is no number at which it falls away at once.
"""

from __future__ import annotations

# Below so many ended durations or events the base's shape is kept, and only its scale fitted.
FEW = 30
# The base fills up events, and durations that ended, to so many, as a gamma prior,
ENOUGH = 5
# and patients to so many where a share is counted.
ENOUGH_PATIENTS = 10


def missing(count: float, enough: int = ENOUGH) -> float:
    """For how many events (or patients) the base counts beside so many of the register."""
    return max(0.0, enough - count)


def weight_of_base(count: float, enough: int = ENOUGH) -> float:
    """How much of an estimate is the base's, from 0 to 1."""
    return missing(count, enough) / enough
