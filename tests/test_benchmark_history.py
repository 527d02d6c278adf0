"""What the benchmark keeps, and when it calls a run slower."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.history import entry, keep, kept, slower


def test_a_quarter_slower_than_the_last_kept_fails() -> None:
    last = {"Model P, compiled": 0.010, "pair, draws": 0.020}
    assert slower({"Model P, compiled": 0.0125, "pair, draws": 0.020, "new": 9.0}, last) == []
    told = slower({"Model P, compiled": 0.0126, "pair, draws": 0.010}, last)
    assert told == ["Model P, compiled: 0.0126, 1.26 times the 0.01 kept last"]


def test_entries_are_kept_in_order(tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    assert kept(file) == []
    for version in ("1.0", "1.1"):
        keep(entry(version, {"Model P, compiled": 0.0123456}, {"milliseconds": {}}), file)
    assert [one["version"] for one in kept(file)] == ["1.0", "1.1"]
    assert kept(file)[-1]["times"] == {"Model P, compiled": 0.01235}


def test_the_paper_tells_of_the_run_kept_last() -> None:
    times = kept()[-1]["times"]
    reference, compiled = times["Model P, SimPy engine"], times["Model P, compiled"]
    words = " ".join((Path(__file__).parents[1] / "paper" / "paper.md").read_text(encoding="utf-8").split())
    assert f"the reference engine took {reference:.2g} and the compiled engine {compiled:.2g} of the time" in words
