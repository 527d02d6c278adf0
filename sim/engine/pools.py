"""Resources of the reference engine: capacities, dated slots and stocks, with one queue discipline for all.

A request waits until its pool takes its *turn*, when nothing else is left to happen at the instant: everybody who can
be served is, in the order of the queue key. A waiter that holds nothing needs no timer; his request lapses on his
leaving day, and is passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from sim.engine.timeline import CLOCK, Action, Happening, Phase, Timeline
from sim.pieces.protocol import FIRST_COME, Cadence, Capacity

if TYPE_CHECKING:
    from sim.engine.walker import Walker

WAITING, GRANTED, LAPSED, GAVE_UP = 0, 1, 2, 3
# The part of an order that is the entity's number; the rest is its kind.
ENTITY = (1 << 32) - 1
NAN, INFINITY = float("nan"), float("inf")


class Slot:
    """A dated slot: the row of its record, its start day, and the day on which it perishes if unclaimed."""

    __slots__ = ("closes", "row", "start")

    def __init__(self, row: int, start: float, closes: float) -> None:
        self.row, self.start, self.closes = row, start, closes


class Request:
    """One entity's wish for units of a pool, and the record of what became of it.

    `who`: the entity's order. The walker itself is known only while it waits: records outlive walkers, and memory that
    is freed and used again is memory that is in the cache. `ticket`: the serial of its entry in the queue; entries
    with another one are stale.
    """

    __slots__ = ("asked", "began", "ended", "lapses", "pool", "slots", "state", "ticket", "units", "walker", "who")

    def __init__(self, walker: Walker, pool: Queue, units: int, lapses: float) -> None:
        self.walker: Walker | None = None
        self.who, self.pool, self.units, self.lapses = walker.order, pool, units, lapses
        self.asked, self.began, self.ended = walker.day, NAN, NAN
        self.state = WAITING
        self.ticket = 0
        self.slots: tuple[Slot, ...] = ()

    def happen(self) -> None:
        """The leaving day of a waiter that holds something, or that a stock counts on: he leaves the queue."""
        walker = self.walker
        if walker is not None:
            self.pool.lapse(self)
            walker.happen()


class OutOfPatience:
    """The day on which a waiter gives up, unless he is served at the same instant."""

    __slots__ = ("request",)

    def __init__(self, request: Request) -> None:
        self.request = request

    def happen(self) -> None:
        """He leaves the queue for good and goes on with something else."""
        walker = self.request.walker
        if walker is not None:
            self.request.pool.lapse(self.request, GAVE_UP)
            walker.happen()


class Jump:
    """The day on which a waiter's disease progresses, and his rank with it."""

    __slots__ = ("key_day", "rank", "request")

    def __init__(self, request: Request, rank: float, key_day: float) -> None:
        self.request, self.rank, self.key_day = request, rank, key_day

    def happen(self) -> None:
        """He takes another place in the queue."""
        if self.request.walker is not None:
            self.request.pool.enter(self.request, self.rank, self.key_day)


class Queue(Happening):
    """Waiting requests of one pool by (rank, asked, order of the entity); its happening is the pool's turn."""

    unlimited = False
    lot_rank = 0.0

    def __init__(self, timeline: Timeline, index: int, centre: int, log: list[Request], policy: str) -> None:
        super().__init__(timeline)
        self.timeline, self.index, self.centre, self.policy = timeline, index, centre, policy
        self.free: float = 0
        self._log = log
        self._waiting: list[tuple[float, float, int, int, Request]] = []
        self._serial = 0
        self._due = False
        self._place = (index << 20) + centre

    def ask(self, walker: Walker, units: int, key_day: float, lapses: float) -> Request:
        """A request, granted at once where nobody else could come before it."""
        request = Request(walker, self, units, lapses)
        self._log.append(request)
        if units <= self.free and not self._waiting and self.timeline.alone():
            self._grant(request)
            return request
        request.walker = walker
        plain = self.policy == FIRST_COME and self.lot_rank == 0.0
        rank, jump = (0.0, None) if plain else walker.rank(self, key_day)
        if jump is not None and jump[0] < lapses:
            self.timeline.at(jump[0], CLOCK + walker.order, Jump(request, jump[1], key_day))
        self.enter(request, rank, key_day)
        return request

    def enter(self, request: Request, rank: float, key_day: float) -> None:
        """Put a waiting request into its place; an entry that it had before is stale from now on."""
        self._serial += 1
        request.ticket = self._serial
        heappush(self._waiting, (rank, key_day, request.who, self._serial, request))
        if self.free > 0:
            self.call_turn()

    def record(self, walker: Walker, units: int) -> Request:
        """A request granted without asking, where units are unlimited."""
        request = Request(walker, self, units, INFINITY)
        request.began = walker.day
        self._log.append(request)
        return request

    def call_turn(self) -> None:
        """Let the pool take its turn at this instant, after everything else."""
        if self._waiting and not self._due:
            self._due = True
            self.timeline.call_turn(self._place, self)

    def lapse(self, request: Request, state: int = LAPSED) -> None:
        """Take a waiting request out of the queue: on its own day, or now where its patience is over."""
        request.state, request.walker = state, None
        request.ended = request.lapses if state == LAPSED else self.timeline.today

    def close(self, stop_day: float) -> None:
        """Let every request lapse that should have by the stop."""
        for *_, ticket, request in self._waiting:
            if request.state == WAITING and ticket == request.ticket and request.lapses <= stop_day:
                self.lapse(request)

    def happen(self) -> None:
        """Take a turn: serve everybody who can be served."""
        self._due = False
        timeline, waiting, now = self.timeline, self._waiting, self.timeline.today
        timeline.busy += 1
        while waiting:
            *_, ticket, request = waiting[0]
            walker = request.walker
            if walker is None or ticket != request.ticket:
                heappop(waiting)
                continue
            if request.lapses <= now:
                heappop(waiting)
                self.lapse(request)
                walker.journey.close()
                continue
            if request.units > self.free:
                break
            heappop(waiting)
            self._grant(request)
            walker.happen()
        timeline.busy -= 1

    def give_back(self, request: Request, left: bool) -> None:
        """The holder is through, or has `left`."""
        raise NotImplementedError

    def _grant(self, request: Request) -> None:
        request.state, request.walker = GRANTED, None
        request.began = self.timeline.today
        self.free -= request.units
        self._hand_out(request)

    def _hand_out(self, request: Request) -> None:
        """Give what is particular: a slot, a dose."""


class CapacityPool(Queue):
    """Units that are held and given back. After a cut, use may exceed the limit only by units granted before it."""

    def __init__(self, timeline: Timeline, index: int, centre: int, log: list[Request], resource: Capacity) -> None:
        super().__init__(timeline, index, centre, log, resource.policy)
        steps = resource.units[centre]
        self.lot_rank = resource.lot_rank
        self._in_use = 0
        self.free = [units for day, units in steps if day <= 0.0][-1]
        self.unlimited = all(units == INFINITY for _, units in steps)
        for day, units in steps:
            if day > 0.0:
                timeline.at(day, Phase.DELIVERY + index, Action(timeline, self._changer(units)))

    def _changer(self, units: float) -> Callable[[], None]:
        def change() -> None:
            self.free = units - self._in_use
            self.call_turn()

        return change

    def give_back(self, request: Request, left: bool) -> None:
        """The units of a granted request are free again."""
        self._in_use -= request.units
        self.free += request.units
        if self._waiting:
            self.call_turn()

    def _hand_out(self, request: Request) -> None:
        self._in_use += request.units


class SlotLog:
    """The record of every slot offered, as columns."""

    def __init__(self) -> None:
        self.resource: list[int] = []
        self.centre: list[int] = []
        self.offered: list[float] = []
        self.start: list[float] = []
        self.holder: list[int] = []
        self.handed_back: list[int] = []
        self.perished: list[float] = []

    def offer(self, resource: int, centre: int, offered: float, start: float) -> int:
        """The row of a new slot."""
        self.resource.append(resource)
        self.centre.append(centre)
        self.offered.append(offered)
        self.start.append(start)
        self.holder.append(-1)
        self.handed_back.append(0)
        self.perished.append(NAN)
        return len(self.start) - 1


class SlotPool(Queue):
    """Slots of a release cadence: claimed in order of their start, perishing when their offer closes unclaimed."""

    def __init__(
        self, timeline: Timeline, index: int, centre: int, log: list[Request], resource: Cadence, slots: SlotLog
    ) -> None:
        super().__init__(timeline, index, centre, log, resource.policy)
        self._resource, self._slots = resource, slots
        self._free: list[tuple[float, int, Slot]] = []
        self._offers = 0
        self._offering = Action(timeline, self._offer)
        self._schedule_offer()

    def _schedule_offer(self) -> None:
        days = self._resource.offer_days
        if self._offers < len(days):
            self.timeline.at(days[self._offers], Phase.DELIVERY + self.index, self._offering)

    def _offer(self) -> None:
        days, resource, now = self._resource.offer_days, self._resource, self.timeline.today
        last = min(self._offers + resource.carry_over, len(days) - 1)
        self._offers += 1
        self._schedule_offer()
        for _slot in range(resource.counts[self.centre]):
            row = self._slots.offer(self.index, self.centre, now, now + resource.lead)
            self._put(Slot(row, now + resource.lead, days[last] + 1.0))

    def _put(self, slot: Slot) -> None:
        heappush(self._free, (slot.start, slot.row, slot))
        self.free += 1
        perishing = Action(self.timeline, partial(self._perish, slot))
        self.timeline.at(slot.closes, Phase.PERISH + slot.row, perishing)
        self.call_turn()

    def _perish(self, slot: Slot) -> None:
        entry = (slot.start, slot.row, slot)
        if slot.closes <= self.timeline.today and entry in self._free:
            self._free.remove(entry)
            heapify(self._free)
            self.free -= 1
            self._slots.perished[slot.row] = self.timeline.today

    def give_back(self, request: Request, left: bool) -> None:
        """The holder is through with the slots; if he left in time, they are offered again until the day is over."""
        now = self.timeline.today
        for slot in request.slots:
            if left and now <= slot.start - self._resource.notice:
                self._slots.holder[slot.row] = -1
                self._slots.handed_back[slot.row] += 1
                self._put(Slot(slot.row, slot.start, now + 1.0))

    def _hand_out(self, request: Request) -> None:
        request.slots = tuple(heappop(self._free)[-1] for _ in range(request.units))
        for slot in request.slots:
            self._slots.holder[slot.row] = request.who & ENTITY
