"""Probabilistic sensitivity analysis: samples of the uncertain inputs, replications of each, and what to decide.

The tables are described in `psa_tables`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.experiment.disk.table_files import write_table
from sim.experiment.psa.tables import psa_tables
from sim.experiment.study.economics_tables import why_not_comparable
from sim.experiment.study.inputs import uncertain_inputs_table
from sim.experiment.sweep.evaluate import Sweep, SweepPlan, evaluate, mean_of
from sim.experiment.sweep.factors import number_of
from sim.experiment.sweep.point_folder import finish_folder, sweep_results
from sim.experiment.sweep.points import Base, Point
from sim.outcomes.economics import COST, EFFECT
from sim.outcomes.metrics import METRICS
from sim.pure.streams import Source, key_table, sequence
from sim.scenario import Problem, ScenarioError
from sim.scenario.problems import Place
from sim.scenario.uncertainty import Uncertain
from sim.scenario.unused import why_unused

FloatArray = NDArray[np.float64]
REQUIRED = "required by psa, but not given"
# What keys the draws of uncertain inputs.
UNCERTAINTY, FIRST = (Source("uncertainty"),), np.zeros(1, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Psa:
    """The tables of a finished analysis by name, and how many workers did it."""

    tables: dict[str, pd.DataFrame]
    workers: list[str]


def require_economics(base: Base) -> None:
    """Nothing, or a ScenarioError where the scenarios cannot be analysed together."""
    problems = []
    for loaded in base.scenarios.values():
        place = Place(loaded.shown, 1)
        for key in ("economics", "uncertainty"):
            if not getattr(loaded.scenario, key):
                gone = "; ".join(dropped.sentence for dropped in loaded.certain) if key == "uncertainty" else ""
                message = f"required by psa, but nothing is uncertain any more: {gone}" if gone else REQUIRED
                problems.append(Problem(place, key, message))
    why = why_not_comparable(base.scenarios) if not problems else None
    if why is not None:
        problems.append(Problem(Place(next(iter(base.scenarios.values())).shown, 1), "economics", why))
    if problems:
        raise ScenarioError(problems)


def psa_points(base: Base, samples: int) -> tuple[Point, ...]:
    """A point for each sample: every uncertain input at a quantile of its distribution; sample s has parameter set s.

    The uniform behind it is keyed by the path and the number of the sample alone: one input has the same luck in every
    scenario and whatever else is uncertain, and more samples leave the first ones as they are.
    """
    seed = next(iter(base.scenarios.values())).scenario.run.seed
    texts: dict[str, dict[str, list[str]]] = {}
    shown: dict[str, list[str]] = {}
    inputs_of = {name: uncertain_inputs(base, name) for name in base.names}
    for name in base.names:
        texts[name] = {}
        for path, uncertain in inputs_of[name].items():
            (chances,) = sequence(key_table(seed, 0, UNCERTAINTY, (path,)), FIRST, samples)
            drawn = uncertain.quantile(chances)
            texts[name][path] = [uncertain.text(float(value)) for value in drawn]
            alike = len({repr(inputs.get(path, uncertain)) for inputs in inputs_of.values()}) == 1
            shown.setdefault(path if alike else f"{path} ({name})", texts[name][path])
    return tuple(
        Point(
            k,
            f"sample {k + 1}",
            values={column: number_of(listed[k]) for column, listed in shown.items()},
            own={name: {path: listed[k] for path, listed in mine.items()} for name, mine in texts.items()},
            parameter_set=k + 1,
        )
        for k in range(samples)
    )


def uncertain_inputs(base: Base, name: str) -> dict[str, Uncertain]:
    """The uncertain inputs that a scenario has a use for."""
    scenario = base.scenarios[name].scenario
    return {path: u for path, u in scenario.uncertainty.items() if why_unused(tuple(path.split(".")), scenario) is None}


def unused_inputs(base: Base) -> dict[str, str]:
    """The uncertain inputs that no scenario has a use for, and why."""
    used = {path for name in base.names for path in uncertain_inputs(base, name)}
    return {
        path: why
        for loaded in base.scenarios.values()
        for path in loaded.scenario.uncertainty
        if path not in used and (why := why_unused(tuple(path.split(".")), loaded.scenario)) is not None
    }


def psa_files(base: Base) -> list[str]:
    """The files of tables that an analysis writes, beside those of any study of many points."""
    plane = ["ce_plane", "psa_quadrants"] if len(base.names) > 1 else []
    names = ["psa", "psa_wide", "psa_inputs", *plane, "ceac", "evpi", "psa_icer", "uncertain_inputs"]
    return [f"{name}.csv" for name in names]


def run_psa(
    plan: SweepPlan, folder: Path, command: str, done: Callable[[int], None], replace: Sequence[str] = ()
) -> Psa:
    """Run the samples that the folder does not hold yet, and write the tables; `done` hears of finished replications.

    `plan`: with `psa_points` as its points and the economics as its reducer. Raises as `run_sweep` does.
    """
    started = time.perf_counter()
    with sweep_results(plan, folder, psa_files(plan.base), replace) as (sweep, building):
        evaluate(sweep, plan.points, done)
        tables = psa_tables(plan.base, plan.points, *_collect(sweep))
        used = {name: list(uncertain_inputs(plan.base, name)) for name in plan.base.names}
        tables["uncertain_inputs"] = uncertain_inputs_table(plan.base.scenarios, used)
        for name, table in tables.items():
            write_table(building, name, table)
        workers = sweep.store.workers()
        title = "Probabilistic sensitivity analysis: " + " against ".join(plan.base.names)
        seconds = time.perf_counter() - started
        finish_folder(sweep, building, "psa", title, command, seconds, samples=len(plan.points))
    return Psa(tables, workers)


def _collect(sweep: Sweep) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(means of cost and QALYs, shape (samples, scenarios, 2); covariances of these means; means of the metrics).

    Means are over replications. The covariances, of shape (samples, 2 x scenarios, 2 x scenarios), are what a finite
    number of replications leaves.
    """
    first = len(METRICS)
    chosen = [first + COST, first + EFFECT]
    means, left, metrics = [], [], []
    for point in sweep.plan.points:
        found = sweep.values(point.number)
        metrics.append(mean_of(found[..., :first]))
        values = found[..., chosen]
        means.append(mean_of(values))
        flat = values.reshape(len(values), -1)
        size = flat.shape[1]
        left.append(np.cov(flat.T) / len(flat) if len(flat) > 1 else np.full((size, size), np.nan))
    return np.array(means), np.array(left), np.array(metrics)
