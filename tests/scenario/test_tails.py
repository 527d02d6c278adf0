"""What a survival table leaves to its tail is worked out as the closed form says, and told."""

from __future__ import annotations

import math

import pytest

from sim.pure.survival import Cured, Exponential, SurvivalTable
from sim.scenario import ScenarioError
from sim.scenario.tails import beyond, beyond_the_last_row, last_row
from tests.runs import small

RATE = 0.004
TABLE = SurvivalTable((0.0, 100.0, 200.0), (1.0, math.exp(-100 * RATE), math.exp(-200 * RATE)))


def test_the_share_and_its_time_of_a_constant_hazard() -> None:
    share, time = beyond(TABLE, 200.0, 1_000.0)
    assert share == pytest.approx(math.exp(-200 * RATE))
    left = math.exp(-1_000 * RATE)
    assert time == pytest.approx((share - left) / (1.0 - left), rel=1e-6)


def test_nothing_lies_beyond_a_horizon_and_no_time_is_told_without_one() -> None:
    assert beyond(TABLE, 200.0, 200.0) == (0.0, 0.0)
    assert beyond(TABLE, 200.0, math.inf) == (pytest.approx(math.exp(-200 * RATE)), None)


def test_those_who_are_cured_lie_beyond_too() -> None:
    assert last_row(Exponential(0.1)) is None
    cured = Cured(0.5, TABLE)
    last = last_row(cured)
    assert last == 200.0
    assert beyond(cured, last, math.inf)[0] == pytest.approx(0.5 + 0.5 * math.exp(-200 * RATE))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("{table: [[0 d, 1.0], [100 d, 0.4]], after: never}",
         ["clocks.waiting.death: the table ends at 100 d; beyond it lie 40% of those under this clock, and 65% of "
          "the time up to the horizon: they hang on `after`"]),
        ("{table: [[0 d, 1.0], [400 d, 0.4]], after: never}", []),
        ("{table: [[0 d, 1.0], [100 d, 0.0]]}", []),
    ],
)  # fmt: skip
def test_it_is_told_of_a_scenario(table: str, said: list[str]) -> None:
    loaded = small(f"clocks: {{waiting: {{death: {table}}}}}\n", "0 d")
    assert list(beyond_the_last_row(loaded.scenario)) == said


def test_a_duration_is_no_survival_table_so_that_none_goes_untold() -> None:
    for path in ("work_up: {duration", "later_course: {share: 1, relapse"):
        with pytest.raises(ScenarioError, match="table: unknown key; allowed: lognormal"):
            small(f"{path}: {{table: [[0 d, 1.0], [100 d, 0.4]]}}}}\n", "0 d")
