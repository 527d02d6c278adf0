"""A sweep: every point of a design, replicated on the same patients, its results kept as they come.

One array holds what is known of a point: replications by scenarios by columns, where the columns are the metrics of
the registry and, with a `Reducer`, numbers of its own. Tables are made of it afterwards (`sweep_tables`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

import sim
from sim.engine.choice import pick, workers_for
from sim.engine.trace import Trace
from sim.experiment.disk.program import code_digest, libraries
from sim.experiment.runs.horizon import up_to_stop
from sim.experiment.runs.meanwhile import prepare
from sim.experiment.runs.replicate import Arm, as_run, batches, simulate, slots_bound
from sim.experiment.runs.work import run_tasks
from sim.experiment.sweep.points import Base, CheckedArms, Point, checked, digest, paths_of, require_valid, unpacked
from sim.experiment.sweep.store import Store, open_store
from sim.outcomes.economic_metrics import EconomicMetric, net_benefit_at, thresholds_in
from sim.outcomes.estimates import Range, possible
from sim.outcomes.metrics import METRIC_NAMES, METRICS, Metric, measure
from sim.outcomes.patients import Patients
from sim.outcomes.verdicts import NEITHER
from sim.pieces.loads import expected_patients
from sim.pure.arrays import FloatArray
from sim.pure.streams import VERSION

# A block of replications of one point is kept as one, a task brings one or several: of about so many patients, so that
# a kill costs little, and a worker has enough to do between two tasks.
BLOCK_PATIENTS = 40_000
TASK_PATIENTS = 40_000
# Before the name of a metric that is how much more it is than the first scenario's at the same point.
INCREMENTAL = "incremental_"


@dataclass(frozen=True)
class Column:
    """One number of one replication of one scenario. `counted`: the metric that says over how many patients it is.

    `within`: between which numbers it lies, None to tell by the unit.
    """

    name: str
    label: str
    unit: str
    better: str = NEITHER
    counted: str = "referred"
    within: Range | None = None

    @property
    def against_baseline(self) -> bool:
        """Whether it is what a scenario has more than the first one at the same point, of which the first has none."""
        return self.name.startswith(INCREMENTAL)

    @property
    def possible(self) -> Range:
        """Between which numbers it lies."""
        return possible(self.unit) if self.within is None else self.within


def column_of(metric: Metric) -> Column:
    """The column of a metric of the registry, or of a figure."""
    counted = "" if metric.over is None else metric.over.counted
    return Column(metric.name, metric.label, metric.unit, metric.better, counted, metric.possible)


def money_column(metric: EconomicMetric, unit: str) -> Column:
    """The column of an economic metric; `unit`: its own, money with currency and price year."""
    return Column(metric.name, metric.label, unit, metric.better, metric.over.counted, metric.within)


@dataclass(frozen=True)
class Reducer:
    """More numbers of each replication, stored beside the metrics under the names of the columns.

    `of`: the values, shape (replications, columns), from (arm at the point, patients, trace). A function of a module,
    which workers import; not a closure. `lives_of_all`: whether it reads what came after infusion of patients who are
    not measured.
    """

    name: str
    columns: tuple[Column, ...]
    of: Callable[[Arm, Patients, Trace], FloatArray]
    lives_of_all: bool = True


@dataclass(frozen=True)
class SweepPlan:
    """What to run: the base, the points, how often; `workers` None to choose by the work.

    `known_by`: what the numbers of points stand for, where not all points are known beforehand. `metrics`: the names of
    those that tables show, all where empty. `money`: the unit of amounts where the reducer is that of the economics and
    net benefit is wanted, which is made of what is stored: at the amounts that the first scenario names, or `metrics`.
    """

    base: Base
    points: tuple[Point, ...]
    replications: int
    workers: int | None = None
    engine: str = "auto"
    cluster: str | None = None
    reducer: Reducer | None = None
    known_by: str = ""
    metrics: tuple[str, ...] = ()
    money: str = ""

    @cached_property
    def stored(self) -> tuple[Column, ...]:
        """What is kept of each replication: the metrics, then what the reducer adds."""
        return (*map(column_of, METRICS), *(self.reducer.columns if self.reducer is not None else ()))

    @cached_property
    def benefits(self) -> tuple[EconomicMetric, ...]:
        """Net benefit at each willingness to pay in view."""
        economics = self.base.scenarios[self.base.names[0]].scenario.economics
        if not self.money or economics is None:
            return ()
        asked = thresholds_in([name.removeprefix(INCREMENTAL) for name in self.metrics])
        return tuple(map(net_benefit_at, sorted({*economics.willingness_to_pay, *asked})))

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What is known of each replication: what is kept, then net benefit, then how much more it is."""
        benefits = tuple(money_column(metric, self.money) for metric in self.benefits)
        more = tuple(
            replace(one, name=INCREMENTAL + one.name, label=f"Gain in {one.label[:1].lower()}{one.label[1:]}")
            for one in (benefits if len(self.base.names) > 1 else ())
        )
        return (*self.stored, *benefits, *more)

    def shown(self, place: int) -> list[int]:
        """The places of the columns that tables show of the scenario at this place among the scenarios."""
        return [
            k
            for k, column in enumerate(self.columns)
            if (not self.metrics or column.name in self.metrics) and not (column.against_baseline and place == 0)
        ]

    def whole(self, values: FloatArray) -> FloatArray:
        """All columns, from what is kept, shape (replications, scenarios, stored columns)."""
        if not self.benefits:
            return values
        quantities = values[..., len(METRICS) :]
        benefits = np.stack([metric.of(quantities) for metric in self.benefits], axis=-1)
        if len(self.base.names) == 1:
            return np.concatenate([values, benefits], axis=-1)
        more = benefits - benefits[:, :1]
        more[:, 0] = np.nan
        return np.concatenate([values, benefits, more], axis=-1)

    def patients_of(self, values: FloatArray) -> FloatArray:
        """Over how many measured patients each column is, mean of a replication; NaN for what belongs to the supply.

        `values`: shape (replications, columns).
        """
        if not len(values):
            return np.full(len(self.columns), np.nan)
        mean = values.mean(axis=0)
        return np.array([mean[METRIC_NAMES.index(c.counted)] if c.counted else np.nan for c in self.columns])

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
            "columns": ", ".join(column.name for column in self.stored),
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
        return self.plan.whole(self.store.values(point))

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
    shape = len(plan.base.names), len(plan.stored)
    here = workers if plan.cluster is None else 1
    with checked(plan.base, plan.points, here) as arms, open_store(folder, plan.identity, shape) as store:
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
        at_once = slots_bound(arms)
        parts = (part for some in batches(block.numbers, at_once) for part in as_run(arms, some))
        values = [
            np.stack([rows_of(arm, part, task.engine, task.reducer) for arm in its], axis=1) for its, part in parts
        ]
        found.append((*block.key, np.concatenate(values)))
    return found


def rows_of(arm: Arm, numbers: Sequence[int], with_engine: str, reducer: Reducer | None) -> FloatArray:
    """What is kept of each of these replications of an arm, shape (replications, columns)."""
    everybody = reducer is not None and reducer.lives_of_all

    def rows(some: Sequence[int], until: float) -> tuple[FloatArray, FloatArray]:
        patients, trace = simulate(arm, some, with_engine, lives_of_all=everybody, referred_until=until)
        metrics = measure(patients, trace, arm.window)
        more = [] if reducer is None else [reducer.of(arm, patients, trace)]
        return np.concatenate([metrics, *more], axis=1), trace.stop_day

    return up_to_stop(arm.scenario.run, numbers, rows)
