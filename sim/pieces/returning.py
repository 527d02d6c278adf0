"""Who would return after a relapse, and who of them lives until then: known before the run, by keyed draws.

A death before the relapse comes on the threshold by which the patient dies after infusion. What the way to infusion
brings to that (progression, bridging, a product out of specification) is not known before the run and is left out;
the risk group counts, and age as it is at the first referral.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from sim.pieces.luck import Luck
from sim.pieces.persons import persons, population
from sim.pieces.steps import Path
from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.pure.discounting import DAYS_PER_YEAR
from sim.pure.frailty import Frailty
from sim.pure.mortality import met
from sim.pure.survival import Never, known_table
from sim.scenario import Scenario

SHARE, RELAPSE, DEATH = "later_course.share", "after_infusion/relapse", "after_infusion/death"
PRODUCTS = ("autologous", "allogeneic")
# What is foreseen at the infusion of each product; nothing for a product that is not named.
Returns = Mapping[str, Path]
NOBODY: Returns = {}


def outlives(product: str) -> str:
    """The flag of those who would live until their relapse after this product."""
    return f"outlives/{product}"


def may_die_first(s: Scenario, product: str) -> bool:
    """Whether anything is said of deaths between the infusion of a product and a relapse."""
    curves = None if s.after_infusion is None else s.after_infusion.of(product)
    if s.later_course is None or s.after_infusion is None or curves is None:
        return False
    return s.after_infusion.general_population is not None or not isinstance(curves.death, Never)


def relapses(s: Scenario, luck: Luck, rows: IntArray) -> FloatArray:
    """Days from infusion to the relapse after which each patient in these rows would return; NaN of who would not."""
    later = s.later_course
    if later is None:
        return np.full(len(rows), np.nan)
    share, relapse = luck.patients((SHARE, RELAPSE), rows)
    return np.where(share < later.share, later.relapse.quantile(relapse), np.nan)


def survivors(
    s: Scenario, luck: Luck, person: IntArray, group: IntArray, frailty: Frailty
) -> Iterator[tuple[str, BoolArray]]:
    """(flag, who carries it) for each product after which patients may die before they relapse; an entry each.

    `person`: the place of each entry's first course; `group`, `frailty`: of each entry.
    """
    products = [product for product in PRODUCTS if may_die_first(s, product)]
    if not products:
        return
    rules = s.after_infusion
    assert rules is not None
    everybody = np.arange(len(person))
    until = relapses(s, luck, everybody)
    who = np.flatnonzero(np.isfinite(until) & (person == everybody))
    threshold = frailty.of(who).tie(-np.log1p(-luck.patients((DEATH,), who)[0]))
    ratios = [
        rules.by_risk_group[name].death if name in rules.by_risk_group else 1.0 for name in s.patients.risk_groups
    ]
    people = None
    if rules.general_population is not None:
        known = persons(s.patients, luck, person[who])
        people = population(rules.general_population, known, known["age"].astype(np.float64) * DAYS_PER_YEAR)
    for product in products:
        curves = rules.of(product)
        assert curves is not None
        dies, _ = met(known_table(curves.death), np.array(ratios)[group[who]], people, threshold, until[who])
        lives = np.ones(len(person), bool)
        lives[who] = np.isinf(dies)
        yield outlives(product), lives
