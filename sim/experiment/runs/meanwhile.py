"""The kernel is compiled in a process of its own while the first run goes on in SimPy.

As soon as it is there, the kernel takes the rest of the run; the next one begins with it. Two processes never compile
at once, and one that is killed leaves nothing that could be taken for a kernel (`sim.engine.kernel.stamp`).
"""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

import sim
from sim.engine.choice import COMPILED, SIMPY_UNTIL_COMPILED, awaits_kernel, engine
from sim.engine.kernel.stamp import is_compiled, place
from sim.experiment.disk.folder import own

ROOT = Path(sim.__file__).parents[1]
ALONE = (
    "import sys; sys.path[:0] = [sys.argv[1]]; from sim.experiment.runs.meanwhile import compile_alone; compile_alone()"
)
LOCK = "compiling"
# A process that can wait for the kernel does for so long; one takes 15 s to compile, and twice that on a busy machine.
PATIENCE_SECONDS = 40.0
_running: list[subprocess.Popen[bytes]] = []


def prepare(with_engine: str, workers: int) -> None:
    """Before replications begin: compile what several workers would compile each for itself, or begin to, meanwhile."""
    if with_engine == COMPILED and workers > 1 and not is_compiled():
        engine(COMPILED)
    if with_engine == SIMPY_UNTIL_COMPILED and not _running and not is_compiled():
        nobody = subprocess.DEVNULL
        command = [sys.executable, "-c", ALONE, str(ROOT)]
        # a machine that starts no further process goes on in SimPy
        with _lock() as lock, suppress(OSError):
            if lock is not None and own(lock, wait=False):
                # its own from before it begins until it has ended, however it ends
                mine = (lock.fileno(),)
                _running.append(subprocess.Popen(command, stdin=nobody, stdout=nobody, stderr=nobody, pass_fds=mine))


def wait(seconds: float) -> None:
    """Give a compilation under way so many seconds to end; it goes on by itself after that."""
    for process in _running:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)


@cache
def let_it_come(with_engine: str) -> None:
    """Wait for a kernel that another process compiles, while it does; once, and use no processor meanwhile."""
    last = time.monotonic() + PATIENCE_SECONDS
    while awaits_kernel(with_engine) and _is_compiling() and time.monotonic() < last:
        time.sleep(0.1)


def stop() -> None:
    """End a compilation under way: the command that began it was ended."""
    for process in _running:
        process.kill()
        process.wait()


def compile_alone() -> None:
    """Compile and keep the kernel."""
    engine(COMPILED)
    # nobody looks for garbage in what the compiler made: a second that the command can use
    gc.freeze()


def _is_compiling() -> bool:
    with _lock() as lock:
        return lock is not None and not own(lock, wait=False)


@contextmanager
def _lock() -> Iterator[BinaryIO | None]:
    """The file that the process that compiles owns; None where no machine code can be kept."""
    found = place()
    with nullcontext() if found is None else (found / LOCK).open("ab") as lock:
        yield lock
