"""What a scenario file says, as the values that the program uses."""

from __future__ import annotations

import math
import pickle
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sim.pure import distributions as d
from sim.pure import survival as s
from sim.scenario import Scenario, load
from tests.scenario.writing import ALLOGENEIC, AUTOLOGOUS, DATA, load_text

MONTH = 365.25 / 12


def test_every_value_of_the_autologous_sample() -> None:
    found = load(DATA / "autologous.yaml").scenario
    assert (found.name, found.strategy) == ("Autologous, sample", "autologous")
    run = found.run
    assert (run.start, run.warm_up, run.window, run.follow_up) == (date(2026, 1, 1), 180.0, 365.25, 730.5)
    assert (run.replications, run.seed, run.days) == (20, 7, 180.0 + 365.25 + 730.5)
    assert list(found.regions) == ["capital", "coast"]
    assert found.regions["capital"].centre == {"capital": 1.0}
    assert found.regions["capital"].referrals == ((0.0, 3 / MONTH), (365.0, 5 / MONTH))
    assert found.regions["capital"].referral_days is None
    assert found.regions["coast"].referrals == ((0.0, 2 / MONTH),)
    assert found.regions["coast"].referral_days == (31.0, 59.0)
    capital, harbour = found.centres["capital"], found.centres["harbour"]
    assert (capital.chairs, capital.beds, capital.slots) == (((0.0, 2.0),), ((0.0, 4.0), (365.0, 6.0)), None)
    assert (harbour.chairs, harbour.beds, harbour.slots) == (
        ((0.0, math.inf), (181.0, 1.0)),
        ((0.0, 3.0),),
        ((0.0, 1.0),),
    )
    groups = found.patients.risk_groups
    assert [(g.share, g.hazard, g.priority) for g in groups.values()] == [(0.8, 1.0, 0.0), (0.2, 1.6, 1.0)]
    assert found.waiting_list.policy == "sickest_first"
    waiting, after = found.clocks.waiting, found.clocks.after_apheresis
    median = 150.0 / math.log(2.0) ** (1 / 1.5)
    assert waiting.progression == s.Cured(0.05, s.Weibull(1.5, median))
    assert waiting.ends_eligibility == 0.15
    assert waiting.death == s.Piecewise((0.0, 90.0), (0.001, 0.002))
    assert waiting.removal == s.SurvivalTable((0.0, 100.0, 400.0), (1.0, 0.95, 0.8))
    assert after is not None
    assert after.progression == s.LogLogistic(2.0, 200.0)
    assert (after.ends_eligibility, after.death, after.removal) == (0.1, s.Exponential(0.0021), s.Never())
    assert (found.clocks.after_progression.death, found.clocks.after_progression.removal) == (1.5, 1.2)
    assert found.work_up.duration == d.Uniform(5.0, 10.0)
    assert found.scheduling.duration == d.Fixed(7.0)
    apheresis = found.apheresis
    assert (apheresis.duration, apheresis.shortfall) == (d.Fixed(0.25), 0.05)
    assert (apheresis.repeat_after, apheresis.attempts) == (d.Fixed(14.0), 2)
    shipping = found.shipping
    assert (shipping.to_factory, shipping.to_centre) == (d.Fixed(2.0), d.Triangular(1.0, 2.0, 4.0))
    assert shipping.loss == 0.01
    made = found.manufacturing
    assert made.slots is not None
    assert (made.slots.count, made.slots.every, made.slots.scope) == (((0.0, 4.0),), "month", "centre")
    assert (made.slots.lead, made.slots.carry_over, made.slots.notice) == (14.0, 1, 7.0)
    assert made.lines == ((0.0, 4.0), (365.0, 8.0))
    assert (made.line_held.start, made.line_held.end) == ("receipt", "release")
    assert made.duration == d.Lognormal(19.0, 0.555, 3.0)
    assert made.remake_duration == d.Empirical((19.0, 21.0, 25.5, 40.0))
    assert (made.failure, made.attempts) == (0.06, None)
    assert (made.remake_from, made.on_leave) == ("apheresis", "finish_stage")
    tests = found.release_testing
    assert (tests.sterility, tests.potency) == (d.Fixed(14.0), d.Exponential(3.0, 2.0))
    assert tests.identity == d.Weibull(2.0, 4.0 / math.gamma(1.5))
    assert tests.identity.mean() == pytest.approx(4.0)
    assert (tests.review, tests.lab, tests.failure) == (d.Fixed(2.0), ((0.0, 10.0),), 0.02)
    assert (tests.out_of_specification, tests.accepted, tests.exception) == (0.08, 0.7, d.Fixed(5.0))
    bridging = found.bridging
    assert (bridging.share, bridging.start, bridging.response, bridging.hazard) == (0.6, d.Fixed(3.0), 0.5, 0.6)
    assert found.lymphodepletion.duration == d.Fixed(5.0)
    assert (found.infusion.scheduling, found.infusion.stay) == (d.Fixed(2.0), d.Gamma(14.0, 4.0))
    assert found.infusion.reservation == "admit"
    assert found.validation is not None
    assert found.validation.source == "none, a sample"
    share, wait = found.validation.quantities["infused_share"], found.validation.quantities["wait"]
    assert (share.of, share.exact, share.low, share.high) == ("summary.infused_share", None, 0.5, 1.0)
    assert (wait.exact, wait.within, wait.precision) == (60.0, "3 se", None)
    assert found.sources["manufacturing"] == "assumption: a sample"


def test_every_value_of_the_allogeneic_sample() -> None:
    found = load(DATA / "allogeneic.yaml").scenario
    assert found.strategy == "allogeneic"
    assert (found.run.warm_up, found.run.window, found.run.follow_up) == (365.0, 730.0, 730.0)
    given = found.allogeneic
    assert given.unsuitable == 0.05
    assert (given.shipping.duration, given.shipping.loss) == (d.Fixed(2.0), 0.01)
    stock = given.stock
    assert (stock.opening, stock.shelf_life, stock.doses_per_lot) == (40, 540.0, 30)
    assert (stock.order.at, stock.order.up_to, stock.order.every) == (20, 80, None)
    assert stock.order.levels == (20, 80)
    lots = given.lots
    assert (lots.donor.duration, lots.donor.rejection) == (d.Fixed(10.0), 0.1)
    assert (lots.lines, lots.culture) == (((0.0, 2.0),), d.Gamma(18.0, 36.0))
    assert (lots.release, lots.failure) == (d.Fixed(21.0), 0.1)
    assert found.centres["capital"].chairs == ((0.0, math.inf),)


def test_what_is_left_out_is_switched_off_or_without_limit(tmp_path: Path) -> None:
    found = load_text(tmp_path, AUTOLOGOUS).scenario
    nothing = d.Fixed(0.0)
    unlimited = ((0.0, math.inf),)
    assert found.description == ""
    assert (found.run.start, found.run.replications, found.run.seed) == (date(2026, 1, 1), 100, 1)
    assert found.waiting_list.policy == "first_come"
    assert [(n, g.share, g.hazard) for n, g in found.patients.risk_groups.items()] == [("all", 1.0, 1.0)]
    waiting = found.clocks.waiting
    assert (waiting.progression, waiting.death, waiting.removal) == (s.Never(), s.Never(), s.Never())
    assert (found.clocks.after_apheresis, found.clocks.after_progression.death) == (None, 1.0)
    assert [found.work_up.duration, found.scheduling.duration, found.apheresis.duration] == [nothing] * 3
    assert (found.apheresis.attempts, found.apheresis.shortfall) == (1, 0.0)
    assert (found.centres["here"].chairs, found.centres["here"].beds) == (unlimited, unlimited)
    made = found.manufacturing
    assert (made.slots, made.lines, made.attempts, made.remake_from) == (None, unlimited, 1, "retained_cells")
    assert (made.on_leave, made.line_held.start, made.line_held.end) == ("stop", "receipt", "culture")
    assert made.remake_duration == made.duration == d.Fixed(21.0)
    assert (found.release_testing.lab, found.release_testing.accepted) == (unlimited, 1.0)
    assert (found.bridging.share, found.bridging.response, found.bridging.hazard) == (0.0, 1.0, 1.0)
    assert (found.infusion.reservation, found.validation, dict(found.sources)) == ("book_ahead", None, {})


def test_the_least_allogeneic_scenario(tmp_path: Path) -> None:
    stock = load_text(tmp_path, ALLOGENEIC).scenario.allogeneic.stock
    assert stock.shelf_life == math.inf
    every = load_text(tmp_path, ALLOGENEIC, "allogeneic.stock.order={every: 60 d}").scenario.allogeneic.stock.order
    assert (every.at, every.up_to, every.every, every.levels) == (None, None, 60.0, None)


LN2 = math.log(2.0)
S2 = math.log(1.25)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("36 h", d.Fixed(1.5)),
        ("{lognormal: {mean: 20 d, sd: 10 d}}", d.Lognormal(20.0 / math.exp(S2 / 2), math.sqrt(S2))),
        ("{lognormal: {median: 2 wk, sigma: 0}}", d.Lognormal(14.0, 0.0)),
        ("{triangular: [8 d, 9 d, 2 wk]}", d.Triangular(8.0, 9.0, 14.0)),
        ("{triangular: [8 d, 8 d, 8 d]}", d.Triangular(8.0, 8.0, 8.0)),
        ("{uniform: [12 h, 1 d]}", d.Uniform(0.5, 1.0)),
        ("{exponential: {mean: 30 d}}", d.Exponential(30.0)),
        ("{exponential: {median: 30 d, shift: 1 d}}", d.Exponential(30.0 / LN2, 1.0)),
        ("{exponential: {rate: 2 / wk}}", d.Exponential(1.0 / (2.0 / 7.0))),
        ("{gamma: {mean: 42 d, shape: 4}}", d.Gamma(42.0, 4.0)),
        ("{gamma: {mean: 42 d, sd: 21 d, shift: 3 d}}", d.Gamma(42.0, 4.0, 3.0)),
        ("{weibull: {shape: 1.5, scale: 60 d}}", d.Weibull(1.5, 60.0)),
        ("{weibull: {shape: 1.5, median: 60 d}}", d.Weibull(1.5, 60.0 / LN2 ** (1 / 1.5))),
        ("{weibull: {shape: 2, mean: 60 d, shift: 1 d}}", d.Weibull(2.0, 60.0 / math.gamma(1.5), 1.0)),
        ("{truncated_normal: {mean: 21 d, sd: 3 d}}", d.TruncatedNormal(21.0, 3.0)),
        ("{truncated_normal: {mean: 3 wk, sd: 3 d, low: 14 d, high: 30 d}}", d.TruncatedNormal(21.0, 3.0, 14.0, 30.0)),
        ("{empirical: [9 d, 7 d, 8 d]}", d.Empirical((7.0, 8.0, 9.0))),
    ],
)
def test_durations(tmp_path: Path, text: str, value: d.Distribution) -> None:
    found = load_text(tmp_path, AUTOLOGOUS, f"manufacturing.duration={text}").scenario.manufacturing.duration
    assert found == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("never", s.Never()),
        ("{exponential: {rate: 0.231 / month}}", s.Exponential(0.231 / MONTH)),
        ("{exponential: {mean: 100 d}}", s.Exponential(0.01)),
        ("{exponential: {median: 60 d}}", s.Exponential(LN2 / 60.0)),
        ("{exponential: {rate: 0 / d}}", s.Never()),
        ("{weibull: {shape: 1.5, median: 60 d}}", s.Weibull(1.5, 60.0 / LN2 ** (1 / 1.5))),
        ("{weibull: {shape: 2, mean: 60 d}}", s.Weibull(2.0, 60.0 / math.gamma(1.5))),
        ("{loglogistic: {shape: 2, median: 3 months}}", s.LogLogistic(2.0, 3 * MONTH)),
        ("{piecewise: {90 d: 0.005 / d, 0 d: 0.01 / d}}", s.Piecewise((0.0, 90.0), (0.01, 0.005))),
        ("{piecewise: {0 d: 0.01 / d, 9 d: 0.01 / d, 90 d: 0 / d}}", s.Piecewise((0.0, 90.0), (0.01, 0.0))),
        ("{cure: {share: 0.25, of: {exponential: {rate: 1 / y}}}}", s.Cured(0.25, s.Exponential(1 / 365.25))),
        ("{cure: {share: 1, of: {exponential: {rate: 1 / y}}}}", s.Never()),
        ("{cure: {share: 0, of: {exponential: {rate: 1 / d}}}}", s.Exponential(1.0)),
        ("{table: [[0 d, 1], [30 d, 0.9], [60 d, 0]]}", s.SurvivalTable((0.0, 30.0, 60.0), (1.0, 0.9, 0.0))),
        ("{table: [[0 d, 1], [30 d, 0.9]], after: last_rate}", s.SurvivalTable((0.0, 30.0), (1.0, 0.9))),
        ("{table: [[0 d, 1], [30 d, 0.9]], after: never}", s.SurvivalTable((0.0, 30.0), (1.0, 0.9), 0.0)),
        (
            "{table: [[0 d, 1], [30 d, 0.9]], after: {exponential: {mean: 100 d}}}",
            s.SurvivalTable((0.0, 30.0), (1.0, 0.9), 0.01),
        ),
    ],
)
def test_clocks(tmp_path: Path, text: str, value: s.Survival) -> None:
    found = load_text(tmp_path, AUTOLOGOUS, f"clocks.waiting.progression={text}").scenario.clocks.waiting.progression
    assert found == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", ((0.0, 3.0),)),
        ("0", ((0.0, 0.0),)),
        ("unlimited", ((0.0, math.inf),)),
        ("{0 d: 3}", ((0.0, 3.0),)),
        ("{90 d: unlimited, 0 d: 3, 2026-02-01: 4}", ((0.0, 3.0), (31.0, 4.0), (90.0, math.inf))),
        ("{2026-01-01: 3, 2027-01-01: 3}", ((0.0, 3.0),)),
        ("{2025-01-01: 1, 2025-06-01: 2, 2026-02-01: 4}", ((0.0, 2.0), (31.0, 4.0))),
        ("{2025-01-01: 1, 2026-01-01: 2}", ((0.0, 2.0),)),
    ],
)
def test_capacities(tmp_path: Path, text: str, value: Any) -> None:
    assert load_text(tmp_path, AUTOLOGOUS, f"centres.here.beds={text}").scenario.centres["here"].beds == value


def test_dates_count_from_the_start_of_the_run(tmp_path: Path) -> None:
    rates = "regions.here.referrals={2026-06-01: 3 / month, 2027-01-01: 5 / month}"
    days = "regions.here.referral_days=[2026-07-01, 3 d]"
    here = load_text(tmp_path, AUTOLOGOUS, rates, days, "run.start=2026-06-01").scenario.regions["here"]
    assert here.referrals == ((0.0, 3 / MONTH), (214.0, 5 / MONTH))
    assert here.referral_days == (3.0, 30.0)


def test_words_stand_for_no_limit(tmp_path: Path) -> None:
    slots = "manufacturing.slots={count: 1, every: week, notice: never}"
    again = "manufacturing={attempts: unlimited, failure: 0.1}"
    made = load_text(tmp_path, AUTOLOGOUS, slots, again).scenario.manufacturing
    assert made.slots is not None
    assert (made.slots.notice, made.attempts) == (math.inf, None)
    assert load_text(tmp_path, AUTOLOGOUS, "manufacturing.slots=unlimited").scenario.manufacturing.slots is None


def test_a_scenario_cannot_be_changed() -> None:
    found = load(DATA / "autologous.yaml").scenario
    with pytest.raises(ValidationError):
        found.run.seed = 3
    with pytest.raises(TypeError):
        found.regions["capital"] = found.regions["coast"]  # type: ignore[index]
    assert len(found.regions) == 2
    assert hash(found) == hash(load(DATA / "autologous.yaml").scenario)


@pytest.mark.parametrize("name", ["autologous", "allogeneic"])
def test_a_loaded_scenario_travels_between_processes(name: str) -> None:
    loaded = load(DATA / f"{name}.yaml", ["run.seed=3"])
    found = pickle.loads(pickle.dumps(loaded))
    assert found == loaded
    assert found.with_overrides(["run.seed=4"]).digest == loaded.with_overrides(["run.seed=4"]).digest
    assert isinstance(found.scenario, Scenario)
