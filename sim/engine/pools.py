"""Resources of the reference engine: one queue discipline for all, and capacities.

A request waits until its pool takes its *turn*, when nothing else is left to happen at the instant: everybody who can
be served is, in the order of the queue key. A waiter that holds nothing needs no timer; its request lapses on its
leaving day, and is passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from sim.engine.ranking import Ranking
from sim.engine.requests import GRANTED, INFINITY, LAPSED, WAITING, Jump, Request
from sim.engine.timeline import CLOCK, Action, Happening, Phase, Timeline
from sim.pieces.protocol import Capacity

if TYPE_CHECKING:
    from sim.engine.walker import Walker


class Queue(Happening):
    """Waiting requests of one pool by (rank, asked, order of the entity); its happening is the pool's turn."""

    unlimited = False
    dated = False

    def __init__(
        self, timeline: Timeline, index: int, centre: int, log: list[Request], ranking: Ranking | None = None
    ) -> None:
        super().__init__(timeline)
        self.timeline, self.index, self.centre = timeline, index, centre
        self.free: float = 0
        self._in_use = 0
        self._ranking = ranking
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
        if self._ranking is None:
            self.enter(request, 0.0, key_day)
            return request
        rank, jump = self._ranking(walker, key_day)
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
        self._in_use += request.units


class CapacityPool(Queue):
    """Units that are held and given back. After a cut, use may exceed the limit only by units granted before it."""

    def __init__(
        self,
        timeline: Timeline,
        index: int,
        centre: int,
        log: list[Request],
        ranking: Ranking | None,
        resource: Capacity,
    ) -> None:
        super().__init__(timeline, index, centre, log, ranking)
        steps = resource.units[centre]
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
