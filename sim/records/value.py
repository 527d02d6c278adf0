"""The records of a register as a value: one entry a patient, in days; nothing in it says who a patient is.

Days are whole days since `EPOCH`, NaN where a milestone was not reached by `as_of` or is not recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.tables.words import OUTCOMES, WITHDRAWALS

EPOCH = date(1970, 1, 1)
# In the order of the path; what a register, the patient table and an event log call them.
MILESTONES = (
    "referral", "listing", "slot", "apheresis", "collected", "received_at_factory", "manufacturing", "manufactured",
    "released", "product_received", "lymphodepletion", "infusion", "discharge",
)  # fmt: skip
# What need not come in this order: cells may wait frozen for a slot.
UNORDERED = ("slot",)
INCLUDED_AT = ("referral", "listing", "apheresis", "infusion")
# How a patient's path ended before infusion; `waiting` and `infused` follow from the dates.
ENDS = tuple(name for name in OUTCOMES if name not in ("infused", "waiting"))
# Which of the three clocks took a patient off the path, and the ends that no clock brings about.
CLOCK_OF_END: Mapping[str, str] = {
    "progressed": "progression",
    "died": "death",
    "withdrawn": "removal",
    **dict.fromkeys(WITHDRAWALS, "removal"),
}
CATEGORIES = ("region", "centre", "risk_group", "product")
ATTEMPTS = ("collection", "manufacture")


def day_number(day: date) -> int:
    """Whole days since `EPOCH`."""
    return (day - EPOCH).days


def date_of(number: float) -> date:
    """The date of a day number."""
    return EPOCH + timedelta(days=int(number))


@dataclass(frozen=True, eq=False)
class Records:
    """One entry a patient, in the order of the register.

    `row`: the row of the file, for messages; it identifies nobody outside it. `milestones`: day of each that the
    register has. `entered`: from which day on the patient is in view (left truncation): the beginning of the
    register (`since`), or inclusion, whichever is later. `as_of`: the day of the extract; what had not happened by
    its end is censored. `end_day`, `outcome`: when and how the path ended before infusion, NaN and "" where it did
    not. `followed`: the day up to which the others were followed: as_of, or the last milestone before infusion of
    those who were infused on a day that is not recorded. `progression_day`: when progression before infusion was
    found, and `progression_free_day` the last assessment without it, NaN where it is not recorded. `bridging_day`:
    its start; `booked_for`: the day on which a slot that was given starts, which may be after as_of, NaN where it
    is not recorded; `responded`: 1 or 0, NaN where not recorded. `categories`: text by name, "" where not recorded.
    `attempts`: number by name, NaN where not recorded. `has`: what the register records at all, by the name of the
    field of its file.
    """

    row: IntArray
    as_of: float
    since: float
    included_at: str
    milestones: Mapping[str, FloatArray]
    entered: FloatArray
    end_day: FloatArray
    outcome: NDArray[np.object_]
    followed: FloatArray
    progression_day: FloatArray
    progression_free_day: FloatArray
    bridging_day: FloatArray
    booked_for: FloatArray
    responded: FloatArray
    categories: Mapping[str, NDArray[np.object_]]
    attempts: Mapping[str, FloatArray]
    has: frozenset[str]

    def __len__(self) -> int:
        return len(self.row)

    def day(self, milestone: str) -> FloatArray:
        """The day of a milestone; NaN throughout where the register has none of this name."""
        found = self.milestones.get(milestone)
        return np.full(len(self), np.nan) if found is None else found

    @property
    def infused(self) -> BoolArray:
        """Whether each patient was infused."""
        return np.isfinite(self.day("infusion"))

    @property
    def last_day(self) -> FloatArray:
        """The day up to which each was followed before infusion: infusion, the end of the path, or `followed`."""
        open_end = np.where(np.isnan(self.end_day), self.followed, self.end_day)
        return np.where(self.infused, self.day("infusion"), open_end)

    def of(self, who: Any) -> Records:
        """The records of some of the patients."""

        def cut(values: Any) -> Any:
            if isinstance(values, Mapping):
                return {name: its[who] for name, its in values.items()}
            return values[who] if isinstance(values, np.ndarray) else values

        return replace(self, **{f.name: cut(getattr(self, f.name)) for f in fields(self)})


@dataclass(frozen=True, eq=False)
class Referred:
    """Who was referred when and where, whatever else is doubtful of them."""

    day: FloatArray
    region: NDArray[np.object_]
    centre: NDArray[np.object_]
