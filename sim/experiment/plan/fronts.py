"""Cost against outcome: which combinations are not beaten by one that is both cheaper and better."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.experiment.plan.bench import Bench
from sim.experiment.plan.search import Rule
from sim.outcomes.estimates import interval

# Those that may be on the front are run so many times as often as the first stage, where they were not already.
TIMES = 10


def find_fronts(bench: Bench, numbers: Sequence[int], rule: Rule) -> list[set[int]]:
    """The numbers of the combinations on the front of each target.

    Outcomes are compared on common replications alone, so that one that was run more often is not taken for better:
    first on those of the first stage, then, among those that were not beaten there, on more of them.
    """
    first = [_front(bench, numbers, place, rule.first) for place in range(len(bench.targets))]
    more = min(TIMES * rule.first, rule.limit)
    bench.run([bench.space.point(number) for number in sorted(set().union(*first))], more)
    return [set(_front(bench, sorted(candidates), place, more)) for place, candidates in enumerate(first)]


def _front(bench: Bench, numbers: Sequence[int], place: int, count: int) -> list[int]:
    excess = [float(interval(bench.excess(number)[:count, place])[0]) for number in numbers]
    kept = front([bench.space.cost(number) for number in numbers], excess)
    return [number for number, one in zip(numbers, kept, strict=True) if one]


def front(costs: Sequence[float], misses: Sequence[float]) -> list[bool]:
    """Which are not beaten: nothing costs no more and misses no more, and one of both less. NaN is always beaten."""
    found, best, last = [False] * len(misses), math.inf, (math.nan, math.nan)
    there = [k for k in range(len(misses)) if not math.isnan(misses[k])]
    for k in sorted(there, key=lambda k: (costs[k], misses[k])):
        if misses[k] < best or (costs[k], misses[k]) == last:
            found[k], best, last = True, misses[k], (costs[k], misses[k])
    return found
