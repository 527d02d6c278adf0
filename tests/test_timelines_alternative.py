"""The alternative, a therapy without slot or cells: small timelines worked out by hand, on both engines."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from sim.experiment.runs.replicate import Arm, simulate
from sim.outcomes.after_infusion import follow_on
from sim.outcomes.metrics import METRICS, measure
from sim.scenario import ScenarioError
from tests.runs import QUICKEST, Ran, load_text, small

SLOTS = "manufacturing: {duration: 10 d, slots: {count: 1, every: month}}\n"
# from day 25 after referral on everybody has progressed
PROGRESSES = "clocks: {waiting: {progression: {piecewise: {0 d: 0 / d, 25 d: 1000000 / d}}, ends_eligibility: %s}}\n"


def offered(how: str, more: str = "", beds: str = "unlimited", days: str = "0 d, 1 d, 2 d") -> Ran:
    alternative = f"alternative: {{offered: {{{how}}}, start: 3 d, step_up: 8 d}}\n"
    return small(SLOTS + alternative + more, days, "autologous", f"beds: {beds}")


def test_from_the_start_nobody_asks_for_a_slot() -> None:
    ran = offered("from_start: true", "work_up: {duration: 30 d}\n")
    assert ran.outcomes == ["alternative"] * 3
    assert ran.days("alternative_accepted") == [0.0, 1.0, 2.0]
    assert ran.days("alternative") == [3.0, 4.0, 5.0]
    assert ran.days("step_up_ended") == [11.0, 12.0, 13.0]
    assert ran.patients.end_day.tolist() == [3.0, 4.0, 5.0]
    assert ran.resource("slot").requests == 0
    assert ran.rows("product") == ["alternative"] * 3


def test_step_up_doses_need_a_bed_and_the_clocks_go_on_until_there_is_one() -> None:
    """One bed, for 8 days each; who is third has it on day 19 of the run, and would have died on day 25."""
    dies = "clocks: {waiting: {death: {piecewise: {0 d: 0 / d, 15 d: 1000000 / d}}}}\n"
    assert offered("from_start: true", beds="1").days("alternative") == [3.0, 11.0, 19.0]
    ran = offered("from_start: true", dies, beds="1")
    assert ran.outcomes == ["alternative", "alternative", "died"]
    assert ran.days("alternative") == [3.0, 11.0, None]


def test_after_twenty_days_on_the_list() -> None:
    """A slot on day 0, the next on day 31: who is referred on days 1 and 2 gives up on days 21 and 22."""
    ran = offered("after_waiting: 20 d")
    assert ran.outcomes == ["infused", "alternative", "alternative"]
    assert ran.days("alternative_accepted") == [None, 21.0, 22.0]
    assert ran.days("alternative") == [None, 24.0, 25.0]
    assert ran.patients.slot_wait is not None
    waited = ran.patients.slot_wait.calendar + ran.patients.slot_wait.scarcity
    assert waited.tolist() == [0.0, 20.0, 20.0]


def test_from_when_the_wait_counts() -> None:
    work_up = "work_up: {duration: 5 d}\n"
    assert offered("after_waiting: 20 d", work_up).days("alternative_accepted") == [25.0, 26.0, 27.0]
    ran = offered("after_waiting: 20 d, since: referral", work_up)
    assert ran.days("alternative_accepted") == [20.0, 21.0, 22.0]


@pytest.mark.parametrize("ends_eligibility", [0, 1])
def test_at_progression_whether_they_would_stay_eligible_or_not(ends_eligibility: int) -> None:
    """The first has a slot on day 0 and is infused on day 10; the others progress after 25 days on the list."""
    ran = offered("at_progression: true", PROGRESSES % ends_eligibility)
    assert ran.outcomes == ["infused", "alternative", "alternative"]
    assert [round(day or 0) for day in ran.days("alternative_accepted")[1:]] == [26, 27]
    assert [round(day) for day in ran.patients.progression_day[1:]] == [26, 27]
    assert [round(day or 0) for day in ran.days("alternative")[1:]] == [29, 30]


def test_at_progression_up_to_apheresis_only() -> None:
    """The appointment is 30 days after the slot: the first progresses before it, gives the slot back, and turns."""
    late = "scheduling: {duration: 30 d}\n"
    ran = offered("at_progression: true", PROGRESSES % 0 + late)
    assert ran.outcomes == ["alternative"] * 3
    assert ran.trace.slots.holder.tolist()[0] == 0
    after = "apheresis: {duration: 30 d}\n"
    ran = offered("at_progression: true", PROGRESSES % 0 + after)
    assert ran.outcomes[0] == "infused"
    ran = offered("at_progression: true", PROGRESSES % 1 + after)
    assert ran.outcomes[0] == "progressed"


def test_after_failure() -> None:
    fails = "manufacturing: {duration: 10 d, failure: 1, attempts: 2}\n"
    text = fails + "alternative: {offered: {after_failure: true}, start: 3 d}\n"
    ran = small(text, "0 d, 1 d")
    assert ran.outcomes == ["alternative", "alternative"]
    assert ran.days("alternative") == [23.0, 24.0]
    short = "apheresis: {duration: 1 d, shortfall: 1, repeat_after: 6 d, attempts: 2}\n"
    ran = small(short + "alternative: {offered: {after_failure: true}}\n", "0 d")
    assert ran.days("alternative") == [8.0]


def test_to_one_risk_group_and_to_a_share_who_accept() -> None:
    groups = "patients: {risk_groups: {low: {share: 0.4}, high: {share: 0.6}}}\n"
    many = ", ".join(["0 d"] * 600)
    text = "alternative: {offered: {from_start: true, to: [high]}, accepts: 0.5}\n" + groups
    ran = small(text, many)
    turned = np.array([outcome == "alternative" for outcome in ran.outcomes])
    high = ran.patients.cohort.group == 1
    assert not turned[~high].any()
    assert abs(turned[high].mean() - 0.5) < 3.0 * np.sqrt(0.25 / high.sum())


def test_who_does_not_accept_never_does() -> None:
    """By one draw a patient: who refuses after 20 days refuses after a failure as well."""
    many = ", ".join(["0 d"] * 200)
    text = """
manufacturing: {duration: 10 d, failure: 1, slots: {count: 60, every: month}}
alternative: {offered: {after_waiting: 20 d, after_failure: true}, accepts: 0.5}
"""
    ran = small(text, many)
    accepts = ran.patients.cohort.luck.of("alternative.accepts") < 0.5
    assert np.array_equal(accepts, np.array([outcome == "alternative" for outcome in ran.outcomes]))


def test_instead_of_waiting_for_a_dose_one_of_which_may_be_lost_on_its_way() -> None:
    text = """
allogeneic:
  shipping: {duration: 1 d, loss: 0.5}
  stock: {opening: 1, order: {every: 300 d}, doses_per_lot: 1}
  lots: {culture: 1 d}
alternative: {offered: {after_waiting: 15 d}, start: 1 d}
"""
    ran = small(text, "0 d, 0 d, 0 d, 3 d", "allogeneic")
    assert ran.outcomes.count("alternative") >= 2
    assert {day for day in ran.days("alternative") if day is not None} <= {16.0, 19.0}


def test_a_bed_booked_for_an_infusion_is_not_taken_for_step_up_doses() -> None:
    """The first is lymphodepleted from day 10 on for the only bed on day 15; the second, whose manufacture has failed
    by day 12, has it when the first goes home on day 25."""
    text = """
patients: {risk_groups: {first: {share: 0.5}, second: {share: 0.5}}}
manufacturing:
  products: {good: {share: 0.5, duration: 10 d}, bad: {share: 0.5, duration: 11 d, failure: 1}}
lymphodepletion: {duration: 5 d}
infusion: {stay: 10 d, planned_stay: 10 d}
alternative: {offered: {after_failure: true}, start: 0 d, step_up: 8 d}
"""
    ran = small(text, "0 d, 1 d, 2 d, 3 d, 4 d, 5 d", "autologous", "beds: 1")
    infused, given = ran.patients.day("infusion"), ran.patients.day("alternative")
    ready = ran.patients.day("ready_for_infusion")
    assert np.isfinite(infused).any()
    assert np.isfinite(given).any()
    assert np.array_equal(infused, ready, equal_nan=True)
    stays = sorted([(day, day + 10.0) for day in infused[np.isfinite(infused)]] + [
        (day, day + 8.0) for day in given[np.isfinite(given)]
    ])  # fmt: skip
    assert all(end <= begin for (_, end), (begin, _) in pairwise(stays))


AFTER = """
after_infusion:
  autologous: {response: 1, progression: {exponential: {rate: 0.001 / d}}}
  alternative:
    response: 0.6
    progression: {exponential: {mean: 300 d}}
    without_response: {exponential: {mean: 50 d}}
    death_after_progression: {exponential: {mean: 200 d}}
  not_infused: {death: {exponential: {mean: 100 d}}}
"""


def test_life_on_the_alternative_runs_from_its_first_dose() -> None:
    many = ", ".join(["0 d"] * 3000)
    text = "alternative: {offered: {from_start: true}, start: 7 d}\n" + AFTER
    ran = small(text, many)
    after = follow_on(ran.scenario, ran.patients, ran.patients.cohort.luck)
    assert after.rests_day.tolist() == [7.0] * 3000
    assert abs(after.responded.mean() - 0.6) < 3.0 * np.sqrt(0.24 / 3000)
    for responded, mean in ((True, 300.0), (False, 50.0)):
        days = after.relapse_day[after.responded == responded] - 7.0
        assert abs(days.mean() - mean) < 4.0 * mean / np.sqrt(len(days))
    later = after.death_day - after.relapse_day
    assert abs(later.mean() - 200.0) < 4.0 * 200.0 / np.sqrt(3000)


def test_those_on_the_alternative_are_neither_infused_nor_lost() -> None:
    ran = offered("after_waiting: 20 d")
    arm = Arm("here", ran.scenario)
    patients, trace = simulate(arm, [0], QUICKEST, False)
    found = dict(zip([m.name for m in METRICS], measure(patients, trace, arm.window)[0].tolist(), strict=True))
    assert found["alternative"] == 2.0
    assert found["alternative_share"] == pytest.approx(2 / 3)
    assert found["alternative_days_mean"] == 23.0
    assert found["lost_before_infusion"] == 0.0
    assert found["infused"] == 1.0


def test_without_an_alternative_there_is_nothing_to_tell_of_it() -> None:
    ran = small(SLOTS, "0 d")
    arm = Arm("here", ran.scenario)
    patients, trace = simulate(arm, [0], QUICKEST, False)
    found = dict(zip([m.name for m in METRICS], measure(patients, trace, arm.window)[0].tolist(), strict=True))
    assert np.isnan(found["alternative_share"])


@pytest.mark.parametrize(
    ("alternative", "told"),
    [
        ("{offered: {}}", "nobody is ever offered it"),
        ("{offered: {from_start: false}}", "nobody is ever offered it"),
        ("{offered: {from_start: true, after_waiting: 30 d}}", "has been given it from the start"),
        ("{offered: {after_waiting: 30 d}}", "nobody waits"),
        ("{offered: {after_failure: true, since: referral}}", "after_waiting is never"),
        ("{offered: {from_start: true, to: [nobody]}}", "no risk group"),
    ],
)
def test_what_could_do_nothing_is_refused(alternative: str, told: str) -> None:
    text = f"alternative: {alternative}\nmanufacturing: {{duration: 1 d, failure: 0.1}}\n"
    with pytest.raises(ScenarioError, match=told):
        small(text, "0 d")


def test_two_ways_out_of_one_queue_are_refused() -> None:
    text = """
name: Two ways
strategy: hybrid
regions: {here: {centre: here, referral_days: [0 d]}}
centres: {here: {}}
clocks: {waiting: {progression: never}}
manufacturing: {duration: 1 d, slots: {count: 1, every: month}}
allogeneic: {stock: {opening: 1, order: {every: 30 d}, doses_per_lot: 1}, lots: {culture: 1 d}}
hybrid: {after_waiting: 30 d}
alternative: {offered: {after_waiting: 10 d}}
"""
    with pytest.raises(ScenarioError, match="given a dose already"):
        load_text(text)
