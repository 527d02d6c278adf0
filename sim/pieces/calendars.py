"""From opening times and shut-downs to the tables of days that engines read."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice

from sim.pieces.protocol import CapacitySteps, Knowledge, Out
from sim.pure.hours import ALWAYS, Hours, Intervals
from sim.scenario import Scenario
from sim.scenario.opening import Calendar, Disruption

# Tables reach so far beyond the last day that a run may come to: a walk that runs ahead of the stop stays inside them.
MARGIN_DAYS = 400
# Days: more than sums of hours are off by as they are rounded, so that work that just fits into openings does so on
# every day. It is counted in each opening, and nothing begins so shortly before a closing as that may come to.
HAIR, LAST_MOMENT = 1e-9, 1e-6


def openings(s: Scenario, calendar: str | None) -> Intervals | None:
    """The intervals in which a calendar is open, in days since the start; `ALWAYS` where there is no calendar."""
    if calendar is None:
        return ALWAYS
    return _openings(s.calendars[calendar], s.run.start, table_days(s), _days_before(s))


def _days_before(s: Scenario) -> int:
    """Days before the first one that tables cover: for as long as anybody in progress has been in a stage."""
    return 0 if s.in_progress is None else 1 + math.ceil(max((p.days for p in s.in_progress.file.patients), default=0))


def table_days(s: Scenario) -> int:
    """Days that tables cover: the longest run (a patient may be in hospital at the end of follow-up), and a margin."""
    return math.ceil(s.run.longest) + MARGIN_DAYS


@lru_cache(maxsize=64)
def _openings(calendar: Calendar, start: date, days: int, before: int) -> Intervals:
    opens, closes = calendar.hours
    closed = set(calendar.holidays)
    found: list[tuple[float, float]] = []
    for day in range(-before, days):
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
    """The disruptions of a resource, in order of their first day: of all centres, and of this one, or site, where it is
    named.

    Of one by chance whose outages have yet to be drawn it is what `beyond` says.
    """
    mine = (d for d in s.disruptions.values() if d.resource == resource and d.centre in (None, centre))
    found = (beyond(s, d) if d.by_chance else d for d in mine)
    return tuple(sorted(found, key=lambda d: (d.first_day, d.end)))


def beyond(s: Scenario, disruption: Disruption) -> Disruption:
    """An outage of a disruption by chance after all that a run may come to.

    With it among those that were drawn, paths have the same steps in every replication.
    """
    return disruption.outage(float(table_days(s)), 1.0)


def units_by_day(
    units: CapacitySteps, closed: Iterable[Disruption] = (), open_in: Intervals | None = ALWAYS
) -> CapacitySteps:
    """The units in force, 0 outside the openings (unless it is always open) and in shut-downs; less what is out."""
    closed = tuple(closed)
    return units if open_in is ALWAYS and not closed else _units_by_day(units, closed, open_in)


@lru_cache(maxsize=256)
def _units_by_day(units: CapacitySteps, closed: tuple[Disruption, ...], open_in: Intervals | None) -> CapacitySteps:
    """As `units_by_day`, reckoned once: places that are alike, and points of a sweep, ask for the same again."""
    shut = _union((d.first_day, d.end) for d in closed if d.takes_all)
    parts = [(d.first_day, d.end, float(d.units)) for d in closed if d.units is not None and not d.by_number]
    numbered = units_out(units, closed)
    intervals = tuple((max(first, 0.0), last) for first, last in open_in or () if last > 0.0)
    since = [day for day, _ in units]
    changes = (*intervals, *shut, *((first, end) for first, end, _ in parts), *((o.first, o.end) for o in numbered))
    days = {*since, 0.0, *(day for pair in changes for day in pair)}
    is_open, is_shut = _covers(intervals), _covers(shut)
    steps: list[tuple[float, float]] = []
    for day in sorted(days):
        there = (open_in is ALWAYS or is_open(day)) and not is_shut(day)
        now = units[bisect_right(since, day) - 1][1] if there else 0.0
        if now > 0.0 and (parts or numbered):
            gone = sum(o.first <= day < o.end and o.unit <= now for o in numbered)
            now = max(0.0, now - gone - sum(out for first, end, out in parts if first <= day < end))
        if not steps or steps[-1][1] != now:
            steps.append((day, now))
    return tuple(steps)


def units_out(units: CapacitySteps, closed: Iterable[Disruption]) -> tuple[Out, ...]:
    """The units that outages of a part take with the work on them: each those with the highest numbers that there are
    on its first day, and that are not out already."""
    since = [day for day, _ in units]
    found: list[Out] = []
    for d in closed:
        if d.units is None or not d.by_number:
            continue
        there = units[bisect_right(since, d.first_day) - 1][1]
        gone = {o.unit for o in found if o.first <= d.first_day < o.end}
        left = (unit for unit in range(int(there), 0, -1) if unit not in gone)
        found += (Out(unit, d.first_day, d.end, d.work == "lose") for unit in islice(left, d.units))
    return tuple(found)


def _union(intervals: Iterable[tuple[float, float]]) -> Intervals:
    """What the intervals cover together, as intervals in order and apart."""
    found: list[tuple[float, float]] = []
    for first, last in sorted(pair for pair in intervals if pair[0] < pair[1]):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def _covers(intervals: Intervals) -> Callable[[float], bool]:
    """Whether one of the intervals, which are in order and apart, holds a day."""
    starts = [start for start, _ in intervals]

    def holds(day: float) -> bool:
        k = bisect_right(starts, day) - 1
        return k >= 0 and day < intervals[k][1]

    return holds


def knowledge(units: CapacitySteps, closed: Iterable[Disruption]) -> Knowledge:
    """What is known of the units in force as time goes by: dated changes from the start, shut-downs once announced."""
    to_come = deque(sorted(closed, key=lambda d: d.announced_day))
    shut: list[Disruption] = []
    found = []
    for day in sorted({max(0.0, d.announced_day) for d in to_come} | {0.0}):
        while to_come and to_come[0].announced_day <= day:
            shut.append(to_come.popleft())
        # what is over by now need not be known any more
        shut = [d for d in shut if d.end > day]
        found.append((day, units_by_day(units, shut)))
    return tuple(found)


def stage_hours(
    s: Scenario,
    calendar: str | None = None,
    *,
    working_time: bool = False,
    fit: bool = False,
    viable: float = math.inf,
    work_on: Iterable[Disruption] = (),
    out: Iterable[Out] = (),
    closed: Iterable[Disruption] = (),
    kept: bool = False,
) -> Hours | None:
    """The hours of a stage; None where it is always open and nothing disrupts it.

    `work_on`: shut-downs of what the stage is done on, which it may be paused or lost by, where they take all units;
    `out`: when the unit is out that it is done on. `closed`: shut-downs in which it cannot start. `kept`: the unit may
    be held while nothing is done on it, and nothing is begun on it before it is back.
    """
    whole, out = [d for d in work_on if d.takes_all], tuple(out)
    open_in = openings(s, calendar)
    away = [(d.first_day, d.end) for d in closed] + (_away(whole, out) if kept else [])
    starts = _moved(open_in, away) if fit else _without(s, open_in, away)
    starts = _closing(s, calendar, starts, HAIR if fit else -LAST_MOMENT)
    paused = [(d.first_day, d.end) for d in whole if d.work == "pause"]
    paused += [(o.first, o.end) for o in out if not o.loses]
    counts = _without(s, open_in if working_time else ALWAYS, paused)
    counts = _closing(s, calendar, counts, HAIR) if working_time else counts
    lost = {d.first_day for d in whole if d.work == "lose"} | {o.first for o in out if o.loses}
    losses = tuple(sorted(lost))
    if starts is ALWAYS and counts is ALWAYS and not losses:
        return None
    waits = starts is not ALWAYS
    return Hours(openings=starts, fit=fit, counts=counts, losses=losses, viable=viable if waits else math.inf)


def wait_hours(
    s: Scenario, calendar: str | None, needed: float, work_on: Iterable[Disruption], out: Iterable[Out]
) -> Hours | None:
    """The hours of the wait on a unit for work to begin that needs so many days of an opening; None where none waits.

    Nothing begins in a shut-down or while the unit is out.
    """
    open_in = openings(s, calendar)
    if open_in is ALWAYS:
        return None
    if needed > 0.0:
        # what ends on the very closing still fits
        open_in = tuple((first, last + HAIR - needed) for first, last in open_in if last + HAIR - needed > first)
    else:
        open_in = _closing(s, calendar, open_in, -LAST_MOMENT)
    return Hours(openings=_without(s, open_in, _away([d for d in work_on if d.takes_all], out)))


def _closing(s: Scenario, calendar: str | None, open_in: Intervals | None, later: float) -> Intervals | None:
    """The openings of a calendar, closing so much later; as they are where it is open for whole days (exact)."""
    if open_in is ALWAYS or calendar is None or s.calendars[calendar].hours == (0.0, 1.0):
        return open_in
    return tuple((first, last + later) for first, last in open_in if first < last + later)


def _away(whole: Iterable[Disruption], out: Iterable[Out]) -> list[tuple[float, float]]:
    """When a unit is not there to begin anything on."""
    return [(d.first_day, d.end) for d in whole] + [(o.first, o.end) for o in out]


def _moved(intervals: Intervals | None, away: list[tuple[float, float]]) -> Intervals | None:
    """The openings of what must fit into one: those that open while the unit is away do so when it is back.

    They are not cut where it goes, as what has begun goes on to the closing. So it must not be away on the day of
    asking.
    """
    if intervals is ALWAYS:
        return ALWAYS
    gone, is_gone = _union(away), _covers(_union(away))
    moved = (
        (min(end for _, end in gone if end > first) if is_gone(first) else first, last) for first, last in intervals
    )
    return tuple((first, last) for first, last in moved if first < last)


def _without(s: Scenario, intervals: Intervals | None, away: list[tuple[float, float]]) -> Intervals | None:
    """The intervals less the times that are away; none left is never, not always."""
    if not away:
        return intervals
    there = ((float(-_days_before(s)), float(table_days(s))),) if intervals is ALWAYS else intervals
    gone, k = _union(away), 0
    left: list[tuple[float, float]] = []
    for opened, closed in there:
        while k < len(gone) and gone[k][1] <= opened:
            k += 1
        day = opened
        for first, last in islice(gone, k, None):
            if first >= closed:
                break
            if day < first:
                left.append((day, first))
            day = max(day, last)
        if day < closed:
            left.append((day, closed))
    return tuple(left)
