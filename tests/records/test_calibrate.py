"""`calibrate`: closed forms, what is not determined, the same numbers after interruption, and what is refused.

Longer than 400 lines because each closed form is worked out beside its test.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from scipy.stats import gamma, poisson

from run_sim import cli
from sim.experiment.calibrate.posterior import known_of, uncertainty_of
from sim.experiment.calibrate.priors import Prior, parse_ranges, priors_of
from sim.experiment.calibrate.run import Asked, Study, calibrate, prepare_study
from sim.experiment.calibrate.smc import Particles, population, proposal_of, weighted_quantiles
from sim.experiment.calibrate.written import TOLD
from sim.experiment.sweep.factors import amount
from sim.fits.together import beside
from sim.scenario import load
from sim.scenario.units import DAYS_PER_UNIT
from tests.records.calibration_trials import TRUE, trials
from tests.records.simulated import Extract, describe, register_of, simulated
from tests.records.worlds import truth
from tests.runs import load_text

FloatArray = NDArray[np.float64]
BEGAN, DAYS, PATIENTS = 100.0, 240.0, 60
SMALL = ["--particles", 50, "--generations", 2, "--workers", 1]


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def prior(path: str, low: str, high: str) -> Prior:
    return Prior(path, amount(low), amount(high))


def sampled(
    priors: list[Prior], of: Callable[[FloatArray, np.random.Generator], FloatArray], observed: list[float]
) -> tuple[FloatArray, FloatArray]:
    """(shares, weights) of the posterior; `of`: what is seen of values of shape (particles, parameters)."""

    def simulate(number: int, shares: FloatArray) -> FloatArray:
        values = np.stack([p.numbers(shares[:, k]) for k, p in enumerate(priors)], axis=1)
        return of(values, np.random.default_rng([5, number]))

    levels = np.array([p.levels for p in priors])
    _, shares, weights = population(simulate, np.array(observed), levels, 1000, 4, 3)
    return shares, weights


# ---- the sampler alone


def test_a_poisson_rate_has_the_gamma_posterior() -> None:
    # 9 months with 4.5 a month on average; the prior is uniform, so the posterior is gamma with shape n + 1
    rate = prior("regions.north.referrals", "1 / month", "20 / month")
    counts = [5.0, 3.0, 4.0, 6.0, 2.0, 7.0, 5.0, 4.0, 5.0]
    shares, weights = sampled([rate], lambda v, luck: luck.poisson(v, (len(v), 9)).astype(float), counts)
    exact = gamma(sum(counts) + 1.0, scale=1.0 / 9.0)
    values = rate.numbers(shares[:, 0])
    mean = float(weights @ values)
    assert mean == pytest.approx(exact.mean(), rel=0.04)
    assert math.sqrt(weights @ np.square(values - mean)) == pytest.approx(exact.std(), rel=0.15)
    found = weighted_quantiles(values, weights, (0.05, 0.5, 0.95))
    assert found == pytest.approx(exact.ppf([0.05, 0.5, 0.95]), rel=0.07)


def test_a_whole_number_has_the_posterior_of_its_values() -> None:
    # 12 counts of mean 2 k each: the chance of each k follows from their sum
    slots = prior("manufacturing.slots.count", "1", "5")
    shares, weights = sampled([slots], lambda v, luck: luck.poisson(2.0 * v, (len(v), 12)).astype(float), [5.0] * 12)
    chances = np.array([poisson(24.0 * k).pmf(60) for k in range(1, 6)])
    chances /= chances.sum()
    values = slots.numbers(shares[:, 0])
    found = [float(weights[values == k].sum()) for k in range(1, 6)]
    assert found == pytest.approx(chances, abs=0.08)
    assert found[1] + found[2] > 0.95


def test_what_trades_off_exactly_and_what_nothing_depends_on_are_not_determined() -> None:
    # only the sum of the first two is seen, the third moves nothing, and the fourth is seen itself
    priors = [prior(f"regions.{name}.referrals", "5 / month", "15 / month") for name in ("a", "b", "c", "d")]

    def seen(v: FloatArray, luck: np.random.Generator) -> FloatArray:
        exact = np.stack([v[:, 0] + v[:, 1], np.full(len(v), 3.0), v[:, 3]], axis=1)
        return exact + np.array([0.2, 1.0, 0.3]) * luck.standard_normal(exact.shape)

    shares, weights = sampled(priors, seen, [20.0, 3.0, 8.0])
    known, correlations = known_of(priors, shares, weights, "the register")
    assert [one.determined for one in known] == [False, False, False, True]
    assert known[0].why_not.startswith("traded off against regions.b.referrals: the register determines what they do")
    assert known[1].why_not.startswith("traded off against regions.a.referrals")
    assert known[2].why_not.startswith("the register says little about it")
    assert correlations[0, 1] < -0.9
    assert known[3].low < 8.0 < known[3].high
    assert known[3].high - known[3].low == pytest.approx(2 * 1.645 * 0.3, rel=0.25)
    assert known[0].high - known[0].low > 5.0


def test_three_in_series_are_traded_off_though_no_two_of_them_are() -> None:
    luck = np.random.default_rng(1)
    free = luck.uniform(5.0, 15.0, (40_000, 2))
    third = 30.0 - free.sum(axis=1) + 0.2 * luck.standard_normal(len(free))
    inside = (third > 5.0) & (third < 15.0)
    shares = (np.column_stack([free, third])[inside] - 5.0) / 10.0
    priors = [prior(f"regions.{name}.referrals", "5 / month", "15 / month") for name in ("a", "b", "c")]
    known, correlations = known_of(priors, shares, np.full(len(shares), 1.0 / len(shares)), "the register")
    assert np.abs(correlations[np.triu_indices(3, 1)]).max() < 0.7
    assert [one.determined for one in known] == [False] * 3
    assert "regions.b.referrals and regions.c.referrals" in known[0].why_not


def test_what_hangs_together_stands_beside_the_distributions() -> None:
    found = beside(["a", "b", "c", "d"], np.array([0.62345, -1.0, 0.05, np.nan]), TOLD)
    assert found == {"a": 0.623, "b": -0.999}


def test_intervals_hold_the_truth_as_often_as_they_say_with_few_particles_and_many_numbers() -> None:
    # 60 numbers, of which each says a little of two values; particles of a number have the same luck throughout
    luck = np.random.default_rng(11)
    slopes = luck.standard_normal((2, 60)) * 0.45
    held = []
    for trial in range(20):
        own = np.random.default_rng([11, trial])
        truth_, noise = own.uniform(0.15, 0.85, 2), own.standard_normal((200, 60))
        seen = truth_ @ slopes + own.standard_normal(60)

        def simulate(_: int, shares: FloatArray, noise: FloatArray = noise) -> FloatArray:
            return np.asarray(shares @ slopes + noise)

        _, shares, weights = population(simulate, seen, np.zeros(2, dtype=np.int64), 200, 3, trial)
        for place in (0, 1):
            low, high = weighted_quantiles(shares[:, place], weights, (0.05, 0.95))
            held.append(low <= truth_[place] <= high)
    assert np.mean(held) >= 0.8  # of 40


@pytest.mark.long
def test_ten_registers_tell_slot_supply_and_a_hazard() -> None:
    found = [(one.prior.path, holds) for _, one, holds in trials(10, 250, 4)]
    for path in TRUE:
        assert sum(holds for its, holds in found if its == path) >= 8


def test_proposals_stay_in_the_cube_and_weights_undo_them() -> None:
    luck = np.random.default_rng(2)
    particles = Particles(0.02 + 0.1 * luck.random((200, 2)), np.full(200, 1.0 / 200))
    proposal = proposal_of(particles, 3)
    drawn = proposal.draw(4000, 7, 1)
    assert ((drawn > 0.0) & (drawn < 1.0)).all()
    weights = 1.0 / proposal.density(drawn)
    weights /= weights.sum()
    # under the prior a fifth lies below 0.2, wherever it was drawn from
    assert float(weights[drawn[:, 0] < 0.2].sum()) == pytest.approx(0.2, abs=0.05)
    np.testing.assert_array_equal(drawn, proposal.draw(4000, 7, 1))


# ---- priors and what is written


def test_the_distribution_of_the_file_is_the_prior_within_the_range(tmp_path: Path) -> None:
    more = "uncertainty:\n  clocks.waiting.death.exponential.rate: {lognormal: {median: 0.05 / month, sigma: 0.4}, "
    path = tmp_path / "world.yaml"
    path.write_text(f"{truth(60)}{more}source: 'assumption: x'}}\n", encoding="utf-8")
    loaded, factors = load(path), parse_ranges(["clocks.waiting.death.exponential.rate=0.001 / d:0.002 / d"])
    (known,) = priors_of(factors, loaded, lambda _: False)
    values = known.numbers(np.array([1e-9, 0.25, 0.5, 0.75, 1.0 - 1e-9]))
    month = DAYS_PER_UNIT["month"]
    from scipy.stats import lognorm

    exact = lognorm(0.4, scale=0.05 / month)
    low, high = exact.cdf([0.001, 0.002])
    assert values == pytest.approx(exact.ppf(low + np.array([0.0, 0.25, 0.5, 0.75, 1.0]) * (high - low)), rel=1e-6)
    (flat,) = priors_of(factors, loaded, lambda _: True)
    assert flat.numbers(np.array([0.5]))[0] == pytest.approx(0.0015)


def test_whole_numbers_are_equally_likely_and_ranges_are_in_the_unit_that_was_written() -> None:
    (slots,) = [prior("manufacturing.slots.count", "2", "4")]
    values = slots.numbers((np.arange(3000) + 0.5) / 3000)
    assert [int((values == k).sum()) for k in (2, 3, 4)] == [1000, 1000, 1000]
    assert prior("x.y", "2 d", "9 d").text(3.5) == "3.5 d"


def test_uncertainty_is_of_the_family_that_is_nearest() -> None:
    weights = np.full(4000, 1.0 / 4000)
    luck = np.random.default_rng(3)
    rate = prior("clocks.waiting.death.exponential.rate", "0.0001 / d", "0.01 / d")
    found = uncertainty_of(rate, 0.002 * np.exp(0.3 * luck.standard_normal(4000)), weights)
    assert found is not None
    assert float(str(found["lognormal"]["median"]).partition(" ")[0]) == pytest.approx(0.002, rel=0.03)
    assert found["lognormal"]["sigma"] == pytest.approx(0.3, rel=0.05)
    flat = uncertainty_of(rate, luck.uniform(0.0001, 0.01, 4000), weights)
    assert flat is not None
    assert list(flat) == ["uniform"]
    assert uncertainty_of(prior("manufacturing.slots.count", "1", "5"), np.full(4000, 2.0), weights) is None


# ---- with registers and targets


def world_text() -> str:
    return truth(PATIENTS, days=350, observed=int(DAYS)).replace("warm_up: 0 d", f"warm_up: {BEGAN:.0f} d")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scenario, a register of it, and targets."""
    folder = tmp_path_factory.mktemp("calibrate")
    extract = Extract(BEGAN, BEGAN + DAYS)
    describe(folder, register_of(simulated(load_text(world_text()), 4), extract), extract)
    (folder / "world.yaml").write_text(world_text(), encoding="utf-8")
    (folder / "targets.yaml").write_text(
        "source: Report 2025\nas_of: 2025-12-31\ntargets:\n  infused_share: {value: 0.5, standard_error: 0.05}\n",
        encoding="utf-8",
    )
    return folder


def test_a_rate_of_referral_is_recovered_from_a_register_with_its_closed_form(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Study, "checks", 60)
    path = "regions.north.referrals"
    done = call(
        "calibrate", place / "world.yaml", "--to", place / "register.yaml", "--vary", f"{path}=1 / month:12 / month",
        "--out", place / "ours.yaml", "--particles", 150, "--generations", 2, "--workers", 1,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert f"1 of 1 calibrated values are determined: {path} " in done.output
    register = pd.read_csv(place / "register.csv")
    months = (DAYS + 1.0) / DAYS_PER_UNIT["month"]
    began = pd.Timestamp("2026-01-01") + pd.Timedelta(days=BEGAN)
    count = int((pd.to_datetime(register["referral"]) >= began).sum())
    coast = 0.4 * PATIENTS / DAYS * 365.25 / 12.0
    exact = gamma(count + 1.0, scale=1.0 / months)
    posterior = pd.read_csv(place / "ours" / "calibration_posterior.csv").set_index("path").loc[path]
    assert posterior["mean"] == pytest.approx(exact.mean() - coast, rel=0.15)
    assert (posterior["high"] - posterior["low"]) / 3.29 == pytest.approx(exact.std(), rel=0.4)
    assert bool(posterior["determined"])
    found = load(place / "ours.yaml")
    north = found.scenario.uncertainty[path]
    assert float(north.quantile(np.array([0.5]))[0]) == pytest.approx(posterior["median"], rel=0.05)
    (parameter,) = [p for p in found.parameters if p.path == path]
    assert parameter.source_ids == ("records",)
    manifest = json.loads((place / "ours" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["to"]["sha256"][:12] in parameter.note
    assert "as of 2026-12-07" in parameter.note
    assert manifest["register"]["used"] == len(register)
    particles = pd.read_csv(place / "ours" / "calibration.csv")
    assert particles.groupby("generation").size().tolist() == [150, 150]
    assert particles.groupby("generation")["weight"].sum().tolist() == pytest.approx([1.0, 1.0])
    scores = pd.read_csv(place / "ours" / "observed_scores.csv").set_index("quantity")
    assert not scores["is_off"]["referrals"]
    assert (place / "ours" / "report.html").is_file()
    assert (place / "ours" / "charts" / "calibration.html").is_file()
    assert not (place / "ours" / "charts" / "calibration_pairs.html").exists()


def targets_study(place: Path, workers: int = 1) -> Study:
    asked = Asked(("manufacturing.slots.count=1:5",), 50, 2, 2, workers, "auto", None, "")
    return prepare_study(place / "world.yaml", place / "targets.yaml", asked)


class PluggedError(Exception):
    """Somebody pulls the plug."""


@pytest.fixture(scope="module")
def uninterrupted(place: Path) -> Path:
    calibrate(targets_study(place), place / "world.yaml", place / "whole.yaml", place / "whole", lambda _: None)
    return place / "whole"


def tables(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.csv"))}


def test_an_interrupted_calibration_goes_on_to_the_same_bits_with_any_number_of_workers(
    place: Path, uninterrupted: Path
) -> None:
    ran = 0

    def stop(count: int) -> None:
        nonlocal ran
        ran += count
        if ran > 130:  # in the second generation
            raise PluggedError

    again = place / "again"
    with pytest.raises(PluggedError):
        calibrate(targets_study(place), place / "world.yaml", place / "again.yaml", again, stop)
    assert not (place / "again.yaml").exists()
    assert [file.name for file in again.glob("*.csv")] == []
    there = 0

    def first(count: int) -> None:
        nonlocal there
        there = there or count

    calibrate(targets_study(place, 2), place / "world.yaml", place / "again.yaml", again, first)
    assert there > 0
    assert tables(again) == tables(uninterrupted)
    assert (place / "again.yaml").read_text() == (place / "whole.yaml").read_text().replace("Whole", "Again").replace(
        "whole has", "again has"
    )


def test_slots_that_give_the_target_are_found_and_the_word_is_whole(place: Path, uninterrupted: Path) -> None:
    posterior = pd.read_csv(uninterrupted / "calibration_posterior.csv").iloc[0]
    sample = pd.read_csv(uninterrupted / "calibration_sample.csv")
    assert set(sample["manufacturing.slots.count"]) <= {1.0, 2.0, 3.0, 4.0, 5.0}
    assert posterior["median"] == int(posterior["median"])
    found = load(place / "whole.yaml")
    assert found.resolved["manufacturing"]["slots"]["count"] == int(posterior["median"])
    assert "manufacturing.slots.count" not in found.scenario.uncertainty
    observed = pd.read_csv(uninterrupted / "observed.csv")
    assert observed["quantity"].tolist() == ["infused_share"]
    assert observed["observed"].tolist() == [0.5]


REGISTER, TARGETS = "register.yaml", "targets.yaml"


@pytest.mark.parametrize(
    ("to", "vary", "told"),
    [
        (REGISTER, "manufacturing.slots.cont=1:4", "manufacturing.slots.cont: unknown key; did you mean 'count'"),
        (REGISTER, "manufacturing.slots.count=4:1", "found 4 to 1; allowed: from a lower value to a higher one"),
        (REGISTER, "manufacturing.slots.count=2:2", "found 2 to 2; allowed: from a lower value to a higher one"),
        (REGISTER, "manufacturing.slots.count=1:4:1", "allowed: PATH=LOW:HIGH"),
        (REGISTER, "manufacturing.slots.count=1,2", "allowed: PATH=LOW:HIGH"),
        (REGISTER, "manufacturing.slots.count=1.5:4", "found 1.5 to 4; allowed: whole numbers"),
        (REGISTER, "manufacturing.slots.count", "allowed: PATH=VALUES"),
        (REGISTER, "run.window=100 d:200 d", "is nothing that a simulated hospital has"),
        (REGISTER, "release_testing.sterility=5:9", "release_testing.sterility"),
        (REGISTER, "clocks.after_progression.removal=2:2.00000000001", "nothing that register.csv holds moves with it"),
        (TARGETS, "infusion.stay.lognormal.sigma=0.45:0.45000000001", "nothing that targets.yaml holds moves with it"),
    ],
)
def test_ranges_that_cannot_be_calibrated_are_refused(
    place: Path, tmp_path: Path, to: str, vary: str, told: str
) -> None:
    done = call(
        "calibrate", place / "world.yaml", "--to", place / to, "--vary", vary, "--out", tmp_path / "never.yaml", *SMALL
    )
    assert done.exit_code == 2, done.output
    assert told in done.output
    assert not (tmp_path / "never.yaml").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("targets: {waiting_days_men: {value: 92, standard_error: 4}}", "waiting_days_mean"),
        ("targets: {infused_share: {value: 61, standard_error: 4}}", "for 61% write 0.61"),
        ("targets: {infused_share: {value: 0.61, standard_error: 0}}", "standard_error"),
        ("targets: {infused_share: {value: 0.61}}", "targets.infused_share.standard_error: required, but not given"),
        ("targets: {}", "found an empty section"),
        ("target: {infused_share: {value: 0.61, standard_error: 1}}\nfile: x", "target"),
        ("targets: {infused_share: {value: 0.6, standard_error: 0.1, se: 3}}", "se"),
        (
            "targets: {referred: {value: 60, standard_error: 5}, infused_share: {value: 0.6, standard_error: 0.1}}",
            "targets.referred: no --vary moves it (manufacturing.slots.count)",
        ),
    ],
)
def test_targets_that_cannot_be_met_are_refused(place: Path, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "wrong.yaml").write_text(text + "\n", encoding="utf-8")
    done = call(
        "calibrate", place / "world.yaml", "--to", tmp_path / "wrong.yaml", "--vary", "manufacturing.slots.count=1:4",
        "--out", tmp_path / "never.yaml", "-n", 2, *SMALL,
    )  # fmt: skip
    assert done.exit_code == 2, done.output
    assert told in done.output
    assert not (tmp_path / "never.yaml").exists()


def test_a_register_without_infusions_is_refused(place: Path, tmp_path: Path) -> None:
    extract = Extract(BEGAN, BEGAN + DAYS)
    patients = pd.read_csv(place / "register.csv", dtype=str, keep_default_na=False).drop(columns="infusion")
    to = describe(tmp_path, patients, extract)
    done = call(
        "calibrate", place / "world.yaml", "--to", to, "--vary", "manufacturing.slots.count=1:4", "--out",
        tmp_path / "never.yaml", *SMALL,
    )  # fmt: skip
    assert done.exit_code == 2
    assert "no milestone infusion is described" in done.output


def test_a_scenario_file_that_is_there_stays(place: Path) -> None:
    done = call(
        "calibrate", place / "world.yaml", "--to", place / REGISTER, "--vary", "manufacturing.slots.count=1:4", "--out",
        place / "world.yaml", *SMALL,
    )  # fmt: skip
    assert done.exit_code == 2
    assert "exists already" in done.output
    assert (place / "world.yaml").read_text(encoding="utf-8") == world_text()
