"""The machine code on disk is that of the kernel as it stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")

from sim.engine.kernel import machine, run


def test_what_python_calls_is_compiled_once_for_the_types_it_states() -> None:
    for function in (run.simulate, run.list_uses):
        assert len(function.signatures) == 1  # type: ignore[attr-defined]


def test_the_stamp_is_that_of_all_files(tmp_path: Path) -> None:
    """A change in a file from which nothing is cached changes the stamp of what is."""
    folder = tmp_path / "kernel"
    folder.mkdir()
    for name in ("run", "heaps"):
        (folder / f"{name}.py").write_text("A = 1\n")
    stamp = machine.stamp.__wrapped__
    first = stamp(folder)
    assert stamp(folder) == first
    (folder / "heaps.py").write_text("A = 2\n")
    second = stamp(folder)
    (folder / "heaps.py").rename(folder / "queues.py")
    assert len({first, second, stamp(folder)}) == 3


def test_the_cache_goes_by_that_stamp() -> None:
    for function in (run.simulate, run.list_uses):
        file = function._cache._cache_file  # type: ignore[attr-defined]
        assert file._source_stamp == machine.stamp(machine.FOLDER)


def test_flattening_needs_no_numba() -> None:
    code = "import sys, sim.engine.flatten; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
