"""The section of a validation case: which results are expected, and how closely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.scenario.blocks import one_way
from sim.scenario.kinds import Context, Number, Plain, Text, finite_number
from sim.scenario.named import Names
from sim.scenario.problems import show
from sim.scenario.section import Fault, Named, Section

THREE_STANDARD_ERRORS = "3 se"
TargetKind = Literal["exact", "calibration", "test"]
IntervalKind = Literal["sampling", "range", "ours"]


def _read_tolerance(value: Any, _: Context) -> float | str:
    """`3 se`, `exact`, or a number."""
    allowed = f"'{THREE_STANDARD_ERRORS}' (standard errors), exact, or a distance above 0"
    if value in ("exact", THREE_STANDARD_ERRORS):
        return str(value)
    distance = finite_number(value, allowed)
    if distance <= 0.0:
        raise ValueError(f"found {show(value)}; allowed: {allowed}")
    return distance


TOLERANCE = Plain(
    _read_tolerance,
    lambda value: value if isinstance(value, str) else Number().write(value),
    {"anyOf": [{"enum": [THREE_STANDARD_ERRORS, "exact"]}, {"type": "number", "exclusiveMinimum": 0}]},
    numeric=False,
)


class Quantity(Section):
    """One expected result: `exact`, or a published range from `low` to `high`."""

    of: Annotated[str, Text()] = Field(description="The result, as dotted text: resources.line.delayed_share")
    exact: Annotated[float | None, Number(-1e15, 1e15)] = Field(None, description="The value that must come out.")
    low: Annotated[float | None, Number(-1e15, 1e15)] = Field(None, description="The lowest value allowed.")
    high: Annotated[float | None, Number(-1e15, 1e15)] = Field(None, description="The highest value allowed.")
    published: Annotated[float | None, Number(-1e15, 1e15)] = Field(
        None, description="The published estimate, from which the error is counted; low and high are its interval."
    )
    interval: IntervalKind | None = Field(
        None,
        description="What low and high are: the sampling interval of the published estimate (default), the range of "
        "several centres or studies, or a margin of our own where none is published.",
    )
    within: Annotated[float | str, TOLERANCE] = Field(
        THREE_STANDARD_ERRORS, description="'3 se', exact, or an absolute tolerance."
    )
    kind: TargetKind | None = Field(None, description="What kind of target this one is; that of the case unless given.")
    source: Annotated[str, Text(longest=2000, lines=True)] = Field("", description="Where this value stands.")
    note: Annotated[str, Text(longest=2000, lines=True)] = Field("", description="What a reader should know of it.")
    known_miss: Annotated[str, Text(longest=2000, lines=True)] = Field(
        "", description="Why this target is missed, where it is known to be; it stays in the table as missed."
    )
    precision: Annotated[float | None, Number(0.0, 1.0, "a proportion of the expected value", above=True)] = Field(
        None, description="The standard error must not be above this proportion of the expected value."
    )

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        return one_way(data, list(cls.model_fields), "validation.quantities.*")

    def checks(self) -> Iterator[Fault]:
        if self.interval is not None and self.low is None and self.high is None:
            yield ("interval",), "there is no interval; allowed with low and high"
        if self.low is None or self.high is None:
            return
        if self.low > self.high:
            yield (), f"found low {self.low:g} above high {self.high:g}; allowed: low <= high"
        elif self.published is not None and not self.low <= self.published <= self.high:
            yield ("published",), f"found {self.published:g}; allowed: from {self.low:g} to {self.high:g}, its interval"


class Validation(Section):
    """What must come out of this scenario; used by `validate` only."""

    source: Annotated[str, Text(longest=2000, lines=True)] = Field("", description="Where the expected values stand.")
    kind: TargetKind = Field(
        "exact",
        description="exact: a closed form or worked by hand. calibration: a default was set to it. test: none was.",
    )
    quantities: Annotated[Mapping[str, Quantity], Names("quantity", Quantity)] = Field(
        Named({}), description="The expected results, by name."
    )
