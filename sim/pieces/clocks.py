"""The clocks of a patient before infusion: death, progression, other removal, and the day on which they end the wait.

One formula gives every leaving day, in both engines. A clock with cumulative hazard H, origin o (the day its age
counts from) and multiplier m has used up the part u of its unit-exponential threshold E by day s. Its event falls on

    o + H^-1( H(s - o) + (E - u) / m )

and a change of m or H on day s only moves u and s: u becomes u + m (H(s' - o) - H(s - o)). No new draw.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from sim.pure.survival import HazardTable

INFINITY = math.inf
# Stand in the place of the uniform that decides whether a progression ends eligibility: each does, or none.
LEAVES, STAYS = -1.0, 2.0


class Clock(IntEnum):
    """The clocks, in the order in which they win ties at one instant."""

    DEATH = 0
    PROGRESSION = 1
    REMOVAL = 2


CLOCKS = range(len(Clock))

# The outcome of a patient whom a clock takes off the path.
OUTCOME_OF_CLOCK = {Clock.DEATH: "died", Clock.PROGRESSION: "progressed", Clock.REMOVAL: "withdrawn"}


@dataclass(frozen=True)
class ClockSet:
    """One table a clock, and the share of progressions that end eligibility."""

    tables: tuple[HazardTable, HazardTable, HazardTable]
    ends_eligibility: float


@dataclass(frozen=True)
class ClockBook:
    """Every set of hazards that a path switches between, and the multipliers that come with progression.

    `anew`: whether some step starts the progression clock of those who have progressed anew.
    """

    sets: dict[str, ClockSet]
    first: str
    after_progression: tuple[float, float, float]
    anew: bool = True

    def runs(self, clock: int) -> bool:
        """Whether the clock runs in any of the sets."""
        return any(not hazards.tables[clock].never for hazards in self.sets.values())


class Hazards:
    """One hazard table as plain lists, for one patient at a time (a list look-up is three times as fast as numpy's)."""

    __slots__ = ("days", "hazards", "rates")

    def __init__(self, table: HazardTable) -> None:
        self.days: list[float] = table.days.tolist()
        self.hazards: list[float] = table.hazards.tolist()
        self.rates: list[float] = table.rates.tolist()

    def hazard(self, age: float) -> float:
        """Cumulative hazard at an age in days."""
        k = bisect_right(self.days, age) - 1
        return self.hazards[k] + self.rates[k] * (age - self.days[k])

    def age(self, hazard: float) -> float:
        """First age in days at which the cumulative hazard is reached, infinite where it never is."""
        if hazard <= 0.0:
            return 0.0
        k = max(bisect_left(self.hazards, hazard) - 1, 0)
        if self.rates[k] == 0.0:
            return INFINITY
        return self.days[k] + (hazard - self.hazards[k]) / self.rates[k]


Tables = tuple[Hazards, Hazards, Hazards]


@dataclass(slots=True)
class PatientClocks:
    """The state of one patient's clocks on day `since`; `thresholds`, `used`, `reached` and multipliers by `Clock`.

    `reached` are the cumulative hazards at the age on that day. `eligibility` is the uniform against which the share of
    progressions that end eligibility is held; `anew` is the (progression threshold, eligibility uniform) of a patient
    whose progression clock starts anew. Who has `progressed`
    keeps the multipliers that came with it; a further progression is met only where the clock `progresses` again.
    """

    tables: Tables
    ends_eligibility: float
    after_progression: tuple[float, float, float]
    group: Sequence[float]
    thresholds: list[float]
    eligibility: float
    anew: tuple[float, float]
    origin: float
    since: float
    used: list[float]
    path: list[float]
    changes: list[tuple[float, int, float]]
    progressed: bool = False
    progresses: bool = True
    progression_day: float = INFINITY
    reached: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.reached:
            self._reach()

    def _reach(self) -> None:
        """Look up anew what the hazards come to; never changed in place, so that copies may share it."""
        age = self.since - self.origin
        self.reached = [table.hazard(age) for table in self.tables]

    def copy(self) -> PatientClocks:
        """An independent copy, to look ahead with."""
        return PatientClocks(
            self.tables, self.ends_eligibility, self.after_progression, self.group, list(self.thresholds),
            self.eligibility, self.anew, self.origin, self.since, list(self.used), list(self.path),
            list(self.changes), self.progressed, self.progresses, self.progression_day, self.reached,
        )  # fmt: skip

    def _multiplier(self, clock: int) -> float:
        factor = self.group[clock] * self.path[clock]
        return factor * self.after_progression[clock] if self.progressed else factor

    def _event_day(self, clock: int) -> float:
        """The day of this clock's event, should nothing change any more."""
        if clock == Clock.PROGRESSION and not self.progresses:
            return INFINITY
        multiplier = self._multiplier(clock)
        if multiplier == 0.0:
            return INFINITY
        needed = (self.thresholds[clock] - self.used[clock]) / multiplier
        return max(self.since, self.origin + self.tables[clock].age(self.reached[clock] + needed))

    def _move(self, day: float) -> None:
        """Let the hazards run to `day`, on which nothing else happens."""
        before, self.since = self.reached, day
        self._reach()
        for clock in CLOCKS:
            grown = self.reached[clock] - before[clock]
            self.used[clock] = self.used[clock] + self._multiplier(clock) * grown

    def run(self, until: float) -> tuple[float, int] | None:
        """(leaving day, clock) if the patient leaves by `until`; else None, with the state moved on to `until`.

        On the way, delayed multipliers come on and a progression that leaves the patient eligible is noted.
        """
        while True:
            change = min(c[0] for c in self.changes) if self.changes else INFINITY
            boundary = min(change, until)
            days = [self._event_day(clock) for clock in CLOCKS]
            day = min(days)
            clock = days.index(day)
            if day <= boundary and day < INFINITY:
                if clock != Clock.PROGRESSION:
                    return day, clock
                self.progression_day = min(self.progression_day, day)
                if self.eligibility < self.ends_eligibility:
                    return day, clock
                self._move(day)
                self.progressed, self.progresses = True, False
                continue
            if boundary == INFINITY:
                return None
            self._move(boundary)
            if change > until:
                return None
            first = next(c for c in self.changes if c[0] == change)
            self.changes.remove(first)
            self.path[first[1]] = first[2]

    def forecast(self) -> tuple[float, int, float]:
        """(leaving day, clock, progression day) as things stand; infinite days where nothing happens, clock -1."""
        ahead = self.copy()
        left = ahead.run(INFINITY)
        day, clock = left if left is not None else (INFINITY, -1)
        return day, clock, ahead.progression_day

    def multiply(self, day: float, clock: int, multiplier: float, from_day: float) -> None:
        """Set the path's multiplier of a clock from `from_day` on (`day` is now), in place of any set for later."""
        self.run(day)
        self.changes = [c for c in self.changes if c[1] != clock or c[0] < from_day]
        if from_day <= day:
            self.path[clock] = multiplier
        else:
            self.changes.append((from_day, clock, multiplier))

    def at_progression(self, day: float, eligibility: float) -> None:
        """From `day` on progressions are held against this uniform; with `STAYS`, one on that very day is too."""
        if eligibility == STAYS:
            self.eligibility = eligibility
        self.run(day)
        self.eligibility = eligibility

    def switch(self, day: float, tables: Tables, ends_eligibility: float, anew: bool) -> None:
        """Go on under another set of hazards, whose ages count from `day`."""
        self.run(day)
        self.tables, self.ends_eligibility = tables, ends_eligibility
        self.origin = day
        self._reach()
        if anew and not self.progresses:
            self.progresses = True
            self.thresholds[Clock.PROGRESSION], self.eligibility = self.anew
            self.used[Clock.PROGRESSION] = 0.0
