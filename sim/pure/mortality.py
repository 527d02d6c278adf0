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

    `knots`, `rates`: of the life tables one after the other, by age in days; the rate holds from its knot on. `first`,
    `last`: the place of each patient's table among them; `age`: their age on the first day, in days.
    """

    knots: FloatArray
    rates: FloatArray
    first: IntArray
    last: IntArray
    age: FloatArray

    def of(self, who: NDArray[np.bool_], day: FloatArray) -> Background:
        """That of some of the patients, from a day of theirs on."""
        return Background(self.knots, self.rates, self.first[who], self.last[who], self.age[who] + day)


def background(tables: Sequence[HazardTable], ratio: float, table: IntArray, age: FloatArray) -> Background:
    """The background of patients from life tables (the cumulative hazard by age), a mortality ratio, and their ages.

    `table`: which of the tables is each patient's; `age`: in days.
    """
    sizes = np.array([len(each.days) for each in tables])
    ends = np.cumsum(sizes)
    knots, rates = (np.concatenate(parts) for parts in zip(*((each.days, each.rates) for each in tables), strict=True))
    return Background(knots, ratio * rates, (ends - sizes)[table], (ends - 1)[table], age)


def met(
    fitted: HazardTable, ratio: FloatArray, people: Background | None, threshold: FloatArray, until: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(days until the larger hazard meets each threshold, infinite where not before `until`; what is left of it then).

    `fitted`: the cumulative hazard from day 0 of the clock on, times `ratio`; `people`: the background from day 0 on.
    """
    if people is None:
        with np.errstate(divide="ignore", invalid="ignore"):
            day = np.where(ratio > 0.0, fitted.age(threshold / ratio), np.inf)
        lived = np.where(np.isfinite(until), until, 0.0)
        return np.where(day <= until, day, np.inf), threshold - ratio * fitted.hazard(lived)
    day, left, now = np.full(len(threshold), np.inf), threshold.copy(), np.zeros(len(threshold))
    own = np.zeros(len(threshold), dtype=np.int64)
    theirs = _places(people)
    next_own = np.append(fitted.days[1:], np.inf)
    active = np.flatnonzero(until > 0.0)
    while len(active):
        a = active
        rate = np.maximum(fitted.rates[own[a]] * ratio[a], people.rates[theirs[a]])
        birthday = np.where(theirs[a] < people.last[a], people.knots[np.minimum(theirs[a] + 1, people.last[a])], np.inf)
        end_own, end_theirs = next_own[own[a]], birthday - people.age[a]
        end = np.minimum(np.minimum(end_own, end_theirs), until[a])
        with np.errstate(invalid="ignore", divide="ignore"):
            gained = np.where(rate > 0.0, rate * (end - now[a]), 0.0)
            reached = now[a] + left[a] / rate
        dies = (rate > 0.0) & (left[a] <= gained)
        day[a[dies]] = reached[dies]
        left[a] = np.where(dies, 0.0, left[a] - gained)
        now[a] = end
        own[a] += end == end_own
        theirs[a] += end == end_theirs
        active = a[~dies & (end < until[a])]
    return day, left


def _places(people: Background) -> IntArray:
    """The place of the knot that each is at or behind on the first day, in the table of each."""
    found = people.first.copy()
    for first in np.unique(people.first):
        mine = people.first == first
        last = int(people.last[mine][0])
        found[mine] = first + np.searchsorted(people.knots[first : last + 1], people.age[mine], side="right") - 1
    return found
