"""How fitted numbers vary together, as the section `uncertainty` says it: correlations beside the distributions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from sim.fits.numbers import Number
from sim.pure.arrays import FloatArray
from sim.scenario.uncertainty import MOST_CORRELATION

DIGITS = 3
# Correlations of a fit nearer to 0 than this are left out: they move no result that a PSA could show.
NEGLIGIBLE = 0.02


def fitted_together(
    numbers: Iterable[Number], covariance: Iterable[tuple[str, str, float]]
) -> dict[str, dict[str, float]]:
    """{path: {path before it: correlation}} of the uncertain numbers that were fitted together.

    Their logarithms are linear in the free parameters (delta method), so that the correlation is that of the normal
    scores of their lognormal distributions. `covariance`: (name, name, value) of free parameters, the upper half
    """
    mixes = {path: mix for number in numbers for path, mix in number.mixes.items()}
    paths, names = list(mixes), list(dict.fromkeys(name for mix in mixes.values() for name in mix))
    if not paths:
        return {}
    places = {name: place for place, name in enumerate(names)}
    free = np.zeros((len(names), len(names)))
    for a, b, value in covariance:
        if a in places and b in places:
            free[places[a], places[b]] = free[places[b], places[a]] = value
    slopes = np.array([[mixes[path].get(name, 0.0) for name in names] for path in paths])
    found = slopes @ free @ slopes.T
    sd = np.sqrt(np.maximum(np.diag(found), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = np.nan_to_num(found / np.outer(sd, sd))
    return {path: beside(paths[:place], scores[place, :place], NEGLIGIBLE) for place, path in enumerate(paths)}


def beside(paths: Sequence[str], correlations: FloatArray, least: float) -> dict[str, float]:
    """{path: correlation} of those that are `least` or further from 0, as the section `uncertainty` takes them."""
    within = np.clip(correlations, -MOST_CORRELATION, MOST_CORRELATION)
    return {path: round(float(found), DIGITS) for path, found in zip(paths, within, strict=True) if abs(found) >= least}
