"""The kinds of single values in a scenario: how each is read from YAML, written back, and described to editors.

A kind stands in a field's annotation, `Annotated[float, Share()]`, where pydantic finds it. Reading raises a
ValueError that says what was found and what is allowed.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter, ValidationError, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from sim.scenario.problems import is_visible, name_of_character, shorten, show, suggestion
from sim.scenario.read_once import once
from sim.scenario.section import Fault, fault, refuse
from sim.scenario.units import DAYS_PATTERN, NUMBER, comma_hint, parse_days, plain_number, write_days, write_number

JsonSchema = dict[str, Any]
Context = Mapping[str, Any]

MOST_UNITS = 1_000_000_000
# Beyond any number of a scenario.
MOST = 1e9
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Dates as they are written elsewhere: year first, with or without marks between, or year last.
_DATE_PARTS = re.compile(
    r"\s*(?:(?P<year>[0-9]{4})(?:[./-](?P<month>[0-9]{1,2})[./-](?P<day>[0-9]{1,2}))"
    r"|(?P<first>[0-9]{1,2})(?P<mark>[./-])(?P<second>[0-9]{1,2})(?P=mark)(?P<last>[0-9]{4}))\s*"
)
_PACKED_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
MONTHS = 12
FIRST_YEAR, LAST_YEAR = 1900, 2999


class Kind:
    """How one value is read, written and described."""

    # whether the value is a number that a source should stand behind
    numeric = True

    def read(self, value: Any, context: Context) -> Any:
        """The value as the program uses it; a ValueError where it is not allowed."""
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        """The value as YAML holds it, the same for all spellings of one value; as it is unless said."""
        return value

    def describe(self) -> JsonSchema:
        """JSON Schema of what may be written."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(guarded(self.read))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        return self.describe()


@dataclass(frozen=True, eq=False)
class Plain(Kind):
    """A kind that needs no limits: how it is read and written (None: as it is), and its JSON Schema."""

    reads: Callable[[Any, Context], Any]
    writes: Callable[[Any], Any] | None
    schema: JsonSchema
    numeric: bool = True

    def read(self, value: Any, context: Context) -> Any:
        return self.reads(value, context)

    def write(self, value: Any) -> Any:
        return value if self.writes is None else self.writes(value)

    def describe(self) -> JsonSchema:
        return self.schema


def guarded(read: Callable[[Any, Context], Any]) -> Callable[[Any, ValidationInfo], Any]:
    """`read` as a pydantic validator, its ValueErrors as faults in their own words."""

    def validate(value: Any, info: ValidationInfo) -> Any:
        context = info.context or {}
        try:
            return once(value, read, context, lambda: read(value, context))
        except ValidationError:
            raise
        except ValueError as error:
            raise fault(str(error)) from error

    return validate


def read_alone(kind: Kind, value: Any) -> Any:
    """What a kind makes of a value that stands in no scenario; a ValueError where it is not allowed."""
    return TypeAdapter(Annotated[Any, kind]).validate_python(value)


def finite_number(value: Any, allowed: str, beyond: str = "") -> float:
    """A finite float from a YAML number; `beyond`: what is allowed, with its limits, for one that is too large."""
    if isinstance(value, str):
        raise ValueError(f"found {show(value)}; allowed: {allowed}{_hint(value)}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"found {show(value)}; allowed: {allowed}")
    if not abs(value) < 1e300:
        allowed = beyond or allowed
        raise ValueError(f"found {show(value)}; allowed: {allowed}")
    return float(value) + 0.0


def parse_number(text: str) -> float | None:
    """The number that a text is, if it is one."""
    return float(text) if len(text) <= 40 and re.fullmatch(NUMBER, text) else None


def _hint(text: str) -> str:
    """The end of a message about a text such as `20 %`, `'3'` or `1,5`, which was meant to be a plain number."""
    if parse_number(text.strip()) is not None:
        return f"; write {text.strip()} without quotes"
    if found := re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*%\s*", text):
        return f"; did you mean '{write_number(float(f'{float(found[1]) / 100:.12g}'))}'?"
    return comma_hint(text)


@dataclass(frozen=True)
class Number(Kind):
    """A bare number between two bounds."""

    low: float = -MOST
    high: float = MOST
    what: str = "a number"
    above: bool = False

    def _allowed(self, limits: bool = False) -> str:
        """What may be written; with bounds that no sensible number reaches, where `limits`."""
        low, high = write_number(self.low), write_number(self.high)
        if limits or self.high < MOST:
            return f"{self.what} from {low} to {high}"
        return self.what if self.low <= -MOST else f"{self.what} {'above' if self.above else 'not below'} {low}"

    def read(self, value: Any, context: Context) -> float:
        number = finite_number(value, self._allowed(), self._allowed(limits=True))
        if number < self.low or number > self.high or (self.above and number == self.low):
            hint = ""
            if (self.low, self.high) == (0.0, 1.0) and 2.0 <= number <= 100.0:
                hint = f"; did you mean '{write_number(float(f'{number / 100:.12g}'))}'?"
            raise ValueError(f"found {show(value)}; allowed: {self._allowed(abs(number) > MOST)}{hint}")
        return number

    def write(self, value: float) -> int | float:
        return plain_number(value)

    def describe(self) -> JsonSchema:
        schema: JsonSchema = {"type": "number"}
        if self.low > -MOST:
            schema["exclusiveMinimum" if self.above else "minimum"] = self.low
        if self.high < MOST:
            schema["maximum"] = self.high
        return schema


def Share() -> Number:  # noqa: N802 (reads as a kind in annotations)
    """A share from 0 to 1."""
    return Number(0.0, 1.0, "a proportion")


def Multiplier() -> Number:  # noqa: N802
    """A multiplier, 0 or above."""
    return Number(0.0, MOST, "a multiplier")


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number from `low` on; None for `word`, where there is one."""

    low: int = 0
    high: int = MOST_UNITS
    word: str | None = None

    def read(self, value: Any, context: Context) -> int | None:
        if self.word is not None and value == self.word:
            return None
        words = [self.word] if self.word else []
        allowed, limited = (
            f"a whole number from {self.low}{top}" + "".join(f", or '{word}'" for word in words)
            for top in (" on" if self.high == MOST_UNITS else f" to {self.high}", f" to {self.high}")
        )
        if isinstance(value, str):
            raise ValueError(f"found {show(value)}; allowed: {allowed}{_hint(value) or suggestion(value, words)}")
        number = finite_number(value, allowed, limited)
        if number != int(number) or not self.low <= value <= self.high:
            raise ValueError(f"found {show(value)}; allowed: {limited if number > self.high else allowed}")
        return int(value)

    def write(self, value: int | None) -> int | str | None:
        return self.word if value is None else value

    def describe(self) -> JsonSchema:
        number: JsonSchema = {"type": "integer", "minimum": self.low}
        return number if self.word is None else {"anyOf": [number, {"const": self.word}]}


@dataclass(frozen=True)
class Days(Kind):
    """A duration in days; infinite for `word`, where there is one. `likely`: the unit of a number without one."""

    above_zero: bool = False
    word: str | None = None
    likely: str = "d"

    def read(self, value: Any, context: Context) -> float:
        if self.word is not None and value == self.word:
            return math.inf
        or_else = f", or '{self.word}'" if self.word else ""
        days = parse_days(value, or_else, self.likely)
        if self.above_zero and days == 0.0:
            raise ValueError(f"found {show(value)}; allowed: a duration above 0 d{or_else}")
        return days

    def write(self, value: float) -> str | None:
        return self.word if math.isinf(value) else write_days(value)

    def describe(self) -> JsonSchema:
        text: JsonSchema = {
            "type": "string",
            "pattern": DAYS_PATTERN,
            "examples": ["21 d", "36 h", "3 months"],
        }
        return text if self.word is None else {"anyOf": [text, {"const": self.word}]}


# Line breaks, the joiners of Persian and Indic scripts, and what makes an emoji of a sign.
_IN_LONG_TEXTS = "\n\t\u200c\u200d\ufe0f"


@dataclass(frozen=True)
class Text(Kind):
    """A text; `lines`: whether it may have several."""

    longest: int = 200
    lines: bool = False
    numeric = False

    def read(self, value: Any, context: Context) -> str:
        if value is not None and not isinstance(value, str | list | dict):
            raise ValueError(f"found {show(value)}; allowed: a text: put it in quotes")
        if not isinstance(value, str):
            raise ValueError(f"found {show(value)}; allowed: a text")
        text = value.strip()
        if not text and not self.lines:
            raise ValueError("found an empty text; allowed: a text with something in it")
        if len(text) > self.longest:
            raise ValueError(f"found {len(text)} characters; allowed: at most {self.longest}")
        unseen = next((c for c in text if not is_visible(c) and not (self.lines and c in _IN_LONG_TEXTS)), None)
        if unseen is not None and unicodedata.category(unseen) == "Cc":
            raise ValueError(f"found {show(text)}; allowed: a text without control characters")
        if unseen is not None:
            raise ValueError(f"found the character {name_of_character(unseen)}; allowed: characters that can be seen")
        return text

    def describe(self) -> JsonSchema:
        return {"type": "string", "maxLength": self.longest}


class Word(Kind):
    """One of a few words, or yes and no: pydantic reads them, from `Literal` and `StrictBool`."""

    numeric = False

    def read(self, value: Any, context: Context) -> Any:
        return value


WORD = Word()


def parse_date(value: Any) -> date:
    """A date from `2026-01-01`."""
    allowed = "allowed: a date as year-month-day, such as 2026-01-31"
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError(f"found {show(value)}; {allowed}{_date_hint(text)}")
    try:
        found = date.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"found {show(value)}, which is no day of the calendar; {allowed}") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"found {show(value)}; allowed: a date from {FIRST_YEAR} to {LAST_YEAR}")
    return found


DATE_SCHEMA: JsonSchema = {"type": "string", "format": "date"}
# A calendar date.
DAY = Plain(lambda value, _: parse_date(value), date.isoformat, {**DATE_SCHEMA, "examples": ["2026-01-01"]})


def _date_hint(text: str) -> str:
    """The end of a message about a date that is written in another way, where there is no doubt which day is meant."""
    found = _DATE_PARTS.fullmatch(_PACKED_DATE.sub(r"\1-\2-\3", text)) if len(text) <= 20 else None
    if found is None:
        return ""
    if found["year"]:
        year, month, day = found["year"], found["month"], found["day"]
    else:
        first, second, year = found["first"], found["second"], found["last"]
        if found["mark"] != "." and int(first) <= MONTHS and int(second) <= MONTHS and int(first) != int(second):
            return ""  # of two conventions
        day, month = (second, first) if int(second) > MONTHS else (first, second)
    try:
        meant = date(int(year), int(month), int(day))
    except ValueError:
        return ""
    return f"; did you mean '{meant.isoformat()}'?"


def is_date(value: Any) -> bool:
    """Whether a raw value is written like a date."""
    return isinstance(value, str) and _DATE.fullmatch(value.strip()) is not None


def day_of(value: Any, context: Context) -> float:
    """Days since the start of the scenario, from a date or a duration."""
    start = context.get("start")
    if is_date(value):
        found = parse_date(value.strip())
        if start is None:
            raise ValueError(f"found the date {show(value)}, which needs a valid run.start to count from")
        return float((found - start).days)
    if isinstance(value, str) and (hint := _date_hint(value)):
        raise ValueError(f"found {show(value)}; allowed: a number with a unit, or a date such as 2026-01-31{hint}")
    return parse_days(value, ", or a date such as 2026-01-31")


@dataclass(frozen=True, eq=False)
class ByDate(Kind):
    """A value that changes by date: a single one, or a map from dates (or durations since the start) to values.

    Read as ((day, value), ...), ascending, the first at day 0; repetitions of a value are left out.
    """

    read_value: Callable[[Any], float]
    write_value: Callable[[float], Any]
    describe_value: JsonSchema
    nothing: str

    def read(self, value: Any, context: Context) -> tuple[tuple[float, float], ...]:
        if not isinstance(value, dict):
            return ((0.0, self.read_value(value)),)
        faults: list[Fault] = []
        steps: dict[float, float] = {}
        written: dict[float, str] = {}
        for key, entry in value.items():
            try:
                day = day_of(key, context)
                if day in steps:
                    faults.append(((key,), f"is the same day as '{shorten(written[day])}'"))
                written[day] = key
                steps[day] = self.read_value(entry)
            except ValueError as error:
                faults.append(((key,), str(error)))
        if not value:
            faults.append(((), "found an empty section; allowed: one value, or values by date"))
        elif not faults and min(steps) > 0.0:
            key = written[min(steps)]
            advice = f"begin with '0 d: {self.nothing}' for none"
            faults.append(((), f"the first entry, '{shorten(key)}', is after the start; {advice}"))
        if faults:
            raise refuse(faults)
        days = sorted(steps)
        first = max(day for day in days if day <= 0.0)
        found = [(max(day, 0.0), steps[day]) for day in days if day >= first]
        return tuple(s for i, s in enumerate(found) if i == 0 or found[i - 1][1] != s[1])

    def write(self, value: tuple[tuple[float, float], ...] | None) -> Any:
        if value is None:
            return None
        if len(value) == 1:
            return self.write_value(value[0][1])
        return {write_days(day): self.write_value(entry) for day, entry in value}

    def describe(self) -> JsonSchema:
        by_date: JsonSchema = {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": self.describe_value,
        }
        return {"anyOf": [self.describe_value, by_date]}
