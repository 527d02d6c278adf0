"""One worker, several, or a cluster: the same results to the last bit, and more than one really worked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sim.experiment.runs.work import WorkerError, meanwhile
from sim.experiment.sweep import evaluate as sweeps
from sim.experiment.sweep.evaluate import SweepPlan, evaluate, open_sweep
from tests.experiments import lines, small_base, task_of_this_process

ROOT = Path(__file__).parents[1]
PLAN = SweepPlan(small_base(), lines(*range(1, 25)), 8, workers=1, engine="simpy")
PATIENCE_SECONDS = 60


def results(plan: SweepPlan, folder: Path) -> tuple[bytes, list[str]]:
    """(every value of the sweep, who made them)."""
    with open_sweep(plan, folder) as sweep:
        evaluate(sweep, plan.points, lambda count: None)
        return b"".join(sweep.values(point.number).tobytes() for point in plan.points), sweep.store.workers()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    found, workers = results(PLAN, tmp_path_factory.mktemp("alone"))
    assert len(workers) == 1
    return found


@pytest.mark.parametrize("workers", [2, 4])
def test_several_workers_give_the_same_results(
    alone: bytes, tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, who = results(replace(PLAN, workers=workers), tmp_path / "sound")
    assert found == alone
    assert len(who) > 1
    assert not any(name.endswith(f":{os.getpid()}") for name in who)
    monkeypatch.setattr(sweeps, "run_task", task_of_this_process)
    broken, _ = results(replace(PLAN, workers=workers), tmp_path / "broken")
    assert broken != alone


def test_what_a_helper_has_not_begun_is_done_here_and_all_results_come_in_order() -> None:
    with meanwhile(abs, range(-40, 0), 1) as results:
        assert list(results()) == list(range(40, 0, -1))
    with pytest.raises(ZeroDivisionError), meanwhile(abs, range(-40, 0), 1):
        raise ZeroDivisionError


def launch(command: list[str], paths: list[Path]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(path) for path in paths)}
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=paths[0],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End it without waiting for what it would still like to do."""
    process.kill()
    process.wait()


def worker(address: str, paths: list[Path]) -> subprocess.Popen[bytes]:
    return launch(["distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"], paths)


def wait_for_workers(address: str, count: int) -> None:
    import distributed

    with distributed.Client(address, timeout=PATIENCE_SECONDS) as client:
        client.wait_for_workers(count, timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler of its own with two worker processes."""
    pytest.importorskip("distributed")
    file = tmp_path_factory.mktemp("cluster") / "scheduler.json"
    scheduler = [
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
        "--scheduler-file", str(file),
    ]  # fmt: skip
    processes = [launch(scheduler, [ROOT])]
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while not file.is_file() or not file.read_text():
            assert time.monotonic() < end, "no scheduler"
            time.sleep(0.05)
        address = str(json.loads(file.read_text())["address"])
        processes += [worker(address, [ROOT]) for _ in range(2)]
        wait_for_workers(address, 2)
        yield address
    finally:
        for process in reversed(processes):
            end_process(process)


def test_a_cluster_gives_the_same_results(
    alone: bytes, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, who = results(replace(PLAN, cluster=cluster), tmp_path / "sound")
    assert found == alone
    assert len(who) == 2
    monkeypatch.setattr(sweeps, "run_task", task_of_this_process)
    broken, _ = results(replace(PLAN, cluster=cluster), tmp_path / "broken")
    assert broken != alone


def test_a_cluster_that_would_run_something_else_is_refused(cluster: str, tmp_path: Path) -> None:
    shadow = tmp_path / "shadow" / "sim"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").write_text("raise ImportError('none here')")
    stranger = worker(cluster, [shadow.parent])
    try:
        wait_for_workers(cluster, 3)
        with pytest.raises(WorkerError, match=r"cannot import this program \(ImportError: none here\); install"):
            results(replace(PLAN, cluster=cluster), tmp_path / "sweep")
    finally:
        end_process(stranger)


def test_a_cluster_of_another_version_is_refused(cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.experiment.runs.cluster.code_digest", lambda: "0123456789abcdef")
    with pytest.raises(WorkerError, match="has another version"):
        results(replace(PLAN, cluster=cluster), tmp_path)


def test_a_cluster_that_is_not_there_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("sim.experiment.runs.cluster.ANSWER_SECONDS", 0.5)
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(WorkerError, match="no Dask scheduler answers there"):
            results(replace(PLAN, cluster=address), tmp_path)
