"""Sections about mixed strategies: who is given which product, and who returns for another."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, StrictBool

from sim.scenario.kinds import Days
from sim.scenario.lists import NAME_LIST
from sim.scenario.section import Section
from sim.scenario.supply import ShareOf, Time

Strategy = Literal["autologous", "allogeneic", "hybrid", "standard_care"]
STRATEGIES: tuple[str, ...] = get_args(Strategy)


def products(strategy: str) -> tuple[str, ...]:
    """The kinds of product that patients are given; standard care, where nobody is given a product."""
    return ("autologous", "allogeneic") if strategy == "hybrid" else (strategy,)


class Hybrid(Section):
    """Autologous first, and for whom the allogeneic product instead."""

    allogeneic_for: Annotated[tuple[str, ...], NAME_LIST] = Field(
        (), description="Risk groups that are given the allogeneic product from the start."
    )
    after_waiting: Annotated[float, Days(word="never")] = Field(
        float("inf"), description="Who has waited this long for a slot or line is given a dose instead, or never."
    )
    since: Literal["joining", "listing", "referral"] = Field(
        "listing", description="From when that wait counts: joining (the queue) | listing | referral"
    )
    after_failure: StrictBool = Field(
        False, description="Whether a dose is given when collection or manufacture has failed for good."
    )


class LaterCourse(Section):
    """Sequential therapy: who returns after a relapse for a product against another target."""

    share: ShareOf = Field(
        description="Proportion of the infused who relapse and return, of whom those who die before it do not."
    )
    relapse: Time = Field(description="Time from infusion to the relapse after which they return.")
    strategy: Literal["autologous", "allogeneic", "same"] = Field(
        "same", description="What they return for: autologous | allogeneic | same (as the first course)."
    )
