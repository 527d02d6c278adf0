"""Beds, intensive care and treatment places that several centres share: timelines worked out by hand, and refusals.

`run_scenario` runs each on both engines.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.choice import engine, pick
from sim.outcomes.figures import metric_named
from sim.pieces.cohort import draw_cohort
from sim.pieces.loads import offered_loads, rooms
from sim.pieces.strategies import build_protocol
from sim.scenario import Loaded, ScenarioError
from tests.runs import Ran, load_text, run_scenario

THREE = """
name: Three centres
strategy: autologous
run: {{start: 2026-01-01, warm_up: 0 d, window: 400 d, follow_up: 400 d, replications: 1, seed: 7}}
regions:
  city land: {{centre: city, referral_days: [{city}]}}
  lake land: {{centre: lake, referral_days: [{lake}]}}
  hill land: {{centre: hill, referral_days: [{hill}]}}
centres: {{city: {{}}, hill: {{}}, lake: {{}}}}
patients: {{risk_groups: {{everybody: {{share: 1}}}}}}
clocks: {{waiting: {{progression: never}}}}
apheresis: {{duration: 0 d}}
manufacturing: {{duration: 0 d}}
{rest}
"""
STAY = "infusion: {stay: 10 d, reservation: admit}\n"
WARD = "shared: {ward: {centres: [city, lake], beds: 1}}\n"
# Everybody is in intensive care for six days, two days after infusion.
ICU = (
    "toxicity: {crs: {onset: 2 d, grades: {any: {share: 1, duration: 1 d, icu: 1}}}, icu: {stay: 6 d, bed: kept}}\n"
    "infusion: {stay: 0 d, reservation: admit}\n"
)


def three(rest: str, city: str = "0 d, 2 d", lake: str = "1 d", hill: str = "300 d", *overrides: str) -> Loaded:
    return load_text(THREE.format(rest=rest, city=city, lake=lake, hill=hill), *overrides)


def ran(rest: str, *days: str) -> Ran:
    return run_scenario(three(rest, *days).scenario)


# -- by hand ---------------------------------------------------------------------------------------------------------


def test_patients_of_two_centres_wait_in_one_queue() -> None:
    run = ran(STAY + WARD)
    # city on 0, lake from 1, city again from 2; hill has beds of its own, without limit. By region: city, lake, hill
    assert run.days("infusion") == [0.0, 20.0, 10.0, 300.0]
    assert run.rows("centre") == ["city", "city", "lake", "hill"]
    ward = run.resource("bed", "ward")
    assert (ward.requests, ward.utilisation, ward.queue_days_total) == (3, 30 / 400, 9.0 + 18.0)
    assert run.resource("bed", "hill").requests == 1


def test_who_asks_at_one_instant_is_served_in_the_order_of_the_regions_wherever_they_are_treated() -> None:
    assert ran(STAY + WARD, "0 d", "0 d").days("infusion") == [0.0, 10.0, 300.0]
    # the order of centres in the ward is nobody's rank
    assert ran(STAY + WARD.replace("city, lake", "lake, city"), "0 d", "0 d").days("infusion") == [0.0, 10.0, 300.0]


def test_what_stands_first_in_the_file_need_not_be_shared() -> None:
    rest = STAY + "shared: {ward: {centres: [hill, lake], beds: 1}}\n"
    run = ran(rest, "0 d", "0 d", "3 d")
    assert run.days("infusion") == [0.0, 0.0, 10.0]
    assert run.trace.uses.centre[run.trace.uses.resource == bed(run)].tolist() == [0, 1, 1]


def bed(run: Ran) -> int:
    return [resource.name for resource in run.protocol.resources].index("bed")


def test_beds_of_two_centres_are_booked_in_one_book() -> None:
    rest = "lymphodepletion: {duration: 5 d}\ninfusion: {stay: 10 d}\n" + WARD.replace("beds: 1", "beds: 2")
    run = ran(rest, "0 d, 2 d", "0 d, 1 d")
    # the same four patients as of one centre with two beds: from 5 to 15, twice; the next two begin on 10
    assert run.days("lymphodepletion") == [0.0, 10.0, 0.0, 10.0, 300.0]
    assert run.days("infusion") == [5.0, 15.0, 5.0, 15.0, 305.0]
    assert run.resource("bed_booking", "ward").requests == 4


def test_beds_apart_and_intensive_care_together() -> None:
    run = ran(ICU + "shared: {unit: {centres: [lake, city], icu: 1}}\n", "0 d", "1 d")
    assert run.days("icu") == [2.0, 8.0, 302.0]
    assert run.days("discharge") == [9.0, 15.0, 309.0]
    assert run.resource("icu", "unit").queue_days_total == 5.0


def test_a_centre_may_share_beds_with_one_and_intensive_care_with_another() -> None:
    shared = "shared: {ward: {centres: [city, lake], beds: 1}, unit: {centres: [city, hill], icu: 1}}\n"
    run = ran(ICU + shared, "0 d", "1 d", "1 d")
    # city: bed 0 to 9, intensive care 2 to 8; lake: bed from 9, intensive care of its own from 11; hill: from 8, not 3
    assert run.days("infusion") == [0.0, 9.0, 1.0]
    assert run.days("icu") == [2.0, 11.0, 8.0]


def test_treatment_places_are_shared_by_the_day() -> None:
    rest = "infusion: {model: outpatient}\nshared: {day unit: {centres: [city, lake], places: 1}}\n"
    assert ran(rest, "0 d, 0 d", "0 d").days("infusion") == [0.0, 1.0, 2.0, 300.0]


def test_units_by_date_turn_round_and_shut_downs() -> None:
    by_date = WARD.replace("beds: 1", "beds: {0 d: 1, 4 d: 2}")
    assert ran(STAY + by_date).days("infusion") == [0.0, 14.0 - 4.0, 4.0, 300.0]
    turned = "infusion: {stay: 10 d, reservation: admit, turn_round: 2 d}\n"
    assert ran(turned + WARD).days("infusion") == [0.0, 24.0, 12.0, 300.0]
    for where in ("", ", centre: ward"):
        shut = f"disruptions: {{flood: {{resource: bed, from: 5 d, for: 20 d{where}}}}}\n"
        assert ran(STAY + WARD + shut).days("infusion") == [0.0, 35.0, 25.0, 300.0]
    elsewhere = "disruptions: {flood: {resource: bed, from: 5 d, for: 20 d, centre: hill}}\n"
    assert ran(STAY + WARD + elsewhere).days("infusion") == [0.0, 20.0, 10.0, 300.0]


# -- relations -------------------------------------------------------------------------------------------------------

RANDOM = """
name: Two regions
strategy: autologous
run: {{warm_up: 20 d, window: 200 d, follow_up: 200 d, seed: {seed}}}
regions:
  here: {{centre: {first}, referrals: 0.2 / d}}
  there: {{centre: {second}, referrals: 0.1 / d}}
centres: {{{centres}}}
patients: {{risk_groups: {{everybody: {{share: 1}}}}}}
clocks: {{waiting: {{progression: {{exponential: {{rate: 0.01 / d}}}}, removal: {{exponential: {{rate: 0.02 / d}}}}}}}}
apheresis: {{duration: 1 d}}
manufacturing: {{duration: {{triangular: [8 d, 9 d, 14 d]}}, lines: 3, slots: {{count: 2, every: week, scope: pool}}}}
lymphodepletion: {{duration: 5 d}}
toxicity:
  crs: {{onset: 2 d, grades: {{any: {{share: 0.6, duration: 3 d, icu: 0.5}}}}}}
  icu: {{stay: {{uniform: [1 d, 9 d]}}, bed: {bed}}}
infusion: {{stay: {{uniform: [1 d, 19 d]}}, reservation: {reservation}, turn_round: 1 d}}
{shared}
"""
MILESTONES = ("listing", "lymphodepletion", "infusion", "icu", "discharge")


@settings(max_examples=settings().max_examples // 4)
@given(
    seed=st.integers(1, 10**6),
    reservation=st.sampled_from(["book_ahead", "hold", "admit"]),
    bed=st.sampled_from(["kept", "freed"]),
)
def test_two_centres_that_share_are_one_centre_with_as_much(seed: int, reservation: str, bed: str) -> None:
    same = {"seed": seed, "reservation": reservation, "bed": bed}
    one = RANDOM.format(first="big", second="big", centres="big: {beds: 3, icu: 1, places: 1}", shared="", **same)
    two = RANDOM.format(
        first="east", second="west", centres="east: {}, west: {}",
        shared="shared: {both: {centres: [east, west], beds: 3, icu: 1, places: 1}}", **same,
    )  # fmt: skip
    a, b = (run_scenario(load_text(text).scenario) for text in (one, two))
    assert a.resource("bed").queue_days_total > 0.0 or a.resource("bed_booking").queue_days_total > 0.0
    for milestone in MILESTONES:
        assert np.array_equal(a.patients.day(milestone), b.patients.day(milestone), equal_nan=True), milestone
    assert np.array_equal(a.patients.outcome, b.patients.outcome)


def test_a_ward_without_limit_is_no_ward() -> None:
    same = {"seed": 3, "reservation": "book_ahead", "bed": "kept", "first": "east", "second": "west"}
    apart = RANDOM.format(centres="east: {}, west: {icu: 1}", shared="", **same)
    shared = "shared: {both: {centres: [east, west], beds: unlimited}}"
    together = RANDOM.format(centres="east: {}, west: {icu: 1}", shared=shared, **same)
    texts = [text.replace("reservation: book_ahead, turn_round: 1 d", "") for text in (apart, together)]
    a, b = (run_scenario(load_text(text.replace("d], }", "d]}")).scenario) for text in texts)
    for milestone in MILESTONES:
        assert np.array_equal(a.patients.day(milestone), b.patients.day(milestone), equal_nan=True), milestone


JOINT = """
name: Joint arrivals
strategy: autologous
run: {warm_up: 2000 d, window: 60000 d, follow_up: 2000 d, seed: 11}
regions:
  here: {centre: east, referrals: 0.2 / d}
  there: {centre: west, referrals: 0.1 / d}
centres: {east: {}, west: {}}
shared: {ward: {centres: [east, west], beds: 10}}
patients: {risk_groups: {everybody: {share: 1}}}
clocks: {waiting: {progression: never}}
apheresis: {duration: 0 d}
manufacturing: {duration: 0 d}
infusion: {stay: {exponential: {mean: 30 d}}, reservation: admit}
"""


def test_both_wait_as_erlang_c_says_of_all_arrivals_together() -> None:
    """Erlang C with 0.3 a day, a mean service of 30 days and 10 units: P(wait) 0.668732, mean wait 20.061946 d."""
    scenario = load_text(JOINT).scenario
    protocol, run = build_protocol(scenario), engine(pick("auto", 1e9)[0])
    cohort, luck = draw_cohort(scenario, protocol.clocks, range(24))
    traces = [
        run(protocol, cohort.alone(k), luck.alone(k), scenario.runs_until, scenario.run.follow_up, False)
        for k in range(24)
    ]
    waits, number = [], [resource.name for resource in protocol.resources].index("bed")
    for trace in traces:
        inside = (trace.uses.resource == number) & (trace.uses.asked >= scenario.run.warm_up)
        waited = (trace.uses.began - trace.uses.asked)[inside & np.isfinite(trace.uses.began)]
        waits.append([(waited > 0.0).mean(), waited.mean()])
    for values, exact in zip(np.array(waits).T, (0.668732, 20.061946), strict=True):
        error = values.std(ddof=1) / math.sqrt(len(values))
        assert error < 0.05 * exact
        assert abs(values.mean() - exact) <= 4 * error


# -- what is said of it, and refused ---------------------------------------------------------------------------------


def test_loads_count_the_patients_of_all_who_share() -> None:
    scenario = load_text(JOINT).scenario
    protocol = build_protocol(scenario)
    (load,) = offered_loads(scenario, protocol)
    assert (load.centre, load.load) == ("ward", pytest.approx(0.3 * 30 / 10))
    (room,) = rooms(scenario, protocol)
    assert room.referred == pytest.approx(0.3 * 365.25 / 12)
    assert room.at_most == pytest.approx(365.25 / 12 / 3)


def test_targets_name_what_is_shared() -> None:
    scenario = load_text(JOINT).scenario
    protocol = build_protocol(scenario)
    assert metric_named("queue.bed.ward", scenario, protocol).label == "Waiting for infusion beds at ward, mean"
    with pytest.raises(ValueError, match=r"found the centre 'east' .*ward"):
        metric_named("queue.bed.east", scenario, protocol)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("{ward: {centres: [city, cty], beds: 1}}", "shared.ward.centres.1: found 'cty', which is no key of centres"),
        ("{ward: {centres: [city], beds: 1}}", "shared.ward.centres: found 1; allowed: the names of two or more"),
        ("{ward: {centres: [city, lake]}}", "shared.ward: found nothing that is shared; allowed: beds, places, icu"),
        ("{city: {centres: [hill, lake], beds: 1}}", "shared.city: found the name of a centre, 'city'"),
        ("{ward: {centres: [city, lake], chairs: 1}}", "shared.ward.chairs: unknown key"),
        (
            "{ward: {centres: [city, lake], beds: 1}, other: {centres: [hill, lake], beds: 2}}",
            "shared.other.centres.1: 'lake' has its beds in 'ward' already (shared.ward.beds)",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_shared_is_refused(told: str, message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        three(STAY + f"shared: {told}\n")
    assert message in str(error.value)


def test_a_shared_unit_of_intensive_care_brings_the_toxicity_that_comes_with_the_program() -> None:
    unit = "shared: {unit: {centres: [city, lake], icu: 1}}\n"
    assert three(unit).scenario.toxicity.events
    with pytest.raises(ScenarioError, match=r"shared.unit.icu: is not used: no toxicity has an icu share"):
        three(unit + "toxicity: {crs: {grades: {any: {share: 1, duration: 1 d}}}}\n")


@pytest.mark.parametrize("key", ["beds", "places"])
def test_what_a_centre_has_beside_what_it_shares_is_refused(key: str) -> None:
    told = rf"centres.city.{key}: is not used: the {key} of 'city' are those of 'ward'"
    with pytest.raises(ScenarioError, match=told):
        three(STAY + WARD.replace("beds", key), "0 d", "1 d", "2 d", f"centres.city.{key}=3", f"shared.ward.{key}=2")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("resource: bed, centre: city", "found 'city', whose beds are those of 'ward'; allowed: ward"),
        ("resource: chair, centre: ward", "found 'ward', which shares no chair"),
        ("resource: icu, centre: ward", "found 'ward', which shares no icu"),
        ("resource: bed, centre: word", "found 'word', which is no key of centres; did you mean 'ward'?"),
    ],
)  # fmt: skip
def test_a_shut_down_names_what_it_shuts(where: str, message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        three(STAY + WARD + f"disruptions: {{flood: {{{where}, from: 5 d, for: 3 d}}}}\n")
    assert message in str(error.value)


def test_a_ward_of_centres_to_which_nobody_is_sent_is_refused() -> None:
    text = THREE.format(rest=STAY + WARD, city="0 d", lake="1 d", hill="2 d")
    text = text.replace("centre: city", "centre: hill").replace("centre: lake", "centre: hill")
    with pytest.raises(ScenarioError, match=r"shared.ward: is not used: no region sends patients to a centre that"):
        load_text(text)
