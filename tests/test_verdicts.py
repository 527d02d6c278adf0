"""What may be said of a difference, and of strategies: the one function, and what is built on it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.outcomes.decisions import SAME, UNCLEAR_MIX, judged_standings
from sim.outcomes.verdicts import (
    DOMINATED,
    EXTENDEDLY,
    HIGHER,
    LOWER,
    NEITHER,
    ON_FRONTIER,
    Bounds,
    Verdict,
    clearly_apart,
    verdict,
)

NAN = math.nan


@pytest.mark.parametrize(
    ("bounds", "better", "said"),
    [
        ((-3.0, -4.0, -2.0), LOWER, Verdict.BETTER),
        ((-3.0, -4.0, -2.0), HIGHER, Verdict.WORSE),
        ((3.0, 2.0, 4.0), LOWER, Verdict.WORSE),
        ((3.0, 2.0, 4.0), NEITHER, Verdict.DIFFERENT),
        ((-3.0, -7.0, 1.0), LOWER, Verdict.UNCLEAR),
        ((1.0, 0.0, 2.0), HIGHER, Verdict.UNCLEAR),
        ((0.0, -1.0, 1.0), HIGHER, Verdict.UNCLEAR),
        ((0.0, 0.0, 0.0), HIGHER, Verdict.SAME),
        ((3.0, NAN, NAN), HIGHER, Verdict.UNJUDGED),
        ((NAN, NAN, NAN), HIGHER, Verdict.INCOMPARABLE),
        ((math.inf, NAN, NAN), LOWER, Verdict.INCOMPARABLE),
    ],
)
def test_the_verdict(bounds: tuple[float, float, float], better: str, said: Verdict) -> None:
    assert verdict(*bounds, better) is said
    assert said.resolved == (said in (Verdict.BETTER, Verdict.WORSE, Verdict.DIFFERENT))


def test_two_intervals_that_overlap_are_not_apart() -> None:
    assert not clearly_apart(Bounds(108.1, 107.0, 109.0), Bounds(107.6, 106.0, 109.0))
    assert clearly_apart(Bounds(120.0, 118.0, 122.0), Bounds(107.6, 106.0, 109.0))


def samples(cost: float, effect: float, cost_spread: float = 1.0, effect_spread: float = 0.001) -> np.ndarray:
    """Twelve paired samples of a strategy, their means exact; every strategy with a swing of its own."""
    swing = np.array([1.0, -1.0] * 6)
    return np.array([cost + cost_spread * swing, effect + effect_spread * np.roll(swing, 1)])


def judged(*strategies: np.ndarray) -> dict[int, str]:
    costs, effects = (np.column_stack([one[k] for one in strategies]) for k in (0, 1))
    return {one.strategy: one.status for one in judged_standings(costs, effects)}


def test_identical_strategies_are_the_same() -> None:
    found = judged(samples(10.0, 1.0), samples(10.0, 1.0), samples(30.0, 2.0, 2.0, 0.002))
    assert found == {0: ON_FRONTIER, 1: SAME, 2: ON_FRONTIER}


def test_dominated_only_where_both_differences_are_resolved() -> None:
    cheap = samples(10.0, 1.0)
    assert judged(cheap, samples(20.0, 0.5, 2.0, 0.002))[1] == DOMINATED
    assert judged(cheap, samples(20.0, 0.999, 2.0, 0.5))[1] == "no clear difference in QALYs"
    assert judged(cheap, samples(10.1, 0.5, 40.0, 0.002))[1] == "no clear difference in costs"
    assert judged(cheap, samples(10.1, 0.999, 40.0, 0.5))[1] == "no clear difference in costs or QALYs"


def test_the_frontier_needs_a_clear_effect_and_goes_past_who_has_none() -> None:
    costs, effects = (
        np.column_stack(each)
        for each in zip(samples(10.0, 1.0), samples(15.0, 1.7, 1.0, 1.5), samples(40.0, 3.0, 2.0, 0.002), strict=True)
    )
    found = {one.strategy: one for one in judged_standings(costs, effects)}
    assert found[1].status == "no clear difference in QALYs"
    assert (found[2].status, found[2].against) == (ON_FRONTIER, 0)
    assert found[2].icer == pytest.approx(15.0)
    assert math.isnan(found[1].icer)


def test_one_replication_is_not_judged() -> None:
    found = judged_standings(np.array([[10.0, 20.0]]), np.array([[1.0, 0.5]]))
    assert [one.status for one in found] == [
        "on the frontier (one replication: not judged)",
        "dominated (one replication: not judged)",
    ]


def test_extended_dominance_is_judged_at_the_price_of_its_neighbours() -> None:
    ends = samples(10.0, 1.0), samples(40.0, 3.0, 2.0, 0.002)
    assert judged(*ends, samples(35.0, 2.0, 2.0, 0.002))[2] == EXTENDEDLY
    assert judged(*ends, samples(25.5, 2.0, 60.0, 0.002))[2] == UNCLEAR_MIX


def test_the_cheapest_is_on_the_frontier_only_where_nothing_as_good_may_be_cheaper() -> None:
    luck = np.random.default_rng(8)
    noise = luck.normal(0.0, 1.0, (2, 40, 3))
    noise -= noise.mean(axis=1, keepdims=True)

    def status(dearer: float, gain: float) -> str:
        costs = 100.0 + 5.0 * noise[0] + np.array([0.0, dearer, 900.0])
        effects = 1.0 + 0.01 * noise[1] + np.array([0.0, gain, 0.9])
        return next(one.status for one in judged_standings(costs, effects) if one.strategy == 0)

    # as dear as far as can be told, and better: the cheaper one may be dominated
    assert status(0.5, 0.5) == "no clear difference in costs"
    assert status(0.5, 0.0) == "no clear difference in costs or QALYs"
    # clearly dearer, or clearly worse: it is not
    assert status(50.0, 0.5) == status(0.5, -0.5) == ON_FRONTIER


def test_the_same_strategy_twice_is_the_same_in_one_replication_too() -> None:
    found = judged_standings(np.array([[2.0, 1.0, 2.0]]), np.array([[0.5, 0.7, 0.5]]))
    assert [(s.strategy, s.status, s.against) for s in found] == [
        (1, "on the frontier (one replication: not judged)", None),
        (0, "dominated (one replication: not judged)", None),
        (2, "the same", 0),
    ]
    assert (found[2].cost, found[2].effect) == (0.0, 0.0)
