"""What becomes of patients once their path has ended: response, relapse and death, from keyed uniforms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.patients import OUTCOME_NAMES, Afterwards, Patients
from sim.pieces.cohort import Luck
from sim.pure.survival import Survival, known_table
from sim.scenario.afterwards import UNTREATED, AfterInfusion, Durability, HazardRatios

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
PRODUCTS = ("autologous", "allogeneic")


def follow_on(patients: Patients, rules: AfterInfusion, luck: Luck) -> Afterwards:
    """Every patient's life after the end of their path; the same luck gives the same life under every scenario.

    Each clock is met with a unit-exponential threshold of its own, divided by the multipliers that act from infusion
    on; the clock after progression starts anew at progression. Draws are keyed `after_infusion/...`.
    """
    if not luck.blocks:
        nothing = np.empty(0)
        return Afterwards(np.empty(0, bool), nothing, nothing, nothing)
    rests = np.where(np.isnan(patients.end_day), patients.followed_to, patients.end_day)
    rests = np.where(np.isfinite(patients.referral_day), rests, np.nan)
    thresholds = {
        name: -np.log1p(-luck.patients(f"after_infusion/{name}", 0))
        for name in ("progression", "death", "death_after_progression")
    }
    relapse, death = np.full(len(rests), np.nan), np.full(len(rests), np.nan)
    responded = np.zeros(len(rests), bool)
    respond = luck.patients("after_infusion/response", 0)
    progression_ratio, death_ratio = _ratios(patients, rules)
    for product in PRODUCTS:
        durability = rules.of(product)
        if durability is None:
            continue
        mine = patients.infused & (patients.off_the_shelf == (product == "allogeneic"))
        responded |= mine & (respond < durability.response)
        for chosen, shape in _by_response(mine, responded, durability):
            since = rests[chosen]
            progresses = since + _age(shape, thresholds["progression"][chosen], progression_ratio[chosen])
            dies = since + _age(durability.death, thresholds["death"][chosen], death_ratio[chosen])
            relapses = progresses < dies
            if durability.death_after_progression is not None:
                later = thresholds["death_after_progression"][chosen]
                after = _age(durability.death_after_progression, later, death_ratio[chosen])
                dies = np.where(relapses, progresses + after, dies)
            relapse[chosen] = np.where(relapses, progresses, np.nan)
            death[chosen] = dies
    for outcome in UNTREATED:
        chosen = patients.outcome == OUTCOME_NAMES.index(outcome)
        death[chosen] = rests[chosen] + _age(rules.not_infused.of(outcome), thresholds["death"][chosen], None)
    died = patients.outcome == OUTCOME_NAMES.index("died")
    death[died] = rests[died]
    return Afterwards(responded, relapse, np.where(np.isfinite(death), death, np.nan), rests)


def _by_response(
    mine: BoolArray, responded: BoolArray, durability: Durability
) -> tuple[tuple[BoolArray, Survival], tuple[BoolArray, Survival]]:
    """Responders and the others, each with their clock of progression."""
    assert durability.without_response is not None
    return (mine & responded, durability.progression), (mine & ~responded, durability.without_response)


def _age(shape: Survival, threshold: FloatArray, ratio: FloatArray | None) -> FloatArray:
    """Days to the event of each patient, infinite where it never comes."""
    if ratio is None:
        return known_table(shape).age(threshold)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(ratio > 0.0, known_table(shape).age(threshold / ratio), np.inf)


def _ratios(patients: Patients, rules: AfterInfusion) -> tuple[FloatArray, FloatArray]:
    """The multipliers on progression and on death of each patient, by their state and their product's at infusion."""
    # only the product that was released last was infused, on the day on which the exception was granted
    excepted = patients.day("out_of_specification") == patients.day("released")
    states: tuple[tuple[BoolArray, HazardRatios], ...] = (
        (patients.progressed, rules.progressed_before_infusion),
        (excepted, rules.out_of_specification),
    )
    progression, death = np.ones(len(patients.outcome)), np.ones(len(patients.outcome))
    for where, ratios in states:
        progression[where] *= ratios.progression
        death[where] *= ratios.death
    return progression, death
