"""From replications to the tables of a results folder (design section 9)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.experiment.runs.replicate import Arm, Replication
from sim.outcomes import already_waiting as on_the_list
from sim.outcomes.curves import BIN_DAYS, INTERVALS, WAIT_BINS, stage_names
from sim.outcomes.estimates import NOT_NEGATIVE, SHARE, Range, interval, variance
from sim.outcomes.metrics import (
    METRIC_NAMES,
    METRICS,
    POSSIBLE,
    POSSIBLE_CHANGES,
    all_referred,
    patients_of,
    unresolved_of,
)
from sim.outcomes.patients import WAITING
from sim.outcomes.verdicts import verdict
from sim.pieces.loads import offered_loads
from sim.pieces.protocol import milestones
from sim.tables import EVENTS, OUTCOMES, PROGRESSED_IN

FloatArray = NDArray[np.float64]


@dataclass
class Collected:
    """What is kept of the replications until the tables are written; one list entry a replication."""

    arms: Sequence[Arm]
    numbers: list[int] = field(default_factory=list)
    metrics: list[FloatArray] = field(default_factory=list)
    listed: list[list[FloatArray | None]] = field(default_factory=list)
    stages: list[list[FloatArray]] = field(default_factory=list)
    incidence: list[list[FloatArray]] = field(default_factory=list)
    waits: list[FloatArray] = field(default_factory=list)
    outcomes: list[FloatArray] = field(default_factory=list)
    lists: list[list[NDArray[np.int32]]] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    pairs: list[list[FloatArray | str]] = field(default_factory=list)
    economics: list[list[list[float]]] = field(default_factory=list)
    budgets: list[list[FloatArray | None]] = field(default_factory=list)
    subgroups: list[list[FloatArray | None]] = field(default_factory=list)

    def add(self, replication: Replication) -> None:
        """Keep what the tables need of one replication."""
        self.numbers.append(replication.number)
        self.metrics.append(np.array([o.metrics for o in replication.runs]))
        self.listed.append([o.listed for o in replication.runs])
        self.stages.append([o.stages for o in replication.runs])
        self.incidence.append([o.incidence for o in replication.runs])
        self.waits.append(np.array([o.waits for o in replication.runs]))
        self.outcomes.append(np.array([o.outcomes for o in replication.runs]))
        self.lists.append([o.lists for o in replication.runs])
        self.pairs.append(replication.pairs)
        self.budgets.append([o.budget for o in replication.runs])
        self.subgroups.append([o.subgroups for o in replication.runs])
        economics = [o.economics for o in replication.runs]
        self.economics.append([values for values in economics if values is not None])
        for arm, ran in zip(self.arms, replication.runs, strict=True):
            for use in ran.resources:
                self.resources.append({"scenario": arm.name, "replication": replication.number, **vars(use)})

    @property
    def names(self) -> list[str]:
        """The scenarios, the baseline first."""
        return [arm.name for arm in self.arms]

    def values(self) -> FloatArray:
        """Metric values, shape (replications, arms, metrics)."""
        return np.array(self.metrics)

    def with_economics(self) -> FloatArray:
        """Metrics and, where every arm has them, economic quantities, shape (replications, arms, columns)."""
        metrics = self.values()
        if any(len(values) < len(self.arms) for values in self.economics):
            return metrics
        return np.concatenate([metrics, np.array(self.economics)], axis=-1)

    def lengths(self) -> list[NDArray[np.int32]]:
        """Of each arm how many are on each list on each day, shape (replications, lists, days)."""
        return [np.array([replication[place] for replication in self.lists]) for place in range(len(self.arms))]


def reached(numbers: FloatArray) -> FloatArray:
    """The numbers, NaN where one was not reached (infinite): a table has nothing there."""
    return np.where(np.isinf(numbers), np.nan, numbers)


def _estimated(keys: Sequence[dict[str, Any]], values: FloatArray, within: Range) -> pd.DataFrame:
    """A row a key with the interval of its column of values (replications, keys)."""
    mean, low, high = interval(values, within=within)
    table = pd.DataFrame(list(keys))
    return table.assign(estimate=reached(mean), low=low, high=high)


def _infused_of(collected: Collected, place: int) -> dict[str, float]:
    """The columns of a table over the infused: how many they are, and the unresolved share that it leaves out."""
    values = collected.values()[:, place, :]
    infused = float(values[:, METRIC_NAMES.index("infused")].mean())
    return {"patients": infused, "unresolved_share": unresolved_of(values)}


def summary(collected: Collected) -> pd.DataFrame:
    """One row a scenario and metric: estimate and 95 % simulation interval over the replications in which it applies.

    `replications`: in how many it applies and was reached; a day that one replication does not reach has no mean, and
    no estimate. `over`: whose mean or share it is; `patients`: how many they are, mean of a replication;
    `unresolved_share` of the measured.
    """
    frames = []
    values = collected.values()
    for place, name in enumerate(collected.names):
        keys = [{"scenario": name, "metric": m.name, "label": m.label, "unit": m.unit} for m in METRICS]
        frame = _estimated(keys, values[:, place, :], POSSIBLE)
        frames.append(
            frame.assign(
                replications=np.isfinite(values[:, place, :]).sum(axis=0),
                over=["" if m.over is None else m.over.label for m in METRICS],
                patients=patients_of(values[:, place, :]),
                unresolved_share=unresolved_of(values[:, place, :]),
            )
        )
    return pd.concat(frames, ignore_index=True)


def already_waiting(collected: Collected) -> pd.DataFrame | None:
    """`already_waiting.csv`: one row a scenario with a list on the first day, and figure of those on it.

    They are referred before the scenario begins and so are in no other table of the measured; days count from its first
    day, and each is followed from then for the follow-up. Columns as of `summary.csv`. None without any list.
    """
    frames = []
    for place, name in enumerate(collected.names):
        kept = [listed for replication in collected.listed if (listed := replication[place]) is not None]
        if not kept:
            continue
        values = np.array(kept)
        keys = [
            {"scenario": name, "metric": m.name, "label": on_the_list.LABELS[m.name], "unit": m.unit}
            for m in on_the_list.METRICS
        ]
        waiting = [m.name for m in on_the_list.METRICS].index("still_waiting_share")
        frames.append(
            _estimated(keys, values, on_the_list.POSSIBLE).assign(
                replications=np.isfinite(values).sum(axis=0),
                patients=np.mean([on_the_list.counts(one) for one in values], axis=0),
                unresolved_share=float(interval(values[:, waiting])[0]),
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else None


def differences(collected: Collected) -> pd.DataFrame:
    """One row a scenario but the first and metric: scenario minus baseline, paired by replication.

    `verdict` of the difference, `patients` and `unresolved_share` of the scenario and of the `baseline`;
    `difference_variance` between replications; `unpaired_variance`: what it would be with other patients in each
    scenario, the sum of the two variances; `variance_reduction`: the share of it that common random numbers save.
    """
    frames = []
    values = collected.values()
    baseline = collected.names[0]
    for place, name in enumerate(collected.names[1:], start=1):
        keys = [
            {"scenario": name, "baseline": baseline, "metric": m.name, "label": m.label, "unit": m.unit}
            for m in METRICS
        ]
        with np.errstate(invalid="ignore"):
            change = values[:, place, :] - values[:, 0, :]
        both = np.isfinite(change)
        paired = variance(change)
        unpaired = sum(variance(np.where(both, values[:, arm, :], np.nan)) for arm in (0, place))
        with np.errstate(divide="ignore", invalid="ignore"):
            saved = np.where(unpaired > 0.0, 1.0 - paired / unpaired, np.nan)
        frame = _estimated(keys, change, POSSIBLE_CHANGES)
        frames.append(
            frame.assign(
                verdict=verdicts(frame, [m.better for m in METRICS]),
                patients=patients_of(values[:, place, :]),
                baseline_patients=patients_of(values[:, 0, :]),
                unresolved_share=unresolved_of(values[:, place, :]),
                baseline_unresolved_share=unresolved_of(values[:, 0, :]),
                difference_variance=paired,
                unpaired_variance=unpaired,
                variance_reduction=saved,
            )
        )
    return pd.concat(frames, ignore_index=True)


def verdicts(frame: pd.DataFrame, better: Sequence[str]) -> list[str]:
    """The verdict of each row of differences, with the direction that is better for each."""
    return [
        str(verdict(value, low, high, direction))
        for value, low, high, direction in zip(frame["estimate"], frame["low"], frame["high"], better, strict=True)
    ]


def runs(collected: Collected) -> pd.DataFrame:
    """One row a scenario and replication, a column a metric."""
    values = reached(collected.values())
    frames = [
        pd.DataFrame(values[:, place, :], columns=[m.name for m in METRICS]).assign(
            scenario=name, replication=collected.numbers
        )
        for place, name in enumerate(collected.names)
    ]
    table = pd.concat(frames, ignore_index=True)
    return table[["scenario", "replication", *(m.name for m in METRICS)]]


def resources(collected: Collected) -> pd.DataFrame:
    """One row a scenario, replication, resource and centre."""
    loads = [
        {"scenario": arm.name, "resource": load.resource, "centre": load.centre, "offered_load": load.load}
        for arm in collected.arms
        for load in offered_loads(arm.scenario, arm.protocol)
        if math.isfinite(load.load)
    ]
    table = pd.DataFrame(collected.resources)
    # what a kind of resource cannot have is not 0 of it
    for name in ("wasted", "withdrawn"):
        table[name] = table[name].where(table["kind"] == "cadence")
    table["expired"] = table["expired"].where(table["kind"] != "capacity")
    if not loads:
        return table.assign(offered_load=np.nan)
    return table.merge(pd.DataFrame(loads), on=["scenario", "resource", "centre"], how="left", sort=False)


def stages(collected: Collected) -> pd.DataFrame:
    """One row a scenario, interval and kind: mean days of an infused measured patient."""
    per_arm = [
        np.array([replication[place] for replication in collected.stages]) for place in range(len(collected.arms))
    ]
    over = [_infused_of(collected, place) for place in range(len(collected.arms))]
    return stage_rows(collected.arms, [interval(values, within=NOT_NEGATIVE) for values in per_arm], over)


def stage_rows(
    arms: Sequence[Arm],
    intervals: Sequence[tuple[FloatArray, FloatArray, FloatArray]],
    over: Sequence[dict[str, float]],
) -> pd.DataFrame:
    """One row a scenario, interval and kind, from (mean, low, high) of each arm, shape (intervals, 2).

    `over`: of each arm the columns that say over how many patients its days are.
    """
    rows = []
    for arm, (mean, low, high), columns in zip(arms, intervals, over, strict=True):
        names = stage_names(milestones(arm.protocol.patient_steps))
        for k, pair in enumerate(names):
            for kind, column in (("process", 0), ("queue", 1)):
                rows.append(
                    {
                        "scenario": arm.name,
                        "order": k,
                        "stage": f"{pair[0]}-{pair[1]}",
                        "kind": kind,
                        "label": INTERVALS[pair],
                        "mean_days": mean[k, column],
                        "low": low[k, column],
                        "high": high[k, column],
                        **columns,
                    }
                )
    return pd.DataFrame(rows)


def incidence(collected: Collected) -> pd.DataFrame:
    """One row a scenario, event and whole day since referral: cumulative incidence with competing events."""
    frames, metrics = [], collected.values()
    for place, name in enumerate(collected.names):
        values = np.array([replication[place] for replication in collected.incidence])
        for k, event in enumerate(EVENTS):
            keys = [{"scenario": name, "event": event, "day": day} for day in range(values.shape[2])]
            frames.append(_estimated(keys, values[:, k, :], SHARE).assign(**all_referred(metrics[:, place])))
    return pd.concat(frames, ignore_index=True)


def waits(collected: Collected) -> pd.DataFrame:
    """One row a scenario and bin of waiting days: share of the infused, up to the last bin that holds anybody.

    `cumulative`: share of the infused who waited less than `day_to`.
    """
    values = np.array(collected.waits)
    filled = np.flatnonzero(np.nansum(values, axis=(0, 1)) > 0)
    last = int(filled.max()) + 1 if len(filled) else 1
    frames = []
    for place, name in enumerate(collected.names):
        keys = [
            {
                "scenario": name,
                "day_from": k * BIN_DAYS,
                "day_to": (k + 1) * BIN_DAYS if k + 1 < WAIT_BINS else np.nan,
            }
            for k in range(last)
        ]
        frame = _estimated(keys, values[:, place, :last], SHARE)
        mean, low, high = interval(np.minimum(np.cumsum(values[:, place, :last], axis=1), 1.0), within=SHARE)
        cumulative = {"cumulative": mean, "cumulative_low": low, "cumulative_high": high}
        frames.append(frame.rename(columns={"estimate": "share"}).assign(**cumulative, **_infused_of(collected, place)))
    return pd.concat(frames, ignore_index=True)


def outcomes(collected: Collected) -> pd.DataFrame:
    """One row a scenario and outcome: share of the referred with interval, and mean count a replication."""
    values = np.array(collected.outcomes)
    frames = []
    for place, name in enumerate(collected.names):
        counts = values[:, place, :]
        with np.errstate(invalid="ignore"):
            shares = counts / counts.sum(axis=1, keepdims=True)
        keys = [{"scenario": name, "outcome": outcome, "label": label} for outcome, label in OUTCOMES.items()]
        frame = _estimated(keys, shares, SHARE).assign(count_mean=counts.mean(axis=0))
        frames.append(
            frame.assign(patients=counts.sum(axis=1).mean(), unresolved_share=frame["estimate"].iloc[WAITING])
        )
    return pd.concat(frames, ignore_index=True)


def counted_in_both(metrics: FloatArray, place: int) -> dict[str, float]:
    """The columns that say how many a scenario and the first one measure, from shape (replications, arms, metrics)."""
    first = {f"baseline_{name}": count for name, count in all_referred(metrics[:, 0]).items()}
    return all_referred(metrics[:, place]) | first


def same_patients(collected: Collected) -> tuple[pd.DataFrame | None, str | None]:
    """(a row a scenario and where the same patients progressed, None), or (None, why they are not the same)."""
    why = next((pair for pairs in collected.pairs for pair in pairs if isinstance(pair, str)), None)
    if why is not None or not collected.names[1:]:
        return None, why
    frames, metrics = [], collected.values()
    for place, name in enumerate(collected.names[1:]):
        counts = np.array([pairs[place] for pairs in collected.pairs])
        with np.errstate(invalid="ignore"):
            shares = counts / counts.sum(axis=1, keepdims=True)
        keys = [
            {"scenario": name, "baseline": collected.names[0], "progressed_in": where, "label": label}
            for where, label in PROGRESSED_IN.items()
        ]
        frame = _estimated(keys, shares, SHARE).rename(columns={"estimate": "share"})
        frames.append(frame.assign(estimate=counts.mean(axis=0), **counted_in_both(metrics, place + 1)))
    return pd.concat(frames, ignore_index=True), None
