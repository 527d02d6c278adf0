"""What is told of later courses where costs and QALYs are counted: returns too late, or unlike the product's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.pure.survival import known_table
from sim.scenario import Loaded
from sim.scenario.afterwards import Durability
from sim.scenario.mixed import products
from sim.tables.words import counted

# More than this share of returns that are not followed is told.
MANY_LATE = 0.01
# A relapse of those who return that comes so many times as late, or as early, as after their product is told.
UNLIKE = 1.5
LONGEST, STEPS = 40 * 365.25, 8000


def told_of_returns(scenarios: Mapping[str, Loaded]) -> list[str]:
    """All that is told of later courses, a sentence each."""
    return [*late_returns(scenarios), *unlike_relapses(scenarios)]


def late_returns(scenarios: Mapping[str, Loaded]) -> list[str]:
    """A sentence for each scenario with economics in which many would return once later courses are not followed.

    Who would is counted as on care after progression. The share is the least it can be: as if all were infused on the
    day of referral.
    """
    found = []
    for name, loaded in scenarios.items():
        later, run = loaded.scenario.later_course, loaded.scenario.run
        if later is None or loaded.scenario.economics is None:
            continue
        share = (np.arange(1000) + 0.5) / 1000
        referred = run.warm_up + run.window * share
        days = later.relapse.quantile(share)
        late = float((referred[:, None] + days >= run.later_courses_end).mean())
        if late > MANY_LATE:
            found.append(
                f"{name}: {100 * late:.0f}% of those who would return for a later course do so after day "
                f"{run.later_courses_end:.10g}, and are counted as if they did not; a longer run.follow_up would tell"
            )
    return found


def unlike_relapses(scenarios: Mapping[str, Loaded]) -> list[str]:
    """A sentence for each scenario with economics whose returns come at other times than relapses after its product.

    Who returns relapses by `later_course.relapse`, everybody else by the curves of the product: where the two differ,
    the first product is made to look better or worse in those who return.
    """
    found = []
    for name, loaded in scenarios.items():
        s = loaded.scenario
        if s.later_course is None or s.economics is None or s.after_infusion is None:
            continue
        back = s.later_course.relapse.at(0.5)
        for product in products(s.strategy):
            curves = s.after_infusion.of(product)
            own = np.inf if curves is None else _median_relapse(curves)
            if not np.isfinite(own) or not (back > UNLIKE * own or own > UNLIKE * back):
                continue
            found.append(
                f"{name}: those who return for a later course relapse after {counted(f'{back:.4g}', 'day')} "
                f"(median of later_course.relapse), but half of those who relapse after the {product} product do so "
                f"within {counted(f'{own:.4g}', 'day')}: the one should say what the other does"
            )
    return found


def _median_relapse(curves: Durability) -> float:
    """The day since infusion by which half of those who ever progress have done so, without deaths before it."""
    days = np.linspace(0.0, LONGEST, STEPS)
    reach = float(curves.time_to_response.mean())
    free = np.zeros(STEPS)
    for share, shape, start in (
        (curves.response, curves.progression, reach), (1.0 - curves.response, curves.without_response, 0.0),
    ):  # fmt: skip
        if share > 0.0 and shape is not None:
            free += share * np.exp(-known_table(shape).hazard(np.maximum(days - start, 0.0)))
    relapsed = 1.0 - free
    if relapsed[-1] <= 0.0:
        return float("inf")
    return float(np.interp(relapsed[-1] / 2.0, relapsed, days))
