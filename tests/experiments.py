"""A small sweep to test with: a few dozen patients at one centre, a fraction of a millisecond a replication."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.experiment.sweep import evaluate as sweeps
from sim.experiment.sweep.evaluate import Sweep, SweepPlan, evaluate, open_sweep
from sim.experiment.sweep.points import Base, Point
from sim.scenario import Loaded
from tests.runs import load_text

SMALL = """
name: Small
strategy: autologous
run: {start: 2026-01-01, warm_up: 0 d, window: 120 d, follow_up: 200 d, replications: 4, seed: 11}
regions: {here: {centre: here, referrals: 10 / month}}
centres: {here: {}}
patients: {risk_groups: {everybody: {share: 1}}}
clocks: {waiting: {progression: {exponential: {rate: 0.01 / d}}, ends_eligibility: 0.5}}
apheresis: {duration: 1 d}
manufacturing: {duration: 20 d, lines: 3}
"""


def small_scenario(*overrides: str) -> Loaded:
    return load_text(SMALL, *overrides)


def small_base(*overrides: str) -> Base:
    return Base({"Small": small_scenario(*overrides)})


def lines(*wanted: int) -> tuple[Point, ...]:
    """A point for each number of lines."""
    return tuple(
        Point(k, f"{n} lines", {"manufacturing.lines": str(n)}, {"manufacturing.lines": n})
        for k, n in enumerate(wanted)
    )


def run(plan: SweepPlan, folder: Path, heard: list[int] | None = None, points: Sequence[Point] | None = None) -> Sweep:
    """The sweep, run to its end; its store is closed again."""
    with open_sweep(plan, folder) as sweep:
        evaluate(sweep, plan.points if points is None else points, (heard if heard is not None else []).append)
    return sweep


SOUND_TASK = sweeps.run_task


def task_of_this_process(task: Any) -> list[tuple[int, int, np.ndarray]]:
    """A broken task: its results depend on the process that does it."""
    return [(point, first, values + os.getpid()) for point, first, values in SOUND_TASK(task)]


def slow_sweep(folder: Path, points: int = 12, days: int = 400) -> list[str]:
    """Arguments of a sweep that is long enough to be stopped half-way, with its scenario file in the folder."""
    file = folder / "small.yaml"
    file.write_text(SMALL.replace("window: 120 d", f"window: {days} d"), encoding="utf-8")
    return ["sweep", str(file), "--vary", f"manufacturing.lines=1:{points}:1", "-n", "6", "--engine", "simpy"]
