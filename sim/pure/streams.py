"""Keyed uniforms: one function of a key and of who draws. The same question gives the same number, whoever asks.

A key is (seed, parameter set, source, course, purpose); source and purpose are names. Within a key, a number belongs
to (replication, number of the patient or lot, attempt). No state is kept: any part can be drawn alone, in any order.

The numbers are those of Philox4x32-10, which turns a counter of four words into four random words under a key of two
(Salmon, Moraes, Dror & Shaw, Parallel random numbers: as easy as 1, 2, 3, SC11, doi 10.1145/2063384.2063405; its
authors report that it passes all of TestU01's BigCrush). The text of a key is hashed once (BLAKE2b) to three words: the
two of Philox's key, and one that stands in the counter beside number, attempt and replication. The first two random
words make one uniform.

Measured for one number, on vectors of 1,000: Squares64 4 ns compiled and 50 ns in numpy, Philox4x32-10 6 and 100;
numpy's own Philox4x64 14, but one generator to set up for each vector, and nothing to call for single numbers. Squares
asks for keys of a certain form; Philox takes any, and has been tested more widely.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.pure.arrays import FloatArray, IntArray

WordArray = NDArray[np.uint64]

VERSION = 2
"""Of the numbers; results that were drawn by another version cannot be had again from this program."""
GENERATOR = "Philox4x32-10, its key and one word of its counter the BLAKE2b digest of the key"
KEY = ("seed", "parameter set", "replication", "source of patients or lots", "course", "purpose", "number", "attempt")

# Multipliers of the two halves of a counter, and what is added to the two words of the key after each round.
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
STEPS = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
WORD_BITS = 32
WORD = (1 << WORD_BITS) - 1
KEY_WORDS = 3
# Of 64 random bits the upper 53 make a double in [0, 1).
SPARE_BITS = 11
UNIT = 2.0**-53
# So many numbers at a time, so that all that a round works on stays near the processor.
AT_ONCE = 4_096

# (keys, source, replication, number, attempt) -> uniforms: see `uniforms`
Uniforms = Callable[[IntArray, IntArray, IntArray, IntArray, IntArray], FloatArray]


class Source(NamedTuple):
    """Where the patients or lots come from that share a key: the name of their region and source, and their course."""

    name: str
    course: int = 1


@lru_cache(maxsize=4_096)
def key_words(seed: int, parameter_set: int, source: Source, purpose: str) -> tuple[int, ...]:
    """The three words, each of 32 bits, that a key stands for; the same on every platform."""
    # the length of the first name makes the text unambiguous: two keys never have the same one
    text = f"{seed} {parameter_set} {source.course} {len(source.name)} {source.name} {purpose}"
    digest = blake2b(text.encode(), digest_size=KEY_WORDS * WORD_BITS // 8).digest()
    return tuple(np.frombuffer(digest, dtype="<u4").tolist())


@lru_cache(maxsize=256)
def key_table(seed: int, parameter_set: int, sources: tuple[Source, ...], purposes: tuple[str, ...]) -> IntArray:
    """The words of every key of these sources and purposes, shape (purposes, sources, 3); never to be changed."""
    words = [[key_words(seed, parameter_set, source, purpose) for source in sources] for purpose in purposes]
    return np.array(words, dtype=np.int64).reshape(len(purposes), len(sources), KEY_WORDS)


def uniforms(
    keys: IntArray, source: IntArray, replication: IntArray, number: IntArray, attempt: IntArray
) -> FloatArray:
    """Uniforms in [0, 1), multiples of 2^-53, shape (purposes, n): for each purpose, one for each of n who draw.

    `keys`: a `key_table`. `source`, `replication`, `number`, `attempt`: n each; `source` is a place in `keys`, the
    others are below 2^32. Any mixture of sources, replications and attempts can be drawn at once, and each number
    depends on its own entry alone.
    """
    found = np.empty((len(keys), len(number)))
    for first in range(0, len(number), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        entries = [values[part].astype(np.uint64) for values in (number, attempt, replication)]
        of_entries = keys if keys.shape[1] == 1 else keys[:, source[part]]
        at_once = max(1, AT_ONCE // len(entries[0]))
        for purpose in range(0, len(keys), at_once):
            words = of_entries[purpose : purpose + at_once].astype(np.uint64)
            found[purpose : purpose + at_once, part] = _uniforms(words, *entries)
    return found


def _uniforms(words: WordArray, number: WordArray, attempt: WordArray, replication: WordArray) -> FloatArray:
    """Uniforms of shape (purposes, n); `words`: of shape (purposes, n, 3), or (purposes, 1, 3) where all share them."""
    key = words[..., 0].copy(), words[..., 1].copy()
    shape = len(words), len(number)
    counter = tuple(np.empty(shape, dtype=np.uint64) for _ in range(4))
    for mine, given in zip(counter, (number, words[..., 2], attempt, replication), strict=True):
        mine[...] = given
    upper, lower, _, _ = philox(counter, key)
    upper <<= np.uint64(WORD_BITS)
    upper |= lower
    upper >>= np.uint64(SPARE_BITS)
    return upper.astype(np.float64) * UNIT


def sequence(words: IntArray, replications: IntArray, count: int, draw: Uniforms = uniforms) -> FloatArray:
    """The first `count` uniforms of one key (`key_table(...)` of one source and one purpose), a row a replication."""
    rows = len(replications)
    nothing = np.zeros(rows * count, dtype=np.int64)
    found: FloatArray = draw(words, nothing, np.repeat(replications, count), np.tile(np.arange(count), rows), nothing)
    return found.reshape(rows, count)


def philox(counter: tuple[WordArray, ...], key: tuple[WordArray, WordArray]) -> tuple[WordArray, ...]:
    """The four random words, each of 32 bits, of each counter under each key; the arrays given are used up."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    high, low = np.uint64(WORD_BITS), np.uint64(WORD)
    for _ in range(ROUNDS):
        # the products have 64 bits: their upper halves are mixed with the odd words and the key, the lower ones stay
        c0 *= np.uint64(MULTIPLIERS[0])
        c2 *= np.uint64(MULTIPLIERS[1])
        c1 ^= k0
        c3 ^= k1
        c1 ^= c2 >> high
        c3 ^= c0 >> high
        c0 &= low
        c2 &= low
        c0, c1, c2, c3 = c1, c2, c3, c0
        k0 += np.uint64(STEPS[0])
        k1 += np.uint64(STEPS[1])
        k0 &= low
        k1 &= low
    return c0, c1, c2, c3
