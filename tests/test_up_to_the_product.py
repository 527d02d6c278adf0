"""What does not depend on the product is the same in all arms; and a published network of sites can be written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.engine.choice import COMPILED, SIMPY
from sim.experiment.runs.replicate import Arm, simulate
from sim.scenario import load
from tests.runs import HAS_NUMBA, SHIPPED

SHORT = ("run.warm_up=60 d", "run.window=365 d")


def test_the_two_products_give_identical_records_up_to_the_product() -> None:
    """Only the product differs: until a slot or a dose, the same days, outcomes and progressions, to the bit."""
    (own, _), (shelf, _) = (
        simulate(Arm(name, load(SHIPPED / f"{name}.yaml", SHORT).scenario), [0], SIMPY)
        for name in ("autologous", "allogeneic")
    )
    assert np.array_equal(own.referral_day, shelf.referral_day)
    listed = np.isfinite(own.day("listing")) & np.isfinite(shelf.day("listing"))
    assert np.array_equal(own.day("listing")[listed], shelf.day("listing")[listed])
    assert listed.sum() > 100
    # who left before either list, for another reason than that the product is not for them
    left = own.cohort.measured & ~np.isfinite(own.day("listing"))
    assert left.sum() >= 5
    assert not np.isfinite(shelf.day("listing")[left]).any()
    left &= ~shelf.with_outcome("unsuitable")
    assert left.sum() >= 5
    assert np.array_equal(own.end_day[left], shelf.end_day[left])
    assert own.outcome[left].tolist() == shelf.outcome[left].tolist()
    # who progressed before a slot, and before a dose
    until = np.fmin(own.day("slot"), shelf.day("dose"))
    first = np.fmin(own.progression_day, shelf.progression_day)
    early = (first < until) & np.isfinite(first) & listed
    assert early.sum() > 10
    assert np.array_equal(own.progression_day[early], shelf.progression_day[early])


# Published: six sites with 4, 31 or 10 places, yields from 0.85 to 0.95; who fails is collected again, the urgent first
SIX_SITES = """
extends: autologous
name: Six sites
manufacturing:
  slots: null
  lines: null
  remake_from: apheresis
  attempts: unlimited
  line_held: {from: booking, to: culture}
  manufacturers:
    m1: {lines: 4, failure: 0.15}
    m2: {lines: 4, failure: 0.05}
    m3: {lines: 31, failure: 0.10}
    m4: {lines: 31, failure: 0.05}
    m5: {lines: 10, failure: 0.10}
    m6: {lines: 10, failure: 0.15}
  assignment: {rule: first_free}
waiting_list: {policy: sickest_first}
patients: {risk_groups: {high: {priority: 1}}}
"""


@pytest.mark.skipif(not HAS_NUMBA, reason="numba is not installed")
def test_a_published_network_of_six_sites_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / "six.yaml"
    file.write_text(SIX_SITES, encoding="utf-8")
    arm = Arm("six", load(file, SHORT).scenario)
    (one, _), (other, _) = simulate(arm, [0], SIMPY), simulate(arm, [0], COMPILED)
    assert one.outcome.tolist() == other.outcome.tolist()
    made = np.isfinite(one.day("manufactured"))
    again = made & np.isfinite(one.day("repeat_apheresis"))
    assert made.sum() > 100
    assert 0.03 < again.sum() / made.sum() < 0.3
    assert not one.with_outcome("product_failed").any()
