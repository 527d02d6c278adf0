"""The days on which dated slots are offered, and those on which the manufacturer takes some of them back."""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import date, timedelta

import numpy as np

from sim.pieces.protocol import CapacitySteps
from sim.pure.distributions import Distribution
from sim.scenario import Scenario
from sim.scenario.opening import WEEKDAYS, Disruption
from sim.scenario.people import Run

Places = tuple[tuple[CapacitySteps, tuple[Disruption, ...]], ...]


def offer_days(run: Run, every: str, weekday: str) -> tuple[float, ...]:
    """Days since the start on which slots are offered: the first of each calendar month, a day of each week, or all."""
    last = run.start + timedelta(days=run.warm_up + run.window + run.follow_up)
    day = run.start
    if every == "week":
        day += timedelta(days=(WEEKDAYS.index(weekday) - day.weekday()) % 7)
        dates = [day + timedelta(weeks=k) for k in range((last - day).days // 7 + 1)]
    elif every == "day":
        dates = [day + timedelta(days=k) for k in range((last - day).days + 1)]
    else:
        months = range(day.year * 12 + day.month - 1, last.year * 12 + last.month)
        dates = [date(month // 12, month % 12 + 1, 1) for month in months]
    return tuple(float((d - run.start).days) for d in dates if d >= run.start)


def withdrawals(
    s: Scenario, offers: tuple[float, ...], counts: tuple[int, ...], lines: tuple[Places, ...]
) -> tuple[tuple[float, ...], ...]:
    """For each pool and slot, in order of offer, the day on which it is taken back; empty where none is.

    A slot implies a manufacture that starts when the cells can be at the factory at the earliest. It is taken back
    where the lines that could start it are closed then, once that is announced; `lines`: of each pool the places where
    there are some, each with its units by day and its shut-downs. Lines cut by date from L to l (L: the most so far)
    take back all slots where l is 0 and, where cuts count too, the part (L - l) / L of each offer, rounded down: its
    last. What changes by date is known from the start.
    """
    slots = s.manufacturing.slots
    if slots is None or slots.withdrawn_by == "nothing" or not any(_ever_fewer(places) for places in lines):
        return ()
    until_start = slots.lead
    if slots.claimed == "before_apheresis":
        until_start += least(s.apheresis.duration) + least(s.shipping.to_factory)
    found = []
    for count, places in zip(counts, lines, strict=True):
        days: list[float] = []
        for offer in offers:
            start = offer + until_start
            announced = max(_announced(start, *place) for place in places)
            fewer = _cut(start, count, places, slots.withdrawn_by == "cuts")
            days += [min(announced, -math.inf if k >= count - fewer else math.inf) for k in range(count)]
        found.append(tuple(days))
    return tuple(found) if any(day < math.inf for days in found for day in days) else ()


def _ever_fewer(places: Places) -> bool:
    """Whether there are ever fewer lines than before, or none."""
    return any(shut or len(units) > 1 or units[0][1] == 0.0 for units, shut in places)


def least(duration: Distribution) -> float:
    """The shortest that a duration can be."""
    return float(duration.quantile(np.zeros(1))[0])


def _announced(day: float, units: CapacitySteps, shut: tuple[Disruption, ...]) -> float:
    """When it became known that there are no lines on a day; infinite where there are some."""
    known = [d.announced_day for d in shut if d.first_day <= day < d.end]
    return -math.inf if _units_on(units, day) == 0.0 else min(known, default=math.inf)


def _cut(day: float, count: int, places: Places, counts: bool) -> int:
    """How many of `count` slots a day's lines, fewer than the most before it, take back."""
    if not counts:
        return 0
    since = sorted({0.0, *(d for units, _ in places for d, _ in units if d <= day)})
    there = [sum(_units_on(units, d) for units, _ in places) for d in since]
    most, now = max(there), there[-1]
    return 0 if math.isinf(most) or most == 0.0 else math.floor(count * (most - now) / most)


def _units_on(units: CapacitySteps, day: float) -> float:
    return units[bisect_right([since for since, _ in units], day) - 1][1]
