"""Replicating until an interval is narrow enough, and whether intervals cover what they should."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.experiment.runs.precision import Precision, batches, parse_precision, reached
from sim.experiment.runs.replicate import Arm
from sim.experiment.study.run import Plan, run_study
from sim.outcomes.estimates import interval, variance
from sim.outcomes.metrics import METRIC_NAMES
from sim.pieces.cohort import draw_cohort
from tests.experiments import small_scenario

METRIC = "progressed_before_infusion_share"


def with_spread(count: int, spread: float) -> np.ndarray:
    """Values of two scenarios, by turns `spread` above and below 0.5, or half of it: a known spread."""
    by_turns = np.where(np.arange(count) % 2 == 0, spread, -spread)[:, None, None]
    return 0.5 + by_turns * np.array([1.0, 0.5])[:, None] * np.ones(len(METRIC_NAMES))


def ran(rule: Precision, spread: float) -> list[range]:
    found: list[range] = []
    for numbers in batches(rule, lambda: with_spread(found[-1].stop, spread)):
        found.append(numbers)
    return found


def test_replications_stop_at_the_first_batch_that_is_narrow_enough() -> None:
    rule = Precision(METRIC, 0.01, least=10, most=500)
    found = ran(rule, spread=0.05)
    assert found[0] == range(10)
    assert [a.stop for a in found[:-1]] == [b.start for b in found[1:]]
    widths = [rule.half_widths(with_spread(numbers.stop, 0.05)).max() for numbers in found]
    assert (np.array(widths[:-1]) > 0.01).all()
    assert widths[-1] <= 0.01
    # Student's t asks for (1.984 x 0.05 / 0.01)^2 + 1 = 99.4: after 80, for 0.9 x 80 (1.990 x 5)^2 / 79 = 90.3; then 10
    assert [numbers.stop for numbers in found] == [10, 20, 40, 80, 91, 101]


def test_replications_have_a_least_and_a_most() -> None:
    assert ran(Precision(METRIC, 0.1, least=30, most=500), spread=0.001) == [range(30)]
    assert ran(Precision(METRIC, 1e-9, least=10, most=45), spread=1.0)[-1].stop == 45


def test_a_metric_that_never_applies_is_not_waited_for_for_ever() -> None:
    nothing = np.full((1000, 1, len(METRIC_NAMES)), np.nan)
    found: list[range] = []
    for numbers in batches(Precision(METRIC, 0.1, least=10, most=60), lambda: nothing[: found[-1].stop]):
        found.append(numbers)
    assert found[-1].stop == 60
    assert reached(Precision(METRIC, 0.1), ("a",), nothing[:60])["met"] is False


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("progressed_before_infusion_shar=0.1", "did you mean 'progressed_before_infusion_share'?"),
        (f"{METRIC}=0", "a number above 0"),
        (f"{METRIC}", "a number above 0"),
        (f"{METRIC}=x", "a number above 0"),
        ("infused_share=2", "found '2', which any result meets; allowed: less than 1"),
    ],
)
def test_a_wrong_rule(text: str, told: str) -> None:
    with pytest.raises(ValueError, match="found") as caught:
        parse_precision(text, None, None)
    assert told in str(caught.value)
    with pytest.raises(ValueError, match="found 50 to 10 replications"):
        parse_precision(f"{METRIC}=0.1", 50, 10)


def test_a_study_stops_at_the_same_replication_for_any_number_of_workers(tmp_path: Path) -> None:
    rule = Precision(METRIC, 0.05, least=6, most=200)
    found = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        folder.mkdir()
        plan = Plan({"Small": small_scenario()}, rule.most, workers, "test", engine="simpy", precision=rule)
        study = run_study(plan, folder, lambda count: None)
        row = study.summary.set_index("metric").loc[METRIC]
        assert row["high"] - row["estimate"] <= 0.05
        assert 6 < row["replications"] < 200
        found.append((folder / "runs.csv").read_bytes())
    assert found[0] == found[1]


def test_intervals_cover_a_known_mean() -> None:
    # referrals are a Poisson process of 10 a month over 120 days
    trials, replications, known = 1_000, 5, 10 / (365.25 / 12) * 120
    arm = Arm("Small", small_scenario("run.follow_up=1 d").scenario)
    cohort, _ = draw_cohort(arm.scenario, arm.protocol.clocks, range(trials * replications))
    referred = np.bincount(cohort.replication[cohort.measured], minlength=trials * replications).astype(float)
    _, low, high = interval(referred.reshape(trials, replications).T)
    assert 0.93 <= ((low <= known) & (known <= high)).mean() <= 0.97


def test_variance_leaves_out_what_does_not_apply() -> None:
    values = np.array([[1.0, np.nan], [2.0, 5.0], [4.0, np.nan]])
    np.testing.assert_allclose(variance(values), [np.var([1, 2, 4], ddof=1), np.nan])
