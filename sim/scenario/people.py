"""Sections of the scenario about who is referred where, and how fast the disease runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.pure.survival import Never, Survival
from sim.scenario.clock_values import Clock
from sim.scenario.kinds import Choice, Day, Days, Multiplier, Number, Share, Text, Whole
from sim.scenario.lists import CAPACITY, RATES, ReferralDays
from sim.scenario.named import Names
from sim.scenario.section import Absent, Fault, Named, Section

Steps = tuple[tuple[float, float], ...]
UNLIMITED: Steps = ((0.0, float("inf")),)
MOST_SEED = 2**63 - 1
MOST_RUN_DAYS = 1_000_000.0
SHARES_TOLERANCE = 1e-9


class Run(Section):
    """How long and how often the simulation runs."""

    start: Annotated[date, Day()] = Field(date(2026, 1, 1), description="Date of day 0.")
    warm_up: Annotated[float, Days()] = Field(365.0, description="Time before patients are measured.")
    window: Annotated[float, Days(above_zero=True)] = Field(
        730.0, description="Patients referred in this time after the warm-up are measured."
    )
    follow_up: Annotated[float, Days(above_zero=True)] = Field(
        730.0, description="Each measured patient is followed for this long from referral."
    )
    replications: Annotated[int, Whole(1, 1_000_000)] = Field(100, description="How often the run is repeated.")
    seed: Annotated[int, Whole(0, MOST_SEED)] = Field(1, description="The same seed gives the same results.")

    def checks(self) -> Iterator[Fault]:
        if self.days > MOST_RUN_DAYS:
            yield (
                (),
                f"warm_up, window and follow_up sum to {self.days:.4g} d; allowed: at most {MOST_RUN_DAYS:.0e} d",
            )

    @property
    def days(self) -> float:
        """Days from the start to the end of the last patient's follow-up."""
        return self.warm_up + self.window + self.follow_up


class Region(Section):
    """Where patients come from, how many, and the centre that treats them."""

    centre: Annotated[str, Text()] = Field(description="The centre that treats this region's patients.")
    referrals: Annotated[Steps | None, RATES] = Field(
        None, description="Patients referred at random, per unit of time; may change by date."
    )
    referral_days: Annotated[tuple[float, ...] | None, ReferralDays()] = Field(
        None, description="Patients referred on given days or dates: a list, or a CSV file."
    )

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        if not {"referrals", "referral_days"} & set(data) and not set(data) - set(cls.model_fields):
            yield (), Absent("found neither referrals nor referral_days; a region needs one of them or both")


class Centre(Section):
    """A treatment centre."""

    chairs: Annotated[Steps, CAPACITY] = Field(
        UNLIMITED, description="Apheresis chairs; may change by date. Autologous only."
    )
    beds: Annotated[Steps, CAPACITY] = Field(UNLIMITED, description="Beds for infusion; may change by date.")
    slots: Annotated[int | None, Whole()] = Field(
        None, description="This centre's own slots at each offer, instead of manufacturing.slots.count."
    )


class RiskGroup(Section):
    """A group of patients."""

    share: Annotated[float, Share()] = Field(description="Share of all patients; the shares sum to 1.")
    hazard: Annotated[float, Multiplier()] = Field(1.0, description="Multiplier on progression and death.")
    priority: Annotated[float, Number()] = Field(
        0.0, description="The higher, the earlier served; for the policy sickest_first only."
    )


class Patients(Section):
    """Who the patients are."""

    risk_groups: Annotated[Mapping[str, RiskGroup], Names("risk group", RiskGroup)] = Field(
        Named({"all": RiskGroup.by_default(share=1.0)}),
        description="Groups that differ in how fast their disease runs.",
    )

    def checks(self) -> Iterator[Fault]:
        total = sum(group.share for group in self.risk_groups.values())
        if abs(total - 1.0) > SHARES_TOLERANCE:
            yield ("risk_groups",), f"the shares sum to {total:.10g}; allowed: shares that sum to 1"


class WaitingList(Section):
    """Who is served next when slots, lines or doses are scarce."""

    policy: Annotated[
        Literal["first_come", "sickest_first", "lottery"], Choice(("first_come", "sickest_first", "lottery"))
    ] = Field("first_come", description="first_come | sickest_first | lottery")


class WaitingClocks(Section):
    """Clocks that run side by side; each is `never` unless given."""

    progression: Annotated[Survival, Clock()] = Field(Never(), description="Time to progression without treatment.")
    ends_eligibility: Annotated[float, Share()] = Field(
        0.0, description="Share of progressions that end eligibility at once."
    )
    death: Annotated[Survival, Clock()] = Field(Never(), description="Time to death.")
    removal: Annotated[Survival, Clock()] = Field(Never(), description="Time to leaving for any other reason.")


class AfterProgression(Section):
    """Multipliers on the other clocks once a patient has progressed."""

    death: Annotated[float, Multiplier()] = Field(1.0, description="Multiplier on death.")
    removal: Annotated[float, Multiplier()] = Field(1.0, description="Multiplier on removal.")


class Clocks(Section):
    """What runs against the patient while the therapy is organised."""

    waiting: WaitingClocks = Field(description="Clocks from referral on.")
    after_apheresis: WaitingClocks | None = Field(
        None, description="Clocks from apheresis on, instead of the waiting ones. Autologous only."
    )
    after_progression: AfterProgression = Field(
        AfterProgression.by_default(), description="Multipliers after progression."
    )
