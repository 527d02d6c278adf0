"""Options of the test run."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import settings

# Machines differ in speed; whether a test is quick enough is no property of the code. A run says of the code alone
# whether it is right: what is drawn is the same on every day, unless `--day` asks for other draws.
settings.register_profile("everyday", deadline=None, derandomize=True)
settings.register_profile("other", deadline=None)
# Readline leaves the size of a screen in the environment of the processes that pytest-xdist starts, and the program
# takes COLUMNS for the user's wish. A test that asks for a narrow screen sets it.
for size in ("COLUMNS", "LINES"):
    os.environ.pop(size, None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--refresh-golden` writes the golden tables anew; a changed one wants a line in CHANGELOG.md."""
    parser.addoption("--refresh-golden", action="store_true", help="write the golden tables anew, on purpose")
    parser.addoption("--day", help="a day, 2026-11-28: other leaves and examples than the everyday ones, its own")


def pytest_configure(config: pytest.Config) -> None:
    """The everyday examples, or others."""
    settings.load_profile("other" if config.getoption("--day") else "everyday")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name what failed at once: a run that is stopped half-way has said why. With pytest-xdist only its head speaks."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        print(f"\nFAILED in {report.when}: {report.nodeid}", file=sys.stderr, flush=True)
