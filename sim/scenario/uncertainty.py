"""The section about what is not known: for each uncertain input a distribution of its value, with a source."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.pure.distributions import LEAST_LEFT, share_between, truncated_normal
from sim.scenario.kinds import Context, JsonSchema, Kind
from sim.scenario.problems import any_of, did_you_mean, show
from sim.scenario.section import Fault, Named, refuse
from sim.scenario.units import NUMBER, UNIT_OF_SPELLING, write_number

FloatArray = NDArray[np.float64]
_AMOUNT = re.compile(rf"\s*({NUMBER})\s*(|(?:/|per\s)?\s*[^\W\d_]+)\s*")
# The ways in which each family may be given.
FAMILIES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "beta": (("mean", "sd"), ("events", "of")),
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
}
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
    """The distribution of one input's value: numbers in `unit`, which stands behind them in a scenario file."""

    family: str
    parameters: Mapping[str, float]
    unit: str
    source: str

    def quantile(self, u: FloatArray) -> FloatArray:
        """Values below which the share `u` lies."""
        from scipy import special

        p = self.parameters
        match self.family:
            case "beta":
                a, b = self._beta()
                return np.asarray(special.betaincinv(a, b, u))
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
        if "events" in p:
            return p["events"], p["of"] - p["events"]
        weight = p["mean"] * (1 - p["mean"]) / p["sd"] ** 2 - 1
        return p["mean"] * weight, (1 - p["mean"]) * weight

    def text(self, value: float) -> str:
        """A value as a scenario file has it; twelve digits."""
        return f"{write_number(float(f'{value:.12g}'))} {self.unit}".strip()


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
                found[path] = _read(entry)
            except ValueError as error:
                faults.append(((path,), str(error)))
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
            "properties": {**families, "source": {"type": "string", "description": SOURCE}},
            "required": ["source"],
            "minProperties": 2,
            "maxProperties": 2,
            "additionalProperties": False,
        }
        return {"type": "object", "additionalProperties": entry, "propertyNames": {"minLength": 1}}


def _written(entry: Uncertain) -> dict[str, Any]:
    parameters = {
        name: f"{write_number(number)} {entry.unit}"
        if entry.unit and name not in PURE
        else int(number)
        if number == int(number)
        else number
        for name, number in entry.parameters.items()
    }
    return {entry.family: parameters, "source": entry.source}


def _read(entry: Any) -> Uncertain:
    """One entry; a ValueError that says what is allowed."""
    if not isinstance(entry, dict):
        raise ValueError(f"found {show(entry)}; allowed: {FORM}")
    families = [key for key in entry if key != "source"]
    unknown = [key for key in families if key not in FAMILIES]
    if unknown:
        raise ValueError(f"unknown key {show(unknown[0])}{did_you_mean(str(unknown[0]), [*FAMILIES, 'source'])}")
    if len(families) != 1:
        raise ValueError(f"found {any_of(families) if families else 'no distribution'}; allowed: {FORM}")
    source = entry.get("source")
    if not isinstance(source, str) or not source.strip():
        allowed = "evidence ids, or the word assumption or records, and then ': ' and a note"
        raise ValueError(f"found no source; allowed: {allowed}")
    family, given = families[0], entry[families[0]]
    allowed = ", or ".join(" and ".join(way) for way in FAMILIES[family])
    if not isinstance(given, dict) or not any(set(given) == set(way) for way in FAMILIES[family]):
        raise ValueError(f"found {show(given)} for {family}; allowed: {allowed}")
    parameters, units = {}, set()
    for name, value in given.items():
        parameters[name], unit = _amount(name, value)
        if name not in PURE and (unit or parameters[name] != 0.0):
            units.add(unit)
    if len(units) > 1:
        raise ValueError(f"found {show(given)}; allowed: all with the same unit, or none")
    fault = next(_faults(family, parameters), None)
    if fault is not None:
        raise ValueError(fault)
    return Uncertain(family, Named(parameters), units.pop() if units else "", " ".join(source.split()))


def _amount(name: str, value: Any) -> tuple[float, str]:
    """(number, unit) of a parameter."""
    text = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    found = _AMOUNT.fullmatch(text) if len(text) <= 80 else None
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
    if "events" in p and not 0.0 < p["events"] < p["of"]:
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
