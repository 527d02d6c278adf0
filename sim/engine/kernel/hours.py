"""When a stage may start and what counts towards it: `pure/hours.py`, interval by interval."""

from __future__ import annotations

from sim.engine.kernel.machine import compiled
from sim.engine.kernel.names import ALWAYS, INFINITY
from sim.engine.kernel.rows import Interval, Opening
from sim.engine.kernel.tables import HourTables, Table


@compiled
def intervals_by(intervals: Table[Interval], first: int, count: int, day: float) -> int:
    """How many of the intervals begin by `day`."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if day < intervals[first + middle].opens:
            high = middle
        else:
            low = middle + 1
    return low


@compiled
def start_in(its: Opening, intervals: Table[Interval], day: float, duration: float) -> float:
    """The first day from `day` on, on which a stage of this duration may start."""
    first, count = its.open_at, its.open_count
    if count == ALWAYS:
        return day
    for k in range(first + max(intervals_by(intervals, first, count, day) - 1, 0), first + count):
        opening = intervals[k]
        begun = max(day, opening.opens)
        if begun < opening.shuts and (not its.fit or begun + duration <= opening.shuts):
            return begun
    return INFINITY


@compiled
def end_in(its: Opening, intervals: Table[Interval], begun: float, duration: float) -> float:
    """The day on which a stage that started on `begun` has had its duration."""
    first, count = its.count_at, its.count_count
    if count == ALWAYS:
        return begun + duration
    left, day = duration, begun
    for k in range(first + max(intervals_by(intervals, first, count, begun) - 1, 0), first + count):
        day = max(day, intervals[k].opens)
        closed = intervals[k].shuts
        if day >= closed:
            continue
        if left <= closed - day:
            return day + left
        left -= closed - day
        day = closed
    return INFINITY


@compiled
def span_of(hours: HourTables, h: int, day: float, duration: float) -> tuple[float, float, bool]:
    """(start, end, whether it was lost) of a stage of this duration that could start on `day`."""
    its, intervals = hours.openings[h], hours.intervals
    begun = start_in(its, intervals, day, duration)
    if begun - day > its.viable:
        return day + its.viable, day + its.viable, True
    ended = end_in(its, intervals, begun, duration)
    first, count = its.loss_at, its.loss_count
    k = intervals_by(intervals, first, count, begun)
    if k > 0 and intervals[first + k - 1].opens == begun:
        k -= 1
    if k < count and intervals[first + k].opens < ended:
        return begun, intervals[first + k].opens, True
    return begun, ended, False
