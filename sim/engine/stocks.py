"""Stocks of allogeneic doses in the reference engine: oldest dose first, and when a new lot is started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from math import ceil, inf, nan
from typing import Any

from sim.engine.guard import INSTANT_DAYS, MOST_RETURNS, lots_without_end, orders_without_end
from sim.engine.pools import Queue
from sim.engine.ranking import Ranking
from sim.engine.requests import LAPSED, Request
from sim.engine.timeline import Action, Phase, Timeline
from sim.pieces.protocol import Stock


@dataclass(slots=True)
class Lot:
    """The record of a lot: the place of its shelf, its days, and its doses."""

    shelf: int
    started: float
    doses: int
    ready: float = nan
    failed: float = nan
    # how many lots before this one were begun and came to nothing, one after the other, while time did not move on
    chain: int = 0

    def chain_after(self, day: float) -> int:
        """The `chain` of what follows from the end of this lot on a day."""
        return self.chain + 1 if day - self.started < INSTANT_DAYS else 0


class LotLog:
    """The record of every lot started, by number, and of the doses that expired."""

    def __init__(self) -> None:
        self.lots: dict[int, Lot] = {}
        self.expiry_shelf: list[int] = []
        self.expiry_day: list[float] = []
        self.expired: list[int] = []


class StockPool(Queue):
    """Doses on one shelf, requests waiting for one, and the inventory position that decides when a lot is started.

    Position = doses on hand (`free`) + planned doses of lots under way - waiting requests; reviewed at each request,
    issue, expiry, failure and leave.
    """

    def __init__(
        self,
        timeline: Timeline,
        index: int,
        shelf: int,
        log: list[Request],
        ranking: Ranking | None,
        resource: Stock,
        lots: LotLog,
        start_lot: Callable[[int], None],
    ) -> None:
        super().__init__(timeline, index, shelf, log, ranking)
        self._resource, self._lots, self._start_lot = resource, lots, start_lot
        self._shelves, self._begun, self._closed = len(resource.opening), 0, False
        self._shelf: list[list[float]] = []
        self._planned = 0
        self._wanted = 0
        self._supplied, self._chain_supplied = -inf, 0
        opening = resource.opening[shelf]
        for k in range(opening):
            self._shelve(1, resource.shelf_life * ((k + 1) / opening))
        if resource.every < inf:
            self._ordering = Action(timeline, self._order)
            timeline.at(resource.every, Phase.DELIVERY + index, self._ordering)

    def ask(self, walker: Any, units: int, key_day: float, lapses: float) -> Request:
        """A request for one dose."""
        self._wanted += 1
        request = super().ask(walker, units, key_day, lapses)
        self._review()
        return request

    def lapse(self, request: Request, state: int = LAPSED) -> None:
        """Take a waiting request out of the queue."""
        super().lapse(request, state)
        self._wanted -= 1
        self._review()

    def close(self, stop_day: float) -> None:
        """Let every request lapse that should have by the stop, without starting further lots."""
        self._closed = True
        super().close(stop_day)

    def deliver(self, lot: Lot) -> None:
        """Put the doses of a finished lot on the shelf."""
        today = self.timeline.today
        self._planned -= lot.doses
        self._supplied, self._chain_supplied = today, lot.chain_after(today)
        self._shelve(lot.doses, today + self._resource.shelf_life)
        self.call_turn()

    def lose(self, lot: Lot) -> None:
        """A lot under way has failed."""
        self._planned -= lot.doses
        self._review(lot.chain_after(self.timeline.today))

    def _shelve(self, doses: int, expires: float) -> None:
        batch = [expires, float(len(self._shelf)), float(doses)]
        heappush(self._shelf, batch)
        self.free += doses
        if expires < inf:
            self.timeline.at(expires, Phase.EXPIRY + self.index, Action(self.timeline, self._expire))

    def _expire(self) -> None:
        now = self.timeline.today
        while self._shelf and self._shelf[0][0] <= now:
            doses = int(heappop(self._shelf)[2])
            if doses:
                self.free -= doses
                self._lots.expiry_shelf.append(self.centre)
                self._lots.expiry_day.append(now)
                self._lots.expired.append(doses)
        self._review(self._chain_supplied if now - self._supplied < INSTANT_DAYS else 0)

    def _order(self) -> None:
        earlier = (self._begun - MOST_RETURNS) * self._shelves + self.centre
        if earlier >= 0 and self.timeline.today - self._lots.lots[earlier].started < INSTANT_DAYS:
            raise orders_without_end()
        self._begin_lot(0)
        self.timeline.at(self.timeline.today + self._resource.every, Phase.DELIVERY + self.index, self._ordering)

    def _review(self, chain: int = 0) -> None:
        if self._closed or self._resource.reorder is None:
            return
        at, up_to = self._resource.reorder
        position = self.free + self._planned - self._wanted
        if position <= at:
            for _ in range(ceil((up_to - position) / self._resource.doses_per_lot)):
                self._begin_lot(chain)

    def _begin_lot(self, chain: int) -> None:
        number = self._begun * self._shelves + self.centre
        if chain >= MOST_RETURNS:
            raise lots_without_end(number)
        self._begun += 1
        self._lots.lots[number] = Lot(self.centre, self.timeline.today, self._resource.doses_per_lot, chain=chain)
        self._planned += self._resource.doses_per_lot
        self.timeline.busy += 1
        self._start_lot(number)
        self.timeline.busy -= 1

    def _grant(self, request: Request) -> None:
        super()._grant(request)
        batch = self._shelf[0]
        batch[2] -= 1.0
        if batch[2] == 0.0:
            heappop(self._shelf)
        self._wanted -= 1
