"""Benchmarks that anyone can run: `python -m tests.benchmarks [--quick] [--json FILE]`.

Speeds are ratios inside one interleaved run, because machines differ and drift. A replication is counted whole: draws,
engine and trace; the table of results is not.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sim.engine.choice import COMPILED, SIMPY, engine, generator
from sim.engine.trace import Trace
from sim.experiment.psa.run import ECONOMICS, psa_points, run_psa
from sim.experiment.runs.replicate import Arm, Keep, replicate
from sim.experiment.sweep.evaluate import SweepPlan
from sim.experiment.sweep.points import Base
from sim.pieces.cohort import Cohort, draw_cohort
from sim.pieces.protocol import Protocol
from sim.pieces.strategies import build_protocol
from sim.scenario import Scenario, load
from tests.benchmarks import ordinary_simpy

SHIPPED = Path(__file__).parents[2] / "scenarios"
MODEL_P = Path(__file__).with_name("model_p.yaml")
ENGINES = (SIMPY, COMPILED)


@lru_cache
def model_p(size: int = 1) -> tuple[Scenario, Protocol]:
    """Model P with referrals and capacities so many times as large."""
    changes = {
        "regions.everywhere.referrals": f"{0.5 * size} / d",
        "centres.everywhere.chairs": str(2 * size),
        "centres.everywhere.beds": str(10 * size),
        "manufacturing.lines": str(14 * size),
        "release_testing.lab": str(6 * size),
    }
    scenario = load(MODEL_P, [f"{path}={value}" for path, value in changes.items()]).scenario
    return scenario, build_protocol(scenario)


def simulate(name: str, number: int, size: int = 1) -> tuple[Cohort, Trace]:
    """One replication of Model P on an engine, draws included."""
    scenario, protocol = model_p(size)
    cohort, luck = draw_cohort(scenario, protocol.clocks, [number], draw=generator(name))
    window_end = scenario.run.warm_up + scenario.run.window
    return cohort, engine(name)(protocol, cohort, luck, window_end, scenario.run.follow_up, False)


def rep(seed: int, name: str = COMPILED) -> tuple[float, int, int, int, int]:
    """(mean waiting days, infused, progressed, patients, 0) of Model P, counted by the day it happens after day 365."""
    cohort, trace = simulate(name, seed)
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


def race(rounds: int) -> dict[str, Any]:
    """Model P on both engines and in ordinary SimPy, in turn; a few replications a turn for the quick ones."""
    turns: dict[str, tuple[int, Callable[[int], object]]] = {
        "ordinary_simpy": (1, ordinary_simpy.replicate),
        SIMPY: (2, lambda number: simulate(SIMPY, number)),
        COMPILED: (20, lambda number: simulate(COMPILED, number)),
    }
    for _, function in turns.values():
        function(999)
    taken: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds):
        for name, (times, function) in turns.items():
            taken[name].append(seconds(lambda f=function, n=number, k=times: [f(n * k + i) for i in range(k)]) / times)
    ordinary = taken["ordinary_simpy"]
    ratios = {name: statistics.median(a / b for a, b in zip(ordinary, taken[name], strict=True)) for name in ENGINES}
    return {
        "milliseconds": {name: 1e3 * statistics.median(values) for name, values in taken.items()},
        "times_ordinary_simpy": ratios,
    }


def growth_with_patients(sizes: tuple[int, ...]) -> dict[str, dict[str, float]]:
    """Milliseconds of one replication by engine and size."""
    found: dict[str, dict[str, float]] = {}
    for name in ENGINES:
        for size in sizes:
            simulate(name, 0, size)
            quickest = min(seconds(lambda n=name, s=size, k=k: simulate(n, k, s)) for k in range(3))
            found.setdefault(name, {})[f"{size}x"] = 1e3 * quickest
    return found


def growth_with_replications(counts: tuple[int, ...]) -> dict[str, dict[str, float]]:
    """Seconds and peak memory of whole runs on two workers, each in a process of its own."""
    found = {}
    for count in counts:
        command = [sys.executable, "-m", "tests.benchmarks", "--replicate", str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[str(count)] = json.loads(done.stdout)
    return found


def replicate_model_p(count: int) -> dict[str, float]:
    """Seconds and peak memory (MB, the larger of this process and its workers) of so many replications."""
    scenario, _ = model_p()

    def run() -> None:
        for _ in replicate([Arm("P", scenario)], range(count), 2, Keep(patients=False), lambda _: None, COMPILED):
            pass

    taken = seconds(run)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {"seconds": taken, "peak_mb": peak / 1024}


def growth_of_psa(samples: tuple[int, ...], replications: int) -> dict[str, dict[str, float]]:
    """Seconds and peak memory of analyses of the shipped pair on two workers, each in a process of its own."""
    found = {}
    for count in samples:
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks",
            "--psa",
            str(count),
            "--psa-replications",
            str(replications),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[str(count)] = json.loads(done.stdout)
    return found


def psa_of_the_shipped_pair(samples: int, replications: int) -> dict[str, float]:
    """Seconds, and peak memory (MB, this process and its workers apart) of one analysis from nothing."""
    files = [SHIPPED / f"{name}.yaml" for name in ("autologous", "allogeneic")]
    loaded = [load(file) for file in files]
    base = Base({one.scenario.name: one for one in loaded})

    def run(folder: Path) -> None:
        plan = SweepPlan(base, psa_points(base, samples), replications, 2, COMPILED, None, ECONOMICS)
        run_psa(plan, folder, "benchmark", lambda _: None)

    with TemporaryDirectory() as folder:
        taken = seconds(lambda: run(Path(folder) / "psa"))
    own, theirs = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {"seconds": taken, "peak_mb": own, "largest_worker_mb": theirs}


def main() -> None:
    """Run, print, and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="end within 40 seconds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
    parser.add_argument("--replicate", type=int, metavar="N", help="only run Model P so often, and say what it took")
    parser.add_argument("--psa", type=int, metavar="N", help="only run so many samples of the shipped pair")
    parser.add_argument("--psa-replications", type=int, default=20, metavar="N", help="replications of each sample")
    chosen = parser.parse_args()
    if chosen.psa:
        print(json.dumps(psa_of_the_shipped_pair(chosen.psa, chosen.psa_replications)))
        return
    if chosen.replicate:
        print(json.dumps(replicate_model_p(chosen.replicate)))
        return
    found = race(8 if chosen.quick else 40)
    found["whole_runs_by_replications"] = growth_with_replications((100,) if chosen.quick else (100, 1_000, 10_000))
    if not chosen.quick:
        found["psa_by_samples"] = growth_of_psa((100, 1_000), 20)
    # last, as Linux counts the memory of a process from that of the one which started it
    found["milliseconds_by_size"] = growth_with_patients((1, 10) if chosen.quick else (1, 10, 50))
    text = json.dumps(found, indent=2)
    print(text)
    if chosen.json:
        chosen.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
