"""Costs and QALYs against sums by hand, discounting against its integral, decisions against slow and obvious ways.

Longer than 400 lines because each cost and state is worked out by hand here.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from sim.experiment.runs.replicate import Arm, simulate
from sim.outcomes.decisions import acceptability, net_benefit, standings
from sim.outcomes.economic_quantities import QUANTITIES
from sim.outcomes.economics import Ledger, ledger
from sim.outcomes.patients import Patients
from sim.outcomes.verdicts import DOMINATED, EXTENDEDLY, ON_FRONTIER
from sim.pieces.luck import Luck
from sim.pure.discounting import discount, single, stream
from sim.scenario import ScenarioError
from tests.runs import QUICKEST, load_text

YEAR = 365.25
MONTH = YEAR / 12


@pytest.mark.parametrize("rate", [0.0, 0.015, 0.03, 0.2])
@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (100.0, 100.0), (37.5, 4000.0), (9000.0, 20000.0)])
def test_a_stream_is_the_integral_of_discount_factors(rate: float, start: float, end: float) -> None:
    horizon = 12_000.0
    found = stream(np.array([start]), np.array([end]), (rate,), horizon)[0, 0]
    exact, _ = quad(lambda day: (1 + rate) ** (-day / YEAR), start, min(end, horizon), epsabs=1e-10, epsrel=1e-12)
    assert found == pytest.approx(exact, rel=1e-9, abs=1e-9)


def test_amounts_and_streams_at_the_edges() -> None:
    assert discount(np.array([YEAR]), 0.03)[0] == pytest.approx(1 / 1.03, rel=1e-12)
    days = np.array([0.0, YEAR, 1000.0, np.nan])
    assert single(days, (0.03,), 999.0)[0] == pytest.approx([1.0, 1 / 1.03, 0.0, 0.0])
    start, end = np.array([np.nan, 5.0, 9.0, 3.0]), np.array([4.0, np.nan, 4.0, np.inf])
    assert stream(start, end, (0.0, 0.0), 10.0).tolist() == [[0.0, 0.0, 0.0, 7.0]] * 2
    # a day forty years from now, by the difference of two large numbers, would lose its digits
    assert stream(np.array([14_000.0]), np.array([14_000.0 + 1e-6]), (0.03,), 2e4)[0, 0] == pytest.approx(
        1e-6 * 1.03 ** (-14_000 / YEAR), rel=1e-6
    )


# -- one patient, by hand -------------------------------------------------------------------------------------------

ONE = """
name: One
strategy: autologous
run: {start: 2026-01-01, warm_up: 0 d, window: 100 d, follow_up: 300 d, replications: 1, seed: 3}
regions: {here: {centre: here, referral_days: [5 d]}}
centres: {here: {}}
patients: {risk_groups: {everybody: {share: 1}}}
clocks: {waiting: {progression: never}}
work_up: {duration: 10 d}
apheresis: {duration: 1 d}
manufacturing: {duration: 20 d}
lymphodepletion: {duration: 5 d}
infusion: {stay: 14 d}
after_infusion:
  autologous:
    progression: {table: [[0 d, 1], [399.999999 d, 1], [400 d, 0]]}
    death_after_progression: {table: [[0 d, 1], [99.999999 d, 1], [100 d, 0]]}
  not_infused: {death: {table: [[0 d, 1], [249.999999 d, 1], [250 d, 0]]}}
economics:
  currency: EUR
  price_year: 2024
  discount: {costs: 0.04, health: 0.015}
  horizon: 10 y
  costs:
    waiting_month: 300
    apheresis: 4000
    product: {autologous: 100000}
    unused_product: {autologous: 90000}
    unused_paid_by: payer
    lymphodepletion: 2000
    infusion: 500
    bed_day: 1000
    adverse_events: 700
    follow_up_month: 200
    progressed_month: 3000
    subsequent_care: {month: 1500, withdrawn: 1200}
    end_of_life: 5000
  utilities:
    waiting: 0.6
    progressed: 0.5
    progression_free: 0.8
    subsequent_care: {utility: 0.4, withdrawn: 0.3}
    hospital_loss: 0.2
"""


def booked(text: str, *overrides: str) -> Ledger:
    return followed(text, *overrides)[1]


def followed(text: str, *overrides: str) -> tuple[Patients, Ledger]:
    arm = Arm("one", load_text(text, *overrides).scenario)
    patients, trace = simulate(arm, [0], QUICKEST)
    return patients, ledger(
        arm.scenario,
        arm.protocol,
        patients,
        trace,
        Luck(arm.scenario.run.seed, np.zeros(1, dtype=np.int64), patients.cohort.blocks),
    )


def between(start: float, end: float, rate: float) -> float:
    """Days from start to end, discounted; by many thin slices."""
    middle = np.linspace(start, end, 20_001)[:-1] + (end - start) / 40_000
    return float(((1 + rate) ** (-middle / YEAR)).mean() * (end - start))


def at(day: float, rate: float = 0.04) -> float:
    return (1 + rate) ** (-day / YEAR)


def test_an_infused_patient_by_hand() -> None:
    # referral day 0, listing 10, apheresis 10 to 11, product 31, infusion 36, discharge 50, relapse 436, death 536
    found = booked(ONE)
    expected = {
        "waiting": 300 / MONTH * between(0, 36, 0.04),
        "apheresis": 4000 * at(10),
        "bridging": 0.0,
        "alternative": 0.0,
        "standard_care": 0.0,
        "product": 100_000 * at(36),
        "unused_product": 0.0,
        "lymphodepletion": 2000 * at(31),
        "infusion": 500 * at(36),
        "hospital": 1000 * between(36, 50, 0.04),
        "toxicity": 700 * at(36),
        "follow_up": 200 / MONTH * between(36, 436, 0.04),
        "progressed": 3000 / MONTH * between(436, 536, 0.04),
        "subsequent_care": 0.0,
        "end_of_life": 5000 * at(536),
        "capacity": 0.0,
        "society": 0.0,
        "unrelated": 0.0,
    }
    assert {name: float(values[0]) for name, values in found.costs.items()} == pytest.approx(expected, rel=1e-6)
    worth = {
        "waiting": 0.6 / YEAR * between(0, 36, 0.015),
        "progression_free": 0.8 / YEAR * between(36, 436, 0.015),
        "alternative": 0.0,
        "standard_care": 0.0,
        "progressed": 0.5 / YEAR * between(436, 536, 0.015),
        "subsequent_care": 0.0,
        "hospital": -0.2 / YEAR * between(36, 50, 0.015),
    }
    assert {name: float(values[0]) for name, values in found.qalys.items()} == pytest.approx(worth, rel=1e-6)
    assert found.life_years[0] == pytest.approx(536 / YEAR, rel=1e-6)
    values = dict(zip([q.name for q in QUANTITIES], found.quantities()[0], strict=True))
    assert values["cost_per_referred"] == values["cost_per_infused"] == pytest.approx(sum(expected.values()), rel=1e-6)
    assert values["qalys_per_referred"] == values["qalys_per_infused"] == pytest.approx(sum(worth.values()), rel=1e-6)


def test_the_horizon_cuts_everything_after_it() -> None:
    found = booked(ONE, "economics.horizon=100 d")
    assert found.costs["follow_up"][0] == pytest.approx(200 / MONTH * between(36, 100, 0.04), rel=1e-6)
    assert found.costs["progressed"][0] == found.costs["end_of_life"][0] == 0.0
    assert found.life_years[0] == pytest.approx(100 / YEAR)


LEAVES = ONE.replace("{progression: never}", "{removal: {table: [[0 d, 1], [14.999999 d, 1], [15 d, 0]]}}")


def test_a_patient_who_withdraws_during_manufacture_by_hand() -> None:
    # leaves on day 15, four days into manufacture; dies on day 265
    found = booked(LEAVES)
    assert not found.infused[0]
    expected = {
        "waiting": 300 / MONTH * between(0, 15, 0.04),
        "apheresis": 4000 * at(10),
        "unused_product": 90_000 * at(15),
        "subsequent_care": 1200 / MONTH * between(15, 265, 0.04),
        "end_of_life": 5000 * at(265),
    }
    costs = {name: float(values[0]) for name, values in found.costs.items() if values[0] != 0.0}
    assert costs == pytest.approx(expected, rel=1e-6)
    worth = {"waiting": 0.6 / YEAR * between(0, 15, 0.015), "subsequent_care": 0.3 / YEAR * between(15, 265, 0.015)}
    qalys = {name: float(values[0]) for name, values in found.qalys.items() if values[0] != 0.0}
    assert qalys == pytest.approx(worth, rel=1e-6)
    values = dict(zip([q.name for q in QUANTITIES], found.quantities()[0], strict=True))
    assert math.isnan(values["cost_per_infused"])
    assert values["cost_per_referred"] == pytest.approx(sum(expected.values()), rel=1e-6)


def test_who_pays_for_products_that_are_not_infused() -> None:
    theirs = "economics.costs.unused_paid_by=manufacturer"
    both = "economics.perspective=payer_and_manufacturer"
    assert booked(LEAVES, theirs).costs["unused_product"][0] == 0.0
    assert booked(LEAVES, both).costs["unused_product"][0] == booked(LEAVES).costs["unused_product"][0] > 0.0


def test_a_patient_who_progresses_while_waiting_has_the_utility_of_it() -> None:
    text = ONE.replace("{progression: never}", "{progression: {table: [[0 d, 1], [19.999999 d, 1], [20 d, 0]]}}")
    found = booked(text)
    assert found.qalys["waiting"][0] == pytest.approx(0.6 / YEAR * between(0, 20, 0.015), rel=1e-6)
    after = between(20, 36, 0.015) + between(436, 536, 0.015)
    assert found.qalys["progressed"][0] == pytest.approx(0.5 / YEAR * after, rel=1e-6)


def test_bridging_costs_those_who_are_given_it() -> None:
    bridging = "bridging={share: 1, start: 3 d, response: 0.5, hazard: 0.5}"
    found = booked(ONE, bridging, "economics.costs.bridging=8000")
    assert found.costs["bridging"][0] == pytest.approx(8000 * at(10 + 3))
    assert booked(ONE, bridging, "economics.costs.bridging=1").costs["bridging"][0] == pytest.approx(at(10 + 3))
    late = booked(ONE, bridging.replace("3 d", "25 d"), "economics.costs.bridging=8000")
    assert late.costs["bridging"][0] == 0.0
    assert booked(LEAVES, bridging.replace("3 d", "5 d"), "economics.costs.bridging=8000").costs["bridging"][0] == 0.0


def test_bridging_is_paid_for_those_whose_disease_it_held_up() -> None:
    many = ONE.replace("referral_days: [5 d]", "referrals: 3 / d").replace(
        "{progression: never}", "{progression: {exponential: {rate: 0.04 / d}}, ends_eligibility: 1}"
    )
    # given at once after receipt, it stops the disease until lymphodepletion
    told = "bridging={share: 0.5, start: 0 d, response: 1, hazard: 0}", "economics.costs.bridging=8000"
    patients, found = followed(many, *told)
    given = found.costs["bridging"] > 0.0
    measured = patients.cohort.measured
    reached = np.isfinite(patients.day("lymphodepletion"))[measured]
    during = (patients.progression_day > patients.day("received_at_factory"))[measured] & ~reached
    assert min(during.sum(), given.sum()) > 20
    assert not given[during].any()
    assert reached[given].all()


def test_a_dose_that_was_drawn_and_not_infused_is_paid_for() -> None:
    shelf = """
allogeneic:
  stock: {opening: 3, order: {every: 4000 d}, doses_per_lot: 1}
  shipping: {duration: 8 d}
"""
    text = ONE.replace("strategy: autologous", "strategy: allogeneic").replace("  autologous:\n", "  allogeneic:\n")
    for part in ("apheresis: {duration: 1 d}\n", "manufacturing: {duration: 20 d}\n", "    apheresis: 4000\n"):
        text = text.replace(part, "")
    text = text.replace("{autologous: ", "{allogeneic: ").replace("after_infusion:", shelf.lstrip() + "after_infusion:")
    # listed and given a dose on day 10, which arrives on 18; lymphodepletion to 23
    assert booked(text).costs["product"][0] == pytest.approx(100_000 * at(23))
    assert booked(text).costs["unused_product"][0] == 0.0
    leaves = text.replace("{progression: never}", "{removal: {table: [[0 d, 1], [14.999999 d, 1], [15 d, 0]]}}")
    assert booked(leaves).costs["product"][0] == 0.0
    assert booked(leaves).costs["unused_product"][0] == pytest.approx(90_000 * at(15), rel=1e-6)


@pytest.mark.parametrize("beds", ["centres.here.beds=unlimited", "centres.here.beds=3"])
def test_a_bed_is_paid_for_as_long_as_it_is_held_whether_beds_have_a_number_or_not(beds: str) -> None:
    from_conditioning = "infusion.reservation=admit"
    found = booked(ONE, beds, from_conditioning)
    assert found.costs["hospital"][0] == pytest.approx(1000 * between(31, 50, 0.04), rel=1e-6)
    # who withdraws on day 33, during lymphodepletion, gives up his bed
    leaves = LEAVES.replace("14.999999 d", "32.999999 d").replace("[15 d", "[33 d")
    found = booked(leaves, beds, from_conditioning)
    assert found.costs["hospital"][0] == pytest.approx(1000 * between(31, 33, 0.04), rel=1e-6)
    assert found.qalys["hospital"][0] == pytest.approx(-0.2 / YEAR * between(31, 33, 0.015), rel=1e-6)
    assert booked(leaves, beds).costs["hospital"][0] == 0.0


def test_a_bed_that_is_still_held_at_the_end_is_paid_for_until_then() -> None:
    arm = Arm("one", load_text(ONE, "infusion.stay=900 d", "centres.here.beds=3").scenario)
    _, trace = simulate(arm, [0], QUICKEST)
    found = booked(ONE, "infusion.stay=900 d", "centres.here.beds=3")
    expected = 1000 * between(36, trace.stop_day[0] - 5, 0.04)
    assert found.costs["hospital"][0] == pytest.approx(expected, rel=1e-6)


RETURNS = ONE.replace("follow_up: 300 d", "follow_up: 600 d").replace(
    "after_infusion:\n", "later_course: {share: 1, relapse: 400 d}\nafter_infusion:\n"
)


def test_a_later_course_by_hand() -> None:
    # infusion 36, relapse and return 436, apheresis 446, lymphodepletion 467, infusion 472, discharge 486, relapse 872,
    # death 972
    found = booked(RETURNS)
    expected = {
        "waiting": 300 / MONTH * (between(0, 36, 0.04) + between(436, 472, 0.04)),
        "apheresis": 4000 * (at(10) + at(446)),
        "product": 100_000 * (at(36) + at(472)),
        "lymphodepletion": 2000 * (at(31) + at(467)),
        "infusion": 500 * (at(36) + at(472)),
        "hospital": 1000 * (between(36, 50, 0.04) + between(472, 486, 0.04)),
        "toxicity": 700 * (at(36) + at(472)),
        "follow_up": 200 / MONTH * (between(36, 436, 0.04) + between(472, 872, 0.04)),
        "progressed": 3000 / MONTH * between(872, 972, 0.04),
        "end_of_life": 5000 * at(972),
    }
    for name, values in found.costs.items():
        assert values.tolist() == pytest.approx([expected.get(name, 0.0)], rel=1e-6), name
    worth = {
        "waiting": 0.6 * (between(0, 36, 0.015) + between(436, 472, 0.015)),
        "progression_free": 0.8 * (between(36, 436, 0.015) + between(472, 872, 0.015)),
        "progressed": 0.5 * between(872, 972, 0.015),
        "hospital": -0.2 * (between(36, 50, 0.015) + between(472, 486, 0.015)),
    }
    for name, values in found.qalys.items():
        assert values.tolist() == pytest.approx([worth.get(name, 0.0) / YEAR], rel=1e-6, abs=1e-12), name
    assert found.life_years.tolist() == pytest.approx([972 / YEAR], rel=1e-6)
    assert found.discounted_life_years.tolist() == pytest.approx([between(0, 972, 0.015) / YEAR], rel=1e-6)
    assert found.treatment_free.tolist() == pytest.approx([800 / MONTH], rel=1e-6)
    undiscounted = 300 * 72 / MONTH + 2 * (4000 + 100_000 + 2000 + 500 + 14_000 + 700) + 200 * 800 / MONTH
    assert found.undiscounted[0].tolist() == pytest.approx([undiscounted + 3000 * 100 / MONTH + 5000], rel=1e-6)
    assert found.undiscounted[1].tolist() == pytest.approx(
        [(0.6 * 72 + 0.8 * 800 + 0.5 * 100 - 0.2 * 28) / YEAR], rel=1e-6
    )


def test_who_returns_lives_on_by_the_later_course() -> None:
    patients, found = followed(
        RETURNS,
        "after_infusion.autologous.progression=never",
        "after_infusion.autologous.death={exponential: {rate: 0.001 / d}}",
    )
    after = patients.after
    assert after is not None
    # the first course alone would have ended within days of infusion; the relapse of who returned is the return
    assert after.relapse_day[0] == 5 + 436
    assert after.death_day[0] == after.death_day[1] > 5 + 472
    assert found.costs["end_of_life"][0] == pytest.approx(5000 * at(after.death_day[1] - 5), rel=1e-9)


def test_a_later_course_has_multipliers_of_its_own() -> None:
    plain, worse = (
        followed(
            RETURNS,
            "after_infusion.autologous.progression={exponential: {rate: 1 / y}}",
            f"after_infusion.later_course.progression={ratio}",
        )[0]
        for ratio in (1, 2)
    )
    assert plain.after is not None
    assert worse.after is not None
    first, second = (plain.after.relapse_day - plain.day("infusion"), worse.after.relapse_day - worse.day("infusion"))
    assert first[0] == second[0] == 400.0
    assert first[1] == pytest.approx(2 * second[1], rel=1e-6)


def test_each_batch_has_its_price_and_what_is_unused_follows_it() -> None:
    both = "manufacturing.batches=2"
    assert booked(ONE, both).costs["product"][0] == pytest.approx(200_000 * at(36), rel=1e-9)
    together = booked(ONE, both, "economics.costs.priced_by=infusion")
    assert together.costs["product"][0] == pytest.approx(100_000 * at(36), rel=1e-9)
    follows = LEAVES.replace("    unused_product: {autologous: 90000}\n", "")
    assert booked(follows, both).costs["unused_product"][0] == pytest.approx(200_000 * at(15), rel=1e-6)
    dearer = booked(follows, "economics.costs.product.autologous=150000")
    assert dearer.costs["unused_product"][0] == pytest.approx(150_000 * at(15), rel=1e-6)


def test_intensive_care_replaces_the_bed_and_grades_have_their_prices() -> None:
    toxic = ONE.replace("clocks:", "toxicity:\n  crs: {onset: 1 d, grades: {high: {share: 1, duration: 3 d, icu: 1}}}\n"
                        "  icu: {stay: 4 d, bed: kept}\nclocks:")  # fmt: skip
    toxic += "  toxicity: {crs: {high: {cost: 9000, utility_loss: 0.23, lasts: 6 d}}}\n"
    found = booked(toxic, "economics.costs.icu_day=2500", "centres.here.beds=3")
    # a bed from 36, onset on 37, intensive care to 41, toxicity to 44, routine stay to 58
    hospital = 1000 * (between(36, 37, 0.04) + between(41, 58, 0.04)) + 2500 * between(37, 41, 0.04)
    assert found.costs["hospital"][0] == pytest.approx(hospital, rel=1e-6)
    assert found.costs["toxicity"][0] == pytest.approx(700 * at(36) + 9000 * at(37), rel=1e-6)
    loss = -0.2 * between(36, 58, 0.015) - 0.23 * between(37, 43, 0.015)
    assert found.qalys["hospital"][0] == pytest.approx(loss / YEAR, rel=1e-6)
    freed = booked(toxic, "economics.costs.icu_day=2500", "centres.here.beds=3", "toxicity.icu.bed=freed")
    assert freed.costs["hospital"][0] == pytest.approx(hospital, rel=1e-6)


def test_every_patient_lives_every_day_once() -> None:
    ones = [f"economics.utilities.{name}=1" for name in ("waiting", "progressed", "progression_free")]
    ones += ["economics.utilities.subsequent_care={utility: 1, withdrawn: 1}", "economics.utilities.hospital_loss=0"]
    many = ONE.replace("referral_days: [5 d]", "referrals: 3 / d").replace(
        "{progression: never}",
        "{progression: {exponential: {rate: 0.01 / d}}, ends_eligibility: 0.4, "
        "death: {exponential: {rate: 0.01 / d}}, removal: {exponential: {rate: 0.005 / d}}}",
    )
    found = booked(many, *ones, "economics.discount.health=0")
    assert len(found.infused) > 200
    assert sum(found.qalys.values()) == pytest.approx(found.life_years, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("after_infusion:", "after_infusion:\n  later_course: {death: 2}"),
            "after_infusion.later_course: is not used",
        ),
        (("bed_day: 1000", "bed_dy: 1000"), "economics.costs.bed_dy: unknown key; did you mean 'bed_day'?"),
        (("waiting: 0.6", "waiting: 60"), "economics.utilities.waiting: found 60; allowed: a utility from -1 to 1"),
        (("  horizon", "  toxicity: {crs: {high: {cost: 1}}}\n  horizon"), "toxicity.crs is not given"),
        (("{autologous: 100000}", "{allogeneic: 5}"), "product.allogeneic: is not used"),
        (("infusion: {stay: 14 d}", "infusion: {model: outpatient}"), "counted only where beds have a number"),
        (("{autologous: 100000}", "{autologous: -5}"), "allowed: an amount of money not below 0"),
    ],
)
def test_what_is_wrong_is_told(change: tuple[str, str], told: str) -> None:
    with pytest.raises(ScenarioError) as error:
        load_text(ONE.replace(*change))
    assert any(told in str(problem) for problem in error.value.problems), [str(p) for p in error.value.problems]


# -- decisions ------------------------------------------------------------------------------------------------------


def test_a_case_with_known_icers() -> None:
    # by hand: B is dominated by A; C lies above the line from A to D; D costs 20000 / 2 = 10000 per QALY more than A
    costs, effects = np.array([10_000.0, 12_000.0, 25_000.0, 30_000.0]), np.array([1.0, 0.9, 1.5, 3.0])
    found = {one.strategy: one for one in standings(costs, effects)}
    assert [found[k].status for k in range(4)] == [ON_FRONTIER, DOMINATED, EXTENDEDLY, ON_FRONTIER]
    assert found[3].against == 0
    assert (found[3].cost, found[3].effect, found[3].icer) == (20_000.0, 2.0, 10_000.0)
    assert math.isnan(found[0].icer)
    assert [one.strategy for one in standings(costs, effects)] == [0, 1, 2, 3]
    for k in (0, 1, 2):
        assert found[k].against is None
        assert np.isnan([found[k].cost, found[k].effect, found[k].icer]).all()


def test_ties_among_strategies() -> None:
    # 1 does more than 0 for the same; 2 is 1 once more; 3 does no more than 1 for more; 4 lies on the line from 1 to 5,
    # so that a mix of these does as much for the same
    costs, effects = np.array([10.0, 10.0, 10.0, 15.0, 20.0, 30.0]), np.array([1.0, 2.0, 2.0, 2.0, 3.0, 4.0])
    found = standings(costs, effects)
    assert [one.strategy for one in found] == [1, 2, 0, 3, 4, 5]
    status = [ON_FRONTIER, DOMINATED, DOMINATED, DOMINATED, EXTENDEDLY, ON_FRONTIER]
    assert [one.status for one in found] == status
    assert (found[-1].against, found[-1].icer) == (1, 10.0)


def test_the_error_of_the_evpi_is_that_of_a_mean() -> None:
    # the second is best on average (by 1); the first is by 2, 0 and 3 the better in samples 1, 2 and 4
    costs = np.array([[0.0, 2.0], [0.0, 0.0], [0.0, -9.0], [0.0, 3.0]])
    found = acceptability(costs, np.zeros((4, 2)), np.array([0.0]))
    assert found.best.tolist() == [1]
    assert found.evpi[0] == pytest.approx(5 / 4)
    assert found.evpi_error[0] == pytest.approx(math.sqrt((4 + 9 - 25 / 4) / 3 / 4))
    assert acceptability(costs[[0, 2]], np.zeros((2, 2)), np.array([0.0])).evpi_error[0] == pytest.approx(1.0)
    one = acceptability(costs[:1], np.zeros((1, 2)), np.array([0.0]))
    assert one.evpi_error.dtype == float
    assert np.isnan(one.evpi_error).all()


def slow_status(costs: np.ndarray, effects: np.ndarray) -> list[bool]:
    """Whether each strategy is best at some willingness to pay: tried out at very many."""
    best = {int(np.argmax(w * effects - costs)) for w in np.concatenate([[0.0], np.geomspace(1e-4, 1e9, 40_001)])}
    return [k in best for k in range(len(costs))]


@pytest.mark.parametrize("seed", range(30))
def test_the_frontier_is_what_is_best_at_some_willingness_to_pay(seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs, effects = rng.uniform(1e3, 1e5, 6), rng.uniform(0.5, 3.0, 6)
    found = {one.strategy: one for one in standings(costs, effects)}
    assert [found[k].status == ON_FRONTIER for k in range(6)] == slow_status(costs, effects)
    slopes = [one.icer for one in standings(costs, effects) if one.status == ON_FRONTIER][1:]
    assert slopes == sorted(slopes)


def test_acceptability_and_evpi_against_loops() -> None:
    rng = np.random.default_rng(4)
    costs, effects = rng.normal(50_000, 20_000, (200, 3)), rng.normal(1.5, 0.4, (200, 3))
    costs[7], effects[7] = 1.0, 1.0
    amounts = np.array([0.0, 20_000.0, 75_000.0])
    found = acceptability(costs, effects, amounts)
    for k, amount in enumerate(amounts):
        wins, best_each, totals = [0.0] * 3, 0.0, [0.0] * 3
        for sample in range(200):
            benefits = [amount * effects[sample, j] - costs[sample, j] for j in range(3)]
            winners = [j for j in range(3) if benefits[j] == max(benefits)]
            for j in winners:
                wins[j] += 1 / len(winners)
            best_each += max(benefits)
            totals = [total + benefit for total, benefit in zip(totals, benefits, strict=True)]
        assert found.probability[k] == pytest.approx([w / 200 for w in wins])
        assert found.expected[k] == pytest.approx([total / 200 for total in totals])
        assert found.best[k] == int(np.argmax(totals))
        assert found.evpi[k] == pytest.approx(best_each / 200 - max(totals) / 200)
    assert np.array_equal(net_benefit(costs, effects, amounts)[1], 20_000.0 * effects - costs)


def test_evpi_of_a_normal_difference_is_its_unit_normal_loss() -> None:
    # two strategies, the second's net benefit N(m, s): EVPI = s x loss(|m| / s); Raiffa and Schlaifer 1961
    rng = np.random.default_rng(9)
    n, m, s = 200_000, 300.0, 1000.0
    costs = np.stack([np.zeros(n), -rng.normal(m, s, n)], axis=1)
    found = acceptability(costs, np.zeros((n, 2)), np.array([0.0]))
    z = m / s
    loss = math.exp(-z * z / 2) / math.sqrt(2 * math.pi) - z * 0.5 * math.erfc(z / math.sqrt(2))
    assert found.evpi[0] == pytest.approx(s * loss, abs=4 * found.evpi_error[0])
    assert found.probability[0, 1] == pytest.approx(0.5 * math.erfc(-z / math.sqrt(2)), abs=0.005)
    # a mutant that takes the mean of the worse strategy instead would be far away
    assert found.evpi[0] < m
