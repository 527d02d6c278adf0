"""Without any wait the model is a partitioned-survival and a state-transition model of the same inputs: written here.

Sources: Woods and others, NICE DSU Technical Support Document 19 (partitioned survival); Briggs, Claxton, Sculpher,
Decision Modelling for Health Economic Evaluation (state-transition models).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from sim.experiment.sweep.file import read_sweep_file
from sim.pure.survival import known_table
from sim.scenario import load
from sim.scenario.files import SHIPPED
from tests.test_economics import MONTH, ONE, YEAR, followed

PROGRESSION, DEATH, AFTER = 1 / 300, 1 / 2000, 1 / 500
NO_WAIT = (
    ONE.replace("referral_days: [5 d]", "referrals: 600 / month")
    .replace("window: 100 d", "window: 200 d")
    .replace("work_up: {duration: 10 d}", "work_up: {duration: 0 d}")
    .replace("apheresis: {duration: 1 d}", "apheresis: {duration: 0 d}")
    .replace("manufacturing: {duration: 20 d}", "manufacturing: {duration: 0 d}")
    .replace("lymphodepletion: {duration: 5 d}", "lymphodepletion: {duration: 0 d}")
    .replace("infusion: {stay: 14 d}", "infusion: {stay: 0 d}")
)
CLOCKS = (
    "after_infusion.autologous.progression={exponential: {rate: 0.00333333333333 / d}}",
    "after_infusion.autologous.death={exponential: {rate: 0.0005 / d}}",
    "after_infusion.autologous.death_after_progression={exponential: {rate: 0.002 / d}}",
)
COST_RATE, HEALTH_RATE, HORIZON = 0.04, 0.015, 10 * YEAR
ONCE = 4000 + 100_000 + 2000 + 500 + 700
DAYS = np.linspace(0.0, HORIZON, 40_001)


def area(values: np.ndarray, rate: float) -> float:
    """Of a curve, discounted, in days."""
    return float(np.trapezoid(values * (1 + rate) ** (-DAYS / YEAR), DAYS))


def of_areas(free: np.ndarray, alive: np.ndarray, deaths: float) -> tuple[float, float, float]:
    """(cost, QALYs, life years) from who is free of progression and who is alive on each day."""
    progressed = alive - free
    cost = ONCE + 200 / MONTH * area(free, COST_RATE) + 3000 / MONTH * area(progressed, COST_RATE) + 5000 * deaths
    qalys = (0.8 * area(free, HEALTH_RATE) + 0.5 * area(progressed, HEALTH_RATE)) / YEAR
    return cost, qalys, area(alive, 0.0) / YEAR


def partitioned() -> tuple[float, float, float]:
    """From two curves: progression-free and overall survival."""
    out = PROGRESSION + DEATH
    free = np.exp(-out * DAYS)
    alive = free + PROGRESSION / (out - AFTER) * (np.exp(-AFTER * DAYS) - free)
    density = -np.gradient(alive, DAYS)
    return of_areas(free, alive, area(density, COST_RATE))


def state_transition() -> tuple[float, float, float]:
    """From a matrix of transitions, a cycle a step of `DAYS`."""
    rates = np.array([[-PROGRESSION - DEATH, PROGRESSION, DEATH], [0.0, -AFTER, AFTER], [0.0, 0.0, 0.0]])
    step = expm(rates * (DAYS[1] - DAYS[0]))
    states = np.empty((len(DAYS), 3))
    states[0] = 1.0, 0.0, 0.0
    for k in range(1, len(DAYS)):
        states[k] = states[k - 1] @ step
    new = np.diff(states[:, 2], prepend=0.0)
    deaths = float((new * (1 + COST_RATE) ** (-(DAYS - (DAYS[1] - DAYS[0]) / 2) / YEAR)).sum())
    return of_areas(states[:, 0], states[:, 0] + states[:, 1], deaths)


def test_the_two_models_agree_with_each_other() -> None:
    assert partitioned() == pytest.approx(state_transition(), rel=1e-5)


def test_without_waits_the_simulation_is_both_of_them() -> None:
    _, money = followed(NO_WAIT, *CLOCKS)
    people = len(money.infused)
    assert people > 3000
    assert money.infused.all()
    cost = np.sum(list(money.costs.values()), axis=0)
    qalys = np.sum(list(money.qalys.values()), axis=0)
    for found, exact in zip((cost, qalys, money.life_years), partitioned(), strict=True):
        error = found.std(ddof=1) / np.sqrt(people)
        assert abs(found.mean() - exact) < 4.0 * error
        assert error / exact < 0.02  # not so wide that anything would do


def test_waits_cost_health() -> None:
    clocks = "clocks.waiting={progression: never, death: {exponential: {rate: 0.002 / d}}}"
    _, none = followed(NO_WAIT, *CLOCKS, clocks)
    _, month = followed(NO_WAIT, *CLOCKS, clocks, "manufacturing.duration=30 d")
    before, after = (np.sum(list(one.qalys.values()), axis=0).mean() for one in (none, month))
    assert after < before


def test_a_wait_shorter_by_two_months_treats_more_and_saves_life_as_published_for_tisagenlecleucel() -> None:
    """The direction of Value in Health 2022;25(8):1344 (tisagenlecleucel, diffuse large B-cell lymphoma).

    Two months less of waiting: at least 10.7 % more of the eligible are treated, and more life for those treated. Only
    the direction is asked for: these are other patients, and another disease.
    """
    clocks = "clocks.waiting={progression: {exponential: {rate: 0.004 / d}}, death: {exponential: {rate: 0.001 / d}}}"
    sick = "after_infusion.progressed_before_infusion={progression: 1.4, death: 1.4}"
    found = []
    for wait in ("1 d", "62 d"):
        _, money = followed(NO_WAIT, *CLOCKS, clocks, sick, f"manufacturing.duration={wait}")
        infused = money.infused
        found.append((infused.mean(), money.life_years.mean(), money.life_years[infused].mean()))
    (treated, lived, of_treated), (later_treated, later_lived, later_of_treated) = found
    assert treated > 1.05 * later_treated
    assert lived > later_lived
    # life from infusion on: who waits for 61 days more has progressed meanwhile, with a multiplier of 1.4
    assert of_treated > later_of_treated - 61 / 365.25


LONGER = "after_infusion.autologous.death_after_progression={exponential: {rate: 0.001 / d}}"
LATER = "after_infusion.autologous.progression={exponential: {rate: 0.002 / d}}"


@pytest.mark.parametrize("change", [LONGER, LATER], ids=["after progression", "to progression"])
def test_longer_survival_takes_no_life_from_anybody(change: str) -> None:
    _, short = followed(NO_WAIT, *CLOCKS)
    path = change.partition("=")[0]
    _, long = followed(NO_WAIT, *(clock for clock in CLOCKS if clock.partition("=")[0] != path), change)
    assert (long.life_years >= short.life_years).all()
    assert (long.undiscounted[1] >= short.undiscounted[1]).all()
    assert long.life_years.mean() > short.life_years.mean()


def test_the_structural_alternatives_keep_what_they_say_they_keep() -> None:
    found = read_sweep_file(SHIPPED / "parts" / "structural.yaml")
    stems = ["standard_care_conventional", "standard_care_bispecific", "autologous", "allogeneic"]
    assert [file.stem for file in found.files] == stems
    for name in ("relapses early or late", "relapses near the median"):
        for product in ("autologous", "allogeneic"):
            path = f"after_infusion.{product}.progression"
            changed = load(SHIPPED / f"{product}.yaml", [f"{path}={found.variants[name][path]}"]).scenario
            shipped = load(SHIPPED / f"{product}.yaml").scenario
            assert changed.after_infusion is not None
            assert shipped.after_infusion is not None
            curves = [one.of(product) for one in (changed.after_infusion, shipped.after_infusion)]
            medians = [
                known_table(one.progression).age(np.array([np.log(2.0)]))[0] for one in curves if one is not None
            ]
            assert medians[0] == pytest.approx(medians[1], rel=1e-6)
            assert curves[0] != curves[1]
