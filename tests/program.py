"""The program run as a user runs it, in a process of its own that has imported it already: Python's fork server."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def call(*arguments: str, cwd: Path | None = None) -> Done:
    """`python run_sim.py` with these arguments in that folder, this one unless given; the environment is this one's."""
    with TemporaryDirectory() as place:
        out, err = Path(place, "out"), Path(place, "err")
        told = (arguments, dict(os.environ), str(cwd or Path.cwd()), str(out), str(err))
        process = _server().Process(target=_run, args=told)
        process.start()
        process.join()
        code = process.exitcode
        assert code is not None
        return Done(code, *(file.read_text(encoding="utf-8", errors="replace") for file in (out, err)))


def apart(what: Callable[..., None], *arguments: object) -> int:
    """The exit code of a process of its own that does this, a function of a module, and may be ended by it."""
    process = _server().Process(target=what, args=arguments)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.preloaded"])
    return context


def _run(arguments: tuple[str, ...], environment: Mapping[str, str], folder: str, out: str, err: str) -> None:
    """The command, in the new process."""
    os.environ.clear()
    os.environ.update(environment)
    for number, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(folder)
    sys.argv = [str(ROOT / "run_sim.py"), *arguments]
    from run_sim import main

    try:
        main()
    finally:
        if "joblib" in sys.modules:  # a process of the fork server ends without its exit handlers
            from joblib.externals.loky import get_reusable_executor

            get_reusable_executor().shutdown(wait=True)
