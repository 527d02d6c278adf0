"""The smallest capacity that meets a target: bisection over the values of one path, with the curve it was read from.

`plan.csv`, one row a value that was run: `value` (as written), `amount` (days, per day or a plain number), `scenario,
metric, label, unit, estimate, low, high` (95 % interval), `bound` (what the metric is not worse than with the stated
confidence, one-sided), `target`, `met` (whether the bound meets it), `answer` (whether this is the smallest such
value), `replications`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from sim.experiment.factors import number_of
from sim.experiment.points import Point
from sim.experiment.sweep import Sweep, evaluate
from sim.outcomes.estimates import interval
from sim.outcomes.metrics import BY_NAME, METRIC_NAMES
from sim.scenario.problems import did_you_mean, show
from sim.scenario.units import NUMBER

CURVE_POINTS = 9
# A step in the wrong direction counts as one only where chance would hardly make it, of several looked at.
AGAINST_CONFIDENCE = 0.999
_TARGET = re.compile(rf"\s*([^\s<>=]+)\s*(<=|>=)\s*({NUMBER})\s*(%?)\s*")
MOST_TARGET = 1e12


@dataclass(frozen=True)
class Target:
    """A metric, a bound that it should keep to, and on which side."""

    metric: str
    at_most: bool
    value: float

    def __str__(self) -> str:
        return f"{self.metric} {'<=' if self.at_most else '>='} {self.value:g}"


@dataclass(frozen=True)
class Tried:
    """One value: mean, 95 % interval, one-sided bound, and whether the bound meets the target."""

    estimate: float
    low: float
    high: float
    bound: float
    met: bool
    replications: int


@dataclass(frozen=True)
class Answer:
    """`point`: the smallest value that meets the target, None where there is none; `tried` by point number.

    `monotone`: whether more never was worse, beyond chance; where it was, every value was run, and the answer is the
    smallest from which on all meet the target. `nearly`: the value below the answer whose estimate meets the target,
    but not with the confidence.
    """

    point: Point | None
    tried: dict[int, Tried]
    monotone: bool
    nearly: Point | None


def parse_target(text: str) -> Target:
    """The target of `METRIC <= NUMBER` or `METRIC >= NUMBER`; a ValueError that says what is allowed."""
    found = _TARGET.fullmatch(text)
    if found is None:
        raise ValueError(f"found {show(text)}; allowed: METRIC <= NUMBER or METRIC >= NUMBER")
    if found[1] not in BY_NAME:
        raise ValueError(f"found the metric {show(found[1])}{did_you_mean(found[1], METRIC_NAMES, 'metrics')}")
    is_share, value = BY_NAME[found[1]].unit == "share", float(found[3])
    if found[4]:
        if not is_share:
            raise ValueError(f"found {show(f'{found[3]} %')}; allowed: a number without %, as {found[1]} is no share")
        value = float(f"{value / 100:.12g}")
    if is_share and not 0.0 <= value <= 1.0:
        hint = f"; for {value:g} % write {value / 100:g} or {value:g}%" if 1.0 < value <= 100.0 else ""
        raise ValueError(f"found {found[3]}{found[4]}; allowed: a share from 0 to 1{hint}")
    if abs(value) > MOST_TARGET:
        raise ValueError(f"found {found[3]}; allowed: a number of at most {MOST_TARGET:g} in size")
    return Target(found[1], found[2] == "<=", value)


def expected_points(count: int) -> int:
    """How many of so many points a search runs at most, where more is never worse."""
    return min(count, CURVE_POINTS + math.ceil(math.log2(max(count / (CURVE_POINTS - 1), 1.0))))


def find_smallest(sweep: Sweep, target: Target, confidence: float, done: Callable[[int], None]) -> Answer:
    """The smallest of the sweep's points, in ascending order of one capacity, that meets the target.

    First an even choice of points, ends included, for the curve; then bisection where it crosses the target.
    """
    points = sweep.plan.points
    last = len(points) - 1
    tried: dict[int, Tried] = {}

    def run(numbers: list[int]) -> None:
        new = [number for number in numbers if number not in tried]
        evaluate(sweep, [points[number] for number in new], done)
        tried.update({number: _judge(sweep, number, target, confidence) for number in new})

    run(sorted({round(k * last / (CURVE_POINTS - 1)) for k in range(CURVE_POINTS)}))
    while True:
        below, answer = _bracket(tried)
        if answer is None or answer - below <= 1:
            break
        run([(below + answer) // 2])
    monotone = _is_monotone(sweep, tried, target)
    if not monotone:
        run(list(range(len(points))))
        _, answer = _bracket(tried)
    nearly = None
    if answer is not None and answer > 0:
        estimate = tried[answer - 1].estimate
        if estimate <= target.value if target.at_most else estimate >= target.value:
            nearly = points[answer - 1]
    return Answer(None if answer is None else points[answer], tried, monotone, nearly)


def _bracket(tried: dict[int, Tried]) -> tuple[int, int | None]:
    """(the largest number tried that misses the target, the smallest beyond it), -1 and None where there is none."""
    below = max((number for number, one in tried.items() if not one.met), default=-1)
    return below, min((number for number in tried if number > below), default=None)


def _judge(sweep: Sweep, number: int, target: Target, confidence: float) -> Tried:
    values = sweep.values(number)[:, 0, METRIC_NAMES.index(target.metric)]
    mean, low, high = interval(values)
    # of an interval with c to each side, (1 + c) / 2 lies on one side of either end
    _, at_least, at_most = interval(values, 2.0 * confidence - 1.0)
    bound = at_most if target.at_most else at_least
    met = bool(bound <= target.value if target.at_most else bound >= target.value)
    return Tried(float(mean), float(low), float(high), float(bound), met, int(np.isfinite(values).sum()))


def _is_monotone(sweep: Sweep, tried: dict[int, Tried], target: Target) -> bool:
    """Whether no step to more capacity is for the worse, paired by replication and beyond chance."""
    place = METRIC_NAMES.index(target.metric)
    numbers = sorted(tried)
    for less, more in pairwise(numbers):
        change = sweep.values(more)[:, 0, place] - sweep.values(less)[:, 0, place]
        _, low, _ = interval(change if target.at_most else -change, AGAINST_CONFIDENCE)
        if low > 0.0:
            return False
    return True


def plan_table(sweep: Sweep, path: str, target: Target, answer: Answer) -> pd.DataFrame:
    """`plan.csv`, in ascending order of the value."""
    metric = BY_NAME[target.metric]
    rows = []
    for number, one in sorted(answer.tried.items()):
        point = sweep.plan.points[number]
        rows.append(
            {
                "path": path,
                "value": point.overrides[path],
                "amount": number_of(point.overrides[path]),
                "scenario": sweep.plan.base.names[0],
                "metric": metric.name,
                "label": metric.label,
                "unit": metric.unit,
                "estimate": one.estimate,
                "low": one.low,
                "high": one.high,
                "bound": one.bound,
                "target": str(target),
                "met": one.met,
                "answer": point is answer.point,
                "replications": one.replications,
            }
        )
    return pd.DataFrame(rows)


def said_of(sweep: Sweep, answer: Answer, path: str, target: Target, confidence: float) -> list[str]:
    """Sentences: the answer, or that there is none, and what to know about it."""
    sure = f"with {100 * confidence:g} % confidence"
    said = []
    if answer.point is None:
        first, last = (sweep.plan.points[place].overrides[path] for place in (0, -1))
        said.append(f"no value of {path} from {first} to {last} meets {target} {sure}")
    else:
        said.append(f"{path} = {answer.point.overrides[path]} is the smallest that meets {target} {sure}")
    if answer.nearly is not None:
        said.append(
            f"{answer.nearly.overrides[path]} meets it on average, but not {sure}: more replications could settle that"
        )
    if not answer.monotone:
        said.append("more is not always better here: every value was run, and from the answer on all meet the target")
    return said
