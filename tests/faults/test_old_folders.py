"""Folders that are half-written, damaged or of an earlier version: never taken for whole, and never lost."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from run_sim import cli
from sim.experiment.disk.manifest import seal
from sim.pure import streams
from sim.tables import VERSION
from tests.experiments import SMALL
from tests.faults.program import contents


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def cut(name: str, share: float) -> Callable[[Path], None]:
    def harm(results: Path) -> None:
        content = (results / name).read_bytes()
        (results / name).write_bytes(content[: int(len(content) * share)])

    return harm


def cut_at_a_line(results: Path) -> None:
    file = results / "outcomes.csv"
    file.write_text("".join(file.read_text(encoding="utf-8").splitlines(keepends=True)[:-2]), encoding="utf-8")


def cut_tables_of_the_manifest(results: Path) -> None:
    """As somebody's script might leave it: JSON, and without a part."""
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    del manifest["tables"]["outcomes.csv"]
    (results / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


DAMAGES = {
    "no manifest": (lambda results: (results / "manifest.json").unlink(), "no results here (no manifest.json)"),
    "empty manifest": (cut("manifest.json", 0.0), "manifest.json: cannot be read as a manifest"),
    "cut manifest": (cut("manifest.json", 0.5), "manifest.json: cannot be read as a manifest"),
    "other manifest": (lambda results: (results / "manifest.json").write_text("[]"), "is no manifest of results"),
    "manifest with less": (cut_tables_of_the_manifest, "manifest.json: is not as it was written"),
    "cut table": (cut("summary.csv", 0.6), "summary.csv: is cut off or changed since it was written"),
    "table cut at a line": (cut_at_a_line, "outcomes.csv: is cut off or changed since it was written"),
    "empty table": (cut("stages.csv", 0.0), "stages.csv: is cut off or changed"),
    "cut patients": (cut("patients.parquet", 0.9), "patients.parquet: is cut off or changed"),
    "no table": (lambda results: (results / "waits.csv").unlink(), "waits.csv: is gone"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_not_drawn_and_nothing_in_it_is_touched(folder: Path, damage: str) -> None:
    results = folder / "results"
    harm, told = DAMAGES[damage]
    harm(results)
    before = contents(results)
    done = call("report", results)
    assert done.exit_code == 2
    assert told in done.stderr
    assert contents(results) == before


def of_format(results: Path, version: int | None) -> None:
    """As a version left it whose tables had another contract; before 0.2 there was neither a version nor a seal."""
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    for key in ("format", "tables", "pages", "seal"):
        del manifest[key]
    if version is not None:
        manifest["format"] = version
    (results / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize("command", ["report", "verify", "methods"])
@pytest.mark.parametrize(("version", "told"), [(None, "version 1"), (2, "version 2"), (VERSION + 1, "version 4")])
def test_a_folder_of_another_version_is_refused_in_words_and_left_as_it_is(
    folder: Path, command: str, version: int | None, told: str
) -> None:
    results = folder / "results"
    of_format(results, version)
    before = contents(results)
    done = call(command, results)
    assert done.exit_code == 2
    assert f"its tables are of {told}, this program reads version {VERSION}" in done.stderr
    assert contents(results) == before


@pytest.mark.parametrize(("version", "told"), [(None, "version 1"), (streams.VERSION + 1, "version 3")])
def test_numbers_drawn_otherwise_are_shown_and_not_verified(folder: Path, version: int | None, told: str) -> None:
    results = folder / "results"
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    assert manifest.pop("draws") == streams.VERSION
    if version is not None:
        manifest["draws"] = version
    manifest["seal"] = seal(manifest)
    (results / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert call("report", results, "-q").exit_code == 0
    before = contents(results)
    done = call("verify", results)
    assert done.exit_code == 2
    assert f"made with random numbers of {told}, this program draws version {streams.VERSION}" in done.stderr
    assert contents(results) == before


def test_a_manifest_with_more_in_it_is_still_drawn(folder: Path) -> None:
    results = folder / "results"
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    manifest["of a later version"] = {"more": 1}
    manifest["seal"] = seal(manifest)
    (results / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert call("report", results, "-q").exit_code == 0


SWEEP = ("--vary", "manufacturing.lines=1,2", "-n", "2", "--engine", "simpy", "-q")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scenario and a finished sweep of it, never changed."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    done = call("sweep", folder / "small.yaml", *SWEEP, "--out", folder / "out")
    assert done.exit_code == 0, done.output
    return folder


def of_another_version(store: Path) -> None:
    database = sqlite3.connect(store)
    with database:
        database.execute("UPDATE identity SET value = '0.0.9 0123456789ab' WHERE name = 'version'")
    database.close()


def of_other_draws(store: Path) -> None:
    database = sqlite3.connect(store)
    with database:
        database.execute("DELETE FROM identity WHERE name = 'random numbers'")
    database.close()


def with_another_value(store: Path) -> None:
    """One number of one block is another one; what is there of points and replications stays."""
    database = sqlite3.connect(store)
    with database:
        (data,) = database.execute("SELECT data FROM blocks WHERE point = 1").fetchone()
        database.execute("UPDATE blocks SET data = ? WHERE point = 1", (data[:8] + data[16:24] + data[16:],))
    database.close()


def of_something_else(store: Path) -> None:
    store.unlink()
    database = sqlite3.connect(store)
    with database:
        database.execute("CREATE TABLE addresses (name TEXT)")
    database.close()


def ruined(store: Path) -> None:
    content = store.read_bytes()
    store.write_bytes(content[:100] + bytes(len(content) - 100))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (of_another_version, 'holds results of another sweep (version was "0.0.9 0123456789ab", now '),
        (of_other_draws, 'holds results of another sweep (random numbers was not given, now "version 2")'),
        (ruined, "is no store of results"),
        (lambda store: store.write_bytes(b"PAR1" * 2000), "is no store of results"),
        (with_another_value, "results of point 1 were changed since they were written; delete it, and run again"),
        (of_something_else, "is a database of something else; name another folder"),
    ],
)
def test_a_sweep_never_goes_on_from_what_is_not_its_own(
    swept: Path, tmp_path: Path, harm: Callable[[Path], None], told: str
) -> None:
    out = Path(shutil.copytree(swept / "out", tmp_path / "out"))
    harm(out / "sweep.sqlite")
    before = contents(out)
    done = call("sweep", swept / "small.yaml", *SWEEP, "--out", out)
    assert done.exit_code == 2, done.output
    assert told in done.stderr
    assert contents(out) == before


def test_a_sweep_without_its_store_is_run_anew_over_its_own_tables(swept: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(swept / "out", tmp_path / "out"))
    (out / "sweep.sqlite").unlink()
    assert call("sweep", swept / "small.yaml", *SWEEP, "--out", out).exit_code == 0
    assert (out / "sweep.csv").read_bytes() == (swept / "out" / "sweep.csv").read_bytes()


def test_a_sweep_makes_lost_and_damaged_tables_again(swept: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(swept / "out", tmp_path / "out"))
    before = {name: digest for name, digest in contents(out).items() if name.endswith((".csv", ".parquet"))}
    (out / "points.csv").unlink()
    cut("sweep.parquet", 0.5)(out)
    assert call("report", out).exit_code == 2
    done = call("sweep", swept / "small.yaml", *SWEEP, "--out", out)
    assert done.exit_code == 2, "what is damaged may have been changed on purpose"
    assert "--replace sweep.parquet" in done.stderr
    done = call("sweep", swept / "small.yaml", *SWEEP, "--out", out, "--replace", "sweep.parquet")
    assert done.exit_code == 0, done.output
    after = contents(out)
    assert {name: after[name] for name in before} == before


def test_a_cut_store_is_refused_or_gives_the_same_tables(swept: Path, tmp_path: Path) -> None:
    whole = contents(swept / "out")
    for k, share in enumerate((0.0, 0.2, 0.5, 0.9)):
        out = tmp_path / str(k)
        out.mkdir()
        shutil.copy(swept / "out" / "sweep.sqlite", out)
        cut("sweep.sqlite", share)(out)
        done = call("sweep", swept / "small.yaml", *SWEEP, "--out", out)
        if done.exit_code == 0:
            assert contents(out)["sweep.csv"] == whole["sweep.csv"]
        else:
            assert done.exit_code == 2, done.output
            assert "is no store of results" in done.stderr


@pytest.mark.parametrize(
    "tables", [{"../../secret.csv": "0"}, {"/etc/passwd": "0"}, {"summary.csv": 1}, ["summary.csv"], "x", {"": "0"}]
)
@pytest.mark.parametrize("command", ["report", "verify"])
def test_a_manifest_that_names_what_is_no_table_of_the_folder_is_refused(
    tmp_path: Path, command: str, tables: object
) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"tables": tables}), encoding="utf-8")
    done = call(command, tmp_path)
    assert done.exit_code == 2
    assert "is no manifest of results" in done.stderr


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "x"),
        ("replications", "x"),
        ("scenarios", [1]),
        ("asked", {"replications": "x"}),
        ("asked", {"precision": {"nothing": 1}}),
        ("asked", {"list_below": "x"}),
        ("kind", "magic"),
    ],
)
def test_a_manifest_of_which_nothing_can_be_run_again_is_refused(folder: Path, key: str, value: object) -> None:
    file = folder / "results" / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**manifest, key: value}), encoding="utf-8")
    done = call("verify", folder / "results", "-q")
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith(str(folder / "results"))
