"""Which strategy to choose: ICERs with dominance, net monetary benefit, acceptability, the value of information.

Costs and effects are arrays with one column a strategy; in a probabilistic analysis one row a sample.
Source: Drummond and others, Methods for the Economic Evaluation of Health Care Programmes, 4th edition, chapters 4, 8
and 11; Fenwick, Claxton, Sculpher, Health Economics 2001;10:779 (the frontier of acceptability).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ON_FRONTIER, DOMINATED, EXTENDEDLY = "on the frontier", "dominated", "extendedly dominated"


@dataclass(frozen=True)
class Standing:
    """How one strategy stands among the others.

    `against`: the next cheaper strategy on the frontier, None for the cheapest on it and for the dominated; increments
    and ICER (cost per unit of effect) against that one, NaN where there is none.
    """

    strategy: int
    status: str
    against: int | None
    cost: float
    effect: float
    icer: float


def standings(costs: FloatArray, effects: FloatArray) -> list[Standing]:
    """Each strategy, by rising cost: dominated by a cheaper one that does as much, or by a mix of two others, or not.

    `costs`, `effects`: shape (strategies,). Of two strategies with the same cost and effect the first stays.
    """
    order = [int(k) for k in np.lexsort((np.arange(len(costs)), -effects, costs))]
    status = dict.fromkeys(order, ON_FRONTIER)
    frontier: list[int] = []
    for k in order:
        if frontier and effects[k] <= effects[frontier[-1]]:
            status[k] = DOMINATED
            continue
        # the slope must rise along the frontier
        while len(frontier) > 1 and _icer(costs, effects, frontier[-1], k) <= _icer(
            costs, effects, frontier[-2], frontier[-1]
        ):
            status[frontier.pop()] = EXTENDEDLY
        frontier.append(k)
    found = []
    for k in order:
        place = frontier.index(k) if k in frontier else 0
        against = frontier[place - 1] if place > 0 else None
        nan = float("nan")
        found.append(
            Standing(
                k,
                status[k],
                against,
                float(costs[k] - costs[against]) if against is not None else nan,
                float(effects[k] - effects[against]) if against is not None else nan,
                _icer(costs, effects, against, k) if against is not None else nan,
            )
        )
    return found


def _icer(costs: FloatArray, effects: FloatArray, a: int, b: int) -> float:
    return float((costs[b] - costs[a]) / (effects[b] - effects[a]))


def net_benefit(costs: FloatArray, effects: FloatArray, willingness: FloatArray) -> FloatArray:
    """Net monetary benefit, willingness x effect - cost, shape (willingness, *costs.shape)."""
    return np.asarray(willingness.reshape(-1, *([1] * costs.ndim)) * effects - costs)


@dataclass(frozen=True, eq=False)
class Acceptability:
    """At each willingness to pay: shape (willingness, strategies) or (willingness,).

    `probability`: the share of samples in which a strategy has the highest net benefit (ties are shared).
    `expected`: mean net benefit. `best`: the strategy with the highest mean. `evpi`: the expected value of perfect
    information per patient, mean of the highest net benefit less the highest mean; `evpi_error` its standard error.
    """

    probability: FloatArray
    expected: FloatArray
    best: NDArray[np.int64]
    evpi: FloatArray
    evpi_error: FloatArray


def acceptability(costs: FloatArray, effects: FloatArray, willingness: FloatArray) -> Acceptability:
    """Acceptability, its frontier and EVPI of samples, shape (samples, strategies), at each willingness to pay."""
    samples, strategies = costs.shape
    probability, expected = np.empty((len(willingness), strategies)), np.empty((len(willingness), strategies))
    evpi, error = np.empty(len(willingness)), np.full(len(willingness), np.nan)
    for k, amount in enumerate(willingness):
        benefit = amount * effects - costs
        highest = benefit.max(axis=1, keepdims=True)
        wins = benefit == highest
        probability[k] = (wins / wins.sum(axis=1, keepdims=True)).mean(axis=0)
        expected[k] = benefit.mean(axis=0)
        regret = highest[:, 0] - benefit[:, int(np.argmax(expected[k]))]
        evpi[k] = regret.mean()
        if samples > 1:
            error[k] = regret.std(ddof=1) / np.sqrt(samples)
    return Acceptability(probability, expected, np.argmax(expected, axis=1), evpi, error)
