"""The section about an alternative: a therapy without slot or cells, given instead of the path to infusion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from sim.scenario.kinds import Days
from sim.scenario.lists import NAME_LIST
from sim.scenario.people import NO_TIME
from sim.scenario.section import Absent, Fault, Section
from sim.scenario.supply import ShareOf, Time

# When it may be offered.
OCCASIONS = ("from_start", "after_waiting", "at_progression", "after_failure")


class Offered(Section):
    """Who is offered the alternative, and when. Whoever accepts it takes it on the first of these occasions."""

    from_start: StrictBool = Field(False, description="At referral; not to those on the initial waiting list.")
    after_waiting: Annotated[float, Days(word="never")] = Field(
        float("inf"), description="To those who have waited this long for a slot, a line or a dose, or never."
    )
    since: Literal["joining", "listing", "referral"] = Field(
        "listing", description="From when that wait counts: joining (the queue) | listing | referral"
    )
    at_progression: StrictBool = Field(
        False,
        description="On the day on which the disease progresses, up to apheresis (or the dose), to those who would "
        "stay eligible as well.",
    )
    after_failure: StrictBool = Field(False, description="When collection or manufacture has failed for good.")
    to: Annotated[tuple[str, ...], NAME_LIST] = Field(
        (), description="Risk groups to whom it is offered; to everybody unless given."
    )

    @property
    def after_some_wait(self) -> bool:
        """Whether it is offered to those who wait for long."""
        return self.after_waiting < float("inf")


class Alternative(Section):
    """A therapy without slot or cells, such as a bispecific antibody; whoever takes it leaves the path to infusion."""

    offered: Offered = Field(description="Who is offered it, and when.")
    accepts: ShareOf = Field(1.0, description="Proportion of them who accept it; the others never do.")
    start: Time = Field(NO_TIME, description="Time from accepting it to the first dose; the clocks go on meanwhile.")
    step_up: Time = Field(NO_TIME, description="Time in a bed of the centre from the first dose on (step-up doses).")

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        offered = data.get("offered")
        if isinstance(offered, dict) and not any(offered.get(key) not in (None, False, "never") for key in OCCASIONS):
            allowed = "from_start, after_waiting, at_progression or after_failure"
            yield ("offered",), Absent(f"nobody is ever offered it; state {allowed}")
