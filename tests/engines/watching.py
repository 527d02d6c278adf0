"""What the reference engine does while it runs, counted: for what cannot be read off a trace."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import combinations_with_replacement
from typing import Any

import pytest

from sim.engine import pools, slots, timeline, walker
from sim.engine.pools import GAVE_UP, GRANTED
from sim.engine.timeline import ORDER_BITS, Phase
from sim.pure.hours import Hours


class Watch:
    """Counts of happenings, and of pairs of phases that fell on one instant, since the last `reset`."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.found = Counter[str]()
        self._instants: dict[float, Counter[str]] = defaultdict(Counter)
        self._watch_time(patch)
        self._watch_queues(patch)
        self._watch_stages(patch)
        self._watch_walkers(patch)

    def ties(self) -> Counter[str]:
        """How often happenings of two phases, or two of one phase, fell on one instant; forgets the instants."""
        found = Counter[str]()
        for phases in self._instants.values():
            for a, b in combinations_with_replacement(sorted(phases), 2):
                found[f"{a}, {b}"] += a != b or phases[a] > 1
        self._instants.clear()
        return found

    def _watch_time(self, patch: pytest.MonkeyPatch) -> None:
        on = timeline.Timeline.on

        def counting(clock: Any, day: float, priority: int) -> Any:
            event, phase = on(clock, day, priority), Phase(priority >> ORDER_BITS << ORDER_BITS)
            event.callbacks.append(lambda _: self._instants[day].update([phase.name.lower()]))
            return event

        patch.setattr(timeline.Timeline, "on", counting)

    def _watch_queues(self, patch: pytest.MonkeyPatch) -> None:
        leave, rank_anew, wait = pools.Pool.leave, pools.Pool._rank_anew, walker.Walker._limit_wait
        grant_slots = slots.SlotPool.grant
        holders = set[Any]()

        def waiting(who: Any, request: Any, pool: Any, step: Any) -> None:
            if who.holding:
                holders.add(request)
            wait(who, request, pool, step)

        def leaving(pool: Any, request: Any, answer: Any) -> None:
            if request.answer is None:
                how = "gave up" if answer is GAVE_UP else "left on his day"
                self.found[f"{how}, {'holding something' if request in holders else 'holding nothing'}"] += 1
                self.found[f"{how}, several units"] += request.units > 1
                self._instants[pool.timeline.now]["end of a wait"] += 1
            elif answer is GAVE_UP and request.answer is GRANTED:
                self.found["patience over at the instant of the grant"] += request.began == pool.timeline.now
            leave(pool, request, answer)

        def jumping(pool: Any, request: Any, rank: float) -> None:
            self.found["ranked anew while waiting"] += request.answer is None
            self.found["ranked anew too late"] += request.answer is not None
            rank_anew(pool, request, rank)

        def granting(pool: Any, request: Any) -> None:
            self.found["several slots claimed at once"] += request.units > 1
            grant_slots(pool, request)

        patch.setattr(walker.Walker, "_limit_wait", waiting)
        patch.setattr(pools.Pool, "leave", leaving)
        patch.setattr(pools.Pool, "_rank_anew", jumping)
        patch.setattr(slots.SlotPool, "grant", granting)

    def _watch_stages(self, patch: pytest.MonkeyPatch) -> None:
        span = Hours.span

        def spanning(hours: Hours, day: float, duration: float) -> tuple[float, float, bool]:
            began, ended, lost = span(hours, day, duration)
            never_viable = lost and began == ended == day + hours.viable
            self.found["stage no longer viable"] += never_viable
            self.found["stage that never starts"] += began == math.inf
            self.found["stage that never ends"] += ended == math.inf and began < math.inf
            self.found["stage lost under way"] += lost and not never_viable
            self.found["stage waited for an opening"] += not lost and began > day
            self.found["stage paused"] += not lost and ended > began + duration
            fitted = hours.fit and began > Hours(hours.openings).start(day, duration)
            self.found["stage waited for an opening that it fits"] += fitted
            return began, ended, lost

        patch.setattr(Hours, "span", spanning)

    def _watch_walkers(self, patch: pytest.MonkeyPatch) -> None:
        together, go = walker.Walker._side_by_side, walker.Walker._go_as
        beside_others = set[int]()

        def side_by_side(who: Any, step: Any) -> walker.Walk:
            beside_others.update(id(branch) for branch in step.branches)
            return together(who, step)

        def going(who: Any, branch: Any) -> walker.Walk:
            how = yield from go(who, branch)
            self.found["branch failed beside others"] += how is walker.FAILED and id(branch) in beside_others
            return how

        patch.setattr(walker.Walker, "_side_by_side", side_by_side)
        patch.setattr(walker.Walker, "_go_as", going)
