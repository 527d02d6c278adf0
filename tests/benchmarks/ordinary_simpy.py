"""Model P as SimPy models are usually written: the yardstick of the benchmark.

A process a patient, stock resources in `with` blocks, a random call an activity, and `event | clock` wherever the
patient may leave. Parameters as in `model_p.yaml`.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

LAST_DAY = 4015.0
WARM_UP = 365.0
STAY_SIGMA = math.sqrt(math.log(1 + (5 / 14) ** 2))
STAY_MU = math.log(14) - STAY_SIGMA**2 / 2


class ProgressionError(Exception):
    """The clock went off first."""


class Centre:
    """The resources, the random numbers and the counts of one replication."""

    def __init__(self, env: simpy.Environment, seed: int) -> None:
        self.env, self.rng = env, np.random.default_rng(seed)
        self.slots = simpy.Resource(env, 14)
        self.chairs = simpy.Resource(env, 2)
        self.benches = simpy.Resource(env, 6)
        self.beds = simpy.Resource(env, 10)
        self.waits: list[float] = []
        self.progressed = 0
        self.patients = 0


def or_progress(event: simpy.Event, clock: simpy.Event) -> Generator[simpy.Event, Any, None]:
    """Wait for the event, unless the clock goes off before."""
    yield event | clock
    if clock.processed:
        raise ProgressionError


def patient(centre: Centre) -> Generator[simpy.Event, Any, None]:
    """One patient's path."""
    env, rng = centre.env, centre.rng
    referred = env.now
    clock = env.timeout(rng.exponential(180))
    try:
        with centre.slots.request() as slot:
            yield from or_progress(slot, clock)
            with centre.chairs.request() as chair:
                yield from or_progress(chair, clock)
                yield from or_progress(env.timeout(1), clock)
            yield from or_progress(env.timeout(rng.uniform(1, 3)), clock)
            for _ in range(2):
                yield from or_progress(env.timeout(rng.gamma(25, 21 / 25)), clock)
                with centre.benches.request() as bench:
                    yield from or_progress(bench, clock)
                    yield from or_progress(env.timeout(rng.uniform(7, 14)), clock)
                if rng.random() >= 0.05:
                    break
            else:
                return
        yield from or_progress(env.timeout(rng.uniform(1, 3)), clock)
        yield from or_progress(env.timeout(5), clock)
        with centre.beds.request() as bed:
            yield from or_progress(bed, clock)
            if env.now > WARM_UP:
                centre.waits.append(env.now - referred)
            yield env.timeout(rng.lognormal(STAY_MU, STAY_SIGMA))
    except ProgressionError:
        centre.progressed += env.now > WARM_UP


def referrals(centre: Centre) -> Generator[simpy.Event, Any, None]:
    """Patients arrive, one every other day on average."""
    while True:
        yield centre.env.timeout(centre.rng.exponential(2))
        centre.patients += 1
        centre.env.process(patient(centre))


def replicate(seed: int) -> tuple[float, int, int, int]:
    """(mean waiting days, infused, progressed, patients) of one replication, counted after the warm-up."""
    env = simpy.Environment()
    centre = Centre(env, seed)
    env.process(referrals(centre))
    env.run(until=LAST_DAY)
    return float(np.mean(centre.waits)), len(centre.waits), int(centre.progressed), centre.patients
