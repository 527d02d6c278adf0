"""Present values in continuous time, of single amounts and of streams at a constant rate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12.0


def force(annual_rate: float) -> float:
    """The force of interest per day, ln(1 + i) / 365.25, that an annual rate stands for.

    Source: actuarial mathematics; (1 + i)^(-t) with t in years equals exp(-force * days).
    """
    return math.log1p(annual_rate) / DAYS_PER_YEAR


def discount(day: FloatArray, annual_rate: float) -> FloatArray:
    """The present value of 1 on each day; 1 on day 0."""
    return np.asarray(np.exp(-force(annual_rate) * day))


def stream(start: FloatArray, end: FloatArray, annual_rate: float, horizon: float | FloatArray) -> FloatArray:
    """The present value, in days, of 1 a day from `start` to `end`, cut to the days from 0 to `horizon`.

    `horizon`: of all, or one each. The integral of exp(-f t): (exp(-f start) - exp(-f end)) / f, or end - start where f
    is 0. Nothing where the stream has no beginning (NaN) or ends before it begins.
    """
    found = np.zeros(len(start))
    flows = np.flatnonzero((end > start) & (end > 0.0) & (start < horizon))
    begins, ends = (
        np.maximum(start[flows], 0.0),
        np.minimum(end[flows], np.broadcast_to(horizon, np.shape(start))[flows]),
    )
    f = force(annual_rate)
    # expm1 keeps the digits of short streams
    lasts = ends - begins
    found[flows] = lasts if f == 0.0 else np.exp(-f * begins) * -np.expm1(-f * lasts) / f
    return found


def single(day: FloatArray, annual_rate: float, horizon: float | FloatArray) -> FloatArray:
    """The present value of 1 on each day; 0 where it does not happen (NaN), or not by the horizon."""
    happens = ~np.isnan(day) & (day <= horizon)
    return np.where(happens, discount(np.where(happens, np.maximum(day, 0.0), 0.0), annual_rate), 0.0)
