"""Sequential tests of whether a mean keeps to a bound, with an indifference zone.

The procedure is F_B of Batur and Kim (2010, "Finding feasible systems in the presence of constraints on multiple
performance measures", ACM Trans. Model. Comput. Simul. 20(3):13, doi:10.1145/1842713.1842716), which rests on Fabian
(1974); Andradottir and Kim (2010, Naval Research Logistics 57:403) use the same test. For one system and constraint:

- Y_1, Y_2, ... are what each replication exceeds the bound by, taken as independent and normal with one variance;
- S^2 is their variance in a first stage of n0 replications, and never renewed;
- after r >= n0 replications the mean is declared to keep to its bound once Y_1 + ... + Y_r <= -R(r), and to break it
  once the sum is >= R(r), with R(r) = max(0, h^2 S^2 / (2 zone) - r zone / 2), h^2 = 2 eta (n0 - 1), and eta such that
  (1 + 2 eta)^(-(n0 - 1) / 2) / 2 = error (c = 1 of the paper, which closes the region after h^2 S^2 / zone^2).

A mean that keeps to its bound by at least `zone` is declared to break it with a probability of at most `error`, and
one that breaks it by at least `zone` is declared to keep to it with at most the same. Within the zone either will do.
With k systems and s constraints on common random numbers, error = alpha / (k s) makes the probability that any of
these declarations is wrong at most alpha (Bonferroni), in whichever order the systems are looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sim.pure.arrays import FloatArray

LEAST_FIRST = 2


@dataclass(frozen=True)
class Decision:
    """Whether a mean keeps to its bound, None while that is open, and after how many observations that was clear.

    `most`: after how many it will be clear at the latest, infinite before the first stage is over.
    """

    keeps: bool | None
    after: int
    most: float


def eta(first: int, error: float) -> float:
    """The constant of a first stage of so many observations and this error, for c = 1."""
    if first < LEAST_FIRST:
        raise ValueError(f"found a first stage of {first}; allowed: at least {LEAST_FIRST}")
    if not 0.0 < error < 0.5:
        raise ValueError(f"found an error of {error}; allowed: between 0 and 0.5")
    return float(((2.0 * error) ** (-2.0 / (first - 1)) - 1.0) / 2.0)


def bound_of(spread: float, first: int, zone: float, error: float, after: FloatArray) -> FloatArray:
    """R after each of these numbers of observations, from the variance of the first stage."""
    reach = 2.0 * eta(first, error) * (first - 1) * spread
    return np.maximum(0.0, reach / (2.0 * zone) - after * zone / 2.0)


def decide(excess: FloatArray, first: int, zone: float, error: float) -> Decision:
    """What the observations say, each what it exceeds the bound by: above 0 is on the wrong side.

    They are looked at one after the other, so that how many came at once does not matter. One that does not apply (NaN)
    is none; an infinite one decides, as the mean is infinite then.
    """
    seen = excess[~np.isnan(excess)]
    endless = np.flatnonzero(np.isinf(seen))
    if len(endless):
        return Decision(bool(seen[endless[0]] < 0.0), int(endless[0]) + 1, float(endless[0]) + 1.0)
    if len(seen) < first:
        return Decision(None, len(seen), math.inf)
    spread = float(np.var(seen[:first], ddof=1))
    reach = 2.0 * eta(first, error) * (first - 1) * spread
    most = float(max(first, math.ceil(reach / zone**2)))
    after = np.arange(first, len(seen) + 1, dtype=np.float64)
    sums = np.cumsum(seen)[first - 1 :]
    limit = bound_of(spread, first, zone, error, after)
    out = np.flatnonzero(np.abs(sums) >= limit)
    if not len(out):
        return Decision(None, len(seen), most)
    return Decision(bool(sums[out[0]] <= 0.0), int(after[out[0]]), most)
