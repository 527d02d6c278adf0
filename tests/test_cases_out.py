"""What comes out true and might mislead: each case stands for a kind, and the general rules of the tables."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.findings import Findings, gather, headline, is_flattered, on_the_list, read_with, sentence
from reports.first_screen import lead
from reports.tables import Tables
from reports.words import Estimate
from sim.experiment.study.run import Plan, Study, run_study
from sim.experiment.sweep.sensitivity import partial_rank_correlation
from sim.outcomes.metrics import BY_NAME, METRICS
from sim.scenario import Loaded, load
from tests.experiments import small_scenario
from tests.runs import SHIPPED

SOME_REACH_IT = ("manufacturing.lines=4", "manufacturing.failure=0.22")
WAIT, PROGRESSED, INFUSED = "waiting_days_mean", "progressed_before_infusion_share", "infused_share"


def ran(folder: Path, *scenarios: Loaded, replications: int = 6, names: tuple[str, ...] = ()) -> Study:
    folder.mkdir()
    called = names or tuple(one.scenario.name for one in scenarios)
    plan = Plan(dict(zip(called, scenarios, strict=True)), replications, 1, "run_sim.py compare")
    return run_study(plan, folder, lambda count: None)


def findings_of(study: Study) -> Findings:
    frames = {"summary": study.summary, "differences": study.differences, "already_waiting": study.already_waiting}
    return gather(Tables({name: table for name, table in frames.items() if table is not None}, {}, {}))


def test_who_still_waits_is_said_with_the_wait_of_the_others(tmp_path: Path) -> None:
    short = load(SHIPPED / "autologous.yaml", ["run.follow_up=75d", "run.window=365d"])
    study = ran(tmp_path / "out", short)
    found = study.summary.set_index("metric")
    waiting = found.loc["still_waiting_share", "estimate"]
    assert waiting > 0.3
    assert math.isnan(found.loc["half_infused_days", "estimate"])
    said = sentence(findings_of(study), short.scenario.name)
    assert f"{100 * waiting:.0f}%" in said.split("still waiting")[0]
    assert said.index("still waiting") < said.index(f"{found.loc[WAIT, 'estimate']:.1f} days")
    assert "fewer than half of those referred are infused" in said
    of_hundred = f"{100 * waiting:.0f} of 100 still wait when follow-up ends, and fewer than half of those"
    assert lead(findings_of(study)).startswith(f"{short.scenario.name}: {of_hundred}")
    assert any("The means leave them out" in one for one in read_with(findings_of(study)))
    assert any(f"{100 * waiting:.1f}% of the patients measured are still waiting" in one for one in study.warnings)
    assert f"{100 * waiting:.0f}% still waiting" in findings_of(study).population()
    for table in ("summary", "groups", "stages", "stages_middle", "waits", "economics", "nmb"):
        frame = pd.read_csv(tmp_path / "out" / f"{table}.csv")
        assert {"patients", "unresolved_share"} <= set(frame.columns), table
        if table != "groups":
            np.testing.assert_allclose(frame["unresolved_share"], waiting)


def test_half_infused_is_the_median_of_all_referred(tmp_path: Path) -> None:
    study = ran(tmp_path / "out", small_scenario("manufacturing.lines=5"))
    patients = pd.read_parquet(tmp_path / "out" / "patients.parquet")
    measured = patients[patients["measured"]]
    days = []
    for _, one in measured.groupby("replication"):
        waits = np.sort(one["waiting_days"].fillna(np.inf))
        days.append(waits[math.ceil(len(waits) / 2) - 1])
    assert np.isfinite(days).all()
    found = study.summary.set_index("metric").loc["half_infused_days"]
    assert found["estimate"] == pytest.approx(np.mean(days))
    assert found["estimate"] > study.summary.set_index("metric").loc["waiting_days_median", "estimate"]


def test_a_day_that_one_replication_does_not_reach_has_no_mean(tmp_path: Path) -> None:
    study = ran(
        tmp_path / "out", small_scenario("manufacturing.lines=4", "manufacturing.failure=0.22"), replications=12
    )
    runs = pd.read_csv(tmp_path / "out" / "runs.csv")
    there = int(runs["half_infused_days"].notna().sum())
    assert 0 < there < 12
    found = study.summary.set_index("metric").loc["half_infused_days"]
    assert math.isnan(found["estimate"])
    assert found["replications"] == there


def test_every_mean_has_its_count(tmp_path: Path) -> None:
    study = ran(tmp_path / "out", small_scenario())
    patients = pd.read_parquet(tmp_path / "out" / "patients.parquet")
    measured = patients[patients["measured"]]
    found = study.summary.set_index("metric")
    a_replication = 6
    assert found.loc[WAIT, "patients"] == pytest.approx(measured["waiting_days"].notna().sum() / a_replication)
    assert found.loc[PROGRESSED, "patients"] == pytest.approx(len(measured) / a_replication)
    assert found.loc["turnaround_days_mean", "patients"] == pytest.approx(
        measured["turnaround_days"].notna().sum() / a_replication
    )
    for metric in METRICS:
        assert math.isnan(found.loc[metric.name, "patients"]) == (metric.over is None)
        assert found.loc[metric.name, "over"] == ("" if metric.over is None else metric.over.label)


@pytest.mark.parametrize("replications", [2, 3])
def test_every_interval_lies_inside_what_is_possible(replications: int, tmp_path: Path) -> None:
    pair = [load(SHIPPED / f"{name}.yaml", ["run.window=120 d"]) for name in ("autologous", "allogeneic")]
    study = ran(tmp_path / "out", *pair, replications=replications)
    assert any("too few to judge" in warning for warning in study.warnings)
    assert "too few to judge" in sentence(findings_of(study), pair[1].scenario.name)
    looked_at = 0
    for file in sorted((tmp_path / "out").glob("*.csv")):
        frame = pd.read_csv(file)
        if "low" not in frame or "unit" not in frame:
            continue
        looked_at += 1
        changes = "baseline" in frame
        shares = frame[frame["unit"] == "share"]
        assert (shares["low"].dropna() >= (-1.0 if changes else 0.0)).all(), file.name
        assert (shares["high"].dropna() <= 1.0).all(), file.name
        if not changes:
            never_negative = frame[frame["unit"].isin(["days", "patients", "slots", "products", "USD 2021"])]
            if file.stem not in ("nmb", "price"):  # what a product is worth may be less than nothing
                assert (never_negative["low"].dropna() >= 0.0).all(), file.name
    assert looked_at >= 6


def test_fewer_lost_by_losing_them_earlier_says_both(tmp_path: Path) -> None:
    files = [SHIPPED / "library" / f"{name}.yaml" for name in ("expanded_network", "few_centres")]
    study = ran(tmp_path / "out", *map(load, files), replications=24)
    findings = findings_of(study)
    (other,) = findings.others
    assert is_flattered(findings, other)
    said = sentence(findings, other)
    assert said.index("the proportion infused is") < said.index("days shorter")
    assert "do not travel to a centre" in said.split("days shorter")[0]
    assert "the proportion infused" in headline(findings, WAIT).split("days shorter")[0]
    # where the short sentence stands alone, what it must not be read without follows
    (early,) = read_with(findings)
    assert early.endswith("patients who are lost early neither wait for long nor progress.")
    assert "the proportion infused is" in early
    assert "do not travel to a centre" in early


def made_up(**changes: tuple[float, float, float]) -> Findings:
    """Two scenarios with these differences, all else alike."""
    units = {name: BY_NAME[name].unit for name in changes}
    return Findings(
        ("A", "B"),
        "A",
        20,
        {("A", INFUSED): Estimate(0.7, 0.6, 0.8, "share"), ("B", INFUSED): Estimate(0.6, 0.5, 0.7, "share")},
        {("B", name): Estimate(*bounds, units[name], change=True) for name, bounds in changes.items()},
    )


LESS, MORE, ALIKE = (-0.1, -0.12, -0.08), (0.1, 0.08, 0.12), (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("changes", "said", "flattered"),
    [
        ({WAIT: ALIKE, PROGRESSED: ALIKE, INFUSED: ALIKE}, "is the same", False),
        ({WAIT: LESS, PROGRESSED: MORE, INFUSED: ALIKE}, "), but the proportion progressed", False),
        ({WAIT: LESS, PROGRESSED: LESS, INFUSED: MORE}, "), and the proportion progressed", False),
        ({WAIT: LESS, PROGRESSED: LESS, INFUSED: LESS}, "With B instead of A, the proportion infused is", True),
        ({WAIT: ALIKE, PROGRESSED: LESS, INFUSED: LESS}, "With B instead of A, the proportion infused is", True),
        ({WAIT: MORE, PROGRESSED: ALIKE, INFUSED: MORE}, "higher (95% simulation interval 8 to 12), but", False),
        ({WAIT: MORE, PROGRESSED: MORE, INFUSED: LESS}, "), and the proportion progressed", False),
        ({WAIT: (0.1, math.nan, math.nan), PROGRESSED: ALIKE, INFUSED: ALIKE}, "one replication, no interval", False),
    ],
)
def test_directions(changes: dict[str, tuple[float, float, float]], said: str, flattered: bool) -> None:
    findings = made_up(**changes)
    assert said in sentence(findings, "B")
    assert is_flattered(findings, "B") is flattered


def test_those_on_the_first_days_list_have_their_own_line(tmp_path: Path) -> None:
    study = ran(
        tmp_path / "out",
        small_scenario("regions.here.already_waiting.count=14", "manufacturing.lines=8", "run.warm_up=30 d"),
        replications=5,
    )
    patients = pd.read_parquet(tmp_path / "out" / "patients.parquet")
    listed = patients[patients["source"] == "waiting"]
    assert len(listed) == 14 * 5
    assert not listed["measured"].any()
    assert study.already_waiting is not None
    found = study.already_waiting.set_index("metric")["estimate"]
    assert found["referred"] == 14.0
    infused = listed["infusion_day"] <= 200.0
    assert found[INFUSED] == pytest.approx(infused.mean())
    days = listed[infused].groupby("replication")["infusion_day"].mean().mean()
    assert found[WAIT] == pytest.approx(days)
    (said,) = on_the_list(findings_of(study))
    assert said.startswith("Of the 14 on the waiting list on the first day, ")
    assert f"after {days:.1f} days" in said


def test_a_constant_output_has_no_effect() -> None:
    inputs = np.random.default_rng(1).random((40, 3))
    found = partial_rank_correlation(inputs, np.full(40, 7.0))
    np.testing.assert_array_equal(found, [[0.0] * 3, [0.0] * 3, [0.0] * 3, [1.0] * 3])


def test_two_identical_strategies_are_the_same(tmp_path: Path) -> None:
    one = load(SHIPPED / "autologous.yaml", ["run.window=120 d"])
    study = ran(tmp_path / "out", one, one, names=("first", "second"), replications=3)
    assert study.icer is not None
    assert study.icer.set_index("scenario").loc["second", ["status", "against"]].tolist() == ["the same", "first"]
    assert study.differences is not None
    known = study.differences[study.differences["estimate"].notna()]
    assert set(known["verdict"]) == {"the same"}


@pytest.mark.parametrize(
    ("base", "setting", "resource"),
    [
        ("autologous", "centres.north.beds=0", "bed"),
        ("autologous", "manufacturing.lines=0", "line"),
        ("autologous", "release_testing.lab=0", "lab"),
        ("allogeneic", "allogeneic.lots.failure=1", "lot_line"),
    ],
)
def test_what_is_asked_for_without_end_has_no_load_and_loses_no_results(
    tmp_path: Path, base: str, setting: str, resource: str
) -> None:
    short = ("run.window=90 d", "run.warm_up=0 d", "run.follow_up=90 d")
    study = ran(tmp_path / "out", load(SHIPPED / f"{base}.yaml", (setting, *short)), replications=2)
    assert (tmp_path / "out" / "summary.csv").is_file()
    table = pd.read_csv(tmp_path / "out" / "resources.csv")
    there = table[table["resource"] == resource]
    assert there["offered_load"].isna().any()
    assert not np.isinf(table["offered_load"]).any()
    assert any(
        "in the measured time there is none of it, or demand without end" in warning for warning in study.warnings
    )
