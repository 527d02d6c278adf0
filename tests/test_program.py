"""A command run in the process of the tests says, writes and leaves the same as in a process of its own."""

from __future__ import annotations

import gc
import locale
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.experiments import SMALL
from tests.program import Done, call, call_apart

QUICK = ("-n", "2", "--workers", "1", "--engine", "simpy")
STUDIES = (
    ("compare", "small.yaml", "more.yaml", *QUICK, "--trace", "--out", "compared", "--json"),
    ("sweep", "small.yaml", "--vary", "manufacturing.lines=1:3:1", *QUICK, "--out", "swept"),
)
COMMANDS = (
    ("check", "small.yaml", "--all", "--sources"),
    ("new", "ours.yaml"),
    ("run", "smal.yaml"),
    ("sweep", "small.yaml", "--vary", "manufacturing.linse=1,2"),
    ("compare", "small.yaml", "--replicatons", "3"),
    ("new", "ours.yaml"),
)


def done_in(
    folder: Path, how: Callable[..., Done], commands: Sequence[Sequence[str]]
) -> tuple[list[Done], dict[str, bytes]]:
    """What commands in a new folder say, and the files that are there then."""
    folder.mkdir()
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    (folder / "more.yaml").write_text("extends: small.yaml\nname: More\nmanufacturing: {lines: 4}\n", encoding="utf-8")
    said = [how(*command, cwd=folder) for command in commands]
    # how long it took, and when it was, stand in the manifest and in what is made of that
    files = [file for file in folder.rglob("*") if file.suffix in (".csv", ".parquet", ".yaml", ".json")]
    return said, {str(f.relative_to(folder)): f.read_bytes() for f in files if f.name != "manifest.json"}


@pytest.mark.parametrize(
    ("commands", "codes", "least"),
    [(COMMANDS, [0, 0, 2, 2, 2, 2], 2), pytest.param(STUDIES, [0, 0], 20, marks=pytest.mark.slow)],
    ids=["quick", "studies"],
)
def test_a_command_is_the_same_in_this_process_as_in_one_of_its_own(
    commands: Sequence[Sequence[str]], codes: list[int], least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    (here, files), (apart, others) = (done_in(tmp_path / how.__name__, how, commands) for how in (call, call_apart))
    assert [done.returncode for done in here] == codes
    assert here == apart
    assert len(files) > least
    assert files == others


def state() -> dict[str, object]:
    """What of a process a command could change for those after it."""
    mask = os.umask(0o77)
    os.umask(mask)
    return {
        "folder": Path.cwd(),
        "arguments": list(sys.argv),
        "output": (sys.stdout, sys.stderr),
        "environment": dict(os.environ),
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)],
        "garbage": (gc.isenabled(), gc.get_threshold()),
        "warnings": list(warnings.filters),
        "numbers": np.geterr(),
        "locale": locale.setlocale(locale.LC_ALL),
        "logging": (logging.root.level, list(logging.root.handlers)),
        "mask": mask,
    }


def test_a_command_changes_nothing_of_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")  # which `main` sets
    heard = signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which `main` listens to
    try:
        before = state()
        done_in(tmp_path / "desk", call, COMMANDS[2:5])
        assert state() == before
    finally:
        signal.signal(signal.SIGTERM, heard)
