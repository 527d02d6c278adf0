"""Metrics whose names say of what and when: a list or a resource, a centre, a date.

`waiting_list_length`, `before_infusion_length`   patients on one of the two lists
`queue.RESOURCE.CENTRE`                           patients waiting for a resource
`occupancy.RESOURCE.CENTRE`                       share of a resource that is in use
`qalys_per_referred`, `net_benefit@100000`, ...   economic outcomes, where the scenario has a section economics

Without a centre they are of all centres together; `*` for the centre is the highest of the centres. Without more they
are means over the measuring window; `@2027-01-01` is that day, `@worst` the highest of the equal parts of the window of
about a month each. They are numbers of a replication like any metric, but there are too many of them for a table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import pairwise

import numpy as np

from sim.engine.trace import Trace
from sim.outcomes.by_group import ratio
from sim.outcomes.curves import LISTS, list_lengths
from sim.outcomes.economic_metrics import ALL_NAMES, EconomicMetric, economic_metric
from sim.outcomes.economic_quantities import MONEY
from sim.outcomes.economics import ledger
from sim.outcomes.metrics import BY_NAME, Metric
from sim.outcomes.patients import Patients
from sim.outcomes.resource_use import queues_of, use_in
from sim.outcomes.verdicts import LOWER
from sim.pieces.protocol import Cadence, Capacity, Protocol, Resource, place_names
from sim.pure.arrays import FloatArray
from sim.pure.discounting import DAYS_PER_MONTH
from sim.scenario import Scenario
from sim.scenario.problems import any_of, did_you_mean, show

Window = tuple[float, float]
# The value in each replication of one stretch of time.
InWindow = Callable[[Patients, Trace, Window], FloatArray]
LENGTHS = {"waiting_list_length": "waiting_list", "before_infusion_length": "before_infusion"}
QUEUE, OCCUPANCY = "queue", "occupancy"
HEADS = (*LENGTHS, QUEUE, OCCUPANCY)
WORST, HIGHEST = "worst", "*"


@dataclass(frozen=True)
class Figure:
    """A parsed name: `head`, then the resource and the centre where there are any; `when`: a date, worst, or empty."""

    head: str
    resource: str
    centre: str
    when: str


def parse_figure(name: str) -> Figure:
    """The parts of a name; nothing is looked up yet."""
    rest, _, when = name.partition("@")
    head, _, rest = rest.partition(".")
    resource, _, centre = rest.partition(".")
    return Figure(head, resource, centre, when)


def metric_named(name: str, scenario: Scenario, protocol: Protocol) -> Metric:
    """The metric of a name, of the registry or of this module; a ValueError that names the nearest one."""
    if name in BY_NAME:
        return BY_NAME[name]
    economic = economic_metric(name)
    if economic is not None:
        return _economic(economic, scenario, protocol)
    figure = parse_figure(name)
    if figure.head in BY_NAME:
        raise ValueError(f"found the metric {show(name)}; of a date or a centre are only {any_of(HEADS)}")
    if figure.head not in HEADS:
        raise ValueError(f"found the metric {show(name)}{did_you_mean(figure.head, [*ALL_NAMES, *HEADS], 'metrics')}")
    when, window = _when(name, figure.when, scenario)
    if figure.head in LENGTHS:
        if figure.resource:
            raise ValueError(f"found the metric {show(name)}; allowed: {figure.head}, with @DATE or @{WORST}")
        listed = LENGTHS[figure.head]
        formula = partial(_length, list(LISTS).index(listed), window is not None)
        return _metric(name, f"{LISTS[listed]}{when}", "patients", formula, figure.when, window)
    chosen, words = _chosen(name, figure, protocol)
    of = partial(_queue if figure.head == QUEUE else _occupancy, protocol, chosen, figure.centre == HIGHEST)
    label = f"Waiting for {words[:1].lower()}{words[1:]}" if figure.head == QUEUE else f"Occupancy: {words}"
    return _metric(name, f"{label}{when}", "patients" if figure.head == QUEUE else "share", of, figure.when, window)


def figures_of(
    names: Sequence[str], scenario: Scenario, protocol: Protocol, patients: Patients, trace: Trace, window: Window
) -> FloatArray:
    """The values of the metrics of these names, shape (replications, names)."""
    columns = [metric_named(name, scenario, protocol).formula(patients, trace, window) for name in names]
    return np.stack(columns, axis=1) if columns else np.empty((len(trace.stop_day), 0))


def _economic(economic: EconomicMetric, scenario: Scenario, protocol: Protocol) -> Metric:
    """An economic metric of the scenario; a ValueError where it has no economics."""
    if scenario.economics is None:
        raise ValueError(f"found {show(economic.name)}; this scenario has no section economics")

    def formula(patients: Patients, trace: Trace, window: Window) -> FloatArray:
        return economic.of(ledger(scenario, protocol, patients, trace, patients.cohort.luck).quantities())

    unit = scenario.economics.money if economic.kind == MONEY else economic.kind
    return Metric(economic.name, economic.label, unit, economic.better, economic.over, formula, within=economic.within)


def _metric(name: str, label: str, unit: str, of: InWindow, when: str, on: Window | None) -> Metric:
    def formula(patients: Patients, trace: Trace, window: Window) -> FloatArray:
        if when == WORST:
            parts = max(1, round((window[1] - window[0]) / DAYS_PER_MONTH))
            edges = np.linspace(*window, parts + 1).tolist()
            return np.asarray(np.fmax.reduce([of(patients, trace, part) for part in pairwise(edges)]))
        return of(patients, trace, on or window)

    return Metric(name, label, unit, LOWER, None, formula)


def _when(name: str, when: str, scenario: Scenario) -> tuple[str, Window | None]:
    """(the time in words, the day where it is one); a ValueError where it is neither a date of the run nor `worst`."""
    if "@" in name and when != WORST:
        start, last = scenario.run.start, math.floor(scenario.run.warm_up + scenario.run.window)
        allowed = f"{start.isoformat()} to {(start + timedelta(days=last - 1)).isoformat()}, or {WORST}"
        try:
            day = (date.fromisoformat(when) - start).days
        except ValueError:
            raise ValueError(f"found {show(when)} in {show(name)}; allowed after @: a date from {allowed}") from None
        if not 0 <= day < last:
            raise ValueError(f"found {when} in {show(name)}; allowed after @: a date from {allowed}")
        return f", on {when}", (float(day), day + 1.0)
    return (", in the worst month", None) if when else (", mean", None)


def _chosen(name: str, figure: Figure, protocol: Protocol) -> tuple[list[int], str]:
    """(the numbers of the queues that are meant, in words); a ValueError that says which there are."""
    able = [r for r in protocol.resources if figure.head == QUEUE or isinstance(r, Capacity | Cadence)]
    names = [resource.name for resource in able]
    if figure.resource not in names:
        told = f"the resource {show(figure.resource)}" if figure.resource else "no resource"
        near = did_you_mean(figure.resource, names, "resources") if figure.resource else f"; allowed: {any_of(names)}"
        raise ValueError(f"found {told} in {show(name)}{near}")
    resource = able[names.index(figure.resource)]
    chosen = [number for number, (other, _) in enumerate(queues_of(protocol)) if other is resource]
    words = resource.label
    if figure.centre == HIGHEST:
        words = f"{words}, the highest of the centres"
    elif figure.centre:
        if not resource.per_centre:
            raise ValueError(f"found the centre {show(figure.centre)} in {show(name)}; one {resource.name} serves all")
        there = place_names(resource, protocol.centres)
        if figure.centre not in there:
            near = did_you_mean(figure.centre, there, "centres")
            raise ValueError(f"found the centre {show(figure.centre)} in {show(name)}{near}")
        chosen = [chosen[there.index(figure.centre)]]
        words = f"{words} at {figure.centre}"
    if figure.head == OCCUPANCY and any(_is_unlimited(*queues_of(protocol)[number]) for number in chosen):
        raise ValueError(f"found {show(name)}; {resource.label.lower()} are without limit there, and never full")
    return chosen, words


def _is_unlimited(resource: Resource, place: int) -> bool:
    return isinstance(resource, Capacity) and any(math.isinf(units) for _, units in resource.units[place])


def _length(place: int, on_a_day: bool, patients: Patients, trace: Trace, window: Window) -> FloatArray:
    """Patients on a list on the first day of the window, or the mean over its days."""
    first, last = math.ceil(window[0]), max(math.ceil(window[0]), math.ceil(window[1]) - 1)
    found = list_lengths(patients.cohort, trace, last)[:, place, first:]
    return np.asarray((found[:, :1] if on_a_day else found).mean(axis=1))


def _queue(
    protocol: Protocol, chosen: list[int], highest: bool, patients: Patients, trace: Trace, window: Window
) -> FloatArray:
    waiting = use_in(protocol, patients, trace, window)[2][:, chosen]
    return np.asarray(waiting.max(axis=1) if highest else waiting.sum(axis=1))


def _occupancy(
    protocol: Protocol, chosen: list[int], highest: bool, patients: Patients, trace: Trace, window: Window
) -> FloatArray:
    """The share of what is there that is used; NaN where nothing is there."""
    used, there, _ = (values[:, chosen] for values in use_in(protocol, patients, trace, window))
    if not highest:
        used, there = used.sum(axis=1, keepdims=True), there.sum(axis=1, keepdims=True)
    return np.asarray(np.fmax.reduce(np.minimum(ratio(used, there), 1.0), axis=1))
