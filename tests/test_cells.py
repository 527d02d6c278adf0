"""Odds of failing with a patient's cells: closed forms, and the draws of those whom no odds ratio concerns."""

from __future__ import annotations

import numpy as np
import pytest

from sim.pure.odds import share_at_odds
from sim.scenario import ScenarioError
from tests.runs import Ran, small

MANY = ", ".join(["0 d"] * 4000)
GROUPS = "patients: {risk_groups: {low: {share: 0.5}, high: {share: 0.5}}}\n"
SHARES = {"shortfall": 0.2, "failure": 0.3, "out_of_specification": 0.4}
TEXT = (
    GROUPS
    + """
apheresis: {duration: 0 d, shortfall: 0.2}
manufacturing: {duration: 1 d, failure: 0.3}
release_testing: {out_of_specification: 0.4, accepted: 1, exception: 1 d}
before_apheresis: {holding: {share: 0.5, duration: 5 d, hazard: 1}}
"""
)


def told(ran: Ran, what: str) -> tuple[np.ndarray, np.ndarray]:
    """(who comes to it, to whom it happens)."""
    collected, made = ~np.isnan(ran.patients.day("collected")), ~np.isnan(ran.patients.day("manufactured"))
    out = ~np.isnan(ran.patients.day("out_of_specification"))
    if what == "shortfall":
        return np.ones(len(collected), bool), ~collected
    return (collected, ~made & collected) if what == "failure" else (made, out)


@pytest.mark.parametrize("what", SHARES)
@pytest.mark.parametrize("ratio", [0.0, 0.4, 3.0])
def test_shares_by_risk_group_and_after_holding_therapy(what: str, ratio: float) -> None:
    cells = f"cells: {{by_risk_group: {{high: {{{what}: {ratio}}}}}, after_holding: {{{what}: 2}}}}\n"
    ran, plain = small(TEXT + cells, MANY), small(TEXT, MANY)
    high, held = ran.patients.cohort.group == 1, ~np.isnan(ran.patients.day("holding_therapy"))
    there, happened = told(ran, what)
    for group in (False, True):
        for holding in (False, True):
            mine = there & (high == group) & (held == holding)
            share = float(share_at_odds(SHARES[what], (ratio if group else 1.0) * (2.0 if holding else 1.0)))
            assert abs(happened[mine].mean() - share) <= 3.5 * np.sqrt(max(share * (1 - share), 1e-12) / mine.sum())
    untouched = ~high & ~held
    assert np.array_equal(told(plain, what)[1][untouched], happened[untouched])


@pytest.mark.parametrize(("ratio", "more"), [(1.5, True), (0.5, False)])
def test_an_odds_ratio_adds_or_takes_and_never_deals_anew(ratio: float, more: bool) -> None:
    cells = f"cells: {{by_risk_group: {{high: {{shortfall: {ratio}}}}}}}\n"
    changed, plain = told(small(TEXT + cells, MANY), "shortfall")[1], told(small(TEXT, MANY), "shortfall")[1]
    assert np.all(changed >= plain) if more else np.all(changed <= plain)
    assert (changed != plain).any()


def test_a_failure_that_is_found_early_has_the_same_odds() -> None:
    text = GROUPS + "manufacturing: {duration: 9 d, failure: 0.3, failure_found: 2 d}\n"
    ran = small(text + "cells: {by_risk_group: {high: {failure: 0}}}\n", MANY)
    failed = np.isnan(ran.patients.day("manufactured"))
    assert not failed[ran.patients.cohort.group == 1].any()
    assert set(ran.patients.end_day[failed]) == {2.0}


def test_shares_at_odds() -> None:
    assert share_at_odds(0.2, [1.0, 4.0, 0.0]).tolist() == [0.2, 0.5, 0.0]
    assert share_at_odds(1.0, [0.1, 9.0]).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("cells", "match"),
    [
        ("{by_risk_group: {hihg: {failure: 2}}}", "no risk group, did you mean 'high'|'hihg' is no risk group"),
        ("{by_risk_group: {high: {failure: -2}}}", "allowed"),
    ],
)
def test_what_names_nobody_is_refused(cells: str, match: str) -> None:
    with pytest.raises(ScenarioError, match=match):
        small(TEXT + f"cells: {cells}\n", "0 d")
