"""A search for the cheapest combination of levers, from what is asked to the tables of its folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from sim.experiment.disk.table_files import write_table
from sim.experiment.options import PLAN_EVALUATIONS
from sim.experiment.plan.bench import Bench, reducer_of
from sim.experiment.plan.ceiling import find_ceiling
from sim.experiment.plan.floor import require_floor
from sim.experiment.plan.fronts import find_fronts
from sim.experiment.plan.propose import optimiser, propose, require_optimiser
from sim.experiment.plan.search import Rule, find_cheapest
from sim.experiment.plan.space import Space
from sim.experiment.plan.tables import Answer, plan_table, said_of
from sim.experiment.plan.targets import MetricOf, Target, parse_target
from sim.experiment.sweep.evaluate import SweepPlan
from sim.experiment.sweep.factors import from_plain, plain
from sim.experiment.sweep.point_folder import finish_folder, one_replication, sweep_results
from sim.experiment.sweep.points import Base
from sim.tables.inputs import input_label
from sim.tables.words import uncapital

PLAN_FILES = ("plan.csv",)


@dataclass(frozen=True)
class Asked:
    """What a search is asked. `evaluations`: so many combinations are run one by one; of more, so many proposed."""

    space: Space
    targets: tuple[Target, ...]
    rule: Rule
    evaluations: int = PLAN_EVALUATIONS

    @property
    def proposed(self) -> bool:
        """Whether the grid is too large to run."""
        return self.space.size > self.evaluations

    @property
    def expected(self) -> int:
        """How many replications it takes about."""
        return 2 * self.rule.first * (self.evaluations if self.proposed else self.space.size)


@dataclass(frozen=True, eq=False)
class PlanStudy:
    """The answer of a finished search: values by path, None where there is none; sentences on it; `plan.csv`."""

    value: dict[str, str] | None
    said: list[str]
    table: pd.DataFrame


def sweep_of(
    base: Base, asked: Asked, workers: int | None = None, engine: str = "auto", cluster: str | None = None
) -> SweepPlan:
    """The sweep that a search fills, step by step of its first stage."""
    space = asked.space
    points = space.axes() if asked.proposed else [space.point(number) for number in range(space.size)]
    reducer = reducer_of(base, asked.targets)
    return SweepPlan(base, tuple(points), asked.rule.first, workers, engine, cluster, reducer, space.digest)


def run_plan(
    plan: SweepPlan, asked: Asked, folder: Path, command: str, done: Callable[[int], None], replace: Sequence[str] = ()
) -> PlanStudy:
    """Search, going on from what the folder holds, and write `plan.csv` and the manifest.

    `plan`: from `sweep_of`. Raises as `run_sweep`, LibraryMissingError where an optimiser is needed and missing, and
    FloorMissingError before anything is written.
    """
    started = time.perf_counter()
    if asked.proposed:
        require_optimiser(asked.space.size, asked.evaluations)
    require_floor(plan, asked.space, asked.targets)
    with sweep_results(plan, folder, PLAN_FILES, replace) as (sweep, building):
        bench = Bench(sweep, asked.space, asked.targets, done)
        bench, answer = _search(bench, asked)
        table, said = plan_table(bench, answer), said_of(bench, answer)
        chosen = answer.found.chosen
        value = None if chosen is None else asked.space.values(chosen)
        write_table(building, "plan", table)
        first, *others = (input_label(path) for path in asked.space.paths)
        title = f"{' and '.join([first, *map(uncapital, others)])}, for a target: {plan.base.names[0]}"
        about = {
            **plain_asked(asked),
            "answer": value,
            "said": said,
            "combinations": asked.space.size,
            "evaluated": len(answer.found.tested),
            "proposed_by": optimiser() if asked.proposed else None,
            "procedure": "F_B of Batur and Kim (2010, doi:10.1145/1842713.1842716), common random numbers",
        }
        finish_folder(
            sweep, building, "plan", title, command, time.perf_counter() - started, one_replication(plan), **about
        )
    return PlanStudy(value, said, table)


def _search(bench: Bench, asked: Asked) -> tuple[Bench, Answer]:
    """(the bench that was searched on, the answer); of proposed combinations, fresh replications are looked at."""
    space, rule = asked.space, asked.rule
    zones = [target.zone for target in asked.targets]
    numbers = list(range(space.size))
    if asked.proposed:
        (loaded,) = bench.sweep.plan.base.scenarios.values()
        seed = loaded.scenario.run.seed
        numbers = propose(space, zones, bench.observe, rule.first, asked.evaluations, seed)
        # what was chosen for how it came out is judged by other replications than these
        bench = replace(bench, skipped=rule.first, ran={})
    found = find_cheapest({number: space.cost(number) for number in numbers}, zones, bench.observe, rule)
    ceiling = find_ceiling(bench, found) if found.chosen is None else None
    fronts = find_fronts(bench, sorted(found.tested), rule)
    return bench, Answer(found, rule, fronts, ceiling, asked.proposed)


def plain_asked(asked: Asked) -> dict[str, Any]:
    """What was asked as a manifest has it."""
    return {
        "levers": [plain(lever) for lever in asked.space.levers],
        "prices": asked.space.prices,
        "targets": [str(target) for target in asked.targets],
        "zones": [target.zone for target in asked.targets],
        "confidence": asked.rule.confidence,
        "first_stage": asked.rule.first,
        "most_replications": asked.rule.most,
        "evaluations": asked.evaluations,
    }


def asked_from_plain(found: Mapping[str, Any], metric_of: MetricOf) -> Asked:
    """What `plain_asked` gave."""
    prices = {str(path): float(price) for path, price in found["prices"].items()}
    rule = Rule(float(found["confidence"]), int(found["first_stage"]), int(found["most_replications"]))
    space = Space(tuple(from_plain(lever) for lever in found["levers"]), prices)
    targets = tuple(
        replace(parse_target(text, metric_of), zone=float(zone))
        for text, zone in zip(found["targets"], found["zones"], strict=True)
    )
    return Asked(space, targets, rule, int(found["evaluations"]))
