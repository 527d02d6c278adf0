"""What is left of a duration of which a part is lived: S^-1(u S(e)) - e, by survival functions S.

In terms of survival no digit is lost far out in a tail, where a distribution function is 1 but for rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.pure.arrays import FloatArray
from sim.pure.distributions import (
    Distribution,
    Empirical,
    Exponential,
    Fixed,
    Gamma,
    Lognormal,
    Triangular,
    TruncatedNormal,
    Uniform,
    Weibull,
    truncated_normal,
)


def survival(duration: Distribution, days: FloatArray) -> FloatArray:
    """The share of durations that are longer than so many days; shape as `days`."""
    at = np.asarray(days, dtype=np.float64)
    match duration:
        case Fixed() | Empirical():
            values = np.array([duration.days]) if isinstance(duration, Fixed) else np.array(duration.values)
            return np.asarray(1.0 - np.searchsorted(values, at, side="right") / len(values))
        case Lognormal(median=median, sigma=sigma, shift=shift):
            if sigma == 0.0:
                return np.asarray(np.where(at < median + shift, 1.0, 0.0))
            return np.exp(_log_above(_score(at - shift, median, sigma)))
        case Exponential(mean_days=mean, shift=shift):
            return np.exp(-np.maximum(at - shift, 0.0) / mean)
        case Weibull(shape=shape, scale=scale, shift=shift):
            return np.exp(-((np.maximum(at - shift, 0.0) / scale) ** shape))
        case Gamma(mean_days=mean, shape=shape, shift=shift):
            from scipy.special import gammaincc

            return np.asarray(gammaincc(shape, np.maximum(at - shift, 0.0) * shape / mean))
        case Uniform(low=low, high=high):
            if low == high:
                return np.asarray(np.where(at < low, 1.0, 0.0))
            return np.asarray(np.clip((high - at) / (high - low), 0.0, 1.0))
        case Triangular(low=low, mode=mode, high=high):
            if low == high:
                return np.asarray(np.where(at < low, 1.0, 0.0))
            within = np.clip(at, low, high)
            below = (within - low) ** 2 / ((high - low) * max(mode - low, np.finfo(float).tiny))
            above = (high - within) ** 2 / ((high - low) * max(high - mode, np.finfo(float).tiny))
            return np.where(within < mode, 1.0 - below, above)
        case TruncatedNormal(mean_days=mean, sd=sd, low=low, high=high):
            first, last = _log_above((low - mean) / sd), _log_above((high - mean) / sd)
            here = _log_above((np.clip(at, low, high) - mean) / sd)
            return np.asarray(
                np.expm1(here - last) / np.expm1(first - last) if np.isfinite(last) else np.exp(here - first)
            )
        case _:
            raise TypeError(f"no survival function of {type(duration).__name__}")


def longer(duration: Distribution, days: FloatArray, u: FloatArray) -> FloatArray:
    """Durations that are known to be longer than `days`, from uniforms; of the same shape.

    Where none is (survival 0), so many days.
    """
    e, left = np.asarray(days, dtype=np.float64), 1.0 - u
    match duration:
        case Fixed():
            return np.maximum(duration.days, e)
        case Empirical():
            values = np.array(duration.values)
            first = np.searchsorted(values, e, side="right")
            place = np.minimum(first + (u * (len(values) - first)).astype(np.int64), len(values) - 1)
            return np.asarray(np.maximum(values[place], e), dtype=np.float64)
        case Lognormal(median=median, sigma=sigma, shift=shift):
            if sigma == 0.0:
                return np.maximum(median + shift, e)
            from scipy.special import ndtri_exp

            score = -ndtri_exp(_log_above(_score(e - shift, median, sigma)) + np.log1p(-u))
            return np.maximum(median * np.exp(sigma * score) + shift, e)
        case Exponential(mean_days=mean, shift=shift):
            return np.maximum(e, shift) - mean * np.log1p(-u)
        case Weibull(shape=shape, scale=scale, shift=shift):
            lived = (np.maximum(e - shift, 0.0) / scale) ** shape
            return np.maximum(scale * (lived - np.log1p(-u)) ** (1.0 / shape) + shift, e)
        case Gamma(mean_days=mean, shape=shape, shift=shift):
            from scipy.special import gammainccinv

            drawn = gammainccinv(shape, left * survival(duration, e))
            return np.maximum(np.asarray(drawn * mean / shape + shift, dtype=np.float64), e)
        case Uniform(low=low, high=high):
            start = np.clip(e, low, high)
            return np.maximum(start + u * (high - start), e)
        case Triangular(low=low, mode=mode, high=high):
            if low == high:
                return np.maximum(low, e)
            share = left * survival(duration, e)
            late = high - np.sqrt(share * (high - low) * (high - mode))
            early = low + np.sqrt(np.maximum(1.0 - share, 0.0) * (high - low) * (mode - low))
            return np.maximum(np.where(share * (high - low) <= high - mode, late, early), e)
        case TruncatedNormal(mean_days=mean, sd=sd, low=low, high=high):
            start = np.clip(e, low, high)
            found = [truncated_normal(mean, sd, float(s), high, np.array([v])) for s, v in np.nditer([start, u])]
            return np.maximum(np.array(found).reshape(np.shape(start)), e)
        case _:
            raise TypeError(f"no survival function of {type(duration).__name__}")


def _score(days: FloatArray, median: float, sigma: float) -> FloatArray:
    """The standard normal score of a lognormal; minus infinity at 0 days and below."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.maximum(days, 0.0) / median) / sigma)


def _log_above(score: Any) -> FloatArray:
    from scipy.special import log_ndtr

    return np.asarray(log_ndtr(-np.asarray(score)))
