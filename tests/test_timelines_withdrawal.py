"""Slots that the manufacturer takes back: small timelines worked out by hand, on both engines.

One slot is offered on the first of each month (days 0, 31, 59, 90, 120, 151 of 2026) and starts 14 days later; a
collection takes a day and its way to the factory two. The slot of day 31 starts on 45, which means manufacture from 48.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from sim.outcomes.metrics import BY_NAME
from sim.pieces.protocol import Cadence
from sim.scenario.people import Run
from sim.scenario.slots import Slots
from tests.runs import Ran, small

LEAVES_AFTER_10 = "clocks: {waiting: {death: {piecewise: {0 d: 0 / d, 10 d: 1000000 / d}}}}\n"


def shut(announced: str = "", slots: str = "", lines: str = "4", closed: str = "48 d", work: str = "finish") -> str:
    told = f", announced: {announced}" if announced else ""
    return f"""
apheresis: {{duration: 1 d}}
shipping: {{to_factory: 2 d}}
manufacturing: {{duration: 10 d, lines: {lines}, slots: {{count: 1, every: month, lead: 14 d{slots}}}}}
disruptions: {{flood: {{resource: line, from: {closed}, for: 10 d, work: {work}{told}}}}}
"""


def withdrawn(ran: Ran) -> float:
    metric = BY_NAME["slots_withdrawn"].formula(ran.patients, ran.trace, (0.0, 400.0))
    assert metric == ran.resource("slot").withdrawn
    return metric


@pytest.mark.parametrize("announced", ["", "30 d", "17 d"])
def test_a_slot_that_would_start_in_a_known_shut_down_is_not_offered(announced: str) -> None:
    ran = small(shut(announced), "30 d, 35 d")
    assert ran.days("slot") == [59.0, 90.0]
    assert ran.trace.slots.withdrawn[1] == ran.trace.slots.offered[1] == 31.0
    assert withdrawn(ran) == 1
    assert ran.resource("slot").wasted == 0


@pytest.mark.parametrize(("announced", "day"), [("16 d", 32.0), ("5 d", 43.0), ("3 d", 45.0)])
def test_who_holds_it_is_on_the_list_again_when_it_is_announced(announced: str, day: float) -> None:
    ran = small(shut(announced), "30 d, 35 d")
    assert ran.days("slot") == [59.0, 90.0]
    assert ran.trace.slots.withdrawn[1] == day
    assert ran.trace.slots.holder[1] == -1
    assert withdrawn(ran) == 1
    assert ran.resource("slot").wasted == 0
    held = (ran.trace.uses.entity == 0) & (ran.trace.uses.resource == 0)
    assert ran.trace.uses.began[held].tolist() == [31.0, 59.0]
    assert ran.trace.uses.ended[held][0] == day


def test_who_books_anew_queues_behind_those_who_came_before_the_withdrawal() -> None:
    ran = small(shut("5 d", ", after_withdrawal: rebook"), "30 d, 35 d, 44 d")
    assert ran.days("slot") == [90.0, 59.0, 120.0]


@pytest.mark.parametrize(("work", "made"), [("finish", 68.0), ("pause", 68.0), ("lose", 68.0)])
@pytest.mark.parametrize("announced", ["2.5 d", "0 d"])
def test_cells_that_have_been_collected_by_then_wait_at_the_factory(announced: str, work: str, made: float) -> None:
    ran = small(shut(announced, work=work), "30 d")
    # collected from 45 to 46, at the factory on 48, on a line when it is open again
    assert ran.days("slot") == [31.0]
    assert ran.days("manufacturing") == [58.0]
    assert ran.days("manufactured") == [made]
    assert withdrawn(ran) == 0


def test_the_next_slot_is_for_a_day_after_the_shut_down() -> None:
    for closed, first in (("47 d", 59.0), ("48.5 d", 31.0), ("38 d", 31.0), ("38.5 d", 59.0)):
        assert small(shut("", closed=closed), "30 d").days("slot") == [first], closed


def test_who_leaves_before_it_is_announced_has_wasted_it_or_hands_it_back() -> None:
    wasted = small(shut("5 d") + LEAVES_AFTER_10, "30 d")
    assert wasted.outcomes == ["died"]
    assert (wasted.resource("slot").wasted, withdrawn(wasted)) == (1, 0)
    back = small(shut("5 d", ", notice: 0 d") + LEAVES_AFTER_10, "30 d")
    # handed back on 40, it is there for a day
    assert (back.resource("slot").wasted, withdrawn(back)) == (0, 0)
    assert back.trace.slots.perished[1] == pytest.approx(41.0)


def test_a_free_slot_is_withdrawn_when_it_is_announced() -> None:
    ran = small(shut("5 d", ", carry_over: 1"), "44 d")
    assert ran.days("slot") == [59.0]
    assert ran.trace.slots.withdrawn[1] == 43.0
    assert np.isnan(ran.trace.slots.perished[1])


def test_the_scenario_may_say_that_none_is_withdrawn() -> None:
    ran = small(shut("", ", withdrawn_by: nothing"), "30 d, 35 d")
    assert ran.days("slot") == [31.0, 59.0]
    assert ran.days("manufacturing")[0] == 58.0
    assert withdrawn(ran) == 0


CUT = """
apheresis: {{duration: 1 d}}
shipping: {{to_factory: 2 d}}
manufacturing:
  duration: 10 d
  lines: {{0 d: 4, 48 d: {left}}}
  slots: {{count: {count}, every: month, lead: 14 d{how}}}
"""
FIVE = "30 d, 30 d, 30 d, 30 d, 30 d"


def test_a_cut_withdraws_none_unless_the_scenario_says_so() -> None:
    assert small(CUT.format(left=1, count=4, how=""), FIVE).days("slot") == [31.0, 31.0, 31.0, 31.0, 59.0]
    fewer = small(CUT.format(left=1, count=4, how=", withdrawn_by: cuts"), FIVE)
    assert fewer.days("slot") == [31.0, 59.0, 90.0, 120.0, 151.0]
    # three quarters of 3 slots are 2.25
    rounded = small(CUT.format(left=1, count=3, how=", withdrawn_by: cuts"), FIVE)
    assert rounded.days("slot") == [31.0, 59.0, 90.0, 120.0, 151.0]
    assert small(CUT.format(left=3, count=3, how=", withdrawn_by: cuts"), FIVE).days("slot")[:4] == [
        31.0,
        31.0,
        31.0,
        59.0,
    ]


def test_no_lines_by_date_is_a_shut_down_that_is_known_from_the_start() -> None:
    lines = CUT.format(left="0, 58 d: 4", count=1, how="")
    assert small(lines, "30 d, 35 d").days("slot") == [59.0, 90.0]


def test_cells_that_wait_for_a_slot_wait_for_another() -> None:
    # claimed at receipt the slot is the start of manufacture itself: that of day 31 means 45
    told = shut("5 d", ", claimed: at_receipt", closed="44 d")
    ran = small(told, "20 d")
    assert ran.days("received_at_factory") == [23.0]
    assert ran.trace.slots.withdrawn[1] == 39.0
    assert ran.days("slot") == [59.0]
    assert ran.days("manufacturing") == [73.0]


def test_slots_of_one_centre_are_withdrawn_by_its_own_lines() -> None:
    rest = """
apheresis: {duration: 1 d}
shipping: {to_factory: 2 d}
manufacturing: {duration: 10 d, site: centre, lines: 4, slots: {count: 1, every: month, lead: 14 d, scope: %s}}
disruptions: {flood: {resource: line, centre: here, from: 48 d, for: 10 d}}
"""
    assert small(rest % "centre", "30 d").days("slot") == [59.0]
    assert small(rest % "pool", "30 d").days("slot") == [59.0]  # there is no other centre


def test_a_cadence_says_how_many_it_offers() -> None:
    run = Run.by_default(start=date(2026, 1, 1), warm_up=0.0, window=60.0, follow_up=1.0)
    days = Slots.by_default(every="month").offer_days(run)
    assert days == (0.0, 31.0, 59.0)
    cadence = Cadence(
        "slot", "", False, ((2, 2, 2),), days, 0.0, 0, 0.0, withdrawn=((9.0, 9e9, 31.0, 40.0, 1.0, -1.0),)
    )
    assert cadence.offered(0) == (2, 1, 0)
    assert cadence.offered(0, ever=True) == (0, 0, 0)
