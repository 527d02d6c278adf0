"""Means with intervals of numbers that come one replication at a time, in memory that does not grow with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.outcomes.estimates import NOT_NEGATIVE, Range, around
from sim.pure.arrays import FloatArray


@dataclass
class Running:
    """Count, mean and sum of squared deviations of each place of an array (Welford 1962, doi:10.2307/1266577).

    NaN in a place means that the number does not apply in that replication: it is left out there.
    """

    count: FloatArray
    mean: FloatArray
    squares: FloatArray

    @classmethod
    def like(cls, values: FloatArray) -> Running:
        """Nothing added yet, for arrays of this shape."""
        return cls(np.zeros(values.shape), np.zeros(values.shape), np.zeros(values.shape))

    def add(self, values: FloatArray) -> None:
        """One replication more."""
        counted = np.isfinite(values)
        self.count += counted
        step = np.where(counted, values - self.mean, 0.0)
        self.mean += step / np.maximum(self.count, 1.0)
        self.squares += np.where(counted, step * (values - self.mean), 0.0)

    def interval(self, within: Range = NOT_NEGATIVE) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(mean, low, high), 95%, inside what is possible; NaN where there is no number, or fewer than two."""
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = self.squares / (self.count - 1)
        return around(np.where(self.count > 0, self.mean, np.nan), spread, self.count, within=within)
