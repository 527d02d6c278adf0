"""Costs and quality-adjusted life of each measured patient, from referral to death or the horizon.

`courses` has the days that they are made of, `items` what milestones do not say. To add a cost: a field in
`sim/scenario/economics.py`, and a line in `_costs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.engine.trace import Trace
from sim.outcomes.by_group import ByGroup
from sim.outcomes.courses import Courses, courses_of
from sim.outcomes.economic_quantities import CATEGORIES, COST, EFFECT, QUANTITIES, STATES, UNRELATED
from sim.outcomes.items import Item, items, price_of
from sim.outcomes.patients import Patients
from sim.outcomes.supply import Supplied, supplied
from sim.pieces.luck import Luck
from sim.pieces.protocol import Protocol
from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.pure.discounting import DAYS_PER_MONTH, DAYS_PER_YEAR, stream
from sim.scenario import Scenario
from sim.scenario.economics import Discount, Economics

UNDISCOUNTED = Discount.by_default(costs=0.0, health=0.0)


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
    infused: BoolArray
    rows: IntArray
    items: tuple[Item, ...]
    supply: tuple[Supplied, ...] = ()
    with_unrelated: bool = False

    def quantities(self) -> FloatArray:
        """The value of each of `QUANTITIES`, shape (replications, quantities); NaN where there is nobody."""
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
        found = dict(zip(of_all, self.by.means(np.stack(list(of_all.values()))), strict=True))
        found |= {name: self.by.mean(values, self.infused) for name, values in of_infused.items()}
        return np.stack([found[quantity.name] for quantity in QUANTITIES], axis=1)


def whole_cost(costs: Mapping[str, FloatArray], with_unrelated: bool) -> FloatArray:
    """The sum of the categories that count, one entry a patient."""
    return np.asarray(np.sum([each for name, each in costs.items() if with_unrelated or name != UNRELATED], axis=0))


def ledger(scenario: Scenario, protocol: Protocol, patients: Patients, trace: Trace, luck: Luck) -> Ledger:
    """What each measured patient costs and gains. The scenario must say economics, and so what comes after infusion."""
    economics = scenario.economics
    assert economics is not None
    c = courses_of(scenario, economics, protocol, patients, trace, luck, (economics.discount, UNDISCOUNTED))
    found = tuple(items(c, scenario))
    (costs, plain_costs), (qalys, plain_qalys) = costs_booked(c, found), qalys_booked(c, found)
    counted = economics.costs.future == "related_and_unrelated"
    (untroubled,) = c.by_patient(c.free.worth((0.0,)))
    discounted, life_years = c.by_patient(c.lives.worth(c.health_rates)) / DAYS_PER_YEAR
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
    unit = c.economics.costs
    yield "waiting", c.monthly(unit.waiting_month, c.waits)
    yield "apheresis", c.once(unit.apheresis, c.day("apheresis"))
    yield "bridging", c.once(unit.bridging, c.bridging)
    yield "bridging", c.once(unit.holding, c.day("holding_therapy"))
    yield "bridging", c.monthly(unit.bridging_month, c.stretch(*c.bridged))
    yield "alternative", c.once(unit.alternative.adverse_events, c.on_alternative.start)
    yield "alternative", c.monthly(unit.alternative.month, c.on_alternative)
    yield "standard_care", c.once(unit.standard_care.adverse_events, c.in_standard_care.start)
    yield "standard_care", c.monthly(unit.standard_care.month, c.in_standard_care)
    price = np.where(c.off_the_shelf, unit.product.allogeneic, c.batches * unit.product.autologous)
    yield "product", price * c.at_infusion
    yield "lymphodepletion", c.once(unit.lymphodepletion, c.day("lymphodepletion"))
    yield "infusion", unit.infusion * c.at_infusion
    yield "toxicity", unit.adverse_events * c.at_infusion
    for item in found:
        worth = item.present(c.cost_rates, c.within(item.who))
        yield item.category, item.by_course(item.price(c.economics) * worth, len(c.rows))
    yield "follow_up", c.monthly(unit.follow_up_month, c.free)
    yield "progressed", c.treated(unit, unit.progressed_month, c.relapsed)
    yield "subsequent_care", c.treated(unit, c.by_outcome(unit.subsequent_care.of), c.not_infused)
    yield UNRELATED, c.monthly(unit.unrelated_month, c.lives)
    yield "end_of_life", c.once(unit.end_of_life, c.death)
    if c.economics.perspective == "societal":
        yield from (("society", amount) for amount in _of_society(c, found))


def _of_society(c: Courses, found: Sequence[Item]) -> Iterator[FloatArray]:
    """Present value of each thing beside care: journeys to collections and infusions, and months by stretch of life."""
    unit = c.economics.costs.society
    if unit.journey is not None:
        yield c.once(unit.journey, c.day("apheresis")) + unit.journey * c.at_infusion
        for item in found:
            if item.path == "costs.apheresis":
                worth = item.present(c.cost_rates, c.within(item.who))
                yield item.by_course(unit.journey * worth, len(c.rows))
    therapy = np.fmin(c.on_alternative.start, c.in_standard_care.start)
    stretches = {
        "waiting": c.waits,
        "without_progression": c.stretch(np.fmin(c.infusion, therapy), c.untroubled),
        "progressed": c.relapsed,
        "not_infused": c.not_infused,
    }
    for amounts in (unit.carer_month.amounts, unit.lost_work_month.amounts):
        for name, month in amounts.items():
            yield c.monthly(month, stretches[name])


def _qalys(c: Courses, found: Sequence[Item]) -> Iterator[tuple[str, FloatArray]]:
    """(state, present values in QALYs, shape (discounts, courses)) of each stretch of life, and of each loss."""
    worth = c.economics.utilities
    yield "waiting", c.years(worth.waiting, c.stretch(c.start, np.fmin(c.progression, c.left)))
    yield "progressed", c.years(worth.progressed, c.stretch(c.progression, c.left))
    yield "progression_free", c.years(worth.progression_free, c.free)
    on_it = worth.progression_free if worth.alternative is None else worth.alternative
    yield "alternative", c.years(on_it, c.on_alternative)
    in_care = worth.waiting if worth.standard_care is None else worth.standard_care
    yield "standard_care", c.years(in_care, c.in_standard_care)
    yield "progressed", c.years(worth.progressed, c.relapsed)
    yield "subsequent_care", c.years(c.by_outcome(worth.subsequent_care.of), c.not_infused)
    for item in found:
        lost = item.utility_loss(c.economics)
        if lost:
            worths = item.units * stream(item.start, item.end, c.health_rates, c.within(item.who))
            yield "hospital", item.by_course(-lost / DAYS_PER_YEAR * worths, len(c.rows))
