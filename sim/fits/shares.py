"""Shares and rates: what a register counts, with a beta or gamma posterior."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.stats import chi2

from sim.fits.few import ENOUGH_PATIENTS, missing, weight_of_base
from sim.pure.arrays import FloatArray
from sim.records.small import told
from sim.scenario.units import DAYS_PER_UNIT

JEFFREYS = 0.5
YEAR = 365.25
LEAST_P = 0.05


@dataclass(frozen=True)
class Share:
    """A share with its beta posterior of parameters `a` and `b`."""

    a: float
    b: float
    events: int
    n: int
    weight_of_base: float
    status: str
    note: str

    @property
    def mean(self) -> float:
        """The mean of the posterior."""
        return self.a / (self.a + self.b)

    @property
    def pooled(self) -> float:
        """Events by patients, with those for whom the base counts."""
        return (self.a - JEFFREYS) / (self.a + self.b - 2.0 * JEFFREYS)

    @property
    def estimate(self) -> float:
        """Events by patients, or the posterior mean where that would be 0 or 1 or near it.

        So it is right on average, which the mean of the posterior is not.
        """
        events, others = self.a - JEFFREYS, self.b - JEFFREYS
        return self.mean if min(events, others) < 1.0 else self.pooled

    @property
    def interval(self) -> tuple[float, float]:
        """The middle 95% of the posterior."""
        return float(special.betaincinv(self.a, self.b, 0.025)), float(special.betaincinv(self.a, self.b, 0.975))


def fit_share(events: int, n: int, base: float) -> Share:
    """The posterior of a share: with a prior of Jeffreys, and the base for the patients that are missing to enough."""
    more = missing(n, ENOUGH_PATIENTS) if 0.0 < base < 1.0 else 0.0
    a, b = events + more * base + JEFFREYS, n - events + more * (1.0 - base) + JEFFREYS
    if not more:
        return Share(a, b, events, n, 0.0, "fitted", "beta posterior")
    note = f"{told(n)} patients: the base counts for those that are missing to {ENOUGH_PATIENTS}"
    return Share(a, b, events, n, weight_of_base(n, ENOUGH_PATIENTS), "shrunk", note)


@dataclass(frozen=True)
class Referrals:
    """A rate of referral a day, with its standard deviation, from `n` referrals in so many days."""

    rate: float
    sd: float
    n: int
    days: float
    note: str

    @property
    def interval(self) -> tuple[float, float]:
        """The middle 95% of a gamma of this mean and standard deviation."""
        shape = (self.rate / self.sd) ** 2
        low, high = special.gammaincinv(shape, 0.025), special.gammaincinv(shape, 0.975)
        return float(low * self.rate / shape), float(high * self.rate / shape)


def fit_referrals(count: int, days: float, dispersion: float) -> Referrals:
    """The rate behind `count` referrals in `days`, which the base has no part in; of none, the mean of Jeffreys'
    posterior, which is half a referral in that time."""
    number = max(float(count), JEFFREYS)
    over = f"interval widened for overdispersion {dispersion:.2g}" if dispersion > 1.0 else ""
    few = "" if count else "nobody was referred: taken as half a referral in that time"
    return Referrals(
        number / days, math.sqrt(number * dispersion) / days, count, days, "; ".join(filter(None, (few, over)))
    )


def constancy(day: FloatArray, start: float, end: float) -> Mapping[str, tuple[float, float]]:
    """(statistic, p value) of tests that referrals come at a constant rate between two days: trend, season, dispersion.

    Trend: the mean of uniform times (Laplace). Dispersion: variance of counts of months over their mean (Fisher).
    Season: counts by month of the year against the days of each that were seen, where a year was.
    """
    inside = day[(day >= start) & (day < end)]
    length = end - start
    found: dict[str, tuple[float, float]] = {}
    if len(inside) < 2:
        return found
    z = (float(((inside + 0.5 - start) / length).mean()) - 0.5) * math.sqrt(12.0 * len(inside))
    found["trend"] = z, float(2.0 * special.ndtr(-abs(z)))
    month = DAYS_PER_UNIT["month"]
    months = int(length // month)
    if months >= 3 and len(inside) >= months:
        counts = np.bincount(((inside - start) // month).astype(np.int64), minlength=months)[:months]
        index = float(counts.var(ddof=1) / max(counts.mean(), 1e-9))
        found["dispersion"] = index, float(chi2.sf(index * (months - 1), months - 1))
    if length >= YEAR and len(inside) >= 60:
        phase = np.clip(((inside % YEAR) / month).astype(np.int64), 0, 11)
        all_days = np.clip(((np.arange(start, end) % YEAR) / month).astype(np.int64), 0, 11)
        expected = np.bincount(all_days, minlength=12) / length * len(inside)
        statistic = float(((np.bincount(phase, minlength=12) - expected) ** 2 / expected).sum())
        found["season"] = statistic, float(chi2.sf(statistic, 11))
    return found


@dataclass(frozen=True)
class Supply:
    """Slots at each offer, where the list was never empty: the count in most periods, and how many of them."""

    count: int
    alike: int
    periods: int
    mean: float


def slot_supply(listed: FloatArray, slot: FloatArray, gone: FloatArray, start: float, end: float, period: float,
                first: float) -> Supply | None:  # fmt: skip
    """What was offered in periods of `period` days from `first` on in which somebody always waited; None without any.

    `listed`, `slot`, `gone`: days on which each patient joined the list, was given a slot, and left without one.
    """
    left = np.fmin(np.where(np.isnan(slot), np.inf, slot), np.where(np.isnan(gone), np.inf, gone))
    days = np.arange(math.floor(start), math.floor(end) + 1.0)
    joined, through = np.sort(listed[np.isfinite(listed)]), np.sort(left[np.isfinite(listed)])
    waiting = np.searchsorted(joined, days, side="right") - np.searchsorted(through, days, side="right")
    claims = np.bincount(
        np.searchsorted(days, np.sort(slot[np.isfinite(slot) & (slot >= days[0])])), minlength=len(days)
    )
    number = np.floor((days - first) / period).astype(np.int64)
    counts = []
    for k in np.unique(number):
        mine = number == k
        if mine.sum() >= period and (waiting[mine] > 0).all():
            counts.append(int(claims[: len(days)][mine].sum()))
    if not counts:
        return None
    values, often = np.unique(counts, return_counts=True)
    return Supply(int(values[often.argmax()]), int(often.max()), len(counts), float(np.mean(counts)))
