"""The section about what must be done before the cells are collected, beside the work-up, and therapy meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.scenario.kinds import Multiplier
from sim.scenario.people import NO_TIME
from sim.scenario.section import Absent, Fault, Section
from sim.scenario.supply import NO_TARGET, TARGET, ShareOf, Target, Time


class Appeal(Section):
    """What follows a refusal to pay."""

    duration: Time = Field(NO_TIME, description="Time from the refusal to the answer.")
    success: ShareOf = Field(0.0, description="Proportion of appeals that succeed; the others end the path.")


class Clearance(Section):
    """Financial clearance: whether somebody pays."""

    duration: Time = Field(NO_TIME, description="Time from referral to the answer.")
    refusal: ShareOf = Field(
        0.0, description="Proportion that is refused; without an appeal that succeeds the path ends."
    )
    appeal: Appeal = Field(Appeal.by_default(), description="What follows a refusal.")


class Holding(Section):
    """Holding therapy: begun when the work-up is done, it slows the disease, and is washed out before apheresis."""

    share: ShareOf = Field(0.0, description="Proportion of patients who have holding therapy.")
    duration: Time = Field(NO_TIME, description="Time from its start to its end.")
    step_up: Time = Field(
        NO_TIME,
        description="Its first part, in a bed of the centre (step-up doses); it begins when there is one.",
    )
    response: ShareOf = Field(1.0, description="Proportion of them who respond.")
    hazard: Annotated[float, Multiplier()] = Field(1.0, description="Multiplier on progression while it is given.")
    target: Target = Field(NO_TARGET, description=TARGET)


class BeforeApheresis(Section):
    """What runs beside the work-up, all of it from referral on, and must be done before the cells are collected."""

    clearance: Clearance = Field(Clearance.by_default(), description="Financial clearance.")
    caregiver: Time = Field(NO_TIME, description="Time from referral until a caregiver and housing are found.")
    washout: Time = Field(
        NO_TIME,
        description="Time from the last therapy (referral, or the end of holding therapy) to apheresis; with strategy "
        "allogeneic, to lymphodepletion.",
    )
    holding: Holding = Field(Holding.by_default(), description="Therapy that slows the disease meanwhile.")
    slot_asked_for: Literal["when_ready", "at_listing"] = Field(
        "when_ready",
        description="when_ready: listed once all is done. at_listing: listed after the work-up; a slot that starts "
        "before all is done is lost, and another one asked for on the day on which it is, in the old place.",
    )

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        holding = data.get("holding")
        if isinstance(holding, dict) and holding.get("share") not in (None, 0, 0.0) and "duration" not in holding:
            yield ("holding", "duration"), Absent("required with a proportion of patients, but not given")
