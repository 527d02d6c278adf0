"""The two engines give the same trace, to the last bit."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("numba")

from sim.engine import compiled_engine, simpy_engine
from sim.engine.kernel import State
from sim.engine.trace import Trace
from sim.scenario import load
from tests.engines.both import Case, compare, difference, prepare
from tests.engines.hits import happenings, ties
from tests.engines.random_scenarios import scenario_text
from tests.runs import SHIPPED, load_text, small

FILES = sorted([*SHIPPED.glob("*.yaml"), *(SHIPPED / "validation").glob("*.yaml")])
MODEL_P = Path(__file__).parents[1] / "benchmarks" / "model_p.yaml"
SHORT = ("run.warm_up=50 d", "run.window=200 d", "run.follow_up=150 d")
# As many as run in about a quarter of a minute.
RANDOM_SCENARIOS = 500

# What the random scenarios must have exercised at least so often, all of them together.
LEAST_HAPPENINGS = {
    "granted after waiting for Capacity": 2_000,
    "granted after waiting for Cadence": 1_000,
    "granted after waiting for Stock": 500,
    "left while holding Capacity": 500,
    "left while holding Cadence": 500,
    "left while waiting for Capacity": 500,
    "left while waiting for Cadence": 500,
    "left while waiting for Stock": 300,
    "waited or left while holding something else": 1_000,
    "waited under first_come": 2_000,
    "waited under sickest_first": 500,
    "waited under lottery": 500,
    "Capacity in several centres": 100,
    "Cadence in several centres": 20,
    "lot waited for a line": 100,
    "came back to a resource": 1_000,
    "slot perished": 500,
    "slot handed back": 200,
    "slot handed back, claimed again": 100,
    "doses expired": 200,
    "lot delivered": 500,
    "lot failed": 50,
    "attempt after the first": 1_000,
    "product went on without its patient": 1_000,
    "clocks changed on the path": 1_000,
    "left by death": 1_000,
    "left by progression": 1_000,
    "left by removal": 1_000,
    "progressed and stayed": 1_000,
    "ended as infused": 1_000,
    "ended as product_failed": 100,
    "ended as collection_failed": 100,
    "ended as unsuitable": 100,
}
LEAST_TIES = {
    "two arrivals": 1_000,
    "two ask": 2_000,
    "two give back": 500,
    "one gives back, another asks": 1_000,
    "one leaves the queue, another is served": 20,
    "one leaves, another gives back": 300,
    "a capacity changes, one asks": 10,
    "a capacity changes, one gives back": 10,
    "a slot is offered, one asks": 20,
    "slots perish together": 500,
    "doses expire, one asks": 10,
    "a lot is delivered, one asks": 10,
    "a lot is delivered, doses expire": 5,
    "two lots start": 100,
}


def test_random_scenarios_over_the_whole_vocabulary() -> None:
    happened, tied, differing = Counter[str](), Counter[str](), []
    for number in range(RANDOM_SCENARIOS):
        case = prepare(load_text(scenario_text(number)).scenario)
        reference, differs = compare(case)
        if differs:
            differing.append((number, differs))
        if isinstance(reference, Trace):
            happened += happenings(case, reference)
            tied += ties(case, reference)
    assert differing == []
    assert {what: n for what, n in LEAST_HAPPENINGS.items() if happened[what] < n} == {}
    assert {what: n for what, n in LEAST_TIES.items() if tied[what] < n} == {}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_shipped_scenarios_and_validation_cases(file: Path) -> None:
    case = prepare(load(file, SHORT).scenario)
    assert compare(case)[1] == []


def test_the_benchmark_and_the_shipped_pair_over_their_whole_length() -> None:
    for file in (MODEL_P, SHIPPED / "autologous.yaml", SHIPPED / "allogeneic.yaml"):
        for replication in range(2):
            assert compare(prepare(load(file).scenario, replication), traced=False)[1] == []


def test_nobody_is_referred() -> None:
    text = small("", "0 d").scenario.model_copy()
    case = prepare(text)
    empty = load_text(EMPTY).scenario
    assert compare(case)[1] == []
    assert compare(prepare(empty))[1] == []


EMPTY = """
name: Nobody
strategy: autologous
run: {warm_up: 0 d, window: 30 d, follow_up: 30 d}
regions: {here: {centre: here, referrals: 0 / d}}
centres: {here: {}}
patients: {risk_groups: {everybody: {share: 1}}}
clocks: {waiting: {progression: never}}
apheresis: {duration: 1 d}
manufacturing: {duration: 7 d, slots: {count: 2, every: week}}
"""

ENDLESS = """
name: Endless
strategy: autologous
run: {warm_up: 0 d, window: 30 d, follow_up: 30 d}
regions: {here: {centre: here, referral_days: [0 d, 1 d]}}
centres: {here: {}}
patients: {risk_groups: {everybody: {share: 1}}}
clocks: {waiting: {progression: never}}
apheresis: {duration: 1 d}
manufacturing: {duration: 1 d, failure: 1, attempts: unlimited}
"""


def test_attempts_without_end_stop_with_the_same_error() -> None:
    reference, differs = compare(prepare(load_text(ENDLESS).scenario))
    assert reference == "manufacture: still failing after 1,000 attempts"
    assert differs == []


def test_arrays_that_start_too_small_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    grown, grow = set(), compiled_engine._grow

    def watched(state: State, need: int) -> State:
        grown.add(need)
        return grow(state, need)

    monkeypatch.setattr(compiled_engine, "FIRST_ROOM", 1)
    monkeypatch.setattr(compiled_engine, "_grow", watched)
    for number in range(120):
        assert compare(prepare(load_text(scenario_text(number)).scenario))[1] == []
    assert grown == {*compiled_engine.GROWING, *compiled_engine.GROWING_ACROSS}


def test_a_run_leaves_its_cohort_as_it_was() -> None:
    case = prepare(load_text(scenario_text(1)).scenario)
    first = case.run(compiled_engine.run)
    assert difference(first, case.run(compiled_engine.run)) == []
    assert difference(first, case.run(simpy_engine.run)) == []
    fresh = prepare(load_text(scenario_text(1)).scenario)
    assert difference(case.cohort, fresh.cohort) == []


def test_a_difference_is_seen() -> None:
    case = prepare(load_text(scenario_text(1)).scenario)
    trace = case.run(simpy_engine.run)
    assert isinstance(trace, Trace)
    assert isinstance(case, Case)
    changed = case.run(simpy_engine.run)
    assert isinstance(changed, Trace)
    changed.uses.asked[0] = 0.1 + changed.uses.asked[0]
    assert difference(trace, changed) == ["asked"]
