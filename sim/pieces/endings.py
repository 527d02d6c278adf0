"""When what patients in progress are in on the first day ends, given what was lived of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.pieces.in_progress import Rest, rests, variant
from sim.pieces.protocol import Resource
from sim.pieces.steps import Path, Stage
from sim.pure.arrays import FloatArray
from sim.pure.distributions import Distribution
from sim.pure.hours import ALWAYS
from sim.pure.residual import longer, survival
from sim.scenario import Scenario
from sim.scenario.in_progress import UnderWay
from sim.tables.words import counted

# So many ways in which the tests may have gone are weighed by how well they fit what is known.
WAYS = 64
TESTS, REVIEW = "release_testing.", "release_testing.review"
# (purpose, attempt) -> one uniform for each replication
Draws = Callable[[str, int], FloatArray]


@dataclass(frozen=True)
class Overdue:
    """A patient who has been in a stage for longer than it can last."""

    row: int
    stage: str
    days: float

    def __str__(self) -> str:
        return f"row {self.row}: {counted(f'{self.days:g}', 'day')} in {self.stage}, which never takes that long"


def overdue(s: Scenario, path: Path, resources: Sequence[Resource]) -> list[Overdue]:
    """Everybody who has been in a stage for longer than it can last, by row."""
    its = rests(s, path, resources)
    rows = () if s.in_progress is None else s.in_progress.file.patients
    found = [(one, _stage_over(one, its[variant(one)])) for one in rows]
    return sorted((Overdue(one.row, stage.name, one.days) for one, stage in found if stage), key=lambda o: o.row)


def _stage_over(patient: UnderWay, rest: Rest) -> Stage | None:
    """The stage that must have ended by now; None where one may still be under way, or a queue may follow."""
    if rest.may_wait or not rest.stages or patient.booked_in_days == patient.booked_in_days:
        return None
    began, last = -patient.days, rest.stages[-1]
    tests = _tests(rest)
    if not tests:
        return None if _share_left(last, began) > 0.0 else last
    going = [test for test in tests if _short(test) not in patient.results_known]
    if patient.results_known and going:  # some are known to be out, so the others are not
        return next((test for test in going if _share_left(test, began) == 0.0), None)
    begins = began + min(max(_most(test) for test in tests), patient.days)
    return None if last in tests or begins >= 0.0 or _share_left(last, begins) > 0.0 else last


def _tests(rest: Rest) -> list[Stage]:
    return [stage for stage in rest.stages if stage.name.startswith(TESTS) and stage.name != REVIEW]


def _short(test: Stage) -> str:
    return test.name.removeprefix(TESTS)


def _rule(stage: Stage) -> Distribution:
    assert isinstance(stage.duration, Distribution)
    return stage.duration


def _most(stage: Stage) -> float:
    """The longest time that a stage can take, as uniforms have it."""
    return _rule(stage).at(math.nextafter(1.0, 0.0))


def _share_left(stage: Stage, began: float) -> float:
    """The share of durations that are longer than what is lived of a stage."""
    return float(survival(_rule(stage), np.array(_lived(stage, began))))


def _lived(stage: Stage, began: float) -> float:
    """How much of the time from a day on, up to the first one, counts towards a stage that could begin then."""
    if stage.hours is None or began >= 0.0:
        return max(-began, 0.0)
    begun = stage.hours.start(began, 0.0)
    if stage.hours.counts is ALWAYS:
        return max(-begun, 0.0)
    return math.fsum(max(min(last, 0.0) - max(first, begun), 0.0) for first, last in stage.hours.counts)


def _ended(stage: Stage, began: float, duration: float) -> float:
    """When a stage of this duration ends that could begin on a day."""
    return began + duration if stage.hours is None else stage.hours.span(began, duration)[1]


def ends(patient: UnderWay, rest: Rest, draws: Draws, count: int) -> dict[str, FloatArray]:
    """The day on which each stage under way ends, by its name, one a replication; by the first day for what is over."""
    if patient.booked_in_days == patient.booked_in_days:
        return {stage.name: np.full(count, patient.booked_in_days) for stage in rest.stages}
    tests = _tests(rest)
    if tests:
        return _release_ends(patient, tests, [stage for stage in rest.stages if stage not in tests], draws, count)
    found, began = {}, np.full(count, -patient.days)
    for place, stage in enumerate(rest.stages):
        u = draws(stage.name, 0)
        began = found[stage.name] = _end(stage, began, u) if place == 0 else _after_that(stage, began, u)
    return found


def _end(stage: Stage, began: FloatArray, u: FloatArray) -> FloatArray:
    """The end of a stage that could begin on these days and has not ended by the first day; that day where it must."""
    lived = np.array([_lived(stage, day) for day in began])
    total = longer(_rule(stage), lived, u)
    return np.array([max(_ended(stage, *both), 0.0) for both in zip(began, total, strict=True)])


def _after_that(stage: Stage, began: FloatArray, u: FloatArray) -> FloatArray:
    """The end of a stage that begins on these days."""
    return np.array([_ended(stage, *both) for both in zip(began, _rule(stage).quantile(u), strict=True)])


def _release_ends(
    patient: UnderWay, tests: Sequence[Stage], then: Sequence[Stage], draws: Draws, count: int
) -> dict[str, FloatArray]:
    """Tests side by side and the review after them, given that they are not all over, and which results are known.

    Of so many ways in which the tests may have gone, one is taken by how likely it makes what is known: exact where
    the longest test takes a fixed time, and nearly so elsewhere.
    """
    e, ways = patient.days, 1 if all(_rule(test).is_fixed for test in tests) else WAYS
    days = np.zeros((ways, len(tests), count))
    for place, test in enumerate(tests):
        left = _share_left(test, -e)
        for way in range(ways):
            u = draws(test.name, way)
            if _short(test) in patient.results_known:  # it took no longer than what is lived, where that can be
                days[way, place] = np.minimum(_rule(test).quantile(u * max(1.0 - left, np.finfo(float).tiny)), e)
            elif patient.results_known and left > 0.0 and len(patient.results_known) < len(tests):
                days[way, place] = longer(_rule(test), np.full(count, e), u)
            else:
                days[way, place] = _rule(test).quantile(u)
    last = days.max(axis=1)
    shares = np.array([[_share_left(then[0], day - e) if then else 0.0 for day in row] for row in last])
    weight = np.where(last > e, 1.0, shares).cumsum(axis=0)
    chosen = (draws("release_testing", 0) * weight[-1] >= weight).sum(axis=0).clip(max=ways - 1)
    each = np.arange(count)
    found = {test.name: days[chosen, place, each] - e for place, test in enumerate(tests)}
    began = last[chosen, each] - e
    for place, stage in enumerate(then):
        u = draws(stage.name, 0)
        going = _end(stage, np.minimum(began, 0.0), u) if place == 0 else began
        fresh = _after_that(stage, np.maximum(began, 0.0), u)
        began = found[stage.name] = np.where((began > 0.0) | (place > 0), fresh, going)
    return found
