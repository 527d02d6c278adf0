"""Clocks: `never`, or one waiting-survival shape."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from sim.pure.survival import Cured, Exponential, LogLogistic, Never, Piecewise, Survival, SurvivalTable, Weibull
from sim.scenario.blocks import Block, BlockKind, Family
from sim.scenario.durations import PositiveDays, Shape, weibull_scale
from sim.scenario.kinds import Context, Days, JsonSchema, Plain, Share, finite_number
from sim.scenario.lists import RATE, RATE_SCHEMA
from sim.scenario.problems import shorten, show, suggestion
from sim.scenario.section import Fault, refuse
from sim.scenario.units import MOST_PER_DAY, comma_hint, parse_days, parse_rate, plain_number, write_days, write_rate

# Behind the last row of a survival table, the hazard of its last two rows goes on.
LAST_RATE = "last_rate"


class ExponentialClock(Family):
    """A constant hazard: one of `rate`, `mean` and `median`."""

    ways: ClassVar[str] = "exponential"
    rate: Annotated[float | None, RATE] = Field(None, description="Hazard per unit of time.")
    mean: PositiveDays = Field(None, description="Mean time to the event.")
    median: PositiveDays = Field(None, description="Half have the event by then.")

    def value(self) -> Survival:
        if self.rate is not None:
            return Exponential(self.rate) if self.rate > 0.0 else Never()
        if self.mean is not None:
            return Exponential(_hazard(1.0 / self.mean))
        assert self.median is not None
        return Exponential(_hazard(math.log(2.0) / self.median))


def _hazard(rate: float) -> float:
    if rate > MOST_PER_DAY:
        raise ValueError(f"found a time too short; a hazard is at most {MOST_PER_DAY:.0e} / d")
    return rate


class WeibullClock(Family):
    """A Weibull: `shape`, and one of `scale`, `median` and `mean`."""

    ways: ClassVar[str] = "weibull"
    shape: Shape = Field(description="Above 1 the hazard grows with time; 1 is an exponential.")
    scale: PositiveDays = Field(None, description="63% have the event by then.")
    median: PositiveDays = Field(None, description="Half have the event by then.")
    mean: PositiveDays = Field(None, description="Mean time to the event.")

    def value(self) -> Weibull:
        return Weibull(self.shape, weibull_scale(self.shape, self.scale, self.median, self.mean))


class LogLogisticClock(Family):
    """A log-logistic: the hazard may rise and fall."""

    shape: Shape = Field(description="Above 1 the hazard first rises, then falls.")
    median: Annotated[float, Days(above_zero=True)] = Field(description="Half have the event by then.")

    def value(self) -> LogLogistic:
        return LogLogistic(self.shape, self.median)


class Clock(BlockKind):
    """A clock: `never`, or a block of one survival shape."""

    def block(self) -> type[Block]:
        return ClockBlock

    def read_text(self, value: Any) -> Survival:
        if value == "never":
            return Never()
        families = ClockBlock.families()
        hint = suggestion(value, ["never", *families]) if isinstance(value, str) else ""
        raise ValueError(f"found {show(value)}; allowed: never, or one of {', '.join(families)}{hint}")

    def describe_text(self) -> JsonSchema:
        return {"const": "never"}

    def write(self, value: Survival) -> Any:
        return write_clock(value)


class CureClock(Family):
    """A mixture cure: a proportion never has the event, the others follow a clock."""

    model_config = ConfigDict(defer_build=True)

    share: Annotated[float, Share()] = Field(description="Proportion that never has the event.")
    of: Annotated[Any, Clock()] = Field(description="The clock of the others.")

    def checks(self) -> Iterator[Fault]:
        if isinstance(self.of, Never):
            allowed = "a clock for those who are not cured, or never in place of the whole"
            yield ("of",), f"never comes to anybody, so that `share` changes nothing; allowed: {allowed}"

    def value(self) -> Survival:
        if self.share == 1.0:
            return Never()
        of: Survival = self.of
        return of if self.share == 0.0 else Cured(self.share, of)


def _read_piecewise(value: Any, _: Context) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Constant hazards from given days on: {0 d: 0.01 / d, 90 d: 0.005 / d}."""
    allowed = "a map of days to rates that starts at 0 d, such as {0 d: 0.01 / d, 90 d: 0.005 / d}"
    if not isinstance(value, dict) or not value:
        raise ValueError(f"found {show(value)}; allowed: {allowed}")
    faults: list[Fault] = []
    rates: dict[float, float] = {}
    for key, entry in value.items():
        try:
            day = parse_days(key)
            if day in rates:
                faults.append(((key,), f"is the day of another entry, {write_days(day)}"))
            rates[day] = parse_rate(entry)
        except ValueError as error:
            faults.append(((key,), str(error)))
    if not faults and min(rates) > 0.0:
        faults.append(((), f"found '{shorten(next(iter(value)))}' as the first day; allowed: {allowed}"))
    if faults:
        raise refuse(faults)
    days = [d for i, d in enumerate(sorted(rates)) if i == 0 or rates[d] != rates[sorted(rates)[i - 1]]]
    return tuple(days), tuple(rates[day] for day in days)


# Parameters of a family, which are written with their clock.
PIECEWISE = Plain(_read_piecewise, None, {"type": "object", "minProperties": 1, "additionalProperties": RATE_SCHEMA})


def _read_table(value: Any, _: Context) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Survival by day: [[0 d, 1.0], [30 d, 0.9]], or a CSV file with columns `day` and `survival`."""
    # a sweep reads the same life tables at every point
    if isinstance(value, list) and all(map(_is_plain_row, value)):
        return _survival_rows(tuple((day, type(survival), survival) for day, survival in value))
    return _rows(value)


def _rows(value: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """As `_read_table`, every row on its own."""
    allowed = "a list of [day, survival], or the name of a CSV file with the columns 'day' and 'survival'"
    if not isinstance(value, list) or len(value) < 2:
        raise ValueError(f"found {show(value)}; allowed: {allowed}, with two rows or more")
    faults: list[Fault] = []
    rows: list[tuple[float, float]] = []
    for number, row in enumerate(value):
        if not isinstance(row, list) or len(row) != 2:
            parted = isinstance(row, list) and len(row) == 3 and isinstance(row[1], int) and isinstance(row[2], int)
            hint = comma_hint(f"{row[1]},{row[2]}") if parted else ""
            faults.append(((number,), f"found {show(row)}; allowed: [day, survival]{hint}"))
            continue
        read: list[float] = []
        for position, reader in enumerate((parse_days, _survival)):
            try:
                read.append(reader(row[position]))
            except ValueError as error:
                faults.append(((number, position), str(error)))
        if len(read) == 2:
            faults.extend(((number,), message) for message in _row_faults(rows, read[0], read[1]))
            rows.append((read[0], read[1]))
    if faults:
        raise refuse(faults)
    return tuple(day for day, _ in rows), tuple(survival for _, survival in rows)


TABLE = Plain(
    _read_table, None,
    {"anyOf": [
        {"type": "array", "items": {"type": "array", "minItems": 2, "maxItems": 2}, "minItems": 2},
        {"type": "string", "pattern": r"\.csv$"},
    ]},
)  # fmt: skip


def _is_plain_row(row: Any) -> bool:
    return type(row) is list and len(row) == 2 and type(row[0]) is str and type(row[1]) in (int, float)


@lru_cache(maxsize=64)
def _survival_rows(rows: tuple[tuple[str, type, float], ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What `_rows` reads from rows of (day, type of the survival, survival)."""
    return _rows([[day, survival] for day, _, survival in rows])


def _survival(value: Any) -> float:
    survival = finite_number(value, "a survival from 0 to 1")
    if not 0.0 <= survival <= 1.0:
        raise ValueError(f"found {show(value)}; allowed: a survival from 0 to 1")
    return survival


def _row_faults(rows: list[tuple[float, float]], day: float, survival: float) -> Iterator[str]:
    """Faults of a row after the rows before it."""
    if not rows:
        if day != 0.0 or survival != 1.0:
            yield f"found {write_days(day)}, {survival}; allowed: a table starts at 0 d with survival 1"
        return
    last_day, last = rows[-1]
    if day <= last_day:
        yield f"found {write_days(day)} after {write_days(last_day)}; allowed: days that go up"
    if survival > last:
        yield f"found survival {survival} after {last}; allowed: survival that never goes up"
    elif last == 0.0:
        yield "found a row after survival 0; allowed: survival 0 in the last row only"


def _read_tail(value: Any, context: Context) -> float | str:
    """What follows the last row of a survival table: `never`, `last_rate`, or a constant hazard per day."""
    if value == LAST_RATE:
        return LAST_RATE
    allowed = "never, last_rate (the hazard of the last two rows goes on), or {exponential: {rate: 0.001 / d}}"
    if value != "never" and not (isinstance(value, dict) and list(value) == ["exponential"]):
        hint = suggestion(value, ["never", LAST_RATE]) if isinstance(value, str) else ""
        raise ValueError(f"found {show(value)}; allowed: {allowed}{hint}")
    shape = Never() if value == "never" else ClockBlock.model_validate(value, context=dict(context)).value()
    return shape.rate if isinstance(shape, Exponential) else 0.0


_EXPONENTIAL: JsonSchema = {"type": "object", "description": "A constant hazard: {rate: 0.001 / d}"}
_CONSTANT: JsonSchema = {"type": "object", "properties": {"exponential": _EXPONENTIAL}, "required": ["exponential"]}
TAIL = Plain(_read_tail, None, {"anyOf": [{"enum": ["never", LAST_RATE]}, _CONSTANT]})


class ClockBlock(Block):
    """Exactly one waiting-survival shape."""

    model_config = ConfigDict(
        defer_build=True,
        json_schema_extra={"minProperties": 1, "maxProperties": 2, "dependentRequired": {"after": ["table"]}},
    )
    beside: ClassVar[Mapping[str, str]] = {"after": "table"}

    exponential: ExponentialClock | None = Field(None, description="Constant hazard: {rate: 0.0055 / d}")
    weibull: WeibullClock | None = Field(None, description="Weibull: {shape: 1.5, median: 60 d}")
    loglogistic: LogLogisticClock | None = Field(None, description="Log-logistic: {shape: 2, median: 60 d}")
    piecewise: Annotated[Any, PIECEWISE] = Field(
        None, description="Constant hazards from given days on: {0 d: 0.01 / d, 90 d: 0.005 / d}"
    )
    cure: CureClock | None = Field(None, description="Mixture cure: {share: 0.25, of: {exponential: ...}}")
    table: Annotated[Any, TABLE] = Field(
        None,
        description="Survival table: [[0 d, 1.0], [30 d, 0.9]], or a CSV file with columns day, survival; with `after`",
    )
    after: Annotated[Any, TAIL] = Field(
        None,
        description="What follows the last row of the table: never, last_rate, or {exponential: {rate: 0.001 / d}}",
    )

    def checks(self) -> Iterator[Fault]:
        if self.table is None:
            return
        days, survival = self.table
        if survival[-1] > 0.0 and self.after is None:
            yield (
                ("table",),
                f"ends at {write_days(days[-1])} with survival {survival[-1]:g} and does not say what follows; add "
                "`after`: never, last_rate (the hazard of the last two rows goes on), or {exponential: {rate: …}}",
            )
        if survival[-1] == 0.0 and self.after is not None:
            yield ("after",), "is not used: the table ends with survival 0, where nobody is left"

    def build(self, name: str, parameters: Any) -> Survival:
        days, values = parameters
        if name == "piecewise":
            return Piecewise(days, values)
        return SurvivalTable(days, values, None if self.after in (None, LAST_RATE) else self.after)


def write_clock(value: Survival) -> Any:
    """A clock as YAML holds it, whichever way its parameters were given."""
    match value:
        case Never():
            return "never"
        case Exponential(rate):
            return {"exponential": {"rate": write_rate(rate)}}
        case Weibull(shape, scale):
            return {"weibull": {"shape": plain_number(shape), "scale": write_days(scale)}}
        case LogLogistic(shape, scale):
            return {"loglogistic": {"shape": plain_number(shape), "median": write_days(scale)}}
        case Piecewise(days, rates):
            return {"piecewise": {write_days(d): write_rate(r) for d, r in zip(days, rates, strict=True)}}
        case Cured(share, of):
            return {"cure": {"share": plain_number(share), "of": write_clock(of)}}
        case SurvivalTable(days, survival, after):
            rows = [[write_days(d), plain_number(s)] for d, s in zip(days, survival, strict=True)]
            if survival[-1] == 0.0:
                return {"table": rows}
            return {"table": rows, "after": LAST_RATE if after is None else _written_tail(after)}
        case _:
            raise TypeError(f"not a clock of a scenario: {value}")


def _written_tail(rate: float) -> Any:
    return {"exponential": {"rate": write_rate(rate)}} if rate > 0.0 else "never"
