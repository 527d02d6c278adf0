"""Keyed streams of uniforms: the same key gives the same numbers, whoever asks, in whatever order.

A key is (seed, replication, source, course, purpose, attempt). Source and purpose are names; their keys are the
first four bytes of a SHA-256, so that adding a name never moves another one's numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@lru_cache(maxsize=4096)
def name_key(name: str) -> int:
    """A number in 0..2^32-1 that stands for the name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def require_distinct(names: Iterable[str]) -> None:
    """Nothing, or a ValueError where two different names share a key (one chance in 2^32 for each pair)."""
    seen: dict[int, str] = {}
    for name in names:
        other = seen.setdefault(name_key(name), name)
        if other != name:
            raise ValueError(f"the names {other!r} and {name!r} share a random-number key: rename one of them")


def uniforms(
    seed: int, replication: int, source: str, course: int, purpose: str, attempt: int, count: int
) -> FloatArray:
    """`count` uniforms in [0, 1), one a patient (or lot) in the order of their numbers.

    A longer vector starts with the shorter one, so that one more patient changes nobody's numbers. The vector is not to
    be written to.
    """
    if count > MOST_REMEMBERED:
        return _draw(seed, replication, source, course, purpose, attempt, count)
    return _remembered(seed, replication, source, course, purpose, attempt, count)


def _draw(seed: int, replication: int, source: str, course: int, purpose: str, attempt: int, count: int) -> FloatArray:
    key = (replication, name_key(source), course, name_key(purpose), attempt)
    bits = np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key))
    drawn = np.random.Generator(bits).random(count)
    drawn.setflags(write=False)
    return drawn


# Seeding a stream takes longer than a short vector from it, and the scenarios and points of an experiment ask for the
# same ones. At most some 16 KB each: about a tenth of a gigabyte at worst, a tenth of that in most experiments.
MOST_REMEMBERED = 2_000
_remembered = lru_cache(maxsize=8_192)(_draw)
