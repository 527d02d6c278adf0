"""Keyed streams of uniforms: the same key gives the same numbers, whoever asks, in whatever order.

A key is (seed, replication, source, course, purpose, attempt); source and purpose are names. Its text is hashed once
(BLAKE2b) and the 192 bits of the digest are the state of an SFC64 generator. numpy's own way from a key to a state,
`SeedSequence(seed, spawn_key=...)`, wants numbers for names, so that two names could share one, and takes 20 us a
stream where the digest takes 4; a replication opens a dozen streams.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import DTypeLike, NDArray

FloatArray = NDArray[np.float64]

STATE_BYTES = 24


class KeyState(ISeedSequence):
    """The state that a key's text stands for, in the form in which numpy's SFC64 asks for it."""

    def __init__(self, text: str) -> None:
        self.digest = blake2b(text.encode(), digest_size=STATE_BYTES).digest()

    def generate_state(self, n_words: int, dtype: DTypeLike = np.uint64) -> NDArray[np.uint32 | np.uint64]:
        """The digest as whole numbers, the same on every platform."""
        return np.frombuffer(self.digest, dtype="<u8", count=n_words).astype(np.uint64, copy=False)


def uniforms(
    seed: int, replication: int, source: str, course: int, purpose: str, attempt: int, count: int
) -> FloatArray:
    """`count` uniforms in [0, 1), one a patient (or lot) in the order of their numbers.

    A longer vector starts with the shorter one, so that one more patient changes nobody's numbers.
    """
    # the length of the first name makes the text unambiguous: two keys never have the same one
    key = f"{seed} {replication} {course} {attempt} {len(source)} {source} {purpose}"
    # numpy takes any `ISeedSequence`, but its types speak of one class of them only
    bits = np.random.SFC64(KeyState(key))  # type: ignore[arg-type]
    return np.random.Generator(bits).random(count)
