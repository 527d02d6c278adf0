"""The cheapest combination that keeps to every target: feasibility tests in order of cost, with a guarantee.

What a combination costs is known, so that the question is only which of them keep to the targets. Each target of each
combination is tested by itself (`sim.pure.feasibility`), at an error of alpha / (combinations x targets). With a
probability of at least 1 - alpha, then,
- the chosen combination breaks no target by as much as its zone, and
- no cheaper one keeps to every target by as much as its zone.
The replications of all combinations share their patients (common random numbers), which the bound allows for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sim.experiment.options import PLAN_FIRST, PLAN_MOST
from sim.pure.arrays import FloatArray
from sim.pure.feasibility import Decision, decide

# Of these combinations, by how much each of so many replications exceeds each target, (replications, targets) each.
Observe = Callable[[Sequence[int], int], list[FloatArray]]
GROWTH, ROUNDING = 1.5, 1e-12


@dataclass(frozen=True)
class Rule:
    """How sure and how long: `first` replications before anything is decided, at most `most` of a combination.

    `near`: how much dearer than the chosen one, as a share of its cost, another is still of interest.
    """

    confidence: float = 0.95
    first: int = PLAN_FIRST
    most: int = PLAN_MOST
    near: float = 0.02

    @property
    def limit(self) -> int:
        """The most replications of a combination, in whole steps of the first stage."""
        return max(self.first, self.most // self.first * self.first)

    def error(self, combinations: int, targets: int) -> float:
        """What a single test may err by, so that all together err by no more than 1 - confidence."""
        return (1.0 - self.confidence) / (combinations * targets)


@dataclass(frozen=True)
class Tested:
    """What was decided of each target of a combination, after so many replications of it."""

    decisions: tuple[Decision, ...]
    replications: int

    @property
    def met(self) -> bool | None:
        """Whether every target is kept to; None while that is open."""
        if any(decision.keeps is False for decision in self.decisions):
            return False
        return True if all(decision.keeps for decision in self.decisions) else None


@dataclass(frozen=True)
class Found:
    """`chosen`: the cheapest that keeps to all, None where none does; `near`: others that do at hardly more cost.

    `undecided`: those that cost no more than the chosen one (any cost where there is none) and could not be decided.
    """

    chosen: int | None
    near: tuple[int, ...]
    undecided: tuple[int, ...]
    tested: dict[int, Tested]


def find_cheapest(costs: Mapping[int, float], zones: Sequence[float], observe: Observe, rule: Rule) -> Found:
    """Test combinations in order of cost until one keeps to all targets, and those that cost hardly more.

    The first stage is run of all of them, for what their outcomes are against their cost.
    """
    order = sorted(costs, key=lambda number: (costs[number], number))
    error = rule.error(len(order), len(zones))

    def test(number: int, excess: FloatArray) -> Tested:
        columns = zip(excess.T, zones, strict=True)
        return Tested(tuple(decide(column, rule.first, zone, error) for column, zone in columns), len(excess))

    tested = {n: test(n, excess) for n, excess in zip(order, observe(order, rule.first), strict=True)}
    chosen: int | None = None
    near, undecided = [], []
    for number in order:
        if chosen is not None and costs[number] > within(costs[chosen], rule.near):
            break
        while tested[number].met is None and tested[number].replications < rule.limit:
            (excess,) = observe([number], _more(tested[number], rule))
            tested[number] = test(number, excess)
        if tested[number].met is None and (chosen is None or costs[number] <= costs[chosen]):
            undecided.append(number)
        if tested[number].met and chosen is None:
            chosen = number
        elif tested[number].met:
            near.append(number)
    return Found(chosen, tuple(near), tuple(undecided), tested)


def within(cost: float, part: float) -> float:
    """The highest cost that is dearer by no more than this part."""
    return cost + part * abs(cost) + ROUNDING * abs(cost)


def _more(tested: Tested, rule: Rule) -> int:
    """How many replications of a combination are looked at next: half as many again, no more than can be needed."""
    wanted = max(tested.replications + rule.first, GROWTH * tested.replications)
    needed = max(decision.most for decision in tested.decisions if decision.keeps is None)
    if needed > tested.replications:
        wanted = min(wanted, needed)
    return min(rule.limit, math.ceil(wanted / rule.first) * rule.first)
