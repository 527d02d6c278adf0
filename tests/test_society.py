"""Travel, carers' time and lost work, by hand; counted with the perspective societal only, and in nobody's budget."""

from __future__ import annotations

import pytest

from sim.experiment.runs.replicate import Arm, simulate
from sim.outcomes.budget import budget
from sim.pure.discounting import DAYS_PER_MONTH
from tests.runs import QUICKEST, load_text
from tests.test_economics import ONE, at, between, booked

SOCIETY = """    society:
      journey: 70
      carer_month: {waiting: 300, without_progression: 200, progressed: 400, not_infused: 500}
      lost_work_month: {waiting: 30, progressed: 40}
"""
TEXT = ONE.replace("    end_of_life: 5000\n", f"    end_of_life: 5000\n{SOCIETY}")
SOCIETAL = "economics.perspective=societal"
assert TEXT != ONE


def test_one_patient_by_hand() -> None:
    # referral day 0, apheresis 10, infusion 36, relapse 436, death 536 (as in test_economics.py)
    found = booked(TEXT, SOCIETAL)
    expected = (
        70 * (at(10) + at(36))
        + (330 * between(0, 36, 0.04) + 200 * between(36, 436, 0.04) + 440 * between(436, 536, 0.04)) / DAYS_PER_MONTH
    )
    assert found.costs["society"] == pytest.approx([expected], rel=1e-6)
    plain = booked(TEXT)
    assert plain.costs["society"].sum() == 0.0
    assert found.quantities()[0, 0] == pytest.approx(plain.quantities()[0, 0] + expected, rel=1e-6)
    assert found.quantities()[0, 1] == plain.quantities()[0, 1]


def test_who_is_not_infused_counts_until_death() -> None:
    found = booked(TEXT, SOCIETAL, "manufacturing.failure=1", "manufacturing.attempts=1")
    # the manufacture ends on day 31, and death comes 250 days after
    expected = 70 * at(10) + (330 * between(0, 31, 0.04) + 500 * between(31, 281, 0.04)) / DAYS_PER_MONTH
    assert found.costs["society"] == pytest.approx([expected], rel=1e-6)


def test_a_repeated_collection_is_another_journey() -> None:
    again = ("apheresis.shortfall=0.999999", "apheresis.repeat_after=7 d", "apheresis.attempts=2")
    found = booked(TEXT, SOCIETAL, *again, "economics.costs.society.carer_month=null", "economics.discount.costs=0",
                   "economics.costs.society.lost_work_month=null")  # fmt: skip
    assert found.costs["society"] == pytest.approx([140.0])


def test_it_is_in_nobody_s_budget() -> None:
    text = TEXT.replace("window: 100 d", "window: 400 d")
    spent = []
    for change in (SOCIETAL, "economics.perspective=payer_and_manufacturer"):
        arm = Arm("one", load_text(text, change).scenario)
        patients, trace = simulate(arm, [0], QUICKEST)
        spent.append(budget(arm.scenario, arm.protocol, patients, trace).tolist())
    assert spent[0] == spent[1]


def test_it_is_said_to_be_unused_in_another_perspective() -> None:
    assert {dropped.why for dropped in load_text(TEXT).dropped} == {"perspective is payer, not societal"}
    assert not [one for one in load_text(TEXT, SOCIETAL).dropped if "society" in one.path]
