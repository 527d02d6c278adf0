"""A scenario that begins on another day: what changes on a day changes on its date, not so many days later."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sim.experiment.ahead.months import months_after
from sim.experiment.ahead.placing import FAULT, placed
from sim.experiment.own.observe import moved_to
from sim.records.value import day_number
from sim.scenario.kept_dates import keeping_dates, moved_steps
from tests.records.test_forecast import AS_OF, PLAIN, read, write
from tests.runs import load_text, run_scenario

# by days and by dates: 2026-01-01 is day 0
STEPS = PLAIN.replace("duration: 10 d}", "duration: 10 d, lines: {0 d: 2, 2026-03-01: 5, 150 d: 7}}").replace(
    "referrals: 3 / month", "referrals: {0 d: 3 / month, 100 d: 6 / month}"
)


@pytest.mark.parametrize(
    ("shift", "steps"),
    [
        (30.0, ((0.0, 2), (29.0, 5), (120.0, 7))),
        (59.0, ((0.0, 5), (91.0, 7))),
        (90.0, ((0.0, 5), (60.0, 7))),
        (400.0, ((0.0, 7),)),
        (-30.0, ((0.0, 2), (89.0, 5), (180.0, 7))),
    ],
)
def test_steps_by_days_since_another_start(shift: float, steps: tuple[tuple[float, int], ...]) -> None:
    assert moved_steps(((0.0, 2), (59.0, 5), (150.0, 7)), shift) == steps


def test_a_forecast_has_capacity_by_date(tmp_path: Path) -> None:
    reading = read(write(tmp_path))
    found = placed(load_text(STEPS), reading, months_after(float(day_number(AS_OF)), 3), FAULT)
    moved = found.moved.scenario
    assert moved.run.start == date(2026, 4, 1)  # day 90
    assert moved.manufacturing.lines == ((0.0, 5.0), (60.0, 7.0))
    assert [day for day, _ in moved.regions["here"].referrals] == [0.0, 10.0]
    assert found.notes == (
        "the scenario begins on 2026-04-01 instead of 2026-01-01; by date as before: regions.here.referrals, "
        "manufacturing.lines",
    )


def test_so_has_the_time_of_a_register_that_began_before_the_scenario() -> None:
    moved = moved_to(load_text(STEPS), date(2025, 12, 2), 200.0).scenario
    assert moved.run.start == date(2025, 12, 2)
    assert moved.manufacturing.lines == ((0.0, 2.0), (89.0, 5.0), (180.0, 7.0))


def test_shut_downs_keep_their_dates() -> None:
    text = STEPS + (
        "disruptions:\n"
        "  over: {resource: line, from: 10 d, for: 20 d}\n"
        "  under way: {resource: line, from: 2026-03-22, for: 20 d}\n"
        "  to come: {resource: line, from: 2026-05-01, for: 9 d}\n"
    )
    loaded = load_text(text)
    found = moved_to(loaded, date(2026, 4, 1), 200.0).scenario.disruptions
    assert {name: (one.start, one.length.mean()) for name, one in found.items()} == {
        "under way": (0.0, 10.0),
        "to come": (30.0, 9.0),
    }


LOTS = """
name: Lots
strategy: allogeneic
run: {start: 2026-01-01, warm_up: 0 d, window: 200 d, follow_up: 60 d, replications: 1, seed: 5}
regions: {here: {centre: here, referrals: 9 / month}}
centres: {here: {beds: 9}}
allogeneic: {stock: {opening: 20, order: {every: 60 d}, doses_per_lot: 10}, lots: {culture: 10 d}}
clocks: {waiting: {progression: {exponential: {rate: 0.002 / d}}, ends_eligibility: 1}}
infusion: {stay: 9 d}
"""


@pytest.mark.parametrize(
    ("order", "start", "first"),
    [
        ("every: 60 d", date(2026, 4, 1), 30.0),  # on days 60 and 120; the new start is day 90
        ("every: 60 d", date(2026, 5, 1), 0.0),
        ("every: 60 d, first: 7 d", date(2026, 1, 5), 3.0),
        ("every: 60 d, first: 7 d", date(2026, 1, 9), 59.0),
        ("every: 60 d", date(2025, 12, 2), 30.0),  # as if it had been so before, 30 days earlier
    ],
)
def test_lots_by_the_calendar_are_started_on_the_same_days(order: str, start: date, first: float) -> None:
    moved = moved_to(load_text(LOTS.replace("every: 60 d", order)), start, 200.0).scenario
    assert moved.allogeneic.stock.order.every == 60.0
    assert moved.allogeneic.stock.order.first == first


def test_a_first_lot_is_started_on_its_day_by_both_engines() -> None:
    loaded = load_text(LOTS.replace("every: 60 d", "every: 60 d, first: 7 d"))
    assert run_scenario(loaded.scenario).trace.lots.started.tolist()[:3] == [7.0, 67.0, 127.0]


def test_nothing_is_said_where_nothing_changes_on_a_day() -> None:
    assert keeping_dates(load_text(PLAIN).scenario, date(2027, 1, 1)).changes == ()
    assert keeping_dates(load_text(PLAIN).scenario, date(2027, 1, 1)).kept == ""
