"""Durations: quantiles against closed forms and against scipy, and what they cost."""

from __future__ import annotations

import math
import pickle
import timeit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats

from sim.pure.distributions import (
    Distribution,
    Empirical,
    Exponential,
    Fixed,
    Gamma,
    Lognormal,
    Triangular,
    TruncatedNormal,
    Uniform,
    Weibull,
    gamma_quantile,
)

EVERY = (
    Fixed(21.0),
    Lognormal(19.0, 0.555, 30.0),
    Triangular(8.0, 9.0, 14.0),
    Uniform(2.0, 5.0),
    Exponential(30.0, 2.0),
    Gamma(42.0, 4.0, 1.0),
    Weibull(1.5, 60.0, 3.0),
    TruncatedNormal(21.0, 6.0, 14.0, 40.0),
    TruncatedNormal(-2.0, 3.0),
    Empirical((1.0, 2.0, 2.0, 9.0)),
)
RANDOM = [distribution for distribution in EVERY if not distribution.is_fixed]
SHARES = np.concatenate([np.linspace(0.0, 1.0, 501)[:-1], [2.0**-53, 1e-12, 1.0 - 1e-12, 1.0 - 2.0**-53]])


def name(distribution: Distribution) -> str:
    return type(distribution).__name__


@pytest.mark.parametrize("distribution", EVERY, ids=name)
def test_every_family_is_a_distribution(distribution: Distribution) -> None:
    assert isinstance(distribution, Distribution)
    assert hash(distribution) == hash(pickle.loads(pickle.dumps(distribution)))
    assert pickle.loads(pickle.dumps(distribution)) == distribution
    assert distribution.is_fixed == isinstance(distribution, Fixed)


@pytest.mark.parametrize("distribution", EVERY, ids=name)
def test_quantiles_rise_and_are_finite(distribution: Distribution) -> None:
    days = distribution.quantile(np.sort(SHARES))
    assert days.shape == SHARES.shape
    assert np.isfinite(days).all()
    assert (days >= 0.0).all()
    assert (np.diff(days) >= 0.0).all()


@pytest.mark.parametrize("distribution", EVERY, ids=name)
def test_the_mean_is_the_integral_of_the_quantile(distribution: Distribution) -> None:
    def quantile(u: float) -> float:
        return float(distribution.quantile(np.array([u]))[0])

    kinks = [0.25, 0.5, 0.75] if isinstance(distribution, Empirical) else None
    integral, _ = integrate.quad(quantile, 0.0, 1.0, limit=500, points=kinks)
    assert distribution.mean() == pytest.approx(integral, rel=1e-6)


@pytest.mark.parametrize("distribution", EVERY, ids=name)
def test_one_value_has_the_quantile_that_it_has_among_many(distribution: Distribution) -> None:
    among_many = distribution.quantile(SHARES)
    alone = [distribution.quantile(SHARES[k : k + 1])[0] for k in range(0, len(SHARES), 50)]
    assert (among_many[::50] == alone).all()


def test_quantiles_keep_the_shape_of_what_they_are_asked() -> None:
    grid = np.full((3, 4), 0.3)
    assert all(distribution.quantile(grid).shape == (3, 4) for distribution in EVERY)
    assert all(distribution.quantile(np.empty(0)).shape == (0,) for distribution in EVERY)


@pytest.mark.parametrize(
    ("distribution", "exact"),
    [
        (Lognormal(19.0, 0.555, 30.0), stats.lognorm(0.555, loc=30.0, scale=19.0)),
        (Triangular(8.0, 9.0, 14.0), stats.triang(1.0 / 6.0, loc=8.0, scale=6.0)),
        (Uniform(2.0, 5.0), stats.uniform(2.0, 3.0)),
        (Exponential(30.0, 2.0), stats.expon(2.0, 30.0)),
        (Gamma(42.0, 4.0, 1.0), stats.gamma(4.0, loc=1.0, scale=10.5)),
        (Weibull(1.5, 60.0, 3.0), stats.weibull_min(1.5, loc=3.0, scale=60.0)),
        (TruncatedNormal(21.0, 6.0, 14.0, 40.0), stats.truncnorm(-7 / 6, 19 / 6, loc=21.0, scale=6.0)),
        (TruncatedNormal(-2.0, 3.0), stats.truncnorm(2 / 3, math.inf, loc=-2.0, scale=3.0)),
    ],
    ids=lambda value: name(value) if isinstance(value, Distribution) else "",
)
def test_quantiles_are_those_of_scipy(distribution: Distribution, exact: stats.rv_continuous) -> None:
    inner = SHARES[(SHARES > 0.0) & (SHARES < 1.0)]
    np.testing.assert_allclose(distribution.quantile(inner), exact.ppf(inner), rtol=2e-9, atol=1e-15)
    assert distribution.mean() == pytest.approx(exact.mean(), rel=1e-12)


def test_the_published_vein_to_vein_interval_has_median_49() -> None:
    days = Lognormal(19.0, 0.555, 30.0).quantile(np.array([0.01, 0.5, 0.99]))
    assert days[1] == pytest.approx(49.0)
    assert days[0] == pytest.approx(35.2, abs=0.1)
    assert days[2] == pytest.approx(99.1, abs=0.1)


def test_triangular_by_hand() -> None:
    corner = Triangular(0.0, 1.0, 4.0)
    # the mode lies at the share (mode - low) / (high - low)
    assert corner.quantile(np.array([0.0, 0.25, 1.0 - 1e-16])).tolist() == pytest.approx([0.0, 1.0, 4.0])
    assert Triangular(3.0, 3.0, 5.0).quantile(np.array([0.0, 0.75])).tolist() == pytest.approx([3.0, 4.0])
    assert Triangular(3.0, 5.0, 5.0).quantile(np.array([0.0, 0.25])).tolist() == pytest.approx([3.0, 4.0])


def test_empirical_takes_each_value_equally_often() -> None:
    observed = Empirical((1.0, 2.0, 7.0, 9.0))
    edges = np.array([0.0, 0.2499, 0.25, 0.5, 0.75, 1.0 - 2.0**-53])
    assert observed.quantile(edges).tolist() == [1.0, 1.0, 2.0, 7.0, 9.0, 9.0]
    assert observed.mean() == 4.75
    for count in (1, 3, 7, 10, 49, 1000):
        values = Empirical(tuple(float(k) for k in range(count)))
        assert values.quantile(np.array([1.0 - 2.0**-53])).tolist() == [count - 1.0]


def test_degenerate_cases_are_fixed() -> None:
    for distribution in (
        Triangular(2.0, 2.0, 2.0), Uniform(2.0, 2.0), Lognormal(2.0, 0.0), Lognormal(1.0, 0.0, 1.0),
        Empirical((2.0,)), Empirical((2.0, 2.0)), Fixed(2.0),
    ):  # fmt: skip
        assert distribution.is_fixed
        assert distribution.mean() == 2.0
        assert distribution.quantile(SHARES).tolist() == [2.0] * len(SHARES)


@pytest.mark.parametrize("shape", [0.01, 0.1, 0.35, 1.0, 2.5, 4.0, 30.0, 1e3, 1e6])
def test_tabulated_gamma_quantiles_are_exact_to_1e_9(shape: float) -> None:
    rng = np.random.default_rng(7)
    u = np.concatenate([rng.random(20_000), rng.random(500) * 1e-8, 1.0 - rng.random(500) * 1e-8, SHARES])
    exact = special.gammaincinv(shape, u)
    # smaller quantiles are below what doubles can hold
    resolved = exact > 1e-300
    found = gamma_quantile(shape)(u)
    np.testing.assert_allclose(found[resolved], exact[resolved], rtol=1e-9)
    assert (found[~resolved] <= 1e-250).all()
    assert found[u == 0.0].tolist() == [0.0] * int((u == 0.0).sum())


def test_tabulated_gamma_quantiles_rise_with_u() -> None:
    u = np.linspace(1e-4, 1.0 - 1e-4, 200_001)
    assert (np.diff(gamma_quantile(4.0)(u)) > 0.0).all()


def test_gamma_quantiles_are_fast() -> None:
    u = np.random.default_rng(7).random(2000)
    gamma = Gamma(42.0, 4.0)
    gamma.quantile(u)
    tabulated = min(timeit.repeat(lambda: gamma.quantile(u), number=20, repeat=5))
    exact = min(timeit.repeat(lambda: special.gammaincinv(4.0, u), number=20, repeat=5))
    assert tabulated < exact / 2


@given(st.floats(0.02, 1e5), st.floats(1e-3, 1e4), st.floats(0.0, 1e3), st.floats(1e-6, 1.0 - 1e-6))
def test_any_gamma_is_scaled_and_shifted(shape: float, mean: float, shift: float, u: float) -> None:
    found = Gamma(mean, shape, shift).quantile(np.array([u]))[0]
    exact = shift + mean / shape * special.gammaincinv(shape, u)
    assert found == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fixed(-1.0),
        lambda: Fixed(math.nan),
        lambda: Fixed(math.inf),
        lambda: Lognormal(0.0, 1.0),
        lambda: Lognormal(1.0, -0.1),
        lambda: Lognormal(1.0, 1.0, -1.0),
        lambda: Triangular(8.0, 20.0, 14.0),
        lambda: Triangular(9.0, 8.0, 14.0),
        lambda: Triangular(-1.0, 8.0, 14.0),
        lambda: Uniform(3.0, 2.0),
        lambda: Exponential(0.0),
        lambda: Exponential(math.nan),
        lambda: Gamma(1.0, 0.0),
        lambda: Gamma(0.0, 1.0),
        lambda: Weibull(0.0, 1.0),
        lambda: Weibull(1.0, 0.0),
        lambda: TruncatedNormal(5.0, 0.0),
        lambda: TruncatedNormal(5.0, 1.0, 6.0, 6.0),
        lambda: TruncatedNormal(5.0, 1.0, 90.0),
        lambda: Empirical(()),
        lambda: Empirical((2.0, 1.0)),
        lambda: Empirical((-1.0, 1.0)),
        lambda: Empirical((1.0, math.nan)),
    ],
)
def test_impossible_parameters_are_refused(make: type[Distribution]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        make()
