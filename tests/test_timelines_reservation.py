"""Beds and treatment places booked for the day of infusion before lymphodepletion: timelines worked out by hand.

`run_scenario` runs each on both engines. 1 January 2026 is a Thursday.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.trace import PATIENT
from sim.scenario import ScenarioError
from tests.runs import Ran, small

LYMPHODEPLETION = "lymphodepletion: {duration: 5 d}\n"


def stay(days: str = "10 d", *more: str) -> str:
    """A section on infusion, after five days of lymphodepletion."""
    return LYMPHODEPLETION + f"infusion: {{{', '.join([f'stay: {days}', *more])}}}\n"


def booked(ran: Ran, resource: str = "bed_booking") -> list[tuple[int, float, float, float]]:
    """(patient, asked, granted, taken up or given up) of each booking, in order of asking."""
    uses = ran.trace.uses
    place = [r.name for r in ran.protocol.resources].index(resource)
    mine = (uses.resource == place) & (uses.kind == PATIENT)
    rows = zip(uses.entity[mine], uses.asked[mine], uses.began[mine], uses.ended[mine], strict=True)
    return sorted((int(who), float(asked), float(began), float(ended)) for who, asked, began, ended in rows)


# -- two beds, four patients: the three ways beside each other -----------------------------------------------------


def test_booked_ahead_lymphodepletion_ends_when_the_bed_is_free() -> None:
    ran = small(stay(), "0 d, 0 d, 1 d, 2 d", centre="beds: 2")
    # beds from 5 to 15, twice; the next two may begin on 10
    assert ran.days("lymphodepletion") == [0.0, 0.0, 10.0, 10.0]
    assert ran.days("infusion") == [5.0, 5.0, 15.0, 15.0]
    assert ran.days("discharge") == [15.0, 15.0, 25.0, 25.0]
    assert booked(ran) == [(0, 0.0, 0.0, 5.0), (1, 0.0, 0.0, 5.0), (2, 1.0, 10.0, 15.0), (3, 2.0, 10.0, 15.0)]


def test_held_a_bed_stands_idle_during_lymphodepletion() -> None:
    ran = small(stay("10 d", "reservation: hold"), "0 d, 0 d, 1 d, 2 d", centre="beds: 2")
    assert ran.days("lymphodepletion") == [0.0, 0.0, 15.0, 15.0]
    assert ran.days("discharge") == [15.0, 15.0, 30.0, 30.0]


def test_booking_ahead_uses_less_of_the_beds_and_is_through_sooner() -> None:
    ahead, held, admitted = (
        small(stay("10 d", f"reservation: {way}"), "0 d, 0 d, 1 d, 2 d", centre="beds: 2")
        for way in ("book_ahead", "hold", "admit")
    )
    # 4 stays of 10 days in 2 beds over 400 days; held, 4 times 5 days more
    bed = ahead.resource("bed")
    assert (bed.utilisation, bed.occupied_share, bed.reserved_share) == (40 / 800, 40 / 800, 0.0)
    bed = held.resource("bed")
    assert (bed.utilisation, bed.reserved_share) == (60 / 800, 20 / 800)
    assert bed.occupied_share == pytest.approx(40 / 800, rel=1e-12)
    assert (bed.in_use_mean, bed.reserved_mean) == (60 / 400, 20 / 400)
    bed = admitted.resource("bed")
    assert (bed.utilisation, bed.occupied_share, bed.reserved_share) == (60 / 800, 60 / 800, 0.0)
    # the same four are through by 25 in place of 30: 4 in 25 days are more than 4 in 30
    assert max(filter(None, ahead.days("discharge"))) == 25.0
    assert max(filter(None, held.days("discharge"))) == max(filter(None, admitted.days("discharge"))) == 30.0


# -- what a booking takes into account -----------------------------------------------------------------------------


def test_bookings_of_others_count() -> None:
    # three may not be infused on 5 in two beds, though both beds are empty until then
    assert small(stay(), "0 d, 0 d, 0 d", centre="beds: 2").days("lymphodepletion") == [0.0, 0.0, 10.0]


def test_a_stay_as_planned_is_expected_and_not_the_one_drawn() -> None:
    ran = small(stay("10 d", "planned_stay: 14 d"), "0 d, 6 d", centre="beds: 1")
    # expected until 19, so that lymphodepletion could begin on 14; but the bed is given back on 15, after that
    assert ran.days("lymphodepletion") == [0.0, 14.0]
    assert ran.days("infusion") == [5.0, 19.0]
    early = small(stay("4 d", "planned_stay: 14 d"), "0 d, 6 d", centre="beds: 1")
    # given back on 9, and looked at again
    assert early.days("lymphodepletion") == [0.0, 9.0]


def test_who_stays_longer_than_planned_keeps_the_booked_patient_waiting() -> None:
    ran = small(stay("10 d", "planned_stay: 7 d"), "0 d, 1 d", centre="beds: 1")
    # expected until 12: lymphodepletion from 7 to 12; the bed is free on 15
    assert ran.days("lymphodepletion") == [0.0, 7.0]
    assert ran.days("ready_for_infusion") == [5.0, 12.0]
    assert ran.days("infusion") == [5.0, 15.0]
    assert ran.rows("infusion_deferred_for_bed") == [False, True]
    assert ran.rows("infusion_deferred_for_bed_days") == [0.0, 3.0]


def test_who_waits_for_their_bed_counts_from_now_on() -> None:
    ran = small(stay("10 d", "planned_stay: 7 d"), "0 d, 1 d, 2 d", centre="beds: 1")
    # the second is overdue from 12 to 15 and in the bed to 25, expected to 22; the third begins on 17, ready on 22
    assert ran.days("lymphodepletion") == [0.0, 7.0, 17.0]
    assert ran.days("infusion") == [5.0, 15.0, 25.0]


def test_the_first_who_waits_comes_first() -> None:
    rest = "lymphodepletion: {duration: 5 d}\ninfusion: {stay: 10 d}\n"
    ran = small(rest, "0 d, 1 d, 2 d, 3 d", centre="beds: 1")
    assert ran.days("infusion") == [5.0, 15.0, 25.0, 35.0]


def test_the_mean_time_in_hospital_is_planned_in_whole_days() -> None:
    toxic = "toxicity: {crs: {onset: 1 d, grades: {any: {share: 0.5, duration: 5 d}}}}\n"
    # 10 + half of 6 days
    ran = small(stay() + toxic, "0 d", centre="beds: 1")
    plan = next(r for r in ran.protocol.resources if r.name == "bed_booking")
    assert plan.planned == 13.0  # type: ignore[union-attr]


def test_a_cut_that_is_known_is_seen() -> None:
    ran = small(stay(), "0 d, 0 d", centre="beds: {0 d: 2, 12 d: 1}")
    # from 12 on there is one bed, in which the first is expected until 15
    assert ran.days("lymphodepletion") == [0.0, 10.0]
    assert ran.days("infusion") == [5.0, 15.0]


def storm(announced: str) -> str:
    told = f", announced: {announced}" if announced else ""
    return f"disruptions: {{storm: {{resource: bed, from: 8 d, for: 12 d{told}}}}}\n"


def test_a_shut_down_counts_once_it_is_announced() -> None:
    known = small(stay("3 d") + storm(""), "1 d, 4 d", centre="beds: 2")
    # 6 to 9 would reach into it; from 15 on they are ready when it is over
    assert known.days("lymphodepletion") == [15.0, 15.0]
    late = small(stay("3 d") + storm("5 d"), "1 d, 4 d", centre="beds: 2")
    # booked on 1, before it is known on 3; that booking stands
    assert late.days("lymphodepletion") == [1.0, 15.0]
    assert late.days("infusion") == [6.0, 20.0]


def test_beds_that_close_after_lymphodepletion_has_begun_move_the_infusion() -> None:
    ran = small(stay("3 d") + storm("0 d"), "4 d, 5 d", centre="beds: 1")
    # booked for 9 and 12, before anybody knows; the shut-down is over on 20
    assert ran.days("lymphodepletion") == [4.0, 7.0]
    assert ran.days("ready_for_infusion") == [9.0, 12.0]
    assert ran.days("infusion") == [20.0, 23.0]
    assert ran.rows("infusion_deferred_for_bed_days") == [11.0, 11.0]
    # who asks once it is known does not begin before it may end in a bed
    later = small(stay("3 d") + storm("0 d"), "4 d, 9 d", centre="beds: 1")
    assert later.days("lymphodepletion") == [4.0, 18.0]
    assert later.days("infusion") == [20.0, 23.0]


def test_lymphodepletion_begins_on_opening_days_and_the_booking_knows() -> None:
    mondays = "calendars: {mondays: {days: [mon]}}\nlymphodepletion: {duration: 5 d, calendar: mondays}\n"
    ran = small(mondays + "infusion: {stay: 10 d}\n", "0 d, 0 d, 1 d", centre="beds: 1")
    # Mondays are 4, 11, 18, 25, 32; beds from 9 to 19, then from 23 to 33, then from 37
    assert ran.days("lymphodepletion") == [4.0, 18.0, 32.0]
    assert ran.days("infusion") == [9.0, 23.0, 37.0]
    assert [began for _, _, began, _ in booked(ran)] == [0.0, 18.0, 32.0]


def test_without_lymphodepletion_a_booking_is_a_bed() -> None:
    ran = small(
        "infusion: {stay: {exponential: {mean: 9 d}}}\n", ", ".join(f"{3 * k} d" for k in range(60)), centre="beds: 3"
    )
    plain = small(
        "infusion: {stay: {exponential: {mean: 9 d}}, reservation: admit}\n",
        ", ".join(f"{3 * k} d" for k in range(60)),
        centre="beds: 3",
    )
    assert ran.days("infusion") == plain.days("infusion")
    assert plain.resource("bed").delayed > 5


# -- beds that are made ready for the next --------------------------------------------------------------------------


TURNED = "lymphodepletion: {{duration: 3 d}}\ninfusion: {{stay: 5 d, turn_round: 2 d, reservation: {}}}\n"


def test_a_bed_is_booked_until_it_is_ready_for_the_next() -> None:
    ran = small(TURNED.format("book_ahead"), "0 d, 1 d, 2 d", centre="beds: 1")
    # in the bed from 3 to 8, ready on 10; lymphodepletion begins so that the next is infused then
    assert ran.days("lymphodepletion") == [0.0, 7.0, 14.0]
    assert ran.days("infusion") == [3.0, 10.0, 17.0]
    assert ran.days("discharge") == [8.0, 15.0, 22.0]
    bed = ran.resource("bed")
    assert (bed.utilisation, bed.occupied_share, bed.turn_round_share) == (21 / 400, 15 / 400, 6 / 400)
    assert (bed.in_use_mean, bed.turn_round_mean, bed.reserved_share) == (21 / 400, 6 / 400, 0.0)


@pytest.mark.parametrize(("reservation", "reserved"), [("hold", 9), ("admit", 0)])
def test_a_bed_is_given_when_it_is_ready(reservation: str, reserved: int) -> None:
    ran = small(TURNED.format(reservation), "0 d, 1 d, 2 d", centre="beds: 1")
    assert ran.days("lymphodepletion") == [0.0, 10.0, 20.0]
    assert ran.days("discharge") == [8.0, 18.0, 28.0]
    bed = ran.resource("bed")
    assert bed.reserved_mean * 400 == reserved
    assert bed.turn_round_mean * 400 == 6.0
    assert bed.in_use_mean * 400 == 30.0


def test_two_beds_and_who_stays_longer_than_planned() -> None:
    rest = TURNED.format("book_ahead").replace("stay: 5 d", "stay: 5 d, planned_stay: 4 d")
    ran = small(rest, "0 d, 0 d, 0 d", centre="beds: 2")
    # booked for 6 days from 3 on, so the third may come on 9: beds are free on 10 only
    assert ran.days("lymphodepletion") == [0.0, 0.0, 6.0]
    assert ran.days("infusion") == [3.0, 3.0, 10.0]


def test_beds_in_intensive_care_are_made_ready_too() -> None:
    toxic = "toxicity: {crs: {grades: {any: {share: 1, duration: 1 d, icu: 1}}}, icu: {stay: 4 d, turn_round: 3 d}}\n"
    ran = small(toxic + "infusion: {stay: 1 d}\n", "0 d, 0 d", centre="icu: 1")
    # in intensive care from 0 to 4, and from 7 to 11
    assert ran.days("icu") == [0.0, 7.0]
    assert ran.days("discharge") == [6.0, 13.0]
    assert ran.resource("icu").turn_round_mean * 400 == 6.0


# -- who leaves, and who comes back --------------------------------------------------------------------------------


def test_who_dies_gives_up_their_booking() -> None:
    dies = "clocks: {waiting: {death: {piecewise: {0 d: 0 / d, 3 d: 1000000 / d}}}}\n"
    ran = small(stay() + dies, "0 d, 1 d", centre="beds: 1")
    assert ran.outcomes == ["died", "died"]
    (_, _, began, ended), (_, asked, second, _) = booked(ran)
    assert (began, ended) == pytest.approx((0.0, 3.0))
    # the second is granted what the first gave up, and dies in lymphodepletion
    assert (asked, second) == pytest.approx((1.0, 3.0))


def test_who_comes_back_from_intensive_care_takes_their_turn_among_the_booked() -> None:
    crs = "crs: {onset: 1 d, grades: {bad: {share: 1, duration: 3 d, icu: 1}}}"
    toxic = f"toxicity: {{{crs}, icu: {{stay: 5 d, bed: freed}}}}\n"
    ran = small(stay("10 d", "planned_stay: 2 d") + toxic, "0 d, 1 d, 6 d", centre="beds: 1, icu: 3")
    assert ran.days("lymphodepletion") == [0.0, 2.0, 6.0]
    # bed 5 to 6 and 7 to 8, intensive care to 11 and 13; on 11 the first comes back and the third is ready
    assert ran.days("ready_for_infusion") == [5.0, 7.0, 11.0]
    # the first has the bed to 24; then the third, who has waited for longer than the second; and so on
    assert ran.days("infusion") == [5.0, 7.0, 24.0]
    assert ran.days("discharge") == [24.0, 38.0, 51.0]
    assert ran.rows("infusion_deferred_for_bed_days") == [0.0, 0.0, 13.0]


def test_beds_without_limit_need_no_booking() -> None:
    ran = small(stay(), "0 d, 0 d")
    assert [r.name for r in ran.protocol.resources if "booking" in r.name] == []
    assert ran.rows("infusion_deferred_for_bed") == [False, False]


# -- infusions put off ---------------------------------------------------------------------------------------------


def test_an_infusion_that_is_put_off_moves_its_booking() -> None:
    ran = small(stay("10 d", "deferral: {share: 1, days: 4 d}"), "0 d, 1 d", centre="beds: 1")
    # ready on 9 in place of 5, in the bed to 19; the second was looked at when the bed was taken: expected to 19
    assert ran.days("ready_for_infusion") == [9.0, 23.0]
    assert ran.days("infusion") == [9.0, 23.0]
    assert ran.days("lymphodepletion") == [0.0, 14.0]
    assert ran.rows("infusion_deferred_for_bed") == [False, False]
    assert np.isfinite(ran.patients.day("deferral")).all()


def test_who_is_put_off_for_too_long_has_lymphodepletion_again() -> None:
    deferral = "deferral: {share: 1, days: {empirical: [3 d, 30 d]}, repeat_after: 14 d}"
    ran = small(stay("10 d", deferral), ", ".join(f"{40 * k} d" for k in range(8)), centre="beds: 8")
    again = np.asarray(ran.trace.passes)[:, ran.trace.milestones.index("lymphodepletion")]
    assert (again.min(), again.max() > 1) == (1, True)
    # each repetition begins when the 30 days are over that began 5 days after it had begun
    for k, (count, started) in enumerate(zip(again, ran.days("lymphodepletion"), strict=True)):
        assert started == 40.0 * k + 35.0 * (count - 1)
        assert ran.days("infusion")[k] == started + 8.0
    # a booking is given up after 14 days, 19 after it was granted, and asked for anew
    first = next(k for k, count in enumerate(again) if count > 1)
    days = [(asked, ended) for who, asked, _, ended in booked(ran) if who == first]
    assert days[0] == (40.0 * first, 40.0 * first + 19.0)
    assert days[1][0] == 40.0 * first + 35.0


def test_a_held_bed_is_given_back_before_lymphodepletion_is_repeated() -> None:
    deferral = "deferral: {share: 1, days: {empirical: [3 d, 30 d]}, repeat_after: 14 d}"
    ran = small(stay("10 d", "reservation: hold", deferral), "0 d", centre="beds: 1")
    count = int(ran.trace.passes[0, ran.trace.milestones.index("lymphodepletion")])
    # 19 idle days for each course that came to nothing, and 8 before infusion
    bed = ran.resource("bed")
    assert bed.reserved_mean * 400 == 19.0 * (count - 1) + 8.0
    assert bed.in_use_mean * 400 == bed.reserved_mean * 400 + 10.0


# -- outpatients ---------------------------------------------------------------------------------------------------


def test_outpatients_book_a_place_for_the_day_of_infusion() -> None:
    rest = LYMPHODEPLETION + "infusion: {model: outpatient}\n"
    ran = small(rest, "0 d, 0 d, 0 d, 0.5 d", centre="places: 1")
    assert ran.days("infusion") == [5.0, 6.0, 7.0, 8.0]
    assert ran.days("lymphodepletion") == [0.0, 1.0, 2.0, 3.0]
    assert ran.days("discharge") == [6.0, 7.0, 8.0, 9.0]
    assert small(rest, "0 d, 0 d", centre="").days("infusion") == [5.0, 5.0]


def test_a_toxicity_of_outpatients_counts_from_infusion() -> None:
    rest = LYMPHODEPLETION + "infusion: {model: outpatient}\n"
    toxic = "toxicity: {crs: {onset: 3 d, grades: {any: {share: 1, duration: 2 d}}}}\n"
    assert small(rest + toxic, "0 d", centre="places: 1").days("crs") == [8.0]
    early = toxic.replace("3 d", "0.5 d")
    # during the day at the place: in a bed when it is over
    assert small(rest + early, "0 d", centre="places: 1").days("crs") == [6.0]


# -- infusions a day -----------------------------------------------------------------------------------------------


def test_inpatients_book_a_place_beside_their_bed() -> None:
    ran = small(stay("10 d"), "0 d, 0 d, 0 d, 4 d", centre="places: 1, beds: 9")
    assert ran.days("lymphodepletion") == [0.0, 1.0, 2.0, 4.0]
    assert ran.days("infusion") == [5.0, 6.0, 7.0, 9.0]
    assert ran.days("discharge") == [15.0, 16.0, 17.0, 19.0]
    place = ran.resource("place")
    assert (place.occupied_share, place.turn_round_mean) == (0.0, 4 / 400)


def test_whichever_is_scarcer_decides() -> None:
    ran = small(stay("3 d"), "0 d, 0 d, 0 d", centre="places: 1, beds: 1")
    assert ran.days("infusion") == [5.0, 8.0, 11.0]
    two = small(stay("3 d"), "0 d, 0 d, 0 d, 0 d", centre="places: 1, beds: 2")
    # beds from 5 and 6 on, then from 8 and 9
    assert two.days("infusion") == [5.0, 6.0, 8.0, 9.0]
    assert two.days("lymphodepletion") == [0.0, 1.0, 3.0, 4.0]


def test_who_is_admitted_at_once_waits_for_a_place_in_bed() -> None:
    rest = LYMPHODEPLETION + "infusion: {stay: 10 d, reservation: admit}\n"
    ran = small(rest, "0 d, 0 d, 0 d", centre="places: 1")
    assert ran.days("lymphodepletion") == [0.0, 0.0, 0.0]
    assert ran.days("infusion") == [5.0, 6.0, 7.0]


def test_no_infusions_on_some_days() -> None:
    ran = small(stay("1 d"), "0 d, 0 d, 0 d", centre="places: {0 d: 1, 6 d: 0, 9 d: 2}")
    assert ran.days("infusion") == [5.0, 9.0, 9.0]


# -- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("infusion", "centre", "message"),
    [
        ("{bed_from: lymphodepletion}", "beds: 2", "infusion.bed_from: `reservation` has taken its place"),
        ("{reservation: book_aheads}", "beds: 2", "did you mean 'book_ahead'"),
        ("{reservation: hold}", "", "infusion.reservation: is not used: beds are unlimited"),
        ("{planned_stay: 9 d}", "", "infusion.planned_stay: is not used: no bed is booked ahead"),
        ("{planned_stay: 9 d, reservation: admit}", "beds: 2", "infusion.planned_stay: is not used"),
        ("{model: outpatient, planned_stay: 9 d}", "places: 2", "infusion.planned_stay: is not used"),
        ("{deferral: {share: 0.1, days: 3 d, repeat_after: 9 d}}", "", "infusion.deferral.repeat_after: is not used"),
        ("{deferral: {share: 1, days: 9 d, repeat_after: 3 d}}", "", "where every infusion is put off for longer"),
    ],
)
def test_what_means_nothing_is_refused_by_name(infusion: str, centre: str, message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        small(LYMPHODEPLETION + f"infusion: {infusion}\n", "0 d", "autologous", centre)
    assert message in str(error.value)
