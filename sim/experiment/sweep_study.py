"""A sweep from its plan to the tables of its folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sim.experiment.designs import Design
from sim.experiment.factors import unit_of
from sim.experiment.folder import MANIFEST, FolderError, require_usable, write_text
from sim.experiment.manifest import about_program, about_scenarios, write_manifest, write_scenarios
from sim.experiment.sensitivity import morris, prcc, sobol, tornado
from sim.experiment.store import STORE
from sim.experiment.sweep import Sweep, SweepPlan, evaluate, open_sweep
from sim.experiment.sweep_tables import heat_map, write_point_tables
from sim.scenario.leaves import inline


@dataclass(frozen=True, eq=False)
class SweepStudy:
    """What a finished sweep has to show: its table of sensitivity by name, and how many workers did it."""

    tables: dict[str, pd.DataFrame]
    workers: list[str]


def require_for_sweep(folder: Path) -> None:
    """Nothing, or a FolderError where the folder is no place for a sweep."""
    if not (folder / STORE).is_file():
        require_usable(folder)
        if (folder / MANIFEST).is_file():
            raise FolderError(f"{folder}: holds results of another kind; name another folder")


def run_sweep(plan: SweepPlan, design: Design, folder: Path, command: str, done: Callable[[int], None]) -> SweepStudy:
    """Run what the folder does not hold yet, and write its tables; `done` hears of finished replications.

    Raises ScenarioError, FolderError, StoreError, WorkerError; what is done is kept in the folder.
    """
    started = time.perf_counter()
    require_for_sweep(folder)
    with open_sweep(plan, folder) as sweep:
        evaluate(sweep, plan.points, done)
        write_point_tables(sweep, folder)
        found = sensitivity_tables(sweep, design)
        for name, table in found.items():
            write_text(folder / f"{name}.csv", table.to_csv(index=False))
        workers = sweep.store.workers()
        write_scenarios(folder, plan.base.scenarios)
        write_manifest(folder, about_sweep(sweep, design, command, time.perf_counter() - started))
    return SweepStudy(found, workers)


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
            value: Any = loaded.resolved
            for key in path.split("."):
                value = value.get(key) if isinstance(value, dict) else None
            if value is not None:
                found.setdefault(path, inline(value))
    return found


def about_sweep(sweep: Sweep, design: Design, command: str, seconds: float) -> dict[str, Any]:
    """The manifest of a sweep."""
    plan = sweep.plan
    scenarios = plan.base.scenarios
    return {
        "title": f"{design.kind.replace('_', ' ')} of " + " against ".join(plan.base.names),
        "kind": "sweep",
        "command": command,
        **about_program(),
        "seed": next(iter(scenarios.values())).scenario.run.seed,
        "replications": plan.replications,
        "engine": sweep.engine,
        "engine_why": sweep.engine_why,
        "workers": sweep.workers,
        "workers_seen": len(sweep.store.workers()),
        "seconds": round(seconds, 3),
        "design": design.kind,
        "design_seed": design.seed,
        "points": len(plan.points),
        "paths": {
            path: unit_of([p.overrides[path] for p in plan.points if path in p.overrides]) for path in plan.paths
        },
        "baseline": plan.base.names[0] if len(scenarios) > 1 else None,
        "scenarios": about_scenarios(scenarios),
        "identity": plan.identity,
        "warnings": ["one replication only: no intervals can be given"] if plan.replications < 2 else [],
    }
