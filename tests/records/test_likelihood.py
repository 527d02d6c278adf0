"""Likelihoods of durations and clocks: against an independent library, closed forms, and what must not change them."""

from __future__ import annotations

import math
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate

from sim.fits.curves import aalen_johansen, kaplan_meier, quantiles
from sim.fits.durations import fit_stage
from sim.fits.families import FAMILIES, cdf, scaled, sf
from sim.fits.few import ENOUGH, FEW
from sim.fits.from_losses import _incidence
from sim.fits.hazards import AFTER, WAITING, Histories, Model, log_likelihood
from sim.fits.likelihood import OVER_A_DAY, Law, Observed, by_preference, maximise
from sim.fits.likelihood import log_likelihood as of_durations
from sim.pure.distributions import (
    Distribution,
    Empirical,
    Exponential,
    Fixed,
    Gamma,
    Lognormal,
    Triangular,
    Uniform,
    Weibull,
)

FloatArray = NDArray[np.float64]
SURPYVAL = {"exponential": "Exponential", "lognormal": "LogNormal", "gamma": "Gamma", "weibull": "Weibull"}


def seen(low: FloatArray, high: FloatArray, **more: FloatArray) -> Observed:
    """Durations in view from the start and without limit, unless `more` says otherwise."""
    count = len(low)
    columns = {"entry": np.zeros(count), "until": np.full(count, np.inf), "ends": np.full(count, np.inf), **more}
    return Observed(low, high, weight=np.ones(count), **columns)


def sample(truncated: str) -> Observed:
    """Gamma durations: some exact, some known to an interval, some censored; of those in view."""
    chance = np.random.default_rng(3)
    days = chance.gamma(3.0, 5.0, 500)
    entry, until = np.zeros(500), np.full(500, np.inf)
    if truncated == "left":
        entry = np.where(chance.random(500) < 0.5, chance.uniform(0.0, 12.0, 500), 0.0)
    if truncated == "right":
        until = chance.uniform(8.0, 45.0, 500)
    keep = (days > entry) & (days <= until)
    days, entry, until = days[keep], entry[keep], until[keep]
    low, high = days.copy(), days.copy()
    if truncated != "right":
        ends = np.maximum(chance.uniform(5.0, 40.0, len(days)), entry + 0.1)
        low, high = np.minimum(days, ends), np.where(days <= ends, days, np.inf)
        widely = np.isfinite(high) & (chance.random(len(days)) < 0.3) & (np.floor(days) > entry)
        low[widely], high[widely] = np.floor(days[widely]), np.floor(days[widely]) + 1.0
    return seen(low, high, entry=entry, until=until)


@pytest.mark.parametrize("truncated", ["no", "left", "right"])
@pytest.mark.parametrize("name", SURPYVAL)
def test_fits_agree_with_an_independent_library(name: str, truncated: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        surpyval = pytest.importorskip("surpyval")
        data = sample(truncated)
        kind = np.where(~np.isfinite(data.high), 1, np.where(data.high > data.low, 2, 0))
        given = [[a, b] if k == 2 else a for a, b, k in zip(data.low, data.high, kind, strict=True)]
        theirs = getattr(surpyval, SURPYVAL[name]).fit(x=given, c=kind, tl=data.entry, tr=data.until)
    family = FAMILIES[name]
    best = maximise(lambda point: of_durations(family.of(point), data), family.start(15.0, 8.0))
    found = family.of(best.point)
    match found:
        case Exponential(mean_days):
            ours = [1.0 / mean_days]
        case Lognormal(median, sigma):
            ours = [math.log(median), sigma]
        case Gamma(mean_days, shape):
            ours = [shape, shape / mean_days]
        case Weibull(shape, scale):
            ours = [scale, shape]
        case _:
            raise AssertionError
    assert best.value == pytest.approx(-theirs.neg_ll(), rel=1e-7)
    # an exponential that is truncated on the right may lie at the end of what is possible: flat, and so fewer digits
    assert ours == pytest.approx(list(theirs.params), rel=1e-3 if truncated == "right" else 1e-4)


def test_an_exponential_is_events_over_exposure() -> None:
    data = seen(
        np.array([3.0, 10.0, 4.0, 20.0]), np.array([3.0, 10.0, np.inf, np.inf]), entry=np.array([0.0, 5.0, 0, 0])
    )
    best = maximise(lambda point: of_durations(FAMILIES["exponential"].of(point), data), [2.0])
    assert math.exp(best.point[0]) == pytest.approx((3.0 + 5.0 + 4.0 + 20.0) / 2.0, rel=1e-5)
    assert best.sd[0] == pytest.approx(1.0 / math.sqrt(2.0), rel=1e-3)


DURATIONS: list[Distribution] = [
    Fixed(4.0), Lognormal(12.0, 0.5, 2.0), Triangular(1.0, 2.0, 6.0), Triangular(2.0, 2.0, 6.0), Uniform(2.0, 5.0),
    Exponential(7.0, 1.0), Gamma(9.0, 0.7), Gamma(9.0, 3.0, 1.0), Weibull(1.7, 8.0), Empirical((1.0, 2.0, 2.0, 9.0)),
]  # fmt: skip


@pytest.mark.parametrize("duration", DURATIONS, ids=lambda d: type(d).__name__)
def test_distribution_functions_invert_the_quantiles_of_the_program(duration: Distribution) -> None:
    u = (np.arange(400) + 0.5) / 400.0
    days = duration.quantile(u)
    assert cdf(duration, days) + sf(duration, days) == pytest.approx(np.ones(400), abs=1e-12)
    # P(T <= q(u)) >= u, and P(T < q(u)) <= u
    assert (cdf(duration, days + 1e-9) >= u - 1e-6).all()
    assert (cdf(duration, days - 1e-9) <= u + 1e-6).all()
    twice = scaled(duration, 2.0)
    assert twice.quantile(u) == pytest.approx(2.0 * days, rel=1e-9)


@pytest.mark.parametrize("duration", [Lognormal(6.0, 0.5), Exponential(3.0), Weibull(3.0, 4.0), Gamma(2.0, 2.0)])
def test_a_difference_of_dates_has_the_law_of_durations_that_begin_at_any_time_of_day(duration: Distribution) -> None:
    count = 400_000
    chance = np.random.default_rng(1)
    k = np.floor(chance.random(count) + duration.quantile(chance.random(count)))
    data = Observed(*(np.zeros(1),) * 2, np.zeros(1), np.zeros(1), np.ones(1), np.ones(1), nodes=OVER_A_DAY)
    days = np.arange(0.0, 15.0)
    expected = Law(duration, data).cdf(days)
    found = np.array([(k <= day).mean() for day in days])
    assert np.abs(found - expected).max() < 4.0 * 0.5 / math.sqrt(count)


def test_patients_who_are_alike_count_as_one_of_their_weight() -> None:
    whole = sample("left")
    data = seen(np.floor(whole.low) - 1.0, np.floor(whole.high), entry=np.floor(whole.entry) - 1.0)
    grouped = data.grouped()
    assert len(grouped.low) < len(data.low)
    duration = Lognormal(12.0, 0.6)
    assert of_durations(duration, grouped) == pytest.approx(of_durations(duration, data), rel=1e-12)


def test_the_simpler_family_holds_unless_there_is_evidence_against_it() -> None:
    size = {"exponential": 1, "gamma": 2, "weibull": 2}
    assert by_preference({"exponential": 101.5, "gamma": 100.0, "weibull": 100.5}, size)[0] == "exponential"
    assert by_preference({"exponential": 103.0, "gamma": 100.0, "weibull": 99.5}, size)[0] == "weibull"
    assert by_preference({}, size) == []


def by_date(duration: Distribution, count: int, seed: int = 1) -> Observed:
    """Differences of dates of so many durations."""
    chance = np.random.default_rng(seed)
    k = np.floor(chance.random(count) + duration.quantile(chance.random(count)))
    before = np.full(count, -1.0)
    return Observed(k - 1.0, k, before, np.full(count, np.inf), np.ones(count), np.full(count, 400.0), nodes=OVER_A_DAY)


def test_small_numbers_shrink_towards_the_base_by_the_stated_rule() -> None:
    truth, base = Lognormal(12.0, 0.45), Lognormal(24.0, 0.3)
    nobody = seen(np.full(4, 5.0), np.full(4, np.inf))
    assert fit_stage(nobody, Fixed(0.0)).status == "base"
    few, some, many = (fit_stage(by_date(truth, n), base, bootstrap=0) for n in (ENOUGH - 1, FEW - 1, FEW))
    assert [fit.status for fit in (few, some, many)] == ["shrunk", "scaled", "fitted"]
    assert isinstance(few.duration, Lognormal)
    assert isinstance(some.duration, Lognormal)
    assert few.duration.sigma == some.duration.sigma == 0.3
    assert few.free is not None
    # one is missing: the posterior variance over that of a prior of one
    assert few.weight_of_base == pytest.approx(float(few.free.covariance[0, 0]))
    # nobody has ended in view, and the base stands for all of them
    none = fit_stage(seen(np.full(4, 5.0), np.full(4, np.inf)), base)
    assert none.weight_of_base == pytest.approx(1.0, abs=0.05)
    assert some.weight_of_base == many.weight_of_base == 0.0


def test_where_no_family_fits_the_observed_durations_stand_for_themselves() -> None:
    two = Empirical((*(5.0,) * 60, *(40.0,) * 40))
    fit = fit_stage(by_date(two, 300), Lognormal(10.0, 0.5), bootstrap=39)
    assert fit.family == "empirical"
    assert isinstance(fit.duration, Empirical)
    assert "no family fits" in fit.note
    assert "60 observed quantiles, each the mean of 5" in fit.note
    assert len(fit.duration.values) == 60
    assert fit.duration.mean() == pytest.approx(two.mean(), rel=0.1)


def test_a_family_that_made_the_data_is_not_refused() -> None:
    fit = fit_stage(by_date(Lognormal(12.0, 0.45), 200), Lognormal(30.0, 0.9), bootstrap=39)
    assert fit.family in ("lognormal", "gamma")
    assert fit.p_value > 0.05


# -- curves ---------------------------------------------------------------------------------------------------------


def test_kaplan_meier_by_hand() -> None:
    data = seen(
        np.array([2.0, 3.0, 3.0, 5.0, 4.0]), np.array([2.0, 3.0, np.inf, 5.0, 4.0]), entry=np.array([0, 0, 0, 0, 3.0])
    )
    curve = kaplan_meier(data)
    # the fifth comes into view on day 3; the third is still there then
    assert curve.day.tolist() == [2.0, 3.0, 4.0, 5.0]
    assert curve.at_risk.tolist() == [4.0, 3.0, 2.0, 1.0]
    assert curve.share == pytest.approx([3 / 4, 1 / 2, 1 / 4, 0.0])
    assert quantiles(curve, np.array([0.25, 0.5, 0.6, 1.0])).tolist() == [2.0, 3.0, 4.0, 5.0]


def test_right_truncated_durations_in_reversed_time_come_to_the_law_of_all() -> None:
    chance = np.random.default_rng(5)
    days = np.floor(chance.gamma(3.0, 6.0, 20_000))
    until = chance.integers(5, 90, 20_000).astype(float)
    there = days <= until
    curve = kaplan_meier(seen(days[there] - 1.0, days[there], until=until[there]))
    mine = np.interp(18.0, curve.day, curve.share)
    assert mine == pytest.approx((days > 18.0).mean(), abs=0.02)
    assert (days[there] > 18.0).mean() < mine - 0.05


def test_incidences_of_all_causes_and_who_is_left_come_to_one() -> None:
    chance = np.random.default_rng(2)
    end, cause = np.ceil(chance.exponential(20.0, 400)), chance.integers(0, 4, 400)
    entry = np.where(chance.random(400) < 0.3, np.minimum(5.0, end - 0.5), 0.0)
    curves = aalen_johansen(entry, end, cause, 3)
    whole = kaplan_meier(seen(np.where(cause > 0, end - 1.0, end), np.where(cause > 0, end, np.inf), entry=entry))
    assert sum(curve.share for curve in curves) + whole.share == pytest.approx(np.ones(len(whole.day)))
    assert all((curve.low <= curve.share).all() and (curve.share <= curve.high).all() for curve in curves)


def test_what_comes_on_the_day_of_referral_is_of_all_who_are_in_view() -> None:
    many = 50
    whole = {name: np.repeat(value, many) for name, value in vars(history()).items()}
    whole["progressed"] = np.array([0.0, *[10.0] * 4, *[math.inf] * (many - 5)])
    clocks: Any = SimpleNamespace(
        clocks={(WAITING, "progression"): None}, model=SimpleNamespace(hazard={(WAITING, "progression"): lambda t: t})
    )
    records: Any = SimpleNamespace(infused=np.zeros(many, dtype=bool))
    rows = [row for row in _incidence(records, Histories(**whole), clocks) if row.path.endswith("progression")]
    assert [(row.day, row.observed) for row in rows] == [(0.0, pytest.approx(0.02)), (10.0, pytest.approx(0.1))]
    # of fewer the steps would tell how many they are
    whole["progressed"][4] = math.inf
    assert not [row for row in _incidence(records, Histories(**whole), clocks) if row.path.endswith("progression")]


# -- clocks ---------------------------------------------------------------------------------------------------------


def history(**given: float) -> Histories:
    """One patient: nothing happened in 100 days, unless `given` says otherwise."""
    plain = {
        "entry": 0.0, "end": 100.0, "cause": -1, "switch": math.inf, "progressed": math.inf, "free": math.inf,
        "again": False, "ends": False, "group": 0, "eased": math.inf, "eased_to": math.inf, "response": 0.0,
    }  # fmt: skip
    return Histories(**{name: np.array([value]) for name, value in {**plain, **given}.items()})


RATES = {
    (WAITING, "progression"): 0.01, (WAITING, "death"): 0.004, (WAITING, "removal"): 0.002,
    (AFTER, "progression"): 0.005, (AFTER, "death"): 0.001, (AFTER, "removal"): 0.0005,
}  # fmt: skip


def model(frailty: float = 0.0, eased: float = 1.0, groups: tuple[float, ...] = (1.0,)) -> Model:
    hazard = {one: (lambda t, rate=rate: rate * t) for one, rate in RATES.items()}
    return Model(hazard, np.array(groups), (1.0, 3.0, 2.0), eased, frailty)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, -1.6),
        ({"cause": 1}, -1.6 + math.log(0.004)),
        ({"cause": 2}, -1.6 + math.log(0.002)),
        ({"entry": 40.0}, -0.96),
        # progressed on day 30: from then on death 3 times and removal twice as fast
        ({"progressed": 30.0, "free": 30.0}, math.log(0.01) - 0.3 - 0.004 * (30 + 3 * 70) - 0.002 * (30 + 2 * 70)),
        ({"progressed": 30.0, "free": 30.0, "cause": 1}, math.log(0.01 * 0.012) - 0.3 - 0.96 - 0.34),
        # known to lie between two assessments
        ({"progressed": 30.0, "free": 20.0, "cause": -1}, math.log(math.exp(-0.2) - math.exp(-0.3)) - 1.0 - 0.35),
        # collected on day 60
        ({"switch": 60.0}, -0.6 - 0.24 - 0.12 - 0.2 - 0.04 - 0.02),
        ({"switch": 60.0, "cause": 1}, math.log(0.001) - 1.22),
        # on the day of apheresis: what ended the path came after it, another progression as likely as not
        ({"switch": 60.0, "end": 60.0, "cause": 1}, math.log(0.001) - 0.96),
        (
            {"switch": 60.0, "end": 60.0, "progressed": 60.0, "free": 60.0, "cause": 0, "ends": True},
            math.log(0.005) - 0.96,
        ),
        ({"switch": 60.0, "progressed": 60.0, "free": 60.0}, math.log(0.0075) - 0.96 - 0.12 - 0.04),
        # died on the day on which progression was found
        ({"end": 30.0, "progressed": 30.0, "free": 30.0, "cause": 1}, math.log(0.01 * 0.012) - 0.48),
        # progressed before coming into view: what came before is divided out
        ({"progressed": 30.0, "free": 30.0, "entry": 50.0}, -(0.012 + 0.004) * 50),
    ],
)
def test_histories_under_constant_hazards_by_hand(given: dict[str, float], expected: float) -> None:
    assert log_likelihood(model(), history(**given)) == pytest.approx(expected, rel=1e-9)


def test_bridging_eases_progression_from_its_day_on_and_not_before() -> None:
    bridged = {"switch": 10.0, "eased": 40.0, "eased_to": 90.0, "response": 1.0}
    easier = log_likelihood(model(eased=0.5), history(**bridged)) - log_likelihood(model(), history(**bridged))
    assert easier == pytest.approx(0.5 * 0.005 * 50.0)
    early = history(**bridged, progressed=30.0, free=30.0)
    assert log_likelihood(model(eased=0.5), early) == pytest.approx(log_likelihood(model(), early))
    # on the day on which bridging begins or ends: before and after it alike
    for day, hazard in ((40.0, 0.00375), (41.0, 0.0025), (90.0, 0.00375)):
        on = log_likelihood(model(eased=0.5), history(**bridged, progressed=day, free=day, end=day))
        assert on == pytest.approx(math.log(hazard) - 0.16 - 0.0065 * (day - 10.0) + 0.5 * 0.005 * (day - 40.0))
    unsure = log_likelihood(model(eased=0.5), history(**{**bridged, "response": 0.4}))
    both = log_likelihood(model(eased=0.5), history(**bridged)), log_likelihood(model(), history(**bridged))
    assert unsure == pytest.approx(math.log(0.4 * math.exp(both[0]) + 0.6 * math.exp(both[1])))


@pytest.mark.parametrize(
    "given",
    [{}, {"cause": 1}, {"progressed": 30.0, "free": 30.0}, {"progressed": 30.0, "free": 30.0, "cause": 1},
     {"entry": 40.0}, {"progressed": 30.0, "free": 10.0, "cause": 1},
     {"progressed": 30.0, "free": 30.0, "entry": 60.0, "cause": 1}],
)  # fmt: skip
@pytest.mark.parametrize("frailty", [0.3, 2.0])
def test_a_frailty_is_averaged_over(given: dict[str, float], frailty: float) -> None:
    h, shape = history(**given), 1.0 / frailty

    def grown(hazard: float) -> float:
        return math.expm1(frailty * hazard) / frailty

    # hazards of progression and death lived through: by entry, and by the end
    progressed, end, entry = float(h.progressed[0]), 100.0, float(h.entry[0])
    middle = (float(h.free[0]) + progressed) / 2.0

    def death(day: float) -> float:
        return 0.004 * (min(day, middle) + 3.0 * max(0.0, day - middle))

    def integrand(z: float, by_end: bool) -> float:
        density = shape**shape * z ** (shape - 1.0) * math.exp(-shape * z) / math.gamma(shape)
        day = end if by_end else entry
        stop = min(day, progressed)
        value = math.exp(-z * grown(death(day)))
        if progressed <= day and float(h.free[0]) < progressed - 1.0:
            value *= math.exp(-z * grown(0.01 * float(h.free[0]))) - math.exp(-z * grown(0.01 * stop))
        else:
            value *= math.exp(-z * grown(0.01 * stop))
            value *= z * 0.01 * math.exp(frailty * 0.01 * progressed) if progressed <= day else 1.0
        if by_end and h.cause[0] == 1:
            value *= z * math.exp(frailty * death(end)) * 0.004 * (3.0 if progressed < end else 1.0)
        return density * value

    whole, before = (
        integrate.quad(integrand, 0.0, 60.0, args=(which,), limit=400, points=[0.01, 1.0])[0] for which in (True, False)
    )

    def removal(day: float) -> float:
        return 0.002 * (min(day, middle) + 2.0 * max(0.0, day - middle))

    expected = math.log(whole / before) - (removal(end) - removal(entry))
    assert log_likelihood(model(frailty), h) == pytest.approx(expected, rel=1e-5)
