"""The months ahead, simulated: draws of what is uncertain, and several simulated futures for each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sim.engine.choice import pick, workers_for
from sim.experiment.ahead.months import Months
from sim.experiment.psa.run import psa_points
from sim.experiment.runs.meanwhile import prepare
from sim.experiment.runs.replicate import Arm, as_run, simulate
from sim.experiment.runs.work import AHEAD, in_processes
from sim.experiment.sweep.points import Base
from sim.outcomes.ahead import by_month, daily_list, waits_by_month
from sim.outcomes.patients import Ends, Patients, ends
from sim.pieces.lived import rows_of
from sim.pieces.loads import expected_patients
from sim.pieces.luck import IN_PROGRESS
from sim.pure.arrays import FloatArray
from sim.scenario import Loaded, Scenario, load, write_resolved
from sim.scenario.in_progress import UnderWay, text_of
from sim.scenario.kept_dates import keeping_dates

TODAY = "today.csv"


@dataclass(frozen=True)
class Wanted:
    """What is measured of each simulated future: the months, since when patients are on the way, and each one's own."""

    months: Months
    since: str
    individual: bool = False


@dataclass(frozen=True, eq=False)
class Courses:
    """Simulated futures. `by_month`: shape (courses, quantities, groups, months). `waits`: mean days to infusion of
    those infused in each month, shape (courses, months), NaN of nobody. `daily`: the list at the beginning of
    each day, shape (courses, days). `infused_day`, `left_day`: of each row in progress, shape (courses, rows), NaN
    where it has not come by the end; without rows unless these were asked for."""

    by_month: FloatArray
    waits: FloatArray
    daily: NDArray[np.int32]
    infused_day: FloatArray
    left_day: FloatArray

    @classmethod
    def together(cls, found: Sequence[Self]) -> Self:
        """All of these, one after the other."""
        return cls(*(np.concatenate([getattr(one, each.name) for one in found]) for each in fields(cls)))


def moved_to(loaded: Loaded, patients: Sequence[UnderWay], months: Months, finish_today: bool = False) -> Loaded:
    """The scenario from the first of these months on, with these patients in progress.

    All of the months are warm-up, and those referred on the day after them are measured: so the run ends soon after.
    What changes on a day keeps its date.
    """
    days = f"{months.length:.0f} d"
    dates = keeping_dates(loaded.scenario, months.start).changes
    changes = [*dates, f"run.start={months.start}", f"run.warm_up={days}", "run.window=1 d", f"run.follow_up={days}"]
    if loaded.scenario.run.later_courses_until is not None:
        changes.append(f"run.later_courses_until={2 * months.length + 1:.0f} d")
    listed = [name for name, region in loaded.scenario.regions.items() if region.already_waiting is not None]
    changes += [f"regions.{name}.already_waiting=null" for name in listed]
    with tempfile.TemporaryDirectory(prefix="vein2vein-forecast-") as place:
        file = Path(place) / "scenario.yaml"
        file.write_text(write_resolved(loaded), encoding="utf-8")
        if patients:
            (Path(place) / TODAY).write_text(text_of(tuple(patients)), encoding="utf-8", newline="")
            changes.append(f"in_progress.file={TODAY}")
            changes += ["in_progress.overdue=finish_today"] if finish_today else []
        return load(file, changes)


def arms_of(moved: Loaded, samples: int, replications: int) -> Iterator[tuple[Arm, range]]:
    """(scenario, numbers of its replications) of each draw of what the scenario calls uncertain.

    Where nothing is uncertain, one scenario with as many simulated futures.
    """
    name = moved.scenario.name
    if not moved.scenario.uncertainty:
        yield Arm(name, moved.scenario), range(samples * replications)
        return
    # who can hardly be in a stage for so long by one draw may well be by another
    late = ["in_progress.overdue=finish_today"] if moved.scenario.in_progress is not None else []
    for point in psa_points(Base({name: moved}), samples):
        changes = [f"{path}={text}" for path, text in point.own[name].items()]
        yield Arm(name, moved.scenario_with([*changes, *late]), point.parameter_set), range(replications)


def courses_of(
    moved: Loaded,
    wanted: Wanted,
    samples: int,
    replications: int,
    with_engine: str,
    workers: int | None,
    done: Callable[[int], None],
) -> Courses:
    """All simulated futures, whatever the engine and the number of workers; `done` hears of finished ones."""
    patients = samples * replications * expected_patients(moved.scenario)
    engine, _ = pick(with_engine, patients)
    workers = workers or workers_for(engine, patients, os.cpu_count() or 1)
    prepare(engine, workers)
    found: list[Courses] = []
    if workers == 1:
        for arm, numbers in arms_of(moved, samples, replications):
            found.append(one_draw(arm, numbers, wanted, engine))
            done(len(numbers))
    else:
        from joblib import delayed

        calls = (
            delayed(one_draw)(arm, numbers, wanted, engine) for arm, numbers in arms_of(moved, samples, replications)
        )
        for one in in_processes(calls, workers, AHEAD, in_order=True):
            found.append(one)
            done(len(one.by_month))
    return Courses.together(found)


def one_draw(arm: Arm, numbers: Sequence[int], wanted: Wanted, engine: str) -> Courses:
    """The simulated futures of one scenario."""
    found: list[Courses] = []
    edges, days = wanted.months.edges, int(wanted.months.length)
    for (one,), part in as_run([arm], numbers):
        patients, trace = simulate(one, part, engine)
        cohort = patients.cohort
        infused, left = np.zeros((len(part), 0)), np.zeros((len(part), 0))
        if wanted.individual:
            infused, left = _each(one.scenario, patients, ends(cohort, trace, np.inf))
        found.append(
            Courses(
                by_month(one.protocol, cohort, trace, edges, wanted.since),
                waits_by_month(cohort, trace, edges, wanted.since),
                daily_list(cohort, trace, days, wanted.since),
                np.where(infused < edges[-1], infused, np.nan),
                np.where(left < edges[-1], left, np.nan),
            )
        )
    return Courses.together(found)


def _each(scenario: Scenario, patients: Patients, own: Ends) -> tuple[FloatArray, FloatArray]:
    """(day infused, day left otherwise) of everybody in progress, by row; shape (replications, rows)."""
    luck = patients.cohort.luck
    numbers = sorted(one.row for region in scenario.regions for one in rows_of(scenario, region))
    place = {row: k for k, row in enumerate(numbers)}
    infused = np.full((len(luck.replications), len(numbers)), np.nan)
    left = infused.copy()
    day = own.days["infusion"]  # follow-up does not cut it
    for block in luck.blocks:
        if block.source == IN_PROGRESS and block.course == 1:
            for k, one in enumerate(rows_of(scenario, block.region)):
                entry = block.first + k
                infused[block.replication, place[one.row]] = day[entry]
                left[block.replication, place[one.row]] = own.day[entry] if np.isnan(day[entry]) else np.nan
    return infused, left
