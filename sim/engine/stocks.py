"""Stocks of allogeneic doses in the reference engine: oldest dose first, and when a new lot is started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from math import ceil, inf, nan

from sim.engine.guard import INSTANT_DAYS, MOST_RETURNS, lots_without_end, orders_without_end
from sim.engine.pools import Answer, Place, Pool, Request
from sim.engine.timeline import Phase, then
from sim.pieces.protocol import Stock


@dataclass(slots=True)
class Lot:
    """The record of a lot: its number, the place of its shelf, its days, and its doses.

    `chain`: how many lots before it were begun and came to nothing, one after the other, while time did not move on.
    """

    number: int
    centre: int
    started: float
    doses: int
    chain: int
    ready: float = nan
    failed: float = nan

    def chain_after(self, day: float) -> int:
        """The `chain` of what follows from the end of this lot on a day."""
        return self.chain + 1 if day - self.started < INSTANT_DAYS else 0


@dataclass(frozen=True, slots=True)
class Expiry:
    """The record of doses that expired on a shelf."""

    centre: int
    day: float
    doses: int


class StockPool(Pool):
    """Doses on one shelf, requests waiting for one, and the inventory position that decides when a lot is started.

    Position = doses on hand + planned doses of lots under way - waiting requests; reviewed at each request, issue,
    expiry, failure and leave. `start_lot` lets the lot of a number go on its way.
    """

    counts_waiting = True

    def __init__(
        self,
        place: Place,
        stock: Stock,
        lots: dict[int, Lot],
        expiries: list[Expiry],
        start_lot: Callable[[int], None],
    ) -> None:
        super().__init__(place)
        self._stock, self._lots, self._expiries, self._start_lot = stock, lots, expiries, start_lot
        self._shelves, self._begun = len(stock.opening), 0
        # batches as [day of expiry, how many there were before it, doses]
        self._batches: list[list[float]] = []
        self._on_hand = self._planned = self._wanted = 0
        self._supplied, self._chain_supplied = -inf, 0
        opening = stock.opening[self.centre]
        for k in range(opening):
            self._shelve(1, stock.shelf_life * ((k + 1) / opening))
        self._order_on(stock.first_order)

    @property
    def free(self) -> float:
        """Doses on the shelf."""
        return self._on_hand

    def ask(self, request: Request) -> None:
        """Grant a dose at once, or let the request wait."""
        self._wanted += 1
        super().ask(request)
        if request.answered is None:  # the lots that are begun because of it go on their way first
            request.answered = self.timeline.at_once()
        self._review()

    def deliver(self, lot: Lot) -> None:
        """Put the doses of a finished lot on the shelf."""
        today = self.timeline.now
        self._planned -= lot.doses
        self._supplied, self._chain_supplied = today, lot.chain_after(today)
        self._shelve(lot.doses, today + self._stock.shelf_life)
        self._call_turn()

    def lose(self, lot: Lot) -> None:
        """A lot under way has failed."""
        self._planned -= lot.doses
        self._review(lot.chain_after(self.timeline.now))

    def _shelve(self, doses: int, expires: float) -> None:
        heappush(self._batches, [expires, len(self._batches), doses])
        self._on_hand += doses
        if expires < inf:
            then(self.timeline.on(expires, Phase.EXPIRY + self.resource), self._expire)

    def _expire(self) -> None:
        now = self.timeline.now
        while self._batches and self._batches[0][0] <= now:
            doses = int(heappop(self._batches)[2])
            self._on_hand -= doses
            self._expiries.append(Expiry(self.centre, now, doses))
        self._review(self._chain_supplied if now - self._supplied < INSTANT_DAYS else 0)

    def _order_on(self, day: float) -> None:
        if day < inf:
            then(self.timeline.on(day, Phase.DELIVERY + self.resource), self._order)

    def _order(self) -> None:
        """One lot by the calendar, and when the next is ordered."""
        earlier = (self._begun - MOST_RETURNS) * self._shelves + self.centre
        if earlier >= 0 and self.timeline.now - self._lots[earlier].started < INSTANT_DAYS:
            raise orders_without_end()
        self._order_on(self.timeline.now + self._stock.every)
        self._begin_lots(1, 0)

    def _review(self, chain: int = 0) -> None:
        """Begin the lots that the inventory position asks for."""
        if self._stock.reorder is not None:
            at, up_to = self._stock.reorder
            position = self._on_hand + self._planned - self._wanted
            if position <= at:
                self._begin_lots(ceil((up_to - position) / self._stock.doses_per_lot), chain)

    def _begin_lots(self, count: int, chain: int) -> None:
        """One lot after the other: each goes as far as it can before the next begins."""
        if count <= 0:
            return
        number = self._begun * self._shelves + self.centre
        if chain >= MOST_RETURNS:
            raise lots_without_end(number)
        self._begun += 1
        self._planned += self._stock.doses_per_lot
        self._lots[number] = Lot(number, self.centre, self.timeline.now, self._stock.doses_per_lot, chain)
        then(self.timeline.at_once(), self._begin_lots, count - 1, chain)
        self._start_lot(number)

    def grant(self, request: Request) -> None:
        """One dose."""
        oldest = self._batches[0]
        oldest[2] -= 1
        if oldest[2] == 0:
            heappop(self._batches)
        self._on_hand -= 1
        self._wanted -= 1
        super().grant(request)

    def _end_wait(self, request: Request, answer: Answer) -> None:
        super()._end_wait(request, answer)
        self._wanted -= 1
        self._review()
