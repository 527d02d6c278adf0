"""Histories of patients against the clocks, and their likelihood: progression, death and other removal side by side.

The clocks compete: what ends a patient's path by one cause censors the others, and each likelihood is of its own hazard
(Prentice and others, Biometrics 1978;34:541). Progression and death share the gamma frailty of the scenario
(`sim/pure/frailty.py`), whose variance v no single time a clock can tell: it is the base's. Given Z, the
hazard of a clock with cumulative hazard H is Z exp(v H) h, so that a history with d of these two events has

    prod h exp(v H)  (1 + v)^(d > 1)  (1 + v A)^-(1/v + d),   A = sum over both clocks of (exp(v H) - 1) / v,

which is exp(-sum H) prod h for v = 0. What is known at entry into view is divided out.

Registers hold dates, and differences of dates are right on average. What ended a path came after everything else that
is recorded of its day. A progression that did not end it came before or after whatever else began on its day, each as
likely by the clock: its hazard is the mean over the day around it, half before and half after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np

from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.records.value import CLOCK_OF_END, MILESTONES, Records

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
    again: BoolArray
    ends: BoolArray
    group: IntArray
    eased: FloatArray
    eased_to: FloatArray
    response: FloatArray

    def __len__(self) -> int:
        return len(self.entry)

    def of(self, who: IntArray) -> Histories:
        """Those of some of the patients."""
        return Histories(**{f.name: getattr(self, f.name)[who] for f in fields(self)})


def histories(
    records: Records, groups: Mapping[str, int], switches: bool, eased: FloatArray, response: FloatArray
) -> Histories:
    """What each patient lived through before infusion. `eased`: day of the register, infinite where never."""
    referral = records.day("referral")
    open_end = ~records.infused & np.isnan(records.end_day)
    end = records.last_day - referral + np.where(open_end, HALF, 0.0)
    clock = [CLOCK_OF_END.get(str(outcome), "") for outcome in records.outcome]
    cause = np.array([CAUSES.index(name) if name else -1 for name in clock], dtype=np.int64)
    collected = records.day("apheresis") - referral
    switch = np.where(np.isnan(collected) | (not switches), np.inf, collected)
    # where the day of apheresis is missing, nobody knows which hazards run from the milestone before it on
    unknown = _hides_apheresis(records) & switches
    end = np.where(unknown, _before_apheresis(records) - referral, end)
    cause = np.where(unknown, -1, cause)
    progressed = np.where(np.isnan(records.progression_day), np.inf, records.progression_day - referral)
    progressed = np.where(unknown & (progressed > end), np.inf, progressed)
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


def _hides_apheresis(records: Records) -> BoolArray:
    """Who was collected on a day that is not recorded: a later milestone is."""
    later = np.zeros(len(records), dtype=bool)
    for name in MILESTONES[MILESTONES.index("apheresis") + 1 :]:
        later |= np.isfinite(records.day(name))
    return later & np.isnan(records.day("apheresis")) & ("apheresis" in records.has)


def _before_apheresis(records: Records) -> FloatArray:
    """The day of the last milestone before apheresis."""
    last = records.day("referral")
    for name in MILESTONES[: MILESTONES.index("apheresis")]:
        last = np.fmax(last, records.day(name))
    return last


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


class Likelihood:
    """The log-likelihood of histories by the model; what does not depend on the model is worked out once.

    Where it is not known whether bridging eased progression, both are weighed by their chances.
    """

    def __init__(self, h: Histories) -> None:
        may = (h.response > 0.0) & np.isfinite(h.eased)
        unsure = may & (h.response < 1.0)
        self._chance = h.response[unsure]
        self._unsure = np.flatnonzero(unsure)
        self._with = _Known(h, np.where(may, h.eased, np.inf))
        self._without = _Known(h.of(self._unsure), np.full(len(self._unsure), np.inf)) if len(self._unsure) else None

    def __call__(self, model: Model) -> float:
        value = self._with(model)
        if self._without is not None:
            both = np.log(self._chance) + value[self._unsure], np.log1p(-self._chance) + self._without(model)
            value[self._unsure] = np.logaddexp(*both)
        return float(value.sum())


class _Known:
    """The log-likelihood of each history, given from when on progression is eased."""

    def __init__(self, h: Histories, eased: FloatArray) -> None:
        self.h, self.lived = h, Lived(h, eased)
        stop = np.minimum(h.end, h.progressed)
        # progression: seen between `free` and `progressed`, or not by the end; it may have come before entry
        seen = np.isfinite(h.progressed) & (h.progressed <= h.end)
        self.before = seen & (h.progressed < h.entry)
        self.exact = seen & ~self.before & (h.free > h.progressed - 1.0)
        self.widely = seen & ~self.before & ~self.exact
        start = np.where(self.widely, np.maximum(h.free, h.entry), stop)
        self.died, self.removed = h.cause == CAUSES.index("death"), h.cause == CAUSES.index("removal")
        self.events = self.exact.astype(float) + self.died + self.before
        lived = self.lived
        self.until, self.later = lived.progression(start), lived.progression(stop)
        self.first = lived.progression(np.minimum(h.entry, stop))
        self.death, self.death_at_entry = lived.other("death", h.end), lived.other("death", h.entry)
        self.removal = lived.other("removal", h.end), lived.other("removal", h.entry)
        self.rates = (
            (self.exact, lived.progression_rate(stop)),
            (self.died, lived.other_rate("death")),
            (self.removed, lived.other_rate("removal")),
        )

    def __call__(self, model: Model) -> FloatArray:
        h, v = self.h, model.frailty
        group = model.groups[h.group]
        until, later, first = (group * q(model) for q in (self.until, self.later, self.first))
        death, death_at_entry = group * self.death(model), group * self.death_at_entry(model)
        value = -(self.removal[0](model) - self.removal[1](model))
        for (happened, rate), times in zip(self.rates, (group, group, np.ones(len(h))), strict=True):
            value += np.where(happened, np.log(np.maximum(times * rate(model), 1e-300)), 0.0)
        whole, narrow = _joint(v, until, death, self.events), _joint(v, later, death, self.events)
        # the chance of progression between two days is the difference of the chances not to have progressed by either
        between = whole + np.log(-np.expm1(np.minimum(narrow - whole, -1e-12)))
        value += np.where(self.widely, between, whole)
        value += v * (np.where(self.exact, until, 0.0) + np.where(self.died, death, 0.0))
        return value - _joint(v, first, death_at_entry, self.before.astype(float))


def log_likelihood(model: Model, h: Histories) -> float:
    """The log-likelihood of histories under one model."""
    return Likelihood(h)(model)


def _joint(v: float, first: FloatArray, second: FloatArray, events: FloatArray) -> FloatArray:
    """Logarithm of E[Z^events exp(-Z A)] for a gamma Z of mean 1 and variance v."""
    if v == 0.0:
        return -(first + second)
    a = sum(np.expm1(np.minimum(v * x, MOST_EXPONENT)) / v for x in (first, second))
    return np.asarray(np.where(events > 1.0, np.log1p(v), 0.0) - (1.0 / v + events) * np.log1p(v * a))


@dataclass(frozen=True, eq=False)
class _Piece:
    """Hazard of one set lived through by some patients between two ages of it; `eased`, `after`: what multiplies it."""

    one: tuple[str, str]
    rows: IntArray
    start: FloatArray
    stop: FloatArray
    eased: bool
    after: bool


@dataclass(frozen=True, eq=False)
class Quantity:
    """A cumulative hazard (or, divided by `width`, a hazard) of each patient, without the multiplier of the group."""

    count: int
    pieces: tuple[_Piece, ...]
    width: FloatArray | None = None

    def __call__(self, model: Model) -> FloatArray:
        found = np.zeros(self.count)
        for piece in self.pieces:
            hazard = model.hazard.get(piece.one)
            if hazard is not None:
                times = model.eased if piece.eased else 1.0
                if piece.after:
                    times *= model.after_progression[CAUSES.index(piece.one[1])]
                found[piece.rows] += times * (hazard(piece.stop) - hazard(piece.start))
        return found if self.width is None else found / self.width


class Lived:
    """The cumulative hazards that each patient has lived through by a day, as functions of the model."""

    def __init__(self, h: Histories, eased: FloatArray) -> None:
        self.h = h
        self.eased = eased
        self.eased_to = np.maximum(eased, h.eased_to)
        self.middle = np.where(np.isfinite(h.progressed), (h.free + h.progressed) / 2.0, np.inf)

    def _pieces(
        self, cause: str, start: FloatArray, stop: FloatArray, eased: bool = False, after: bool = False
    ) -> list[_Piece]:
        """The hazard of a clock between two days, by set."""
        switch = self.h.switch
        origin = np.where(np.isfinite(switch), switch, 0.0)
        found = []
        for name, a, b, zero in (
            (WAITING, start, np.minimum(stop, switch), np.zeros(len(start))),
            (AFTER, np.maximum(start, switch), stop, origin),
        ):
            rows = np.flatnonzero(b > a)
            if len(rows):
                found.append(_Piece((name, cause), rows, (a - zero)[rows], (b - zero)[rows], eased, after))
        return found

    def progression(self, by: FloatArray) -> Quantity:
        """That of progression, by a day not after progression."""
        return Quantity(len(by), self._progression(np.zeros(len(by)), by))

    def _progression(self, start: FloatArray, stop: FloatArray) -> tuple[_Piece, ...]:
        """That of progression between two days: as it is, eased, and as it is again."""
        first, last = np.clip(self.eased, start, stop), np.clip(self.eased_to, start, stop)
        eased = self._pieces("progression", first, last, eased=True)
        return (*self._pieces("progression", start, first), *eased, *self._pieces("progression", last, stop))

    def other(self, cause: str, by: FloatArray) -> Quantity:
        """That of another clock, which may run faster after progression."""
        return Quantity(len(by), self._other(cause, np.zeros(len(by)), by))

    def _other(self, cause: str, start: FloatArray, stop: FloatArray) -> tuple[_Piece, ...]:
        cut = np.clip(self.middle, start, stop)
        return (*self._pieces(cause, start, cut), *self._pieces(cause, cut, stop, after=True))

    def progression_rate(self, on: FloatArray) -> Quantity:
        """The hazard a day of progression on its day."""
        low, high = _around(on, self.h.ends, self.h.switch, self.eased, self.eased_to)
        return Quantity(len(on), self._progression(low, high), high - low)

    def other_rate(self, cause: str) -> Quantity:
        """The hazard a day of another clock on the last day."""
        on = self.h.end
        low, high = _around(on, np.ones(len(on), dtype=bool), self.h.switch, self.middle)
        return Quantity(len(on), self._other(cause, low, high), high - low)


def _around(on: FloatArray, ended: BoolArray, *changes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The day around an event; of those that ended the path, after all that had changed by then."""
    start = np.zeros(len(on))
    for change in changes:
        start = np.where(ended & (change <= on), np.maximum(start, change), start)
    return np.maximum(on - HALF, start), np.maximum(on + HALF, start + HALF)
