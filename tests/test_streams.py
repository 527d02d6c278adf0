"""Keyed streams: pinned to the digit, even, and unrelated to each other."""

from __future__ import annotations

import numpy as np
from scipy import stats

from sim.pure.streams import uniforms

PINNED = [0.5103271157511239, 0.3170690707515561, 0.5175117758986973]
KEYS = [
    (seed, replication, source, course, purpose, attempt)
    for seed in (0, 1, 2**40)
    for replication in range(10)
    for source in ("here/poisson", "there/listed")
    for course in (1, 2)
    for purpose in ("stay", "release_testing.failure", "Aufenthalt in Köln")
    for attempt in (0, 1, 10)
]


def test_numbers_are_the_same_on_every_platform_and_for_ever() -> None:
    first = uniforms(1, 0, "here/poisson", 1, "stay", 0, 3)
    assert first.tolist() == PINNED
    assert uniforms(1, 0, "here/poisson", 1, "stay", 0, 2).tolist() == PINNED[:2]


def test_names_never_run_into_each_other() -> None:
    a = uniforms(1, 0, "here stay", 1, "x", 0, 3)
    b = uniforms(1, 0, "here", 1, "stay x", 0, 3)
    c = uniforms(1, 0, "here", 11, "stay x", 0, 3)
    d = uniforms(11, 0, "here", 1, "stay x", 0, 3)
    assert len({tuple(drawn) for drawn in (a, b, c, d)}) == 4


def test_every_key_has_numbers_of_its_own() -> None:
    assert len({uniforms(*key, 1)[0] for key in KEYS}) == len(KEYS)


def test_numbers_are_even_within_streams_and_over_them() -> None:
    many = np.stack([uniforms(*key, 2_000) for key in KEYS])
    assert (many >= 0.0).all()
    assert (many < 1.0).all()
    assert stats.kstest(many.ravel(), "uniform").pvalue > 1e-3
    # what the same patient draws under all keys, one test a patient: the worst of 50
    assert min(stats.kstest(many[:, patient], "uniform").pvalue for patient in range(50)) > 1e-4
    within = [stats.kstest(row, "uniform").pvalue for row in many]
    assert stats.kstest(within, "uniform").pvalue > 1e-3


def test_streams_of_neighbouring_keys_are_unrelated() -> None:
    many = np.stack([uniforms(*key, 2_000) for key in KEYS])
    correlations = np.corrcoef(many)[np.triu_indices(len(KEYS), 1)] * np.sqrt(many.shape[1])
    # standard normal, were the streams independent: 64,620 pairs
    assert abs(correlations.mean()) < 0.02
    assert abs(correlations.std() - 1.0) < 0.02
    assert abs(correlations).max() < 6.0
    serial = [np.corrcoef(row[:-1], row[1:])[0, 1] * np.sqrt(len(row)) for row in many]
    assert abs(np.mean(serial)) < 0.2
