"""The program run as a user runs it: in this process, or in one of its own that has imported it already.

The latter comes from Python's fork server.
"""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from run_sim import main

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


class Started:
    """A command on its way, in a process of its own. `pid`: that process."""

    def __init__(self, arguments: tuple[str, ...], cwd: Path | None = None, how: Callable[[], None] | None = None):
        """`how`: what the new process does first, a function of a module or a `partial` of one."""
        self._place = TemporaryDirectory()
        self._said = [Path(self._place.name, name) for name in ("out", "err")]
        told = (arguments, dict(os.environ), str(cwd or Path.cwd()), *map(str, self._said), how)
        self._process = _server().Process(target=_run, args=told)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def finish(self, seconds: float | None = None) -> Done | None:
        """How it ended; None where it has not within so many seconds."""
        self._process.join(seconds)
        code = self._process.exitcode
        if code is None:
            return None
        with self._place:
            return Done(code, *(_text(file) for file in self._said))


def shortened(arguments: Sequence[str], options: Sequence[str]) -> list[str]:
    """A command with these options, in place of its own of the same names; what is set is set besides."""
    instead = {word for word in options if word.startswith("-")} - {"--set"}
    instead |= {"--replications"} if "-n" in instead else set()
    kept = [word for word, before in zip(arguments, ["", *arguments], strict=False) if not instead & {word, before}]
    return [*kept, *options]


def call(*arguments: str, cwd: Path | None = None) -> Done:
    """`python run_sim.py` with these arguments in that folder, this one unless given; the environment is this one's.

    It runs in this process, which a command changes nothing of (tests/test_program.py): a new one costs a tenth of a
    second. What is about the process itself, its signals, end or workers, takes `call_apart` or `Started`.
    """
    with TemporaryDirectory() as place, _nothing_of_this_process_changed(), chdir(cwd or Path.cwd()):
        said = [Path(place, name) for name in ("out", "err")]
        with said[0].open("w", encoding="utf-8") as sys.stdout, said[1].open("w", encoding="utf-8") as sys.stderr:
            sys.argv = [str(ROOT / "run_sim.py"), *arguments]
            try:
                main()
                code: Any = 0
            except SystemExit as end:
                code = end.code
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
        return Done(code, *(_text(file) for file in said))


@contextmanager
def _nothing_of_this_process_changed() -> Iterator[None]:
    """What a command does to its process undone: arguments, output, environment, signals, what happens at exit."""
    argv, out, err, thresholds = sys.argv, sys.stdout, sys.stderr, gc.get_threshold()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        # a program that was started by its file is in no package, by which usage would name it
        with patch.dict(os.environ), patch.object(sys.modules["__main__"], "__package__", None, create=True):
            yield
    finally:
        sys.argv, sys.stdout, sys.stderr = argv, out, err
        gc.set_threshold(*thresholds)
        atexit.unregister(gc.freeze)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def call_apart(*arguments: str, cwd: Path | None = None) -> Done:
    """What `call` gives back, of the command in a process of its own."""
    done = Started(arguments, cwd).finish()
    assert done is not None
    return done


def _text(file: Path) -> str:
    """What it says; nothing where the process was killed before it made it."""
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def apart(what: Callable[..., None], *arguments: object) -> int:
    """The exit code of a process of its own that does this, a function of a module, and may be ended by it."""
    process = _server().Process(target=what, args=arguments)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


@cache
def _server() -> ForkServerContext:
    """The server, started in the root: in any other folder it would not find what it is to import, and say nothing."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.preloaded"])
    with chdir(ROOT):
        forkserver.ensure_running()
    return context


def _run(
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    folder: str,
    out: str,
    err: str,
    how: Callable[[], None] | None,
) -> None:
    """The command, in the new process."""
    assert "tests.preloaded" in sys.modules  # where the server cannot import it, it says nothing
    if how is not None:
        how()
    os.environ.clear()
    os.environ.update(environment)
    for number, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(folder)
    sys.argv = [str(ROOT / "run_sim.py"), *arguments]
    try:
        main()
    finally:
        if "joblib" in sys.modules:  # a process of the fork server ends without its exit handlers
            from joblib.externals.loky import get_reusable_executor

            get_reusable_executor().shutdown(wait=True)
