"""How many replications: a number, or until the interval of a metric is narrow enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.estimates import interval
from sim.outcomes.metrics import BY_NAME, METRIC_NAMES
from sim.scenario.problems import did_you_mean, show

FloatArray = NDArray[np.float64]
# Fewer replications than this are too few to judge their own spread.
LEAST, MOST = 20, 1_000
BATCH = 10


@dataclass(frozen=True)
class Precision:
    """Stop when the 95 % simulation interval of a metric is at most `half_width` to each side, in every scenario."""

    metric: str
    half_width: float
    least: int = LEAST
    most: int = MOST

    def half_widths(self, values: FloatArray) -> FloatArray:
        """The wider half of each scenario's interval, from values of shape (replications, scenarios, metrics)."""
        mean, low, high = interval(values[:, :, METRIC_NAMES.index(self.metric)], within=BY_NAME[self.metric].possible)
        return np.fmax(mean - low, high - mean)


def parse_precision(text: str, least: int | None, most: int | None) -> Precision:
    """The rule of `METRIC=HALFWIDTH`; a ValueError that says what is allowed."""
    metric, _, width = text.partition("=")
    metric = metric.strip()
    if metric not in METRIC_NAMES:
        raise ValueError(f"found the metric {show(metric)}{did_you_mean(metric, METRIC_NAMES, 'metrics')}")
    try:
        half_width = float(width)
    except ValueError:
        half_width = math.nan
    if not 0.0 < half_width < math.inf:
        raise ValueError(f"found {show(width)}; allowed: METRIC=HALFWIDTH, a number above 0, such as {metric}=0.01")
    least = least if least is not None else min(LEAST, most or LEAST)
    most = most if most is not None else max(MOST, least)
    if not 2 <= least <= most:
        raise ValueError(f"found at least {least} and at most {most} replications; allowed: from 2 on, in this order")
    return Precision(metric, half_width, least, most)


def batches(rule: Precision, values: Callable[[], FloatArray]) -> Iterator[range]:
    """The numbers of the replications to run next, until the rule is met or there are as many as it allows.

    `values`: of all replications so far. The next batch aims at nine tenths of what the spread so far asks for, and at
    most doubles the number: it depends on results alone, so any number of workers stops at the same replication.
    """
    count, wanted = 0, rule.least
    while count < wanted:
        yield range(count, wanted)
        count = wanted
        widest = float(np.max(rule.half_widths(values())))
        # a metric that never applies has no interval to wait for
        if widest <= rule.half_width or count >= rule.most:
            return
        needed = count if math.isnan(widest) else math.ceil(0.9 * count * (widest / rule.half_width) ** 2)
        wanted = min(rule.most, 2 * count, max(count + BATCH, needed))


def reached(rule: Precision, names: tuple[str, ...], values: FloatArray) -> dict[str, object]:
    """What the manifest says of the rule: what was asked for, what came of it, and after how many replications."""
    widths = rule.half_widths(values)
    return {
        "metric": rule.metric,
        "half_width": rule.half_width,
        "reached": {name: None if math.isnan(w) else float(w) for name, w in zip(names, widths, strict=True)},
        "met": bool((widths <= rule.half_width).all()),
        "replications": len(values),
        "at_least": rule.least,
        "at_most": rule.most,
    }
