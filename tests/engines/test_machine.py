"""The machine code on disk is that of the kernel as it stands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from sim.engine import choice, compiled_engine
from sim.engine.kernel import draws, run, stamp
from sim.engine.kernel.tables import Wanted


def test_what_python_calls_is_compiled_once_for_the_types_it_states() -> None:
    for function in (run.simulate, draws.fill):
        assert len(function.dispatcher.signatures) == 1  # type: ignore[attr-defined]


def test_the_stamp_is_that_of_all_files(tmp_path: Path) -> None:
    """A change in a file from which nothing is cached changes the stamp of what is."""
    folder = tmp_path / "kernel"
    folder.mkdir()
    for name in ("run", "heaps"):
        (folder / f"{name}.py").write_text("A = 1\n")
    told = stamp.stamp.__wrapped__
    first = told(folder)
    assert told(folder) == first
    (folder / "heaps.py").write_text("A = 2\n")
    second = told(folder)
    (folder / "heaps.py").rename(folder / "queues.py")
    assert len({first, second, told(folder)}) == 3


def test_the_cache_goes_by_that_stamp() -> None:
    place = stamp.place()
    assert place is not None
    for function in (run.simulate, draws.fill):
        assert Path(function.dispatcher.stats.cache_path).parent == place  # type: ignore[attr-defined]


def test_each_copy_and_date_of_the_kernel_has_a_place_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """numba would find nothing for another copy or date, though all were said to be compiled."""
    found = {stamp.place()}
    for name in ("one", "other"):
        copy = tmp_path / name
        shutil.copytree(stamp.FOLDER, copy)
        monkeypatch.setattr(stamp, "FOLDER", copy)
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
        found.add(stamp.place())
    os.utime(copy / "run.py", ns=(0, 0))
    found.add(stamp.place())
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    found.add(stamp.place())
    assert len(found - {None}) == 5


@pytest.mark.parametrize("found", [np.zeros((1, 9), np.int64), np.zeros(9), np.zeros((9, 2)).T])
def test_only_tables_as_they_are_stated_are_handed_over(found: Any) -> None:
    """Machine code is given addresses, and would write anywhere."""
    places = np.zeros(9, np.int64)
    with pytest.raises(TypeError, match="dimensions"):
        draws.fill(Wanted(np.ones((1, 1, 3), np.int64), places, places, places, places, found))


BEYOND = """
import numpy as np
from sim.engine.kernel import draws
from sim.engine.kernel.tables import Wanted
places = np.zeros(9, np.int64)
draws.fill(Wanted(np.ones((1, 1, 3), np.int64), places, places, places, places, np.zeros((1, 8))))
"""


@pytest.mark.long
def test_no_index_is_out_of_bounds(tmp_path: Path) -> None:
    """The engines are compared once more, on a kernel that looks at every index."""
    given = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        command, root = [sys.executable, *arguments], Path(__file__).parents[2]
        return subprocess.run(command, capture_output=True, text=True, env=given, cwd=root, check=False)

    assert "IndexError" in python("-c", BEYOND).stderr
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/engines/test_equality.py")
    assert done.returncode == 0, done.stdout


@pytest.mark.usefixtures("engines_of_users")
def test_auto_knows_whether_the_kernel_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is loaded here came from the disk or went there; in an empty cache it would have to be compiled first."""
    assert compiled_engine.kernel is run
    few, some, many = (choice.pick("auto", patients) for patients in (1e3, 1e5, 1e7))
    assert (few[0], some[0], many[0]) == (choice.SIMPY, choice.COMPILED, choice.COMPILED)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert not stamp.is_compiled()
    soon = (choice.SIMPY_UNTIL_COMPILED, "compiled in the background for the first time")
    assert choice.pick("auto", 1e5) == soon
    assert choice.engine(choice.SIMPY_UNTIL_COMPILED) is choice.engine(choice.SIMPY)
    assert choice.pick("auto", 1e4)[0] == choice.SIMPY
    folder = stamp.place()
    assert folder is not None
    assert folder.parent == tmp_path
    other = tmp_path / "kernel-of-another-program"
    other.mkdir()
    (other / stamp.READY).touch()
    assert not stamp.is_compiled()
    stamp.mark_ready()
    assert choice.pick("auto", 1e5) == some


def test_a_compile_that_was_killed_is_not_taken_for_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """numba writes its index before its data; what it left is in the folder of this very kernel, without the mark."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    folder = stamp.place()
    assert folder is not None
    (folder / "run.simulate-1.py3.nbi").write_bytes(stamp.stamp(stamp.FOLDER).encode())
    assert not stamp.is_compiled()


def test_where_machine_code_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the code; in the user's cache where that cannot be written to; nowhere where neither can."""
    (tmp_path / "code").write_text("a file, so that no folder can be made in it")
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    beside = stamp.place()
    assert beside is not None
    assert beside.parent == stamp.FOLDER / "__pycache__"
    monkeypatch.setattr(stamp, "_parents", lambda: [tmp_path / "code", tmp_path / "häuslich und fern"])
    kept = stamp.place()
    assert kept is not None
    assert kept.parent == tmp_path / "häuslich und fern"
    monkeypatch.setattr(stamp, "_parents", lambda: [tmp_path / "code"])
    assert stamp.place() is None
    assert not stamp.is_compiled()
    stamp.mark_ready()
    why = "machine code can be kept nowhere: neither beside the program nor in the user's cache can be written to"
    assert choice.pick("auto", 1e7) == (choice.SIMPY, why)
    assert (
        choice.engine_note("auto")
        == f"{why}; everything runs on the SimPy engine, with the same results but more slowly"
    )
    assert choice.engine_note(choice.COMPILED) == f"{why}; the kernel is compiled for this command alone"
    assert choice.engine_note(choice.SIMPY) is None


def test_flattening_needs_no_numba() -> None:
    code = "import sys, sim.engine.flatten; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
