"""When a stage may start, which time counts towards it, and when what is under way is lost: tables of days.

Opening hours, holidays, courier days, shut-downs and working time all become these tables before an engine starts, so
that no engine knows a calendar. All intervals are half-open, [from, to), ascending and apart, and reach beyond the last
day that a run may come to; after the last one nothing is open, and nothing counts.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

Intervals = tuple[tuple[float, float], ...]
# What is open at all times has no table. A table without an interval is that of what is never open.
ALWAYS: None = None


@dataclass(frozen=True)
class Hours:
    """The tables of one stage.

    `openings`: the stage may start in them only (`ALWAYS`: at any time). `fit`: it must also end in the opening in
    which it starts. `counts`: only this time counts towards its duration (`ALWAYS`: all time). `losses`: what is under
    way at such an instant fails. `viable`: who has to wait longer than so many days for an opening fails when they are
    over. What never starts, or never ends, does so on day infinity.
    """

    openings: Intervals | None = ALWAYS
    fit: bool = False
    counts: Intervals | None = ALWAYS
    losses: tuple[float, ...] = ()
    viable: float = math.inf

    @cached_property
    def _opens(self) -> list[float]:
        return [start for start, _ in self.openings or ()]

    @cached_property
    def _counts_from(self) -> list[float]:
        return [start for start, _ in self.counts or ()]

    def start(self, day: float, duration: float) -> float:
        """The first day from `day` on, on which a stage of this duration may start."""
        if self.openings is ALWAYS:
            return day
        k = max(bisect_right(self._opens, day) - 1, 0)
        for opened, closed in self.openings[k:]:
            begun = max(day, opened)
            if begun < closed and (not self.fit or begun + duration <= closed):
                return begun
        return math.inf

    def end(self, begun: float, duration: float) -> float:
        """The day on which a stage that started on `begun` has had its duration."""
        if self.counts is ALWAYS:
            return begun + duration
        left, day = duration, begun
        k = max(bisect_right(self._counts_from, begun) - 1, 0)
        for opened, closed in self.counts[k:]:
            day = max(day, opened)
            if day >= closed:
                continue
            if left <= closed - day:
                return day + left
            left -= closed - day
            day = closed
        return math.inf

    def span(self, day: float, duration: float) -> tuple[float, float, bool]:
        """(start, end, whether it was lost) of a stage of this duration that could start on `day`.

        A stage lost while it waits starts and ends on the day on which it is lost.
        """
        begun = self.start(day, duration)
        if begun - day > self.viable:
            return day + self.viable, day + self.viable, True
        ended = self.end(begun, duration)
        k = bisect_right(self.losses, begun)
        if k > 0 and self.losses[k - 1] == begun:
            k -= 1
        if k < len(self.losses) and self.losses[k] < ended:
            return begun, self.losses[k], True
        return begun, ended, False
