"""Simulated time for the reference engine: a SimPy environment with absolute days and stated ties.

What happens at one instant happens in the order of `Phase`; inside a phase by `order`. SimPy's own heap does the rest:
its entries are (time, priority, serial, event), and the priority here is phase and order in one whole number.
Grants need no entry there: a pool that may serve somebody takes its turn when nothing else is left at the instant.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from heapq import heappop, heappush
from itertools import count
from typing import Any, Protocol, cast

import simpy

ORDER_BITS = 44


class Phase(IntEnum):
    """The order of what happens at one instant (design section 4b); grants come between ARRIVAL and PATIENCE."""

    CLOCK = 1 << ORDER_BITS
    COMPLETION = 2 << ORDER_BITS
    EXPIRY = 3 << ORDER_BITS
    DELIVERY = 4 << ORDER_BITS
    ARRIVAL = 5 << ORDER_BITS
    PATIENCE = 7 << ORDER_BITS
    PERISH = 8 << ORDER_BITS
    CHECK = 9 << ORDER_BITS


# Plain whole numbers for the places that run most often.
CLOCK, COMPLETION, PATIENCE = int(Phase.CLOCK), int(Phase.COMPLETION), int(Phase.PATIENCE)


class Due(Protocol):
    """What can be due on a day."""

    def happen(self) -> None:
        """What takes place."""


class Happening(simpy.Event):
    """A SimPy event that may take place again and again, but is never due twice at a time."""

    _ok = True
    _value = None

    def __init__(self, timeline: Timeline) -> None:
        self.env = timeline
        self.callbacks = []

    def happen(self) -> None:
        """What takes place."""
        raise NotImplementedError


class Action(Happening):
    """A happening that calls a function."""

    def __init__(self, timeline: Timeline, function: Callable[[], None]) -> None:
        super().__init__(timeline)
        self._function = function

    def happen(self) -> None:
        self._function()


class Timeline(simpy.Environment):
    """A SimPy environment whose happenings are due at absolute days, so that days are sums of durations only.

    `today` is the day it is now, as a plain attribute for the places that ask most often. `busy` is above 0 while
    several entities are being served one after the other at this instant.
    """

    def __init__(self) -> None:
        super().__init__()
        self.today = 0.0
        self.busy = 0
        self._turns: list[tuple[int, Happening]] = []
        self._running = True
        # the heap and the serial numbers of its entries, for the one place that adds to it more often than all others
        self.queue = cast(list[tuple[float, int, int, Any]], self._queue)
        self.serial = count()

    @property
    def now(self) -> float:
        """The day it is, for what knows SimPy only."""
        return self.today

    def at(self, day: float, priority: int, happening: Due) -> None:
        """Let a happening take place on `day`; `priority` is a phase plus an order inside it."""
        heappush(self.queue, (day, priority, next(self.serial), happening))

    def alone(self) -> bool:
        """Whether nothing else can happen at this instant before the grants, so that a grant need not wait."""
        # the heap is never empty: the next check for the stop is always in it
        return not self.busy and not self._turns and self.queue[0][0] > self.today

    def call_turn(self, order: int, pool: Happening) -> None:
        """Let a pool take its turn at this instant, after everything else and in order of declaration."""
        heappush(self._turns, (order, pool))

    def stop(self) -> None:
        """Let the happening under way be the last."""
        self._running = False

    def run_to_stop(self) -> None:
        """Let everything happen in its order until `stop`; SimPy's `run`, without what only processes need."""
        queue, turns = self.queue, self._turns
        while self._running:
            if turns and not (queue[0][0] == self.today and queue[0][1] < PATIENCE):
                heappop(turns)[1].happen()
                continue
            day, _, _, happening = heappop(queue)
            self.today = day
            happening.happen()
