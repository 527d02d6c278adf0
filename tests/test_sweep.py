"""Sweeps: points, their store, and that nothing done is lost or mixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.engine.trace import Trace
from sim.experiment.disk.folder import FolderError
from sim.experiment.runs import replicate
from sim.experiment.runs.replicate import Arm, Keep, batch_size, run_arm, slots_bound
from sim.experiment.sweep import evaluate as sweeps
from sim.experiment.sweep.evaluate import Column, Reducer, SweepPlan, evaluate, open_sweep
from sim.experiment.sweep.points import Base, Point
from sim.experiment.sweep.store import STORE
from sim.outcomes.metrics import METRIC_NAMES
from sim.outcomes.patients import Patients
from sim.pure.arrays import FloatArray
from sim.scenario import ScenarioError, load
from tests.experiments import lines, small_base
from tests.runs import SHIPPED


def values_of(plan: SweepPlan, folder: Path, heard: list[int] | None = None) -> list[np.ndarray]:
    with open_sweep(plan, folder) as sweep:
        evaluate(sweep, plan.points, (heard if heard is not None else []).append)
        return [sweep.values(point.number) for point in plan.points]


def test_a_point_gives_what_a_run_with_its_values_gives(tmp_path: Path) -> None:
    base = small_base()
    plan = SweepPlan(base, lines(1, 2, 5), 3, workers=1, engine="simpy")
    for point, values in zip(plan.points, values_of(plan, tmp_path), strict=True):
        loaded = base.scenarios["Small"].with_overrides([f"manufacturing.lines={point.values['manufacturing.lines']}"])
        for number in range(3):
            (ran,), _ = run_arm(Arm("Small", loaded.scenario), [number], Keep(patients=False))
            np.testing.assert_array_equal(values[number, 0], ran.metrics)
    waits = [values[:, 0, METRIC_NAMES.index("waiting_days_mean")].mean() for values in values_of(plan, tmp_path)]
    assert waits[0] > waits[1] > waits[2]


def test_what_is_done_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "BLOCK_PATIENTS", 220)  # two replications
    plan = SweepPlan(small_base(), lines(1, 2), 5, workers=1, engine="simpy")
    first: list[int] = []
    whole = values_of(plan, tmp_path / "whole", first)
    assert first[0] == 0
    assert sum(first) == 10
    with open_sweep(plan, tmp_path / "parts") as sweep:
        evaluate(sweep, plan.points[1:], lambda count: None)
        kept = sweep.store.have()
    assert {point for point, _ in kept} == {1}
    assert len(kept) == 3
    heard: list[int] = []
    parts = values_of(plan, tmp_path / "parts", heard)
    assert heard[0] == 5
    assert sum(heard) == 10
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"replications": 3}, "replications was 2, now 3"),
        ({"points": lines(1, 3)}, "points was"),
        ({"base": small_base("run.seed=12")}, "scenario 'Small' was"),
        ({"base": small_base("apheresis.duration=2 d")}, "scenario 'Small' was"),
    ],
)
def test_another_sweep_never_mixes_with_what_is_there(tmp_path: Path, change: dict[str, object], told: str) -> None:
    plan = SweepPlan(small_base(), lines(1, 2), 2, workers=1, engine="simpy")
    values_of(plan, tmp_path)
    before = (tmp_path / STORE).read_bytes()
    with pytest.raises(FolderError, match="results of another sweep") as caught:
        values_of(replace(plan, **change), tmp_path)
    assert told in str(caught.value)
    assert (tmp_path / STORE).read_bytes() == before


def test_another_version_never_mixes_with_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = SweepPlan(small_base(), lines(1), 2, workers=1, engine="simpy")
    values_of(plan, tmp_path)
    monkeypatch.setattr(sweeps, "code_digest", lambda: "another")
    with pytest.raises(FolderError, match="version was"):
        values_of(plan, tmp_path)


def test_all_points_are_checked_before_anything_runs(tmp_path: Path) -> None:
    points = (
        Point(0, "good", {"manufacturing.lines": "4"}),
        Point(1, "bad", {"manufacturing.lines": "4.5"}),
        Point(2, "worse", {"manufacturing.liness": "4"}),
    )
    with pytest.raises(ScenarioError) as caught, open_sweep(SweepPlan(small_base(), points, 2), tmp_path / "s"):
        pass
    assert str(caught.value).splitlines() == [
        "--set manufacturing.lines: found 4.5; allowed: a whole number from 0 on, or 'unlimited'",
        "--set manufacturing.liness: unknown key; did you mean 'lines'?",
    ]
    assert not (tmp_path / "s").exists()


def test_an_override_goes_to_the_scenarios_that_have_a_use_for_it() -> None:
    base = Base({name: load(SHIPPED / f"{name}.yaml") for name in ("autologous", "allogeneic")})
    point = Point(0, "both", {"manufacturing.failure": "0.5", "allogeneic.unsuitable": "0.4", "run.window": "90 d"})
    autologous, allogeneic = base.arms(point)
    assert autologous.scenario.manufacturing.failure == 0.5
    assert allogeneic.scenario.allogeneic.unsuitable == 0.4
    assert autologous.scenario.run.window == allogeneic.scenario.run.window == 90.0
    with pytest.raises(ScenarioError, match="strategy 'allogeneic' has no use for it"):
        Base({"allogeneic": base.scenarios["allogeneic"]}).arms(Point(0, "", {"manufacturing.failure": "0.5"}))


def sum_of_days(arm: Arm, patients: Patients, trace: Trace) -> FloatArray:
    """A reducer for the tests: total days and the capacity it was run with."""
    days = patients.by.total(patients.end_day, np.isfinite(patients.end_day))
    return np.stack([days, np.full(len(days), arm.scenario.manufacturing.lines[0][1])], axis=1)


def test_a_reducer_adds_columns_of_its_own(tmp_path: Path) -> None:
    reducer = Reducer("test", (Column("days", "Days", "days"), Column("lines", "Lines", "")), sum_of_days)
    plan = SweepPlan(small_base(), lines(1, 2), 2, workers=1, engine="simpy", reducer=reducer)
    one, two = values_of(plan, tmp_path)
    assert one.shape == (2, 1, len(METRIC_NAMES) + 2)
    assert (one[:, 0, -1] == 1.0).all()
    assert (two[:, 0, -1] == 2.0).all()
    assert (one[:, 0, -2] > 0.0).all()


def test_many_slots_are_simulated_a_few_replications_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patients alone do not bound what is kept: 20,000 slots a week took gigabytes in a block of 40 replications."""
    base = small_base("manufacturing.slots={count: 5, every: week}")
    plan = SweepPlan(base, lines(3), 5, workers=1, engine="simpy")
    (whole,) = values_of(plan, tmp_path / "whole")
    arms, sizes, simulate = [Arm("Small", base.scenarios["Small"].scenario)], [], sweeps.simulate
    monkeypatch.setattr(replicate, "BATCH_SLOTS", 2 * replicate.BATCH_SLOTS // slots_bound(arms))
    assert slots_bound(arms) == batch_size(arms) == 2

    def counted(arm: Arm, numbers: Sequence[int], *more: object, **others: object) -> object:
        sizes.append(len(numbers))
        return simulate(arm, numbers, *more, **others)

    monkeypatch.setattr(sweeps, "simulate", counted)
    (parts,) = values_of(plan, tmp_path / "parts")
    np.testing.assert_array_equal(parts, whole)
    assert max(sizes) == 2
