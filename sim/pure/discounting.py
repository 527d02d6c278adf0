"""Present values in continuous time, of single amounts and of streams at a constant rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sim.pure.arrays import FloatArray

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


@dataclass(frozen=True, eq=False)
class Stretch:
    """Days from `start` to `end`, cut to those from 0 to `horizon` (of all, or one each); a NaN has no beginning."""

    start: FloatArray
    end: FloatArray
    horizon: float | FloatArray
    _found: dict[tuple[float, ...], FloatArray] = field(default_factory=dict, repr=False)

    def worth(self, annual_rates: Sequence[float]) -> FloatArray:
        """The present value, in days, of 1 a day at each of the rates: shape (rates, stretches).

        The integral of exp(-f t): (exp(-f start) - exp(-f end)) / f, or end - start where f is 0. Nothing where there
        is no beginning, or the end is before it. Reckoned once for the same rates.
        """
        rates = tuple(annual_rates)
        if rates not in self._found:
            self._found[rates] = self._reckoned(rates)
        return self._found[rates]

    def _reckoned(self, annual_rates: tuple[float, ...]) -> FloatArray:
        start, end, horizon = self.start, self.end, self.horizon
        found = np.zeros((len(annual_rates), len(start)))
        flows = np.flatnonzero((end > start) & (end > 0.0) & (start < horizon))
        if not len(flows):
            return found
        begins = np.maximum(start[flows], 0.0)
        lasts = np.minimum(end[flows], horizon[flows] if isinstance(horizon, np.ndarray) else horizon) - begins
        for row, f in zip(found, map(force, annual_rates), strict=True):
            # expm1 keeps the digits of short streams
            row[flows] = lasts if f == 0.0 else np.exp(-f * begins) * -np.expm1(-f * lasts) / f
        return found


def stream(
    start: FloatArray, end: FloatArray, annual_rates: Sequence[float], horizon: float | FloatArray
) -> FloatArray:
    """The present value, in days, of 1 a day, at each of the rates; see `Stretch`."""
    return Stretch(start, end, horizon).worth(annual_rates)


def single(day: FloatArray, annual_rates: Sequence[float], horizon: float | FloatArray) -> FloatArray:
    """The present value of 1 on each day at each of the rates, shape (rates, days).

    0 where it does not happen (NaN), or not by the horizon.
    """
    found = np.zeros((len(annual_rates), len(day)))
    happens = np.flatnonzero(day <= horizon)
    days = np.maximum(day[happens], 0.0)
    for row, rate in zip(found, annual_rates, strict=True):
        row[happens] = 1.0 if rate == 0.0 else discount(days, rate)
    return found
