"""Approximate Bayesian computation by population Monte Carlo, on the unit cube of the priors' chances.

There every prior is uniform. A generation is drawn from the nearest particles of the one before it, moved by a kernel
with twice their covariance, and weighted by prior over proposal (sequential Monte Carlo: Toni et al., J R Soc Interface
2009;6:187; adaptive kernel: Beaumont et al., Biometrika 2009;96:983). The tolerance is a quantile of the distances, so
each generation has a fixed number of runs. Particles are compared by summaries that a ridge regression of the
parameters on everything observed makes of it, anew for each generation (Fearnhead and Prangle, J R Stat Soc B
2012;74:419; Prangle, Bayesian Anal 2017;12:289). Each half of the particles is compared by what the other half has
taught, for by what it has learned from, a particle lies nearer to its own parameters than what was observed can lie to
the truth; and particles of one number share their luck in all generations.

The posterior is of all generations, each particle weighted by the prior over the mixture of all proposals from which it
could have come (Owen and Zhou, J Am Stat Assoc 2000;95:135; Cornuet et al., Scand J Stat 2012;39:798). What the last
tolerance leaves is taken out by local-linear regression (Beaumont et al., Genetics 2002;162:2025), on logits, so that
no particle leaves its range.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.pure.arrays import BoolArray, FloatArray, IntArray

# Of each generation so many are the nearest; of the last one, those within the support of the kernel.
NEAREST, NEAREST_AT_LAST = 0.3, 0.4
# Summaries are taught by so many generations, the last ones: where the posterior is, a straight line is nearly right.
TAUGHT_BY = 3
# The mass of a proposal within the cube is told by so many draws.
MASS_BY = 4096
# So much of each proposal is the prior itself, which bounds the weights (Hesterberg, Technometrics 1995;37:185).
FROM_PRIOR = 0.1
# Penalties of the ridge, as shares of the largest eigenvalue; the best is taken by generalised cross-validation
# (Golub, Heath and Wahba, Technometrics 1979;21:215).
PENALTIES = np.logspace(-5.0, 1.0, 25)
# So many standard deviations from the mean, a summary counts as no further away.
FAR = 4.0
TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Particles:
    """Weighted points of the unit cube: `shares` of shape (particles, parameters), `weights` that add up to 1."""

    shares: FloatArray
    weights: FloatArray

    @property
    def effective(self) -> float:
        """How many equally weighted particles would know as much (Kish)."""
        return float(1.0 / np.square(self.weights).sum())


@dataclass(frozen=True, eq=False)
class Generation:
    """Particles as they were run: shares, weights (0 of those that were not kept), and distances."""

    shares: FloatArray
    weights: FloatArray
    distance: FloatArray


# What would have been observed of each particle of a generation (its number from 0, its shares).
Simulate = Callable[[int, FloatArray], FloatArray]


def population(
    simulate: Simulate, observed: FloatArray, levels: IntArray, particles: int, generations: int, seed: int
) -> tuple[list[Generation], FloatArray, FloatArray]:
    """(every generation, shares of the posterior of shape (particles of all generations, parameters), their weights).

    `observed`: shape (summaries); `levels`: see `posterior`. The same for the same seed.
    """
    shares, density = first_shares(particles, len(levels), seed), np.ones(particles)
    found: list[Generation] = []
    run: list[tuple[FloatArray, FloatArray]] = []
    proposals: list[Proposal] = []
    for number in range(generations):
        run.append((shares, simulate(number, shares)))
        (here,) = by_halves(run[-TAUGHT_BY:], run[-1:], observed)
        kept, weights = nearest(shares, density, here.distance)
        found.append(Generation(shares, weights, here.distance))
        if number + 1 < generations:
            proposals.append(proposal_of(kept, seed))
            shares = proposals[-1].draw(particles, seed, number + 1)
            density = proposals[-1].density(shares)
    each = by_halves(run[-TAUGHT_BY:], run, observed)
    every = np.vstack([one for one, _ in run])
    compared = Compared(np.vstack([one.apart for one in each]), np.concatenate([one.distance for one in each]))
    tolerance = float(np.sort(each[-1].distance, kind="stable")[min(particles - 1, int(NEAREST_AT_LAST * particles))])
    mixture = (1.0 + sum((one.density(every) for one in proposals), np.zeros(len(every)))) / generations
    moved, weights = posterior(every, mixture, compared, levels, tolerance)
    return found, moved, weights


def by_halves(
    taught_by: Sequence[tuple[FloatArray, FloatArray]],
    those: Sequence[tuple[FloatArray, FloatArray]],
    observed: FloatArray,
) -> list[Compared]:
    """Generations (shares, seen) against what was observed, each half of the particles by what the other half of the
    particles of some generations has taught."""
    half = np.arange(len(those[0][0])) % 2
    teach = [tuple(np.vstack([one[k][half != which] for one in taught_by]) for k in (0, 1)) for which in (0, 1)]
    summaries = [summary_of(shares, seen, observed) for shares, seen in teach]
    found = []
    for shares, seen in those:
        apart = np.empty_like(shares)
        for which, summary in enumerate(summaries):
            apart[half == which] = summary.compared(seen[half == which], observed).apart
        found.append(Compared(apart, np.sqrt(np.square(apart).sum(axis=1))))
    return found


def first_shares(count: int, parameters: int, seed: int) -> FloatArray:
    """The first generation: a Latin hypercube of the prior, shape (count, parameters)."""
    from scipy.stats.qmc import LatinHypercube

    return np.asarray(LatinHypercube(parameters, rng=np.random.default_rng([seed, 0])).random(count))


@dataclass(frozen=True, eq=False)
class Proposal:
    """What a generation is drawn from: the prior, and particles that are moved by a normal kernel, within the cube.

    `mass`: of the moved particles, the share that falls within it.
    """

    particles: Particles
    root: FloatArray
    mass: float

    def draw(self, count: int, seed: int, generation: int) -> FloatArray:
        """Shape (count, parameters); what falls outside the cube is drawn anew."""
        luck = np.random.default_rng([seed, generation])
        inside = np.empty((0, self.particles.shares.shape[1]))
        while len(inside) < count:
            chosen = luck.choice(len(self.particles.weights), size=2 * count, p=self.particles.weights)
            moved = self.particles.shares[chosen] + luck.standard_normal((2 * count, len(self.root))) @ self.root.T
            anywhere = luck.random(moved.shape)
            drawn = np.where((luck.random(2 * count) < FROM_PRIOR)[:, None], anywhere, moved)
            inside = np.vstack([inside, drawn[((drawn > 0.0) & (drawn < 1.0)).all(axis=1)]])
        return inside[:count]

    def density(self, shares: FloatArray) -> FloatArray:
        """The density with which each of these points is drawn, over that of the prior."""
        inverse = np.linalg.inv(self.root)
        volume = abs(float(np.linalg.det(self.root))) * (2.0 * np.pi) ** (len(self.root) / 2.0)
        apart = (shares[:, None, :] - self.particles.shares[None, :, :]) @ inverse.T
        mixed = np.exp(-0.5 * np.square(apart).sum(axis=2)) @ self.particles.weights / volume
        return np.asarray((FROM_PRIOR + (1.0 - FROM_PRIOR) * mixed) / (FROM_PRIOR + (1.0 - FROM_PRIOR) * self.mass))


def proposal_of(particles: Particles, seed: int) -> Proposal:
    """The proposal that follows from the nearest particles of a generation."""
    apart = particles.shares - particles.weights @ particles.shares
    covariance = 2.0 * (apart * particles.weights[:, None]).T @ apart
    covariance[np.diag_indices_from(covariance)] += 1e-8
    root = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    luck = np.random.default_rng([seed, MASS_BY])
    chosen = luck.choice(len(particles.weights), size=MASS_BY, p=particles.weights)
    moved = particles.shares[chosen] + luck.standard_normal((MASS_BY, len(root))) @ root.T
    return Proposal(particles, root, float(((moved > 0.0) & (moved < 1.0)).all(axis=1).mean()))


@dataclass(frozen=True, eq=False)
class Compared:
    """Simulated summaries beside the observed ones.

    `apart`: shape (particles, parameters), how far each lies from what was observed, in standard deviations of what the
    summaries leave open of the parameters; `distance`: the length of that.
    """

    apart: FloatArray
    distance: FloatArray


@dataclass(frozen=True, eq=False)
class Summary:
    """What a ridge regression makes of observed numbers: what it expects of the parameters.

    `told`: which numbers it looks at; `mean`, `sd`: by which these are standardised; `left`: the root of the covariance
    of what they leave open of the parameters.
    """

    told: BoolArray
    mean: FloatArray
    sd: FloatArray
    slopes: FloatArray
    left: FloatArray

    def compared(self, seen: FloatArray, observed: FloatArray) -> Compared:
        """Each simulation (particles, numbers) against what was observed."""
        apart = (self._standardised(seen) - self._standardised(observed[None, :])) @ self.slopes
        apart = np.asarray(np.linalg.solve(self.left, apart.T).T, dtype=np.float64)
        return Compared(apart, np.sqrt(np.square(apart).sum(axis=1)))

    def _standardised(self, seen: FloatArray) -> FloatArray:
        mine = seen[:, self.told]
        filled = np.where(np.isfinite(mine), mine, self.mean)
        return np.clip((filled - self.mean) / self.sd, -FAR, FAR)


def summary_of(shares: FloatArray, seen: FloatArray, observed: FloatArray) -> Summary:
    """The summary that simulations teach.

    `seen`: shape (particles, numbers), NaN where there is nothing to take one from. What does not vary, or was not
    observed, says nothing and is left out.
    """
    counted = np.isfinite(seen)
    mean = np.where(counted, seen, 0.0).sum(axis=0) / np.maximum(counted.sum(axis=0), 1)
    sd = np.where(counted, seen, mean).std(axis=0)
    told = (sd > 1e-12 * (1.0 + np.abs(mean))) & np.isfinite(observed)
    y = shares - shares.mean(axis=0)
    plain = Summary(told, mean[told], sd[told], np.zeros((int(told.sum()), y.shape[1])), np.eye(y.shape[1]))
    slopes, left = np.zeros_like(plain.slopes), y
    if told.any():
        x = plain._standardised(seen)
        slopes, left = _ridge(x - x.mean(axis=0), y)
    open_ = left.T @ left / len(left)
    open_[np.diag_indices_from(open_)] += TINY
    return Summary(told, plain.mean, plain.sd, slopes, np.linalg.cholesky(open_))


def _ridge(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(slopes, what is left of each row when it is told by all others) of y on x, both centred, with the penalty that
    predicts best."""
    u, s, v = np.linalg.svd(x, full_matrices=False)
    projected = u.T @ y
    shrunk = np.square(s) / (np.square(s) + PENALTIES[:, None] * s[0] ** 2)
    error = np.array(
        [np.square(y - u @ (one[:, None] * projected)).mean(axis=0) / (1.0 - one.sum() / len(x)) ** 2 for one in shrunk]
    )
    best = shrunk[np.argmin(error, axis=0)].T
    there = s > 1e-10 * s[0]
    inverse = np.where(there, 1.0 / np.where(there, s, 1.0), 0.0)
    leverage = np.minimum(np.square(u) @ best + 1.0 / len(x), 0.99)
    return v.T @ (best * projected * inverse[:, None]), (y - u @ (best * projected)) / (1.0 - leverage)


def nearest(shares: FloatArray, density: FloatArray, distance: FloatArray) -> tuple[Particles, FloatArray]:
    """(the nearest particles, the weight of every particle of the generation, 0 of those that are not among them)."""
    kept = np.argsort(distance, kind="stable")[: max(2, int(NEAREST * len(shares)))]
    weights = np.zeros(len(shares))
    weights[kept] = 1.0 / density[kept]
    weights /= weights.sum()
    return Particles(shares[kept], weights[kept]), weights


def posterior(
    shares: FloatArray, density: FloatArray, found: Compared, levels: IntArray, tolerance: float
) -> tuple[FloatArray, FloatArray]:
    """(shares, weights) of all particles, as far as the regression moves them.

    `levels`: of a parameter that takes few values, how many, 0 of all others; such a one is not moved but weighted, by
    local logistic regression (Beaumont, in Simulation, Genetics and Human Prehistory, 2008). Weights add up to 1, and
    are 0 beyond the tolerance.
    """
    tolerance = max(tolerance, TINY)
    kernel = np.maximum(0.0, 1.0 - np.square(found.distance / tolerance))  # Epanechnikov
    if kernel.sum() == 0.0:
        kernel = (found.distance <= tolerance).astype(np.float64)
    weights = kernel / density
    weights /= weights.sum()
    logits = np.log(shares) - np.log1p(-shares)
    root = np.sqrt(weights)[:, None]
    design = np.column_stack([np.ones(len(shares)), found.apart])
    slopes = np.linalg.lstsq(root * design, root * logits, rcond=1e-6)[0][1:]
    moved = 1.0 / (1.0 + np.exp(-(logits - found.apart @ slopes)))
    # a logit far out rounds to an end of the range
    few = levels > 0
    moved = np.clip(np.where(few, shares, moved), TINY, 1.0 - TINY)
    for place in np.flatnonzero(few).tolist():
        level = np.floor(shares[:, place] * levels[place]).astype(np.int64)
        weights = _reweighted(weights, level, found.apart)
    return moved, weights


def _reweighted(weights: FloatArray, level: IntArray, apart: FloatArray) -> FloatArray:
    """The weights with each level of a whole number as likely as a local logistic regression has it at the observed."""
    from scipy.optimize import minimize
    from scipy.special import log_softmax, softmax

    there, place = np.unique(level[weights > 0.0], return_inverse=True)
    if len(there) < 2:
        return weights
    w, x = weights[weights > 0.0], np.column_stack([np.ones(len(place)), apart[weights > 0.0]])
    is_level = np.eye(len(there))[place]
    penalty = 1.0 / float(1.0 / np.square(w).sum())  # as if one particle more spoke for no slope

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        slopes = flat.reshape(x.shape[1], len(there))
        scores = x @ slopes
        value = -float(w @ (is_level * log_softmax(scores, axis=1)).sum(axis=1)) + 0.5 * penalty * np.square(flat).sum()
        gradient = x.T @ (w[:, None] * (softmax(scores, axis=1) - is_level)) + penalty * slopes
        return value, gradient.ravel()

    found = minimize(loss, np.zeros(x.shape[1] * len(there)), jac=True, method="L-BFGS-B")
    chance = softmax(found.x.reshape(x.shape[1], len(there))[0])
    held = is_level.T @ w
    changed = weights.copy()
    changed[weights > 0.0] = w * (chance / held)[place]
    return np.asarray(changed / changed.sum())


def weighted_quantiles(values: FloatArray, weights: FloatArray, at: tuple[float, ...]) -> list[float]:
    """The values below which these shares of the weight lie; each value stands in the middle of its weight."""
    order = np.argsort(values, kind="stable")
    middle = np.cumsum(weights[order]) - 0.5 * weights[order]
    return [float(value) for value in np.interp(at, middle / weights.sum(), values[order])]
