"""A probabilistic analysis that is killed goes on where it stopped, and ends with the same tables."""

from __future__ import annotations

import random
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from tests.experiments import slow_sweep
from tests.faults.program import end, finish, kill_whole, leftovers, once_kept, start, tables
from tests.test_psa import SHORT, SMALL


def analysis(folder: Path) -> list[str]:
    """Arguments of an analysis that takes a few seconds, with its scenario files in the folder."""
    for name, text in (("long", SMALL), ("short", SHORT)):
        (folder / f"{name}.yaml").write_text(text.replace("window: 90 d", "window: 1400 d"), encoding="utf-8")
    return ["psa", "long.yaml", "short.yaml", "--samples", "12", "-n", "6", "--engine", "simpy", "-q"]


@pytest.mark.slow
def test_a_killed_analysis_goes_on_where_it_stopped(tmp_path: Path) -> None:
    arguments = analysis(tmp_path)
    code, told = finish(start([*arguments, "--workers", "1"], tmp_path, tmp_path / "whole"))
    assert code == 0, told
    out = tmp_path / "killed"
    killed = partial(once_kept, 3, partial(end, signal.SIGKILL))
    assert finish(start([*arguments, "--workers", "1"], tmp_path, out, first=killed))[0] == -signal.SIGKILL
    assert not (out / "psa.csv").exists()
    code, told = finish(start([*arguments, "--workers", "2"], tmp_path, out))
    assert code == 0, told
    assert tables(out) == tables(tmp_path / "whole")
    assert "psa.csv" in tables(out)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["psa", "sweep"])
def test_killed_at_any_moment_and_gone_on(tmp_path: Path, kind: str) -> None:
    arguments = [*(analysis(tmp_path) if kind == "psa" else [*slow_sweep(tmp_path, 12, 1400), "-q"]), "--workers", "2"]
    began = time.monotonic()
    code, told = finish(start(arguments, tmp_path, tmp_path / "whole"))
    assert code == 0, told
    seconds, out, luck = time.monotonic() - began, tmp_path / "killed", random.Random(11)
    for _ in range(8):
        process = start(arguments, tmp_path, out)
        time.sleep(luck.uniform(0.0, 0.7 * seconds))
        kill_whole(process)
        finish(process)
    code, told = finish(start(arguments, tmp_path, out))
    assert code == 0, told
    assert tables(out) == tables(tmp_path / "whole")
    assert leftovers(out) == []
