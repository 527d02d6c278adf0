"""Simulated time: a SimPy environment in which things are due on exact days, and in a stated order at one instant.

SimPy's own `run` and heap do the work: its entries are (time, priority, serial, event). Two things are said to it in
its own terms, by what it offers for them:

- *Which day.* Days are sums of durations, to the last bit, but SimPy adds delays to its clock, and `now + (day - now)`
  is not always `day`. Where it is not, a delay is a `Due`: a number that, added to the clock, gives the day itself.
- *Which order.* A priority may be any whole number: it is a `Phase` plus the order inside it. What SimPy schedules for
  now by itself (a process begins or ends, an event has been triggered) happens before all phases, and the latest
  first: as calls of functions do, so that who is let go on gets as far as they can before anything else happens.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from simpy import Environment, Event, Timeout
from simpy.events import NORMAL

ORDER_BITS = 44


class Phase(IntEnum):
    """The order of what happens at one instant (docs/model.md, Ties)."""

    CLOCK = 1 << ORDER_BITS
    COMPLETION = 2 << ORDER_BITS
    EXPIRY = 3 << ORDER_BITS
    DELIVERY = 4 << ORDER_BITS
    ARRIVAL = 5 << ORDER_BITS
    GRANT = 6 << ORDER_BITS
    PATIENCE = 7 << ORDER_BITS
    PERISH = 8 << ORDER_BITS
    CHECK = 9 << ORDER_BITS


class Due(float):
    """A delay until a stated day: added to SimPy's clock it gives that day, unrounded."""

    __slots__ = ()

    def __radd__(self, now: float) -> float:
        return float(self)


class Timeline(Environment):
    """A SimPy environment whose clock shows days since the start of the scenario."""

    def __init__(self) -> None:
        super().__init__(initial_time=0.0)
        self.called = 0  # the priority of what was let happen at once last
        self._priority: int | None = None  # that of what is scheduled next, where it is stated

    def schedule(self, event: Event, priority: Any = NORMAL, delay: float = 0.0) -> None:
        """Let an event take place as stated, or at once, before what was let happen at once earlier."""
        if self._priority is None:
            self.called = priority = self.called - 1
        else:
            priority, self._priority = self._priority, None
        Environment.schedule(self, event, priority, delay)  # quicker than super() in the most frequent of calls

    def on(self, day: float, priority: int) -> Event:
        """What takes place on `day`; `priority` is a phase, plus an order inside it."""
        self._priority, now = priority, self.now
        delay = day - now
        return Timeout(self, delay if now + delay == day else Due(day))

    def at_once(self) -> Event:
        """What takes place at once, but after what is let happen at once from now on."""
        return Event(self).succeed()

    def now_at(self, priority: int) -> Event:
        """What takes place at this instant; `priority` as of `on`, or `called` of earlier: after all called since."""
        self._priority = priority
        return Timeout(self, 0.0)


def then(event: Event, function: Callable[..., None], *about: Any) -> None:
    """Let a function be called when an event takes place."""
    event.callbacks.append(lambda _: function(*about))
