"""Both engines on random scenarios that begin with patients anywhere on the path: the same records to the bit."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sim.engine.trace import Trace
from sim.scenario.in_progress import INFUSED, STATES
from tests.engines.both import compare, prepare
from tests.engines.random_scenarios import random_in_progress

pytest.importorskip("numba")
SHARP = 1000.0


# Of so many scenarios each state has so many patients at the least, and so many go on in each way.
@pytest.mark.parametrize(("scenarios", "least"), [(40, 10), pytest.param(80, 20, marks=pytest.mark.slow)])
def test_random_scenarios_with_patients_in_progress(scenarios: int, least: int) -> None:
    states, later, differing = Counter[str](), Counter[str](), []
    for number in range(scenarios):
        scenario = random_in_progress(number)
        assert scenario.in_progress is not None
        case = prepare(scenario)
        reference, differs = compare(case)
        if differs:
            differing.append((number, differs))
        if isinstance(reference, Trace):
            assert case.cohort.lived is not None
            states.update(one.state for one in scenario.in_progress.file.patients)
            who = np.flatnonzero(case.cohort.lived)
            infusion = reference.notes[who, reference.milestones.index("infusion")]
            later["infused"] += int((infusion <= reference.stop_day).sum())
            later["left"] += int((reference.leave_day[who] <= reference.stop_day).sum())
            later["another attempt"] += int((reference.attempts[who] > 1).any(axis=1).sum())
            before = sorted(-one.days for one in scenario.in_progress.file.patients if one.state == INFUSED)
            assert sorted(infusion[infusion < 0.0]) == [day for day in before if day < 0.0]
            # nobody lives through a clock that strikes at once; who has progressed while nobody can did so at once
            tables = [table for its in case.protocol.clocks.sets.values() for table in its.tables]
            if max(float(table.rates.max()) for table in tables) < SHARP:
                possible = (case.cohort.thresholds[:, who] > 0.0).all(axis=0)
                if scenario.bridging.hazard == 0.0 and scenario.bridging.share > 0.0:
                    possible &= np.isnan([one.progressed_days for one in scenario.in_progress.file.patients])
                assert (reference.leave_day[who][possible] >= -1e-6).all()
    assert differing == []
    assert {state: states[state] for state in STATES if states[state] < least} == {}
    assert {what: later[what] for what in ("infused", "left", "another attempt") if later[what] < least} == {}
