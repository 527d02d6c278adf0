"""Families of durations for fitting: how each turns free parameters into a distribution, and back.

Free parameters are logarithms, so that any real number is allowed. Each is one parameter of the scenario file, chosen
so that estimates of one family depend on each other little (mean and shape of a gamma not at all): what is uncertain is
written for each parameter by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from sim.pure.arrays import FloatArray
from sim.pure.distributions import (
    Distribution,
    Empirical,
    Exponential,
    Fixed,
    Gamma,
    Lognormal,
    Triangular,
    Uniform,
    Weibull,
)


@dataclass(frozen=True)
class Family:
    """A family of durations. `parameters`: (name in the scenario file, whether it is in days) of each free parameter.

    `of`: the distribution of free parameters. `start`: free parameters near data of this mean and standard deviation.
    """

    name: str
    parameters: tuple[tuple[str, bool], ...]
    of: Callable[[FloatArray], Distribution]
    start: Callable[[float, float], tuple[float, ...]]


def _variation(mean: float, sd: float) -> float:
    return min(max(sd / mean, 0.05), 3.0)


def _lognormal_start(mean: float, sd: float) -> tuple[float, ...]:
    sigma = math.sqrt(math.log1p(_variation(mean, sd) ** 2))
    return math.log(mean) - sigma**2 / 2.0, math.log(sigma)


def _weibull_start(mean: float, sd: float) -> tuple[float, ...]:
    shape = min(max(_variation(mean, sd) ** -1.086, 0.3), 30.0)
    return math.log(mean / math.gamma(1.0 + 1.0 / shape)), math.log(shape)


FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family(
            "exponential",
            (("mean", True),),
            lambda p: Exponential(math.exp(p[0])),
            lambda mean, sd: (math.log(mean),),
        ),
        Family(
            "lognormal",
            (("median", True), ("sigma", False)),
            lambda p: Lognormal(math.exp(p[0]), math.exp(p[1])),
            _lognormal_start,
        ),
        Family(
            "gamma",
            (("mean", True), ("shape", False)),
            lambda p: Gamma(math.exp(p[0]), math.exp(p[1])),
            lambda mean, sd: (math.log(mean), -2.0 * math.log(_variation(mean, sd))),
        ),
        Family(
            "weibull",
            (("scale", True), ("shape", False)),
            lambda p: Weibull(math.exp(p[1]), math.exp(p[0])),
            _weibull_start,
        ),
    )
}


def shifted(duration: Distribution, shift: float) -> Distribution:
    """The duration with `shift` added; of the families that are fitted."""
    match duration:
        case Lognormal() | Exponential() | Gamma() | Weibull():
            return replace(duration, shift=shift)
        case _:
            raise TypeError(f"not a family that is fitted: {duration}")


def scaled(base: Distribution, factor: float) -> Distribution:
    """The duration `factor` times as long, with the same shape."""
    match base:
        case Fixed(days):
            return Fixed(days * factor)
        case Lognormal(median, sigma, shift):
            return Lognormal(median * factor, sigma, shift * factor)
        case Triangular(low, mode, high):
            return Triangular(low * factor, mode * factor, high * factor)
        case Uniform(low, high):
            return Uniform(low * factor, high * factor)
        case Exponential(mean_days, shift):
            return Exponential(mean_days * factor, shift * factor)
        case Gamma(mean_days, shape, shift):
            return Gamma(mean_days * factor, shape, shift * factor)
        case Weibull(shape, scale, shift):
            return Weibull(shape, scale * factor, shift * factor)
        case Empirical(values):
            return Empirical(tuple(value * factor for value in values))
        case _:
            raise TypeError(f"not a distribution of a scenario: {base}")


def cdf(duration: Distribution, t: FloatArray) -> FloatArray:
    """P(duration <= t) for each t, of any sign."""
    return _below(duration, t, lower=True)


def sf(duration: Distribution, t: FloatArray) -> FloatArray:
    """P(duration > t) for each t, with its digits in the upper tail."""
    return _below(duration, t, lower=False)


def _below(duration: Distribution, t: FloatArray, lower: bool) -> FloatArray:
    x = t - getattr(duration, "shift", 0.0)
    positive = np.maximum(x, 0.0)
    with np.errstate(divide="ignore", over="ignore"):
        match duration:
            case Lognormal(median, sigma):
                score = (
                    (np.log(positive) - math.log(median)) / sigma if sigma else np.where(x >= median, np.inf, -np.inf)
                )
                return np.asarray(special.ndtr(score if lower else -score))
            case Exponential(mean_days):
                return np.asarray(-np.expm1(-positive / mean_days) if lower else np.exp(-positive / mean_days))
            case Gamma(mean_days, shape):
                inside = positive * shape / mean_days
                return np.asarray(special.gammainc(shape, inside) if lower else special.gammaincc(shape, inside))
            case Weibull(shape, scale):
                hazard = (positive / scale) ** shape
                return np.asarray(-np.expm1(-hazard) if lower else np.exp(-hazard))
            case Fixed(days):
                below = (t >= days).astype(float)
            case Uniform(low, high):
                below = np.clip((t - low) / (high - low), 0.0, 1.0) if high > low else (t >= low).astype(float)
            case Triangular():
                below = _triangular(duration, t)
            case Empirical(values):
                below = np.searchsorted(np.array(values), t, side="right") / len(values)
            case _:
                raise TypeError(f"not a distribution of a scenario: {duration}")
    return np.asarray(below if lower else 1.0 - below)


def _triangular(d: Triangular, t: FloatArray) -> FloatArray:
    width, rise, fall = d.high - d.low, d.mode - d.low, d.high - d.mode
    rising = np.clip(t - d.low, 0.0, rise) ** 2 / (width * rise) if rise else np.zeros_like(t)
    falling = np.clip(d.high - t, 0.0, fall) ** 2 / (width * fall) if fall else np.zeros_like(t)
    return np.where(t < d.mode, rising, np.where(t >= d.high, 1.0, 1.0 - falling))
