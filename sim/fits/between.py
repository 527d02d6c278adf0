"""What lies between two milestones of a path: a duration that records can tell, or a queue, which emerges.

Read off the path that the engines run. A milestone that is passed again counts by its last pass, so that attempts
that failed before it are no part of what follows it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from sim.pieces.brief import can_fail
from sim.pieces.protocol import Capacity, Protocol, inner_paths, unlimited
from sim.pieces.steps import (
    Aside,
    Attempts,
    Choose,
    Draw,
    Fail,
    Flagged,
    Milestone,
    Noted,
    Path,
    Share,
    Stage,
    Step,
    Together,
    Use,
)
from sim.pure.arrays import BoolArray, FloatArray
from sim.pure.distributions import Distribution
from sim.pure.hours import ALWAYS

# Of each stage and branch beside the fitted one so many equally likely cases are taken.
CASES = 400
NODES = 48


@dataclass(frozen=True)
class Between:
    """What lies between two milestones that follow each other in a register.

    `queue`: what a patient may wait for there, in words; "" where nothing. `stage`: the one stage that records of the
    two can be fitted to, None where there is none; `others`: names of what else takes time there. `why`: why there is
    no stage to fit, where no queue says so. `repeated`: the name of attempts that may be made again in between, so that
    only those who needed one tell the duration; "" where none is.
    """

    first: str
    last: str
    queue: str
    stage: Stage | None
    others: tuple[str, ...]
    why: str
    steps: Path
    repeated: str = ""

    def rest(self) -> tuple[FloatArray, FloatArray]:
        """(days, weights) of all that takes time beside the stage, of those who come through; as the base has it.

        Where there is no stage to fit: of all that takes time but waits.
        """
        return _rest(self.steps, self.stage)


def between(protocol: Protocol, first: str, last: str) -> Between | None:
    """What lies between two milestones of the main way of a path; None where they do not follow each other there."""
    line = list(_main_line(protocol.path))
    places = {step.name: place for place, (step, _) in reversed(list(enumerate(line))) if isinstance(step, Milestone)}
    places["referral"] = -1
    if first not in places or last not in places or places[first] >= places[last]:
        return None
    inside = line[places[first] + 1 : places[last]]
    steps = tuple(step for step, _ in inside)
    # what is noted at its first pass only is not passed again
    around = () if first in ("referral", "apheresis") else line[places[first]][1]
    anew = [attempts[-1] for step, attempts in inside if attempts and can_fail((step,)) and attempts[-1] not in around]
    queues = list(dict.fromkeys(q for step in steps for q in _queues(step, protocol)))
    mine = [step for step in steps if isinstance(step, Stage) and isinstance(step.duration, Distribution)]
    random = [s for s in mine if isinstance(s.duration, Distribution) and not s.duration.is_fixed] or mine
    taking = [name for step in steps for name in _names(step)]
    stage: Stage | None = None
    why = ""
    if not queues and not random:
        why = (
            f"{', '.join(taking)} run beside each other"
            if taking
            else "the base's path has nothing that takes time there"
        )
    elif not queues:
        widest = max(random, key=_spread)
        if widest.hours is not None and widest.hours.openings is not ALWAYS:
            why = f"{widest.name} keeps to a calendar: dates alone do not tell its duration"
        elif widest.since or widest.at_most < math.inf:
            why = f"{widest.name} has begun before, or is cut short"
        else:
            stage = widest
    others = tuple(name for name in taking if stage is None or name != stage.name)
    return Between(first, last, ", ".join(queues), stage, others, why, steps, next(iter(anew), ""))


def _spread(stage: Stage) -> float:
    assert isinstance(stage.duration, Distribution)
    days = stage.duration.quantile(np.linspace(0.005, 0.995, 100))
    return float(days.std())


def _main_line(path: Path, attempts: tuple[str, ...] = ()) -> Iterator[tuple[Step, tuple[str, ...]]]:
    """The steps of a patient whose every attempt goes well at once, inside what they hold; with the attempts around.

    What is decided by chance or by who they are stands as one step, unless only one side of it has milestones.
    """
    for step in path:
        match step:
            case Use(steps=inner):
                yield replace(step, steps=()), attempts
                yield from _main_line(inner, attempts)
            case Attempts(name=name, steps=inner):
                yield from _main_line(inner, (*attempts, name))
            case Together(branches=(only,)):
                yield from _main_line(only.steps, attempts)
            case Choose(when=Noted(), then=then, otherwise=otherwise):
                # not passed before: the first time
                yield from _main_line(otherwise or then, attempts)
            case Choose(when=Flagged(), otherwise=otherwise) if _milestones(otherwise) and not _milestones(step.then):
                yield from _main_line(otherwise, attempts)
            case _:
                yield step, attempts


def _milestones(path: Path) -> bool:
    return any(isinstance(step, Milestone) or any(_milestones(p) for p in inner_paths(step)) for step in path)


def _queues(step: Step, protocol: Protocol) -> Iterator[str]:
    """What may have to be waited for in a step, in words."""
    match step:
        case Use(resource=name):
            resource = next(r for r in protocol.resources if r.name == name)
            if not (isinstance(resource, Capacity) and all(unlimited(units) for units in resource.units)):
                yield resource.label.lower()
        case Draw(stock=name):
            yield next(r.label.lower() for r in protocol.resources if r.name == name)
        case Stage(duration=duration) if not isinstance(duration, Distribution):
            yield "the start of the slot"
        case Aside():
            return
    for path in inner_paths(step):
        for inner in path:
            yield from _queues(inner, protocol)


def _names(step: Step) -> Iterator[str]:
    if isinstance(step, Stage):
        yield step.name
    if not isinstance(step, Aside):
        for path in inner_paths(step):
            for inner in path:
                yield from _names(inner)


def _rest(steps: Path, without: Stage | None) -> tuple[FloatArray, FloatArray]:
    days = np.zeros(CASES)
    passed = np.ones(CASES, dtype=bool)
    chance = np.random.default_rng(20260101)
    for step in steps:
        if step is without:
            continue
        took, through = _sample(step, chance)
        days, passed = days + took, passed & through
    days = np.sort(days[passed])
    if not len(days) or days[-1] - days[0] < 1e-9:
        return np.array([days[0] if len(days) else 0.0]), np.ones(1)
    chosen = np.quantile(days, (np.arange(NODES) + 0.5) / NODES)
    return chosen, np.full(NODES, 1.0 / NODES)


def _sample(step: Step, chance: np.random.Generator) -> tuple[FloatArray, BoolArray]:
    """(days, whether it went well) of `CASES` patients who come to a step."""
    nothing, well = np.zeros(CASES), np.ones(CASES, dtype=bool)
    match step:
        case Stage(duration=Distribution() as duration):
            spread = (np.arange(CASES) + 0.5) / CASES
            return duration.quantile(chance.permutation(spread)), well
        case Choose(when=Share(share=share)):
            taken = chance.permutation((np.arange(CASES) + 0.5) / CASES) < share
            (one, one_well), (other, other_well) = (_sampled(p, chance) for p in (step.then, step.otherwise))
            return np.where(taken, one, other), np.where(taken, one_well, other_well)
        case Choose():
            return _sampled(step.otherwise, chance)
        case Together(branches=branches):
            both = [_sampled(branch.steps, chance) for branch in branches]
            return np.max([days for days, _ in both], axis=0), np.all([through for _, through in both], axis=0)
        case Fail():
            return nothing, ~well
        case _:
            return nothing, well


def _sampled(path: Path, chance: np.random.Generator) -> tuple[FloatArray, BoolArray]:
    days, well = np.zeros(CASES), np.ones(CASES, dtype=bool)
    for step in path:
        took, through = _sample(step, chance)
        days, well = days + took, well & through
    return days, well


def following(milestones: Sequence[str], protocol: Protocol) -> list[Between]:
    """What lies between each two of these milestones that follow each other on the path."""
    line = [step.name for step, _ in _main_line(protocol.path) if isinstance(step, Milestone)]
    order = ["referral", *dict.fromkeys(line)]
    there = sorted((m for m in milestones if m in order), key=order.index)
    pairs = [between(protocol, a, b) for a, b in pairwise(there)]
    return [pair for pair in pairs if pair is not None]
