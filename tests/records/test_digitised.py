"""Survival curves that were read off a figure: how they are mended, turned into pseudo-records, fitted, and refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from run_sim import cli
from sim.fits.digitised import CurveError, fit_families, observed, pseudo_records, repaired
from sim.scenario import load

FloatArray = NDArray[np.float64]
PATH = "clocks.waiting.progression"


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def curve_of(day: FloatArray, event: NDArray[np.bool_], at: FloatArray) -> FloatArray:
    """The Kaplan-Meier curve of records on given days, by its definition."""
    found = []
    for now in at:
        survival = 1.0
        for died in np.unique(day[event & (day <= now)]):
            survival *= 1.0 - ((day == died) & event).sum() / (day >= died).sum()
        found.append(survival)
    return np.array(found)


@pytest.fixture(scope="module")
def trial() -> tuple[FloatArray, NDArray[np.bool_]]:
    """400 patients of a Weibull, censored evenly: (last day seen, whether with the event)."""
    random = np.random.default_rng(3)
    died, left = 400.0 * random.weibull(1.3, 400), random.uniform(100.0, 900.0, 400)
    return np.minimum(died, left), died <= left


def test_numbers_at_risk_come_out_exactly_and_the_curve_within_a_point(
    trial: tuple[FloatArray, NDArray[np.bool_]],
) -> None:
    day, event = trial
    at = np.arange(0.0, 600.0, 5.0)
    curve = repaired(at, curve_of(day, event, at))
    assert curve.repairs == {}
    risk_day = np.arange(0.0, 600.0, 100.0)
    at_risk = np.array([(day >= now).sum() for now in risk_day], dtype=float)
    again, died = pseudo_records(curve, risk_day, at_risk)
    assert len(again) == 400
    assert [(again >= now).sum() for now in risk_day] == at_risk.tolist()
    assert abs(died.sum() - (event & (day <= 595.0)).sum()) <= 4
    km = observed(again, died)
    stepped = np.append(1.0, km.share)[np.searchsorted(km.day, curve.day, side="right")]
    assert np.abs(stepped - curve.survival).max() < 0.01


def test_the_family_of_the_records_is_found_again_near_what_the_records_themselves_give(
    trial: tuple[FloatArray, NDArray[np.bool_]],
) -> None:
    day, event = trial
    at = np.arange(0.0, 600.0, 5.0)
    curve = repaired(at, curve_of(day, event, at))
    risk_day = np.arange(0.0, 600.0, 100.0)
    records = pseudo_records(curve, risk_day, np.array([(day >= now).sum() for now in risk_day], dtype=float))
    mine = {fit.family: fit for fit in fit_families(*records, curve)}
    # the figure ends on day 595
    true = {fit.family: fit for fit in fit_families(np.minimum(day, 595.0), event & (day <= 595.0), curve)}
    assert next(iter(mine)) == "weibull"
    for family, fit in mine.items():
        assert fit.free.point == pytest.approx(true[family].free.point, abs=0.5 * float(true[family].free.sd.max()))
        assert fit.free.sd == pytest.approx(true[family].free.sd, rel=0.1)


def test_a_constant_hazard_on_an_even_grid_is_that_of_its_closed_form() -> None:
    # between points of 10 days the chance of an event is geometric: events by intervals begun
    curve = repaired(np.arange(5) * 10.0, np.array([1.0, 0.8, 0.5, 0.4, 0.3]))
    day, event = pseudo_records(curve, np.zeros(1), np.array([100.0]))
    fit = next(fit for fit in fit_families(day, event, curve) if fit.family == "exponential")
    chance = 70 / (100 + 80 + 50 + 40)
    assert math.exp(fit.free.point[0]) == pytest.approx(-math.log1p(-chance) / 10.0, rel=1e-6)


def test_without_numbers_at_risk_nobody_is_censored_before_the_last_day() -> None:
    curve = repaired(np.array([0.0, 10.0, 20.0, 30.0]), np.array([1.0, 0.8, 0.5, 0.4]))
    day, event = pseudo_records(curve, np.zeros(1), np.array([10.0]))
    assert day.tolist() == [10, 10, 20, 20, 20, 30, 30, 30, 30, 30]
    assert event.tolist() == [True] * 6 + [False] * 4


def test_slips_of_the_hand_are_mended_and_counted() -> None:
    curve = repaired(np.array([2.0, 0.0, 4.0, 4.0, 6.0, 8.0, 9.0]), np.array([0.9, 0.99, 0.8, 0.7, 0.71, 0.0, 0.0]))
    assert curve.day.tolist() == [0, 2, 4, 6, 8]
    assert curve.survival.tolist() == [1.0, 0.9, 0.7, 0.7, 0.0]
    assert curve.repairs == {
        "rises lowered": 1, "points of one day": 1, "start put at 1": 1, "points after survival 0": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "survival", "said"),
    [
        ([0, 5, 9], [1.0, 0.5, 0.6], "found survival 0.6 after 0.5"),
        ([0, 5, 9], [0.9, 0.5, 0.4], "found survival 0.9 on day 0"),
        ([0, 5, 9], [1.0, 1.0, 1.0], "never falls"),
        ([0, 5], [1.0, 0.9], "found 1 point after day 0"),
    ],
)
def test_what_is_no_survival_curve_is_refused(day: list[float], survival: list[float], said: str) -> None:
    with pytest.raises(CurveError, match=said):
        repaired(np.array(day, dtype=float), np.array(survival))


def written(folder: Path, curve: str, at_risk: str = "") -> None:
    (folder / "curve.csv").write_text(curve, encoding="utf-8")
    if at_risk:
        (folder / "risk.csv").write_text(at_risk, encoding="utf-8")


def words(folder: Path, *more: object) -> tuple[object, ...]:
    path = () if "--path" in more else ("--path", PATH)
    return ("curve", folder / "curve.csv", *path, "--base", "autologous", "--source", "Name 2020, Figure 2",
            "--out", folder / "ours.yaml", *more)  # fmt: skip


CURVE = "Months;Percent\n0;100\n2;85,5\n4;70\n6;61\n9;48\n12;40\n"


def test_a_curve_becomes_a_clock_with_its_source_and_what_is_uncertain(tmp_path: Path) -> None:
    written(tmp_path, CURVE, "month,at_risk\n0,128\n6,75\n")
    done = call(*words(tmp_path, "--at-risk", tmp_path / "risk.csv", "--family", "weibull"))
    assert done.exit_code == 0, done.output
    assert "numbers at risk are met exactly" in done.output
    found = load(tmp_path / "ours.yaml")
    fits = pd.read_csv(tmp_path / "ours" / "fits.csv")
    assert fits["estimate"].tolist() == pytest.approx(
        [found.scenario.clocks.waiting.progression.scale, found.scenario.clocks.waiting.progression.shape], rel=1e-5
    )
    scale = found.scenario.uncertainty[f"{PATH}.weibull.scale"]
    assert scale.source.startswith("records: Name 2020, Figure 2 (digitised: curve.csv, sha256 ")
    assert list(found.scenario.uncertainty[f"{PATH}.weibull.shape"].correlation) == [f"{PATH}.weibull.scale"]
    curves = pd.read_csv(tmp_path / "ours" / "fits_curves.csv")
    assert (curves["fitted"] - curves["observed"]).abs().max() < 0.05
    page = (tmp_path / "ours" / "report.html").read_text(encoding="utf-8")
    assert "Guyot" in page
    assert call("report", tmp_path / "ours").exit_code == 0


def test_a_table_is_the_curve_itself_and_needs_a_stated_tail(tmp_path: Path) -> None:
    written(tmp_path, CURVE)
    done = call(*words(tmp_path, "--family", "table", "--after", "never"))
    assert done.exit_code == 0, done.output
    clock = load(tmp_path / "ours.yaml").scenario.clocks.waiting.progression
    assert clock.survival == pytest.approx((1.0, 0.855, 0.7, 0.61, 0.48, 0.4))
    assert clock.days[1] == pytest.approx(2 * 365.25 / 12, abs=1e-3)


@pytest.mark.parametrize(
    ("curve", "more", "said"),
    [
        (CURVE, (), "one of --at-risk"),
        (CURVE, ("--family", "table"), "--after: is needed: the curve ends on day 365 at 40%; allowed: never"),
        (
            "day,survival\n0,1\n9,0.5\n12,0\n",
            ("--family", "table", "--after", "never"),
            "--after: is not used: the curve ends at 0%",
        ),
        (CURVE, ("--family", "table", "--patients", 9), "leave out --at-risk and --patients"),
        (CURVE, ("--patients", 9, "--after", "never"), "--after: says what follows a table"),
        (CURVE, ("--patients", 9, "--path", "clocks.waiting.progresion"), "did you mean 'clocks.waiting.progression'"),
        ("when,survival\n0,1\n9,0.5\n12,0.2\n", ("--patients", 9), "curve.csv:1: found the header 'when', 'survival'"),
        ("day,survival\n0,1\n9,50\n12,0.2\n", ("--patients", 9), "curve.csv:3: survival: found '50'"),
        ("day,percent\n0,1\n9,0.5\n12,0.2\n", ("--patients", 9), "call the column 'survival'"),
        ("day,survival\n0,1\n9,0.5\n12,0.7\n", ("--patients", 9), "curve.csv:4: found survival 0.7 after 0.5"),
        ("day,survival\n0,1\n9,x\n12,0.7\n", ("--patients", 9), "curve.csv:3: survival: found 'x'"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line_and_nothing_is_written(
    tmp_path: Path, curve: str, more: tuple[object, ...], said: str
) -> None:
    written(tmp_path, curve)
    done = call(*words(tmp_path, *more))
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert not (tmp_path / "ours.yaml").exists()
    assert not (tmp_path / "ours").exists()


def test_who_is_censored_in_the_days_before_an_event_is_not_at_risk_of_it() -> None:
    # product limit by hand: of the three, one is gone on day 10.2, and one of the other two has the event on day 10.5
    curve = observed(np.array([10.2, 10.5, 20.0]), np.array([False, True, False]))
    assert (curve.day.tolist(), curve.share.tolist(), curve.at_risk.tolist()) == ([10.5], [0.5], [2.0])
    # who is censored on the very day of an event is
    curve = observed(np.array([10.5, 10.5, 20.0]), np.array([False, True, False]))
    assert curve.at_risk.tolist() == [3.0]


def test_a_curve_of_no_source_is_refused(tmp_path: Path) -> None:
    written(tmp_path, CURVE)
    given = [" " if word == "Name 2020, Figure 2" else word for word in words(tmp_path, "--patients", 9)]
    done = call(*given)
    assert done.exit_code == 2, done.output
    assert "--source: found an empty text; allowed: such as" in done.stderr
