"""What is spent year by year, against sums by hand and against the ledger; subgroups against the whole."""

from __future__ import annotations

import numpy as np
import pytest

from sim.experiment.runs.replicate import Arm, simulate
from sim.experiment.study.money_tables import budget_table, subgroups_table
from sim.outcomes.budget import FIGURES, budget, years_in
from sim.outcomes.by_group import ByGroup
from sim.outcomes.economics import Ledger, ledger
from sim.outcomes.patients import Patients
from sim.outcomes.subgroups import by_subgroup, groups
from sim.scenario import Loaded
from tests.runs import QUICKEST, load_text
from tests.test_economics import MONTH, ONE, RETURNS

NAMES = [name for name, _, _ in FIGURES]
FIVE = "run.window=5 y"


def spent(text: str, *overrides: str) -> tuple[Loaded, Patients, Ledger, np.ndarray]:
    loaded = load_text(text, *overrides)
    arm = Arm("one", loaded.scenario)
    patients, trace = simulate(arm, [0], QUICKEST)
    money = ledger(arm.scenario, arm.protocol, patients, trace, patients.cohort.luck)
    return loaded, patients, money, budget(arm.scenario, arm.protocol, patients, trace)[0]


def test_years_by_hand() -> None:
    # referred on day 5: infusion 41, discharge 55, relapse 441, death 541
    _, _, _, years = spent(ONE, FIVE)
    told = [dict(zip(NAMES, year, strict=True)) for year in years]
    once = 4000 + 100_000 + 2000 + 500 + 14 * 1000 + 700
    first = 300 / MONTH * 36 + once + 200 / MONTH * (365 - 41)
    second = 200 / MONTH * (441 - 365) + 3000 / MONTH * 100 + 5000
    assert [year["spent"] for year in told] == pytest.approx([first, second, 0.0, 0.0, 0.0], rel=1e-6, abs=1e-6)
    assert [year["spent_on_products"] for year in told] == [100_000.0, 0.0, 0.0, 0.0, 0.0]
    assert [year["spent_on_earlier"] for year in told] == [0.0] * 5
    assert [year["referred"] for year in told] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert [year["infused"] for year in told] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert [year["alive"] for year in told] == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_who_was_referred_before_counts_from_the_first_year_on() -> None:
    # the warm-up ends on day 100, 59 days after the infusion: year 1 is day 100 to 465
    _, _, _, years = spent(ONE, FIVE, "run.warm_up=100 d")
    told = [dict(zip(NAMES, year, strict=True)) for year in years]
    first = 200 / MONTH * (441 - 100) + 3000 / MONTH * (465 - 441)
    assert told[0]["spent"] == told[0]["spent_on_earlier"] == pytest.approx(first, rel=1e-6)
    assert told[1]["spent"] == pytest.approx(3000 / MONTH * (541 - 465) + 5000, rel=1e-6)
    assert (told[0]["referred"], told[0]["infused"], told[0]["alive"], told[1]["alive"]) == (0.0, 0.0, 1.0, 0.0)


def test_all_years_together_are_what_the_ledger_has_without_discounting() -> None:
    loaded, _, money, years = spent(RETURNS, FIVE)
    assert years_in(loaded.scenario) == 5
    total = dict(zip(NAMES, years.sum(axis=0), strict=True))
    assert total["spent"] == pytest.approx(money.undiscounted[0].sum(), rel=1e-9)
    assert (total["infused"], total["spent_on_products"]) == (2.0, 200_000.0)


def test_only_whole_years_of_the_window_are_told() -> None:
    assert spent(ONE, "run.window=364 d")[3].shape == (0, len(FIGURES))
    assert spent(ONE, "run.window=730 d")[3].shape == (2, len(FIGURES))
    assert budget_table({"one": load_text(ONE, "run.window=364 d")}, [[np.empty((0, len(FIGURES)))]]) is None


MANY = (
    ONE.replace("referral_days: [5 d]", "referrals: 20 / month")
    .replace(
        "{risk_groups: {everybody: {share: 1}}}", "{risk_groups: {low: {share: 0.7}, high: {share: 0.3, hazard: 2}}}"
    )
    .replace("progression: never", "progression: {exponential: {median: 300 d}}")
)


def test_subgroups_add_up_to_the_whole() -> None:
    loaded, patients, money, _ = spent(MANY)
    found = by_subgroup(loaded.scenario, patients, money)[0]
    assert groups(loaded.scenario) == [("risk_group", "low"), ("risk_group", "high"), ("centre", "here")]
    low, high, here = found
    people = low[-1] + high[-1]
    assert people == here[-1] == len(money.infused)
    assert min(low[-1], high[-1]) > 5
    whole = (money.quantities()[0][:3], money.infused.mean())
    for k in range(3):
        assert (low[k] * low[-1] + high[k] * high[-1]) / people == pytest.approx(whole[0][k], rel=1e-12)
        assert here[k] == pytest.approx(whole[0][k], rel=1e-12)
    assert here[3] == pytest.approx(whole[1], rel=1e-12)
    assert isinstance(money.by, ByGroup)


def test_what_a_scenario_has_more_is_told_group_by_group() -> None:
    one, other = load_text(MANY), load_text(MANY)
    luck = np.random.default_rng(1)
    values = [[luck.normal(10.0, 1.0, (3, 5)) for _ in range(2)] for _ in range(6)]
    table = subgroups_table({"one": one, "other": other}, values).set_index(["scenario", "group", "quantity"])
    row = table.loc[("other", "high", "qalys")]
    assert row["estimate"] == pytest.approx(np.mean([each[1][1, 1] for each in values]))
    assert row["increment"] == pytest.approx(np.mean([each[1][1, 1] - each[0][1, 1] for each in values]))
    assert row["increment_low"] < row["increment"] < row["increment_high"]
    assert row["patients"] == pytest.approx(np.mean([each[1][1, 4] for each in values]))


def test_the_budget_is_the_payers_whatever_the_perspective() -> None:
    lost = "manufacturing.failure=0.4"
    (*_, payer), *others = (
        spent(MANY, FIVE, lost, f"economics.perspective={view}")
        for view in ("payer", "payer_and_manufacturer", "societal")
    )
    for _, _, money, years in others:
        assert years.tolist() == payer.tolist()
        # while the costs of this perspective hold products that the manufacturer pays
        assert money.costs["unused_product"].sum() > 0.0
