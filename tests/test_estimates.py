"""Intervals inside what is possible: against their closed forms, against Student's t, and how often they cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student

from sim.outcomes.estimates import FREE, NOT_NEGATIVE, SHARE, SHARE_CHANGE, Range, interval
from sim.outcomes.running import Running


def ends(values: list[float], within: Range) -> tuple[float, float, float]:
    mean, low, high = interval(np.array(values), within=within)
    return float(mean), float(low), float(high)


def test_three_replications_of_a_share_near_one_stay_below_it() -> None:
    values = [0.875, 0.86, 0.995]
    assert ends(values, FREE)[2] > 1.0
    mean, low, high = ends(values, SHARE)
    assert 0.0 < low < mean < high < 1.0
    # Wilson's score interval with the effective sample size and t instead of z, as it is usually written
    quantile, error = student.ppf(0.975, 2), float(np.std(values, ddof=1)) / math.sqrt(3)
    size = mean * (1 - mean) / error**2
    middle = (mean + quantile**2 / (2 * size)) / (1 + quantile**2 / size)
    half = quantile / (1 + quantile**2 / size) * math.sqrt(error**2 + quantile**2 / (4 * size**2))
    assert (low, high) == pytest.approx((middle - half, middle + half), rel=1e-12)


def test_few_counts_stay_above_zero() -> None:
    values = [0.0, 1.0, 7.0]
    assert ends(values, FREE)[1] < 0.0
    mean, low, high = ends(values, NOT_NEGATIVE)
    assert 0.0 < low < mean < high
    spread = (student.ppf(0.975, 2) * float(np.std(values, ddof=1))) ** 2 / 3
    for end in (low, high):  # the ends are where the distance is the quantile times the error that they would have
        assert (mean - end) ** 2 == pytest.approx(spread * end / mean, rel=1e-12)


@pytest.mark.parametrize("within", [SHARE, NOT_NEGATIVE, SHARE_CHANGE])
def test_with_many_replications_all_are_students_t(within: Range) -> None:
    values = np.random.default_rng(1).normal(0.4, 0.05, (4000, 3))
    plain, bounded = interval(values), interval(values, within=within)
    np.testing.assert_allclose(bounded[1:], plain[1:], atol=2e-5)


@pytest.mark.parametrize(("value", "within"), [(0.0, SHARE), (1.0, SHARE), (0.0, NOT_NEGATIVE), (-1.0, SHARE_CHANGE)])
def test_where_every_replication_lies_on_an_end_the_interval_is_that_point(value: float, within: Range) -> None:
    assert ends([value] * 4, within) == (value, value, value)


def test_one_replication_has_no_interval_and_a_day_not_reached_no_mean() -> None:
    mean, low, high = ends([0.4, math.nan], SHARE)
    assert mean == 0.4
    assert math.isnan(low)
    assert math.isnan(high)
    mean, low, high = ends([80.0, math.inf, 90.0], NOT_NEGATIVE)
    assert mean == math.inf
    assert math.isnan(low)
    assert math.isnan(high)


def test_one_at_a_time_and_all_together_are_one_interval() -> None:
    values = np.random.default_rng(2).beta(2.0, 9.0, (7, 5))
    values[3, 1] = np.nan
    running = Running.like(values[0])
    for row in values:
        running.add(row)
    np.testing.assert_allclose(running.interval(SHARE), interval(values, within=SHARE), rtol=1e-12)


@pytest.mark.parametrize(("replications", "share"), [(3, 0.3), (5, 0.05), (5, 0.91), (10, 0.99), (30, 0.99)])
def test_intervals_of_shares_cover_what_they_should(replications: int, share: float) -> None:
    # replications of 100 patients, more alike than independent ones (correlation 0.005 within a replication)
    luck = np.random.default_rng(3)
    own = luck.beta(share * 199, (1 - share) * 199, (replications, 20_000))
    found = luck.binomial(100, own) / 100
    _, low, high = interval(found, within=SHARE)
    covered = float(((low <= share) & (share <= high)).mean())
    assert 0.935 <= covered <= 0.97
    assert low.min() >= 0.0
    assert high.max() <= 1.0


@pytest.mark.parametrize("replications", [3, 5, 30])
def test_intervals_of_skewed_days_cover_more_often_than_students_t(replications: int) -> None:
    found = np.random.default_rng(4).gamma(1.0, 50.0, (replications, 20_000))
    covered = {}
    for name, within in {"t": FREE, "bounded": NOT_NEGATIVE}.items():
        _, low, high = interval(found, within=within)
        covered[name] = float(((low <= 50.0) & (high >= 50.0)).mean())
    assert covered["t"] < covered["bounded"]
    assert covered["bounded"] > 0.92
