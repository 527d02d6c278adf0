"""Means over replications with 95 % intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
CONFIDENCE = 0.95


def interval(values: FloatArray, confidence: float = CONFIDENCE) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(mean, low, high) over the first axis, replications: Student's t, 95 % unless said otherwise.

    Replications in which the value does not apply (NaN) are left out; with fewer than two the interval is NaN.
    """
    from scipy.special import stdtrit

    counted = np.isfinite(values)
    n = counted.sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean = np.where(counted, values, 0.0).sum(axis=0) / n
        error = np.sqrt(variance(values) / n)
    half = stdtrit(np.maximum(n - 1, 1), 0.5 + confidence / 2) * error
    return mean, mean - half, mean + half


def variance(values: FloatArray) -> FloatArray:
    """Variance over the first axis, leaving out what does not apply (NaN); NaN with fewer than two."""
    counted = np.isfinite(values)
    n = counted.sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean = np.where(counted, values, 0.0).sum(axis=0) / n
        squares = (np.where(counted, values - mean, 0.0) ** 2).sum(axis=0)
        return np.asarray(np.where(n > 1, squares / (n - 1), np.nan))


def standard_error(values: FloatArray) -> float:
    """Standard error of the mean of independent replications; NaN with fewer than two."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
