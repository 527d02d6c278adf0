"""Costs, QALYs and net benefit as outcomes of every design; inputs that move nothing are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student

from sim.experiment.plan.bench import metrics_of, reducer_of
from sim.experiment.plan.targets import parse_target
from sim.experiment.runs.precision import parse_precision, require_possible
from sim.experiment.study.economics_tables import prices
from sim.experiment.sweep.designs import build_design
from sim.experiment.sweep.economics import economic_outcomes, idle_inputs, wrong_metrics
from sim.experiment.sweep.evaluate import Sweep, SweepPlan, evaluate, open_sweep
from sim.experiment.sweep.factors import parse_factor
from sim.experiment.sweep.points import Point
from sim.experiment.sweep.run import sensitivity_tables
from sim.experiment.sweep.tables import point_rows
from sim.experiment.sweep.unmoved import unmoved
from sim.outcomes.decisions import judged_standings, value_based_price
from sim.outcomes.economic_metrics import economic_metric, values_of
from sim.outcomes.economic_quantities import COST, EFFECT, QUANTITIES
from sim.outcomes.estimates import ratio_interval
from sim.outcomes.metrics import METRICS
from sim.scenario import ScenarioError
from sim.scenario.each import load_each
from tests.runs import QUICKEST, load_text
from tests.test_psa import SMALL, base

PRICE = "economics.costs.product.autologous"


def swept(folder: Path, design: str, *vary: str, samples: int | None = None, metrics: tuple[str, ...] = ()) -> tuple:
    made = build_design(design, [parse_factor(text) for text in vary], {}, samples, 1)
    both = base()
    reducer, money = economic_outcomes(both)
    plan = SweepPlan(both, made.points, 2, 1, QUICKEST, reducer=reducer, metrics=metrics, money=money)
    with open_sweep(plan, folder) as sweep:
        evaluate(sweep, plan.points, lambda _: None)
        rows = point_rows(sweep, plan.points)
        return rows, sensitivity_tables(sweep, made), unmoved(sweep, made), _all(sweep)


def _all(sweep: Sweep) -> np.ndarray:
    return np.array([sweep.values(point.number) for point in sweep.plan.points])


def test_net_benefit_is_qalys_at_the_amount_less_cost_and_a_gain_is_against_the_first(tmp_path: Path) -> None:
    rows, _, _, values = swept(tmp_path, "grid", f"{PRICE}=100000,200000", metrics=())
    quantities = values[..., len(METRICS) :]
    names = dict.fromkeys(rows["metric"])
    for amount in (50_000, 100_000):
        mean = (amount * quantities[..., EFFECT] - quantities[..., COST]).mean(axis=1)
        of = rows[rows["metric"] == f"net_benefit@{amount}"].pivot(index="point", columns="scenario", values="estimate")
        assert of[["Long wait", "Short wait"]].to_numpy() == pytest.approx(mean)
        more = rows[rows["metric"] == f"incremental_net_benefit@{amount}"].set_index("point")
        assert set(more["scenario"]) == {"Short wait"}
        assert more["estimate"].to_numpy() == pytest.approx(mean[:, 1] - mean[:, 0])
    assert {"cost_per_referred", "qalys_per_referred", "life_years_per_referred"} <= set(names)
    cost = rows[rows["metric"] == "cost_per_referred"]
    assert (cost["unit"] == "USD 2024").all()


def test_cost_is_linear_in_a_price_with_the_infused_as_its_slope(tmp_path: Path) -> None:
    """Undiscounted to the bit it is not: what a price adds is its discounted present value, the same at every step."""
    rows, *_ = swept(tmp_path, "grid", f"{PRICE}=0,100000,200000", metrics=("cost_per_referred",))
    assert set(rows["metric"]) == {"cost_per_referred"}
    for _, mine in rows.groupby("scenario"):
        a, b, c = mine["estimate"]
        assert b - a == pytest.approx(c - b, rel=1e-12)
        assert b > a


@pytest.mark.parametrize(
    ("design", "table", "column", "samples"),
    [
        ("one_at_a_time", "tornado", "swing", None),
        ("sobol", "sobol", "total", 4),
        ("morris", "morris", "mu_star", 2),
        ("latin_hypercube", "prcc", "prcc", 12),
    ],
)
def test_every_design_finds_that_a_price_moves_net_benefit_and_says_what_moves_nothing(
    tmp_path: Path, design: str, table: str, column: str, samples: int | None
) -> None:
    idle = "economics.costs.unused_product.autologous"  # the manufacturer pays for these, and is not in view
    pytest.importorskip("SALib")
    _, tables, told, _ = swept(
        tmp_path, design, f"{PRICE}=50000:150000", f"{idle}=1:2", samples=samples, metrics=("net_benefit@70000",)
    )
    found = tables[table].set_index(["scenario", "path"])
    assert set(found["metric"]) == {"net_benefit@70000"}
    assert abs(found.loc[("Long wait", PRICE), column]) > 0.3
    assert [text.split(" ")[0] for text in told] == [idle]
    assert "none of the metrics chosen" in told[0]


def test_a_metric_that_nothing_chosen_moves_is_told(tmp_path: Path) -> None:
    assert swept(tmp_path / "a", "grid", f"{PRICE}=1,2", metrics=("infused_share",))[2] != []
    assert swept(tmp_path / "b", "grid", f"{PRICE}=1,2")[2] == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("qalys_per_refered", "did you mean 'qalys_per_referred'?"),
        ("net_benefit@lots", "an amount for a QALY"),
        ("incremental_infused_share", "allowed with incremental_"),
    ],
)
def test_a_wrong_metric_is_refused(name: str, told: str) -> None:
    ((wrong, message),) = wrong_metrics(base(), ["infused_share", name])
    assert wrong == name
    assert told in message


def test_prices_and_net_benefit_without_economics_are_refused() -> None:
    without = base(SMALL[: SMALL.index("economics:")])
    assert not [*wrong_metrics(base(), ["net_benefit@100"]), *idle_inputs(base(), [PRICE])]
    told = [*wrong_metrics(without, ["net_benefit@100"]), *idle_inputs(without, [PRICE])]
    assert [name for name, _ in told] == ["net_benefit@100", PRICE]
    assert all("no scenario has a section economics" in message for _, message in told)
    assert economic_outcomes(without) == (None, "")


def test_a_value_goes_to_the_arms_that_have_a_use_for_it(tmp_path: Path) -> None:
    files = [Path("scenarios/autologous.yaml"), Path("scenarios/allogeneic.yaml")]
    found, notes = load_each(files, ["economics.costs.product.allogeneic=300000", "economics.costs.bed_day=4000"])
    costs = [one.scenario.economics.costs for one in found]
    assert costs[1].product.allogeneic == 300_000
    assert costs[0].product.autologous == 419_500
    assert [cost.bed_day for cost in costs] == [4_000, 4_000]
    assert len(notes) == 1
    assert "strategy 'autologous' has no use for it" in notes[0]
    with pytest.raises(ScenarioError):
        load_each(files, ["economics.costs.product.nothing=1"])
    with pytest.raises(ScenarioError):
        load_each(files[:1], ["economics.costs.product.allogeneic=1"])


def test_targets_and_precision_take_economic_outcomes() -> None:
    one = base(SMALL)
    target = parse_target("net_benefit@60000 >= 1000", metrics_of(one))
    assert target.metric.unit == "USD 2024"
    assert any(column.name == "net_benefit@60000" for column in reducer_of(one, [target]).columns)
    rule = parse_precision("qalys_per_referred=0.01", None, None)
    values = np.zeros((3, 1, len(METRICS) + 30))
    values[:, 0, len(METRICS) + EFFECT] = 1.0, 2.0, 3.0
    assert values_of("qalys_per_referred", values)[:, 0] == pytest.approx([1, 2, 3])
    assert rule.half_widths(values)[0] == pytest.approx(4.3026527 * 1.0 / 3**0.5)
    require_possible(rule, {"a": load_text(SMALL).scenario})
    with pytest.raises(ValueError, match="no section `economics`"):
        require_possible(rule, {"a": load_text(SMALL[: SMALL.index("economics:")]).scenario})


def test_the_name_of_a_net_benefit_is_read_and_written_alike() -> None:
    for text in ("net_benefit@100000", "net_benefit@0", "net_benefit@1234567.5"):
        metric = economic_metric(text)
        assert metric is not None
        assert metric.name == text
    assert economic_metric("infused_share") is None


def test_the_interval_of_a_ratio_is_fieller_s_and_is_left_out_where_it_has_no_end() -> None:
    random = np.random.default_rng(3)
    below = 2.0 + 0.5 * random.normal(size=40)
    above = 3.0 * below + random.normal(size=40)
    value, low, high = ratio_interval(above, below)
    for ratio in (low, high):  # exactly there the mean of above - ratio x below is just clearly not 0
        rest = above - ratio * below
        assert abs(rest.mean()) / (rest.std(ddof=1) / 40**0.5) == pytest.approx(student.ppf(0.975, 39), rel=1e-9)
    assert low < value < high
    open_ended = ratio_interval(above, below - below.mean() + 0.01)
    assert np.isnan(open_ended[1:]).all()


def test_an_icer_has_an_interval_only_where_costs_and_qalys_are_clearly_apart() -> None:
    random = np.random.default_rng(4)
    chance = random.normal(size=(30, 2))
    for cost, spread, bounded in ((5000.0, 1000.0, True), (100.0, 1000.0, False), (-5000.0, 1000.0, False)):
        costs = np.column_stack([np.zeros(30), cost + spread * chance[:, 0]])
        effects = np.column_stack([np.zeros(30), 0.1 + 0.02 * chance[:, 1]])
        dearer = next(one for one in judged_standings(costs, effects) if one.against is not None)
        assert bool(np.isfinite(dearer.icer_bounds).all()) == bounded, cost
        if bounded:
            assert dearer.icer_bounds[0] < dearer.icer < dearer.icer_bounds[1]


def test_at_its_value_based_price_a_strategy_is_worth_as_much_as_the_other(tmp_path: Path) -> None:
    both = base()
    reducer, money = economic_outcomes(both)

    def run(point: Point, folder: str) -> np.ndarray:
        plan = SweepPlan(both, (point,), 4, 1, QUICKEST, reducer=reducer, money=money)
        with open_sweep(plan, tmp_path / folder) as sweep:
            evaluate(sweep, plan.points, lambda _: None)
            return sweep.values(0)

    found = prices(both.scenarios, run(Point(0, "base"), "a")[..., len(METRICS) : len(METRICS) + len(QUANTITIES)])
    row = found.set_index(["scenario", "against", "willingness_to_pay"]).loc[("Short wait", "Long wait", 100_000.0)]
    assert row["low"] < row["value_based_price"] < row["high"]
    assert row["change"] == pytest.approx(row["value_based_price"] / 130_000 - 1)
    there = Point(0, "there", own={"Short wait": {PRICE: f"{row['value_based_price']:.12g}"}})
    values = run(there, "b")
    quantities = values[..., len(METRICS) :]
    benefit = 100_000 * quantities[..., EFFECT] - quantities[..., COST]
    assert benefit[:, 1].mean() == pytest.approx(benefit[:, 0].mean(), abs=1e-3)


def test_prices_drawn_with_the_samples_are_solved_for_sample_by_sample() -> None:
    """Benefit 1000 + noise at a price that varies: what is solved for does not depend on the price drawn."""
    random = np.random.default_rng(6)
    price = random.uniform(500, 1500, size=50)
    units = random.uniform(0.7, 0.9, size=50)
    worth = 2000 * units + 10 * random.normal(size=50)
    found = value_based_price(price, worth - price * units, units)
    assert found.value == pytest.approx(2000, abs=20)
    assert found.low < 2000 < found.high


def test_who_is_worse_at_a_cost_that_is_not_clear_has_no_ratio() -> None:
    random = np.random.default_rng(4)
    spread = random.normal(0.0, 9.0, 40)
    costs = np.column_stack([np.full(40, 100.0), 101.0 + spread - spread.mean()])
    effects = np.column_stack([np.full(40, 2.0), 1.5 + random.normal(0.0, 0.01, 40)])
    assert costs[:, 1].mean() > 100.0
    worse = next(one for one in judged_standings(costs, effects) if one.strategy == 1)
    assert worse.status == "no clear difference in costs"
    assert worse.effect < 0.0 < worse.cost
    assert np.isnan(worse.icer)
    # better at a cost that is not clear keeps its ratio, which is not negative
    better = next(one for one in judged_standings(costs, effects[:, ::-1]) if one.strategy == 1)
    assert better.icer >= 0.0
    assert better.icer == pytest.approx(better.cost / better.effect)
