"""What capacity costs, by hand: units by date whatever closes them, uses, slots, lots, doses on the shelf and lost."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.choice import SIMPY
from sim.experiment.plan.standing import standing_prices
from sim.experiment.runs.replicate import Arm, simulate
from sim.experiment.study.economics_tables import counted_twice, free_outpatients
from sim.experiment.sweep.factors import Factor
from sim.experiment.sweep.points import Base
from sim.outcomes.budget import FIGURES, budget
from sim.outcomes.economics import Ledger, ledger
from sim.outcomes.supply import standing_month
from sim.pieces.standing import standing_unit_days
from sim.scenario import Loaded, ScenarioError, load
from sim.scenario.unused import why_unused
from tests.runs import QUICKEST, SHIPPED, load_text

MONTH = 365.25 / 12
MONEY = """
after_infusion:
  PRODUCT: {progression: never, death_after_progression: never}
  not_infused: {death: never}
economics:
  currency: EUR
  price_year: 2024
  horizon: 3 y
  costs: {COSTS}
  utilities: {waiting: 0.6, progressed: 0.5, progression_free: 0.8, subsequent_care: {utility: 0.4}}
"""
START = """
name: One
strategy: PRODUCT
run: {start: 2026-01-01, warm_up: 100 d, window: 200 d, follow_up: 300 d, replications: 1, seed: 3}
regions: {here: {centre: here, referral_days: [5 d, 120 d, 130 d, 200 d]}}
patients: {risk_groups: {everybody: {share: 1}}}
clocks: {waiting: {progression: never}}
"""
MADE = (
    START
    + """
centres: {here: {chairs: {0 d: 2, 150 d: 3}, beds: 4}}
calendars: {office: {days: [mon, tue], hours: [8 h, 18 h]}}
apheresis: {duration: 0.1 d, calendar: office}
manufacturing:
  slots: {count: 1, every: week, lead: 7 d, carry_over: 0, notice: 7 d}
  lines: 5
  duration: 20 d
disruptions: {fire: {resource: line, from: 180 d, for: 10 d, work: pause}}
infusion: {stay: 14 d}
"""
    + MONEY
).replace("PRODUCT", "autologous")
STOCKED = (
    START
    + """
centres: {here: {beds: 4}}
allogeneic:
  stock: {opening: 10, shelf_life: 140 d, order: {every: 160 d}, doses_per_lot: 3}
  lots: {culture: 10 d, lines: 2}
infusion: {stay: 14 d}
"""
    + MONEY
).replace("PRODUCT", "allogeneic")


def counted(text: str, costs: str, *overrides: str) -> tuple[Arm, Ledger, dict[str, float]]:
    arm = Arm("one", load_text(text.replace("COSTS", costs), *overrides).scenario)
    patients, trace = simulate(arm, [0], QUICKEST)
    found = ledger(arm.scenario, arm.protocol, patients, trace, patients.cohort.luck)
    return arm, found, {one.path.removeprefix("costs."): float(one.units[0]) for one in found.supply}


def test_standing_units_are_those_of_the_scenario_by_date_closed_or_not() -> None:
    costs = "capacity: {chair: {unit_month: 10, use: 7}, line: {unit_month: 1000}, bed: {unit_month: 1}}"
    arm, found, units = counted(MADE, costs)
    # two chairs for 50 days of the window and three for 150; what is closed or shut does not matter
    assert units["capacity.chair.unit_month"] == pytest.approx((50 * 2 + 150 * 3) / MONTH, rel=1e-12)
    assert units["capacity.line.unit_month"] == pytest.approx(200 * 5 / MONTH, rel=1e-12)
    assert units["capacity.bed.unit_month"] == pytest.approx(200 * 4 / MONTH, rel=1e-12)
    assert units["capacity.chair.use"] == 3.0
    whole = 10 * 550 / MONTH + 7 * 3 + 1000 * 1000 / MONTH + 800 / MONTH
    # three are measured, and each has a third of it, undiscounted
    assert found.costs["capacity"] == pytest.approx([whole / 3] * 3, rel=1e-12)
    assert found.undiscounted[0].sum() == pytest.approx(whole, rel=1e-9)
    assert standing_month(arm.scenario) == pytest.approx((whole - 21) / (200 / MONTH), rel=1e-12)


def test_slots_are_paid_for_being_there_and_for_being_claimed() -> None:
    _, found, units = counted(MADE, "capacity: {slot: {each: 100, use: 11}}", "disruptions=null")
    starts = [day for day in range(7, 400, 7) if 100 <= day < 300]  # offered weekly from day 0, seven days ahead
    assert abs(units["capacity.slot.each"] - len(starts)) <= 1.0
    assert units["capacity.slot.use"] == 3.0
    assert found.costs["capacity"].sum() == pytest.approx(100 * units["capacity.slot.each"] + 33, rel=1e-12)


def test_doses_on_the_shelf_lost_ones_and_lots() -> None:
    costs = "unused_paid_by: payer, product: {allogeneic: 900}, capacity: {stock: {dose_month: 5, lot: 1000}}"
    arm, found, units = counted(STOCKED, costs)
    trace = simulate(arm, [0], QUICKEST)[1]
    # day by day: what is on the shelf at noon of each day of the window
    noon = np.arange(100, 300) + 0.5
    came = 10 + sum(3 * (noon > day) for day in trace.lots.ready[np.isfinite(trace.lots.ready)])
    drawn = trace.uses.began[trace.uses.source == 0]
    gone = sum(1 * (noon > day) for day in drawn) + sum(
        doses * (noon > day) for day, doses in zip(trace.expiries.day, trace.expiries.doses, strict=True)
    )
    assert units["capacity.stock.dose_month"] * MONTH == pytest.approx(float((came - gone).sum()), abs=4.0)
    inside = (trace.expiries.day >= 100) & (trace.expiries.day < 300)
    expired = trace.expiries.doses[inside].sum()
    assert expired > 0
    assert units["unused_product.allogeneic"] == expired
    assert units["capacity.stock.lot"] == ((trace.lots.started >= 100) & (trace.lots.started < 300)).sum() > 0
    assert found.costs["unused_product"].sum() == pytest.approx(900.0 * expired)
    # with a price of its own; and nobody's bill where the manufacturer pays
    _, own, _ = counted(STOCKED, costs + ", unused_product: {allogeneic: 50}")
    assert own.costs["unused_product"].sum() == pytest.approx(50.0 * expired)
    _, theirs, _ = counted(STOCKED, costs.replace("unused_paid_by: payer", "unused_paid_by: manufacturer"))
    assert theirs.costs["unused_product"].sum() == 0.0


def test_a_lot_that_fails_costs_its_doses() -> None:
    costs = "unused_paid_by: payer, product: {allogeneic: 900}"
    _, _, units = counted(STOCKED, costs, "allogeneic.lots.failure=1", "allogeneic.stock.shelf_life=unlimited")
    assert units["unused_product.allogeneic"] == 3.0  # the lot of day 160


def test_what_the_manufacturer_pays_counts_in_its_perspective_only() -> None:
    costs = "capacity: {line: {unit_month: 1000, paid_by: manufacturer}}"
    assert counted(MADE, costs)[1].costs["capacity"].sum() == 0.0
    both = counted(MADE, costs, "economics.perspective=payer_and_manufacturer")[1]
    assert both.costs["capacity"].sum() == pytest.approx(1000 * 1000 / MONTH)


@pytest.mark.parametrize("engine", [SIMPY])
def test_the_budget_has_the_capacity_of_its_year(engine: str) -> None:
    text = MADE.replace("window: 200 d", "window: 400 d").replace("warm_up: 100 d", "warm_up: 0 d")
    bare = Arm("one", load_text(text.replace("COSTS", "")).scenario)
    priced = Arm("one", load_text(text.replace("COSTS", "capacity: {line: {unit_month: 1000}}")).scenario)
    patients, trace = simulate(priced, [0], engine)
    spent = [name for name, *_ in FIGURES].index("spent")
    more = budget(priced.scenario, priced.protocol, patients, trace) - budget(
        bare.scenario, bare.protocol, patients, trace
    )
    assert more[0, 0, spent] == pytest.approx(1000 * 5 * 365 / MONTH, rel=1e-12)


@pytest.mark.parametrize(
    ("written", "instead", "kind"),
    [("lines: 5", "lines: unlimited", "line"), ("beds: 4", "beds: unlimited", "bed"), ("COSTS", "COSTS", "icu")],
)
def test_what_is_without_limit_or_not_there_cannot_be_priced(written: str, instead: str, kind: str) -> None:
    text = MADE.replace(written, instead).replace("COSTS", f"capacity: {{{kind}: {{unit_month: 5}}}}")
    with pytest.raises(ScenarioError, match="cannot be counted"):
        load_text(text)


def test_a_price_of_what_a_later_value_makes_unlimited_is_left_out_and_said() -> None:
    loaded = loaded_with("capacity: {bed: {unit_month: 5}}", "centres.here.beds=unlimited")
    assert [".".join(dropped.path) for dropped in loaded.dropped] == ["economics.costs.capacity.bed"]


@pytest.mark.parametrize(
    ("text", "kind", "change"),
    [
        (MADE, "slot", "manufacturing.slots=unlimited"),
        (MADE, "line", "manufacturing.lines=unlimited"),
        (MADE, "chair", "centres.here.chairs=unlimited"),
        (MADE, "lab", "release_testing.lab=unlimited"),
        (MADE, "bed", "centres.here.beds=unlimited"),
        (MADE, "place", "centres.here.places=unlimited"),
        (MADE, "icu", "centres.here.icu=unlimited"),
        (STOCKED, "lot_line", "allogeneic.lots.lines=unlimited"),
        (STOCKED, "stock", ""),
    ],
)
def test_each_kind_is_priced_where_it_has_a_number_and_only_there(text: str, kind: str, change: str) -> None:
    text = text.replace("COSTS", "").replace("beds: 4", "beds: 4, places: 2, icu: 2")
    text += "toxicity: {crs: {onset: 1 d, grades: {bad: {share: 0.1, icu: 0.5, duration: 3 d}}}, icu: {stay: 2 d}}\n"
    text = text.replace("duration: 20 d\n", "duration: 20 d\nrelease_testing: {potency: 3 d, lab: 4}\n")
    path = ("economics", "costs", "capacity", kind)
    assert why_unused((*path, "use"), load_text(text).scenario) is None
    if change:
        assert "cannot be counted" in str(why_unused((*path, "use"), load_text(text, change).scenario))
    other = STOCKED if text.startswith(MADE[:30]) and "allogeneic:" not in text else MADE
    if kind not in ("bed", "place", "icu"):
        assert "cannot be counted" in str(why_unused((*path, "use"), load_text(other.replace("COSTS", "")).scenario))


def test_of_what_no_price_is_given_nobody_pays() -> None:
    bare, priced = loaded_with("").scenario, loaded_with("capacity: {line: {use: 1}}").scenario
    path = ("economics", "costs", "capacity", "line", "paid_by")
    assert (why_unused(path, bare), why_unused(path, priced)) == ("no price of it is given", None)


def loaded_with(costs: str, *overrides: str) -> Loaded:
    return load_text(MADE.replace("COSTS", costs), *overrides)


def test_the_price_of_a_lever_is_what_the_scenario_says_that_a_unit_costs_a_month() -> None:
    base = Base({"one": loaded_with("capacity: {line: {unit_month: 1000}, slot: {each: 100}}")})
    levers = (
        Factor("manufacturing.lines", ("3", "5", "8")),
        Factor("manufacturing.slots.count", ("1", "2")),
    )
    prices = standing_prices(base, levers)
    assert prices["manufacturing.lines"] == pytest.approx(1000.0, rel=1e-12)
    one = standing_month(base.scenarios["one"].scenario) - 5000.0
    assert prices["manufacturing.slots.count"] == pytest.approx(one, rel=1e-9)
    assert one == pytest.approx(100 * MONTH / 7, rel=0.02)
    # chairs have no price here, so that nothing is said of any
    assert standing_prices(base, (*levers, Factor("centres.here.chairs", ("1", "2")))) == {}


def test_units_of_several_sites_are_added() -> None:
    there = standing_unit_days(loaded_with("").scenario, (0.0, 10.0))
    assert (there["line"], there["chair"], there["bed"]) == (50.0, 20.0, 40.0)


def test_a_price_that_may_hold_it_already_is_told() -> None:
    told = counted_twice({"one": loaded_with("bed_day: 9, capacity: {bed: {unit_month: 5}, line: {use: 2}}")})
    assert told == ["one: capacity.bed counts beside costs.bed_day (9): make sure that this does not hold it already"]
    told = counted_twice({"one": loaded_with("apheresis: 700, capacity: {chair: {use: 2}}")})
    assert told == [
        "one: capacity.chair counts beside costs.apheresis (700): make sure that this does not hold it already"
    ]


def test_what_is_in_the_bed_days_of_inpatients_alone_is_told_of_outpatients() -> None:
    base, outside = load(SHIPPED / "autologous.yaml"), load(SHIPPED / "library" / "outpatient.yaml")
    changed = load(SHIPPED / "autologous.yaml", ["infusion.model=outpatient"])
    assert free_outpatients({"in": base, "out": outside}) == []
    lymphodepletion, toxicity = free_outpatients({"in": base, "changed": changed})
    assert lymphodepletion.startswith("changed: of outpatients lymphodepletion costs nothing")
    assert toxicity.startswith("changed: of outpatients toxicity costs nothing")
    priced = ["infusion.model=outpatient", "economics.costs.lymphodepletion=3000", "economics.costs.adverse_events=9"]
    assert free_outpatients({"one": load(SHIPPED / "autologous.yaml", priced)}) == []
