"""Waiting-survival shapes as values, and their cumulative hazards as piecewise-linear tables.

A clock's event falls where its accumulated hazard reaches a unit-exponential threshold. Engines only ever see
the tables, because bit-identity between engines forbids transcendental functions inside their loops.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from sim.pure.arrays import FloatArray

# Largest relative error of a table against the exact cumulative hazard.
TABLE_ERROR = 1e-6
# Below this cumulative hazard (one patient in 10^12) a table may be cruder; above `LAST_HAZARD` nobody is left.
FIRST_HAZARD = 1e-12
LAST_HAZARD = 50.0
# Where a survival table falls to 0, two patients in 10^9 are left when its hazard is cut: floats resolve no more.
CUT_HAZARD = 20.0
LONGEST_DAYS = 1e9


@dataclass(frozen=True, eq=False)
class HazardTable:
    """A cumulative hazard: `hazards[k]` at `days[k]`, rising by `rates[k]` a day from there to the next knot.

    `days[0]` and `hazards[0]` are 0. The last rate goes on for ever; 0 means the event never happens after it.
    """

    days: FloatArray
    hazards: FloatArray
    rates: FloatArray

    @property
    def never(self) -> bool:
        """Whether the clock never runs."""
        return len(self.days) == 1 and float(self.rates[0]) == 0.0

    def hazard(self, age: FloatArray) -> FloatArray:
        """Cumulative hazard at each age (days since the clock's origin)."""
        if len(self.days) == 1:
            return np.asarray(self.rates[0] * age)
        k = np.searchsorted(self.days, age, side="right") - 1
        return np.asarray(self.hazards[k] + self.rates[k] * (age - self.days[k]))

    def age(self, hazard: FloatArray) -> FloatArray:
        """First age in days at which the cumulative hazard is reached; infinite where it never is."""
        if self.never:
            return np.where(hazard <= 0.0, 0.0, np.inf)
        if len(self.days) == 1:
            with np.errstate(over="ignore"):
                return np.asarray(np.maximum(hazard / self.rates[0], 0.0))
        k = np.maximum(np.searchsorted(self.hazards, hazard, side="left") - 1, 0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            reached = self.days[k] + (hazard - self.hazards[k]) / self.rates[k]
        never = (k == len(self.days) - 1) & (self.rates[k] == 0.0)
        return np.where(hazard <= 0.0, 0.0, np.where(never, np.inf, reached))


class Survival(Protocol):
    """A waiting-survival shape: how hazard accumulates with the days since the clock's origin."""

    def hazard(self, days: FloatArray) -> FloatArray:
        """Exact cumulative hazard at the given days."""

    def grid(self, points: int) -> FloatArray:
        """About `points` increasing positive days between which the hazard is close to linear, kinks included."""

    def __hash__(self) -> int:
        """Shapes are values: equal ones share a table."""


def _between(first: float, last: float, points: int) -> FloatArray:
    last = min(last, LONGEST_DAYS)
    return np.geomspace(min(first, last / 2), last, points)


@dataclass(frozen=True)
class Never:
    """The event does not happen."""

    def hazard(self, days: FloatArray) -> FloatArray:
        return np.zeros_like(days)

    def grid(self, points: int) -> FloatArray:
        return np.empty(0)


@dataclass(frozen=True)
class Exponential:
    """Constant hazard, `rate` per day."""

    rate: float

    def hazard(self, days: FloatArray) -> FloatArray:
        return self.rate * days

    def grid(self, points: int) -> FloatArray:
        if self.rate <= 0.0:
            return np.empty(0)
        return _between(FIRST_HAZARD / self.rate, LAST_HAZARD / self.rate, points)


@dataclass(frozen=True)
class Weibull:
    """Cumulative hazard (t / scale)^shape; scale in days."""

    shape: float
    scale: float

    def hazard(self, days: FloatArray) -> FloatArray:
        return np.asarray((days / self.scale) ** self.shape)

    def grid(self, points: int) -> FloatArray:
        ends = np.array([FIRST_HAZARD, LAST_HAZARD]) ** (1.0 / self.shape) * self.scale
        return _between(ends[0], ends[1], points)


@dataclass(frozen=True)
class LogLogistic:
    """Survival 1 / (1 + (t / scale)^shape); scale is the median in days."""

    shape: float
    scale: float

    def hazard(self, days: FloatArray) -> FloatArray:
        return np.log1p((days / self.scale) ** self.shape)

    def grid(self, points: int) -> FloatArray:
        ends = np.expm1(np.array([FIRST_HAZARD, LAST_HAZARD])) ** (1.0 / self.shape) * self.scale
        return _between(ends[0], ends[1], points)


@dataclass(frozen=True)
class Piecewise:
    """Constant hazards: `rates[k]` per day from `days[k]` on; `days[0]` is 0."""

    days: tuple[float, ...]
    rates: tuple[float, ...]

    def hazard(self, days: FloatArray) -> FloatArray:
        knots, rates = np.array(self.days), np.array(self.rates)
        total = np.concatenate([[0.0], np.cumsum(rates[:-1] * np.diff(knots))])
        k = np.searchsorted(knots, days, side="right") - 1
        return np.asarray(total[k] + rates[k] * (days - knots[k]))

    def grid(self, points: int) -> FloatArray:
        top = max(self.rates)
        if top <= 0.0:
            return np.array(self.days[1:])
        last = self.days[-1] + (LAST_HAZARD / self.rates[-1] if self.rates[-1] > 0.0 else 1.0)
        return np.union1d(self.days[1:], _between(FIRST_HAZARD / top, last, points))


@dataclass(frozen=True)
class Cured:
    """Mixture cure: a `share` never has the event, the rest follow `of`."""

    share: float
    of: Survival

    def hazard(self, days: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):  # nobody is left where nobody is cured
            return -np.log1p(-(1.0 - self.share) * -np.expm1(-self.of.hazard(days)))

    def grid(self, points: int) -> FloatArray:
        knots = self.of.grid(points)
        if not isinstance(self.of, SurvivalTable):
            return knots
        # between two rows the hazard of the others is a line, and that of all is none
        ends = np.append(self.of.days, self.of.days[-1] + self.of.tail())
        between = np.linspace(ends[:-1], ends[1:], max(2, points // len(ends)) + 1)
        return np.union1d(knots, between[between > 0.0])


@dataclass(frozen=True)
class SurvivalTable:
    """Observed survival at given days; the hazard is constant between two days.

    `after`: the hazard per day behind the last row; None for that of the last two rows. Where the table falls to 0,
    everybody left has the event by that day, evenly over the last interval, and nothing comes after.
    """

    days: tuple[float, ...]
    survival: tuple[float, ...]
    after: float | None = None

    def hazard(self, days: FloatArray) -> FloatArray:
        knots = np.array(self.days)
        with np.errstate(divide="ignore"):
            total = -np.log(np.array(self.survival))
        if math.isinf(total[-1]):
            start, width = knots[-2], knots[-1] - knots[-2]
            gone = np.clip((days - start) / width, 0.0, -math.expm1(-CUT_HAZARD))
            before = np.interp(days, knots[:-1], total[:-1])
            return np.asarray(np.where(days <= start, before, total[-2] - np.log1p(-gone)))
        rate = self.last_rate() if self.after is None else self.after
        return np.asarray(np.interp(days, knots, total) + rate * np.maximum(days - knots[-1], 0.0))

    def last_rate(self) -> float:
        """The hazard per day between the last two rows, where the last is above 0."""
        return float((np.log(self.survival[-2]) - np.log(self.survival[-1])) / (self.days[-1] - self.days[-2]))

    def tail(self) -> float:
        """Days behind the last row until hardly anybody is left; 1 where nobody is, or nobody has the event."""
        rate = 0.0 if self.survival[-1] == 0.0 else self.last_rate() if self.after is None else self.after
        return LAST_HAZARD / rate if rate > LAST_HAZARD / LONGEST_DAYS else 1.0

    def grid(self, points: int) -> FloatArray:
        knots = np.array(self.days[1:])
        if self.survival[-1] > 0.0:
            return knots
        start, width = self.days[-2], self.days[-1] - self.days[-2]
        # close together where the first have the event, even so where the last have it
        steps = np.union1d(np.geomspace(FIRST_HAZARD, CUT_HAZARD, points), np.linspace(0.0, CUT_HAZARD, points + 1)[1:])
        return np.union1d(knots, start + width * -np.expm1(-steps))


@dataclass(frozen=True)
class Net:
    """One of two events, from the time to `either` of them and that to the `other`.

    With independent clocks its cumulative hazard is H of `either` less that of `other`. With clocks that share a gamma
    frailty of strength s (see `frailty`) the time to the first of two events has the survival
    (exp(s H) + exp(s H_other) - 1)^(-1/s), so that H = log(1 + exp(s H_either) - exp(s H_other)) / s.
    """

    either: Survival
    other: Survival
    strength: float = 0.0

    def hazard(self, days: FloatArray) -> FloatArray:
        either, other = self.either.hazard(days), self.other.hazard(days)
        if self.strength == 0.0:
            return np.asarray(either - other)
        s = self.strength
        return np.asarray(either + np.log1p(-np.exp(-s * either) * np.expm1(s * other)) / s)

    def grid(self, points: int) -> FloatArray:
        days = np.union1d(self.either.grid(points), self.other.grid(points))
        # behind them nobody is left, and the difference of two hazards is lost in their digits
        return days[self.either.hazard(days) <= LAST_HAZARD]


def net(either: Survival, other: Survival, strength: float = 0.0) -> Survival:
    """The clock of one of two events alone, from that of either and that of the other; see `Net`."""
    if isinstance(either, Never) or isinstance(other, Never):
        return either
    if strength == 0.0 and isinstance(either, Exponential) and isinstance(other, Exponential):
        return Exponential(either.rate - other.rate)
    return Net(either, other, strength)


def exceeds(other: Survival, either: Survival) -> float | None:
    """The first day, roughly, on which the hazard of one of two events is above that of either; None where it never is.

    Such clocks cannot both be true. Looked at until two in 10^9 are left.
    """
    days = np.concatenate([[0.0], np.union1d(either.grid(512), other.grid(512))])
    days = days[either.hazard(days) <= CUT_HAZARD]
    step, part = np.diff(either.hazard(days)), np.diff(other.hazard(days))
    above = np.flatnonzero(part > step * (1.0 + TABLE_ERROR) + FIRST_HAZARD)
    return float(days[above[0]]) if len(above) else None


def hazard_table(shape: Survival) -> HazardTable:
    """The shape's cumulative hazard as a table with a relative error of at most `TABLE_ERROR`.

    Shapes that are piecewise linear by themselves keep their own knots. Others get knots evenly spaced on a
    logarithmic scale, doubled until the error half-way between any two knots is small enough.
    """
    if isinstance(shape, Never):
        return HazardTable(np.zeros(1), np.zeros(1), np.zeros(1))
    if isinstance(shape, Exponential):
        return HazardTable(np.zeros(1), np.zeros(1), np.array([shape.rate]))
    if isinstance(shape, Piecewise):
        days = np.array(shape.days)
        return HazardTable(days, shape.hazard(days), np.array(shape.rates))
    points = 256
    while True:
        table = _tabulate(shape, np.concatenate([[0.0], shape.grid(points)]))
        if _worst_error(shape, table) <= TABLE_ERROR:
            return table
        points *= 2
        if points > 2**22:
            raise ArithmeticError(f"no table within {TABLE_ERROR} of {shape}")


@lru_cache(maxsize=256)
def known_table(shape: Survival) -> HazardTable:
    """`hazard_table` of the shape, made once for all who ask again."""
    return hazard_table(shape)


def _tabulate(shape: Survival, days: FloatArray) -> HazardTable:
    hazards = np.maximum.accumulate(shape.hazard(days))
    rising = np.concatenate([[True], np.diff(days) > 0.0])
    days, hazards = days[rising], hazards[rising]
    rates = np.diff(hazards) / np.diff(days)
    last = 0.0 if _bounded(shape) else (rates[-1] if len(rates) else 0.0)
    if isinstance(shape, SurvivalTable) and shape.after is not None:
        last = shape.after
    return HazardTable(days, hazards, np.append(rates, last))


def _bounded(shape: Survival) -> bool:
    """Whether some patients never have the event, so that the table must end flat."""
    if isinstance(shape, Net):
        return _bounded(shape.either)
    return isinstance(shape, Cured) and shape.share > 0.0


def _worst_error(shape: Survival, table: HazardTable) -> float:
    middle = (table.days[:-1] + table.days[1:]) / 2
    exact = shape.hazard(middle)
    judged = exact > FIRST_HAZARD
    if not judged.any():
        return 0.0
    return float(np.max(np.abs(table.hazard(middle[judged]) / exact[judged] - 1.0)))
