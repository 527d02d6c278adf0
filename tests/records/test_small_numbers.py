"""Numbers from 1 to 4 of patients of a register are in nothing that is written, and neither is what would tell them."""

from __future__ import annotations

import re
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from scipy import stats

from reports.charts import observed
from reports.findings import Findings
from run_sim import cli
from sim.experiment.own.observe import Compared, not_told, tables_of
from sim.experiment.own.quantities import Quantity
from sim.experiment.own.scores import score
from sim.experiment.own.small_fits import COUNTS, without_small
from sim.fits.numbers import of_referrals
from sim.fits.shares import fit_referrals
from sim.records.small import told
from tests.records.simulated import Extract, describe, register_of, simulated
from tests.records.worlds import truth
from tests.runs import load_text


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_words_of_small_numbers() -> None:
    assert [told(k) for k in (0, 1, 4, 5, 12)] == ["0", "fewer than 5", "fewer than 5", "5", "12"]


def test_counts_of_a_fit_and_what_follows_from_them() -> None:
    fits = pd.DataFrame(
        {
            "path": ["a", "b", "c"],
            "n": pd.array([40, 40, 3], dtype="Int64"),
            "events": pd.array([3, 36, 0], dtype="Int64"),
            "censored": pd.array([37, 4, 3], dtype="Int64"),
            "truncated": pd.array([pd.NA, 2, 12], dtype="Int64"),
            "weight_of_base": [0.4, 0.0, 0.7],
        }
    )
    curves = pd.DataFrame({"path": ["a", "b", "b"], "at_risk": [20, 12, 4], "day": [1.0, 2.0, 3.0]})
    quantiles = pd.DataFrame({"path": ["a", "b"], "observed": [1.0, 2.0]})
    found = without_small({"fits": fits, "fits_curves": curves, "fits_quantiles": quantiles})
    told = found["fits"][list(COUNTS)].astype(object).where(found["fits"][list(COUNTS)].notna(), None)
    # one of events and censored follows from the other and all patients
    assert told.to_numpy().tolist() == [[40, None, None, None], [40, None, None, None], [None, None, None, 12]]
    # 2 of 5 would tell 3 events, and 7 of 10 as many patients
    assert found["fits"]["weight_of_base"].isna().tolist() == [True, False, True]
    assert found["fits_curves"][["path", "day"]].to_numpy().tolist() == [["b", 2.0]]
    assert found["fits_quantiles"]["path"].tolist() == ["b"]


def test_reasons_do_not_tell_a_small_number() -> None:
    few = of_referrals("regions.a.referrals", fit_referrals(3, 100.0, 1.0), 0.05, 0.5, "")
    assert "fewer than 5 referrals" in few.basis
    assert not re.search(r"(?<![\d.])[1-4] ", few.basis)


@pytest.mark.parametrize("count", [0, 1, 4, 5, 300])
def test_a_rate_of_referral_leans_on_no_base(count: int) -> None:
    fit = fit_referrals(count, 730.0, 1.0)
    assert fit.rate == pytest.approx(max(count, 0.5) / 730.0)
    # Jeffreys' interval where there is none, and that of a gamma
    low, high = stats.gamma.ppf([0.025, 0.975], max(count, 0.5), scale=1.0 / 730.0)
    assert fit.interval == pytest.approx((low, high))


def quantity(name: str, patients: list[float], unit: str = "patients") -> Quantity:
    counts = np.array(patients)
    return Quantity(name, name, unit, tuple(f"2026-0{k + 1}" for k in range(len(counts))), counts, counts)


@pytest.mark.parametrize(
    ("name", "counts", "hidden"),
    [
        ("referrals", [9, 3, 6, 0], [False, True, True, False]),  # the next larger one, for the sum is known
        ("referrals", [9, 3, 1, 0], [False, True, True, False]),
        ("waiting_list", [9, 3, 6, 0], [False, True, False, False]),
        ("incidence_died", [0, 2, 4, 5], [False, True, True, False]),
    ],
)
def test_what_of_a_register_is_not_told(name: str, counts: list[float], hidden: list[bool]) -> None:
    one = quantity(name, counts)
    assert not_told(one).tolist() == hidden
    drawn = np.array([counts, [c + 1 for c in counts], [c + 2 for c in counts]])
    table = tables_of([Compared(one, score(one.values, drawn), True)])
    points = table["observed"]
    assert points["observed"].isna().tolist() == hidden
    assert points["crps"].isna().tolist() == hidden
    assert points["pit"].isna().tolist() == hidden
    assert not re.search(r": [1-4] observed", table["observed_scores"]["where"][0])


def test_a_quantity_that_is_nowhere_told_still_has_its_envelope_and_its_picture() -> None:
    one = quantity("waiting_list", [1, 2, 3])
    drawn = np.array([[1.0, 2.0, 3.0], [2.0, 3.0, 5.0]])
    table = tables_of([Compared(one, score(one.values, drawn), False)])["observed"]
    assert table["observed"].isna().all()
    assert table["simulated"].tolist() == [1.5, 2.5, 4.0]
    assert "withheld observed" in observed.describer("months")(table, Mock(spec=Findings))


def test_no_small_number_of_patients_is_in_anything_that_is_written(tmp_path: Path) -> None:
    text = truth(40, days=350, observed=240).replace("warm_up: 0 d", "warm_up: 100 d")
    extract = Extract(100.0, 340.0)
    register = describe(tmp_path, register_of(simulated(load_text(text), 4), extract), extract)
    (tmp_path / "world.yaml").write_text(text, encoding="utf-8")
    made = call("fit", register, "--base", tmp_path / "world.yaml", "--out", tmp_path / "ours.yaml",
                "--bootstrap", 0, "--xlsx")  # fmt: skip
    assert made.exit_code == 0, made.output
    counts = re.compile(r" [1-4] +(?:fitted|scaled|shrunk)")  # of events, in the last column but one
    assert "<5" in made.output
    assert not counts.search(made.output)
    made = call("observe", tmp_path / "world.yaml", register, "-n", 240, "--out", tmp_path / "seen", "--xlsx", "-q")
    assert made.exit_code == 0, made.output
    fits = pd.read_csv(tmp_path / "ours" / "fits.csv")
    for name in COUNTS:
        assert not fits[name].between(1, 4).any(), name
    seen = pd.read_csv(tmp_path / "seen" / "observed.csv")
    assert not seen.loc[seen["unit"] == "patients", "observed"].between(1, 4).any()
    assert seen["observed"].isna().any()
    small = re.compile(r"(?<![\d.,])[1-4] (events|ended|deaths|withdrawals|progressions|patients)\b|[( ][1-4] of \d+\)")
    whole = (tmp_path / "ours.yaml").read_text(encoding="utf-8")
    assert not small.search(whole), small.search(whole)
    for name in ("fits.csv", "report.html"):
        page = (tmp_path / "ours" / name).read_text(encoding="utf-8")
        assert not small.search(page), small.search(page)
    book = pd.read_excel(tmp_path / "ours" / "workbook.xlsx", sheet_name=None, engine="openpyxl")
    sheets = [sheet for sheet in book.values() if {"events", "censored"} <= set(map(str, sheet.columns))]
    for sheet in sheets:
        assert not pd.to_numeric(sheet["events"], errors="coerce").between(1, 4).any()
