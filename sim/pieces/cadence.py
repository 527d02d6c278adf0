"""How many dated slots are offered on each day of offers, and when the manufacturer takes some of them back."""

from __future__ import annotations

import math
from bisect import bisect_right

import numpy as np

from sim.pieces.protocol import CapacitySteps
from sim.pure.distributions import Distribution
from sim.scenario import Scenario
from sim.scenario.opening import Disruption

Places = tuple[tuple[CapacitySteps, tuple[Disruption, ...]], ...]


def slots_by_offer(steps: CapacitySteps | None, offers: tuple[float, ...]) -> tuple[int, ...]:
    """How many slots there are on each offer day: as many as are in force on it; none where nothing is said."""
    return tuple(0 if steps is None else int(_units_on(steps, day)) for day in offers)


def withdrawals(
    s: Scenario, offers: tuple[float, ...], counts: tuple[tuple[int, ...], ...], lines: tuple[Places, ...]
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
    for by_offer, places in zip(counts, lines, strict=True):
        days: list[float] = []
        for offer, count in zip(offers, by_offer, strict=True):
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
