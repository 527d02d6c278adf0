"""The section about what becomes of patients: response, relapse and death by product, and without a product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, StrictBool

from sim.pure.distributions import Distribution
from sim.pure.survival import Exponential, Never, Survival, net
from sim.scenario.clock_values import Clock
from sim.scenario.durations import Duration
from sim.scenario.kinds import Multiplier, Share
from sim.scenario.named import Names
from sim.scenario.people import COUNTS_DEATHS, NO_TIME
from sim.scenario.section import Fault, Named, Section

# The outcomes of those who are not infused and live on.
UNTREATED = ("progressed", "withdrawn", "funding", "collection_failed", "product_failed", "unsuitable", "waiting")


class Durability(Section):
    """What one product, or the alternative, does: response, and the clocks from infusion (its first dose) on."""

    response: Annotated[float, Share()] = Field(1.0, description="Proportion of the infused who respond.")
    time_to_response: Annotated[Distribution, Duration()] = Field(
        NO_TIME, description="Time from infusion to response; who dies before has not responded."
    )
    progression: Annotated[Survival, Clock()] = Field(
        description="Time from response to progression, of responders (the duration of response)."
    )
    without_response: Annotated[Survival | None, Clock()] = Field(
        None, description="Time from infusion to progression of the others; the same as progression unless given."
    )
    progression_counts_deaths: StrictBool = Field(False, description=COUNTS_DEATHS)
    death: Annotated[Survival, Clock()] = Field(Never(), description="Time from infusion to death without progression.")
    death_after_progression: Annotated[Survival | None, Clock()] = Field(
        None, description="Time from progression to death; unless given, the clock of death goes on as it was."
    )
    death_without_response: Annotated[Survival | None, Clock()] = Field(
        None,
        description="Time from progression to death of those who did not respond; the same as "
        "death_after_progression unless given.",
    )

    def model_post_init(self, context: Any) -> None:
        """Fill in the clocks of those who do not respond, so that leaving one out and repeating it mean the same."""
        if self.without_response is None:
            self.__dict__["without_response"] = self.progression
        if self.death_without_response is None:
            self.__dict__["death_without_response"] = self.death_after_progression

    @property
    def following(self) -> list[str]:
        """The clocks of those who do not respond that are not given, and so change with the others'."""
        return [key for key in ("without_response", "death_without_response") if key not in self.model_fields_set]

    def checks(self) -> Iterator[Fault]:
        waits = self.time_to_response != NO_TIME
        if self.progression_counts_deaths and waits and not isinstance(self.death, Exponential | Never):
            yield (
                ("progression_counts_deaths",),
                "deaths are taken out of a clock that starts at response; allowed with a time_to_response where death "
                "has a constant hazard",
            )

    def after_progression(self, responded: bool) -> Survival | None:
        """The clock of death from progression on; None where that from infusion on goes on as it was."""
        return self.death_after_progression if responded else self.death_without_response

    def progression_alone(self, responded: bool, frailty: float) -> Survival:
        """The clock of progression without deaths, with or without response, under a frailty of this strength."""
        shape = self.progression if responded else self.without_response
        assert shape is not None
        return net(shape, self.death, frailty) if self.progression_counts_deaths else shape


class HazardRatios(Section):
    """How patients of one kind fare after infusion, against the product's own figures; kinds multiply."""

    response: Annotated[float, Multiplier()] = Field(1.0, description="Odds ratio of response.")
    progression: Annotated[float, Multiplier()] = Field(1.0, description="Multiplier on progression.")
    death: Annotated[float, Multiplier()] = Field(1.0, description="Multiplier on death.")


class LaterProducts(HazardRatios):
    """How patients fare after the infusion of a later course: by curves of its product, and by multipliers on them."""

    autologous: Durability | None = Field(
        None, description="Curves of the product made for the later course; those of the first one unless given."
    )
    allogeneic: Durability | None = Field(
        None, description="Curves of the dose of the later course; those of the first one unless given."
    )


class ByBridging(Section):
    """How patients fare after infusion by what bridging therapy did."""

    responded: HazardRatios = Field(HazardRatios.by_default(), description="Of those who responded to it.")
    no_response: HazardRatios = Field(HazardRatios.by_default(), description="Of those who did not respond to it.")
    not_bridged: HazardRatios = Field(HazardRatios.by_default(), description="Of those who were not given any.")


class ByEarlierTarget(Section):
    """How patients fare after infusion by the target of holding or bridging therapy that they were given before it."""

    same: HazardRatios = Field(HazardRatios.by_default(), description="Of those given any against that of the product.")
    other: HazardRatios = Field(HazardRatios.by_default(), description="Of those given any against another target.")


class NotInfused(Section):
    """Survival of those who are not infused, from the day of their outcome on; by outcome where that is given."""

    death: Annotated[Survival, Clock()] = Field(description="Time to death, whatever the outcome.")
    progressed: Annotated[Survival | None, Clock()] = Field(None, description="Who lost eligibility by progression.")
    withdrawn: Annotated[Survival | None, Clock()] = Field(None, description="Who left for another reason.")
    funding: Annotated[Survival | None, Clock()] = Field(None, description="For whom nobody paid.")
    collection_failed: Annotated[Survival | None, Clock()] = Field(None, description="Whose collection failed.")
    product_failed: Annotated[Survival | None, Clock()] = Field(None, description="Whose product failed.")
    unsuitable: Annotated[Survival | None, Clock()] = Field(None, description="Who was unsuitable.")
    waiting: Annotated[Survival | None, Clock()] = Field(None, description="Who still waited at the end of follow-up.")

    def of(self, outcome: str) -> Survival:
        """The clock of death of those with this outcome."""
        given: Survival | None = getattr(self, outcome)
        return self.death if given is None else given


class GeneralPopulation(Section):
    """Death of people of the same age and sex: nobody's hazard of death after the path is lower than theirs."""

    female: Annotated[Survival, Clock()] = Field(description="Time from birth to death of women: a life table.")
    male: Annotated[Survival, Clock()] = Field(description="Time from birth to death of men: a life table.")
    mortality_ratio: Annotated[float, Multiplier()] = Field(
        1.0, description="Standardised mortality ratio: how many times as high the patients' own is at least."
    )


class AfterInfusion(Section):
    """What becomes of patients once their path has ended."""

    autologous: Durability | None = Field(None, description="Of the product made for each patient.")
    allogeneic: Durability | None = Field(None, description="Of the off-the-shelf product.")
    alternative: Durability | None = Field(
        None, description="Of the alternative therapy, from its first dose on; in its clocks, that is the infusion."
    )
    standard_care: Durability | None = Field(
        None, description="Of standard care in a reference arm, from referral on; in its clocks, that is the infusion."
    )
    by_risk_group: Annotated[Mapping[str, HazardRatios], Names("risk group", HazardRatios)] = Field(
        Named({}), description="Of the patients of a risk group, by its name."
    )
    progressed_before_infusion: HazardRatios = Field(
        HazardRatios.by_default(), description="Of patients infused after their disease had progressed."
    )
    not_progressed_before_infusion: HazardRatios = Field(
        HazardRatios.by_default(), description="Of patients infused before their disease progressed."
    )
    by_bridging: ByBridging = Field(ByBridging.by_default(), description="By response to bridging therapy.")
    by_earlier_target: ByEarlierTarget = Field(
        ByEarlierTarget.by_default(), description="By the target of holding or bridging therapy."
    )
    out_of_specification: HazardRatios = Field(
        HazardRatios.by_default(), description="Of patients infused with a product out of specification."
    )
    later_course: LaterProducts = Field(
        LaterProducts.by_default(),
        description="Of patients infused in a later course: multipliers whatever the product, and its curves.",
    )
    not_infused: NotInfused = Field(description="Of those who are not infused.")
    general_population: GeneralPopulation | None = Field(
        None, description="Deaths from all causes of people of the same age and sex; below them no hazard falls."
    )

    def of(self, product: str) -> Durability | None:
        """The durability of a product."""
        found: Durability | None = getattr(self, product)
        return found

    def again(self, product: str) -> Durability | None:
        """The durability of a product that is infused in a later course."""
        own: Durability | None = getattr(self.later_course, product)
        return self.of(product) if own is None else own
