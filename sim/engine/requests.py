"""A wish for units of a pool, and what may befall it while it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.engine.pools import Queue
    from sim.engine.slots import Slot
    from sim.engine.walker import Walker

WAITING, GRANTED, LAPSED, GAVE_UP = 0, 1, 2, 3
# The part of an order that is the entity's number; the rest is its kind.
ENTITY = (1 << 32) - 1
NAN, INFINITY = float("nan"), float("inf")


class Request:
    """One entity's wish for units of a pool, and the record of what became of it.

    `who`: the entity's order. The walker itself is known only while it waits: records outlive walkers, and memory that
    is freed and used again is memory that is in the cache. `ticket`: the serial of its entry in the queue; entries
    with another one are stale. `slots`: those that it was granted, if it is for dated slots.
    """

    __slots__ = ("asked", "began", "ended", "lapses", "pool", "slots", "state", "ticket", "units", "walker", "who")
    slots: tuple[Slot, ...]
    ticket: int

    def __init__(self, walker: Walker, pool: Queue, units: int, lapses: float) -> None:
        self.walker: Walker | None = None
        self.who, self.pool, self.units, self.lapses = walker.order, pool, units, lapses
        self.asked, self.began, self.ended = walker.day, NAN, NAN
        self.state = WAITING

    def happen(self) -> None:
        """The leaving day of a waiter that holds something, or that a stock counts on: they leave the queue."""
        self.leave_queue(LAPSED)

    def leave_queue(self, state: int) -> None:
        """They ask no more, and go on; those behind may need fewer units than they did."""
        walker, pool = self.walker, self.pool
        if walker is not None:
            pool.lapse(self, state)
            if pool.free > 0:
                pool.call_turn()
            walker.happen()


class OutOfPatience:
    """The day on which a waiter gives up, unless they are served at the same instant."""

    __slots__ = ("request",)

    def __init__(self, request: Request) -> None:
        self.request = request

    def happen(self) -> None:
        """He leaves the queue for good and goes on with something else."""
        self.request.leave_queue(GAVE_UP)


class Jump:
    """The day on which a waiter's disease progresses, and their rank with it."""

    __slots__ = ("key_day", "rank", "request")

    def __init__(self, request: Request, rank: float, key_day: float) -> None:
        self.request, self.rank, self.key_day = request, rank, key_day

    def happen(self) -> None:
        """He takes another place in the queue."""
        if self.request.walker is not None:
            self.request.pool.enter(self.request, self.rank, self.key_day)
