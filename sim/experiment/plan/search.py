"""The smallest capacity that meets its targets: bisection over the values of one path, with its curve."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.experiment.study.tables import reached
from sim.experiment.sweep.evaluate import Sweep, SweepPlan, evaluate, open_sweep
from sim.experiment.sweep.factors import number_of
from sim.experiment.sweep.points import Point
from sim.outcomes.estimates import SHARE, interval
from sim.outcomes.metrics import BY_NAME, CENSORED, METRIC_NAMES, REACH, patients_of, unresolved_of
from sim.outcomes.verdicts import LOWER
from sim.scenario.problems import did_you_mean, show
from sim.scenario.units import NUMBER

FloatArray = NDArray[np.float64]
INFUSED = ("infused_share", "infused_share_low", "infused_share_high")
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

    @property
    def is_floor(self) -> bool:
        """Whether it says how many of the referred should come to infusion at least."""
        metric = BY_NAME[self.metric]
        return metric.tells == REACH and self.at_most == (metric.better == LOWER)

    def holds(self, value: float) -> bool:
        """Whether a number keeps to it; one that is not there does not."""
        return bool(value <= self.value if self.at_most else value >= self.value)


class FloorMissingError(ValueError):
    """Targets that a capacity meets best by infusing hardly anybody; the message says what to add."""


@dataclass(frozen=True)
class Judged:
    """One target at one value: mean, 95 % interval, one-sided bound, whether the bound meets it, and over how many."""

    estimate: float
    low: float
    high: float
    bound: float
    met: bool
    replications: int
    patients: float


@dataclass(frozen=True)
class Tried:
    """One value: what became of each target, and how many of the referred are infused, and still wait at the end."""

    judged: tuple[Judged, ...]
    infused: tuple[float, float, float]
    unresolved: float

    @property
    def met(self) -> bool:
        """Whether every target is met."""
        return all(one.met for one in self.judged)


@dataclass(frozen=True)
class Answer:
    """`point`: the smallest value that meets the targets, None where there is none; `tried` by point number.

    `monotone`: whether more never was worse, beyond chance; where it was, every value was run, and the answer is the
    smallest from which on all meet the targets. `nearly`: the value below the answer whose estimates meet the targets,
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


def require_floor(plan: SweepPlan, path: str, targets: Sequence[Target]) -> None:
    """Nothing, or FloorMissingError where a target speaks of selected patients and none says how many they should be.

    A capacity that starves is best at such a target: who is infused at all has waited least. The message has the share
    infused at the largest capacity, which is run for it.
    """
    selected = next((target for target in targets if BY_NAME[target.metric].selected), None)
    if selected is None or any(target.is_floor for target in targets):
        return
    largest = plan.points[-1]
    with tempfile.TemporaryDirectory() as place, open_sweep(plan, Path(place)) as sweep:
        evaluate(sweep, [largest], lambda count: None)
        share, low, high = _infused(sweep.values(largest.number)[:, 0])
    over = BY_NAME[selected.metric].over
    assert over is not None
    lowest = low if math.isfinite(low) else share
    floor = max(0.01, math.floor(20.0 * lowest) / 20.0)
    within = f" ({100 * low:.1f} to {100 * high:.1f})" if math.isfinite(low) else ""
    raise FloorMissingError(
        f"{selected} speaks of {over.label} alone, and a capacity at which few are infused meets it too. "
        f"At {path} = {largest.overrides[path]}, the largest, {100 * share:.1f} %{within} of the referred are infused. "
        f'Say how many should be at least; add, for example: --target "infused_share >= {floor:g}"'
    )


def find_smallest(sweep: Sweep, targets: Sequence[Target], confidence: float, done: Callable[[int], None]) -> Answer:
    """The smallest of the sweep's points, in ascending order of one capacity, that meets every target.

    First an even choice of points, ends included, for the curve; then bisection where it begins to meet them.
    """
    points = sweep.plan.points
    last = len(points) - 1
    tried: dict[int, Tried] = {}

    def run(numbers: list[int]) -> None:
        new = [number for number in numbers if number not in tried]
        evaluate(sweep, [points[number] for number in new], done)
        tried.update({number: _try(sweep, number, targets, confidence) for number in new})

    run(sorted({round(k * last / (CURVE_POINTS - 1)) for k in range(CURVE_POINTS)}))
    while True:
        below, answer = _bracket(tried)
        if answer is None or answer - below <= 1:
            break
        run([(below + answer) // 2])
    monotone = all(_is_monotone(sweep, tried, target) for target in targets)
    if not monotone:
        run(list(range(len(points))))
        _, answer = _bracket(tried)
    nearly = None
    if answer is not None and answer > 0:
        before = tried[answer - 1].judged
        if all(target.holds(one.estimate) for target, one in zip(targets, before, strict=True)):
            nearly = points[answer - 1]
    return Answer(None if answer is None else points[answer], tried, monotone, nearly)


def _bracket(tried: dict[int, Tried]) -> tuple[int, int | None]:
    """(the largest number tried that misses the target, the smallest beyond it), -1 and None where there is none."""
    below = max((number for number, one in tried.items() if not one.met), default=-1)
    return below, min((number for number in tried if number > below), default=None)


def _try(sweep: Sweep, number: int, targets: Sequence[Target], confidence: float) -> Tried:
    values = sweep.values(number)[:, 0]
    patients = patients_of(values)
    judged = tuple(_judge(values, patients, target, confidence) for target in targets)
    return Tried(judged, _infused(values), unresolved_of(values))


def _infused(values: FloatArray) -> tuple[float, float, float]:
    """(mean, low, high) of the share infused."""
    mean, low, high = interval(values[:, METRIC_NAMES.index("infused_share")], within=SHARE)
    return float(mean), float(low), float(high)


def _judge(values: FloatArray, patients: FloatArray, target: Target, confidence: float) -> Judged:
    place, within = METRIC_NAMES.index(target.metric), BY_NAME[target.metric].possible
    mine = values[:, place]
    mean, low, high = interval(mine, within=within)
    # of an interval with c to each side, (1 + c) / 2 lies on one side of either end
    _, at_least, at_most = interval(mine, 2.0 * confidence - 1.0, within)
    bound = float(at_most if target.at_most else at_least)
    return Judged(
        float(reached(mean)),
        float(low),
        float(high),
        bound,
        target.holds(bound),
        int(np.isfinite(mine).sum()),
        float(patients[place]),
    )


def _is_monotone(sweep: Sweep, tried: dict[int, Tried], target: Target) -> bool:
    """Whether no step to more capacity is for the worse, paired by replication and beyond chance."""
    place = METRIC_NAMES.index(target.metric)
    numbers = sorted(tried)
    for less, more in pairwise(numbers):
        with np.errstate(invalid="ignore"):
            change = sweep.values(more)[:, 0, place] - sweep.values(less)[:, 0, place]
        _, low, _ = interval(change if target.at_most else -change, AGAINST_CONFIDENCE)
        if low > 0.0:
            return False
    return True


def plan_table(sweep: Sweep, path: str, targets: Sequence[Target], answer: Answer) -> pd.DataFrame:
    """`plan.csv`, in ascending order of the value, target by target."""
    rows = []
    for number, tried in sorted(answer.tried.items()):
        point = sweep.plan.points[number]
        for target, one in zip(targets, tried.judged, strict=True):
            metric = BY_NAME[target.metric]
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
                    "all_met": tried.met,
                    "answer": point is answer.point,
                    "replications": one.replications,
                    "patients": one.patients,
                    "unresolved_share": tried.unresolved,
                    **dict(
                        zip(("infused_share", "infused_share_low", "infused_share_high"), tried.infused, strict=True)
                    ),
                }
            )
    return pd.DataFrame(rows)


def together(targets: Sequence[Target]) -> str:
    """The targets in words."""
    return " and ".join(map(str, targets))


def said_of(sweep: Sweep, answer: Answer, path: str, targets: Sequence[Target], confidence: float) -> list[str]:
    """Sentences: the answer, or that there is none, how many are infused there, and what to know about it."""
    sure, wanted = f"with {100 * confidence:g} % confidence", together(targets)
    said = []
    if answer.point is None:
        first, last = (sweep.plan.points[place].overrides[path] for place in (0, -1))
        said.append(f"no value of {path} from {first} to {last} meets {wanted} {sure}")
    else:
        said.append(f"{path} = {answer.point.overrides[path]} is the smallest that meets {wanted} {sure}")
    said.append(_infused_there(sweep, answer, path))
    if answer.nearly is not None:
        said.append(
            f"{answer.nearly.overrides[path]} meets it on average, but not {sure}: more replications could settle that"
        )
    if not answer.monotone:
        said.append("more is not always better here: every value was run, and from the answer on all meet the target")
    return said


def _infused_there(sweep: Sweep, answer: Answer, path: str) -> str:
    """How many are infused at the answer, or at the largest value where there is none, and how many still wait."""
    point = answer.point or sweep.plan.points[-1]
    tried = answer.tried[point.number]
    share, low, high = (100.0 * number for number in tried.infused)
    text = f"at {point.overrides[path]}, {share:.1f} % ({low:.1f} to {high:.1f}) of the referred are infused"
    waiting = f"{text}, and {100 * tried.unresolved:.1f} % still wait when follow-up ends"
    return f"{waiting}: the figures leave them out" if tried.unresolved > CENSORED else waiting
