"""A stored result is run again; whatever was changed in it is found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from run_sim import cli
from sim.engine.choice import SIMPY
from sim.experiment.disk.folder import FolderError
from sim.experiment.disk.manifest import checksums, seal
from sim.experiment.verify.check import Verification, read_manifest, verify
from tests.experiments import SMALL
from tests.program import shortened
from tests.runs import QUICKEST, SHIPPED

SHORT = ("--set", "run.warm_up=30 d", "--set", "run.window=90 d", "--set", "run.follow_up=120 d", "-n", "2", "-q")


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small comparison with its events, never changed."""
    folder = tmp_path_factory.mktemp("made") / "pair"
    files = [SHIPPED / "autologous.yaml", SHIPPED / "allogeneic.yaml"]
    found = command("compare", *files, *SHORT, "--trace", "--engine", QUICKEST, "--out", folder)
    assert found.exit_code == 0, found.output
    return folder


@pytest.fixture(scope="module")
def made_small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A smaller one, with a source."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.yaml").write_text(SMALL + 'sources: {apheresis.duration: "DV-08"}\n')
    (folder / "more.yaml").write_text("extends: small.yaml\nname: More\nmanufacturing: {lines: 4}\n")
    files = [folder / "small.yaml", folder / "more.yaml"]
    found = command("compare", *files, *SHORT, "--trace", "--engine", QUICKEST, "--out", folder / "pair")
    assert found.exit_code == 0, found.output
    return folder / "pair"


@pytest.fixture
def folder(made_small: Path, tmp_path: Path) -> Path:
    """A copy of that, to be changed."""
    return Path(shutil.copytree(made_small, tmp_path / "pair"))


def again(folder: Path) -> Verification:
    return verify(folder, QUICKEST, 1, lambda _: None)


def failed(folder: Path) -> dict[str, str]:
    return {check.name: check.said for check in again(folder).checks if not check.passed}


def reseal(folder: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
    """What somebody does who knows how the manifest is made: change it, and make every checksum fit."""
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    manifest["tables"] = checksums(folder)
    manifest["seal"] = seal(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def change_number(file: Path, column: str) -> None:
    table = pd.read_csv(file)
    row = 3 if 3 in table[column].dropna().index else table[column].dropna().index[-1]
    table.loc[row, column] = table.loc[row, column] + 0.001
    table.to_csv(file, index=False)


def change_text(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_result_comes_out_again_and_nothing_in_it_is_touched(made: Path) -> None:
    before = checksums(made)
    found = again(made)
    assert found.identical
    assert {check.name for check in found.checks} >= {"summary.csv", "patients.parquet", "events.parquet", "runs.csv"}
    assert all(check.verdict == "identical" for check in found.checks)
    assert found.promise.startswith("identical numbers were promised: same program")
    assert checksums(made) == before


def test_the_command_says_so(made: Path) -> None:
    found = command("verify", made, "--engine", QUICKEST, "-q")
    assert found.exit_code == 0
    assert "Every number of every table came out again." in found.output


def test_the_other_engine_gives_the_same_numbers(made: Path) -> None:
    pytest.importorskip("numba")
    assert verify(made, SIMPY, 1, lambda _: None).identical


def test_a_changed_number_is_found(folder: Path) -> None:
    change_number(folder / "summary.csv", "estimate")
    change_number(folder / "waits.csv", "share")
    found = failed(folder)
    assert set(found) == {"summary.csv", "waits.csv"}
    for table, column in (("summary.csv", "estimate"), ("waits.csv", "share")):
        assert "changed after it was written (checksum)" in found[table]
        assert f"1 differ; row 4, {column}: stored" in found[table]


def test_what_was_changed_is_found_and_nothing_else_where_every_checksum_was_made_to_fit(folder: Path) -> None:
    change_number(folder / "summary.csv", "estimate")
    patients = pd.read_parquet(folder / "patients.parquet")
    patients.loc[5, "end_day"] += 1.0
    patients.to_parquet(folder / "patients.parquet", index=False)
    change_text(folder / "changes.csv", "lines", "slots")
    change_text(folder / "parameters.csv", "10 / month", "11 / month")
    reseal(folder)
    found = failed(folder)
    assert set(found) == {"summary.csv", "patients.parquet", "changes.csv", "parameters.csv"}
    assert "1 differ; row 6, end_day" in found["patients.parquet"]


def test_a_changed_source_is_found_and_the_command_says_so(folder: Path) -> None:
    change_text(folder / "parameters.csv", "DV-08", "DV-09")
    reseal(folder)
    found = command("verify", folder, "--engine", QUICKEST, "-q")
    assert found.exit_code == 3
    assert found.stdout.splitlines()[-1] == "NOT IDENTICAL: parameters.csv"


def test_a_missing_and_a_ruined_table_are_found(folder: Path) -> None:
    (folder / "outcomes.csv").unlink()
    (folder / "patients.parquet").write_bytes(b"PAR1 no more PAR1")
    found = failed(folder)
    assert set(found) == {"outcomes.csv", "patients.parquet"}
    assert found["outcomes.csv"] == "there was such a table"
    assert "cannot be read" in found["patients.parquet"]


def test_a_table_of_others_is_named_and_not_looked_at(folder: Path) -> None:
    (folder / "better.csv").write_text("a,b\n1,2\n")
    found = again(folder)
    assert found.identical
    assert found.notes == ["not of these results, and not looked at: better.csv"]


def test_a_changed_word_of_the_manifest_is_found(folder: Path) -> None:
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["command"] = "run_sim.py compare something else"
    file.write_text(json.dumps(manifest))
    assert list(failed(folder)) == ["manifest.json"]


def test_another_scenario_in_the_manifest_is_found(folder: Path) -> None:
    def more_slots(manifest: dict[str, Any]) -> None:
        manifest["scenarios"][0]["resolved"]["run"]["seed"] = 1
        manifest["seed"] = 1

    reseal(folder, more_slots)
    assert set(failed(folder)) == {"scenario 'Small'", "seed"}


def test_another_resolved_scenario_gives_other_numbers(folder: Path) -> None:
    file = folder / "scenarios" / "1.yaml"
    text = file.read_text()
    assert "seed: 11\n" in text
    file.write_text(text.replace("seed: 11\n", "seed: 12\n"))
    reseal(folder)
    assert {"summary.csv", "patients.parquet", "seed"} <= set(failed(folder))


def test_a_folder_of_an_earlier_program_is_run_and_nothing_promised(folder: Path) -> None:
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text())
    for key in ("tables", "seal", "code", "asked"):
        del manifest[key]
    manifest["versions"]["vein2vein"] = "0.0.9"
    file.write_text(json.dumps(manifest))
    shutil.rmtree(folder / "scenarios")
    found = again(folder)
    assert "not promised here: vein2vein 0.0.9 then" in found.promise
    verdicts = {check.name: check.verdict for check in found.checks}
    assert verdicts["summary.csv"] == verdicts["patients.parquet"] == "identical"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"scenarios": []}', '{"scenarios": [{"resolved": {}}], "replications": 1}', "[" * 100_000]
)
def test_what_is_no_manifest_is_said_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(FolderError, match="manifest"):
        read_manifest(tmp_path)
    found = command("verify", tmp_path, "-q")
    assert found.exit_code == 2
    assert "Traceback" not in found.output


def test_a_scenario_that_this_version_does_not_know_is_said_in_words(folder: Path) -> None:
    file = folder / "scenarios" / "1.yaml"
    file.write_text(file.read_text() + "\nfuture: 1\n")
    with pytest.raises(FolderError, match=r"scenario 1 cannot be run by this version \(future: unknown key"):
        again(folder)


def test_a_sweep_is_run_again(tmp_path: Path) -> None:
    out = tmp_path / "sweep"
    arguments = [SHIPPED / "autologous.yaml", "--vary", "manufacturing.failure=0,0.2", "--engine", QUICKEST]
    found = command("sweep", *arguments, *SHORT, "--out", out)
    assert found.exit_code == 0, found.output
    assert again(out).identical
    change_number(out / "sweep.csv", "estimate")
    reseal(out)
    assert list(failed(out)) == ["sweep.csv"]


@pytest.mark.parametrize(
    ("asked", "table", "column"),
    [
        (("sweep", "--vary", "manufacturing.lines=4,6", "--vary", "apheresis.duration=1d,2d"), "heat_map", "estimate"),
        (("sweep", "--vary", "apheresis.duration=1d:9d", "--design", "one_at_a_time"), "tornado", "high_estimate"),
        (("sweep", "--vary", "apheresis.duration=1d:9d", "--design", "morris", "--samples", "2"), "morris", "mu"),
        (
            ("sweep", "--vary", "apheresis.duration=1d:9d", "--design", "latin_hypercube", "--samples", "6"),
            "prcc",
            "low",
        ),
        (("plan", "--vary", "manufacturing.lines=2:4", "--target", "infused_share >= 0.1"), "plan", "estimate"),
        (("psa", "--samples", "3"), "ceac", "probability"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_study_of_many_points_is_run_again(tmp_path: Path, asked: tuple[str, ...], table: str, column: str) -> None:
    kind, *how = asked
    out, file = tmp_path / "study", SHIPPED / "autologous.yaml"
    if kind != "psa":  # which needs economics; the others are of many runs
        file = tmp_path / "small.yaml"
        file.write_text(SMALL)
    short = shortened(SHORT, ["-n", "5"]) if kind == "plan" else SHORT
    found = command(kind, file, *how, *short, "--engine", QUICKEST, "--workers", "1", "--out", out)
    assert found.exit_code == 0, found.output
    checks = again(out).checks
    assert {check.verdict for check in checks} == {"identical"}
    assert f"{table}.csv" in {check.name for check in checks}
    change_number(out / f"{table}.csv", column)
    reseal(out)
    assert list(failed(out)) == [f"{table}.csv"]
