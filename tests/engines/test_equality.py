"""The two engines give the same trace, to the last bit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

pytest.importorskip("numba")

from sim.engine import compiled_engine, simpy_engine
from sim.engine.kernel.tables import State
from sim.engine.trace import Trace
from sim.scenario import load
from tests.engines.both import Case, compare, difference, prepare
from tests.engines.hits import happenings, outages, ties
from tests.engines.random_protocols import POLICIES, random_case
from tests.engines.random_scenarios import random_scenario
from tests.engines.watching import Watch
from tests.runs import CASES, FILES, SHIPPED, load_text, shipped, small

# One case in three every day: they are made of what random scenarios are made of.
SHIPPED_ONES = [
    *(pytest.param(file, id=file.stem) for file in FILES),
    *(pytest.param(file, id=file.stem, marks=[pytest.mark.slow] * (k % 3 > 0)) for k, file in enumerate(CASES)),
]
MODEL_P = Path(__file__).parents[1] / "benchmarks" / "model_p.yaml"
SHORT = ("run.warm_up=50 d", "run.window=200 d", "run.follow_up=150 d")
# A quarter of them every day, all of them when there is time: they take a minute.
RANDOM_SCENARIOS, RANDOM_PROTOCOLS = 240, 400


def parts(count: int) -> list[object]:
    """The numbers of every day, and all."""
    return [pytest.param(range(count // 4), id="some"), pytest.param(range(count), id="all", marks=pytest.mark.slow)]


# What the random scenarios must have exercised at least so often, all of them together; a part its part of it.
LEAST_HAPPENINGS = {
    "granted after waiting for Capacity": 960,
    "granted after waiting for Cadence": 480,
    "granted after waiting for Stock": 240,
    "granted after waiting for Bookings": 100,
    "left while holding Bookings": 20,
    "left while waiting for Bookings": 12,
    "granted after waiting for AnyOf": 300,
    "left while waiting for AnyOf": 120,
    "left while holding Capacity": 240,
    "left while holding Cadence": 240,
    "left while waiting for Capacity": 240,
    "left while waiting for Cadence": 240,
    "left while waiting for Stock": 144,
    "waited or left while holding something else": 480,
    "waited under first_come": 960,
    "waited under sickest_first": 240,
    "waited under lottery": 240,
    "Capacity in several centres": 48,
    "Cadence in several centres": 9,
    "lot waited for a line": 48,
    "came back to a resource": 480,
    "slot perished": 240,
    "slot handed back": 96,
    "slot handed back, claimed again": 48,
    "slot not offered": 48,
    "slot withdrawn after its offer": 9,
    "holder's slot withdrawn": 9,
    "doses expired": 96,
    "lot delivered": 240,
    "lot failed": 24,
    "attempt after the first": 480,
    "product went on without its patient": 480,
    "clocks changed on the path": 480,
    "left by death": 480,
    "left by progression": 480,
    "left by removal": 480,
    "progressed and stayed": 480,
    "ended as infused": 480,
    "ended as product_failed": 48,
    "ended as collection_failed": 48,
    "ended as unsuitable": 48,
    "ended as funding": 48,
    "ended as alternative": 300,
    "bridged in a bed": 240,
    "bridged in a bed, and by then left but for that": 8,
    "turned at progression": 100,
    "slot lost, as its holder was not ready": 48,
    "granted once a unit was ready again": 48,
    "granted after waiting at what several centres share": 80,
    "outage by chance": 480,
    "outage by chance of a part": 160,
    "held as a part went out: pause": 56,
    "held as a part went out: lose": 56,
    "began on what was left": 24,
    "held when an outage by chance began: finish": 160,
    "held when an outage by chance began: pause": 40,
    "held when an outage by chance began: lose": 36,
    "granted at the end of an outage by chance": 120,
}
LEAST_TIES = {
    "two arrivals": 480,
    "two ask": 960,
    "two give back": 240,
    "one gives back, another asks": 480,
    "one leaves the queue, another is served": 9,
    "one leaves, another gives back": 144,
    "a capacity changes, one asks": 4,
    "a capacity changes, one gives back": 4,
    "a slot is offered, one asks": 9,
    "slots perish together": 240,
    "doses expire, one asks": 4,
    "a lot is delivered, one asks": 4,
    "a lot is delivered, doses expire": 2,
    "two lots start": 48,
}


LEAST_OF_PROTOCOLS = {
    "stage waited for an opening": 2_000,
    "stage waited for an opening that it fits": 500,
    "stage paused": 2_000,
    "stage lost under way": 500,
    "stage no longer viable": 1_000,
    "branch failed beside others": 1_000,
    "gave up, holding nothing": 1_000,
    "gave up, holding something": 300,
    "gave up, several units": 500,
    "left on his day, holding nothing": 300,
    "left on his day, holding something": 200,
    "left on his day, several units": 200,
    "patience over at the instant of the grant": 200,
    "ranked anew while waiting": 100,
    "ranked anew too late": 200,
    "several slots claimed at once": 200,
    "came back for a later course": 500,
    "on the initial list, granted after waiting": 100,
    "doses expired on a shelf of their own": 200,
    "lot of a shelf of its own": 500,
    "lot waited for a line": 300,
    "lot delivered": 1_000,
    "lot failed": 200,
    "came back to a resource": 2_000,
    "attempt after the first": 500,
    "left while holding Capacity": 500,
    "left while holding Cadence": 300,
    "turned at progression": 120,
    "left while waiting for Stock": 100,
    "granted after waiting for AnyOf": 300,
    "left while holding AnyOf": 300,
    "left while waiting for AnyOf": 100,
    "AnyOf in several centres": 20,
    "slot handed back": 100,
    "slot handed back, claimed again": 20,
    "slot not offered": 500,
    "slot withdrawn after its offer": 300,
    "holder's slot withdrawn": 50,
    "stage that never starts": 50,
    "stage that never ends": 50,
    "product went on without its patient": 5_000,
    "granted once a unit was ready again": 200,
    "granted after waiting at what several centres share": 100,
    "progressed and stayed": 500,
    **{f"waited under {policy}": 150 for policy in ("first_come", *POLICIES)},
}
# Two phases that fell on one instant, "end of a wait" being a request that was not granted.
LEAST_PHASES = {
    "clock, clock": 500,
    "clock, completion": 100,
    "clock, delivery": 150,
    "clock, expiry": 15,
    "arrival, clock": 200,
    "clock, patience": 150,
    "clock, perish": 80,
    "completion, completion": 700,
    "completion, delivery": 500,
    "completion, expiry": 70,
    "arrival, completion": 200,
    "completion, patience": 700,
    "completion, perish": 250,
    "delivery, delivery": 1_000,
    "delivery, expiry": 150,
    "arrival, delivery": 300,
    "delivery, patience": 400,
    "delivery, perish": 200,
    "expiry, expiry": 100,
    "arrival, expiry": 50,
    "expiry, patience": 60,
    "arrival, arrival": 500,
    "arrival, patience": 300,
    "patience, patience": 500,
    "patience, perish": 200,
    "perish, perish": 2_000,
    "end of a wait, end of a wait": 400,
    "clock, end of a wait": 600,
    "delivery, end of a wait": 300,
}


def too_few(happened: Counter[str], least: Mapping[str, int], part: float = 1.0) -> dict[str, int]:
    """What happened less often than that part of the least."""
    return {what: happened[what] for what, n in least.items() if happened[what] < int(n * part)}


@pytest.mark.parametrize("numbers", parts(RANDOM_PROTOCOLS))
def test_random_protocols_over_the_whole_vocabulary(numbers: range, monkeypatch: pytest.MonkeyPatch) -> None:
    watch, happened, tied, phases, differing = Watch(monkeypatch), Counter[str](), Counter[str](), Counter[str](), []
    for number in numbers:
        case = random_case(number)
        reference, differs = compare(case)
        phases += watch.ties()
        if differs:
            differing.append((number, differs))
        if isinstance(reference, Trace):
            happened += happenings(case, reference)
            tied += ties(case, reference)
    happened += watch.found
    assert differing == []
    if len(numbers) == RANDOM_PROTOCOLS:  # what is rare is in few of them
        assert too_few(happened, LEAST_OF_PROTOCOLS) == {}
        assert too_few(phases, LEAST_PHASES) == {}
        assert too_few(tied, {"a capacity changes, one gives back": 50}) == {}


@pytest.mark.parametrize("numbers", parts(RANDOM_SCENARIOS))
def test_random_scenarios_over_the_whole_vocabulary(numbers: range) -> None:
    happened, tied, differing = Counter[str](), Counter[str](), []
    for number in numbers:
        scenario = random_scenario(number).scenario
        case = prepare(scenario)
        reference, differs = compare(case)
        if differs:
            differing.append((number, differs))
        if isinstance(reference, Trace):
            happened += happenings(case, reference)
            happened += outages(scenario, case, reference)
            tied += ties(case, reference)
    assert differing == []
    part = len(numbers) / RANDOM_SCENARIOS
    assert too_few(happened, LEAST_HAPPENINGS, part) == {}
    assert too_few(tied, LEAST_TIES, part) == {}


@pytest.mark.parametrize("file", SHIPPED_ONES)
def test_shipped_scenarios_and_validation_cases(file: Path) -> None:
    case = prepare(shipped(file, *SHORT).scenario)
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
    assert reference == "patient 0 of region here: manufacture: still failing after 1,000 attempts"
    assert differs == []


def test_arrays_that_start_too_small_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    grown, grow = set(), compiled_engine._grow

    def watched(state: State, need: int) -> State:
        grown.add(need)
        return grow(state, need)

    for number in range(30):
        for case in (prepare(random_scenario(number).scenario), random_case(number)):
            # in room enough it does as the reference engine: the tests of random protocols and scenarios say so
            roomy = case.run(compiled_engine.run)
            with monkeypatch.context() as patch:
                patch.setattr(compiled_engine, "FIRST_ROOM", 1)
                patch.setattr(compiled_engine, "_grow", watched)
                assert difference(roomy, case.run(compiled_engine.run)) == []
    assert grown == set(compiled_engine.GROWING)


def test_a_run_leaves_its_cohort_as_it_was() -> None:
    case = prepare(random_scenario(1).scenario)
    first = case.run(compiled_engine.run)
    assert difference(first, case.run(compiled_engine.run)) == []
    assert difference(first, case.run(simpy_engine.run)) == []
    fresh = prepare(random_scenario(1).scenario)
    assert difference(case.cohort, fresh.cohort) == []


def test_a_difference_is_seen() -> None:
    case = prepare(random_scenario(1).scenario)
    trace = case.run(simpy_engine.run)
    assert isinstance(trace, Trace)
    assert isinstance(case, Case)
    changed = case.run(simpy_engine.run)
    assert isinstance(changed, Trace)
    changed.uses.asked[0] = 0.1 + changed.uses.asked[0]
    assert difference(trace, changed) == ["asked"]
