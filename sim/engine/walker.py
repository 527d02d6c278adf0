"""One patient, lot or branch on its way along a path: a SimPy process that takes one step after the other.

A walker keeps its own day and runs ahead of the simulated clock through everything that concerns nobody else; it meets
the clock (`yield`) only to ask for something, to give something back, or to join its branches. Its leaving day is known
from the clocks, so a hold that would pass it ends on it. Every walk along a path says how it ended; leaving, failing
and ending go back through all that encloses the step, and each `Use` on the way gives back what it holds.

Longer than 400 lines because what a walker does at each kind of step is one piece of the semantics, read in one go.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from math import inf, isnan, nan
from typing import TYPE_CHECKING, Any, NamedTuple

import simpy

from sim.engine.bookings import BookingPool
from sim.engine.columns import Draws
from sim.engine.pools import GAVE_UP, GRANTED, LAPSED, Pool, Request
from sim.engine.slots import SlotPool, withdrawal
from sim.engine.timeline import Phase, then
from sim.engine.trace import PATIENT, EngineError
from sim.pieces.clocks import Clock
from sim.pieces.protocol import AnyOf, Bookings
from sim.pieces.steps import (
    Aside,
    AtProgression,
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
    OnUnit,
    Path,
    Progressed,
    Return,
    ServedBy,
    Share,
    Since,
    Stage,
    Supply,
    Then,
    Together,
    Unless,
    UntilSlotStart,
    Use,
)

if TYPE_CHECKING:
    from sim.engine.world import World


class How(Enum):
    """How a walk along a path ended: at its end, or before it as the patient left, a step failed, or with `End`."""

    THROUGH = auto()
    LEFT = auto()
    FAILED = auto()
    ENDED = auto()


THROUGH, LEFT, FAILED, ENDED = How
# as plain numbers, to which an order is added three times as fast
CLOCK, COMPLETION, DELIVERY, PATIENCE = (
    int(phase) for phase in (Phase.CLOCK, Phase.COMPLETION, Phase.DELIVERY, Phase.PATIENCE)
)
Walk = Generator[simpy.Event, Any, How]


class Passed(NamedTuple):
    """A stage that was passed: when it could have begun, had it been open, when it did, and when it ended."""

    kind: int
    entity: int
    asked: float
    began: float
    ended: float
    stage: int


@dataclass(slots=True)
class Walker:
    """An entity on its path.

    `day`: its own time; `leaves`: its leaving day; `cut`: the day on which stages are cut; `stops`: that from which
    nothing more may begin, as clocks come before all else that happens on a day. `order`: among those to whom something
    happens at one instant. `draws`: what it draws; `attempt`: which of them count. `holding`: how many uses it is in.
    `stage_bound`: it begins nothing once its patient has left.
    `looks`: its leaving day may be put off by a branch beside it, and is looked up again when it has come.
    `slot_starts`: start days of slots held, by resource; also the day on which another resource served a list.
    `bookings`: the last booking made, by the resource booked. `units`: the number of the last unit that it had, by
    resource.
    `key_days`: first queue keys, by resource, once there are any.
    """

    world: World
    kind: int
    entity: int
    day: float
    leaves: float
    draws: Draws = field(init=False)
    cut: float = field(init=False)
    stops: float = field(init=False)
    order: int = field(init=False)
    attempt: int = 0
    holding: int = 0
    stage_bound: bool = False
    is_branch: bool = False
    looks: bool = False
    slot_starts: Mapping[str, float] = field(default_factory=dict)
    bookings: Mapping[str, Request] = field(default_factory=dict)
    units: Mapping[str, int] = field(default_factory=dict)
    key_days: dict[str, float] | None = None

    def __post_init__(self) -> None:
        self.cut = self.stops = self.leaves
        self.order = (self.kind << 32) + self.entity
        self.draws = self.world.columns[self.kind].of(self.attempt)

    def walk(self, path: Path) -> Walk:
        """Take the steps of a path in turn, until one does not come to its end."""
        for step in path:
            if isinstance(step, Milestone):
                if self.kind == PATIENT:  # a later pass replaces an earlier one
                    self.world.notes[step.name][self.entity] = self.day
                    self.world.passes[step.name][self.entity] += 1
                continue
            if (alone := ALONE.get(type(step))) is not None:
                if self.looks and isinstance(step, Stage):
                    yield from self._look_by(self._span(step)[1])
                how = alone(self, step)
            elif isinstance(step, Choose):
                chosen = step.then if self._holds(step.when) else step.otherwise
                how = (yield from self.walk(chosen)) if chosen else THROUGH
            else:
                how = yield from WITH_OTHERS[type(step)](self, step)
            if how is not THROUGH:
                return how
        return THROUGH

    # -- steps that concern nobody else -----------------------------------------------------------------------------

    def _pass(self, step: Stage) -> How:
        """Let a stage pass: until its end, its loss, or the day on which it is cut."""
        if self.stops <= self.day:
            return LEFT
        asked = self.day
        began, ended, lost = self._span(step)
        how = FAILED if lost else THROUGH
        if ended >= self.cut:
            began, ended, how = min(began, self.cut), self.cut, LEFT
        self.day = ended
        world = self.world
        if world.stages is not None:
            stage = world.stage_names.setdefault(step.name, len(world.stage_names))
            world.stages.append(Passed(self.kind, self.entity, asked, began, ended, stage))
        return how

    def _span(self, step: Stage) -> tuple[float, float, bool]:
        """(begin, end, whether it was lost) of a stage that the walker comes to on its day, if nothing cuts it."""
        asked = self.day
        if isinstance(step.duration, UntilSlotStart):
            if step.duration.slots not in self.slot_starts:
                raise EngineError("a stage lasts until the start of a slot that nobody holds")
            return asked, max(asked, self.slot_starts[step.duration.slots]), False
        if step.since:
            return asked, *self._rest_of(step)
        if step.hours is None:
            lasts = self.draws[step.name][self.entity]
            return (asked, asked + step.at_most, True) if lasts > step.at_most else (asked, asked + lasts, False)
        return step.hours.span(asked, self._drawn(step.name))

    def _look_by(self, day: float) -> Generator[simpy.Event, Any, None]:
        """Where the walker would be cut by a day: wait until then, and see whether its patient leaves later now."""
        timeline = self.world.timeline
        while timeline.now < self.cut <= day and self.cut < inf and self.day < self.stops:
            yield timeline.on(self.cut, CLOCK + self.order)
            self._leave_on(self.world.leave_day[self.entity])

    def _rest_of(self, step: Stage) -> tuple[float, bool]:
        """(end, whether it was lost) of a stage that began at a milestone; today where that is past."""
        began = self.world.notes[step.since][self.entity]
        began = self.day if isnan(began) else began
        ended, lost = began + self._drawn(step.name), False
        if step.hours is not None:
            _, ended, lost = step.hours.span(began, self._drawn(step.name))
        return max(self.day, ended), lost

    def _drawn(self, purpose: str) -> Any:
        """What is drawn for a purpose in the present attempt."""
        return self.draws[purpose][self.entity]

    def _holds(self, when: Condition) -> bool:
        """Whether a condition holds for the walker on its day."""
        world, i = self.world, self.entity
        match when:
            case Share():
                return bool(self._drawn(when.purpose))
            case Noted():
                return world.notes[when.milestone][i] <= self.day
            case Flagged():
                return bool(world.cohort.flags[when.flag][i])
            case ServedBy():
                return when.resource in self.slot_starts
            case OnUnit():
                return when.first <= self.units.get(when.resource, 0) <= when.last
            case Progressed():
                return world.progression_day[i] <= self.day

    def _change(self, step: Hazard | Clocks) -> How:
        """Change the patient's clocks, and foresee the leaving day anew."""
        world, i = self.world, self.entity
        if isinstance(step, Hazard):
            delay = 0.0 if step.after is None else self._drawn(step.name)
            world.clocks_of(i).multiply(self.day, Clock[step.clock.upper()], step.multiplier, self.day + delay)
            world.foresee(i)
        elif step.hazards is None:
            world.stop_clocks(i, self.day)
        else:
            world.clocks_of(i).switch(self.day, *world.hazards[step.hazards], step.anew)
            world.foresee(i)
        self._leave_on(world.leave_day[i])
        return THROUGH

    def _turn(self, step: AtProgression) -> How:
        """From here on a progression of the patient means something else."""
        self._at_progression(step.then)
        return THROUGH

    def _return(self, step: Return) -> How:
        """The patient comes back for the next course."""
        self.world.come_back(self.entity, self.day + self._drawn(step.name), step.until)
        return THROUGH

    def _fail(self, _: Fail) -> How:
        return FAILED

    def _at_progression(self, then: Then) -> None:
        """What a progression of the patient means from now on."""
        self.world.at_progression(self.entity, self.day, then)
        self._leave_on(self.world.leave_day[self.entity])

    def _unless(self, step: Unless) -> Walk:
        """The steps; another way from the day on which a progression takes the patient off them."""
        how = yield from self.walk(step.steps)
        i, world = self.entity, self.world
        if how is LEFT and world.leave_clock[i] == Clock.PROGRESSION and world.may_turn(i):
            self._at_progression(Then.STAY)
            return (yield from self.walk(step.otherwise))
        return how

    def _foresee(self, step: Aside) -> How:
        """What passes beside all that follows, as far as it goes; an end of the path in it is a day of leaving."""
        ahead = replace(self, holding=0, stage_bound=False)
        ahead.cut = ahead.stops = inf
        for end in ahead._aside(step.steps):
            self.world.leave_by_then(self.entity, ahead.day, end)
            self._leave_on(self.world.leave_day[self.entity])
        return THROUGH

    def _aside(self, path: Path) -> Generator[End, None, bool]:
        """Take the steps of an `Aside`; the end of the path, where they come to one, and whether they did."""
        for step in path:
            match step:
                case Milestone():
                    self.world.notes[step.name][self.entity] = self.day
                    self.world.passes[step.name][self.entity] += 1
                case Stage():
                    if self._pass(step) is not THROUGH:
                        return False
                case Choose():
                    if (yield from self._aside(step.then if self._holds(step.when) else step.otherwise)):
                        return True
                    if self.day >= self.cut:  # a stage in it never ends
                        return False
                case End():
                    yield step
                    return True
        return False

    def _leave_on(self, day: float) -> None:
        """The walker's patient now leaves on `day`."""
        if self.cut == self.leaves:
            self.cut = day
        self.leaves = day
        self._bind(self.stage_bound)

    def _bind(self, stage_bound: bool) -> None:
        """Begin nothing more from the leaving day on, or from that on which stages are cut."""
        self.stage_bound, self.stops = stage_bound, self.leaves if stage_bound else self.cut

    # -- resources --------------------------------------------------------------------------------------------------

    def _use(self, step: Use) -> Walk:
        """Queue for units, hold them for the inner steps, give them back."""
        pool, timeline = self.world.pool(step.resource, self.kind, self.entity), self.world.timeline
        queues_by = None
        while True:
            if self.stops <= self.day:
                return LEFT
            if self.day > timeline.now and not pool.unlimited:
                yield timeline.on(self.day, COMPLETION + self.order)
            request = self._ask(pool, step, queues_by)
            if request.answered is not None:
                yield request.answered
                self._hear(request)
            elif self.looks and not (pool.unlimited or step.held):
                self._hear(request)
            if request.answer is not GRANTED:
                return (yield from self._go_without(request, step))
            if not request.slots:
                withdrawn = inf
                break
            withdrawn, (late, ready) = withdrawal(request), self._late(request, step)
            lost = min(withdrawn, late)
            if lost >= self.cut:
                break
            # the slot is lost before it is used, and another asked for: at once, or when the patient is ready
            self.day = lost
            yield timeline.on(self.day, COMPLETION + self.order)
            source = pool.source_of(request)
            assert isinstance(source, SlotPool)
            source.take_back(request)
            if withdrawn <= late:
                queues_by = source.key_after(request.key_day)
            else:
                queues_by, self.day = request.key_day, min(ready, self.cut)
        if isinstance(pool, BookingPool):
            self.bookings = {**self.bookings, pool.terms.of: request}
        is_listed = request.source != pool.resource
        if is_listed or request.slots:
            self._note_source(pool, request)
        if request.unit or self.units:
            held = self.world.protocol.resources[request.source].name
            self.units = {**self.units, held: request.unit}
        if is_listed:
            pool = pool.source_of(request)
        self.holding += 1
        if withdrawn < inf:  # the walker leaves before
            self.day, how = self.cut, LEFT
        else:
            how = yield from self.walk(step.steps)
        if self.day > timeline.now and not pool.unlimited:
            phase = CLOCK if how is LEFT else COMPLETION
            yield timeline.on(self.day, phase + self.order)
        self.holding -= 1
        if isnan(request.ended):  # a booking ended when it was taken up
            request.ended = self.day
            pool.give_back(request, how is LEFT)
        return how

    def _note_source(self, pool: Pool, request: Request) -> None:
        """The start of the slot that is held; of all that serve a list, of the one that did."""
        resources, starts = self.world.protocol.resources, dict(self.slot_starts)
        source, day = resources[request.source].name, self.day
        listed = resources[pool.resource]
        if isinstance(listed, AnyOf):
            starts = {name: day for name, day in starts.items() if name not in listed.of[pool.centre]}
        if request.slots:
            day = max(slot.start for slot in request.slots)
        self.slot_starts = {**starts, source: day}

    def _late(self, request: Request, step: Use) -> tuple[float, float]:
        """(the start of a slot that comes too early, the day on which its holder is ready); infinite where in time."""
        if not step.ready:
            return inf, inf
        start = max(self.day, *(slot.start for slot in request.slots))
        ready = self.world.notes[step.ready][self.entity]
        return (start, ready) if ready > start else (inf, inf)

    def _draw(self, step: Draw) -> Walk:
        """Take one dose for good."""
        if self.stops <= self.day:
            return LEFT
        pool, timeline = self.world.pool(step.stock, self.kind, self.entity), self.world.timeline
        if self.day > timeline.now:
            yield timeline.on(self.day, COMPLETION + self.order)
        request = pool.request(self.kind, self.entity, 1, self.day, self.cut)
        request.key_day = self._joins_on()
        pool.ask(request)
        if request.answer is None:
            self._limit_wait(request, pool, step)
        if request.answered is not None:
            yield request.answered
        self._hear(request)
        if request.answer is not GRANTED:
            return (yield from self._go_without(request, step))
        request.ended = self.day
        return THROUGH

    def _ask(self, pool: Pool, step: Use, queues_by: float | None) -> Request:
        """Ask a pool for units, today; units without limit are had at once, on any day, and concern nobody."""
        request = pool.request(self.kind, self.entity, step.units, self.day, self.cut)
        if self.bookings:
            request.booking = self.bookings.get(step.resource)
        if isinstance(pool, BookingPool):
            self._plan(request, pool.terms, step.at_once)
        if pool.unlimited:
            pool.let_have(request, self.day)
            return request
        if queues_by is None:
            queues_by = self._key_day(step) if step.rejoin else self._joins_on()
        request.key_day = queues_by
        if step.held:
            pool.hold(request, self.world.notes[step.ready][self.entity] if step.ready else nan)
            return request
        pool.ask(request)
        if request.answer is None:
            pool.once_passed_over(request, self._limit_wait, pool, step)
        return request

    def _plan(self, request: Request, terms: Bookings, at_once: float | None) -> None:
        """What a booking is for: so many days from now, or as many as others after the stage ahead of it."""
        if at_once is not None:
            request.planned = at_once
            return
        request.planned = terms.planned
        if terms.ahead is not None:
            request.ahead = self._drawn(terms.ahead.name)

    def _hear(self, request: Request) -> None:
        """The walker's day is that of the answer, for which it has waited; its patient may leave later by then."""
        self.day = request.began if request.answer is GRANTED else request.ended
        if self.looks:
            self._leave_on(self.world.leave_day[self.entity])

    def _limit_wait(self, request: Request, pool: Pool, step: Use | Draw) -> None:
        """Post the days on which the wait may end by itself.

        A waiter that holds something, that others wait for or a stock counts on, that needs several units, so that
        others may be served when it is gone, or that goes another way, leaves on its day; the rest lapse when they are
        passed over.
        """
        timeline, turns = self.world.timeline, self.kind == PATIENT and self.world.may_turn(self.entity)
        if self.holding or self.is_branch or pool.counts_waiting or request.units > 1 or turns:
            if self.stage_bound:
                request.lapses = self.leaves
            if request.lapses < inf:
                leaving = timeline.on(max(request.lapses, self.day), CLOCK + self.order)
                then(leaving, self._lapse, pool, request)
        if step.patience is not None:
            over = max(self._since(step.patience.since) + step.patience.days, self.day)
            if over < request.lapses:
                then(timeline.on(over, PATIENCE + self.order), pool.leave, request, GAVE_UP)

    def _lapse(self, pool: Pool, request: Request) -> None:
        """A wait is over, unless its patient leaves later now."""
        leaves = self.world.leave_day[self.entity] if self.looks else request.lapses
        if request.answer is not None or leaves <= request.lapses:
            pool.leave(request, LAPSED)
            return
        request.lapses = leaves
        if leaves < inf:
            then(self.world.timeline.on(leaves, CLOCK + self.order), self._lapse, pool, request)

    def _go_without(self, request: Request, step: Use | Draw) -> Walk:
        """What follows a request that was not granted."""
        if request.answer is LAPSED or step.patience is None:
            return LEFT
        return (yield from self.walk(step.patience.otherwise))

    def _joins_on(self) -> float:
        """The day as of which the walker waits who asks today: who is there on the first day has waited before."""
        if self.day == 0.0 and self.kind == PATIENT:
            return min(self.day, self.world.queues_by[self.entity])
        return self.day

    def _key_day(self, step: Use) -> float:
        """The day by which the walker queues for what they may come back to: that on which they first asked for it."""
        if self.key_days is None:
            self.key_days = {}
        resource = self.world.resource(step.resource)
        listed = resource.keys_of if isinstance(resource, AnyOf) else ""
        return self.key_days.setdefault(listed or step.resource, self._joins_on())

    def _since(self, since: Since) -> float:
        """The day from which patience counts; referral, where the patient was never listed."""
        if since == Since.JOINING:
            return self.day
        world, listed = self.world, nan
        if since == Since.LISTING and "listing" in world.notes:
            listed = world.notes["listing"][self.entity]
        return world.referral_day[self.entity] if isnan(listed) else listed

    # -- attempts, branches and ends --------------------------------------------------------------------------------

    def _try(self, step: Attempts) -> Walk:
        """Attempts until one does not fail, or none are left; what comes between two may fail for good."""
        outer, tried = self.attempt, 0
        while True:
            self._draw_as(self.world.next_attempt(self.kind, self.entity, step.name))
            tried += 1
            how = yield from self.walk(step.steps)
            if how is FAILED and self.leaves <= self.day:
                how = LEFT  # a product whose patient has left is not tried again
            if how is not FAILED or tried == step.at_most:
                break
            how = yield from self.walk(step.between)
            if how is not THROUGH:
                self._draw_as(outer)
                return how
        self._draw_as(outer)
        return (yield from self.walk(step.otherwise)) if how is FAILED else how

    def _draw_as(self, attempt: int) -> None:
        self.attempt, self.draws = attempt, self.world.columns[self.kind].of(attempt)

    def _go_as(self, branch: Branch) -> Walk:
        """Go on as the product, which stops or finishes when its patient leaves, as the branch says."""
        cut, stage_bound = self.cut, self.stage_bound
        self.cut = self.leaves if branch.on_leave == OnLeave.STOP else inf
        self._bind(branch.on_leave == OnLeave.FINISH_STAGE)
        how = yield from self.walk(branch.steps)
        self.cut = min(cut, self.leaves) if cut < inf else cut
        self._bind(stage_bound)
        return LEFT if how is THROUGH and self.cut <= self.day else how

    def _together(self, step: Together) -> Walk:
        return self._side_by_side(step) if len(step.branches) > 1 else self._go_as(step.branches[0])

    def _side_by_side(self, step: Together) -> Walk:
        """Let branches go on their way, one after the other, and go on when all have ended."""
        looks, hows = self.looks or step.slows, []
        branches = [(replace(self, holding=0, is_branch=True, looks=looks), branch) for branch in step.branches]
        if self.world.concerns_nobody(step) and not looks:
            for walker, branch in branches:
                hows.append((yield from walker._go_as(branch)))
        else:
            timeline = self.world.timeline
            gone = timeline.at_once()
            # the latest goes first
            under_way = [timeline.process(walker._go_as(branch)) for walker, branch in reversed(branches)]
            yield gone
            for way in under_way:
                hows.append((yield way))
        self.day = max([self.day, *(walker.day for walker, _ in branches)])
        if looks:
            self._leave_on(self.world.leave_day[self.entity])
        if self.cut <= self.day:
            return LEFT
        return ENDED if ENDED in hows else FAILED if FAILED in hows else THROUGH

    def _supply(self, _: Supply) -> Walk:
        """Put the doses of this lot on its shelf."""
        if self.day > self.world.timeline.now:
            yield self.world.timeline.on(self.day, DELIVERY + self.order)
        lot, shelf = self.world.lot_of(self.entity)
        lot.ready = self.day
        shelf.deliver(lot)
        return THROUGH

    def _end(self, step: End) -> Walk:
        """A patient's path has ended by itself; a lot is lost."""
        if self.kind == PATIENT:
            if self.leaves > self.day:
                self.world.end(self.entity, self.day, step)
            return ENDED
        if self.day > self.world.timeline.now:
            yield self.world.timeline.on(self.day, COMPLETION + self.order)
        lot, shelf = self.world.lot_of(self.entity)
        lot.failed = self.day
        shelf.lose(lot)
        return ENDED


# What a walker does at each step but a milestone and a choice: alone; or with others, where it may meet the clock.
ALONE: Mapping[type, Callable[[Walker, Any], How]] = {
    Stage: Walker._pass,
    Fail: Walker._fail,
    Aside: Walker._foresee,
    AtProgression: Walker._turn,
    Hazard: Walker._change,
    Clocks: Walker._change,
    Return: Walker._return,
}
WITH_OTHERS: Mapping[type, Callable[[Walker, Any], Walk]] = {
    Use: Walker._use,
    Draw: Walker._draw,
    Attempts: Walker._try,
    Unless: Walker._unless,
    Together: Walker._together,
    Supply: Walker._supply,
    End: Walker._end,
}
