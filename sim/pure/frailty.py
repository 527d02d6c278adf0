"""A gamma frailty that several clocks share, so that they depend on each other and each keeps its own law.

With Z of a gamma distribution of mean 1 and variance `strength`, and E a unit exponential of its own for each clock,

    T = log(1 + strength E / Z) / strength

is a unit exponential again, whatever the strength: P(T > t) = E[exp(-Z (exp(strength t) - 1) / strength)] = exp(-t), by
the Laplace transform of the gamma. Two such thresholds have the copula of Clayton, and Kendall's tau strength /
(strength + 2); the hazard of one is 1 + strength times as high from when on the other event is known to have happened
(Clayton, Biometrika 1978;65:141, doi 10.1093/biomet/65.1.141; Oakes, JASA 1989;84:487, doi
10.1080/01621459.1989.10478795; the form with E and Z is that of Marshall and Olkin, JASA 1988;83:834).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from sim.pure.arrays import FloatArray

# exp(700) is a float, exp(710) is none.
MOST_EXPONENT = 700.0
# Half of the smallest uniform above 0.
LEAST_CHANCE = 2.0**-54


@dataclass(frozen=True, eq=False)
class Frailty:
    """The frailty Z of each of n people, mean 1, variance `strength`; with strength 0 there is none, and no `level`."""

    strength: float
    level: FloatArray

    def of(self, who: Any) -> Frailty:
        """That of some of the people, by their places."""
        return self if self.strength == 0.0 else replace(self, level=self.level[who])

    def tie(self, own: FloatArray, lived: FloatArray | float = 0.0) -> FloatArray:
        """Thresholds that depend on each other, from unit exponentials of their own; shape (..., n).

        `lived`: the cumulative hazard that each is known to have survived; the threshold is above it.
        """
        if self.strength == 0.0:
            return own + lived
        with np.errstate(over="ignore"):
            beyond = self.strength * own * np.exp(-np.minimum(self.strength * lived, MOST_EXPONENT)) / self.level
        return np.asarray(lived + np.log1p(beyond) / self.strength)

    def tie_chance(self, own: FloatArray) -> FloatArray:
        """Uniforms that depend on the thresholds, from uniforms of their own; shape (..., n). The frail have high ones.

        So a frail patient has less of what happens to those whose uniform is below a share.
        """
        if self.strength == 0.0:
            return own
        with np.errstate(divide="ignore"):
            return np.asarray(np.exp(-self.tie(-np.log(own))))


INDEPENDENT = Frailty(0.0, np.empty(0))


def draw_frailty(
    strength: float, chances: FloatArray, lived: FloatArray | None = None, events: FloatArray | float = 0.0
) -> Frailty:
    """The frailty of people from uniforms of shape (n,); `strength` above 0.

    `lived`: cumulative hazards, shape (clocks, n), that each is known to have survived. Given these, the frailty is a
    gamma of shape 1 / strength and rate 1 / strength + x, x the sum over clocks of (exp(strength h) - 1) / strength:
    who has lived through much is less frail. `events`: how many of these each is known to have had, at the hazard that
    is given as survived; each adds 1 to the shape.
    """
    rate = np.full(len(chances), 1.0 / strength)
    if lived is not None:
        rate += np.expm1(np.minimum(strength * lived, MOST_EXPONENT)).sum(axis=0) / strength
    # the upper tail; a uniform may be 0, a frailty must be neither 0 nor infinite
    shapes = np.broadcast_to(1.0 / strength + np.asarray(events, dtype=float), chances.shape)
    level = _upper_quantiles(shapes.tobytes(), chances.tobytes()) / rate
    return Frailty(strength, np.maximum(level, np.finfo(float).tiny))


@lru_cache(maxsize=2)
def _upper_quantiles(shapes: bytes, chances: bytes) -> FloatArray:
    """Quantiles of gammas of rate 1 and these shapes for these uniforms (float64 both), from the upper end.

    Half a microsecond each, the dearest of all draws; the scenarios of an experiment have the same patients, so that
    the last ones asked for are mostly asked for again.
    """
    from scipy.special import gammainccinv

    return np.asarray(gammainccinv(np.frombuffer(shapes), np.maximum(np.frombuffer(chances), LEAST_CHANCE)))
