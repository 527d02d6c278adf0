"""Lists through time, when they fall below a number, and how long a warm-up should be."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from sim.experiment.runs.replicate import Arm
from sim.experiment.study.forecast import advised_batch, falls_below, mser, waiting_list, warm_up, warm_up_warnings
from sim.outcomes.curves import LISTS, list_lengths
from tests.experiments import small_scenario
from tests.runs import run_scenario, small


def test_lists_of_a_small_timeline() -> None:
    # listing on day 2 after referral; one line for 10 days each; apheresis takes 1 day; nobody leaves
    ran = small(
        """
work_up: {duration: 2 d}
apheresis: {duration: 1 d}
manufacturing: {duration: 10 d, slots: {count: 1, every: week, scope: pool, lead: 0 d, carry_over: 5, notice: 0 d}}
""",
        "0 d, 0.5 d, 3 d",
    )
    before, listed = list_lengths(ran.patients.cohort, ran.trace, 60)[0]
    for day in range(61):
        assert before[day] == sum(
            referred <= day < infused
            for referred, infused in zip(ran.days("referral"), ran.days("infusion"), strict=True)
        )
        assert listed[day] == sum(
            on <= day < off for on, off in zip(ran.days("listing"), ran.days("slot"), strict=True)
        )
    assert before.max() == 3
    assert before[60] == 0
    assert listed.sum() > 0


def test_who_leaves_is_on_no_list_and_follow_up_cuts_nothing() -> None:
    long, short = (run_scenario(small_scenario(f"run.follow_up={days} d").scenario) for days in (200, 5))
    assert "progressed" in long.outcomes
    assert "waiting" in short.outcomes
    before, _ = list_lengths(long.patients.cohort, long.trace, 120)[0]
    gone = np.where(np.isnan(long.patients.end_day), np.inf, long.patients.end_day)
    referred = long.patients.cohort.referral_day
    assert before.tolist() == [int(((referred <= day) & (day < gone)).sum()) for day in range(121)]
    assert before.max() > 10
    same, _ = list_lengths(short.patients.cohort, short.trace, 120)[0]
    assert same.tolist() == before.tolist()


def arm() -> Arm:
    return Arm("Small", small_scenario().scenario)


def lengths(series: list[list[int]]) -> list[list[np.ndarray]]:
    """The same series on both lists, one row a replication, in parts that do not end where a list does."""
    values = np.array(series, dtype=np.int32)
    both = np.concatenate([values] * len(LISTS), axis=1)
    return [[both[:, :4], both[:, 4:]]]


def test_when_a_list_falls_below_a_number() -> None:
    falling = [[9, 8, 7, 3, 4, 2, 2], [9, 9, 4, 4, 5, 1, 0]]
    table = waiting_list([arm()], lengths(falling), below=5)
    one = table[table["list"] == "before_infusion"]
    assert one["estimate"].tolist() == [9.0, 8.5, 5.5, 3.5, 4.5, 1.5, 1.0]
    assert one["below_share"].tolist() == [0.0, 0.0, 0.5, 1.0, 0.5, 1.0, 1.0]
    assert one["date"].iloc[3] == date(2026, 1, 4).isoformat()
    row = falls_below(table, 5).iloc[0]
    assert (row["day"], row["date"]) == (3, "2026-01-04")
    assert (row["sure_day"], row["sure_date"]) == (5, "2026-01-06")
    never = falls_below(waiting_list([arm()], lengths(falling), below=1), 1).iloc[0]
    assert never.isna()[["day", "date"]].all()


def test_mser_against_its_definition_and_a_known_transient() -> None:
    rng = np.random.default_rng(2)
    batches = np.concatenate([np.linspace(0.0, 10.0, 20), np.full(100, 10.0)]) + 0.1 * rng.normal(size=120)
    statistic = mser(batches)
    rest = batches[7:]
    assert statistic[7] == pytest.approx(np.var(rest) / len(rest))
    assert np.isnan(statistic[60:]).all()
    advised = advised_batch(statistic)
    assert advised is not None
    assert 15 <= advised <= 25
    assert advised_batch(mser(np.linspace(0.0, 10.0, 120))) is None
    assert advised_batch(mser(np.array([1.0]))) is None


def test_a_short_warm_up_is_warned_of() -> None:
    rising = [[min(day, 100) for day in range(400)]]
    table = warm_up([arm()], waiting_list([arm()], lengths(rising)))
    assert table.loc[table["advised"], "day"].tolist() == [100]
    assert warm_up_warnings(table) == ["Small: the warm-up of 0 d is short: MSER-5 advises 100 d (warm_up.csv)"]
    unsettled = warm_up([arm()], waiting_list([arm()], lengths([list(range(400))])))
    assert "has not settled" in warm_up_warnings(unsettled)[0]
    settled = warm_up([arm()], waiting_list([arm()], lengths([[7] * 400])))
    assert warm_up_warnings(settled) == []
