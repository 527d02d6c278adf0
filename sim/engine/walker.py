"""One patient, branch or lot on its way along a path: a SimPy event with a generator behind it.

A walker keeps its own day and runs ahead of the simulated clock through everything that concerns nobody else; it meets
the clock (`yield`) only to ask for something, to give something back, or to join its branches. Its leaving day is known
from the clocks, so a hold that would pass it ends on it. What encloses the present steps stands on a stack of frames;
leaving, failing and ending unwind it from the top, and each frame gives back what it holds: nobody else does.

One generator a walker instead of one a step, because resuming through nested generators doubles the time of a run; and
a path made ready (`plan`) once for all walkers, because every look-up would be made a hundred thousand times.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Generator
from heapq import heappush
from typing import TYPE_CHECKING

from sim.engine import plan
from sim.engine.frames import ENDED, FAILED, INFINITY, LEFT, ONWARD, Shield, Trying, Why
from sim.engine.plan import CHOOSE, NOTE, STAGE, USE, Asking, Begun, Node
from sim.engine.requests import GAVE_UP, GRANTED, OutOfPatience, Request
from sim.engine.slots import withdrawal
from sim.engine.timeline import CLOCK, COMPLETION, PATIENCE, Happening, Phase
from sim.engine.trace import PATIENT
from sim.pieces.clocks import Clock, PatientClocks
from sim.pieces.steps import Clocks, Hazard, Return, Since

if TYPE_CHECKING:
    from sim.engine.world import World

Journey = Generator[None, None, None]
Meeting = Generator[None, None, Why]


class Walker(Happening):
    """An entity on its path. `day`: its own time; `leaves`: its leaving day; `cut`: the day on which stages are cut."""

    attempt = 0
    holding = 0
    stage_bound = False
    parent: Walker | None = None
    branches_out = 0
    branch_failed = False
    # start days of slots held, and first queue keys, by resource; made when first needed
    slot_starts: dict[str, float] | None = None
    key_days: dict[str, float] | None = None
    # the day by which one queues again whose slot was withdrawn
    queues_by: float | None = None

    def __init__(self, world: World, kind: int, entity: int, path: Node | None, day: float, leaves: float) -> None:
        self.env = self.timeline = world.timeline
        self.world, self.kind, self.entity = world, kind, entity
        self.day, self.leaves, self.cut = day, leaves, leaves
        self.order = (kind << 32) + entity
        self.stack: list[tuple[Node | None, Request | Trying | Shield]] = []
        self.journey = self._live(path)

    def happen(self) -> None:
        """Go on along the path until the next meeting with the clock."""
        next(self.journey, None)

    def _live(self, node: Node | None) -> Journey:
        """The whole journey, one turn of the loop a node or the end of a frame."""
        world, timeline, stack, entity = self.world, self.timeline, self.stack, self.entity
        notes, passes, first_note, centre = world.notes, world.passes, entity * world.width, world.centre_of(self)
        stages, waits_already = world.stages, self.kind == PATIENT and world.referral_day[entity] < 0.0
        queue, serial, order = timeline.queue, timeline.serial, self.order
        why = ONWARD
        while True:
            if node is None or why is not ONWARD:
                if not stack:
                    break
                node, frame = stack.pop()
                if isinstance(frame, Request):
                    if self.day > timeline.today and not frame.pool.unlimited:
                        heappush(queue, (self.day, (CLOCK if why is LEFT else COMPLETION) + order, next(serial), self))
                        yield
                    self.holding -= 1
                    frame.ended = self.day
                    frame.pool.give_back(frame, why is LEFT)
                else:
                    node, why = frame.close(self, why, node)
                continue
            here = node
            code, node, a, b, c = node
            if code == NOTE:
                for place in a:
                    notes[first_note + place] = self.day
                    passes[first_note + place] += 1
            elif code == STAGE:
                if self.stage_bound and self.leaves <= self.day:
                    why = LEFT
                    continue
                asked = began = self.day
                lost = False
                if a is None:
                    ended, lost = self._awaited(b, c)
                else:
                    try:
                        duration = a[self.attempt][entity]
                    except LookupError:
                        duration = world.columns[self.kind].value(b, self.attempt, entity)
                    if c is None:
                        ended = began + duration
                    else:
                        began, ended, lost = c.span(asked, duration)
                if ended >= self.cut:
                    began, ended, why = min(began, self.cut), self.cut, LEFT
                elif lost:
                    why = FAILED
                self.day = ended
                if stages is not None:
                    stages.append((self.kind, entity, b, asked, began, ended))
            elif code == USE:
                if self.stage_bound and self.leaves <= self.day and not c.for_good:
                    why = LEFT
                    continue
                pool = a[centre]
                if pool.unlimited:
                    request = pool.record(self, c.units)
                else:
                    if self.day > timeline.today:
                        heappush(queue, (self.day, COMPLETION + order, next(serial), self))
                        yield
                    key_day = self.day
                    if self.queues_by is not None:
                        key_day, self.queues_by = self.queues_by, None
                    elif waits_already or c.rejoin:
                        key_day = self._key_day(c)
                    request = pool.ask(self, c.units, key_day, self.cut)
                    if request.state != GRANTED:
                        self._wait(request, c)
                        yield
                        if request.state == GAVE_UP:
                            self.day, node = request.ended, c.otherwise
                            continue
                        if request.state != GRANTED:
                            self.day, why = request.lapses, LEFT
                            continue
                        self.day = timeline.today
                if c.for_good:
                    request.ended = self.day
                    continue
                if pool.dated:
                    withdrawn = withdrawal(request)
                    if withdrawn < self.cut:
                        self.day = withdrawn
                        heappush(queue, (withdrawn, COMPLETION + order, next(serial), self))
                        yield
                        self.queues_by = pool.key_after(key_day)
                        pool.take_back(request)
                        node = here
                        continue
                    if withdrawn < INFINITY:  # the walker leaves before
                        self.day, why = self.cut, LEFT
                    start = max(slot.start for slot in request.slots)
                    self.slot_starts = {**(self.slot_starts or {}), c.resource: start}
                self.holding += 1
                stack.append((node, request))
                node = b
            elif code == CHOOSE:
                if a(self):
                    node = b
            elif code == plan.ATTEMPTS:
                trying = Trying(a, self.attempt)
                stack.append((node, trying))
                node = trying.begin(self)
            elif code == plan.FAIL:
                why = FAILED
            elif code == plan.SHIELD:
                stack.append((node, Shield(self, b)))
                node = a
            elif code == plan.END:
                why = ENDED
                if self.leaves > self.day:
                    world.end(entity, self.day, a)
            elif code == plan.HAZARD:
                self._change_hazard(a)
            elif code == plan.CLOCKS:
                self._switch_clocks(a)
            elif code == plan.RETURN:
                self._foresee_return(a)
            elif code == plan.TOGETHER:
                why = yield from self._side_by_side(a)
            else:
                if self.day > timeline.today:
                    timeline.at(self.day, (Phase.DELIVERY if code == plan.SUPPLY else COMPLETION) + order, self)
                    yield
                why = self._finish_lot(code == plan.SUPPLY)
        if self.parent is not None:
            self.parent.branch_back(self.day, why is FAILED)

    def _awaited(self, name: str, what: str | Begun) -> tuple[float, bool]:
        """(end, whether it was lost) of the wait for the last of the walker's slots, or for a stage that has begun.

        Today where that is past.
        """
        if isinstance(what, str):
            assert self.slot_starts is not None
            return max(self.day, self.slot_starts[what]), False
        began = self.world.notes[self.entity * self.world.width + what.note]
        began = self.day if math.isnan(began) else began
        duration = self.world.columns[self.kind].value(name, self.attempt, self.entity)
        if what.hours is None:
            return max(self.day, began + duration), False
        _, ended, lost = what.hours.span(began, duration)
        return max(self.day, ended), lost

    # -- in a queue -------------------------------------------------------------------------------------------------

    def _key_day(self, asking: Asking) -> float:
        """The day by which the walker queues: that of asking, or an earlier one that counts on.

        Who is on the initial list has waited since referral; who comes back to a resource, since they first came.
        """
        day = self.day
        if day == 0.0 and self.kind == PATIENT:
            day = min(day, self.world.referral_day[self.entity])
        if asking.rejoin:
            if self.key_days is None:
                self.key_days = {}
            return self.key_days.setdefault(asking.resource, day)
        return day

    def _wait(self, request: Request, asking: Asking) -> None:
        """Post the days on which the wait may end by itself.

        A waiter that holds something, that a parent waits for, that a stock counts on or that needs several units, so
        that others may be served when it is gone, leaves on its day; the rest lapse when they are passed over.
        """
        if self.holding or self.parent is not None or asking.for_good or asking.units > 1:
            if self.stage_bound:
                request.lapses = self.leaves
            if request.lapses < INFINITY:
                self.timeline.at(max(request.lapses, self.day), CLOCK + self.order, request)
        if asking.patience is not None:
            due = max(self._since(asking.patience.since) + asking.patience.days, self.day)
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

    # -- the clocks, and courses ------------------------------------------------------------------------------------

    def _change_hazard(self, step: Hazard) -> None:
        """Let a clock run slower or faster, and foresee the leaving day anew."""
        clocks = self.world.clocks_of(self.entity)
        columns = self.world.columns[self.kind]
        delay = 0.0 if step.after is None else columns.value(step.name, self.attempt, self.entity)
        clocks.multiply(self.day, Clock[step.clock.upper()], step.multiplier, self.day + delay)
        self._foresee(clocks)

    def _switch_clocks(self, step: Clocks) -> None:
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

    def _foresee_return(self, step: Return) -> None:
        """Let the patient come back for the next course, if that is in time."""
        delay = self.world.columns[self.kind].value(step.name, self.attempt, self.entity)
        self.world.come_back(self.entity, self.day + delay, step.until)

    # -- lots and branches ------------------------------------------------------------------------------------------

    def _finish_lot(self, supplies: bool) -> Why:
        """Deliver this lot's doses; or they are lost, and it has come to its end."""
        lot, shelf = self.world.lot_of(self.entity)
        if supplies:
            lot.ready = self.day
            shelf.deliver(lot)
            return ONWARD
        lot.failed = self.day
        shelf.lose(lot)
        return ENDED

    def _side_by_side(self, branches: list[Node]) -> Meeting:
        """Run the branches side by side and go on when all have ended."""
        began = self.day
        self.branches_out, self.branch_failed = len(branches), False
        self.timeline.busy += 1
        for branch in branches:
            walker = Walker(self.world, self.kind, self.entity, branch, began, self.leaves)
            walker.cut, walker.stage_bound = self.cut, self.stage_bound
            walker.attempt, walker.parent = self.attempt, self
            walker.slot_starts, walker.key_days = self.slot_starts, self.key_days
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
