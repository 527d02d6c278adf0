"""Values that are right by themselves and say nothing, or nothing possible, beside the others: each is refused."""

# Messages stand whole, so that they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

import pytest

from sim.scenario import ScenarioError, load
from tests.runs import SHIPPED

NEVER = "{response: 0.5, progression: never, without_response: never, death: never, death_after_progression: never}"
OUTPATIENTS = [
    "infusion.model=outpatient",
    *(f"centres.{c}.beds=unlimited" for c in ("capital", "north", "coast", "highland")),
]


def struck(**entry: str) -> str:
    """A disruption of five weeks."""
    given = ", ".join(f"{key}: {value}" for key, value in entry.items())
    return f"disruptions={{fire: {{{given}, from: 2026-05-01, for: 5 wk}}}}"


CASES = [
    ("allogeneic", ["economics.costs.apheresis=5000"], "economics.costs.apheresis: is not used: strategy 'allogeneic' has no use for it"),
    ("allogeneic", ["economics.costs.product.autologous=1"], "economics.costs.product.autologous: is not used: strategy 'allogeneic' has no use for it"),
    ("allogeneic", ["after_infusion.out_of_specification.death=2"], "after_infusion.out_of_specification: is not used: strategy 'allogeneic' has no use for it"),
    ("allogeneic", [f"after_infusion.autologous={NEVER}"], "after_infusion.autologous: is not used: strategy 'allogeneic' has no use for it"),
    ("autologous", ["after_infusion.later_course.death=2"], "after_infusion.later_course: is not used: nobody is infused in a later course; allowed with a section later_course"),
    ("autologous", ["economics.costs.priced_by=infusion"], "economics.costs.priced_by: is not used: one batch is made for each patient"),
    ("autologous", ["economics.toxicity={crs: {grade_9: {cost: 1}}}"], "economics.toxicity.crs.grade_9: is no grade of toxicity.crs; toxicity.crs is not given"),
    ("autologous", [*OUTPATIENTS, "economics.costs.bed_day=3"], "economics.costs.bed_day: is not used: days in beds of outpatients are counted only where beds have a number"),
    ("autologous", ["patients.risk_groups.high.priority=2"], "patients.risk_groups.high.priority: is not used: waiting_list.policy is first_come; allowed with sickest_first and score"),
    ("autologous", ["patients.risk_groups.high.benefit=2"], "patients.risk_groups.high.benefit: is not used: waiting_list.policy is first_come; allowed with likely_benefit and score"),
    ("autologous", ["centres.capital.lines=3"], "centres.capital.lines: is not used: manufacturing.site is factory; allowed where it is centre"),
    ("autologous", [struck(resource="lot_line")], "disruptions.fire: is not used: there is no resource 'lot_line' with strategy 'autologous'"),
    ("allogeneic", [struck(resource="chair")], "disruptions.fire: is not used: there is no resource 'chair' with strategy 'allogeneic'"),
    ("autologous", [struck(resource="line", centre="capital")], "disruptions.fire.centre: is not used: there is one line for all centres"),
    ("autologous", [struck(resource="chair", centre="captal")], "disruptions.fire.centre: found 'captal', which is no key of centres; did you mean 'capital'?"),
    ("autologous", [struck(resource="bed", work="lose")], "disruptions.fire.work: found pause or lose; allowed: finish, as patients in bed stay there"),
    ("autologous", [struck(resource="courier", work="lose")], "disruptions.fire.work: is not used: a shipment under way arrives; the courier collects nothing new"),
    ("autologous", [struck(resource="icu")], "disruptions.fire: is not used: no toxicity has an icu share above 0"),
    ("allogeneic", ["centres.capital.icu=3"], "centres.capital.icu: is not used: no toxicity has an icu share above 0"),
    ("autologous", ["shipping.viable=2 d"], "shipping.viable: is not used: the courier is never away; allowed with a calendar or a disruption"),
    ("library/hybrid", ["manufacturing.slots=unlimited", "hybrid.after_waiting=9 d"], "hybrid.after_waiting: is not used: nobody waits for slots, or for lines booked before apheresis"),
    ("library/hybrid", ["hybrid.allogeneic_for=[hihg]"], "hybrid.allogeneic_for.0: found 'hihg', which is no risk group; did you mean 'high'?"),
    ("library/hybrid", ["manufacturing.site=centre", "allogeneic.lots.shared_lines=first"], "allogeneic.lots.shared_lines: lots of a central stock have no lines at a centre; allowed where stock.kept is at_centres"),
    ("library/hybrid", ["manufacturing.site=centre", "allogeneic.lots.shared_lines=first", "allogeneic.stock.kept=at_centres", "centres.capital.lines=3", struck(resource="line", units="1", work="pause")], "disruptions.fire.work: found pause beside units, of lines on which lots are made as well, where centres differ (allogeneic.lots.shared_lines); allowed: finish, or no units"),
    ("library/sequential", ["later_course.strategy=allogeneic"], "later_course.strategy: found allogeneic; allowed: same, or strategy 'hybrid', which has both products"),
    ("allogeneic", ["allogeneic.lots.shared_lines=first"], "allogeneic.lots.shared_lines: is not used: there is no autologous manufacture; allowed with hybrid"),
    ("autologous", ["uncertainty={manufacturing.failure: {normal: {mean: 1, sd: 0}, source: assumption}}"], "uncertainty.manufacturing.failure: found sd 0; allowed: above 0"),
    ("autologous", ["uncertainty={manufacturing.failure: {gamma: {mean: -1, sd: 1}, source: assumption}}"], "uncertainty.manufacturing.failure: found mean -1; allowed: above 0"),
    ("autologous", ["uncertainty={manufacturing.failure: {lognormal: {median: 1, sigma: 11}, source: assumption}}"], "uncertainty.manufacturing.failure: found sigma 11; allowed: up to 10"),
    ("autologous", ["uncertainty={manufacturing.failure: {lognormal: {median: 1e16, sigma: 1}, source: assumption}}"], "uncertainty.manufacturing.failure: found 1e+16 for median; allowed: 0, or from 1e-15 to 1e+15 in size"),
    ("autologous", ["uncertainty={manufacturing.failure: {beta: {events: 3, of: 3}, source: assumption}}"], "uncertainty.manufacturing.failure: found 3 of 3; allowed: some events, and fewer than all"),
    ("autologous", ["uncertainty={manufacturing.failure: {beta: {mean: 2, sd: 1}, source: assumption}}"], "uncertainty.manufacturing.failure: found mean 2; allowed: between 0 and 1"),
    ("autologous", ["uncertainty={manufacturing.failure: {beta: {mean: 0.2, sd: 0.4}, source: assumption}}"], "uncertainty.manufacturing.failure: found sd 0.4; allowed: below 0.4 for this mean"),
    ("autologous", ["uncertainty={manufacturing.failure: {beta: {mean: 0.2, sd: 1e-9}, source: assumption}}"], "uncertainty.manufacturing.failure: found sd 1e-09; allowed: more, as this is as good as certain; leave the input out instead"),
    ("autologous", ["uncertainty={manufacturing.failure: {uniform: {low: 2, high: 1}, source: assumption}}"], "uncertainty.manufacturing.failure: found low 2 and high 1; allowed: low below high"),
    ("autologous", ["uncertainty={centres.capital.beds: {normal: {mean: 5, sd: 1}, source: assumption}}"], "uncertainty.centres.capital.beds: is a whole number, of which a distribution would draw fractions; allowed: inputs that may be a fraction (what other whole numbers do: sweep --vary centres.capital.beds=LOW:HIGH)"),
    ("autologous", ["uncertainty={run.follow_up: {uniform: {low: 300 d, high: 400 d}, source: assumption}}"], "uncertainty.run.follow_up: is a choice of method, which no data would tell; allowed: inputs that more data would tell (what another choice does: a scenario of its own)"),
    ("autologous", ["uncertainty={economics.discount.costs: {uniform: {low: 0, high: 0.05}, source: assumption}}"], "uncertainty.economics.discount.costs: is a choice of method"),
    ("autologous", ["uncertainty={economics.horizon: {uniform: {low: 20 y, high: 40 y}, source: assumption}}"], "uncertainty.economics.horizon: is a choice of method"),
    ("autologous", ["manufacturing.lines={2026-01-01: 4, 2027-01-01: 5}", "uncertainty={manufacturing.lines.2027-01-01: {uniform: {low: 4, high: 8}, source: assumption}}"], "uncertainty.manufacturing.lines.2027-01-01: is a whole number, of which a distribution would draw fractions; allowed: inputs that may be a fraction (what other whole numbers do: sweep --vary manufacturing.lines.2027-01-01=LOW:HIGH)"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "told"), CASES, ids=[told[:60] for _, _, told in CASES])
def test_what_does_not_go_together_is_refused(name: str, changes: list[str], told: str) -> None:
    load(SHIPPED / f"{name}.yaml")
    with pytest.raises(ScenarioError) as refused:
        load(SHIPPED / f"{name}.yaml", changes)
    assert [told in str(problem) for problem in refused.value.problems] == [True]


def test_bridging_that_begins_after_lymphodepletion_is_told() -> None:
    def told(*overrides: str) -> list[str]:
        return [warning for warning in load("autologous", overrides).warnings if "bridging.start" in warning]

    fixed = (
        "apheresis.duration=1 d", "manufacturing.duration=10 d", "infusion.scheduling=2 d",
        "shipping={to_factory: 1 d, to_centre: 3 d}",
        "release_testing={sterility: 14 d, potency: 5 d, identity: 3 d, review: 4 d}",
    )  # fmt: skip
    # 1 + 1 + 10 + 14 + 4 + 3 + 2 days
    assert told(*fixed, "bridging.start=34 d") == []
    (late,) = told(*fixed, "bridging.start=36 d")
    assert "begins 36 d after apheresis at the earliest, and lymphodepletion after at most 35 d" in late
    assert told("bridging.start=7 d") == told("bridging.share=0") == []
    (never,) = told("bridging.start=2000 d")
    assert "hardly anybody is bridged" in never


def test_a_region_in_which_everybody_declines_is_told() -> None:
    def told(declines: float) -> list[str]:
        warnings = load("few_centres", [f"regions.north.declines={declines}"]).warnings
        return [warning for warning in warnings if "declines" in warning]

    assert told(0.9) == []
    assert told(1.0) == [
        "regions.north.declines: everybody declines to travel, so that nobody referred there is infused"
    ]


def test_an_outage_that_lots_do_not_hear_of_is_told() -> None:
    def told(**of_it: str) -> list[str]:
        shared = ("manufacturing.site=centre", "allogeneic.lots.shared_lines=first", "allogeneic.stock.kept=at_centres")
        found = load("hybrid", [*shared, struck(resource="line", **of_it)]).warnings
        return [warning for warning in found if "a lot of doses on a line of capital" in warning]

    assert len(told(centre="capital", work="pause")) == 1
    assert told(centre="capital", work="finish") == []
    assert told(work="pause") == []
