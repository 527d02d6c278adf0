"""A sweep: every point of a design, replicated on the same patients, its results kept as they come.

One array holds what is known of a point: replications by scenarios by columns, where the columns are the metrics of
the registry and, with a `Reducer`, numbers of its own. Tables are made of it afterwards (`sweep_tables`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import sim
from sim.engine.choice import pick, workers_for
from sim.engine.trace import Trace
from sim.experiment.disk.program import code_digest, libraries
from sim.experiment.runs.meanwhile import prepare
from sim.experiment.runs.replicate import Arm, as_run, simulate
from sim.experiment.runs.work import run_tasks
from sim.experiment.sweep.points import Base, CheckedArms, Point, checked, digest, paths_of, require_valid, unpacked
from sim.experiment.sweep.store import Store, open_store
from sim.outcomes.metrics import METRICS, measure
from sim.outcomes.patients import Patients
from sim.pieces.loads import expected_patients
from sim.pure.streams import VERSION

FloatArray = NDArray[np.float64]
# A block of replications of one point is kept as one, a task brings several blocks: of about so many patients, so that
# a kill costs little, and a worker has enough to do between two tasks.
BLOCK_PATIENTS = 10_000
TASK_PATIENTS = 40_000


@dataclass(frozen=True)
class Column:
    """One number of one replication of one scenario, beside the metrics."""

    name: str
    label: str
    unit: str


@dataclass(frozen=True)
class Reducer:
    """More numbers of each replication, stored beside the metrics under the names of the columns.

    `of`: the values, shape (replications, columns), from (arm at the point, patients, trace). A function of a module,
    which workers import; not a closure.
    """

    name: str
    columns: tuple[Column, ...]
    of: Callable[[Arm, Patients, Trace], FloatArray]


@dataclass(frozen=True)
class SweepPlan:
    """What to run: the base, the points, how often; `workers` None to choose by the work.

    `known_by`: what the numbers of points stand for, where not all points are known beforehand.
    """

    base: Base
    points: tuple[Point, ...]
    replications: int
    workers: int | None = None
    engine: str = "auto"
    cluster: str | None = None
    reducer: Reducer | None = None
    known_by: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """What is known of each replication: the metrics, then what the reducer adds."""
        metrics = tuple(Column(m.name, m.label, m.unit) for m in METRICS)
        return metrics + (self.reducer.columns if self.reducer is not None else ())

    @cached_property
    def paths(self) -> dict[str, bool]:
        """Every path that some point changes, and whether all its values are numbers."""
        return {
            path: all(not isinstance(p.values.get(path, 0.0), str) for p in self.points)
            for path in paths_of(self.points)
        }

    @property
    def identity(self) -> dict[str, str]:
        """What results must share to stand in one table; engine and workers do not move them."""
        scenarios = {f"scenario '{name}'": known for name, known in self.base.digests.items()}
        return {
            "version": f"{sim.__version__} {code_digest()[:12]}",
            "random numbers": f"version {VERSION}",
            "libraries": libraries(),
            **scenarios,
            "order": ", ".join(self.base.names),
            "points": self.known_by or digest(self.points),
            "replications": str(self.replications),
            "columns": ", ".join(column.name for column in self.columns),
        }


@dataclass(frozen=True)
class Block:
    """Some replications of one point."""

    point: Point
    numbers: range

    @property
    def key(self) -> tuple[int, int]:
        """Under which it is kept."""
        return self.point.number, self.numbers.start


@dataclass(frozen=True, eq=False)
class _Task:
    """`arms`: those of each point of the blocks, packed, by the number of the point."""

    blocks: tuple[Block, ...]
    arms: dict[int, bytes]
    engine: str
    reducer: Reducer | None


@dataclass(frozen=True)
class Sweep:
    """A plan with a store of its results, on one engine."""

    plan: SweepPlan
    store: Store
    arms: CheckedArms
    engine: str
    engine_why: str
    workers: int

    def values(self, point: int) -> FloatArray:
        """What is known of a point, shape (replications, scenarios, columns)."""
        return self.store.values(point)

    def add(self, points: Sequence[Point]) -> None:
        """Points that the plan did not know beforehand. Raises ScenarioError with what is wrong with them."""
        require_valid(self.plan.base, points, self.arms.keep)

    def means(self) -> FloatArray:
        """Means over replications in which the value applies, shape (points, scenarios, columns)."""
        return np.array([mean_of(self.values(point.number)) for point in self.plan.points])


def mean_of(values: FloatArray) -> FloatArray:
    """Means over the first axis, leaving out what does not apply; NaN where nothing does."""
    counted = np.isfinite(values)
    n = counted.sum(axis=0)
    total = np.where(counted, values, 0.0).sum(axis=0)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


@contextmanager
def open_sweep(plan: SweepPlan, folder: Path) -> Iterator[Sweep]:
    """The sweep with what its folder already holds of it; every point is checked before the folder is touched.

    Raises ScenarioError, FolderError, StoreError.
    """
    patients = len(plan.points) * plan.replications * _patients(plan.base)
    engine, why = pick(plan.engine, patients)
    workers = plan.workers or workers_for(engine, patients, os.cpu_count() or 1)
    shape = len(plan.base.names), len(plan.columns)
    with checked(plan.base, plan.points) as arms, open_store(folder, plan.identity, shape) as store:
        yield Sweep(plan, store, arms, engine, why, workers)


def evaluate(sweep: Sweep, points: Sequence[Point], done: Callable[[int], None], numbers: range | None = None) -> None:
    """Run what the store does not hold yet of these points; `done` hears of replications, those already there first.

    `numbers`: which replications, from one whole multiple of the plan's number to another, instead of as many as that.
    Raises WorkerError and StoreError; what is done is kept. Blocks and tasks are cut the same way for any number of
    workers, and their results do not depend on how they are cut.
    """
    plan = sweep.plan
    at_once = max(1, int(BLOCK_PATIENTS / _patients(plan.base)))
    if numbers is None:
        numbers = range(plan.replications)
    else:  # a block is the same in whichever step it comes
        at_once = next(n for n in range(min(at_once, plan.replications), 0, -1) if plan.replications % n == 0)
    blocks = [
        Block(point, range(first, min(first + at_once, numbers.stop)))
        for point in points
        for first in range(numbers.start, numbers.stop, at_once)
    ]
    there = sweep.store.have()
    todo = [block for block in blocks if block.key not in there]
    done(sum(len(block.numbers) for block in blocks if block.key in there))
    prepare(sweep.engine, sweep.workers)
    parts = _parts(sweep, todo)
    tasks = (_task(sweep, blocks) for blocks in parts)
    for found, worker in run_tasks(run_task, tasks, max(1, min(sweep.workers, len(parts))), plan.cluster):
        sweep.store.add(found, worker)
        done(sum(len(values) for _, _, values in found))


def _patients(base: Base) -> float:
    """Expected patients of one replication of all scenarios, at least one."""
    return max(1.0, sum(expected_patients(loaded.scenario) for loaded in base.scenarios.values()))


def _parts(sweep: Sweep, blocks: Sequence[Block]) -> list[tuple[Block, ...]]:
    """The blocks that make a task together."""
    replications = sum(len(block.numbers) for block in blocks)
    wanted = min(TASK_PATIENTS / _patients(sweep.plan.base), replications / (4 * sweep.workers))
    parts: list[tuple[Block, ...]] = []
    batch: list[Block] = []
    for block in blocks:
        batch.append(block)
        if sum(len(b.numbers) for b in batch) >= wanted:
            parts.append(tuple(batch))
            batch = []
    return [*parts, tuple(batch)] if batch else parts


def _task(sweep: Sweep, blocks: tuple[Block, ...]) -> _Task:
    arms = {number: sweep.arms.packed(number) for number in {block.point.number for block in blocks}}
    return _Task(blocks, arms, sweep.engine, sweep.plan.reducer)


def run_task(task: _Task) -> list[tuple[int, int, FloatArray]]:
    """(point, first replication, values of shape (replications, scenarios, columns)) of each block of the task."""
    found = []
    point, arms = -1, []
    for block in task.blocks:
        if block.point.number != point:
            point, arms = block.point.number, unpacked(task.arms[block.point.number])
        parts = as_run(arms, block.numbers)
        values = [np.stack([_rows(arm, part, task) for arm in its], axis=1) for its, part in parts]
        found.append((*block.key, np.concatenate(values)))
    return found


def _rows(arm: Arm, numbers: Sequence[int], task: _Task) -> FloatArray:
    """What is known of each of these replications of an arm, shape (replications, columns)."""
    patients, trace = simulate(arm, numbers, task.engine)
    metrics = measure(patients, trace, arm.window)
    if task.reducer is None:
        return metrics
    return np.concatenate([metrics, task.reducer.of(arm, patients, trace)], axis=1)
