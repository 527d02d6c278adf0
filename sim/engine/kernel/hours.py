"""When a stage may start and what counts towards it: `pure/hours.py`, interval by interval."""

from __future__ import annotations

from sim.engine.kernel.machine import compiled
from sim.engine.kernel.names import (
    ALWAYS,
    COUNT_AT,
    COUNT_COUNT,
    FIT,
    INFINITY,
    LOSS_AT,
    LOSS_COUNT,
    OPEN_AT,
    OPEN_COUNT,
    OPENS,
    SHUTS,
)
from sim.engine.kernel.tables import FloatTable, HourTables


@compiled
def intervals_by(days: FloatTable, first: int, count: int, day: float) -> int:
    """How many of the intervals begin by `day`."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if day < days[first + middle, OPENS]:
            high = middle
        else:
            low = middle + 1
    return low


@compiled
def start_in(hours: HourTables, h: int, day: float, duration: float) -> float:
    """The first day from `day` on, on which a stage of this duration may start."""
    at, days = hours.at[h], hours.days
    first, count = at[OPEN_AT], at[OPEN_COUNT]
    if count == ALWAYS:
        return day
    for k in range(first + max(intervals_by(days, first, count, day) - 1, 0), first + count):
        begun = max(day, days[k, OPENS])
        if begun < days[k, SHUTS] and (not at[FIT] or begun + duration <= days[k, SHUTS]):
            return float(begun)
    return INFINITY


@compiled
def end_in(hours: HourTables, h: int, begun: float, duration: float) -> float:
    """The day on which a stage that started on `begun` has had its duration."""
    days = hours.days
    first, count = hours.at[h, COUNT_AT], hours.at[h, COUNT_COUNT]
    if count == ALWAYS:
        return begun + duration
    left, day = duration, begun
    for k in range(first + max(intervals_by(days, first, count, begun) - 1, 0), first + count):
        day = max(day, days[k, OPENS])
        closed = days[k, SHUTS]
        if day >= closed:
            continue
        if left <= closed - day:
            return float(day + left)
        left -= closed - day
        day = closed
    return INFINITY


@compiled
def span_of(hours: HourTables, h: int, day: float, duration: float) -> tuple[float, float, bool]:
    """(start, end, whether it was lost) of a stage of this duration that could start on `day`."""
    begun = start_in(hours, h, day, duration)
    viable = hours.viable[h]
    if begun - day > viable:
        return day + viable, day + viable, True
    ended = end_in(hours, h, begun, duration)
    first, count = hours.at[h, LOSS_AT], hours.at[h, LOSS_COUNT]
    k = intervals_by(hours.days, first, count, begun)
    if k > 0 and hours.days[first + k - 1, OPENS] == begun:
        k -= 1
    if k < count and hours.days[first + k, OPENS] < ended:
        return begun, float(hours.days[first + k, OPENS]), True
    return begun, ended, False
