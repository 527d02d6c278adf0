"""Dated slots: small timelines worked out by hand. The first of the months of 2026 are days 0, 31, 59, 90, 120."""

from __future__ import annotations

import numpy as np
import pytest

from tests.runs import load_text, run_scenario, small


def slots(**how: object) -> str:
    told = ", ".join(f"{key}: {value}" for key, value in {"count": 1, "every": "month", **how}.items())
    return f"manufacturing: {{duration: 10 d, slots: {{{told}}}}}\n"


def test_one_slot_a_month_goes_to_the_head_of_the_list() -> None:
    ran = small(slots(), "0 d, 1 d, 2 d, 65 d")
    assert ran.days("slot") == [0.0, 31.0, 59.0, 90.0]
    assert ran.days("apheresis") == [0.0, 31.0, 59.0, 90.0]


def test_a_slot_starts_a_lead_after_its_offer() -> None:
    ran = small("scheduling: {duration: 3 d}\n" + slots(lead="14 d"), "0 d, 1 d")
    assert ran.days("slot") == [0.0, 31.0]
    assert ran.days("apheresis") == [14.0, 45.0]
    longer = small("scheduling: {duration: 20 d}\n" + slots(lead="14 d"), "0 d")
    assert longer.days("apheresis") == [20.0]


def test_a_slot_that_nobody_claims_on_its_day_perishes() -> None:
    ran = small(slots(), "31.5 d, 32.5 d")
    # the slot of day 31 is still there at noon; that of day 0 was not claimed, and the next is that of day 59
    assert ran.days("slot") == [31.5, 59.0]
    perished = ran.trace.slots.perished
    assert perished[0] == 1.0
    assert np.isnan(perished[1:3]).all()
    assert ran.resource("slot").expired == int(np.isfinite(perished).sum())


def test_a_slot_carried_over_is_there_until_the_next_one_closes() -> None:
    ran = small(slots(carry_over=1), "32.5 d, 32.6 d")
    assert ran.days("slot") == [32.5, 59.0]
    assert ran.trace.slots.perished[0] == 32.0


def test_weekly_slots_come_on_mondays() -> None:
    ran = small(slots(every="week"), "0 d, 0 d, 0 d")
    assert ran.days("slot") == [4.0, 11.0, 18.0]  # 1 January 2026 is a Thursday


def test_slots_rise_and_pause_by_date() -> None:
    ran = small(slots(count="{0 d: 1, 2026-02-15: 0, 2026-04-01: 3}"), "0 d, 1 d, 2 d, 3 d, 4 d, 5 d")
    # one on days 0 and 31, none on 59, three on 90
    assert ran.days("slot") == [0.0, 31.0, 90.0, 90.0, 90.0, 120.0]
    assert ran.trace.slots.offered[:6].tolist() == [0.0, 31.0, 90.0, 90.0, 90.0, 120.0]


def test_a_centres_own_slots_change_by_date_beside_those_of_the_others() -> None:
    there = "slots: {0 d: 0, 2026-03-01: 2}"
    own = run_scenario(load_text(TWO_CENTRES.format(there=there, manufacturing=slots())).scenario)
    assert own.days("slot") == [0.0, 31.0, 59.0, 59.0]


def test_slots_for_a_time_in_which_none_are_offered_are_told() -> None:
    text = TWO_CENTRES.format(there="slots: {0 d: 1, 40 d: 9, 50 d: 1}", manufacturing=slots())
    told = [found for found in load_text(text).warnings if "slots" in found]
    assert told == ["centres.there.slots.40 d: has no effect: no slots are offered while it holds"]


TWO_CENTRES = """
name: Two centres
strategy: autologous
run: {{warm_up: 0 d, window: 400 d, follow_up: 400 d}}
regions:
  here: {{centre: here, referral_days: [0 d, 0 d]}}
  there: {{centre: there, referral_days: [0 d, 0 d]}}
centres:
  here: {{}}
  there: {{{there}}}
patients: {{risk_groups: {{everybody: {{share: 1}}}}}}
clocks: {{waiting: {{progression: never}}}}
apheresis: {{duration: 0 d}}
{manufacturing}
"""


def test_centres_have_their_own_slots_or_share_a_pool() -> None:
    own = run_scenario(load_text(TWO_CENTRES.format(there="slots: 2", manufacturing=slots())).scenario)
    assert own.days("slot") == [0.0, 31.0, 0.0, 0.0]
    pooled = run_scenario(load_text(TWO_CENTRES.format(there="", manufacturing=slots(scope="pool"))).scenario)
    assert pooled.days("slot") == [0.0, 31.0, 59.0, 90.0]


LEAVES_AFTER_40 = "clocks: {waiting: {death: {piecewise: {0 d: 0 / d, 40 d: 1000000 / d}}}}\n"


@pytest.mark.parametrize(("notice", "second", "wasted"), [("5 d", 70.0, 0), ("7 d", 90.0, 1), ("never", 90.0, 2)])
def test_a_holder_who_leaves_hands_the_slot_back_or_wastes_it(notice: str, second: float, wasted: int) -> None:
    # The first patient claims the slot of day 31 for day 76 and dies on day 70, six days before. The second, on the
    # list from day 65 on, gets it if the notice is shorter; otherwise that of day 90 for day 135, and dies on day 105.
    ran = small(slots(lead="45 d", notice=notice) + LEAVES_AFTER_40, "30 d, 65 d")
    assert ran.days("slot") == [31.0, pytest.approx(second)]
    assert ran.outcomes == ["died", "infused" if second == 70.0 else "died"]
    assert ran.resource("slot").wasted == wasted
