"""Kinds of values that change by date or are listed: capacities, referral rates, referral days, durations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from sim.scenario.kinds import ByDate, Context, Days, JsonSchema, Kind, Plain, Whole, day_of, is_date
from sim.scenario.problems import show
from sim.scenario.section import Fault, refuse
from sim.scenario.units import RATE_PATTERN, parse_days, parse_rate, write_days, write_rate

_UNITS = Whole(word="unlimited")
_WHOLE = Whole()
Found = TypeVar("Found")


def _read_units(value: Any) -> float:
    units = _UNITS.read(value, {})
    return math.inf if units is None else float(units)


def _write_units(units: float) -> int | str:
    return "unlimited" if math.isinf(units) else int(units)


def read_items(value: Any, read: Callable[[Any], float], allowed: str, once: bool = False) -> list[float]:
    """Each item of a list read; the faults of all items at once, each at its place. `once`: a value may stand there
    once only, as a second one would do nothing."""
    if not isinstance(value, list):
        raise ValueError(f"found {show(value)}; allowed: {allowed}")
    faults: list[Fault] = []
    found: list[float] = []
    seen: set[float] = set()
    for number, item in enumerate(value):
        try:
            found.append(read(item))
            if once and found[-1] in seen:
                raise ValueError(f"found {show(item)} twice; allowed: each once")
            seen.add(found[-1])
        except ValueError as error:
            faults.append(((number,), str(error)))
    if faults:
        raise refuse(faults)
    return found


def read_entries(value: Mapping[str, Any], read: Callable[[Any], Found]) -> dict[str, Found]:
    """Each entry of a map read; the faults of all entries at once, each at its place."""
    faults: list[Fault] = []
    found: dict[str, Found] = {}
    for name, entry in value.items():
        try:
            found[name] = read(entry)
        except ValidationError as error:
            faults += [((name, *inner["loc"]), inner["msg"]) for inner in error.errors(include_url=False)]
        except ValueError as error:
            faults.append(((name,), str(error)))
    if faults:
        raise refuse(faults)
    return found


def _read_whole(value: Any) -> float:
    return float(_WHOLE.read(value, {}) or 0)


CAPACITY = ByDate(
    _read_units,
    _write_units,
    {"anyOf": [{"type": "integer", "minimum": 0}, {"const": "unlimited"}], "examples": [4, "unlimited"]},
    nothing="0",
)
SLOTS = ByDate(_read_whole, int, {"type": "integer", "minimum": 0, "examples": [4]}, nothing="0")
# Kinds whose values are whole numbers.
COUNTED = (CAPACITY, SLOTS)
RATE_SCHEMA: JsonSchema = {"type": "string", "pattern": RATE_PATTERN, "examples": ["4 / month", "0.0055 / d"]}
RATES = ByDate(lambda value: parse_rate(value, "month"), write_rate, RATE_SCHEMA, nothing="0 / d")


# Events per day.
RATE = Plain(lambda value, _: parse_rate(value), write_rate, RATE_SCHEMA)


@dataclass(frozen=True)
class ListOf(Kind):
    """A list of values of one kind, in ascending order, at least one: written out, or in a CSV file.

    `allowed`: what a message says of the whole; `item`: JSON Schema of one value.
    """

    read_item: Callable[[Any, Context], float]
    allowed: str
    item: JsonSchema
    descending: bool = False

    def read(self, value: Any, context: Context) -> tuple[float, ...]:
        found = read_items(value, lambda item: self.read_item(item, context), self.allowed)
        if not found:
            raise ValueError(f"found an empty list; allowed: {self.allowed}")
        return tuple(sorted(found, reverse=self.descending))

    def write(self, value: tuple[float, ...] | None) -> list[str] | None:
        return None if value is None else [write_days(day) for day in value]

    def describe(self) -> JsonSchema:
        listed = {"type": "array", "items": self.item, "minItems": 1}
        return {"anyOf": [listed, {"type": "string", "pattern": r"\.csv$"}]}


def _from_start(value: Any, context: Context) -> float:
    day = day_of(value, context)
    if day < 0.0:
        raise ValueError(f"found {show(value)}, which is before run.start; allowed: a day from the start on")
    return day


def _waited(item: Any, context: Context) -> float:
    if not is_date(item):
        return parse_days(item, ", or a date before run.start")
    waited = -day_of(item, context)
    if waited < 0.0:
        raise ValueError(f"found {show(item)}, which is after run.start; allowed: dates up to the start")
    return waited


_DAY: JsonSchema = {"type": "string", "examples": ["8 d", "2026-01-31"]}
# Days since the start of the scenario, from a date or a duration.
SINCE_START = Plain(_from_start, write_days, {"type": "string", "examples": ["2027-03-01", "400 d"]})
# Days since the start on which patients are referred.
REFERRAL_DAYS = ListOf(
    _from_start, "a list of days or dates, or the name of a CSV file with one column 'day' or 'date'", _DAY
)
# Days waited by the first day, the longest first.
WAITED_DAYS = ListOf(
    _waited,
    "a list of durations or of dates before run.start, or a CSV file with one column 'days' or 'date'",
    _DAY,
    descending=True,
)
OBSERVED_DAYS = ListOf(
    lambda item, _: parse_days(item),
    "a list of durations, or the name of a CSV file with one column 'days'",
    Days().describe(),
)


@dataclass(frozen=True)
class DayList(Kind):
    """Durations in ascending order, exactly as many as there are `names`."""

    names: tuple[str, ...]

    def read(self, value: Any, context: Context) -> tuple[float, ...]:
        allowed = f"[{', '.join(self.names)}], each with its unit"
        days = read_items(value, parse_days, allowed)
        if len(days) != len(self.names):
            raise ValueError(f"found {show(value)}; allowed: {allowed}")
        if sorted(days) != days:
            found = ", ".join(write_days(d) for d in days)
            raise ValueError(f"found [{found}]; allowed: {' <= '.join(self.names)}")
        return tuple(days)

    def write(self, value: tuple[float, ...]) -> list[str]:
        return [write_days(day) for day in value]

    def describe(self) -> JsonSchema:
        count = len(self.names)
        return {"type": "array", "items": Days().describe(), "minItems": count, "maxItems": count}


def read_names(value: Any, _: Context) -> tuple[str, ...]:
    """Names, each once, in the order given."""
    first: dict[str, float] = {}

    def number(item: Any) -> float:
        if not isinstance(item, str):
            raise ValueError(f"found {show(item)}; allowed: a name")
        return first.setdefault(item, float(len(first)))

    read_items(value, number, "a list of names", once=True)
    return tuple(value)


NAME_LIST = Plain(read_names, list, {"type": "array", "items": {"type": "string"}}, numeric=False)
