"""Centres, travel, the initial waiting list and policies: small timelines worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sim.outcomes.curves import list_lengths
from sim.pieces.policies import own_ranks
from sim.scenario import ScenarioError
from tests.runs import Ran, load_text, run_scenario, small

WORLD = """
name: Access
strategy: autologous
run: {start: 2026-01-01, warm_up: 0 d, window: 400 d, follow_up: 400 d, seed: 7}
"""
PLAIN = "clocks: {waiting: {progression: never}}\n"
AT_ONCE = "centres: {a: {}}\nmanufacturing: {duration: 0 d}\n"


def world(text: str) -> Ran:
    return run_scenario(load_text(WORLD + text).scenario)


def test_who_does_not_travel_is_withdrawn_at_once() -> None:
    ran = world(PLAIN + "regions: {far: {centre: a, referral_days: [3 d], declines: 1}}\n" + AT_ONCE)
    assert ran.outcomes == ["withdrawn"]
    assert ran.rows("reason") == ["travel"]
    assert ran.patients.end_day.tolist() == [3.0]


def test_a_share_does_not_travel() -> None:
    many = ", ".join(["0 d"] * 400)
    ran = world(PLAIN + f"regions: {{far: {{centre: a, referral_days: [{many}], declines: 0.25}}}}\n" + AT_ONCE)
    stayed = np.mean([outcome == "withdrawn" for outcome in ran.outcomes])
    assert abs(stayed - 0.25) < 3.0 * np.sqrt(0.25 * 0.75 / 400)


def test_travel_takes_time_before_collection_and_before_lymphodepletion() -> None:
    ran = world(
        PLAIN
        + """
regions:
  near: {centre: a, referral_days: [0 d]}
  far: {centre: a, referral_days: [0 d], travel: 2 d}
centres: {a: {}}
apheresis: {duration: 1 d}
manufacturing: {duration: 10 d}
lymphodepletion: {duration: 5 d}
"""
    )
    assert ran.days("apheresis") == [0.0, 2.0]
    assert ran.days("lymphodepletion") == [11.0, 15.0]
    assert ran.days("infusion") == [16.0, 20.0]


def test_a_region_may_send_its_patients_to_several_centres() -> None:
    many = ", ".join(["0 d"] * 400)
    ran = world(
        PLAIN
        + f"""
regions:
  wide: {{centre: {{a: 0.3, b: 0.7}}, referral_days: [{many}]}}
centres: {{a: {{}}, b: {{}}}}
manufacturing: {{duration: 0 d}}
"""
    )
    assert abs((ran.patients.cohort.centre == 0).mean() - 0.3) < 3.0 * np.sqrt(0.3 * 0.7 / 400)


LISTED = """
regions:
  here: {{centre: a, referral_days: [0 d, 5 d], already_waiting: {{{waiting}}}}}
centres: {{a: {{}}}}
work_up: {{duration: 7 d}}
manufacturing: {{duration: 10 d, slots: {{count: 1, every: month}}}}
"""


def test_the_initial_list_is_served_by_the_length_of_its_wait() -> None:
    ran = world(PLAIN + LISTED.format(waiting="since: [10 d, 2025-12-02, 20 d]"))
    cohort = ran.patients.cohort
    assert cohort.referral_day.tolist() == [0.0, 5.0, -30.0, -20.0, -10.0]
    # slots on 0, 31, 59, 90, 120: those who wait already skip the work-up and come first, longest first
    assert ran.days("slot") == [90.0, 120.0, 0.0, 31.0, 59.0]
    assert cohort.measured.tolist() == [True, True, False, False, False]
    assert ran.patients.between("referral", "slot").tolist() == [90.0, 115.0, 30.0, 51.0, 69.0]
    before, _ = list_lengths(ran.patients.cohort, ran.trace, 5)[0]
    assert before.tolist() == [4, 4, 4, 4, 4, 5]


def test_a_count_of_waiting_patients() -> None:
    ran = world(PLAIN + LISTED.format(waiting="count: 2, waited: 14 d"))
    assert ran.patients.cohort.referral_day.tolist() == [0.0, 5.0, -14.0, -14.0]
    assert ran.days("slot") == [59.0, 90.0, 0.0, 31.0]


def test_a_number_is_a_count() -> None:
    long = world(PLAIN + LISTED.format(waiting="count: 3"))
    short = world((PLAIN + LISTED.format(waiting="count: 3")).replace("{count: 3}", "3"))
    assert short.scenario == long.scenario
    assert short.days("slot") == long.days("slot") == [90.0, 120.0, 0.0, 31.0, 59.0]
    changed = load_text(
        WORLD + PLAIN + LISTED.format(waiting="count: 2, waited: 14 d"), "regions.here.already_waiting=4"
    )
    listed = changed.scenario.regions["here"].already_waiting
    assert listed is not None
    assert (listed.count, listed.waited.mean()) == (4, 14.0)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("nine", "already_waiting.count: found 'nine'; allowed: a whole number from 0 to 100000"),
        ("-1", "already_waiting.count: found -1; allowed: a whole number from 0 to 100000"),
        (
            "{count: 9, risk_groups: {mild: 0.5, severe: 0.6}}",
            "already_waiting.risk_groups: the proportions sum to 1.1",
        ),
        (
            "{count: 9, risk_groups: {mild: 0.5, sever: 0.5}}",
            "risk_groups.sever: found 'sever', which is no risk",
        ),
        ("{count: 0, risk_groups: mild}", "already_waiting.risk_groups: is not used: nobody is counted there"),
    ],
)
def test_a_list_that_cannot_be(told: str, message: str) -> None:
    groups = "patients: {risk_groups: {mild: {share: 0.5}, severe: {share: 0.5, hazard: 2}}}\n"
    with pytest.raises(ScenarioError, match=r"^[^\n]*$") as caught:
        load_text(WORLD + PLAIN + groups + LISTED.format(waiting="count: 2").replace("{count: 2}", told))
    assert message in str(caught.value)


def test_a_list_has_the_risk_groups_that_it_is_said_to_have() -> None:
    text = """
regions:
  here: {{centre: a, referral_days: [{many}], already_waiting: {{count: 2000, waited: 100 d, {groups}}}}}
centres: {{a: {{}}}}
patients: {{risk_groups: {{mild: {{share: 0.5}}, severe: {{share: 0.5, hazard: 3}}}}}}
clocks: {{waiting: {{death: {{exponential: {{rate: 0.01 / d}}}}}}}}
manufacturing: {{duration: 10 d, slots: {{count: 0, every: month}}}}
"""
    many = ", ".join(["0 d"] * 1000)
    found = world(text.format(many=many, groups="risk_groups: {mild: 0.9, severe: 0.1}"))
    group, listed = found.patients.cohort.group, found.patients.cohort.referral_day < 0.0
    assert abs((group[listed] == 1).mean() - 0.1) < 3 * np.sqrt(0.1 * 0.9 / 2000)
    assert abs((group[~listed] == 1).mean() - 0.5) < 3 * np.sqrt(0.25 / 1000)
    # the clocks of each are those of its group, from day 0 on as if nothing had been before
    died = found.patients.end_day
    for place, rate in ((0, 0.01), (1, 0.03)):
        days = died[listed & (group == place) & np.isfinite(died)]
        expected = 1 / rate - 300.0 / np.expm1(300.0 * rate)
        assert abs(days.mean() - expected) < 4 * days.std() / np.sqrt(len(days))
    # everybody else, and who is in a group, has the luck that they had
    all_mild = world(text.format(many=many, groups="risk_groups: mild")).patients.cohort
    assert (all_mild.group[all_mild.referral_day < 0.0] == 0).all()
    assert np.array_equal(all_mild.group[~listed], group[~listed])
    assert np.array_equal(all_mild.leave_day[~listed], found.patients.cohort.leave_day[~listed])


def test_clocks_of_those_who_wait_already_are_conditional_on_that() -> None:
    text = """
regions: {here: {centre: a, already_waiting: {count: 2000, waited: 100 d}}}
centres: {a: {}}
clocks: {waiting: {death: {piecewise: {0 d: 0.05 / d, 100 d: 0.01 / d}}}}
manufacturing: {duration: 10 d, slots: {count: 0, every: month}}
"""
    ran = world(text)
    died = ran.patients.end_day
    died = died[np.isfinite(died)]
    assert (died > 0.0).all()
    # from day 0 on the rate is 0.01 a day, whatever it was before; followed for 300 days more
    expected = 100.0 - 300.0 / np.expm1(3.0)
    assert abs(died.mean() - expected) < 3.0 * died.std() / np.sqrt(len(died))
    assert abs(len(died) / 2000 - (1.0 - np.exp(-3.0))) < 3.0 * np.sqrt(0.05 * 0.95 / 2000)


def test_an_initial_list_from_a_file(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "waiting.csv").write_text("date\n2025-12-12\n2025-12-30\n", encoding="utf-8")
    file = folder / "mine.yaml"
    file.write_text(WORLD + PLAIN + LISTED.format(waiting="since: waiting.csv"), encoding="utf-8")
    from sim.scenario import load

    ran = run_scenario(load(file).scenario)
    assert ran.patients.cohort.referral_day.tolist() == [0.0, 5.0, -20.0, -2.0]


GROUPS = "patients: {risk_groups: {fit: {share: 0.5, FIT}, frail: {share: 0.5, FRAIL}}}\n"


def served(policy: str, fit: str, frail: str, days: str) -> tuple[list[str], list[float | None]]:
    text = GROUPS.replace("FIT", fit).replace("FRAIL", frail)
    ran = small(
        text + f"waiting_list: {policy}\nmanufacturing: {{duration: 0 d, slots: {{count: 1, every: month}}}}\n", days
    )
    groups = ["fit" if group == 0 else "frail" for group in ran.patients.cohort.group]
    return groups, ran.days("slot")


def test_likely_benefit_goes_before_the_day_of_asking() -> None:
    groups, days = served("{policy: likely_benefit}", "benefit: 0.9", "benefit: 0.2", "1 d, 1 d, 1 d, 1 d, 1 d, 1 d")
    order = [group for _, group in sorted(zip(days, groups, strict=True), key=lambda pair: float(pair[0] or 0.0))]
    assert order == sorted(groups)


@pytest.mark.parametrize(("points", "first_served"), [(0.5, 2), (2.0, 0)])
def test_a_score_weighs_waiting_against_risk(points: float, first_served: int) -> None:
    # 20 days of waiting are worth 10 or 40 points; to be frail is worth 30, which is the second risk group's priority
    text = f"""
regions:
  near: {{centre: a, referral_days: [2 d, 3 d, 22 d]}}
centres: {{a: {{}}}}
patients: {{risk_groups: {{fit: {{share: 0.5, priority: 0}}, frail: {{share: 0.5, priority: 1}}}}}}
clocks: {{waiting: {{progression: never}}}}
waiting_list: {{policy: score, score: {{waiting_day: {points}, priority: 30}}}}
manufacturing: {{duration: 0 d, slots: {{count: 1, every: month}}}}
"""
    seeds = (run_scenario(load_text(WORLD + text, f"run.seed={seed}").scenario) for seed in range(100))
    ran = next(r for r in seeds if r.patients.cohort.group.tolist() == [0, 0, 1])
    days = ran.days("slot")
    assert days[first_served] == 31.0
    assert sorted(float(day or 0.0) for day in days) == [31.0, 59.0, 90.0]


PRIORITY, BENEFIT = ("priority: 2", "priority: 3"), ("benefit: 0.25", "benefit: 0.5")


@pytest.mark.parametrize(
    ("policy", "told", "expected"),
    [
        ("first_come", (), {}),
        ("sickest_first", (PRIORITY,), {"sickest_first": [-2.0, -3.0, -3.0]}),
        ("likely_benefit", (BENEFIT,), {"likely_benefit": [-0.25, -0.5, -0.5]}),
        ("lottery", (), {"lottery": [0.4, 0.1, 0.9]}),
        # 10 x 2 + 40 x 0.25, and 10 x 3 + 40 x 0.5
        ("score, score: {priority: 10, benefit: 40}", (PRIORITY, BENEFIT), {"score": [-30.0, -50.0, -50.0]}),
    ],
)
def test_the_own_part_of_a_rank_is_what_the_policy_counts(
    policy: str, told: tuple[tuple[str, str], ...], expected: dict[str, list[float]]
) -> None:
    fit, frail = (", ".join(["share: 0.5", *(pair[k] for pair in told)]) for k in (0, 1))
    groups = f"patients: {{risk_groups: {{fit: {{{fit}}}, frail: {{{frail}}}}}}}\n"
    # somebody has to wait for a policy to mean anything
    slots = "manufacturing: {duration: 0 d, slots: {count: 1, every: week}}\n"
    ran = small(f"{groups}waiting_list: {{policy: {policy}}}\n{slots}", "0 d")
    found = own_ranks(ran.scenario, np.array([0, 1, 1]), np.array([0.4, 0.1, 0.9]))
    assert {name: values.tolist() for name, values in found.items()} == expected


def test_progression_moves_a_patient_forward_in_the_queue() -> None:
    rest = """
waiting_list: {policy: score, score: {waiting_day: 1, progressed: 100}}
clocks: {waiting: {progression: {exponential: {mean: 80 d}}}}
manufacturing: {duration: 0 d, slots: {count: 1, every: month}}
"""
    ran = small(rest, "2 d, 3 d, 4 d, 5 d, 6 d, 7 d")
    asked = ran.patients.referral_day
    progression = ran.trace.progression_day
    waiting = set(range(6))
    jumped = False
    for day in (31.0, 59.0, 90.0, 120.0, 151.0, 181.0):
        best = max(waiting, key=lambda k: (day - asked[k]) + (100.0 if progression[k] <= day else 0.0))
        jumped = jumped or best != min(waiting)
        assert ran.days("slot")[best] == day
        waiting.remove(best)
    assert jumped
