"""`observe`: a register of the scenario's own is covered as often as stated, one of another is off, and where."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from run_sim import cli
from sim.engine.choice import COMPILED, SIMPY
from sim.experiment.own.observe import compare, may_differ, moved_to, simulated_registers, verdict_of
from sim.experiment.own.quantities import Quantity, Scored, measured, seen_alike
from sim.experiment.own.scores import least_replications, off, score
from sim.outcomes.recorded import in_view, in_whole_days, recorded
from sim.records.reader import read_records
from sim.records.register import read_register
from sim.records.value import Records, date_of
from sim.scenario import load
from tests.records.simulated import START, Extract, describe, register_of, simulated
from tests.records.worlds import truth
from tests.runs import HAS_NUMBA, load_text

BEGAN, DAYS, PATIENTS = 300.0, 600.0, 90
EXTRACT = Extract(BEGAN, BEGAN + DAYS)
ENGINE = COMPILED if HAS_NUMBA else SIMPY


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def world_text() -> str:
    """A world that has been running when its register begins."""
    return truth(PATIENTS, days=700).replace("warm_up: 0 d", f"warm_up: {BEGAN:.0f} d")


def read(folder: Path, patients: pd.DataFrame, extract: Extract = EXTRACT) -> Records:
    return read_records(read_register(describe(folder, register_of(patients, extract), extract))).records


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a register, the scenario that it is from, and one with thrice the slots."""
    folder = tmp_path_factory.mktemp("observe")
    describe(folder, register_of(simulated(load_text(world_text()), 7), EXTRACT), EXTRACT)
    (folder / "right.yaml").write_text(world_text(), encoding="utf-8")
    wrong = world_text().replace("slots: {count: 1,", "slots: {count: 3,")
    assert wrong != world_text()
    (folder / "wrong.yaml").write_text(wrong, encoding="utf-8")
    return folder


@pytest.mark.parametrize("included_at", ["referral", "infusion"])
def test_registers_of_the_scenario_itself_are_covered_as_often_as_stated(tmp_path: Path, included_at: str) -> None:
    extract = Extract(BEGAN, BEGAN + DAYS, included_at)
    (tmp_path / "world.yaml").write_text(world_text(), encoding="utf-8")
    loaded = load(tmp_path / "world.yaml")
    registers = [read(tmp_path, simulated(loaded, 1000 + k), extract) for k in range(16)]
    first = registers[0].since
    scored = Scored(first, registers[0].as_of)
    moved = moved_to(loaded, date_of(first), DAYS + 1.0)
    assert date_of(first - BEGAN) == moved.scenario.run.start == START
    drawn = [measured(one, scored) for one in simulated_registers(moved, registers[0], first, 219, ENGINE)]
    found = [compare(measured(one, scored), drawn) for one in registers]
    inside = {
        name: np.mean([np.mean(c.score.inside[name]) for one in found for c in one if c.quantity.unit != "share"])
        for name in ("50", "90")
    }
    # counts of few patients lie on the ends of envelopes, which are inside
    assert 0.45 <= inside["50"] <= 0.78
    assert 0.86 <= inside["90"] <= 0.99
    p_values = np.array([c.score.p_value for one in found for c in one])
    assert 0.35 < p_values.mean() < 0.65
    assert sum(any(c.is_off for c in one) for one in found) <= 3
    names = {c.quantity.name for c in found[0]}
    assert {"waiting_days", "referrals", "aphereses", "infusions"} <= names
    assert ("incidence_died" in names) == ("waiting_list" in names) == (included_at == "referral")


def test_a_register_of_another_scenario_is_told_to_be_off_and_where(place: Path) -> None:
    done = call("observe", place / "wrong.yaml", place / "register.yaml", "--out", place / "wrong", "-n", 250)
    assert done.exit_code == 0, done.output
    scores = pd.read_csv(place / "wrong" / "observed_scores.csv").set_index("quantity")
    assert scores["is_off"]["waiting_days"]
    assert not scores["is_off"]["referrals"]
    first = done.output.splitlines()[0]
    assert first.startswith("The simulation does not reproduce the register from ")
    assert re.search(r"Most of all .*\d+ observed, \d+ simulated \(90% band \d+ to \d+\)\.$", first)
    points = pd.read_csv(place / "wrong" / "observed.csv").set_index(["quantity", "point"])
    middle = points.loc[("waiting_days", "50% of patients")]
    assert middle["observed"] > middle["high_90"] > middle["simulated"]
    assert not middle["inside_90"]
    assert scores["crps"]["waiting_days"] > 3.0 * scores["crps_expected"]["waiting_days"]
    manifest = json.loads((place / "wrong" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["said"] == [done.output.splitlines()[0]]
    report = (place / "wrong" / "report.html").read_text(encoding="utf-8")
    assert "Differs: Waiting days, referral to infusion" in report
    assert (place / "wrong" / "scenarios" / "1.yaml").is_file()
    patients = pd.read_csv(place / "register.csv")
    first = pd.Timestamp(START) + pd.Timedelta(days=BEGAN)
    waits = pd.to_datetime(patients["infusion"]) - pd.to_datetime(patients["referral"])
    waits = waits[pd.to_datetime(patients["infusion"]) >= first].dt.days
    assert middle["observed"] == pytest.approx(waits.median())
    apheresis = patients["apheresis"].dropna().str[:7]
    counts = apheresis.value_counts()
    months = points.loc["aphereses"]["observed"]
    assert len(months.dropna())
    assert all(counts[month] == told >= 5 for month, told in months.dropna().items() if told)


def test_what_came_after_a_day_is_scored_on_what_was_known_then(place: Path) -> None:
    words = ("observe", place / "right.yaml", place / "register.yaml", "--fit-until", "2027-12-31", "-n", 250)
    done = call(*words, "--out", place / "later")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("The simulation reproduces the register from 1 January 2028 to ")
    points = pd.read_csv(place / "later" / "observed.csv")
    assert points.loc[points["quantity"] == "infusions", "point"].min() == "2028-01"
    fitted = load(place / "later" / "scenarios" / "1.yaml")
    known = [p for p in fitted.parameters if "records" in p.source_ids]
    assert any(p.path.startswith("work_up.duration") for p in known)
    assert all("as of 2027-12-31" in p.note for p in known)


def test_an_event_that_neither_can_know_needs_no_replications(place: Path) -> None:
    plain = load(place / "right.yaml").scenario
    register = read_records(read_register(place / "register.yaml")).records
    truth = {its.name: its for its in measured(register, Scored(register.since, register.as_of))}
    known = {name for name, its in truth.items() if may_differ(its, plain)}
    assert set(truth) - known == {"incidence_alternative", "incidence_standard_care", "incidence_funding"}
    refused = load(place / "right.yaml", ["before_apheresis.clearance.refusal=0.1"]).scenario
    assert may_differ(truth["incidence_funding"], refused)
    cared_for = replace(truth["incidence_standard_care"], values=truth["incidence_died"].values)
    assert may_differ(cared_for, plain), "it was observed"


def test_a_scenario_that_knows_the_register_cannot_be_scored_on_it(place: Path) -> None:
    made = call("fit", place / "register.yaml", "--base", place / "right.yaml", "--out", place / "ours.yaml",
                "--bootstrap", 0)  # fmt: skip
    assert made.exit_code == 0, made.output
    done = call("observe", place / "ours.yaml", place / "register.yaml", "--fit-until", "2027-12-31", "--out",
                place / "never")  # fmt: skip
    assert done.exit_code == 2
    assert "was fitted to all of this register" in done.output
    assert not (place / "never").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("-n", 50), "50 replications: allowed: at least 239, for 12 quantities"),
        (("-n", 238), "238 replications: allowed: at least 239, for 12 quantities"),
        (("--fit-until", "2026-01-01"), "nothing was known then; the register begins 2026-10-28"),
        (("--fit-until", "2028-06-10"), "allowed: at least 60"),
    ],
)
def test_what_cannot_be_scored_is_refused_before_anything_runs(
    place: Path, more: tuple[object, ...], told: str
) -> None:
    done = call("observe", place / "right.yaml", place / "register.yaml", "--out", place / "never", *more)
    assert done.exit_code == 2
    assert told in done.output
    assert not (place / "never").exists()


def test_what_was_known_earlier_is_the_register_of_an_earlier_extract(tmp_path: Path) -> None:
    patients = simulated(load_text(world_text()), 3)
    columns = {str(name): patients[name].to_numpy() for name in patients}
    everything = recorded(columns, START)
    day = float((START - date_of(0.0)).days) + 650.0
    since = day - 350.0
    late = in_whole_days(in_view(everything, day + 400.0, since))
    then, again = in_view(late, day, since), in_whole_days(in_view(everything, day, since))
    rows = np.isin(again.row, then.row)
    assert len(then) == len(again) == rows.sum() > 20
    for name in ("referral", "listing", "infusion"):
        np.testing.assert_array_equal(then.day(name), again.day(name), err_msg=name)
    np.testing.assert_array_equal(then.end_day, again.end_day)
    assert then.outcome.tolist() == again.outcome.tolist()
    assert (np.isnan(again.end_day) & np.isnan(again.day("infusion"))).any()


@pytest.mark.parametrize(("activity", "end"), [("withdrawn", "hospice"), ("hospice", "withdrawn"), ("died", "died")])
def test_withdrawal_is_seen_by_whatever_name_the_register_has_for_it(tmp_path: Path, activity: str, end: str) -> None:
    registered = read(tmp_path, simulated(load_text(world_text())))
    registered = replace(registered, has=(registered.has - {"outcome"}) | {f"ends.{activity}"})
    alike = replace(registered, outcome=np.full(len(registered), end, dtype=object), end_day=registered.day("referral"))
    assert (seen_alike(alike, registered).outcome == end).all()
    assert (seen_alike(replace(alike, outcome=np.full(len(alike), "product_failed")), registered).outcome == "").all()


def test_scores_by_hand() -> None:
    simulated_values = np.array([[0.0], [1.0], [2.0], [3.0]])
    found = score(np.array([2.0]), simulated_values)
    # mean |x - 2| = (2 + 1 + 0 + 1) / 4; mean difference of two different ones = 10 / 6
    assert found.crps[0] == pytest.approx(1.0 - 10.0 / 12.0)
    assert found.crps_expected[0] == pytest.approx(10.0 / 12.0)
    assert found.pit[0] == pytest.approx(2.5 / 4.0)
    assert found.inside["50"].tolist() == [True]
    far = score(np.array([9.0]), simulated_values)
    assert far.p_value == pytest.approx(1.0 / 5.0)
    assert far.mean_z > 0.0
    assert not far.inside["90"][0]


def test_holm_and_how_many_replications_it_takes() -> None:
    assert off([0.001, 0.03, 0.02, 0.5]) == [True, False, False, False]
    assert off([0.01, 0.011, 0.02, 0.05]) == [True, True, True, True]
    assert off([0.02, 0.02, 0.02]) == [False, False, False]
    assert least_replications(10) == 199
    assert math.isclose(1.0 / (least_replications(10) + 1), 0.005)


def test_what_alone_would_differ_is_named_though_among_many_it_may_be_chance() -> None:
    luck = np.random.default_rng(3)
    drawn = [[Quantity(name, name, "d", ("50%",), luck.normal(50.0, 1.0, 1)) for name in "ABCD"] for _ in range(199)]

    def verdict(value: float) -> str:
        truth = [Quantity(name, name, "d", ("50%",), np.array([value if name == "A" else 50.0])) for name in "ABCD"]
        return verdict_of(compare(truth, drawn), Scored(20_000.0, 20_100.0))

    assert verdict(50.1).endswith("none of the 4 quantities compared differs beyond chance.")
    near = verdict(52.3)
    assert "The simulation reproduces the register" in near
    assert "Closest to a difference: a, 50%: 52 observed, 50 simulated" in near
    assert re.search(r", which would differ if it were the only one compared \(p 0\.0\d+\)\.$", near)
    assert "does not reproduce" in verdict(56.0)
