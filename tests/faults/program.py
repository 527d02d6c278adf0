"""The program as a user starts it, to be stopped, starved and watched."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from sim.experiment.sweep.store import Store
from tests.program import Started

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 300


def start(
    arguments: list[str],
    folder: Path,
    out: Path,
    limit: int | None = None,
    given: Mapping[str, str] | None = None,
    first: Callable[[], None] | None = None,
) -> Started | subprocess.Popen[str]:
    """The program as a user starts it, in a process group of its own.

    `limit`: the most bytes a file may have; `first`: what its process does before anything else; `given`: environment
    variables, of which some count before Python is there, so that these processes do not come from the fork server.
    """
    words = (*arguments, "--out", str(out))
    if given is None:
        return Started(words, folder, partial(_alone, limit, first))
    return subprocess.Popen(
        [sys.executable, str(ROOT / "run_sim.py"), *words],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
        preexec_fn=partial(_alone, limit), env={**os.environ, **given},
    )  # fmt: skip


def _alone(limit: int | None, first: Callable[[], None] | None = None) -> None:
    """This process leads a group of its own, hears of signals, and writes no file of more bytes than that."""
    if first is not None:
        first()
    os.setsid()
    for number in (signal.SIGINT, signal.SIGHUP):  # who starts the tests in the background ignores them
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def kill_whole(process: Started | subprocess.Popen[str]) -> None:
    """End a process and its workers, unless it has no group of its own yet, or is done."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def finish(process: Started | subprocess.Popen[str]) -> tuple[int, str]:
    """(exit code, what was said)."""
    if isinstance(process, Started):
        done = process.finish(PATIENCE_SECONDS)
        if done is None:
            os.killpg(process.pid, signal.SIGKILL)
            raise TimeoutError("it does not end")
        return done.returncode, done.stdout + done.stderr
    try:
        out, told = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its workers too: they hold the pipes open
        process.communicate()
        raise
    return process.returncode, out + told


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def workers_of(parent: int) -> list[int]:
    """The processes that work for another one."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            ppid = int(status.read_text().rpartition(")")[2].split()[1])
            command = (status.parent / "cmdline").read_text()
        except OSError:
            continue
        if ppid == parent and "popen_loky" in command:
            found.append(int(status.parent.name))
    return found


def once_kept(blocks: int, then: Callable[[], None]) -> None:
    """From now on this process does that in the moment in which so many blocks of a sweep are kept."""
    add, left = Store.add, [blocks]

    def adding(self: Store, *given: Any) -> None:
        add(self, *given)
        left[0] -= 1
        if left[0] == 0:
            then()

    Store.add = adding  # type: ignore[method-assign]


def end(number: int, workers: Path | None = None) -> None:
    """This process is sent the signal, alone; `workers`: where it writes before who works for it, one a line."""
    if workers is not None:
        workers.write_text("".join(f"{one}\n" for one in workers_of(os.getpid())))
    os.kill(os.getpid(), number)


def end_all(number: int) -> None:
    """This process and those that work for it are sent the signal, as by a terminal."""
    os.killpg(0, number)


def end_a_worker() -> None:
    """One of those that work for this process is killed."""
    os.kill(workers_of(os.getpid())[0], signal.SIGKILL)


def contents(folder: Path) -> dict[str, str]:
    """A digest of every file of a folder, by name."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def tables(folder: Path) -> dict[str, str]:
    """A digest of every table of a results folder, by name."""
    return {name: digest for name, digest in contents(folder).items() if name.endswith((".csv", ".parquet"))}


def leftovers(place: Path) -> list[str]:
    """What lies hidden beside or in a results folder."""
    return sorted(e.name for e in [*place.parent.glob(".*"), *(place.rglob(".*") if place.is_dir() else [])])
