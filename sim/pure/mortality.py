"""Death by the larger of two hazards: one that was fitted to patients, and that of people of their age and sex.

A curve of patients holds deaths from all causes, so that the hazard of the population is never added to it: one
threshold is met by the integral of the larger of the two. Both are constant between their knots, and so is the larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.pure.survival import HazardTable

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


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

    def of(self, who: NDArray[np.bool_] | IntArray, day: FloatArray) -> Background:
        """That of some of the patients, from a day of theirs on."""
        return Background(self.knots, self.rates, self.ends, self.table[who], self.age[who] + day)


def background(tables: Sequence[HazardTable], ratio: float, table: IntArray, age: FloatArray) -> Background:
    """The background of patients from life tables (the cumulative hazard by age), a mortality ratio, and their ages.

    `table`: which of the tables is each patient's; `age`: in days.
    """
    ends = np.cumsum([len(each.days) for each in tables])
    knots, rates = (np.concatenate(parts) for parts in zip(*((each.days, each.rates) for each in tables), strict=True))
    return Background(knots, ratio * rates, ends, table, age)


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
) -> tuple[FloatArray, FloatArray]:
    """(days until the larger hazard meets each threshold, infinite where not before `until`; what is left of it then).

    `fitted`: cumulative hazards from day 0 of a clock on, of which each has the one of number `clock`, times `ratio`;
    `people`: the background from day 0 on.
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
    found_day, found_left = np.full(len(threshold), np.inf), threshold.copy()
    who = np.flatnonzero(until > 0.0)
    # what is of those who are still alive, without those who have died since it was last cut down to them
    ratio, until, left, now = ratio[who], until[who], threshold[who], np.zeros(len(who))
    ends = np.cumsum([len(table.days) for table in fitted])
    age, own, theirs = people.age[who], np.concatenate([[0], ends[:-1]])[clock[who]], _places(people)[who]
    rates = np.concatenate([table.rates for table in fitted])
    next_own, next_theirs = np.concatenate([table.days for table in fitted]), people.knots
    next_own, next_theirs = np.append(next_own[1:], np.inf), np.append(next_theirs[1:], np.inf)
    next_own[ends - 1], next_theirs[people.ends - 1] = np.inf, np.inf
    while len(who):
        rate = np.maximum(rates[own] * ratio, people.rates[theirs])
        end_own, end_theirs = next_own[own], next_theirs[theirs] - age
        end = np.minimum(np.minimum(end_own, end_theirs), until)
        with np.errstate(invalid="ignore", divide="ignore"):
            gained = np.where(rate > 0.0, rate * (end - now), 0.0)
            reached = now + left / rate
        dies = (rate > 0.0) & (left <= gained)
        goes_on = ~dies & (end < until)
        left = np.where(dies, 0.0, left - gained)
        if not goes_on.all():
            gone = ~goes_on
            found_left[who[gone]] = left[gone]
            found_day[who[dies]] = reached[dies]
            who, ratio, until, left, age, end = (of[goes_on] for of in (who, ratio, until, left, age, end))
            own, theirs, end_own, end_theirs = (of[goes_on] for of in (own, theirs, end_own, end_theirs))
        own, theirs, now = own + (end == end_own), theirs + (end == end_theirs), end
    return found_day, found_left


def _places(people: Background) -> IntArray:
    """The place of the knot that each is at or behind on the first day, in the table of each."""
    found = np.empty(len(people.table), dtype=np.int64)
    first = 0
    for number, end in enumerate(people.ends.tolist()):
        mine = people.table == number
        found[mine] = first + np.searchsorted(people.knots[first:end], people.age[mine], side="right") - 1
        first = end
    return found
