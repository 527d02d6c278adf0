"""What is known of each calibrated value afterwards, whether it is determined, and how a scenario file says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.experiment.calibrate.priors import Prior
from sim.experiment.calibrate.smc import weighted_quantiles
from sim.fits.numbers import in_unit, rounded
from sim.pure.arrays import FloatArray
from sim.scenario.uncertainty import Uncertain

ENDS = (0.05, 0.95)
# A standard deviation of at least so much of the prior's: the targets hardly speak of the value.
WIDE = 0.8
# With at least so much of it left, and a multiple correlation with the others of at least so much: traded off.
LEFT, TIED = 0.35, 0.9
# Fewer particles that count as much as so many equal ones tell nothing of how wide a posterior is.
LEAST_EFFECTIVE = 20.0
# With whom: a partial correlation of at least so much.
PARTNER = 0.5
# More of the posterior than this in the outermost twentieth of the range: it wants to be beyond.
EDGE, AT_EDGE = 0.05, 0.3
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, eq=False)
class Known:
    """One calibrated value, in the unit of its prior.

    `low`, `high`: 90% interval; `ratio`: standard deviation over that of the prior; `tied`: multiple correlation with
    the other values; `why_not`: why it is not determined, "" where it is. `edge`: at which end of the range it lies.
    """

    prior: Prior
    mean: float
    median: float
    low: float
    high: float
    prior_low: float
    prior_high: float
    ratio: float
    tied: float
    why_not: str
    edge: str

    @property
    def determined(self) -> bool:
        """Whether what was observed determines it."""
        return not self.why_not


def quantiles_of(prior: Prior, numbers: FloatArray, weights: FloatArray, at: tuple[float, ...]) -> list[float]:
    """Weighted quantiles; of a whole number the least value that reaches the share."""
    if not prior.is_whole:
        return weighted_quantiles(numbers, weights, at)
    order = np.argsort(numbers, kind="stable")
    upto = np.cumsum(weights[order])
    return [float(numbers[order][min(int(np.searchsorted(upto, share - 1e-12)), len(order) - 1)]) for share in at]


def known_of(
    priors: Sequence[Prior], shares: FloatArray, weights: FloatArray, what: str
) -> tuple[list[Known], FloatArray]:
    """(each value, their correlations). `shares`: of the posterior (particles, parameters); `what`: was observed."""
    evenly = (np.arange(2000) + 0.5) / 2000
    numbers = [prior.numbers(shares[:, place]) for place, prior in enumerate(priors)]
    before = [prior.numbers(evenly) for prior in priors]
    means = [float(weights @ column) for column in numbers]
    sds = [float(np.sqrt(weights @ np.square(column - mean))) for column, mean in zip(numbers, means, strict=True)]
    correlations = correlations_of(numbers, weights)
    tied, partners = _ties(correlations)
    effective = float(1.0 / np.square(weights).sum())
    too_few = (
        f"the posterior rests on as much as {effective:.0f} equally weighted particles, too few to tell (--particles)"
        if effective < LEAST_EFFECTIVE
        else ""
    )
    found = []
    for place, prior in enumerate(priors):
        low, median, high = quantiles_of(prior, numbers[place], weights, (ENDS[0], 0.5, ENDS[1]))
        prior_low, prior_high = (float(v) for v in np.quantile(before[place], ENDS, method="nearest"))
        ratio = sds[place] / float(before[place].std())
        others = [priors[other].path for other in partners[place]]
        found.append(
            Known(
                prior, means[place], median, low, high, prior_low, prior_high, ratio, tied[place],
                too_few or _why_not(ratio, tied[place], others, what),
                _edge(prior, shares[:, place], numbers[place], weights),
            )
        )  # fmt: skip
    return found, correlations


def correlations_of(numbers: Sequence[FloatArray], weights: FloatArray) -> FloatArray:
    """Weighted correlations; NaN of a value that does not vary."""
    apart = np.array([column - weights @ column for column in numbers])
    covariance = (apart * weights) @ apart.T
    sd = np.sqrt(np.diag(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = covariance / np.outer(sd, sd)
    return np.where(np.outer(sd, sd) > 1e-300, np.clip(found, -1.0, 1.0), np.nan)


def _ties(correlations: FloatArray) -> tuple[list[float], list[list[int]]]:
    """(multiple correlation of each value with the others, with which of them, by partial correlation)."""
    count = len(correlations)
    varies = np.isfinite(np.diag(correlations))
    tied, partners = [0.0] * count, [[] for _ in range(count)]  # type: tuple[list[float], list[list[int]]]
    places = np.flatnonzero(varies).tolist()
    if len(places) < 2:
        return tied, partners
    inverse = np.linalg.inv(correlations[np.ix_(places, places)] + 1e-6 * np.eye(len(places)))
    for i, place in enumerate(places):
        tied[place] = float(np.sqrt(max(0.0, 1.0 - 1.0 / inverse[i, i])))
        partial = -inverse[i] / np.sqrt(inverse[i, i] * np.diag(inverse))
        partners[place] = [places[j] for j in range(len(places)) if j != i and abs(partial[j]) >= PARTNER]
    return tied, partners


def _why_not(ratio: float, tied: float, others: Sequence[str], what: str) -> str:
    if ratio >= LEFT and tied >= TIED and others:
        return (
            f"traded off against {' and '.join(others)}: {what} determines what they do together, but not what each "
            f"does (multiple correlation {tied:.2f}, standard deviation {100 * ratio:.0f}% of the prior's)"
        )
    if ratio >= WIDE:
        return (
            f"{what} says little about it: its standard deviation is still {100 * ratio:.0f}% of the prior's, so the "
            "interval is little more than the range that was given"
        )
    return ""


def _edge(prior: Prior, shares: FloatArray, numbers: FloatArray, weights: FloatArray) -> str:
    """The end of the range at which the posterior piles up; "" where at none."""
    if prior.is_whole:
        ends = (numbers == prior.low.number, numbers == prior.high.number)
        most = 0.9
    else:
        ends = (shares < EDGE, shares > 1.0 - EDGE)
        most = AT_EDGE
    low, high = (float(weights[end].sum()) for end in ends)
    return "low" if low > max(most, high) else "high" if high > most else ""


def uncertainty_of(prior: Prior, numbers: FloatArray, weights: FloatArray) -> Mapping[str, Any] | None:
    """The family whose quantiles are nearest to the posterior's, as the section `uncertainty` has it, without source.

    None of a whole number, of which that section can hold nothing, and of what does not vary.
    """
    mean = float(weights @ numbers)
    sd = float(np.sqrt(weights @ np.square(numbers - mean)))
    if prior.is_whole or sd <= 1e-9 * abs(mean) or sd == 0.0:
        return None
    low, high = prior.low.number, prior.high.number
    candidates: dict[str, dict[str, float]] = {
        "truncated_normal": {"mean": mean, "sd": sd, "low": low, "high": high},
        "uniform": {"low": low, "high": high},
    }
    if low >= 0.0 and (numbers > 0.0).all():
        logs = np.log(numbers)
        centre = float(weights @ logs)
        candidates["lognormal"] = {
            "median": float(np.exp(centre)), "sigma": float(np.sqrt(weights @ np.square(logs - centre))),
        }  # fmt: skip
    if low >= 0.0 and high <= 1.0 and not prior.unit and 0.0 < mean < 1.0 and sd**2 < mean * (1.0 - mean):
        candidates["beta"] = {"mean": mean, "sd": sd}
    wanted = np.array(weighted_quantiles(numbers, weights, QUANTILES))

    def far(family: str) -> float:
        given = Uncertain(family, candidates[family], prior.unit, "")
        return float(np.abs(given.quantile(np.array(QUANTILES)) - wanted).sum())

    family = min(candidates, key=far)
    return {
        family: {
            name: rounded(value) if name == "sigma" else in_unit(value, prior.unit)
            for name, value in candidates[family].items()
        }
    }
