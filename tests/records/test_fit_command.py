"""The command `fit`: the scenario that it writes, the tables beside it, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from run_sim import cli
from sim.experiment.psa.draws import draw
from sim.fits.between import following
from sim.fits.numbers import Number
from sim.fits.together import fitted_together
from sim.pieces.strategies import build_protocol
from sim.records.value import MILESTONES
from sim.scenario import load
from tests.records.round_trip import BEGAN, DAYS, world
from tests.records.simulated import Extract, describe, register_of, simulated
from tests.records.worlds import BASE, truth
from tests.runs import SHIPPED

REGISTER = Extract(BEGAN, BEGAN + DAYS)
QUICK = ("--bootstrap", "0")


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a register, its description, a base, and the scenario that was fitted."""
    folder = tmp_path_factory.mktemp("own")
    describe(folder, register_of(simulated(world(120).truth), REGISTER), REGISTER)
    (folder / "base.yaml").write_text(truth(120), encoding="utf-8")
    changes = "\n".join(f"{path}={value}" for path, value in BASE.items())
    assert changes
    done = call("fit", folder / "register.yaml", "--base", folder / "base.yaml", "--out", folder / "ours.yaml", *QUICK)
    assert done.exit_code == 0, done.output
    (folder / "said.txt").write_text(done.output, encoding="utf-8")
    return folder


def test_the_scenario_extends_its_base_and_is_run_like_any_other(place: Path) -> None:
    found = load(place / "ours.yaml")
    assert found.warnings is not None
    text = (place / "ours.yaml").read_text(encoding="utf-8")
    assert "extends: base.yaml" in text
    base = load(place / "base.yaml")
    assert found.scenario.run == base.scenario.run
    assert found.scenario.work_up.duration != base.scenario.work_up.duration
    done = call("check", place / "ours.yaml")
    assert done.exit_code == 0, done.output


def test_the_screen_begins_with_what_it_comes_to_and_tells_each_reason_once(place: Path) -> None:
    said = (place / "said.txt").read_text(encoding="utf-8")
    assert re.match(
        r"\d+ patients of the register determine \d+ numbers? of the scenario; \d+ stay as in the base\.", said
    )
    fits = pd.read_csv(place / "ours" / "fits.csv", keep_default_na=False, na_values=[""])
    rows = said[said.index("As in the base, because") :].splitlines()[2:]
    reasons = [
        row[1:40].strip() for row in rows[: rows.index(next(r for r in rows if not r.strip()))] if row[1:40].strip()
    ]
    assert len(reasons) == len(set(reasons)) < len(fits[fits["status"] == "base"])


def test_each_fitted_number_has_a_source_and_an_uncertainty_of_its_own(place: Path) -> None:
    found = load(place / "ours.yaml")
    fits = pd.read_csv(place / "ours" / "fits.csv", keep_default_na=False, na_values=[""])
    fitted = fits[fits["status"].isin(["fitted", "scaled", "shrunk"])]
    by_path = {parameter.path: parameter for parameter in found.parameters}
    for path in set(fitted["path"]) & set(by_path):
        assert by_path[path].source_ids == ("records",), path
        assert re.search(r"register\.csv \(sha256 [0-9a-f]{12}\), .* as of 2028-", by_path[path].note), path
    for name in ("clocks.waiting.progression.exponential.rate", "regions.north.referrals", "bridging.share"):
        assert found.scenario.uncertainty[name].source.startswith("records: register.csv")
    told = fitted[fitted["low"].notna()]
    assert (told["low"] <= told["estimate"]).all()
    assert (told["estimate"] <= told["high"]).all()
    assert fits.loc[fits["status"] == "base", "note"].notna().all()
    assert set(fits["path"]) >= {parameter.path for parameter in load(place / "base.yaml").parameters} - set(by_path)


def test_numbers_that_were_fitted_together_are_drawn_together(place: Path) -> None:
    inputs = load(place / "ours.yaml").scenario.uncertainty
    samples = draw(inputs, 1, 20_000)
    table = pd.read_csv(place / "ours" / "fits_covariance.csv").set_index(["first", "second"])["covariance"]
    pairs = [(a, b) for a, b in table.index if a != b and a in inputs and b in inputs]
    strong = 0
    for a, b in pairs:
        expected = float(table[a, b] / np.sqrt(table[a, a] * table[b, b]))
        found = float(np.corrcoef(np.log(samples[a]), np.log(samples[b]))[0, 1])
        assert found == pytest.approx(expected, abs=0.05), (a, b)
        strong += abs(expected) > 0.2
    assert strong >= 2


def test_a_factor_of_a_hazard_that_is_written_as_a_time_turns_its_correlations_round() -> None:
    free = [("h", "h", 0.04), ("h", "g", 0.012), ("g", "g", 0.09)]
    clock = Number("clocks.waiting.death", "x", (), {}, "", {"death.scale": {"h": -0.5}})
    group = Number("hazard", "x", (), {}, "", {"hazard": {"g": 0.8}})
    other = Number("alone", "x", (), {"alone": {}})
    assert fitted_together((clock, group, other), free) == {"death.scale": {}, "hazard": {"death.scale": -0.2}}
    assert fitted_together((other,), []) == {}


def test_the_rule_for_small_numbers_is_said_of_each_number(place: Path) -> None:
    fits = pd.read_csv(place / "ours" / "fits.csv", keep_default_na=False, na_values=[""])
    stages_and_clocks = fits[fits["family"].isin(["scaled"])]
    assert len(stages_and_clocks)
    for row in stages_and_clocks.itertuples():
        untold = row.events != row.events  # fewer than 5
        few = "fewer than 5 " if untold else "missing to 5" if row.status == "shrunk" else "fewer than 30"
        assert few in row.note
        assert (untold or row.weight_of_base > 0.0) == (row.status == "shrunk")
    full = fits[(fits["status"] == "fitted") & fits["path"].str.startswith(("clocks.waiting.p", "work_up"))]
    assert (full["events"] >= 30).all()


def test_nobody_can_be_told_from_what_is_written(place: Path) -> None:
    names = told(place / "register.csv")
    assert len(names) > 100
    written = [file for file in (place / "ours").rglob("*") if file.is_file()]
    assert place / "ours" / "report.html" in written
    for file in [place / "ours.yaml", place / "said.txt", *written]:
        assert not told(file) & names, file.name


def told(file: Path) -> set[str]:
    """The patients whose names stand in a file."""
    return set(re.findall(r"\bPerson [0-9]+\b", file.read_text(encoding="utf-8")))


def test_an_earlier_scenario_is_not_overwritten_unless_it_is_named(place: Path) -> None:
    before = (place / "ours.yaml").read_bytes()
    words = ("fit", place / "register.yaml", "--base", place / "base.yaml", "--out", place / "ours.yaml", *QUICK)
    done = call(*words)
    assert (done.exit_code, "exists already" in done.output) == (2, True)
    assert (place / "ours.yaml").read_bytes() == before
    done = call(*words, "--replace", "ours.yaml")
    assert done.exit_code == 0, done.output
    assert (place / "ours.yaml").read_bytes() == before, "the same register and base give the same scenario"


def edited(folder: Path, register: pd.DataFrame, extract: Extract = REGISTER, more: str = "") -> tuple[object, ...]:
    """The words of a `fit` of this register."""
    describe(folder, register, extract, more)
    (folder / "base.yaml").write_text(truth(120), encoding="utf-8")
    return ("fit", folder / "register.yaml", "--base", folder / "base.yaml", "--out", folder / "ours.yaml", *QUICK)


@pytest.fixture(scope="module")
def register() -> pd.DataFrame:
    return register_of(simulated(world(120).truth), REGISTER)


def test_two_patients_are_too_few_and_three_leave_nearly_all_to_the_base(
    tmp_path: Path, register: pd.DataFrame
) -> None:
    done = call(*edited(tmp_path, register.iloc[:2]))
    assert (done.exit_code, "2 patients can be used, fewer than 3" in done.output) == (2, True)
    assert not (tmp_path / "ours.yaml").exists()
    done = call(*edited(tmp_path, register.iloc[:3]))
    assert done.exit_code == 0, done.output
    fits = pd.read_csv(tmp_path / "ours" / "fits.csv", keep_default_na=False, na_values=[""])
    clocks = fits[fits["path"].str.startswith("clocks.waiting") & fits["weight_of_base"].notna()]
    assert (clocks["weight_of_base"] > 0.5).all()


def test_a_region_that_the_base_has_not_is_named_with_its_nearest(tmp_path: Path, register: pd.DataFrame) -> None:
    done = call(*edited(tmp_path, register.assign(region=register["region"].replace("north", "North"))))
    assert done.exit_code == 2
    assert (
        "categories.region: 'North' is none of the base; allowed: 'north', 'coast'; did you mean 'north'?"
        in done.output
    )


def test_where_nobody_has_come_to_an_end_clocks_are_the_bases_and_nothing_fails(
    tmp_path: Path, register: pd.DataFrame
) -> None:
    only = register.assign(**{name: "" for name in register if name in MILESTONES and name != "referral"})
    only = only.assign(progression="", bridging="", end="", outcome="", collection="", manufacture="")
    done = call(*edited(tmp_path, only))
    assert done.exit_code == 0, done.output
    fits = pd.read_csv(tmp_path / "ours" / "fits.csv", keep_default_na=False, na_values=[""]).set_index("path")
    assert fits.loc["clocks.waiting.death", "status"] == "shrunk"
    assert fits.loc["clocks.waiting.death", "events"] == 0
    assert fits.loc["clocks.waiting.death", "estimate"] < 0.0016, "and they all lived through some time"
    assert fits.loc["regions.north.referrals", "status"] == "fitted"


def test_the_infused_alone_tell_no_hazard_and_no_rate_of_referral(tmp_path: Path) -> None:
    infused = Extract(BEGAN, BEGAN + DAYS, "infusion")
    done = call(*edited(tmp_path, register_of(simulated(world(120).truth), infused), infused))
    assert done.exit_code == 0, done.output
    fits = pd.read_csv(tmp_path / "ours" / "fits.csv", keep_default_na=False, na_values=[""]).set_index("path")
    for path in ("clocks.waiting.progression", "clocks.after_apheresis.death"):
        assert fits.loc[path, "status"] == "base"
        assert "no hazard before infusion can be told" in fits.loc[path, "note"]
    assert "how many were referred is not in it" in fits.loc["regions.north.referrals", "note"]


def test_what_is_a_queue_follows_from_the_path() -> None:
    found = {
        (pair.first, pair.last): pair
        for pair in following(MILESTONES, build_protocol(load(SHIPPED / "autologous.yaml").scenario))
    }
    queues = {pair: its.queue for pair, its in found.items() if its.queue}
    assert queues == {
        ("listing", "slot"): "manufacturing slots",
        ("slot", "apheresis"): "the start of the slot, apheresis chairs",
        ("received_at_factory", "manufacturing"): "manufacturing lines",
        ("product_received", "lymphodepletion"): "bookings of infusion beds",
        ("lymphodepletion", "infusion"): "infusion beds",
    }
    stages = {its.stage.name for its in found.values() if its.stage is not None}
    assert stages == {
        "work_up.duration", "apheresis.duration", "shipping.to_factory", "manufacturing.duration",
        "release_testing.review", "shipping.to_centre", "infusion.stay",
    }  # fmt: skip
    free = build_protocol(load(SHIPPED / "library" / "unconstrained.yaml").scenario)
    assert not any(pair.queue for pair in following(MILESTONES, free))
    assert {p.stage.name for p in following(MILESTONES, free) if p.stage} >= stages | {"scheduling.duration"}
    whole = next(p for p in following(("apheresis", "product_received"), free))
    assert (whole.repeated, whole.others[0]) == ("collection", "apheresis.duration")
