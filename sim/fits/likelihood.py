"""The likelihood of durations that are censored and truncated, and its maximum.

A patient contributes the probability of the interval in which their duration is known to lie, divided by the
probability that they are in view at all: for (low, high] seen, and only durations in (entry, until] in view,

    log(F(high) - F(low)) - log(F(until) - F(entry)).

Right censoring is high = infinity, left truncation entry > 0, right truncation until < infinity (Klein and
Moeschberger, Survival Analysis, 2nd ed. 2003, section 3.5 and 3.6, doi 10.1007/b97377).

Registers hold dates. With the time of day of the first event spread evenly over its day, a duration T gives a
difference of dates of at most k with probability E[F(k + V)], V uniform on [0, 1]: that mean takes the place of F, and
a difference of k is the interval (k - 1, k]. What else lies between the two events, with durations known from the
base, is averaged over in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import optimize

from sim.fits.families import cdf, sf
from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.pure.distributions import Distribution

LEAST_PROBABILITY = 1e-300
# A maximum is found where no more of log-likelihood is to be gained.
GAIN = 1e-8
# Points of a Gauss-Legendre mean over a day: exact for polynomials of degree 11.
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(6)
OVER_A_DAY = ((_POINTS + 1.0) / 2.0, _WEIGHTS / 2.0)
AT_ONCE = (np.zeros(1), np.ones(1))


@dataclass(frozen=True, eq=False)
class Observed:
    """Durations as a register shows them, one entry a patient or a group of them that are alike (`weight`).

    Each lies in (`low`, `high`], or is exactly `low` where both are the same; in view are those in (`entry`, `until`].
    `ends`: how long each could have been followed: to the extract. `nodes`: (added days, weights) over which the
    distribution function is averaged. `loss`: hazard a day of leaving the path, where only those who did not are in
    view.
    """

    low: FloatArray
    high: FloatArray
    entry: FloatArray
    until: FloatArray
    weight: FloatArray
    ends: FloatArray
    nodes: tuple[FloatArray, FloatArray] = AT_ONCE
    loss: float = 0.0

    @property
    def ended(self) -> BoolArray:
        """Which are known to a day; others are censored, or known to a wider interval."""
        return np.asarray(np.isfinite(self.high) & (self.high - self.low <= 1.0))

    @property
    def events(self) -> float:
        """How many are known to a day."""
        return float(self.weight[self.ended].sum())

    @property
    def censored(self) -> float:
        """How many had not ended when they were last seen."""
        return float(self.weight[~np.isfinite(self.high)].sum())

    @property
    def truncated(self) -> float:
        """How many were in view on a condition."""
        return float(self.weight[(self.entry > 0.0) | np.isfinite(self.until)].sum())

    @cached_property
    def places(self) -> tuple[FloatArray, tuple[IntArray, ...]]:
        """(the different finite numbers of days in it, the places among them of low, high, entry and until).

        Places beyond the last stand for minus and plus infinity.
        """
        columns = (self.low, self.high, self.entry, self.until)
        whole = np.concatenate(columns)
        days = np.unique(whole[np.isfinite(whole)])
        return days, tuple(
            np.where(c == np.inf, len(days) + 1, np.where(c == -np.inf, len(days), np.searchsorted(days, c)))
            for c in columns
        )

    def of(self, who: IntArray) -> Observed:
        """Those of some of the patients."""
        cut = {name: getattr(self, name)[who] for name in ("low", "high", "entry", "until", "weight", "ends")}
        return replace(self, **cut)

    def grouped(self) -> Observed:
        """The same, those that are alike as one entry."""
        rows = np.stack([self.low, self.high, self.entry, self.until], axis=1)
        unique, place = np.unique(rows, axis=0, return_inverse=True)
        weight = np.bincount(place.ravel(), weights=self.weight, minlength=len(unique)).astype(np.float64)
        low, high, entry, until = unique.T
        return replace(
            self, low=low, high=high, entry=entry, until=until, weight=weight, ends=np.full(len(low), np.inf)
        )


class Law:
    """A distribution averaged over the nodes of what is observed: probabilities of intervals of it."""

    def __init__(self, duration: Distribution, seen: Observed) -> None:
        self._duration, self._nodes, self._loss = duration, seen.nodes, seen.loss
        self._total: FloatArray | None = None
        if seen.loss > 0.0:
            last = int(np.max(seen.until[np.isfinite(seen.until)], initial=1.0))
            days = np.arange(-1.0, last + 1.0)
            each = np.diff(self.cdf(days)) * np.exp(-seen.loss * days[1:])
            self._total = np.concatenate([[0.0], np.cumsum(each)])

    def _mean(self, of: Callable[[Distribution, FloatArray], FloatArray], t: FloatArray) -> FloatArray:
        added, weights = self._nodes
        finite = np.where(np.isfinite(t), t, 0.0)
        return np.asarray(of(self._duration, finite[:, None] + added[None, :]) @ weights)

    def cdf(self, t: FloatArray) -> FloatArray:
        """P(at most t), by date where the nodes say so."""
        return np.where(t == np.inf, 1.0, np.where(t == -np.inf, 0.0, self._mean(cdf, t)))

    def sf(self, t: FloatArray) -> FloatArray:
        """P(more than t)."""
        return np.where(t == np.inf, 0.0, np.where(t == -np.inf, 1.0, self._mean(sf, t)))

    def between(self, low: FloatArray, high: FloatArray) -> FloatArray:
        """P(low < duration <= high), from the nearer tail; of those who did not leave, up to a factor."""
        if self._total is not None:
            last = len(self._total) - 1
            places = [np.clip(np.where(np.isfinite(t), t, last) + 1.0, 0.0, last).astype(np.int64) for t in (low, high)]
            return np.asarray(self._total[places[1]] - self._total[places[0]])
        below = self.cdf(low)
        return np.where(below > 0.5, self.sf(low) - self.sf(high), self.cdf(high) - below)

    def density(self, t: FloatArray) -> FloatArray:
        """Density at t, by central differences of the distribution function."""
        step = np.maximum(1e-5 * np.abs(t), 1e-9)
        return self.between(t - step, t + step) / (2.0 * step)


def log_likelihood(duration: Distribution, seen: Observed) -> float:
    """The log-likelihood of a distribution."""
    law = Law(duration, seen)
    if seen.loss > 0.0:
        mass, view = law.between(seen.low, seen.high), law.between(seen.entry, seen.until)
    else:
        # many durations are alike in whole days: the distribution function is taken once for each
        days, (low, high, entry, until) = seen.places
        ends = np.array([-np.inf, np.inf])
        at = np.concatenate([days, ends])
        below, above = law.cdf(at), law.sf(at)

        def between(start: IntArray, end: IntArray) -> FloatArray:
            return np.where(below[start] > 0.5, above[start] - above[end], below[end] - below[start])

        mass, view = between(low, high), between(entry, until)
        exact = seen.low == seen.high
        if exact.any():
            mass = np.where(exact, law.density(np.where(exact, seen.low, 1.0)), mass)
    terms = np.log(np.maximum(mass, LEAST_PROBABILITY)) - np.log(np.maximum(view, LEAST_PROBABILITY))
    return float((seen.weight * terms).sum())


@dataclass(frozen=True, eq=False)
class Maximum:
    """A maximum of a log-likelihood: free parameters, their covariance, and the value there."""

    point: FloatArray
    covariance: FloatArray
    value: float

    @property
    def sd(self) -> FloatArray:
        """Standard errors."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    @property
    def is_determined(self) -> bool:
        """Whether the data bound every parameter."""
        return bool(np.isfinite(self.covariance).all() and (np.diag(self.covariance) > 0.0).all())


def maximise(
    value: Callable[[FloatArray], float], start: Sequence[float] | FloatArray, covariance: bool = True
) -> Maximum:
    """The maximum of a function of free parameters, from a point near it; covariance by the observed information."""

    def negative(point: FloatArray) -> float:
        try:
            found = -value(point)
        except (OverflowError, ValueError, ZeroDivisionError):  # parameters that no distribution has
            return 1e300
        return found if np.isfinite(found) else 1e300

    point = np.array(start, dtype=np.float64)
    rough = optimize.minimize(negative, point, method="BFGS", options={"gtol": 1e-5, "maxiter": 300})
    # what is left to be gained by Newton's step; differences of likelihoods have no more digits
    left = 0.5 * float(rough.jac @ rough.hess_inv @ rough.jac) if np.isfinite(rough.x).all() else np.inf
    if not left < GAIN or rough.fun >= 1e299:
        point = rough.x if np.isfinite(rough.x).all() and rough.fun <= negative(point) else point
        rough = optimize.minimize(
            negative,
            point,
            method="Nelder-Mead",
            options={"xatol": 1e-8, "fatol": 1e-9, "maxiter": 4000, "maxfev": 4000},
        )
    best = np.asarray(rough.x, dtype=np.float64)
    if not covariance:
        return Maximum(best, np.full((len(best), len(best)), np.nan), -float(rough.fun))
    spread = _inverse(hessian(negative, best))
    # the last digits by a step of Newton, which the differences of a search do not reach
    step, unit = 1e-4, np.eye(len(best)) * 1e-4
    nearer = best - spread @ np.array([(negative(best + e) - negative(best - e)) / (2.0 * step) for e in unit])
    if np.isfinite(nearer).all() and (found := negative(nearer)) <= float(rough.fun):
        return Maximum(nearer, spread, -found)
    return Maximum(best, spread, -float(rough.fun))


def hessian(value: Callable[[FloatArray], float], point: FloatArray, step: float = 1e-3) -> FloatArray:
    """Second derivatives by central differences, shape (parameters, parameters)."""
    size = len(point)
    found = np.empty((size, size))
    unit = np.eye(size) * step
    here = value(point)
    for i in range(size):
        found[i, i] = (value(point + unit[i]) - 2.0 * here + value(point - unit[i])) / step**2
        for j in range(i):
            corners = (
                value(point + unit[i] + unit[j])
                - value(point + unit[i] - unit[j])
                - value(point - unit[i] + unit[j])
                + value(point - unit[i] - unit[j])
            )
            found[i, j] = found[j, i] = corners / (4.0 * step**2)
    return found


def _inverse(information: FloatArray) -> FloatArray:
    try:
        return np.asarray(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)


def aicc(value: float, parameters: int, n: float) -> float:
    """Akaike's criterion, corrected for small numbers (Hurvich and Tsai, Biometrika 1989;76:297)."""
    left = n - parameters - 1.0
    return 2.0 * parameters - 2.0 * value + (2.0 * parameters * (parameters + 1.0) / left if left > 0.0 else np.inf)


# Differences of this criterion below 2 are no evidence (Burnham and Anderson, Model Selection, 2nd ed. 2002, 2.6).
NO_EVIDENCE = 2.0


def by_preference(scores: Mapping[str, float], size: Mapping[str, int]) -> list[str]:
    """The families, the preferred one first: the least criterion, or one with fewer parameters that is no worse."""
    ranked = sorted(scores, key=lambda name: scores[name])
    if not ranked:
        return []
    as_good = [name for name in ranked if scores[name] < scores[ranked[0]] + NO_EVIDENCE]
    best = min(as_good, key=lambda name: (size[name], scores[name]))
    return [best, *(name for name in ranked if name != best)]
