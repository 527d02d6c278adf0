"""From opening times and shut-downs to the tables of days that engines read."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache

from sim.pieces.protocol import CapacitySteps, Knowledge
from sim.pure.hours import ALWAYS, Hours, Intervals
from sim.scenario import Scenario
from sim.scenario.opening import Calendar, Disruption

# Tables reach so far beyond the last day that a run may come to: a walk that runs ahead of the stop stays inside them.
MARGIN_DAYS = 400


def openings(s: Scenario, calendar: str | None) -> Intervals | None:
    """The intervals in which a calendar is open, in days since the start; `ALWAYS` where there is no calendar."""
    if calendar is None:
        return ALWAYS
    return _openings(s.calendars[calendar], s.run.start, _table_days(s))


def _table_days(s: Scenario) -> int:
    """Days that tables cover: the longest run (a patient may be in hospital at the end of follow-up), and a margin."""
    return math.ceil(s.run.longest) + MARGIN_DAYS


@lru_cache(maxsize=64)
def _openings(calendar: Calendar, start: date, days: int) -> Intervals:
    opens, closes = calendar.hours
    closed = set(calendar.holidays)
    found: list[tuple[float, float]] = []
    for day in range(days):
        when = start + timedelta(days=day)
        if when.weekday() not in calendar.days or when in closed:
            continue
        first, last = day + opens, day + closes
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return tuple(found)


def shut_downs(s: Scenario, resource: str, centre: str | None = None) -> tuple[Disruption, ...]:
    """The disruptions of a resource: of all centres, and of this one where it is named, in order of their first day."""
    found = (d for d in s.disruptions.values() if d.resource == resource and d.centre in (None, centre))
    return tuple(sorted(found, key=lambda d: (d.start, d.end)))


def units_by_day(
    units: CapacitySteps, closed: Iterable[Disruption] = (), open_in: Intervals | None = ALWAYS
) -> CapacitySteps:
    """The units in force, 0 outside the openings (unless it is always open) and in shut-downs."""
    shut = [(d.start, d.end) for d in closed]
    if open_in is ALWAYS and not shut:
        return units
    intervals = open_in or ()
    opened = [start for start, _ in intervals]
    since = [day for day, _ in units]
    days = {*since, 0.0, *(day for pair in (*intervals, *shut) for day in pair)}
    steps: list[tuple[float, float]] = []
    for day in sorted(days):
        k = bisect_right(opened, day) - 1
        is_open = open_in is ALWAYS or (k >= 0 and day < intervals[k][1])
        shut_now = any(first <= day < last for first, last in shut)
        now = units[bisect_right(since, day) - 1][1] if is_open and not shut_now else 0.0
        if not steps or steps[-1][1] != now:
            steps.append((day, now))
    return tuple(steps)


def knowledge(units: CapacitySteps, closed: Iterable[Disruption]) -> Knowledge:
    """What is known of the units in force as time goes by: dated changes from the start, shut-downs once announced."""
    shut = [*closed]
    days = sorted({max(0.0, d.announced_day) for d in shut} | {0.0})
    return tuple((day, units_by_day(units, [d for d in shut if d.announced_day <= day])) for day in days)


def stage_hours(
    s: Scenario,
    calendar: str | None = None,
    *,
    working_time: bool = False,
    fit: bool = False,
    viable: float = math.inf,
    work_on: Iterable[Disruption] = (),
    closed: Iterable[Disruption] = (),
) -> Hours | None:
    """The hours of a stage; None where it is always open and nothing disrupts it.

    `work_on`: shut-downs of what the stage is done on, which it may be paused or lost by. `closed`: shut-downs in
    which it cannot start.
    """
    open_in = openings(s, calendar)
    starts = _without(s, open_in, [(d.start, d.end) for d in closed])
    paused = [(d.start, d.end) for d in work_on if d.work == "pause"]
    counts = _without(s, open_in if working_time else ALWAYS, paused)
    losses = tuple(sorted({d.start for d in work_on if d.work == "lose"}))
    if starts is ALWAYS and counts is ALWAYS and not losses:
        return None
    waits = starts is not ALWAYS
    return Hours(openings=starts, fit=fit, counts=counts, losses=losses, viable=viable if waits else math.inf)


def by_centre(
    s: Scenario, resource: str, build: Callable[[str | None], Hours | None]
) -> dict[str, Hours | None] | None:
    """The hours at each centre where a shut-down of one centre makes them differ; None where they are the same."""
    if not any(d.resource == resource and d.centre is not None and d.work != "finish" for d in s.disruptions.values()):
        return None
    return {centre: build(centre) for centre in s.centres}


def _without(s: Scenario, intervals: Intervals | None, away: list[tuple[float, float]]) -> Intervals | None:
    """The intervals less the times that are away; none left is never, not always."""
    if not away:
        return intervals
    left = [(0.0, float(_table_days(s)))] if intervals is ALWAYS else list(intervals)
    for first, last in away:
        cut: list[tuple[float, float]] = []
        for a, b in left:
            cut += [(x, y) for x, y in ((a, min(b, first)), (max(a, last), b)) if x < y]
        left = cut
    return tuple(left)
