"""The tables of pictures, on small timelines worked out by hand, and that they agree with the other tables."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from sim.engine.choice import SIMPY
from sim.experiment.runs.replicate import Arm, Keep, replicate
from sim.experiment.study.picture_tables import Pictures
from sim.outcomes.by_group import ByGroup
from sim.outcomes.curves import list_lengths, middle_stage_days
from sim.outcomes.day_by_day import day_by_day
from sim.outcomes.estimates import FREE, interval
from sim.outcomes.flow import NODES, STATIONS, flow_counts
from sim.outcomes.groups import group_keys
from sim.outcomes.resource_use import resource_use
from sim.outcomes.running import Running
from sim.outcomes.through_time import bin_edges, capacities, mean_level, stock_levels, use_keys, use_levels
from sim.outcomes.timelines import timelines
from sim.outcomes.views import view
from sim.pieces.protocol import Cadence, Capacity, Stock
from sim.pieces.steps import Draw, Milestone, Stage, Supply, Use
from sim.pure.distributions import Fixed
from sim.scenario import load
from sim.tables import OUTCOMES
from tests.runs import QUICKEST, SHIPPED, by_hand, load_text, people, run_scenario, small, walk
from tests.test_outcomes import DYING
from tests.test_timelines_mixed import MONTHLY, hybrid

LINE = """
manufacturing: {duration: 10 d, lines: 1, slots: {count: 1, every: week, scope: centre, lead: 0 d, carry_over: 9}}
"""
STOCK = """
work_up: {duration: 0 d}
allogeneic:
  stock: {opening: 1, shelf_life: 540 d, doses_per_lot: 1, order: {at: 0, up_to: 1}}
  lots: {culture: 20 d, release: 0 d}
"""


def test_running_means_are_those_of_all_replications_together() -> None:
    values = np.random.default_rng(3).normal(1e6, 1.0, (40, 3))
    values[5:, 1] = np.nan
    values[0, 2] = np.nan
    running = Running.like(values[0])
    for row in values:
        running.add(row)
    for mine, theirs in zip(running.interval(), interval(values), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_one_replication_has_no_interval_and_none_has_no_mean() -> None:
    running = Running.like(np.zeros(2))
    running.add(np.array([4.0, np.nan]))
    mean, low, high = running.interval(FREE)
    assert mean[0] == 4.0
    assert np.isnan([mean[1], *low, *high]).all()
    running.add(np.array([7.0, np.nan]))
    # of two: half the distance is the standard error, and t with one degree of freedom is the tangent of 0.475 pi
    half = 1.5 * math.tan(0.475 * math.pi)
    assert [ends[0] for ends in running.interval(FREE)] == pytest.approx([5.5, 5.5 - half, 5.5 + half])


def test_bins_are_calendar_months_or_weeks() -> None:
    assert list(bin_edges(date(2026, 1, 1), 20.0)) == [0, 7, 14, 20]
    edges = bin_edges(date(2026, 1, 15), 365.0)
    assert list(edges[:4]) == [0, 17, 45, 76]
    assert edges[-1] == 365
    assert len(edges) == 14
    # half a year is still in weeks; a bin that would begin on the last day is none
    assert list(bin_edges(date(2026, 1, 1), 183.0)) == [*range(0, 183, 7), 183]
    assert list(bin_edges(date(2026, 1, 1), 212.0)) == [0, 31, 59, 90, 120, 151, 181, 212]
    assert list(bin_edges(date(2026, 11, 30), 184.0)) == [0, 1, 32, 63, 91, 122, 152, 183, 184]


def test_the_mean_level_is_an_area() -> None:
    edges = np.array([0.0, 10.0, 20.0])
    level = mean_level(
        ByGroup(np.array([0, 0]), 1), np.array([-5.0, 8.0]), np.array([5.0, 13.0]), edges, np.array([1.0, 2.0])
    )
    assert level[0] == pytest.approx([0.9, 0.6])


def test_use_and_queue_of_a_line_and_of_slots() -> None:
    # slots on days 4, 11, 18 (Mondays); one line of 10 days: the second patient, booked on day 11, waits until day 14
    ran = small(LINE, "0 d, 0 d")
    edges = np.array([0.0, 7.0, 14.0, 21.0, 28.0])
    assert {(place, centre) for _, place, centre in use_keys(ran.protocol)} == {(None, "")}
    names = [resource.name for resource, _, _ in use_keys(ran.protocol)]
    levels = use_levels(ran.protocol, ran.trace, edges)[0]
    line, slot = levels[names.index("line")], levels[names.index("slot")]
    assert line[0] == pytest.approx([3 / 7, 1, 1, 3 / 7])
    assert line[1] == pytest.approx([0, 3 / 7, 0, 0])
    assert list(slot[0]) == [1, 1, 0, 0]
    assert slot[1] == pytest.approx([(4 + 7) / 7, 4 / 7, 0, 0])
    unresolved, listed = list_lengths(ran.patients.cohort, ran.trace, 27)[0]
    assert list(listed) == [2] * 4 + [1] * 7 + [0] * 17
    assert list(unresolved) == [2] * 14 + [1] * 10 + [0] * 4


def test_the_shelf_of_doses() -> None:
    # the one dose goes on day 2, its successor is cultured for 20 days and goes at once to the patient of day 10
    ran = small(STOCK, "2 d, 10 d", "allogeneic")
    doses, out, expired, started = stock_levels(ran.protocol, ran.trace, np.array([0.0, 10.0, 20.0, 50.0]))[0]
    assert doses[0] == pytest.approx(0.2)
    assert out[:2] == pytest.approx([0.8, 1.0])
    assert list(expired) == [0, 0, 0]
    assert started[0] == 1
    used = resource_use(ran.protocol, ran.patients, ran.trace, (0.0, 400.0))
    months = view(ran.scenario, ran.protocol, ran.patients, ran.trace, used, False)[0].arrays["stock"]
    assert months[0, :2] == pytest.approx([3 / 31, 1.0])  # what was started on day 10 is there from day 30 on


def test_no_stock_and_no_resources_leave_their_tables_empty() -> None:
    bare, edges = walk(by_hand((Milestone("seen"),)), people([0.0]), SIMPY), np.array([0.0, 5.0, 10.0, 30.0])
    assert np.isnan(stock_levels(bare.protocol, bare.trace, edges)).all()
    assert stock_levels(bare.protocol, bare.trace, edges).shape == (1, 4, 3)
    assert use_levels(bare.protocol, bare.trace, edges).shape == (1, 0, 2, 3)
    assert capacities(bare.protocol, edges).shape == (0, 3)


def test_use_queue_and_units_of_two_centres_and_of_both_together() -> None:
    chair = Capacity("chair", "Chair", True, (((0.0, 1.0), (15.0, 3.0)), ((0.0, 2.0),)))
    slot = Cadence("slot", "Slot", True, ((1, 1), (2, 2)), (3.0, 12.0), lead=0.0, carry_over=0, notice=0.0)
    shelf = Stock("stock", "Stock", True, (1, 2), math.inf, None, math.inf, 1, ())
    path = (Use("chair", (Stage("visit", Fixed(5.0)),), units=1), Use("slot", (Milestone("slot"),)), Draw("stock"))
    protocol = by_hand(path, chair, slot, shelf, centres=("here", "there"))
    ran = walk(protocol, people([0.0, 1.0, 2.0], centre=np.array([0, 0, 1])), SIMPY)
    # chairs: here [0, 5) and [5, 10), the second asked on 1; there [2, 7); slots of day 12 for all three, here only one
    rows = [(resource.name, place, centre) for resource, place, centre in use_keys(protocol)]
    each = [(None, ""), (0, "here"), (1, "there")]
    assert rows == [(name, *which) for name in ("chair", "slot", "stock") for which in each]
    edges = np.array([0.0, 10.0, 20.0])
    levels = use_levels(protocol, ran.trace, edges)[0]
    assert levels[:3, 0] == pytest.approx(np.array([[1.5, 0.0], [1.0, 0.0], [0.5, 0.0]]))
    assert levels[:3, 1] == pytest.approx(np.array([[0.4, 0.0], [0.4, 0.0], [0.0, 0.0]]))
    assert levels[3:6, 0].tolist() == [[0, 2], [0, 1], [0, 1]]
    # in the queue for a slot: here from 5, and from 10 to the stop; there from 7
    assert levels[3:6, 1] == pytest.approx(np.array([[0.8, 1.4], [0.5, 1.2], [0.3, 0.2]]))
    assert np.isnan(levels[6:, 0]).all()
    assert levels[6:, 1] == pytest.approx(0.0)
    units = capacities(protocol, edges)
    assert units[:6] == pytest.approx(np.array([[3, 4], [1, 2], [2, 2], [3, 3], [1, 1], [2, 2]]))
    assert np.isnan(units[6:]).all()
    # three doses to begin with, two of them drawn on day 12
    assert stock_levels(protocol, ran.trace, edges)[0] == pytest.approx(
        np.array([[3.0, 3 - 2 * 0.8], [0, 0], [0, 0], [0, 0]])
    )


def test_doses_that_expire_leave_the_shelf() -> None:
    path = (Use("bed", (Stage("stay", Fixed(1.0)),)), Draw("stock"))
    bed = Capacity("bed", "Bed", False, (((0.0, 9.0),),))
    stock = Stock("stock", "Stock", False, (3,), 12.0, None, 20.0, 2, (Stage("culture", Fixed(8.0)), Supply("stock")))
    ran = walk(by_hand(path, bed, stock), people([5.0, 5.0]), SIMPY)
    # three doses of even ages: one expires on 4, two are drawn on 6; a lot of two each 20 days, ready 8 days later
    found = stock_levels(ran.protocol, ran.trace, np.array([0.0, 10.0, 20.0, 30.0, 41.0]))[0]
    assert found[0] == pytest.approx([0.4 * 3 + 0.2 * 2, 0.0, 0.2 * 2, 2 * 10 / 11])
    assert found[1] == pytest.approx([0.4, 1.0, 0.8, 1 / 11])
    assert found[2].tolist() == [1, 0, 0, 2]
    assert found[3].tolist() == [0, 0, 1, 1]


def test_the_flow_counts_the_measured_by_where_they_went() -> None:
    ran = small(DYING, "0 d, 1 d, 2 d", "autologous", "", "run.warm_up=1 d")
    (counts,) = flow_counts(ran.patients)
    way = ["referral", "listing", "slot", "apheresis", "manufacturing", "died"]
    expected = np.zeros((len(STATIONS), len(NODES)))
    for one, other in pairwise(way):
        expected[list(NODES).index(one), list(NODES).index(other)] = 2
    assert counts.tolist() == expected.tolist()


def test_the_flow_of_one_who_passes_every_station() -> None:
    rest = "manufacturing: {duration: 10 d, failure: 1, attempts: 1}"
    ran = hybrid("after_failure: true", rest, "0 d")
    (counts,), names = flow_counts(ran.patients), list(NODES)
    way = ["referral", "listing", "slot", "apheresis", "manufacturing", "dose", "product_received", "infused"]
    assert [names[int(np.argmax(counts[names.index(station)]))] for station in way[:-1]] == way[1:]
    assert counts.sum() == len(way) - 1


def test_the_flow_keeps_everybody() -> None:
    ran = small(LINE, "0 d, 0 d, 3 d")
    (counts,) = flow_counts(ran.patients)
    names = list(NODES)
    assert counts[0].sum() == 3
    for station in range(1, len(STATIONS)):
        assert counts[:, station].sum() == counts[station].sum()
    assert counts[:, names.index("infused")].sum() == 3
    assert set(names[len(STATIONS) :]) == set(OUTCOMES)


def test_the_middle_tenth_is_the_patient_of_the_median_wait() -> None:
    # waits of 14, 24 and 34 days: one line of 10 days, slots on days 4, 11 and 18
    ran = small(LINE, "0 d, 0 d, 0 d")
    (days,), (patients,) = middle_stage_days(ran.patients, ran.trace)
    assert patients == 1
    assert days.sum() == pytest.approx(24)
    assert days[:, 1].sum() == pytest.approx(14)
    # fifteen queue for 0, 1, ..., 14 days, five for none: a tenth of twenty are the two in the middle, not their mean
    ran = small(
        "manufacturing: {lines: 1, duration: 1 d}\n",
        ", ".join([*["0 d"] * 15, *(f"{day} d" for day in range(30, 55, 5))]),
    )
    (days,), (patients,) = middle_stage_days(ran.patients, ran.trace)
    assert days[:, 1].sum() == pytest.approx((4 + 5) / 2)


def test_a_timeline_has_no_gap_and_names_its_queues() -> None:
    ran = small(LINE, "0 d, 0 d")
    rows = timelines(ran.patients, ran.trace, ["everybody"], ["here"])
    second = [row for row in rows if row["patient"] == 2]
    assert [(row["kind"], row["from_day"], row["to_day"]) for row in second] == [
        ("queue", 0, 11),
        ("queue", 11, 14),
        ("process", 14, 24),
    ]
    assert {row["outcome"] for row in rows} == {"infused"}


def test_a_timeline_ends_with_its_patient() -> None:
    ran = small(DYING, "2 d, 0 d, 1 d")
    rows = timelines(ran.patients, ran.trace, ["everybody"], ["here"])
    spells = [(row["patient"], row["label"], row["kind"], row["from_day"], row["to_day"]) for row in rows]
    expected = [
        (1, "Manufacture", "process", 0, 10),
        (2, "Start of manufacture", "queue", 0, 9),
        (2, "Manufacture", "process", 9, 15),
        (3, "Start of manufacture", "queue", 0, 14),
        (3, "Manufacture", "process", 14, 15),
    ]
    assert [spell[:3] for spell in spells] == [spell[:3] for spell in expected]
    assert [day for spell in spells for day in spell[3:]] == pytest.approx(
        [d for e in expected for d in e[3:]], abs=1e-3
    )
    assert [row["referral_day"] for row in rows] == [0, 1, 1, 2, 2]
    assert [row["outcome_label"] for row in rows] == [OUTCOMES[outcome] for outcome in ("infused", *["died"] * 4)]
    assert math.isnan(rows[0]["progression_day"])  # the first was infused before
    assert [row["progression_day"] for row in rows[1:]] == pytest.approx([12.0] * 4, abs=1e-3)


def test_the_timeline_of_one_who_still_waits_runs_to_the_last_day_known() -> None:
    rest = "manufacturing: {lines: 1, duration: 300 d}\n"
    ran = small(rest, "4 d, 0 d", "autologous", "", "run.window=20 d", "run.follow_up=30 d")
    stop = ran.trace.stop_day[0]
    rows = timelines(ran.patients, ran.trace, ["everybody"], ["here"])
    assert [(row["patient"], row["kind"], row["from_day"], row["to_day"]) for row in rows] == [
        (1, "process", 0, stop),
        (2, "queue", 0, stop - 4),
    ]
    assert {row["outcome"] for row in rows} == {"waiting"}


def test_the_timeline_of_one_who_is_given_a_dose_skips_what_is_made_for_others() -> None:
    ran = hybrid("after_waiting: 40 d", MONTHLY, "0 d, 1 d, 2 d")
    rows = timelines(ran.patients, ran.trace, ["everybody"], ["here"])
    assert [(row["label"], row["kind"], row["from_day"], row["to_day"]) for row in rows if row["patient"] == 3] == [
        ("Dose from stock", "queue", 0, 40),
        ("Shipping to the centre", "process", 40, 42),
    ]


WORLD = """
name: Groups
strategy: autologous
run: {{start: 2026-01-01, warm_up: 10 d, window: 40 d, follow_up: 100 d}}
regions: {{{regions}}}
centres: {{a: {{}}, b: {{}}}}
patients: {{risk_groups: {{{groups}}}}}
clocks: {{waiting: {{progression: never}}}}
apheresis: {{duration: 1 d}}
manufacturing: {{duration: 10 d{lines}}}
"""


def test_a_grouping_of_one_group_or_by_the_centres_once_more_is_left_out() -> None:
    def keys(regions: tuple[str, str], groups: str) -> list[tuple[str, int, str]]:
        named = ", ".join(
            f"{name}: {{centre: {at}, referral_days: [1 d]}}" for name, at in zip(regions, "ab", strict=True)
        )
        return list(group_keys(load_text(WORLD.format(regions=named, groups=groups, lines="")).scenario))

    centres = [("centre", 0, "a"), ("centre", 1, "b")]
    assert keys(("a", "b"), "all: {share: 1}") == centres
    assert keys(("x", "y"), "all: {share: 1}") == [*centres, ("region", 0, "x"), ("region", 1, "y")]
    by_risk = [("risk_group", 0, "fit"), ("risk_group", 1, "frail")]
    assert keys(("a", "b"), "fit: {share: 0.5}, frail: {share: 0.5}") == [*by_risk, *centres]


@pytest.mark.parametrize(("lines", "expected"), [("", math.nan), (", lines: 2", 20 / 80)])
def test_what_is_unlimited_has_no_utilisation(lines: str, expected: float) -> None:
    regions = "a: {centre: a, referral_days: [12 d]}, b: {centre: b, referral_days: [13 d]}"
    text = WORLD.format(regions=regions, groups="all: {share: 1}", lines=lines).replace(
        "centres: {a: {}", "centres: {a: {chairs: 1}"
    )
    ran = run_scenario(load_text(text).scenario)
    used = resource_use(ran.protocol, ran.patients, ran.trace, (10.0, 50.0))
    found = view(ran.scenario, ran.protocol, ran.patients, ran.trace, used, False)[0].arrays["resources"]
    rows = {(one.resource, one.centre): row for one, row in zip(used[0], found.tolist(), strict=True)}
    assert rows["line", ""][:2] == pytest.approx([expected, 20 / 40], nan_ok=True)
    assert rows["chair", "a"][:2] == [1 / 40, 1 / 40]


def test_the_tables_of_a_shipped_scenario_agree_with_the_patients() -> None:
    arm = Arm("auto", load(SHIPPED / "autologous.yaml").scenario)
    pictures, infused, waits = Pictures([arm]), [], []
    for replication in replicate([arm], range(3), 1, Keep(patients=True, views=True), lambda count: None, QUICKEST):
        pictures.add(replication)
        patients = replication.runs[0].patients
        assert patients is not None
        mine = patients["measured"] & (patients["risk_group"] == "high")
        infused.append(float((patients["outcome"][mine] == "infused").sum()))
        waits.append(float(np.nanmean(patients["waiting_days"][mine])))
    tables = pictures.tables()
    groups = tables["groups"].set_index(["group", "metric"])["estimate"]
    assert groups["high", "infused"] == pytest.approx(np.mean(infused))
    assert groups["high", "waiting_days_mean"] == pytest.approx(np.mean(waits))
    spells = tables["timeline_sample"].groupby("patient")
    assert spells["from_day"].min().eq(0).all()
    assert len(spells) == 20
    use = tables["use_through_time"]
    beds = use[use["resource"] == "bed"].pivot(index="centre", columns="day_from", values="in_use")
    assert beds.loc[""].to_numpy() == pytest.approx(beds.drop("").sum().to_numpy())
    assert {"resources_summary", "flow"} < set(tables)
    assert "stock_through_time" not in tables


def test_day_by_day_holds_the_bed_days_of_the_months_and_no_two_stays_in_one_bed() -> None:
    arm = Arm("auto", load(SHIPPED / "autologous.yaml").scenario)
    pictures = Pictures([arm])
    for replication in replicate([arm], range(1), 1, Keep(patients=False, views=True), lambda count: None, QUICKEST):
        pictures.add(replication)
    tables = pictures.tables()
    days, use = tables["day_by_day"], tables["use_through_time"]
    for _, rows in days.groupby(["resource", "centre", "unit"]):
        ordered = rows.sort_values("from_day")
        assert (ordered["from_day"].to_numpy()[1:] >= ordered["to_day"].to_numpy()[:-1] - 1e-9).all()
    first, last = days["window_from"].iloc[0], days["window_to"].iloc[0]
    assert last - first == 91
    months = use[
        (use["resource"] == "bed") & (use["centre"] != "") & (use["day_from"] >= first) & (use["day_to"] <= last)
    ]
    assert len(months) >= 8
    for month in months.itertuples():
        mine = days[(days["resource"] == "bed") & (days["centre"] == month.centre)]
        held = (mine["to_day"].clip(upper=month.day_to) - mine["from_day"].clip(lower=month.day_from)).clip(lower=0)
        assert held.sum() / (month.day_to - month.day_from) == pytest.approx(month.in_use)
    slots = use[
        (use["resource"] == "slot") & (use["centre"] == "") & (use["day_from"] >= first) & (use["day_to"] <= last)
    ]
    claimed = days[(days["kind"] == "claimed") & (days["from_day"] >= first)]
    for month in slots.itertuples():
        there = (claimed["from_day"] >= month.day_from) & (claimed["from_day"] < month.day_to)
        assert there.sum() == pytest.approx(month.in_use)


def test_two_slots_at_an_offer_that_start_on_it_and_work_that_takes_no_time() -> None:
    made = "manufacturing: {duration: 0 d, slots: {count: 2, every: week}, lines: 3}"
    ran = small(f"{made}\napheresis: {{duration: 1 d}}\n", "0 d, 0 d, 0 d")
    rows = day_by_day(ran.protocol, ran.trace, 0.0, 12.0)
    slots = [(row["unit"], row["kind"], row["from_day"], row["to_day"]) for row in rows if row["resource"] == "slot"]
    # 5 January, day 4, is a Monday; a slot without a lead stands through the day of its offer
    assert slots == [
        (1, "claimed", 4.0, 5.0), (2, "claimed", 4.0, 5.0), (1, "claimed", 11.0, 12.0), (2, "unclaimed", 11.0, 12.0),
    ]  # fmt: skip
    # manufacture takes no time: nothing is held, so that nothing is told
    assert not [row for row in rows if row["resource"] == "line"]
    assert [row["to_day"] - row["from_day"] for row in rows if row["resource"] == "chair"] == [1.0, 1.0, 1.0]


def test_without_views_there_are_no_such_tables() -> None:
    arm = Arm("auto", load(SHIPPED / "autologous.yaml").scenario)
    pictures = Pictures([arm])
    for replication in replicate([arm], range(1), 1, Keep(), lambda count: None, QUICKEST):
        pictures.add(replication)
    assert pictures.tables() == {}
