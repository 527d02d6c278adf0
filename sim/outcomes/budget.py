"""What a payer spends in each of the first years, on whom: those referred before, and new ones.

The view is the payer's, whatever the perspective of the costs and QALYs beside it: what the manufacturer pays, and what
society bears, is in nobody's budget here. Those referred in the warm-up, or listed on day 0, are the same in every
scenario, whether they wait, are on other care or have been infused: what is spent on them from year 1 on counts. Years
of 365 days from the end of the warm-up on. Amounts are not discounted; what capacity costs in a year, and doses lost in
it, are of no patient and stand in the sum on all alone. A year counts where it lies wholly in the measuring window, so
that whoever is referred in it is in it.
"""

from __future__ import annotations

import numpy as np

from sim.engine.trace import Trace
from sim.outcomes.by_group import ByGroup
from sim.outcomes.courses import courses_of
from sim.outcomes.economic_quantities import MONEY
from sim.outcomes.economics import UNDISCOUNTED, costs_booked, supply_costs, whole_cost
from sim.outcomes.items import items
from sim.outcomes.patients import Patients
from sim.outcomes.supply import UNUSED_PRODUCT, supplied
from sim.pieces.protocol import Protocol
from sim.pure.arrays import FloatArray
from sim.scenario import Scenario

YEAR_DAYS = 365.0
MOST_YEARS = 5
PEOPLE = "patients"
# (name, label, unit) of what is told of each year.
FIGURES = (
    ("spent", "Spent on all", MONEY),
    ("spent_on_earlier", "Spent on those referred before year 1", MONEY),
    ("spent_on_products", "Spent on products, those not infused among them", MONEY),
    ("referred", "Referred in the year", PEOPLE),
    ("infused", "Infused in the year", PEOPLE),
    ("alive", "Alive at the end of the year, of all referred so far", PEOPLE),
)


def years_in(scenario: Scenario) -> int:
    """How many years lie wholly in the measuring window, five at most."""
    return min(MOST_YEARS, int(scenario.run.window // YEAR_DAYS))


def budget(scenario: Scenario, protocol: Protocol, patients: Patients, trace: Trace) -> FloatArray:
    """The `FIGURES` of each year, shape (replications, years, figures); the scenario must have economics."""
    scenario = _as_the_payer(scenario)
    economics, cohort, begins = scenario.economics, patients.cohort, scenario.run.warm_up
    assert economics is not None
    assert patients.after is not None
    earlier = (cohort.course == 1) & ~cohort.measured & (patients.referral_day < begins)
    chosen = earlier | cohort.measured
    c = courses_of(scenario, economics, protocol, patients, trace, cohort.luck, (UNDISCOUNTED,), chosen)
    found = tuple(items(c, scenario))
    counted = economics.costs.future == "related_and_unrelated"
    who = np.flatnonzero(chosen)
    by, old = ByGroup(cohort.replication[who], patients.by.groups), earlier[who]
    everybody = np.ones(len(who), bool)
    referral = patients.referral_day[who]
    death = np.nan_to_num(patients.after.death_day[who], nan=np.inf)
    infusion = c.day("infusion") + c.referral
    rows_by = ByGroup(cohort.replication[c.rows], patients.by.groups)

    def spent(until: float) -> tuple[FloatArray, FloatArray]:
        (costs,) = costs_booked(c.cut(until - c.referral), found)
        return whole_cost(costs, counted), costs["product"] + costs["unused_product"]

    years, (before, products_before) = [], spent(begins)
    for year in range(years_in(scenario)):
        start, end = begins + YEAR_DAYS * year, begins + YEAR_DAYS * (year + 1)
        after, products_after = spent(end)
        whole = after - before
        supply = supply_costs(economics, supplied(scenario, protocol, trace, (start, end)))
        years.append(
            [
                sum(supply.values(), by.total(whole, everybody)),
                by.total(whole, old),
                by.total(products_after - products_before, everybody) + supply.get(UNUSED_PRODUCT, 0.0),
                by.count((referral >= start) & (referral < end)),
                rows_by.count((infusion >= start) & (infusion < end)),
                by.count((referral < end) & (death > end)),
            ]
        )
        before, products_before = after, products_after
    shape = (patients.by.groups, 0, len(FIGURES))
    factors = [economics.factor if unit == MONEY else 1.0 for _, _, unit in FIGURES]
    return np.moveaxis(np.array(years), 2, 0) * factors if years else np.empty(shape)


def _as_the_payer(scenario: Scenario) -> Scenario:
    """The same with the perspective of the payer."""
    assert scenario.economics is not None
    return scenario.model_copy(update={"economics": scenario.economics.model_copy(update={"perspective": "payer"})})
