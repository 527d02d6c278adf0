"""What a scenario would come to, by hand; and what is too much is refused by the value that makes it so."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sim.experiment.runs.limits import require_kept, require_size
from sim.experiment.runs.replicate import Arm
from sim.experiment.sweep.points import POINTS_FOR_WORKERS, Base, Point, require_valid, unpacked
from sim.pieces.expectations import expect
from sim.pieces.size import DOSES, LOTS, PATIENTS, SLOTS, expected_size
from sim.pieces.steps import Attempts, Choose, Fail, Share, Stage
from sim.pure.distributions import Fixed
from sim.scenario import Loaded, ScenarioError, load
from tests.runs import CASES, FILES, SHIPPED, load_text, shipped

SLOTTED = """
name: Slots
strategy: autologous
run: {{start: 2026-01-05, warm_up: 10 d, window: 20 d, follow_up: 40 d}}
regions: {{here: {{centre: here, referrals: 2 / d}}, there: {{centre: there, referral_days: [1 d, 2 d]}}}}
centres: {{here: {{}}, there: {{slots: {there}}}}}
clocks: {{waiting: {{progression: never}}}}
apheresis: {{duration: 1 d}}
manufacturing: {{duration: 7 d, slots: {{count: {count}, every: week}}}}
"""
STOCKED = """
name: Stock
strategy: allogeneic
run: {{start: 2026-01-05, warm_up: 10 d, window: 20 d, follow_up: 70 d}}
regions: {{here: {{centre: here, referrals: 2 / d}}}}
centres: {{here: {{}}}}
clocks: {{waiting: {{progression: never}}}}
allogeneic: {{stock: {{opening: {opening}, order: {order}, doses_per_lot: 10{more}}}, lots: {{culture: {culture}, failure: {failure}}}}}
"""  # fmt: skip # noqa: E501


def slotted(count: int = 3, there: int = 4) -> Loaded:
    return load_text(SLOTTED.format(count=count, there=there))


def stocked(opening: int = 20, order: str = "{at: 10, up_to: 20}", more: str = "", **lots: str) -> Loaded:
    how = {"culture": "5 d", "failure": "0.2", **lots}
    return load_text(STOCKED.format(opening=opening, order=order, more=more, **how))


def number(loaded: Loaded, what: str) -> float:
    arm = Arm("here", loaded.scenario)
    return expected_size(arm.scenario, arm.protocol).number(what)


def refused(loaded: Loaded) -> list[tuple[str, str]]:
    """(path, message) of what is too much."""
    try:
        require_size([Arm("here", loaded.scenario)], {"here": loaded})
    except ScenarioError as error:
        return [(problem.path, problem.message) for problem in error.problems]
    return []


def test_patients_and_slots_are_counted_by_hand() -> None:
    # 70 days: 140 at random and the two listed; Mondays from day 0 to day 70, three here and four there
    assert number(slotted(), PATIENTS) == pytest.approx(142.0)
    assert number(slotted(), SLOTS) == 11 * 7


def test_lots_are_counted_by_hand() -> None:
    assert number(stocked(order="{every: 4 d}"), LOTS) == pytest.approx(25.0)
    assert number(stocked(), DOSES) == 20
    # two lots fill the shelf; 200 patients take 20 lots that pass, of 25 begun; nothing expires
    assert number(stocked(), LOTS) == pytest.approx(2 + 25)
    # a shelf life of 5 days: a lot that passes (0.8) lives for it, after 5 days of culture
    assert number(stocked(more=", shelf_life: 5 d"), LOTS) == pytest.approx(2 + 25 + 2 * 100 / (5 + 0.8 * 5))


def test_a_second_course_has_patients_of_its_own() -> None:
    sequential = SHIPPED / "library" / "sequential.yaml"
    later, once = load(sequential), load(sequential, ("later_course=null",))
    assert number(later, PATIENTS) == 2 * number(once, PATIENTS)


def test_events_of_repeated_attempts_are_those_of_the_attempts_begun() -> None:
    one = (Stage("work", Fixed(1.0)), Choose(Share("fails", 0.75), (Fail(),)))
    # stage, choice and, for three quarters, the failure; four attempts are begun on average
    assert expect(one).events == pytest.approx(2.75)
    assert expect((Attempts("work", one, None),)).events == pytest.approx(1 + 4 * 2.75)
    assert expect((Choose(Share("never", 0.0), (Attempts("x", (Fail(),), None),)),)).events == pytest.approx(2 - 1)


@pytest.mark.parametrize(
    ("loaded", "path", "found"),
    [
        (slotted(count=1_000_000_000), "manufacturing.slots.count", "11,000,000,044 slots"),
        (slotted(there=10_000_000), "centres.there.slots", "110,000,033 slots"),
        (stocked(opening=10_000_000), "allogeneic.stock.opening", "10,000,000 doses"),
        (stocked(order="{every: 1e-9 d}"), "allogeneic.stock.order.every", "100,000,000,000 lots"),
        (stocked(more=", shelf_life: 1e-9 d", culture="0 d"), "allogeneic.stock.shelf_life", "250,000,000,027 lots"),
        (stocked(culture="0 d", failure="1"), "allogeneic.lots.failure", "infinitely many lots"),
        (stocked(order="{at: 0, up_to: 100000000}", culture="1e-6 d"), "allogeneic.stock.order.up_to", "lots"),
    ],
)
def test_what_is_too_much_is_refused_by_its_value(loaded: Loaded, path: str, found: str) -> None:
    problems = refused(loaded)
    assert [problem[0] for problem in problems] == [path]
    assert found in problems[0][1]
    assert "allowed: at most" in problems[0][1]


@pytest.mark.parametrize(
    ("file", "override", "path"),
    [
        ("autologous", "manufacturing={failure: 0.999, attempts: unlimited}", "manufacturing.failure"),
        ("autologous", "apheresis={shortfall: 1, attempts: unlimited}", "apheresis.shortfall"),
        ("allogeneic", "allogeneic.shipping.loss=0.999", "allogeneic.shipping.loss"),
        ("allogeneic", "allogeneic.lots.donor.rejection=1", "allogeneic.lots.donor.rejection"),
    ],
)
def test_attempts_that_nearly_always_fail_are_refused(file: str, override: str, path: str) -> None:
    problems = refused(load(SHIPPED / f"{file}.yaml", [override]))
    assert [problem[0] for problem in problems] == [path]
    assert "attempts a patient or lot on average; allowed: at most 100" in problems[0][1]


def test_all_regions_count_together() -> None:
    regions = ", ".join(f"r{k}: {{centre: here, referrals: 20000 / d}}" for k in range(40))
    text = SLOTTED.format(count=3, there=4).replace("there: {centre: there, ", f"{regions}, there: {{centre: there, ")
    problems = refused(load_text(text))
    assert problems[0][0] == "regions.r0.referrals"
    assert "56,000,142 patients in one replication" in problems[0][1]


def test_a_point_of_a_sweep_is_refused_before_it_runs() -> None:
    base = Base({"here": slotted()})
    require_valid(base, [Point(0, "few", {"manufacturing.slots.count": "4"})])
    with pytest.raises(ScenarioError, match=r"--set manufacturing\.slots\.count: leads to 11,000,000,044 slots"):
        require_valid(base, [Point(0, "many", {"manufacturing.slots.count": "1000000000"})])


def test_many_points_are_looked_at_by_several_processes_with_the_same_words() -> None:
    base = Base({"here": slotted()})
    points = [Point(k, str(k), {"manufacturing.slots.count": str(1 + k)}) for k in range(POINTS_FOR_WORKERS)]
    kept: dict[int, dict[int, bytes]] = {1: {}, 2: {}}
    for workers, mine in kept.items():
        require_valid(base, points, mine.__setitem__, workers)
    assert list(kept[2]) == [point.number for point in points]
    assert [unpacked(kept[2][k]) for k in kept[2]] == [base.arms(point) for point in points]
    points[7] = Point(7, "many", {"manufacturing.slots.count": "1000000000"})
    points[70] = Point(70, "none", {"manufacturing.slots.count": "several"})
    told = []
    for workers in kept:
        with pytest.raises(ScenarioError) as raised:
            require_valid(base, points, workers=workers)
        told.append(str(raised.value).splitlines())
    assert told[0] == told[1]
    assert [line.split(":")[0] for line in told[0]] == ["--set manufacturing.slots.count"] * 2


def test_what_a_study_keeps_of_its_replications_is_limited() -> None:
    loaded = slotted()
    arms = [Arm("here", loaded.scenario)]
    require_kept(arms, {"here": loaded}, 1_000, events=True)
    with pytest.raises(ScenarioError, match="42,500,000,000 bytes on disk for curves of 500,000 replications"):
        require_kept(arms, {"here": loaded}, 500_000, events=False)
    many = loaded.with_overrides(["regions.here.referrals=2000 / d"])
    arms = [Arm("here", many.scenario)]
    require_kept(arms, {"here": many}, 1_000, events=False)
    with pytest.raises(ScenarioError, match="rows of events in 1,000 replications"):
        require_kept(arms, {"here": many}, 1_000, events=True)


@pytest.mark.parametrize("file", [*FILES, *CASES], ids=lambda file: file.stem)
def test_what_is_shipped_is_far_from_every_limit(file: Path) -> None:
    scenario = shipped(file).scenario
    for amount in expected_size(scenario, Arm("here", scenario).protocol).amounts:
        assert math.isfinite(amount.number)
        assert amount.number <= 0.2 * amount.most
