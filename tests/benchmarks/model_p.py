"""Model P on both engines, against the same model in ordinary SimPy."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sim.engine.choice import COMPILED, engine, generator
from sim.engine.trace import Trace
from sim.pieces.cohort import Cohort, draw_cohort
from sim.pieces.protocol import Protocol
from sim.pieces.strategies import build_protocol
from sim.scenario import Scenario, load

MODEL_P = Path(__file__).with_name("model_p.yaml")


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


def simulate(name: str, numbers: range, size: int = 1) -> tuple[Cohort, Trace]:
    """A batch of replications of Model P on an engine: draws, engine and trace, not the table of results."""
    scenario, protocol = model_p(size)
    cohort, luck = draw_cohort(scenario, protocol.clocks, numbers, draw=generator(name))
    window_end = scenario.run.warm_up + scenario.run.window
    return cohort, engine(name)(protocol, cohort, luck, window_end, scenario.run.follow_up, False)


def rep(seed: int, name: str = COMPILED) -> tuple[float, int, int, int, int]:
    """(mean waiting days, infused, progressed, patients, 0) of Model P, counted by the day it happens after day 365."""
    cohort, trace = simulate(name, range(seed, seed + 1))
    infused, stop = trace.notes[:, trace.milestones.index("infusion")], trace.stop_day[0]
    counted = (infused > 365.0) & (infused <= stop)
    left = (trace.leave_day > 365.0) & (trace.leave_day <= stop)
    waits = (infused - cohort.referral_day)[counted]
    return float(waits.mean()), int(counted.sum()), int(left.sum()), len(infused), 0
