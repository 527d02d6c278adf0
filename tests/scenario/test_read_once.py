"""Maps that are read once: what no override touches is the same value, and whatever moves its meaning reads it anew."""

from __future__ import annotations

import pickle

import pytest

from sim.scenario import ScenarioError, load
from sim.scenario.read_once import ReadOnce, once
from tests.runs import SHIPPED


def test_sections_that_no_override_touches_are_not_read_again() -> None:
    loaded = load(SHIPPED / "autologous.yaml")
    one, other = (loaded.scenario_with([f"manufacturing.lines={count}"]) for count in (7, 8))
    assert (one.manufacturing.lines, other.manufacturing.lines) == (((0.0, 7.0),), ((0.0, 8.0),))
    assert one.clocks is other.clocks
    assert one.manufacturing is not other.manufacturing
    assert one == load(SHIPPED / "autologous.yaml", ["manufacturing.lines=7"]).scenario


def test_days_of_dates_follow_the_start_of_the_simulation() -> None:
    """A date is so many days from day 0: with another day 0 the same map says something else."""
    text = "manufacturing.lines={2026-01-01: 5, 2026-03-02: 9}"
    loaded = load(SHIPPED / "autologous.yaml", [text])
    moved = loaded.scenario_with(["run.start=2026-01-11"])
    assert [day for day, _ in loaded.scenario.manufacturing.lines] == [0.0, 60.0]
    assert [day for day, _ in moved.manufacturing.lines][-1] == 50.0
    assert moved == load(SHIPPED / "autologous.yaml", [text, "run.start=2026-01-11"]).scenario


def test_a_fault_is_told_each_time() -> None:
    loaded = load(SHIPPED / "autologous.yaml")
    for _ in range(2):
        with pytest.raises(ScenarioError, match=r"found 1\.5; allowed: a proportion from 0 to 1"):
            loaded.scenario_with(["manufacturing.failure=1.5"])
    assert loaded.scenario_with(["manufacturing.failure=0.5"]).manufacturing.failure == 0.5


def test_what_is_remembered_is_by_reader_and_context_and_stays_at_home() -> None:
    asked = []

    def read() -> int:
        asked.append(1)
        return len(asked)

    kept = ReadOnce({"a": 1})
    assert [once(kept, "one", {}, read), once(kept, "one", {}, read)] == [1, 1]
    assert [once(kept, "other", {}, read), once(kept, "one", {"start": 1}, read)] == [2, 3]
    assert [once({"a": 1}, "one", {}, read), once({"a": 1}, "one", {}, read)] == [4, 5]
    again = pickle.loads(pickle.dumps(kept))
    assert again == {"a": 1}
    assert not again.known
    assert len(pickle.dumps(load(SHIPPED / "autologous.yaml").tree)) < 400_000
