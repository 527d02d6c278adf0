"""One patient, branch or lot on its way along a path: a SimPy event with a generator behind it.

A walker keeps its own day and runs ahead of the simulated clock through everything that concerns nobody else; it meets
the clock (`yield`) only to ask for something, to give something back, or to join its branches. Its leaving day is known
from the clocks, so a hold that would pass it ends on it. What encloses the present steps stands on a stack of frames;
leaving, failing and ending unwind it from the top, and each frame gives back what it holds: nobody else does.

One generator a walker instead of one a step, because resuming through nested generators doubles the time of a run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator
from enum import IntEnum
from heapq import heappush
from itertools import chain
from typing import TYPE_CHECKING, Any

from sim.engine.pools import GAVE_UP, GRANTED, INFINITY, OutOfPatience, Queue, Request, Slot
from sim.engine.timeline import CLOCK, COMPLETION, PATIENCE, Happening, Phase
from sim.engine.trace import PATIENT
from sim.pieces.clocks import Clock, PatientClocks
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
    OnLeave,
    Path,
    Patience,
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
    from sim.engine.world import World

Steps = Iterator[Step]


class Why(IntEnum):
    """Why the frames are unwound."""

    ONWARD = 0
    LEFT = 1
    FAILED = 2
    ENDED = 3


ONWARD, LEFT, FAILED, ENDED = Why
Journey = Generator[None, None, None]
Meeting = Generator[None, None, Why]


class Trying:
    """The frame of attempts: begins the next one after a failure, until one passes or none are left."""

    __slots__ = ("between", "outer", "step", "tried")

    def __init__(self, step: Attempts, outer: int) -> None:
        self.step, self.outer = step, outer
        self.tried = 0
        self.between = False

    def begin(self, walker: Walker) -> Steps:
        """The steps of the attempt that begins now."""
        walker.attempt = walker.world.next_attempt(walker, self.step.name)
        self.tried += 1
        self.between = False
        return iter(self.step.steps)

    def close(self, walker: Walker, why: Why, steps: Steps) -> tuple[Steps, Why]:
        """What follows the end of an attempt, or of the time between two; `steps`: those after all attempts."""
        if self.between and why == ONWARD:
            walker.stack.append((steps, self))
            return self.begin(walker), ONWARD
        if why == FAILED and not self.between and walker.leaves > walker.day:
            if self.tried != self.step.at_most:
                self.between = True
                walker.stack.append((steps, self))
                return iter(self.step.between), ONWARD
            walker.attempt = self.outer
            return chain(self.step.otherwise, steps), ONWARD
        walker.attempt = self.outer
        # a product whose patient has left is not tried again
        return steps, LEFT if why == FAILED and not self.between else why


class Shield:
    """The frame of a single branch: its walker goes on as the product when its patient leaves, as the branch says."""

    __slots__ = ("cut", "stage_bound")

    def __init__(self, walker: Walker, branch: Branch) -> None:
        self.cut, self.stage_bound = walker.cut, walker.stage_bound
        walker.cut = walker.leaves if branch.on_leave == OnLeave.STOP else INFINITY
        walker.stage_bound = branch.on_leave == OnLeave.FINISH_STAGE

    def close(self, walker: Walker, why: Why, steps: Steps) -> tuple[Steps, Why]:
        """Without a product of its own to care for, the walk ends if the patient has left."""
        walker.cut = min(self.cut, walker.leaves) if self.cut < INFINITY else self.cut
        walker.stage_bound = self.stage_bound
        return steps, LEFT if why == ONWARD and walker.cut <= walker.day else why


class Walker(Happening):
    """An entity on its path. `day`: its own time; `leaves`: its leaving day; `cut`: the day on which stages are cut."""

    attempt = 0
    holding = 0
    stage_bound = False
    parent: Walker | None = None
    branches_out = 0
    branch_failed = False
    # slots held and first queue keys, by resource; made when first needed
    slots: dict[str, tuple[Slot, ...]] | None = None
    key_days: dict[str, float] | None = None

    def __init__(self, world: World, kind: int, entity: int, path: Path, day: float, leaves: float) -> None:
        self.env = self.timeline = world.timeline
        self.world, self.kind, self.entity = world, kind, entity
        self.day, self.leaves, self.cut = day, leaves, leaves
        self.order = (kind << 32) + entity
        self.stack: list[tuple[Steps, Request | Trying | Shield]] = []
        self.journey = self._live(path)

    def happen(self) -> None:
        """Go on along the path until the next meeting with the clock."""
        next(self.journey, None)

    def _live(self, path: Path) -> Journey:
        """The whole journey, one turn of the loop a step or the end of a frame."""
        world, timeline, stack, entity = self.world, self.timeline, self.stack, self.entity
        columns, pools = world.columns[self.kind], world.pools_for(self)
        made, notes, passes, note_index = columns.made, world.notes, world.passes, world.note_index
        first_note, is_patient = entity * world.width, self.kind == PATIENT
        queue, serial, order = timeline.queue, timeline.serial, self.order
        steps, why = iter(path), ONWARD
        while True:
            # `is` on the class below is twice as fast as isinstance, but tells a type checker nothing
            step: Any = next(steps, None) if why is ONWARD else None
            if step is None:
                if not stack:
                    break
                steps, frame = stack.pop()
                if isinstance(frame, Request):
                    if self.day > timeline.today and not frame.pool.unlimited:
                        heappush(queue, (self.day, (CLOCK if why is LEFT else COMPLETION) + order, next(serial), self))
                        yield
                    self.holding -= 1
                    frame.ended = self.day
                    frame.pool.give_back(frame, why is LEFT)
                else:
                    steps, why = frame.close(self, why, steps)
                continue
            kind = step.__class__
            if kind is Milestone:
                if is_patient:
                    place = first_note + note_index[step.name]
                    notes[place] = self.day
                    passes[place] += 1
            elif kind is Stage:
                if self.stage_bound and self.leaves <= self.day:
                    why = LEFT
                    continue
                asked = began = self.day
                lost = False
                if step.hours is None:
                    try:
                        ended = began + made[step.name][self.attempt][entity]
                    except LookupError:
                        ended = self._stage_end(step)
                else:
                    began, ended, lost = step.hours.span(asked, columns.value(step.name, self.attempt, entity))
                if ended >= self.cut:
                    began, ended, why = min(began, self.cut), self.cut, LEFT
                elif lost:
                    why = FAILED
                self.day = ended
                if world.stages is not None:
                    world.stages.append((self.kind, entity, step.name, asked, began, ended))
            elif kind is Use:
                if self.stage_bound and self.leaves <= self.day:
                    why = LEFT
                    continue
                pool = pools[step.resource]
                if pool.unlimited:
                    request = pool.record(self, step.units)
                else:
                    if self.day > timeline.today:
                        heappush(queue, (self.day, COMPLETION + order, next(serial), self))
                        yield
                    request = pool.ask(self, step.units, self._key_day(step), self.cut)
                    if request.state != GRANTED:
                        self._wait(request, step.patience, bool(self.holding) or self.parent is not None)
                        yield
                        if request.state != GRANTED:
                            steps, why = self._unserved(request, step.patience, steps)
                            continue
                        self.day = timeline.today
                    if request.slots:
                        self.slots = {**(self.slots or {}), step.resource: request.slots}
                self.holding += 1
                stack.append((steps, request))
                steps = iter(step.steps)
            elif kind is Choose:
                chosen = step.then if self._true(step.when) else step.otherwise
                if chosen:
                    steps = chain(chosen, steps)
            elif kind is Attempts:
                trying = Trying(step, self.attempt)
                stack.append((steps, trying))
                steps = trying.begin(self)
            elif kind is Fail:
                why = FAILED
            elif kind is Together and len(step.branches) == 1:
                stack.append((steps, Shield(self, step.branches[0])))
                steps = iter(step.branches[0].steps)
            elif kind is End and is_patient:
                why = ENDED
                if self.leaves > self.day:
                    world.end(entity, self.day, step)
            elif kind is Hazard or kind is Clocks:
                CHANGES[kind](self, step)
            elif kind is Return:
                self.foresee_return(step)
            elif kind is Draw:
                if self.day > timeline.today:
                    heappush(queue, (self.day, COMPLETION + order, next(serial), self))
                    yield
                request = pools[step.stock].ask(self, 1, self._key_day(step), self.cut)
                if request.state != GRANTED:
                    self._wait(request, step.patience, True)
                    yield
                    if request.state != GRANTED:
                        steps, why = self._unserved(request, step.patience, steps)
                        continue
                    self.day = timeline.today
                request.ended = self.day
            else:
                why = yield from MEETINGS[kind](self, step)
        if self.parent is not None:
            self.parent.branch_back(self.day, why is FAILED)

    def _stage_end(self, step: Stage) -> float:
        """The end of a stage that lasts until a slot starts, or whose durations are not drawn yet."""
        if isinstance(step.duration, UntilSlotStart):
            assert self.slots is not None
            return max(self.day, *(slot.start for slot in self.slots[step.duration.slots]))
        return self.day + float(self.world.columns[self.kind].value(step.name, self.attempt, self.entity))

    def _true(self, when: Condition) -> bool:
        """Whether a condition holds for this walker now."""
        world = self.world
        match when:
            case Share(purpose=purpose):
                return bool(world.columns[self.kind].value(purpose, self.attempt, self.entity))
            case Noted(milestone=milestone):
                return world.notes[self.entity * world.width + world.note_index[milestone]] <= self.day
            case Flagged(flag=flag):
                return bool(world.flags[flag][self.entity])
            case _:
                return world.progression_day[self.entity] <= self.day

    def _wait(self, request: Request, patience: Patience | None, watched: bool) -> None:
        """Post the days on which the wait may end by itself.

        A waiter that holds something, that a parent waits for or that a stock counts on (`watched`) leaves on his
        day; the rest lapse when they are passed over.
        """
        if self.stage_bound and watched:
            request.lapses = self.leaves
        if watched and request.lapses < INFINITY:
            self.timeline.at(max(request.lapses, self.day), CLOCK + self.order, request)
        if patience is not None:
            due = max(self._since(patience.since) + patience.days, self.day)
            if due < request.lapses:
                self.timeline.at(due, PATIENCE + self.order, OutOfPatience(request))

    def _since(self, since: Since) -> float:
        """The day from which patience counts; referral, where the patient was never listed."""
        world = self.world
        if since == Since.JOINING:
            return self.day
        if since == Since.LISTING and "listing" in world.note_index:
            listed = world.notes[self.entity * world.width + world.note_index["listing"]]
            if listed == listed:
                return listed
        return world.referral_day[self.entity]

    def _unserved(self, request: Request, patience: Patience | None, steps: Steps) -> tuple[Steps, Why]:
        """What follows a wait that has ended without a grant."""
        if request.state == GAVE_UP and patience is not None:
            self.day = request.ended
            return chain(patience.otherwise, steps), ONWARD
        self.day = request.lapses
        return steps, LEFT

    def _key_day(self, step: Use | Draw) -> float:
        """The day by which the walker queues: that of asking, or an earlier one that counts on.

        Who is on the initial list has waited since his referral; who comes back to a resource, since he first came.
        """
        day = self.day
        if day == 0.0 and self.kind == PATIENT and self.world.referral_day[self.entity] < 0.0:
            day = self.world.referral_day[self.entity]
        if isinstance(step, Use) and step.rejoin:
            if self.key_days is None:
                self.key_days = {}
            return self.key_days.setdefault(step.resource, day)
        return day

    def _meet(self, priority: int) -> None:
        self.timeline.at(self.day, priority + self.order, self)

    # -- the clocks -------------------------------------------------------------------------------------------------

    def change_hazard(self, step: Hazard) -> None:
        """Let a clock run slower or faster, and foresee the leaving day anew."""
        clocks = self.world.clocks_of(self.entity)
        columns = self.world.columns[self.kind]
        delay = 0.0 if step.after is None else columns.value(step.name, self.attempt, self.entity)
        clocks.multiply(self.day, Clock[step.clock.upper()], step.multiplier, self.day + delay)
        self._foresee(clocks)

    def switch_clocks(self, step: Clocks) -> None:
        """Go on under another set of hazards, or under none."""
        if step.hazards is None:
            self.world.stop_clocks(self.entity, self.day)
            self._leave_on(INFINITY)
        else:
            clocks = self.world.clocks_of(self.entity)
            clocks.switch(self.day, *self.world.hazards[step.hazards], step.anew)
            self._foresee(clocks)

    def _foresee(self, clocks: PatientClocks) -> None:
        day, clock, progression = clocks.forecast()
        self.world.set_leave(self.entity, day, clock, progression)
        self._leave_on(day)

    def _leave_on(self, day: float) -> None:
        if self.cut == self.leaves:
            self.cut = day
        self.leaves = day

    # -- meetings with the clock ------------------------------------------------------------------------------------

    def supply(self, step: Supply) -> Meeting:
        """Deliver this lot's doses."""
        if self.day > self.timeline.today:
            self._meet(Phase.DELIVERY)
            yield
        lot, shelf = self.world.lot_of(self.entity)
        lot.ready = self.day
        shelf.deliver(lot.doses)
        return ONWARD

    def fail_lot(self, step: End) -> Meeting:
        """A lot that ends without supplying has failed."""
        if self.day > self.timeline.today:
            self._meet(COMPLETION)
            yield
        lot, shelf = self.world.lot_of(self.entity)
        lot.failed = self.day
        shelf.lose(lot.doses)
        return ENDED

    def side_by_side(self, step: Together) -> Meeting:
        """Run the branches side by side and go on when all have ended."""
        began = self.day
        self.branches_out, self.branch_failed = len(step.branches), False
        self.timeline.busy += 1
        for branch in step.branches:
            walker = Walker(self.world, self.kind, self.entity, (Together((branch,)),), began, self.leaves)
            walker.cut, walker.stage_bound = self.cut, self.stage_bound
            walker.attempt, walker.parent = self.attempt, self
            walker.slots, walker.key_days = self.slots, self.key_days
            walker.happen()
        self.timeline.busy -= 1
        if self.branches_out:
            yield
        if self.cut <= self.day:
            return LEFT
        return FAILED if self.branch_failed else ONWARD

    def branch_back(self, day: float, failed: bool) -> None:
        """One branch has ended on `day`; with the last one the walk goes on."""
        self.day = max(self.day, day)
        self.branch_failed = self.branch_failed or failed
        self.branches_out -= 1
        if self.branches_out == 0 and inspect.getgeneratorstate(self.journey) == inspect.GEN_SUSPENDED:
            self.happen()

    def rank(self, pool: Queue, key_day: float) -> tuple[float, tuple[float, float] | None]:
        """(the first part of the queue key, the day of its jump and the part from then on); smaller is earlier."""
        return self.world.rank(pool.policy, self, key_day) if self.kind == PATIENT else (pool.lot_rank, None)

    def foresee_return(self, step: Return) -> None:
        """Let the patient come back for his next course, if that is inside his follow-up."""
        delay = self.world.columns[self.kind].value(step.name, self.attempt, self.entity)
        self.world.come_back(self.entity, self.day + delay)


CHANGES: dict[type[Step], Callable[[Walker, Any], None]] = {
    Hazard: Walker.change_hazard,
    Clocks: Walker.switch_clocks,
}
MEETINGS: dict[type[Step], Callable[[Walker, Any], Meeting]] = {
    Supply: Walker.supply,
    End: Walker.fail_lot,
    Together: Walker.side_by_side,
}
