"""Histories of patients against the clocks, and their likelihood: progression, death and other removal side by side.

The clocks compete: what ends a patient's path by one cause censors the others, and each likelihood is of its own hazard
(Prentice and others, Biometrics 1978;34:541). Progression and death share the gamma frailty of the scenario
(`sim/pure/frailty.py`), whose variance v no single time a clock can tell: it is the base's. Given Z, the
hazard of a clock with cumulative hazard H is Z exp(v H) h, so that a history with d of these two events has

    prod h exp(v H)  (1 + v)^(d > 1)  (1 + v A)^-(1/v + d),   A = sum over both clocks of (exp(v H) - 1) / v,

which is exp(-sum H) prod h for v = 0. What is known at entry into view is divided out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.pure.survival import Survival
from sim.records.value import CLOCK_OF_END, Records

FloatArray = NDArray[np.float64]
Flags = NDArray[np.bool_]
IntArray = NDArray[np.int64]
CAUSES = ("progression", "death", "removal")
WAITING, AFTER = "waiting", "after_apheresis"
MOST_EXPONENT = 700.0
# Half a day: an event on a date is somewhere in that day.
HALF = 0.5


@dataclass(frozen=True, eq=False)
class Histories:
    """One entry a patient; days since referral, infinite where something did not happen in view.

    `entry`: when they came into view; `end`: when their clocks stop: at infusion, at the end of the path, or half a
    day into the last one seen. `cause`: index of the clock that ended the path, -1 where none did. `switch`: apheresis,
    where the second set of hazards takes over. `progressed`: when progression was found, `free`: the last assessment
    before it without (equal to `progressed` where none is recorded). `again`: who progressed before the switch, whose
    further progressions are not recorded. `ends`: whether the first progression ended eligibility. `group`: number of
    the risk group, 0 where there is one. `eased`, `response`: from when on bridging slows progression, and the chance
    that it does; `eased_to`: lymphodepletion, where that ends.
    """

    entry: FloatArray
    end: FloatArray
    cause: IntArray
    switch: FloatArray
    progressed: FloatArray
    free: FloatArray
    again: Flags
    ends: Flags
    group: IntArray
    eased: FloatArray
    eased_to: FloatArray
    response: FloatArray

    def __len__(self) -> int:
        return len(self.entry)


def histories(
    records: Records, groups: Mapping[str, int], switches: bool, eased: FloatArray, response: FloatArray
) -> Histories:
    """What each patient lived through before infusion. `eased`: day of the register, infinite where never."""
    referral = records.day("referral")
    open_end = ~records.infused & np.isnan(records.end_day)
    end = records.last_day - referral + np.where(open_end, HALF, 0.0)
    clock = [CLOCK_OF_END.get(str(outcome), "") for outcome in records.outcome]
    cause = np.array([CAUSES.index(name) if name else -1 for name in clock], dtype=np.int64)
    switch = np.where(np.isnan(records.day("apheresis")) | (not switches), np.inf, records.day("apheresis") - referral)
    progressed = np.where(np.isnan(records.progression_day), np.inf, records.progression_day - referral)
    free = np.where(np.isnan(records.progression_free_day), progressed, records.progression_free_day - referral)
    again = (progressed < switch) & np.isfinite(switch)
    ends = (cause == 0) & ~again
    number = np.array([groups.get(str(name), 0) for name in records.categories["risk_group"]], dtype=np.int64)
    entry = np.maximum(records.entered - referral, 0.0)
    # an event on the day of entry happened after it; a day without length has a little
    end = np.maximum(end, entry + 0.25)
    over = records.day("lymphodepletion") - referral
    return Histories(
        entry=entry,
        end=end,
        cause=cause,
        switch=switch,
        progressed=progressed,
        free=np.minimum(free, progressed),
        again=again,
        ends=ends,
        group=number,
        eased=eased - referral,
        eased_to=np.where(np.isnan(over), np.inf, over),
        response=response,
    )


Hazard = Callable[[FloatArray], FloatArray]
"""A cumulative hazard by days since its origin."""


@dataclass(frozen=True, eq=False)
class Model:
    """Hazards by (set, cause), and multipliers: of groups, after progression by cause, of eased progression."""

    hazard: Mapping[tuple[str, str], Hazard]
    groups: FloatArray
    after_progression: tuple[float, float, float] = (1.0, 1.0, 1.0)
    eased: float = 1.0
    frailty: float = 0.0


def log_likelihood(model: Model, h: Histories) -> float:
    """The log-likelihood of the histories, each with and without response to bridging where that is not known."""
    without = _each(model, h, np.full(len(h), np.inf))
    may = (h.response > 0.0) & np.isfinite(h.eased) & (model.eased != 1.0)
    if not may.any():
        return float(without.sum())
    with_it = _each(model, h, np.where(may, h.eased, np.inf))
    chance = np.where(may, h.response, 0.0)
    with np.errstate(divide="ignore"):
        return float(np.logaddexp(np.log(chance) + with_it, np.log1p(-chance) + without).sum())


def _each(model: Model, h: Histories, eased: FloatArray) -> FloatArray:
    lived = Lived(model, h, eased)
    v = model.frailty
    stop = np.minimum(h.end, h.progressed)
    # progression: seen between `free` and `progressed`, or not by the end; it may have come before entry
    seen = np.isfinite(h.progressed) & (h.progressed <= h.end)
    before = seen & (h.progressed < h.entry)
    exact = seen & ~before & (h.free > h.progressed - 1.0)
    widely = seen & ~before & ~exact
    start = np.maximum(np.where(widely, h.free, stop), np.where(before, 0.0, h.entry))
    until = lived.progression(np.where(widely, start, stop))
    later = lived.progression(stop)
    died = h.cause == CAUSES.index("death")
    death, removal = lived.other(1, h.end), lived.other(2, h.end)
    value = np.zeros(len(h))
    value += np.where(exact, np.log(np.maximum(lived.progression_rate(stop), 1e-300)), 0.0)
    value += np.where(died, np.log(np.maximum(lived.other_rate(1), 1e-300)), 0.0)
    value += np.where(h.cause == 2, np.log(np.maximum(lived.other_rate(2), 1e-300)), 0.0)
    value -= removal - lived.other(2, h.entry)
    first = np.minimum(h.entry, stop)
    at_entry = lived.progression(first), lived.other(1, h.entry)
    events = exact.astype(float) + died + before
    whole = _joint(v, until, death, events)
    narrow = _joint(v, later, death, events)
    # the chance of progression between two days is the difference of the chances not to have progressed by either
    value += np.where(widely, whole + np.log(-np.expm1(np.minimum(narrow - whole, -1e-12))), whole)
    value += v * (np.where(exact | before, until, 0.0) + np.where(died, death, 0.0) - np.where(before, until, 0.0))
    value -= _joint(v, *at_entry, before.astype(float))
    return value


def _joint(v: float, first: FloatArray, second: FloatArray, events: FloatArray) -> FloatArray:
    """Logarithm of E[Z^events exp(-Z A)] for a gamma Z of mean 1 and variance v."""
    if v == 0.0:
        return -(first + second)
    a = sum(np.expm1(np.minimum(v * x, MOST_EXPONENT)) / v for x in (first, second))
    return np.asarray(np.where(events > 1.0, np.log1p(v), 0.0) - (1.0 / v + events) * np.log1p(v * a))


class Lived:
    """The cumulative hazards that each patient has lived through by a day, under a model."""

    def __init__(self, model: Model, h: Histories, eased: FloatArray) -> None:
        self.model, self.h, self.eased = model, h, eased
        self.group = model.groups[h.group]

    def _grown(self, name: str, cause: str, start: FloatArray, stop: FloatArray, origin: FloatArray) -> FloatArray:
        """The hazard between two days of one set, without multipliers; 0 where there is nothing between them."""
        hazard = self.model.hazard.get((name, cause))
        if hazard is None:
            return np.zeros(len(start))
        there = stop > start
        a, b = np.where(there, start - origin, 0.0), np.where(there, stop - origin, 0.0)
        return np.where(there, hazard(b) - hazard(a), 0.0)

    def _between(self, cause: str, start: FloatArray, stop: FloatArray) -> FloatArray:
        """The hazard of a clock between two days over both sets."""
        switch, zero = self.h.switch, np.zeros(len(start))
        waiting = self._grown(WAITING, cause, start, np.minimum(stop, switch), zero)
        origin = np.where(np.isfinite(switch), switch, 0.0)
        return waiting + self._grown(AFTER, cause, np.maximum(start, switch), stop, origin)

    def progression(self, by: FloatArray) -> FloatArray:
        """That of progression, by a day not after progression."""
        zero = np.zeros(len(by))
        first, last = np.minimum(by, self.eased), np.minimum(by, self.h.eased_to)
        last = np.maximum(first, last)
        plain = self._between("progression", zero, first) + self._between("progression", last, by)
        return self.group * (plain + self._between("progression", first, last) * self.model.eased)

    def progression_rate(self, on: FloatArray) -> FloatArray:
        """The hazard a day of progression on its day."""
        low, high = np.maximum(on - HALF, 0.0), on + HALF
        rate = self._rate("progression", low, high, on)
        return np.asarray(
            self.group * np.where((on > self.eased) & (on <= self.h.eased_to), self.model.eased, 1.0) * rate
        )

    def other(self, cause: int, by: FloatArray) -> FloatArray:
        """That of another clock, which may run faster after progression."""
        name, more = CAUSES[cause], self.model.after_progression[cause]
        middle = np.where(np.isfinite(self.h.progressed), (self.h.free + self.h.progressed) / 2.0, np.inf)
        cut = np.minimum(by, middle)
        grown = self._between(name, np.zeros(len(by)), cut) + more * self._between(name, cut, by)
        return self.group * grown if name == "death" else grown

    def other_rate(self, cause: int) -> FloatArray:
        """The hazard a day of another clock on the last day."""
        name, more = CAUSES[cause], self.model.after_progression[cause]
        end = self.h.end
        rate = self._rate(name, np.maximum(end - HALF, 0.0), end + HALF, end)
        rate = rate * np.where(self.h.progressed < end, more, 1.0)
        return self.group * rate if name == "death" else rate

    def _rate(self, cause: str, low: FloatArray, high: FloatArray, on: FloatArray) -> FloatArray:
        after = on > self.h.switch
        origin = np.where(after, self.h.switch, 0.0)
        a, b = np.maximum(low, origin), np.maximum(high, origin + HALF)
        waiting = self._grown(WAITING, cause, a, np.where(after, a, b), np.zeros(len(a)))
        later = self._grown(AFTER, cause, a, np.where(after, b, a), np.where(np.isfinite(origin), origin, 0.0))
        return np.asarray((waiting + later) / (b - a))


def of_shape(shape: Survival) -> Hazard:
    """The cumulative hazard of a survival shape."""
    return shape.hazard
