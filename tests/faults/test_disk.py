"""A disk that is full and one that cannot be written: told in words, old results whole, nothing half-made.

The disks are real ones, small and in memory, mounted in a name space of the test's own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim.experiment.disk.manifest import require_whole
from tests.faults.program import ROOT, contents, finish, leftovers, start, tables

OWN_MOUNTS = ["unshare", "--user", "--map-root-user", "--mount"]


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    mounted = [*OWN_MOUNTS, "mount", "-t", "tmpfs", "tmpfs", "/tmp"]
    return subprocess.run(mounted, capture_output=True, check=False).returncode == 0


mounts = pytest.mark.skipif(not can_mount(), reason="needs `unshare` and the right to mount in a name space of its own")


def on_disk(folder: Path, options: str, before: str, *arguments: str) -> tuple[int, str, dict[str, str], list[str]]:
    """(exit code, what was said, a digest of each file on the disk afterwards, what lies hidden there).

    `before`: a shell command that lays out the disk.
    """
    program = " ".join([sys.executable, str(ROOT / "run_sim.py"), *arguments])
    kept = folder / "kept"
    (folder / "disk").mkdir()
    script = f"mount -t tmpfs -o {options} tmpfs disk && {before}; {program}; code=$?; cp -a disk kept; exit $code"
    done = subprocess.run([*OWN_MOUNTS, "sh", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr, contents(kept), [e.name for e in kept.glob(".*")]


def room(folder: Path) -> int:
    """Bytes for the results that are there, and not for another table of patients nor a page with a chart."""
    return sum(-(-file.stat().st_size // 4096) * 4096 for file in (folder / "results").rglob("*") if file.is_file())


@mounts
def test_a_disk_that_is_too_small_for_the_report_keeps_the_tables(folder: Path) -> None:
    run = ("run", "small.yaml", "-q", "--engine", "simpy", "--out", "disk/results")
    code, told, files, hidden = on_disk(folder, "size=3m", "true", *run)
    assert code == 1, told
    assert "the report was not drawn (" in told
    assert "No space left on device" in told
    assert "all tables are in disk/results: python run_sim.py report disk/results" in told
    whole = {f"results/{name}": digest for name, digest in tables(folder / "results").items()}
    assert {name: files.get(name) for name in whole} == whole
    assert not any(name.startswith("results/charts") for name in files)
    assert hidden == []


@mounts
@pytest.mark.parametrize("size", ["16k", pytest.param("100k", marks=pytest.mark.slow)])
def test_a_full_disk_is_told_and_leaves_nothing(folder: Path, size: str) -> None:
    run = ("run", "small.yaml", "-q", "--engine", "simpy", "--out", "disk/results")
    code, told, files, hidden = on_disk(folder, f"size={size}", "true", *run)
    assert code == 1, told
    assert "the run failed: " in told
    assert "No space left on device" in told
    assert "Traceback" not in told
    assert (files, hidden) == ({}, [])


@mounts
def test_a_full_disk_leaves_the_old_results(folder: Path) -> None:
    run = ("run", "small.yaml", "-q", "--engine", "simpy", "-n", "5", "--out", "disk/results")
    code, told, files, hidden = on_disk(folder, f"size={room(folder)}", "cp -a results disk/results", *run)
    assert code == 1, told
    assert "No space left on device" in told
    before = contents(folder / "results")
    assert {name.removeprefix("results/"): digest for name, digest in files.items()} == before
    assert hidden == []


@mounts
def test_a_full_disk_leaves_the_old_report(folder: Path) -> None:
    code, told, files, hidden = on_disk(
        folder, f"size={room(folder)}", "cp -a results disk/results", "report", "disk/results", "--style", "slide"
    )
    assert code == 1, told
    assert "No space left on device" in told
    before = contents(folder / "results")
    after = {name.removeprefix("results/"): digest for name, digest in files.items()}
    assert before.keys() <= after.keys()
    assert all(after[name] == digest for name, digest in tables(folder / "results").items())
    assert hidden == []


@mounts
@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "small.yaml", "--out", "disk/results"),
        ("sweep", "small.yaml", "--vary", "manufacturing.lines=1,2", "--out", "disk/results"),
        ("validate", "--out", "disk/results"),
        ("new", "disk/mine.yaml"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_disk_that_cannot_be_written_is_told_before_anything_runs(folder: Path, arguments: tuple[str, ...]) -> None:
    code, told, files, _ = on_disk(folder, "ro", "true", *arguments)
    assert code == 2, told
    assert "disk/" in told
    assert "cannot be written (Read-only file system)" in told
    assert "Traceback" not in told
    assert files == {}


def test_a_file_that_may_not_grow_is_told_and_leaves_the_old_results(folder: Path) -> None:
    before = contents(folder / "results")
    process = start(["run", "small.yaml", "-q", "--engine", "simpy"], folder, folder / "results", limit=30_000)
    code, told = finish(process)
    assert code == 1, told
    assert "the run failed: " in told
    assert "File too large" in told
    assert contents(folder / "results") == before
    assert leftovers(folder / "results") == []
    require_whole(folder / "results")
