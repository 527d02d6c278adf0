"""Runs and comparisons that are killed, interrupted or starved: the old results stay whole until the new ones are."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.experiment.disk import publish as put
from sim.experiment.disk.manifest import require_whole
from tests.faults.program import contents, finish, kill_whole, leftovers, start, tables, wait_for, workers_of

QUICK = ["-q", "--engine", "simpy"]
# A run that is still at its replications when something happens to it.
LONG = ["-q", "--engine", "simpy", "-n", "4000"]


def half_built(folder: Path) -> Path | None:
    """What is being built in the folder of results."""
    return next((place / "new" for place in (folder / "results").glob(".vein2vein.*.partial")), None)


def holds(folder: Path, pattern: str) -> Callable[[], bool]:
    """Whether what is being built holds such a file."""

    def found() -> bool:
        building = half_built(folder)
        return building is not None and any(building.glob(pattern))

    return found


@pytest.mark.parametrize("moment", ["patients.parquet", pytest.param("charts/*.html", marks=pytest.mark.slow)])
def test_a_killed_run_leaves_the_old_results_and_the_next_one_cleans_up(folder: Path, moment: str) -> None:
    out = folder / "results"
    before = contents(out)
    process = start(["run", "small.yaml", *QUICK, "-n", "5"], folder, out)
    wait_for(holds(folder, moment))
    os.killpg(process.pid, signal.SIGKILL)
    code, _ = finish(process)
    assert code == -signal.SIGKILL
    assert half_built(folder) is not None
    require_whole(out)
    there = {name: digest for name, digest in contents(out).items() if ".partial/" not in name}
    if moment == "patients.parquet":
        assert there == before
        code, told = finish(start(["run", "small.yaml", *QUICK, "-n", "5"], folder, out))
        assert code == 0, told
        assert leftovers(out) == []
        assert contents(out)["runs.csv"] != before["runs.csv"]
        require_whole(out)
    else:
        assert there["runs.csv"] != before["runs.csv"], "the tables are there before the first page is drawn"
        assert "report.html" not in there


def test_ctrl_c_leaves_the_old_results_and_no_leftovers(folder: Path) -> None:
    out = folder / "results"
    before = contents(out)
    process = start(["compare", "small.yaml", "more.yaml", *LONG, "--workers", "2"], folder, out)
    wait_for(lambda: holds(folder, "patients.parquet")() and len(workers_of(process.pid)) == 2)
    os.killpg(process.pid, signal.SIGINT)
    code, told = finish(process)
    assert code == 130, told
    assert "interrupted" in told
    assert "Traceback" not in told
    assert contents(out) == before
    assert leftovers(out) == []


def test_a_dead_worker_is_told_of_and_leaves_the_old_results(folder: Path) -> None:
    out = folder / "results"
    before = contents(out)
    process = start(["run", "small.yaml", *LONG, "--workers", "2"], folder, out)
    wait_for(lambda: len(workers_of(process.pid)) == 2)
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    code, told = finish(process)
    assert code == 1, told
    assert "the run failed: a worker process died (killed, or out of memory)" in told
    assert "Traceback" not in told
    assert contents(out) == before
    assert leftovers(out) == []


def test_of_two_runs_into_one_place_the_last_stays_whole(folder: Path) -> None:
    out = folder / "results"
    shutil.rmtree(out)
    runs = [start(["run", "small.yaml", *QUICK, "-n", str(count)], folder, out) for count in (2, 3)]
    wait_for(lambda: len(list(out.glob(".vein2vein.*.partial"))) == 2)
    for process in runs:
        code, told = finish(process)
        # the first one's pages do not come beside the tables of the last
        assert code == 0 or "other results have come there while these were drawn" in told
    require_whole(out)
    assert leftovers(out) == []


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "compare"])
def test_killed_at_any_moment(folder: Path, command: str) -> None:
    arguments = [command, "small.yaml", *(["more.yaml"] if command == "compare" else []), *QUICK, "--workers", "2"]
    began = time.monotonic()
    code, told = finish(start(arguments, folder, folder / "whole"))
    assert code == 0, told
    seconds = time.monotonic() - began
    out, expected, luck = folder / "results", tables(folder / "whole"), random.Random(7)
    before = contents(out)
    for _ in range(15):
        process = start(arguments, folder, out)
        time.sleep(luck.uniform(0.0, 1.1 * seconds))
        kill_whole(process)
        finish(process)
        put.finish(out)
        require_whole(out)
        there = {name: digest for name, digest in contents(out).items() if ".partial/" not in name}
        assert there == before or tables(out).items() >= expected.items()
    code, told = finish(start(arguments, folder, out))
    assert code == 0, told
    assert tables(out) == expected
    assert leftovers(out) == []
