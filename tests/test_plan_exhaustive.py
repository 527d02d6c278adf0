"""A plan against running everything often: the same answer on small random networks, and hardly ever a wrong one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.engine.choice import COMPILED, SIMPY
from sim.experiment.plan.search import Rule, find_cheapest
from sim.experiment.plan.space import Space, ascending
from sim.experiment.plan.targets import parse_target
from sim.experiment.runs.replicate import Arm, simulate
from sim.experiment.sweep.factors import parse_factor
from sim.outcomes.figures import figures_of, metric_named
from tests.runs import load_text
from tests.test_capacity import NETWORK
from tests.test_feasibility import right

FloatArray = NDArray[np.float64]
TRUE = 10_000  # the set of draws that the truth is taken from
RULE = Rule(confidence=0.9, first=10, most=1_000)
# 50 times as many replications as plans need of a combination of these networks: 32 on average.
TRUTH = 50 * 32


class Random:
    """A network with random demand and prices, every combination of slots and beds, and two targets."""

    def __init__(self, seed: int, engine: str, often: int) -> None:
        draw, self.engine = np.random.default_rng(seed), engine
        self.base = load_text(
            NETWORK,
            f"regions.town.referrals={draw.integers(3, 8)} / month",
            f"regions.land.referrals={draw.integers(1, 4)} / month",
            f"centres.lake.slots={draw.integers(1, 4)}",
            f"clocks.waiting.progression.exponential.rate={draw.uniform(0.002, 0.015):.4f} / d",
            "run.window=90 d",
            "run.follow_up=90 d",
        )
        levers = [f"centres.city.slots={draw.integers(1, 3)}:{draw.integers(3, 5)}", "centres.city.beds=1:2"]
        prices = {"centres.city.slots": float(draw.integers(1, 9)), "centres.city.beds": float(draw.integers(1, 9))}
        self.space = Space(tuple(ascending(parse_factor(text)) for text in levers), prices)
        self.costs = {number: self.space.cost(number) for number in range(self.space.size)}
        self.scenarios = {
            n: self.base.scenario_with([f"{p}={v}" for p, v in self.space.values(n).items()]) for n in self.costs
        }
        self.names = ("infused_share", "waiting_list_length@worst")
        arm = Arm("", self.scenarios[0])
        metrics = {name: metric_named(name, arm.scenario, arm.protocol) for name in self.names}
        outcomes = {number: self.outcomes(number, range(often), TRUE).mean(axis=0) for number in self.costs}
        # between the best and the worst, so that some meet them and some do not
        shares, lengths = np.array(list(outcomes.values())).T
        wanted = (
            f"infused_share >= {np.quantile(shares, 0.6):.3f}",
            f"{self.names[1]} <= {np.median(lengths) + 1.0:.3f}",
        )
        zones = {"infused_share": 0.05, self.names[1]: 1.0}
        self.targets = [parse_target(text, metrics.__getitem__, zones) for text in wanted]
        self.zones = np.array([target.zone for target in self.targets])
        self.truth = np.array([self.excess(outcomes[number]) for number in self.costs])

    def outcomes(self, number: int, replications: range, luck: int) -> FloatArray:
        """The metrics of replications of a combination, with draws of their own for each `luck`."""
        arm = Arm("", self.scenarios[number], luck)
        patients, trace = simulate(arm, replications, self.engine)
        return figures_of(self.names, arm.scenario, arm.protocol, patients, trace, arm.window)

    def excess(self, outcomes: FloatArray) -> FloatArray:
        return np.stack([t.excess(outcomes[..., k]) for k, t in enumerate(self.targets)], axis=-1)

    def is_wrong(self, luck: int) -> bool:
        """Whether a plan on these draws chooses what it may not."""
        kept: dict[int, FloatArray] = {}

        def observe(numbers: Sequence[int], count: int) -> list[FloatArray]:
            for number in numbers:
                there = len(kept.get(number, ()))
                new = self.excess(self.outcomes(number, range(there, count), luck))
                kept[number] = np.concatenate([kept[number], new]) if there else new
            return [kept[number] for number in numbers]

        found = find_cheapest(self.costs, self.zones, observe, RULE)
        assert not found.undecided
        return not right(found, self.costs, self.truth, self.zones)


def test_a_plan_finds_what_running_everything_finds() -> None:
    network = Random(1, SIMPY, 100)
    assert (network.truth <= 0.0).all(axis=1).any()
    assert (network.truth > 0.0).any(axis=1).any()
    assert sum(network.is_wrong(luck) for luck in range(2)) == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_on_random_networks_the_share_of_wrong_answers_is_at_most_what_is_stated() -> None:
    trials = wrong = 0
    for seed in range(20):
        network = Random(seed, COMPILED, TRUTH)
        for luck in range(10):
            wrong += network.is_wrong(luck)
            trials += 1
    assert trials == 200
    assert wrong <= trials * (1.0 - RULE.confidence)
