"""How far what was observed lies from what was simulated: envelopes, CRPS, and a test that knows the spread of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.pure.arrays import BoolArray, FloatArray

ENVELOPES = {"50": (0.25, 0.75), "90": (0.05, 0.95)}
LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class Score:
    """One quantity scored; arrays have an entry a point.

    `middle`, `low`, `high`: median and ends of the envelopes (by their share) over replications. `held`: the share of
    replications inside each envelope, which is more than its name where whole numbers cannot be cut finer. `crps`: of
    each point (Gneiting and Raftery, J Am Stat Assoc 2007;102:359), in the unit of the quantity; `crps_expected`: what
    it is on average where the simulation is right. `pit`: the share of replications below what was observed, half of
    those equal to it included. `p_value`: the share of replications that lie at least as far from all others, observed
    included, as what was observed does (Monte Carlo test: Besag and Diggle, Appl Stat 1977;26:327). `mean_z`: by how
    many standard deviations the observed is above the simulated, on average over points.
    """

    middle: FloatArray
    low: dict[str, FloatArray]
    high: dict[str, FloatArray]
    inside: dict[str, BoolArray]
    held: dict[str, FloatArray]
    crps: FloatArray
    crps_expected: FloatArray
    pit: FloatArray
    p_value: float
    mean_z: float


def score(observed: FloatArray, simulated: FloatArray) -> Score:
    """`observed`: shape (points); `simulated`: shape (replications, points). Points are finite in most replications."""
    quantiles = np.nanquantile(simulated, [0.5, *(end for ends in ENVELOPES.values() for end in ends)], axis=0)
    low = {name: quantiles[1 + 2 * k] for k, name in enumerate(ENVELOPES)}
    high = {name: quantiles[2 + 2 * k] for k, name in enumerate(ENVELOPES)}
    spread = np.array([_mean_difference(column[np.isfinite(column)]) for column in simulated.T])
    p_value, mean_z = _test(observed, simulated)
    return Score(
        middle=quantiles[0],
        low=low,
        high=high,
        inside={name: (low[name] <= observed) & (observed <= high[name]) for name in ENVELOPES},
        held={name: np.nanmean(_between(simulated, low[name], high[name]), axis=0) for name in ENVELOPES},
        crps=np.nanmean(np.abs(simulated - observed), axis=0) - 0.5 * spread,
        crps_expected=0.5 * spread,
        pit=_below(observed, simulated),
        p_value=p_value,
        mean_z=mean_z,
    )


def _between(simulated: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """1 where a replication lies between, 0 where not, NaN where it has no value."""
    return np.where(np.isfinite(simulated), (low <= simulated) & (simulated <= high), np.nan)


def _mean_difference(values: FloatArray) -> float:
    """The mean of the absolute difference of two different ones of these values."""
    count = len(values)
    if count < 2:
        return 0.0
    ranks = 2.0 * np.arange(1, count + 1) - count - 1.0
    return float(2.0 * (ranks * np.sort(values)).sum() / (count * (count - 1)))


def _below(observed: FloatArray, simulated: FloatArray) -> FloatArray:
    there = np.isfinite(simulated)
    less = ((simulated < observed) & there).sum(axis=0) + 0.5 * ((simulated == observed) & there).sum(axis=0)
    return np.asarray(less / there.sum(axis=0), dtype=np.float64)


def _test(observed: FloatArray, simulated: FloatArray) -> tuple[float, float]:
    """(p-value, mean standardised difference). All are standardised by what all of them have in common, so that none
    can be told from the others unless what was observed is not like them."""
    every = np.vstack([observed, simulated])
    sd = np.nanstd(every, axis=0)
    varies = sd > 1e-12
    if not varies.any():
        return 1.0, 0.0
    z = (every[:, varies] - np.nanmean(every[:, varies], axis=0)) / sd[varies]
    # a replication may have no value at all where patients are few
    far = np.nansum(z**2, axis=1) / np.maximum(np.isfinite(z).sum(axis=1), 1)
    at_least = int((far[1:] >= far[0] - 1e-12).sum())
    return (1 + at_least) / len(every), float(np.nanmean(z[0]))


def off(p_values: list[float], level: float = LEVEL) -> list[bool]:
    """Which of the quantities are off: by Holm's rule, all are right and some is called off in 5 of 100 registers."""
    order = np.argsort(p_values, kind="stable")
    found = [False] * len(p_values)
    for rank, place in enumerate(order):
        if p_values[place] > level / (len(p_values) - rank):
            break
        found[place] = True
    return found


def least_replications(quantities: int, level: float = LEVEL) -> int:
    """So many replications are needed for any one of so many quantities to be called off."""
    return int(np.ceil(quantities / level)) - 1
