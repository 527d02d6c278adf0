"""The section about what a patient's cells are like: how the odds of failing with them depend on who they are from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from sim.scenario.kinds import Multiplier
from sim.scenario.named import Names
from sim.scenario.section import Named, Section

Odds = Annotated[float, Multiplier()]


class OddsRatios(Section):
    """Odds ratios against the proportions that are stated for all, of patients of one kind; kinds multiply."""

    shortfall: Odds = Field(1.0, description="Odds ratio of a collection that falls short (apheresis.shortfall).")
    failure: Odds = Field(1.0, description="Odds ratio of a manufacture that fails (manufacturing.failure).")
    out_of_specification: Odds = Field(
        1.0, description="Odds ratio of a product out of specification (release_testing.out_of_specification)."
    )


class Cells(Section):
    """How the odds of a short collection, a failed manufacture and a product out of specification differ by patient."""

    by_risk_group: Annotated[Mapping[str, OddsRatios], Names("risk group", OddsRatios)] = Field(
        Named({}), description="Of the patients of a risk group, by its name."
    )
    after_holding: OddsRatios = Field(
        OddsRatios.by_default(), description="Of those given holding therapy before apheresis."
    )
