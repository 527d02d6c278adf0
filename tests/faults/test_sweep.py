"""Sweeps that are killed, interrupted or run out of room: nothing done is lost, and the tables are the same."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import sys
from functools import partial
from pathlib import Path

import pytest

import run_sim
from sim.experiment.sweep.store import STORE, Store
from tests.experiments import slow_sweep
from tests.faults.program import end, end_a_worker, end_all, finish, once_kept, start, tables

# Bytes of a file: enough for a store with some of its blocks.
LIMIT = 49_152


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
    killed = partial(once_kept, 3, partial(end, signal.SIGKILL))
    code, _ = finish(start([*arguments, "--workers", "1"], folder, out, first=killed))
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
    monkeypatch.setattr(Store, "have", lambda self: have(self) | {(11, 0)})
    monkeypatch.setattr(
        sys, "argv", ["run_sim.py", *arguments, "--workers", "1", "--out", str(folder / "killed again")]
    )
    run_sim.cli(sys.argv[1:], standalone_mode=False)
    assert tables(folder / "killed again") != expected


def test_ctrl_c_leaves_what_is_done_and_says_how_to_go_on(whole: tuple[Path, list[str], dict[str, str], int]) -> None:
    folder, arguments, expected, blocks = whole
    out = folder / "interrupted"
    interrupted = partial(once_kept, 1, partial(end_all, signal.SIGINT))
    code, told = finish(start([*arguments, "--workers", "2"], folder, out, first=interrupted))
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
    code, told = finish(start([*arguments, "--workers", "2"], folder, out, first=partial(once_kept, 1, end_a_worker)))
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
    code, told = finish(start([*arguments, "--workers", "1"], folder, out, limit=LIMIT))
    assert code == 1, told
    assert "the run failed: " in told
    assert "results cannot be written" in told
    assert "Traceback" not in told
    assert 0 < kept(out) < blocks
    code, told = finish(start([*arguments, "--workers", "1"], folder, out))
    assert code == 0, told
    assert tables(out) == expected
