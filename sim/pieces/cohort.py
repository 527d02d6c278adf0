"""The patients of one replication: who is referred when, to which centre, with which clocks; and their keyed draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.pieces.clocks import Clock, ClockBook
from sim.pure.streams import uniforms
from sim.pure.survival import HazardTable
from sim.scenario import Scenario

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

POISSON, LISTED = 0, 1
SOURCES = ("poisson", "listed")


@dataclass(frozen=True)
class Block:
    """The patients of one region and source, numbered from 0, at `first:first + count` of the cohort's vectors."""

    region: str
    source: int
    first: int
    count: int

    @property
    def stream(self) -> str:
        """The name that keys this block's random numbers."""
        return f"{self.region}/{SOURCES[self.source]}"


@dataclass(frozen=True, eq=False)
class Cohort:
    """All patients of one replication, one entry each; days since the start of the scenario.

    `thresholds`, `group_multipliers`: shape (3, patients), by `Clock`. `leave_day`, `leave_clock`, `progression_day`:
    what the waiting clocks alone make of the patient. `anew_threshold`, `anew_eligibility`: for a progression clock
    that starts anew.
    """

    blocks: tuple[Block, ...]
    region: IntArray
    source: IntArray
    number: IntArray
    centre: IntArray
    group: IntArray
    referral_day: FloatArray
    measured: NDArray[np.bool_]
    thresholds: FloatArray
    group_multipliers: FloatArray
    eligibility: FloatArray
    anew_threshold: FloatArray
    anew_eligibility: FloatArray
    priority: FloatArray
    leave_day: FloatArray
    leave_clock: IntArray
    progression_day: FloatArray


@dataclass(frozen=True)
class Luck:
    """The keyed uniforms of one replication."""

    seed: int
    replication: int
    blocks: tuple[Block, ...]
    course: int = 1

    def patients(self, purpose: str, attempt: int) -> FloatArray:
        """One uniform for each patient of the cohort."""
        drawn = [
            uniforms(self.seed, self.replication, b.stream, self.course, purpose, attempt, b.count) for b in self.blocks
        ]
        return np.concatenate(drawn)

    def lots(self, purpose: str, attempt: int, count: int) -> FloatArray:
        """One uniform for each of the first `count` lots."""
        return uniforms(self.seed, self.replication, "lots", self.course, purpose, attempt, count)


def referral_days(rates: tuple[tuple[float, float], ...], unit_arrivals: FloatArray) -> FloatArray:
    """Days of a Poisson process with piecewise-constant rates (day, per day) from its unit-rate arrivals.

    Infinite for arrivals that the rates never reach.
    """
    days = np.array([day for day, _ in rates])
    per_day = np.array([rate for _, rate in rates])
    total = np.concatenate([[0.0], np.cumsum(per_day[:-1] * np.diff(days))])
    table = HazardTable(days - days[0], total, per_day)
    return np.asarray(table.age(unit_arrivals) + days[0])


def _poisson(scenario: Scenario, replication: int, region: str, until: float) -> FloatArray:
    rates = scenario.regions[region].referrals
    if rates is None:
        return np.empty(0)
    ends = [day for day, _ in rates[1:]] + [until]
    expected = sum(rate * max(0.0, min(end, until) - day) for (day, rate), end in zip(rates, ends, strict=True))
    count = int(expected + 8.0 * np.sqrt(expected) + 16.0)
    while True:
        drawn = uniforms(scenario.run.seed, replication, f"{region}/poisson", 1, "referral", 0, count)
        days = referral_days(rates, np.cumsum(-np.log1p(-drawn)))
        if days[-1] >= until:
            return days[: np.searchsorted(days, until)]
        count *= 2


def draw_cohort(scenario: Scenario, book: ClockBook, replication: int) -> tuple[Cohort, Luck]:
    """The patients referred up to the last day on which anybody is followed, and the luck of all that befalls them."""
    run = scenario.run
    until = run.warm_up + run.window + run.follow_up
    centres = list(scenario.centres)
    blocks: list[Block] = []
    days: list[FloatArray] = []
    for name, region in scenario.regions.items():
        listed = np.array(region.referral_days or (), dtype=float)
        for source, found in ((POISSON, _poisson(scenario, replication, name, until)), (LISTED, listed)):
            if len(found):
                blocks.append(Block(name, source, sum(len(d) for d in days), len(found)))
                days.append(found)
    luck = Luck(run.seed, replication, tuple(blocks))
    counts = [b.count for b in blocks]

    def each(values: list[int]) -> IntArray:
        return np.repeat(np.array(values, dtype=np.int64), counts)

    referral = np.concatenate(days) if days else np.empty(0)
    regions = list(scenario.regions)
    groups = list(scenario.patients.risk_groups.values())
    shares = np.cumsum([g.share for g in groups])
    group = np.minimum(np.searchsorted(shares, _draw(luck, "risk_group"), side="right"), len(groups) - 1)
    hazard = np.array([g.hazard for g in groups])[group]
    thresholds = np.stack([-np.log1p(-_draw(luck, f"clock/{clock.name.lower()}")) for clock in Clock])
    multipliers = np.stack([hazard, hazard, np.ones(len(hazard))])
    eligibility = _draw(luck, "eligibility")
    leave_day, leave_clock, progression_day = first_leave(book, referral, thresholds, multipliers, eligibility)
    cohort = Cohort(
        blocks=tuple(blocks),
        region=each([regions.index(b.region) for b in blocks]),
        source=each([b.source for b in blocks]),
        number=np.concatenate([np.arange(c) for c in counts]) if counts else np.empty(0, np.int64),
        centre=each([centres.index(scenario.regions[b.region].centre) for b in blocks]),
        group=group.astype(np.int64),
        referral_day=referral,
        measured=(referral >= run.warm_up) & (referral < run.warm_up + run.window),
        thresholds=thresholds,
        group_multipliers=multipliers,
        eligibility=eligibility,
        anew_threshold=-np.log1p(-_draw(luck, "clock/progression/anew")),
        anew_eligibility=_draw(luck, "eligibility/anew"),
        priority=np.array([g.priority for g in groups])[group],
        leave_day=leave_day,
        leave_clock=leave_clock,
        progression_day=progression_day,
    )
    return cohort, luck


def _draw(luck: Luck, purpose: str) -> FloatArray:
    return luck.patients(purpose, 0) if luck.blocks else np.empty(0)


def first_leave(
    book: ClockBook, referral: FloatArray, thresholds: FloatArray, multipliers: FloatArray, eligibility: FloatArray
) -> tuple[FloatArray, IntArray, FloatArray]:
    """(leaving day, clock, progression day) of each patient under the first set of hazards alone, from referral.

    The arithmetic of `clocks.PatientClocks`, for all patients at once: the same sums in the same order.
    """
    hazards = book.sets[book.first]

    def event(clock: int, since: FloatArray, used: FloatArray, multiplier: FloatArray) -> FloatArray:
        table = hazards.tables[clock]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            needed = (thresholds[clock] - used) / multiplier
            day = referral + table.age(table.hazard(since - referral) + needed)
        return np.where(multiplier == 0.0, np.inf, np.maximum(since, day))

    nothing = np.zeros_like(referral)
    days = np.stack([event(c, referral, nothing, multipliers[c]) for c in Clock])
    clock = np.argmin(days, axis=0)
    day = np.min(days, axis=0)
    progression = np.where((clock == Clock.PROGRESSION) & np.isfinite(day), day, np.inf)
    stays = np.isfinite(progression) & (eligibility >= hazards.ends_eligibility)
    if stays.any():
        since = np.where(stays, progression, referral)
        later = np.full_like(days, np.inf)
        for c in (Clock.DEATH, Clock.REMOVAL):
            table = hazards.tables[c]
            used = nothing + multipliers[c] * (table.hazard(since - referral) - table.hazard(nothing))
            later[c] = event(c, since, used, multipliers[c] * book.after_progression[c])
        clock = np.where(stays, np.argmin(later, axis=0), clock)
        day = np.where(stays, np.min(later, axis=0), day)
    return day, np.where(np.isfinite(day), clock, -1), progression
