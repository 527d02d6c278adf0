"""The keyed uniforms of `streams`, number by number: the same bits, without a table in between for each operation."""

from __future__ import annotations

import numpy as np

from sim.engine.kernel.machine import entry, inlined
from sim.engine.kernel.tables import Wanted, opened
from sim.pure.streams import MULTIPLIERS, ROUNDS, SPARE_BITS, STEPS, UNIT, WORD, WORD_BITS

FIRST, SECOND = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
FIRST_STEP, SECOND_STEP = np.uint64(STEPS[0]), np.uint64(STEPS[1])
HIGH, LOW, SPARE = np.uint64(WORD_BITS), np.uint64(WORD), np.uint64(SPARE_BITS)


@inlined
def uniform(k0: int, k1: int, own: int, replication: int, number: int, attempt: int) -> float:
    """The first two words of `streams.philox` as a uniform."""
    a, b = np.uint64(k0), np.uint64(k1)
    c0, c1, c2, c3 = np.uint64(number), np.uint64(own), np.uint64(attempt), np.uint64(replication)
    for _ in range(ROUNDS):
        one, two = c0 * FIRST, c2 * SECOND
        c0, c1, c2, c3 = (two >> HIGH) ^ c1 ^ a, two & LOW, (one >> HIGH) ^ c3 ^ b, one & LOW
        a, b = (a + FIRST_STEP) & LOW, (b + SECOND_STEP) & LOW
    return float((((c0 << HIGH) | c1) >> SPARE) * UNIT)


@entry
def fill(wanted: Wanted) -> int:
    """How many numbers there are; `found` then holds them, as `streams.uniforms` gives them back."""
    keys, source, replication, number, attempt, found = opened(Wanted, wanted)
    for purpose in range(keys.shape[0]):
        i = 0
        while i < len(number):
            first, here = i, source[i]
            while i < len(number) and source[i] == here:
                i += 1
            # one key for the whole loop, so that the processor works on several numbers at once
            k0, k1, own = keys[purpose, here, 0], keys[purpose, here, 1], keys[purpose, here, 2]
            for each in range(first, i):
                found[purpose, each] = uniform(k0, k1, own, replication[each], number[each], attempt[each])
    return int(keys.shape[0] * len(number))
