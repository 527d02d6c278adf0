"""Fitted numbers as a scenario file and a table have them: value, uncertainty, and rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.fits.clocks import SHAPES, Clock, Clocks
from sim.fits.curves import Z
from sim.fits.durations import Stage
from sim.fits.few import ENOUGH, missing, weight_of_base
from sim.fits.likelihood import Observed
from sim.fits.shares import LEAST_P, Referrals, Share
from sim.fits.verdicts import CONSTANT, NOT_CONSTANT
from sim.pure.arrays import FloatArray
from sim.pure.distributions import Distribution, Exponential, Gamma, Lognormal, Weibull
from sim.pure.survival import Exponential as ConstantHazard
from sim.pure.survival import Survival
from sim.pure.survival import Weibull as WeibullHazard
from sim.records.small import told
from sim.scenario.clock_values import write_clock
from sim.scenario.durations import write_duration
from sim.scenario.units import DAYS_PER_UNIT, write_number
from sim.tables.words import counted

DIGITS = 6
MONTH = DAYS_PER_UNIT["month"]


def rounded(value: float) -> float:
    """The value to as many digits as are written."""
    return float(f"{value:.{DIGITS}g}")


def in_unit(value: float, unit: str) -> Any:
    """A number with its unit, as YAML has it."""
    text = write_number(rounded(value))
    return f"{text} {unit}" if unit else (int(text) if text.lstrip("-").isdigit() else float(text))


@dataclass(frozen=True)
class Row:
    """A row of the table of fits; see `sim/tables/records.py` for what its columns mean."""

    path: str
    status: str
    family: str = ""
    parameter: str = ""
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    base: float = math.nan
    n: int | None = None
    events: int | None = None
    censored: int | None = None
    truncated: int | None = None
    weight_of_base: float = math.nan
    aicc: float = math.nan
    p_value: float = math.nan
    verdict: str = ""
    bound_low: float = math.nan
    bound_high: float = math.nan
    note: str = ""


@dataclass(frozen=True)
class Number:
    """A number of the scenario that the records speak of.

    `value`: as YAML has it, None where the base's stays. `uncertain`: by the path of each parameter, as the section
    `uncertainty` has it, without source. `basis`: what it rests on, in words. `mixes`: for those of `uncertain` that
    were fitted together with others, how the logarithm of each moves with the free parameters, by their names.
    """

    path: str
    value: Any
    rows: tuple[Row, ...]
    uncertain: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    basis: str = ""
    mixes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def kept(path: str, why: str, **more: Any) -> Number:
    """A number of which the records cannot speak: the base's stays."""
    return Number(path, None, (Row(path, "base", note=why, **more),))


def _interval(log: float, sd: float) -> tuple[float, float, float]:
    return math.exp(log), math.exp(log - Z * sd), math.exp(min(log + Z * sd, 700.0))


def lognormal(value: float, sd: float, unit: str) -> Mapping[str, Mapping[str, Any]]:
    """The distribution of a number whose logarithm has this standard error, as `uncertainty` has it."""
    return {"lognormal": {"median": in_unit(value, unit), "sigma": rounded(sd)}}


SCALES: Mapping[type, tuple[str, str]] = {
    Lognormal: ("lognormal", "median"),
    Gamma: ("gamma", "mean"),
    Weibull: ("weibull", "scale"),
    Exponential: ("exponential", "mean"),
}
# What the parameters of a scenario file are called in the distributions.
ATTRIBUTES = {
    "median": "median", "sigma": "sigma", "mean": "mean_days", "shape": "shape", "scale": "scale", "days": "days",
}  # fmt: skip


def of_stage(path: str, fit: Stage, seen: Observed, base: Distribution, note: str) -> Number:
    """A stage as the numbers of a scenario."""
    counts: dict[str, Any] = {
        "n": int(seen.weight.sum()),
        "events": int(seen.events),
        "censored": int(seen.censored),
        "truncated": int(seen.truncated),
    }
    said = "; ".join(filter(None, (fit.note, note)))
    tested = {"p_value": fit.p_value, "verdict": fit.verdict}
    common: dict[str, Any] = {"weight_of_base": fit.weight_of_base, **tested, **counts}
    if fit.status == "base":
        return kept(path, said, **counts)
    value = _rounded_duration(write_duration(fit.duration))
    basis = f"{told(counts['n'])} patients, {told(counts['events'])} ended"
    least = fit.aicc.get(fit.family, math.nan)
    if fit.free is None:
        row = Row(path, fit.status, fit.family, "", fit.duration.mean(), fit.duration.mean(), fit.duration.mean(), "d",
                  base.mean(), note=said, aicc=least, **common)  # fmt: skip
        return Number(path, value, (row,), {}, basis)
    rows: list[Row] = []
    uncertain: dict[str, Mapping[str, Mapping[str, Any]]] = {}
    mixes: dict[str, Mapping[str, float]] = {}
    family, own = SCALES.get(type(fit.duration), ("", "")) if fit.family == "scaled" else (fit.family, "")
    for place, (name, in_days) in enumerate(fit.parameters):
        free = f"{path}.{fit.family}.{name}"
        log, sd = float(fit.free.point[place]), float(fit.free.sd[place])
        unit = "d" if in_days else ""
        if own:  # the factor as what it makes of the scale
            name, unit = own, "d"
            log = math.log(float(getattr(fit.duration, ATTRIBUTES[own])))
        estimate, low, high = _interval(log, sd)
        alike = type(base) is type(fit.duration) and name in ATTRIBUTES
        before = (
            float(getattr(base, ATTRIBUTES[name])) if alike else 1.0 if name == "scale" and not family else math.nan
        )
        rows.append(
            Row(path, fit.status, fit.family, name, estimate, low, high, unit, before, note=said, aicc=least, **common)
        )
        if family == "fixed":
            uncertain[path] = lognormal(estimate, sd, "d")
        elif family:
            uncertain[f"{path}.{family}.{name}"] = lognormal(estimate, sd, unit)
            mixes[f"{path}.{family}.{name}"] = {free: 1.0}
    return Number(path, value, tuple(rows), uncertain, basis, mixes)


def _rounded_duration(value: Any) -> Any:
    """A duration as it is written, with as many digits as are told."""
    if isinstance(value, dict):
        return {key: _rounded_duration(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded_duration(inner) for inner in value]
    if isinstance(value, float):
        return rounded(value)
    number, _, unit = str(value).partition(" ")
    return f"{write_number(rounded(float(number) * DAYS_PER_UNIT[unit]))} d" if unit in DAYS_PER_UNIT else value


def of_clock(name: tuple[str, str], fit: Clock, clocks: Clocks, base: Survival) -> Number:
    """A clock as the numbers of a scenario."""
    path = f"clocks.{name[0]}.{name[1]}"
    rows: list[Row] = []
    uncertain: dict[str, Mapping[str, Mapping[str, Any]]] = {}
    mixes: dict[str, Mapping[str, float]] = {}
    for place, (parameter, unit) in zip(fit.places, SHAPES[fit.family], strict=True):
        slope = 1.0
        log, sd = float(clocks.free.point[place]), float(clocks.free.sd[place])
        before, family = math.nan, fit.family
        if fit.family == "scaled":
            before = 1.0
            if isinstance(fit.shape, ConstantHazard) and isinstance(base, ConstantHazard):
                parameter, unit, family, before, log = "rate", "/ d", "exponential", base.rate, math.log(fit.shape.rate)
            elif isinstance(fit.shape, WeibullHazard) and isinstance(base, WeibullHazard):
                parameter, unit, family, before, log = "scale", "d", "weibull", base.scale, math.log(fit.shape.scale)
                slope = -1.0 / fit.shape.shape  # more hazard is a shorter time
                sd = sd * abs(slope)
        elif isinstance(base, ConstantHazard) and parameter == "rate":
            before = base.rate
        elif isinstance(base, WeibullHazard) and fit.family == "weibull":
            before = base.scale if parameter == "scale" else base.shape
        estimate, low, high = _interval(log, sd)
        rows.append(
            Row(
                path,
                fit.status,
                fit.family,
                parameter,
                estimate,
                low,
                high,
                unit,
                before,
                fit.n,
                fit.events,
                fit.n - fit.events,
                fit.truncated,
                fit.weight_of_base,
                fit.aicc.get(fit.family, math.nan),
                fit.p_value,
                fit.verdict,
                *_bounds(estimate, parameter, fit),
                fit.note,
            )
        )
        if family != "scaled":
            uncertain[f"{path}.{family}.{parameter}"] = lognormal(estimate, sd, unit)
            mixes[f"{path}.{family}.{parameter}"] = {clocks.names[place]: slope}
    basis = f"{told(fit.n)} patients, {told(fit.events)} events"
    return Number(path, rounded_clock(write_clock(fit.shape)), tuple(rows), uncertain, basis, mixes)


def _bounds(estimate: float, parameter: str, fit: Clock) -> tuple[float, float]:
    """A parameter of a clock at the bounds of its hazard, in ascending order; a shape has none."""
    if parameter == "shape":
        return math.nan, math.nan
    is_time = parameter == "scale" and isinstance(fit.shape, WeibullHazard)
    power = -1.0 / fit.shape.shape if is_time and isinstance(fit.shape, WeibullHazard) else 1.0
    low, high = (estimate * factor**power for factor in fit.bounds)
    return min(low, high), max(low, high)


def rounded_clock(value: Any) -> Any:
    """A clock as it is written, with as many digits as are told."""
    if isinstance(value, dict):
        return {key: rounded_clock(inner) for key, inner in value.items()}
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, str) and " / " in value:
        number, _, unit = value.partition(" / ")
        return f"{write_number(rounded(float(number) / DAYS_PER_UNIT[unit]))} / d"
    return _rounded_duration(value)


# A ratio of so few events that its mean over registers lies so much above what it is, is told to be one.
LEAST_TOLD = 0.05
TOO_LARGE = "a ratio of few events: in registers like this about {:.0f}% too large on average"


def too_large(sd: float) -> float:
    """By how much the mean of a ratio whose logarithm is right, with this standard deviation, is above it."""
    return math.expm1(sd**2 / 2.0)


def of_multiplier(path: str, clocks: Clocks, base: float) -> Number:
    """A multiplier after progression, or of bridging."""
    place = clocks.names.index(path)
    log, sd = float(clocks.free.point[place]), float(clocks.free.sd[place])
    estimate, low, high = _interval(log, sd)
    events, of = clocks.events[path]
    few = missing(events) > 0.0
    leans = f": the base counts for those that are missing to {ENOUGH}" if few else ""
    wide = f"; {TOO_LARGE.format(100.0 * too_large(sd))}" if too_large(sd) >= LEAST_TOLD else ""
    row = Row(
        path, "shrunk" if few else "fitted", "hazard ratio", "", estimate, low, high, "", base, events=events,
        weight_of_base=weight_of_base(events), note=(f"{told(events)} {of}{leans}" if few else of) + wide,
    )  # fmt: skip
    uncertain = {path: lognormal(estimate, sd, "")}
    return Number(path, in_unit(estimate, ""), (row,), uncertain, f"{told(events)} {of}", {path: {path: 1.0}})


def of_groups(clocks: Clocks, shares: Mapping[str, float], base: Mapping[str, float], events: int) -> list[Number]:
    """The multipliers of risk groups; their mean over the patients is 1, so one of them follows from the others."""
    names = list(shares)
    places = [clocks.names.index(f"patients.risk_groups.{name}.hazard") for name in names[1:]]
    point, covariance = clocks.free.point[places], clocks.free.covariance[np.ix_(places, places)]
    weights = np.array(list(shares.values()))

    def logs(free: FloatArray) -> FloatArray:
        raised = np.concatenate([[0.0], free])
        return raised - math.log(float((weights * np.exp(raised)).sum()))

    step = 1e-5
    slopes = np.array([(logs(point + e) - logs(point - e)) / (2 * step) for e in np.eye(len(point)) * step]).T
    sds = np.sqrt(np.maximum(np.diag(slopes @ covariance @ slopes.T), 0.0))
    found = []
    for place, name in enumerate(names):
        path = f"patients.risk_groups.{name}.hazard"
        estimate, low, high = _interval(float(logs(point)[place]), float(sds[place]))
        note = "averages 1 over the patients of the register"
        row = Row(
            path,
            "fitted",
            "hazard ratio",
            "",
            estimate,
            low,
            high,
            "",
            base[name],
            events=events,
            weight_of_base=0.0,
            note=note,
        )
        basis = f"{told(events)} progressions and deaths"
        if place:
            uncertain = {path: lognormal(estimate, float(sds[place]), "")}
            mixes = {path: {clocks.names[p]: float(slope) for p, slope in zip(places, slopes[place], strict=True)}}
            found.append(Number(path, in_unit(estimate, ""), (row,), uncertain, basis, mixes))
        else:
            found.append(Number(path, in_unit(estimate, ""), (row,), {}, basis))
    return found


def of_share(
    path: str,
    fit: Share,
    base: float,
    value: float | None = None,
    note: str = "",
    sure: bool = False,
    others: float = 1.0,
) -> Number:
    """A share; `value` where it is not its estimate itself. `sure`: without uncertainty of its own.

    `others`: the share that nothing else fails, where the posterior is of all that fails.
    """

    def own(share: float) -> float:
        return max(0.0, 1.0 - (1.0 - share) / others)

    low, high = fit.interval
    estimate = own(fit.estimate) if value is None else value
    counts: dict[str, Any] = {"n": fit.n, "events": fit.events, "censored": fit.n - fit.events}
    row = Row(
        path,
        fit.status,
        "beta",
        "",
        estimate,
        min(own(low), estimate),
        max(own(high), estimate),
        "",
        base,
        **counts,
        weight_of_base=fit.weight_of_base,
        note="; ".join(filter(None, (fit.note, note))),
    )
    sd = math.sqrt(fit.a * fit.b / ((fit.a + fit.b) ** 2 * (fit.a + fit.b + 1.0))) / others
    unsure = not sure and 0.0 < estimate < 1.0 and sd**2 < estimate * (1.0 - estimate)
    uncertain = {path: {"beta": {"mean": rounded(estimate), "sd": rounded(sd)}}} if unsure else {}
    return Number(path, in_unit(estimate, ""), (row,), uncertain, f"{told(fit.events)} of {told(fit.n)}")


def of_referrals(path: str, fit: Referrals, base: float, p_value: float, note: str) -> Number:
    """A rate of referral, a month."""
    low, high = fit.interval
    said = "; ".join(filter(None, (fit.note, note)))
    row = Row(
        path,
        "fitted",
        "gamma",
        estimate=fit.rate * MONTH,
        low=low * MONTH,
        high=high * MONTH,
        unit="/ month",
        base=base * MONTH,
        n=fit.n,
        events=fit.n,
        censored=0,
        weight_of_base=0.0,
        p_value=p_value,
        verdict="" if math.isnan(p_value) else NOT_CONSTANT if p_value < LEAST_P else CONSTANT,
        note=said,
    )
    uncertain = {"gamma": {"mean": in_unit(fit.rate * MONTH, "/ month"), "sd": in_unit(fit.sd * MONTH, "/ month")}}
    value = in_unit(fit.rate * MONTH, "/ month")
    return Number(
        path,
        value,
        (row,),
        {path: uncertain} if fit.rate > 0.0 else {},
        f"{told(fit.n)} {'referral' if fit.n == 1 else 'referrals'} in {counted(f'{fit.days:.0f}', 'day')}",
    )


def covariances(names: Sequence[str], matrix: FloatArray) -> list[tuple[str, str, float]]:
    """The upper half of a covariance, by the names of its parameters."""
    return [(a, names[j], float(matrix[i, j])) for i, a in enumerate(names) for j in range(i, len(names))]
