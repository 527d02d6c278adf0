"""What a search must keep to, and what each step of a lever costs: targets, zones and prices as they are written."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.outcomes.metrics import BY_NAME, METRIC_NAMES, REACH, Metric
from sim.outcomes.verdicts import LOWER
from sim.pure.arrays import FloatArray
from sim.scenario.problems import did_you_mean, show
from sim.scenario.units import NUMBER

MetricOf = Callable[[str], Metric]
_TARGET = re.compile(rf"\s*(.*?)\s*(<=|>=)\s*({NUMBER})\s*(%?)\s*")
MOST_NUMBER = 1e12
# The indifference zone where none is given: of a share so much, of anything else so much of the target's number.
SHARE_ZONE, PART_ZONE = 0.01, 0.05
# What a simulation finds is no cost that is known beforehand.
RANDOM = ("qaly", "cost", "benefit", "icer", "nmb", "inmb", "price", "money")


@dataclass(frozen=True)
class Target:
    """A metric, a bound that its mean should keep to, on which side, and the indifference zone around the bound."""

    metric: Metric
    at_most: bool
    value: float
    zone: float

    def __str__(self) -> str:
        return f"{self.metric.name} {'<=' if self.at_most else '>='} {self.value:g}"

    @property
    def is_floor(self) -> bool:
        """Whether it says how many of the referred should come to infusion at least."""
        return self.metric.tells == REACH and self.at_most == (self.metric.better == LOWER)

    def excess(self, values: FloatArray) -> FloatArray:
        """By how much each value is on the wrong side of the bound; negative on the right side."""
        return values - self.value if self.at_most else self.value - values

    def better(self, one: float, other: float) -> bool:
        """Whether the first number lies further to the right side than the second; NaN is no number."""
        return not math.isnan(one) and (math.isnan(other) or (one < other if self.at_most else one > other))


def registered(name: str) -> Metric:
    """The metric of the registry; a ValueError with the nearest name."""
    if name not in BY_NAME:
        raise ValueError(f"found the metric {show(name)}{did_you_mean(name, METRIC_NAMES, 'metrics')}")
    return BY_NAME[name]


def parse_target(text: str, metric_of: MetricOf = registered, zones: Mapping[str, float] | None = None) -> Target:
    """The target of `METRIC <= NUMBER` or `METRIC >= NUMBER`; a ValueError that says what is allowed."""
    found = _TARGET.fullmatch(text)
    if found is None or not found[1]:
        raise ValueError(f"found {show(text)}; allowed: METRIC <= NUMBER or METRIC >= NUMBER")
    metric = metric_of(found[1])
    value, at_most = _number(metric, found[3], found[4]), found[2] == "<="
    _require_open(metric, at_most, value, f"{found[2]} {found[3]}{found[4]}")
    zone = (zones or {}).get(metric.name, default_zone(metric, value))
    return Target(metric, at_most, value, zone)


def _require_open(metric: Metric, at_most: bool, value: float, text: str) -> None:
    """Nothing, or a ValueError where every run meets the target or none can, whatever the capacity."""
    low, high = np.asarray(metric.possible[0], dtype=float).item(), np.asarray(metric.possible[1], dtype=float).item()
    never, always = (value < low, value >= high) if at_most else (value > high, value <= low)
    if always:
        raise ValueError(f"found {text}; {metric.name} is always {'at most' if at_most else 'at least'} that")
    if never:
        raise ValueError(
            f"found {text}; {metric.name} is never {'below' if at_most else 'above'} {low if at_most else high:g}"
        )


def _number(metric: Metric, text: str, percent: str) -> float:
    is_share, value = metric.unit == "share", float(text)
    if percent:
        if not is_share:
            raise ValueError(
                f"found {show(f'{text} %')}; allowed: a number without %, as {metric.name} is no proportion"
            )
        value = float(f"{value / 100:.12g}")
    if is_share and not 0.0 <= value <= 1.0:
        hint = f"; for {value:g}% write {value / 100:g} or {value:g}%" if 1.0 < value <= 100.0 else ""
        raise ValueError(f"found {text}{percent}; allowed: a proportion from 0 to 1{hint}")
    if abs(value) > MOST_NUMBER:
        raise ValueError(f"found {text}; allowed: a number of at most {MOST_NUMBER:g} in size")
    return value


def default_zone(metric: Metric, value: float) -> float:
    """The indifference zone of a target that names none: 0.01 of a share, else 5% of its number (of 0: 0.05)."""
    return SHARE_ZONE if metric.unit == "share" else PART_ZONE * (abs(value) or 1.0)


def parse_zones(texts: Sequence[str], metric_of: MetricOf = registered) -> dict[str, float]:
    """The width by metric of each `METRIC=WIDTH`; a ValueError that says what is allowed."""
    found: dict[str, float] = {}
    for text in texts:
        name, equals, width = (part.strip() for part in text.rpartition("="))
        if not equals or not re.fullmatch(rf"({NUMBER})\s*(%?)", width):
            raise ValueError(f"found {show(text)}; allowed: METRIC=WIDTH, such as infused_share=0.01")
        metric = metric_of(name)
        number, percent = width.removesuffix("%").strip(), "%" if width.endswith("%") else ""
        zone = _number(metric, number, percent)
        if zone <= 0.0:
            raise ValueError(f"found {width} for {name}; allowed: a width above 0")
        if name in found:
            raise ValueError(f"found {name} twice; allowed: one width each")
        found[name] = zone
    return found


def require_used(zones: Mapping[str, float], targets: Sequence[Target]) -> None:
    """Nothing, or a ValueError where a zone is given for what is no target."""
    names = [target.metric.name for target in targets]
    for name in zones:
        if name not in names:
            raise ValueError(f"found {name}, which is no target; targets: {', '.join(names)}")


def require_once(targets: Sequence[Target]) -> None:
    """Nothing, or a ValueError where a target is given twice, says no more than another, or contradicts it."""
    for one, other in itertools.combinations(targets, 2):
        if one.metric.name != other.metric.name:
            continue
        if str(one) == str(other):
            raise ValueError(f"found {one} twice; allowed: each target once")
        if one.at_most == other.at_most:
            strict, lax = (one, other) if (one.value < other.value) == one.at_most else (other, one)
            raise ValueError(
                f"found {one} and {other}; {strict} says more, and {lax} nothing beside it: leave that out"
            )
        top, bottom = (one, other) if one.at_most else (other, one)
        if top.value < bottom.value:
            raise ValueError(f"found {one} and {other}, which nothing can meet together; leave one of them out")


def parse_costs(texts: Sequence[str], paths: Sequence[str]) -> dict[str, float]:
    """The price of one unit by path, of each `PATH=NUMBER`, for every varied path; a ValueError otherwise.

    With one path that has no price its own number is what counts: the result is empty.
    """
    found: dict[str, float] = {}
    for text in texts:
        path, equals, price = (part.strip() for part in text.partition("="))
        if path not in paths and (path in BY_NAME or any(word in path.casefold() for word in RANDOM)):
            raise ValueError(
                f"found {show(path)}; allowed: PATH=NUMBER for a varied path. What a simulation finds, such as QALYs, "
                "costs of care or net benefit, is random: no cost that is known beforehand; make it a --target"
            )
        if path not in paths:
            raise ValueError(f"found {show(path)}, which is not varied{did_you_mean(path, paths, 'varied')}")
        if not equals or not re.fullmatch(NUMBER, price) or abs(float(price)) > MOST_NUMBER:
            raise ValueError(f"found {show(text)}; allowed: PATH=NUMBER, the cost of one unit, such as {path}=40000")
        if path in found:
            raise ValueError(f"found {path} twice; allowed: one price each")
        found[path] = float(price)
    missing = [path for path in paths if path not in found]
    if missing and (found or len(paths) > 1):
        told = " ".join(f"--cost {path}=NUMBER" for path in missing)
        raise ValueError(f"found no cost of {', '.join(missing)}; with several levers each needs one: add {told}")
    return found


def together(targets: Sequence[Target]) -> str:
    """The targets in words."""
    return " and ".join(map(str, targets))
