"""Which strategy to choose: ICERs with dominance, net monetary benefit, acceptability, the value of information.

Costs and effects are arrays with one column a strategy; in a probabilistic analysis one row a sample.
Source: Drummond and others, Methods for the Economic Evaluation of Health Care Programmes, 4th edition, chapters 4, 8
and 11; Fenwick, Claxton, Sculpher, Health Economics 2001;10:779 (the frontier of acceptability).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.outcomes.estimates import interval, ratio_interval
from sim.outcomes.verdicts import DOMINATED, EXTENDEDLY, ON_FRONTIER, Verdict, verdict
from sim.pure.arrays import FloatArray, IntArray

SAME, NOT_JUDGED = "the same", "one replication: not judged"
UNCLEAR = "no clear difference in {}"
COSTS, EFFECTS, BOTH = "costs", "QALYs", "costs or QALYs"
UNCLEAR_MIX = "no clear difference from a mix of two others"
NAN = float("nan")
Interval = tuple[float, float, float]


@dataclass(frozen=True)
class Standing:
    """How one strategy stands among the others.

    `against`: the strategy that it is set against: the next cheaper one on the frontier, or the one that dominates it
    or does as much; None for the cheapest. `cost`, `effect`: increments against that one; `icer`: cost per unit of
    effect, of a strategy on the frontier only. NaN where there is none.
    """

    strategy: int
    status: str
    against: int | None
    cost: float
    effect: float
    icer: float
    cost_bounds: tuple[float, float] = (NAN, NAN)
    effect_bounds: tuple[float, float] = (NAN, NAN)
    icer_bounds: tuple[float, float] = (NAN, NAN)


def judged_standings(costs: FloatArray, effects: FloatArray) -> list[Standing]:
    """How each strategy stands on what it is expected to cost and do, by rising mean cost.

    `costs`, `effects`: paired samples, shape (samples, strategies): replications, or means of sets of inputs. The means
    place a strategy as in `standings`; what is claimed of it must be resolved by the paired intervals of the means:
    dominated only where it is dearer (or the same) and does less (or the same) than one other; on the frontier only
    where its effect differs from that of the one before it there, and for the cheapest, where it is clearly so or all
    that may be as cheap do less.
    """
    means = costs.mean(axis=0), effects.mean(axis=0)
    exact = standings(*means)
    if len(costs) < 2:
        return _not_judged(exact, *means)
    found: list[Standing] = []
    clear: list[int] = []
    on = [one.strategy for one in exact if one.status == ON_FRONTIER]
    for one in exact:
        k = one.strategy
        twin = next((j for j in (s.strategy for s in found) if _is_same(costs, k, j) and _is_same(effects, k, j)), None)
        if twin is not None:
            found.append(_against(costs, effects, k, twin, SAME))
        elif one.status == ON_FRONTIER:
            reference = clear[-1] if clear else None
            status = ON_FRONTIER if reference is None else _frontier_status(costs, effects, k, reference)
            if reference is None or status != UNCLEAR.format(EFFECTS):
                clear.append(k)
            found.append(_against(costs, effects, k, reference, status))
        elif one.status == DOMINATED:
            found.append(_dominated(costs, effects, k, means))
        else:
            found.append(_extendedly(costs, effects, k, on, means))
    return [_cheapest(costs, effects, found[0]), *found[1:]]


def _not_judged(exact: Sequence[Standing], cost: FloatArray, effect: FloatArray) -> list[Standing]:
    """The standings of one replication: only of two strategies that are the same is it known how they stand."""
    first: dict[tuple[float, float], int] = {}
    found = []
    for one in exact:
        k = one.strategy
        twin = first.setdefault((float(cost[k]), float(effect[k])), k)
        as_it_is = replace(one, status=f"{one.status} ({NOT_JUDGED})")
        found.append(as_it_is if twin == k else Standing(k, SAME, twin, 0.0, 0.0, NAN))
    return found


def _cheapest(costs: FloatArray, effects: FloatArray, first: Standing) -> Standing:
    """The first one, on the frontier only where no other may be cheaper and do as much: then it would be dominated."""
    k, open_in = first.strategy, set[str]()
    for j in range(costs.shape[1]):
        cost, effect = _paired(costs, j, k), _paired(effects, j, k)
        of_cost, of_effect = _judged(cost), _judged(effect)
        if j == k or of_cost.resolved or of_cost is Verdict.SAME or (of_effect.resolved and effect[0] < 0.0):
            continue
        open_in.add(COSTS if of_effect.resolved or of_effect is Verdict.SAME else BOTH)
    return replace(first, status=UNCLEAR.format(max(open_in, key=len))) if open_in else first


def _interval(samples: FloatArray) -> Interval:
    mean, low, high = interval(samples)
    return float(mean), float(low), float(high)


def _paired(samples: FloatArray, k: int, j: int) -> Interval:
    return _interval(samples[:, k] - samples[:, j])


def _judged(difference: Interval) -> Verdict:
    value, low, high = difference
    return verdict(value, low, high)


def _is_same(samples: FloatArray, k: int, j: int) -> bool:
    return _judged(_paired(samples, k, j)) is Verdict.SAME


def _against(costs: FloatArray, effects: FloatArray, k: int, j: int | None, status: str) -> Standing:
    """The standing with increments against `j`; an ICER only on the frontier."""
    if j is None:
        return Standing(k, status, None, NAN, NAN, NAN)
    cost, effect = _paired(costs, k, j), _paired(effects, k, j)
    # dearer (as far as the samples say) and worse, or cheaper and better: a ratio says nothing
    tells = status in (ON_FRONTIER, UNCLEAR.format(COSTS)) and effect[0] > 0.0 and cost[0] >= 0.0
    ratio = cost[0] / effect[0] if tells else NAN
    return Standing(k, status, j, cost[0], effect[0], ratio, cost[1:], effect[1:], _icer_bounds(costs, effects, k, j))


def _icer_bounds(costs: FloatArray, effects: FloatArray, k: int, j: int) -> tuple[float, float]:
    """Fieller's interval of the ICER, where it lies in one quadrant: both increments are clearly not 0. Else NaN."""
    if not (_judged(_paired(costs, k, j)).resolved and _judged(_paired(effects, k, j)).resolved):
        return NAN, NAN
    if (costs[:, k] - costs[:, j]).mean() * (effects[:, k] - effects[:, j]).mean() < 0.0:
        return NAN, NAN  # dominated or dominant: a ratio says nothing
    _, low, high = ratio_interval(costs[:, k] - costs[:, j], effects[:, k] - effects[:, j])
    return low, high


@dataclass(frozen=True)
class Price:
    """A price with its interval; NaN where there is none."""

    value: float
    low: float
    high: float


def quadrants(cost: FloatArray, effect: FloatArray) -> tuple[dict[tuple[bool, bool], float], float]:
    """Proportions of samples by quadrant of the cost-effectiveness plane, and of those that are the same in both.

    `cost`, `effect`: how much more than the baseline, shape (samples,). The key of a quadrant is (better, dearer). A
    sample on an axis counts half in each quadrant beside it, as strategies that are equally good share it in
    acceptability; one that is the same in both is in none. All proportions sum to 1.
    """
    same = (cost == 0.0) & (effect == 0.0)
    better, dearer = np.sign(effect) / 2.0 + 0.5, np.sign(cost) / 2.0 + 0.5
    apart = {
        (is_better, is_dearer): np.where(is_better, better, 1.0 - better) * np.where(is_dearer, dearer, 1.0 - dearer)
        for is_better in (True, False)
        for is_dearer in (False, True)
    }
    return {key: float((found * ~same).mean()) for key, found in apart.items()}, float(same.mean())


def value_based_price(price: float | FloatArray, benefit: FloatArray, units: FloatArray) -> Price:
    """The price of a product at which its strategy is worth as much as another.

    Cost is linear in the price, with the discounted products per patient as its slope: what net benefit exceeds the
    other's by at `price`, divided by these, may be added to it. `price`: at which the samples were taken, one or one of
    each; `benefit`: paired net benefit less that of the other; `units`: discounted products per patient. The interval
    is Fieller's.
    """
    found, low, high = ratio_interval(benefit + price * units, units)
    return Price(found, low, high)


def _frontier_status(costs: FloatArray, effects: FloatArray, k: int, j: int) -> str:
    if not _judged(_paired(effects, k, j)).resolved:
        return UNCLEAR.format(EFFECTS)
    return ON_FRONTIER if _judged(_paired(costs, k, j)).resolved else UNCLEAR.format(COSTS)


def _dominated(costs: FloatArray, effects: FloatArray, k: int, means: tuple[FloatArray, FloatArray]) -> Standing:
    """Against the first that surely dominates it, else against the one that does so on the means, and what is open."""
    cost, effect = means
    rivals = [j for j in np.lexsort((cost, -effect)) if j != k and cost[j] <= cost[k] and effect[j] >= effect[k]]
    judged = [(j, _judged(_paired(costs, k, j)), _judged(_paired(effects, k, j))) for j in map(int, rivals)]
    settled = (Verdict.SAME, Verdict.DIFFERENT)
    for j, of_cost, of_effect in judged:
        if of_cost in settled and of_effect in settled:
            return _against(costs, effects, k, j, DOMINATED)
    j, of_cost, of_effect = judged[0]
    open_in = COSTS if of_effect in settled else EFFECTS if of_cost in settled else BOTH
    return _against(costs, effects, k, j, UNCLEAR.format(open_in))


def _extendedly(
    costs: FloatArray, effects: FloatArray, k: int, on: Sequence[int], means: tuple[FloatArray, FloatArray]
) -> Standing:
    """Extendedly dominated where it is surely worth less than its neighbours on the frontier, at the price at which
    these are worth the same.
    """
    cost, effect = means
    low = max((j for j in on if cost[j] <= cost[k]), key=lambda j: cost[j])
    high = min((j for j in on if effect[j] >= effect[k] and j != low), key=lambda j: effect[j])
    price = (cost[high] - cost[low]) / (effect[high] - effect[low])
    worth = price * effects - costs
    less = worth[:, k] - (worth[:, low] + worth[:, high]) / 2.0
    sure = _judged(_interval(less)).resolved
    return Standing(k, EXTENDEDLY if sure else UNCLEAR_MIX, None, NAN, NAN, NAN)


def standings(costs: FloatArray, effects: FloatArray) -> list[Standing]:
    """Each strategy by exact numbers, by rising cost: dominated by a cheaper one or by a mix of two others, or not.

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
    best: IntArray
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
