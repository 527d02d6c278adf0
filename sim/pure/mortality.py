"""Death by the larger of two hazards: one that was fitted to patients, and that of people of their age and sex.

A curve of patients holds deaths from all causes, so that the hazard of the population is never added to it: one
threshold is met by the integral of the larger of the two. Both are constant between their knots, and so is the larger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.pure.survival import HazardTable

# What an engine calls its columns.
Floats: TypeAlias = FloatArray
Ints: TypeAlias = IntArray


@dataclass(frozen=True, eq=False)
class Background:
    """The hazard of people as old as each patient and of the same sex, a multiple of that of the population.

    `knots`, `rates`: of the life tables one after the other, by age in days; the rate holds from its knot on. `ends`:
    the knot at which the next one begins. `table`: which is each patient's; `age`: theirs on the first day, in days.
    """

    knots: FloatArray
    rates: FloatArray
    ends: IntArray
    table: IntArray
    age: FloatArray

    def of(self, who: BoolArray | IntArray, day: FloatArray) -> Background:
        """That of some of the patients, from a day of theirs on."""
        return Background(self.knots, self.rates, self.ends, self.table[who], self.age[who] + day)


def background(tables: Sequence[HazardTable], ratio: float, table: IntArray, age: FloatArray) -> Background:
    """The background of patients from life tables (the cumulative hazard by age), a mortality ratio, and their ages.

    `table`: which of the tables is each patient's; `age`: in days.
    """
    ends = np.cumsum([len(each.days) for each in tables])
    knots, rates = (np.concatenate(parts) for parts in zip(*((each.days, each.rates) for each in tables), strict=True))
    return Background(knots, ratio * rates, ends, table, age)


class Ahead(NamedTuple):
    """What lies before each of some people from day 0 on: knots of both hazards, and the threshold to be met.

    `rates`, `following`: of the fitted clocks one after the other: the hazard from each knot on, and the day of the
    next. `their_rates`, `their_following`: of the population, by age. `own`, `theirs`: the knots at which each is on
    day 0, `age`: theirs on it. `day`, `left`: where the answers go; `left` holds the thresholds.
    """

    rates: Floats
    following: Floats
    their_rates: Floats
    their_following: Floats
    ratio: Floats
    until: Floats
    age: Floats
    own: Ints
    theirs: Ints
    day: Floats
    left: Floats


# What fills in the answers: of each the day on which the threshold is met before `until`, and what is left of it then.
Meet = Callable[[Ahead], None]


def met_together(ahead: Ahead) -> None:
    """Fill in the answers, of all who are still alive at once."""
    who = np.flatnonzero(ahead.until > 0.0)
    # what is of those who are still alive, without those who have died since it was last cut down to them
    ratio, until, age = ahead.ratio[who], ahead.until[who], ahead.age[who]
    own, theirs, left, now = ahead.own[who], ahead.theirs[who], ahead.left[who], np.zeros(len(who))
    while len(who):
        rate = np.maximum(ahead.rates[own] * ratio, ahead.their_rates[theirs])
        end_own, end_theirs = ahead.following[own], ahead.their_following[theirs] - age
        end = np.minimum(np.minimum(end_own, end_theirs), until)
        with np.errstate(invalid="ignore", divide="ignore"):
            gained = np.where(rate > 0.0, rate * (end - now), 0.0)
            reached = now + left / rate
        dies = (rate > 0.0) & (left <= gained)
        goes_on = ~dies & (end < until)
        left = np.where(dies, 0.0, left - gained)
        if not goes_on.all():
            gone = ~goes_on
            ahead.left[who[gone]] = left[gone]
            ahead.day[who[dies]] = reached[dies]
            ratio, until, left, age, end = (of[goes_on] for of in (ratio, until, left, age, end))
            end_own, end_theirs = end_own[goes_on], end_theirs[goes_on]
            who, own, theirs = who[goes_on], own[goes_on], theirs[goes_on]
        own, theirs, now = own + (end == end_own), theirs + (end == end_theirs), end


def met(
    fitted: HazardTable, ratio: FloatArray, people: Background | None, threshold: FloatArray, until: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """As `met_by`, of people who have the same clock."""
    return met_by([fitted], np.zeros(len(threshold), dtype=np.int64), ratio, people, threshold, until)


def met_by(
    fitted: Sequence[HazardTable],
    clock: IntArray,
    ratio: FloatArray,
    people: Background | None,
    threshold: FloatArray,
    until: FloatArray,
    meet: Meet = met_together,
) -> tuple[FloatArray, FloatArray]:
    """(days until the larger hazard meets each threshold, infinite where not before `until`; what is left of it then).

    `fitted`: cumulative hazards from day 0 of a clock on, of which each has the one of number `clock`, times `ratio`;
    `people`: the background from day 0 on. `meet`: which routine walks along them, all to the same numbers.
    """
    if people is None:
        found_day, found_left = np.empty(len(threshold)), np.empty(len(threshold))
        for number, table in enumerate(fitted):
            mine = clock == number
            needed, times, last = threshold[mine], ratio[mine], until[mine]
            with np.errstate(divide="ignore", invalid="ignore"):
                day = np.where(times > 0.0, table.age(needed / times), np.inf)
            found_day[mine] = np.where(day <= last, day, np.inf)
            found_left[mine] = needed - times * table.hazard(np.where(np.isfinite(last), last, 0.0))
        return found_day, found_left
    ends = np.cumsum([len(table.days) for table in fitted])
    following = np.append(np.concatenate([table.days for table in fitted])[1:], np.inf)
    their_following = np.append(people.knots[1:], np.inf)
    following[ends - 1], their_following[people.ends - 1] = np.inf, np.inf
    ahead = Ahead(
        rates=np.concatenate([table.rates for table in fitted]),
        following=following,
        their_rates=people.rates,
        their_following=their_following,
        ratio=ratio,
        until=until,
        age=people.age,
        own=np.concatenate([[0], ends[:-1]])[clock],
        theirs=_places(people),
        day=np.full(len(threshold), np.inf),
        left=threshold.copy(),
    )
    meet(ahead)
    return ahead.day, ahead.left


def _places(people: Background) -> IntArray:
    """The place of the knot that each is at or behind on the first day, in the table of each."""
    found = np.empty(len(people.table), dtype=np.int64)
    first = 0
    for number, end in enumerate(people.ends.tolist()):
        mine = people.table == number
        found[mine] = first + np.searchsorted(people.knots[first:end], people.age[mine], side="right") - 1
        first = end
    return found
