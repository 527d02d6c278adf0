"""The value of information: perfect, about everything or about some inputs, freed of the noise of the simulation.

Net benefit is an array of shape (samples, strategies); the mean of a sample's replications carries noise, of which the
covariance is known.

- EVPI. Between-sample and within-sample variance are told apart by analysis of variance (O'Hagan, Stevenson, Madan,
  Health Economics 2007;16:1009): what the samples' means vary, less what few replications leave. The means are drawn
  towards their own mean until they vary so much; the expected maximum is taken of these (exact for normal net benefit).
- EVPPI of one input by regression of net benefit on it (Strong, Oakley, Brennan, Medical Decision Making 2014;34:311),
  here a cubic spline with knots at quantiles; noise of the simulation is residual there, and needs no correction. What
  overfitting adds is taken off by a parametric bootstrap of the coefficients.
- EVPPI of several inputs by a Gaussian process (the same source; Rasmussen and Williams, 2006) on at most 500 samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from sim.pure.arrays import FloatArray

DRAWS = 200
SEED = 20_070_917
KNOTS, DEGREE = 3, 3
MOST_POINTS = 500
TINY = 1e-12
# So many numbers of draws that are reckoned with together are held at once: a processor's cache holds them.
MOST_NUMBERS = 50_000


@dataclass(frozen=True)
class Worth:
    """What information is worth per patient, and its standard error."""

    value: float
    error: float


def perfect_information(benefit: FloatArray, noise: FloatArray) -> Worth:
    """EVPI of net benefit, shape (samples, strategies), whose rows carry noise of this mean covariance.

    The standard error is that of 200 bootstrap samples. Where the noise is not known (NaN), none is taken away.
    """
    value = float(_expected_gains(_freed(benefit[np.newaxis], noise))[0])
    if len(benefit) < 2:
        return Worth(value, float("nan"))
    random = np.random.default_rng(SEED)
    again = (random.integers(0, len(benefit), (some, len(benefit))) for some in _at_once(benefit.size))
    drawn = np.concatenate([_expected_gains(_freed(benefit.take(rows, axis=0), noise)) for rows in again])
    return Worth(value, float(np.std(drawn, ddof=1)))


def _at_once(size: int) -> list[int]:
    """How many of all draws of so many numbers each are made together, part after part."""
    most = max(1, MOST_NUMBERS // size)
    return [min(most, DRAWS - first) for first in range(0, DRAWS, most)]


def _expected_gains(benefit: FloatArray) -> FloatArray:
    """The mean of the highest less the highest mean; shape (draws,), from (draws, samples, strategies)."""
    return np.asarray(_highest(benefit).mean(axis=1) - _means(benefit).max(axis=1))


def _highest(benefit: FloatArray) -> FloatArray:
    """The highest of all strategies, which stand last: column by column, a tenth of the time of `max`."""
    return reduce(np.maximum, np.moveaxis(benefit, -1, 0))


def _means(benefit: FloatArray) -> FloatArray:
    """The means over samples, which stand last but one: sample after sample, of all draws at once."""
    return np.asarray(np.ascontiguousarray(np.moveaxis(benefit, -2, 0)).mean(axis=0))


def _freed(benefit: FloatArray, noise: FloatArray) -> FloatArray:
    """Net benefit less that of the best, drawn together until its covariance is that without the noise; of each draw.

    Shape (draws, samples, strategies), the best first, of which there is 0.
    """
    draws, samples, strategies = benefit.shape
    best = np.argmax(_means(benefit), axis=1)
    gain, nothing = np.empty((draws, samples, strategies - 1)), np.zeros((draws, samples, 1))
    for place in np.unique(best):
        mine = best == place
        gain[mine] = np.delete(benefit[mine] - benefit[mine][..., [place]], place, axis=2)
    left = np.array([_of_gains(noise, place) for place in range(strategies)])[best]
    if strategies < 2 or samples < 2 or not np.isfinite(left).all():
        return np.concatenate([nothing, gain], axis=2)
    mean = gain.mean(axis=1, keepdims=True)
    apart = gain - mean
    total = np.array([np.dot(each.T, each) for each in apart]) * (1.0 / (samples - 1))
    between = _root(total - left) @ _root(total, inverse=True)
    return np.concatenate([nothing, mean + apart @ between.swapaxes(1, 2)], axis=2)


def _of_gains(noise: FloatArray, best: int) -> FloatArray:
    """The covariance of what each of the others is worth more than the best, from that of all."""
    less = np.delete(np.eye(len(noise)), best, axis=0)
    less[:, best] = -1.0
    return np.asarray(less @ noise @ less.T)


def _root(matrix: FloatArray, inverse: bool = False) -> FloatArray:
    """The symmetric square root, or its inverse, of matrices whose negative parts are taken for 0."""
    values, vectors = np.linalg.eigh(matrix)
    there = values > TINY * np.maximum(np.abs(values).max(axis=-1, keepdims=True), TINY)
    roots = np.sqrt(np.where(there, values, 0.0))
    if inverse:
        roots = np.divide(1.0, roots, out=np.zeros_like(roots), where=there)
    return np.asarray((vectors * roots[..., np.newaxis, :]) @ vectors.swapaxes(-1, -2))


def gains(benefit: FloatArray) -> FloatArray:
    """How much more each strategy is worth than the one of the highest mean, shape (samples, strategies - 1)."""
    best = int(np.argmax(benefit.mean(axis=0)))
    return np.asarray(np.delete(benefit - benefit[:, [best]], best, axis=1))


def information_on_one(benefit: FloatArray, values: FloatArray) -> Worth:
    """EVPPI of one input, from its value in each sample; by a spline. 0 where it does not vary."""
    gain = gains(benefit)
    if not gain.shape[1] or np.ptp(values) == 0.0:
        return Worth(0.0, 0.0)
    design = _spline(values)
    solved, _, rank, _ = np.linalg.lstsq(design, gain, rcond=None)
    fitted = design @ solved
    residual = gain - fitted
    spread = residual.T @ residual / max(len(gain) - int(rank), 1)
    found = _over_zero(fitted)
    random = np.random.default_rng(SEED)
    by_basis, by_strategy = _root(design.T @ design, inverse=True), _root(np.atleast_2d(spread))
    chances = (random.normal(size=(some, design.shape[1], gain.shape[1])) for some in _at_once(gain.size))
    noisy = (fitted + design @ (by_basis @ chance @ by_strategy) for chance in chances)
    drawn = np.concatenate([_over_zero(each).mean(axis=-1) for each in noisy])
    # what the noise of the coefficients adds once more is what it has added
    value = 2.0 * found.mean() - drawn.mean()
    return _bounded(value, drawn, found)


def _over_zero(gain: FloatArray) -> FloatArray:
    """In each sample the gain of the best choice over that of the best mean, with means taken as they are fitted.

    Shape (..., samples), from (..., samples, strategies - 1).
    """
    whole = np.concatenate([np.zeros((*gain.shape[:-1], 1)), gain], axis=-1)
    return np.asarray(_highest(whole) - _means(whole).max(axis=-1)[..., np.newaxis])


def _bounded(value: float, drawn: FloatArray, found: FloatArray) -> Worth:
    error = np.hypot(drawn.std(ddof=1), found.std(ddof=1) / np.sqrt(len(found)))
    return Worth(max(float(value), 0.0), float(error))


def _spline(values: FloatArray) -> FloatArray:
    """Cubic B-splines with knots at the quantiles, shape (samples, functions); fewer where few values differ."""
    from scipy.interpolate import BSpline

    inner = np.unique(np.quantile(values, np.linspace(0.0, 1.0, KNOTS + 2)[1:-1]))
    low, high = float(values.min()), float(values.max())
    inner = inner[(inner > low) & (inner < high)]
    if len(np.unique(values)) <= KNOTS + DEGREE + 1:
        return np.column_stack([np.ones(len(values)), (values - values.mean()) / values.std()])
    knots = np.concatenate([np.full(DEGREE + 1, low), inner, np.full(DEGREE + 1, high)])
    return np.asarray(BSpline.design_matrix(values, knots, DEGREE).toarray())


def information_on_group(benefit: FloatArray, values: FloatArray) -> Worth:
    """EVPPI of several inputs together, from their values (samples, inputs); by a Gaussian process of scikit-learn.

    Raises ImportError where scikit-learn is not there.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    gain = gains(benefit)
    values = values[:, np.ptp(values, axis=0) > 0.0]
    if not gain.shape[1] or not values.shape[1]:
        return Worth(0.0, 0.0)
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    random = np.random.default_rng(SEED)
    some = np.sort(random.permutation(len(gain))[:MOST_POINTS])
    fitted, drawn = [], []
    for column in gain.T:
        if np.ptp(column) <= TINY * np.abs(column).max():  # the same strategy twice, or one as much dearer in each
            fitted.append(column)
            drawn.append(np.broadcast_to(column[some], (DRAWS, len(some))))
            continue
        kernel = ConstantKernel(1.0) * RBF(np.full(scaled.shape[1], 3.0), (0.3, 1e3)) + WhiteKernel(1.0, (1e-6, 1e3))
        process = GaussianProcessRegressor(kernel, normalize_y=True, random_state=SEED % 2**31)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # an input without effect has no length of its own
            process.fit(scaled[some], column[some])
        fitted.append(process.predict(scaled))
        smooth = process.kernel_.k1
        drawn.append(_posterior(smooth(scaled[some]), process.kernel_.k2.noise_level, column[some], random))
    whole = np.array([_over_zero(one).mean() for one in np.stack(drawn, axis=-1)])
    found = _over_zero(np.stack(fitted, axis=-1))
    return _bounded(found.mean(), whole, found)


def _posterior(smooth: FloatArray, noise: float, column: FloatArray, random: np.random.Generator) -> FloatArray:
    """Draws of the fitted function at the points, shape (draws, points)."""
    from scipy.linalg import cho_factor, cho_solve

    mean, sd = column.mean(), column.std()
    factor = cho_factor(smooth + (noise + 1e-10) * np.eye(len(column)), lower=True)
    middle = smooth @ cho_solve(factor, (column - mean) / sd)
    spread = smooth - smooth @ cho_solve(factor, smooth)
    drawn = middle + random.normal(size=(DRAWS, len(column))) @ _root(spread)
    return np.asarray(mean + sd * drawn)
