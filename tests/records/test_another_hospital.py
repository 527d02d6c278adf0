"""A hospital unlike the model, made by a program of its own: a small part of what a fit makes of it, and which way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.records.another_hospital import REFERRED, live
from tests.records.another_hospital_trials import ALONE, LIKE, UNLIKE, against, fitted, summary


def test_the_hospital_is_as_unlike_as_it_says() -> None:
    few = replace(LIKE, a_month=60.0, slots=(10, 10))
    plain = live(few, 1)
    assert plain.exposure["waiting.death"] == pytest.approx(few.death, rel=0.1)
    assert plain.exposure["waiting.progression"] == pytest.approx(few.progression[0], rel=0.06)
    # the frail progress first, so that of those who are left fewer do
    frail = live(replace(few, frailty=1.5), 1)
    assert frail.exposure["waiting.progression"] < 0.9 * few.progression[0]
    leaving = live(replace(few, switching=8.0), 1)
    assert leaving.exposure["waiting.removal"] > 1.5 * plain.exposure["waiting.removal"]
    slots = np.floor(live(replace(few, slots=(2, 9)), 1).milestones["slot"] / 7.0)
    weeks = np.bincount(slots[np.isfinite(slots)].astype(int))
    assert set(weeks[10:90].tolist()) == {2}
    assert set(weeks[100:140].tolist()) == {9}


def test_what_breaks_breaks_as_the_document_says() -> None:
    found = fitted(UNLIKE, 0)
    rows = {(row.path, row.parameter): row for number in found.numbers for row in number.rows}
    # a day of bridging that is not recorded is no bridging, one of progression no progression
    assert rows[("bridging.share", "")].high < UNLIKE.bridged
    assert rows[("clocks.waiting.progression", "rate")].high < UNLIKE.progression[0]
    # supply that changes is no count
    (slots,) = [number for number in found.numbers if number.path == "manufacturing.slots.count"]
    assert slots.value is None
    assert slots.rows[0].note.startswith("no steady count")
    for region, share in REFERRED.items():
        rate = rows[(f"regions.{region}.referrals", "")]
        assert rate.low < share * UNLIKE.a_month < rate.high


@pytest.mark.slow
def test_each_alone_breaks_what_the_document_says_and_nothing_does_not() -> None:
    bias = {name: summary(against(ALONE[name], range(4))).set_index(["path", "parameter"])["bias"]
            for name in ("nothing", "switching", "missing")}  # fmt: skip
    progression, share = ("clocks.waiting.progression", "rate"), ("bridging.share", "")
    assert abs(bias["nothing"][progression]) < 0.1
    assert abs(bias["nothing"][share]) < 0.1
    assert bias["missing"][share] < -0.1
    assert bias["missing"][progression] < -0.1
    # what frailty does to deaths rests on too few of them to be told from chance with so few registers
    assert bias["switching"][progression] < bias["nothing"][progression]
