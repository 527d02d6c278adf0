"""Patients in progress on the first day: the rest of the path for each, and how long what they are in goes on.

The path that is left is read off the path that everybody walks. What was lived of it is walked at once, on the days on
which it was: milestones that are known, and the steps that move clocks. Units that are held between two milestones are
held from the first day on; the stages under way there end on days that are drawn beforehand, given what is lived.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.pieces.protocol import Bookings, Cadence, Capacity, Resource, inner_paths, unlimited, walk_steps
from sim.pieces.steps import (
    Aside,
    Attempts,
    Branch,
    Choose,
    Clocks,
    Fail,
    Flagged,
    Hazard,
    Milestone,
    Noted,
    Path,
    Share,
    Stage,
    Step,
    Together,
    Use,
)
from sim.pure.distributions import Distribution, Fixed
from sim.pure.hours import ALWAYS
from sim.pure.residual import longer, survival
from sim.scenario import Scenario
from sim.scenario.in_progress import INFUSED, UnderWay
from sim.scenario.problems import Place, Problem, ScenarioError
from sim.tables.words import counted

FloatArray = NDArray[np.float64]

PREFIX = "in_progress/"
TODAY = PREFIX + "today"
AT_ONCE = Fixed(0.0)
# So many ways in which the tests may have gone are weighed by how well they fit what is known.
WAYS = 64
TESTS, REVIEW = "release_testing.", "release_testing.review"


def variant(patient: UnderWay) -> str:
    """The flag of those who have the same rest of the path."""
    return f"{PREFIX}{patient.state}/{patient.attempt}"


@dataclass(frozen=True)
class Rest:
    """What is left of the path from a state on; `stages`: those that are under way in it, as the path has them.

    `may_wait`: whether what follows the stages, before the next milestone, is a queue.
    """

    path: Path
    stages: tuple[Stage, ...]
    may_wait: bool


def with_those_in_progress(s: Scenario, path: Path, resources: Sequence[Resource]) -> Path:
    """The path, and before it the rest of it for each state that a patient is in on the first day."""
    for flag, rest in reversed([*rests(s, path, resources).items()]):
        path = (Choose(Flagged(flag), rest.path, path),)
    return path


def rests(s: Scenario, path: Path, resources: Sequence[Resource]) -> Mapping[str, Rest]:
    """What is left of a path, by the flag of those who have come so far."""
    if s.in_progress is None:
        return {}
    first = {variant(one): one for one in s.in_progress.file.patients}
    kinds = {resource.name: resource for resource in resources}
    return {flag: _rest(path, one, kinds) for flag, one in first.items()}


def _rest(path: Path, patient: UnderWay, kinds: Mapping[str, Resource]) -> Rest:
    if patient.state == "referral":
        lived: Path = ()
        left = path
    else:
        found = _after(path, patient, kinds)
        if found is None:
            raise _refused(f"row {patient.row}: nobody comes to the state {patient.state} on this path")
        lived, left = found
    pinned = _Pinned(patient.state, kinds)
    left, _ = pinned.pin(left)
    today = Stage(TODAY, AT_ONCE, since=TODAY)
    return Rest((*_walked(lived, patient.state), today, *left), tuple(pinned.stages), pinned.may_wait)


def _refused(message: str) -> ScenarioError:
    return ScenarioError([Problem(Place("in_progress", 0), "in_progress", message)])


# -- where a patient is ---------------------------------------------------------------------------------------------


def _after(path: Path, patient: UnderWay, kinds: Mapping[str, Resource]) -> tuple[Path, Path] | None:
    """(steps that were passed, steps that are left) from the milestone of the state on; None where it is not there."""
    for k, step in enumerate(path):
        if step == Milestone(patient.state):
            # what moves clocks on that day has moved them
            end = next((j for j in range(k + 1, len(path)) if not _moves_clocks(path[j])), len(path))
            return path[:end], path[end:]
        found = _inside(step, patient, kinds)
        if found is not None:
            return (*path[:k], *found[0]), (*found[1], *path[k + 1 :])
    return None


def _moves_clocks(step: Step) -> bool:
    """Whether a step does nothing else than move clocks."""
    match step:
        case Clocks() | Hazard():
            return True
        case Choose(when=Share()):
            inner = [one for way in inner_paths(step) for one in way]
            return bool(inner) and all(map(_moves_clocks, inner))
        case _:
            return False


def _inside(step: Step, patient: UnderWay, kinds: Mapping[str, Resource]) -> tuple[Path, Path] | None:
    match step:
        case Use(resource=name, steps=steps):
            found = _after(steps, patient, kinds)
            if found is None:
                return None
            lived, left = found
            match kinds[name]:
                case Cadence():  # of a slot that was given before the first day only its start is to come
                    return lived, left
                case Bookings(ahead=ahead):
                    ready = "" if ahead is None else PREFIX + ahead.name
                    ready = patient.state if patient.state == INFUSED else ready or TODAY
                    return lived, (replace(step, steps=left, held=True, ready=ready),)
                case Capacity():  # what has been given back by then is not held
                    return lived, (replace(step, steps=left, held=True, patience=None),) if left else ()
                case _:
                    raise _refused(f"row {patient.row}: a patient in the state {patient.state} would hold {name}")
        case Attempts():
            return _attempt_under_way(step, patient, kinds)
        case Together(branches=(branch,)):
            found = _after(branch.steps, patient, kinds)
            return None if found is None else (found[0], (Together((Branch(found[1], branch.on_leave),)),))
        case Choose(when=Noted()):
            return _after(step.otherwise or step.then, patient, kinds)
        case Choose():
            return _after(step.then, patient, kinds) or _after(step.otherwise, patient, kinds)
        case _:
            return None


def _attempt_under_way(step: Attempts, patient: UnderWay, kinds: Mapping[str, Resource]) -> tuple[Path, Path] | None:
    """One of several attempts, with as many to come as are left."""
    tried = patient.attempt if step.name == "manufacture" else 1
    if step.at_most is not None and tried > step.at_most:
        later = replace(patient, attempt=tried - step.at_most)
        further = _after(step.otherwise, later, kinds)
        return None if further is None else ((*step.steps, *step.between, *further[0]), further[1])
    found = _after(step.steps, patient, kinds)
    if found is None:
        return None
    left = None if step.at_most is None else step.at_most - tried
    to_come = step.otherwise if left == 0 else (*step.between, replace(step, at_most=left))
    return found[0], (Attempts(step.name, found[1], 1, (), to_come),)


# -- what was lived -------------------------------------------------------------------------------------------------


def _walked(lived: Path, state: str) -> Path:
    """The steps that move clocks, each on the day of the last milestone before it whose day is known."""
    found: list[Step] = []
    at = ""
    for step in _on_the_way(lived):
        if isinstance(step, Milestone):
            at = step.name if step.name == "apheresis" else state if at else ""
            continue
        if at:
            found.append(Stage(f"{PREFIX}{at}", AT_ONCE, since=at))
        found.append(step)
    return tuple(found)


def _on_the_way(path: Path) -> Iterator[Step]:
    """Milestones, and steps that move clocks, of a path that was passed without a failure."""
    for step in path:
        match step:
            case Milestone():
                yield step
            case _ if _moves_clocks(step):
                yield step
            case Choose(when=Noted()):
                yield from _on_the_way(step.otherwise or step.then)
            case Choose(when=Flagged()):
                yield from _on_the_way(step.otherwise)
            case Use() | Attempts() | Together(branches=(_,)):
                yield from _on_the_way(inner_paths(step)[0])


# -- what is under way ----------------------------------------------------------------------------------------------


class _Pinned:
    """The stages between a state and the next milestone, whose ends are known ahead."""

    def __init__(self, state: str, kinds: Mapping[str, Resource]) -> None:
        self._kinds = kinds
        self.stages: list[Stage] = []
        self.may_wait = False
        self._testing = state == "manufactured"

    def pin(self, path: Path) -> tuple[Path, bool]:
        """(the path with these stages until the days that are noted for them, whether all of them were found)."""
        for k, step in enumerate(path):
            pinned, done = self._step(step)
            path = (*path[:k], pinned, *path[k + 1 :])
            if done:
                return path, True
        return path, False

    def _step(self, step: Step) -> tuple[Step, bool]:
        match step:
            case Milestone():
                return step, True
            case Stage():
                name = PREFIX + step.name
                if name not in {PREFIX + one.name for one in self.stages}:
                    self.stages.append(step)
                return Stage(name, AT_ONCE, since=name), False
            case Use(held=held) if held or (self._testing and step.resource == "lab"):
                steps, done = self.pin(step.steps)
                return replace(step, steps=steps, held=True), done
            case Use():
                its = self._kinds[step.resource]
                self.may_wait = not (isinstance(its, Capacity) and all(map(unlimited, its.units)))
                return step, True
            case Attempts():
                steps, done = self.pin(step.steps)
                return replace(step, steps=steps), done
            case Together():
                pinned = [self.pin(branch.steps) for branch in step.branches]
                branches = [replace(b, steps=steps) for b, (steps, _) in zip(step.branches, pinned, strict=True)]
                return replace(step, branches=tuple(branches)), len(pinned) == 1 and pinned[0][1]
            case Choose(when=Flagged()):
                (then, done), (otherwise, too) = self.pin(step.then), self.pin(step.otherwise)
                return replace(step, then=then, otherwise=otherwise), done and too
            case Choose():
                return step, any(isinstance(one, Stage | Milestone | Use) for one in walk_steps((step,)))
            case Fail() | Clocks() | Hazard():
                return step, False
            case Aside():
                raise _refused("cannot go together with what runs beside the path")
            case _:
                return step, True


# -- when it ends ---------------------------------------------------------------------------------------------------

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
    return float(_rule(stage).quantile(np.array([np.nextafter(1.0, 0.0)]))[0])


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
