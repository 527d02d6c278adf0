"""Keyed uniforms: those of the published generator, pinned to the digit, even, and unrelated to each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from sim.engine.choice import COMPILED, SIMPY, generator
from sim.pure.streams import (
    AT_ONCE,
    FloatArray,
    IntArray,
    Source,
    Uniforms,
    key_table,
    key_words,
    philox,
    sequence,
    uniforms,
)
from tests.runs import HAS_NUMBA

# The known answers of the authors' library Random123 (file tests/kat_vectors, philox4x32 with 10 rounds): counter, key,
# random words. The last is of the digits of pi.
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]
ROUTINES = [SIMPY, *([COMPILED] if HAS_NUMBA else [])]
HERE = Source("here/poisson")
PINNED = [0.5779681817064969, 0.11573642469521572, 0.22853505055550416]
PATIENTS = 2_000


def drawn(
    seed: int = 1,
    parameter_set: int = 0,
    replication: int = 0,
    source: str = "here/poisson",
    course: int = 1,
    purpose: str = "stay",
    attempt: int = 0,
    count: int = PATIENTS,
) -> FloatArray:
    keys = key_table(seed, parameter_set, (Source(source, course),), (purpose,))
    nothing = np.zeros(count, dtype=np.int64)
    return uniforms(keys, nothing, nothing + replication, np.arange(count), nothing + attempt)[0]


def words(text: str) -> tuple[NDArray[np.uint64], ...]:
    return tuple(np.array([int(word, 16)], dtype=np.uint64) for word in text.split())


@pytest.mark.parametrize(("counter", "key", "random"), KNOWN_ANSWERS)
def test_the_generator_gives_the_published_answers(counter: str, key: str, random: str) -> None:
    first, second = words(key)
    assert " ".join(f"{int(word[0]):08x}" for word in philox(words(counter), (first, second))) == random


@pytest.mark.parametrize("routine", ROUTINES)
@pytest.mark.parametrize(("counter", "key", "random"), KNOWN_ANSWERS)
def test_a_uniform_is_made_of_the_first_two_published_words(routine: str, counter: str, key: str, random: str) -> None:
    number, own, attempt, replication = (word.astype(np.int64) for word in words(counter))
    first, second = (int(word[0]) for word in words(key))
    keys = np.array([[[first, second, int(own[0])]]], dtype=np.int64)
    found = generator(routine)(keys, np.zeros(1, dtype=np.int64), replication, number, attempt)
    upper, lower = (int(word, 16) for word in random.split()[:2])
    assert found.tolist() == [[((upper << 32 | lower) >> 11) / 2**53]]


def test_numbers_are_the_same_on_every_platform_and_for_ever() -> None:
    assert drawn(count=3).tolist() == PINNED
    assert drawn(count=2).tolist() == PINNED[:2]
    assert sequence(key_table(1, 0, (HERE,), ("stay",)), np.zeros(1, dtype=np.int64), 3)[0].tolist() == PINNED


@pytest.mark.skipif(not HAS_NUMBA, reason="needs numba")
@given(
    count=st.integers(0, 3 * AT_ONCE),
    purposes=st.integers(0, 5),
    sources=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
)
def test_both_routines_give_the_same_bits(count: int, purposes: int, sources: int, seed: int) -> None:
    """Of any mixture of sources, replications, numbers and attempts, in any order."""
    r = np.random.default_rng(seed)
    keys = key_table(seed, 0, tuple(Source(f"s{k}") for k in range(sources)), tuple(f"p{k}" for k in range(purposes)))
    entries = (r.integers(0, sources, count), *(r.integers(0, high, count) for high in (2**32, 2**32, 1_000)))
    assert np.array_equal(generator(SIMPY)(keys, *entries), generator(COMPILED)(keys, *entries))


@pytest.mark.parametrize("routine", ROUTINES)
def test_whatever_is_drawn_together_is_the_same_alone(routine: str) -> None:
    """Two replications of two sources at once, and each patient's further attempts alone."""
    draw: Uniforms = generator(routine)
    sources, purposes = (HERE, Source("there/listed", 2)), ("stay", "ship")
    keys = key_table(5, 3, sources, purposes)
    source: IntArray = np.repeat([0, 1, 0, 1], 50)
    replication, number = np.repeat([7, 7, 8, 8], 50), np.tile(np.arange(50), 4)
    together = draw(keys, source, replication, number, number % 3)
    assert together.shape == (2, 200)
    for at in (0, 60, 120, 199):
        of = sources[source[at]]
        for place, purpose in enumerate(purposes):
            who = np.array([number[at]])
            one = key_table(5, 3, (of,), (purpose,))
            alone = draw(one, np.zeros(1, dtype=np.int64), replication[at : at + 1], who, who % 3)
            assert alone[0, 0] == together[place, at]


def test_names_never_run_into_each_other() -> None:
    keys = [
        (1, 0, Source("here stay"), "x"),
        (1, 0, Source("here"), "stay x"),
        (1, 0, Source("here", 11), "stay x"),
        (11, 0, Source("here"), "stay x"),
        (1, 10, Source("here"), "stay x"),
    ]
    assert len({key_words(*key) for key in keys}) == len(keys)


KEYS = [
    {"seed": seed, "parameter_set": of, "replication": replication, "course": course, "purpose": purpose,
     "attempt": attempt}
    for seed in (0, 2**40)
    for of in (0, 1)
    for replication in range(5)
    for course in (1, 2)
    for purpose in ("stay", "release_testing.failure", "Aufenthalt in Köln")
    for attempt in (0, 1, 10)
]  # fmt: skip


def test_numbers_are_even_within_keys_and_over_them() -> None:
    many = np.stack([drawn(**key) for key in KEYS])  # type: ignore[arg-type]
    assert (many >= 0.0).all()
    assert (many < 1.0).all()
    assert len(np.unique(many)) == many.size
    assert stats.kstest(many.ravel(), "uniform").pvalue > 1e-3
    # what the same patient draws under all keys, one test a patient: the worst of 50
    assert min(stats.kstest(many[:, patient], "uniform").pvalue for patient in range(50)) > 1e-4
    within = [stats.kstest(row, "uniform").pvalue for row in many]
    assert stats.kstest(within, "uniform").pvalue > 1e-3


def test_every_bit_is_as_often_set_as_not() -> None:
    bits = (drawn(count=200_000) * 2.0**53).astype(np.int64)
    shares = np.array([((bits >> bit) & 1).mean() for bit in range(53)])
    # the standard error of a share of a half is 0.0011: 53 of them within 4.5 errors
    assert np.abs(shares - 0.5).max() < 0.005


def test_numbers_of_neighbouring_keys_are_unrelated() -> None:
    many = np.stack([drawn(**key) for key in KEYS])  # type: ignore[arg-type]
    correlations = np.corrcoef(many)[np.triu_indices(len(KEYS), 1)] * np.sqrt(many.shape[1])
    # standard normal, were the numbers independent: 64,620 pairs
    assert abs(correlations.mean()) < 0.02
    assert abs(correlations.std() - 1.0) < 0.02
    assert abs(correlations).max() < 6.0
    serial = [np.corrcoef(row[:-1], row[1:])[0, 1] * np.sqrt(len(row)) for row in many]
    assert abs(np.mean(serial)) < 0.2


NEIGHBOURS = {
    "patients": lambda count: np.stack([drawn(count=count + 1)[:-1], drawn(count=count + 1)[1:]]),
    "attempts": lambda count: np.stack([drawn(attempt=k, count=count) for k in (0, 1)]),
    "replications": lambda count: np.stack([drawn(replication=k, count=count) for k in (0, 1)]),
    "sets": lambda count: np.stack([drawn(parameter_set=k, count=count) for k in (0, 1)]),
    "seeds": lambda count: np.stack([drawn(seed=k, count=count) for k in (1, 2)]),
    "courses": lambda count: np.stack([drawn(course=k, count=count) for k in (1, 2)]),
    "purposes": lambda count: np.stack([drawn(purpose=name, count=count) for name in ("stay", "stax")]),
    "sources": lambda count: np.stack([drawn(source=f"here/{name}", count=count) for name in ("poisson", "listed")]),
}


@pytest.mark.parametrize("kind", NEIGHBOURS)
def test_neighbours_have_nothing_to_do_with_each_other(kind: str) -> None:
    """Pairs fill the unit square evenly: 256 cells, chi squared with 255 degrees of freedom; and no correlation."""
    count = 200_000
    pair = NEIGHBOURS[kind](count)
    assert abs(np.corrcoef(pair)[0, 1]) < 4.5 / np.sqrt(count)
    cells = np.bincount((pair[0] * 16).astype(int) * 16 + (pair[1] * 16).astype(int), minlength=256)
    assert 1e-4 < stats.chi2.sf(((cells - count / 256) ** 2 / (count / 256)).sum(), 255) < 1.0 - 1e-4


def test_the_replications_of_one_patient_are_even_too() -> None:
    """What one patient draws over 100,000 replications, made in one call."""
    count = 100_000
    nothing = np.zeros(count, dtype=np.int64)
    found = uniforms(key_table(1, 0, (HERE,), ("stay",)), nothing, np.arange(count), nothing + 3, nothing)[0]
    assert stats.kstest(found, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 4.5 / np.sqrt(count)
