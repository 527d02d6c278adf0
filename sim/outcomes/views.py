"""What the pictures are made from, beside the metrics: arrays of one shape in each replication."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.engine.trace import Trace
from sim.outcomes import flow, groups, through_time
from sim.outcomes.curves import middle_stage_days
from sim.outcomes.day_by_day import SAMPLE_DAYS, day_by_day
from sim.outcomes.metrics import unresolved_share
from sim.outcomes.patients import Patients
from sim.outcomes.resource_use import ResourceUse
from sim.outcomes.timelines import timelines
from sim.pieces.protocol import Capacity, Protocol, unlimited
from sim.pure.arrays import FloatArray
from sim.scenario import Scenario

RESOURCE_FIGURES = {
    "utilisation": ("Utilisation", "share"),
    "in_use_mean": ("In use, mean", "units"),
    "queue_mean": ("Queue, mean", "patients"),
    "queue_p95": ("Queue, 95th percentile over time", "patients"),
    "queue_days_mean": ("Days queued, mean of all requests", "days"),
    "delayed_share": ("Requests that had to wait", "share"),
    "left_share": ("Requests given up in the queue", "share"),
    "wasted": ("Slots unused because their holder left", "slots"),
    "expired": ("Slots or doses that nobody claimed", "units"),
    "withdrawn": ("Slots withdrawn by the manufacturer", "slots"),
}

FIGURES = tuple(RESOURCE_FIGURES)


@dataclass(frozen=True, eq=False)
class Views:
    """Arrays by name and, where they were asked for, timelines of a few patients and who held what day by day."""

    arrays: dict[str, FloatArray]
    timelines: list[dict[str, Any]]
    day_by_day: list[dict[str, Any]]


def edges_of(scenario: Scenario) -> FloatArray:
    """The bins of calendar time of a scenario, from its start to the end of the measuring window."""
    return through_time.bin_edges(scenario.run.start, scenario.run.warm_up + scenario.run.window)


def view(
    scenario: Scenario,
    protocol: Protocol,
    patients: Patients,
    trace: Trace,
    resources: Sequence[Sequence[ResourceUse]],
    with_timelines: bool,
) -> list[Views]:
    """The views of each replication of one scenario; timelines of the first of them, where asked for."""
    edges = edges_of(scenario)
    window = (scenario.run.warm_up, scenario.run.warm_up + scenario.run.window)
    boundless = {r.name for r in protocol.resources if isinstance(r, Capacity) and all(map(unlimited, r.units))}
    there = through_time.capacities(protocol, edges)
    there[np.isinf(there)] = np.nan
    middle, middle_patients = middle_stage_days(patients, trace)
    arrays = {
        "capacity": np.broadcast_to(there, (patients.by.groups, *there.shape)),
        "use": through_time.use_levels(protocol, trace, edges),
        "stock": through_time.stock_levels(protocol, trace, edges),
        "flow": flow.flow_counts(patients),
        "middle": middle,
        "middle_patients": middle_patients,
        "unresolved": unresolved_share(patients),
        "groups": groups.group_metrics(scenario, patients, trace, window),
        "resources": np.array([[_shown(use, boundless) for use in uses] for uses in resources], dtype=float).reshape(
            len(resources), len(resources[0]), len(FIGURES)
        ),
    }
    spells: list[dict[str, Any]] = []
    days: list[dict[str, Any]] = []
    if with_timelines:
        spells = timelines(patients, trace, list(scenario.patients.risk_groups), list(scenario.centres))
        first, last = window[0], min(window[0] + SAMPLE_DAYS, window[1])
        days = [{**row, "window_from": first, "window_to": last} for row in day_by_day(protocol, trace, first, last)]
    return [
        Views(
            {name: np.asarray(values[k]) for name, values in arrays.items()},
            spells if k == 0 else [],
            days if k == 0 else [],
        )
        for k in range(patients.by.groups)
    ]


def _shown(use: ResourceUse, boundless: Set[str]) -> list[float]:
    """The `FIGURES` of a row, NaN where one says nothing of its kind of resource."""
    figures = {name: float(getattr(use, name)) for name in FIGURES}
    if use.resource in boundless:
        figures["utilisation"] = math.nan  # the share of what has no end
    if use.kind != "cadence":
        figures["wasted"] = figures["withdrawn"] = math.nan
    if use.kind == "capacity":
        figures["expired"] = math.nan
    return list(figures.values())
