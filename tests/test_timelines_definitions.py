"""What the documents define, each by a small timeline worked out by hand, on both engines (`small` runs both)."""

from __future__ import annotations

import numpy as np
import pytest

from sim.outcomes.metrics import BY_NAME
from sim.outcomes.patients import wasted_products
from sim.pieces.clocks import Clock, ClockBook, ClockSet
from sim.pieces.loads import offered_loads
from sim.pieces.protocol import Capacity, Policy
from sim.pieces.steps import Clocks, End, Hazard, Milestone, Stage, Use
from sim.pure.distributions import Fixed
from tests.runs import DAY_BY_DAY, HAS_NUMBA, by_hand, people, small, walk

ENGINES = ["simpy", *(["compiled"] if HAS_NUMBA else [])]
on_both = pytest.mark.parametrize("engine", ENGINES)
PER_DAY = (DAY_BY_DAY, DAY_BY_DAY, DAY_BY_DAY)


# -- progression before apheresis ------------------------------------------------------------------------------------


def twice_as_deadly(ends_eligibility: float) -> ClockBook:
    """A unit of hazard a day; after progression two of death. After apheresis this share of progressions ends it."""
    sets = {"waiting": ClockSet(PER_DAY, 0.0), "after": ClockSet(PER_DAY, ends_eligibility)}
    return ClockBook(sets, first="waiting", after_progression=(2.0, 1.0, 1.0))


COLLECTED = (Stage("wait", Fixed(20.0)), Milestone("apheresis"), Clocks("after", anew=True), Stage("made", Fixed(90.0)))


@on_both
def test_who_has_progressed_before_apheresis_keeps_the_worse_hazard_of_death(engine: str) -> None:
    # 10 days at 1 and 10 at 2 have used 30 of 40 by apheresis, on 20; at 2 a day the rest lasts for 5
    book = twice_as_deadly(0.0)
    who = people([0.0], dies={0: 40.0}, progresses={0: 10.0}, book=book)
    ran = walk(by_hand(COLLECTED, clocks=book), who, engine)
    assert ran.trace.leave_day.tolist() == [25.0]
    assert ran.trace.leave_clock.tolist() == [int(Clock.DEATH)]
    assert ran.trace.progression_day.tolist() == [10.0]


@on_both
def test_who_has_progressed_before_apheresis_may_progress_again_by_a_new_draw(engine: str) -> None:
    book = twice_as_deadly(1.0)
    anew = {"anew_threshold": np.array([3.0]), "anew_eligibility": np.array([0.5])}
    who = people([0.0], dies={0: 40.0}, progresses={0: 10.0}, book=book, **anew)
    ran = walk(by_hand(COLLECTED, clocks=book), who, engine)
    # three days after apheresis, and this time it ends eligibility; "progressed" is still as of the first
    assert (ran.trace.leave_day.tolist(), ran.trace.leave_clock.tolist()) == ([23.0], [int(Clock.PROGRESSION)])
    assert ran.trace.progression_day.tolist() == [10.0]


@on_both
def test_a_second_progression_that_does_not_end_eligibility_does_not_raise_the_hazard_again(engine: str) -> None:
    book = twice_as_deadly(0.0)
    who = people([0.0], dies={0: 40.0}, progresses={0: 10.0}, book=book, anew_threshold=np.array([3.0]))
    assert walk(by_hand(COLLECTED, clocks=book), who, engine).trace.leave_day.tolist() == [25.0]


@on_both
def test_who_has_not_progressed_goes_on_by_the_same_threshold(engine: str) -> None:
    book = twice_as_deadly(1.0)
    who = people([0.0], progresses={0: 24.0}, book=book, anew_threshold=np.array([1.0]))
    ran = walk(by_hand(COLLECTED, clocks=book), who, engine)
    assert ran.trace.leave_day.tolist() == [24.0]


# -- bridging --------------------------------------------------------------------------------------------------------

PROGRESSES_ON_30 = """
clocks:
  waiting: {progression: {piecewise: {0 d: 0 / d, 30 d: 1000000 / d}}, ends_eligibility: 1}
"""


@pytest.mark.parametrize(("start", "outcome"), [("24.9 d", "infused"), ("25.1 d", "progressed")])
def test_bridging_counts_from_the_start_of_apheresis(start: str, outcome: str) -> None:
    # on the list from 0, collected from 5 to 7, at the factory on 10, infused on 50; the disease strikes on 30
    rest = f"""
scheduling: {{duration: 5 d}}
apheresis: {{duration: 2 d}}
shipping: {{to_factory: 3 d}}
manufacturing: {{duration: 40 d}}
bridging: {{share: 1, start: {start}, hazard: 0}}
{PROGRESSES_ON_30}"""
    ran = small(rest, "0 d")
    assert ran.days("apheresis") == [5.0]
    assert ran.outcomes == [outcome]


@on_both
def test_a_delay_counts_from_the_step_that_states_it(engine: str) -> None:
    path = (Stage("wait", Fixed(4.0)), Hazard("bridging", "death", 0.0, after=Fixed(3.0)), Stage("made", Fixed(50.0)))
    ran = walk(by_hand((*path, End("infused"))), people([0.0, 0.0], dies={0: 6.5, 1: 7.5}), engine)
    assert ran.trace.leave_day.tolist() == [6.5, np.inf]


# -- later courses ---------------------------------------------------------------------------------------------------


def returning(after: str, *overrides: str) -> list[object]:
    """The days of referral and return of somebody referred on day 0 and infused on 11; followed for 400 days."""
    rest = "work_up: {duration: 1 d}\nmanufacturing: {duration: 10 d}\n"
    rest += f"later_course: {{share: 1, relapse: {after}}}\n"
    return small(rest, "0 d", "autologous", "", *overrides).rows("referral_day")


def test_who_relapses_after_the_follow_up_of_the_first_course_returns_too() -> None:
    assert returning("500 d") == [0.0, 511.0]


def test_later_courses_begin_before_a_fixed_day() -> None:
    # the window and the follow-up sum to 800
    assert returning("788.9 d") == [0.0, 799.9]
    assert returning("789 d") == [0.0]
    assert returning("588 d", "run.later_courses_until=600 d") == [0.0, 599.0]
    assert returning("589 d", "run.later_courses_until=600 d") == [0.0]


def test_later_courses_are_lived_up_to_that_day_and_no_longer() -> None:
    rest = "work_up: {duration: 1 d}\nmanufacturing: {duration: 10 d}\nlater_course: {share: 1, relapse: 580 d}\n"
    ran = small(rest, "0 d", "autologous", "", "run.later_courses_until=600 d")
    # back on 591, and not infused by 600
    assert ran.trace.stop_day == 600.0
    assert ran.outcomes == ["infused", "waiting"]
    assert ran.patients.followed_to.tolist() == [400.0, 600.0]


# -- the stop --------------------------------------------------------------------------------------------------------


def test_the_run_goes_on_until_the_last_measured_patient_is_discharged() -> None:
    # infused on 90, discharged on 390; looked at on 100, 130, ... 400
    rest = "manufacturing: {duration: 0 d}\ninfusion: {stay: 300 d}\n"
    ran = small(rest, "90 d", "autologous", "beds: 1", "run.window=100 d", "run.follow_up=310 d")
    assert ran.trace.stop_day == 400.0
    assert ran.days("discharge") == [390.0]
    bed = [resource.name for resource in ran.protocol.resources].index("bed")
    assert ran.trace.uses.ended[ran.trace.uses.resource == bed].tolist() == [390.0]


def test_who_is_still_in_hospital_a_follow_up_after_infusion_is_followed_no_longer() -> None:
    rest = "manufacturing: {duration: 0 d}\ninfusion: {stay: 300 d}\n"
    ran = small(rest, "90 d", "autologous", "beds: 1", "run.window=100 d", "run.follow_up=50 d")
    # infused on 90, followed to 140; looked at on 100, 130, 160
    assert ran.trace.stop_day == 160.0
    assert ran.days("discharge") == [None]


# -- stocks, toxicity, lots ------------------------------------------------------------------------------------------

DOSES = """
allogeneic:
  stock: {{opening: {opening}, shelf_life: {life}, order: {{every: 300 d}}, doses_per_lot: 1}}
  shipping: {{duration: 1 d, loss: {loss}}}
"""


def test_opening_doses_are_of_all_ages() -> None:
    ran = small(DOSES.format(opening=4, life="40 d", loss=0), "399 d", "allogeneic")
    expired = ran.trace.expiries
    assert expired.day.tolist()[:4] == [10.0, 20.0, 30.0, 40.0]
    assert expired.doses.tolist()[:4] == [1, 1, 1, 1]


def test_a_dose_lost_on_its_way_is_wasted() -> None:
    ran = small(DOSES.format(opening=40, life="unlimited", loss=0.5), "0 d, 1 d, 2 d, 3 d, 4 d", "allogeneic")
    drawn = ran.patients.attempts["delivery"]
    assert ran.outcomes == ["infused"] * 5
    assert drawn.sum() > 5
    assert wasted_products(ran.patients, (0.0, 400.0)) == drawn.sum() - 5


def test_the_second_toxicity_begins_after_the_end_of_the_first() -> None:
    rest = """
manufacturing: {duration: 0 d}
toxicity:
  crs: {onset: 2 d, grades: {mild: {share: 1, duration: 5 d}}}
  neurotoxicity: {onset: 3 d, grades: {mild: {share: 1, duration: 4 d}}}
"""
    ran = small(rest, "0 d")
    assert (ran.days("crs"), ran.days("neurotoxicity"), ran.days("discharge")) == ([2.0], [10.0], [14.0])


@on_both
def test_a_patient_keeps_the_same_lottery_ticket_at_every_queue(engine: str) -> None:
    line = Capacity("line", "Lines", False, (((0.0, 1.0),),), policy="lottery")
    path = (Use("line", (Stage("first", Fixed(1.0)),)), Use("line", (Stage("second", Fixed(1.0)),)), Milestone("done"))
    protocol = by_hand(path, line, policies={"lottery": Policy()})
    ran = walk(protocol, people([0.0, 0.0, 0.0], ranks={"lottery": np.array([0.5, 0.1, 0.9])}), engine)
    # who has drawn the first ticket is first both times
    assert ran.days("done") == [4.0, 2.0, 6.0]


# -- use beyond a cut ------------------------------------------------------------------------------------------------


def cut(lines: str, rest: str = "") -> str:
    return f"manufacturing: {{duration: 60 d, lines: {lines}}}\n{rest}"


FOUR = "0 d, 0 d, 0 d, 0 d"


def test_lines_in_use_after_a_cut_count_as_lines() -> None:
    ran = small(cut("{0 d: 4, 10 d: 0}"), FOUR)
    assert ran.resource("line").in_use_mean == pytest.approx(240.0 / 400.0)
    assert ran.resource("line").utilisation == 1.0
    assert ran.resource("line").delayed == 0
    load = next(load.load for load in offered_loads(ran.scenario, ran.protocol) if load.resource == "line")
    assert load == pytest.approx(240.0 / (40.0 + 240.0))


@pytest.mark.parametrize(("work", "used"), [("finish", 60.0), ("pause", 80.0)])
def test_lines_in_use_in_a_shut_down_count_as_lines(work: str, used: float) -> None:
    shut = f"disruptions: {{flood: {{resource: line, from: 10 d, for: 20 d, work: {work}}}}}\n"
    ran = small(cut("4", shut), FOUR)
    assert ran.days("manufactured") == [used] * 4
    assert ran.resource("line").utilisation == pytest.approx(4 * used / (4 * 400.0))
    few = small(cut("{0 d: 4, 30 d: 1}", shut), FOUR)
    # on 4 lines for as long as they are used, on one for the rest
    assert few.resource("line").utilisation == pytest.approx(4 * used / (4 * used + 400.0 - used))


def test_metrics_tell_withdrawn_slots_from_wasted_ones() -> None:
    assert {"slots_withdrawn", "slots_wasted"} <= BY_NAME.keys()
