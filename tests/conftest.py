"""Options of the test run."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

# Each of the processes that run tests has a core; threads for small matrices would only wait for one another. This is
# read when numpy is loaded, here and in all that is started from here.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"

# What Python makes of modules is kept, as on most machines: each of the many processes would make it again.
os.environ["PYTHONDONTWRITEBYTECODE"] = ""

import pytest
from hypothesis import settings

from sim.engine import choice
from tests.reports.browser import needed

sys.dont_write_bytecode = False  # where this process runs the tests itself
# Machines differ in speed; whether a test is quick enough is no property of the code. A run says of the code alone
# whether it is right: what is drawn is the same on every day, unless `--day` asks for other draws;
# `--hypothesis-profile many` draws more of them.
settings.register_profile("everyday", deadline=None, derandomize=True, database=None, max_examples=20)
settings.register_profile("other", deadline=None, max_examples=20)
settings.register_profile("many", deadline=None, derandomize=True, database=None, max_examples=200)
settings.load_profile("everyday")
# What is read while tests are collected stays to the end: nobody need look for what of it is no longer used.
gc.disable()
# The kernel is loaded in these processes already: `auto` finds the least run worth it.
WORTH_LOADING_PATIENTS, choice.WORTH_LOADING_PATIENTS = choice.WORTH_LOADING_PATIENTS, 0
# Readline leaves the size of a screen in the environment of the processes that pytest-xdist starts, and the program
# takes COLUMNS for the user's wish. A test that asks for a narrow screen sets it.
for size in ("COLUMNS", "LINES"):
    os.environ.pop(size, None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """From here on what is no longer used is looked for, among what tests make; with pytest-xdist in its head, too."""
    gc.freeze()
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--refresh-golden` writes the golden tables anew; a changed one wants a line in CHANGELOG.md."""
    parser.addoption("--refresh-golden", action="store_true", help="write the golden tables anew, on purpose")
    parser.addoption("--day", help="a day, 2026-11-28: other leaves and examples than the everyday ones, its own")


def pytest_configure(config: pytest.Config) -> None:
    """Other examples than the everyday ones, where a day is given."""
    if config.getoption("--day"):
        settings.load_profile("other")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a browser, for a test that cannot do without."""
    return needed()


@pytest.fixture
def engines_of_users(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`auto` chooses as for a command that has to load the kernel first."""
    with monkeypatch.context() as patch:
        patch.setattr(choice, "WORTH_LOADING_PATIENTS", WORTH_LOADING_PATIENTS)
        yield


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name what failed at once: a run that is stopped half-way has said why. With pytest-xdist only its head speaks."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        print(f"\nFAILED in {report.when}: {report.nodeid}", file=sys.stderr, flush=True)
