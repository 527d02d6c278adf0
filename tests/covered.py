"""How much of `sim/` the tests reach, branches included: `python -m tests.covered`. Takes a quarter of an hour.

Two runs, put together: all everyday tests, and those of the engines once more with the kernel uncompiled
(NUMBA_DISABLE_JIT=1), for nobody sees which lines of machine code are reached. Leaves with 1 below the goal.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
GOAL_PERCENT = 95
# Their limits of time and of file size are not for a process that is being measured.
LEFT_OUT = ["--ignore=tests/faults", "--ignore=tests/hostile/test_corpus.py"]
UNCOMPILED = [
    "tests/engines/test_vocabulary.py",
    "tests/engines/test_equality.py",
    *map(str, Path("tests").glob("test_timelines_*")),
]


def run(*arguments: str, **given: str) -> int:
    """The exit code of a command of Python's."""
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, env={**os.environ, **given}, check=False)
    return done.returncode


def main() -> int:
    """Measure and print; the exit code."""
    run("coverage", "erase")
    failed = run("coverage", "run", "-m", "pytest", "-n", "auto", *LEFT_OUT)
    failed |= run("coverage", "run", "-m", "pytest", *UNCOMPILED, NUMBA_DISABLE_JIT="1")
    run("coverage", "combine", "--quiet")
    return failed | run("coverage", "report", f"--fail-under={GOAL_PERCENT}")


if __name__ == "__main__":
    sys.exit(main())
