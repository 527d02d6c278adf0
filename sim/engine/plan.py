"""A path made ready to be walked: nodes in which all is looked up that does not depend on who walks.

A node is (code, the node that follows, and what the code needs). The sides of a `Choose` flow back into what follows
it; what stands inside a `Use`, an attempt or a branch ends with None, where its frame is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.engine.trace import LOT, EngineError
from sim.pieces.steps import (
    Attempts,
    Branch,
    Choose,
    Clocks,
    Condition,
    Draw,
    End,
    Fail,
    Flagged,
    Hazard,
    Milestone,
    Noted,
    Path,
    Patience,
    Progressed,
    Return,
    Share,
    Since,
    Stage,
    Step,
    Supply,
    Together,
    UntilSlotStart,
    Use,
)

if TYPE_CHECKING:
    from sim.engine.walker import Walker
    from sim.engine.world import World
    from sim.pure.hours import Hours

# note a run of milestones: (places of their columns,)
NOTE = 0
# pass a stage: (durations by attempt and entity, name, hours), or (None, name, what is waited for): the start of a slot
# of this resource, or the rest of a stage that has begun
STAGE = 1
# ask for units: (pools by centre, node inside, Asking)
USE = 2
# go one of two ways: (test of a walker, its node where it is true); what follows is the other way
CHOOSE = 3
# open a frame: (Tries), (node inside, what happens on leaving)
ATTEMPTS, SHIELD = 4, 5
# (-), (End)
FAIL, END = 6, 7
# change the clocks or what is to come: (step)
HAZARD, CLOCKS, RETURN = 8, 9, 10
# meet the clock: (-), (-), (nodes of the branches)
SUPPLY, FAIL_LOT, TOGETHER = 11, 12, 13

Node = tuple[int, Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Asking:
    """How units are asked for: to be held or, of a stock, for good; and what follows when patience is over."""

    resource: str
    units: int
    rejoin: bool
    for_good: bool
    patience: Patience | None
    otherwise: Node | None


@dataclass(frozen=True, slots=True)
class Begun:
    """A stage that began on the day of a milestone: the place of its column, and hours."""

    note: int
    hours: Hours | None


@dataclass(frozen=True, slots=True)
class Tries:
    """Attempts of one name, at most so many: nodes of one attempt, of the time between two, and of having failed."""

    name: str
    at_most: int | None
    steps: Node | None
    between: Node | None
    otherwise: Node | None


def plan(world: World, kind: int, path: Path, after: Node | None = None) -> Node | None:
    """The first node of a path for patients or lots, `after` following; an EngineError where they cannot walk it."""
    for step in reversed(path):
        after = _node(world, kind, step, after)
    return after


def _node(world: World, kind: int, step: Step, after: Node | None) -> Node | None:
    match step:
        case Milestone(name=name):
            if kind == LOT:
                return after
            place = world.note_index[name]
            if after is not None and after[0] == NOTE:
                return NOTE, after[1], (place, *after[2]), None, None
            return NOTE, after, (place,), None, None
        case Stage(name=name, duration=UntilSlotStart(slots=slots)):
            return STAGE, after, None, name, slots
        case Stage(name=name, hours=hours, since=since) if since:
            if kind == LOT:
                raise EngineError(f"a stage since {since} has no meaning on the path of a lot")
            return STAGE, after, None, name, Begun(world.note_index[since], hours)
        case Stage(name=name, hours=hours):
            return STAGE, after, world.columns[kind].made[name], name, hours
        case Use(resource=resource, patience=patience):
            otherwise = _impatient(world, kind, patience, after)
            asking = Asking(resource, step.units, step.rejoin, False, patience, otherwise)
            return USE, after, world.pools_by_centre(resource), plan(world, kind, step.steps), asking
        case Draw(stock=stock, patience=patience):
            asking = Asking(stock, 1, False, True, patience, _impatient(world, kind, patience, after))
            return USE, after, world.pools_by_centre(stock), None, asking
        case Choose(when=when):
            then, otherwise = plan(world, kind, step.then, after), plan(world, kind, step.otherwise, after)
            return CHOOSE, otherwise, _test(world, kind, when), then, None
        case Attempts(name=name, at_most=at_most):
            steps, between = plan(world, kind, step.steps), plan(world, kind, step.between)
            tries = Tries(name, at_most, steps, between, plan(world, kind, step.otherwise, after))
            return ATTEMPTS, after, tries, None, None
        case Fail():
            return FAIL, after, None, None, None
        case Together(branches=(branch,)):
            return _shield(world, kind, branch, after)
        case Together(branches=branches):
            return TOGETHER, after, [_shield(world, kind, branch, None) for branch in branches], None, None
        case End():
            return FAIL_LOT if kind == LOT else END, after, step, None, None
        case _:
            return _for_one_kind_only(kind, step, after)


def _shield(world: World, kind: int, branch: Branch, after: Node | None) -> Node:
    return SHIELD, after, plan(world, kind, branch.steps), branch.on_leave, None


def _for_one_kind_only(kind: int, step: Step, after: Node | None) -> Node:
    codes: dict[type, int] = {Supply: SUPPLY} if kind == LOT else {Hazard: HAZARD, Clocks: CLOCKS, Return: RETURN}
    code = codes.get(type(step))
    if code is None:
        whose = "a lot" if kind == LOT else "a patient"
        raise EngineError(f"{type(step).__name__} has no meaning on the path of {whose}")
    return code, after, step, None, None


def _impatient(world: World, kind: int, patience: Patience | None, after: Node | None) -> Node | None:
    """The first node of those whose patience is over."""
    if patience is None:
        return None
    if kind == LOT and patience.since != Since.JOINING:
        raise EngineError(f"patience since {patience.since} has no meaning on the path of a lot")
    return plan(world, kind, patience.otherwise, after)


def _test(world: World, kind: int, when: Condition) -> Callable[[Walker], bool]:
    """Whether a condition holds for a walker on its day."""
    if isinstance(when, Share):
        columns, purpose = world.columns[kind], when.purpose
        return lambda walker: bool(columns.value(purpose, walker.attempt, walker.entity))
    if kind == LOT:
        raise EngineError(f"{type(when).__name__} has no meaning on the path of a lot")
    match when:
        case Noted(milestone=milestone):
            notes, width, place = world.notes, world.width, world.note_index[milestone]
            return lambda walker: notes[walker.entity * width + place] <= walker.day
        case Flagged(flag=flag):
            if flag not in world.cohort.flags:
                raise EngineError(f"nobody carries the flag {flag!r}")
            carried = world.cohort.flags[flag].tolist()
            return lambda walker: bool(carried[walker.entity])
        case Progressed():
            progression = world.progression_day
            return lambda walker: progression[walker.entity] <= walker.day
