"""A search for a capacity, from its plan to the tables of its folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from sim.experiment.disk.table_files import write_table
from sim.experiment.plan.search import Target, find_smallest, plan_table, require_floor, said_of, together
from sim.experiment.sweep.evaluate import SweepPlan
from sim.experiment.sweep.factors import Factor, number_of, one_by_one
from sim.experiment.sweep.point_folder import finish_folder, sweep_results

PLAN_FILES = ("plan.csv",)


@dataclass(frozen=True, eq=False)
class PlanStudy:
    """The answer of a finished search as it is written, None where there is none; sentences on it; `plan.csv`."""

    value: str | None
    said: list[str]
    table: pd.DataFrame


def ascending(factor: Factor) -> Factor:
    """The factor with its values one by one, from small to large; a ValueError where they cannot be put in order."""
    factor = one_by_one(factor)
    numbers = [number_of(level) for level in factor.levels]
    if any(isinstance(number, str) for number in numbers):
        raise ValueError("found values that are no numbers; a search needs values from small to large")
    order = sorted(range(len(numbers)), key=lambda k: float(numbers[k]))
    return replace(factor, levels=tuple(factor.levels[k] for k in order))


def run_plan(
    plan: SweepPlan,
    path: str,
    targets: Sequence[Target],
    confidence: float,
    folder: Path,
    command: str,
    done: Callable[[int], None],
    replace: Sequence[str] = (),
) -> PlanStudy:
    """Search, going on from what the folder holds, and write `plan.csv` and the manifest.

    Raises as `run_sweep`, and FloorMissingError before anything is written.
    """
    started = time.perf_counter()
    require_floor(plan, path, targets)
    with sweep_results(plan, folder, PLAN_FILES, replace) as (sweep, building):
        answer = find_smallest(sweep, targets, confidence, done)
        table = plan_table(sweep, path, targets, answer)
        said = said_of(sweep, answer, path, targets, confidence)
        value = None if answer.point is None else answer.point.overrides[path]
        write_table(building, "plan", table)
        title = f"{path} for {together(targets)}: {plan.base.names[0]}"
        about = {
            "path": path,
            "values": [point.overrides[path] for point in plan.points],
            "targets": [str(target) for target in targets],
            "confidence": confidence,
            "answer": value,
            "said": said,
            "monotone": answer.monotone,
            "values_run": len(answer.tried),
        }
        finish_folder(sweep, building, "plan", title, command, time.perf_counter() - started, **about)
    return PlanStudy(value, said, table)
