"""What runs beside the work-up, and slots that come too early: small timelines worked out by hand.

Slots are offered on Mondays, 1 January 2026 being a Thursday: on days 4, 11, 18, and so on.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.scenario import ScenarioError
from tests.runs import Ran, load_text, run_scenario, small

WEEKLY = "manufacturing: {{duration: 10 d, slots: {{count: 1, every: week, lead: {lead}, notice: {notice}}}}}\n"


def beside(section: str, rest: str = "", days: str = "0 d", strategy: str = "autologous") -> Ran:
    return small(f"before_apheresis: {{{section}}}\nwork_up: {{duration: 10 d}}\n{rest}", days, strategy)


def weekly(lead: str = "7 d", notice: str = "never") -> str:
    return WEEKLY.format(lead=lead, notice=notice)


@pytest.mark.parametrize(
    ("section", "listed"),
    [
        ("clearance: {duration: 7 d}", 10.0),
        ("clearance: {duration: 14 d}", 14.0),
        ("clearance: {duration: 14 d}, caregiver: 12 d", 14.0),
        ("clearance: {duration: 14 d}, caregiver: 20 d, washout: 19 d", 20.0),
        ("caregiver: 3 d, washout: 28 d", 28.0),
        ("clearance: {duration: 14 d, refusal: 1, appeal: {duration: 9 d, success: 1}}, caregiver: 20 d", 23.0),
    ],
)
def test_what_runs_side_by_side_takes_as_long_as_the_longest_of_it(section: str, listed: float) -> None:
    assert beside(section).days("listing") == [listed]


def test_who_is_refused_for_good_ends_on_the_day_of_the_refusal_whatever_else_is_under_way() -> None:
    early = beside("clearance: {duration: 6 d, refusal: 1}, washout: 30 d")
    assert (early.outcomes, early.patients.end_day.tolist()) == (["funding"], [6.0])
    assert early.days("listing") == [None]
    late = beside("clearance: {duration: 14 d, refusal: 1, appeal: {duration: 9 d, success: 0}}, caregiver: 50 d")
    assert (late.outcomes, late.patients.end_day.tolist()) == (["funding"], [23.0])


def test_a_refusal_after_a_death_changes_nothing_and_one_on_its_day_comes_second() -> None:
    dies = "clocks: {waiting: {progression: never, death: {piecewise: {0 d: 0 / d, 8 d: 1000000 / d}}}}\n"
    ran = beside("clearance: {duration: 30 d, refusal: 1}", dies)
    assert ran.outcomes == ["died"]
    assert ran.patients.end_day[0] == pytest.approx(8.0)


def test_a_slot_that_starts_before_all_is_done_is_lost_and_another_asked_for_in_the_old_place() -> None:
    # Listed on days 10 and 11. The first is given the slot of day 11 for day 18, is cleared on day 20 only, and asks
    # again then, before the second in the queue: that of day 18 went to the second, for day 25.
    ran = beside("clearance: {duration: 20 d}, slot_asked_for: at_listing", weekly(), "0 d, 1 d, 1 d")
    assert ran.days("listing") == [10.0, 11.0, 11.0]
    assert ran.days("slot") == [25.0, 18.0, 32.0]
    assert ran.days("apheresis") == [32.0, 25.0, 39.0]
    slots = ran.trace.slots
    assert slots.holder[slots.offered == 11.0].tolist() == [0]
    assert ran.resource("slot").wasted == 1
    asked = ran.trace.uses.asked[(ran.trace.uses.entity == 0) & (ran.trace.uses.resource == 0)]
    assert asked.tolist() == [10.0, 20.0]


def test_when_ready_no_slot_is_lost() -> None:
    ran = beside("clearance: {duration: 20 d}", weekly(), "0 d, 1 d, 1 d")
    assert ran.days("listing") == [20.0, 21.0, 21.0]
    assert ran.days("slot") == [25.0, 32.0, 39.0]
    assert ran.resource("slot").wasted == 0


def test_what_is_done_on_the_very_day_of_the_start_is_in_time() -> None:
    ran = beside("washout: 18 d, slot_asked_for: at_listing", weekly())
    assert (ran.days("slot"), ran.days("apheresis")) == ([11.0], [18.0])
    too_late = beside("washout: 18.5 d, slot_asked_for: at_listing", weekly())
    # the slot offered on day 18 is open until that day is over
    assert (too_late.days("slot"), too_late.days("apheresis")) == ([18.5], [25.0])


def test_a_refusal_known_in_time_hands_the_slot_back_and_a_late_one_wastes_it() -> None:
    # refused on day 12: the slot of day 11 for day 25 comes back 13 days before; the second patient has it at once
    cleared = "clearance: {{duration: {days}, refusal: 0.5}}, slot_asked_for: at_listing"
    text = cleared.format(days="12 d")
    ran = beside(text, weekly("14 d", "10 d"), "0 d, 1 d, 1 d, 1 d, 1 d, 1 d")
    refused = np.array([outcome == "funding" for outcome in ran.outcomes])
    assert 0 < refused.sum() < 6
    assert ran.patients.end_day[refused].tolist() == [12.0 + (k > 0) for k in np.flatnonzero(refused)]
    assert ran.resource("slot").wasted == 0
    late = beside(cleared.format(days="24 d"), weekly("14 d", "10 d"), "0 d, 1 d, 1 d, 1 d, 1 d, 1 d")
    # refused on day 24 or 25 they hold the slots of days 11 and 18, for days 25 and 32, too late to hand back
    first_two = [0, *[k for k in range(1, 6) if late.trace.slots.holder[2] == k]]
    assert late.resource("slot").wasted == sum(late.outcomes[k] == "funding" for k in first_two)


def test_holding_therapy_slows_the_disease_and_is_washed_out() -> None:
    # progression at a hazard of 1 / 40 d; none while holding therapy is given, from day 10 to day 24
    clocks = "clocks: {waiting: {progression: {piecewise: {0 d: 0 / d, 20 d: 1000000 / d}}, ends_eligibility: 1}}\n"
    held = "holding: {share: 1, duration: 14 d, hazard: 0}, washout: 5 d"
    ran = beside(held, clocks)
    assert ran.outcomes == ["progressed"]
    assert ran.patients.end_day[0] == pytest.approx(24.0)
    without = beside("washout: 5 d, caregiver: 29 d", clocks)
    assert without.patients.end_day[0] == pytest.approx(20.0)
    quiet = beside(held)
    assert quiet.days("listing") == [29.0]
    early = beside(held + ", slot_asked_for: at_listing", weekly())
    # the slot of day 11 starts on day 18, before the end of washout; asked for again on day 29
    assert (early.days("listing"), early.days("slot"), early.days("apheresis")) == ([10.0], [32.0], [39.0])


def test_holding_therapy_that_nobody_responds_to_takes_its_time_all_the_same() -> None:
    clocks = "clocks: {waiting: {progression: {piecewise: {0 d: 0 / d, 20 d: 1000000 / d}}, ends_eligibility: 1}}\n"
    ran = beside("holding: {share: 1, duration: 14 d, response: 0, hazard: 0}, washout: 5 d", clocks)
    assert ran.patients.end_day[0] == pytest.approx(20.0)


SHELF = "allogeneic: {stock: {opening: 9, order: {every: 4000 d}, doses_per_lot: 1}}\n"


def test_an_allogeneic_dose_waits_for_clearance_and_lymphodepletion_for_washout() -> None:
    rest = SHELF + "infusion: {scheduling: 3 d}\nlymphodepletion: {duration: 5 d}\n"
    ran = beside("clearance: {duration: 14 d}, washout: 28 d", rest, "0 d", "allogeneic")
    assert (ran.days("listing"), ran.days("dose")) == ([14.0], [14.0])
    assert (ran.days("lymphodepletion"), ran.days("infusion")) == ([28.0], [33.0])
    held = "holding: {share: 1, duration: 20 d, hazard: 0.5}, washout: 6 d"
    ran = beside(held, rest, "0 d", "allogeneic")
    assert (ran.days("dose"), ran.days("lymphodepletion")) == ([10.0], [36.0])


def test_under_a_hybrid_strategy_a_dose_instead_of_a_slot_waits_for_all_of_it() -> None:
    rest = SHELF + weekly() + "hybrid: {after_waiting: 0 d}\n"
    ran = beside("clearance: {duration: 20 d}, slot_asked_for: at_listing", rest, "0 d", "hybrid")
    assert (ran.days("listing"), ran.days("dose")) == ([10.0], [20.0])


def test_who_waits_already_has_done_it_all() -> None:
    text = f"""
name: Already waiting
strategy: autologous
run: {{warm_up: 0 d, window: 100 d, follow_up: 100 d}}
regions: {{here: {{centre: here, referral_days: [0 d], already_waiting: {{since: [30 d]}}}}}}
centres: {{here: {{}}}}
clocks: {{waiting: {{progression: never}}}}
before_apheresis: {{clearance: {{duration: 40 d}}, holding: {{share: 1, duration: 9 d, hazard: 0.5}}}}
work_up: {{duration: 10 d}}
{weekly()}
"""
    assert sorted(run_scenario(load_text(text).scenario).days("listing")) == [0.0, 40.0]  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("section", "key", "why"),
    [
        ("slot_asked_for: at_listing, washout: 5 d", "slot_asked_for", "no dated slots"),
        ("holding: {share: 0.5}", "holding.duration", "required"),
        ("clearance: {duration: 3 d, refusal: 1.2}", "clearance.refusal", "proportion"),
        ("clearence: {duration: 3 d}", "clearence", "clearance"),
    ],
)
def test_what_does_nothing_there_is_refused_by_name(section: str, key: str, why: str) -> None:
    with pytest.raises(ScenarioError, match=why) as error:
        beside(section)
    assert error.value.problems[0].path == f"before_apheresis.{key}"
