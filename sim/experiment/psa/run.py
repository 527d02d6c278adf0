"""Probabilistic sensitivity analysis: samples of the uncertain inputs, replications of each, and what to decide.

The tables are described in `psa_tables`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.experiment.disk.table_files import write_table
from sim.experiment.psa import draws
from sim.experiment.psa.information import Population, Wanted, evsi_table, fixed_warning, shift_warnings
from sim.experiment.psa.tables import psa_tables
from sim.experiment.runs.work import release
from sim.experiment.study.economics_tables import priced, prices, why_not_comparable
from sim.experiment.study.inputs import uncertain_inputs_table
from sim.experiment.sweep.evaluate import Sweep, SweepPlan, evaluate, mean_of
from sim.experiment.sweep.factors import number_of
from sim.experiment.sweep.point_folder import finish_folder, one_replication, sweep_results
from sim.experiment.sweep.points import Base, Point
from sim.experiment.sweep.run import value_text
from sim.outcomes.economic_quantities import COST, EFFECT
from sim.outcomes.metrics import METRICS
from sim.pure.arrays import FloatArray
from sim.scenario import Problem, ScenarioError
from sim.scenario.problems import Place
from sim.scenario.uncertainty import Uncertain
from sim.scenario.unused import why_unused

NOTHING_MORE = Wanted()
REQUIRED = "required by psa, but not given"


@dataclass(frozen=True, eq=False)
class Psa:
    """The tables of a finished analysis by name, which workers did it, and what to warn of."""

    tables: dict[str, pd.DataFrame]
    workers: list[str]
    warnings: list[str]


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

    How they are drawn is in `draws`. Raises ScenarioError where distributions cannot be drawn together.
    """
    seed = next(iter(base.scenarios.values())).scenario.run.seed
    texts: dict[str, dict[str, list[str]]] = {}
    inputs_of = {name: uncertain_inputs(base, name) for name in base.names}
    for name in base.names:
        loaded = base.scenarios[name]
        try:
            drawn = draws.texts(loaded.scenario.uncertainty, seed, samples)
        except draws.DrawError as error:
            raise ScenarioError([Problem(Place(loaded.shown, 1), "uncertainty", str(error))]) from None
        texts[name] = {path: drawn[path] for path in inputs_of[name]}
    shown: dict[str, list[str]] = {}
    for name, mine in texts.items():
        for path, listed in mine.items():
            alike = all(others.get(path, listed) == listed for others in texts.values())
            shown.setdefault(path if alike else f"{path} ({name})", listed)
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


def psa_files(base: Base, wanted: Wanted = NOTHING_MORE) -> list[str]:
    """The files of tables that an analysis writes, beside those of any study of many points."""
    plane = ["ce_plane", "psa_quadrants", "psa_price"] if len(base.names) > 1 else []
    names = [
        "psa",
        "psa_wide",
        "psa_inputs",
        *plane,
        "ceac",
        "evpi",
        "evppi",
        "psa_icer",
        "psa_nmb",
        "uncertain_inputs",
    ]
    names += ["evsi"] if wanted.studies else []
    return [f"{name}.csv" for name in names]


def run_psa(
    plan: SweepPlan,
    folder: Path,
    command: str,
    done: Callable[[int], None],
    replace: Sequence[str] = (),
    wanted: Wanted = NOTHING_MORE,
) -> Psa:
    """Run the samples that the folder does not hold yet, and write the tables; `done` hears of finished replications.

    `plan`: with `psa_points` as its points and the economics as its reducer. Raises as `run_sweep` does.
    """
    started = time.perf_counter()
    with sweep_results(plan, folder, psa_files(plan.base, wanted), replace) as (sweep, building):
        evaluate(sweep, plan.points, done)
        if sweep.workers > 1 and plan.cluster is None:
            release()
        means, left, metrics = _collect(sweep)
        tables = psa_tables(plan.base, plan.points, means[..., [COST, EFFECT]], left, metrics, wanted)
        if len(plan.base.names) > 1:
            tables["psa_price"] = prices(plan.base.scenarios, means, _prices_drawn(plan))
        used = {name: list(uncertain_inputs(plan.base, name)) for name in plan.base.names}
        tables["uncertain_inputs"] = _with_means(uncertain_inputs_table(plan.base.scenarios, used), plan)
        studies = evsi_table(plan.base, plan.points, means[..., COST], means[..., EFFECT], wanted)
        tables |= {} if studies is None else {"evsi": studies}
        told = [*fixed_warning(plan.base), *shift_warnings(tables["uncertain_inputs"], len(plan.points))]
        for name, table in tables.items():
            write_table(building, name, table)
        workers = sweep.store.workers()
        title = "Probabilistic sensitivity analysis: " + " against ".join(plan.base.names)
        seconds = time.perf_counter() - started
        about = {"samples": len(plan.points), **plain_wanted(wanted)}
        finish_folder(sweep, building, "psa", title, command, seconds, [*told, *one_replication(plan)], **about)
    return Psa(tables, workers, told)


def plain_wanted(wanted: Wanted) -> dict[str, Any]:
    """What was asked for as a manifest has it."""
    groups = {name: list(paths) for name, paths in wanted.groups.items()}
    population = None if wanted.population is None else asdict(wanted.population)
    return {"groups": groups, "population": population, "studies": list(wanted.studies)}


def wanted_from_plain(found: Mapping[str, Any]) -> Wanted:
    """What `plain_wanted` gave."""
    groups = {str(name): tuple(paths) for name, paths in (found.get("groups") or {}).items()}
    population = found.get("population")
    people = None if population is None else Population(**population)
    return Wanted(groups, people, tuple(map(str, found.get("studies") or ())))


def _prices_drawn(plan: SweepPlan) -> dict[str, FloatArray]:
    """The price of the product in each sample, of each scenario that has one price; in the money of the results."""
    found = {}
    for name, loaded in plan.base.scenarios.items():
        economics, product = loaded.scenario.economics, loaded.scenario.strategy
        if economics is None or priced(loaded) is None:
            continue
        amounts = _drawn(plan, name, f"economics.costs.product.{product}", getattr(economics.costs.product, product))
        found[name] = amounts * _drawn(plan, name, "economics.conversion.factor", economics.factor)
    return found


def _drawn(plan: SweepPlan, name: str, path: str, value: float) -> FloatArray:
    """A value of a scenario in each sample: as drawn, or the scenario's own."""
    texts = [point.own[name].get(path) for point in plan.points]
    return np.array([value if text is None else float(number_of(text)) for text in texts])


def _with_means(table: pd.DataFrame, plan: SweepPlan) -> pd.DataFrame:
    """The uncertain inputs with their values in the base case, and mean and standard error of what was drawn."""
    rows = list(zip(table["scenario"], table["path"], strict=True))
    drawn = [np.array([number_of(point.own[name][path]) for point in plan.points], dtype=float) for name, path in rows]
    values = [number_of(value_text(plan.base.scenarios[name], path)) for name, path in rows]
    return table.assign(
        base_value=[value if isinstance(value, float) else np.nan for value in values],
        mean_drawn=[one.mean() for one in drawn],
        mean_error=[one.std(ddof=1) / np.sqrt(len(one)) for one in drawn],
    )


def _collect(sweep: Sweep) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(means of the economic quantities, shape (samples, scenarios, quantities); covariances; means of the metrics).

    Means are over replications. The covariances, of shape (samples, 2 x scenarios, 2 x scenarios), are those of the
    means of cost and QALYs: what a finite number of replications leaves.
    """
    first = len(METRICS)
    chosen = [first + COST, first + EFFECT]
    means, left, metrics = [], [], []
    for point in sweep.plan.points:
        found = sweep.values(point.number)
        metrics.append(mean_of(found[..., :first]))
        values = found[..., chosen]
        means.append(mean_of(found[..., first:]))
        flat = values.reshape(len(values), -1)
        size = flat.shape[1]
        left.append(np.cov(flat.T) / len(flat) if len(flat) > 1 else np.full((size, size), np.nan))
    return np.array(means), np.array(left), np.array(metrics)
