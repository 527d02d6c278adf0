"""Outages of a part with the work on it: units have numbers, and timelines worked out by hand on both engines."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from sim.experiment.runs.replicate import Arm, as_run, simulate
from sim.pieces.calendars import units_by_day, units_out
from sim.pieces.protocol import Out
from sim.scenario import ScenarioError, load
from tests.experiments import SMALL
from tests.runs import QUICKEST, Ran, load_text, run_scenario, small

MADE = "manufacturing: {{duration: 8 d, lines: {lines}, attempts: 2}}\n"


def outage(work: str, lines: str = "2", units: int = 1, more: str = "", resource: str = "line") -> str:
    """One outage from day 10 to 13."""
    one = f"{{resource: {resource}, units: {units}, from: 10 d, for: 3 d, work: {work}}}"
    return MADE.format(lines=lines) + f"disruptions: {{fault: {one}{more}}}\n"


def test_work_on_the_unit_that_is_out_stands_still_and_the_others_go_on() -> None:
    ran = small(outage("pause"), "4 d, 9 d, 11 d, 12 d")
    # line 1 from day 4 to 12, then the third to 20; the second is on line 2: a day of 8, then from 13 on; the fourth
    # finds both in use until 20
    assert ran.days("manufactured") == [12.0, 20.0, 20.0, 28.0]


def test_work_on_the_unit_that_is_out_is_lost_and_made_again() -> None:
    ran = small(outage("lose"), "4 d, 9 d, 11 d, 12 d")
    # lost on day 10, with the place of day 9: on line 1 from 12 on; line 2 is back on 13, for the third
    assert ran.days("manufactured") == [12.0, 20.0, 21.0, 28.0]
    assert ran.patients.attempts["manufacture"].tolist() == [1, 2, 1, 1]


@pytest.mark.parametrize("work", ["pause", "lose"])
def test_nobody_is_struck_while_the_units_with_the_highest_numbers_are_free(work: str) -> None:
    # of three lines the third goes, on which nobody is; whoever comes meanwhile waits for one of the others
    ran = small(outage(work, lines="3"), "4 d, 9 d, 11 d")
    assert ran.days("manufactured") == [12.0, 17.0, 20.0]


def test_a_number_that_is_free_again_is_given_again() -> None:
    ran = small(outage("pause", lines="3"), "1 d, 2 d, 9 d, 9.5 d")
    # lines 1 and 2 are free on 9 and 10: the third patient has line 1, the fourth, from 9.5 on, line 3, which is out
    assert ran.days("manufactured") == [9.0, 10.0, 17.0, 20.5]


def test_outages_at_the_same_time_take_other_units_and_the_second_goes_on_when_the_first_is_over() -> None:
    more = ", second: {resource: line, units: 1, from: 11 d, for: 8 d, work: pause}"
    ran = small(outage("pause", lines="3", more=more), "7 d, 8 d, 9 d")
    # line 3 is out from 10 to 13, line 2 from 11 to 19
    assert ran.days("manufactured") == [15.0, 24.0, 20.0]


def test_no_more_units_are_out_than_there_are() -> None:
    ran = small(outage("pause", units=9), "4 d, 9 d, 11 d")
    assert ran.days("manufactured") == [15.0, 20.0, 23.0]


def test_units_that_there_are_less_those_that_are_out() -> None:
    text = outage("lose", lines="{0 d: 4, 12 d: 3}", units=2).replace("for: 3 d", "for: 5 d")
    of_a_part = small(text, "0 d").scenario.disruptions["fault"]
    assert units_out(((0.0, 4.0), (12.0, 3.0)), [of_a_part]) == (Out(4, 10.0, 15.0, True), Out(3, 10.0, 15.0, True))
    # on day 12 the fourth is gone for good, whether it was out or not
    assert units_by_day(((0.0, 4.0), (12.0, 3.0)), [of_a_part]) == ((0.0, 4.0), (10.0, 2.0), (15.0, 3.0))


def test_chairs_of_one_centre_and_places_in_the_lab() -> None:
    one = "disruptions: {{f: {{resource: {}, units: 1, from: 10 d, for: 3 d, work: pause}}}}\n".format
    chairs = "apheresis: {duration: 4 d}\n" + one("chair")
    assert small(chairs, "8 d, 9 d, 10 d", centre="chairs: 2").days("collected") == [12.0, 16.0, 16.0]
    tests = "release_testing: {sterility: 4 d, lab: 2}\n" + one("lab")
    assert small(tests, "8 d, 9 d, 10 d").days("released") == [12.0, 16.0, 16.0]


def test_a_line_that_serves_a_list_for_any_manufacturer() -> None:
    rest = """
manufacturing:
  duration: 8 d
  line_held: {from: booking, to: culture}
  manufacturers: {north: {lines: 1}, south: {lines: 2}}
  assignment: {rule: first_free}
disruptions: {f: {resource: line, manufacturer: south, units: 1, from: 10 d, for: 3 d, work: pause}}
"""
    # north, then south's lines 1 and 2, of which the second is out from day 10 to 13
    assert small(rest, "7 d, 8 d, 9 d").days("manufactured") == [15.0, 16.0, 20.0]


def test_lots_on_lines_of_their_own() -> None:
    rest = """
allogeneic:
  stock: {opening: 0, doses_per_lot: 1, order: {every: 4 d}}
  lots: {culture: 8 d, lines: 2}
disruptions: {f: {resource: lot_line, units: 1, from: 10 d, for: 3 d, work: pause}}
"""
    ran = small(rest, "0 d", "allogeneic")
    # begun on days 4, 8, 12, 16: the second stands still on line 2, the third has line 1 from 12 on, the fourth line 1
    assert list(ran.trace.lots.ready[:4]) == [12.0, 19.0, 20.0, 27.0]


@pytest.mark.parametrize("work", ["pause", "lose"])
def test_all_units_by_number_are_all_units(work: str) -> None:
    """To the bit, with outages by chance: so one line with breakdowns has the closed form that it has without units."""
    chance = "between: {exponential: {mean: 20 d}}, for: {exponential: {mean: 4 d}}"
    ran = []
    for units in ("", "units: 3, "):
        text = SMALL + f"disruptions: {{fault: {{resource: line, {units}work: {work}, {chance}}}}}\n"
        ((arm,), numbers) = next(iter(as_run([Arm("one", load_text(text).scenario)], [3])))
        ran.append(simulate(arm, numbers, QUICKEST)[0])
    whole, numbered = ran
    assert np.isfinite(whole.day("manufactured")).sum() >= 5
    assert np.array_equal(whole.day("manufactured"), numbered.day("manufactured"), equal_nan=True)
    assert whole.outcome.tolist() == numbered.outcome.tolist()


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        (
            outage("pause", lines="20000"),
            "found pause beside units, of 20000 units; allowed: at most 10000 at any time",
        ),
        (outage("lose", lines="{0 d: 2, 40 d: unlimited}"), "of units that are without limit at some time"),
        (outage("pause").replace("attempts: 2", "batches: 2"), "each product takes 2 batches side by side"),
        (outage("pause", resource="bed"), "found pause or lose; allowed: finish, as patients in bed stay there"),
    ],
)
def test_units_that_cannot_have_numbers_are_refused(rest: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(told)):
        small(rest, "4 d", centre="beds: 2")


def test_more_units_than_there_are_are_told(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "extends: autologous\nname: Mine\ndisruptions: {f: {resource: line, units: 99, from: 10 d, for: 3 d}}\n"
    )
    assert any("99 units, more than there ever are" in told for told in load(tmp_path / "mine.yaml").warnings)


def test_the_closed_form_of_one_line_holds_by_number() -> None:
    """M/M/1 with breakdowns (White and Christie 1958), 1.748718 days in the queue, on a part of its run."""
    of_one = ("disruptions.fault.units=1", "run.window=20000 d", "run.warm_up=500 d", "run.replications=1")
    shipped = Path(__file__).parents[1] / "scenarios" / "validation" / "mm1_breakdowns.yaml"
    arm = Arm("one", load(shipped, of_one).scenario)
    ((drawn,), numbers) = next(iter(as_run([arm], [0])))
    ran, _ = simulate(drawn, numbers, QUICKEST)
    waits = ran.day("manufacturing") - ran.day("slot")
    assert np.nanmean(waits) == pytest.approx(1.748718, abs=0.25)


def of_two_centres(here: str, there: str, more: str = "") -> Ran:
    """Three patients of each, collected in four days, and one chair out from day 10 to 13."""
    loaded = load_text(f"""
name: Two centres
strategy: autologous
run: {{start: 2026-01-01, warm_up: 0 d, window: 400 d, follow_up: 400 d, replications: 1, seed: 7}}
regions:
  near: {{centre: here, referral_days: [8 d, 9 d, 9.5 d]}}
  far: {{centre: there, referral_days: [8 d, 9 d, 9.5 d]}}
centres: {{here: {{chairs: {here}}}, there: {{chairs: {there}}}}}
patients: {{risk_groups: {{everybody: {{share: 1}}}}}}
clocks: {{waiting: {{progression: never}}}}
apheresis: {{duration: 4 d}}
manufacturing: {{duration: 8 d}}
disruptions: {{f: {{resource: chair, units: 1, from: 10 d, for: 3 d, work: pause{more}}}}}
""")
    return run_scenario(loaded.scenario)


def test_centres_of_several_sizes_each_have_a_unit_out() -> None:
    ran = of_two_centres("2", "3")
    # here the second of two stands still, there the third of three: the third patient here has chair 1 from 12 on
    assert ran.days("collected") == [12.0, 16.0, 16.0, 12.0, 13.0, 16.5]


def test_one_centre_has_a_unit_out_and_another_has_no_limit() -> None:
    ran = of_two_centres("2", "unlimited", ", centre: here")
    assert ran.days("collected") == [12.0, 16.0, 16.0, 12.0, 13.0, 13.5]


@pytest.mark.parametrize(("units", "manufactured"), [(2, [48.0, 48.0, 56.0]), (1, [13.0, 48.0, 21.0])])
def test_a_remake_on_a_line_that_is_out_waits_until_it_is_back(units: int, manufactured: list[float]) -> None:
    # the line is kept for the remake, which begins on day 40: one attempt is lost on day 10, and no more
    rest = outage("lose", units=units).replace("for: 3 d", "for: 30 d")
    for part in (rest, rest.replace(f"units: {units}, ", "") if units == 2 else rest):
        ran = small(part.replace("attempts: 2", "attempts: 2, line_held: {to: last_attempt}"), "5 d, 6 d, 7 d")
        assert ran.days("manufactured") == manufactured
        assert ran.patients.attempts["manufacture"].tolist() == [units, 2, 1]


@pytest.mark.parametrize("units", ["units: 1, ", ""])
def test_nothing_begins_on_a_line_that_was_booked_and_is_out(units: str) -> None:
    rest = outage("lose", lines="1").replace("units: 1, ", units).replace("for: 3 d", "for: 10 d")
    held = "attempts: 2, line_held: {from: booking}"
    ran = small("apheresis: {duration: 7 d}\n" + rest.replace("attempts: 2", held), "5 d")
    # booked on day 5, collected on day 12 in the outage, which is over on day 20: eight days from then on
    assert ran.days("manufactured") == [28.0]
    assert ran.patients.attempts["manufacture"].tolist() == [1]


@pytest.mark.parametrize(("units", "manufactured"), [("units: 1, ", [20.0, 21.0, 35.0]), ("", [28.0, 28.0, 43.0])])
def test_work_begins_on_booked_lines_while_some_are_left(units: str, manufactured: list[float]) -> None:
    rest = outage("finish").replace("units: 1, ", units).replace("for: 3 d", "for: 10 d")
    ran = small(
        "apheresis: {duration: 7 d}\n" + rest.replace("attempts: 2", "line_held: {from: booking}"), "5 d, 6 d, 7 d"
    )
    # both are booked on days 5 and 6, and collected on 12 and 13, in the outage, which is over on day 20. Of a part:
    # the first is free again on 20, for the third, who is collected on 27. Of all: both begin on 20, and the third is
    # booked on 28
    assert ran.days("manufactured") == manufactured
