"""Through time: how many wait on which date, when a list falls below a number, and how long the warm-up should be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.experiment.runs.replicate import Arm
from sim.outcomes.curves import LISTS
from sim.outcomes.estimates import CONFIDENCE, NOT_NEGATIVE, interval
from sim.pure.arrays import FloatArray, IntArray

BATCH_DAYS = 5


def waiting_list(
    arms: Sequence[Arm], lengths: Sequence[Iterable[NDArray[np.int32]]], below: int | None = None
) -> pd.DataFrame:
    """`waiting_list.csv`: one row a scenario, list and whole day up to the end of the measuring window.

    `lengths`: of each arm, the days of the first list and then of the second in parts, shape (replications, days).
    Columns `scenario, list, label, day, date, estimate, low, high` (mean and its 95% interval), `range_low,
    range_high` (between which 95% of the replications lie: what one simulated future may look like) and, where a
    number is given, `below_share` of the replications that are below it.
    """
    frames = []
    for arm, parts in zip(arms, lengths, strict=True):
        figures = pd.concat([_of_days(counts, below) for counts in parts], ignore_index=True)
        days = np.arange(len(figures) // len(LISTS))
        for place, (name, label) in enumerate(LISTS.items()):
            keys = {"scenario": arm.name, "list": name, "label": label, "day": days, "date": dates(arm, days)}
            its = figures.iloc[place * len(days) : (place + 1) * len(days)]
            frames.append(pd.concat([pd.DataFrame(keys), its.reset_index(drop=True)], axis=1))
    return pd.concat(frames, ignore_index=True)


def _of_days(counts: NDArray[np.int32], below: int | None) -> pd.DataFrame:
    """The figures of `waiting_list` of a few days, a row each, from shape (replications, days)."""
    tail = (1.0 - CONFIDENCE) / 2
    mean, low, high = interval(counts.astype(np.float64), within=NOT_NEGATIVE)
    range_low, range_high = np.quantile(counts, [tail, 1.0 - tail], axis=0)
    figures = {"estimate": mean, "low": low, "high": high, "range_low": range_low, "range_high": range_high}
    return pd.DataFrame(figures if below is None else {**figures, "below_share": (counts < below).mean(axis=0)})


def dates(arm: Arm, days: IntArray) -> list[str]:
    """The dates of whole days since the start of the scenario."""
    start = arm.scenario.run.start
    return [(start + timedelta(days=int(day))).isoformat() for day in days]


def falls_below(table: pd.DataFrame, below: int) -> pd.DataFrame:
    """`list_below.csv`: one row a scenario and list: from when on it stays below the number, to the end of the window.

    Columns `scenario, list, label, below`; `day, date`: of the mean; `sure_day, sure_date`: from when on 95% of the
    replications are below at any one time. Empty where that never comes.
    """
    rows = []
    for (scenario, name, label), group in table.groupby(["scenario", "list", "label"], sort=False):
        row: dict[str, object] = {"scenario": scenario, "list": name, "label": label, "below": below}
        for prefix, there in (("", group["estimate"] < below), ("sure_", group["below_share"] >= CONFIDENCE)):
            first = int(np.flatnonzero(~there.to_numpy()).max(initial=-1)) + 1
            found = group.iloc[first] if first < len(group) else None
            row[f"{prefix}day"] = None if found is None else int(found["day"])
            row[f"{prefix}date"] = None if found is None else found["date"]
        rows.append(row)
    return pd.DataFrame(rows).astype({"day": "Int64", "sure_day": "Int64"})


def warm_up(arms: Sequence[Arm], waiting: pd.DataFrame) -> pd.DataFrame:
    """`warm_up.csv`: one row a scenario and batch of 5 days: how many are before infusion, and what MSER-5 makes of it.

    `waiting`: as `waiting_list`, which holds how many there are on average.
    Columns `scenario, day` (first of the batch), `waiting` (mean over days and replications), `mser` (of leaving out
    all batches before this one; NaN beyond the half), `advised` (whether the warm-up should end here), `used_day`
    (where it does). No batch is advised where the list has not settled.
    """
    frames = []
    before = waiting[waiting["list"] == next(iter(LISTS))]
    for arm in arms:
        series = before.loc[before["scenario"] == arm.name, "estimate"].to_numpy()
        batches = series[: len(series) // BATCH_DAYS * BATCH_DAYS].reshape(-1, BATCH_DAYS).mean(axis=1)
        statistic = mser(batches)
        advised = advised_batch(statistic)
        frames.append(
            pd.DataFrame(
                {
                    "scenario": arm.name,
                    "day": np.arange(len(batches)) * BATCH_DAYS,
                    "waiting": batches,
                    "mser": statistic,
                    "advised": np.arange(len(batches)) == (-1 if advised is None else advised),
                    "used_day": arm.scenario.run.warm_up,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def mser(batches: FloatArray) -> FloatArray:
    """The marginal standard error of the mean of what is left after each number of batches is left out (squared).

    MSER-5 of White, Cobb and Spratt (2000): sum of squares of the rest about its mean, by the square of its count. NaN
    beyond the half, where too little is left to tell.
    """
    count = len(batches)
    found = np.full(count, np.nan)
    for start in range(count // 2):
        rest = batches[start:]
        found[start] = ((rest - rest.mean()) ** 2).sum() / len(rest) ** 2
    return found


def advised_batch(statistic: FloatArray) -> int | None:
    """The batch with the least MSER; None where that is the last one looked at, or there is none: not settled."""
    looked_at = int(np.isfinite(statistic).sum())
    if looked_at == 0:
        return None
    least = int(np.nanargmin(statistic))
    return None if looked_at > 1 and least == looked_at - 1 else least


def warm_up_warnings(table: pd.DataFrame) -> list[str]:
    """A sentence for each scenario whose warm-up ends before it should."""
    found = []
    for scenario, group in table.groupby("scenario", sort=False):
        used, advised = float(group["used_day"].iloc[0]), group.loc[group["advised"], "day"]
        if advised.empty:
            found.append(f"{scenario}: the waiting list has not settled by the end of the window (MSER-5)")
        elif used < float(advised.iloc[0]):
            found.append(
                f"{scenario}: the warm-up of {used:g} d is short: MSER-5 advises {int(advised.iloc[0])} d (warm_up.csv)"
            )
    return found
