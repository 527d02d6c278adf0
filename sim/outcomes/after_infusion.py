"""What becomes of patients once their path has ended: response, relapse and death, from keyed uniforms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.bridging import bridged
from sim.outcomes.patients import Afterwards, Patients
from sim.pieces.luck import Luck
from sim.pure.odds import share_at_odds
from sim.pure.survival import Survival, known_table
from sim.scenario import Scenario
from sim.scenario.afterwards import UNTREATED, AfterInfusion, ByBridging, ByEarlierTarget, HazardRatios

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
PRODUCTS = ("autologous", "allogeneic")
ALTERNATIVE, STANDARD_CARE = "alternative", "standard_care"


def follow_on(scenario: Scenario, patients: Patients, luck: Luck) -> Afterwards:
    """Every patient's life after the end of their path; the same luck gives the same life under every scenario.

    Each clock is met with a unit-exponential threshold of its own, divided by the multipliers that act from infusion
    on; the clock after progression starts anew at progression. Draws are keyed `after_infusion/...`. In those infused
    they depend on the frailty that acted before infusion; those who are not infused live on by clocks that were
    measured in patients with their outcome.
    """
    rules, frailty = scenario.after_infusion, patients.cohort.frailty
    assert rules is not None
    rests = np.where(np.isnan(patients.end_day), patients.followed_to, patients.end_day)
    rests = np.where(np.isfinite(patients.referral_day), rests, np.nan)
    clocks = ("progression", "death", "death_after_progression")
    *drawn, respond = luck.patients(tuple(f"after_infusion/{name}" for name in (*clocks, "response")))
    own = {name: -np.log1p(-u) for name, u in zip(clocks, drawn, strict=True)}
    thresholds = {name: frailty.tie(threshold) for name, threshold in own.items()}
    respond = frailty.tie_chance(respond)
    relapse, death = np.full(len(rests), np.nan), np.full(len(rests), np.nan)
    responded = np.zeros(len(rests), bool)
    ratios = _ratios(scenario, rules, patients, luck)
    given = {name: patients.infused & (patients.off_the_shelf == (name == "allogeneic")) for name in PRODUCTS}
    for product, mine in (given | {ALTERNATIVE: patients.turned, STANDARD_CARE: patients.cared_for}).items():
        durability = rules.of(product)
        if durability is None:
            continue
        responded |= mine & (respond < share_at_odds(durability.response, ratios["response"]))
        for response in (True, False):
            chosen = mine & (responded == response)
            shape = durability.progression_alone(response, frailty.strength)
            since = rests[chosen]
            progresses = since + _age(shape, thresholds["progression"][chosen], ratios["progression"][chosen])
            dies = since + _age(durability.death, thresholds["death"][chosen], ratios["death"][chosen])
            relapses = progresses < dies
            if durability.death_after_progression is not None:
                later = thresholds["death_after_progression"][chosen]
                after = _age(durability.death_after_progression, later, ratios["death"][chosen])
                dies = np.where(relapses, progresses + after, dies)
            relapse[chosen] = np.where(relapses, progresses, np.nan)
            death[chosen] = dies
    for outcome in UNTREATED:
        chosen = patients.with_outcome(outcome)
        death[chosen] = rests[chosen] + _age(rules.not_infused.of(outcome), own["death"][chosen], None)
    died = patients.with_outcome("died")
    death[died] = rests[died]
    return Afterwards(responded, relapse, np.where(np.isfinite(death), death, np.nan), rests)


def _age(shape: Survival, threshold: FloatArray, ratio: FloatArray | None) -> FloatArray:
    """Days to the event of each patient, infinite where it never comes."""
    if ratio is None:
        return known_table(shape).age(threshold)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(ratio > 0.0, known_table(shape).age(threshold / ratio), np.inf)


def _ratios(scenario: Scenario, rules: AfterInfusion, patients: Patients, luck: Luck) -> dict[str, FloatArray]:
    """The multipliers of each patient by what they act on: the product of those of each kind that they are of."""
    found = {name: np.ones(len(patients.outcome)) for name in HazardRatios.model_fields}
    for where, ratios in _kinds(scenario, rules, patients, luck):
        for name, values in found.items():
            values[where] *= getattr(ratios, name)
    return found


def _kinds(
    scenario: Scenario, rules: AfterInfusion, patients: Patients, luck: Luck
) -> Iterator[tuple[BoolArray, HazardRatios]]:
    """(who is of it, their multipliers) of every kind of patient that has multipliers."""
    # only the product that was released last was infused, on the day on which the exception was granted
    infused = patients.infused
    yield infused & (patients.day("out_of_specification") == patients.day("released")), rules.out_of_specification
    yield patients.progressed, rules.progressed_before_infusion
    yield ~patients.progressed, rules.not_progressed_before_infusion
    for place, name in enumerate(scenario.patients.risk_groups):
        if name in rules.by_risk_group:
            yield patients.cohort.group == place, rules.by_risk_group[name]
    targets = rules.by_earlier_target
    held = np.isfinite(patients.day("holding_therapy"))
    if rules.by_bridging != ByBridging.by_default() or targets != ByEarlierTarget.by_default():
        given, responded = bridged(scenario, patients, luck)
        for target, ratios in (("same", targets.same), ("other", targets.other)):
            by_holding = held & (scenario.before_apheresis.holding.target == target)
            yield infused & (by_holding | (given & (scenario.bridging.target == target))), ratios
        yield infused & given & responded, rules.by_bridging.responded
        yield infused & given & ~responded, rules.by_bridging.no_response
        yield infused & ~given, rules.by_bridging.not_bridged
