"""Metrics, resource use and estimates against numbers worked out by hand.

Longer than 400 lines because each number is worked out beside its test.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sim.engine.choice import COMPILED, SIMPY
from sim.experiment.runs.replicate import Arm, simulate
from sim.outcomes.curves import WAIT_BINS, incidence, stage_days, stage_names, wait_shares
from sim.outcomes.estimates import interval, standard_error
from sim.outcomes.metrics import METRIC_NAMES, METRICS, measure
from sim.outcomes.pairs import pair_counts, why_not_paired
from sim.outcomes.patients import Patients, resolve, slots_wasted
from sim.outcomes.resource_use import ResourceUse, queue_days, resource_use
from sim.pieces.expectations import expect
from sim.pieces.loads import Room, offered_loads, rooms
from sim.pieces.protocol import Cadence, Capacity, Stock
from sim.pieces.steps import Milestone, Stage, Supply, Use
from sim.pieces.strategies import build_protocol
from sim.pure.distributions import Fixed
from sim.tables import CURVES, EVENTS
from tests.runs import HAS_NUMBA, Ran, by_hand, load_text, people, run_scenario, small, walk

# Names that others rely on.
PROMISED = [
    "referred",
    "infused",
    "infused_share",
    "progressed_before_infusion",
    "progressed_before_infusion_share",
    "lost_before_infusion_share",
    "died_before_infusion_share",
    "waiting_days_mean",
    "waiting_days_median",
    "waiting_days_p90",
    "referral_to_apheresis_days_mean",
    "vein_to_vein_days_mean",
    "vein_to_vein_days_median",
    "turnaround_days_mean",
    "product_wasted",
    "slots_wasted",
]


def metrics(ran: Ran) -> dict[str, float]:
    run = ran.scenario.run
    window = (run.warm_up, run.warm_up + run.window)
    return dict(zip(METRIC_NAMES, measure(ran.patients, ran.trace, window)[0], strict=True))


def test_the_promised_metrics_exist_with_label_unit_and_direction() -> None:
    assert set(PROMISED) <= set(METRIC_NAMES)
    assert len(set(METRIC_NAMES)) == len(METRICS)
    for metric in METRICS:
        assert metric.label
        assert metric.unit in {"patients", "share", "days", "products", "slots"}
        assert metric.better in {"higher", "lower", "neither"}
        assert metric.name.endswith("_share") == (metric.unit == "share")


# Three patients and one line of ten days: the first is infused on day 10, the second gets the line on day 10 and dies
# on day 16, the third gets it then, and would be through on day 26, but dies on day 17.
DYING = """
manufacturing: {lines: 1, duration: 10 d}
clocks:
  waiting:
    death: {piecewise: {0 d: 0 / d, 15 d: 1000000 / d}}
    progression: {piecewise: {0 d: 0 / d, 12 d: 1000000 / d}}
"""


def test_metrics_of_three_patients() -> None:
    ran = small(DYING, "0 d, 1 d, 2 d")
    values = metrics(ran)
    assert ran.outcomes == ["infused", "died", "died"]
    assert values["referred"] == 3
    assert values["infused_share"] == pytest.approx(1 / 3)
    assert values["progressed_before_infusion"] == 2
    assert values["lost_before_infusion_share"] == pytest.approx(2 / 3)
    assert values["died_before_infusion"] == 2
    assert values["waiting_days_mean"] == values["waiting_days_p90"] == 10.0
    assert values["vein_to_vein_days_median"] == 10.0
    assert values["turnaround_days_mean"] == 10.0
    assert values["infused_of_collected_share"] == pytest.approx(1 / 3)
    assert values["product_wasted"] == 0


def test_waiting_days_do_not_apply_where_nobody_is_infused() -> None:
    values = metrics(small(DYING.replace("duration: 10 d", "duration: 100 d"), "0 d, 1 d"))
    assert values["infused"] == 0
    assert math.isnan(values["waiting_days_mean"])


def test_no_share_applies_where_nobody_is_measured() -> None:
    values = metrics(small("manufacturing: {duration: 5 d}\n", "60 d", "autologous", "", "run.window=50 d"))
    assert values["referred"] == 0
    assert all(math.isnan(value) for name, value in values.items() if name.endswith("_share"))


def test_the_share_who_do_not_travel_is_of_the_measured() -> None:
    text = """
name: Far away
strategy: autologous
run: {{start: 2026-01-01, warm_up: 10 d, window: 40 d, follow_up: 100 d, seed: 7}}
regions:
  far: {{centre: here, referral_days: [{days}], declines: {share}}}
  near: {{centre: here, referral_days: [12 d]}}
centres: {{here: {{}}}}
clocks: {{waiting: {{progression: never}}}}
manufacturing: {{duration: 0 d}}
"""
    all_of_them = text.format(days="9 d, 10 d, 11 d", share=1)
    assert metrics(run_scenario(load_text(all_of_them).scenario))["not_travelled_share"] == pytest.approx(2 / 3)
    nobody = metrics(run_scenario(load_text(text.format(days="9 d, 10 d, 11 d", share=0)).scenario))
    assert math.isnan(nobody["not_travelled_share"])


def test_only_patients_referred_inside_the_window_are_measured() -> None:
    ran = small(
        "manufacturing: {duration: 5 d}\n",
        "9 d, 10 d, 49 d, 50 d",
        "autologous",
        "",
        "run.warm_up=10 d",
        "run.window=40 d",
    )
    assert ran.patients.cohort.measured.tolist() == [False, True, True, False]
    assert metrics(ran)["referred"] == 2


def test_a_product_made_for_a_patient_who_is_gone_is_wasted() -> None:
    dies = "clocks: {waiting: {death: {piecewise: {0 d: 0 / d, 20 d: 1000000 / d}}}}\n"
    rest = "manufacturing: {duration: 30 d, on_leave: finish}\n" + dies
    assert metrics(small(rest, "0 d, 3 d"))["product_wasted"] == 2
    assert metrics(small(rest.replace("finish", "stop"), "0 d, 3 d"))["product_wasted"] == 0
    late = rest.replace("30 d", "10 d") + "infusion: {scheduling: 15 d}\n"
    assert metrics(small(late.replace("finish", "stop"), "0 d"))["product_wasted"] == 1


def test_a_product_that_would_be_made_after_the_stop_is_not_wasted_yet() -> None:
    dies = "clocks: {waiting: {death: {piecewise: {0 d: 0 / d, 20 d: 1000000 / d}}}}\n"
    rest = "manufacturing: {duration: 30 d, on_leave: finish}\n" + dies
    ran = small(rest, "0 d, 3 d", "autologous", "", "run.window=32 d", "run.follow_up=20.5 d")
    # the stop is on day 32: the first product has come on day 30, the second would come on day 33
    assert ran.trace.stop_day == 32.0
    assert metrics(ran)["product_wasted"] == 1


def test_a_product_lost_on_the_way_back_is_wasted_though_its_successor_is_infused() -> None:
    rest = """
manufacturing: {duration: 10 d, attempts: unlimited}
shipping: {to_centre: 2 d, loss: 0.5}
apheresis: {attempts: unlimited}
"""
    ran = small(rest, ", ".join(f"{day} d" for day in range(0, 100, 5)))
    tries = int(ran.patients.attempts["manufacture"].sum())
    assert tries > 25
    assert metrics(ran)["product_wasted"] == tries - 20


def test_queue_length_over_time() -> None:
    # asked on days 0, 2 and 3 for one line of ten days: two wait on [3, 10), one on [2, 3) and [10, 20)
    line = small("manufacturing: {lines: 1, duration: 10 d}", "0 d, 2 d, 3 d").resource("line")
    assert line.queue_mean == pytest.approx((7 * 2 + 11) / 400)
    assert line.queue_p95 == 0.0
    assert line.utilisation == pytest.approx(30 / 400)
    short = small("manufacturing: {lines: 1, duration: 10 d}", "0 d, 2 d, 3 d", "autologous", "", "run.window=20 d")
    assert short.resource("line").queue_mean == pytest.approx(25 / 20)
    assert short.resource("line").queue_p95 == 2.0
    assert short.resource("line").utilisation == 1.0


def test_use_inside_a_window() -> None:
    # two of three units for four days each: held on [8, 12), [12, 16) by one who asks on day 10, [20, 24), [24, 28)
    line = Capacity("line", "Line", False, (((0.0, 3.0),),))
    who = people([8.0, 10.0, 20.0, 20.0])
    ran = walk(by_hand((Use("line", (Stage("culture", Fixed(4.0)),), units=2),), line), who, SIMPY)
    patients = resolve(who[0], ran.trace, 400.0)

    def used(*window: float) -> ResourceUse:
        return resource_use(ran.protocol, patients, ran.trace, (window[0], window[1]))[0][0]

    found = used(10.0, 20.0)
    assert (found.requests, found.delayed, found.delayed_share, found.immediate_share) == (1, 1, 1.0, 0.0)
    assert (found.queue_days_mean, found.queue_days_max, found.queue_days_total) == (2.0, 2.0, 2.0)
    assert (found.queue_mean, found.queue_p95) == (0.2, 1.0)
    assert found.in_use_mean == pytest.approx(1.2)
    assert found.utilisation == pytest.approx(0.4)
    # up to day 11 one waits, on the last of 20 days, or of 19: 95 % of 20 days are 19
    assert used(-9.0, 11.0).queue_p95 == 0.0
    assert used(-8.0, 11.0).queue_p95 == 1.0
    third = used(20.0, 21.0)
    assert (third.requests, third.delayed, third.utilisation) == (2, 1, pytest.approx(2 / 3))
    assert used(20.0, 20.25).utilisation == pytest.approx(2 / 3)
    nobody = used(13.0, 14.0)
    assert nobody.requests == 0
    assert np.isnan([nobody.delayed_share, nobody.immediate_share, nobody.queue_days_mean, nobody.left_share]).all()


def test_slots_belong_to_the_window_in_which_they_start() -> None:
    monthly = "manufacturing: {duration: 10 d, slots: {count: 1, every: month}}"  # on days 0, 31, 59, 90

    def slot(warm_up: int, window: int) -> ResourceUse:
        told = f"run.warm_up={warm_up} d", f"run.window={window} d"
        return small(monthly, "0 d, 1 d", "autologous", "", *told).resource("slot")

    assert slot(31, 28).utilisation == 1.0
    assert (slot(31, 29).utilisation, slot(31, 29).expired) == (0.5, 1)
    assert math.isnan(slot(32, 20).utilisation)
    assert slot(32, 20).expired == 0


def test_a_slot_before_the_last_one_is_wasted_however_many_units_of_other_things_were_used() -> None:
    slot = Cadence("slot", "Slot", False, ((1, 1),), (0.0, 10.0), lead=0.0, carry_over=0, notice=0.0)
    line = Capacity("line", "Line", False, (((0.0, 2.0),),))
    make = Use("line", (Milestone("manufacturing"), Stage("culture", Fixed(5.0))), units=2)
    again = (Use("slot", (Stage("collection", Fixed(1.0)),)), Use("slot", (make,)))
    who = people([0.0])
    ran = walk(by_hand(again, slot, line), who, SIMPY)
    assert ran.trace.slots.holder.tolist() == [0, 0]
    assert slots_wasted(resolve(who[0], ran.trace, 400.0), ran.trace).tolist() == [True, False]


def test_lots_are_not_patients_who_queue() -> None:
    line = Capacity("line", "Line", False, (((0.0, 1.0),),))
    culture = Use("line", (Stage("culture", Fixed(10.0)),))
    stock = Stock("stock", "Stock", False, (0,), math.inf, None, 5.0, 1, (culture, Supply("stock")))
    who = people([0.0, 1.0, 6.0])
    ran = walk(by_hand((culture,), line, stock), who, SIMPY)
    entity, served, waited = queue_days(ran.trace, resolve(who[0], ran.trace, 400.0))
    # the line goes to the patients of days 0 and 1, to the lot of day 5, to the patient of day 6
    assert entity.tolist() == [1, 2]
    assert served.tolist() == [10.0, 30.0]
    assert waited.tolist() == [9.0, 24.0]


def test_where_the_days_go_of_cells_that_wait_frozen() -> None:
    slots = "{count: 1, every: month, claimed: at_receipt}"
    rest = (
        f"work_up: {{duration: 3 d}}\napheresis: {{duration: 2 d}}\nmanufacturing: {{duration: 10 d, slots: {slots}}}\n"
    )
    ran = small(rest, "0 d, 0 d")  # slots on 31 and 59
    days = dict(zip(stage_names(ran.trace.milestones), stage_days(ran.patients, ran.trace)[0].tolist(), strict=True))
    assert days["received_at_factory", "slot"] == [0.0, (26 + 54) / 2]
    assert days["referral", "listing"] == [3.0, 0.0]
    assert days["slot", "manufacturing"] == [0.0, 0.0]
    assert days["manufacturing", "manufactured"] == [10.0, 0.0]
    assert sum(map(sum, days.values())) == pytest.approx((41 + 69) / 2)


def test_the_patient_table_has_the_days_between_milestones() -> None:
    rest = "shipping: {to_factory: 2 d, to_centre: 3 d}\nlymphodepletion: {duration: 5 d}\nwork_up: {duration: 7 d}\n"
    ran = small(rest + "manufacturing: {duration: 10 d}\n", "1 d")
    assert ran.rows("turnaround_days") == [15.0]
    assert ran.rows("vein_to_vein_days") == [20.0]
    assert ran.rows("waiting_days") == [27.0]
    assert ran.rows("end_day") == [28.0]
    assert ran.rows("reason") == [None]


def test_where_the_days_go_tells_queue_from_process() -> None:
    ran = small("apheresis: {duration: 1 d}\nmanufacturing: {lines: 1, duration: 10 d}\n", "0 d, 2 d")
    days = dict(zip(stage_names(ran.trace.milestones), stage_days(ran.patients, ran.trace)[0].tolist(), strict=True))
    assert days["apheresis", "collected"] == [1.0, 0.0]
    assert days["received_at_factory", "manufacturing"] == [0.0, 4.0]
    assert days["manufacturing", "manufactured"] == [10.0, 0.0]


def test_parallel_waits_of_one_patient_count_once() -> None:
    ran = small("release_testing: {sterility: 14 d, potency: 7 d, identity: 3 d, lab: 1}\n", "0 d, 0 d")
    days = stage_days(ran.patients, ran.trace)[0]
    assert days.sum() == pytest.approx(ran.patients.between("referral", "infusion").mean())
    assert (days >= 0.0).all()


def test_cumulative_incidence_is_the_share_by_each_day() -> None:
    ran = small(DYING, "0 d, 1 d, 2 d")
    curves = dict(zip(CURVES, incidence(ran.patients, 30)[0], strict=True))
    assert curves["infused"][[9, 10, 30]].tolist() == [0.0, pytest.approx(1 / 3), pytest.approx(1 / 3)]
    assert curves["died"][[15, 16]].tolist() == [0.0, pytest.approx(2 / 3)]  # a hair after day 15
    assert sum(curves[event][30] for event in EVENTS) == pytest.approx(1.0)


def test_progression_before_infusion_has_a_curve_of_its_own_that_ends_at_its_share() -> None:
    text = """
name: Progressing
strategy: autologous
run: {warm_up: 0 d, window: 1 d, follow_up: 60 d}
regions: {here: {centre: here, referral_days: ["0 d", "0.25 d", "0.5 d", "0.75 d"]}}
centres: {here: {}}
clocks: {waiting: {progression: {exponential: {mean: 10 d}}, ends_eligibility: 0, death: never}}
manufacturing: {duration: 10 d}
"""
    patients = run_scenario(load_text(text).scenario).patients
    curves = dict(zip(CURVES, incidence(patients, 60)[0], strict=True))
    progressed = curves["progressed_before_infusion"]
    days = patients.progression_day - patients.referral_day
    assert progressed[5] == np.mean(days <= 5.0)
    assert progressed[60] == patients.progressed.mean() > 0.0
    assert curves["infused"][60] == 1.0, "still eligible after progression: both curves end at everybody"


def test_who_is_gone_on_the_day_of_referral_counts_from_day_0_on() -> None:
    text = """
name: Far away
strategy: autologous
run: {warm_up: 0 d, window: 9 d, follow_up: 9 d}
regions: {far: {centre: here, referral_days: [3 d], declines: 1}}
centres: {here: {}}
clocks: {waiting: {progression: never}}
manufacturing: {duration: 0 d}
"""
    patients = run_scenario(load_text(text).scenario).patients
    assert dict(zip(CURVES, incidence(patients, 2)[0].tolist(), strict=True))["withdrawn"] == [1.0, 1.0, 1.0]
    (waits,) = wait_shares(patients)
    assert waits.shape == (WAIT_BINS,)
    assert np.isnan(waits).all()


def test_waits_fall_into_weeks() -> None:
    (shares,) = wait_shares(small("manufacturing: {lines: 1, duration: 10 d}", "0 d, 2 d, 3 d").patients)
    assert shares[:5].tolist() == [0.0, pytest.approx(1 / 3), pytest.approx(1 / 3), pytest.approx(1 / 3), 0.0]


def test_intervals_are_those_of_students_t() -> None:
    values = np.array([[1.0, 5.0], [2.0, np.nan], [4.0, 7.0], [3.5, np.nan]])
    mean, low, high = interval(values)
    expected = stats.t.interval(0.95, 3, loc=values[:, 0].mean(), scale=stats.sem(values[:, 0]))
    assert (mean[0], low[0], high[0]) == pytest.approx((2.625, *expected))
    expected = stats.t.interval(0.95, 1, loc=6.0, scale=stats.sem([5.0, 7.0]))
    assert (mean[1], low[1], high[1]) == pytest.approx((6.0, *expected))
    assert standard_error(values[:, 0]) == pytest.approx(stats.sem(values[:, 0]))


def test_without_a_second_replication_there_is_no_interval() -> None:
    mean, low, high = interval(np.array([[3.0, np.nan]]))
    assert mean[0] == 3.0
    assert np.isnan([low[0], high[0], mean[1], low[1]]).all()
    assert math.isnan(standard_error(np.array([3.0])))
    assert standard_error(np.array([3.0, 5.0])) == pytest.approx(1.0)


# -- the same patients in two scenarios -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def eleven() -> Patients:
    """Eleven patients, the last of them referred after the window."""
    days = ", ".join(f"{day} d" for day in [*range(10), 60])
    return small(
        "clocks: {waiting: {progression: {exponential: {mean: 80 d}}}}\n", days, "autologous", "", "run.window=50 d"
    ).patients


def test_who_progressed_in_both_in_one_only_and_in_neither(eleven: Patients) -> None:
    def progressing(*who: int) -> Patients:
        return replace(eleven, progression_day=np.where(np.isin(np.arange(11), who), 5.0, np.nan))

    (counts,) = pair_counts(progressing(0, 1, 2, 10), progressing(0, 3, 4, 5, 10))
    assert counts.dtype == float
    assert counts.tolist() == [1, 2, 3, 4]


def test_patients_are_paired_if_they_are_the_same_people(eleven: Patients) -> None:
    def changed(who: int, **columns: np.ndarray) -> Patients:
        cohort = eleven.cohort
        new = {name: np.array(getattr(cohort, name)) for name in columns}
        for name, values in columns.items():
            new[name][..., who] = values
        return replace(eleven, cohort=replace(cohort, **new))

    assert why_not_paired(eleven, eleven) == [None]
    fewer = changed(3, measured=np.array(False))
    assert why_not_paired(eleven, fewer) == ["they measure different numbers of patients"]
    for name, told in (("region", "region"), ("source", "source"), ("number", "number"), ("group", "group")):
        assert why_not_paired(eleven, changed(3, **{name: np.array(9)})) == [f"their patients differ in {told}"]
    assert why_not_paired(eleven, changed(3, referral_day=np.array(3.5))) == ["their patients differ in referral day"]
    disease = "their patients differ in the course of the disease"
    assert why_not_paired(eleven, changed(3, thresholds=np.array([1.0, 1.0, 1.0]))) == [disease]
    assert why_not_paired(eleven, changed(3, group_multipliers=np.array([1.0, 2.0, 1.0]))) == [disease]
    # a clock that never runs in one of the two, and patients who are not measured, are no difference
    never = changed(3, thresholds=np.array([np.inf, np.inf, np.inf]))
    assert why_not_paired(eleven, never) == [None]
    assert why_not_paired(never, eleven) == [None]
    outside = changed(10, thresholds=np.array([1.0, 1.0, 1.0]), referral_day=np.array(70.0), group=np.array(9))
    assert why_not_paired(eleven, outside) == [None]


def test_offered_loads_are_what_is_asked_for_by_what_there_is() -> None:
    loaded = load_text(
        """
name: Loads
strategy: autologous
run: {warm_up: 60 d, window: 240 d, follow_up: 100 d}
regions:
  north: {centre: big, referrals: 14 / month, referral_days: [3 d, 70 d]}
  south: {centre: small, referrals: {0 d: 9 / month, 150 d: 5 / month}}
centres:
  big: {chairs: 1, beds: 1}
  small: {chairs: 2, beds: 3}
clocks: {waiting: {progression: never}}
apheresis: {duration: 5 d}
manufacturing: {lines: 2, duration: 9 d, slots: {count: 3, every: week}}
infusion: {stay: 30 d}
"""
    )
    loads = {(x.resource, x.centre): x.load for x in offered_loads(loaded.scenario, build_protocol(loaded.scenario))}
    month = 365.25 / 12
    north = 14 / month + 1 / 240  # one of the two listed days lies in the window
    south = (9 * 90 + 5 * 150) / 240 / month
    assert loads["line", ""] == pytest.approx((north + south) * 9 / 2)
    assert loads["chair", "big"] == pytest.approx(north * 5)
    assert loads["bed", "small"] == pytest.approx(south * 30 / 3)
    assert loads["slot", "small"] == pytest.approx(south / (35 * 3 / 240))  # 35 Mondays from day 60 to 299


def test_what_a_resource_could_carry_is_what_would_use_all_of_it() -> None:
    """At that many referrals the offered load is 1; bookings count days between patients, calendar lots doses."""
    text = """
name: Room
strategy: hybrid
run: {warm_up: 60 d, window: 240 d, follow_up: 100 d}
regions:
  north: {centre: big, referrals: NORTH / month}
  south: {centre: small, referrals: 6 / month}
centres:
  big: {beds: 2}
  small: {beds: 3}
clocks: {waiting: {progression: never}}
hybrid: {after_failure: true}
manufacturing: {lines: 2, duration: 9 d, failure: 0.25, slots: {count: 3, every: week, scope: pool}}
allogeneic: {stock: {opening: 3, order: {every: 30 d}, doses_per_lot: 4}, lots: {failure: 0.5}}
lymphodepletion: {duration: 5 d}
infusion: {stay: 10 d, planned_stay: PLANNED}
"""

    def found(north: float, planned: str = "28 d") -> dict[tuple[str, str], Room]:
        scenario = load_text(text.replace("NORTH", str(north)).replace("PLANNED", planned)).scenario
        return {(room.resource, room.centre): room for room in rooms(scenario, build_protocol(scenario))}

    month = 365.25 / 12
    here = found(4.0)
    assert [room.load for room in here.values()] == sorted((room.load for room in here.values()), reverse=True)
    assert here["bed", "big"].load == pytest.approx(4 / month * 10 / 2)
    booked = next(r for r in here.values() if r.of == "bed" and r.resource != "bed" and r.centre == "big")
    # a bed stands empty for the five days of the next patient's lymphodepletion, or until the booking is over
    assert booked.load == pytest.approx(4 / month * (10 + 5) / 2)
    assert (booked.referred, booked.at_most) == (pytest.approx(4.0), pytest.approx(2 * month / 15))
    assert found(4.0, "12 d")[booked.resource, "big"].load == pytest.approx(4 / month * (10 + 2) / 2)
    doses = next(room for room in here.values() if "lots" in room.why)
    assert doses.load == pytest.approx(10 / month * 0.25 / (4 * 0.5 / 30))  # who fails is given a dose
    for key in (("bed", "big"), (booked.resource, "big")):
        full = found(here[key].at_most)
        assert full[key].load == pytest.approx(1.0)
    assert here["line", ""].at_most == pytest.approx(2 * month / 9)
    with_all = found(here["line", ""].at_most - 6.0)
    assert with_all["line", ""].load == pytest.approx(1.0)


def test_beds_that_are_always_asked_for_carry_what_was_said() -> None:
    """Two beds for twenty referrals a month: as many are infused as bookings could carry, and fewer than beds alone."""
    text = """
name: Beds
strategy: autologous
run: {warm_up: 365 d, window: 730 d, follow_up: 365 d, replications: 6}
regions: {here: {centre: here, referrals: 20 / month}}
centres: {here: {beds: 2}}
clocks: {waiting: {death: {exponential: {mean: 90 d}}}}
manufacturing: {duration: 9 d}
lymphodepletion: {duration: 5 d}
infusion: {stay: {lognormal: {median: 15.6 d, sigma: 0.3}}, planned_stay: 28 d}
"""
    scenario = load_text(text).scenario
    room = next(room for room in rooms(scenario, build_protocol(scenario)) if room.of != room.resource)
    alone = next(room for room in rooms(scenario, build_protocol(scenario)) if room.resource == "bed")
    patients, _ = simulate(Arm("beds", scenario), range(6), COMPILED if HAS_NUMBA else SIMPY)
    days = patients.day("infusion")
    infused = ((days >= 365.0) & (days < 1095.0)).sum() / 6 / (730 / (365.25 / 12))
    assert infused == pytest.approx(room.at_most, rel=0.03)
    assert infused < 0.85 * alone.at_most


def test_touch_time_with_failures_is_that_of_a_geometric_series() -> None:
    text = """
name: Remakes
strategy: autologous
regions: {here: {centre: here, referrals: 1 / month}}
centres: {here: {}}
clocks: {waiting: {progression: never}}
manufacturing: {duration: 35 d, remake_duration: 30 d, failure: 0.06, attempts: unlimited}
"""
    assert expect(build_protocol(load_text(text).scenario).path).days == pytest.approx(35 + 30 * 0.06 / 0.94)
