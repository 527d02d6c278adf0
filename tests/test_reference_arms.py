"""Reference arms, in which nobody is infused: what they cost and gain by hand, and what is said where none is there."""

from __future__ import annotations

import numpy as np
import pytest

from sim.experiment.runs.replicate import Arm, Keep, run_arm, simulate
from sim.experiment.study.economics_tables import no_reference_arm
from sim.outcomes.economic_quantities import QUANTITIES
from sim.outcomes.metrics import METRIC_NAMES
from sim.scenario import ScenarioError, load
from tests.runs import QUICKEST, SHIPPED, load_text, run_scenario

MONTH = 365.25 / 12
# Everybody progresses 100 days after referral and dies 50 days later.
REFERENCE = """
name: Reference
strategy: standard_care
run: {start: 2026-01-01, warm_up: 0 d, window: 100 d, follow_up: 300 d, replications: 1, seed: 3}
regions: {here: {centre: here, referral_days: [5 d, 9 d]}}
centres: {here: {}}
clocks: {waiting: {}}
after_infusion:
  standard_care:
    progression: {table: [[0 d, 1], [99.999999 d, 1], [100 d, 0]]}
    death_after_progression: {table: [[0 d, 1], [49.999999 d, 1], [50 d, 0]]}
  not_infused: {death: {exponential: {median: 1 y}}}
economics:
  currency: EUR
  price_year: 2024
  discount: {costs: 0, health: 0}
  costs: {standard_care: {month: 900, adverse_events: 70}, progressed_month: 3000, end_of_life: 5000}
  utilities: {waiting: 0.6, progressed: 0.5, progression_free: 0.8, subsequent_care: {utility: 0.4}}
"""
ALTERNATIVE = """
alternative: {offered: {from_start: true}, accepts: 1, start: 3 d}
"""


def found(text: str, *overrides: str) -> dict[str, float]:
    (ran,), _ = run_arm(Arm("reference", load_text(text, *overrides).scenario), [0], Keep(), QUICKEST)
    assert ran.economics is not None
    return dict(zip((q.name for q in QUANTITIES), ran.economics, strict=True))


def test_costs_and_qalys_count_from_referral() -> None:
    ledger = found(REFERENCE)
    assert ledger["cost_standard_care"] == pytest.approx(70 + 900 * 100 / MONTH)
    assert ledger["cost_progressed"] == pytest.approx(3000 * 50 / MONTH)
    assert ledger["cost_per_referred"] == pytest.approx(70 + (900 * 100 + 3000 * 50) / MONTH + 5000)
    # as while waiting, unless the scenario says otherwise
    assert ledger["qalys_standard_care"] == pytest.approx(0.6 * 100 / 365.25)
    assert ledger["qalys_per_referred"] == pytest.approx((0.6 * 100 + 0.5 * 50) / 365.25)
    assert ledger["life_years_per_referred"] == pytest.approx(150 / 365.25)
    assert np.isnan(ledger["cost_per_infused"])
    own = found(REFERENCE, "economics.utilities.standard_care=0.7")
    assert own["qalys_standard_care"] == pytest.approx(0.7 * 100 / 365.25)


def test_nobody_waits_and_nothing_is_said_of_a_path_that_is_not_there() -> None:
    (ran,), _ = run_arm(Arm("reference", load_text(REFERENCE).scenario), [0], Keep(), QUICKEST)
    metrics = dict(zip(METRIC_NAMES, ran.metrics, strict=True))
    assert (metrics["referred"], metrics["standard_care"], metrics["infused"]) == (2, 2, 0)
    absent = ("progressed_before_infusion_share", "lost_before_infusion_share", "died_before_infusion_share")
    assert all(np.isnan(metrics[name]) for name in absent)
    assert metrics["alive_at_6_months_share"] == 0.0


def test_both_engines_give_the_same_and_it_begins_at_referral() -> None:
    ran = run_scenario(load_text(REFERENCE).scenario)
    assert ran.outcomes == ["standard_care"] * 2
    assert ran.days("standard_care") == [5.0, 9.0]
    assert ran.rows("product") == ["standard_care"] * 2


def test_who_is_eligible_is_given_the_alternative_from_the_start() -> None:
    rest = ALTERNATIVE + "".join(REFERENCE.partition("after_infusion:\n")[1:2])
    text = REFERENCE.replace("after_infusion:\n", rest).replace(
        "  not_infused:", "  alternative: {progression: {exponential: {median: 1 y}}}\n  not_infused:"
    )
    ran = run_scenario(load_text(text).scenario)
    assert ran.outcomes == ["alternative"] * 2
    assert ran.days("alternative") == [8.0, 12.0]
    with pytest.raises(ScenarioError, match="from_start: required by strategy 'standard_care'"):
        load_text(text.replace("from_start", "after_failure"))


def test_what_only_a_path_to_infusion_has_is_refused() -> None:
    with pytest.raises(ScenarioError, match="nobody is infused with strategy 'standard_care'"):
        load_text(REFERENCE + "lymphodepletion: {duration: 5 d}\n")
    with pytest.raises(ScenarioError, match="required by strategy 'standard_care', but not given"):
        load_text(REFERENCE.replace("  standard_care:\n    progression", "  alternative:\n    progression"))


def test_the_missing_reference_arm_is_named() -> None:
    arms = {name: load(SHIPPED / f"{name}.yaml") for name in ("autologous", "allogeneic")}
    said = no_reference_arm(arms)
    assert said is not None
    assert "strategy standard_care" in said
    reference = {"reference": load(SHIPPED / "library" / "standard_care_conventional.yaml")}
    assert no_reference_arm(arms | reference) is None
    assert no_reference_arm({"autologous": arms["autologous"]}) is None


def test_the_reference_arms_live_as_long_as_published() -> None:
    """Conventional care of patients given all three classes: 4.6 and 13.8 months (DD-22), by calibration."""
    scenario = load(SHIPPED / "library" / "standard_care_conventional.yaml", ["run.window=6000 d"]).scenario
    patients, _ = simulate(Arm("reference", scenario), range(4), "compiled")
    after, measured = patients.after, patients.cohort.measured
    assert after is not None
    free = np.fmin(after.relapse_day, after.death_day)[measured] - patients.referral_day[measured]
    lived = (after.death_day - patients.referral_day)[measured]
    assert np.median(free) / MONTH == pytest.approx(4.6, abs=0.3)
    assert np.median(lived) / MONTH == pytest.approx(13.8, abs=0.8)
