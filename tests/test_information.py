"""The value of information against closed forms, nested Monte Carlo, and what must hold between its kinds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from sim.experiment.psa.studies import BINOMIAL, EVENT_TIMES, NORMAL, Study, model_of, parse_study
from sim.outcomes.information import information_on_group, information_on_one, perfect_information

SAMPLES = 4000


def loss(mean: float, sd: float) -> float:
    """E max(0, X) - max(0, E X) of a normal X (Raiffa and Schlaifer 1961, unit normal loss)."""
    d = abs(mean) / sd
    return sd * (norm.pdf(d) - d * norm.sf(d))


def linear(samples: int = SAMPLES, noise: float = 0.0, mean: float = -300.0) -> tuple[np.ndarray, np.ndarray]:
    """Two strategies; the second is worth a + 1000 x + 500 y more, x and y standard normal, and noise."""
    random = np.random.default_rng(5)
    inputs = random.normal(size=(samples, 3))
    gain = mean + 1000 * inputs[:, 0] + 500 * inputs[:, 1] + noise * random.normal(size=samples)
    return np.column_stack([np.zeros(samples), gain]), inputs


def noise_of(sd: float) -> np.ndarray:
    return np.array([[0.0, 0.0], [0.0, sd**2]])


def test_evpi_of_a_normal_gain_is_its_unit_normal_loss_and_has_the_right_error() -> None:
    benefit, _ = linear()
    found = perfect_information(benefit, noise_of(0.0))
    assert found.value == pytest.approx(loss(-300, math.hypot(1000, 500)), abs=3 * found.error)
    assert found.error == pytest.approx(np.maximum(benefit[:, 1], 0).std() / math.sqrt(SAMPLES), rel=0.2)
    assert found.value == pytest.approx(benefit.max(axis=1).mean() - benefit.mean(axis=0).max(), rel=1e-9)


@pytest.mark.parametrize("noise", [1000.0, 3000.0])
def test_evpi_is_freed_of_the_noise_of_few_replications(noise: float) -> None:
    benefit, _ = linear(noise=noise)
    plain = benefit.max(axis=1).mean() - benefit.mean(axis=0).max()
    found = perfect_information(benefit, noise_of(noise))
    truth = loss(-300, math.hypot(1000, 500))
    assert plain > truth + 3 * found.error
    assert found.value == pytest.approx(truth, abs=3 * found.error)


def test_evpi_of_noise_alone_is_nothing_and_of_three_strategies_is_freed_too() -> None:
    random = np.random.default_rng(1)
    alone = np.column_stack([np.zeros(SAMPLES), -100 + 2000 * random.normal(size=SAMPLES)])
    assert perfect_information(alone, noise_of(2000.0)).value < 60
    truth = random.normal(size=(20_000, 3)) * [500, 1000, 1500]
    noisy = truth + random.normal(size=truth.shape) * 1000
    found = perfect_information(noisy, 1000.0**2 * np.eye(3))
    exact = truth.max(axis=1).mean() - truth.mean(axis=0).max()
    assert found.value == pytest.approx(exact, rel=0.06)
    assert noisy.max(axis=1).mean() - noisy.mean(axis=0).max() > 1.2 * exact


@pytest.mark.parametrize("noise", [0.0, 2000.0])
def test_evppi_of_one_input_is_the_loss_of_what_it_alone_moves(noise: float) -> None:
    benefit, inputs = linear(noise=noise)
    for place, sd in ((0, 1000.0), (1, 500.0)):
        found = information_on_one(benefit, inputs[:, place])
        assert found.value == pytest.approx(loss(-300, sd), abs=3 * found.error)
        assert 0.0 < found.error < 60
    idle = information_on_one(benefit, inputs[:, 2])
    assert idle.value <= 3 * idle.error + 1.0
    assert information_on_one(benefit, np.ones(SAMPLES)).value == 0.0


def test_evppi_against_nested_monte_carlo_where_nothing_is_linear() -> None:
    """Gain 800 x^2 - 600 + 700 x y: given x its mean is 800 x^2 - 600, whatever y."""
    random = np.random.default_rng(3)
    x, y = random.normal(size=(2, SAMPLES))
    benefit = np.column_stack([np.zeros(SAMPLES), 800 * x**2 - 600 + 700 * x * y])
    outer = random.normal(size=2000)
    inner = random.normal(size=(2000, 1000))
    given_x = (800 * outer[:, None] ** 2 - 600 + 700 * outer[:, None] * inner).mean(axis=1)
    nested = np.maximum(given_x, 0).mean() - max(given_x.mean(), 0)
    found = information_on_one(benefit, x)
    assert found.value == pytest.approx(nested, abs=3 * math.hypot(found.error, given_x.std() / math.sqrt(2000)))


def test_standard_errors_cover() -> None:
    """Of 60 data sets, about 95 % have the truth within two errors; each has new samples and new noise."""
    inside = 0
    truth = loss(-300, 1000)
    for seed in range(60):
        random = np.random.default_rng(seed)
        x, rest = random.normal(size=(2, 500))
        found = information_on_one(np.column_stack([np.zeros(500), -300 + 1000 * x + 1500 * rest]), x)
        inside += abs(found.value - truth) <= 2 * found.error
    assert inside >= 52


def test_a_group_is_worth_as_much_as_its_members_at_least_and_as_everything_at_most() -> None:
    pytest.importorskip("sklearn")
    benefit, inputs = linear(samples=600, noise=1500.0)
    both = information_on_group(benefit, inputs[:, :2])
    assert both.value == pytest.approx(loss(-300, math.hypot(1000, 500)), abs=3 * both.error)
    ones = [information_on_one(benefit, inputs[:, k]) for k in (0, 1)]
    assert all(both.value >= one.value - 3 * math.hypot(both.error, one.error) for one in ones)
    everything = perfect_information(benefit, noise_of(1500.0))
    assert both.value <= everything.value + 3 * math.hypot(both.error, everything.error)


def studied(study: Study, values: np.ndarray, gain: np.ndarray) -> tuple[float, float]:
    seen = study.summary(values, np.random.default_rng(8))
    found = information_on_one(np.column_stack([np.zeros(len(gain)), gain]), seen)
    return found.value, found.error


def test_evsi_of_normal_means_is_normal_normal() -> None:
    """The mean of the posterior mean varies by s^4 / (s^2 + sd^2 / n) (Raiffa and Schlaifer 1961)."""
    random = np.random.default_rng(11)
    utility = 0.6 + 0.1 * random.normal(size=SAMPLES)
    for n in (5, 100):
        value, error = studied(Study("u", NORMAL, n, sd=0.3), utility, -200 + 10_000 * (utility - 0.6))
        preposterior = 0.1**2 / math.sqrt(0.1**2 + 0.3**2 / n)
        assert value == pytest.approx(loss(-200, 10_000 * preposterior), abs=3 * error)


def test_evsi_of_a_share_is_beta_binomial() -> None:
    """Of k among n the posterior mean is (a + k) / (a + b + n); the expected gain of the better choice is a sum."""
    from scipy.stats import betabinom

    a, b, n = 12, 8, 20
    share = np.random.default_rng(12).beta(a, b, size=SAMPLES)
    value, error = studied(Study("x", BINOMIAL, n), share, 10_000 * (share - 0.62))
    k = np.arange(n + 1)
    gain = 10_000 * ((a + k) / (a + b + n) - 0.62)
    exact = (betabinom.pmf(k, n, a, b) * np.maximum(gain, 0)).sum() - max(0.0, 10_000 * (a / (a + b) - 0.62))
    assert value == pytest.approx(exact, abs=3 * error)


def test_evsi_of_event_times_rises_to_the_evppi_and_falls_with_censoring() -> None:
    """Gamma prior of an exponential rate: with few events nothing is learned, with many nearly everything."""
    rate = np.random.default_rng(13).gamma(20, 0.01 / 20, size=2000)
    gain = 2e6 * (rate - 0.0101)
    perfect = information_on_one(np.column_stack([np.zeros(2000), gain]), rate)
    path = "clocks.waiting.death.exponential.rate"
    small, censored, large = (
        studied(Study(path, EVENT_TIMES, n, 100.0, until), rate, gain)
        for n, until in ((10, 500.0), (400, 1.0), (2000, 1000.0))
    )
    assert small[0] < large[0]
    assert small[0] < 0.75 * perfect.value
    assert censored[0] < perfect.value
    assert large[0] == pytest.approx(perfect.value, abs=3 * math.hypot(large[1], perfect.error))


def test_studies_are_read_and_what_is_no_study_is_refused_by_name() -> None:
    response = parse_study("after_infusion.autologous.response=200")
    assert response == Study("after_infusion.autologous.response", BINOMIAL, 200)
    times = parse_study("after_infusion.not_infused.death.exponential.median=80, enrolment=1y, follow_up=100 d")
    assert (times.model, times.enrolment, times.result_after) == (EVENT_TIMES, 365.25, 465.25)
    assert parse_study("economics.costs.bed_day=50,sd=900").model == NORMAL
    for text, told in (
        ("patients.frailty.strength=100", "'patients.frailty.strength', of which no study is known"),
        ("economics.costs.bed_day=50", "normal means without sd"),
        ("economics.costs.bed_day=50,sd=0", "normal means with 0"),
        ("after_infusion.not_infused.death.exponential.median=80", "without enrolment, follow_up"),
        ("after_infusion.autologous.response=200,sd=1", "for binomial"),
        ("after_infusion.autologous.response", "PATH=PATIENTS"),
    ):
        with pytest.raises(ValueError, match=told):
            parse_study(text)
    assert model_of("manufacturing.failure") == BINOMIAL


def test_a_group_is_worth_the_same_where_one_strategy_stands_twice() -> None:
    inputs = np.random.default_rng(4).normal(size=(60, 2))
    one = np.column_stack([inputs[:, 0], inputs[:, 1]])
    # the columns of the second are those of the first, and one that is dearer by as much in each sample
    again = np.column_stack([one, one[:, 0], one[:, 0] - 2.0])
    assert information_on_group(again, inputs).value == pytest.approx(information_on_group(one, inputs).value)
    assert information_on_group(one[:, [0, 0]], inputs).value == 0.0
