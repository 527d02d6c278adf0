"""What every results folder of many points ends with: the scenarios, their parameters, and the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.experiment.disk.manifest import about_program, about_scenarios, scenario_files, write_manifest, write_scenarios
from sim.experiment.disk.publish import new_results
from sim.experiment.disk.table_files import write_table
from sim.experiment.study.inputs import parameters
from sim.experiment.study.not_modelled import NOT_MODELLED
from sim.experiment.sweep.evaluate import Sweep, SweepPlan, open_sweep


@contextmanager
def sweep_results(
    plan: SweepPlan, folder: Path, tables: Sequence[str], replace: Sequence[str]
) -> Iterator[tuple[Sweep, Path]]:
    """(the sweep with what the folder's store holds of it, where to build these tables and the manifest).

    The store is in the folder itself, so that what is done is kept; all else is put there at the end. Raises as
    `open_sweep` and `new_results` do.
    """
    files = [*tables, "parameters.csv", *scenario_files(plan.base.scenarios)]
    with new_results(folder, files, replace) as building, open_sweep(plan, folder) as sweep:
        yield sweep, building


def one_replication(plan: SweepPlan) -> list[str]:
    """What to warn of where each point is replicated once."""
    return ["one replication only: no intervals can be given"] if plan.replications < 2 else []


def finish_folder(
    sweep: Sweep,
    folder: Path,
    kind: str,
    title: str,
    command: str,
    seconds: float,
    warnings: Sequence[str] = (),
    **more: Any,
) -> None:
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
        "warnings": list(warnings),
        "not_modelled": list(NOT_MODELLED),
    }
    write_manifest(folder, content)
