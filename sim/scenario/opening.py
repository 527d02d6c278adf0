"""Sections about when things are open, and when they are disrupted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field

from sim.pure.distributions import Distribution, Fixed
from sim.scenario.durations import Duration
from sim.scenario.kinds import DATE_SCHEMA, Context, Days, Plain, Text, Whole, is_date, parse_date
from sim.scenario.lists import SINCE_START, read_items
from sim.scenario.problems import show, suggestion
from sim.scenario.section import Absent, Fault, Section
from sim.scenario.units import parse_days, write_days, write_number

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Resource = Literal["line", "chair", "lab", "bed", "place", "icu", "lot_line", "courier"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)
RESOURCES: tuple[str, ...] = get_args(Resource)
HOURS_A_DAY, MINUTES_AN_HOUR = 24.0, 60.0


def _read_weekdays(value: Any, _: Context) -> tuple[int, ...]:
    """Days of the week as numbers, Monday 0, ascending."""
    allowed = f"a list of {', '.join(WEEKDAYS)}"
    days = {int(day) for day in read_items(value, _weekday, allowed, once=True)}
    if not days:
        raise ValueError(f"found an empty list; allowed: {allowed}")
    return tuple(sorted(days))


def _weekday(item: Any) -> float:
    if isinstance(item, str) and item in WEEKDAYS:
        return float(WEEKDAYS.index(item))
    hint = suggestion(item, WEEKDAYS) if isinstance(item, str) else ""
    raise ValueError(f"found {show(item)}; allowed: {', '.join(WEEKDAYS)}{hint}")


def _read_hours(value: Any, _: Context) -> tuple[float, float]:
    """From and to on a day, as shares of it: `[8 h, 18 h]`."""
    allowed = "[from, to] in hours after midnight, such as [8 h, 18 h] or [08:00, 18:00]"
    times = read_items(value, _clocktime, allowed)
    if len(times) != 2 or not 0.0 <= times[0] < times[1] <= 1.0:
        raise ValueError(f"found {show(value)}; allowed: {allowed}, the later time behind, up to 24 h")
    return times[0], times[1]


def _write_hours(value: tuple[float, float]) -> list[str]:
    in_hours = ((f"{write_number(time * HOURS_A_DAY)} h", time) for time in value)
    return [text if parse_days(text) == time else write_days(time) for text, time in in_hours]


def _clocktime(item: Any) -> float:
    """A time of the day, as a share of it, from `8:30`, `08:30` or `8.5 h`."""
    found = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", item.strip()) if isinstance(item, str) else None
    if found is not None and int(found[1]) <= HOURS_A_DAY and int(found[2]) < MINUTES_AN_HOUR:
        return (int(found[1]) + int(found[2]) / MINUTES_AN_HOUR) / HOURS_A_DAY
    if not isinstance(item, str) or ":" in item or is_date(item):
        raise ValueError(f"found {show(item)}; allowed: a time of the day, such as 08:00 or 8 h")
    return parse_days(item, ", or a time of the day such as 08:00")


def _read_dates(value: Any, _: Context) -> tuple[date, ...]:
    """Calendar dates in order: a list, or a CSV file with a column `date`, and `name` beside it if need be."""
    allowed = "a list of dates, or the name of a CSV file with a column 'date'"
    found = read_items(value, lambda item: float(parse_date(item).toordinal()), allowed, once=True)
    return tuple(date.fromordinal(int(day)) for day in sorted(found))


DAYS_OF_WEEK = Plain(
    _read_weekdays,
    lambda value: [WEEKDAYS[day] for day in value],
    {"type": "array", "items": {"enum": list(WEEKDAYS)}, "minItems": 1},
    numeric=False,
)
HOURS = Plain(
    _read_hours, _write_hours,
    {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2, "examples": [["8 h", "18 h"]]},
)  # fmt: skip
DATES = Plain(
    _read_dates,
    lambda value: [day.isoformat() for day in value],
    {"anyOf": [{"type": "array", "items": DATE_SCHEMA}, {"type": "string", "pattern": r"\.csv$"}]},
)


class Calendar(Section):
    """When something is open."""

    days: Annotated[tuple[int, ...], DAYS_OF_WEEK] = Field(
        tuple(range(7)), description="Days of the week on which it opens."
    )
    hours: Annotated[tuple[float, float], HOURS] = Field(
        (0.0, 1.0), description="From and to on such a day, after midnight."
    )
    holidays: Annotated[tuple[date, ...], DATES] = Field((), description="Dates on which it stays closed.")


class Disruption(Section):
    """A shut-down of one resource, or of some of its units, for a time: once, from a day on, or again and again, by
    chance.

    By chance, a time `between` passes from the end of the last outage (at first: from the start) to the next, whether
    the resource is in use or not, and each outage has a length of its own.
    """

    resource: Resource = Field(description="line | chair | lab | bed | place | icu | lot_line | courier")
    centre: Annotated[str | None, Text()] = Field(
        None, description="Only at this centre, where each has its own, or in what several share (shared)."
    )
    manufacturer: Annotated[str | None, Text()] = Field(
        None, description="Only at this one of several manufacturers; for lines, and for the courier to and from it."
    )
    units: Annotated[int | None, Whole(1, word="all")] = Field(
        None,
        description="How many units are out (of 5 lines, 2), or all. With work: finish what is under way goes on, and "
        "nobody is given a unit before fewer are in use than are left (a booked line is in use); with pause or lose "
        "the units with the highest numbers are out, with the work that is on them.",
    )
    start: Annotated[float | None, SINCE_START] = Field(
        None, alias="from", description="First day: a date, or days since the start."
    )
    between: Annotated[Distribution | None, Duration()] = Field(
        None,
        description="Instead of from, for outages that recur by chance: calendar days from the end of one to the next.",
    )
    length: Annotated[Distribution, Duration()] = Field(
        alias="for", description="How long it lasts; beside between it may vary."
    )
    work: Literal["finish", "pause", "lose"] = Field(
        "finish",
        description="What becomes of work in progress: finish (it goes on), pause (its time stands still) or lose (the "
        "attempt fails).",
    )

    announced: Annotated[float, Days(word="from_start")] = Field(
        float("inf"),
        description="How long before its first day it becomes known, or from_start: to whom slots of lines are then "
        "taken back from, and to whom beds and treatment places are booked for. An outage by chance becomes known on "
        "its first day.",
    )

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        if set(data) - set(cls.key_names()):
            return
        if "from" not in data and "between" not in data:
            yield (
                (),
                Absent("found neither from nor between; allowed: from (a shut-down on a date), or between (by chance)"),
            )
        elif "from" in data and "between" in data:
            yield (), "found from and between; allowed: from (a shut-down on a date), or between (by chance)"

    def checks(self) -> Iterator[Fault]:
        for key, days in (("between", self.between), ("for", self.length)):
            if days is not None and days.mean() == 0.0:
                yield (key,), "found 0 d; allowed: a duration above 0 d"
        if self.between is None and not self.length.is_fixed:
            yield ("for",), "found a distribution; allowed: a fixed time, or a distribution beside between"

    @property
    def takes_all(self) -> bool:
        """Whether it takes all units of its resource, however many there are."""
        return self.units is None

    @property
    def by_number(self) -> bool:
        """Whether it takes some of the units, with the work that is under way on just these."""
        return self.units is not None and self.work != "finish"

    @property
    def by_chance(self) -> bool:
        """Whether its outages have yet to be drawn."""
        return self.between is not None

    def outage(self, start: float, days: float) -> Self:
        """One of its outages, as if it had a date; known on its first day."""
        return self.model_copy(update={"start": start, "length": Fixed(days), "between": None, "announced": 0.0})

    @property
    def first_day(self) -> float:
        """The day on which it begins; of one that has a date."""
        assert self.start is not None
        return self.start

    @property
    def end(self) -> float:
        """The day on which it is over; of one that has a date."""
        return self.first_day + self.length.mean()

    @property
    def announced_day(self) -> float:
        """The day on which it becomes known; of one that has a date."""
        return self.first_day - self.announced


def calendar_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """A fault for each calendar that is named but not there."""
    found = data.get("calendars")
    names = [str(name) for name in found] if isinstance(found, dict) else []
    made = data.get("manufacturing")
    makers = made.get("manufacturers") if isinstance(made, dict) else None
    theirs = makers.items() if isinstance(makers, dict) else ()
    sections: list[tuple[tuple[str, ...], Any]] = [((section,), entry) for section, entry in data.items()]
    sections += [(("manufacturing", "manufacturers", str(maker)), entry) for maker, entry in theirs]
    for path, entry in sections:
        name = entry.get("calendar") if isinstance(entry, dict) else None
        if isinstance(name, str) and name not in names:
            known = f"; allowed: {', '.join(names)}" if names else "; there is no section `calendars`"
            yield (
                (*path, "calendar"),
                Absent(f"found {show(name)}, which is no calendar{known}{suggestion(name, names)}"),
            )
