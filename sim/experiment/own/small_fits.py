"""The tables of a fit as they leave the hospital: without numbers from 1 to 4 of patients, and what would tell them.

Estimates, intervals and their covariance stay, whatever few events they rest on; they are no counts.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sim.records.small import LEAST

COUNTS = ("n", "events", "censored", "truncated")
# Of these one follows from the other and all patients.
TOGETHER = ("events", "censored")


def without_small(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same tables with small counts null in `fits`, and so how much is the base's, which follows from few.

    Curves end where fewer than `LEAST` are at risk; curves and quantiles of fewer events are left out.
    """
    fits = frames["fits"].copy()
    small = {name: _small(fits[name]) for name in COUNTS}
    few = set(fits.loc[small["events"], "path"])
    either = small[TOGETHER[0]] | small[TOGETHER[1]]
    for name in COUNTS:
        fits.loc[either if name in TOGETHER else small[name], name] = pd.NA
    fits.loc[small["events"] | small["n"], "weight_of_base"] = float("nan")
    curves, quantiles = frames["fits_curves"], frames["fits_quantiles"]
    kept = ~_small(curves["at_risk"]) & ~curves["path"].isin(few)
    return {
        **frames,
        "fits": fits,
        "fits_curves": curves[kept].reset_index(drop=True),
        "fits_quantiles": quantiles[~quantiles["path"].isin(few)].reset_index(drop=True),
    }


def _small(counts: pd.Series) -> pd.Series:
    return pd.to_numeric(counts).fillna(0.0).between(1, LEAST - 1)
