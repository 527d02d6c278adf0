"""Memory does not grow with replications, and how much of them is looked at at once moves no bit of a table."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.tables import read
from sim.engine.choice import SIMPY
from sim.experiment.disk import rows as room
from sim.experiment.disk.rows import Rows
from sim.experiment.runs.replicate import Arm, Keep, replicate
from sim.experiment.study import tables
from sim.experiment.study.run import Plan, run_study
from tests.experiments import small_scenario
from tests.reports.conftest import FORMULA, HOSTILE


def filled(count: int) -> tuple[Rows, np.ndarray, np.ndarray]:
    """Rows of two arrays, and each of them as a whole."""
    shares = np.random.default_rng(4).random((count, 3, 7))
    counts = np.arange(count * 5, dtype=np.int32).reshape(count, 5)
    found = Rows()
    for share, number in zip(shares, counts, strict=True):
        found.add({("shares", 0): share, ("counts", 1): number})
    return found, shares, counts


@pytest.mark.parametrize("at_once", [1, 300, 10**6])
def test_rows_come_back_as_they_went_in(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "BYTES_AT_ONCE", at_once)
    found, shares, counts = filled(11)
    assert len(found) == 11
    assert ("shares", 0) in found
    assert ("shares", 1) not in found
    assert found.shape(("shares", 0)) == (3, 7)
    columns = list(found.columns(("shares", 0)))
    assert all(part.shape[1] >= 2 for part in columns)
    assert np.array_equal(np.concatenate(columns, axis=1), shares.reshape(11, 21))
    whole = found.whole(("counts", 1))
    assert whole.dtype == np.int32
    assert np.array_equal(whole, counts)
    for some, part in found.parts(("shares", 0)):
        assert np.array_equal(part, shares[some])
    assert sum(len(part) for _, part in found.parts(("shares", 0))) == 11


def test_rows_that_differ_are_no_rows() -> None:
    found, *_ = filled(1)
    with pytest.raises(AssertionError, match="rows differ"):
        found.add({("shares", 0): np.zeros((3, 7)), ("counts", 1): np.zeros(5)})


def study(
    folder: Path, monkeypatch: pytest.MonkeyPatch, bytes_at_once: int, replications_at_once: int
) -> dict[str, bytes]:
    monkeypatch.setattr(room, "BYTES_AT_ONCE", bytes_at_once)
    monkeypatch.setattr(tables, "AT_ONCE", replications_at_once)
    scenarios = {"One": small_scenario(), "Two": small_scenario("manufacturing.lines=2")}
    run_study(Plan(scenarios, 13, 1, "run", engine=SIMPY, list_below=3), folder, lambda _: None)
    return {file.name: file.read_bytes() for file in folder.glob("*.csv")}


def test_how_much_is_looked_at_at_once_moves_no_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = study(tmp_path / "whole", monkeypatch, 10**9, 10**6)
    assert {"runs.csv", "resources.csv", "incidence.csv", "waiting_list.csv", "list_below.csv"} <= at_once.keys()
    for bytes_at_once, replications in ((2_000, 4), (50_000, 5)):
        assert study(tmp_path / f"{bytes_at_once}", monkeypatch, bytes_at_once, replications) == at_once


def test_what_is_kept_of_a_replication_is_not_kept_in_memory() -> None:
    collected = tables.Collected([Arm("Small", small_scenario().scenario)])
    several = list(replicate(collected.arms, range(40), 1, Keep(patients=False), lambda _: None))
    collected.add(several[0])
    tracemalloc.start()
    for replication in several[1:]:
        collected.add(replication)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # the row of a replication has some 10,000 bytes; what grows is the list of their numbers
    assert grown / 39 < 300


def test_tables_in_memory_are_those_of_the_folder(tmp_path: Path) -> None:
    scenarios = {HOSTILE: small_scenario(), FORMULA: small_scenario("manufacturing.lines=2")}
    written = run_study(Plan(scenarios, 3, 1, "run", engine=SIMPY, list_below=1), tmp_path, lambda _: None).written
    from_disk, from_memory = read(tmp_path), read(tmp_path, written)
    assert len(set(from_disk.frames) & set(written)) > 12
    assert list(from_memory.frames) == list(from_disk.frames)
    assert from_memory.texts == from_disk.texts
    for name, frame in from_disk.frames.items():
        pd.testing.assert_frame_equal(from_memory.frames[name], frame, check_exact=True)
