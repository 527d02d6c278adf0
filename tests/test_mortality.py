"""Death by the larger of two hazards in closed form, and lives that never get shorter where survival is longer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from sim.engine.choice import COMPILED, SIMPY, meeting
from sim.experiment.runs.replicate import Arm, simulate
from sim.outcomes.patients import Afterwards, Patients
from sim.pure.mortality import background, met, met_by
from sim.pure.survival import Exponential, Piecewise, Weibull, hazard_table, known_table
from sim.scenario import ScenarioError, load
from tests.runs import HAS_NUMBA, QUICKEST, SHIPPED, load_text
from tests.test_after_infusion import PLAIN

YEAR = 365.25
# By age: 0.0001 a day for ten years, 0.002 for another ten, then 0.01.
PEOPLE = hazard_table(Piecewise((0.0, 3650.0, 7300.0), (0.0001, 0.002, 0.01)))
OLDER = hazard_table(Exponential(0.02))
NEVER = np.full(3, np.inf)


def test_the_larger_hazard_is_met_by_one_threshold() -> None:
    """Below the fitted hazard of 0.001 the population counts for nothing; from the tenth birthday on alone."""
    age, threshold = np.array([0.0, 3600.0, 7299.0]), np.array([0.5, 1.0, 0.52])
    people = background([PEOPLE], 1.0, np.zeros(3, np.int64), age)
    day, _ = met(hazard_table(Exponential(0.001)), np.ones(3), people, threshold, NEVER)
    # 0.5 / 0.001; 50 days at 0.001 and 0.95 / 0.002; a day at 0.002 and 0.518 / 0.01
    assert day == pytest.approx([500.0, 50.0 + 475.0, 1.0 + 51.8], rel=1e-12)


def test_multipliers_ratios_and_tables_are_each_patients_own() -> None:
    people = background([PEOPLE, OLDER], 1.5, np.array([0, 1, 0]), np.array([8000.0, 10.0, 0.0]))
    day, _ = met(hazard_table(Exponential(0.001)), np.array([1.0, 1.0, 3.0]), people, np.ones(3), NEVER)
    assert day == pytest.approx([1 / 0.015, 1 / 0.03, 1 / 0.003], rel=1e-12)


def test_what_is_left_of_the_threshold() -> None:
    people = background([PEOPLE], 1.0, np.zeros(3, np.int64), np.full(3, 3600.0))
    until = np.array([0.0, 80.0, 900.0])
    day, left = met(hazard_table(Exponential(0.001)), np.ones(3), people, np.full(3, 0.3), until)
    assert left[:2] == pytest.approx([0.3, 0.3 - 0.05 - 0.06], rel=1e-12)
    assert day.tolist() == pytest.approx([math.inf, math.inf, 50 + 125])
    alone, rest = met(hazard_table(Exponential(0.001)), np.ones(3), None, np.full(3, 0.3), until)
    assert alone == pytest.approx([math.inf, math.inf, 300.0])
    assert rest[:2] == pytest.approx([0.3, 0.22])


@pytest.mark.skipif(not HAS_NUMBA, reason="numba is not installed")
def test_both_routines_find_the_same_days_to_the_bit() -> None:
    random, count = np.random.default_rng(7), 4_000
    clocks = [known_table(Weibull(0.6, 900.0)), hazard_table(Exponential(0.0)), hazard_table(Exponential(0.001))]
    people = background([PEOPLE, OLDER], 1.5, random.integers(0, 2, count), random.choice([0.0, 3649.5, 8000.0], count))
    until = random.choice([0.0, 80.0, 3650.0, math.inf], count)
    ratio = random.choice([0.0, 0.5, 1.0, 20.0], count)
    given = clocks, random.integers(0, 3, count), ratio, people, random.exponential(size=count), until
    one, other = (met_by(*given, meeting(name)) for name in (SIMPY, COMPILED))
    assert np.array_equal(one, other)
    assert np.isfinite(one[0]).any()
    assert np.isinf(one[0]).any()


def test_a_curved_hazard_against_its_integral() -> None:
    shape = Weibull(0.6, 900.0)
    people = background([PEOPLE], 1.0, np.zeros(1, np.int64), np.array([3000.0]))
    (day,), _ = met(known_table(shape), np.ones(1), people, np.array([1.5]), NEVER[:1])

    def larger(t: float) -> float:
        own = 0.6 / 900.0 * (t / 900.0) ** -0.4
        return max(own, 0.0001 if 3000 + t < 3650 else 0.002 if 3000 + t < 7300 else 0.01)

    exact, _ = quad(larger, 0.0, day, points=[650.0, 4300.0], limit=500)
    assert exact == pytest.approx(1.5, rel=1e-4)


POPULATION = """\
  general_population: {male: {exponential: {rate: 0.002 / d}}, female: {exponential: {rate: 0.0005 / d}}}
"""
WITH_PEOPLE = PLAIN.replace("patients: {", "patients: {age: {mean: 60 y, sd: 5 y}, sex: {female: 0.5}, ") + POPULATION


def lived(text: str, *overrides: str) -> tuple[Patients, Afterwards]:
    patients, _ = simulate(Arm("one", load_text(text, *overrides).scenario), [0], QUICKEST)
    assert patients.after is not None
    return patients, patients.after


def test_no_hazard_falls_below_that_of_the_population_and_none_is_added_to_it() -> None:
    """Nobody progresses: men die at 0.002 a day in place of 0.001, women at 0.001 as if there were no population."""
    free = ("after_infusion.autologous.progression=never", "after_infusion.autologous.without_response=never")
    patients, after = lived(WITH_PEOPLE, *free)
    _, alone = lived(PLAIN, *free)
    infused = patients.infused
    since = (after.death_day - patients.day("infusion"))[infused]
    own = (alone.death_day - patients.day("infusion"))[infused]
    men = since < own * 0.75
    assert since[men] == pytest.approx(own[men] / 2, rel=1e-9)
    assert since[~men] == pytest.approx(own[~men], rel=1e-9)
    assert 0.4 < men.mean() < 0.6


def test_age_and_sex_are_asked_for() -> None:
    with pytest.raises(ScenarioError, match=r"patients.age: required by after_infusion.general_population"):
        load_text(PLAIN + POPULATION)


def test_responders_progress_from_their_response_on() -> None:
    patients, after = lived(PLAIN, "after_infusion.autologous.time_to_response=30 d")
    infused = patients.infused
    reached = after.response_day - patients.day("infusion")
    assert reached[after.responded] == pytest.approx(30.0)
    relapsed = after.responded & np.isfinite(after.relapse_day)
    assert (after.relapse_day[relapsed] > after.response_day[relapsed]).all()
    # who dies before the response has not responded: no guarantee time
    died = ~after.responded & infused & (after.death_day - patients.day("infusion") < 30.0)
    assert died.any()
    # death without progression and progression after response compete from there on, at 0.001 and 0.002 a day
    lasted = np.fmin(after.relapse_day, after.death_day)[after.responded] - after.response_day[after.responded]
    assert lasted.mean() == pytest.approx(1 / 0.003, rel=4 / math.sqrt(len(lasted)))


def test_after_no_response_death_has_a_clock_of_its_own() -> None:
    text = "after_infusion.autologous.death_without_response={exponential: {rate: 0.05 / d}}"
    _, after = lived(PLAIN, text)
    relapsed = np.isfinite(after.relapse_day)
    later = after.death_day - after.relapse_day
    for mine, mean in ((relapsed & ~after.responded, 20.0), (relapsed & after.responded, 200.0)):
        assert later[mine].mean() == pytest.approx(mean, rel=4 / math.sqrt(mine.sum()))


@pytest.mark.parametrize(
    "longer",
    [
        "after_infusion.autologous.progression={exponential: {median: 30 months}}",
        "after_infusion.autologous.without_response={exponential: {median: 9 months}}",
        "after_infusion.autologous.death_after_progression={exponential: {median: 36 months}}",
        "after_infusion.autologous.death_without_response={exponential: {median: 12 months}}",
        "after_infusion.autologous.death={piecewise: {0 d: 0.002 / month, 183 d: 0 / month}}",
        "after_infusion.not_infused.death={exponential: {median: 30 months}}",
        "after_infusion.general_population.mortality_ratio=0.5",
    ],
)
def test_nobody_dies_earlier_where_survival_is_longer(longer: str) -> None:
    """Patient by patient: one threshold is met later by a hazard that is nowhere larger."""
    file = SHIPPED / "autologous.yaml"
    before, after = (
        simulate(Arm("one", load(file, overrides).scenario), [0], QUICKEST)[0].after for overrides in ((), (longer,))
    )
    assert before is not None
    assert after is not None
    then, now = (np.nan_to_num(each.death_day, nan=np.inf) for each in (before, after))
    assert (now >= then - 1e-6).all()
    assert (now > then + 1.0).any()
