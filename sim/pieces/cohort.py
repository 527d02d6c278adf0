"""The patients of a batch of replications: who is referred when, where to, with which clocks.

Longer than 400 lines because all draws that make a patient stand beside each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from sim.pieces.clocks import Clock, ClockBook
from sim.pieces.lived import Lived, carried, rows_of
from sim.pieces.lived import lived as lived_by
from sim.pieces.luck import IN_PROGRESS, WAITING, Block, Luck
from sim.pieces.policies import own_ranks
from sim.pieces.referred import referred
from sim.pieces.returning import survivors
from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.pure.frailty import INDEPENDENT, Frailty, draw_frailty
from sim.pure.streams import Uniforms, uniforms
from sim.scenario import Scenario

# The clocks that a patient's frailty acts on; who leaves for another reason does not do so because they are frail.
FRAIL = [Clock.DEATH, Clock.PROGRESSION]


@dataclass(frozen=True, eq=False)
class Cohort:
    """All patients of a batch of replications, one entry each; days since the start of the scenario.

    `replication`: its place in the batch, in which replications follow each other.
    `thresholds`, `group_multipliers`: shape (3, patients), by `Clock`; infinite thresholds where a clock never runs.
    `leave_day`, `leave_clock`, `progression_day`: what the waiting clocks alone make of the patient.
    `anew_threshold`, `anew_eligibility`: for a progression clock that starts anew, infinite and 0 where none does.
    `frailty`: that of the patient, the same in every course; the thresholds depend on it already.
    `flags`: what is known of patients at referral, by name. `ranks`: the patient's own part of their rank, by policy.
    `lived`: who is in progress on the first day; they set out on the path when they were referred. `queue_day`: the day
    by which whoever asks for something on day 0 queues there, unless it is that of referral. `notes`: days of
    milestones that were passed before, and of what is known ahead, by name; NaN where not. `attempts`: those that were
    made before, by name.

    With a second course every patient has a second entry, in the second half of their replication, for when they
    return: its referral is infinite until then, it is never measured, and its clocks run from the day of the return.
    """

    luck: Luck
    replication: IntArray
    region: IntArray
    source: IntArray
    number: IntArray
    centre: IntArray
    group: IntArray
    referral_day: FloatArray
    measured: BoolArray
    thresholds: FloatArray
    group_multipliers: FloatArray
    eligibility: FloatArray
    anew_threshold: FloatArray
    anew_eligibility: FloatArray
    leave_day: FloatArray
    leave_clock: IntArray
    progression_day: FloatArray
    frailty: Frailty = INDEPENDENT
    flags: Mapping[str, BoolArray] = field(default_factory=dict)
    ranks: Mapping[str, FloatArray] = field(default_factory=dict)
    courses: int = 1
    lived: BoolArray | None = None
    queue_day: FloatArray | None = None
    notes: Mapping[str, FloatArray] = field(default_factory=dict)
    attempts: Mapping[str, IntArray] = field(default_factory=dict)

    @property
    def begin_day(self) -> FloatArray:
        """The day on which each sets out on the path: of referral, or the first day for who waits by then."""
        on_day = np.maximum(self.referral_day, 0.0)
        return on_day if self.lived is None else np.where(self.lived, self.referral_day, on_day)

    @property
    def queues_by(self) -> FloatArray:
        """The day by which whoever asks for something on day 0 queues there."""
        return self.referral_day if self.queue_day is None else self.queue_day

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Who they are, in order."""
        return self.luck.blocks

    @cached_property
    def first(self) -> IntArray:
        """Where each replication begins, and where the last one ends."""
        return np.searchsorted(self.replication, np.arange(len(self.luck.replications) + 1))

    @cached_property
    def course(self) -> IntArray:
        """The course that each entry is of, from 1."""
        if self.courses == 1:
            return np.ones(len(self.replication), dtype=np.int64)
        return 1 + self._within // np.maximum(self._people[self.replication], 1)

    @cached_property
    def person(self) -> IntArray:
        """The place of the first course of each entry's patient."""
        if self.courses == 1:
            return np.arange(len(self.replication))
        return self.first[self.replication] + self._within % np.maximum(self._people[self.replication], 1)

    @cached_property
    def _within(self) -> IntArray:
        """The place of each entry in its replication."""
        return np.arange(len(self.replication)) - self.first[self.replication]

    @property
    def _people(self) -> IntArray:
        """How many patients each replication has."""
        return np.diff(self.first) // self.courses

    def alone(self, k: int) -> Cohort:
        """The patients of replication k of the batch, as if it had been drawn alone."""
        if len(self.luck.replications) == 1:
            return self
        mine = slice(int(self.first[k]), int(self.first[k + 1]))

        def cut(values: Any) -> Any:
            if isinstance(values, Mapping):
                return {name: its[mine] for name, its in values.items()}
            if isinstance(values, Frailty):
                return values.of(mine)
            return values[..., mine] if isinstance(values, np.ndarray) else values

        columns = {f.name: cut(getattr(self, f.name)) for f in fields(self)}
        alone = np.zeros(mine.stop - mine.start, dtype=np.int64)
        return Cohort(**{**columns, "luck": self.luck.alone(k), "replication": alone})


def draw_cohort(
    scenario: Scenario,
    book: ClockBook,
    replications: Sequence[int],
    parameter_set: int = 0,
    draw: Uniforms = uniforms,
    until: float = math.inf,
) -> tuple[Cohort, Luck]:
    """The patients referred up to the last day on which anybody is followed, and the luck of all that befalls them.

    Of a batch of replications; those of each are the same as if it had been drawn alone. `until`: those whom chance
    refers from that day on are left out, which moves nothing of the others.
    """
    run = scenario.run
    luck = Luck(run.seed, np.array(replications, dtype=np.int64), parameter_set=parameter_set, draw=draw)
    courses = 1 if scenario.later_course is None else 2
    blocks, days = referred(scenario, luck, min(run.days, until), courses)
    luck = replace(luck, blocks=tuple(blocks))
    counts = [b.count for b in blocks]

    def each(values: list[int]) -> IntArray:
        return np.repeat(np.array(values, dtype=np.int64), counts)

    referral = np.concatenate([*days, np.empty(0)])
    replication = each([b.replication for b in blocks])
    for_life: Any = slice(None) if courses == 1 else _first_courses(blocks)
    regions = list(scenario.regions)
    region = each([regions.index(b.region) for b in blocks])
    group = _drawn_group(scenario, luck)[for_life]
    hazard = np.array([g.hazard for g in scenario.patients.risk_groups.values()])[group]
    multipliers = np.ones((len(Clock), len(hazard)))
    multipliers[[Clock.DEATH, Clock.PROGRESSION]] = hazard
    certain = all(hazards.ends_eligibility in (0.0, 1.0) for hazards in book.sets.values())
    eligibility = np.zeros(len(referral)) if certain else luck.of("eligibility")
    waiting = each([int(b.source == WAITING and b.course == 1) for b in blocks]).astype(bool)
    under_way = lived_by(scenario, book, luck, multipliers)
    lived = None
    if under_way is not None:
        lived = under_way.hazards
        eligibility = np.where(under_way.progressed, 1.0, eligibility)
    elif waiting.any():
        lived = _survived_to_the_start(book, referral, multipliers, waiting)
    frailty = _drawn_frailty(scenario, luck, lived, under_way).of(for_life)
    thresholds = _thresholds(book, luck, len(referral), frailty, lived)
    if under_way is not None and lived is not None:
        # who has progressed did so when the hazard lived by then had been lived
        thresholds[Clock.PROGRESSION, under_way.progressed] = lived[Clock.PROGRESSION, under_way.progressed]
    # who is not back yet never leaves
    leave_day, leave_clock, progression_day = first_leave(book, referral, thresholds, multipliers, eligibility)
    centre = _drawn_centre(scenario, luck, region)[for_life]
    anew = np.zeros(len(referral)) if under_way is None else under_way.anew
    brought = None if under_way is None else carried(scenario, luck, under_way, referral)
    under_way_on_day_0 = np.zeros(len(referral), dtype=bool) if under_way is None else under_way.who
    cohort = Cohort(
        luck=luck,
        replication=replication,
        region=region,
        source=each([b.source for b in blocks]),
        number=np.concatenate([np.arange(c) for c in counts]) if counts else np.empty(0, np.int64),
        centre=centre,
        group=group,
        referral_day=referral,
        # a real patient is in no figure of the referred, and in no picture of single ones
        measured=(referral >= run.warm_up) & (referral < run.warm_up + run.window) & ~under_way_on_day_0,
        thresholds=thresholds,
        group_multipliers=multipliers,
        eligibility=eligibility,
        anew_threshold=frailty.tie(_unit_exponentials(luck, "clock/progression/anew"), anew)
        if book.anew
        else np.full(len(referral), np.inf),
        anew_eligibility=luck.of("eligibility/anew") if book.anew else np.zeros(len(referral)),
        leave_day=leave_day,
        leave_clock=leave_clock,
        progression_day=progression_day,
        frailty=frailty,
        flags=_flags(scenario, luck, region, centre, group, waiting)
        | ({} if brought is None else brought.flags)
        | ({} if courses == 1 else dict(survivors(scenario, luck, for_life, group, frailty))),
        ranks=own_ranks(scenario, group, luck.of("lottery") if scenario.waiting_list.policy == "lottery" else None),
        courses=courses,
        lived=None if under_way is None else under_way.who,
        queue_day=None if brought is None else brought.queue_day,
        notes={} if brought is None else brought.notes,
        attempts={} if brought is None else brought.attempts,
    )
    return cohort, luck


def _first_courses(blocks: Sequence[Block]) -> IntArray:
    """The place of the first course of each entry's patient."""
    first = {(b.replication, b.region, b.source): b.first for b in blocks if b.course == 1}
    places = [first[b.replication, b.region, b.source] + np.arange(b.count) for b in blocks]
    return np.concatenate([*places, np.empty(0, np.int64)])


def _thresholds(book: ClockBook, luck: Luck, count: int, frailty: Frailty, lived: FloatArray | None) -> FloatArray:
    """Thresholds of shape (3, patients), by `Clock`: unit exponentials, above the hazard that has been `lived`.

    A unit exponential that is known to be above u is u plus a unit exponential: the clocks of those who wait already
    are conditional on nothing having happened yet.
    """
    found = np.full((len(Clock), count), np.inf)
    for clock in Clock:
        if book.runs(clock):
            own = _unit_exponentials(luck, f"clock/{clock.name.lower()}")
            there = 0.0 if lived is None else lived[clock]
            found[clock] = frailty.tie(own, there) if clock in FRAIL else own + there
    return found


def _drawn_frailty(scenario: Scenario, luck: Luck, lived: FloatArray | None, under_way: Lived | None) -> Frailty:
    """The frailty of every entry, less for those who have waited and lived, more for who has progressed."""
    strength = scenario.patients.frailty.strength
    if strength == 0.0:
        return INDEPENDENT
    if lived is None or under_way is None:
        return draw_frailty(strength, luck.of("frailty"), None if lived is None else lived[FRAIL])
    survived = np.vstack([lived[FRAIL], under_way.anew])
    return draw_frailty(strength, luck.of("frailty"), survived, under_way.progressed.astype(np.float64))


def _unit_exponentials(luck: Luck, purpose: str) -> FloatArray:
    return -np.log1p(-luck.of(purpose))


def _stated(scenario: Scenario, luck: Luck, found: IntArray, of: str, names: Sequence[str]) -> IntArray:
    """The numbers, but for those in progress what their rows state, where they state it."""
    if scenario.in_progress is None:
        return found
    found = found.copy()
    for block in luck.blocks:
        rows = rows_of(scenario, block.region) if block.source == IN_PROGRESS else ()
        for number, one in enumerate(rows):
            if getattr(one, of):
                found[block.first + number] = names.index(getattr(one, of))
    return found


def _drawn_group(scenario: Scenario, luck: Luck) -> IntArray:
    """The risk group of each entry, of who is on the list on the first day by what is stated of the list."""
    groups = scenario.patients.risk_groups
    if len(groups) == 1:
        return np.zeros(sum(b.count for b in luck.blocks), dtype=np.int64)
    chances = luck.of("risk_group")
    found = _by_share(chances, [group.share for group in groups.values()])
    for block in luck.blocks:
        listed = scenario.regions[block.region].already_waiting
        if block.source == WAITING and listed is not None and listed.risk_groups is not None:
            mine = slice(block.first, block.first + block.count)
            found[mine] = _by_share(chances[mine], [listed.risk_groups.get(name, 0.0) for name in groups])
    return _stated(scenario, luck, found, "risk_group", list(groups))


def _by_share(chances: FloatArray, shares: Sequence[float]) -> IntArray:
    """The number of one of several, from uniforms; the shares sum to 1."""
    # rounding must not leave a last one without a number, nor give them one that has no share
    last = max(place for place, share in enumerate(shares) if share > 0.0)
    return np.minimum(np.searchsorted(np.cumsum(shares), chances, side="right"), last).astype(np.int64)


def _drawn_centre(scenario: Scenario, luck: Luck, region: IntArray) -> IntArray:
    """The centre that treats each patient; drawn only where their region has several."""
    centres = list(scenario.centres)
    ways = [list(r.centre.items()) for r in scenario.regions.values()]
    first = np.array([centres.index(way[0][0]) for way in ways], dtype=np.int64)
    found = first[region]
    if all(len(way) == 1 for way in ways):
        return _stated(scenario, luck, found, "centre", centres)
    drawn = luck.of("centre")
    for place, way in enumerate(ways):
        if len(way) > 1:
            here = region == place
            shares = np.cumsum([share for _, share in way])
            chosen = np.minimum(np.searchsorted(shares, drawn[here], side="right"), len(way) - 1)
            found[here] = np.array([centres.index(name) for name, _ in way], dtype=np.int64)[chosen]
    return _stated(scenario, luck, found, "centre", centres)


def _flags(
    scenario: Scenario, luck: Luck, region: IntArray, centre: IntArray, group: IntArray, waiting: BoolArray
) -> dict[str, BoolArray]:
    """What is known of patients at referral, as far as a path of this scenario may ask for it."""
    found: dict[str, BoolArray] = {}

    def one_each(kind: str, names: Iterable[str], numbers: IntArray) -> None:
        for place, name in enumerate(names):
            found[f"{kind}/{name}"] = numbers == place

    regions = scenario.regions
    if any(not r.travel.is_nothing for r in regions.values()):
        one_each("region", regions, region)
    several = bool(scenario.manufacturing.manufacturers)
    if several or any(d.centre is not None or d.by_number for d in scenario.disruptions.values()):
        one_each("centre", scenario.centres, centre)
    offered_to = () if scenario.alternative is None else scenario.alternative.offered.to
    if several or scenario.hybrid.allogeneic_for or offered_to or scenario.cells.by_risk_group:
        one_each("risk_group", scenario.patients.risk_groups, group)
    if any(r.already_waiting is not None for r in regions.values()):
        found["listed"] = waiting
    if any(r.declines > 0.0 for r in regions.values()):
        share = np.array([r.declines for r in regions.values()])[region]
        # who is in progress has long decided
        first_course = np.repeat(
            [b.course == 1 and b.source != IN_PROGRESS for b in luck.blocks], [b.count for b in luck.blocks]
        )
        found["declines"] = (luck.of("declines") < share) & ~waiting & first_course
    return found


def _survived_to_the_start(
    book: ClockBook, referral: FloatArray, multipliers: FloatArray, waiting: BoolArray
) -> FloatArray:
    """The cumulative hazards, shape (3, patients), that those who wait already have lived through until day 0."""
    lived = np.zeros_like(multipliers)
    for clock in Clock:
        hazard = book.sets[book.first].tables[clock].hazard(-referral[waiting])
        lived[clock, waiting] = multipliers[clock, waiting] * hazard
    return lived


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
