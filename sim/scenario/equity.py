"""Weights that count the health of some groups for more than that of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from sim.scenario.kinds import Number
from sim.scenario.named import Names
from sim.scenario.section import Named, Section

MOST_WEIGHT = 100.0


class GroupWeight(Section):
    """What a QALY of a group counts for; a number alone is the weight."""

    bare = "weight"

    weight: Annotated[float, Number(0.0, MOST_WEIGHT, "a weight")] = Field(description="1 is as everybody's.")


class Equity(Section):
    """What a QALY of each group counts for in the distribution of net benefit; 1 unless given. Weights multiply."""

    risk_group: Annotated[Mapping[str, GroupWeight], Names("risk group", GroupWeight)] = Field(
        Named({}), description="Of the patients of a risk group, by its name: {high: 1.2}."
    )
    centre: Annotated[Mapping[str, GroupWeight], Names("centre", GroupWeight)] = Field(
        Named({}), description="Of the patients of a centre, by its name: {coast: 1.1}."
    )
