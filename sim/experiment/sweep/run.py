"""A sweep from its plan to the tables of its folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sim.experiment.disk.table_files import write_table
from sim.experiment.sweep.designs import Design
from sim.experiment.sweep.evaluate import Sweep, SweepPlan, evaluate
from sim.experiment.sweep.factors import plain, unit_of
from sim.experiment.sweep.point_folder import finish_folder, one_replication, sweep_results
from sim.experiment.sweep.sensitivity import morris, prcc, sobol, tornado
from sim.experiment.sweep.tables import heat_map, write_point_tables
from sim.experiment.sweep.unmoved import unmoved
from sim.scenario import Loaded
from sim.scenario.leaves import inline

# The table that a design is made for.
OF_DESIGN = {"one_at_a_time": "tornado", "sobol": "sobol", "morris": "morris", "latin_hypercube": "prcc"}
TITLES = {
    "one_at_a_time": "One input at a time",
    "latin_hypercube": "Latin hypercube sample",
    "sobol": "Sobol sensitivity analysis",
    "morris": "Morris screening",
}


@dataclass(frozen=True, eq=False)
class SweepStudy:
    """What a finished sweep has to show: its table of sensitivity by name, which workers did it, what to warn of.

    `metrics`: those that were asked for; all where empty.
    """

    tables: dict[str, pd.DataFrame]
    workers: list[str]
    warnings: list[str]
    metrics: tuple[str, ...] = ()


def sweep_files(plan: SweepPlan, design: Design) -> list[str]:
    """The files of tables that a sweep writes, beside those of any study of many points."""
    names = ["points.csv", "sweep.csv", "sweep.parquet"]
    names += ["sweep_differences.csv"] if len(plan.base.names) > 1 else []
    name = OF_DESIGN.get(design.kind, "heat_map" if len(design.factors) == 2 else "")
    return [*names, f"{name}.csv"] if name and design.factors else names


def run_sweep(
    plan: SweepPlan,
    design: Design,
    folder: Path,
    command: str,
    done: Callable[[int], None],
    replace: Sequence[str] = (),
) -> SweepStudy:
    """Run what the folder does not hold yet, and write its tables; `done` hears of finished replications.

    `replace` as in `run_study`. Raises ScenarioError, FolderError, StoreError, WorkerError; what is done is kept in
    the folder.
    """
    started = time.perf_counter()
    with sweep_results(plan, folder, sweep_files(plan, design), replace) as (sweep, building):
        evaluate(sweep, plan.points, done)
        write_point_tables(sweep, building)
        found = sensitivity_tables(sweep, design)
        for name, table in found.items():
            write_table(building, name, table)
        still = unmoved(sweep, design)
        workers = sweep.store.workers()
        title = f"{TITLES.get(design.kind, 'Sweep')}: {' against '.join(plan.base.names)}"
        seconds = time.perf_counter() - started
        finish_folder(
            sweep, building, "sweep", title, command, seconds, [*still, *one_replication(plan)], **_about(sweep, design)
        )
    return SweepStudy(found, workers, still, plan.metrics)


def sensitivity_tables(sweep: Sweep, design: Design) -> dict[str, pd.DataFrame]:
    """The tables that a design is made for, by name."""
    found = _of_the_design(sweep, design) if design.factors else {}
    takers = {factor.path: sweep.plan.base.takers(factor.path) for factor in design.factors}
    for name, table in found.items():
        if "path" in table:
            # a scenario that has no use for a path is not moved by it
            used = [scenario in takers[path] for scenario, path in zip(table["scenario"], table["path"], strict=True)]
            found[name] = table[used].reset_index(drop=True)
    return found


def _of_the_design(sweep: Sweep, design: Design) -> dict[str, pd.DataFrame]:
    match design.kind:
        case "one_at_a_time":
            return {"tornado": tornado(sweep, design, base_texts(sweep))}
        case "sobol":
            return {"sobol": sobol(sweep, design)}
        case "morris":
            return {"morris": morris(sweep, design)}
        case "latin_hypercube":
            return {"prcc": prcc(sweep, design)}
        case "grid" if len(design.factors) == 2:
            return {"heat_map": heat_map(sweep, [factor.path for factor in design.factors])}
        case _:
            return {}


def base_texts(sweep: Sweep) -> dict[str, str]:
    """The value of each varied path in the first base scenario that has it; no entry where it is none's value."""
    found: dict[str, str] = {}
    for path in sweep.plan.paths:
        for loaded in sweep.plan.base.scenarios.values():
            text = value_text(loaded, path)
            if text:
                found.setdefault(path, text)
    return found


def value_text(loaded: Loaded, path: str) -> str:
    """The value that a scenario has at a path, as a file writes it; empty where it has none."""
    value: Any = loaded.resolved
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return "" if value is None else inline(value)


def _about(sweep: Sweep, design: Design) -> dict[str, Any]:
    """What the manifest says of a sweep alone."""
    plan = sweep.plan
    return {
        "design": design.kind,
        "design_seed": design.seed,
        "samples": design.samples,
        "factors": [plain(factor) for factor in design.factors],
        "points": len(plan.points),
        "metrics": list(plan.metrics),
        "paths": {
            path: unit_of([p.overrides[path] for p in plan.points if path in p.overrides]) for path in plan.paths
        },
    }
