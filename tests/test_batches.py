"""Many replications at once give, to the last bit, what each gives alone: in every column, on both engines."""

from __future__ import annotations

import gc
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.engine import simpy_engine
from sim.engine.choice import COMPILED, SIMPY
from sim.engine.trace import CHECK_EVERY_DAYS, LOT, PATIENT, Trace, joined
from sim.engine.world import World
from sim.experiment.runs import horizon
from sim.experiment.runs import replicate as rooms
from sim.experiment.runs.replicate import Arm, Keep, economics_of, run_arm
from sim.experiment.study.run import Plan, run_study
from sim.experiment.sweep import evaluate as sweeps
from sim.experiment.sweep.evaluate import SweepPlan
from sim.outcomes.by_group import ByGroup
from sim.outcomes.metrics import measure
from sim.pieces.cohort import draw_cohort
from sim.scenario import load
from tests.engines.both import difference
from tests.experiments import lines, small_base, small_scenario
from tests.runs import FILES, HAS_NUMBA, SHIPPED

EVERYTHING = Keep(patients=True, events=True, views=True)
# Together they have several regions and centres, risk groups, lists, lots, later courses, beds, shut-downs, economics.
STEMS = [str(path.relative_to(SHIPPED).with_suffix("")) for path in FILES]
NUMBERS = range(5)
EVERY_DAY = ("autologous", "allogeneic", "library/sequential", "library/two_manufacturers")
CASES = [
    *(
        pytest.param(stem, COMPILED, marks=() if stem in EVERY_DAY else pytest.mark.slow, id=f"{stem}-{COMPILED}")
        for stem in STEMS
    ),
    *((stem, SIMPY) for stem in STEMS[:2]),
]


def arm_of(stem: str) -> Arm:
    """A shipped scenario over so short a time that every one of them can be run here."""
    loaded = load(SHIPPED / f"{stem}.yaml")
    run = loaded.scenario.run
    short = [f"run.window={min(run.window, 120.0):g}d", f"run.warm_up={min(run.warm_up, 60.0):g}d"]
    return Arm("one", loaded.with_overrides(short).scenario)


def everything(arm: Arm, size: int, engine: str) -> list[Any]:
    """All that comes of the replications, in batches of this size."""
    return [ran for part in rooms.batches(NUMBERS, size) for ran in run_arm(arm, part, EVERYTHING, engine)[0]]


def same(a: Any, b: Any, name: str = "") -> list[str]:
    """Where two results differ; NaN equals NaN."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [f"{name} keys"] if a.keys() != b.keys() else [w for k in a for w in same(a[k], b[k], f"{name}/{k}")]
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            return [f"{name} length"]
        return [w for k, (x, y) in enumerate(zip(a, b, strict=True)) for w in same(x, y, f"{name}/{k}")]
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.dtype == object:
            return same(a.tolist(), b.tolist(), name)
        return [] if np.array_equal(a, b, equal_nan=a.dtype.kind == "f") else [name]
    return [] if a == b or (a != a and b != b) else [f"{name}: {a} / {b}"]


@pytest.mark.parametrize(("stem", "engine"), CASES)
def test_the_size_of_batches_moves_no_bit(stem: str, engine: str) -> None:
    if engine == COMPILED and not HAS_NUMBA:
        pytest.skip("numba is not installed")
    arm = arm_of(stem)
    alone = everything(arm, 1, engine)
    for size in (2, len(NUMBERS)):
        together = everything(arm, size, engine)
        assert [w for a, b in zip(alone, together, strict=True) for w in same(asdict(a), asdict(b))] == []


@pytest.mark.parametrize("stem", ["autologous", "allogeneic", "library/expanded_network", "library/hybrid"])
def test_who_is_referred_after_the_stop_is_in_no_number(stem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(horizon, "last_stops", defaultdict(deque))
    arm, drawn = arm_of(stem), []

    def rows(numbers: Sequence[int], until: float) -> tuple[np.ndarray, np.ndarray]:
        engine = COMPILED if HAS_NUMBA else SIMPY
        patients, trace = rooms.simulate(arm, numbers, engine, lives_of_all=False, referred_until=until)
        drawn.append((len(numbers), len(patients.outcome)))
        values = measure(patients, trace, arm.window), economics_of(arm, patients, trace)
        return np.concatenate(values, axis=1), trace.stop_day

    run = arm.scenario.run
    everybody, stop = rows(NUMBERS, run.days)
    for last in (stop.max(), stop.min()):
        before = len(drawn)
        horizon.last_stops[run] = deque([float(last)])
        assert np.array_equal(horizon.up_to_stop(run, NUMBERS, rows), everybody, equal_nan=True)
        assert drawn[before][1] < drawn[0][1]
        late = int((stop >= last + CHECK_EVERY_DAYS).sum())  # these are run again, with everybody
        assert [count for count, _ in drawn[before + 1 :]] == ([late] if late else [])


@pytest.mark.parametrize("stem", ["autologous", "library/sequential", "library/expanded_network"])
def test_a_cohort_of_a_batch_is_the_cohorts_of_its_replications(stem: str) -> None:
    arm = arm_of(stem)
    batch, luck = draw_cohort(arm.scenario, arm.protocol.clocks, [4, 0, 9])
    assert luck.replications.tolist() == [4, 0, 9]
    for place, number in enumerate([4, 0, 9]):
        alone, _ = draw_cohort(arm.scenario, arm.protocol.clocks, [number])
        cut = batch.alone(place)
        assert difference(alone, cut) == []
        assert cut.luck.blocks == alone.luck.blocks
        assert np.array_equal(luck.of("anything")[batch.replication == place], alone.luck.of("anything"))


def test_courses_and_persons_of_a_batch() -> None:
    arm = arm_of("library/sequential")
    batch, _ = draw_cohort(arm.scenario, arm.protocol.clocks, range(3))
    assert set(batch.course.tolist()) == {1, 2}
    second = batch.course == 2
    assert np.array_equal(batch.replication[batch.person[second]], batch.replication[second])
    assert (batch.course[batch.person] == 1).all()
    for column in (batch.number, batch.region, batch.group, batch.centre):
        assert np.array_equal(column[batch.person], column)


def test_joined_traces_point_to_the_patients_of_the_batch() -> None:
    arm = arm_of("autologous")
    run, follow_up = arm.scenario.runs_until, arm.scenario.run.follow_up
    traces: list[Trace] = []
    for number in range(3):
        cohort, luck = draw_cohort(arm.scenario, arm.protocol.clocks, [number])
        traces.append(simpy_engine.run(arm.protocol, cohort, luck, run, follow_up, True))
    whole = joined(traces)
    assert whole.stop_day.tolist() == [float(trace.stop_day[0]) for trace in traces]
    batch, _ = draw_cohort(arm.scenario, arm.protocol.clocks, range(3))
    mine = whole.uses.kind == PATIENT
    assert np.array_equal(batch.replication[whole.uses.entity[mine]], whole.uses.replication[mine])
    held = whole.slots.holder >= 0
    assert np.array_equal(batch.replication[whole.slots.holder[held]], whole.slots.replication[held])
    assert whole.stages is not None
    names = [whole.stages.names[place] for place in whole.stages.stage]
    apart = [t.stages.names[place] for t in traces if t.stages is not None for place in t.stages.stage]
    assert names == apart


def test_the_reference_engine_lets_go_of_each_world_when_its_replication_is_over() -> None:
    arm = arm_of("autologous")
    cohort, luck = draw_cohort(arm.scenario, arm.protocol.clocks, range(3))
    simpy_engine.run(arm.protocol, cohort, luck, arm.scenario.runs_until, arm.scenario.run.follow_up)
    assert gc.isenabled()
    assert [one for one in gc.get_objects() if type(one) is World] == []


def test_lots_of_a_batch_keep_the_numbers_of_their_replication() -> None:
    arm = arm_of("allogeneic")
    cohort, luck = draw_cohort(arm.scenario, arm.protocol.clocks, range(2))
    trace = simpy_engine.run(arm.protocol, cohort, luck, arm.scenario.runs_until, arm.scenario.run.follow_up)
    for place in range(2):
        mine = trace.lots.replication == place
        assert trace.lots.number[mine].min() == 0
        used = (trace.uses.kind == LOT) & (trace.uses.replication == place)
        assert trace.uses.entity[used].max(initial=0) <= trace.lots.number[mine].max()


def test_numbers_by_group_are_those_of_each_group_alone() -> None:
    draw = np.random.default_rng(3)
    of, values, chosen = draw.integers(0, 5, 400), draw.normal(size=400), draw.random(400) < 0.7
    chosen &= of != 3  # a group without any
    by = ByGroup(of, 5)
    for group in range(5):
        its = values[chosen & (of == group)]
        if not len(its):
            for found in (by.mean(values, chosen), by.quantile(0.5, values, chosen), by.share(values > 0, chosen)):
                assert np.isnan(found[group])
            continue
        assert by.count(chosen)[group] == len(its)
        assert by.total(values, chosen)[group] == pytest.approx(its.sum(), rel=1e-12)
        assert by.mean(values, chosen)[group] == pytest.approx(its.mean(), rel=1e-12)
        assert by.share(values > 0, chosen)[group] == (its > 0).mean()
        assert by.quantile(0.5, values, chosen)[group] == np.median(its)
        for share in (0.0, 0.1, 0.9, 1.0):
            assert by.quantile(share, values, chosen)[group] == pytest.approx(np.quantile(its, share), abs=1e-14)
        ordered, counts = by.ordered(values, chosen)
        assert counts[group] == len(its)
        assert ordered(np.full(5, 2))[group] == np.sort(its)[2]
        assert np.isnan(ordered(np.full(5, len(its)))[group])


def test_groups_within_groups() -> None:
    by = ByGroup(np.array([0, 0, 1, 1]), 2).within(np.array([2, 0, 1, 1]), 3)
    assert by.count(np.ones(4, bool)).reshape(2, 3).tolist() == [[1.0, 0.0, 1.0], [0.0, 2.0, 0.0]]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_file_of_a_study_is_the_same_for_every_size_of_batches(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def files(size: int) -> dict[str, bytes]:
        monkeypatch.setattr(rooms, "MOST_AT_ONCE", size)
        plan = Plan({"Small": small_scenario()}, 20, workers, "run", keep_events=True, engine=SIMPY)
        folder = tmp_path / f"{size}"
        run_study(plan, folder, lambda _: None)
        return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix in (".csv", ".parquet")}

    one = files(1)
    assert {"summary.csv", "patients.parquet", "events.parquet"} <= one.keys()
    assert [files(size) == one for size in (7, 16)] == [True, True]


def test_a_block_of_a_sweep_is_the_same_however_it_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def values(patients: int) -> np.ndarray:
        monkeypatch.setattr(sweeps, "BLOCK_PATIENTS", patients)
        plan = SweepPlan(small_base(), lines(1, 2), 12, workers=1, engine=SIMPY)
        with sweeps.open_sweep(plan, tmp_path / f"{patients}") as sweep:
            sweeps.evaluate(sweep, plan.points, lambda _: None)
            return np.array([sweep.values(point) for point in range(2)])

    one = values(1)
    assert all(np.array_equal(values(patients), one, equal_nan=True) for patients in (500, 10_000))
