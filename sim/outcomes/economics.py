"""Costs and quality-adjusted life of each measured patient, from referral to death or the horizon.

Days count from the first referral; a patient who returns for a later course is given what that costs and gains as well,
from the return on. Amounts that recur are streams at a constant rate, discounted continuously
(`sim.pure.discounting`). To add a cost: a field in `sim/scenario/economics.py`, and a line in `_costs`.

Longer than 400 lines because every cost stands here; `stays` has the days in beds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.trace import Trace
from sim.outcomes.bridging import bridging_day, holding_end
from sim.outcomes.by_group import ByGroup
from sim.outcomes.estimates import FREE, NOT_NEGATIVE, Range, ranges
from sim.outcomes.metrics import INFUSED_ONES, REFERRED, Population
from sim.outcomes.patients import Patients, of_outcome
from sim.outcomes.stays import bed_if_unlimited, stays
from sim.outcomes.supply import Supplied, supplied
from sim.outcomes.verdicts import HIGHER, LOWER, NEITHER
from sim.pieces.luck import Luck
from sim.pieces.protocol import Protocol
from sim.pure.discounting import DAYS_PER_MONTH, DAYS_PER_YEAR, single, stream
from sim.scenario import Scenario
from sim.scenario.afterwards import UNTREATED
from sim.scenario.economics import Costs, Discount, Economics, GradeValue

FloatArray = NDArray[np.float64]
MONEY, QALYS, YEARS, MONTHS = "money", "QALYs", "life years", "months"
WHOLES = (
    "cost_per_referred", "qalys_per_referred", "life_years_per_referred", "cost_per_infused", "qalys_per_infused",
    "undiscounted_cost_per_referred", "undiscounted_qalys_per_referred", "discounted_life_years_per_referred",
    "treatment_free_months_per_referred", "treatment_free_months_per_infused",
)  # fmt: skip
# Categories of cost and states of health, with their labels, in the order of tables.
CATEGORIES = {
    "waiting": "Care while waiting",
    "apheresis": "Apheresis",
    "bridging": "Bridging and holding therapy",
    "alternative": "The alternative therapy",
    "standard_care": "Standard care, without progression",
    "product": "Products infused",
    "unused_product": "Products not infused",
    "lymphodepletion": "Lymphodepletion",
    "infusion": "Infusion",
    "hospital": "Beds and intensive care",
    "toxicity": "Toxicity",
    "follow_up": "Follow-up without progression",
    "progressed": "Care after progression",
    "subsequent_care": "Care of those not infused",
    "end_of_life": "End of life",
    "capacity": "Capacity, standing and by use",
    "society": "Travel, carers' time and lost work",
}
# Path of the price of a product that is not infused, before its kind.
UNUSED = "costs.unused_product."
INTENSIVE = "costs.icu_day"
IN_HOSPITAL = ("costs.bed_day", INTENSIVE)
# Future costs that have nothing to do with the disease: in or out by choice, shown apart either way.
UNRELATED = "unrelated"
STATES = {
    "waiting": "Waiting",
    "progression_free": "After infusion, without progression",
    "alternative": "On the alternative therapy, without progression",
    "standard_care": "On standard care, without progression",
    "progressed": "Progressed",
    "subsequent_care": "Not infused",
    "hospital": "Loss in the hospital and by toxicity",
}


@dataclass(frozen=True)
class Quantity:
    """One number of the economics of a replication; `unit`: money, QALYs, life years or months; `over`: whose mean."""

    name: str
    label: str
    unit: str
    over: Population = REFERRED

    @property
    def better(self) -> str:
        """Less money, more life; a part of a whole is neither better nor worse."""
        return (LOWER if self.unit == MONEY else HIGHER) if self.name in WHOLES else NEITHER

    @property
    def possible(self) -> Range:
        """Between which numbers it lies: a state of health may be worse than death, no amount is negative."""
        return FREE if self.unit == QALYS else NOT_NEGATIVE


QUANTITIES = (
    Quantity("cost_per_referred", "Cost per patient referred", MONEY),
    Quantity("qalys_per_referred", "QALYs per patient referred", QALYS),
    Quantity("life_years_per_referred", "Life years per patient referred, not discounted", YEARS),
    Quantity("cost_per_infused", "Cost of a patient who is infused", MONEY, INFUSED_ONES),
    Quantity("qalys_per_infused", "QALYs of a patient who is infused", QALYS, INFUSED_ONES),
    Quantity("undiscounted_cost_per_referred", "Cost per patient referred, not discounted", MONEY),
    Quantity("undiscounted_qalys_per_referred", "QALYs per patient referred, not discounted", QALYS),
    Quantity("discounted_life_years_per_referred", "Life years per patient referred, discounted as QALYs", YEARS),
    Quantity("treatment_free_months_per_referred", "Months without treatment per patient referred", MONTHS),
    Quantity("treatment_free_months_per_infused", "Months without treatment of who is infused", MONTHS, INFUSED_ONES),
    *(Quantity(f"cost_{name}", f"{label}, cost per patient referred", MONEY) for name, label in CATEGORIES.items()),
    Quantity("cost_unrelated", "Care unrelated to myeloma, cost per patient referred", MONEY),
    *(Quantity(f"qalys_{name}", f"{label}, QALYs per patient referred", QALYS) for name, label in STATES.items()),
)
COST, EFFECT = 0, 1
UNDISCOUNTED = Discount.by_default(costs=0.0, health=0.0)
POSSIBLE = ranges([quantity.possible for quantity in QUANTITIES])


@dataclass(frozen=True, eq=False)
class Ledger:
    """Discounted costs by category and QALYs by state, one entry a measured patient.

    `undiscounted`: cost and QALYs as wholes. `life_years`: not discounted and, as `discounted_life_years`, at the rate
    of health. `treatment_free`: months from infusion to progression or death, not discounted. `with_unrelated`: whether
    costs unrelated to the disease are part of the whole; they stand among `costs` either way. `by`: their replications.
    `rows`: the places of their courses in the cohort. `items`: what their milestones do not say of what was given.
    `supply`: what was there for all in the measuring window, of whose cost each has an even share.
    """

    by: ByGroup
    costs: dict[str, FloatArray]
    qalys: dict[str, FloatArray]
    undiscounted: tuple[FloatArray, FloatArray]
    life_years: FloatArray
    discounted_life_years: FloatArray
    treatment_free: FloatArray
    infused: NDArray[np.bool_]
    rows: NDArray[np.int64]
    items: tuple[Item, ...]
    supply: tuple[Supplied, ...] = ()
    with_unrelated: bool = False

    def quantities(self) -> FloatArray:
        """The value of each of `QUANTITIES`, shape (replications, quantities); NaN where there is nobody."""
        everybody = np.ones(len(self.infused), bool)
        cost = whole_cost(self.costs, self.with_unrelated)
        qalys = np.sum(list(self.qalys.values()), axis=0)
        of_all = {
            "cost_per_referred": cost,
            "qalys_per_referred": qalys,
            "life_years_per_referred": self.life_years,
            "undiscounted_cost_per_referred": self.undiscounted[COST],
            "undiscounted_qalys_per_referred": self.undiscounted[EFFECT],
            "discounted_life_years_per_referred": self.discounted_life_years,
            "treatment_free_months_per_referred": self.treatment_free,
            **{f"cost_{name}": self.costs[name] for name in (*CATEGORIES, UNRELATED)},
            **{f"qalys_{name}": self.qalys[name] for name in STATES},
        }
        of_infused = {
            "cost_per_infused": cost,
            "qalys_per_infused": qalys,
            "treatment_free_months_per_infused": self.treatment_free,
        }
        found = {name: self.by.mean(values, everybody) for name, values in of_all.items()}
        found |= {name: self.by.mean(values, self.infused) for name, values in of_infused.items()}
        return np.stack([found[quantity.name] for quantity in QUANTITIES], axis=1)


def whole_cost(costs: Mapping[str, FloatArray], with_unrelated: bool) -> FloatArray:
    """The sum of the categories that count, one entry a patient."""
    return np.asarray(np.sum([each for name, each in costs.items() if with_unrelated or name != UNRELATED], axis=0))


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
    rows: NDArray[np.int64]
    of: NDArray[np.int64]
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
    off_the_shelf: NDArray[np.bool_]
    batches: int
    bridging: FloatArray
    bridged: tuple[FloatArray, FloatArray]
    held: tuple[FloatArray, FloatArray]
    beds: tuple[NDArray[np.int64], FloatArray, FloatArray]
    intensive: tuple[NDArray[np.int64], FloatArray, FloatArray]
    discounts: tuple[Discount, ...]
    up_to: FloatArray | None = None

    def day(self, milestone: str) -> FloatArray:
        """Days of a milestone."""
        return self.patients.day(milestone)[self.rows] - self.referral

    def by_patient(self, amounts: FloatArray) -> FloatArray:
        """An entry a measured patient, from one a course; shape (discounts, patients), from (discounts, courses)."""
        return np.stack([np.bincount(self.of, row, minlength=self.people) for row in amounts])

    @property
    def cost_rates(self) -> tuple[float, ...]:
        """The annual rates at which costs are discounted."""
        return tuple(each.costs for each in self.discounts)

    @property
    def health_rates(self) -> tuple[float, ...]:
        """The annual rates at which health is discounted."""
        return tuple(each.health for each in self.discounts)

    def passes(self, milestone: str) -> NDArray[np.int64]:
        """How often each passed a milestone, products that went on without him included."""
        if milestone not in self.trace.milestones:
            return np.zeros(len(self.rows), np.int64)
        return np.asarray(self.trace.passes[self.rows, self.trace.milestones.index(milestone)])

    def with_outcome(self, outcome: str) -> NDArray[np.bool_]:
        """Who has this outcome."""
        return of_outcome(self._outcome, outcome)

    @cached_property
    def _outcome(self) -> NDArray[np.int64]:
        return self.patients.outcome[self.rows]

    def left_with(self, outcome: str) -> FloatArray:
        """The day of this outcome of those who have it."""
        return np.where(self.with_outcome(outcome), self.left, np.nan)

    @cached_property
    def untreated(self) -> dict[str, FloatArray]:
        """The day of each outcome after which there is subsequent care, of those who have it."""
        return {outcome: self.left_with(outcome) for outcome in UNTREATED}

    @cached_property
    def untroubled(self) -> FloatArray:
        """Until when each lives without progression."""
        return np.fmin(self.relapse, self.until)

    def cut(self, up_to: FloatArray) -> Courses:
        """The same up to a day since the first referral, one for each course."""
        return replace(self, up_to=up_to)

    def once(self, amount: float | NDArray[np.floating[Any]], day: FloatArray) -> FloatArray:
        """The present value of an amount paid on a day."""
        return np.asarray(amount * single(day, self.cost_rates, self.horizon))

    def monthly(self, amount: float, start: FloatArray, end: FloatArray) -> FloatArray:
        """The present value of an amount a month."""
        return self._monthly(amount, start, end, self.horizon)

    def _monthly(self, amount: float, start: FloatArray, end: FloatArray, horizon: float | FloatArray) -> FloatArray:
        if amount == 0.0:
            return np.zeros((len(self.discounts), len(start)))
        return np.asarray(amount / DAYS_PER_MONTH * stream(start, end, self.cost_rates, horizon))

    def treated(self, unit: Costs, amount: float, start: FloatArray) -> FloatArray:
        """The present value of treatment from a day on, at an amount a month: lines, and supportive care beside them.

        A line is given to a share of those alive at its start: each patient has that share of its cost, and the rest of
        supportive care.
        """
        if not unit.lines:
            return self.monthly(amount, start, self.until)
        who = np.flatnonzero(~np.isnan(start))
        last, horizon = self.until[who], self.within(who)
        total, since = np.zeros((len(self.discounts), len(who))), start[who]
        for line in unit.lines.values():
            until = np.minimum(since + line.lasts, last)
            mean = line.share * amount + (1.0 - line.share) * unit.supportive_month
            total, since = total + self._monthly(mean, since, until, horizon), until
        found = np.zeros((len(self.discounts), len(start)))
        found[:, who] = total + self._monthly(unit.supportive_month, since, last, horizon)
        return found

    def years(self, utility: float, start: FloatArray, end: FloatArray) -> FloatArray:
        """The present value of a utility, in QALYs."""
        return np.asarray(utility / DAYS_PER_YEAR * stream(start, end, self.health_rates, self.horizon))

    def item(self, path: str, category: str, units: NDArray[Any], start: FloatArray, end: FloatArray) -> Item:
        """An item of those to whom it happened, from an entry a course."""
        who = np.flatnonzero((units > 0) & np.isfinite(start))
        return Item(path, category, who, units[who].astype(np.float64), start[who], end[who])

    def summed(self, item: Item, amounts: FloatArray) -> FloatArray:
        """The amounts of an item's rows, summed over each course's."""
        return np.stack([np.bincount(item.who, row, minlength=len(self.rows)) for row in amounts])

    @property
    def horizon(self) -> float | FloatArray:
        """Days after the first referral that count, for all or for each course."""
        return self.economics.horizon if self.up_to is None else np.minimum(self.up_to, self.economics.horizon)

    def within(self, who: NDArray[np.int64]) -> float | FloatArray:
        """The horizon of these courses."""
        horizon = self.horizon
        return horizon[who] if isinstance(horizon, np.ndarray) else horizon


def ledger(scenario: Scenario, protocol: Protocol, patients: Patients, trace: Trace, luck: Luck) -> Ledger:
    """What each measured patient costs and gains. The scenario must say economics, and so what comes after infusion."""
    economics = scenario.economics
    assert economics is not None
    c = courses_of(scenario, economics, protocol, patients, trace, luck, (economics.discount, UNDISCOUNTED))
    found = tuple(items(c, scenario))
    (costs, plain_costs), (qalys, plain_qalys) = costs_booked(c, found), qalys_booked(c, found)
    counted = economics.costs.future == "related_and_unrelated"
    (untroubled,) = c.by_patient(stream(c.infusion, c.untroubled, (0.0,), c.horizon))
    discounted, life_years = c.by_patient(stream(c.start, c.until, c.health_rates, c.horizon)) / DAYS_PER_YEAR
    first = c.rows[: c.people]
    by = ByGroup(patients.cohort.replication[first], patients.by.groups)
    supply = supplied(scenario, protocol, trace, (scenario.run.warm_up, scenario.run.window_end))
    for name, spent in supply_costs(economics, supply).items():
        each = spent[by.of] / np.bincount(by.of, minlength=by.groups)[by.of]
        costs[name], plain_costs[name] = costs[name] + each, plain_costs[name] + each
    if economics.factor != 1.0:
        costs, plain_costs = (
            {name: economics.factor * each for name, each in its.items()} for its in (costs, plain_costs)
        )
    return Ledger(
        by=by,
        costs=costs,
        qalys=qalys,
        undiscounted=(whole_cost(plain_costs, counted), np.sum(list(plain_qalys.values()), axis=0)),
        life_years=life_years,
        discounted_life_years=discounted,
        treatment_free=untroubled / DAYS_PER_MONTH,
        infused=patients.infused[first],
        rows=c.rows,
        items=found,
        supply=supply,
        with_unrelated=counted,
    )


def supply_costs(economics: Economics, supply: Sequence[Supplied]) -> dict[str, FloatArray]:
    """What supply costs by category, an entry a replication; not discounted."""
    found: dict[str, FloatArray] = {}
    for one in supply:
        spent = one.units * price_of(one.path, economics)
        found[one.category] = found[one.category] + spent if one.category in found else spent
    return found


def costs_booked(c: Courses, found: Sequence[Item]) -> list[dict[str, FloatArray]]:
    """Costs by category at each discount, an entry a measured patient."""
    return _booked(c, (*CATEGORIES, UNRELATED), _costs(c, found))


def qalys_booked(c: Courses, found: Sequence[Item]) -> list[dict[str, FloatArray]]:
    """QALYs by state at each discount, an entry a measured patient."""
    return _booked(c, STATES, _qalys(c, found))


def _booked(c: Courses, names: Iterable[str], found: Iterable[tuple[str, FloatArray]]) -> list[dict[str, FloatArray]]:
    whole = dict.fromkeys(names, np.zeros((len(c.discounts), c.people)))
    for name, amounts in found:
        if amounts.any():
            whole[name] = whole[name] + c.by_patient(amounts)
    return [{name: each[way] for name, each in whole.items()} for way in range(len(c.discounts))]


def _costs(c: Courses, found: Sequence[Item]) -> Iterator[tuple[str, FloatArray]]:
    """(category, present values, shape (discounts, courses)) of each thing that costs."""
    unit, untroubled = c.economics.costs, c.untroubled
    price = np.where(c.off_the_shelf, unit.product.allogeneic, c.batches * unit.product.autologous)
    yield "waiting", c.monthly(unit.waiting_month, c.start, c.left)
    yield "apheresis", c.once(unit.apheresis, c.day("apheresis"))
    yield "bridging", c.once(unit.bridging, c.bridging)
    yield "bridging", c.once(unit.holding, c.day("holding_therapy"))
    yield "bridging", c.monthly(unit.bridging_month, *c.bridged)
    turned, cared = c.left_with("alternative"), c.left_with("standard_care")
    yield "alternative", c.once(unit.alternative.adverse_events, turned)
    yield "alternative", c.monthly(unit.alternative.month, turned, untroubled)
    yield "standard_care", c.once(unit.standard_care.adverse_events, cared)
    yield "standard_care", c.monthly(unit.standard_care.month, cared, untroubled)
    yield "product", c.once(price, c.infusion)
    yield "lymphodepletion", c.once(unit.lymphodepletion, c.day("lymphodepletion"))
    yield "infusion", c.once(unit.infusion, c.infusion)
    yield "toxicity", c.once(unit.adverse_events, c.infusion)
    for item in found:
        worth = item.present(c.cost_rates, c.within(item.who))
        yield item.category, c.summed(item, item.price(c.economics) * worth)
    yield "follow_up", c.monthly(unit.follow_up_month, c.infusion, untroubled)
    yield "progressed", c.treated(unit, unit.progressed_month, c.relapse)
    for outcome, start in c.untreated.items():
        yield "subsequent_care", c.treated(unit, unit.subsequent_care.of(outcome), start)
    yield UNRELATED, c.monthly(unit.unrelated_month, c.start, c.until)
    yield "end_of_life", c.once(unit.end_of_life, c.death)
    if c.economics.perspective == "societal":
        yield from (("society", amount) for amount in _of_society(c, found))


def _of_society(c: Courses, found: Sequence[Item]) -> Iterator[FloatArray]:
    """Present value of each thing beside care: journeys to collections and infusions, and months by stretch of life."""
    unit = c.economics.costs.society
    if unit.journey is not None:
        yield c.once(unit.journey, c.day("apheresis")) + c.once(unit.journey, c.infusion)
        for item in found:
            if item.path == "costs.apheresis":
                yield c.summed(item, unit.journey * item.present(c.cost_rates, c.within(item.who)))
    therapy = np.fmin(c.left_with("alternative"), c.left_with("standard_care"))
    stretches = {
        "waiting": (c.start, c.left),
        "without_progression": (np.fmin(c.infusion, therapy), c.untroubled),
        "progressed": (c.relapse, c.until),
        "not_infused": (np.fmin.reduce(list(c.untreated.values())), c.until),
    }
    for amounts in (unit.carer_month.amounts, unit.lost_work_month.amounts):
        for name, month in amounts.items():
            yield c.monthly(month, *stretches[name])


def _qalys(c: Courses, found: Sequence[Item]) -> Iterator[tuple[str, FloatArray]]:
    """(state, present values in QALYs, shape (discounts, courses)) of each stretch of life, and of each loss."""
    worth, untroubled = c.economics.utilities, c.untroubled
    yield "waiting", c.years(worth.waiting, c.start, np.fmin(c.progression, c.left))
    yield "progressed", c.years(worth.progressed, c.progression, c.left)
    yield "progression_free", c.years(worth.progression_free, c.infusion, untroubled)
    on_it = worth.progression_free if worth.alternative is None else worth.alternative
    yield "alternative", c.years(on_it, c.left_with("alternative"), untroubled)
    in_care = worth.waiting if worth.standard_care is None else worth.standard_care
    yield "standard_care", c.years(in_care, c.left_with("standard_care"), untroubled)
    yield "progressed", c.years(worth.progressed, c.relapse, c.until)
    for outcome, start in c.untreated.items():
        yield "subsequent_care", c.years(worth.subsequent_care.of(outcome), start, c.until)
    for item in found:
        lost = item.utility_loss(c.economics)
        if lost:
            worths = item.units * stream(item.start, item.end, c.health_rates, c.within(item.who))
            yield "hospital", c.summed(item, -lost / DAYS_PER_YEAR * worths)


@dataclass(frozen=True, eq=False)
class Item:
    """What patients were given, or went through, beyond what their milestones say: a row of `quantities.parquet` each.

    `path`: of its price, in the section `economics`. `who`: place among the courses of the measured. `units`: how many;
    below 0 what something else replaces. Days since the first referral; `end` NaN for what is paid once and does not
    last. `a_day`: whether units are of each day from `start` to `end`.
    """

    path: str
    category: str
    who: NDArray[np.int64]
    units: FloatArray
    start: FloatArray
    end: FloatArray
    a_day: bool = False

    def price(self, economics: Economics) -> float:
        """Of a unit, or of a day of one."""
        return price_of(self.path, economics)

    def utility_loss(self, economics: Economics) -> float:
        """Utility lost from `start` to `end`, a unit: on days in the hospital, and by toxicity."""
        if self.path in IN_HOSPITAL:
            return economics.utilities.hospital_loss
        section, *keys = self.path.split(".")
        return economics.toxicity.events[keys[0]][keys[1]].utility_loss if section == "toxicity" else 0.0

    def present(self, annual_rates: Sequence[float], horizon: float | FloatArray) -> FloatArray:
        """The present values of its units, or of its days, at each of these rates; shape (rates, rows)."""
        if self.a_day:
            return np.asarray(self.units * stream(self.start, self.end, annual_rates, horizon))
        return np.asarray(self.units * single(self.start, annual_rates, horizon))


def items(c: Courses, s: Scenario) -> Iterator[Item]:
    """The items of all measured patients, in a steady order."""
    never = np.full(len(c.rows), np.nan)
    yield c.item("costs.apheresis", "apheresis", c.passes("repeat_apheresis"), c.day("repeat_apheresis"), never)
    for product, count in _unused(c).items():
        yield c.item(f"{UNUSED}{product}", "unused_product", count, c.left, never)
    if c.economics.costs.holding_month > 0.0:
        # how long it lasts is drawn, and no milestone
        begun, ended = c.held
        who = np.flatnonzero(ended > begun)
        share = np.full(len(who), 1.0 / DAYS_PER_MONTH)
        yield Item("costs.holding_month", "bridging", who, share, begun[who], ended[who], a_day=True)
    stays = [("costs.bed_day", 1.0, c.beds), ("costs.icu_day", 1.0, c.intensive)]
    if s.toxicity.icu.bed == "kept":
        # a bed that is kept through intensive care has been counted, and is replaced
        stays.append(("costs.bed_day", -1.0, c.intensive))
    for path, units, (who, start, end) in stays:
        until = np.minimum(end, c.until[who])
        there = np.isfinite(start) & (until > start)
        each: FloatArray = np.full(int(there.sum()), units, dtype=np.float64)
        yield Item(path, "hospital", who[there], each, start[there], until[there], a_day=True)
    for event, values in c.economics.toxicity.events.items():
        for grade, value in values.items():
            onset = c.day(f"{event}/{grade}")
            over = np.maximum(np.minimum(onset + value.lasts, c.until), onset)
            yield c.item(f"toxicity.{event}.{grade}", "toxicity", np.ones(len(c.rows)), onset, over)


def price_of(path: str, economics: Economics) -> float:
    """The price at a path in the section `economics`; that of an unused product may follow the product's."""
    if path.startswith(UNUSED):
        return economics.costs.unused_price(path.removeprefix(UNUSED))
    if path == INTENSIVE:
        return economics.costs.intensive_day
    value: Any = economics
    for key in path.split("."):
        value = value[key] if isinstance(value, Mapping) else getattr(value, key)
    return float(value.cost if isinstance(value, GradeValue) else value)


def _unused(c: Courses) -> dict[str, NDArray[np.int64]]:
    """How many priced products of each course were begun or drawn, and not infused; none where that is not in view."""
    if not c.economics.in_view(c.economics.costs.unused_paid_by):
        return {}
    infused = ~np.isnan(c.infusion)
    return {
        "autologous": c.batches * np.maximum(c.passes("manufacturing") - (infused & ~c.off_the_shelf), 0),
        "allogeneic": np.maximum(c.passes("dose") - (infused & c.off_the_shelf), 0),
    }


def courses_of(
    s: Scenario,
    economics: Economics,
    protocol: Protocol,
    patients: Patients,
    trace: Trace,
    luck: Luck,
    discounts: tuple[Discount, ...],
    chosen: NDArray[np.bool_] | None = None,
) -> Courses:
    """The courses of the measured, or of whoever of the cohort is `chosen` (an entry each, first courses only)."""
    after = patients.after
    assert after is not None
    cohort = patients.cohort
    mine = cohort.measured if chosen is None else chosen
    first = np.flatnonzero(mine)
    later = np.flatnonzero((cohort.course > 1) & mine[cohort.person] & np.isfinite(patients.referral_day))
    rows = np.concatenate([first, later])
    of = np.searchsorted(first, cohort.person[rows])
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
        beds=stays(
            protocol,
            trace,
            "bed",
            places,
            referral,
            bed_if_unlimited(s, patients, trace, rows, referral, after.rests_day[rows]),
        ),
        intensive=stays(protocol, trace, "icu", places, referral, None),
    )
