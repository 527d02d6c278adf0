"""Small autologous timelines worked out by hand, from YAML to the day."""

from __future__ import annotations

import pytest

from tests.runs import Ran, small

# A clock on which every patient leaves this many days after referral, to the ten-millionth of a day.
LEAVES_AFTER = "{{piecewise: {{0 d: 0 / d, {days} d: 1000000 / d}}}}"


def leaving(days: int, clock: str = "death") -> str:
    return "clocks: {waiting: {" + clock + ": " + LEAVES_AFTER.format(days=days) + ", ends_eligibility: 1}}\n"


def test_every_stage_comes_in_its_turn() -> None:
    ran = small(
        """
work_up: {duration: 3 d}
scheduling: {duration: 4 d}
apheresis: {duration: 1 d}
shipping: {to_factory: 2 d, to_centre: 1 d}
manufacturing: {duration: 9 d}
release_testing: {sterility: 14 d, potency: 7 d, identity: 3 d, review: 2 d}
infusion: {scheduling: 6 d, stay: 15 d}
lymphodepletion: {duration: 5 d}
""",
        "10 d",
    )
    assert ran.days("listing") == [13.0]
    assert ran.days("slot") == [13.0]
    assert ran.days("apheresis") == [17.0]
    assert ran.days("collected") == [18.0]
    assert ran.days("received_at_factory") == [20.0]
    assert ran.days("manufactured") == [29.0]
    assert ran.days("released") == [45.0]  # the longest test, then the review
    assert ran.days("product_received") == [46.0]
    assert ran.days("lymphodepletion") == [52.0]
    assert ran.days("infusion") == [57.0]
    assert ran.days("discharge") == [72.0]
    assert ran.outcomes == ["infused"]
    assert ran.patients.between("apheresis", "infusion").tolist() == [40.0]


def test_patients_queue_for_one_line_in_the_order_of_their_cells() -> None:
    ran = small("manufacturing: {lines: 1, duration: 10 d}", "0 d, 2 d, 3 d, 40 d")
    assert ran.days("manufacturing") == [0.0, 10.0, 20.0, 40.0]
    assert ran.days("infusion") == [10.0, 20.0, 30.0, 50.0]
    line = ran.resource("line")
    assert (line.requests, line.delayed, line.queue_days_total, line.queue_days_max) == (4, 2, 25.0, 17.0)
    assert line.in_use_mean == pytest.approx(40 / 400)
    assert line.queue_mean == pytest.approx(25 / 400)


def test_referral_on_the_same_day_is_served_in_order_of_number_and_a_unit_given_back_that_day_goes_on() -> None:
    ran = small("manufacturing: {lines: 1, duration: 5 d}", "0 d, 5 d, 5 d")
    assert ran.days("manufacturing") == [0.0, 5.0, 10.0]


def conditional(
    sterility: str, more: str = "", rest: str = "", making: str = "duration: 10 d", days: str = "0 d"
) -> Ran:
    """A culture of 10 days; an early reading after 7 days, a day of review and 2 days on the way."""
    return small(
        f"""
manufacturing: {{{making}}}
release_testing: {{sterility: {sterility}, potency: 5 d, review: 1 d, conditional: {{sterility: 7 d}}{more}}}
shipping: {{to_centre: 2 d}}
infusion: {{scheduling: 3 d}}
{rest}
""",
        days,
    )


def test_after_a_conditional_release_the_centre_waits_for_what_is_left_of_the_sterility_test() -> None:
    ran = conditional("14 d")
    assert ran.days("sterility_test_begun") == [10.0]
    assert ran.days("released") == [18.0]
    assert ran.days("product_received") == [20.0]
    assert ran.days("sterility_test_ended") == [24.0]
    assert ran.days("lymphodepletion") == [27.0]
    assert ran.patients.between("apheresis", "product_received").tolist() == [20.0]


def test_a_sterility_test_that_is_over_before_the_product_is_at_the_centre_delays_nothing() -> None:
    for sterility in ("9 d", "10 d"):
        ran = conditional(sterility)
        assert ran.days("product_received") == ran.days("sterility_test_ended") == [20.0]
        assert ran.days("lymphodepletion") == [23.0]


def test_a_product_that_the_finished_test_condemns_is_made_again() -> None:
    ran = small(
        """
manufacturing: {duration: 10 d, attempts: 2, lines: 1, line_held: {to: last_attempt}}
release_testing: {sterility: 14 d, review: 1 d, conditional: {sterility: 7 d, recall: 1}}
shipping: {to_centre: 2 d}
""",
        "0 d, 0 d",
    )
    # condemned on day 24 and again on day 48; the line is held until then
    assert ran.outcomes == ["product_failed", "product_failed"]
    assert ran.patients.end_day.tolist() == [48.0, 96.0]
    assert ran.days("product_received") == [44.0, 92.0]
    assert ran.days("sterility_test_ended") == [None, None]
    assert ran.patients.made_count.tolist() == [2, 2]


def test_a_conditional_release_that_fails_is_known_before_the_sterility_test_is_over() -> None:
    ran = conditional("14 d", ", failure: 1", "", "duration: 10 d, attempts: 2")
    assert ran.patients.end_day.tolist() == [36.0]


def test_a_line_held_to_release_is_free_at_the_conditional_release() -> None:
    ran = conditional("14 d", "", "", "duration: 10 d, lines: 1, line_held: {to: release}", "0 d, 0 d")
    assert ran.days("manufacturing") == [0.0, 18.0]
    assert ran.days("lymphodepletion") == [27.0, 45.0]


def test_a_place_in_the_lab_is_held_up_to_the_early_reading() -> None:
    ran = conditional("14 d", ", lab: 2", "", "duration: 10 d", "0 d, 0 d")
    # the first has both places, for sterility and potency; the second follows as they become free, on 15 and 17
    assert ran.days("sterility_test_begun") == [10.0, 15.0]
    assert ran.days("released") == [18.0, 23.0]
    assert ran.days("sterility_test_ended") == [24.0, 29.0]
    assert ran.resource("lab").in_use_mean == pytest.approx(2 * (7 + 5) / 400)


def test_a_shut_down_of_the_lab_reaches_a_test_that_goes_on_while_the_product_is_away() -> None:
    shut = "disruptions: {{fire: {{resource: lab, from: {} d, for: 3 d, work: {}}}}}\n"
    paused = conditional("14 d", "", shut.format(21, "pause"))
    assert paused.days("released") == [18.0]
    assert paused.days("sterility_test_ended") == [27.0]
    for day, found in ((22, 22.0), (19, 20.0)):  # lost on the way, it is known at the centre
        lost = conditional("14 d", "", shut.format(day, "lose"))
        assert lost.outcomes == ["product_failed"]
        assert lost.patients.end_day.tolist() == [found]


def test_who_leaves_while_the_test_goes_on_is_not_infused_and_their_product_has_been_received() -> None:
    ran = conditional("14 d", "", leaving(22))
    assert ran.outcomes == ["died"]
    assert ran.days("product_received") == [20.0]
    assert ran.days("sterility_test_ended") == [None]
    finished = conditional("14 d", "", leaving(17), "duration: 10 d, on_leave: finish")
    assert finished.patients.made_day.tolist() == [18.0]
    assert finished.days("product_received") == [None]


def test_a_line_held_from_booking_to_release_is_taken_before_apheresis() -> None:
    ran = small(
        """
scheduling: {duration: 2 d}
apheresis: {duration: 1 d}
manufacturing: {lines: 1, duration: 10 d, line_held: {from: booking, to: release}}
release_testing: {sterility: 7 d}
shipping: {to_centre: 1 d}
""",
        "0 d, 1 d",
    )
    assert ran.days("slot") == [0.0, 20.0]
    assert ran.days("apheresis") == [2.0, 22.0]
    assert ran.days("released") == [20.0, 40.0]
    assert ran.days("infusion") == [21.0, 41.0]


def test_a_patient_who_leaves_while_holding_gives_everything_back_on_that_day() -> None:
    ran = small(
        "manufacturing: {lines: 1, duration: 30 d}\n" + leaving(20),
        "0 d, 5 d",
    )
    assert ran.outcomes == ["died", "died"]
    assert ran.patients.end_day.tolist() == pytest.approx([20.0, 25.0], abs=1e-4)
    # the second got the line when the first died, and left it five days later
    assert ran.trace.uses.began.tolist() == pytest.approx([0.0, 20.0], abs=1e-4)
    assert ran.trace.uses.ended.tolist() == pytest.approx([20.0, 25.0], abs=1e-4)


def test_a_waiter_whose_day_has_come_is_passed_over() -> None:
    ran = small("manufacturing: {lines: 1, duration: 19 d}\n" + leaving(20), "0 d, 1 d, 2 d, 18.5 d")
    # the line is free on day 19: the second goes at 21, the third gets the line then, and goes at 22
    assert ran.outcomes == ["infused", "died", "died", "died"]
    assert ran.days("manufacturing") == [0.0, 19.0, pytest.approx(21.0), pytest.approx(22.0)]


def test_the_clock_wins_when_infusion_falls_on_the_same_instant() -> None:
    exact = "clocks: {waiting: {death: {piecewise: {0 d: 0 / d, 20 d: 1000000 / d}}}}"
    ran = small(f"manufacturing: {{duration: 20 d}}\n{exact}", "0 d")
    leave = ran.trace.leave_day[0]
    assert ran.outcomes == ["infused"]  # the threshold falls a hair after day 20
    assert leave == float("inf")


@pytest.mark.parametrize(
    ("attempts", "outcome", "day"), [(1, "collection_failed", 1.0), (3, "collection_failed", 25.0)]
)
def test_a_collection_that_always_falls_short_is_repeated_after_a_gap(attempts: int, outcome: str, day: float) -> None:
    ran = small(
        f"apheresis: {{duration: 1 d, shortfall: 1, repeat_after: 11 d, attempts: {attempts}}}\n", "0 d", "autologous"
    )
    assert ran.outcomes == [outcome]
    assert ran.patients.end_day.tolist() == [day]
    assert ran.patients.attempts["collection"].tolist() == [attempts]
    assert ran.days("apheresis") == [0.0]


def test_a_failed_product_is_made_again_from_retained_cells() -> None:
    ran = small(
        "manufacturing: {lines: 1, duration: 10 d, remake_duration: 7 d, failure: 1, attempts: 3}\n", "0 d, 4 d"
    )
    # lines are held for culture only; a remake queues with its first key, so the first patient goes before the second
    assert ran.outcomes == ["product_failed", "product_failed"]
    assert ran.patients.end_day.tolist() == [24.0, 48.0]
    assert ran.patients.attempts["manufacture"].tolist() == [3, 3]


def test_a_failed_product_is_made_again_from_a_new_collection() -> None:
    ran = small(
        """
apheresis: {duration: 1 d}
shipping: {to_factory: 2 d}
manufacturing: {duration: 10 d, failure: 1, attempts: 2, remake_from: apheresis}
""",
        "0 d",
    )
    assert ran.patients.end_day.tolist() == [26.0]
    assert ran.days("apheresis") == [0.0]
    assert ran.days("repeat_apheresis") == [13.0]


@pytest.mark.parametrize(
    ("on_leave", "line_ends", "made"),
    [("stop", 20.0, 0), ("finish_stage", 30.0, 0), ("finish", 30.0, 1)],
)
def test_work_under_way_when_the_patient_leaves(on_leave: str, line_ends: float, made: int) -> None:
    ran = small(
        f"""
manufacturing: {{lines: 1, duration: 30 d, on_leave: {on_leave}}}
release_testing: {{sterility: 7 d}}
"""
        + leaving(20),
        "0 d",
    )
    assert ran.outcomes == ["died"]
    assert ran.patients.end_day.tolist() == pytest.approx([20.0])
    assert ran.trace.uses.ended.tolist() == pytest.approx([line_ends])
    assert ran.patients.made_count.tolist() == [made]
    assert ran.days("released") == [None]


def test_a_product_out_of_specification_takes_extra_days_where_it_is_accepted() -> None:
    release = "release_testing: {{sterility: 7 d, out_of_specification: 1, accepted: {accepted}, exception: 3 d}}\n"
    accepted = small("manufacturing: {duration: 10 d}\n" + release.format(accepted=1), "0 d")
    assert accepted.days("infusion") == [20.0]
    assert accepted.days("out_of_specification") == [20.0]
    refused = small("manufacturing: {duration: 10 d, attempts: 2}\n" + release.format(accepted=0), "0 d")
    assert refused.outcomes == ["product_failed"]
    assert refused.patients.end_day.tolist() == [34.0]


def test_tests_compete_for_laboratory_places() -> None:
    ran = small("release_testing: {sterility: 14 d, potency: 7 d, identity: 3 d, lab: 2}\n", "0 d")
    # two places: sterility and potency first, identity after potency
    assert ran.days("released") == [14.0]
    ran = small("release_testing: {sterility: 14 d, potency: 7 d, identity: 3 d, lab: 1}\n", "0 d, 1 d")
    assert ran.days("released") == [24.0, 48.0]


def test_a_bed_can_be_held_from_lymphodepletion_on() -> None:
    rest = "lymphodepletion: {{duration: 5 d}}\ninfusion: {{stay: 10 d, reservation: {}}}\n"
    late = small(rest.format("book_ahead"), "0 d, 1 d", "autologous", "beds: 1")
    assert late.days("infusion") == [5.0, 15.0]
    assert late.days("lymphodepletion") == [0.0, 10.0]
    early = small(rest.format("admit"), "0 d, 1 d", "autologous", "beds: 1")
    assert early.days("lymphodepletion") == [0.0, 15.0]
    assert early.days("infusion") == [5.0, 20.0]


def test_capacity_changes_on_its_dates_and_a_cut_takes_nothing_away() -> None:
    ran = small(
        "manufacturing: {lines: {0 d: 2, 5 d: 1, 2026-02-10: 3}, duration: 20 d}\n",
        "0 d, 0 d, 6 d, 7 d, 8 d",
    )
    # two run on to day 20 in spite of the cut; one line then; three from day 40 on
    assert ran.days("manufacturing") == [0.0, 0.0, 20.0, 40.0, 40.0]


def test_capacity_that_is_unlimited_for_a_time_counts_who_is_there_when_it_ends() -> None:
    ran = small("manufacturing: {lines: {0 d: unlimited, 5 d: 1}, duration: 20 d}\n", "0 d, 0 d, 6 d")
    assert ran.days("manufacturing") == [0.0, 0.0, 20.0]


def test_bridging_slows_progression_until_lymphodepletion() -> None:
    clocks = "clocks: {waiting: {progression: {piecewise: {0 d: 0 / d, 10 d: 1000000 / d}}, ends_eligibility: 1}}\n"
    assert small("manufacturing: {duration: 30 d}\n" + clocks, "0 d").outcomes == ["progressed"]
    bridged = "bridging: {share: 1, start: 5 d, response: 1, hazard: 0}\n"
    assert small("manufacturing: {duration: 30 d}\n" + clocks + bridged, "0 d").outcomes == ["infused"]
    late = small("manufacturing: {duration: 30 d}\nlymphodepletion: {duration: 5 d}\n" + clocks + bridged, "0 d")
    assert late.outcomes == ["progressed"]
    assert late.patients.end_day.tolist() == pytest.approx([30.0])


def test_the_clocks_after_apheresis_take_the_place_of_those_before() -> None:
    clocks = """
clocks:
  waiting: {death: {piecewise: {0 d: 0 / d, 10 d: 1000000 / d}}}
  after_apheresis: {removal: {piecewise: {0 d: 0 / d, 25 d: 1000000 / d}}}
"""
    ran = small("scheduling: {duration: 8 d}\nmanufacturing: {duration: 30 d}\n" + clocks, "0 d")
    assert ran.outcomes == ["withdrawn"]
    assert ran.patients.end_day.tolist() == pytest.approx([33.0])
    late = small("scheduling: {duration: 12 d}\nmanufacturing: {duration: 30 d}\n" + clocks, "0 d")
    assert late.outcomes == ["died"]


def test_progression_without_loss_of_eligibility_is_counted_and_the_path_goes_on() -> None:
    clocks = "clocks: {waiting: {progression: {piecewise: {0 d: 0 / d, 10 d: 1000000 / d}}}}\n"
    ran = small("manufacturing: {duration: 30 d}\n" + clocks, "0 d, 3 d")
    assert ran.outcomes == ["infused", "infused"]
    assert ran.patients.progressed.tolist() == [True, True]
    assert ran.patients.progression_day.tolist() == pytest.approx([10.0, 13.0])
    before = small("manufacturing: {duration: 9 d}\n" + clocks, "0 d")
    assert before.patients.progressed.tolist() == [False]


def test_who_is_not_resolved_at_the_end_of_follow_up_is_waiting() -> None:
    ran = small("manufacturing: {duration: 500 d}\n", "0 d, 399 d")
    assert ran.outcomes == ["waiting", "waiting"]
    assert ran.days("infusion") == [None, None]
