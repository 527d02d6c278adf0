"""The tables of pictures, on small timelines worked out by hand, and that they agree with the other tables."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from sim.experiment.picture_tables import Pictures
from sim.experiment.replicate import Arm, Keep, replicate
from sim.outcomes.curves import list_lengths, middle_stage_days
from sim.outcomes.estimates import interval
from sim.outcomes.fates import FATES
from sim.outcomes.flow import NODES, STATIONS, flow_counts
from sim.outcomes.running import Running
from sim.outcomes.through_time import bin_edges, mean_level, stock_levels, use_keys, use_levels
from sim.outcomes.timelines import timelines
from sim.scenario import load
from tests.runs import SHIPPED, small

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
    mean, low, high = running.interval()
    assert mean[0] == 4.0
    assert np.isnan([mean[1], *low, *high]).all()


def test_bins_are_calendar_months_or_weeks() -> None:
    assert list(bin_edges(date(2026, 1, 1), 20.0)) == [0, 7, 14, 20]
    edges = bin_edges(date(2026, 1, 15), 365.0)
    assert list(edges[:4]) == [0, 17, 45, 76]
    assert edges[-1] == 365
    assert len(edges) == 14


def test_the_mean_level_is_an_area() -> None:
    edges = np.array([0.0, 10.0, 20.0])
    level = mean_level(np.array([-5.0, 8.0]), np.array([5.0, 13.0]), edges, np.array([1.0, 2.0]))
    assert level == pytest.approx([0.9, 0.6])


def test_use_and_queue_of_a_line_and_of_slots() -> None:
    # slots on days 4, 11, 18 (Mondays); one line of 10 days: the second patient, booked on day 11, waits until day 14
    ran = small(LINE, "0 d, 0 d")
    edges = np.array([0.0, 7.0, 14.0, 21.0, 28.0])
    names = [resource.name for resource, _, _ in use_keys(ran.protocol)]
    levels = use_levels(ran.protocol, ran.trace, edges)
    line, slot = levels[names.index("line")], levels[names.index("slot")]
    assert line[0] == pytest.approx([3 / 7, 1, 1, 3 / 7])
    assert line[1] == pytest.approx([0, 3 / 7, 0, 0])
    assert list(slot[0]) == [1, 1, 0, 0]
    assert slot[1] == pytest.approx([(4 + 7) / 7, 4 / 7, 0, 0])
    unresolved, listed = list_lengths(ran.trace, 27)
    assert list(listed) == [2] * 4 + [1] * 7 + [0] * 17
    assert list(unresolved) == [2] * 14 + [1] * 10 + [0] * 4


def test_the_shelf_of_doses() -> None:
    # the one dose goes on day 2, its successor is cultured for 20 days and goes at once to the patient of day 10
    ran = small(STOCK, "2 d, 10 d", "allogeneic")
    doses, out, expired, started = stock_levels(ran.protocol, ran.trace, np.array([0.0, 10.0, 20.0, 50.0]))
    assert doses[0] == pytest.approx(0.2)
    assert out[:2] == pytest.approx([0.8, 1.0])
    assert list(expired) == [0, 0, 0]
    assert started[0] == 1


def test_the_flow_keeps_everybody() -> None:
    ran = small(LINE, "0 d, 0 d, 3 d")
    counts = flow_counts(ran.patients)
    names = list(NODES)
    assert counts[0].sum() == 3
    for station in range(1, len(STATIONS)):
        assert counts[:, station].sum() == counts[station].sum()
    assert counts[:, names.index("infused")].sum() == 3
    assert set(names[len(STATIONS) :]) == set(FATES)


def test_the_middle_tenth_is_the_patient_of_the_median_wait() -> None:
    # waits of 14, 24 and 34 days: one line of 10 days, slots on days 4, 11 and 18
    ran = small(LINE, "0 d, 0 d, 0 d")
    days = middle_stage_days(ran.patients, ran.trace)
    assert days.sum() == pytest.approx(24)
    assert days[:, 1].sum() == pytest.approx(14)


def test_a_timeline_has_no_gap_and_names_its_queues() -> None:
    ran = small(LINE, "0 d, 0 d")
    rows = timelines(ran.patients, ran.trace, ["everybody"], ["here"])
    second = [row for row in rows if row["patient"] == 2]
    assert [(row["kind"], row["from_day"], row["to_day"]) for row in second] == [
        ("queue", 0, 11),
        ("queue", 11, 14),
        ("process", 14, 24),
    ]
    assert {row["fate"] for row in rows} == {"infused"}


def test_the_tables_of_a_shipped_scenario_agree_with_the_patients() -> None:
    arm = Arm("auto", load(SHIPPED / "autologous.yaml").scenario)
    pictures, infused, waits = Pictures([arm]), [], []
    for replication in replicate([arm], range(3), 1, Keep(patients=True, views=True), lambda count: None):
        pictures.add(replication)
        patients = replication.outcomes[0].patients
        assert patients is not None
        mine = patients["measured"] & (patients["risk_group"] == "high")
        infused.append(float((patients["fate"][mine] == "infused").sum()))
        waits.append(float(np.nanmean(patients["waiting_days"][mine])))
    tables = pictures.tables()
    groups = tables["groups"].set_index(["group", "metric"])["estimate"]
    assert groups["high", "infused"] == pytest.approx(np.mean(infused))
    assert groups["high", "waiting_days_mean"] == pytest.approx(np.mean(waits))
    spells = tables["timeline_sample"].groupby("patient")
    assert spells["from_day"].min().eq(0).all()
    assert len(spells) == 20
    use = tables["use_through_time"]
    slots = use[use["resource"] == "slot"].pivot(index="centre", columns="day_from", values="queue")
    assert slots.loc[""].to_numpy() == pytest.approx(slots.drop("").sum().to_numpy())
    assert {"resources_summary", "flow"} < set(tables)
    assert "stock_through_time" not in tables


def test_without_views_there_are_no_such_tables() -> None:
    arm = Arm("auto", load(SHIPPED / "autologous.yaml").scenario)
    pictures = Pictures([arm])
    for replication in replicate([arm], range(1), 1, Keep(), lambda count: None):
        pictures.add(replication)
    assert pictures.tables() == {}
