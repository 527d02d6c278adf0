"""The feasibility tests of a search, and the search itself, on responses whose true means are known."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.experiment.plan.fronts import front
from sim.experiment.plan.search import Found, Rule, find_cheapest, within
from sim.pure.feasibility import bound_of, decide, eta

FloatArray = NDArray[np.float64]


def test_the_constant_is_that_of_the_paper() -> None:
    # Batur and Kim: g(eta) = (1 + 2 eta)^(-(n0 - 1) / 2) / 2 = error, for c = 1
    for first, error in ((5, 0.05), (20, 0.001), (100, 0.0001)):
        assert 0.5 * (1.0 + 2.0 * eta(first, error)) ** (-(first - 1) / 2) == pytest.approx(error, rel=1e-12)
    # by hand: n0 = 3, error 0.125: (0.25)^-1 = 4, eta = 1.5
    assert eta(3, 0.125) == 1.5
    for first, error in ((1, 0.05), (20, 0.0), (20, 0.5)):
        with pytest.raises(ValueError, match="allowed"):
            eta(first, error)


def test_a_decision_by_hand() -> None:
    # the first three have variance 1; h^2 = 2 x 1.5 x 2 = 6; R(r) = max(0, 6 / (2 x 0.5) - r x 0.25) = 6 - r / 4
    first = [-1.0, 0.0, 1.0]
    np.testing.assert_allclose(bound_of(1.0, 3, 0.5, 0.125, np.array([3.0, 8.0, 24.0, 30.0])), [5.25, 4.0, 0.0, 0.0])
    decision = decide(np.array([*first, *[1.0] * 10]), 3, 0.5, 0.125)
    # after r replications the sum is r - 3: 4 at 7 where R = 4.25, 5 at 8 where R = 4
    assert (decision.keeps, decision.after, decision.most) == (False, 8, 24)
    assert decide(np.array([*first, *[-1.0] * 10]), 3, 0.5, 0.125).keeps is True
    assert decide(np.array([*first, *[1.0] * 4]), 3, 0.5, 0.125).keeps is None
    # where the region has closed the side of the sum decides, and on neither side it keeps
    closed = decide(np.array([*first, *[0.0] * 21]), 3, 0.5, 0.125)
    assert (closed.keeps, closed.after) == (True, 24)


def test_what_does_not_apply_is_no_observation_and_what_is_infinite_decides() -> None:
    some = np.array([-3.0, math.nan, -3.1, math.nan, -2.9, -3.0, math.nan])
    assert decide(some, 4, 0.5, 0.05).after == 4
    assert decide(some, 5, 0.5, 0.05).keeps is None
    assert decide(np.array([-3.0, math.inf, -3.0]), 2, 0.5, 0.05).keeps is False
    assert decide(np.array([-3.0, -math.inf, -3.0]), 3, 0.5, 0.05).keeps is True
    # what never varies is decided by the first stage
    assert decide(np.full(10, 0.1), 5, 0.01, 0.05).after == 5


@pytest.mark.parametrize(("offset", "wrong"), [(-1.0, False), (1.0, True)])
def test_at_the_edge_of_the_zone_a_test_errs_no_more_often_than_stated(offset: float, wrong: bool) -> None:
    error, zone, first = 0.05, 0.25, 10
    random = np.random.default_rng(5)
    errors = undecided = 0
    for _ in range(2_000):
        decision = decide(random.normal(offset * zone, 1.0, 2_000), first, zone, error)
        errors += decision.keeps is wrong
        undecided += decision.keeps is None
    # four standard errors of a binomial share above the stated error
    assert errors <= 2_000 * error + 4.0 * math.sqrt(2_000 * error * (1.0 - error))
    assert undecided < 10
    assert errors > 0  # it is a test that can err


class Responses:
    """Correlated normal responses of every combination to the same numbers, with means that are known."""

    def __init__(self, means: FloatArray, spread: float, shared: float, seed: int, most: int) -> None:
        random = np.random.default_rng(seed)
        common = random.normal(size=(most, means.shape[1]))
        own = random.normal(size=(len(means), most, means.shape[1]))
        self.values = means[:, None, :] + spread * (math.sqrt(shared) * common + math.sqrt(1.0 - shared) * own)
        self.seen = np.zeros(len(means), dtype=int)

    def observe(self, numbers: Sequence[int], count: int) -> list[FloatArray]:
        for number in numbers:
            assert count >= self.seen[number]
            self.seen[number] = count
        return [self.values[number, :count] for number in numbers]


def right(found: Found, costs: dict[int, float], means: FloatArray, zones: FloatArray) -> bool:
    """Whether what was chosen breaks no target by its zone, and nothing cheaper keeps to all by theirs."""
    desirable = [number for number in costs if (means[number] <= -zones).all()]
    if found.chosen is None:
        return not desirable
    cheaper = any(costs[number] < costs[found.chosen] for number in desirable)
    return bool((means[found.chosen] < zones).all()) and not cheaper


@pytest.mark.parametrize("shared", [0.0, 0.8], ids=["independent", "common random numbers"])
def test_the_share_of_wrong_selections_is_at_most_what_is_stated(shared: float) -> None:
    rule, zones = Rule(confidence=0.9, first=10, most=1_000), np.array([0.5, 0.5])
    # the hardest that there is: every combination lies on the edge of the zone, one side or the other
    edges = np.array([[0.5, -0.5], [-0.5, 0.5], [0.5, 0.5], [-0.5, -0.5], [0.5, -0.5], [-0.5, -0.5]])
    costs = {number: float(number) for number in range(len(edges))}
    trials = 200
    wrong = 0
    for trial in range(trials):
        responses = Responses(edges, 1.0, shared, trial, rule.most)
        found = find_cheapest(costs, zones, responses.observe, rule)
        assert not found.undecided
        wrong += not right(found, costs, edges, zones)
    assert wrong <= trials * (1.0 - rule.confidence)


def test_random_responses_are_chosen_as_by_looking_at_their_true_means() -> None:
    random = np.random.default_rng(3)
    zones = np.array([0.3, 0.2])
    rule = Rule(confidence=0.95, first=10, most=4_000)
    wrong = nothing = 0
    for trial in range(200):
        means = random.normal(0.3, 1.0, (12, 2))
        costs = {number: float(cost) for number, cost in enumerate(random.integers(1, 6, 12))}
        found = find_cheapest(costs, zones, Responses(means, 1.0, 0.6, trial, rule.limit).observe, rule)
        wrong += not right(found, costs, means, zones)
        nothing += found.chosen is None
    assert wrong <= 10
    assert 5 < nothing < 150


def test_combinations_are_tested_in_order_of_cost_and_no_further_than_needed() -> None:
    rule = Rule(first=10, most=500)
    means = np.array([[-5.0], [5.0], [-5.0], [-0.3], [5.0]])
    costs = {0: 200.0, 1: 50.0, 2: 100.0, 3: 101.5, 4: 103.0}
    responses = Responses(means, 1.0, 0.5, 1, 500)
    found = find_cheapest(costs, [0.5], responses.observe, rule)
    assert found.chosen == 2
    assert found.near == (3,)
    assert found.tested[1].met is False
    assert responses.seen[[0, 1, 2, 4]].tolist() == [10] * 4
    assert responses.seen[3] > 10
    assert found.tested[3].replications == responses.seen[3]


def test_what_cannot_be_decided_in_time_is_not_taken() -> None:
    rule = Rule(first=10, most=25)
    responses = Responses(np.array([[0.0], [-9.0]]), 1.0, 0.0, 1, 20)
    found = find_cheapest({0: 1.0, 1: 2.0}, [0.2], responses.observe, rule)
    assert (found.chosen, found.undecided) == (1, (0,))
    assert responses.seen.tolist() == [20, 10]


def test_the_front() -> None:
    assert front([1, 2, 3, 3], [5.0, 5.0, 4.0, 4.0]) == [True, False, True, True]
    assert front([3, 1, 2], [-0.9, -0.5, math.nan]) == [True, True, False]
    assert within(100.0, 0.02) >= 102.0 > within(100.0, 0.0199)
    assert within(-100.0, 0.02) >= -98.0
