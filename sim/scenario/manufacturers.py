"""Sections about several manufacturers: what each does otherwise, with which a centre contracts, and who gets whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.pure.distributions import Distribution
from sim.scenario.durations import Duration
from sim.scenario.kinds import Context, Days, Plain, Share, Text
from sim.scenario.lists import CAPACITY, NAME_LIST, read_entries, read_names
from sim.scenario.named import Names
from sim.scenario.people import SHARES_BY_NAME, Steps
from sim.scenario.problems import show
from sim.scenario.section import Absent, Fault, Named, Section
from sim.scenario.slots import Slots

TimeOrAbsent = Annotated[Distribution | None, Duration()]
ShareOrAbsent = Annotated[float | None, Share()]


class Lane(Section):
    """The way between one centre and a manufacturer."""

    to_factory: TimeOrAbsent = Field(None, description="Time from this centre to the manufacturer.")
    to_centre: TimeOrAbsent = Field(None, description="Time from the manufacturer to this centre.")


class Manufacturer(Section):
    """One of several manufacturers; what it does not say is as for all."""

    slots: Slots | None = Field(None, description="Its own dated slots, instead of manufacturing.slots.")
    lines: Annotated[Steps | None, CAPACITY] = Field(
        None, description="Its own manufactures at one time, instead of manufacturing.lines; may change by date."
    )
    duration: TimeOrAbsent = Field(None, description="Time of one manufacture.")
    remake_duration: TimeOrAbsent = Field(None, description="Time of a repeated manufacture.")
    failure: ShareOrAbsent = Field(None, description="Proportion of manufactures that fail.")
    out_of_specification: ShareOrAbsent = Field(
        None, description="Proportion of released products that are out of specification."
    )
    calendar: Annotated[str | None, Text()] = Field(
        None, description="Name of the calendar in whose openings its manufactures start."
    )
    to_factory: TimeOrAbsent = Field(None, description="Time from a centre to it, instead of shipping.to_factory.")
    to_centre: TimeOrAbsent = Field(None, description="Time from it to a centre, instead of shipping.to_centre.")
    lanes: Annotated[Mapping[str, Lane], Names("lane", Lane)] = Field(
        Named({}), description="The ways between it and each centre, by the centre's name, where they differ."
    )


def _read_by_group(value: Any, context: Context) -> Named[tuple[str, ...]]:
    if not isinstance(value, dict) or not value:
        raise ValueError(f"found {show(value)}; allowed: lists of names by risk group, such as {{high: [first]}}")
    return Named(read_entries(value, lambda entry: read_names(entry, context)))


# A list of names for each of several groups.
NAMES_BY_GROUP = Plain(
    _read_by_group,
    lambda value: {name: list(names) for name, names in value.items()} or None,
    {"type": "object", "minProperties": 1, "additionalProperties": NAME_LIST.schema},
    numeric=False,
)


class Assignment(Section):
    """Which of the manufacturers that a centre contracts with makes a patient's product."""

    rule: Literal["first_free", "preferred", "share"] = Field(
        "first_free",
        description="first_free: what is free and promises the earliest infusion, by planned dates and mean times. "
        "preferred: the first that the centre contracts with, and after some patience any. share: by chance.",
    )
    patience: Annotated[float | None, Days()] = Field(
        None, description="How long a patient waits for the preferred manufacturer alone; with rule: preferred."
    )
    shares: Annotated[Mapping[str, float] | None, SHARES_BY_NAME] = Field(
        None, description="Proportion of patients of each manufacturer, of those that may have it; with rule: share."
    )
    risk_groups: Annotated[Mapping[str, tuple[str, ...]], NAMES_BY_GROUP] = Field(
        Named({}), description="Manufacturers of a risk group, the preferred first, where they are not those of all."
    )

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        for rule, key in (("preferred", "patience"), ("share", "shares")):
            if data.get("rule", "first_free") == rule and key not in data:
                yield (key,), Absent(f"required by rule '{rule}', but not given")
