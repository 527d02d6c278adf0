"""The section about what becomes of patients: response, relapse and death by product, and without a product."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from sim.pure.survival import Never, Survival
from sim.scenario.clock_values import Clock
from sim.scenario.kinds import Multiplier, Share
from sim.scenario.section import Section

# The outcomes of those who are not infused and live on.
UNTREATED = ("progressed", "withdrawn", "collection_failed", "product_failed", "unsuitable", "waiting")


class Durability(Section):
    """What one product does: response, and the clocks from infusion on."""

    response: Annotated[float, Share()] = Field(1.0, description="Share of the infused who respond.")
    progression: Annotated[Survival, Clock()] = Field(description="Time from infusion to progression, of responders.")
    without_response: Annotated[Survival | None, Clock()] = Field(
        None, description="Time from infusion to progression of the others; the same as progression unless given."
    )
    death: Annotated[Survival, Clock()] = Field(Never(), description="Time from infusion to death.")
    death_after_progression: Annotated[Survival | None, Clock()] = Field(
        None, description="Time from progression to death; unless given, the clock of death goes on as it was."
    )

    def model_post_init(self, context: Any) -> None:
        """Fill in the clock of those who do not respond, so that leaving it out and repeating it mean the same."""
        if self.without_response is None:
            self.__dict__["without_response"] = self.progression


class HazardRatios(Section):
    """Multipliers on the clocks from infusion on."""

    progression: Annotated[float, Multiplier()] = Field(1.0, description="Multiplier on progression.")
    death: Annotated[float, Multiplier()] = Field(1.0, description="Multiplier on death.")


class NotInfused(Section):
    """Survival of those who are not infused, from the day of their outcome on; by outcome where that is given."""

    death: Annotated[Survival, Clock()] = Field(description="Time to death, whatever the outcome.")
    progressed: Annotated[Survival | None, Clock()] = Field(None, description="Who lost eligibility by progression.")
    withdrawn: Annotated[Survival | None, Clock()] = Field(None, description="Who left for another reason.")
    collection_failed: Annotated[Survival | None, Clock()] = Field(None, description="Whose collection failed.")
    product_failed: Annotated[Survival | None, Clock()] = Field(None, description="Whose product failed.")
    unsuitable: Annotated[Survival | None, Clock()] = Field(None, description="Who was unsuitable.")
    waiting: Annotated[Survival | None, Clock()] = Field(None, description="Who still waited at the end of follow-up.")

    def of(self, outcome: str) -> Survival:
        """The clock of death of those with this outcome."""
        given: Survival | None = getattr(self, outcome)
        return self.death if given is None else given


class AfterInfusion(Section):
    """What becomes of patients once their path has ended."""

    autologous: Durability | None = Field(None, description="Of the product made for each patient.")
    allogeneic: Durability | None = Field(None, description="Of the off-the-shelf product.")
    progressed_before_infusion: HazardRatios = Field(
        HazardRatios.by_default(), description="Of patients infused after their disease had progressed."
    )
    out_of_specification: HazardRatios = Field(
        HazardRatios.by_default(), description="Of patients infused with a product out of specification."
    )
    not_infused: NotInfused = Field(description="Of those who are not infused.")

    def of(self, product: str) -> Durability | None:
        """The durability of a product."""
        found: Durability | None = getattr(self, product)
        return found
