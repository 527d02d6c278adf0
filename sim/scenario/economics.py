"""The section about money and quality of life: unit costs, utilities, discounting, and who pays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.pure.discounting import DAYS_PER_YEAR
from sim.scenario.capacity_costs import MOST_MONEY, CapacityCosts
from sim.scenario.equity import Equity
from sim.scenario.kinds import Context, Days, Number, Plain, Share, Text, Whole, finite_number
from sim.scenario.lists import read_items
from sim.scenario.named import Names
from sim.scenario.problems import show
from sim.scenario.section import Fault, Named, Section

FORTY_YEARS = 40 * DAYS_PER_YEAR


def Money() -> Number:  # noqa: N802 (reads as a kind in annotations)
    """An amount in the currency of the section."""
    return Number(0.0, MOST_MONEY, "an amount of money")


def Utility() -> Number:  # noqa: N802
    """The worth of a state of health: 1 full health, 0 death, below 0 worse than death."""
    return Number(-1.0, 1.0, "a utility")


def _read_amounts(value: Any, context: Context) -> tuple[float, ...]:
    """Amounts of money, ascending."""
    allowed = "a list of amounts, such as [50000, 100000]"
    amounts = read_items(value, lambda item: Money().read(finite_number(item, allowed), context), allowed)
    if not amounts or len(set(amounts)) < len(amounts):
        raise ValueError(f"found {show(value)}; allowed: {allowed}, each once")
    return tuple(sorted(amounts))


AMOUNTS = Plain(
    _read_amounts,
    lambda value: [Money().write(amount) for amount in value],
    {"type": "array", "items": Money().describe(), "minItems": 1},
)


Amount = Annotated[float, Money()]
MaybeAmount = Annotated[float | None, Money()]
Worth = Annotated[float, Utility()]
MaybeWorth = Annotated[float | None, Utility()]


class ByProduct(Section):
    """An amount for each kind of product."""

    autologous: Amount = Field(0.0, description="Of a product made for its patient.")
    allogeneic: Amount = Field(0.0, description="Of a dose from the shelf.")


class UnusedByProduct(Section):
    """An amount for each kind of product; the price of the product unless given."""

    autologous: MaybeAmount = Field(None, description="Of a product made for its patient; its price unless given.")
    allogeneic: MaybeAmount = Field(None, description="Of a dose from the shelf; its price unless given.")


class CareByOutcome(Section):
    """Cost a month of those who are not infused, from the day of their outcome to death; by outcome where given."""

    month: Amount = Field(0.0, description="Whatever the outcome.")
    progressed: MaybeAmount = Field(None, description="Who lost eligibility by progression.")
    withdrawn: MaybeAmount = Field(None, description="Who left for another reason.")
    funding: MaybeAmount = Field(None, description="For whom nobody paid.")
    collection_failed: MaybeAmount = Field(None, description="Whose collection failed.")
    product_failed: MaybeAmount = Field(None, description="Whose product failed.")
    unsuitable: MaybeAmount = Field(None, description="Who was unsuitable.")
    waiting: MaybeAmount = Field(None, description="Who still waited at the end of follow-up.")

    def of(self, outcome: str) -> float:
        """The cost a month of those with this outcome."""
        given: float | None = getattr(self, outcome)
        return self.month if given is None else given


class WorthByOutcome(Section):
    """Utility of those who are not infused, from the day of their outcome to death; by outcome where given."""

    utility: Worth = Field(description="Whatever the outcome.")
    progressed: MaybeWorth = Field(None, description="Who lost eligibility by progression.")
    withdrawn: MaybeWorth = Field(None, description="Who left for another reason.")
    funding: MaybeWorth = Field(None, description="For whom nobody paid.")
    collection_failed: MaybeWorth = Field(None, description="Whose collection failed.")
    product_failed: MaybeWorth = Field(None, description="Whose product failed.")
    unsuitable: MaybeWorth = Field(None, description="Who was unsuitable.")
    waiting: MaybeWorth = Field(None, description="Who still waited at the end of follow-up.")

    def of(self, outcome: str) -> float:
        """The utility of those with this outcome."""
        given: float | None = getattr(self, outcome)
        return self.utility if given is None else given


class GradeValue(Section):
    """What one grade of a toxicity costs, in money and in quality of life."""

    cost: Amount = Field(0.0, description="Cost of an episode, beds apart.")
    utility_loss: Annotated[float, Share()] = Field(0.0, description="Utility lost while it lasts.")
    lasts: Annotated[float, Days()] = Field(0.0, description="For how long.")


class TherapyCosts(Section):
    """What a therapy without infusion costs, days in a bed for step-up doses of the alternative (`bed_day`) apart."""

    month: Amount = Field(0.0, description="A month of it, from the first dose to progression or death.")
    adverse_events: Amount = Field(0.0, description="Its toxicity, once for each patient, at the first dose.")


class ByState(Section):
    """An amount a month in each stretch of life of a patient."""

    waiting: MaybeAmount = Field(None, description="From referral to infusion or outcome.")
    without_progression: MaybeAmount = Field(
        None, description="After infusion, on the alternative or on standard care, without progression."
    )
    progressed: MaybeAmount = Field(None, description="After that, from progression to death.")
    not_infused: MaybeAmount = Field(None, description="Who is not infused, from the outcome to death.")

    @property
    def amounts(self) -> dict[str, float]:
        """The amounts that are given, by stretch of life."""
        return {name: each for name in type(self).model_fields if (each := getattr(self, name)) is not None}


class Society(Section):
    """What a disease costs beside care: counted with the perspective societal only."""

    journey: MaybeAmount = Field(
        None, description="A journey to the centre and back, a companion's too: for each collection and each infusion."
    )
    carer_month: ByState = Field(ByState.by_default(), description="A month of a carer's time.")
    lost_work_month: ByState = Field(ByState.by_default(), description="A month of work that a patient cannot do.")


class Line(Section):
    """A line of treatment after progression, or of those who are not infused."""

    share: Annotated[float, Share()] = Field(
        1.0, description="Proportion of those alive at its start who are given it."
    )
    lasts: Annotated[float, Days(above_zero=True)] = Field(description="Time on it, unless death comes before.")


class Costs(Section):
    """Unit costs."""

    waiting_month: Amount = Field(0.0, description="Care for a month from referral to infusion or outcome.")
    apheresis: Amount = Field(0.0, description="One collection.")
    bridging: Amount = Field(0.0, description="One course of bridging therapy.")
    bridging_month: Amount = Field(0.0, description="A month of bridging therapy, beside the cost of the course.")
    holding: Amount = Field(0.0, description="One course of holding therapy before apheresis.")
    holding_month: Amount = Field(0.0, description="A month of holding therapy, beside the cost of the course.")
    alternative: TherapyCosts = Field(TherapyCosts.by_default(), description="The alternative therapy.")
    standard_care: TherapyCosts = Field(
        TherapyCosts.by_default(), description="Standard care of a reference arm, from referral on."
    )
    product: ByProduct = Field(ByProduct.by_default(), description="A product that is infused, paid at infusion.")
    unused_product: UnusedByProduct = Field(
        UnusedByProduct.by_default(),
        description="A manufacture begun that is not infused; a dose drawn, expired or of a failed lot.",
    )
    priced_by: Literal["batch", "infusion"] = Field(
        "batch",
        description="What the price of an autologous product is of, where several are infused together: "
        "batch (each is paid) | infusion (all together)",
    )
    unused_paid_by: Literal["payer", "manufacturer"] = Field(
        "manufacturer", description="Who pays for failed and wasted products: payer | manufacturer"
    )
    lymphodepletion: Amount = Field(0.0, description="The course before infusion.")
    infusion: Amount = Field(0.0, description="The infusion itself, and visits around it.")
    bed_day: Amount = Field(0.0, description="A day in a bed for infusion.")
    icu_day: MaybeAmount = Field(
        None, description="A day in intensive care, in place of a bed day; as a bed day unless given."
    )
    adverse_events: Amount = Field(0.0, description="Toxicity of an infusion that `toxicity` does not tell by grade.")
    follow_up_month: Amount = Field(0.0, description="A month after infusion without progression.")
    progressed_month: Amount = Field(
        0.0, description="A month of treatment after progression, once infused, on the alternative or on standard care."
    )
    subsequent_care: CareByOutcome = Field(
        CareByOutcome.by_default(), description="A month of treatment of those who are not infused."
    )
    lines: Annotated[Mapping[str, Line], Names("line of treatment", Line)] = Field(
        Named({}),
        description="Time on treatment of either, line by line, one after the other; to death unless given.",
    )
    supportive_month: Amount = Field(0.0, description="A month of them without, or after, treatment: supportive care.")
    unrelated_month: Amount = Field(0.0, description="A month of life of care that has nothing to do with myeloma.")
    future: Literal["related", "related_and_unrelated"] = Field(
        "related", description="Which future costs count: related | related_and_unrelated"
    )
    end_of_life: Amount = Field(0.0, description="At death.")
    society: Society = Field(Society.by_default(), description="Travel, carers' time and lost work.")
    capacity: CapacityCosts = Field(CapacityCosts.by_default(), description="What capacity costs, standing and by use.")

    @property
    def intensive_day(self) -> float:
        """What a day in intensive care costs."""
        return self.bed_day if self.icu_day is None else self.icu_day

    def unused_price(self, product: str) -> float:
        """What a product of this kind that is not infused costs."""
        given: float | None = getattr(self.unused_product, product)
        return float(getattr(self.product, product)) if given is None else given


class Utilities(Section):
    """The utility of a year in each state."""

    waiting: Worth = Field(description="From referral to infusion or outcome, without progression.")
    progressed: Worth = Field(description="After progression, before infusion or after it.")
    progression_free: Worth = Field(description="After infusion without progression.")
    alternative: MaybeWorth = Field(
        None, description="On the alternative without progression; as progression_free unless given."
    )
    standard_care: MaybeWorth = Field(
        None, description="On standard care in a reference arm, without progression; as waiting unless given."
    )
    subsequent_care: WorthByOutcome = Field(description="Of those who are not infused.")
    hospital_loss: Annotated[float, Share()] = Field(0.0, description="Utility lost on days in the hospital.")


class ToxicityValues(Section):
    """Of each grade that the section `toxicity` names."""

    crs: Annotated[Mapping[str, GradeValue], Names("grade", GradeValue)] = Field(
        Named({}), description="Cytokine release syndrome, by grade."
    )
    neurotoxicity: Annotated[Mapping[str, GradeValue], Names("grade", GradeValue)] = Field(
        Named({}), description="Neurotoxicity, by grade."
    )

    @property
    def events(self) -> dict[str, Mapping[str, GradeValue]]:
        """The values by toxicity and grade."""
        return {"crs": self.crs, "neurotoxicity": self.neurotoxicity}


class Discount(Section):
    """Rates a year at which later costs and health count less, from referral on."""

    costs: Annotated[float, Share()] = Field(0.03, description="Of costs.")
    health: Annotated[float, Share()] = Field(0.03, description="Of quality-adjusted life.")


class Conversion(Section):
    """Results in another currency, or at prices of another year, by a factor that the user brings with its source."""

    currency: Annotated[str, Text(longest=10)] = Field(description="Of results.")
    price_year: Annotated[int, Whole(1990, 2100)] = Field(description="The year of whose prices results are.")
    factor: Annotated[float, Number(1e-6, 1e6, "a factor")] = Field(
        description="By which every amount is multiplied: price index, exchange rate or purchasing power parity."
    )
    source: Annotated[str, Text(longest=300)] = Field(
        description="Where the factor is from: index, series and years. Nothing is converted without one."
    )

    def checks(self) -> Iterator[Fault]:
        if not self.source.strip() or self.source.strip().casefold().startswith("assumption"):
            yield (
                ("source",),
                f"found {show(self.source)}; allowed: the index, series and years that the factor is from",
            )


class Economics(Section):
    """Costs and quality-adjusted life of every patient, from referral to death or the horizon."""

    perspective: Literal["payer", "payer_and_manufacturer", "societal"] = Field(
        "payer",
        description="payer: products not infused, and capacity, count if the payer pays. payer_and_manufacturer: "
        "always. societal: so do travel, carers' time and lost work.",
    )
    currency: Annotated[str, Text(longest=10)] = Field(description="Of all amounts.")
    price_year: Annotated[int, Whole(1990, 2100)] = Field(description="The year of whose prices the amounts are.")
    conversion: Conversion | None = Field(
        None,
        description="Converts the costs in results; the thresholds are in the currency of the results already.",
    )
    discount: Discount = Field(Discount.by_default(), description="Rates a year.")
    horizon: Annotated[float, Days(above_zero=True, likely="y")] = Field(
        FORTY_YEARS, description="For how long after referral costs and health count."
    )
    willingness_to_pay: Annotated[tuple[float, ...], AMOUNTS] = Field(
        (50_000.0, 100_000.0, 150_000.0), description="For one quality-adjusted life year; results are shown at each."
    )
    costs: Costs = Field(Costs.by_default(), description="Unit costs.")
    utilities: Utilities = Field(description="The utility of each state.")
    toxicity: ToxicityValues = Field(ToxicityValues.by_default(), description="Toxicity by grade.")
    equity: Equity = Field(Equity.by_default(), description="What a QALY of a group counts for in its distribution.")

    def checks(self) -> Iterator[Fault]:
        to = self.conversion
        if to is not None and (to.currency.casefold(), to.price_year) == (self.currency.casefold(), self.price_year):
            yield ("conversion",), f"found {self.money}, in which the amounts are; allowed: another currency or year"

    @property
    def factor(self) -> float:
        """By which amounts of the scenario are multiplied in results."""
        return 1.0 if self.conversion is None else self.conversion.factor

    @property
    def money(self) -> str:
        """Currency and price year of results."""
        its = self if self.conversion is None else self.conversion
        return f"{its.currency} {its.price_year}"

    def in_view(self, paid_by: str) -> bool:
        """Whether what the payer, or the manufacturer, pays counts in this perspective."""
        return paid_by == "payer" or self.perspective != "payer"
