"""Variants of a scenario, few replications of each, as a helper runs them: without frames, which take time to load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.experiment.runs.limits import require_size
from sim.experiment.runs.meanwhile import let_it_come
from sim.experiment.runs.replicate import Arm, as_run, batch_size, batches, simulate
from sim.experiment.runs.work import is_a_worker
from sim.outcomes.metrics import BY_NAME, INFUSED_AND_FREE, measure
from sim.pure.arrays import FloatArray
from sim.scenario import Loaded, ScenarioError

HEADLINE = ("waiting_days_mean", "progressed_before_infusion_share", INFUSED_AND_FREE[12])
HEADLINES = tuple(BY_NAME[name] for name in HEADLINE)
# (scenario, places of variants, headline values (replications, figures) of each or why it is refused)
Outcome = tuple[str, tuple[int, ...], list[FloatArray | str]]
# In the place of an override: the scenario as it is.
AS_STATED = ""
AT_ONCE = 6
"""Variants of a task, so that what is sent with each is sent seldom."""


@dataclass(frozen=True)
class Variant:
    """An input at one of its ends, in those scenarios that share it."""

    name: str
    end: str
    texts: Mapping[str, str]
    stated: str
    value: str
    basis: str
    path: str


@dataclass(frozen=True, eq=False)
class Task:
    """Variants of one scenario: the place of each among all, its override, and the replications to run."""

    name: str
    loaded: Loaded
    places: tuple[int, ...]
    overrides: tuple[str, ...]
    numbers: range
    engine: str


def tasks_of(
    scenarios: Mapping[str, Loaded], variants: Sequence[Variant | None], numbers: range, engine: str
) -> list[Task]:
    """The variants scenario by scenario, some at a time; None: every scenario as it is stated."""
    tasks = []
    for name, loaded in scenarios.items():
        mine = [
            (k, AS_STATED if v is None else f"{v.path}={v.texts[name]}")
            for k, v in enumerate(variants)
            if v is None or name in v.texts
        ]
        for first in range(0, len(mine), AT_ONCE):
            places, overrides = zip(*mine[first : first + AT_ONCE], strict=True)
            tasks.append(Task(name, loaded, places, overrides, numbers, engine))
    return tasks


def run_variants(task: Task) -> Outcome:
    """What comes of each variant of a task."""
    if is_a_worker():
        let_it_come(task.engine)
    results: list[FloatArray | str] = []
    for text in task.overrides:
        try:
            scenario = task.loaded.scenario if text == AS_STATED else task.loaded.scenario_with([text])
            arm = Arm(task.name, scenario)
            require_size([arm], {task.name: task.loaded})
        except ScenarioError as error:
            # without the place in brackets: a scenario that is run again from its results stands in another file
            results.append(f"refused: {error.problems[0].message.split(' (')[0]}")
            continue
        parts = [part for some in batches(task.numbers, batch_size([arm])) for part in as_run([arm], some)]
        measured = [
            measure(*simulate(its[0], some, task.engine, lives_of_all=False), its[0].window, HEADLINES)
            for its, some in parts
        ]
        results.append(reached(np.concatenate(measured)))
    return task.name, task.places, results


def reached(figures: FloatArray) -> FloatArray:
    """The figures; NaN where one was not reached."""
    return np.where(np.isfinite(figures), figures, np.nan)
