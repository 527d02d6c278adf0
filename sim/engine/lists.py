"""Lists for any of several resources, of the reference engine: what is free goes to the first of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop
from math import inf

import simpy

from sim.engine.grants import Grants
from sim.engine.pools import LAPSED, Place, Pool, Request


class ListPool(Pool):
    """A list of those who take a unit of any of its `sources`, each a pool and mean days from it to infusion."""

    free = inf  # whether there is something depends on who asks

    def __init__(self, place: Place, sources: Sequence[tuple[Pool, float]], lists: Lists) -> None:
        super().__init__(place)
        self._sources, self.lists = sources, lists
        lists.pools.append(self)
        for source, _ in sources:
            source.lists = lists

    def source_of(self, request: Request) -> Pool:
        """The pool that serves a granted request."""
        return next(source for source, _ in self._sources if source.resource == request.source)

    def grant(self, request: Request) -> None:
        """A unit of what promises the earliest infusion; of equal ones, of the first."""
        able = [(source, rest) for source, rest in self._sources if request.units <= source.free]
        best, _ = min(able, key=lambda one: one[0].usable_from() + one[1])
        request.source = best.resource
        best.grant(request)

    def first(self) -> tuple[float, float, int, int, int, Request] | None:
        """The entry of the first who waits, if they can be served; who has left is passed over."""
        while self._waiting:
            *_, ticket, request = self._waiting[0]
            if request.answer is None and ticket == request.ticket:
                if request.lapses > self.timeline.now:
                    return self._waiting[0] if self._can_serve(request) else None
                self._end_wait(request, LAPSED)
            heappop(self._waiting)
        return None

    def take_first(self) -> Request:
        """Take the first who waits out of the list."""
        *_, request = heappop(self._waiting)
        return request

    def _can_serve(self, request: Request) -> bool:
        return any(request.units <= source.free for source, _ in self._sources)


class Lists:
    """All lists for any of several resources."""

    def __init__(self, grants: Grants) -> None:
        self.pools: list[ListPool] = []
        self._grants = grants

    def serve(self, turn: simpy.Event) -> None:
        """Serve the first of all lists who can be; when they have gone on as far as they can, the next."""
        while firsts := [(entry[:4], pool) for pool in self.pools if (entry := pool.first()) is not None]:
            _, chosen = min(firsts, key=lambda one: one[0])
            if not self._grants.answer(chosen.take_first(), chosen.grant, turn):
                return
        self._grants.serving = None
