"""Survival curves read off a published figure: repaired by a stated rule, turned into pseudo-records, and fitted.

Pseudo-records are those that give the curve and the numbers at risk under it (Guyot, Ades, Ouwens and Welton, BMC
Medical Research Methodology 2012;12:9). Without numbers at risk but with a number of patients nobody is taken to be
censored before the last day, as the paper has it where neither numbers at risk nor events are known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.fits.curve_choices import FAMILIES
from sim.fits.curves import Curve, Z, kaplan_meier
from sim.fits.likelihood import Maximum, Observed, aicc, by_preference, maximise
from sim.fits.numbers import Number, Row, lognormal, rounded, rounded_clock
from sim.pure.arrays import BoolArray, FloatArray
from sim.pure.survival import Exponential, LogLogistic, Survival, Weibull
from sim.scenario.clock_values import write_clock
from sim.scenario.units import write_number
from sim.tables.words import counted

# A rise of a curve that cannot rise, or a start beside 1, of up to this much is a slip of the hand that digitised it.
SLIP = 0.02
# Rounds in which the numbers censored in an interval settle; the paper's own code has no limit.
MOST_ROUNDS = 200


class CurveError(ValueError):
    """A digitised curve that cannot be one; `row`: the number of the point, from 0, None for the whole."""

    def __init__(self, row: int | None, message: str) -> None:
        super().__init__(message)
        self.row = row


@dataclass(frozen=True, eq=False)
class Digitised:
    """A curve that only falls: days going up from 0, survival from 1; `repairs`: how many points of what kind."""

    day: FloatArray
    survival: FloatArray
    repairs: Mapping[str, int]


def repaired(day: FloatArray, survival: FloatArray) -> Digitised:
    """The curve that the points stand for, in order of days. Raises CurveError.

    A rise of at most 0.02 is lowered to the point before, of points on one day the lowest stays, a start within 0.02
    of survival 1 is put there, and what follows survival 0 is left out.
    """
    counts = {"rises lowered": 0, "points of one day": 0, "start put at 1": 0, "points after survival 0": 0}
    order = np.lexsort((-survival, day))
    days, falls, lowest = [0.0], [1.0], 1.0
    if day[order[0]] > 0.0 or survival[order[0]] != 1.0:
        if day[order[0]] <= 0.0 and survival[order[0]] < 1.0 - SLIP:
            raise CurveError(int(order[0]), f"found survival {survival[order[0]]:g} on day 0; allowed: 1")
        counts["start put at 1"] = 1
    for place in order:
        now, here = float(day[place]), float(survival[place])
        if here > lowest + SLIP:
            raise CurveError(
                int(place),
                f"found survival {here:g} after {lowest:g}; allowed: a curve that falls, or rises by {SLIP:g}",
            )
        if lowest == 0.0:
            counts["points after survival 0"] += 1
            continue
        if here > lowest:
            counts["rises lowered"] += 1
            here = lowest
        if now <= days[-1]:
            if len(days) > 1:
                counts["points of one day"] += 1
                falls[-1] = lowest = here
            continue
        days.append(now)
        falls.append(here)
        lowest = here
    if len(days) < 3:
        raise CurveError(None, f"found {counted(len(days) - 1, 'point')} after day 0; allowed: two or more")
    if lowest == 1.0:
        raise CurveError(None, "never falls below survival 1; there is nothing to fit")
    return Digitised(np.array(days), np.array(falls), {kind: count for kind, count in counts.items() if count})


def pseudo_records(curve: Digitised, risk_day: FloatArray, at_risk: FloatArray) -> tuple[FloatArray, BoolArray]:
    """(day, whether it is an event) of each patient, shape (patients,), in order of days. Raises CurveError.

    `risk_day`, `at_risk`: the numbers at risk, days going up from 0; one number alone is that of all patients.
    """
    if (np.diff(at_risk) > 0).any():
        place = int(np.flatnonzero(np.diff(at_risk) > 0)[0])
        raise CurveError(
            None, f"found {at_risk[place + 1]:g} at risk after {at_risk[place]:g}; allowed: numbers that never go up"
        )
    last = curve.day[-1]
    risk_day, at_risk = risk_day[risk_day < last], at_risk[risk_day < last]
    ends = np.append(risk_day[1:], np.inf)
    days: list[FloatArray] = []
    events: list[BoolArray] = []
    # `base`: the survival that the events so far come to, against which the next ones are counted
    n, base, censored_before = int(at_risk[0]), 1.0, 0
    for number, (start, end) in enumerate(zip(risk_day, ends, strict=True)):
        # who is at risk on a day has not had the event of that day yet
        inside = (curve.day >= start) & (curve.day < end)
        points, falls = curve.day[inside], curve.survival[inside]
        stop = min(end, last)
        if np.isfinite(end):
            target = int(at_risk[number + 1])
            here = falls[-1] if len(falls) else base
            lost = round(n * here / base) - target if base > 0.0 else 0
        else:
            # at the rate of the intervals before, as the paper has it for the last one
            target, past = None, risk_day[-1]
            lost = min(round(censored_before * (last - past) / past), n) if past > 0.0 else 0
        lost = max(lost, 0)
        for _ in range(MOST_ROUNDS):
            found, left, after = _interval(n, base, points, falls, start, stop, lost)
            beyond = min(left, 0) if target is None else left - target
            if not beyond or (beyond < 0 and lost == 0):
                break
            lost = max(lost + beyond, 0)
        censored_before += lost
        days += [found, np.linspace(start, stop, lost + 2)[1:-1]]
        events += [np.ones(len(found), dtype=bool), np.zeros(lost, dtype=bool)]
        n, base = max(left, 0), after
    day, event = np.concatenate([*days, np.full(n, last)]), np.concatenate([*events, np.zeros(n, dtype=bool)])
    order = np.lexsort((~event, day))
    return day[order], event[order]


def _interval(
    n: int, base: float, points: FloatArray, falls: FloatArray, start: float, stop: float, lost: int
) -> tuple[FloatArray, int, float]:
    """(days of events, left at the end, survival that they come to) with `lost` censored evenly over an interval."""
    gone = np.linspace(start, stop, lost + 2)[1:-1]
    before, left, survival = start, n, base
    found: list[float] = []
    for day, fall in zip(points, falls, strict=True):
        left -= int(((gone > before) & (gone <= day)).sum())
        died = 0 if survival <= 0.0 else min(round(left * (1.0 - fall / survival)), max(left, 0))
        if died > 0:
            found += [float(day)] * died
            survival *= 1.0 - died / left
            left -= died
        before = day
    left -= int((gone > before).sum())
    return np.array(found), left, survival


@dataclass(frozen=True, eq=False)
class Fit:
    """A family fitted to pseudo-records: free parameters (logarithms), its shape, criterion, and distance.

    `distance`: the largest one between it and the digitised curve, as a share, and on which day
    """

    family: str
    free: Maximum
    shape: Survival
    aicc: float
    distance: tuple[float, float]


def fit_families(day: FloatArray, event: BoolArray, curve: Digitised) -> list[Fit]:
    """Each family by maximum likelihood, the preferred one first; events lie somewhere since the point before."""
    since = np.where(event, curve.day[np.maximum(np.searchsorted(curve.day, day) - 1, 0)], 0.0)
    start = math.log(max(event.sum(), 0.5) / day.sum())
    found: dict[str, Fit] = {}
    for family, names in FAMILIES.items():
        first = [start] if family == "exponential" else [-start, 0.0]

        def value(point: FloatArray, family: str = family) -> float:
            return _log_likelihood(shape_of(family, point), since, day, event)

        best = maximise(value, first)
        shape = shape_of(family, best.point)
        away = np.abs(np.exp(-shape.hazard(curve.day)) - curve.survival)
        far = int(np.argmax(away))
        score = aicc(best.value, len(names), float(event.sum()))
        found[family] = Fit(family, best, shape, score, (float(away[far]), float(curve.day[far])))
    order = by_preference({name: fit.aicc for name, fit in found.items()}, {n: len(f) for n, f in FAMILIES.items()})
    return [found[name] for name in order]


def shape_of(family: str, free: FloatArray) -> Survival:
    """The survival shape of free parameters."""
    match family:
        case "exponential":
            return Exponential(math.exp(free[0]))
        case "weibull":
            return Weibull(math.exp(free[1]), math.exp(free[0]))
        case _:
            return LogLogistic(math.exp(free[1]), math.exp(free[0]))


def _log_likelihood(shape: Survival, since: FloatArray, day: FloatArray, event: BoolArray) -> float:
    """Events lie between two points of the curve, so their probability is that of the interval."""
    until, before = shape.hazard(day), shape.hazard(since)
    with np.errstate(divide="ignore"):
        fallen = np.log(-np.expm1(before - until))
    return float((fallen - before)[event].sum() - until[~event].sum())


def observed(day: FloatArray, event: BoolArray) -> Curve:
    """The Kaplan-Meier curve of pseudo-records, with its band and numbers at risk."""
    ones, never = np.ones(len(day)), np.full(len(day), np.inf)
    return kaplan_meier(Observed(day, np.where(event, day, np.inf), 0.0 * ones, never, ones, never))


def numbers_of(path: str, fits: list[Fit], event: BoolArray, note: str) -> Number:
    """The preferred family as a clock of the scenario at `path`, a row each parameter, with what is uncertain."""
    best = fits[0]
    others = ", ".join(f"{fit.family} {fit.aicc - best.aicc:+.1f}" for fit in fits[1:])
    away, day = best.distance
    said = f"at most {100 * away:.1f} points from the digitised curve (day {day:.0f}); AICc of others: {others}; {note}"
    rows: list[Row] = []
    uncertain: dict[str, Mapping[str, Mapping[str, object]]] = {}
    mixes: dict[str, Mapping[str, float]] = {}
    counts: dict[str, Any] = {"n": len(event), "events": int(event.sum()), "censored": int((~event).sum())}
    for place, (name, unit) in enumerate(FAMILIES[best.family]):
        log, sd = float(best.free.point[place]), float(best.free.sd[place])
        inner = f"{path}.{best.family}.{name}"
        ends = (math.exp(log), math.exp(log - Z * sd), math.exp(log + Z * sd))
        rows.append(
            Row(path, "fitted", best.family, name, *ends, unit, **counts, weight_of_base=0.0, aicc=best.aicc, note=said)
        )
        uncertain[inner] = lognormal(ends[0], sd, unit)
        mixes[inner] = {inner: 1.0}
    basis = f"pseudo-records of {counted(len(event), 'patient')}, {counted(counts['events'], 'event')}"
    return Number(path, rounded_clock(write_clock(best.shape)), tuple(rows), uncertain, basis, mixes)


def table_of(path: str, curve: Digitised, after: str | None, note: str) -> Number:
    """The curve itself as the survival table of a clock, with its stated tail; nothing of it is uncertain."""
    value: dict[str, object] = {
        "table": [
            [f"{write_number(rounded(day))} d", rounded(survival)]
            for day, survival in zip(curve.day.tolist(), curve.survival.tolist(), strict=True)
        ]
    }
    if after is not None:
        value["after"] = after
    basis = f"{counted(len(curve.day), 'point')} of a curve"
    return Number(path, value, (Row(path, "fitted", "table", note=note),), {}, basis)
