"""What measured patients were given, or went through, beyond what their milestones say, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.courses import Courses
from sim.pure.arrays import FloatArray, IntArray
from sim.pure.discounting import DAYS_PER_MONTH, single, stream
from sim.scenario import Scenario
from sim.scenario.economics import Economics, GradeValue

# Path of the price of a product that is not infused, before its kind.
UNUSED = "costs.unused_product."
INTENSIVE = "costs.icu_day"
IN_HOSPITAL = ("costs.bed_day", INTENSIVE)


@dataclass(frozen=True, eq=False)
class Item:
    """What patients were given, or went through, beyond what their milestones say: a row of `quantities.parquet` each.

    `path`: of its price, in the section `economics`. `who`: place among the courses of the measured. `units`: how many;
    below 0 what something else replaces. Days since the first referral; `end` NaN for what is paid once and does not
    last. `a_day`: whether units are of each day from `start` to `end`.
    """

    path: str
    category: str
    who: IntArray
    units: FloatArray
    start: FloatArray
    end: FloatArray
    a_day: bool = False

    def price(self, economics: Economics) -> float:
        """Of a unit, or of a day of one."""
        return price_of(self.path, economics)

    def utility_loss(self, economics: Economics) -> float:
        """Utility lost from `start` to `end`, a unit: on days in the hospital, and by toxicity."""
        if self.path in IN_HOSPITAL:
            return economics.utilities.hospital_loss
        section, *keys = self.path.split(".")
        return economics.toxicity.events[keys[0]][keys[1]].utility_loss if section == "toxicity" else 0.0

    def present(self, annual_rates: Sequence[float], horizon: float | FloatArray) -> FloatArray:
        """The present values of its units, or of its days, at each of these rates; shape (rates, rows)."""
        if self.a_day:
            return np.asarray(self.units * stream(self.start, self.end, annual_rates, horizon))
        return np.asarray(self.units * single(self.start, annual_rates, horizon))

    def by_course(self, amounts: FloatArray, courses: int) -> FloatArray:
        """The amounts of its rows, summed over each course's; shape (rates, courses)."""
        return np.stack([np.bincount(self.who, row, minlength=courses) for row in amounts])


def items(c: Courses, s: Scenario) -> Iterator[Item]:
    """The items of all measured patients, in a steady order."""
    never = np.full(len(c.rows), np.nan)
    yield _of_each("costs.apheresis", "apheresis", c.passes("repeat_apheresis"), c.day("repeat_apheresis"), never)
    for product, count in _unused(c).items():
        yield _of_each(f"{UNUSED}{product}", "unused_product", count, c.left, never)
    if c.economics.costs.holding_month > 0.0:
        # how long it lasts is drawn, and no milestone
        begun, ended = c.held
        who = np.flatnonzero(ended > begun)
        share = np.full(len(who), 1.0 / DAYS_PER_MONTH)
        yield Item("costs.holding_month", "bridging", who, share, begun[who], ended[who], a_day=True)
    stays = [("costs.bed_day", 1.0, c.beds), ("costs.icu_day", 1.0, c.intensive)]
    if s.toxicity.icu.bed == "kept":
        # a bed that is kept through intensive care has been counted, and is replaced
        stays.append(("costs.bed_day", -1.0, c.intensive))
    for path, units, (who, start, end) in stays:
        until = np.minimum(end, c.until[who])
        there = np.isfinite(start) & (until > start)
        each: FloatArray = np.full(int(there.sum()), units, dtype=np.float64)
        yield Item(path, "hospital", who[there], each, start[there], until[there], a_day=True)
    for event, values in c.economics.toxicity.events.items():
        for grade, value in values.items():
            onset = c.day(f"{event}/{grade}")
            over = np.maximum(np.minimum(onset + value.lasts, c.until), onset)
            yield _of_each(f"toxicity.{event}.{grade}", "toxicity", np.ones(len(c.rows)), onset, over)


def _of_each(path: str, category: str, units: NDArray[Any], start: FloatArray, end: FloatArray) -> Item:
    """An item of those to whom it happened, from an entry a course."""
    who = np.flatnonzero((units > 0) & np.isfinite(start))
    return Item(path, category, who, units[who].astype(np.float64), start[who], end[who])


def price_of(path: str, economics: Economics) -> float:
    """The price at a path in the section `economics`; that of an unused product may follow the product's."""
    if path.startswith(UNUSED):
        return economics.costs.unused_price(path.removeprefix(UNUSED))
    if path == INTENSIVE:
        return economics.costs.intensive_day
    value: Any = economics
    for key in path.split("."):
        value = value[key] if isinstance(value, Mapping) else getattr(value, key)
    return float(value.cost if isinstance(value, GradeValue) else value)


def _unused(c: Courses) -> dict[str, IntArray]:
    """How many priced products of each course were begun or drawn, and not infused; none where that is not in view."""
    if not c.economics.in_view(c.economics.costs.unused_paid_by):
        return {}
    infused = ~np.isnan(c.infusion)
    return {
        "autologous": c.batches * np.maximum(c.passes("manufacturing") - (infused & ~c.off_the_shelf), 0),
        "allogeneic": np.maximum(c.passes("dose") - (infused & c.off_the_shelf), 0),
    }
