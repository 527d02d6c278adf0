"""Resources of the reference engine: one queue discipline for all, and capacities.

A request waits until its pool takes its *turn*, when nothing else is left to happen at the instant (`grants.py`):
everybody who can be served is, in the order of the queue key. A waiter that holds nothing needs no timer; their request
lapses on their leaving day, and is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from heapq import heappop, heappush
from math import inf, nan
from typing import TYPE_CHECKING, Any

import simpy

from sim.engine.grants import Grants
from sim.engine.ranking import Ranking
from sim.engine.timeline import Phase, Timeline, then
from sim.pieces.protocol import Capacity

if TYPE_CHECKING:
    from sim.engine.bookings import BookingPool
    from sim.engine.lists import Lists
    from sim.engine.slots import Slot


class Answer(Enum):
    """What became of a request: granted, not by the leaving day, or not before patience was over."""

    GRANTED = auto()
    LAPSED = auto()
    GAVE_UP = auto()


GRANTED, LAPSED, GAVE_UP = Answer


@dataclass(slots=True, eq=False)
class Request:
    """One entity's wish for units of a pool, and the record of what became of it.

    `kind`, `entity`: who asks. `lapses`: their leaving day. `key_day`: the day by which they queue. `source`: the
    resource that serves them; the same, but for who is on a list for any of several. `slots`: what was granted, if it
    is for dated slots. `answer`: None while they wait. `answered`: the event that they wait for.
    `ticket`: the serial of the entry in the queue; entries with another one are stale.

    `unit`: the number of the unit that is held, where units have numbers; 0: none of them.
    `booking`: that of the asker for a unit of this pool, open or taken up before. `ahead`: of a booking, the days that
    lie between the start of what comes first and the day on which the unit is needed. `day`: that day; of units in
    use, and of a booking that was taken up, the day until which they are expected to be.
    """

    resource: int
    source: int
    centre: int
    kind: int
    entity: int
    units: int
    asked: float
    lapses: float
    key_day: float = nan
    began: float = nan
    ended: float = nan
    slots: Sequence[Slot] = ()
    answer: Answer | None = None
    answered: simpy.Event | None = None
    ticket: int = 0
    unit: int = 0
    booking: Request | None = None
    ahead: float = 0.0
    planned: float = 0.0
    day: float = nan


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pool stands: its resource, in order of declaration, and its centre; and what it shares with all others.

    `rank`: of those who wait. `log`: of all requests.
    """

    timeline: Timeline
    grants: Grants
    resource: int
    centre: int
    rank: Ranking
    log: list[Request]


class Pool:
    """Units that are asked for: a queue by (rank, key day, kind and number of the entity, order of joining)."""

    unlimited = False
    counts_waiting = False  # whether something depends on who waits

    def __init__(self, place: Place) -> None:
        self.timeline, self.grants = place.timeline, place.grants
        self.resource, self.centre = place.resource, place.centre
        self._rank, self._log = place.rank, place.log
        self._waiting: list[tuple[float, float, int, int, int, Request]] = []
        self._joined = 0
        self.turn = (self.resource << 20) + self.centre
        self.turn_is_due = False
        self._new: list[tuple[Request, Callable[..., None], tuple[Any, ...]]] = []
        self.lists: Lists | None = None  # those that it serves, or is one of

    @property
    def free(self) -> float:
        """Units that nobody holds."""
        raise NotImplementedError

    def request(self, kind: int, entity: int, units: int, day: float, lapses: float) -> Request:
        """A new request, to be asked with."""
        request = Request(self.resource, self.resource, self.centre, kind, entity, units, day, lapses)
        self._log.append(request)
        return request

    def let_have(self, request: Request, day: float) -> None:
        """Grant a request for what is without limit, on any day."""
        request.answer, request.began = GRANTED, day

    def ask(self, request: Request) -> None:
        """Grant a request at once where nobody else could come before it, or let it wait for the pool's turn."""
        if not self._waiting and self.grants.would_be_next(self) and self._can_serve(request):
            if self.grants.serving is not None:
                self.grants.pass_to(self)
            self.grant(request)
            return
        request.answered = simpy.Event(self.timeline)
        rank, jump = self._rank(request.kind, request.entity, request.asked, request.key_day)
        if jump is not None and jump.day < request.lapses:
            progression = self.timeline.on(jump.day, Phase.CLOCK + request.entity)
            then(progression, self._rank_anew, request, jump.rank)
        self._join(request, rank)

    def leave(self, request: Request, answer: Answer) -> None:
        """A waiter leaves the queue; those behind may need fewer units than they did."""
        if request.answer is None:
            self._end_wait(request, answer)
            if self.free > 0:
                self._call_turn()

    def source_of(self, request: Request) -> Pool:
        """The pool that serves a granted request."""
        return self

    def usable_from(self) -> float:
        """The first day on which what is free may be used."""
        return self.timeline.now

    def give_back(self, request: Request, has_left: bool) -> None:
        """The holder is through, or has left."""
        raise NotImplementedError

    def _join(self, request: Request, rank: float) -> None:
        """Give a waiting request its place; an entry that it had before is stale from now on."""
        request.ticket = self._joined = self._joined + 1
        heappush(self._waiting, (rank, request.key_day, request.kind, request.entity, request.ticket, request))
        if self.free > 0:
            self._call_turn()

    def _rank_anew(self, request: Request, rank: float) -> None:
        """The disease of one who waits has progressed."""
        if request.answer is None:
            self._join(request, rank)

    def _call_turn(self) -> None:
        """Let the pool take its turn at this instant, after everything else and in order of declaration."""
        if (self._waiting or self.lists is not None) and not self.turn_is_due:
            self.turn_is_due = True
            self.grants.call(self)

    def once_passed_over(self, request: Request, function: Callable[..., None], *about: Any) -> None:
        """Let a function be called if a waiting request is not served by the turn that is due at this instant."""
        if self.turn_is_due and self.lists is None:
            self._new.append((request, function, about))
        else:
            function(request, *about)

    def end_turn(self) -> None:
        """Who has asked for this turn, and was not served, waits on."""
        new, self._new = self._new, []
        for request, function, about in new:
            if request.answer is None:
                function(request, *about)

    @property
    def may_serve_more(self) -> bool:
        """Whether there may be somebody else to serve in this turn."""
        return self.lists is not None or (bool(self._waiting) and self.free > 0)

    def serve(self, turn: simpy.Event) -> None:
        """Serve the first who can be; when they have gone on as far as they can, the next."""
        if self.lists is not None:
            self.lists.serve(turn)
            return
        while self._waiting:
            _, _, _, _, ticket, request = self._waiting[0]
            is_stale = request.answer is not None or ticket != request.ticket
            has_left = request.lapses <= self.timeline.now
            if not (is_stale or has_left) and not self._can_serve(request):
                self._come_again(request)
                break
            heappop(self._waiting)
            if not is_stale and not self.grants.answer(request, self._pass_over if has_left else self.grant, turn):
                return
        self.end_turn()
        self.grants.serving = None

    def _can_serve(self, request: Request) -> bool:
        """Whether a request, if it is the first, may be granted now."""
        return request.units <= self.free

    def _come_again(self, first: Request) -> None:
        """The first of those who wait cannot be served now."""

    def grant(self, request: Request) -> None:
        """Give a request what it asks for."""
        request.answer, request.began = GRANTED, self.timeline.now

    def hold(self, request: Request, day: float) -> None:
        """Grant what the asker has on the first day already, be there anything free or not; `day`: see bookings."""
        self.grant(request)

    def _pass_over(self, request: Request) -> None:
        self._end_wait(request, LAPSED)

    def _end_wait(self, request: Request, answer: Answer) -> None:
        """They leave on their leaving day, or now where their patience is over."""
        request.ended = request.lapses if answer is LAPSED else self.timeline.now
        request.answer, waits, request.answered = answer, request.answered, None
        if waits is not None:
            waits.succeed()


class CapacityPool(Pool):
    """Units that are held and given back. After a cut, use may exceed the limit only by units granted before it.

    `bookings`: the pool of its bookings, where they may be booked ahead; `holders`: then, the requests that hold
    units, as keys.
    """

    def __init__(self, place: Place, resource: Capacity) -> None:
        super().__init__(place)
        steps = resource.units[self.centre]
        self.unlimited = all(units == inf for _, units in steps)
        self._limit = next(units for day, units in reversed(steps) if day <= 0.0)
        self._in_use = 0
        self._turn_round = resource.turn_round
        self.bookings: BookingPool | None = None
        self.holders: dict[Request, None] = {}
        self._numbers = range(1, resource.numbers(self.centre) + 1)
        self._on: dict[int, Request] = {}
        self._out: set[int] = set()
        for day, units in steps:
            if day > 0.0:
                then(self.timeline.on(day, Phase.DELIVERY + self.resource), self._change, units)
        for out in resource.out[self.centre] if resource.out else ():
            for day, takes in ((out.first, self._take_out), (out.end, self._bring_back)):
                if day > 0.0:
                    then(self.timeline.on(day, Phase.DELIVERY + self.resource), takes, out.unit)
                else:
                    takes(out.unit)

    @property
    def free(self) -> float:
        """Units that nobody holds; below 0 after a cut."""
        return self._limit - self._in_use

    @property
    def most_held(self) -> int:
        """Units in use, and those that are out of use, be they held or not."""
        return self._in_use + len(self._out)

    def give_back(self, request: Request, has_left: bool) -> None:
        """The units of a granted request are free again, once they are ready for the next."""
        if self._turn_round == 0.0 or self.unlimited:
            self._set_free(request)
            return
        request.day = self.timeline.now + self._turn_round
        then(self.timeline.on(request.day, Phase.DELIVERY + self.resource), self._set_free, request)
        if self.bookings is not None:
            self.bookings.look()

    def _take_out(self, unit: int) -> None:
        """A unit does not count as in use any more, whoever holds it."""
        self._out.add(unit)
        if unit in self._on:
            self._in_use -= 1

    def _bring_back(self, unit: int) -> None:
        """A unit is there again, with what has stood still on it."""
        self._out.discard(unit)
        if unit in self._on:
            self._in_use += 1

    def _set_free(self, request: Request) -> None:
        if request.unit not in self._out:
            self._in_use -= request.units
        if request.unit:
            del self._on[request.unit]
        self._call_turn()
        if self.bookings is not None and not self.unlimited:
            del self.holders[request]
            self.bookings.look()

    def let_have(self, request: Request, day: float) -> None:
        """Units without limit; a booking of one is taken up."""
        super().let_have(request, day)
        if self.bookings is not None:
            self.bookings.take_up(request, day)

    def _can_serve(self, request: Request) -> bool:
        return request.units <= self._limit - self._in_use

    def _change(self, units: float) -> None:
        self._limit = units
        self._call_turn()
        if self.bookings is not None:
            self.bookings.look()

    def grant(self, request: Request) -> None:
        """Units, for which a booking is taken up; of those with numbers, the first that is free."""
        self._in_use += request.units
        if self._numbers:
            request.unit = next((n for n in self._numbers if n not in self._on and n not in self._out), 0)
            if request.unit:
                self._on[request.unit] = request
        if self.bookings is not None:
            self.bookings.take_up(request, self.timeline.now)
            self.holders[request] = None
        super().grant(request)
