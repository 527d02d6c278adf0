"""The tables of a calibration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sim.experiment.calibrate.posterior import Known
from sim.experiment.calibrate.priors import Prior
from sim.experiment.calibrate.smc import Generation
from sim.pure.arrays import FloatArray

FILES = (
    "calibration", "calibration_sample", "calibration_posterior", "calibration_correlations", "observed",
    "observed_scores",
)  # fmt: skip


def tables_of_calibration(
    priors: Sequence[Prior],
    generations: Sequence[Generation],
    sample: FloatArray,
    weights: FloatArray,
    known: Sequence[Known],
    correlations: FloatArray,
) -> dict[str, pd.DataFrame]:
    """The tables by name. `sample`, `weights`: of the posterior."""
    first = generations[0].shares
    pairs = [(i, j) for i in range(len(priors)) for j in range(i + 1, len(priors))]
    return {
        "calibration": pd.concat(
            [
                pd.DataFrame(
                    {
                        "generation": number,
                        "particle": np.arange(1, len(one.weights) + 1),
                        "weight": one.weights,
                        "distance": one.distance,
                        **_values(priors, one.shares),
                    }
                )
                for number, one in enumerate(generations, start=1)
            ],
            ignore_index=True,
        ),
        "calibration_sample": pd.concat(
            [
                _sample("prior", priors, first, np.full(len(first), 1.0 / len(first))),
                _sample("posterior", priors, sample, weights),
            ],
            ignore_index=True,
        ),
        "calibration_posterior": pd.DataFrame(
            [
                {
                    "path": one.prior.path,
                    "unit": one.prior.unit,
                    "prior": one.prior.family,
                    "prior_low": one.prior_low,
                    "prior_high": one.prior_high,
                    "mean": one.mean,
                    "median": one.median,
                    "low": one.low,
                    "high": one.high,
                    "sd_ratio": one.ratio,
                    "tied": one.tied,
                    "determined": one.determined,
                    "why_not": one.why_not,
                    "edge": one.edge,
                }
                for one in known
            ]
        ),
        "calibration_correlations": pd.DataFrame(
            {
                "first": [priors[i].path for i, _ in pairs],
                "second": [priors[j].path for _, j in pairs],
                "correlation": [float(correlations[i, j]) for i, j in pairs],
            }
        ),
    }


def _sample(of: str, priors: Sequence[Prior], shares: FloatArray, weights: FloatArray) -> pd.DataFrame:
    kept = np.flatnonzero(weights > 0.0)
    return pd.DataFrame({"of": of, "particle": kept + 1, "weight": weights[kept], **_values(priors, shares[kept])})


def _values(priors: Sequence[Prior], shares: FloatArray) -> dict[str, FloatArray]:
    return {prior.path: prior.numbers(shares[:, place]) for place, prior in enumerate(priors)}
