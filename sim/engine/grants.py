"""The grants of an instant: when all else has happened, pools take turns in order of declaration, until none is due.

Each serves whom it can in the order of its queue, and who is served goes on as far as they can before the next is.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import simpy

from sim.engine.timeline import Phase, Timeline

if TYPE_CHECKING:
    from sim.engine.pools import Pool, Request


class Grants:
    """The turns that are due at this instant; `serving`: the pool whose turn it is."""

    def __init__(self, timeline: Timeline) -> None:
        self.serving: Pool | None = None
        self._timeline = timeline
        self._due: list[tuple[int, Pool]] = []
        self._is_posted = False

    def call(self, pool: Pool) -> None:
        """Let a pool take a turn at this instant."""
        heappush(self._due, (pool.turn, pool))
        if not self._is_posted:
            self._is_posted = True
            self._post()

    def would_be_next(self, pool: Pool) -> bool:
        """Whether nothing else would happen at this instant before a turn of the pool, were it called now.

        In the midst of turns that is said neither of lists, which serve each other's, nor of stocks, which begin lots.
        """
        if self._timeline.peek() <= self._timeline.now:
            return False
        if self.serving is None:
            return True
        if self.serving.may_serve_more or pool.lists is not None or pool.counts_waiting:
            return False
        return not self._due or pool.turn < self._due[0][0]

    def pass_to(self, pool: Pool) -> None:
        """End the turn of the pool that is serving; that of another has come."""
        assert self.serving is not None
        self.serving.end_turn()
        self.serving = pool

    def answer(self, request: Request, answer: Callable[[Request], None], turn: simpy.Event) -> bool:
        """Answer a request in a turn, and let who asked go on as far as they can; whether the turn goes on then.

        What the answer has let happen at once comes before they go on, and what they have, before the turn does.
        """
        timeline, serving, called = self._timeline, self.serving, self._timeline.called
        waits, request.answered = request.answered, None
        assert waits is not None
        answer(request)
        if timeline.called == called:
            for go_on in waits.callbacks:
                go_on(turn)
        else:
            timeline.after(called).callbacks.extend(waits.callbacks)
        return timeline.called == called and self.serving is serving

    def _post(self) -> None:
        self._timeline.on(self._timeline.now, Phase.GRANT).callbacks.append(self._take_turns)

    def _take_turns(self, turn: simpy.Event) -> None:
        """Turn after turn, as long as nothing comes between; then, the rest after that."""
        timeline, called = self._timeline, self._timeline.called
        serving = self.serving or self._next()
        while serving is not None:
            self.serving = serving
            serving.serve(turn)
            if self.serving is not None and timeline.called != called:
                timeline.after(called).callbacks.append(self._take_turns)
                return
            if self.serving is None and self._due and timeline.peek() <= timeline.now:
                self._post()
                return
            serving = self.serving or self._next()
        self._is_posted = False

    def _next(self) -> Pool | None:
        if not self._due:
            return None
        _, pool = heappop(self._due)
        pool.turn_is_due = False
        return pool
