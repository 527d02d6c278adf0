"""What lies beyond the last row of a survival table, where nobody was observed any more."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from sim.pure.survival import Cured, Survival, SurvivalTable
from sim.scenario.leaves import stated
from sim.scenario.schema import Scenario
from sim.scenario.units import write_days
from sim.scenario.unused import why_unused

# Below this share nothing is said.
LEAST = 0.005
LIFE_TABLE = ("after_infusion", "general_population")
# Points at which survival is read on either side of the last row; their mean is right to a thousandth.
STEPS = 4_001


def beyond_the_last_row(scenario: Scenario) -> Iterator[str]:
    """A sentence for each survival table that is used: what share of those under its clock is left to `after`.

    And what share of their time, where the time that counts has an end.
    """
    for path, _, value in stated(scenario):
        # a life table ends where hardly anybody is left; who is there lives on with the last rate of a large population
        last = None if path[:2] == LIFE_TABLE else last_row(value)
        if last is None or why_unused(path, scenario) is not None:
            continue
        share, time = beyond(value, last, _horizon(scenario, path[0]))
        if share >= LEAST:
            days = "" if time is None else f", and {100 * time:.0f}% of the time up to the horizon"
            yield (
                f"{'.'.join(path)}: the table ends at {write_days(last)}; beyond it lie {100 * share:.0f}% of those "
                f"under this clock{days}: they hang on `after`"
            )


def last_row(shape: object) -> float | None:
    """The day of the last row of a table, also of those who are not cured; None for any other value."""
    if isinstance(shape, Cured):
        return last_row(shape.of)
    return shape.days[-1] if isinstance(shape, SurvivalTable) else None


def beyond(shape: Survival, last: float, horizon: float) -> tuple[float, float | None]:
    """(share without the event on day `last`, share of the event-free time up to the horizon that lies beyond it).

    `last`, `horizon`: days since the clock began. The second is None where the horizon is infinite. Nothing lies beyond
    a horizon.
    """
    if horizon <= last:
        return 0.0, 0.0
    share = math.exp(-float(shape.hazard(np.array([last]))[0]))
    if math.isinf(horizon):
        return share, None
    before, after = (
        float(np.trapezoid(np.exp(-shape.hazard(days)), days))
        for days in (np.linspace(0.0, last, STEPS), np.linspace(last, horizon, STEPS))
    )
    return share, after / (before + after)


def _horizon(scenario: Scenario, section: str) -> float:
    """Days from the start of a clock that may count: the follow-up while waiting, later those of the economics."""
    if section != "after_infusion":
        return scenario.run.follow_up
    return math.inf if scenario.economics is None else scenario.economics.horizon
