"""What a unit of each lever costs a month by the scenario itself: what its capacity costs, used or not."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.experiment.sweep.factors import Factor, number_of
from sim.experiment.sweep.points import Base
from sim.outcomes.supply import standing_month
from sim.scenario import Scenario, ScenarioError


def standing_prices(base: Base, levers: Sequence[Factor]) -> dict[str, float]:
    """The price of one unit by path, where the scenario says one for every lever; empty otherwise.

    Known before anything runs: the standing cost a month at each value of a lever, which must rise in a straight line
    with the value. What only a simulation finds (use, care, products) is no part of it.
    """
    (loaded,) = base.scenarios.values()
    found: dict[str, float] = {}
    for lever in levers:
        try:
            scenarios = [loaded.scenario_with([f"{lever.path}={level}"]) for level in lever.levels]
        except ScenarioError:
            return {}
        price = _slope([float(number_of(level)) for level in lever.levels], scenarios)
        if price is None or price <= 0.0:
            return {}
        found[lever.path] = price
    return found


def _slope(amounts: Sequence[float], scenarios: Sequence[Scenario]) -> float | None:
    """Cost by amount; None where it is no straight line, or there is only one amount."""
    costs = [standing_month(scenario) for scenario in scenarios]
    if len(amounts) < 2 or not all(map(math.isfinite, (*amounts, *costs))):
        return None
    slope = (costs[-1] - costs[0]) / (amounts[-1] - amounts[0])
    expected = [costs[0] + slope * (amount - amounts[0]) for amount in amounts]
    straight = all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6) for a, b in zip(costs, expected, strict=True))
    return slope if straight else None
