"""Curves of what was observed, without a family: Kaplan-Meier, its quantiles, and Aalen-Johansen where causes compete.

All allow for left truncation: who comes into view late is at risk from then on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from sim.fits.likelihood import Observed
from sim.pure.arrays import FloatArray, IntArray

Z = float(ndtri(0.975))


@dataclass(frozen=True, eq=False)
class Curve:
    """A share by day since a beginning, its 95% band, and how many were at risk; one entry a day with an event."""

    day: FloatArray
    share: FloatArray
    low: FloatArray
    high: FloatArray
    at_risk: FloatArray


def at_risk(days: FloatArray, entry: FloatArray, end: FloatArray, weight: FloatArray) -> FloatArray:
    """How many are in view just before each of these days: entered before it, and not ended before it."""
    order_in, order_out = np.argsort(entry, kind="stable"), np.argsort(end, kind="stable")
    came = np.concatenate([[0.0], np.cumsum(weight[order_in])])
    left = np.concatenate([[0.0], np.cumsum(weight[order_out])])
    entered = came[np.searchsorted(entry[order_in], days, side="left")]
    ended = left[np.searchsorted(end[order_out], days, side="left")]
    return np.asarray(entered - ended)


def kaplan_meier(seen: Observed) -> Curve:
    """The survival of durations, those known to a day or censored; bands by log(-log)."""
    seen = seen.of(np.flatnonzero(seen.ended | ~np.isfinite(seen.high)))
    events = seen.ended
    end = np.where(events, seen.high, seen.low)
    if np.isfinite(seen.until).any():
        return _reversed(seen, end)
    days = np.unique(end[events])
    died = _count(days, end[events], seen.weight[events])
    risk = at_risk(days, seen.entry, end, seen.weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(1.0 - died / risk)
        spread = np.sqrt(np.cumsum(died / (risk * (risk - died))))
        log = np.log(survival)
        wide = Z * spread / np.abs(log)
        low, high = survival ** np.exp(wide), survival ** np.exp(-wide)
    inside = (survival > 0.0) & (survival < 1.0) & np.isfinite(wide)
    bands = np.where(inside, low, np.nan), np.where(inside, high, np.nan)
    return Curve(days, np.asarray(survival, dtype=np.float64), *bands, risk)


def _reversed(seen: Observed, end: FloatArray) -> Curve:
    """The survival of right-truncated durations, conditional on the longest that could be seen: in reversed time
    (Lagakos, Barraj and De Gruttola, Biometrika 1988;75:515)."""
    days = np.unique(end)
    died = _count(days, end, seen.weight)
    # in view at day t: those not longer than t whose limit is not below it
    below = at_risk(-days, -seen.until - 0.5, -end, seen.weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        keep = 1.0 - died / np.maximum(below, died)
    shorter = np.concatenate([np.cumprod(keep[::-1])[::-1][1:], [1.0]])
    nothing = np.full(len(days), np.nan)
    return Curve(days, 1.0 - shorter, nothing, nothing, below)


def _count(days: FloatArray, events: FloatArray, weight: FloatArray) -> FloatArray:
    counts = np.bincount(np.searchsorted(days, events), weights=weight, minlength=len(days))
    return np.asarray(counts[: len(days)], dtype=np.float64)


def quantiles(curve: Curve, shares: FloatArray) -> FloatArray:
    """Days by which each share has come to its end; NaN where the curve does not come so far."""
    place = np.searchsorted(-curve.share, -(1.0 - shares) - 1e-12, side="left")
    return np.where(place < len(curve.day), np.append(curve.day, np.nan)[np.minimum(place, len(curve.day))], np.nan)


def aalen_johansen(entry: FloatArray, end: FloatArray, cause: IntArray, causes: int) -> list[Curve]:
    """Cumulative incidence of each of the causes 1..`causes` (0: censored), with Gray's bands on the plain scale.

    Variance by the delta method (Aalen; Marubini and Valsecchi 1995, formula 10.12).
    """
    ones = np.ones(len(end))
    days = np.unique(end[cause > 0])
    if not len(days):
        return [Curve(*(np.empty(0),) * 5)] * causes
    risk = at_risk(days, entry, end, ones)
    each = np.array([_count(days, end[cause == k], ones[cause == k]) for k in range(1, causes + 1)])
    every = each.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(1.0 - every / risk)
        before = np.concatenate([[1.0], survival[:-1]])
        rise = before * each / risk
        share = np.cumsum(rise, axis=1)
        overall = np.where(risk > every, every / (risk * (risk - every)), 0.0)
        a = np.cumsum(overall)
        b = np.cumsum(before**2 * each * (risk - each) / risk**3, axis=1)
        c = np.cumsum(before * each / risk**2, axis=1)
    curves = []
    for k in range(causes):
        rest = share[k]
        var = rest**2 * a - 2.0 * rest * np.cumsum(rest * overall) + np.cumsum(rest**2 * overall) + b[k]
        var -= 2.0 * (rest * c[k] - np.cumsum(rest * before * each[k] / risk**2))
        sd = np.sqrt(np.maximum(var, 0.0))
        curves.append(Curve(days, share[k], np.clip(rest - Z * sd, 0.0, 1.0), np.clip(rest + Z * sd, 0.0, 1.0), risk))
    return curves
