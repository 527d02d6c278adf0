"""How many dated slots are offered on each day of offers, and when the manufacturer takes some of them back."""

from __future__ import annotations

import math
from bisect import bisect_right

from sim.pieces.calendars import units_by_day
from sim.pieces.protocol import CapacitySteps
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
        until_start += s.apheresis.duration.least + s.shipping.to_factory.least
    found = []
    for by_offer, places in zip(counts, lines, strict=True):
        days: list[float] = []
        for offer, count in zip(offers, by_offer, strict=True):
            days += _taken_back(offer + until_start, count, places, slots.withdrawn_by == "cuts")
        found.append(tuple(days))
    return tuple(found) if any(day < math.inf for days in found for day in days) else ()


def _ever_fewer(places: Places) -> bool:
    """Whether there are ever fewer lines than before, or none."""
    return any(shut or len(units) > 1 or units[0][1] == 0.0 for units, shut in places)


def _taken_back(day: float, count: int, places: Places, cuts: bool) -> list[float]:
    """When each of the `count` slots of an offer is taken back, whose manufactures would start on this day."""
    there = [units for units, _ in places]
    concerned = [[d for d in shut if d.first_day <= day < d.end] for _, shut in places]
    most = max(_lines(there, since) for since in sorted({0.0, *(d for units in there for d, _ in units if d <= day)}))
    days = [math.inf] * count
    for learnt in sorted({-math.inf, *(d.announced_day for shut in concerned for d in shut)}):
        known = [[d for d in shut if d.announced_day <= learnt] for shut in concerned]
        left = _lines([units_by_day(*place) for place in zip(there, known, strict=True)], day)
        fewer = count if left == 0.0 else math.floor(count * (most - left) / most) if cuts and most < math.inf else 0
        days = [min(gone, learnt) if k >= count - fewer else gone for k, gone in enumerate(days)]
    return days


def _lines(places: list[CapacitySteps], day: float) -> float:
    return sum(_units_on(units, day) for units in places)


def _units_on(units: CapacitySteps, day: float) -> float:
    return units[bisect_right([since for since, _ in units], day) - 1][1]
