"""A pair of scenarios part by part, from draws to money: where a replication of an arm spends its time.

`FROZEN` never changes, so that runs of two versions can be compared; `SHIPPED` is the pair as it is shipped today.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from sim.engine.choice import COMPILED, engine, generator
from sim.engine.trace import Trace
from sim.experiment.runs.replicate import Arm, Keep, economics_of, run_arm, simulate
from sim.experiment.sweep.economics import ECONOMICS
from sim.experiment.sweep.evaluate import rows_of
from sim.outcomes.metrics import measure
from sim.outcomes.patients import resolve
from sim.outcomes.resource_use import resource_use
from sim.outcomes.views import view
from sim.pieces.cohort import draw_cohort
from sim.scenario import load

FROZEN = Path(__file__).with_name("pair")
SHIPPED = Path(__file__).parents[2] / "scenarios"
NAMES = ("autologous", "allogeneic")
BATCH = 20


@lru_cache
def arms(folder: Path) -> tuple[Arm, ...]:
    """The two scenarios of a folder."""
    return tuple(Arm(name, load(folder / f"{name}.yaml").scenario) for name in NAMES)


def parts(folder: Path) -> dict[str, Callable[[int], None]]:
    """By name, what to time: a function of the first number of a batch of both arms."""
    both = arms(folder)
    ready = [simulate(arm, range(BATCH), COMPILED) for arm in both]
    used = [resource_use(arm.protocol, *found, arm.window) for arm, found in zip(both, ready, strict=True)]

    def draws(first: int) -> None:
        for arm in both:
            draw_cohort(arm.scenario, arm.protocol.clocks, range(first, first + BATCH), 0, generator(COMPILED))

    def engines(first: int) -> None:
        for arm, (patients, _) in zip(both, ready, strict=True):
            run, luck = arm.scenario.run, patients.cohort.luck
            engine(COMPILED)(arm.protocol, patients.cohort, luck, arm.scenario.runs_until, run.follow_up, False)

    def outcomes(first: int) -> None:
        for arm, (patients, trace) in zip(both, ready, strict=True):
            run = arm.scenario.run
            resolve(patients.cohort, trace, run.follow_up, run.later_courses_end)

    def metrics(first: int) -> None:
        for arm, (patients, trace) in zip(both, ready, strict=True):
            measure(patients, trace, arm.window)

    def economics(first: int) -> None:
        for arm, (patients, trace) in zip(both, ready, strict=True):
            economics_of(arm, patients, trace)

    def resources(first: int) -> None:
        for arm, (patients, trace) in zip(both, ready, strict=True):
            resource_use(arm.protocol, patients, trace, arm.window)

    def views(first: int) -> None:
        for arm, (patients, trace), its in zip(both, ready, used, strict=True):
            view(arm.scenario, arm.protocol, patients, trace, its, False)

    def as_in_psa(first: int) -> None:
        for arm in both:
            rows_of(arm, range(first, first + BATCH), COMPILED, ECONOMICS)

    def as_in_compare(first: int) -> None:
        for arm in both:
            run_arm(arm, range(first, first + BATCH), Keep(views=True), COMPILED)

    timed = (draws, engines, outcomes, metrics, economics, resources, views, as_in_psa, as_in_compare)
    return {function.__name__: function for function in timed}


def model_events(trace: Trace) -> int:
    """What happened: everything asked for, begun and given back, and every milestone."""
    uses = trace.uses
    days = sum(int(np.isfinite(column).sum()) for column in (uses.asked, uses.began, uses.ended))
    return days + int(trace.passes.sum())


def events(folder: Path) -> dict[str, float]:
    """Model events a patient, and patients and model events of a replication of one arm, on average."""
    found = [simulate(arm, range(BATCH), COMPILED) for arm in arms(folder)]
    patients = sum(len(one.outcome) for one, _ in found) / (len(found) * BATCH)
    happened = sum(model_events(trace) for _, trace in found) / (len(found) * BATCH)
    return {"patients": patients, "model_events": happened, "model_events_per_patient": happened / patients}
