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
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 300


def start(
    arguments: list[str],
    folder: Path,
    out: Path,
    limit: int | None = None,
    given: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    """The program as a user starts it, in a process group of its own.

    `limit`: the most bytes a file may have; `given`: environment variables.
    """

    def bounded() -> None:
        for number in (signal.SIGINT, signal.SIGHUP):  # who starts the tests in the background ignores them
            signal.signal(number, signal.SIG_DFL)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, str(ROOT / "run_sim.py"), *arguments, "--out", str(out)],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
        start_new_session=True, preexec_fn=bounded, env={**os.environ, **(given or {})},
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """(exit code, what was said)."""
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
