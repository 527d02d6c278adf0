"""What the reference engine does while it runs, counted: for what cannot be read off a trace."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import combinations_with_replacement
from typing import Any

import pytest

from sim.engine import requests, slots, timeline, walker
from sim.engine.requests import GAVE_UP, GRANTED
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
        pop = timeline.heappop

        def popped(heap: Any) -> Any:
            entry = pop(heap)
            if len(entry) == 4:
                day, priority, _, _ = entry
                self._instants[day][Phase(priority >> ORDER_BITS << ORDER_BITS).name.lower()] += 1
            return entry

        patch.setattr(timeline, "heappop", popped)

    def _watch_queues(self, patch: pytest.MonkeyPatch) -> None:
        leave, jump, give_up = requests.Request.leave_queue, requests.Jump.happen, requests.OutOfPatience.happen
        grant_slots = slots.SlotPool._grant

        def leaving(request: Any, state: int) -> None:
            if request.walker is not None:
                how = "gave up" if state == GAVE_UP else "left on his day"
                self.found[f"{how}, {'holding something' if request.walker.holding else 'holding nothing'}"] += 1
                self.found[f"{how}, several units"] += request.units > 1
                self._instants[request.pool.timeline.today]["end of a wait"] += 1
            leave(request, state)

        def jumping(event: Any) -> None:
            self.found["ranked anew while waiting"] += event.request.walker is not None
            self.found["ranked anew too late"] += event.request.walker is None
            jump(event)

        def giving_up(event: Any) -> None:
            request = event.request
            granted_now = request.state == GRANTED and request.began == request.pool.timeline.today
            self.found["patience over at the instant of the grant"] += granted_now
            give_up(event)

        def granting(pool: Any, request: Any) -> None:
            self.found["several slots claimed at once"] += request.units > 1
            grant_slots(pool, request)

        patch.setattr(requests.Request, "leave_queue", leaving)
        patch.setattr(requests.Jump, "happen", jumping)
        patch.setattr(requests.OutOfPatience, "happen", giving_up)
        patch.setattr(slots.SlotPool, "_grant", granting)

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
        back = walker.Walker.branch_back

        def coming_back(parent: Any, day: float, failed: bool) -> None:
            self.found["branch failed beside others"] += failed
            back(parent, day, failed)

        patch.setattr(walker.Walker, "branch_back", coming_back)
