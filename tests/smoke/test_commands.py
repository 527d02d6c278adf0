"""Each command of the program runs and brings what it should, whatever versions of the libraries are installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from run_sim import cli
from tests import program
from tests.experiments import SMALL
from tests.faults.program import ROOT

PAIR = tuple(str(ROOT / "scenarios" / f"{name}.yaml") for name in ("autologous", "allogeneic"))
CASE = str(ROOT / "scenarios" / "validation" / "fifty_patients_3.yaml")
LINES = ("small.yaml", "--vary", "manufacturing.lines=2,3", "-q")
SEEN: set[str] = set()
# For CI, which calls it once with each set of versions.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two scenarios and a comparison of them."""
    folder = tmp_path_factory.mktemp("smoke")
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    (folder / "more.yaml").write_text("extends: small.yaml\nname: More\nmanufacturing: {lines: 4}\n", encoding="utf-8")
    call(folder, "compare", "small.yaml", "more.yaml", "--workers", "2", "--engine", "simpy", "-q", "--out", "pair")
    return folder


def call(folder: Path, *arguments: str, code: int = 0) -> str:
    """What the program says on standard output; it leaves with that code."""
    SEEN.add(arguments[0])
    done = program.call_apart(*arguments, cwd=folder)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_the_program_starts_by_itself(place: Path) -> None:
    """The commands of the other tests come from a process that has imported everything."""
    command = [sys.executable, str(ROOT / "run_sim.py"), "check", "small.yaml"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "Small" in done.stdout


def test_run_and_compare_agree_on_the_same_scenario(place: Path) -> None:
    call(place, "run", "small.yaml", "--engine", "compiled", "-q", "--out", "alone")
    alone, pair = (pd.read_csv(place / name / "summary.csv").set_index("metric") for name in ("alone", "pair"))
    pair = pair[pair["scenario"] == "Small"]
    assert len(alone) > 10
    np.testing.assert_array_equal(alone["estimate"], pair["estimate"])
    patients = pd.read_parquet(place / "alone" / "patients.parquet")
    assert set(patients["replication"]) == {0, 1, 2, 3}


def test_report_draws_again_in_every_form(place: Path) -> None:
    call(place, "report", "pair", "--xlsx", "--pptx", "-q")
    assert len(list((place / "pair").rglob("*.xlsx"))) == 1
    assert len(list((place / "pair").rglob("*.pptx"))) == 1
    call(place, "methods", "pair", "-q")
    assert (place / "pair" / "methods.md").stat().st_size > 1000


def test_verify_finds_the_same_numbers(place: Path) -> None:
    assert "Every number of every table came out again." in call(place, "verify", "pair", "--engine", "simpy", "-q")


def test_studies_of_many_points(place: Path) -> None:
    call(place, "sweep", *LINES, "-n", "2", "--out", "grid")
    assert set(pd.read_csv(place / "grid" / "sweep.csv")["point"]) == {0, 1}
    call(place, "sweep", *LINES[:1], "--vary", "manufacturing.lines=1:3", "--design", "sobol", "--samples", "4", "-n",
         "2", "-q", "--out", "sobol")  # fmt: skip
    assert np.isfinite(pd.read_csv(place / "sobol" / "sweep.csv")["estimate"]).any()
    call(place, "plan", *LINES, "--target", "infused_share >= 0.1", "-n", "5", "--out", "planned")
    call(place, "psa", *PAIR, "--samples", "2", "-n", "1", "-q", "--out", "psa")
    assert len(pd.read_csv(place / "psa" / "psa_icer.csv")) == 2


def test_own_records(place: Path) -> None:
    call(place, "run", "small.yaml", "--set", "run.window=300d", "-n", "2", "--event-log", "-q", "--out", "logged")
    shutil.copy(place / "logged" / "event_log" / "1.csv", place / "register.csv")
    call(place, "records", "new", "register.csv")
    call(place, "fit", "register.yaml", "--base", "small.yaml", "--out", "ours.yaml", "--bootstrap", "0", "-q")
    assert len(pd.read_csv(place / "ours" / "fits.csv")) > 5
    call(place, "observe", "ours.yaml", "register.yaml", "-n", "300", "-q", "--out", "observed")
    assert len(pd.read_csv(place / "observed" / "observed_scores.csv")) > 5
    call(place, "calibrate", "small.yaml", "--to", "register.yaml", "--vary", "manufacturing.lines=1:4", "--out",
         "calibrated.yaml", "--particles", "50", "--generations", "2", "-q")  # fmt: skip
    assert len(pd.read_csv(place / "calibrated" / "calibration_posterior.csv")) == 1
    call(place, "forecast", "ours.yaml", "register.yaml", "--months", "2", "--samples", "3",
         "--overdue", "finish-today", "-q", "--out", "ahead")  # fmt: skip
    assert set(pd.read_csv(place / "ahead" / "forecast.csv")["month"]) == {1, 2}


def test_a_published_curve(place: Path) -> None:
    (place / "figure.csv").write_text("month,percent\n0,100\n2,85\n4,70\n6,61\n9,48\n", encoding="utf-8")
    call(place, "curve", "figure.csv", "--path", "clocks.waiting.progression", "--base", "small.yaml",
         "--source", "Figure 2", "--patients", "128", "--out", "from_figure.yaml", "-q")  # fmt: skip
    assert len(pd.read_csv(place / "from_figure" / "fits.csv")) >= 1


def test_what_only_reads_and_tells(place: Path) -> None:
    assert "Small" in call(place, "check", "small.yaml", "--path")
    assert json.loads(call(place, "schema"))["title"] == "Vein-to-vein scenario"
    assert "patients.parquet" in call(place, "tables")
    assert "slot_starved" in call(place, "list")
    assert "incidence" in call(place, "charts")
    call(place, "new", "mine.yaml")
    assert "mine.yaml" in call(place, "check", "mine.yaml")
    assert "fifty_patients_3" in call(place, "validate", CASE, "-n", "1", "-q", "--out", "validated")
    call(place, "app", "nowhere.yaml", code=2)
    call(place, "run", "small.yaml", "--set", "manufacturing.lines=-1", code=2)


def test_no_command_is_left_out() -> None:
    assert set(cli.list_commands(None)) <= SEEN  # type: ignore[arg-type]
