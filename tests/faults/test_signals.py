"""Whoever ends the program ends all that it started; a screen that is gone or full is told of, or is no failure."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import simpy

from sim.shell.screen import Ended, code_of
from tests.experiments import slow_sweep
from tests.faults.program import ROOT, contents, end, finish, leftovers, once_kept, start, wait_for, workers_of
from tests.faults.test_run import LONG, QUICK, holds

PROGRAM = [sys.executable, str(ROOT / "run_sim.py")]


def alive(process: int) -> bool:
    """Whether there is such a process, and not only its entry."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_ended_ends_its_workers_and_leaves_the_old_results(folder: Path, number: signal.Signals) -> None:
    out = folder / "results"
    before = contents(out)
    process = start(["run", "small.yaml", *LONG, "--workers", "2"], folder, out)
    wait_for(lambda: holds(folder, "patients.parquet")() and len(workers_of(process.pid)) == 2)
    workers = workers_of(process.pid)
    os.kill(process.pid, number)  # it alone, as `kill` or a batch system does
    code, told = finish(process)
    assert code == 128 + number, told
    assert "interrupted" in told
    assert "Traceback" not in told
    wait_for(lambda: not any(alive(worker) for worker in workers))
    assert contents(out) == before
    assert leftovers(out) == []


def test_a_sweep_that_is_ended_keeps_what_is_done(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = partial(once_kept, 1, partial(end, signal.SIGTERM, tmp_path / "workers"))
    code, told = finish(start([*slow_sweep(tmp_path), "--workers", "2"], tmp_path, out, first=ended))
    workers = [int(one) for one in (tmp_path / "workers").read_text().split()]
    assert code == 128 + signal.SIGTERM, told
    assert f"what is done is kept in {out}: the same command goes on from there" in told
    assert workers
    wait_for(lambda: not any(alive(worker) for worker in workers))
    assert [entry.name for entry in out.iterdir()] == ["sweep.sqlite"]


@pytest.fixture
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    pytest.importorskip("streamlit")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen([*PROGRAM, "app", "--port", str(port), "small.yaml"], cwd=folder, stderr=subprocess.PIPE)
    try:
        wait_for(lambda: process.poll() is not None or asked(port, "127.0.0.1") == 200)
        yield process, port
    finally:
        process.terminate()
        process.communicate(timeout=30)


def asked(port: int, host: str, path: str = "/_stcore/health") -> int:
    """The answer to a request under this name, 0 where there is none."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_the_page_answers_to_names_of_this_machine_only_and_ends_with_its_command(
    served: tuple[subprocess.Popen[bytes], int],
) -> None:
    process, port = served
    for path in ("/", "/_stcore/health", "/_stcore/stream"):
        assert asked(port, "planner.example", path) == 400
        assert asked(port, f"planner.example:{port}", path) == 400
    assert asked(port, f"localhost:{port}", "/") == 200
    children = [int(one) for one in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    assert children
    process.terminate()
    assert process.wait(30) == 128 + signal.SIGTERM
    wait_for(lambda: not any(alive(child) for child in children))
    assert asked(port, "127.0.0.1") == 0


def test_a_reader_that_has_seen_enough_is_no_failure(folder: Path) -> None:
    for arguments in (["list"], ["run", "small.yaml", *QUICK, "--out", "results"]):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([*PROGRAM, *arguments], cwd=folder, stdout=write, stderr=subprocess.PIPE, check=False)
        os.close(write)
        told = done.stderr.decode()
        assert done.returncode == 0, told
        assert "Traceback" not in told
    assert (folder / "results" / "report.html").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["list"], ["schema"], ["--help"], ["check", "small.yaml"]], ids=str)
def test_a_full_screen_is_told_in_one_line(folder: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*PROGRAM, *arguments], cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("No space left on device")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1 or arguments[0] == "check"


def test_an_end_inside_a_simulated_process_is_an_end() -> None:
    def ended() -> Iterator[simpy.Event]:
        yield clock.timeout(1.0)
        raise Ended(signal.SIGTERM)

    clock = simpy.Environment()
    with pytest.raises(Ended) as caught:
        clock.run(until=clock.process(ended()))
    assert code_of(caught.value) == 128 + signal.SIGTERM
