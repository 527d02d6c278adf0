"""The smallest capacity that meets a target, against the exact case and against trying every value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.experiment import capacity
from sim.experiment.capacity import Target, expected_points, find_smallest, parse_target
from sim.experiment.capacity_study import ascending, run_plan
from sim.experiment.designs import build_design
from sim.experiment.factors import parse_factor
from sim.experiment.points import Base
from sim.experiment.sweep import SweepPlan
from sim.outcomes.metrics import METRIC_NAMES
from sim.scenario import load
from tests.experiments import lines
from tests.runs import SHIPPED

TARGET = Target("turnaround_days_mean", True, 20.0)


class Curve:
    """Stands in for a sweep: metric values of each point, known beforehand."""

    def __init__(self, values: Sequence[Sequence[float]]) -> None:
        self.of = [np.full((len(row), 1, len(METRIC_NAMES)), 0.0) for row in values]
        for whole, row in zip(self.of, values, strict=True):
            whole[:, 0, METRIC_NAMES.index(TARGET.metric)] = row
        self.plan = SimpleNamespace(points=lines(*range(1, len(values) + 1)), base=SimpleNamespace(names=("x",)))
        self.ran: list[int] = []

    def values(self, point: int) -> np.ndarray:
        return self.of[point]


@pytest.fixture
def _counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def evaluate(sweep: Any, points: Sequence[Any], done: Callable[[int], None]) -> None:
        sweep.ran += [point.number for point in points]

    monkeypatch.setattr(capacity, "evaluate", evaluate)


def search(curve: Curve) -> capacity.Answer:
    return find_smallest(curve, TARGET, 0.95, lambda count: None)  # type: ignore[arg-type]


@pytest.mark.usefixtures("_counted")
@given(st.integers(1, 200), st.integers(0, 220))
def test_bisection_finds_what_trying_every_value_finds(count: int, crossing: int) -> None:
    curve = Curve([[30.0, 30.5] if k < crossing else [10.0, 10.0] for k in range(count)])
    answer = search(curve)
    assert (None if answer.point is None else answer.point.number) == (crossing if crossing < count else None)
    assert answer.monotone
    assert len(curve.ran) == len(set(curve.ran)) <= expected_points(count)


@pytest.mark.usefixtures("_counted")
def test_what_meets_the_target_on_average_only_does_not_count() -> None:
    curve = Curve([[40.0, 41.0], [18.0, 21.0], [10.0, 10.1]])
    answer = search(curve)
    assert answer.point is not None
    assert answer.point.number == 2
    assert answer.nearly is not None
    assert answer.nearly.number == 1
    assert answer.tried[1].estimate == 19.5
    # Student's t with one degree of freedom at 95 %: 6.3138, standard error 1.5
    assert answer.tried[1].bound == pytest.approx(19.5 + 6.313752 * 1.5)


@pytest.mark.usefixtures("_counted")
def test_where_more_is_worse_every_value_is_run() -> None:
    # fewer than the ends suggest: a dip that even steps would miss lies at 30, and it gets worse again after 60
    values = [[30.0, 30.0]] * 60 + [[10.0, 10.0]] * 20 + [[25.0, 25.0]] * 5 + [[15.0, 15.0]] * 15
    curve = Curve(values)
    answer = search(curve)
    assert not answer.monotone
    assert sorted(curve.ran) == list(range(100))
    assert answer.point is not None
    assert answer.point.number == 85


def test_the_fifty_patients_need_five_lines(tmp_path: Path) -> None:
    base = Base({"fifty": load(SHIPPED / "validation" / "fifty_patients_3.yaml")})
    factor = ascending(parse_factor("manufacturing.lines=7,3,5,4,6"))
    plan = SweepPlan(base, build_design("grid", [factor], {}).points, 2, workers=1, engine="simpy")
    study = run_plan(plan, factor.path, TARGET, 0.95, tmp_path, "test", lambda count: None)
    assert study.value == "5"
    assert study.table["value"].tolist() == ["3", "4", "5", "6", "7"]
    np.testing.assert_allclose(study.table["estimate"], [32.86, 21.78, 18.42, 18.06, 18.00])
    assert study.table["met"].tolist() == [False, False, True, True, True]
    assert study.table["answer"].tolist() == [False, False, True, False, False]
    assert study.said == [
        "manufacturing.lines = 5 is the smallest that meets turnaround_days_mean <= 20 with 95 % confidence"
    ]


def test_values_are_put_in_order_and_filled_in() -> None:
    assert ascending(parse_factor("manufacturing.lines=2:5")).levels == ("2", "3", "4", "5")
    assert ascending(parse_factor("work_up.duration=14 d,36 h,1 wk")).levels == ("36 h", "1 wk", "14 d")
    with pytest.raises(ValueError, match="without a step"):
        ascending(parse_factor("manufacturing.failure=0:1"))
    with pytest.raises(ValueError, match="no numbers"):
        ascending(parse_factor("manufacturing.lines=4,unlimited"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("infused_share >= 85", "found 85; allowed: a share from 0 to 1; for 85 % write 0.85 or 85%"),
        ("infused_share >= 185 %", "found 185%; allowed: a share from 0 to 1"),
        ("infused_share >= -0.1", "found -0.1; allowed: a share from 0 to 1"),
        ("turnaround_days_mean <= 1e400", "found 1e400; allowed: a number of at most 1e+12 in size"),
        (
            "turnaround_days_mean <= 50 %",
            "found '50 %'; allowed: a number without %, as turnaround_days_mean is no share",
        ),
        ("turnaround_days_mean < 3", "allowed: METRIC <= NUMBER"),
        ("turnaround_days_mean <= x", "allowed: METRIC <= NUMBER"),
        ("turnaround_day_mean <= 3", "did you mean 'turnaround_days_mean'?"),
    ],
)
def test_a_wrong_target(text: str, told: str) -> None:
    with pytest.raises(ValueError, match="found") as caught:
        parse_target(text)
    assert told in str(caught.value)
    assert parse_target("infused_share >= 85%") == Target("infused_share", False, 0.85)
    assert parse_target("infused_share>=0.9") == Target("infused_share", False, 0.9)
