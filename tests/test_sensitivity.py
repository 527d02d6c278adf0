"""Sensitivity: indices of functions with known answers, through the same machinery as any sweep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.engine.trace import Trace
from sim.experiment.runs.replicate import Arm
from sim.experiment.sweep.designs import build_design
from sim.experiment.sweep.evaluate import Column, Reducer, SweepPlan, evaluate, open_sweep
from sim.experiment.sweep.factors import parse_factor
from sim.experiment.sweep.run import run_sweep, sensitivity_tables
from sim.experiment.sweep.sensitivity import partial_rank_correlation
from sim.outcomes.patients import Patients
from sim.pure.arrays import FloatArray
from tests.experiments import small_base

# One patient, so that all the time goes into the machinery that is tested.
ONE = ("run.window=1 d", "run.follow_up=1 d", "regions.here.referrals=0.001 / d")
SHARES = ("apheresis.shortfall", "manufacturing.failure", "release_testing.failure")


def ishigami(arm: Arm, patients: Patients, trace: Trace) -> FloatArray:
    """Ishigami's function (a 7, b 0.1) of three shares of the scenario, each standing for -pi to pi."""
    scenario = arm.scenario
    shares = (scenario.apheresis.shortfall, scenario.manufacturing.failure, scenario.release_testing.failure)
    x, y, z = ((2.0 * share - 1.0) * np.pi for share in shares)
    return np.full((patients.by.groups, 1), np.sin(x) + 7.0 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x))


def linear(arm: Arm, patients: Patients, trace: Trace) -> FloatArray:
    """4 times one share less twice another, and nothing of the third."""
    scenario = arm.scenario
    level = 4.0 * scenario.apheresis.shortfall - 2.0 * scenario.manufacturing.failure
    return (level + patients.cohort.luck.replications)[:, None]


def table_of(kind: str, size: int | None, reducer: Reducer, folder: Path, replications: int = 1) -> pd.DataFrame:
    design = build_design(kind, [parse_factor(f"{path}=0:1") for path in SHARES], {}, size, seed=1)
    plan = SweepPlan(small_base(*ONE), design.points, replications, workers=1, engine="simpy", reducer=reducer)
    with open_sweep(plan, folder) as sweep:
        evaluate(sweep, plan.points, lambda count: None)
        (table,) = sensitivity_tables(sweep, design).values()
    return table[table["metric"] == "y"].set_index("path").loc[list(SHARES)]


def test_sobol_indices_of_a_linear_function(tmp_path: Path) -> None:
    table = table_of("sobol", 64, Reducer("linear", (Column("y", "y", ""),), linear), tmp_path)
    # variances of 16, 4 and 0, and nothing that two of them do together
    np.testing.assert_allclose(table["first_order"], [0.8, 0.2, 0.0], atol=0.05)
    np.testing.assert_allclose(table["total"], [0.8, 0.2, 0.0], atol=0.05)


@pytest.mark.slow
def test_sobol_indices_of_ishigami(tmp_path: Path) -> None:
    table = table_of("sobol", 512, Reducer("ishigami", (Column("y", "y", ""),), ishigami), tmp_path)
    # Ishigami and Homma 1990, closed form for a = 7, b = 0.1
    np.testing.assert_allclose(table["first_order"], [0.3139, 0.4424, 0.0], atol=0.05)
    np.testing.assert_allclose(table["total"], [0.5576, 0.4424, 0.2437], atol=0.05)
    assert (table["total_half_width"] > 0.0).all()


def test_morris_effects_of_a_linear_function(tmp_path: Path) -> None:
    table = table_of("morris", 4, Reducer("linear", (Column("y", "y", ""),), linear), tmp_path)
    np.testing.assert_allclose(table["mu"], [4.0, -2.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(table["mu_star"], [4.0, 2.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(table["sigma"], 0.0, atol=1e-9)


def test_tornado_of_a_linear_function(tmp_path: Path) -> None:
    reducer = Reducer("linear", (Column("y", "y", ""),), linear)
    table = table_of("one_at_a_time", None, reducer, tmp_path, replications=3)
    # replications add 0, 1, 2 to every point: the paired change does not vary at all
    np.testing.assert_allclose(table["base_estimate"], 1.0)
    np.testing.assert_allclose(table["high_change"], [4.0, -2.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(table["high_change_low"], [4.0, -2.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(table["low_change"], 0.0, atol=1e-12)
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["base_value"].tolist() == ["0", "0", "0"]


def test_partial_rank_correlation_sees_past_the_other_inputs() -> None:
    rng = np.random.default_rng(0)
    a = rng.random(400)
    inputs = np.column_stack([a, a + 0.3 * rng.random(400), rng.random(400)])
    # the second input only looks as if it mattered, because it goes with the first
    r, low, high, p = partial_rank_correlation(inputs, np.exp(3.0 * a) + rng.random(400))
    assert r[0] > 0.9
    assert abs(r[1]) < 0.35
    assert abs(r[2]) < 0.15
    assert (low <= r).all()
    assert (r <= high).all()
    assert p[0] < 1e-12 < p[2]
    assert np.corrcoef(inputs[:, 1], a)[0, 1] > 0.9


def test_partial_rank_correlation_against_the_matrix_inverse() -> None:
    from scipy.stats import rankdata

    rng = np.random.default_rng(1)
    inputs = rng.random((60, 3))
    output = inputs @ [1.0, -0.5, 0.2] + 0.3 * rng.random(60)
    inverse = np.linalg.inv(np.corrcoef(rankdata(np.column_stack([inputs, output]), axis=0).T))
    expected = [-inverse[k, 3] / np.sqrt(inverse[k, k] * inverse[3, 3]) for k in range(3)]
    np.testing.assert_allclose(partial_rank_correlation(inputs, output)[0], expected, atol=1e-9)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_heat_map_is_the_grid(tmp_path: Path, workers: int) -> None:
    factors = [parse_factor("manufacturing.lines=1,2"), parse_factor("apheresis.duration=1d,5d")]
    design = build_design("grid", factors, {"other": {"manufacturing.lines": "9"}})
    plan = SweepPlan(small_base(), design.points, 3, workers=workers, engine="simpy")
    study = run_sweep(plan, design, tmp_path, "test", lambda count: None)
    heat = study.tables["heat_map"]
    one = heat[heat["metric"] == "waiting_days_mean"]
    assert one[["x", "y"]].to_numpy().tolist() == [[1, 1], [1, 5], [2, 1], [2, 5]]
    assert set(one["x_path"]) == {"manufacturing.lines"}
    tidy = pd.read_csv(tmp_path / "sweep.csv")
    assert len(tidy) == 5 * len(set(tidy["metric"]))
    same = tidy[(tidy["metric"] == "waiting_days_mean") & (tidy["point"] < 4)]
    assert same["estimate"].tolist() == one["estimate"].tolist()
    pd.testing.assert_frame_equal(tidy, pd.read_parquet(tmp_path / "sweep.parquet"), check_dtype=False)
