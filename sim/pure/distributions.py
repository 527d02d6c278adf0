"""Durations as values: each turns uniforms into days by its quantile function, a vector at a time.

The parameters describe the part before `shift` is added. All numbers are days unless said otherwise.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from sim.pure.arrays import FloatArray

# Of a truncated normal at least so much of the whole one lies between its ends.
LEAST_LEFT = 1e-6
# The gamma quantile is tabulated over this range of standard normal scores (all but 2 patients in 10^9).
SCORE_LIMIT = 6.0
# Where the logarithm of the gamma quantile falls below this, doubles resolve it no more.
LOG_FLOOR = -600.0
# Largest error of the table, half-way between two knots, in the logarithm of the quantile.
TABLE_ERROR = 2e-10


class Distribution(ABC):
    """A duration in days."""

    @abstractmethod
    def quantile(self, u: FloatArray) -> FloatArray:
        """Days below which the share `u` of durations lies, for each u in [0, 1)."""

    @abstractmethod
    def mean(self) -> float:
        """Expected days."""

    @property
    def is_fixed(self) -> bool:
        """Whether every duration is the same."""
        return False

    @property
    def is_nothing(self) -> bool:
        """Whether a duration is switched off (`0 d`)."""
        return self.is_fixed and self.mean() == 0.0

    def at(self, share: float) -> float:
        """Days below which this share of durations lies."""
        return float(self.quantile(np.array([share]))[0])

    @property
    def least(self) -> float:
        """The shortest duration possible."""
        return self.at(0.0)

    @property
    def most(self) -> float:
        """The longest duration possible; infinite where there is none."""
        with np.errstate(divide="ignore"):
            return self.at(1.0)


def _require(true: bool, message: str) -> None:
    if not true:
        raise ValueError(message)


@dataclass(frozen=True)
class Fixed(Distribution):
    """Always `days`."""

    days: float

    def __post_init__(self) -> None:
        _require(0.0 <= self.days < math.inf, f"a duration is finite and not negative: {self.days}")

    def quantile(self, u: FloatArray) -> FloatArray:
        return np.full_like(u, self.days)

    def mean(self) -> float:
        return self.days

    @property
    def is_fixed(self) -> bool:
        return True


@dataclass(frozen=True)
class Lognormal(Distribution):
    """`median` times exp(`sigma` times a standard normal), plus `shift`."""

    median: float
    sigma: float
    shift: float = 0.0

    def __post_init__(self) -> None:
        _require(0.0 < self.median < math.inf, f"the median of a lognormal is above 0: {self.median}")
        _require(0.0 <= self.sigma < math.inf, f"sigma of a lognormal is not negative: {self.sigma}")
        _require(0.0 <= self.shift < math.inf, f"a shift is finite and not negative: {self.shift}")

    def quantile(self, u: FloatArray) -> FloatArray:
        if self.sigma == 0.0:
            return np.full_like(u, self.median + self.shift)
        from scipy.special import ndtri

        return np.asarray(self.median * np.exp(self.sigma * ndtri(u)) + self.shift)

    def mean(self) -> float:
        return self.median * math.exp(self.sigma**2 / 2.0) + self.shift

    @property
    def is_fixed(self) -> bool:
        return self.sigma == 0.0


@dataclass(frozen=True)
class Triangular(Distribution):
    """A triangular density from `low` over `mode` to `high`."""

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        ordered = 0.0 <= self.low <= self.mode <= self.high < math.inf
        _require(ordered, f"a triangular needs 0 <= low <= mode <= high: {self.low}, {self.mode}, {self.high}")

    def quantile(self, u: FloatArray) -> FloatArray:
        width, rise, fall = self.high - self.low, self.mode - self.low, self.high - self.mode
        rising = self.low + np.sqrt(u * width * rise)
        return np.where(u * width < rise, rising, self.high - np.sqrt((1.0 - u) * width * fall))

    def mean(self) -> float:
        return (self.low + self.mode + self.high) / 3.0

    @property
    def is_fixed(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True)
class Uniform(Distribution):
    """Evenly spread over [`low`, `high`)."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _require(0.0 <= self.low <= self.high < math.inf, f"needs 0 <= low <= high: {self.low}, {self.high}")

    def quantile(self, u: FloatArray) -> FloatArray:
        return np.asarray(self.low + u * (self.high - self.low))

    def mean(self) -> float:
        return (self.low + self.high) / 2.0

    @property
    def is_fixed(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True)
class Exponential(Distribution):
    """Constant hazard 1 / `mean_days`, after `shift`."""

    mean_days: float
    shift: float = 0.0

    def __post_init__(self) -> None:
        _require(0.0 < self.mean_days < math.inf, f"the mean of an exponential is above 0: {self.mean_days}")
        _require(0.0 <= self.shift < math.inf, f"a shift is finite and not negative: {self.shift}")

    def quantile(self, u: FloatArray) -> FloatArray:
        return np.asarray(self.shift - self.mean_days * np.log1p(-u))

    def mean(self) -> float:
        return self.mean_days + self.shift


@dataclass(frozen=True)
class Gamma(Distribution):
    """A gamma of the given mean (before `shift`) and shape; its standard deviation is mean / sqrt(shape)."""

    mean_days: float
    shape: float
    shift: float = 0.0

    def __post_init__(self) -> None:
        _require(0.0 < self.mean_days < math.inf, f"the mean of a gamma is above 0: {self.mean_days}")
        _require(0.0 < self.shape < math.inf, f"the shape of a gamma is above 0: {self.shape}")
        _require(0.0 <= self.shift < math.inf, f"a shift is finite and not negative: {self.shift}")

    def quantile(self, u: FloatArray) -> FloatArray:
        return np.asarray(self.shift + self.mean_days / self.shape * gamma_quantile(self.shape)(u))

    def mean(self) -> float:
        return self.mean_days + self.shift


@dataclass(frozen=True)
class Weibull(Distribution):
    """Survival exp(-(t / `scale`)^`shape`), after `shift`."""

    shape: float
    scale: float
    shift: float = 0.0

    def __post_init__(self) -> None:
        _require(0.0 < self.shape < math.inf, f"the shape of a Weibull is above 0: {self.shape}")
        _require(0.0 < self.scale < math.inf, f"the scale of a Weibull is above 0: {self.scale}")
        _require(0.0 <= self.shift < math.inf, f"a shift is finite and not negative: {self.shift}")

    def quantile(self, u: FloatArray) -> FloatArray:
        return np.asarray(self.shift + self.scale * (-np.log1p(-u)) ** (1.0 / self.shape))

    def mean(self) -> float:
        return self.scale * math.gamma(1.0 + 1.0 / self.shape) + self.shift


@dataclass(frozen=True)
class TruncatedNormal(Distribution):
    """A normal distribution of this mean and standard deviation, cut off below `low` and above `high`."""

    mean_days: float
    sd: float
    low: float = 0.0
    high: float = math.inf

    def __post_init__(self) -> None:
        _require(0.0 < self.sd < math.inf, f"the sd of a truncated normal is above 0: {self.sd}")
        _require(0.0 <= self.low < self.high, f"needs 0 <= low < high: {self.low}, {self.high}")
        left = share_between(*self._scores)
        _require(left >= LEAST_LEFT, f"next to nothing of a truncated normal lies between its ends: {left:.1g}")

    @property
    def _scores(self) -> tuple[float, float]:
        return (self.low - self.mean_days) / self.sd, (self.high - self.mean_days) / self.sd

    def quantile(self, u: FloatArray) -> FloatArray:
        return truncated_normal(self.mean_days, self.sd, self.low, self.high, u)

    def mean(self) -> float:
        low, high = self._scores
        slope = (math.exp(-0.5 * low**2) - math.exp(-0.5 * high**2)) / math.sqrt(2.0 * math.pi)
        return self.mean_days + self.sd * slope / share_between(low, high)


def share_between(low: float, high: float) -> float:
    """The share of a standard normal that lies between two scores."""
    from scipy.special import ndtr

    # from the nearer tail
    return float(ndtr(high) - ndtr(low) if low < 0.0 else ndtr(-low) - ndtr(-high))


def truncated_normal(mean: float, sd: float, low: float, high: float, u: FloatArray) -> FloatArray:
    """Values of a normal distribution cut off below `low` and above `high`, below which the share `u` lies."""
    from scipy.special import ndtr, ndtri

    first, last = (low - mean) / sd, (high - mean) / sd
    below = ndtr(first) + u * (ndtr(last) - ndtr(first))
    above = ndtr(-last) + (1.0 - u) * (ndtr(-first) - ndtr(-last))
    # from the nearer tail
    scores = np.where(below <= 0.5, ndtri(np.minimum(below, 0.5)), -ndtri(np.minimum(above, 0.5)))
    # the ends themselves are off by rounding
    return np.asarray(np.clip(mean + sd * scores, low, high))


@dataclass(frozen=True)
class Empirical(Distribution):
    """One of the observed `values` (days, ascending), each as likely as the next."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        _require(len(self.values) > 0, "an empirical distribution needs at least one value")
        days = self._days
        _require(bool(np.all((days >= 0.0) & (days < math.inf))), "durations are finite and not negative")
        _require(bool(np.all(days[1:] >= days[:-1])), "the values of an empirical distribution ascend")

    @cached_property
    def _days(self) -> FloatArray:
        return np.array(self.values, dtype=np.float64)

    def quantile(self, u: FloatArray) -> FloatArray:
        # u * n may round up to n for the largest u below 1
        position = np.minimum((u * len(self.values)).astype(np.int64), len(self.values) - 1)
        return self._days[position]

    def mean(self) -> float:
        return math.fsum(self.values) / len(self.values)

    @property
    def is_fixed(self) -> bool:
        return self.values[0] == self.values[-1]


@lru_cache(maxsize=256)
def gamma_quantile(shape: float) -> Callable[[FloatArray], FloatArray]:
    """The quantile function of the gamma with this shape and scale 1, to a relative error of 1e-9.

    The exact inverse takes about a microsecond a value. The logarithm of the quantile is smooth in the normal
    score z of u, so it is tabulated once a shape on a uniform grid of z, with its exact slope, and interpolated by
    cubic Hermite polynomials. The grid is halved until it is fine enough. Scores outside the grid, and quantiles
    too small for doubles to resolve, use the exact inverse.
    """
    from scipy.special import gammaincinv, ndtri

    step = 1.0 / 64.0
    while (table := _hermite(shape, step)) is None:
        step /= 2.0
    first, coefficients = table
    intervals = coefficients.shape[1]
    last = first + step * intervals

    def quantile(u: FloatArray) -> FloatArray:
        score = np.asarray(ndtri(u))
        inside = (score >= first) & (score < last)
        every = bool(inside.all())
        # in place, and a column of coefficients at a time: a third of the time of one expression
        rest = (score if every else np.where(inside, score, first)) - first
        rest /= step
        knot = np.minimum(rest.astype(np.int64), intervals - 1)
        rest -= knot
        days: FloatArray = coefficients[3].take(knot)
        for column in coefficients[2::-1]:
            days *= rest
            days += column.take(knot)
        days = np.asarray(np.exp(days))
        if not every:
            days[~inside] = gammaincinv(shape, u[~inside])
        return days

    return quantile


def _hermite(shape: float, step: float) -> tuple[float, FloatArray] | None:
    """(first score, polynomial coefficients of shape (4, intervals)); None where the step is too coarse."""
    count = round(2.0 * SCORE_LIMIT / step) + 1
    scores: FloatArray = -SCORE_LIMIT + step * np.arange(count, dtype=np.float64)
    values = _log_quantile(shape, scores)
    kept = values > LOG_FLOOR
    scores, values = scores[kept], values[kept]
    slopes = _log_slope(shape, scores, values) * step
    rise = np.diff(values)
    table = np.stack([values[:-1], slopes[:-1], 3 * rise - 2 * slopes[:-1] - slopes[1:],
                      slopes[:-1] + slopes[1:] - 2 * rise])  # fmt: skip
    middle = table[0] + 0.5 * (table[1] + 0.5 * (table[2] + 0.5 * table[3]))
    error = np.abs(middle - _log_quantile(shape, scores[:-1] + step / 2.0))
    return (float(scores[0]), table) if float(error.max()) <= TABLE_ERROR or step < 1e-3 else None


def _log_quantile(shape: float, scores: FloatArray) -> FloatArray:
    from scipy.special import gammainccinv, gammaincinv, ndtr

    # from the nearer tail, because 1 - ndtr(z) loses the digits that the upper tail needs
    lower = gammaincinv(shape, ndtr(np.minimum(scores, 0.0)))
    upper = gammainccinv(shape, ndtr(-np.maximum(scores, 0.0)))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.where(scores < 0.0, lower, upper)))


def _log_slope(shape: float, scores: FloatArray, values: FloatArray) -> FloatArray:
    """d log q / dz = normal density at z / (q times gamma density at q)."""
    from scipy.special import gammaln

    normal = -0.5 * scores**2 - 0.5 * math.log(2.0 * math.pi)
    return np.asarray(np.exp(normal - (shape * values - np.exp(values) - gammaln(shape))))
