"""Age and sex: their law, whose they are, and that they act on nothing but deaths of the general population."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sim.experiment.runs.replicate import Arm, Keep, run_arm
from sim.pieces.breakdowns import as_drawn
from sim.pieces.cohort import draw_cohort
from sim.pieces.persons import persons
from sim.pieces.strategies import build_protocol
from sim.scenario import Scenario, ScenarioError, load
from tests.program import call
from tests.runs import QUICKEST, SHIPPED, load_text
from tests.test_frailty import CLOCKS
from tests.test_inert_inputs import WHOLE

AGE = "patients.age={mean: 60 y, sd: 10 y, youngest: 45 y, oldest: 80 y}"
SEX = "patients.sex.female=0.4"


def drawn(scenario: Scenario) -> dict[str, np.ndarray]:
    cohort, _ = draw_cohort(scenario, build_protocol(scenario).clocks, [0])
    return persons(scenario.patients, cohort.luck, cohort.person)


def test_ages_are_a_normal_that_is_cut_off_and_sexes_a_share() -> None:
    found = drawn(load_text(CLOCKS, AGE, SEX).scenario)
    law = stats.truncnorm(-1.5, 2.0, loc=60, scale=10)
    assert stats.kstest(found["age"], law.cdf).pvalue > 1e-3
    assert 45.0 <= found["age"].min() <= found["age"].max() <= 80.0
    share = (found["sex"] == "female").mean()
    assert share == pytest.approx(0.4, abs=3.3 * np.sqrt(0.24 / len(found["sex"])))
    assert set(found["sex"]) == {"female", "male"}
    assert abs(stats.spearmanr(found["age"], found["sex"] == "female").statistic) < 0.03


def test_a_patient_is_as_old_in_every_arm_and_in_every_course() -> None:
    auto, allo = (drawn(load(SHIPPED / f"{stem}.yaml").scenario) for stem in ("autologous", "allogeneic"))
    assert np.array_equal(auto["age"], allo["age"])
    assert np.array_equal(auto["sex"], allo["sex"])
    scenario = load_text(WHOLE, AGE, SEX).scenario
    cohort, _ = draw_cohort(scenario, build_protocol(scenario).clocks, [0])
    found = persons(scenario.patients, cohort.luck, cohort.person)
    assert cohort.courses == 2
    assert np.array_equal(found["age"], found["age"][cohort.person])


def test_they_are_columns_of_the_table_and_change_nothing_else() -> None:
    def table(*overrides: str) -> dict[str, np.ndarray]:
        (ran,), _ = run_arm(Arm("one", as_drawn(load_text(WHOLE, *overrides).scenario, 0)), [0], Keep(), QUICKEST)
        assert ran.patients is not None
        return {name: np.asarray(column) for name, column in ran.patients.items()}

    without, having = table(), table(AGE, SEX)
    assert set(having) - set(without) == {"age", "sex"}
    for name, column in without.items():
        nan_too = column.dtype.kind == "f"
        assert np.array_equal(column, having[name], equal_nan=nan_too), name


def test_check_says_where_they_act_on_nothing() -> None:
    told = "age and sex of patients: recorded in patients.parquet; acts on nothing"
    assert told not in call("check", str(SHIPPED / "autologous.yaml")).stdout
    without = ("--set", "after_infusion.general_population=null")
    assert told in call("check", str(SHIPPED / "autologous.yaml"), *without).stdout


@pytest.mark.parametrize(
    ("age", "told"),
    [
        (
            "{mean: 60 y, sd: 10 y, youngest: 70 y, oldest: 65 y}",
            "age: found youngest 70 y and oldest 65 y; allowed: youngest < oldest",
        ),
        ("{mean: 60 y, sd: 10 y, oldest: 130 y}", "oldest: found 130 y; allowed: up to 120 y"),
        ("{mean: 17 y, sd: 10 y}", "mean: found 17 y; allowed: from 18 y to 90 y (youngest and oldest)"),
        ("{mean: 60 y, sd: 0 y}", "a duration above 0 d"),
        ("{mean: 60, sd: 10 y}", "mean: found 60"),
    ],
)
def test_impossible_ages_are_refused(age: str, told: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        load_text(CLOCKS, f"patients.age={age}")
    assert told in str(refused.value)
