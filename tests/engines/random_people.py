"""Random patients for random protocols: arrivals that tie, initial lists, later courses, flags, ranks, sharp clocks."""

from __future__ import annotations

from random import Random

import numpy as np

from sim.pieces.clocks import ClockBook, ClockSet
from sim.pieces.cohort import Cohort, first_leave
from sim.pieces.luck import LISTED, Block, Luck
from sim.pure.arrays import FloatArray
from sim.pure.survival import HazardTable

FLAGS = ("frail", "rare")
# One unit of hazard a day: with whole thresholds, a clock strikes on a whole day.
DAILY = ((0.0, 0.0, 1.0),)
TABLES = (
    DAILY,
    DAILY,
    ((0.0, 0.0, 0.0),),
    ((0.0, 0.0, 0.25), (20.0, 5.0, 2.0)),
    ((0.0, 0.0, 1.0), (10.0, 10.0, 0.0), (30.0, 10.0, 1.0)),
)


def random_book(r: Random) -> ClockBook:
    """The hazards of waiting and those after a switch."""
    sets = {name: _clock_set(r) for name in ("waiting", "after")}
    return ClockBook(sets, first="waiting", after_progression=(r.choice([1.0, 2.0]), 1.0, r.choice([0.0, 1.0, 4.0])))


def _clock_set(r: Random) -> ClockSet:
    death, progression, removal = (_table(r) for _ in range(3))
    return ClockSet((death, progression, removal), r.choice([0.0, 0.3, 1.0]))


def _table(r: Random) -> HazardTable:
    days, hazards, rates = np.array(r.choice(TABLES)).T.copy()
    return HazardTable(days, hazards, rates)


def random_people(r: Random, book: ClockBook, centres: int, whole: bool, courses: int) -> tuple[Cohort, Luck]:
    """A cohort and its luck. Those on the initial list are still waiting on day 0."""
    draw = np.random.default_rng(r.randrange(1 << 30))
    first = r.randint(6, 28)
    count = first * courses
    days = [float(5 * r.randint(0, 12)) if whole else r.choice([0.0, r.uniform(0.0, 70.0)]) for _ in range(first)]
    if r.random() < 0.4:  # some have been waiting when it all begins
        days[: first // 3] = [-float(r.randint(1, 40)) if whole else -r.uniform(0.0, 40.0) for _ in range(first // 3)]
    referral = np.array([*days, *[np.inf] * (count - first)])
    multipliers = draw.choice([0.5, 1.0, 1.0, 2.0], size=(3, count))
    thresholds = _thresholds(draw, book, referral, multipliers, whole)
    eligibility = draw.random(count)
    leave, clock, progression = first_leave(
        book, referral[:first], thresholds[:, :first], multipliers[:, :first], eligibility[:first]
    )
    later = np.full(count - first, np.inf)
    blocks = tuple(Block("here", LISTED, first * k, first, course=k + 1) for k in range(courses))
    luck = Luck(r.randrange(1000), np.zeros(1, dtype=np.int64), blocks)
    cohort = Cohort(
        luck=luck,
        replication=np.zeros(count, np.int64),
        region=np.zeros(count, np.int64),
        source=np.full(count, LISTED),
        number=np.tile(np.arange(first), courses),
        centre=np.tile(draw.integers(centres, size=first), courses),
        group=np.zeros(count, np.int64),
        referral_day=referral,
        measured=(np.arange(count) < first) & (referral >= 0.0),
        thresholds=thresholds,
        group_multipliers=multipliers,
        eligibility=eligibility,
        anew_threshold=np.ceil(draw.exponential(20.0, count)),
        anew_eligibility=draw.random(count),
        leave_day=np.concatenate([leave, later]),
        leave_clock=np.concatenate([clock, np.full(len(later), -1)]),
        progression_day=np.concatenate([progression, later]),
        flags={name: draw.random(count) < 0.4 for name in FLAGS},
        ranks={"own": draw.integers(-1, 2, size=count).astype(float), "lottery": draw.random(count)},
        courses=courses,
    )
    return cohort, luck


def _thresholds(
    draw: np.random.Generator, book: ClockBook, referral: FloatArray, multipliers: FloatArray, whole: bool
) -> FloatArray:
    """Thresholds that nobody has reached by day 0."""
    found = draw.exponential(35.0, (3, len(referral)))
    if whole:
        found = np.ceil(found / 5.0) * 5.0
    waited = np.where(referral < 0.0, -referral, 0.0)
    for clock, table in enumerate(book.sets[book.first].tables):
        found[clock] += np.where(waited > 0.0, 2.0 * np.asarray(table.hazard(waited)) * multipliers[clock] + 1.0, 0.0)
    return found
