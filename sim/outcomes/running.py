"""Means with intervals of numbers that come one replication at a time, in memory that does not grow with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.estimates import CONFIDENCE

FloatArray = NDArray[np.float64]


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

    def interval(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(mean, low, high): Student's t, 95 %; NaN where there is no number, or no interval with fewer than two."""
        from scipy.special import stdtrit

        n = self.count
        with np.errstate(invalid="ignore"):
            error = np.sqrt(self.squares / (n - 1) / n)
        half = stdtrit(np.maximum(n - 1, 1), 0.5 + CONFIDENCE / 2) * error
        mean = np.where(n > 0, self.mean, np.nan)
        return mean, mean - half, mean + half
