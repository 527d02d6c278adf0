"""The patients of one replication: who is referred when, to which centre, with which clocks; and their keyed draws."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.pieces.clocks import Clock, ClockBook
from sim.pieces.policies import own_ranks
from sim.pure.streams import Source, Uniforms, key_table, sequence, uniforms
from sim.pure.survival import HazardTable
from sim.scenario import Scenario

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

POISSON, LISTED, WAITING = 0, 1, 2
SOURCES = ("poisson", "listed", "waiting")


@dataclass(frozen=True)
class Block:
    """The patients of one region, source and course, numbered from 0, at `first:first + count` of the vectors."""

    region: str
    source: int
    first: int
    count: int
    course: int = 1

    @property
    def stream(self) -> Source:
        """What keys this block's random numbers."""
        return Source(stream_name(self.region, self.source), self.course)


def stream_name(region: str, source: int) -> str:
    """The name that keys the random numbers of the patients of a region and source."""
    return f"{region}/{SOURCES[source]}"


@dataclass(frozen=True, eq=False)
class Cohort:
    """All patients of one replication, one entry each; days since the start of the scenario.

    `thresholds`, `group_multipliers`: shape (3, patients), by `Clock`; infinite thresholds where a clock never runs.
    `leave_day`, `leave_clock`, `progression_day`: what the waiting clocks alone make of the patient.
    `anew_threshold`, `anew_eligibility`: for a progression clock that starts anew, infinite and 0 where none does.
    `flags`: what is known of a patient at referral, by name. `ranks`: the patient's own part of his rank, by policy.

    With a second course every patient has a second entry, `len / courses` further on, for when he returns: its
    referral is infinite until then, it is never measured, and its clocks run from the day of the return.
    """

    luck: Luck
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
    leave_day: FloatArray
    leave_clock: IntArray
    progression_day: FloatArray
    flags: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    ranks: Mapping[str, FloatArray] = field(default_factory=dict)
    courses: int = 1

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Who they are, in order."""
        return self.luck.blocks


@dataclass(frozen=True)
class Luck:
    """The keyed uniforms of one replication; `draw`: which routine makes them, all with the same numbers."""

    seed: int
    replication: int
    blocks: tuple[Block, ...] = ()
    parameter_set: int = 0
    draw: Uniforms = field(default=uniforms, compare=False)

    @cached_property
    def _sources(self) -> tuple[Source, ...]:
        return tuple(block.stream for block in self.blocks)

    @cached_property
    def _places(self) -> tuple[IntArray, IntArray]:
        """(the block, the number within it) of each patient of the cohort."""
        counts = np.array([block.count for block in self.blocks], dtype=np.int64)
        block = np.repeat(np.arange(len(counts)), counts)
        return block, np.arange(len(block)) - np.repeat(np.cumsum(counts) - counts, counts)

    def of(self, purpose: str) -> FloatArray:
        """One uniform for each patient of the cohort."""
        found: FloatArray = self.patients((purpose,))[0]
        return found

    def patients(
        self, purposes: tuple[str, ...], who: IntArray | None = None, attempt: IntArray | int = 0
    ) -> FloatArray:
        """Uniforms of shape (purposes, patients), for these places in the cohort (all of it, unless said)."""
        block, number = self._places if who is None else (self._places[0][who], self._places[1][who])
        return self._drawn(self._sources, purposes, block, number, attempt)

    def lots(
        self, streams: tuple[str, ...], purposes: tuple[str, ...], who: IntArray, attempt: IntArray | int = 0
    ) -> FloatArray:
        """Uniforms of shape (purposes, lots), for lots of these numbers; lot n has stream n modulo their number."""
        number, stream = np.divmod(who, len(streams))
        return self._drawn(tuple(Source(name) for name in streams), purposes, stream, number, attempt)

    def sequence(self, source: str, purpose: str, count: int) -> FloatArray:
        """The first `count` uniforms of a source whose patients are not counted yet."""
        keys = key_table(self.seed, self.parameter_set, (Source(source),), (purpose,))
        return sequence(keys, self.replication, count, self.draw)

    def _drawn(
        self,
        sources: tuple[Source, ...],
        purposes: tuple[str, ...],
        source: IntArray,
        number: IntArray,
        attempt: IntArray | int,
    ) -> FloatArray:
        keys = key_table(self.seed, self.parameter_set, sources, purposes)
        attempts = attempt if isinstance(attempt, np.ndarray) else np.full(len(number), attempt, dtype=np.int64)
        return self.draw(keys, source, np.full(len(number), self.replication, dtype=np.int64), number, attempts)


def referral_days(rates: tuple[tuple[float, float], ...], unit_arrivals: FloatArray) -> FloatArray:
    """Days of a Poisson process with piecewise-constant rates (day, per day) from its unit-rate arrivals.

    Infinite for arrivals that the rates never reach.
    """
    return np.asarray(_rate_table(rates).age(unit_arrivals) + rates[0][0])


@lru_cache(maxsize=64)
def _rate_table(rates: tuple[tuple[float, float], ...]) -> HazardTable:
    """Referrals expected by each day since the first."""
    days = np.array([day for day, _ in rates])
    per_day = np.array([rate for _, rate in rates])
    total = np.concatenate([[0.0], np.cumsum(per_day[:-1] * np.diff(days))])
    return HazardTable(days - days[0], total, per_day)


def _poisson(scenario: Scenario, luck: Luck, region: str, until: float) -> FloatArray:
    rates = scenario.regions[region].referrals
    if rates is None:
        return np.empty(0)
    ends = [day for day, _ in rates[1:]] + [until]
    expected = sum(rate * max(0.0, min(end, until) - day) for (day, rate), end in zip(rates, ends, strict=True))
    count = int(expected + 8.0 * math.sqrt(expected) + 16.0)
    while True:
        drawn = luck.sequence(stream_name(region, POISSON), "referral", count)
        days = referral_days(rates, np.cumsum(-np.log1p(-drawn)))
        if days[-1] >= until:
            return days[: np.searchsorted(days, until)]
        count *= 2


def _already_waiting(scenario: Scenario, luck: Luck, region: str) -> FloatArray:
    """Referral days, none above 0, of the patients on the initial waiting list, in order."""
    waiting = scenario.regions[region].already_waiting
    if waiting is None:
        return np.empty(0)
    if waiting.since is not None:
        return -np.array(waiting.since, dtype=float)
    return -waiting.waited.quantile(luck.sequence(stream_name(region, WAITING), "waited", waiting.count or 0))


def _referred(scenario: Scenario, luck: Luck, until: float) -> tuple[list[Block], list[FloatArray]]:
    """The blocks of first courses, and the referral days of each."""
    blocks: list[Block] = []
    days: list[FloatArray] = []
    first = 0
    for name, region in scenario.regions.items():
        listed = np.array(region.referral_days or (), dtype=float)
        sources = (_poisson(scenario, luck, name, until), listed, _already_waiting(scenario, luck, name))
        for source, found in enumerate(sources):
            if len(found):
                blocks.append(Block(name, source, first, len(found)))
                days.append(found)
                first += len(found)
    return blocks, days


def draw_cohort(
    scenario: Scenario, book: ClockBook, replication: int, parameter_set: int = 0, draw: Uniforms = uniforms
) -> tuple[Cohort, Luck]:
    """The patients referred up to the last day on which anybody is followed, and the luck of all that befalls them."""
    run = scenario.run
    luck = Luck(run.seed, replication, parameter_set=parameter_set, draw=draw)
    blocks, days = _referred(scenario, luck, run.warm_up + run.window + run.follow_up)
    count = sum(block.count for block in blocks)
    courses = 1 if scenario.later_course is None else 2
    if courses == 2:
        blocks += [Block(b.region, b.source, count + b.first, b.count, course=2) for b in blocks]
        days += [np.full(b.count, np.inf) for b in blocks[: len(days)]]
    luck = replace(luck, blocks=tuple(blocks))
    counts = [b.count for b in blocks]

    def each(values: list[int]) -> IntArray:
        return np.repeat(np.array(values, dtype=np.int64), counts)

    def for_life(vector: Any) -> Any:
        """The values of first courses, for later courses of the same patients too."""
        return vector if courses == 1 else np.tile(vector[:count], courses)

    referral = days[0] if len(days) == 1 else np.concatenate([*days, np.empty(0)])
    regions = list(scenario.regions)
    region = each([regions.index(b.region) for b in blocks])
    group = for_life(_drawn_group(scenario, luck))
    hazard = np.array([g.hazard for g in scenario.patients.risk_groups.values()])[group]
    thresholds = _thresholds(book, luck, len(referral))
    multipliers = np.ones((len(Clock), len(hazard)))
    multipliers[[Clock.DEATH, Clock.PROGRESSION]] = hazard
    certain = all(hazards.ends_eligibility in (0.0, 1.0) for hazards in book.sets.values())
    eligibility = np.zeros(len(referral)) if certain else luck.of("eligibility")
    waiting = each([int(b.source == WAITING and b.course == 1) for b in blocks]).astype(bool)
    if waiting.any():
        _survived_to_the_start(book, referral, thresholds, multipliers, waiting)
    leave_day, leave_clock, progression_day = first_leave(
        book, referral[:count], thresholds[:, :count], multipliers[:, :count], eligibility[:count]
    )
    centre = for_life(_drawn_centre(scenario, luck, region))
    if courses > 1:
        later = np.full(len(referral) - count, np.inf)
        leave_day, progression_day = np.concatenate([leave_day, later]), np.concatenate([progression_day, later])
        leave_clock = np.concatenate([leave_clock, np.full(len(later), -1)])
    cohort = Cohort(
        luck=luck,
        region=region,
        source=each([b.source for b in blocks]),
        number=np.concatenate([np.arange(c) for c in counts]) if counts else np.empty(0, np.int64),
        centre=centre,
        group=group,
        referral_day=referral,
        measured=(referral >= run.warm_up) & (referral < run.warm_up + run.window),
        thresholds=thresholds,
        group_multipliers=multipliers,
        eligibility=eligibility,
        anew_threshold=_unit_exponentials(luck, "clock/progression/anew")
        if book.anew
        else np.full(len(referral), np.inf),
        anew_eligibility=luck.of("eligibility/anew") if book.anew else np.zeros(len(referral)),
        leave_day=leave_day,
        leave_clock=leave_clock,
        progression_day=progression_day,
        flags=_flags(scenario, luck, region, centre, group, waiting),
        ranks=own_ranks(scenario, group, luck.of("lottery") if scenario.waiting_list.policy == "lottery" else None),
        courses=courses,
    )
    return cohort, luck


def _thresholds(book: ClockBook, luck: Luck, count: int) -> FloatArray:
    """Unit exponentials of shape (3, patients), by `Clock`."""
    found = np.full((len(Clock), count), np.inf)
    for clock in Clock:
        if book.runs(clock):
            found[clock] = _unit_exponentials(luck, f"clock/{clock.name.lower()}")
    return found


def _unit_exponentials(luck: Luck, purpose: str) -> FloatArray:
    return -np.log1p(-luck.of(purpose))


def _drawn_group(scenario: Scenario, luck: Luck) -> IntArray:
    groups = scenario.patients.risk_groups.values()
    if len(groups) == 1:
        return np.zeros(sum(b.count for b in luck.blocks), dtype=np.int64)
    shares = np.cumsum([g.share for g in groups])
    drawn = np.searchsorted(shares, luck.of("risk_group"), side="right")
    return np.minimum(drawn, len(groups) - 1).astype(np.int64)


def _drawn_centre(scenario: Scenario, luck: Luck, region: IntArray) -> IntArray:
    """The centre that treats each patient; drawn only where his region has several."""
    centres = list(scenario.centres)
    ways = [list(r.centre.items()) for r in scenario.regions.values()]
    first = np.array([centres.index(way[0][0]) for way in ways], dtype=np.int64)
    found = first[region]
    if all(len(way) == 1 for way in ways):
        return found
    drawn = luck.of("centre")
    for place, way in enumerate(ways):
        if len(way) > 1:
            here = region == place
            shares = np.cumsum([share for _, share in way])
            chosen = np.minimum(np.searchsorted(shares, drawn[here], side="right"), len(way) - 1)
            found[here] = np.array([centres.index(name) for name, _ in way], dtype=np.int64)[chosen]
    return found


def _flags(
    scenario: Scenario, luck: Luck, region: IntArray, centre: IntArray, group: IntArray, waiting: NDArray[np.bool_]
) -> dict[str, NDArray[np.bool_]]:
    """What is known of patients at referral, as far as a path of this scenario may ask for it."""
    found: dict[str, NDArray[np.bool_]] = {}

    def one_each(kind: str, names: Iterable[str], numbers: IntArray) -> None:
        for place, name in enumerate(names):
            found[f"{kind}/{name}"] = numbers == place

    regions = scenario.regions
    if any(not (r.travel.is_fixed and r.travel.mean() == 0.0) for r in regions.values()):
        one_each("region", regions, region)
    if any(d.centre is not None and d.work != "finish" for d in scenario.disruptions.values()):
        one_each("centre", scenario.centres, centre)
    if scenario.hybrid.allogeneic_for:
        one_each("risk_group", scenario.patients.risk_groups, group)
    if any(r.already_waiting is not None for r in regions.values()):
        found["listed"] = waiting
    if any(r.declines > 0.0 for r in regions.values()):
        share = np.array([r.declines for r in regions.values()])[region]
        first_course = np.arange(len(region)) < sum(b.count for b in luck.blocks if b.course == 1)
        found["declines"] = (luck.of("declines") < share) & ~waiting & first_course
    return found


def _survived_to_the_start(
    book: ClockBook,
    referral: FloatArray,
    thresholds: FloatArray,
    multipliers: FloatArray,
    waiting: NDArray[np.bool_],
) -> None:
    """Raise the thresholds of those who wait already by the hazard that they have lived through until day 0.

    A unit exponential that is known to be above u is u plus a unit exponential: their clocks are conditional on
    nothing having happened yet.
    """
    for clock in Clock:
        lived = book.sets[book.first].tables[clock].hazard(-referral[waiting])
        thresholds[clock, waiting] += multipliers[clock, waiting] * lived


def first_leave(
    book: ClockBook, referral: FloatArray, thresholds: FloatArray, multipliers: FloatArray, eligibility: FloatArray
) -> tuple[FloatArray, IntArray, FloatArray]:
    """(leaving day, clock, progression day) of each patient under the first set of hazards alone, from referral.

    The arithmetic of `clocks.PatientClocks`, for all patients at once: the same sums in the same order.
    """
    hazards = book.sets[book.first]

    def event(clock: int, who: Any, since: FloatArray | None, multiplier: FloatArray) -> FloatArray:
        """Days of the clock's event for the patients `who`, whose multiplier has changed on day `since`."""
        table, needed = hazards.tables[clock], thresholds[clock, who]
        if since is not None:
            lived = table.hazard(since - referral[who])
            needed = needed - multipliers[clock, who] * lived
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            needed = needed / multiplier
        day: FloatArray = referral[who] + table.age(needed if since is None else lived + needed)
        if since is not None:
            day = np.maximum(since, day)
        day[multiplier == 0.0] = np.inf
        return day

    running = [clock for clock in Clock if not hazards.tables[clock].never]

    def first(clocks: Sequence[Clock], days: list[FloatArray], count: int) -> tuple[FloatArray, IntArray]:
        """(the earliest day, its clock); of equal days the first clock's."""
        day, clock = np.full(count, np.inf), np.full(count, -1)
        for number, found in zip(clocks, days, strict=True):
            sooner = found < day
            clock[sooner] = int(number)
            day = np.fmin(found, day)
        return day, clock

    everybody = slice(None)
    day, clock = first(running, [event(c, everybody, None, multipliers[c]) for c in running], len(referral))
    progresses = clock == int(Clock.PROGRESSION)
    progression = np.where(progresses, day, np.inf)
    stays = np.flatnonzero(progresses & (eligibility >= hazards.ends_eligibility))
    if len(stays):
        others = [c for c in running if c != Clock.PROGRESSION]
        slower = [multipliers[c, stays] * book.after_progression[c] for c in others]
        later = [event(c, stays, day[stays], m) for c, m in zip(others, slower, strict=True)]
        day[stays], clock[stays] = first(others, later, len(stays))
    return day, clock, progression
