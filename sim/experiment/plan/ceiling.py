"""Where no combination keeps to the targets: how far they come, what binds there, and what would lift it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from sim.experiment.plan.bench import IN_USE, WAITING, Bench
from sim.experiment.plan.page import COUNT, levers
from sim.experiment.plan.search import Found
from sim.experiment.plan.targets import Target
from sim.experiment.sweep.designs import point_of
from sim.experiment.sweep.points import Point
from sim.outcomes.estimates import interval, possible_change
from sim.scenario import Loaded, ScenarioError

# So many replications of the ceiling, and of each capacity doubled there, at the least.
LEAST = 100
# That a capacity moves the outcome is said only where chance would hardly make it, of several looked at.
CONFIDENCE = 0.999


@dataclass(frozen=True)
class Lift:
    """What doubling one capacity at the ceiling changes: from which value to which, and the outcome with its interval.

    `change`: towards the target, (mean, low, high), paired by replication; `helps`: whether beyond chance.
    `meets`: whether the mean outcome then keeps to the target.
    """

    path: str
    label: str
    before: str
    after: str
    outcome: float
    change: tuple[float, float, float]
    helps: bool
    meets: bool
    varied: bool


@dataclass(frozen=True)
class Queue:
    """Who waits most at the ceiling: for what, how many, and how much of it is in use (NaN where that is not known)."""

    label: str
    waiting: float
    in_use: float


@dataclass(frozen=True)
class Ceiling:
    """The combination that comes nearest to the targets, and the target that it misses by most.

    `alone`: whether no combination keeps to this target, whatever the others ask for. `lifts`: the most helpful first.
    """

    number: int
    target: Target
    outcome: tuple[float, float, float]
    alone: bool
    lifts: tuple[Lift, ...]
    queue: Queue | None


def find_ceiling(bench: Bench, found: Found) -> Ceiling:
    """The ceiling of a search that chose nothing."""
    misses = {number: _misses(bench, number) for number in found.tested}
    lonely = [place for place in range(len(bench.targets)) if all(miss[place] > 0.0 for miss in misses.values())]
    # where a target is beyond every combination, how far it can come is asked of it alone
    places = lonely or range(len(bench.targets))

    def distance(number: int) -> tuple[float, float]:
        return max(misses[number][place] for place in places), bench.space.cost(number)

    nearest = min(misses, key=distance)
    place = max(places, key=lambda k: misses[nearest][k])
    target, first = bench.targets[place], bench.sweep.plan.replications
    count = max(bench.ran[nearest] - bench.skipped, math.ceil(LEAST / first) * first)
    here = bench.space.point(nearest)
    bench.run([here], count)
    mean, low, high = (float(x) for x in interval(bench.of_metric(nearest, target), within=target.metric.possible))
    lifts = _doubled(bench, here, target, count)
    return Ceiling(nearest, target, (mean, low, high), bool(lonely), tuple(lifts), _longest_queue(bench, nearest))


def _misses(bench: Bench, number: int) -> list[float]:
    """By how many zones the mean of each target is missed; infinite where there is no mean."""
    means = [interval(column)[0] for column in bench.excess(number).T]
    return [
        float(mean) / target.zone if not math.isnan(mean) else math.inf
        for mean, target in zip(means, bench.targets, strict=True)
    ]


def _doubled(bench: Bench, here: Point, target: Target, count: int) -> list[Lift]:
    """Each capacity of the scenario that is one number, doubled at a combination; the most helpful first."""
    (loaded,) = bench.sweep.plan.base.scenarios.values()
    found = []
    for place, lever in enumerate(one for one in levers(_at(loaded, here)) if one.kind == COUNT):
        before, after = lever.text(lever.value), lever.text(max(2.0 * lever.value, lever.value + 1.0))
        number = bench.space.size * (1 + place) + here.number
        try:
            bench.run([replace(point_of(number, {**here.overrides, lever.path: after}), name=lever.path)], count)
        except ScenarioError:
            continue  # so many are not allowed
        mine = bench.of_metric(number, target)
        with np.errstate(invalid="ignore"):
            change = target.excess(bench.of_metric(here.number, target)) - target.excess(mine)
        mean, low, high = (float(x) for x in interval(change, CONFIDENCE, possible_change(target.metric.unit)))
        outcome = float(interval(mine)[0])
        helps, meets = low > 0.0, bool(target.excess(np.array([outcome]))[0] <= 0.0)
        varied = lever.path in bench.space.paths
        found.append(Lift(lever.path, lever.label, before, after, outcome, (mean, low, high), helps, meets, varied))
    return sorted(found, key=lambda lift: (not lift.helps, -lift.change[0] if lift.helps else 0.0))


def _at(loaded: Loaded, here: Point) -> Loaded:
    """The scenario of a combination, with what its values are."""
    return loaded.with_overrides([f"{path}={text}" for path, text in here.overrides.items()])


def _longest_queue(bench: Bench, number: int) -> Queue | None:
    """For which resource most patients wait; None where nobody waits for any."""
    values, columns = bench.values(number), bench.sweep.plan.columns
    means = interval(values)[0].tolist()
    waiting = {c.label: means[k] for k, c in enumerate(columns) if c.name.startswith(f"{WAITING} ")}
    in_use = {c.label: means[k] for k, c in enumerate(columns) if c.name.startswith(f"{IN_USE} ")}
    label = max(waiting, key=lambda name: waiting[name], default="")
    return Queue(label, waiting[label], in_use[label]) if label and waiting[label] > 0.0 else None
