"""Net benefit by group with and without equity weights, against sums over patients; useless weights are refused."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.choice import COMPILED
from sim.experiment.runs.replicate import Arm, simulate
from sim.experiment.study.distribution_table import distribution_table
from sim.experiment.study.economics_tables import why_not_comparable
from sim.outcomes.distribution import FIGURES, distribution, told_of
from sim.outcomes.economics import ledger, whole_cost
from sim.scenario import ScenarioError
from tests.runs import load_text
from tests.test_budget import MANY
from tests.test_economics import ONE

TWO = MANY.replace("centres: {here: {}}", "centres: {here: {}, there: {}}").replace(
    "regions: {here: {centre: here, ", "regions: {here: {centre: {here: 0.6, there: 0.4}, "
)
NOBODY_HIGH = TWO.replace("low: {share: 0.7}, high: {share: 0.3, hazard: 2}", "low: {share: 1}, high: {share: 0}")
WEIGHTS = ("economics.equity.risk_group.high=2", "economics.equity.centre.there=1.5")


def gains(*overrides: str) -> tuple[dict[tuple[str, str], dict[str, float]], np.ndarray, np.ndarray, np.ndarray]:
    loaded = load_text(TWO, *overrides)
    arm = Arm("one", loaded.scenario)
    patients, trace = simulate(arm, [0], COMPILED)
    money = ledger(arm.scenario, arm.protocol, patients, trace, patients.cohort.luck)
    (values,) = distribution(loaded.scenario, patients, money)
    told = {
        group: dict(zip(FIGURES, row, strict=True)) for group, row in zip(told_of(arm.scenario), values, strict=True)
    }
    first = patients.cohort.measured
    benefit = np.sum(list(money.qalys.values()), axis=0), whole_cost(money.costs, False)
    return told, np.stack(benefit), patients.cohort.group[first], patients.cohort.centre[first]


def test_weights_multiply_the_qalys_of_each_patient() -> None:
    told, (qalys, cost), group, centre = gains(*WEIGHTS)
    weight = np.where(group == 1, 2.0, 1.0) * np.where(centre == 1, 1.5, 1.0)
    everybody = told["all", "all"]
    assert everybody["weighted_qalys"] == pytest.approx((weight * qalys).mean())
    assert (everybody["weight"], everybody["share"]) == (pytest.approx(weight.mean()), 1.0)
    high = told["risk_group", "high"]
    assert high["weighted_qalys"] == pytest.approx((weight * qalys)[group == 1].mean())
    assert high["cost"] == pytest.approx(cost[group == 1].mean())
    assert high["share"] == pytest.approx((group == 1).mean())
    for kind in ("risk_group", "centre"):
        mine = [row for (by, _), row in told.items() if by == kind]
        whole = sum(row["share"] * row["weighted_qalys"] for row in mine)
        assert whole == pytest.approx(everybody["weighted_qalys"])


def test_without_weights_both_are_one() -> None:
    told, _, _, _ = gains()
    assert all(row["weighted_qalys"] == row["qalys"] and row["weight"] == 1.0 for row in told.values())


def test_the_table_tells_who_gains() -> None:
    one, other = load_text(TWO, *WEIGHTS), load_text(TWO, *WEIGHTS)
    luck = np.random.default_rng(2)
    # cost, QALYs, weighted QALYs, weight, share: the second gives the third group half a QALY more
    base = [np.tile([1000.0, 1.0, 2.0, 2.0, 0.2], (5, 1)) for _ in range(8)]
    more = [each + np.array([0, 1, 2, 0, 0]) * (np.arange(5) == 2)[:, None] * luck.normal(0.5, 0.01) for each in base]
    table = distribution_table({"one": one, "other": other}, list(zip(base, more, strict=True)))
    rows = table.set_index(["scenario", "group", "willingness_to_pay"])
    amount = one.scenario.economics.willingness_to_pay[0] if one.scenario.economics else 0.0
    high = rows.loc[("other", "high", amount)]
    assert high["increment"] == pytest.approx(amount * 0.5, rel=0.05)
    assert high["weighted_increment"] == pytest.approx(2 * high["increment"])
    assert (high["verdict"], high["weighted_verdict"]) == ("better", "better")
    assert rows.loc[("other", "low", amount)]["verdict"] == "the same"
    assert high["net_benefit"] == pytest.approx(amount * (1 + high["increment"] / amount) - 1000.0)


def test_a_centre_that_treats_other_patients_as_well_has_gained_nothing_by_it() -> None:
    text = TWO.replace("regions: {", "regions: {third: {centre: here, referrals: 1 / month}, ")
    one, other = load_text(text, *WEIGHTS), load_text(text, *WEIGHTS, "regions.third.centre={there: 1}")
    groups = told_of(one.scenario)
    assert groups == told_of(other.scenario)
    values = [np.tile([1000.0, 1.0, 2.0, 2.0, 0.2], (len(groups), 1)) for _ in range(4)]
    table = distribution_table({"one": one, "other": other}, [(each, each + 1.0) for each in values])
    mine = table[table["scenario"] == "other"].groupby(["group_by"])
    known = mine[["increment", "weighted_increment"]].count()
    assert known.loc["centre"].tolist() == [0, 0]
    assert known.loc["risk_group", "increment"] == mine.size()["risk_group"] > 0
    # a weight of a centre counts for who is treated there: other centres, other weights
    assert known["weighted_increment"].sum() == 0
    assert set(mine.get_group(("all",))["weighted_verdict"]) == {"cannot be compared"}


@pytest.mark.parametrize(
    ("text", "change", "told"),
    [
        (TWO, "economics.equity.risk_group.hihg=2", "'hihg' is no risk group"),
        (TWO, "economics.equity.centre.nowhere=2", "no region sends patients to 'nowhere'"),
        (TWO, "economics.equity.risk_group.high=-1", "a weight"),
        (MANY, "economics.equity.centre.here=2", "one centre treats everybody"),
        (ONE, "economics.equity.risk_group.everybody=2", "there is one risk group"),
        (NOBODY_HIGH, "economics.equity.risk_group.high=2", "the proportion of this risk group is 0"),
    ],
)
def test_what_weighs_nothing_is_refused(text: str, change: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_text(text, change)
    assert told in str(caught.value)


@pytest.mark.parametrize(("key", "told"), [("risk_group", "'hihg' is no risk group"), ("centre", "to 'hihg'")])
def test_a_weight_of_nobody_is_refused_in_a_file_too(key: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_text(TWO.replace("  horizon:", f"  equity: {{{key}: {{hihg: 2}}}}\n  horizon:"))
    assert told in str(caught.value)


def test_a_weight_has_no_distribution() -> None:
    uncertain = "uncertainty.economics.equity.risk_group.high.weight={uniform: {low: 1, high: 2}, source: assumption}"
    with pytest.raises(ScenarioError, match=r"is a choice of values, and acts on distribution.csv alone"):
        load_text(TWO, *WEIGHTS, uncertain)


def test_other_weights_cannot_be_set_against_each_other() -> None:
    both = {"one": load_text(TWO), "other": load_text(TWO, *WEIGHTS)}
    assert why_not_comparable(both) == "their economics differ in equity weights"
