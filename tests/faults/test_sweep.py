"""Sweeps that are killed, interrupted or run out of room: nothing done is lost, and the tables are the same."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import run_sim
from sim.experiment.sweep.store import STORE, Store
from tests.experiments import slow_sweep
from tests.faults.program import finish, start, tables, wait_for, workers_of


def has_blocks() -> Callable[[Path], bool]:
    """Whether results are kept: more of them are seen than at first, so that the first ones are committed."""
    first: list[int] = []

    def more(out: Path) -> bool:
        seen = out.with_name(f"{out.name}.seen")
        try:
            seen.mkdir(exist_ok=True)
            shutil.copy(out / STORE, seen / STORE)
            count = kept(seen)
        except (OSError, sqlite3.Error):
            return False
        if count and not first:
            first.append(count)
        return bool(first) and count > first[0]

    return more


def kept(out: Path) -> int:
    database = sqlite3.connect(out / STORE)
    try:
        return int(database.execute("SELECT count(*) FROM blocks").fetchone()[0])
    finally:
        database.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], dict[str, str], int]:
    """(folder, arguments, tables of an uninterrupted sweep, how many blocks it has)."""
    folder = tmp_path_factory.mktemp("whole")
    arguments = slow_sweep(folder)
    code, told = finish(start([*arguments, "--workers", "1"], folder, folder / "whole"))
    assert code == 0, told
    assert "Points" not in told, "the progress bar is for screens, not for pipes"
    return folder, arguments, tables(folder / "whole"), kept(folder / "whole")


def test_a_killed_sweep_goes_on_where_it_stopped(
    whole: tuple[Path, list[str], dict[str, str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, arguments, expected, blocks = whole
    out = folder / "killed"
    process = start([*arguments, "--workers", "1"], folder, out)
    grown = has_blocks()
    wait_for(lambda: grown(out))
    os.kill(process.pid, signal.SIGKILL)
    code, _ = finish(process)
    assert code == -signal.SIGKILL
    assert not (out / "sweep.csv").exists()
    done_before = kept(out)
    assert 0 < done_before < blocks
    shutil.copytree(out, folder / "killed again")
    before = (out / STORE).stat().st_mtime_ns
    code, told = finish(start([*arguments, "--workers", "2"], folder, out))
    assert code == 0, told
    assert (out / STORE).stat().st_mtime_ns > before
    assert kept(out) == blocks
    assert tables(out) == expected

    # what is there taken for all that there is to do: the same comparison sees it
    have = Store.have
    monkeypatch.setattr(Store, "have", lambda self: have(self) | {(39, 0)})
    monkeypatch.setattr(
        sys, "argv", ["run_sim.py", *arguments, "--workers", "1", "--out", str(folder / "killed again")]
    )
    run_sim.cli(sys.argv[1:], standalone_mode=False)
    assert tables(folder / "killed again") != expected


def test_ctrl_c_leaves_what_is_done_and_says_how_to_go_on(whole: tuple[Path, list[str], dict[str, str], int]) -> None:
    folder, arguments, expected, blocks = whole
    out = folder / "interrupted"
    process = start([*arguments, "--workers", "2"], folder, out)
    grown = has_blocks()
    wait_for(lambda: grown(out))
    os.killpg(process.pid, signal.SIGINT)
    code, told = finish(process)
    assert code == 130, told
    assert f"what is done is kept in {out}: the same command goes on from there" in told
    assert "Traceback" not in told
    assert 0 < kept(out) < blocks
    code, told = finish(start([*arguments, "--workers", "1"], folder, out))
    assert code == 0, told
    assert tables(out) == expected


def test_a_dead_worker_is_told_of_and_what_is_done_is_kept(
    whole: tuple[Path, list[str], dict[str, str], int],
) -> None:
    folder, arguments, expected, _ = whole
    out = folder / "dead"
    process = start([*arguments, "--workers", "2"], folder, out)
    grown = has_blocks()
    wait_for(lambda: grown(out))
    (victim, *_) = workers_of(process.pid)
    os.kill(victim, signal.SIGKILL)
    code, told = finish(process)
    assert code == 1, told
    assert "the run failed: a worker process died" in told
    assert "Traceback" not in told
    assert kept(out) > 0
    code, told = finish(start([*arguments, "--workers", "1"], folder, out))
    assert code == 0, told
    assert tables(out) == expected


def test_a_full_disk_is_told_of_and_what_is_done_is_kept(
    whole: tuple[Path, list[str], dict[str, str], int],
) -> None:
    folder, arguments, expected, blocks = whole
    out = folder / "full"
    code, told = finish(start([*arguments, "--workers", "1"], folder, out, limit=90_112))
    assert code == 1, told
    assert "the run failed: " in told
    assert "results cannot be written" in told
    assert "Traceback" not in told
    assert 0 < kept(out) < blocks
    code, told = finish(start([*arguments, "--workers", "1"], folder, out))
    assert code == 0, told
    assert tables(out) == expected
