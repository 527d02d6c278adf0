"""Who returns for a later course: deaths before the relapse count, in both engines, and no life is lengthened by it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sim.engine.choice import COMPILED, SIMPY
from sim.experiment.runs.replicate import Arm, simulate
from sim.experiment.study.later_courses import unlike_relapses
from sim.outcomes.patients import Patients
from sim.scenario import ScenarioError, load
from tests.runs import SHIPPED, load_text

RELAPSE, DEATH = 200.0, 0.002
MANY = f"""
name: Many
strategy: autologous
run: {{start: 2026-01-01, warm_up: 0 d, window: 2000 d, follow_up: 600 d, seed: 3}}
regions: {{here: {{centre: here, referrals: 90 / month}}}}
centres: {{here: {{}}}}
patients: {{risk_groups: {{low: {{share: 0.5}}, high: {{share: 0.5}}}}}}
clocks: {{waiting: {{progression: never}}}}
apheresis: {{duration: 1 d}}
manufacturing: {{duration: 10 d}}
later_course: {{share: 0.6, relapse: {RELAPSE} d}}
after_infusion:
  autologous:
    progression: {{exponential: {{rate: 0.003 / d}}}}
    death: {{exponential: {{rate: {DEATH} / d}}}}
    death_after_progression: {{exponential: {{rate: 0.01 / d}}}}
  by_risk_group: {{high: {{death: 2}}}}
  not_infused: {{death: {{exponential: {{rate: 0.01 / d}}}}}}
"""


def lives(*overrides: str, text: str = MANY, engine: str = COMPILED) -> Patients:
    return simulate(Arm("one", load_text(text, *overrides).scenario), [0], engine)[0]


@pytest.mark.parametrize("engine", [COMPILED, SIMPY])
def test_those_return_who_live_until_their_relapse(engine: str) -> None:
    patients = lives(engine=engine)
    people = patients.cohort.course == 1
    infused = people & patients.infused & (patients.day("infusion") < 1800.0)
    back = np.isfinite(patients.referral_day[patients.cohort.course == 2])
    returned = np.zeros(len(people), bool)
    returned[patients.cohort.person[patients.cohort.course == 2][back]] = True
    for group, hazard in ((0, DEATH), (1, 2 * DEATH)):
        mine = infused & (patients.cohort.group == group)
        expected = 0.6 * np.exp(-hazard * RELAPSE)
        assert returned[mine].mean() == pytest.approx(expected, abs=3.5 * np.sqrt(0.25 / mine.sum()))


def test_both_engines_let_the_same_patients_return() -> None:
    one, other = lives(engine=COMPILED), lives(engine=SIMPY)
    assert np.array_equal(one.referral_day, other.referral_day)
    assert one.after is not None
    assert other.after is not None
    assert np.array_equal(one.after.death_day, other.after.death_day, equal_nan=True)


def test_deaths_before_a_relapse_are_as_many_with_a_later_course_as_without() -> None:
    # the relapse of who returns has the law of the product's own, so that both must have the same
    own = "later_course.relapse={exponential: {rate: 0.003 / d}}"
    without = MANY.replace("later_course: {share: 0.6, relapse: 200.0 d}\n", "")
    shares = []
    for patients in (lives(own, "later_course.share=1"), lives(text=without)):
        assert patients.after is not None
        first = (patients.cohort.course == 1) & patients.infused & (patients.day("infusion") < 1000.0)
        shares.append((~np.isfinite(patients.after.relapse_day[first])).mean())
    # 0.002 / 0.005 in one group, 0.004 / 0.007 in the other
    assert shares == pytest.approx([(2 / 5 + 4 / 7) / 2] * 2, abs=0.03)


def test_nobody_dies_first_where_nobody_can() -> None:
    patients = lives("after_infusion.autologous.death=never", "later_course.share=1")
    infused = (patients.cohort.course == 1) & (patients.day("infusion") < 1800.0)
    assert np.isfinite(patients.referral_day[patients.cohort.course == 2]).sum() >= infused.sum()
    assert not [flag for flag in patients.cohort.flags if flag.startswith("outlives")]


def test_a_product_of_a_later_course_has_curves_of_its_own() -> None:
    own = (
        "after_infusion.later_course.autologous={response: 1, progression: {exponential: {rate: 0.02 / d}}, "
        "death_after_progression: {exponential: {rate: 0.05 / d}}}"
    )
    never = "after_infusion.autologous.death=never"
    plain, other = lives(never), lives(never, own)
    later = (plain.cohort.course == 2) & plain.infused
    assert plain.after is not None
    assert other.after is not None
    # the same luck: relapses come as much sooner as the hazard is higher
    waits = [(p.after.relapse_day - p.day("infusion"))[later] for p in (plain, other) if p.after is not None]
    assert waits[1] == pytest.approx(waits[0] * 0.003 / 0.02, rel=1e-6)
    # multipliers of later courses act on these curves as well, and first courses are as they were
    twice = lives(never, own, "after_infusion.later_course.progression=2")
    assert twice.after is not None
    assert (twice.after.relapse_day - twice.day("infusion"))[later] == pytest.approx(waits[1] / 2, rel=1e-6)
    first = plain.cohort.course == 1
    assert np.array_equal(plain.after.relapse_day[first], other.after.relapse_day[first], equal_nan=True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "after_infusion.later_course.allogeneic={progression: {exponential: {rate: 0.02 / d}}}",
            "nobody is given this product in a later course",
        ),
        (
            "after_infusion.later_course.autologous={progression: never, progression_counts_deaths: true}",
            "nobody dies before progression: nothing to take out",
        ),
        (
            "after_infusion.later_course.autologous={progression: {exponential: {rate: 0.001 / d}}, "
            "progression_counts_deaths: true, death: {exponential: {rate: 0.002 / d}}}",
            "there are more deaths than it counts",
        ),
    ],
)
def test_what_a_later_product_has_no_use_for_is_refused(change: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_text(MANY, change)
    assert told in str(caught.value)


def test_returns_unlike_the_relapses_of_their_product_are_told() -> None:
    file = SHIPPED / "library" / "sequential.yaml"
    assert unlike_relapses({"shipped": load(file)}) == []
    late = load(file, overrides=["later_course.relapse={exponential: {median: 20 months}}"])
    (told,) = unlike_relapses({"late": late})
    # half of the responders by 1 + 9.5 months and half of the others by 4.6, of 73 % and 27 %
    assert re.search(r"^late: .* relapse after 608.8 days .* the autologous product do so within 25\d", told)
