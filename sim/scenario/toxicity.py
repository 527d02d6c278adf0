"""Sections about what happens after infusion in the hospital: toxicity, and intensive care."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.kinds import Days
from sim.scenario.named import Names
from sim.scenario.people import NO_TIME, SHARES_TOLERANCE
from sim.scenario.section import Fault, Section
from sim.scenario.supply import ShareOf, Time


class Grade(Section):
    """One grade of a toxicity."""

    share: ShareOf = Field(description="Proportion of the infused who have it at this grade.")
    duration: Time = Field(NO_TIME, description="Time in the hospital with it, intensive care apart.")
    icu: ShareOf = Field(0.0, description="Proportion of these who need intensive care.")


class Event(Section):
    """A toxicity by grade."""

    onset: Time = Field(NO_TIME, description="Time from infusion to its onset.")
    grades: Annotated[Mapping[str, Grade], Names("grade", Grade)] = Field(description="Grades, by name.")

    def checks(self) -> Iterator[Fault]:
        total = sum(grade.share for grade in self.grades.values())
        if total > 1.0 + SHARES_TOLERANCE:
            yield ("grades",), f"the proportions sum to {total:.10g}; allowed: at most 1"

    @property
    def needs_icu(self) -> bool:
        """Whether anybody comes to intensive care with it."""
        return any(grade.icu > 0.0 and grade.share > 0.0 for grade in self.grades.values())


class IntensiveCare(Section):
    """A stay in intensive care."""

    stay: Time = Field(NO_TIME, description="Time in intensive care.")
    turn_round: Annotated[float, Days()] = Field(
        0.0, description="Time from the end of such a stay until the bed is ready for the next patient."
    )
    bed: Literal["kept", "freed"] = Field(
        "kept", description="What becomes of the patient's bed meanwhile: kept | freed"
    )


class Toxicity(Section):
    """What the infusion does to patients, one event after the other."""

    crs: Event | None = Field(None, description="Cytokine release syndrome.")
    neurotoxicity: Event | None = Field(None, description="Neurotoxicity (ICANS).")
    icu: IntensiveCare = Field(IntensiveCare.by_default(), description="Intensive care.")

    @property
    def events(self) -> dict[str, Event]:
        """The events given, by name, in the order in which they follow each other."""
        found = {"crs": self.crs, "neurotoxicity": self.neurotoxicity}
        return {name: event for name, event in found.items() if event is not None}
