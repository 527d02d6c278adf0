"""Numbers by group: of rows of a batch, by the replication (and whatever else) that each row is of.

A sum adds its rows one after the other, so a group's numbers do not depend on what else is in the batch, to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.pure.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class ByGroup:
    """Which of `groups` groups, numbered from 0, each row is `of`. All results have an entry a group."""

    of: IntArray
    groups: int

    @cached_property
    def edges(self) -> IntArray | None:
        """Where the rows of each group begin, and where the last end; None where they do not stand group by group."""
        in_order = not (self.of[1:] < self.of[:-1]).any()
        return self.of.searchsorted(np.arange(self.groups + 1)) if in_order else None

    def count(self, chosen: BoolArray) -> FloatArray:
        """How many rows are chosen."""
        rows = chosen.nonzero()[0]
        if self.edges is None:
            return np.bincount(self.of[rows], minlength=self.groups).astype(np.float64)
        places = rows.searchsorted(self.edges)
        return (places[1:] - places[:-1]).astype(np.float64)

    def total(self, values: NDArray[Any], chosen: BoolArray) -> FloatArray:
        """The sum of the chosen values."""
        rows = chosen.nonzero()[0]  # picking by a mask takes four times as long
        return np.bincount(self.of[rows], values[rows], minlength=self.groups).astype(np.float64, copy=False)

    def mean(self, values: FloatArray, chosen: BoolArray) -> FloatArray:
        """The mean of the chosen values; NaN where there is none."""
        return ratio(self.total(values, chosen), self.count(chosen))

    def means(self, values: FloatArray) -> FloatArray:
        """The means of several values of all rows, of shape (values, rows): shape (values, groups)."""
        totals = np.zeros((len(values), self.groups))
        if self.edges is None:
            counts = np.bincount(self.of, minlength=self.groups)
            totals[:] = [np.bincount(self.of, each, minlength=self.groups) for each in values]
        else:
            counts = np.diff(self.edges)
            for group in np.flatnonzero(counts):  # row after row, as everywhere
                totals[:, group] = np.cumsum(values[:, self.edges[group] : self.edges[group + 1]], axis=1)[:, -1]
        return ratio(totals, np.broadcast_to(counts.astype(np.float64), totals.shape))

    def share(self, happened: BoolArray, among: BoolArray) -> FloatArray:
        """The share of these rows in which it happened; NaN where there is none."""
        return ratio(self.count(happened & among), self.count(among))

    def quantile(self, share: float, values: FloatArray, chosen: BoolArray) -> FloatArray:
        """A quantile of the chosen values, between two of them linearly (as numpy's); NaN where there is none."""
        ordered, counts = self.ordered(values, chosen)
        place = share * np.maximum(counts - 1, 0)
        low = place.astype(np.int64)
        below, above = ordered(low), ordered(np.minimum(low + 1, np.maximum(counts - 1, 0)))
        rest = place - low
        # counted from the nearer of the two, so that equal neighbours give themselves; a median is the middle of both
        nearer = np.where(rest < 0.5, below + (above - below) * rest, above - (above - below) * (1.0 - rest))
        return np.asarray(np.where(rest == 0.5, (below + above) / 2.0, nearer))

    def ordered(self, values: FloatArray, chosen: BoolArray) -> tuple[Any, IntArray]:
        """(a function from a place a group, from 0, to the chosen value in that place by size; how many there are).

        NaN where there is none.
        """
        rows = chosen.nonzero()[0]
        if self.edges is None:
            rows = rows[np.argsort(self.of[rows], kind="stable")]
        counts = np.bincount(self.of[rows], minlength=self.groups)
        ends, found = np.cumsum(counts), np.append(values[rows], np.nan)
        first = ends - counts
        for start, end in zip(first[counts > 1], ends[counts > 1], strict=True):
            found[start:end].sort()

        def at(place: IntArray) -> FloatArray:
            return np.asarray(found[np.where(place < counts, first + place, len(rows))])

        return at, counts

    def within(self, other: IntArray, others: int) -> ByGroup:
        """By these groups, and in each by another number below `others`."""
        return ByGroup(self.of * others + other, self.groups * others)


def ratio(parts: FloatArray, wholes: FloatArray) -> FloatArray:
    """Parts by wholes; NaN where there is no whole."""
    found: FloatArray = np.divide(parts, wholes, out=np.full(np.shape(wholes), np.nan), where=wholes != 0.0)
    return found
