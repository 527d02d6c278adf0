"""Shares by odds ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sim.pure.arrays import FloatArray


def share_at_odds(share: float, odds_ratio: ArrayLike) -> FloatArray:
    """The share whose odds are so many times those of a share, of the shape of the odds ratio.

    What is certain is certain, whatever the odds ratio; and 1 leaves the share as it is, to the last digit.
    """
    ratio = np.asarray(odds_ratio, dtype=np.float64)
    if share in (0.0, 1.0):
        return np.full_like(ratio, share)
    return np.where(ratio == 1.0, share, share * ratio / (1.0 - share + share * ratio))
