"""Opening times, working time, couriers and shut-downs: small timelines worked out by hand.

1 January 2026 is a Thursday: day 0 Thursday, 2 and 3 the week-end, 4 Monday, 9 and 10 the next week-end.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.scenario import ScenarioError
from tests.runs import NOTHING_ELSE, load_text, run_scenario, small

WEEKDAYS = "calendars: {weekdays: {days: [mon, tue, wed, thu, fri]}}\n"
SOME_DAYS = (0, 1, 2, 5, 100, 511, 777)
LONG = "run.window=1500 d"
DAYTIME = "calendars: {day: {hours: [6 h, 18 h]}}\n"


def test_collection_starts_on_opening_days_only() -> None:
    ran = small(WEEKDAYS + "apheresis: {duration: 1 d, calendar: weekdays}\n", "1 d, 2 d, 3.5 d, 4 d")
    assert ran.days("apheresis") == [1.0, 4.0, 4.0, 4.0]
    assert ran.days("collected") == [2.0, 5.0, 5.0, 5.0]


def test_a_hold_spans_the_closing() -> None:
    ran = small(WEEKDAYS + "apheresis: {duration: 3 d, calendar: weekdays}\n", "1 d, 1 d", centre="chairs: 1")
    # the first has the chair over the week-end; the second is given it when it is free, as that is a Monday
    assert ran.days("apheresis") == [1.0, 4.0]


def test_a_chair_is_given_in_openings_only() -> None:
    ran = small(WEEKDAYS + "apheresis: {duration: 1.5 d, calendar: weekdays}\n", "1 d, 1 d, 1 d", centre="chairs: 1")
    # free at 2.5, a Saturday; then from Monday
    assert ran.days("apheresis") == [1.0, 4.0, 5.5]


def test_what_must_fit_into_an_opening_waits_for_one_that_is_long_enough() -> None:
    rest = DAYTIME + "apheresis: {duration: 0.25 d, calendar: day, fit: true}\n"
    ran = small(rest, "0.25 d, 0.5 d, 0.625 d, 0.875 d")
    assert ran.days("apheresis") == [0.25, 0.5, 1.25, 1.25]


def test_holidays_are_closed() -> None:
    rest = "calendars: {open: {holidays: [2026-01-01, 2026-01-03]}}\napheresis: {duration: 0 d, calendar: open}\n"
    assert small(rest, "0 d, 1 d, 2.5 d").days("apheresis") == [1.0, 1.0, 3.0]


def test_a_review_counts_working_time() -> None:
    rest = (
        WEEKDAYS
        + "manufacturing: {duration: 7 d}\nrelease_testing: {review: 3 d, calendar: weekdays, working_time: true}\n"
    )
    ran = small(rest, "0 d, 0.5 d, 1 d, 2 d")
    assert ran.days("manufactured") == [7.0, 7.5, 8.0, 9.0]
    # Thursday 7 and Friday 8 are two days, Monday 11 is the third
    assert ran.days("released") == [12.0, 12.5, 13.0, 14.0]


def test_work_up_in_working_time() -> None:
    ran = small(WEEKDAYS + "work_up: {duration: 2 d, calendar: weekdays, working_time: true}\n", "1 d, 2 d")
    assert ran.days("listing") == [5.0, 6.0]


def test_fresh_cells_are_lost_when_the_courier_is_away_too_long() -> None:
    rest = WEEKDAYS + (
        "apheresis: {duration: 1 d, attempts: 2, repeat_after: 5 d}\n"
        "shipping: {to_factory: 1 d, to_centre: 2 d, calendar: weekdays, viable: 36 h}\n"
    )
    ran = small(rest, "0 d, 1 d, 2 d")
    # cells of days 1, 2 and 3: the first leave at once; the second wait for Monday (4) but are lost at 3.5; the third
    # are collected on Monday
    assert ran.days("received_at_factory") == [2.0, 12.0, 5.0]
    assert ran.patients.attempts["collection"].tolist() == [1, 2, 1]


def test_lymphodepletion_starts_on_opening_days() -> None:
    rest = WEEKDAYS + "manufacturing: {duration: 8 d}\nlymphodepletion: {duration: 5 d, calendar: weekdays}\n"
    ran = small(rest, "0 d, 1 d, 2 d")
    assert ran.days("lymphodepletion") == [8.0, 11.0, 11.0]
    assert ran.days("infusion") == [13.0, 16.0, 16.0]


def shut(work: str, resource: str = "line", **more: str) -> str:
    told = ", ".join(f"{key}: {value}" for key, value in {"resource": resource, "work": work, **more}.items())
    return f"disruptions: {{storm: {{{told}, from: 5 d, for: 10 d}}}}\n"


MADE = "manufacturing: {duration: 8 d, lines: 2, attempts: 2}\n"


def test_work_in_progress_at_a_shut_down_goes_on() -> None:
    ran = small(shut("finish") + MADE, "0 d, 4 d, 6 d, 15 d")
    assert ran.days("manufactured") == [8.0, 12.0, 23.0, 23.0]


def test_work_in_progress_at_a_shut_down_stands_still() -> None:
    ran = small(shut("pause") + MADE, "0 d, 4 d, 6 d")
    # 5 of 8 days done by day 5, 3 left from day 15 on; 1 done, 7 left
    assert ran.days("manufactured") == [18.0, 22.0, 26.0]


def test_work_in_progress_at_a_shut_down_is_lost_and_made_again() -> None:
    ran = small(shut("lose") + MADE, "0 d, 4 d, 6 d")
    # both are lost on day 5; a remake has the key of the first time, before the one who came on day 6
    assert ran.days("manufactured") == [23.0, 23.0, 31.0]
    assert ran.patients.attempts["manufacture"].tolist() == [2, 2, 1]


def test_what_is_lost_in_the_last_attempt_is_lost() -> None:
    ran = small(shut("lose") + "manufacturing: {duration: 8 d, lines: 2}\n", "0 d, 5 d")
    assert ran.outcomes == ["product_failed", "infused"]
    assert ran.patients.end_day.tolist() == [5.0, 23.0]


def test_what_ends_or_begins_at_the_very_instant_of_a_shut_down() -> None:
    rest = shut("lose") + "manufacturing: {duration: 5 d, lines: 9}\n"
    # the first ends on day 5 and is kept; the second asks on day 5 and finds the lines closed
    assert small(rest, "0 d, 5 d").days("manufactured") == [5.0, 20.0]


def test_a_shut_down_of_one_centre() -> None:
    rest = shut("lose", "chair", centre="here") + "apheresis: {duration: 2 d, attempts: 2, repeat_after: 1 d}\n"
    ran = small(rest, "4 d, 6 d, 20 d", centre="chairs: 5")
    # the collection under way on day 5 is lost, repeated a day later, and waits like the next one
    assert ran.days("collected") == [17.0, 17.0, 22.0]
    assert ran.patients.attempts["collection"].tolist() == [2, 1, 1]


def test_no_courier_in_a_strike() -> None:
    rest = (
        "disruptions: {strike: {resource: courier, from: 5 d, for: 3 d}}\nshipping: {to_factory: 2 d, to_centre: 1 d}\n"
    )
    ran = small(rest, "4 d, 5 d, 7 d")
    assert ran.days("received_at_factory") == [6.0, 10.0, 10.0]


def test_the_laboratory_closes() -> None:
    rest = (
        shut("pause", "lab")
        + "manufacturing: {duration: 1 d}\nrelease_testing: {sterility: 6 d, potency: 2 d, lab: 9}\n"
    )
    ran = small(rest, "0 d, 5 d")
    # tests from day 1: potency is through on 3; sterility has 4 of 6 days by day 5 and ends on 17
    assert ran.days("released") == [17.0, 21.0]


def test_beds_cannot_be_taken_in_a_shut_down() -> None:
    ran = small(shut("finish", "bed") + "infusion: {stay: 3 d}\n", "2 d, 4 d, 6 d", centre="beds: 4")
    # a stay of 3 d that would begin on 4 would reach into a shut-down that is known
    assert ran.days("infusion") == [2.0, 15.0, 15.0]
    held = small(shut("finish", "bed") + "infusion: {stay: 3 d, reservation: admit}\n", "4 d, 6 d", centre="beds: 4")
    assert held.days("infusion") == [4.0, 15.0]
    assert held.days("discharge") == [7.0, 18.0]


@pytest.mark.parametrize("work", ["pause", "lose"])
def test_a_shut_down_of_unlimited_lines_stops_them_too(work: str) -> None:
    ran = small(shut(work) + "manufacturing: {duration: 8 d, attempts: 2}\n", "0 d")
    assert ran.days("manufactured") == [18.0 if work == "pause" else 23.0]
    assert np.isfinite(ran.patients.day("infusion")).all()


# -- nothing begins in a shut-down, on whatever is held and idle when it begins ---------------------------------------

BOOKED = "manufacturing: {duration: 8 d, lines: 3, line_held: {from: booking}}\nscheduling: {duration: 2 d}\n"


def stop(work: str, resource: str, first: str, lasts: str, more: str = "") -> str:
    return f"disruptions: {{f: {{resource: {resource}, work: {work}, from: {first}, for: {lasts}{more}}}}}\n"


@pytest.mark.parametrize("work", ["finish", "pause", "lose"])
def test_no_manufacture_begins_in_a_shut_down_on_a_line_that_was_booked(work: str) -> None:
    ran = small(shut(work) + BOOKED, "2 d, 4 d, 6 d")
    # the first is under way from day 4 on; the cells of the second come on day 6, to a line that is theirs and closed;
    # the third books on day 15
    first = {"finish": 12.0, "pause": 22.0, "lose": None}[work]
    assert ran.days("manufactured") == [first, 23.0, 25.0]
    assert ran.days("received_at_factory") == [4.0, 6.0, 17.0]


def test_no_further_attempt_begins_in_a_shut_down_on_a_line_that_was_kept() -> None:
    kept = "manufacturing: {duration: 8 d, lines: 1, line_held: {to: last_attempt}, failure: 1, attempts: 2}\n"
    ran = small(shut("finish") + kept, "0 d")
    # fails on day 8, is made again from 15 on, and fails on 23
    assert ran.outcomes == ["product_failed"]
    assert ran.patients.end_day.tolist() == [23.0]


@pytest.mark.parametrize("work", ["finish", "pause", "lose"])
@pytest.mark.parametrize(("lasts", "begins"), [("2 d", 5.0), ("6 d", 11.0)])
def test_no_manufacture_that_waits_for_an_opening_begins_in_a_shut_down(work: str, lasts: str, begins: float) -> None:
    made = WEEKDAYS + "manufacturing: {duration: 8 d, lines: 2, calendar: weekdays}\n"
    ran = small(stop(work, "line", "3 d", lasts) + made, "2 d")
    # at the factory on Saturday 2, shut from Sunday 3 to Tuesday 5, or to Saturday 9: then on Monday
    assert ran.days("manufactured") == [begins + 8.0]


@pytest.mark.parametrize("work", ["finish", "pause", "lose"])
def test_no_test_that_waits_for_an_opening_begins_in_a_shut_down(work: str) -> None:
    tests = WEEKDAYS + "release_testing: {sterility: 2 d, lab: 1, calendar: weekdays}\n"
    ran = small(stop(work, "lab", "3 d", "2 d") + tests, "1 d, 2 d")
    # Friday 1 to Sunday 3, the very instant of the shut-down, and the verdict on Monday; then from Tuesday 5
    assert ran.days("released") == [4.0, 7.0]
    ran = small(stop(work, "lab", "3 d", "2 d") + tests, "2 d, 2 d")
    # a place on Saturday 2, in which nothing is done before Tuesday
    assert ran.days("released") == [7.0, 11.0]


def test_a_test_that_is_not_done_takes_no_place_in_the_laboratory() -> None:
    tests = WEEKDAYS + "release_testing: {sterility: 2 d, potency: 0 d, lab: 1, calendar: weekdays}\n"
    ran = small(tests, "4 d, 4 d")
    assert ran.days("released") == [6.0, 8.0]
    assert ran.resource("lab").requests == 2


def in_daytime(duration: str) -> str:
    return DAYTIME + f"apheresis: {{duration: {duration}, calendar: day, fit: true}}\n"


@pytest.mark.parametrize("work", ["finish", "pause", "lose"])
def test_who_waits_in_a_chair_is_not_collected_from_in_a_shut_down(work: str) -> None:
    rest = stop(work, "chair", "1 d", "2.5 d") + in_daytime("0.25 d")
    # too late for the opening of day 0, in which 0.25 days are left until 0.75; shut to noon on day 3
    assert small(rest, "0.625 d", centre="chairs: 1").days("apheresis") == [3.5]
    # it is long enough to noon and a quarter of a day, not for another one
    assert small(rest, "0.625 d, 3.5 d", centre="chairs: 1").days("apheresis") == [3.5, 4.25]


def test_a_collection_that_has_begun_goes_on_to_the_closing_in_a_shut_down() -> None:
    rest = stop("finish", "chair", "0.375 d", "2 d") + in_daytime("0.25 d")
    ran = small(rest, "0.25 d, 0.375 d", centre="chairs: 2")
    # that it fits is for the opening to say, not for a shut-down that nobody knew of
    assert ran.days("collected") == [0.5, 2.625]


def test_a_collection_of_uncertain_length_waits_for_the_end_of_a_shut_down() -> None:
    rest = stop("finish", "chair", "1 d", "2.5 d") + in_daytime("{uniform: [0.125 d, 0.25 d]}")
    ran = small(rest, "0.7 d", centre="chairs: 1")
    # fits neither into what is left of day 0 nor, whatever its length, before day 3
    (collected,) = ran.days("collected")
    assert collected is not None
    assert 3.625 <= collected <= 3.75


def test_a_shut_down_of_one_centre_lets_nothing_begin_there_alone() -> None:
    text = NOTHING_ELSE.format(strategy="autologous", days="0.625 d", centre="chairs: 1")
    text = text.replace("  here: {chairs: 1}", "  here: {chairs: 1}\n  there: {chairs: 1}")
    text = text.replace("centres:", "  there: {centre: there, referral_days: [0.625 d]}\ncentres:")
    rest = stop("finish", "chair", "1 d", "2.5 d", ", centre: there") + in_daytime("0.25 d")
    rest += "patients: {risk_groups: {everybody: {share: 1}}}\nclocks: {waiting: {progression: never}}\n"
    ran = run_scenario(load_text(text + rest + "manufacturing: {duration: 0 d}\n").scenario)
    assert ran.days("apheresis") == [1.25, 3.5]


# -- outages of a part -------------------------------------------------------------------------------------------------

PART = "disruptions: {{leak: {{resource: {}, units: {}, from: 5 d, for: 10 d{}}}}}\n"


def test_two_of_three_lines_are_out() -> None:
    ran = small(PART.format("line", 2, "") + "manufacturing: {duration: 8 d, lines: 3}\n", "0 d, 1 d, 2 d, 6 d, 7 d")
    # what is under way on day 5 goes on; one line is left until day 15, and is in use by the first three until day 10
    assert ran.days("manufactured") == [8.0, 9.0, 10.0, 18.0, 23.0]


def test_outages_of_a_part_add_up_and_take_no_more_than_there_is() -> None:
    more = "storm: {resource: line, units: 2, from: 10 d, for: 10 d}"
    rest = f"disruptions: {{leak: {{resource: line, units: 2, from: 5 d, for: 10 d}}, {more}}}\n"
    ran = small(rest + "manufacturing: {duration: 2 d, lines: 3}\n", "6 d, 6 d, 9 d, 15 d, 15 d")
    # one line on days 5 to 10, none to 15 (4 of 3), one to 20, three from then on
    assert ran.days("manufactured") == [8.0, 10.0, 17.0, 19.0, 21.0]


def test_an_outage_of_more_than_there_are_is_a_shut_down() -> None:
    made = "manufacturing: {duration: 8 d, lines: 2}\n"
    part = small(PART.format("line", 9, "") + made, "0 d, 6 d").days("manufactured")
    assert part == small(shut("finish") + made, "0 d, 6 d").days("manufactured") == [8.0, 23.0]


def test_one_of_two_beds_is_out_and_known_to_be() -> None:
    rest = """
lymphodepletion: {duration: 5 d}
infusion: {stay: 3 d, reservation: book_ahead}
disruptions: {leak: {resource: bed, units: 1, from: 8 d, for: 12 d}}
"""
    ran = small(rest, "4 d, 5 d, 14 d, 15 d", centre="beds: 2")
    # one bed from day 8 to 20: booked for 9 to 12, so the second comes into it on 12; the fourth has one of two on 20
    assert ran.days("lymphodepletion") == [4.0, 7.0, 14.0, 15.0]
    assert ran.days("infusion") == [9.0, 12.0, 19.0, 20.0]


def test_a_part_of_the_chairs_of_one_centre() -> None:
    rest = PART.format("chair", 1, ", centre: here") + "apheresis: {duration: 2 d}\n"
    assert small(rest, "5 d, 5 d, 5 d", centre="chairs: 2").days("collected") == [7.0, 9.0, 11.0]


@pytest.mark.parametrize(("withdrawn_by", "slot"), [("cuts", [0.0, 0.0, 31.0]), ("closures", [0.0, 0.0, 0.0])])
def test_lines_that_are_out_take_their_part_of_the_slots(withdrawn_by: str, slot: list[float]) -> None:
    slots = f"slots: {{count: 4, every: month, lead: 14 d, withdrawn_by: {withdrawn_by}}}"
    rest = f"manufacturing: {{duration: 10 d, lines: 4, {slots}}}\n"
    leak = "disruptions: {leak: {resource: line, units: 2, from: 10 d, for: 10 d}}\n"
    # two of four slots whose manufactures would start on day 14 are not offered
    assert small(rest + leak, "0 d, 0 d, 0 d").days("slot") == slot


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        (PART.format("line", 2, ", work: lose"), "units: is not used: there is no limit to the resource 'line'"),
        (PART.format("line", 2, ""), "units: is not used: there is no limit to the resource 'line'"),
        (PART.format("courier", 2, ""), "units: is not used: a courier has no number of units"),
        (PART.format("line", 0, ""), "found 0; allowed: a whole number from 1 on, or 'all'"),
    ],
)
def test_an_outage_of_a_part_that_says_nothing(rest: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        small(rest + "manufacturing: {duration: 8 d}\n", "0 d")


@pytest.mark.parametrize("opens", [1, 7, 9, 10])
@pytest.mark.parametrize("day", [0, 4, 5, 333, 1000])
def test_work_that_just_fills_openings_ends_on_a_closing_on_every_day(opens: int, day: int) -> None:
    hours = f"calendars: {{day: {{hours: [{opens} h, {opens + 8} h]}}}}\n"
    rest = hours + "work_up: {duration: 16 h, calendar: day, working_time: true}\n"
    ran = small(rest, f"{day} d, {day + 0.99} d", "autologous", "", LONG)
    assert ran.days("listing") == pytest.approx([day + 1 + (opens + 8) / 24, day + 2 + (opens + 8) / 24], abs=1e-6)


@pytest.mark.parametrize("chairs", ["", "chairs: 1"])
@pytest.mark.parametrize("length", [1, 7, 8])
def test_what_is_as_long_as_an_opening_fits_into_it_on_every_day(length: int, chairs: str) -> None:
    for hour in range(16):
        rest = (
            f"calendars: {{day: {{hours: [{hour} h, {hour + length} h]}}}}\n"
            f"apheresis: {{duration: {length} h, calendar: day, fit: true}}\n"
        )
        ran = small(rest, ", ".join(f"{day} d" for day in SOME_DAYS), "autologous", chairs, LONG)
        assert ran.days("apheresis") == pytest.approx([day + hour / 24 for day in SOME_DAYS], abs=1e-6)


def test_nothing_begins_on_a_closing_that_work_ends_on() -> None:
    rest = (
        "calendars: {day: {hours: [9 h, 17 h]}}\n"
        "work_up: {duration: 16 h, calendar: day, working_time: true}\n"
        "apheresis: {duration: 0 d, calendar: day}\n"
    )
    ran = small(rest, ", ".join(f"{day} d" for day in SOME_DAYS), "autologous", "", LONG)
    assert ran.days("apheresis") == pytest.approx([day + 2 + 9 / 24 for day in SOME_DAYS], abs=1e-6)
