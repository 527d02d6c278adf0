"""Draws of uncertain inputs: each from its own distribution, and together where the file says so.

The uniform behind an input is keyed by its path and the number of the sample alone: one input has the same luck in
every scenario and whatever else is uncertain, and more samples leave the first ones as they are.

Correlated inputs share a Gaussian copula (Nelsen, An Introduction to Copulas, 2nd edition, 2006): their normal scores
are mixed by the Cholesky factor of the correlation matrix, in the order of the file. Ordered inputs are drawn again
together until they are in order, which is the joint distribution given the order. Shares of a set are gamma variables
divided by their sum, which is a Dirichlet distribution.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.pure.arrays import FloatArray
from sim.pure.streams import Source, key_table, sequence
from sim.scenario.uncertainty import Uncertain

UNCERTAINTY, FIRST = (Source("uncertainty"),), np.zeros(1, dtype=np.int64)
# Where two inputs are hardly ever in order, so many draws find none.
MOST_TRIES = 200


class DrawError(ValueError):
    """Distributions that cannot be drawn together; the message says which."""


def draw(inputs: Mapping[str, Uncertain], seed: int, samples: int) -> dict[str, FloatArray]:
    """The values of each input, shape (samples,), in its unit. Raises DrawError."""
    found = _attempt(inputs, seed, samples, 0)
    ordered = [(path, one.below) for path, one in inputs.items() if one.below in inputs]
    for tried in range(1, MOST_TRIES):
        wrong = {pair: found[pair[0]] >= found[pair[1]] for pair in ordered}
        again = [pair for pair, where in wrong.items() if where.any()]
        if not again:
            break
        fresh = _attempt(inputs, seed, samples, tried)
        for group in _groups(inputs):
            where = np.zeros(samples, dtype=bool)
            for pair in again:
                where |= wrong[pair] if pair[0] in group else False
            for path in group:
                found[path] = np.where(where, fresh[path], found[path])
    else:
        low, high = again[0]
        raise DrawError(f"{low} is below {high} in hardly any draw of their distributions: they contradict the order")
    for path, one in inputs.items():
        if one.same_as in inputs:
            found[path] = found[one.same_as]
    return found


def texts(inputs: Mapping[str, Uncertain], seed: int, samples: int) -> dict[str, list[str]]:
    """As `draw`, each value as a scenario file has it."""
    drawn = draw(inputs, seed, samples)
    return {
        path: [(inputs[one.same_as] if one.same_as else one).text(float(value)) for value in drawn[path]]
        for path, one in inputs.items()
    }


def _groups(inputs: Mapping[str, Uncertain]) -> list[set[str]]:
    """The inputs that are drawn together, because an order or a correlation joins them."""
    groups: list[set[str]] = []
    for path, one in ((path, one) for path, one in inputs.items() if not one.same_as):
        mine = {path, *(other for other in one.names if other in inputs)}
        joined = [group for group in groups if group & mine]
        groups = [group for group in groups if not group & mine] + [mine.union(*joined)]
    return groups


def _attempt(inputs: Mapping[str, Uncertain], seed: int, samples: int, tried: int) -> dict[str, FloatArray]:
    """Values with their correlations, in whatever order."""
    again = f" (again {tried})" if tried else ""
    keyed = {
        path: sequence(key_table(seed, 0, UNCERTAINTY, (path + again,)), FIRST, samples)[0]
        for path, one in inputs.items()
        if not one.same_as
    }
    chances = _correlated(inputs, keyed)
    values = {path: inputs[path].quantile(chances[path]) for path in keyed}
    for among in {one.among for one in inputs.values() if one.among}:
        members = [path for path, one in inputs.items() if one.among == among]
        whole = np.sum([values[path] for path in members], axis=0)
        values |= {path: values[path] / whole for path in members}
    return values


def _correlated(inputs: Mapping[str, Uncertain], chances: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """The uniforms, those of correlated inputs mixed."""
    from scipy.special import ndtr, ndtri

    found = dict(chances)
    pairs = {(a, b): r for a, one in inputs.items() for b, r in one.correlation.items() if b in chances}
    for group in _groups({path: one for path, one in inputs.items() if path in chances}):
        members = [path for path in inputs if path in group]
        matrix = np.eye(len(members))
        for (a, b), r in pairs.items():
            if a in group:
                i, j = members.index(a), members.index(b)
                matrix[i, j] = matrix[j, i] = r
        if np.array_equal(matrix, np.eye(len(members))):
            continue
        try:
            lower = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            told = ", ".join(members)
            raise DrawError(f"the correlations of {told} cannot hold together: no such distribution exists") from None
        mixed = lower @ ndtri(np.stack([chances[path] for path in members]))
        found |= dict(zip(members, ndtr(mixed), strict=True))
    return found
