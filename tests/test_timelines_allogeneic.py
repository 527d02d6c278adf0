"""Small allogeneic timelines worked out by hand: doses, lots, expiry, ordering."""

from __future__ import annotations

import numpy as np
import pytest

from tests.runs import small


def world(stock: str, lots: str = "culture: 10 d", rest: str = "") -> str:
    return f"allogeneic:\n  stock: {{{stock}}}\n  lots: {{{lots}}}\n{rest}"


def test_a_dose_from_the_shelf_then_shipping_lymphodepletion_and_bed() -> None:
    ran = small(
        """
work_up: {duration: 4 d}
allogeneic:
  shipping: {duration: 2 d}
  stock: {opening: 5, shelf_life: unlimited, order: {at: 0, up_to: 5}, doses_per_lot: 5}
  lots: {culture: 10 d}
lymphodepletion: {duration: 5 d}
infusion: {scheduling: 1 d, stay: 13 d}
""",
        "10 d",
        "allogeneic",
    )
    assert [ran.days(m) for m in ("listing", "dose", "product_received", "lymphodepletion", "infusion")] == [
        [14.0],
        [14.0],
        [16.0],
        [17.0],
        [22.0],
    ]
    assert ran.days("discharge") == [35.0]
    assert np.isnan(ran.patients.between("apheresis", "infusion")).all()


def test_one_for_one_each_dose_drawn_starts_a_lot() -> None:
    ran = small(
        world("opening: 2, shelf_life: unlimited, order: {at: 1, up_to: 2}, doses_per_lot: 1"),
        "0 d, 1 d, 2 d, 3 d",
        "allogeneic",
    )
    assert ran.trace.lots.started.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert ran.days("dose") == [0.0, 1.0, 10.0, 11.0]
    stock = ran.resource("stock")
    assert (stock.requests, stock.delayed, stock.queue_days_total) == (4, 2, 16.0)
    assert stock.immediate_share == 0.5


def test_enough_lots_are_started_to_reach_the_upper_level() -> None:
    ran = small(
        world("opening: 4, shelf_life: unlimited, order: {at: 2, up_to: 9}, doses_per_lot: 3"), "0 d, 1 d", "allogeneic"
    )
    # position 3 after the first dose, 2 after the second: ceil(7 / 3) = 3 lots
    assert ran.trace.lots.started.tolist() == [1.0, 1.0, 1.0]


def test_a_failed_lot_counts_until_its_failure_is_known() -> None:
    ran = small(
        world(
            "opening: 1, shelf_life: unlimited, order: {at: 0, up_to: 1}, doses_per_lot: 1",
            "culture: 10 d, release: 4 d, failure: 1",
        ),
        "0 d, 1 d",
        "allogeneic",
    )
    # two lots for two requests; each failure starts its successor
    assert ran.trace.lots.started.tolist()[:6] == [0.0, 1.0, 14.0, 15.0, 28.0, 29.0]
    assert ran.trace.lots.failed.tolist()[:2] == [14.0, 15.0]
    assert ran.days("dose") == [0.0, None]
    assert ran.outcomes == ["infused", "waiting"]


def test_opening_doses_have_staggered_ages_and_expire() -> None:
    ran = small(
        world("opening: 4, shelf_life: 40 d, order: {every: 1000 d}, doses_per_lot: 1"), "15 d, 25 d", "allogeneic"
    )
    # the doses of the opening stock last to days 10, 20, 30 and 40; the oldest goes first
    assert ran.days("dose") == [15.0, 25.0]
    assert ran.trace.expiries.day.tolist() == [10.0, 40.0]
    assert ran.resource("stock").expired == 2


def test_expiry_beats_issue_on_the_same_day() -> None:
    ran = small(world("opening: 1, shelf_life: 20 d, order: {every: 1000 d}, doses_per_lot: 1"), "20 d", "allogeneic")
    assert ran.days("dose") == [None]
    assert ran.trace.expiries.doses.tolist() == [1]


def test_lots_of_a_fixed_cadence_come_every_so_many_days_and_share_their_line() -> None:
    ran = small(
        world("opening: 0, shelf_life: unlimited, order: {every: 5 d}, doses_per_lot: 1", "culture: 8 d, lines: 1"),
        "0 d, 0 d, 0 d",
        "allogeneic",
    )
    # started on days 5, 10, 15; on the one line from 5, 13, 21
    assert ran.days("dose") == [13.0, 21.0, 29.0]


def test_who_leaves_while_waiting_for_a_dose_is_no_longer_counted_by_the_ordering() -> None:
    leaves = "clocks: {waiting: {death: {piecewise: {0 d: 0 / d, 5 d: 1000000 / d}}}}\n"
    ran = small(
        world("opening: 0, shelf_life: unlimited, order: {at: 0, up_to: 2}, doses_per_lot: 2", rest=leaves),
        "0 d, 6 d",
        "allogeneic",
    )
    # nothing is reviewed before the first request: position -1, so ceil(3 / 2) = 2 lots; when its patient has left, the
    # position is 4, and 3 with the second request
    assert ran.trace.lots.started.tolist() == [0.0, 0.0]
    assert ran.outcomes == ["died", "infused"]
    assert ran.days("dose") == [None, 10.0]


@pytest.mark.parametrize("dies_after", [10, 1000])
def test_the_unsuitable_are_not_listed_and_their_outcome_stands_whatever_comes_later(dies_after: int) -> None:
    ran = small(
        f"clocks: {{waiting: {{death: {{piecewise: {{0 d: 0 / d, {dies_after} d: 1 / d}}}}}}}}\n"
        "work_up: {duration: 3 d}\n"
        "allogeneic:\n  unsuitable: 1\n"
        "  stock: {opening: 1, shelf_life: unlimited, order: {at: 0, up_to: 1}, doses_per_lot: 1}\n  lots: {}\n",
        "0 d",
        "allogeneic",
    )
    assert ran.outcomes == ["unsuitable"]
    assert ran.patients.end_day.tolist() == [3.0]


@pytest.mark.parametrize("policy", ["first_come", "sickest_first", "lottery"])
def test_the_policy_orders_the_waiting_list(policy: str) -> None:
    groups = "patients:\n  risk_groups:\n    mild: {share: 0.5, priority: 0}\n    severe: {share: 0.5, priority: 1}\n"
    if policy != "sickest_first":
        groups = groups.replace(", priority: 0", "").replace(", priority: 1", "")
    text = world("opening: 0, shelf_life: unlimited, order: {every: 10 d}, doses_per_lot: 1", "culture: 0 d")
    ran = small(
        text + f"waiting_list: {{policy: {policy}}}\n" + groups,
        "0 d, 1 d, 2 d, 3 d, 4 d, 5 d",
        "allogeneic",
        "",
        "run.seed=3",
    )
    served = np.argsort(ran.patients.day("dose")).tolist()
    if policy == "first_come":
        assert served == [0, 1, 2, 3, 4, 5]
    elif policy == "sickest_first":
        severe = np.flatnonzero(ran.patients.cohort.group == 1).tolist()
        mild = np.flatnonzero(ran.patients.cohort.group == 0).tolist()
        assert severe
        assert mild
        assert served == severe + mild
    else:
        assert sorted(served) == [0, 1, 2, 3, 4, 5]
        assert served != [0, 1, 2, 3, 4, 5]
