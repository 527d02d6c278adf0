"""From replications to the tables of a results folder.

Longer than 400 lines because each table of a results folder is made here from the same replications.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.experiment.disk.rows import Rows
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
from sim.outcomes.resource_use import ResourceUse
from sim.outcomes.verdicts import verdict
from sim.pieces.loads import offered_loads
from sim.pieces.protocol import milestones
from sim.pure.arrays import FloatArray
from sim.tables import CURVES, OUTCOMES, PROGRESSED_BEFORE, PROGRESSED_IN
from sim.tables.shared import around

# So many replications are a part of a table of replications.
AT_ONCE = 500


@dataclass
class Collected:
    """What is kept of the replications until the tables are written: in memory their numbers, the rest in a file.

    `rows`: a row a replication; each array under its name and the place of its arm. `uses`: of each arm the rows of
    resources of the first replication, which has their names; `supplied`: what supply costs by the path of its price;
    `unpaired`: why arms do not have the same patients.
    """

    arms: Sequence[Arm]
    folder: Path | None = None
    numbers: list[int] = field(default_factory=list)
    uses: list[list[dict[str, Any]]] = field(default_factory=list)
    supplied: list[list[str]] = field(default_factory=list)
    unpaired: str | None = None
    rows: Rows = field(init=False)

    def __post_init__(self) -> None:
        self.rows = Rows(self.folder)

    def add(self, replication: Replication) -> None:
        """Keep what the tables need of one replication."""
        self.numbers.append(replication.number)
        if not self.uses:
            self.uses = [[dict(vars(use)) for use in ran.resources] for ran in replication.runs]
            self.supplied = [list(ran.supply or ()) for ran in replication.runs]
        kept: dict[tuple[str, int], NDArray[Any]] = {}
        for place, ran in enumerate(replication.runs):
            kept["metrics", place] = np.array(ran.metrics)
            kept["stages", place] = ran.stages
            kept["incidence", place] = ran.incidence
            kept["waits", place] = ran.waits
            kept["outcomes", place] = ran.outcomes
            kept["lists", place] = ran.lists
            figures = [_figures(use) for use in ran.resources]
            kept["resources", place] = np.array(figures, dtype=float).reshape(len(figures), len(FIGURES_OF_USE))
            if ran.economics is not None:
                kept["economics", place] = np.array(ran.economics)
            if ran.budget is not None:
                kept["budget", place] = ran.budget
            if ran.subgroups is not None:
                kept["subgroups", place] = ran.subgroups
            if ran.distribution is not None:
                kept["distribution", place] = ran.distribution
            if ran.supply is not None:
                kept["supply", place] = np.array(list(ran.supply.values()), dtype=float)
            if ran.listed is not None:
                kept["listed", place] = ran.listed
        for place, pair in enumerate(replication.pairs, start=1):
            if isinstance(pair, str):
                self.unpaired = self.unpaired or pair
            kept["pairs", place] = np.full(len(PROGRESSED_IN), np.nan) if isinstance(pair, str) else pair
        self.rows.add(kept)

    @property
    def names(self) -> list[str]:
        """The scenarios, the baseline first."""
        return [arm.name for arm in self.arms]

    def of(self, name: str, place: int) -> NDArray[Any]:
        """The arrays of this name of an arm, shape (replications, ...)."""
        return self.rows.whole((name, place))

    def values(self) -> FloatArray:
        """Metric values, shape (replications, arms, metrics)."""
        return np.stack([self.of("metrics", place) for place in range(len(self.arms))], axis=1)

    def by_replication(self, name: str) -> list[tuple[FloatArray, ...]]:
        """The arrays of this name that every arm has, of each replication one an arm."""
        return list(zip(*(self.of(name, place) for place in range(len(self.arms))), strict=True))

    def economics(self) -> FloatArray | None:
        """Values of the economic quantities, shape (replications, arms, quantities); None where an arm has none."""
        if any(("economics", place) not in self.rows for place in range(len(self.arms))):
            return None
        return np.stack([self.of("economics", place) for place in range(len(self.arms))], axis=1)

    def with_economics(self) -> FloatArray:
        """Metrics and, where every arm has them, economic quantities, shape (replications, arms, columns)."""
        metrics, economics = self.values(), self.economics()
        return metrics if economics is None else np.concatenate([metrics, economics], axis=-1)

    def lengths(self) -> list[Iterator[NDArray[np.int32]]]:
        """Of each arm how many are on each list on each day, a few days at a time, shape (replications, days).

        The days of the second list come after those of the first.
        """
        return [self.rows.columns(("lists", place)) for place in range(len(self.arms))]


FIGURES_OF_USE = [field.name for field in fields(ResourceUse) if field.type != "str"]


def _figures(use: ResourceUse) -> list[float]:
    """The numbers of a row of resources, in the order of its columns."""
    return [getattr(use, name) for name in FIGURES_OF_USE]


def reached(numbers: FloatArray) -> FloatArray:
    """The numbers, NaN where one was not reached (infinite): a table has nothing there."""
    return np.where(np.isinf(numbers), np.nan, numbers)


def _estimated(keys: Sequence[dict[str, Any]], values: FloatArray, within: Range) -> pd.DataFrame:
    """A row a key with the interval of its column of values (replications, keys)."""
    return _with_intervals(keys, interval(values, within=within))


def _with_intervals(
    keys: Sequence[dict[str, Any]], intervals: tuple[FloatArray, FloatArray, FloatArray]
) -> pd.DataFrame:
    """A row a key with its (mean, low, high)."""
    mean, low, high = intervals
    table = pd.DataFrame(list(keys))
    return table.assign(estimate=reached(mean), low=low, high=high)


def _infused_of(collected: Collected, place: int) -> dict[str, float]:
    """The columns of a table over the infused: how many they are, and the unresolved share that it leaves out."""
    values = collected.values()[:, place, :]
    infused = float(values[:, METRIC_NAMES.index("infused")].mean())
    return {"patients": infused, "unresolved_share": unresolved_of(values)}


def summary(collected: Collected) -> pd.DataFrame:
    """One row a scenario and metric: estimate and 95% simulation interval over the replications in which it applies.

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
        if ("listed", place) not in collected.rows:
            continue
        values = collected.of("listed", place)
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
                **over_both(patients_of, values[:, place, :], values[:, 0, :]),
                difference_variance=paired,
                unpaired_variance=unpaired,
                variance_reduction=saved,
            )
        )
    return pd.concat(frames, ignore_index=True)


def over_both(
    patients: Callable[[FloatArray], FloatArray | list[float]], mine: FloatArray, first: FloatArray
) -> dict[str, Any]:
    """The columns that say over how many measured patients rows are, of a scenario and of the first one."""
    return {
        "patients": patients(mine),
        "baseline_patients": patients(first),
        "unresolved_share": unresolved_of(mine),
        "baseline_unresolved_share": unresolved_of(first),
    }


def with_bounds(name: str, found: Sequence[Any]) -> dict[str, Any]:
    """The columns of a mean and its interval: the name, and with `_low` and `_high` behind it."""
    return dict(zip(around(name), found, strict=True))


def verdicts(frame: pd.DataFrame, better: Sequence[str]) -> list[str]:
    """The verdict of each row of differences, with the direction that is better for each."""
    return [
        str(verdict(value, low, high, direction))
        for value, low, high, direction in zip(frame["estimate"], frame["low"], frame["high"], better, strict=True)
    ]


def runs(collected: Collected) -> Iterator[pd.DataFrame]:
    """One row a scenario and replication, a column a metric; the table in parts, one after the other."""
    values = collected.values()
    for place, name in enumerate(collected.names):
        for first in range(0, len(values), AT_ONCE):
            some = slice(first, first + AT_ONCE)
            keys = {"scenario": name, "replication": collected.numbers[some]}
            figures = dict(zip((m.name for m in METRICS), reached(values[some, place, :]).T, strict=True))
            yield pd.DataFrame({**keys, **figures})


def supply(collected: Collected) -> pd.DataFrame | None:
    """`supply.csv`: one row a scenario, replication and price of supply; None where no scenario has one."""
    frames = [
        pd.DataFrame({"item": paths * len(collected.numbers), "units": collected.of("supply", place).ravel()}).assign(
            scenario=name, replication=np.repeat(collected.numbers, len(paths))
        )
        for place, (name, paths) in enumerate(zip(collected.names, collected.supplied, strict=True))
        if paths
    ]
    return pd.concat(frames, ignore_index=True)[["scenario", "replication", "item", "units"]] if frames else None


def resources(collected: Collected) -> Iterator[pd.DataFrame]:
    """One row a scenario, replication, resource and centre; the table in parts, one after the other."""
    loads = {
        (arm.name, load.resource, load.centre): load.load
        for arm in collected.arms
        for load in offered_loads(arm.scenario, arm.protocol)
        if math.isfinite(load.load)
    }
    uses = [
        {"scenario": arm.name, **use} for arm, its in zip(collected.arms, collected.uses, strict=True) for use in its
    ]
    columns = {name: [use[name] for use in uses] for name in uses[0]}
    figures = [name for name, (first, *_) in columns.items() if not isinstance(first, str)]
    whole = {name for name in figures if isinstance(columns[name][0], int)}
    cadence, capacity = (np.array([use["kind"] == kind for use in uses]) for kind in ("cadence", "capacity"))
    # what a kind of resource cannot have is not 0 of it
    never = {"wasted": ~cadence, "withdrawn": ~cadence, "expired": capacity}
    load = [loads.get((use["scenario"], use["resource"], use["centre"]), math.nan) for use in uses]
    by_arm = [collected.rows.parts(("resources", place)) for place in range(len(collected.arms))]
    for parts in zip(*by_arm, strict=True):
        numbers = collected.numbers[parts[0][0]]
        values = np.concatenate([found for _, found in parts], axis=1)
        part: dict[str, Any] = {"scenario": columns["scenario"] * len(numbers)}
        part["replication"] = np.repeat(numbers, len(uses))
        for name in columns:
            if name not in figures:
                part[name] = columns[name] * len(numbers)
                continue
            of_all = values[:, :, figures.index(name)]
            if name in never:
                of_all = np.where(never[name], math.nan, of_all)
            part[name] = of_all.ravel().astype(int if name in whole and name not in never else float)
        yield pd.DataFrame({**part, "offered_load": load * len(numbers)})


def stages(collected: Collected) -> pd.DataFrame:
    """One row a scenario, interval and kind: mean days of an infused measured patient."""
    places = range(len(collected.arms))
    per_arm = [collected.of("stages", place) for place in places]
    over = [_infused_of(collected, place) for place in places]
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
    """One row a scenario, event and whole day since referral: cumulative incidence with competing events.

    A reference arm, in which nobody is to be infused, has no progression before infusion.
    """
    frames, metrics = [], collected.values()
    for place, name in enumerate(collected.names):
        found = [interval(values, within=SHARE) for values in collected.rows.columns(("incidence", place))]
        intervals = np.concatenate(found, axis=1)
        days = collected.rows.shape(("incidence", place))[1]
        share = metrics[:, place, METRIC_NAMES.index(f"{PROGRESSED_BEFORE}_share")]
        for k, event in enumerate(CURVES):
            if event == PROGRESSED_BEFORE and not np.isfinite(share).any():
                continue
            keys = [{"scenario": name, "event": event, "day": day} for day in range(days)]
            mean, low, high = intervals[:, k * days : (k + 1) * days]
            frames.append(_with_intervals(keys, (mean, low, high)).assign(**all_referred(metrics[:, place])))
    return pd.concat(frames, ignore_index=True)


def waits(collected: Collected) -> pd.DataFrame:
    """One row a scenario and bin of waiting days: share of the infused, up to the last bin that holds anybody.

    `cumulative`: share of the infused who waited less than `day_to`.
    """
    values = np.stack([collected.of("waits", place) for place in range(len(collected.arms))], axis=1)
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
        below = interval(np.minimum(np.cumsum(values[:, place, :last], axis=1), 1.0), within=SHARE)
        cumulative = with_bounds("cumulative", below)
        frames.append(frame.rename(columns={"estimate": "share"}).assign(**cumulative, **_infused_of(collected, place)))
    return pd.concat(frames, ignore_index=True)


def outcomes(collected: Collected) -> pd.DataFrame:
    """One row a scenario and outcome: share of the referred with interval, and mean count a replication."""
    frames = []
    for place, name in enumerate(collected.names):
        counts = collected.of("outcomes", place)
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
    if collected.unpaired is not None or not collected.names[1:]:
        return None, collected.unpaired
    frames, metrics = [], collected.values()
    for place, name in enumerate(collected.names[1:], start=1):
        counts = collected.of("pairs", place)
        with np.errstate(invalid="ignore"):
            shares = counts / counts.sum(axis=1, keepdims=True)
        keys = [
            {"scenario": name, "baseline": collected.names[0], "progressed_in": where, "label": label}
            for where, label in PROGRESSED_IN.items()
        ]
        frame = _estimated(keys, shares, SHARE).rename(columns={"estimate": "share"})
        frames.append(frame.assign(estimate=counts.mean(axis=0), **counted_in_both(metrics, place)))
    return pd.concat(frames, ignore_index=True), None
