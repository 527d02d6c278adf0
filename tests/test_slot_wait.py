"""The wait for a slot, told apart: what the calendar of offers costs, and what scarcity adds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.experiment.runs.replicate import Arm, simulate
from sim.outcomes.metrics import BY_NAME
from sim.outcomes.patients import Patients
from sim.outcomes.slot_wait import SlotWait
from sim.scenario.load import load
from tests.runs import QUICKEST, SHIPPED, load_text
from tests.test_timelines_slots import LEAVES_AFTER_40, slots

PLAIN = """
name: Slots
strategy: autologous
run: {{warm_up: 0 d, window: 400 d, follow_up: 400 d}}
regions: {{here: {{centre: here, referral_days: [{days}]}}}}
centres: {{here: {{}}}}
patients: {{risk_groups: {{everybody: {{share: 1}}}}}}
apheresis: {{duration: 0 d}}
"""
ENDLESS = "clocks: {waiting: {progression: never}}\n"


def waits(days: str, rest: str, clocks: str = ENDLESS) -> tuple[list[float], list[float]]:
    text = PLAIN.format(days=days) + rest + clocks
    patients, _ = simulate(Arm("one", load_text(text).scenario), [0], QUICKEST)
    assert patients.slot_wait is not None
    return patients.slot_wait.calendar.tolist(), patients.slot_wait.scarcity.tolist()


def test_one_slot_a_month_with_a_lead() -> None:
    """Offered on days 0, 31, 59, 90; started 14 days later. The first is too late for nobody: its day is not over."""
    calendar, scarcity = waits("0 d, 1 d, 1.5 d, 59.5 d", slots(lead="14 d"))
    # day 14; day 14, as day 0's offer closes at 1; then 45; then 73, as day 59's offer is open until 60
    assert calendar == [14.0, 13.0, 43.5, 13.5]
    # the second and third get the offers of days 31 and 59, the fourth that of day 90
    assert scarcity == [0.0, 31.0, 28.0, 31.0]


def test_slots_carried_over_are_on_the_calendar() -> None:
    assert waits("20 d, 20 d", slots(carry_over=1)) == ([0.0, 0.0], [0.0, 11.0])


def test_who_leaves_has_waited_until_then() -> None:
    """Death on day 40 after referral: one slot goes to the first, the second dies waiting for theirs."""
    calendar, scarcity = waits("2 d, 2 d", slots(lead="14 d"), LEAVES_AFTER_40)
    assert calendar == pytest.approx([40.0, 40.0])
    assert scarcity == pytest.approx([0.0, 0.0])
    calendar, scarcity = waits("0 d, 0.5 d", slots(lead="14 d"), LEAVES_AFTER_40)
    assert calendar == pytest.approx([14.0, 13.5])
    assert scarcity == pytest.approx([0.0, 26.5])


def shipped_waits(*overrides: str) -> tuple[Patients, SlotWait, float, NDArray[np.bool_]]:
    """(patients, their waits, mean days of scarcity, who has a slot that was handed back before)."""
    scenario = load(SHIPPED / "autologous.yaml", overrides).scenario
    patients, trace = simulate(Arm("one", scenario), [0, 1], QUICKEST)
    assert patients.slot_wait is not None
    start = np.full(len(patients.outcome), np.nan)
    np.fmax.at(start, trace.slots.holder[trace.slots.holder >= 0], trace.slots.start[trace.slots.holder >= 0])
    infused = patients.infused
    waited = (patients.slot_wait.calendar + patients.slot_wait.scarcity)[infused]
    assert waited == pytest.approx((start - patients.day("listing"))[infused], abs=1e-9)
    listed = ~np.isnan(patients.slot_wait.calendar)
    assert (patients.slot_wait.calendar[listed] >= 0.0).all()
    assert (patients.slot_wait.scarcity[listed] >= 0.0).all()
    found = BY_NAME["slot_scarcity_days_mean"].formula(patients, trace, (365.0, 1095.0))
    lucky = np.zeros(len(start), dtype=bool)
    lucky[trace.slots.holder[(trace.slots.handed_back > 0) & (trace.slots.holder >= 0)]] = True
    return patients, patients.slot_wait, float(found[0]), lucky


def test_supply_without_limit_on_the_same_calendar_leaves_no_scarcity() -> None:
    scarce, its, scarcity, _ = shipped_waits()
    plenty, other, none, lucky = shipped_waits("manufacturing.slots.count=500")
    asked = ~np.isnan(other.calendar)
    assert (other.scarcity[asked] == 0.0).all()
    assert none == 0.0
    assert scarcity > 1.0
    # a slot that somebody has handed back may be earlier than the calendar of offers
    both = scarce.infused & plenty.infused & ~lucky
    assert both.sum() > 500
    assert np.array_equal(its.calendar[both], other.calendar[both])


def test_where_slots_are_not_dated_there_are_no_such_parts() -> None:
    patients, trace = simulate(Arm("one", load(SHIPPED / "allogeneic.yaml").scenario), [0], QUICKEST)
    assert patients.slot_wait is None
    assert np.isnan(BY_NAME["slot_calendar_days_mean"].formula(patients, trace, (0.0, 1.0))).all()
