"""What patients in progress bring to the first day: milestones, ends of stages, and the hazards they have survived."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from sim.pieces.clocks import Clock, ClockBook
from sim.pieces.endings import ends
from sim.pieces.in_progress import PREFIX, TODAY, Rest, rests, variant
from sim.pieces.luck import IN_PROGRESS, Luck
from sim.pieces.strategies import path_and_resources
from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.scenario import Scenario
from sim.scenario.in_progress import UnderWay


def rows_of(scenario: Scenario, region: str) -> tuple[UnderWay, ...]:
    """Those in progress in a region, in the order of the register: number k of the region is entry k."""
    its = () if scenario.in_progress is None else scenario.in_progress.file.patients
    return tuple(sorted((one for one in its if one.region == region), key=lambda one: one.row))


@dataclass(frozen=True, eq=False)
class Lived:
    """Of everybody in a cohort: `who` is in progress, and what they bring; entries of the others say nothing.

    `place`: which row of the file, -1 for none. `hazards`: the cumulative hazards survived by the first day, shape
    (clocks, patients), that of progression up to the progression of who has progressed. `anew`: that of a progression
    clock that started anew at apheresis. `progressed`: who has progressed; `anew_runs`: before their apheresis.
    """

    who: BoolArray
    place: IntArray
    rows: tuple[UnderWay, ...]
    hazards: FloatArray
    anew: FloatArray
    progressed: BoolArray
    anew_runs: BoolArray

    def column(self, name: str) -> FloatArray:
        """A number of each one's row; NaN for the others."""
        found = np.full(len(self.place), np.nan)
        of_rows = np.array([getattr(one, name) for one in self.rows], dtype=np.float64)
        found[self.who] = of_rows[self.place[self.who]]
        return found


def lived(scenario: Scenario, book: ClockBook, luck: Luck, multipliers: FloatArray) -> Lived | None:
    """What those in progress bring; None where nobody is. `multipliers`: of risk groups, shape (clocks, patients)."""
    if scenario.in_progress is None:
        return None
    count = sum(block.count for block in luck.blocks)
    place, rows = np.full(count, -1, dtype=np.int64), list[UnderWay]()
    for region in scenario.regions:
        mine = rows_of(scenario, region)
        for block in luck.blocks:
            if block.region == region and block.source == IN_PROGRESS and block.course == 1:
                place[block.first : block.first + block.count] = len(rows) + np.arange(block.count)
        rows += mine
    none = np.zeros((len(Clock), count))
    found = Lived(place >= 0, place, tuple(rows), none, np.zeros(count), np.zeros(count, bool), np.zeros(count, bool))
    return _with_hazards(scenario, book, luck, multipliers, found)


def _with_hazards(scenario: Scenario, book: ClockBook, luck: Luck, multipliers: FloatArray, found: Lived) -> Lived:
    who = np.flatnonzero(found.who)
    referral, apheresis, progression = (
        -found.column(f"{n}_days")[who] for n in ("referral", "apheresis", "progressed")
    )
    switches = "after_apheresis" in book.sets
    collected, progressed = np.isfinite(apheresis), np.isfinite(progression)
    slow_from, slow_until, slowed = _bridged(scenario, luck, found, who)
    # from one of these days to the next nothing changes
    cuts = np.sort(np.stack([referral, np.where(collected, apheresis, 0.0), np.where(progressed, progression, 0.0),
                             slow_from, slow_until, np.zeros(len(who))]).clip(referral, 0.0), axis=0)  # fmt: skip
    hazards, anew = np.zeros((len(Clock), len(who))), np.zeros(len(who))
    before_progression = progressed & collected & (progression < apheresis)
    for start, end in pairwise(cuts):
        late = collected & (start >= apheresis) & switches
        after = progressed & (start >= progression)
        for clock in Clock:
            for name, which in ((book.first, ~late), ("after_apheresis", late)):
                if not which.any():
                    continue
                table = book.sets[name].tables[clock]
                origin = np.where(late, apheresis, referral)
                grown = np.where(which, table.hazard(np.where(which, end - origin, 0.0)), 0.0)
                grown -= np.where(which, table.hazard(np.where(which, start - origin, 0.0)), 0.0)
                factor = multipliers[clock, who] * np.where(after, book.after_progression[clock], 1.0)
                if clock == Clock.PROGRESSION:
                    factor = factor * np.where((start >= slow_from) & (start < slow_until), slowed, 1.0)
                    anew += np.where(before_progression & late, factor * grown, 0.0)
                    factor = np.where(after, 0.0, factor)
                hazards[clock] += factor * grown
    found.hazards[:, who], found.anew[who] = hazards, anew
    found.progressed[who], found.anew_runs[who] = progressed, before_progression & switches & book.anew
    return found


def _bridged(scenario: Scenario, luck: Luck, found: Lived, who: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(first day, last day, multiplier) of bridging that slows the disease, by the draws that the path asks for."""
    nothing = np.zeros(len(who))
    bridging = scenario.bridging
    if bridging.hazard == 1.0 or bridging.share == 0.0 or bridging.response == 0.0 or not len(who):
        return nothing, nothing, np.ones(len(who))
    apheresis = -found.column("apheresis_days")[who]
    given = np.isfinite(apheresis)
    for purpose, share in (("bridging.share", bridging.share), ("bridging.response", bridging.response)):
        if share < 1.0:
            given &= luck.of(purpose)[who] < share
    start = bridging.start
    delay = np.full(len(who), start.mean()) if start.is_fixed else start.quantile(luck.of("bridging.start")[who])
    conditioned = np.array([one.state == "lymphodepletion" for one in found.rows], dtype=bool)[found.place[who]]
    until = np.where(conditioned, -found.column("days")[who], 0.0)
    first = np.where(given, np.minimum(apheresis + delay, 0.0), 0.0)
    return first, np.where(given, np.maximum(until, first), 0.0), np.full(len(who), bridging.hazard)


@dataclass(frozen=True, eq=False)
class Carried:
    """What the cohort carries of those in progress."""

    queue_day: FloatArray
    notes: dict[str, FloatArray]
    attempts: dict[str, IntArray]
    flags: dict[str, BoolArray]


def carried(scenario: Scenario, luck: Luck, found: Lived, referral: FloatArray) -> Carried:
    """Days of milestones and of the ends of stages under way, attempts made, flags, and the day of the queue."""
    path, resources = path_and_resources(scenario)
    its = rests(scenario, path, resources)
    count, places = len(referral), [np.flatnonzero(found.place == k) for k in range(len(found.rows))]
    notes: dict[str, FloatArray] = {
        TODAY: np.where(found.who, 0.0, np.nan),
        "apheresis": -found.column("apheresis_days"),
    }
    flags = {flag: np.zeros(count, dtype=bool) for flag in its}
    tried = np.zeros(count, dtype=np.int64)
    drawn: dict[tuple[str, int], FloatArray] = {}

    def draws(who: IntArray, purpose: str, way: int) -> FloatArray:
        """One uniform for each of these."""
        if (purpose, way) not in drawn:
            drawn[purpose, way] = luck.patients((f"{PREFIX}{purpose}",), attempt=way)[0]
        return drawn[purpose, way][who]

    for one, mine in zip(found.rows, places, strict=True):
        rest: Rest = its[variant(one)]
        flags[variant(one)][mine] = True
        tried[mine] = one.attempt - 1
        if one.state != "referral":
            notes.setdefault(one.state, np.full(count, np.nan))[mine] = -one.days
        for name, day in ends(one, rest, partial(draws, mine), len(mine)).items():
            notes.setdefault(f"{PREFIX}{name}", np.full(count, np.nan))[mine] = day
    queue_day = np.where(found.who, -np.nan_to_num(found.column("queue_days")), referral)
    attempts = {"manufacture": tried} if tried.any() else {}
    return Carried(queue_day, notes, attempts, flags)
