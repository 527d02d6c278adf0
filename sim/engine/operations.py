"""The operations of a path, as the kernel runs them, and the numbers that their names have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.engine.kernel import names as k
from sim.engine.trace import EngineError
from sim.pieces.clocks import Clock
from sim.pieces.protocol import AnyOf, Bookings, Cadence, Capacity, Protocol, Stock
from sim.pieces.steps import (
    Aside,
    AtProgression,
    Attempts,
    Choose,
    Clocks,
    Draw,
    End,
    Fail,
    Flagged,
    Hazard,
    Milestone,
    Noted,
    OnLeave,
    OnUnit,
    Path,
    Patience,
    Progressed,
    Return,
    ServedBy,
    Share,
    Since,
    Stage,
    Step,
    Supply,
    Then,
    Together,
    Unless,
    UntilSlotStart,
    Use,
)  # fmt: skip
from sim.pure.hours import Hours

SINCE = {Since.JOINING: k.JOINING, Since.LISTING: k.LISTING, Since.REFERRAL: k.REFERRAL}
THEN = {Then.AS_DRAWN: k.AS_DRAWN, Then.LEAVE: k.LEAVE, Then.STAY: k.STAY}
ON_LEAVE = {OnLeave.STOP: k.STOP, OnLeave.FINISH_STAGE: k.FINISH_STAGE, OnLeave.FINISH: k.FINISH}


@dataclass
class Operations:
    """A table of operations under construction, and the numbers that its names have."""

    protocol: Protocol
    kind: int
    purposes: dict[str, int]
    milestones: tuple[str, ...]
    attempts: tuple[str, ...]
    ends: tuple[End, ...]
    rows: list[dict[str, float]]
    branches: list[int]
    stages: list[str]
    hours: list[Hours]
    flags: list[str]
    depth: int = 0
    resources: dict[str, int] = field(init=False)
    sets: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.resources = {resource.name: index for index, resource in enumerate(self.protocol.resources)}
        self.sets = {name: index for index, name in enumerate(self.protocol.clocks.sets)}

    def add(self, code: int, number: float = 0.0, **columns: int) -> int:
        """The place of a new operation."""
        self.rows.append({"code": code, "hours": -1, "since": -1, "purpose": -1, "number": number, **columns})
        return len(self.rows) - 1

    def here(self, place: int, column: str) -> None:
        """Let a column of an earlier operation point to the next one."""
        self.rows[place][column] = len(self.rows)

    # -- one short block a step -------------------------------------------------------------------------------------

    def path(self, path: Path, depth: int) -> None:
        """The operations of a path, inside so many frames."""
        self.depth = max(self.depth, depth)
        for step in path:
            if type(step) not in STEPS:
                raise EngineError(f"the compiled engine does not know the step {type(step).__name__}")
            if self.kind == k.LOT and isinstance(step, Draw | AtProgression | Unless | Hazard | Clocks | Return):
                raise EngineError(f"{type(step).__name__} has no meaning on the path of a lot")
            STEPS[type(step)](self, step, depth)

    def stage(self, step: Stage, depth: int) -> None:
        name = self._stage_name(step.name)
        if step.name in self.purposes:
            if step.since and self.kind == k.LOT:
                raise EngineError(f"a stage since {step.since} has no meaning on the path of a lot")
            since = self.milestones.index(step.since) if step.since else -1
            hours = self.hours_of(step.hours)
            self.add(k.STAGE, step.at_most, purpose=self.purposes[step.name], name=name, hours=hours, since=since)
        elif isinstance(step.duration, UntilSlotStart):
            self.add(k.SLOT_STAGE, resource=self._resource(step.duration.slots, Cadence | Capacity), name=name)
        else:
            raise EngineError(f"the compiled engine cannot tell how long the stage {step.name!r} lasts")

    def use(self, step: Use, depth: int) -> None:
        resource = self._resource(step.resource, Capacity | Cadence | Bookings | AnyOf)
        terms = self.protocol.resources[resource]
        ahead = -1
        if isinstance(terms, Bookings) and terms.ahead is not None and step.at_once is None:
            ahead = self.purposes[terms.ahead.name]
        keys = terms.keys_of if isinstance(terms, AnyOf) else ""
        opened = self.add(
            k.USE,
            resource=resource,
            units=step.units,
            mode=int(step.rejoin),
            held=int(step.held),
            purpose=ahead,
            name=self._resource(keys, AnyOf) if keys else resource,
        )
        self.rows[opened]["planned"] = np.nan if step.at_once is None else step.at_once
        if step.ready:
            self.rows[opened]["since"] = self.milestones.index(step.ready)
        self.path(step.steps, depth + 1)
        self.add(k.CLOSE)
        self._patience(opened, step.patience, depth)

    def draw(self, step: Draw, depth: int) -> None:
        opened = self.add(k.DRAW, resource=self._resource(step.stock, Stock), units=1)
        self._patience(opened, step.patience, depth)

    def _patience(self, opened: int, patience: Patience | None, depth: int) -> None:
        """What follows a wait that is given up, right behind what follows a grant."""
        self.here(opened, "otherwise")
        if patience is not None:
            if self.kind == k.LOT and patience.since != Since.JOINING:
                raise EngineError(f"patience since {patience.since} has no meaning on the path of a lot")
            self.rows[opened].update(patient_since=SINCE[patience.since], number=patience.days)
            self.path(patience.otherwise, depth)
        self.here(opened, "after")

    def supply(self, step: Supply, depth: int) -> None:
        if self.kind != k.LOT:
            raise EngineError("Supply has no meaning on the path of a patient")
        self._resource(step.stock, Stock)
        self.add(k.SUPPLY)

    def choose(self, step: Choose, depth: int) -> None:
        if self.kind == k.LOT and not isinstance(step.when, Share | OnUnit):
            raise EngineError(f"{type(step.when).__name__} has no meaning on the path of a lot")
        match step.when:
            case Share(purpose=purpose, share=share):
                chosen = self.add(k.CHOOSE, share, purpose=self.purposes[purpose])
            case Noted(milestone=milestone):
                chosen = self.add(k.NOTED, name=self.milestones.index(milestone))
            case Flagged(flag=flag):
                if flag not in self.flags:
                    self.flags.append(flag)
                chosen = self.add(k.FLAGGED, name=self.flags.index(flag))
            case ServedBy(resource=resource):
                chosen = self.add(k.SERVED_BY, resource=self._resource(resource, Capacity | Cadence))
            case OnUnit(resource=resource, first=first, last=last):
                chosen = self.add(k.ON_UNIT, resource=self._resource(resource, Capacity), units=first, most=last)
            case Progressed():
                chosen = self.add(k.PROGRESSION_NOTED)
            case _:
                raise EngineError(f"the compiled engine does not know the condition {type(step.when).__name__}")
        self.path(step.then, depth)
        jump = self.add(k.JUMP)
        self.here(chosen, "otherwise")
        self.path(step.otherwise, depth)
        self.here(jump, "after")

    def attempts_of(self, step: Attempts, depth: int) -> None:
        most = -1 if step.at_most is None else step.at_most
        opened = self.add(k.ATTEMPTS, name=self.attempts.index(step.name), most=most)
        self.path(step.steps, depth + 1)
        self.add(k.CLOSE)
        self.here(opened, "between")
        self.path(step.between, depth + 1)
        self.add(k.CLOSE)
        self.here(opened, "otherwise")
        self.path(step.otherwise, depth)
        self.here(opened, "after")

    def fail(self, step: Fail, depth: int) -> None:
        self.add(k.FAIL)

    def together(self, step: Together, depth: int) -> None:
        if len(step.branches) == 1:
            self._branch(step, depth)
            return
        opened = self.add(k.TOGETHER, units=len(step.branches), mode=int(step.slows))
        jump = self.add(k.JUMP)
        starts = []
        for branch in step.branches:  # each is a journey of its own, in frames of its own
            starts.append(len(self.rows))
            self._branch(Together((branch,)), 0)
            self.add(k.DONE)
        self.rows[opened]["name"] = len(self.branches)
        self.branches += starts
        self.here(jump, "after")

    def _branch(self, step: Together, depth: int) -> None:
        branch = step.branches[0]
        opened = self.add(k.SHIELD, mode=ON_LEAVE[branch.on_leave])
        self.path(branch.steps, depth + 1)
        self.add(k.CLOSE)
        self.here(opened, "after")

    def aside(self, step: Aside, depth: int) -> None:
        opened = self.add(k.ASIDE)
        first = len(self.rows)
        self.path(step.steps, depth + 1)
        for row in self.rows[first:]:
            row["code"] = k.END_BY_THEN if row["code"] == k.END else row["code"]
        self.add(k.CLOSE)
        self.here(opened, "after")

    def unless(self, step: Unless, depth: int) -> None:
        opened = self.add(k.UNLESS)
        self.path(step.steps, depth + 1)
        self.add(k.CLOSE)
        jump = self.add(k.JUMP)
        self.here(opened, "otherwise")
        self.path(step.otherwise, depth)
        self.here(opened, "after")
        self.here(jump, "after")

    def at_progression(self, step: AtProgression, depth: int) -> None:
        self.add(k.AT_PROGRESSION, mode=THEN[step.then])

    def hazard(self, step: Hazard, depth: int) -> None:
        purpose = -1 if step.after is None else self.purposes[step.name]
        self.add(k.HAZARD, step.multiplier, name=int(Clock[step.clock.upper()]), purpose=purpose)

    def clocks(self, step: Clocks, depth: int) -> None:
        self.add(k.CLOCKS, name=-1 if step.hazards is None else self.sets[step.hazards], mode=int(step.anew))

    def comes_back(self, step: Return, depth: int) -> None:
        self.add(k.RETURN, step.until, purpose=self.purposes[step.name])

    def milestone(self, step: Milestone, depth: int) -> None:
        name = self.milestones.index(step.name) if self.kind == k.PATIENT else 0
        self.add(k.MILESTONE, name=name)

    def end(self, step: End, depth: int) -> None:
        if self.kind == k.LOT:
            self.add(k.LOT_END)
        else:
            self.add(k.END, name=self.ends.index(step))

    def hours_of(self, hours: Hours | None) -> int:
        """The number of some hours; -1 where it is always open."""
        if hours is None:
            return -1
        if hours not in self.hours:
            self.hours.append(hours)
        return self.hours.index(hours)

    def _stage_name(self, name: str) -> int:
        if name not in self.stages:
            self.stages.append(name)
        return self.stages.index(name)

    def _resource(self, name: str, kind: Any) -> int:
        if name not in self.resources:
            raise EngineError(f"there is no resource {name!r}")
        index = self.resources[name]
        if not isinstance(self.protocol.resources[index], kind):
            raise EngineError(f"the compiled engine cannot use {name!r} like that: it is another kind of resource")
        return index


STEPS: dict[type[Step], Any] = {
    Stage: Operations.stage,
    Use: Operations.use,
    Draw: Operations.draw,
    Supply: Operations.supply,
    Choose: Operations.choose,
    Attempts: Operations.attempts_of,
    Fail: Operations.fail,
    Together: Operations.together,
    Aside: Operations.aside,
    AtProgression: Operations.at_progression,
    Unless: Operations.unless,
    Hazard: Operations.hazard,
    Clocks: Operations.clocks,
    Milestone: Operations.milestone,
    Return: Operations.comes_back,
    End: Operations.end,
}
