"""The kernel is compiled beside the first run: once, by one process, and ended with the command that wanted it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("numba")

from sim.engine import choice
from sim.engine.kernel import stamp
from sim.experiment.disk.folder import own
from sim.experiment.runs import meanwhile, replicate


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of machine code, with nothing in it."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(meanwhile, "_running", [])
    found = stamp.place()
    assert found is not None
    yield found
    meanwhile.stop()


@pytest.mark.long
def test_replications_go_over_to_the_kernel_once_it_is_there(empty: Path) -> None:
    assert choice.pick("auto", 1e5)[0] == choice.SIMPY_UNTIL_COMPILED
    assert choice.engine(choice.SIMPY_UNTIL_COMPILED) is choice.engine(choice.SIMPY)
    meanwhile.prepare(choice.SIMPY_UNTIL_COMPILED, 2)
    meanwhile.wait(300)
    assert (empty / stamp.READY).is_file()
    assert choice.engine(choice.SIMPY_UNTIL_COMPILED) is choice.engine(choice.COMPILED)
    assert choice.pick("auto", 1e5)[0] == choice.COMPILED


def test_batches_are_of_one_replication_until_the_kernel_is_there(empty: Path) -> None:
    found = replicate.as_kernel_comes(choice.SIMPY_UNTIL_COMPILED, range(8), 3)
    assert [list(next(found)) for _ in range(2)] == [[0], [1]]
    (empty / stamp.READY).touch()
    assert [list(batch) for batch in found] == [[2, 3, 4], [5, 6, 7]]
    assert [len(batch) for batch in replicate.as_kernel_comes(choice.SIMPY, range(8), 3)] == [3, 3, 2]


def test_a_worker_waits_for_a_kernel_that_is_compiled_and_for_no_other(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            (empty / stamp.READY).touch()

    monkeypatch.setattr(meanwhile.time, "sleep", sleep)
    meanwhile.let_it_come.cache_clear()
    with (empty / meanwhile.LOCK).open("ab") as lock:
        assert own(lock)
        for engine in (choice.SIMPY, choice.COMPILED, choice.SIMPY_UNTIL_COMPILED):
            meanwhile.let_it_come(engine)
        assert len(slept) == 3
        (empty / stamp.READY).unlink()
        monkeypatch.setattr(meanwhile, "PATIENCE_SECONDS", 0.0)
        meanwhile.let_it_come.cache_clear()
        meanwhile.let_it_come(choice.SIMPY_UNTIL_COMPILED)
        assert len(slept) == 3


def test_nobody_waits_for_a_compilation_that_died(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            meanwhile.stop()

    monkeypatch.setattr(meanwhile.time, "sleep", sleep)
    meanwhile.prepare(choice.SIMPY_UNTIL_COMPILED, 2)
    meanwhile.let_it_come.cache_clear()
    meanwhile.let_it_come(choice.SIMPY_UNTIL_COMPILED)
    assert len(slept) == 2
    assert not stamp.is_compiled()


def test_no_second_process_compiles(empty: Path) -> None:
    with (empty / meanwhile.LOCK).open("ab") as lock:
        assert own(lock)
        meanwhile.prepare(choice.SIMPY_UNTIL_COMPILED, 1)
        assert meanwhile._running == []
    meanwhile.prepare(choice.SIMPY_UNTIL_COMPILED, 1)
    meanwhile.prepare(choice.SIMPY_UNTIL_COMPILED, 1)
    assert len(meanwhile._running) == 1
    with (empty / meanwhile.LOCK).open("ab") as lock:
        assert not own(lock, wait=False)
        meanwhile.stop()
        assert own(lock, wait=False)


def test_it_ends_with_the_command_and_leaves_nothing_that_looks_like_a_kernel(empty: Path) -> None:
    meanwhile.prepare(choice.SIMPY_UNTIL_COMPILED, 1)
    meanwhile.stop()
    assert meanwhile._running[0].returncode is not None
    assert not stamp.is_compiled()


def test_other_engines_compile_nothing_meanwhile(empty: Path) -> None:
    meanwhile.prepare(choice.SIMPY, 2)
    meanwhile.prepare(choice.COMPILED, 1)
    assert meanwhile._running == []
