"""The clocks of a scenario fitted to what became of patients before infusion, all of them together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
from scipy.stats import chi2

from sim.fits.bounds import bounds
from sim.fits.few import ENOUGH, FEW, missing, weight_of_base
from sim.fits.hazards import AFTER, CAUSES, WAITING, Histories, Likelihood, Lived, Model
from sim.fits.likelihood import Maximum, aicc, by_preference, maximise
from sim.fits.verdicts import DIFFERS, FITS
from sim.pure.arrays import BoolArray, FloatArray
from sim.pure.survival import Exponential, LogLogistic, Never, Piecewise, Survival, SurvivalTable, Weibull
from sim.records.small import is_small, told

Set = tuple[str, str]
# A clock is called off where a worse fit than this would come of it by chance so rarely.
LEAST_P = 0.01
# Families of a clock by their free parameters, all logarithms: (name in the scenario file, unit).
SHAPES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "exponential": (("rate", "/ d"),),
    "weibull": (("scale", "d"), ("shape", "")),
    "scaled": (("scale", ""),),
}


def shape_of(family: str, free: FloatArray, base: Survival) -> Survival:
    """The survival shape of free parameters."""
    match family:
        case "exponential":
            return Exponential(math.exp(free[0]))
        case "weibull":
            return Weibull(math.exp(free[1]), math.exp(free[0]))
        case _:
            return faster(base, math.exp(free[0]))


def faster(base: Survival, factor: float) -> Survival:
    """The shape with `factor` times its hazard; a TypeError for one that has no parameters for that."""
    match base:
        case Exponential(rate):
            return Exponential(rate * factor)
        case Weibull(shape, scale):
            return Weibull(shape, scale * factor ** (-1.0 / shape))
        case Piecewise(days, rates):
            return Piecewise(days, tuple(rate * factor for rate in rates))
        case SurvivalTable(days, survival, after):
            powered = tuple(s**factor for s in survival)
            return SurvivalTable(days, powered, None if after is None else after * factor)
        case LogLogistic() | _:
            raise TypeError(f"no shape that a factor can change: {base}")


@dataclass(frozen=True, eq=False)
class Clock:
    """One clock of one set: its family and shape, where its free parameters stand, and what it rests on."""

    family: str
    shape: Survival
    places: tuple[int, ...]
    events: int
    n: int
    status: str
    weight_of_base: float
    p_value: float
    aicc: Mapping[str, float]
    note: str
    truncated: int
    bounds: tuple[float, float]

    @property
    def verdict(self) -> str:
        """Whether events by time are those of the fit; "" where that is not tested."""
        return "" if math.isnan(self.p_value) else DIFFERS if self.p_value < LEAST_P else FITS


@dataclass(frozen=True, eq=False)
class Clocks:
    """The fitted clocks, by (set, cause), and the multipliers.

    `groups`: multiplier of each risk group by name, averaging 1 over the shares; `multipliers`: by the name of their
    path. `free`: the joint maximum; `names`: what each of its parameters is; `events`: what each multiplier rests on.
    """

    clocks: Mapping[Set, Clock]
    groups: Mapping[str, float]
    multipliers: Mapping[str, float]
    free: Maximum
    names: tuple[str, ...]
    events: Mapping[str, tuple[int, str]]
    model: Model


@dataclass(frozen=True)
class Ask:
    """What of the clocks is to be fitted: sets and causes with the base's shapes, groups with their shares.

    `base`: the shape of every (set, cause) that runs, fitted or not. `fitted`: those to fit. `shares` and `group_base`:
    share and multiplier of each risk group in the order of its number; `groups_known`: whether the register records
    them, `by_group`: whether their multipliers are fitted.
    `after`: the base's multipliers after progression of death and removal, `eased` that of bridging; `free`: which of
    these three and of the groups are to be fitted.
    """

    base: Mapping[Set, Survival]
    fitted: tuple[Set, ...]
    shares: Mapping[str, float]
    group_base: Mapping[str, float]
    groups_known: bool
    by_group: bool
    after: tuple[float, float]
    eased: float
    frailty: float
    can_ease: bool


MULTIPLIERS = ("clocks.after_progression.death", "clocks.after_progression.removal", "bridging.hazard")


def fit_clocks(h: Histories, ask: Ask, extract: FloatArray) -> Clocks:
    """The joint maximum of all clocks that are to be fitted. `extract`: its day, since the referral of each patient."""
    events = {one: _events(h, one) for one in ask.fitted}
    families = {one: "scaled" if events[one] < FEW else "exponential" for one in ask.fitted}
    scores: dict[Set, dict[str, float]] = {one: {} for one in ask.fitted}
    first = _fit(h, ask, families, events, covariance=False)
    for one in ask.fitted:
        if events[one] >= FEW:
            tried = {family: _fit_one(h, ask, first, one, family) for family in ("exponential", "weibull")}
            scores[one] = {name: aicc(found, len(SHAPES[name]), events[one]) for name, found in tried.items()}
            families[one] = by_preference(scores[one], {name: len(SHAPES[name]) for name in scores[one]})[0]
    best = _fit(h, ask, families, events, covariance=True)
    clocks = {}
    for one in ask.fitted:
        few = missing(events[one]) > 0.0
        status = "fitted" if events[one] >= FEW else "shrunk" if few else "scaled"
        note = "least AICc"
        if events[one] < FEW:
            note = f"{_few(events[one], FEW)}: the base's shape is kept"
            note += f", and the base counts for those that are missing to {ENOUGH}" if few else ""
        shape = shape_of(families[one], best.free.point[list(best.places[one])], ask.base[one])
        p_value = observed_against_expected(h, best, one) if events[one] >= FEW else math.nan
        there = _at_risk(h, one)
        n, late = int(there.sum()), int((there & (h.entry > 0.0)).sum())
        clocks[one] = Clock(
            families[one], shape, best.places[one], events[one], n, status, weight_of_base(events[one]),
            p_value, scores[one], note, late,
            bounds(h, best.model, one, events[one], extract),
        )  # fmt: skip
    groups = dict(zip(ask.shares, best.model.groups.tolist(), strict=True)) if ask.by_group else dict(ask.group_base)
    values = (*best.model.after_progression[1:], best.model.eased)
    fitted = {name: value for name, value in zip(MULTIPLIERS, values, strict=True) if name in best.names}
    rests = {name: _multiplier_events(h, name) for name in fitted}
    return Clocks(clocks, groups, fitted, best.free, best.names, rests, best.model)


@dataclass(frozen=True, eq=False)
class _Joint:
    """A joint maximum: its model, what each free parameter is, and the places of those of each clock."""

    free: Maximum
    model: Model
    names: tuple[str, ...]
    places: Mapping[Set, tuple[int, ...]]


def _fit(h: Histories, ask: Ask, families: Mapping[Set, str], events: Mapping[Set, int], covariance: bool) -> _Joint:
    names: list[str] = []
    start: list[float] = []
    places: dict[Set, tuple[int, ...]] = {}
    for one in ask.fitted:
        places[one] = tuple(range(len(start), len(start) + len(SHAPES[families[one]])))
        names += [f"clocks.{one[0]}.{one[1]}.{families[one]}.{name}" for name, _ in SHAPES[families[one]]]
        start += _start(h, ask, one, families[one], events[one])
    others = list(ask.shares)[1:] if ask.by_group else []
    group_places = tuple(range(len(start), len(start) + len(others)))
    names += [f"patients.risk_groups.{name}.hazard" for name in others]
    start += [0.0] * len(others)
    by_base = dict(zip(MULTIPLIERS, (*ask.after, ask.eased), strict=True))
    free_multipliers: dict[str, int] = {}
    for name in MULTIPLIERS:
        cause = {"clocks.after_progression.death": "death", "clocks.after_progression.removal": "removal"}.get(name)
        runs = any(one[1] == cause for one in ask.fitted) if cause else ask.can_ease
        few = missing(_multiplier_events(h, name)[0]) > 0.0
        # of a multiplier of 0 there is no prior that a few events could change
        if runs and _can_differ(h, name) and not (few and by_base[name] <= 0.0):
            free_multipliers[name] = len(start)
            names.append(name)
            start.append(0.0)
    shares = np.array(list(ask.shares.values()))
    known = np.array(list(ask.group_base.values()) if ask.groups_known else [1.0] * len(shares))
    likelihood = Likelihood(h)
    rests = {name: _multiplier_events(h, name)[0] for name in free_multipliers}

    def model(point: FloatArray) -> Model:
        hazard = {one: ask.base[one].hazard for one in ask.base}
        hazard |= {one: shape_of(families[one], point[list(places[one])], ask.base[one]).hazard for one in ask.fitted}
        if ask.by_group:
            raised = np.exp(np.concatenate([[0.0], point[list(group_places)]]))
            groups = raised / (shares * raised).sum()
        else:
            groups = known
        of = {name: math.exp(point[place]) for name, place in free_multipliers.items()}
        death, removal, eased = (of.get(name, base) for name, base in by_base.items())
        return Model(hazard, groups, (1.0, death, removal), eased, ask.frailty)

    def value(point: FloatArray) -> float:
        total = likelihood(model(point))
        for one in ask.fitted:
            if prior := missing(events[one]):
                total += log_prior(float(point[places[one][0]]), prior)
        for name, place in free_multipliers.items():
            if prior := missing(rests[name]):
                total += log_prior(float(point[place]) - math.log(by_base[name]), prior)
        return total

    best = maximise(value, start, covariance)
    return _Joint(best, model(best.point), tuple(names), places)


def _few(events: int, least: int) -> str:
    return f"{told(events)} events" + ("" if is_small(events) else f", fewer than {least}")


def log_prior(factor: float, events: float) -> float:
    """Logarithm of the density, but for a constant, of the logarithm of a factor by which a hazard or a multiplier
    differs from the base's: a gamma of mean 1 that is worth so many events."""
    return events * (factor - math.exp(factor))


def _start(h: Histories, ask: Ask, one: Set, family: str, events: int) -> list[float]:
    exposure = _exposure(h, one)
    rate = max(events, 0.5) / max(exposure, 1.0)
    if family == "scaled":
        return [0.0]
    return [math.log(rate)] if family == "exponential" else [-math.log(rate), 0.0]


def _exposure(h: Histories, one: Set) -> float:
    name, cause = one
    stop = np.minimum(h.end, h.progressed) if cause == "progression" else h.end
    switch = np.where(np.isfinite(h.switch), h.switch, np.inf)
    if name == WAITING:
        return float(np.maximum(np.minimum(stop, switch) - h.entry, 0.0).sum())
    begun = np.isfinite(h.switch)
    return float(np.maximum(stop - np.maximum(h.switch, h.entry), 0.0)[begun].sum())


def _events(h: Histories, one: Set) -> int:
    name, cause = one
    if cause == "progression":
        day, happened = h.progressed, np.isfinite(h.progressed) & (h.progressed >= h.entry) & (h.progressed <= h.end)
    else:
        day, happened = h.end, h.cause == CAUSES.index(cause)
    after = day >= h.switch
    return int((happened & (after if name == AFTER else ~after)).sum())


def _at_risk(h: Histories, one: Set) -> BoolArray:
    stop = np.minimum(h.end, h.progressed) if one[1] == "progression" else h.end
    if one[0] == WAITING:
        return np.asarray(np.minimum(stop, h.switch) > h.entry)
    return np.asarray(np.isfinite(h.switch) & (stop > np.maximum(h.switch, h.entry)))


def _multiplier_events(h: Histories, name: str) -> tuple[int, str]:
    """(events that a multiplier rests on, of what): of those with it and those without, the fewer."""
    if name == "bridging.hazard":
        seen = np.isfinite(h.progressed) & (h.progressed >= h.entry) & (h.progressed <= h.end)
        holds = (h.response == 1.0) & np.isfinite(h.eased) & (h.progressed >= h.eased)
        without, what = seen & ~holds & (h.progressed >= h.switch), ("progressions after bridging", "without it")
    else:
        cause = 1 if name.endswith("death") else 2
        seen, holds = h.cause == cause, h.progressed <= h.end
        word = "deaths" if cause == 1 else "withdrawals"
        without, what = seen & ~holds, (f"{word} after progression", "before it")
    sides = int((seen & holds).sum()), int(without.sum())
    return (sides[0], what[0]) if sides[0] <= sides[1] else (sides[1], f"{what[0].partition(' ')[0]} {what[1]}")


def _can_differ(h: Histories, name: str) -> bool:
    """Whether anybody was seen for whom a multiplier holds, and anybody for whom it does not."""
    if name == "bridging.hazard":
        holds = (h.response == 1.0) & (np.minimum(h.end, h.progressed) > h.eased)
    else:
        holds = np.isfinite(h.progressed) & (h.end > h.progressed)
    return bool(holds.any() and not holds.all())


def _fit_one(h: Histories, ask: Ask, joint: _Joint, one: Set, family: str) -> float:
    """The log-likelihood with one clock of this family and all else as it is."""
    likelihood = Likelihood(h)

    def value(point: FloatArray) -> float:
        hazard = {**joint.model.hazard, one: shape_of(family, point, ask.base[one]).hazard}
        return likelihood(replace(joint.model, hazard=hazard))

    return maximise(value, _start(h, ask, one, family, _events(h, one)), covariance=False).value


def observed_against_expected(h: Histories, joint: _Joint, one: Set) -> float:
    """P value of events observed and expected in four periods, by quartiles of the days of events (Moreau and others,
    J R Stat Soc C 1985;34:212; without the frailty, which moves little)."""
    (name, cause), model = one, joint.model
    if name == AFTER:
        day = (h.progressed if cause == "progression" else h.end) - np.where(np.isfinite(h.switch), h.switch, np.nan)
    else:
        day = h.progressed if cause == "progression" else h.end
    if cause == "progression":
        happened = np.isfinite(h.progressed) & (h.progressed >= h.entry) & (h.progressed <= h.end)
        stop = np.minimum(h.end, h.progressed)
    else:
        happened, stop = h.cause == CAUSES.index(cause), h.end
    in_set = (h.progressed if cause == "progression" else h.end) >= h.switch
    happened &= in_set if name == AFTER else ~in_set
    cuts = [0.0, *np.quantile(day[happened], [0.25, 0.5, 0.75]).tolist(), math.inf]
    lived = Lived(h, np.where(h.response == 1.0, h.eased, np.inf))
    only = replace(model, hazard={one: model.hazard[one]})
    group = 1.0 if cause == "removal" else model.groups[h.group]
    origin = np.where(np.isfinite(h.switch), h.switch, 0.0) if name == AFTER else np.zeros(len(h))
    statistic = 0.0
    for low, high in pairwise(cuts):
        a = np.clip(origin + low, h.entry, np.maximum(stop, h.entry))
        b = np.clip(origin + high, h.entry, np.maximum(stop, h.entry))
        by = lived.progression if cause == "progression" else partial(lived.other, cause)
        grown = group * (by(b)(only) - by(a)(only))
        expected = float(grown.sum())
        seen = float((happened & (day > low) & (day <= high)).sum())
        statistic += (seen - expected) ** 2 / max(expected, 0.1)
    return float(chi2.sf(statistic, 4 - len(joint.places[one])))


def runs(shape: Survival) -> bool:
    """Whether a clock runs at all."""
    return not isinstance(shape, Never)
