"""What every results folder of many points ends with: the scenarios, their parameters, and the manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sim.experiment.folder import MANIFEST, FolderError, require_usable
from sim.experiment.inputs import parameters
from sim.experiment.manifest import about_program, about_scenarios, write_manifest, write_scenarios
from sim.experiment.not_modelled import NOT_MODELLED
from sim.experiment.store import STORE
from sim.experiment.sweep import Sweep
from sim.experiment.table_files import write_table


def require_for_points(folder: Path) -> None:
    """Nothing, or a FolderError where the folder is no place for many points."""
    if not (folder / STORE).is_file():
        require_usable(folder)
        if (folder / MANIFEST).is_file():
            raise FolderError(f"{folder}: holds results of another kind; name another folder")


def finish_folder(sweep: Sweep, folder: Path, kind: str, title: str, command: str, seconds: float, **more: Any) -> None:
    """Write scenarios, parameters and, last, the manifest; `more`: what only this kind of study says of itself."""
    plan = sweep.plan
    scenarios = plan.base.scenarios
    write_scenarios(folder, scenarios)
    write_table(folder, "parameters", parameters(scenarios))
    content = {
        "title": title,
        "kind": kind,
        "command": command,
        **about_program(),
        "seed": next(iter(scenarios.values())).scenario.run.seed,
        "replications": plan.replications,
        "engine": sweep.engine,
        "engine_why": sweep.engine_why,
        "workers": sweep.workers,
        "workers_seen": len(sweep.store.workers()),
        "seconds": round(seconds, 3),
        **more,
        "baseline": plan.base.names[0] if len(scenarios) > 1 else None,
        "scenarios": about_scenarios(scenarios),
        "identity": plan.identity,
        "warnings": ["one replication only: no intervals can be given"] if plan.replications < 2 else [],
        "not_modelled": list(NOT_MODELLED),
    }
    write_manifest(folder, content)
