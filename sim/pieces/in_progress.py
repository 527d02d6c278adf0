"""Patients in progress on the first day: the rest of the path for each, and how long what they are in goes on.

The path that is left is read off the path that everybody walks. What was lived of it is walked at once, on the days on
which it was: milestones that are known, and the steps that move clocks. Units that are held between two milestones are
held from the first day on; the stages under way there end on days that are drawn beforehand, given what is lived.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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
from sim.pure.distributions import Fixed
from sim.scenario import Scenario
from sim.scenario.in_progress import INFUSED, UnderWay
from sim.scenario.problems import Place, Problem, ScenarioError

PREFIX = "in_progress/"
TODAY = PREFIX + "today"
AT_ONCE = Fixed(0.0)


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
