"""Survival shapes against closed forms, and their tables against the shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.pure.survival import (
    TABLE_ERROR,
    Cured,
    Exponential,
    LogLogistic,
    Never,
    Piecewise,
    Survival,
    SurvivalTable,
    Weibull,
    hazard_table,
)

SHAPES: list[tuple[Survival, float, float]] = [
    # shape, a day, exact cumulative hazard on it
    (Exponential(0.01), 42.0, 0.42),
    (Weibull(1.5, 60.0), 42.0, 0.7**1.5),
    (Weibull(0.4, 30.0), 3.0, 0.1**0.4),
    (LogLogistic(2.0, 50.0), 100.0, math.log(5.0)),
    (Piecewise((0.0, 90.0), (0.01, 0.005)), 190.0, 0.9 + 0.5),
    (Cured(0.25, Exponential(0.01)), 100.0, -math.log(0.25 + 0.75 * math.exp(-1.0))),
    (Cured(0.2477, Weibull(1.7153, 123.87)), 60.0, -math.log(0.2477 + 0.7523 * math.exp(-((60 / 123.87) ** 1.7153)))),
    (SurvivalTable((0.0, 30.0, 60.0), (1.0, 0.5, 0.25)), 45.0, math.log(2.0) * 1.5),
    (SurvivalTable((0.0, 30.0, 60.0), (1.0, 0.5, 0.25)), 90.0, math.log(2.0) * 3.0),
    (SurvivalTable((0.0, 30.0, 60.0), (1.0, 0.5, 0.0)), 45.0, -math.log(0.25)),
    (SurvivalTable((0.0, 60.0), (1.0, 0.0)), 15.0, -math.log(0.75)),
    (Cured(0.2, SurvivalTable((0.0, 30.0, 60.0), (1.0, 0.5, 0.25))), 45.0, -math.log(0.2 + 0.8 * 0.5**1.5)),
    (Cured(0.2, SurvivalTable((0.0, 30.0, 60.0), (1.0, 0.5, 0.0))), 45.0, -math.log(0.2 + 0.8 * 0.25)),
    (SurvivalTable((0.0, 30.0, 60.0), (1.0, 0.5, 0.25), after=0.01), 90.0, math.log(4.0) + 0.3),
    (SurvivalTable((0.0, 700.0, 730.0), (1.0, 0.5, 0.5), after=0.001), 1730.0, math.log(2.0) + 1.0),
]


@pytest.mark.parametrize(("shape", "day", "hazard"), SHAPES)
def test_a_shape_has_its_textbook_hazard_and_its_table_agrees(shape: Survival, day: float, hazard: float) -> None:
    assert shape.hazard(np.array([day]))[0] == pytest.approx(hazard, rel=1e-12)
    table = hazard_table(shape)
    assert table.hazard(np.array([day]))[0] == pytest.approx(hazard, rel=TABLE_ERROR)
    assert table.age(np.array([hazard]))[0] == pytest.approx(day, rel=5e-6)


def test_nobody_has_the_event_behind_a_table_that_ends_flat() -> None:
    table = hazard_table(SurvivalTable((0.0, 30.0), (1.0, 0.5), after=0.0))
    assert table.hazard(np.array([30.0, 1e6])) == pytest.approx(math.log(2.0))
    assert table.age(np.array([0.5 * math.log(2.0), 0.7])).tolist() == [15.0, math.inf]


@pytest.mark.parametrize("shape", [shape for shape, _, _ in SHAPES])
def test_a_table_is_within_its_error_everywhere(shape: Survival) -> None:
    table = hazard_table(shape)
    days = np.geomspace(1e-3, 59.9, 20_001)
    exact = shape.hazard(days)
    judged = exact > 1e-12
    assert np.max(np.abs(table.hazard(days[judged]) / exact[judged] - 1.0)) <= TABLE_ERROR
    assert table.days[0] == 0.0
    assert table.hazards[0] == 0.0
    assert np.all(np.diff(table.days) > 0.0)
    assert np.all(np.diff(table.hazards) >= 0.0)


def test_nobody_has_an_event_that_never_happens_or_after_being_cured() -> None:
    assert hazard_table(Never()).age(np.array([0.1, 40.0])).tolist() == [math.inf, math.inf]
    cured = hazard_table(Cured(0.25, Weibull(1.5, 60.0)))
    bound = -math.log(0.25)
    assert cured.age(np.array([bound * 1.0001]))[0] == math.inf
    assert math.isfinite(cured.age(np.array([bound * 0.999]))[0])


def test_an_event_waits_for_the_end_of_a_stretch_without_hazard() -> None:
    table = hazard_table(Piecewise((0.0, 10.0, 20.0), (0.0, 0.1, 0.0)))
    assert table.age(np.array([0.5, 1.0])).tolist() == [15.0, 20.0]
    assert table.age(np.array([1.0 + 1e-9]))[0] == math.inf


def test_everybody_has_had_the_event_where_a_survival_table_ends_at_zero() -> None:
    table = hazard_table(SurvivalTable((0.0, 30.0, 60.0), (1.0, 0.5, 0.0)))
    assert table.age(np.array([5.0, 19.0])) == pytest.approx([60 - 60 * math.exp(-5.0), 60.0], abs=1e-4)


@given(
    shape=st.floats(0.3, 6.0),
    scale=st.floats(0.1, 5000.0),
    threshold=st.floats(1e-6, 30.0),
)
def test_the_age_at_a_hazard_has_that_hazard(shape: float, scale: float, threshold: float) -> None:
    table = hazard_table(Weibull(shape, scale))
    age = table.age(np.array([threshold]))
    assert table.hazard(age)[0] == pytest.approx(threshold, rel=1e-9)
    assert age[0] == pytest.approx(scale * threshold ** (1 / shape), rel=1e-5)
