"""Step-up doses in a bed, of holding therapy and of bridging: small timelines worked out by hand, on both engines."""

from __future__ import annotations

import numpy as np
import pytest

from sim.outcomes.after_infusion import follow_on
from sim.outcomes.bridging import bridged
from sim.outcomes.stays import bed_if_unlimited
from sim.scenario import ScenarioError, load
from tests.runs import SHIPPED, Ran, small

# -- holding therapy --------------------------------------------------------------------------------------------------


def held(more: str = "", days: str = "0 d, 1 d", beds: str = "1", asked_for: str = "when_ready") -> Ran:
    """Work-up until day 10, then 14 days of therapy, the first 8 of them in a bed, and a washout of 5."""
    text = f"""
work_up: {{duration: 10 d}}
before_apheresis:
  washout: 5 d
  holding: {{share: 1, duration: 14 d, step_up: 8 d, hazard: 0}}
  slot_asked_for: {asked_for}
"""
    if asked_for == "when_ready":
        text = text.replace("  slot_asked_for: when_ready\n", "")
    return small(text + more, days, "autologous", f"beds: {beds}")


def test_holding_therapy_begins_when_there_is_a_bed() -> None:
    """The second is ready on day 11, and has the bed on day 18, when the first goes home."""
    ran = held()
    assert ran.days("holding_therapy") == [10.0, 18.0]
    assert ran.days("holding_step_up_ended") == [18.0, 26.0]
    assert ran.days("listing") == [29.0, 37.0]  # 14 days of therapy and 5 of washout
    assert ran.resource("bed_booking").queue_days_total == 7.0


def test_the_disease_goes_on_until_there_is_a_bed() -> None:
    """It progresses 16 days after referral where nothing slows it: the second still waits for the bed on day 17."""
    clocks = "clocks: {waiting: {progression: {piecewise: {0 d: 0 / d, 16 d: 1000000 / d}}, ends_eligibility: 1}}\n"
    ran = held(clocks)
    assert ran.outcomes == ["progressed", "progressed"]
    # the first was held from day 10 to day 24
    assert [round(float(day), 3) for day in ran.patients.end_day] == [24.0, 17.0]
    assert ran.days("holding_therapy") == [10.0, None]


def test_a_slot_is_asked_for_from_home() -> None:
    """Slots are offered on days 0, 7, 14, ...: after the bed, on day 18, that of day 21 starts on day 28, before the
    end of washout on day 29, and is lost; the next is asked for then."""
    slots = "manufacturing: {duration: 0 d, slots: {count: 2, every: week, lead: 7 d}}\n"
    early = held(slots, "0 d", asked_for="at_listing")
    assert (early.days("listing"), early.days("apheresis")) == ([18.0], [39.0])
    unlimited = held(slots, "0 d", "unlimited", "at_listing")
    assert unlimited.days("listing") == [18.0]


@pytest.mark.parametrize(("reservation", "idle"), [("hold", 10.0), ("admit", 0.0)])
def test_a_bed_is_idle_before_infusion_and_not_before_step_up_doses(reservation: str, idle: float) -> None:
    """Two stays of 8 days; then 5 days of lymphodepletion with the bed kept, and 3 days of stay, twice."""
    more = f"lymphodepletion: {{duration: 5 d}}\ninfusion: {{stay: 3 d, reservation: {reservation}}}\n"
    use = held(more).resource("bed")
    assert use.in_use_mean * 400.0 == pytest.approx(32.0)
    assert use.reserved_mean * 400.0 == pytest.approx(idle)


AFTER = """
after_infusion:
  autologous: {response: 1, progression: {exponential: {mean: 300 d}}}
  not_infused: {death: {exponential: {mean: 100 d}}}
"""


# -- bridging ---------------------------------------------------------------------------------------------------------


def bridging(
    within: str, more: str = "", progresses: str = "400 d", days: str = "0 d, 0 d, 0 d", beds: str = "1"
) -> Ran:
    """Apheresis on the day of referral and 30 days of manufacture; from day 5 on a bed for 8 days."""
    text = f"""
bridging: {{share: 1, start: 5 d, step_up: 8 d, bed_within: {within}, hazard: 0}}
clocks: {{waiting: {{progression: {{piecewise: {{0 d: 0 / d, {progresses}: 1000000 / d}}}}, ends_eligibility: 1}}}}
"""
    if "manufacturing:" not in more:
        more += "manufacturing: {duration: 30 d}\n"
    return small(text + more, days, "autologous", f"beds: {beds}")


def test_bridging_begins_when_there_is_a_bed_beside_manufacture() -> None:
    """The second has the bed on day 13; the third gives up on day 14, as the bed is free on day 21 only."""
    ran = bridging("9 d")
    assert ran.days("bridging_therapy") == [5.0, 13.0, None]
    assert ran.days("bridging_step_up_ended") == [13.0, 21.0, None]
    assert ran.days("infusion") == [30.0, 30.0, 30.0]
    assert bridging("7 d").days("bridging_therapy") == [5.0, None, None]  # of 13 - 5 days
    assert bridging("8 d").days("bridging_therapy") == [5.0, 13.0, None]  # a grant comes before patience


def test_only_who_has_had_a_bed_is_slowed_and_then_a_manufacture_goes_on() -> None:
    """Everybody would progress on day 20, in the middle of manufacture, which stops with whom progresses then."""
    ran = bridging("9 d", progresses="20 d")
    assert ran.outcomes == ["infused", "infused", "progressed"]
    assert ran.patients.end_day.tolist() == pytest.approx([30.0, 30.0, 20.0], abs=1e-3)
    assert ran.days("manufactured") == [30.0, 30.0, None]
    assert bridging("7 d", progresses="20 d").outcomes == ["infused", "progressed", "progressed"]


def test_a_wait_for_a_line_goes_on_for_as_long_as_the_patient_is_there() -> None:
    """One line, for 16 days each: from day 0, 16 and 32. Who has no bed leaves the queue on day 20."""
    line = "manufacturing: {duration: 16 d, lines: 1, line_held: {from: receipt, to: culture}}\n"
    ran = bridging("9 d", line, "20 d", beds="2")
    assert ran.days("bridging_therapy") == [5.0, 5.0, 13.0]
    assert ran.days("manufactured") == [16.0, 32.0, 48.0]
    none = bridging("7 d", line, "20 d", beds="2")
    assert none.outcomes == ["infused", "infused", "progressed"]
    assert none.days("manufacturing") == [0.0, 16.0, None]


def test_nobody_is_lymphodepleted_from_a_bed_for_step_up_doses() -> None:
    """The product is there on day 10, and the patient home on day 13."""
    ran = bridging("9 d", "manufacturing: {duration: 10 d}\n", days="0 d")
    assert (ran.days("product_received"), ran.days("lymphodepletion")) == ([10.0], [13.0])


def test_a_product_that_fails_while_its_patient_is_in_bed() -> None:
    """It fails on day 10, which is the day of the outcome; the stay goes on to day 13."""
    more = "manufacturing: {duration: 10 d, failure: 1, attempts: 1}\n"
    ran = bridging("9 d", more, days="0 d")
    assert (ran.outcomes, ran.patients.end_day.tolist()) == (["product_failed"], [10.0])
    turned = bridging("9 d", more + "alternative: {offered: {after_failure: true}, start: 2 d}\n", days="0 d")
    assert (turned.outcomes, turned.days("alternative")) == (["alternative"], [15.0])


def test_who_had_no_bed_was_not_bridged() -> None:
    ran = bridging("9 d", AFTER)
    assert bridged(ran.scenario, ran.patients, ran.patients.cohort.luck).given.tolist() == [True, True, False]


@pytest.mark.parametrize("therapy", ["holding", "bridging"])
def test_days_in_beds_are_the_same_where_beds_are_unlimited(therapy: str) -> None:
    """Bed days for economics: from requests where beds have a number, from milestones where they have none."""
    more = AFTER + "infusion: {stay: 3 d}\n"
    ran = held(more, beds="unlimited") if therapy == "holding" else bridging("9 d", more, beds="unlimited")
    lived = follow_on(ran.scenario, ran.patients, ran.patients.cohort.luck)
    rows, referral = np.arange(len(ran.outcomes)), ran.patients.referral_day
    who, start, end = bed_if_unlimited(
        ran.scenario, ran.patients, ran.trace, rows, referral, np.asarray(lived.rests_day)
    )
    first, stay = (10.0, 29.0) if therapy == "holding" else (5.0, 30.0)
    stays = sorted(zip(who.tolist(), start.tolist(), end.tolist(), strict=True))
    assert stays == [one for k in rows.tolist() for one in ((k, first, first + 8.0), (k, stay, stay + 3.0))]


# -- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            "before_apheresis: {holding: {share: 1, step_up: 8 d, duration: 5 d}}\n",
            "takes at least 8 d, and the whole therapy (holding.duration) at most 5 d",
        ),
        ("bridging: {share: 1, step_up: 8 d}\n", "bridging.step_up: found no bed_within"),
        ("bridging: {share: 1, step_up: 8 d, bed_within: 3 d, hazard: 2}\n", "allowed with step_up: at most 1"),
        ("manufacturing: {duration: 9 d, on_leave: finish}\n", "allowed: on_leave: stop"),
        (
            "manufacturing: {duration: 9 d, lines: 1, line_held: {from: booking, to: culture}}\n",
            "allowed: a line that is held from receipt",
        ),
        (
            "manufacturing: {duration: 9 d, slots: {count: 1, every: week, claimed: at_receipt}}\n",
            "allowed: slots that are claimed before",
        ),
        (
            "clocks: {waiting: {progression: {exponential: {rate: 0.01 / d}}, death: {exponential: {rate: 0.01 / d}}}, "
            "after_progression: {death: 0.5}}\n",
            "clocks.after_progression below 1",
        ),
    ],
)
def test_what_cannot_go_together_is_refused_by_name(more: str, told: str) -> None:
    text = more if "bridging:" in more else more + "bridging: {share: 1, step_up: 8 d, bed_within: 3 d, hazard: 0}\n"
    with pytest.raises(ScenarioError) as refused:
        small(text, "0 d", "autologous", "beds: 1")
    assert told in str(refused.value)


def test_an_outpatient_centre_may_have_beds_for_step_up_doses() -> None:
    """A unit made ready for the next day: refused before, as outpatients need no bed."""
    text = "infusion: {model: outpatient, turn_round: 1 d}\n"
    assert held(text).days("holding_therapy") == [10.0, 19.0]


def test_a_product_that_may_wait_for_a_bed_is_told() -> None:
    within = "bridging.bed_within={}".format
    told = load(SHIPPED / "library" / "talquetamab_bridging.yaml", [within("60 d")]).warnings
    assert [one for one in told if "bed_within" in one and "until 67 d" in one and "after 24 d" in one]
    assert not load(SHIPPED / "library" / "talquetamab_bridging.yaml").warnings
