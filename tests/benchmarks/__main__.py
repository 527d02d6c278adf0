"""Benchmarks that anyone can run: `python -m tests.benchmarks [--quick] [--keep]`.

Speeds are ratios inside one interleaved run, because machines differ and drift: the unit is a replication of Model P
in ordinary SimPy (`ordinary_simpy.py`). A run that takes more than a quarter longer, by that measure, than the last one
kept in `history.json` fails; a quick one is too short to judge.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import sim
from sim.engine.choice import COMPILED, SIMPY
from tests.benchmarks import commands, history, ordinary_simpy, pair
from tests.benchmarks.model_p import simulate

ORDINARY = "ordinary SimPy"


def seconds(function: Callable[[], object]) -> float:
    """Processor seconds of one call: other work on the machine does not count."""
    started = time.process_time()
    function()
    return time.process_time() - started


def timed() -> dict[str, tuple[int, Callable[[int], object]]]:
    """By name: how many replications (of an arm) a call does, and the call, of the number of the round."""
    found: dict[str, tuple[int, Callable[[int], object]]] = {
        ORDINARY: (1, ordinary_simpy.replicate),
        "Model P, SimPy engine": (2, lambda n: simulate(SIMPY, range(2 * n, 2 * n + 2))),
        "Model P, compiled": (20, lambda n: simulate(COMPILED, range(20 * n, 20 * n + 20))),
    }
    for name, part in pair.parts(pair.FROZEN).items():
        found[f"pair, {name}"] = 2 * pair.BATCH, lambda n, part=part: part(pair.BATCH * n)
    part = pair.parts(pair.SHIPPED)["as_in_psa"]
    found["shipped pair, as_in_psa"] = 2 * pair.BATCH, lambda n: part(pair.BATCH * n)
    return found


def race(rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """(milliseconds of a replication by name, the same in replications of ordinary SimPy): medians over rounds."""
    turns = timed()
    for _, function in turns.values():
        function(999)
    taken: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds):
        for name, (times, function) in turns.items():
            taken[name].append(seconds(lambda f=function, n=number: f(n)) / times)
    ordinary = taken[ORDINARY]
    ratios = {
        name: statistics.median(a / b for a, b in zip(values, ordinary, strict=True)) for name, values in taken.items()
    }
    return {name: 1e3 * statistics.median(values) for name, values in taken.items()}, ratios


def growth_with_patients(sizes: tuple[int, ...]) -> dict[str, float]:
    """Milliseconds of one replication by engine and size of Model P."""
    found = {}
    for name in (SIMPY, COMPILED):
        for size in sizes:
            simulate(name, range(1), size)
            quickest = min(seconds(lambda n=name, s=size, k=k: simulate(n, range(k, k + 1), s)) for k in range(3))
            found[f"{name}, {size} x the patients"] = 1e3 * quickest
    return found


def show(milliseconds: Mapping[str, float], ratios: Mapping[str, float]) -> None:
    """The race as a table."""
    print(f"{'of one replication (of an arm)':34} {'ms':>9} {'x ordinary SimPy':>17}")
    for name, value in milliseconds.items():
        print(f"{name:34} {value:9.2f} {1 / ratios[name]:16.1f}x")


def show_commands(taken: Mapping[str, commands.Taken]) -> None:
    """Whole commands as a table."""
    print(f"\n{'whole command':34} {'seconds':>9} {'processor':>10} {'peak MB':>9}")
    for name, one in taken.items():
        print(f"{name:34} {one.seconds:9.2f} {one.processor_seconds:10.2f} {one.peak_mb:9.0f}")


def main() -> int:
    """Run, print, judge, and keep."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the race and the pair's commands alone; judges nothing")
    parser.add_argument("--keep", action="store_true", help="add the figures to history.json")
    chosen = parser.parse_args()
    milliseconds, ratios = race(6 if chosen.quick else 30)
    show(milliseconds, ratios)
    events = pair.events(pair.SHIPPED)
    per_event = 1e6 * milliseconds["shipped pair, as_in_psa"] / events["model_events"]
    print(
        f"shipped pair: {events['patients']:.0f} patients an arm and replication, "
        f"{events['model_events_per_patient']:.1f} model events a patient, {per_event:.0f} ns each"
    )
    whole = commands.pair_commands()
    if not chosen.quick:
        whole |= commands.first_commands() | commands.memory_of_run((100, 500, 1_000, 5_000, 10_000))
        whole |= commands.psa((100, 1_000), 20)
    show_commands(whole)
    growth = growth_with_patients((1, 10) if chosen.quick else (1, 10, 100))
    print("\n" + "\n".join(f"{name:34} {value:9.2f} ms" for name, value in growth.items()))
    figures: dict[str, Any] = {
        "milliseconds": {name: round(value, 3) for name, value in milliseconds.items()},
        "commands": {name: {k: round(v, 2) for k, v in asdict(one).items()} for name, one in whole.items()},
        "growth": {name: round(value, 2) for name, value in growth.items()},
        "shipped_pair": {name: round(value, 2) for name, value in events.items()},
    }
    times = {name: value for name, value in ratios.items() if name != ORDINARY and not name.startswith("shipped")}
    before = history.kept()
    told = history.slower(times, before[-1]["times"]) if before else []
    print("\n" + "\n".join(told or ["nothing is more than a quarter slower than the run kept last"]))
    if chosen.keep:
        history.keep(json.loads(json.dumps(history.entry(sim.__version__, times, figures))))
    return 1 if told and not chosen.quick else 0


if __name__ == "__main__":
    sys.exit(main())
