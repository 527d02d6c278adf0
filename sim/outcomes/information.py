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

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
DRAWS = 200
SEED = 20_070_917
KNOTS, DEGREE = 3, 3
MOST_POINTS = 500
TINY = 1e-12


@dataclass(frozen=True)
class Worth:
    """What information is worth per patient, and its standard error."""

    value: float
    error: float


def perfect_information(benefit: FloatArray, noise: FloatArray) -> Worth:
    """EVPI of net benefit, shape (samples, strategies), whose rows carry noise of this mean covariance.

    The standard error is that of 200 bootstrap samples. Where the noise is not known (NaN), none is taken away.
    """
    value = _expected_gain(_freed(benefit, noise))
    if len(benefit) < 2:
        return Worth(value, float("nan"))
    random = np.random.default_rng(SEED)
    drawn = [
        _expected_gain(_freed(benefit[random.integers(0, len(benefit), len(benefit))], noise)) for _ in range(DRAWS)
    ]
    return Worth(value, float(np.std(drawn, ddof=1)))


def _expected_gain(benefit: FloatArray) -> float:
    """The mean of the highest less the highest mean."""
    return float(benefit.max(axis=1).mean() - benefit.mean(axis=0).max())


def _freed(benefit: FloatArray, noise: FloatArray) -> FloatArray:
    """Net benefit less that of the best, drawn together until its covariance is that without the noise."""
    strategies = benefit.shape[1]
    best = int(np.argmax(benefit.mean(axis=0)))
    less = np.delete(np.eye(strategies), best, axis=0)
    less[:, best] = -1.0
    gain = benefit @ less.T
    left = less @ noise @ less.T
    if strategies < 2 or len(gain) < 2 or not np.isfinite(left).all():
        return np.column_stack([np.zeros(len(gain)), gain])
    mean, total = gain.mean(axis=0), np.atleast_2d(np.cov(gain.T))
    between = _root(total - left) @ _root(total, inverse=True)
    return np.column_stack([np.zeros(len(gain)), mean + (gain - mean) @ between.T])


def _root(matrix: FloatArray, inverse: bool = False) -> FloatArray:
    """The symmetric square root, or its inverse, of a matrix whose negative parts are taken for 0."""
    values, vectors = np.linalg.eigh(matrix)
    there = values > TINY * max(float(np.abs(values).max()), TINY)
    roots = np.sqrt(np.where(there, values, 0.0))
    if inverse:
        roots = np.divide(1.0, roots, out=np.zeros_like(roots), where=there)
    return np.asarray((vectors * roots) @ vectors.T)


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
    chance = random.normal(size=(DRAWS, design.shape[1], gain.shape[1]))
    drawn = np.array([_over_zero(fitted + design @ (by_basis @ one @ by_strategy)).mean() for one in chance])
    # what the noise of the coefficients adds once more is what it has added
    value = 2.0 * found.mean() - drawn.mean()
    return _bounded(value, drawn, found)


def _over_zero(gain: FloatArray) -> FloatArray:
    """In each sample the gain of the best choice over that of the best mean, with means taken as they are fitted."""
    whole = np.column_stack([np.zeros(len(gain)), gain])
    return np.asarray(whole.max(axis=1) - whole.mean(axis=0).max())


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
