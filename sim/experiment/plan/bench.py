"""Combinations run as a search asks for them, in a store that keeps what is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from sim.engine.trace import Trace
from sim.experiment.plan.space import Space
from sim.experiment.plan.targets import MetricOf, Target
from sim.experiment.runs.replicate import Arm
from sim.experiment.sweep.evaluate import Column, Reducer, Sweep, column_of, evaluate
from sim.experiment.sweep.points import Base, Point
from sim.outcomes.figures import figures_of, metric_named
from sim.outcomes.metrics import BY_NAME, METRIC_NAMES
from sim.outcomes.patients import Patients
from sim.outcomes.resource_use import queues_of, use_in
from sim.pieces.protocol import place_names
from sim.pure.arrays import FloatArray

WAITING, IN_USE = "waiting for", "in use of"


def metrics_of(base: Base) -> MetricOf:
    """What finds the metric of a name in the base's only scenario."""
    (loaded,) = base.scenarios.values()
    protocol = Arm("", loaded.scenario).protocol
    return lambda name: metric_named(name, loaded.scenario, protocol)


def reducer_of(base: Base, targets: Sequence[Target]) -> Reducer:
    """The figures among the targets, and how many wait for each resource, beside the metrics of the registry."""
    (loaded,) = base.scenarios.values()
    own = list(dict.fromkeys(t.metric for t in targets if t.metric.name not in BY_NAME))
    columns = [column_of(metric) for metric in own]
    protocol = Arm("", loaded.scenario).protocol
    for resource, place in queues_of(protocol):
        where = place_names(resource, protocol.centres)[place]
        label = f"{resource.label} at {where}" if where else resource.label
        columns += [
            Column(f"{WAITING} {label}", label, "patients"),
            Column(f"{IN_USE} {label}", label, "share"),
        ]
    return Reducer("plan", tuple(columns), partial(_reduced, tuple(m.name for m in own)), lives_of_all=False)


def _reduced(names: tuple[str, ...], arm: Arm, patients: Patients, trace: Trace) -> FloatArray:
    """The columns of `reducer_of`, shape (replications, columns)."""
    own = figures_of(names, arm.scenario, arm.protocol, patients, trace, arm.window)
    used, there, waiting = use_in(arm.protocol, patients, trace, arm.window)
    share = np.divide(used, there, out=np.full(used.shape, np.nan), where=there > 0.0)
    queues = np.stack([waiting, share], axis=2).reshape(len(own), -1)
    return np.concatenate([own, queues], axis=1)


@dataclass
class Bench:
    """The sweep behind a search. `skipped`: replications at the beginning that are not looked at.

    `ran`: how many replications of each point this search has asked for, so that it reads no more than those, however
    many an earlier run left in the store.
    """

    sweep: Sweep
    space: Space
    targets: Sequence[Target]
    done: Callable[[int], None]
    skipped: int = 0
    ran: dict[int, int] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Points of the plan are known from the start."""
        self.known |= {point.number for point in self.sweep.plan.points}

    def observe(self, numbers: Sequence[int], count: int) -> list[FloatArray]:
        """By how much each of so many replications exceeds each target, of each of these combinations."""
        self.run([self.space.point(number) for number in numbers], count)
        return [self.excess(number)[:count] for number in numbers]

    def run(self, points: Sequence[Point], count: int) -> None:
        """Have at least so many replications of each point, beyond the skipped ones."""
        upto = self.skipped + count
        for before in sorted({self.ran.get(point.number, self.skipped) for point in points}):
            some = [point for point in points if self.ran.get(point.number, self.skipped) == before]
            if before >= upto:
                continue
            new = [point for point in some if point.number not in self.known]
            self.sweep.add(new)
            self.known |= {point.number for point in new}
            evaluate(self.sweep, some, self.done, range(before, upto))
            self.ran |= {point.number: upto for point in some}

    def values(self, number: int) -> FloatArray:
        """What is known of a combination beyond the skipped replications, shape (replications, columns)."""
        return self.sweep.values(number)[self.skipped : self.ran[number], 0]

    def of_metric(self, number: int, target: Target) -> FloatArray:
        """The values of a target's metric, one a replication."""
        return self.values(number)[:, self.column(target.metric.name)]

    def excess(self, number: int) -> FloatArray:
        """By how much each replication exceeds each target, shape (replications, targets)."""
        return np.stack([target.excess(self.of_metric(number, target)) for target in self.targets], axis=1)

    def column(self, name: str) -> int:
        """The place of a metric among the columns."""
        if name in BY_NAME:
            return METRIC_NAMES.index(name)
        return [column.name for column in self.sweep.plan.columns].index(name)
