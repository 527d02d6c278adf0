"""Why patients withdraw, and what becomes of those whose disease worsened before infusion."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.experiment.runs.replicate import Arm, simulate
from sim.outcomes.metrics import BY_NAME
from sim.outcomes.patients import OUTCOME_NAMES, Patients
from sim.scenario import ScenarioError
from tests.runs import QUICKEST, load_text

WITHDRAW = """
name: Withdrawals
strategy: autologous
run: {{warm_up: 0 d, window: 3000 d, follow_up: 400 d}}
regions: {{here: {{centre: here, referrals: 3 / d}}}}
centres: {{here: {{}}}}
patients: {{risk_groups: {{everybody: {{share: 1}}}}}}
clocks:
  waiting: {{removal: {{exponential: {{rate: 0.01 / d}}}}, death: {{exponential: {{rate: 0.005 / d}}}}}}
  withdrawal: {shares}
apheresis: {{duration: 0 d}}
manufacturing: {{duration: 100 d}}
"""


def outcomes_of(shares: str) -> Patients:
    return simulate(Arm("one", load_text(WITHDRAW.format(shares=shares)).scenario), [0], QUICKEST)[0]


def test_withdrawals_are_told_apart_by_reason_and_nothing_else_moves() -> None:
    shares = {"hospice": 0.5, "other_therapy": 0.2, "own_choice": 0.1, "infection_or_organ_function": 0.05}
    plain = outcomes_of("{}")
    told = outcomes_of("{" + ", ".join(f"{name}: {share}" for name, share in shares.items()) + "}")
    withdrawn = plain.with_outcome("withdrawn")
    assert np.array_equal(told.with_outcome("withdrawn"), withdrawn)
    assert np.array_equal(told.outcome[~withdrawn], plain.outcome[~withdrawn])
    assert np.array_equal(told.end_day, plain.end_day, equal_nan=True)
    n = int(withdrawn.sum())
    assert n > 3000
    for name, share in {**shares, "withdrawn": 0.15}.items():
        found = (told.outcome[withdrawn] == OUTCOME_NAMES.index(name)).mean()
        assert found == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / n)), name
    more = outcomes_of("{hospice: 0.5}")
    is_hospice = OUTCOME_NAMES.index("hospice")
    assert np.array_equal(more.outcome == is_hospice, told.outcome == is_hospice)


def test_reasons_of_withdrawal_are_shares_of_a_clock_that_runs() -> None:
    with pytest.raises(ScenarioError, match=r"the proportions sum to 1\.1; allowed: at most 1"):
        outcomes_of("{hospice: 0.6, own_choice: 0.5}")
    text = WITHDRAW.format(shares="{hospice: 0.5}").replace("removal: {exponential: {rate: 0.01 / d}}, ", "")
    (dropped,) = load_text(text).dropped
    assert (dropped.path, dropped.why) == (("clocks", "withdrawal"), "no clock of withdrawal runs")


def test_who_progressed_is_infused_or_lost() -> None:
    patients = outcomes_of("{hospice: 1}")
    assert not patients.with_outcome("progressed").any()
    waiting = "waiting: {progression: {exponential: {rate: 0.01 / d}}, ends_eligibility: 0.5}"
    text = WITHDRAW.format(shares="{}")
    text = text.replace(text[text.index("waiting: {removal") : text.index("apheresis")], f"{waiting}\n")
    arm = Arm("one", load_text(text).scenario)
    patients, trace = simulate(arm, [0], QUICKEST)
    value = {name: BY_NAME[name].formula(patients, trace, arm.window)[0] for name in BY_NAME}
    both = value["progressed_and_infused_share"] + value["lost_to_progression_or_death_share"]
    assert both == pytest.approx(value["progressed_before_infusion_share"])
    assert value["progressed_and_infused_share"] == pytest.approx(0.5 * (1 - math.exp(-1)), abs=0.02)
