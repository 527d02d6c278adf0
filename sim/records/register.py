"""The file `register.yaml` as a value: what the columns of a register mean. Nothing in it is guessed again."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.records.cells import MOST_TITLES
from sim.records.dates import FORMATS, is_format
from sim.records.raw import OF_KIND, kind_by_name
from sim.records.value import ATTEMPTS, CATEGORIES, ENDS, INCLUDED_AT, MILESTONES
from sim.scenario.described import read_described
from sim.scenario.files import find_inside
from sim.scenario.kinds import DAY, Context, Kind, Text, Whole
from sim.scenario.problems import Problem, ScenarioError, did_you_mean, show
from sim.scenario.section import Fault, Named, Section, refuse
from sim.scenario.units import UNIT_OF_SPELLING

# What an activity of an event log may stand for, beside milestones and ends.
PROGRESSION, PROGRESSION_FREE, BRIDGING, BOOKED = "progression", "progression_free", "bridging", "booked_for"
ACTIVITIES = (*MILESTONES, *ENDS, PROGRESSION, PROGRESSION_FREE, BRIDGING)
YES_NO = ("yes", "no")


@dataclass(frozen=True)
class Formats(Kind):
    """Formats of dates, in the codes of Python's strptime."""

    numeric = False

    def read(self, value: Any, context: Context) -> tuple[str, ...]:
        faults: list[Fault] = []
        for place, form in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(form, str) or not is_format(form):
                faults.append(
                    ((place,), f"found {show(form)}; allowed: day, month and year, such as {', '.join(FORMATS[:4])}")
                )
        if faults:
            raise refuse(faults)
        return tuple(value if isinstance(value, list) else [value])


@dataclass(frozen=True)
class Words(Kind):
    """What cells stand for: {"†": died, "alive": waiting}; `allowed`: the words that there are, or any."""

    allowed: tuple[str, ...] = ()
    numeric = False

    def read(self, value: Any, context: Context) -> Named[str]:
        if not isinstance(value, dict):
            raise ValueError(f"found {show(value)}; allowed: a section of cells, each with what it stands for")
        faults: list[Fault] = []
        for cell, word in value.items():
            word = _word(word)
            if not word.strip():
                faults.append(((cell,), f"found {show(word)}; allowed: a name"))
            elif self.allowed and word not in self.allowed:
                faults.append(((cell,), f"found {show(word)}{did_you_mean(word, self.allowed)}"))
        if faults:
            raise refuse(faults)
        return Named({str(cell): _word(word) for cell, word in value.items()})


def _word(value: Any) -> str:
    """A word as it was meant: YAML takes yes and no for text, and true and false for neither."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else ""


class Column(Section):
    """A column of the file."""

    column: Annotated[str, Text()] = Field(description="Its name in the file.")


class DateColumn(Column):
    """A column of dates; the formats of the whole register unless it has its own."""

    dates: Annotated[tuple[str, ...], Formats()] = Field((), description="The formats of its dates.")


class Progression(DateColumn):
    """Progression before infusion, found on a day."""

    last_free: DateColumn | None = Field(None, description="The last assessment without progression.")


class Category(Column):
    """A column of names."""

    values: Annotated[Mapping[str, str], Words()] = Field(
        Named({}), description="What cells stand for; else themselves."
    )


class Outcome(Column):
    """How the path ended before infusion, and on which day."""

    day: DateColumn = Field(description="The column of that day.")
    values: Annotated[Mapping[str, str], Words((*ENDS, "infused", "waiting"))] = Field(
        Named({}), description="What cells stand for."
    )


class Answer(Column):
    """A column of yes and no."""

    values: Annotated[Mapping[str, str], Words(YES_NO)] = Field(Named({}), description="What cells stand for.")


class Stay(Column):
    """A column of lengths of stay."""

    unit: Annotated[str, Text()] = Field("d", description="The unit of its numbers.")

    def checks(self) -> Iterator[Fault]:
        if self.unit not in UNIT_OF_SPELLING:
            yield ("unit",), f"found {show(self.unit)}{did_you_mean(self.unit, list(UNIT_OF_SPELLING))}"


class Bridging(DateColumn):
    """The day on which bridging therapy began."""

    responded: Answer | None = Field(None, description="Whether they responded.")


class Events(Section):
    """A register of one row an event."""

    case: Annotated[str, Text()] = Field(description="The column that says whose event it is.")
    activity: Annotated[str, Text()] = Field(description="The column that says what happened.")
    transition: Annotated[str, Text()] = Field(
        "", description="The column that says what of an activity it is: they are then called by both: Culture start."
    )
    time: DateColumn = Field(description="The column that says when.")
    activities: Annotated[Mapping[str, str], Words(ACTIVITIES)] = Field(description="What each activity stands for.")


class Milestones(Section):
    """The column of each milestone."""

    referral: DateColumn | None = None
    listing: DateColumn | None = None
    slot: DateColumn | None = None
    apheresis: DateColumn | None = None
    collected: DateColumn | None = None
    received_at_factory: DateColumn | None = None
    manufacturing: DateColumn | None = None
    manufactured: DateColumn | None = None
    released: DateColumn | None = None
    product_received: DateColumn | None = None
    lymphodepletion: DateColumn | None = None
    infusion: DateColumn | None = None
    discharge: DateColumn | None = None


class Categories(Section):
    """The column of each category."""

    region: Category | None = None
    centre: Category | None = None
    risk_group: Category | None = None
    product: Category | None = None


class AttemptColumns(Section):
    """Columns of how often something was tried."""

    collection: Column | None = None
    manufacture: Column | None = None


class Register(Section):
    """What a register holds, and how it is written."""

    file: Annotated[str, Text()] = Field(description="The file of the register, beside this one or below.")
    encoding: Annotated[str, Text()] = Field("", description="Of a CSV file.")
    separator: Literal["comma", "semicolon", "tab"] = Field("comma", description="Of a CSV file.")
    sheet: Annotated[str, Text()] = Field("", description="Of a workbook; the first unless given.")
    header: Annotated[int, Whole(1, MOST_TITLES)] = Field(
        1, description="The row with the names of the columns, of a CSV file or a workbook; what is above is not used."
    )
    rows: Literal["patients", "events"] = Field("patients", description="patients | events: what a row is.")
    as_of: Annotated[date, DAY] = Field(description="The day of the extract.")
    since: Annotated[date | None, DAY] = Field(
        None, description="When the register began: who was referred before is in it only if still unresolved then."
    )
    included_at: Literal["referral", "listing", "apheresis", "infusion"] = Field(
        description=" | ".join(INCLUDED_AT) + ": what brings a patient into the register."
    )
    dates: Annotated[tuple[str, ...], Formats()] = Field((), description="Formats of all dates.")
    empty: tuple[Annotated[str, Text()], ...] = Field(
        (), description="What stands in a cell of dates that holds none, such as n/a."
    )
    id: Annotated[str, Text()] = Field("", description="The column that tells patients apart; it goes no further.")
    milestones: Milestones = Field(Milestones.by_default(), description="The column of each milestone.")
    events: Events | None = Field(None, description="Columns and activities, where a row is an event.")
    ends: Annotated[Mapping[str, DateColumn], Any] = Field(Named({}), description="The column of the day of each end.")
    outcome: Outcome | None = Field(None, description="How the path ended before infusion.")
    progression: Progression | None = Field(None, description="Progression before infusion.")
    bridging: Bridging | None = Field(None, description="Bridging therapy.")
    booked_for: DateColumn | None = Field(
        None, description="The day on which a slot that was given starts; it may lie after the extract."
    )
    categories: Categories = Field(Categories.by_default(), description="Region, centre, risk group, product.")
    attempts: AttemptColumns = Field(AttemptColumns.by_default(), description="How often something was tried.")
    stay: Stay | None = Field(None, description="Length of stay, where there is no date of discharge.")
    ignore: tuple[Annotated[str, Text()], ...] = Field((), description="Columns that are not used.")

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        ends = data.get("ends")
        for name in ends if isinstance(ends, dict) else ():
            if name not in ENDS:
                yield ("ends", name), f"is no end of a path{did_you_mean(name, ENDS)}"
        kind = kind_by_name(Path(str(data.get("file", ""))))
        for name, kinds in OF_KIND.items():
            if name in data and kind and kind not in kinds:
                yield (name,), f"is not used: the file is no {' and no '.join(kinds.values())}"
        if data.get("rows") == "events" and "events" not in data:
            yield ("events",), "required where a row is an event, but not given"
        if data.get("rows", "patients") == "patients" and "events" in data:
            yield ("events",), "is not used: a row is a patient"
        if data.get("rows") == "events":
            for name in (
                "empty",
                "id",
                "milestones",
                "ends",
                "outcome",
                "progression",
                "bridging",
                "booked_for",
                "stay",
            ):
                if name in data:
                    yield (name,), "is not used: a row is an event; name its activity under events.activities"

    def checks(self) -> Iterator[Fault]:
        if self.since is not None and self.since >= self.as_of:
            yield ("since",), f"found {self.since}; allowed: a day before as_of"
        if self.encoding:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                yield ("encoding",), f"found {show(self.encoding)}, which is no encoding; such as utf-8 or cp1252"
        if self.rows == "patients":
            for name in dict.fromkeys(("referral", str(self.included_at))):
                if getattr(self.milestones, name) is None:
                    why = "every clock and wait counts from it" if name == "referral" else f"included_at is {name}"
                    yield ("milestones", name), f"required ({why}), but not given"
            if self.stay is not None and self.milestones.discharge is not None:
                yield ("stay",), "is not used beside milestones.discharge"
            for name, column in self.date_columns:
                if not (column.dates or self.dates):
                    yield (
                        _path_of(name),
                        f"no format is stated for the dates of column {show(column.column)}; add `dates`",
                    )
            if self.dates and all(column.dates for _, column in self.date_columns):
                yield ("dates",), "is not used: every column of dates states its own"
        elif self.events is not None:
            there = set(self.events.activities.values())
            for name in dict.fromkeys(("referral", str(self.included_at))):
                if name not in there:
                    yield ("events", "activities"), f"no activity stands for {name}"
            if not (self.events.time.dates or self.dates):
                yield ("dates",), f"no format is stated for the times (column {show(self.events.time.column)})"
            elif self.events.time.dates and self.dates:
                yield ("dates",), "is not used: events.time states its own"

    @property
    def date_columns(self) -> list[tuple[str, DateColumn]]:
        """(what it is, column) of every column of dates, where a row is a patient."""
        found = [(name, column) for name in MILESTONES if (column := getattr(self.milestones, name)) is not None]
        found += [(f"ends.{name}", column) for name, column in self.ends.items()]
        if self.outcome is not None:
            found.append(("outcome.day", self.outcome.day))
        if self.progression is not None:
            found.append((PROGRESSION, self.progression))
            if self.progression.last_free is not None:
                found.append((PROGRESSION_FREE, self.progression.last_free))
        if self.bridging is not None:
            found.append((BRIDGING, self.bridging))
        if self.booked_for is not None:
            found.append((BOOKED, self.booked_for))
        return found

    @property
    def other_columns(self) -> dict[str, Column]:
        """The other columns, by what they are."""
        found: dict[str, Column | None] = {name: getattr(self.categories, name) for name in CATEGORIES}
        found |= {f"attempts.{name}": getattr(self.attempts, name) for name in ATTEMPTS}
        found |= {"outcome": self.outcome, "stay": self.stay}
        found["responded"] = None if self.bridging is None else self.bridging.responded
        return {name: column for name, column in found.items() if column is not None}

    @property
    def columns(self) -> list[str]:
        """The names of all columns that are read, each once."""
        named = [column.column for _, column in self.date_columns] + [c.column for c in self.other_columns.values()]
        if self.events is not None:
            events = self.events
            named += [events.case, events.activity, *filter(None, [events.transition]), events.time.column]
        return list(dict.fromkeys([*named, *([self.id] if self.id else [])]))


def _path_of(name: str) -> tuple[str, ...]:
    """Where the description has a column of dates."""
    if name in MILESTONES:
        return "milestones", name
    return (PROGRESSION, "last_free") if name == PROGRESSION_FREE else tuple(name.split("."))


@dataclass(frozen=True)
class Described:
    """A register's description, and the files it stands in and speaks of."""

    register: Register
    path: Path
    file: Path


def read_register(path: Path) -> Described:
    """What `register.yaml` says. Raises ScenarioError with every problem."""
    found, places = read_described(path, Register, _spelled_out)
    folder = path.resolve().parent
    try:
        file = find_inside(found.file, folder, (folder,))
    except ValueError as error:
        raise ScenarioError([Problem(places[("file",)], "file", f"{show(found.file)} {error}")]) from error
    return Described(found, path, path.parent / file.relative_to(folder))


_SHORT = ("milestones", "ends", "categories", "attempts")


def _spelled_out(data: Any) -> Any:
    """The raw data with columns that are given by their names alone written as sections."""
    if not isinstance(data, dict):
        return data

    def column(value: Any) -> Any:
        if isinstance(value, dict):
            inner = {key: column(v) if key in ("last_free", "responded", "day") else v for key, v in value.items()}
            return inner
        return {"column": value} if isinstance(value, str | int | float) and not isinstance(value, bool) else value

    found = dict(data)
    for name in _SHORT:
        if isinstance(data.get(name), dict):
            found[name] = {key: column(value) for key, value in data[name].items()}
    for name in ("outcome", "progression", "bridging", "booked_for", "stay"):
        if name in data:
            found[name] = column(data[name])
    if isinstance(data.get("events"), dict):
        found["events"] = {k: column(v) if k == "time" else v for k, v in data["events"].items()}
    return found


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*[A-Za-z0-9_]|[A-Za-z]")
_TAKEN = {"true", "false", "null", "yes", "no", "on", "off"}


def quoted(text: str) -> str:
    """Text as YAML holds it, in quotes where it needs them."""
    if _PLAIN.fullmatch(text) and text.lower() not in _TAKEN:
        return text
    escaped = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text.replace("\\", "\\\\")
    )
    return '"' + escaped.replace('"', '\\"') + '"'
