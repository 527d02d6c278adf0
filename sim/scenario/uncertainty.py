"""The section about what is not known: for each uncertain input a distribution of its value, with a source.

What goes together stands at one of the inputs: `same_as: PATH` in place of a distribution; `below: PATH` beside one
(the draws are those of both distributions, given that the one is below the other); `correlation: {PATH: 0.5}` (of the
normal scores: a Gaussian copula); `{dirichlet: {events: 30, among: mix}}` for shares that sum to 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from sim.pure.arrays import FloatArray
from sim.pure.distributions import LEAST_LEFT, share_between, truncated_normal
from sim.scenario.amounts import AMOUNT, Amount
from sim.scenario.kinds import Context, JsonSchema, Kind
from sim.scenario.problems import any_of, did_you_mean, shorten, show
from sim.scenario.read_once import once
from sim.scenario.section import Fault, Named, refuse
from sim.scenario.units import UNIT_OF_SPELLING, plain_number, write_number
from sim.tables.words import counted

# The ways in which each family may be given.
FAMILIES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "beta": (("mean", "sd"), ("events", "of")),
    "dirichlet": (("events", "among"),),
    "gamma": (("mean", "sd"),),
    "lognormal": (("median", "sigma"), ("mean", "sd")),
    "normal": (("mean", "sd"),),
    "truncated_normal": (("mean", "sd", "low"), ("mean", "sd", "high"), ("mean", "sd", "low", "high")),
    "uniform": (("low", "high"),),
}
MEANINGS = {
    "mean": "Mean.",
    "sd": "Standard deviation.",
    "median": "Median.",
    "sigma": "Standard deviation of the logarithm.",
    "events": "How many had the event.",
    "of": "How many there were.",
    "low": "The lowest value.",
    "high": "The highest value.",
    "among": "The name of a set of proportions that sum to 1, each with its own events.",
}
# Beside a distribution, or in place of one.
SAME_AS, BELOW, CORRELATION = "same_as", "below", "correlation"
MOST_CORRELATION = 0.999
# Choices of method, and how the simulation is run. What other choices do is shown by other scenarios, beside the
# uncertainty of quantities (Briggs et al., ISPOR-SMDM task force 6, Value in Health 2012;15:835).
CHOSEN = ("run", "economics.discount", "economics.horizon", "economics.willingness_to_pay", "economics.price_year")
SOURCE = "Evidence ids, or the word assumption or records, and then ': ' and a note."
# Parameters that never have a unit.
PURE = ("sigma", "events", "of")
# Beyond these, squares and exponentials overflow and quantiles are not found; nobody means such numbers.
LEAST, MOST = 1e-15, 1e15
MOST_SIGMA = 10.0
LEAST_BETA_SD = 1e-6  # of the standard deviation of a coin with this mean
FORM = "{beta: {mean: 0.7, sd: 0.05}, source: RL-07}, with one of " + ", ".join(FAMILIES)


@dataclass(frozen=True)
class Uncertain:
    """The distribution of one input's value: numbers in `unit`, which stands behind them in a scenario file.

    `same_as`: the path whose value it has, instead of a distribution. `below`: a path above whose value it never is.
    `correlation`: of its normal score with those of others, by path. `among`: the set of shares that it is one of.
    """

    family: str
    parameters: Mapping[str, float]
    unit: str
    source: str
    same_as: str = ""
    below: str = ""
    correlation: Mapping[str, float] = field(default_factory=lambda: Named({}))
    among: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The other inputs that it names."""
        return tuple(path for path in (self.same_as, self.below, *self.correlation) if path)

    @property
    def middle(self) -> float:
        """Its median, mean or the middle between its ends, whichever it is given by."""
        p = self.parameters
        if "median" in p:
            return p["median"]
        if "of" in p:
            return p["events"] / p["of"]
        if "mean" in p:
            return min(max(p["mean"], p.get("low", -math.inf)), p.get("high", math.inf))
        return (p["low"] + p["high"]) / 2.0

    def quantile(self, u: FloatArray) -> FloatArray:
        """Values below which the share `u` lies."""
        from scipy import special

        p = self.parameters
        match self.family:
            case "beta":
                a, b = self._beta()
                return np.asarray(special.betaincinv(a, b, u))
            case "dirichlet":  # of its gamma variable, which those of the set make a share of their sum
                return np.asarray(special.gammaincinv(p["events"], u))
            case "gamma":
                shape = (p["mean"] / p["sd"]) ** 2
                return np.asarray(special.gammaincinv(shape, u) * p["mean"] / shape)
            case "lognormal":
                if "median" in p:
                    return np.asarray(p["median"] * np.exp(p["sigma"] * special.ndtri(u)))
                # of the logarithm, from mean and sd by the method of moments
                variance = math.log1p((p["sd"] / p["mean"]) ** 2)
                return np.asarray(p["mean"] * np.exp(math.sqrt(variance) * special.ndtri(u) - variance / 2))
            case "normal":
                return np.asarray(p["mean"] + p["sd"] * special.ndtri(u))
            case "truncated_normal":
                low, high = p.get("low", -math.inf), p.get("high", math.inf)
                return truncated_normal(p["mean"], p["sd"], low, high, u)
            case _:
                return np.asarray(p["low"] + (p["high"] - p["low"]) * u)

    def _beta(self) -> tuple[float, float]:
        """(alpha, beta): events and non-events, or by the method of moments."""
        p = self.parameters
        if "of" in p:
            return p["events"], p["of"] - p["events"]
        weight = p["mean"] * (1 - p["mean"]) / p["sd"] ** 2 - 1
        return p["mean"] * weight, (1 - p["mean"]) * weight

    def text(self, value: float) -> str:
        """A value as a scenario file has it; twelve digits."""
        return Amount(value, self.unit).text()


def is_in(path: str, section: str) -> bool:
    """Whether a path is that of a section, or of something in it."""
    return path == section or path.startswith(section + ".")


def marginal(path: str, inputs: Mapping[str, Uncertain]) -> Uncertain:
    """The distribution of an input by itself: that of the input it equals; of a share of a set, the beta that a
    Dirichlet distribution leaves it (events of its own among those of all). An order among inputs is left out."""
    one = inputs[path]
    if one.same_as:
        return marginal(one.same_as, inputs)
    if not one.among:
        return one
    every = sum(other.parameters["events"] for other in inputs.values() if other.among == one.among)
    return replace(one, family="beta", parameters=Named({"events": one.parameters["events"], "of": every}), among="")


class Uncertainties(Kind):
    """Path to distribution, with its source."""

    numeric = False

    def read(self, value: Any, context: Context) -> Named[Uncertain]:
        if not isinstance(value, dict):
            raise ValueError(f"found {show(value)}; allowed: a section of paths, each with {FORM}")
        faults: list[Fault] = []
        found: dict[str, Uncertain] = {}
        for path, entry in value.items():
            try:
                found[path] = once(entry, _read, {}, partial(_read, entry))
            except ValueError as error:
                faults.append(((path,), str(error)))
        unread = value.keys() - found.keys()
        faults += [
            ((path,), told) for path, own in found.items() for told in _together_faults(path, own, found, unread)
        ]
        if faults:
            raise refuse(faults)
        return Named(found)

    def write(self, value: Mapping[str, Uncertain]) -> dict[str, Any]:
        return {path: _written(entry) for path, entry in value.items()}

    def describe(self) -> JsonSchema:
        number: JsonSchema = {"anyOf": [{"type": "number"}, {"type": "string", "examples": ["8 months"]}]}
        families = {
            family: {
                "type": "object",
                "description": f"A {family} distribution, by {', or '.join(' and '.join(way) for way in ways)}.",
                "properties": {name: {"description": MEANINGS[name], **number} for way in ways for name in way},
                "additionalProperties": False,
            }
            for family, ways in FAMILIES.items()
        }
        entry: JsonSchema = {
            "type": "object",
            "properties": {
                **families,
                SAME_AS: {"type": "string", "description": "The uncertain input whose value this one has."},
                BELOW: {"type": "string", "description": "An uncertain input above whose value this one never is."},
                CORRELATION: {
                    "type": "object",
                    "description": "Correlation of the normal score with that of another uncertain input, by path.",
                    "additionalProperties": {"type": "number", "exclusiveMinimum": -1, "exclusiveMaximum": 1},
                },
                "source": {"type": "string", "description": SOURCE},
            },
            "minProperties": 1,
            "maxProperties": 4,
            "additionalProperties": False,
        }
        return {"type": "object", "additionalProperties": entry, "propertyNames": {"minLength": 1}}


def _written(entry: Uncertain) -> dict[str, Any]:
    if entry.same_as:
        return {SAME_AS: entry.same_as, "source": entry.source}
    parameters: dict[str, Any] = {
        name: f"{write_number(number)} {entry.unit}" if entry.unit and name not in PURE else plain_number(number)
        for name, number in entry.parameters.items()
    }
    parameters |= {"among": entry.among} if entry.among else {}
    more: dict[str, Any] = {BELOW: entry.below} if entry.below else {}
    more |= {CORRELATION: dict(entry.correlation)} if entry.correlation else {}
    return {entry.family: parameters, "source": entry.source, **more}


def _together_faults(path: str, entry: Uncertain, found: Mapping[str, Uncertain], unread: Set[str]) -> Iterator[str]:
    """What is wrong with the other inputs that an entry names; `unread`: inputs whose own fault is told already."""
    for other in entry.names:
        if other == path:
            yield f"found {show(other)}, which is this input itself; allowed: another uncertain input"
        elif other in unread:
            continue
        elif other not in found:
            near = did_you_mean(other, list(found), "uncertain inputs")
            yield f"found {show(other)}, which is no uncertain input{near}"
        elif found[other].same_as:
            yield f"found {show(other)}, which is itself the same as another; name {show(found[other].same_as)}"
        elif found[other].among or (entry.among and not entry.same_as):
            yield f"found {show(other)}; proportions of a set go with each other alone"
    if entry.among and not unread and sum(one.among == entry.among for one in found.values()) < 2:
        yield f"found among: {show(entry.among)} with one share; allowed: two shares or more that sum to 1"
    ahead, seen = entry.below, {path}
    if ahead == path:
        return  # told above
    while ahead in found and ahead not in seen:
        seen.add(ahead)
        ahead = found[ahead].below
    if ahead == path:
        yield f"found below: {show(entry.below)}, which is itself below this one"


def _same_as(entry: Mapping[str, Any]) -> Uncertain:
    """An entry that has the value of another."""
    other, extra = entry[SAME_AS], set(entry) - {SAME_AS, "source"}
    if extra or not isinstance(other, str):
        raise ValueError(f"found {show(dict(entry))}; allowed: {{{SAME_AS}: PATH}}, with a source or without")
    source = _source(entry.get("source", f"assumption: the same as {other}"))
    return Uncertain(SAME_AS, Named({}), "", source, same_as=other)


def _source(found: Any) -> str:
    """A source in one line; a ValueError where there is none."""
    if not isinstance(found, str) or not found.strip():
        raise ValueError(
            "found no source; allowed: evidence ids, or the word assumption or records, then ': ' and a note"
        )
    return " ".join(found.split())


def _correlation(found: Any) -> Named[float]:
    allowed = f"{CORRELATION}: {{PATH: 0.5}}, from -{MOST_CORRELATION} to {MOST_CORRELATION}"
    if not isinstance(found, dict) or not found:
        raise ValueError(f"found {show(found)}; allowed: {allowed}")
    for path, number in found.items():
        usable = isinstance(number, int | float) and not isinstance(number, bool)
        if not isinstance(path, str) or not usable or not -MOST_CORRELATION <= number <= MOST_CORRELATION:
            raise ValueError(f"found {show(number)} for {shorten(str(path))}; allowed: {allowed}")
    return Named({path: float(number) for path, number in found.items()})


def _read(entry: Any) -> Uncertain:
    """One entry; a ValueError that says what is allowed."""
    if not isinstance(entry, dict):
        raise ValueError(f"found {show(entry)}; allowed: {FORM}")
    if SAME_AS in entry:
        return _same_as(entry)
    beside = ("source", BELOW, CORRELATION)
    families = [key for key in entry if key not in beside]
    unknown = [key for key in families if key not in FAMILIES]
    if unknown:
        known = [*FAMILIES, *beside, SAME_AS]
        raise ValueError(f"unknown key {show(unknown[0])}{did_you_mean(str(unknown[0]), known)}")
    if len(families) != 1:
        raise ValueError(f"found {any_of(families) if families else 'no distribution'}; allowed: {FORM}")
    source = _source(entry.get("source"))
    family, given = families[0], entry[families[0]]
    allowed = ", or ".join(f"{{{', '.join(f'{name}: …' for name in way)}}}" for way in FAMILIES[family])
    if not isinstance(given, dict) or not any(set(given) == set(way) for way in FAMILIES[family]):
        raise ValueError(f"found {show(given)} for {family}; allowed: {allowed}")
    among = given.get("among", "")
    if not isinstance(among, str) or (family == "dirichlet" and not among.strip()):
        raise ValueError(f"found {show(among)} for among; allowed: a name")
    below = entry.get(BELOW, "")
    if not isinstance(below, str) or (BELOW in entry and not below):
        raise ValueError(f"found {show(below)} for {BELOW}; allowed: the path of an uncertain input")
    correlation = _correlation(entry[CORRELATION]) if CORRELATION in entry else Named({})
    parameters, units = {}, set()
    for name, value in ((name, value) for name, value in given.items() if name != "among"):
        parameters[name], unit = _amount(name, value)
        if name not in PURE and (unit or parameters[name] != 0.0):
            units.add(unit)
    if len(units) > 1:
        raise ValueError(f"found {show(given)}; allowed: all with the same unit, or none")
    fault = next(_faults(family, parameters), None)
    if fault is not None:
        raise ValueError(fault)
    unit = units.pop() if units else ""
    return Uncertain(family, Named(parameters), unit, source, "", below, correlation, among)


def _amount(name: str, value: Any) -> tuple[float, str]:
    """(number, unit) of a parameter."""
    text = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    found = AMOUNT.fullmatch(text) if len(text) <= 80 else None
    unit = " ".join(found[2].replace("/", "/ ").split()) if found is not None else ""
    known = unit.removeprefix("/").removeprefix("per").strip().casefold() in UNIT_OF_SPELLING
    if found is None or (unit and (not known or name in PURE)):
        raise ValueError(f"found {show(value)} for {name}; allowed: a number, with its unit where the input has one")
    number = float(found[1])
    if number != 0.0 and not LEAST <= abs(number) <= MOST:
        raise ValueError(f"found {show(value)} for {name}; allowed: 0, or from {LEAST:.0e} to {MOST:.0e} in size")
    return number, unit


def _faults(family: str, p: Mapping[str, float]) -> Iterator[str]:
    """What is wrong with parameters of the right names."""
    for name in ("sd", "sigma"):
        if name in p and p[name] <= 0.0:
            yield f"found {name} {p[name]:g}; allowed: above 0"
    if p.get("sigma", 0.0) > MOST_SIGMA:
        yield f"found sigma {p['sigma']:g}; allowed: up to {MOST_SIGMA:g}"
    for name in ("mean", "median"):
        if family in ("gamma", "lognormal") and name in p and p[name] <= 0.0:
            yield f"found {name} {p[name]:g}; allowed: above 0"
    if family == "dirichlet" and (events := p["events"]) <= 0.0:
        yield f"found {counted(f'{events:g}', 'event')}; allowed: more than 0"
    if "of" in p and not 0.0 < p["events"] < p["of"]:
        yield f"found {p['events']:g} of {p['of']:g}; allowed: some events, and fewer than all"
    if family == "beta" and "mean" in p:
        if not 0.0 < p["mean"] < 1.0:
            yield f"found mean {p['mean']:g}; allowed: between 0 and 1"
        elif p["sd"] ** 2 >= p["mean"] * (1 - p["mean"]):
            yield f"found sd {p['sd']:g}; allowed: below {math.sqrt(p['mean'] * (1 - p['mean'])):.3g} for this mean"
        elif p["sd"] < LEAST_BETA_SD * math.sqrt(p["mean"] * (1 - p["mean"])):
            yield f"found sd {p['sd']:g}; allowed: more, as this is as good as certain; leave the input out instead"
    low, high = p.get("low", -math.inf), p.get("high", math.inf)
    between = family == "truncated_normal" and p["sd"] > 0.0 and low < high
    if between and _left(p["mean"], p["sd"], low, high) < LEAST_LEFT:
        yield "next to nothing of this normal lies between its ends; allowed: a mean near them"
    if family in ("uniform", "truncated_normal") and low >= high:
        yield f"found low {p['low']:g} and high {p['high']:g}; allowed: low below high"


def _left(mean: float, sd: float, low: float, high: float) -> float:
    """The share of a normal that lies between two ends."""
    return share_between((low - mean) / sd, (high - mean) / sd)
