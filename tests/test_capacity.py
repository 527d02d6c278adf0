"""The smallest capacity that meets a target, against the exact case and against trying every value."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.experiment.plan import search as capacity
from sim.experiment.plan.run import ascending, run_plan
from sim.experiment.plan.search import FloorMissingError, Target, expected_points, find_smallest, parse_target
from sim.experiment.sweep.designs import build_design
from sim.experiment.sweep.evaluate import SweepPlan
from sim.experiment.sweep.factors import parse_factor
from sim.experiment.sweep.points import Base
from sim.outcomes.metrics import METRIC_NAMES
from sim.scenario import load
from tests.experiments import lines, small_base
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
    return find_smallest(curve, [TARGET], 0.95, lambda count: None)  # type: ignore[arg-type]


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
    assert answer.tried[1].judged[0].estimate == 19.5
    # Student's t with one degree of freedom at 95 %: 6.3138, standard error 1.5, which grows as the root of the days
    bound = answer.tried[1].judged[0].bound
    assert (bound - 19.5) ** 2 == pytest.approx((6.313752 * 1.5) ** 2 * bound / 19.5, rel=1e-5)


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
    targets = [TARGET, Target("infused_share", False, 1.0)]
    study = run_plan(plan, factor.path, targets, 0.95, tmp_path, "test", lambda count: None)
    assert study.value == "5"
    of_days, of_share = (study.table[study.table["target"] == str(target)] for target in targets)
    assert of_days["value"].tolist() == ["3", "4", "5", "6", "7"]
    np.testing.assert_allclose(of_days["estimate"], [32.86, 21.78, 18.42, 18.06, 18.00])
    assert of_days["met"].tolist() == of_share["all_met"].tolist() == [False, False, True, True, True]
    assert of_days["answer"].tolist() == [False, False, True, False, False]
    assert of_share["met"].all()
    assert (study.table["patients"] == 50).all()
    assert (study.table["infused_share"] == 1.0).all()
    assert study.said == [
        "manufacturing.lines = 5 is the smallest that meets turnaround_days_mean <= 20 and infused_share >= 1 "
        "with 95 % confidence",
        "at 5, 100.0 % (100.0 to 100.0) of the referred are infused, and 0.0 % still wait when follow-up ends",
    ]


def test_a_target_on_the_infused_alone_needs_a_floor(tmp_path: Path) -> None:
    # at one line a few of the first are infused soon, and everybody else is still waiting when follow-up ends
    plan = SweepPlan(small_base("run.follow_up=60 d"), lines(1, 8), 4, workers=1, engine="simpy")
    wait = Target("waiting_days_mean", True, 60.0)
    folder = tmp_path / "out"
    with pytest.raises(FloorMissingError) as caught:
        run_plan(plan, "manufacturing.lines", [wait], 0.95, folder, "test", lambda count: None)
    said = str(caught.value)
    assert said.startswith("waiting_days_mean <= 60 speaks of the infused alone")
    found = re.search(r"At manufacturing\.lines = 8, the largest, (\d+\.\d) % \((\d+\.\d) to", said)
    floor = re.search(r'--target "infused_share >= (0\.\d+)"', said)
    assert found is not None
    assert floor is not None
    assert float(found[2]) - 5.0 <= 100.0 * float(floor[1]) <= float(found[2]) <= float(found[1])
    assert not folder.exists()
    more = [wait, parse_target(f"infused_share >= {floor[1]}")]
    study = run_plan(plan, "manufacturing.lines", more, 0.95, folder, "test", lambda count: None)
    one_line = study.table[study.table["value"] == "1"]
    assert one_line.set_index("metric")["met"].to_dict() == {"waiting_days_mean": True, "infused_share": False}
    assert one_line["infused_share"].iloc[0] < 0.2
    assert one_line["unresolved_share"].iloc[0] > 0.2
    assert study.value == "8"


@pytest.mark.parametrize(
    ("text", "is_floor"),
    [
        ("infused_share >= 0.5", True),
        ("infused >= 50", True),
        ("half_infused_days <= 90", True),
        ("infused_share <= 0.5", False),
        ("lost_before_infusion_share <= 0.3", False),
        ("waiting_days_mean <= 90", False),
    ],
)
def test_what_is_a_floor(text: str, is_floor: bool) -> None:
    assert parse_target(text).is_floor is is_floor


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
