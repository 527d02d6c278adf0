"""What was fitted, digitised, observed and calibrated is made again from the files it came from, and compared."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from run_sim import cli
from sim.experiment.calibrate.run import Study
from tests.records.simulated import Extract, describe, register_of, simulated
from tests.records.worlds import truth
from tests.runs import load_text

BEGAN, DAYS, PATIENTS = 100.0, 240.0, 60


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture(scope="module", autouse=True)
def few() -> Iterator[None]:
    """What a calibration predicts is checked on few simulations; on how many, its being made again does not hang."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Study, "checks", 30)
        yield


@pytest.fixture(scope="module")
def place(few: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scenario, a register of it, targets and a curve; and what was made from them."""
    folder = tmp_path_factory.mktemp("verify")
    text = truth(PATIENTS, days=350, observed=int(DAYS)).replace("warm_up: 0 d", f"warm_up: {BEGAN:.0f} d")
    extract = Extract(BEGAN, BEGAN + DAYS)
    describe(folder, register_of(simulated(load_text(text), 4), extract), extract)
    (folder / "world.yaml").write_text(text, encoding="utf-8")
    (folder / "targets.yaml").write_text("targets: {infused_share: {value: 0.5, standard_error: 0.05}}\n")
    (folder / "curve.csv").write_text("month,survival\n0,1\n6,0.8\n12,0.6\n24,0.4\n")
    (folder / "risk.csv").write_text("month,at_risk\n0,60\n12,30\n")
    world, register = folder / "world.yaml", folder / "register.yaml"
    small = ("--vary", "manufacturing.slots.count=1:6", "--particles", 50, "--generations", 2, "--workers", 1)
    for words in (
        ("fit", register, "--base", world, "--out", folder / "fitted.yaml", "--bootstrap", 19),
        ("curve", folder / "curve.csv", "--at-risk", folder / "risk.csv", "--path", "clocks.waiting.death", "--base",
         world, "--source", "Name 2020, figure 2", "--out", folder / "digitised.yaml"),
        ("observe", world, register, "-n", 240, "--out", folder / "observed"),
        ("forecast", world, register, "--months", 1, "--samples", 2, "-n", 1, "--back-test", 5, "--overdue",
         "finish-today", "--set", "lymphodepletion.duration=9 d", "--out", folder / "ahead", "--workers", 1),
        ("calibrate", world, "--to", register, "--out", folder / "calibrated.yaml", *small),
        ("calibrate", world, "--to", folder / "targets.yaml", "--out", folder / "aimed.yaml", *small, "-n", 2),
    ):  # fmt: skip
        done = call(*words, "--quiet")
        assert done.exit_code == 0, done.output
    return folder


REGISTER, TARGETS = ("register.yaml",), ("targets.yaml",)
MADE = {
    "fitted": REGISTER,
    "digitised": ("curve.csv", "risk.csv"),
    "observed": REGISTER,
    "ahead": REGISTER,
    "calibrated": REGISTER,
    "aimed": TARGETS,
}


def verified(place: Path, name: str) -> Result:
    inputs = [word for file in MADE[name] for word in ("--input", place / file)]
    inputs += ["--today", place / "ahead-today.csv"] if name == "ahead" else []
    return call("verify", place / name, "--quiet", "--workers", 1, *inputs)


def all_were_looked_at(folder: Path, done: Result) -> None:
    tables = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["tables"]
    assert all(f" {table} " in f" {done.output}" for table in tables)
    assert "not run again" not in done.output


@pytest.mark.parametrize(("name", "scenarios"), [("fitted", 1), ("digitised", 1), ("aimed", 0)])
def test_every_table_and_the_scenario_that_was_fitted_come_out_again(place: Path, name: str, scenarios: int) -> None:
    done = verified(place, name)
    assert done.exit_code == 0, done.output
    assert "Every number of every table came out again." in done.output
    all_were_looked_at(place / name, done)
    told = [line for line in done.output.splitlines() if f" {name}.yaml " in line]
    assert len(told) == scenarios
    assert all("comes out again" in line for line in told)


@pytest.mark.parametrize(
    ("name", "table", "column"),
    [
        ("fitted", "fits", "estimate"),
        ("observed", "observed", "observed"),
        ("ahead", "forecast_scores", "crps"),
        ("calibrated", "calibration", "distance"),
    ],
)
def test_a_changed_number_is_found_and_every_other_one_comes_out_again(
    place: Path, tmp_path: Path, name: str, table: str, column: str
) -> None:
    folder = tmp_path / name
    shutil.copytree(place / name, folder)
    for file in (*MADE[name], "register.csv", "ahead-today.csv"):
        shutil.copy(place / file, tmp_path)
    stored = folder / f"{table}.csv"
    with stored.open(encoding="utf-8", newline="") as text:
        head, *rows = csv.reader(text)
    cell = rows[0][head.index(column)]
    rows[0][head.index(column)] = str(float(cell) + 0.5)
    with stored.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text, lineterminator="\n").writerows([head, *rows])
    done = verified(tmp_path, name)
    assert done.exit_code == 3
    assert f"NOT IDENTICAL: {stored.name}\n" in done.output
    assert f", 1 differ; row 1, {column}: stored " in done.output
    all_were_looked_at(folder, done)


def test_what_is_not_named_and_what_is_another_file_is_refused_in_a_line(place: Path, tmp_path: Path) -> None:
    done = call("verify", place / "fitted", "--quiet")
    assert done.exit_code == 2
    assert "holds nothing of the file that describes the register but its digest" in done.output
    assert "name register.yaml with --input" in done.output
    other = tmp_path / "register.yaml"
    other.write_text((place / "register.yaml").read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    done = call("verify", place / "fitted", "--quiet", "--input", other)
    assert done.exit_code == 2
    assert "is not the register.yaml that" in done.output
    other.write_text((place / "register.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "register.csv").write_text((place / "register.csv").read_text(encoding="utf-8") + "\n", "utf-8")
    done = call("verify", place / "fitted", "--quiet", "--input", other)
    assert done.exit_code == 2
    assert "is not the register that" in done.output


def test_a_back_test_is_of_the_scenario_with_what_was_set_on_it(place: Path) -> None:
    stated = json.loads((place / "ahead" / "manifest.json").read_text(encoding="utf-8"))["scenarios"]
    assert [entry["name"] for entry in stated] == ["Truth", "Truth, base of the back-test"]
    assert [entry["resolved"]["lymphodepletion"]["duration"] for entry in stated] == ["9 d", "9 d"]


def test_without_the_register_a_forecast_is_verified_but_for_its_scores(place: Path) -> None:
    done = call("verify", place / "ahead", "--quiet", "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "not run again" in done.output


def test_folders_that_cannot_be_made_again_say_so(place: Path) -> None:
    done = call("records", "check", place / "register.yaml", "--out", place / "checked")
    assert done.exit_code == 0, done.output
    done = call("verify", place / "checked", "--quiet")
    assert done.exit_code == 2
    assert "`records check` makes it again" in done.output


def test_no_row_of_the_register_is_in_the_folder(place: Path) -> None:
    for name in ("fitted", "observed", "ahead", "calibrated"):
        for file in (place / name).rglob("*"):
            if file.is_file():
                assert b"Person " not in file.read_bytes(), file
