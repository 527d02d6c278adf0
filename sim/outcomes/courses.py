"""When things happened in the courses of measured patients, and what an amount is worth that is paid on these days.

Days count from the first referral; a patient who returns for a later course is given what that costs and gains as well,
from the return on. Amounts that recur are streams at a constant rate, discounted continuously
(`sim.pure.discounting`); `stays` has the days in beds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sim.engine.trace import Trace
from sim.outcomes.bridging import bridging_day, holding_end
from sim.outcomes.patients import OUTCOME_NAMES, Patients, of_outcome
from sim.outcomes.stays import Stays, bed_if_unlimited, stays
from sim.pieces.luck import Luck
from sim.pieces.protocol import Protocol
from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.pure.discounting import DAYS_PER_MONTH, DAYS_PER_YEAR, Stretch, single
from sim.scenario import Scenario
from sim.scenario.afterwards import UNTREATED
from sim.scenario.economics import Costs, Discount, Economics


@dataclass(frozen=True, eq=False)
class Courses:
    """When things happened in each course of a measured patient; days since the first referral, NaN where they did not.

    `of`: whose course it is, a place among the measured; first courses stand first, in their order. `start`: the day of
    referral, or of the return. `until`: death, or the return for a later course; infinite where neither comes.
    `bridged`, `held`: from when to when bridging and holding therapy were given. `beds`, `intensive`: (course, from,
    to) of each stay. `death`: NaN where it never comes, or comes in a later course. `left`: infusion, or the day of the
    outcome. `batches`: how many products are made for a patient at once, and priced. `discounts`: at each of which
    everything is valued.
    """

    patients: Patients
    trace: Trace
    rows: IntArray
    of: IntArray
    people: int
    referral: FloatArray
    economics: Economics
    start: FloatArray
    left: FloatArray
    progression: FloatArray
    relapse: FloatArray
    until: FloatArray
    death: FloatArray
    infusion: FloatArray
    off_the_shelf: BoolArray
    batches: int
    bridging: FloatArray
    bridged: tuple[FloatArray, FloatArray]
    held: tuple[FloatArray, FloatArray]
    beds: tuple[IntArray, FloatArray, FloatArray]
    intensive: tuple[IntArray, FloatArray, FloatArray]
    discounts: tuple[Discount, ...]
    up_to: FloatArray | None = None

    def day(self, milestone: str) -> FloatArray:
        """Days of a milestone."""
        return self.patients.day(milestone)[self.rows] - self.referral

    def by_patient(self, amounts: FloatArray) -> FloatArray:
        """An entry a measured patient, from one a course; shape (discounts, patients), from (discounts, courses)."""
        found = amounts[:, : self.people] + 0.0  # no sum is -0
        found[:, self.of[self.people :]] += amounts[:, self.people :]  # of each at most one later course
        return found

    @property
    def cost_rates(self) -> tuple[float, ...]:
        """The annual rates at which costs are discounted."""
        return tuple(each.costs for each in self.discounts)

    @property
    def health_rates(self) -> tuple[float, ...]:
        """The annual rates at which health is discounted."""
        return tuple(each.health for each in self.discounts)

    def passes(self, milestone: str) -> IntArray:
        """How often each passed a milestone, products that went on without him included."""
        if milestone not in self.trace.milestones:
            return np.zeros(len(self.rows), np.int64)
        return np.asarray(self.trace.passes[self.rows, self.trace.milestones.index(milestone)])

    def with_outcome(self, outcome: str) -> BoolArray:
        """Who has this outcome."""
        return of_outcome(self._outcome, outcome)

    @cached_property
    def _outcome(self) -> IntArray:
        return self.patients.outcome[self.rows]

    def left_with(self, outcome: str) -> FloatArray:
        """The day of this outcome of those who have it."""
        return np.where(self.with_outcome(outcome), self.left, np.nan)

    def by_outcome(self, of: Callable[[str], float]) -> FloatArray:
        """What a function of the outcome gives each who is not infused and lives on; 0 of others."""
        given = np.zeros(len(OUTCOME_NAMES))
        for outcome in UNTREATED:
            given[of_outcome(np.arange(len(given)), outcome)] = of(outcome)
        return given[self._outcome]

    @cached_property
    def untreated(self) -> FloatArray:
        """The day of the outcome of those after whose outcome there is subsequent care."""
        return np.where(self.by_outcome(lambda _: 1.0) > 0.0, self.left, np.nan)

    @cached_property
    def untroubled(self) -> FloatArray:
        """Until when each lives without progression."""
        return np.fmin(self.relapse, self.until)

    def cut(self, up_to: FloatArray) -> Courses:
        """The same up to a day since the first referral, one for each course."""
        return replace(self, up_to=up_to)

    def stretch(self, start: FloatArray, end: FloatArray) -> Stretch:
        """The days from one to another, as far as they count."""
        return Stretch(start, end, self.horizon)

    @cached_property
    def waits(self) -> Stretch:
        """From referral to infusion or the outcome."""
        return self.stretch(self.start, self.left)

    @cached_property
    def lives(self) -> Stretch:
        """From referral to death."""
        return self.stretch(self.start, self.until)

    @cached_property
    def free(self) -> Stretch:
        """From infusion to progression or death."""
        return self.stretch(self.infusion, self.untroubled)

    @cached_property
    def relapsed(self) -> Stretch:
        """From progression after treatment to death."""
        return self.stretch(self.relapse, self.until)

    @cached_property
    def on_alternative(self) -> Stretch:
        """From the first dose of the alternative to progression or death."""
        return self.stretch(self.left_with("alternative"), self.untroubled)

    @cached_property
    def in_standard_care(self) -> Stretch:
        """From the beginning of standard care, in an arm in which nobody is infused, to progression or death."""
        return self.stretch(self.left_with("standard_care"), self.untroubled)

    @cached_property
    def not_infused(self) -> Stretch:
        """From the outcome of those not infused to death."""
        return self.stretch(self.untreated, self.until)

    @cached_property
    def at_infusion(self) -> FloatArray:
        """The present value of 1 on the day of infusion, at each rate of costs."""
        return single(self.infusion, self.cost_rates, self.horizon)

    @cached_property
    def nothing(self) -> FloatArray:
        """An amount that nobody pays."""
        return np.zeros((len(self.discounts), len(self.rows)))

    def once(self, amount: float, day: FloatArray) -> FloatArray:
        """The present value of an amount paid on a day."""
        return self.nothing if amount == 0.0 else np.asarray(amount * single(day, self.cost_rates, self.horizon))

    def monthly(self, amount: float | FloatArray, during: Stretch) -> FloatArray:
        """The present value of an amount a month."""
        if isinstance(amount, float) and amount == 0.0:
            return np.zeros((len(self.discounts), len(during.start)))
        return np.asarray(amount / DAYS_PER_MONTH * during.worth(self.cost_rates))

    def treated(self, unit: Costs, amount: float | FloatArray, during: Stretch) -> FloatArray:
        """The present value of treatment, at an amount a month (of all, or each): lines, and supportive care beside.

        A line is given to a share of those alive at its start: each patient has that share of its cost, and the rest of
        supportive care.
        """
        if not unit.lines:
            return self.monthly(amount, during)
        who = np.flatnonzero(~np.isnan(during.start))
        its = amount[who] if isinstance(amount, np.ndarray) else amount
        last, horizon = during.end[who], self.within(who)
        total, since = np.zeros((len(self.discounts), len(who))), during.start[who]
        for line in unit.lines.values():
            until = np.minimum(since + line.lasts, last)
            mean = line.share * its + (1.0 - line.share) * unit.supportive_month
            total, since = total + self.monthly(mean, Stretch(since, until, horizon)), until
        found = np.zeros((len(self.discounts), len(during.start)))
        found[:, who] = total + self.monthly(unit.supportive_month, Stretch(since, last, horizon))
        return found

    def years(self, utility: float | FloatArray, during: Stretch) -> FloatArray:
        """The present value of a utility (of all, or each), in QALYs."""
        return np.asarray(utility / DAYS_PER_YEAR * during.worth(self.health_rates))

    @property
    def horizon(self) -> float | FloatArray:
        """Days after the first referral that count, for all or for each course."""
        return self.economics.horizon if self.up_to is None else np.minimum(self.up_to, self.economics.horizon)

    def within(self, who: IntArray) -> float | FloatArray:
        """The horizon of these courses."""
        horizon = self.horizon
        return horizon[who] if isinstance(horizon, np.ndarray) else horizon


def courses_of(
    s: Scenario,
    economics: Economics,
    protocol: Protocol,
    patients: Patients,
    trace: Trace,
    luck: Luck,
    discounts: tuple[Discount, ...],
    chosen: BoolArray | None = None,
) -> Courses:
    """The courses of the measured, or of whoever of the cohort is `chosen` (an entry each, first courses only)."""
    after = patients.after
    assert after is not None
    cohort = patients.cohort
    mine = cohort.measured if chosen is None else chosen
    first = np.flatnonzero(mine)
    later = np.flatnonzero((cohort.course > 1) & mine[cohort.person] & np.isfinite(patients.referral_day))
    rows = np.concatenate([first, later])
    of = np.arange(len(first))
    if len(later):
        of = np.concatenate([of, np.searchsorted(first, cohort.person[later])])
    referral = patients.referral_day[cohort.person[rows]]
    death = after.death_day[rows] - referral
    until = np.where(np.isnan(death), np.inf, death)
    goes_on = of[len(first) :]
    until[goes_on] = patients.referral_day[later] - referral[goes_on]
    death[goes_on] = np.nan
    infusion = patients.day("infusion")[rows] - referral
    priced = economics.costs.bridging > 0.0 or economics.costs.bridging_month > 0.0
    bridged = bridging_day(s, patients, luck)[rows] if priced else np.full(len(rows), np.nan)
    left = after.rests_day
    bridging_ended = np.fmin(patients.day("lymphodepletion"), left)[rows]
    holding_ended = np.fmin(holding_end(s, patients, luck), left)[rows]
    places = np.full(len(patients.outcome), -1)
    places[rows] = np.arange(len(rows))

    def in_bed() -> Stays:
        return bed_if_unlimited(s, patients, trace, rows, referral, left[rows])

    return Courses(
        patients=patients,
        trace=trace,
        rows=rows,
        of=of,
        people=len(first),
        referral=referral,
        economics=economics,
        start=patients.referral_day[rows] - referral,
        left=left[rows] - referral,
        progression=patients.progression_day[rows] - referral,
        relapse=after.relapse_day[rows] - referral,
        until=until,
        death=death,
        infusion=infusion,
        off_the_shelf=patients.off_the_shelf[rows],
        batches=s.manufacturing.batches if economics.costs.priced_by == "batch" else 1,
        discounts=discounts,
        bridging=bridged - referral,
        bridged=(bridged - referral, bridging_ended - referral),
        held=(patients.day("holding_therapy")[rows] - referral, holding_ended - referral),
        beds=stays(protocol, trace, "bed", places, referral, in_bed),
        intensive=stays(protocol, trace, "icu", places, referral),
    )
