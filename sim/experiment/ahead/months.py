"""The months ahead of an extract: where they begin and end, by the calendar."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from sim.pure.arrays import FloatArray
from sim.records.value import date_of, day_number


@dataclass(frozen=True)
class Months:
    """So many months from the day after an extract on; `days[k]` begins month k + 1, the last entry ends the last."""

    as_of: float
    days: tuple[float, ...]

    @property
    def count(self) -> int:
        return len(self.days) - 1

    @property
    def start(self) -> date:
        """The first day."""
        return date_of(self.days[0])

    @property
    def length(self) -> float:
        """Days from the first to the end of the last month."""
        return self.days[-1] - self.days[0]

    @property
    def edges(self) -> FloatArray:
        """The same in days since the first."""
        return np.array(self.days) - self.days[0]

    def first(self, month: int) -> date:
        """The first day of a month, counted from 1."""
        return date_of(self.days[month - 1])

    def last(self, month: int) -> date:
        """Its last day."""
        return date_of(self.days[month] - 1.0)


def months_after(as_of: float, count: int) -> Months:
    """So many months after the extract: from the same day of the month to the one before it, or to a month's end."""
    start = date_of(as_of) + timedelta(days=1)
    return Months(as_of, tuple(float(day_number(_later(start, k))) for k in range(count + 1)))


def _later(day: date, months: int) -> date:
    month = day.year * 12 + day.month - 1 + months
    year, place = divmod(month, 12)
    return date(year, place + 1, min(day.day, monthrange(year, place + 1)[1]))
