"""Sections of the scenario about who is referred where, and how fast the disease runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StrictBool

from sim.pure.discounting import DAYS_PER_YEAR
from sim.pure.distributions import Distribution, Fixed
from sim.pure.survival import Never, Survival, net
from sim.scenario.blocks import one_way
from sim.scenario.clock_values import Clock
from sim.scenario.durations import Duration
from sim.scenario.kinds import DAY, Context, Days, Multiplier, Number, Plain, Share, Text, Whole
from sim.scenario.lists import CAPACITY, NAME_LIST, RATES, REFERRAL_DAYS, SLOTS, WAITED_DAYS, read_entries
from sim.scenario.named import Names
from sim.scenario.section import Absent, Fault, Named, Section
from sim.tables.words import WITHDRAWALS

Steps = tuple[tuple[float, float], ...]


UNLIMITED: Steps = ((0.0, float("inf")),)
MOST_SEED = 2**63 - 1


def is_unlimited(steps: Steps) -> bool:
    """Whether a capacity never binds."""
    return all(math.isinf(units) for _, units in steps)


MOST_RUN_DAYS = 1_000_000.0
SHARES_TOLERANCE = 1e-9
NO_TIME = Fixed(0.0)
MOST_AGE = 120
YEARS = Days(likely="y")
# Kendall's tau 0.83 between any two clocks.
MOST_FRAILTY = 10.0
COUNTS_DEATHS = (
    "Whether the clock of progression is progression-free survival, or the duration of a response, in which a death "
    "counts as progression: the hazard of death is then taken out of it."
)


class Run(Section):
    """How long and how often the simulation runs."""

    start: Annotated[date, DAY] = Field(date(2026, 1, 1), description="Date of day 0.")
    warm_up: Annotated[float, Days()] = Field(365.0, description="Time before patients are measured.")
    window: Annotated[float, Days(above_zero=True)] = Field(
        730.0, description="Patients referred in this time after the warm-up are measured."
    )
    follow_up: Annotated[float, Days(above_zero=True)] = Field(
        730.0, description="Each measured patient is followed for this long from referral."
    )
    replications: Annotated[int, Whole(1, 1_000_000)] = Field(100, description="How often the run is repeated.")
    seed: Annotated[int, Whole(0, MOST_SEED)] = Field(1, description="The same seed gives the same results.")
    later_courses_until: Annotated[float | None, Days(above_zero=True)] = Field(
        None,
        description="Later courses are simulated up to this day, counted from the start, in every replication; up to "
        "the end of the window and the follow-up unless given.",
    )

    def checks(self) -> Iterator[Fault]:
        until = self.later_courses_until
        if until is not None and not self.window_end <= until <= self.days:
            allowed = f"{self.window_end:.10g} d (the end of the window) to {self.days:.10g} d (that of the follow-up)"
            yield ("later_courses_until",), f"found {until:.10g} d; allowed: {allowed}"
        if self.days > MOST_RUN_DAYS:
            yield (
                (),
                f"warm_up, window and follow_up sum to {self.days:.4g} d; allowed: at most {MOST_RUN_DAYS:.0e} d",
            )

    @property
    def window_end(self) -> float:
        """The day on which the measuring window ends."""
        return self.warm_up + self.window

    @property
    def later_courses_end(self) -> float:
        """The day up to which later courses are simulated."""
        return self.days if self.later_courses_until is None else self.later_courses_until

    @property
    def days(self) -> float:
        """Days from the start to the end of the last patient's follow-up."""
        return self.warm_up + self.window + self.follow_up

    @property
    def longest(self) -> float:
        """Days from the start to the last on which a run may stop: an infused patient is followed to discharge, for
        no longer than once more the follow-up."""
        return self.days + self.follow_up


def sum_fault(shares: Iterable[float]) -> str | None:
    """What is wrong with shares that have to sum to 1, if anything is."""
    total = sum(shares)
    fits = abs(total - 1.0) <= SHARES_TOLERANCE
    return None if fits else f"the proportions sum to {total:.10g}; allowed: proportions that sum to 1"


def _read_shares(value: Any, context: Context) -> Named[float]:
    if not isinstance(value, dict):
        return Named({Text().read(value, context): 1.0})
    shares = read_entries(value, lambda entry: Share().read(entry, context))
    if (wrong := sum_fault(shares.values())) is not None:
        raise ValueError(wrong)
    return Named(shares)


def _write_shares(value: Mapping[str, float] | None) -> Any:
    if value is None:
        return None
    return next(iter(value)) if list(value.values()) == [1.0] else dict(value)


# Shares of several, by name: one name alone, or a map of shares that sum to 1.
SHARES_BY_NAME = Plain(
    _read_shares,
    _write_shares,
    {"anyOf": [
        {"type": "string"}, {"type": "object", "minProperties": 1, "additionalProperties": Share().describe()},
    ]},
    numeric=False,
)  # fmt: skip


class AlreadyWaiting(Section):
    """Patients who are on the waiting list on the first day; they were worked up before. A number is their count."""

    bare = "count"

    count: Annotated[int | None, Whole(0, 100_000)] = Field(None, description="How many there are.")
    waited: Annotated[Distribution, Duration()] = Field(
        NO_TIME, description="How long each has waited by the first day; with count."
    )
    since: Annotated[tuple[float, ...] | None, WAITED_DAYS] = Field(
        None, description="Instead of count: how long each has waited, or the date since when; a list, or a CSV file."
    )

    risk_groups: Annotated[Mapping[str, float] | None, SHARES_BY_NAME] = Field(
        None, description="Proportions of the risk groups among them: {mild: 0.4, severe: 0.6}; as of all unless given."
    )

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        return one_way(data, list(cls.model_fields), "regions.*.already_waiting")


class Region(Section):
    """Where patients come from, how many, and the centre that treats them."""

    centre: Annotated[Mapping[str, float], SHARES_BY_NAME] = Field(
        description="The centre that treats this region's patients, or proportions of several: {city: 0.7, coast: 0.3}."
    )
    referrals: Annotated[Steps | None, RATES] = Field(
        None, description="Patients referred at random, per unit of time; may change by date."
    )
    referral_days: Annotated[tuple[float, ...] | None, REFERRAL_DAYS] = Field(
        None, description="Patients referred on given days or dates: a list, or a CSV file."
    )
    already_waiting: AlreadyWaiting | None = Field(None, description="Patients on the waiting list on the first day.")
    travel: Annotated[Distribution, Duration()] = Field(
        NO_TIME, description="Time that getting to the centre takes, before collection and before lymphodepletion."
    )
    declines: Annotated[float, Share()] = Field(0.0, description="Proportion of patients who will not travel there.")

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        patients = {"referrals", "referral_days", "already_waiting"}
        if not patients & set(data) and not set(data) - set(cls.model_fields):
            yield (), Absent("found neither referrals nor referral_days; a region needs one of them or both")


class Centre(Section):
    """A treatment centre."""

    chairs: Annotated[Steps, CAPACITY] = Field(
        UNLIMITED, description="Apheresis chairs; may change by date. Autologous only."
    )
    beds: Annotated[Steps, CAPACITY] = Field(UNLIMITED, description="Beds for infusion; may change by date.")
    icu: Annotated[Steps, CAPACITY] = Field(UNLIMITED, description="Beds in intensive care; may change by date.")
    places: Annotated[Steps, CAPACITY] = Field(
        UNLIMITED, description="Infusions a day: treatment places, each for one patient a day; may change by date."
    )
    lines: Annotated[Steps | None, CAPACITY] = Field(
        None, description="This centre's own lines, instead of manufacturing.lines, where products are made at centres."
    )
    manufacturers: Annotated[tuple[str, ...] | None, NAME_LIST] = Field(
        None, description="The manufacturers that it contracts with, the preferred first; all of them unless given."
    )
    slots: Annotated[Steps | None, SLOTS] = Field(
        None,
        description="This centre's own slots at each offer, instead of manufacturing.slots.count; may change by date.",
    )


class RiskGroup(Section):
    """A group of patients."""

    share: Annotated[float, Share()] = Field(description="Proportion of all patients; the proportions sum to 1.")
    hazard: Annotated[float, Multiplier()] = Field(1.0, description="Multiplier on progression and death.")
    priority: Annotated[float, Number()] = Field(
        0.0, description="The higher, the earlier served; for the policies sickest_first and score."
    )
    benefit: Annotated[float, Number()] = Field(
        0.0, description="Chance of reaching infusion or expected benefit; for the policies likely_benefit and score."
    )


class SharedFrailty(Section):
    """What ties a patient's clocks together: who progresses early also responds less and dies earlier."""

    strength: Annotated[float, Number(0.0, MOST_FRAILTY, "a strength")] = Field(
        0.0,
        description="Variance of a gamma frailty that leaves the law of each clock as it is; 0: independent.",
    )


class Age(Section):
    """Age at referral: a normal distribution cut off at both ends."""

    mean: Annotated[float, YEARS] = Field(description="Mean before the ends are cut off, such as 66 y.")
    sd: Annotated[float, Days(above_zero=True, likely="y")] = Field(
        description="Standard deviation before the ends are cut off."
    )
    youngest: Annotated[float, YEARS] = Field(18 * DAYS_PER_YEAR, description="Nobody is younger.")
    oldest: Annotated[float, YEARS] = Field(90 * DAYS_PER_YEAR, description="Nobody is older.")

    def checks(self) -> Iterator[Fault]:
        youngest, mean, oldest = (f"{days / DAYS_PER_YEAR:.4g} y" for days in (self.youngest, self.mean, self.oldest))
        if self.oldest > MOST_AGE * DAYS_PER_YEAR:
            yield ("oldest",), f"found {oldest}; allowed: up to {MOST_AGE} y"
        elif self.youngest >= self.oldest:
            yield (), f"found youngest {youngest} and oldest {oldest}; allowed: youngest < oldest"
        elif not self.youngest <= self.mean <= self.oldest:
            yield ("mean",), f"found {mean}; allowed: from {youngest} to {oldest} (youngest and oldest)"


class Sex(Section):
    """The sexes of patients."""

    female: Annotated[float, Share()] = Field(description="Proportion of women; the others are men.")


class Patients(Section):
    """Who the patients are."""

    risk_groups: Annotated[Mapping[str, RiskGroup], Names("risk group", RiskGroup)] = Field(
        Named({"all": RiskGroup.by_default(share=1.0)}),
        description="Groups that differ in how fast their disease runs.",
    )
    frailty: SharedFrailty = Field(
        SharedFrailty.by_default(), description="How strongly a patient's clocks depend on each other."
    )
    age: Age | None = Field(
        None, description="Age at referral; acts on death after the path (after_infusion.general_population)."
    )
    sex: Sex | None = Field(None, description="Sex; acts on death after the path (after_infusion.general_population).")

    def checks(self) -> Iterator[Fault]:
        if (wrong := sum_fault(group.share for group in self.risk_groups.values())) is not None:
            yield ("risk_groups",), wrong


class Score(Section):
    """A weighted score; the highest is served first."""

    waiting_day: Annotated[float, Number(0.0)] = Field(0.0, description="Points for each day of waiting.")
    priority: Annotated[float, Number()] = Field(0.0, description="Points for each unit of the risk group's priority.")
    benefit: Annotated[float, Number()] = Field(0.0, description="Points for each unit of the risk group's benefit.")
    progressed: Annotated[float, Number()] = Field(0.0, description="Points gained when the disease progresses.")


Policy = Literal["first_come", "sickest_first", "likely_benefit", "lottery", "score"]
POLICIES: tuple[str, ...] = get_args(Policy)


class WaitingList(Section):
    """Who is served next when slots, lines or doses are scarce."""

    policy: Policy = Field("first_come", description=" | ".join(POLICIES))
    score: Score | None = Field(None, description="The weights of the policy score.")

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        policy = data.get("policy", "first_come")
        if policy == "score" and "score" not in data:
            yield ("score",), Absent("required by policy 'score', but not given")


class WaitingClocks(Section):
    """Clocks that run side by side; each is `never` unless given."""

    progression: Annotated[Survival, Clock()] = Field(Never(), description="Time to progression without treatment.")
    ends_eligibility: Annotated[float, Share()] = Field(
        0.0, description="Proportion of progressions that end eligibility at once."
    )
    progression_counts_deaths: StrictBool = Field(False, description=COUNTS_DEATHS)
    death: Annotated[Survival, Clock()] = Field(Never(), description="Time to death.")
    removal: Annotated[Survival, Clock()] = Field(Never(), description="Time to withdrawal, for any other reason.")

    def progression_alone(self, frailty: float) -> Survival:
        """The clock of progression without deaths, where clocks share a frailty of this strength."""
        return net(self.progression, self.death, frailty) if self.progression_counts_deaths else self.progression


class AfterApheresis(WaitingClocks):
    """As `waiting`, from apheresis on; `as_waiting` in the place of a value means the same as there."""


class AfterProgression(Section):
    """Multipliers on the other clocks once a patient has progressed."""

    death: Annotated[float, Multiplier()] = Field(1.0, description="Multiplier on death.")
    removal: Annotated[float, Multiplier()] = Field(1.0, description="Multiplier on withdrawal.")


class Withdrawal(Section):
    """Why patients withdraw: the proportion of each reason; the rest has none that is told apart."""

    hospice: Annotated[float, Share()] = Field(0.0, description="To hospice care.")
    other_therapy: Annotated[float, Share()] = Field(0.0, description="To another therapy or trial.")
    own_choice: Annotated[float, Share()] = Field(0.0, description="By their own choice.")
    infection_or_organ_function: Annotated[float, Share()] = Field(
        0.0, description="As an infection, or the function of an organ, rules the therapy out."
    )

    @property
    def shares(self) -> dict[str, float]:
        """The proportion of each reason, by the outcome that it is."""
        return {name: getattr(self, name) for name in WITHDRAWALS}

    def checks(self) -> Iterator[Fault]:
        total = sum(self.shares.values())
        if total > 1.0 + SHARES_TOLERANCE:
            yield (), f"the proportions sum to {total:.10g}; allowed: at most 1"


class Clocks(Section):
    """What runs against the patient while the therapy is organised."""

    waiting: WaitingClocks = Field(description="Clocks from referral on.")
    after_apheresis: AfterApheresis | None = Field(
        None,
        description="Clocks from apheresis on, instead of the waiting ones; as_waiting: the same value as there. "
        "Autologous only.",
    )
    after_progression: AfterProgression = Field(
        AfterProgression.by_default(), description="Multipliers after progression."
    )
    withdrawal: Withdrawal = Field(Withdrawal.by_default(), description="Why those withdraw whom `removal` takes off.")
