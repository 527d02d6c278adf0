"""Probabilistic sensitivity analysis: draws, samples against runs of their own, tables, and what is refused.

Longer than 400 lines because each refusal stands with its message.
"""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.methods import method_tables
from reports.tables import read
from sim.experiment.disk.folder import FolderError
from sim.experiment.psa.information import (
    Population,
    Wanted,
    held_fixed,
    members,
    parse_groups,
    shift_warnings,
)
from sim.experiment.psa.run import Psa, plain_wanted, psa_points, require_economics, run_psa, wanted_from_plain
from sim.experiment.psa.tables import simulation_share
from sim.experiment.runs.replicate import Arm, Keep, economics_of, replicate, simulate
from sim.experiment.sweep.economics import ECONOMICS
from sim.experiment.sweep.evaluate import SweepPlan, evaluate, open_sweep
from sim.experiment.sweep.points import Base, Point, digest, require_valid
from sim.outcomes.decisions import acceptability, quadrants
from sim.outcomes.economic_quantities import COST, EFFECT
from sim.pieces.cohort import Cohort, draw_cohort
from sim.pure.streams import Source, key_table, sequence
from sim.scenario import ScenarioError
from tests.runs import QUICKEST, load_text

SMALL = """
name: Long wait
strategy: autologous
run: {start: 2026-01-01, warm_up: 0 d, window: 90 d, follow_up: 200 d, replications: 4, seed: 11}
regions: {here: {centre: here, referrals: 10 / month}}
centres: {here: {}}
patients: {risk_groups: {everybody: {share: 1}}}
clocks: {waiting: {death: {exponential: {rate: 0.01 / d}}}}
manufacturing: {duration: 60 d}
after_infusion:
  autologous: {progression: {exponential: {median: 8 months}}, death: {exponential: {rate: 0.002 / d}}}
  not_infused: {death: {exponential: {rate: 0.004 / d}}}
economics:
  currency: USD
  price_year: 2024
  willingness_to_pay: [50000, 100000]
  costs: {product: {autologous: 100000}, follow_up_month: 500}
  utilities: {waiting: 0.6, progressed: 0.5, progression_free: 0.8, subsequent_care: {utility: 0.5}}
uncertainty:
  clocks.waiting.death.exponential.rate: {lognormal: {median: 0.01 / d, sigma: 0.3}, source: assumption}
  after_infusion.autologous.progression.exponential.median:
    {gamma: {mean: 8 months, sd: 1 months}, source: "assumption: wide"}
  economics.costs.follow_up_month: {normal: {mean: 500, sd: 50}, source: assumption}
  economics.utilities.progression_free: {beta: {events: 80, of: 100}, source: assumption}
sources: {economics.costs.product: "CU-10: the price", after_infusion.autologous.death: "assumption: none found"}
"""
SHORT = (
    SMALL.replace("Long wait", "Short wait")
    .replace("60 d", "10 d")
    .replace("{autologous: 100000}", "{autologous: 130000}")
)


def base(*texts: str) -> Base:
    loaded = [load_text(text) for text in texts or (SMALL, SHORT)]
    return Base({one.scenario.name: one for one in loaded})


def plan(samples: int = 5, replications: int = 3, **how: object) -> SweepPlan:
    both = base()
    return SweepPlan(both, psa_points(both, samples), replications, 1, QUICKEST, None, ECONOMICS)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Psa, SweepPlan]:
    folder, wanted = tmp_path_factory.mktemp("psa"), plan()
    return folder, run_psa(wanted, folder, "psa", lambda _: None), wanted


# The mean of half a standard normal, and by how much a cut at two standard deviations lowers its variance.
HALF = math.sqrt(2 / math.pi)
TWO_SIDED = 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2))


@pytest.mark.parametrize(
    ("text", "mean", "sd"),
    [
        ("{beta: {mean: 0.3, sd: 0.1}}", 0.3, 0.1),
        ("{beta: {events: 24, of: 43}}", 24 / 43, math.sqrt(24 * 19 / 43**2 / 44)),
        ("{gamma: {mean: 8 months, sd: 2 months}}", 8.0, 2.0),
        ("{lognormal: {mean: 0.02 / d, sd: 0.01 / d}}", 0.02, 0.01),
        ("{lognormal: {median: 5, sigma: 0.4}}", 5 * math.exp(0.08), 5 * math.exp(0.08) * math.sqrt(math.expm1(0.16))),
        ("{normal: {mean: 3, sd: 0.5}}", 3.0, 0.5),
        # cut off at its mean: half a normal
        ("{truncated_normal: {mean: 3, sd: 0.5, low: 3}}", 3 + 0.5 * HALF, 0.5 * math.sqrt(1 - HALF**2)),
        ("{truncated_normal: {mean: 3, sd: 0.5, low: 2, high: 4}}", 3.0, 0.5 * math.sqrt(1 - TWO_SIDED)),
        ("{uniform: {low: 2 d, high: 4 d}}", 3.0, 2 / math.sqrt(12)),
    ],
)
def test_draws_have_the_moments_of_their_distributions(text: str, mean: float, sd: float) -> None:
    path = "after_infusion.autologous.progression.exponential.median"  # one that is written out: any distribution goes
    entry = f"uncertainty: {{{path}: {text[:-1]}, source: assumption}}}}"
    loaded = load_text(SMALL[: SMALL.index("uncertainty:")] + entry)
    uncertain = loaded.scenario.uncertainty[path]
    drawn = uncertain.quantile((np.arange(20_000) + 0.5) / 20_000)
    assert drawn.mean() == pytest.approx(mean, rel=1e-3)
    assert drawn.std() == pytest.approx(sd, rel=1e-2)
    assert (np.diff(drawn) > 0).all()
    assert loaded.resolved["uncertainty"][path]["source"] == "assumption"


def test_an_input_has_the_same_luck_in_every_scenario_and_more_samples_leave_the_first_alone() -> None:
    few, many = psa_points(base(), 3), psa_points(base(), 6)
    assert few == many[:3]
    for point in few:
        assert point.own["Long wait"] == point.own["Short wait"]
    alone = psa_points(base(SHORT), 3)
    assert [p.own["Short wait"] for p in alone] == [p.own["Short wait"] for p in few]
    other = SHORT.replace("{events: 80, of: 100}", "{events: 40, of: 100}")
    apart = psa_points(base(SMALL, other), 40)
    path = "economics.utilities.progression_free"
    a, b = (np.array([p.values[f"{path} ({name})"] for p in apart]) for name in ("Long wait", "Short wait"))
    assert (np.argsort(a) == np.argsort(b)).all()
    (u,) = sequence(key_table(11, 0, (Source("uncertainty"),), (path,)), np.zeros(1, dtype=np.int64), 40)
    assert (np.argsort(a) == np.argsort(u)).all()


def test_a_sample_is_what_a_run_with_its_values_gives(done: tuple[Path, Psa, SweepPlan]) -> None:
    folder, _, wanted = done
    long = pd.read_csv(folder / "psa.csv")
    assert list(long) == ["sample", "strategy", "grp", "cost", "qalys"]
    assert len(long) == 5 * 2
    inputs = pd.read_csv(folder / "psa_inputs.csv").set_index("sample")
    assert len(inputs.columns) == 4
    for point in (wanted.points[0], wanted.points[3]):
        for name, text in (("Long wait", SMALL), ("Short wait", SHORT)):
            values = [f"{p}={v}" for p, v in point.own[name].items()]
            arm = Arm(name, load_text(text, *values).scenario, point.number + 1)
            runs = economics_of(arm, *simulate(arm, range(3), QUICKEST))
            row = long[(long["sample"] == point.number + 1) & (long["strategy"] == name)].iloc[0]
            assert row["cost"] == pytest.approx(np.mean([run[COST] for run in runs]), rel=1e-12)
            assert row["qalys"] == pytest.approx(np.mean([run[EFFECT] for run in runs]), rel=1e-12)


def test_the_tables_agree_with_each_other(done: tuple[Path, Psa, SweepPlan]) -> None:
    folder, found, _ = done
    long, wide = pd.read_csv(folder / "psa.csv"), pd.read_csv(folder / "psa_wide.csv").set_index("sample")
    names = ["Long wait", "Short wait"]
    assert list(wide) == [f"{kind}_{name}" for kind in ("costs", "effects") for name in names]
    for name in names:
        mine = long[long["strategy"] == name].set_index("sample")
        assert wide[f"costs_{name}"].to_numpy() == pytest.approx(mine["cost"].to_numpy())
    plane = pd.read_csv(folder / "ce_plane.csv").set_index("sample")
    assert plane["incremental_qalys"].to_numpy() == pytest.approx(
        (wide["effects_Short wait"] - wide["effects_Long wait"]).to_numpy()
    )
    ceac = pd.read_csv(folder / "ceac.csv")
    assert ceac.groupby("willingness_to_pay")["probability"].sum().to_numpy() == pytest.approx(1.0)
    assert (ceac.groupby("willingness_to_pay")["on_frontier"].sum() == 1).all()
    assert {0.0, 50_000.0, 100_000.0, 200_000.0} <= set(ceac["willingness_to_pay"])
    evpi = pd.read_csv(folder / "evpi.csv")
    for _, row in evpi.iloc[::7].iterrows():
        benefit = np.array(
            [
                [row["willingness_to_pay"] * wide[f"effects_{n}"][s] - wide[f"costs_{n}"][s] for n in names]
                for s in range(1, 6)
            ]
        )
        plain = benefit.max(axis=1).mean() - benefit.mean(axis=0).max()
        assert row["evpi_uncorrected"] == pytest.approx(plain, abs=1e-6)
        assert row["evpi"] <= plain + 1e-6
    evppi = pd.read_csv(folder / "evppi.csv")
    assessed = evppi[evppi["kind"] == "one input"]
    assert set(assessed["input"]) == set(pd.read_csv(folder / "psa_inputs.csv").columns) - {"sample"}
    assert set(assessed["willingness_to_pay"]) == {50_000.0, 100_000.0}
    held = evppi[evppi["kind"] == "not assessed: held fixed"]
    assert held["evppi"].isna().all(), "what was held fixed is not 0"
    assert {"manufacturing.duration", "economics.costs.product.autologous"} <= set(held["input"])
    assert not set(held["input"]) & set(assessed["input"])
    assert not any(path.startswith("run.") for path in held["input"])
    icer = pd.read_csv(folder / "psa_icer.csv").set_index("scenario")
    assert icer.loc["Short wait", "cost"] == pytest.approx(wide["costs_Short wait"].mean())
    for name in ("ce_plane", "ceac", "evpi", "psa_icer"):
        table = pd.read_csv(folder / f"{name}.csv")
        assert table["assumed"].str.contains("economics.utilities.waiting").all(), name
        assert not table["assumed"].str.contains("economics.costs.product").any(), name
    assert len(found.workers) == 1


def test_a_stopped_analysis_goes_on_and_ends_the_same(done: tuple[Path, Psa, SweepPlan], tmp_path: Path) -> None:
    folder, _, wanted = done
    heard: list[int] = []

    def stop_early(count: int) -> None:
        heard.append(count)
        if sum(heard) >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_psa(wanted, tmp_path / "p", "psa", stop_early)
    before = sum(heard)
    assert 0 < before < 15
    run_psa(wanted, tmp_path / "p", "psa", heard.append)
    for name in ("psa", "psa_wide", "psa_inputs", "ceac", "evpi"):
        assert (tmp_path / "p" / f"{name}.csv").read_bytes() == (folder / f"{name}.csv").read_bytes(), name
    again: list[int] = []
    run_psa(wanted, tmp_path / "p", "psa", again.append)
    assert again[0] == 15, "everything was there"
    with pytest.raises(FolderError, match="results of another sweep"):
        run_psa(plan(samples=6), tmp_path / "p", "psa", heard.append)


def test_what_replications_leave_is_told() -> None:
    # of samples that differ only by the luck of few replications, all the spread is left over from these
    rng = np.random.default_rng(2)
    for share in (0.0, 0.5):
        noise, truth = math.sqrt(share), math.sqrt(1 - share)
        costs = np.stack([np.zeros(4000), rng.normal(0, truth, 4000) + rng.normal(0, noise, 4000)], axis=1)
        effects = np.zeros((4000, 2))
        left = np.zeros((4000, 4, 4))
        left[:, 2, 2] = share
        amounts = np.array([0.0])
        found = simulation_share(amounts, acceptability(costs, effects, amounts), costs, effects, left)
        assert found[0] == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("sd: 1 months", "sd: 1 d", "all with the same unit, or none"),
        ("{beta: {events: 80, of: 100}", "{beta: {events: 100, of: 100}", "some events, and fewer than all"),
        ("{beta: {events: 80, of: 100}", "{bta: {events: 80, of: 100}", "did you mean 'beta'?"),
        ("sigma: 0.3", "sigma: 0.3 d", "allowed: a number, with its unit where the input has one"),
        ("{normal: {mean: 500, sd: 50}", "{normal: {mean: 500, sd: 0}", "found sd 0; allowed: above 0"),
        (
            "{normal: {mean: 500, sd: 50}",
            "{truncated_normal: {mean: 500, sd: 50, low: 9, high: 9}",
            "allowed: low below high",
        ),
        (
            "{normal: {mean: 500, sd: 50}",
            "{truncated_normal: {mean: 500, sd: 50, high: 9}",
            "next to nothing of this normal lies between its ends",
        ),
        (
            "{normal: {mean: 500, sd: 50}",
            "{truncated_normal: {mean: 500, sd: 50}",
            "allowed: {mean: …, sd: …, low: …}, or",
        ),
        ("source: assumption}\n  after", "source: XX-1}\n  after", "found 'XX-1'"),
        ("source: assumption}\n  after", "note: x}\n  after", "unknown key 'note'"),
    ],
)
def test_a_wrong_distribution_is_refused_with_its_line(old: str, new: str, told: str) -> None:
    assert old in SMALL
    with pytest.raises(ScenarioError) as error:
        load_text(SMALL.replace(old, new))
    [problem] = error.value.problems
    assert told in str(problem)
    assert problem.place.line >= SMALL[: SMALL.index("uncertainty:")].count("\n")


def test_uncertainty_does_not_move_a_comparison() -> None:
    assert load_text(SMALL).digest == load_text(SMALL[: SMALL.index("uncertainty:")]).digest


def test_values_that_a_scenario_refuses_are_told_at_their_line() -> None:
    wild = base(SMALL.replace("{events: 80, of: 100}", "{mean: 0.5, sd: 0.1}").replace("{beta: {mean", "{normal: {mean")
                .replace("mean: 0.5, sd: 0.1", "mean: 0.9, sd: 0.5"))  # fmt: skip
    with pytest.raises(ScenarioError) as error:
        require_valid(wild, psa_points(wild, 20))
    (told,) = [str(problem) for problem in error.value.problems]
    assert "allowed: a utility from -1 to 1 (at " in told
    drawn = [point.values["economics.utilities.progression_free"] for point in psa_points(wild, 20)]
    beyond = [k for k, utility in enumerate(drawn, 1) if abs(float(utility)) > 1.0]
    assert f"(at {len(beyond)} of 20 points, first at sample {beyond[0]})" in told
    uncertain = wild.scenarios[wild.names[0]].origins["uncertainty.economics.utilities.progression_free"]
    assert error.value.problems[0].place.line == uncertain[1]


def test_scenarios_without_economics_or_in_other_money_are_refused() -> None:
    with pytest.raises(ScenarioError) as error:
        require_economics(base(SMALL[: SMALL.index("economics:")]))
    assert len(error.value.problems) == 2
    with pytest.raises(ScenarioError) as error:
        require_economics(base(SMALL, SHORT.replace("USD", "EUR")))
    assert "differ in currency" in str(error.value.problems[0])
    require_economics(base())


def luck_of(point: Point, arm: int = 0, replication: int = 0) -> Cohort:
    one = base().arms(point)[arm]
    return draw_cohort(one.scenario, one.protocol.clocks, [replication], one.parameter_set)[0]


def test_the_arms_of_a_sample_have_the_same_patients_with_the_same_luck_and_samples_do_not() -> None:
    first, second = psa_points(base(), 2)
    assert (first.parameter_set, second.parameter_set) == (1, 2)
    a, b, other = luck_of(first, 0), luck_of(first, 1), luck_of(second, 0)
    assert np.array_equal(a.referral_day, b.referral_day)
    assert np.array_equal(a.thresholds, b.thresholds)
    purposes = ("manufacturing.duration", "after_infusion/death")
    assert np.array_equal(a.luck.patients(purposes), b.luck.patients(purposes))
    assert not np.isin(other.referral_day, a.referral_day).any()
    assert not np.isin(other.luck.patients(purposes), a.luck.patients(purposes)).any()


def test_set_0_at_base_values_is_what_compare_gives_to_the_bit(tmp_path: Path) -> None:
    plan = SweepPlan(base(), (Point(0, "base"),), 4, 1, QUICKEST, None, ECONOMICS)
    with open_sweep(plan, tmp_path / "out") as sweep:
        evaluate(sweep, plan.points, lambda _: None)
        values = sweep.values(0)
    arms = [Arm(name, loaded.scenario) for name, loaded in base().scenarios.items()]
    for found in replicate(arms, range(4), 1, Keep(patients=False), lambda _: None, QUICKEST):
        for place, ran in enumerate(found.runs):
            assert ran.economics is not None
            assert np.array_equal(values[found.number, place], [*ran.metrics, *ran.economics], equal_nan=True)


def test_a_set_of_its_own_makes_other_points() -> None:
    assert digest((Point(0, "base"),)) != digest((Point(0, "base", parameter_set=1),))


def test_the_luck_of_two_sets_is_not_correlated() -> None:
    """Means over patients, set by set: of 400 sets each with its successor, and of the replications within a set."""
    one = base().arms(Point(0, "base"))[0]
    lucks = [
        draw_cohort(one.scenario, one.protocol.clocks, [replication], of)[1]
        for of in range(401)
        for replication in (0, 1)
    ]
    means = np.array([luck.of("manufacturing.duration").mean() for luck in lucks]).reshape(401, 2)
    referred = np.array([len(luck.of("referral")) for luck in lucks]).reshape(401, 2)
    for found in (means, referred):
        between = np.corrcoef(found[:-1, 0], found[1:, 0])[0, 1]
        within = np.corrcoef(found[:, 0], found[:, 1])[0, 1]
        # the standard error of a correlation of 400 pairs is 0.05
        assert abs(between) < 0.2
        assert abs(within) < 0.2


def test_assumptions_without_a_distribution_and_shifted_means_are_told(done: tuple[Path, Psa, SweepPlan]) -> None:
    folder, found, wanted = done
    fixed = held_fixed(wanted.base, only_assumptions=True)
    assert {"after_infusion.autologous.death.exponential.rate", "after_infusion.autologous.death"} & set(fixed)
    assert found.warnings[0].startswith(f"{len(fixed)} assumed inputs have no distribution")
    table = pd.read_csv(folder / "uncertain_inputs.csv").set_index(["scenario", "path"])
    row = table.loc[("Long wait", "economics.costs.follow_up_month")]
    drawn = [float(p.own["Long wait"]["economics.costs.follow_up_month"]) for p in wanted.points]
    assert row["base_value"] == 500.0
    assert row["mean_drawn"] == pytest.approx(np.mean(drawn))
    assert row["mean_error"] == pytest.approx(np.std(drawn, ddof=1) / math.sqrt(5))
    rows = pd.DataFrame({"path": ["a", "b", "c"], "base_value": [1.0, 1.0, None], "mean_drawn": [1.2, 1.2, 3.0],
                         "mean_error": [0.01, 0.1, 0.01], "distribution": ["beta", "lognormal", "beta"]})  # fmt: skip
    assert shift_warnings(rows, 1000) == [
        "the draws of 1 input has another mean than the base case: a 1.2 instead of 1"
    ]
    [told] = shift_warnings(rows.assign(distribution="lognormal"), 1000)
    assert told.endswith("; a lognormal by its median has a higher mean")
    # of four draws a gap of three standard errors is chance
    assert shift_warnings(rows.assign(mean_error=0.06), 4) == []
    assert shift_warnings(rows.assign(mean_error=0.04), 1000) != []


def test_a_population_and_groups_are_as_asked(tmp_path: Path) -> None:
    assert Population(100.0, 3).patients(0.0, after=1.5) == pytest.approx(150)
    assert Population(100.0, 3).patients(0.05) == pytest.approx(100 * (1 + 1 / 1.05 + 1 / 1.05**2))
    wanted = Wanted(parse_groups(["utilities=economics.utilities, economics.costs"]), Population(10.0, 1))
    both = plan()
    require = members(wanted.groups["utilities"], list(both.points[0].values))
    assert require == ["economics.utilities.progression_free", "economics.costs.follow_up_month"]
    assert wanted_from_plain(plain_wanted(wanted)) == wanted
    found = run_psa(both, tmp_path / "p", "psa", lambda _: None, wanted=Wanted({}, Population(10.0, 1)))
    for name, column in (("evpi", "evpi"), ("evppi", "evppi")):
        table = found.tables[name]
        mine = table[table[column].notna()]
        assert mine[f"population_{column}"].to_numpy() == pytest.approx(10 * mine[column].to_numpy())
    for text, told in (("x", "NAME=PATH,PATH"), ("=a", "NAME=PATH,PATH")):
        with pytest.raises(ValueError, match=told):
            parse_groups([text])
    with pytest.raises(ValueError, match="no uncertain input here"):
        members(["economics.cost"], list(both.points[0].values))


def test_the_price_that_a_product_is_worth_is_in_the_money_of_each_sample(tmp_path: Path) -> None:
    """A conversion drawn at 6 is one of 6, whatever the factor of the scenario that the samples take the place of."""
    found = []
    for factor in (3, 6):
        money = f"conversion: {{currency: CHF, price_year: 2025, factor: {factor}, source: 'Index X, 2024 to 2025'}}"
        near_6 = "{uniform: {low: 5.999999, high: 6.000001}, source: assumption}"
        drawn = f"uncertainty:\n  economics.conversion.factor: {near_6}"
        texts = [
            text.replace("price_year: 2024", f"price_year: 2024\n  {money}").replace("uncertainty:", drawn)
            for text in (SMALL, SHORT)
        ]
        both = base(*texts)
        plan = SweepPlan(both, psa_points(both, 3), 2, 1, QUICKEST, None, ECONOMICS)
        run_psa(plan, tmp_path / str(factor), "psa", lambda _: None)
        found.append(pd.read_csv(tmp_path / str(factor) / "psa_price.csv"))
    assert found[0]["price"].tolist() == [300_000.0] * 2 + [390_000.0] * 2
    assert found[1]["price"].tolist() == [600_000.0] * 2 + [780_000.0] * 2
    assert found[0]["value_based_price"].tolist() == pytest.approx(found[1]["value_based_price"].tolist(), rel=1e-6)
    assert found[0]["value_based_price"].abs().min() > 1000.0


# What dampack, BCEA and voi document of their inputs, in place of the packages themselves.
STAND_INS = """
make_psa_obj <- function(cost, effectiveness, parameters, strategies) {
  stopifnot(is.data.frame(cost), is.data.frame(effectiveness), is.data.frame(parameters), is.character(strategies))
  stopifnot(identical(dim(cost), dim(effectiveness)), nrow(parameters) == nrow(cost), length(strategies) == ncol(cost))
  stopifnot(all(sapply(cost, is.numeric)), all(sapply(effectiveness, is.numeric)), all(sapply(parameters, is.numeric)))
  stopifnot(!anyDuplicated(make.names(strategies)), !any(startsWith(strategies, "costs_")))
}
bcea <- function(eff, cost, interventions) {
  stopifnot(is.matrix(eff), is.matrix(cost), is.numeric(eff), is.numeric(cost), identical(dim(eff), dim(cost)))
  stopifnot(length(interventions) == ncol(eff), sub("effects_", "", colnames(eff)) == sub("costs_", "", colnames(cost)))
}
evppi <- function(outputs, inputs, pars) {
  stopifnot(c("c", "e", "k") %in% names(outputs), is.data.frame(outputs$c), identical(dim(outputs$c), dim(outputs$e)))
  stopifnot(is.data.frame(inputs), nrow(inputs) == nrow(outputs$c), pars %in% names(inputs))
  stopifnot(identical(names(inputs), make.names(names(inputs))), !("sample" %in% names(inputs)))
}
"""


def test_the_lines_for_r_hand_over_what_its_packages_document(done: tuple[Path, Psa, SweepPlan]) -> None:
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("R is not installed")
    page = (Path(__file__).parents[1] / "docs" / "economics.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^```r\n(.*?)^```", page, re.M | re.S)
    own = re.sub(r"\b(dampack|BCEA|voi)::", "", lines)
    assert own != lines
    code = f"{STAND_INS}\n{own}\nstopifnot(nrow(w) == 5, ncol(costs) == 2, identical(w$sample, x$sample))"
    ran = subprocess.run([program, "-e", code], cwd=done[0], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_what_is_known_of_information_stands_in_the_methods(done: tuple[Path, Psa, SweepPlan]) -> None:
    folder, found, _ = done
    (table,) = [one for one in method_tables(read(folder)) if one.name == "Value of information"]
    said = {item.number: "\n".join(item.points) for item in table.items}
    assert list(said) == ["1", "2", "3", "4", "5", "6"]
    held = (found.tables["evppi"]["kind"] == "not assessed: held fixed").sum()
    assert f"{held} inputs held fixed" in said["1"]
    assert "No study was valued." in said["5"]
    evpi = found.tables["evpi"].set_index("willingness_to_pay").loc[50_000.0]
    assert f"At 50,000 per QALY, EVPI {evpi['evpi']:,.0f} (standard error {evpi['standard_error']:,.0f})" in said["6"]
    assert "in words of our own" in table.reference


def test_quadrants_of_samples_that_tie() -> None:
    cost = np.array([1.0, -1.0, 0.0, 0.0, 0.0, 2.0, 0.0, -3.0])
    effect = np.array([1.0, 1.0, 0.0, 0.0, 1.0, 0.0, -1.0, -1.0])
    shares, same = quadrants(cost, effect)
    # by hand: the 5th to 7th count half in each of two; the 8th whole
    assert shares == {
        (True, True): 2.0 / 8, (True, False): 1.5 / 8, (False, True): 1.0 / 8, (False, False): 1.5 / 8,
    }  # fmt: skip
    assert same == 2.0 / 8
    assert sum(shares.values()) + same == 1.0


def test_two_strategies_that_are_the_same_are_in_no_quadrant() -> None:
    shares, same = quadrants(np.zeros(5), np.zeros(5))
    assert set(shares.values()) == {0.0}
    assert same == 1.0
