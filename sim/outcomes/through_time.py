"""Use of resources and stock through calendar time: means over bins of days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.trace import Slots, Trace, Uses
from sim.outcomes.by_group import ByGroup
from sim.outcomes.resource_use import free_again, queue_of, queues_of, serving_queue_of
from sim.pieces.loads import unit_days
from sim.pieces.protocol import AnyOf, Bookings, Cadence, Capacity, Protocol, Resource, Stock, place_names, places
from sim.pure.arrays import FloatArray

SHORT_DAYS, WEEK = 183.0, 7.0
ALL_CENTRES = ""


def bin_edges(start: date, end: float) -> FloatArray:
    """Days since the start that bound the bins: calendar months, or weeks where `end` is within half a year."""
    if end <= SHORT_DAYS:
        inner = list(np.arange(WEEK, end, WEEK))
    else:
        last = start + timedelta(days=int(end))
        months = range(start.year * 12 + start.month, last.year * 12 + last.month)
        days = [(date(month // 12, month % 12 + 1, 1) - start).days for month in months]
        inner = [float(day) for day in days if day < end]
    return np.array([0.0, *inner, end])


def use_keys(protocol: Protocol) -> Iterator[tuple[Resource, int | None, str]]:
    """(resource, place or None for all places together, centre) of each row of `use_levels`, in its order.

    A resource with several places has a row for all of them first.
    """
    for resource in protocol.resources:
        count = places(resource)
        yield resource, None, ALL_CENTRES
        if count > 1:
            for place in range(count):
                yield resource, place, place_names(resource, protocol.centres)[place]


def use_levels(protocol: Protocol, trace: Trace, edges: FloatArray) -> FloatArray:
    """Mean units in use and mean number queueing in each bin, shape (replications, rows of `use_keys`, 2, bins).

    "In use" of dated slots is the number claimed of those offered in the bin; of a stock it is NaN.
    """
    uses, slots, replications = trace.uses, trace.slots, len(trace.stop_day)
    queues, bins = queues_of(protocol), len(edges) - 1
    if not queues:
        return np.zeros((replications, 0, 2, bins))

    def by_queue(rows: Uses | Slots) -> ByGroup:
        numbers = queue_of(protocol, rows.resource, rows.centre)
        return ByGroup(rows.replication, replications).within(numbers, len(queues))

    began = np.isfinite(uses.began)
    until = np.where(np.isnan(uses.ended), trace.stop_day[uses.replication], uses.ended)
    served = np.where(began, uses.began, until)
    by, queued = by_queue(uses), (served > uses.asked)
    queue = mean_level(by, uses.asked, served, edges, queued.astype(float))
    serving = ByGroup(uses.replication, replications).within(serving_queue_of(protocol, uses), len(queues))
    free = np.where(began, free_again(protocol, trace), 0.0)
    held = mean_level(serving, np.where(began, uses.began, 0.0), free, edges, uses.units * began)
    claimed = histogram(by_queue(slots), slots.offered, edges, (slots.holder >= 0).astype(float))
    shape = (replications, len(queues), bins)
    kinds = [Capacity, Cadence, Stock, Bookings, AnyOf]
    kind = np.array([kinds.index(type(resource)) for resource, _ in queues])[:, None]
    in_use = np.select([kind == 0, kind == 1], [held.reshape(shape), claimed.reshape(shape)], np.nan)
    levels = np.stack([in_use, queue.reshape(shape)], axis=2)
    rows = []
    for resource, place, _ in use_keys(protocol):
        its = [number for number, (other, _) in enumerate(queues) if other is resource]
        rows.append(levels[:, its].sum(axis=1) if place is None else levels[:, its[place]])
    return np.stack(rows, axis=1)


def capacities(protocol: Protocol, edges: FloatArray) -> FloatArray:
    """Mean units there in each bin, or slots offered in it; infinite where unlimited, NaN for a stock.

    Shape (rows of `use_keys`, bins).
    """
    rows = []
    for resource, place, _ in use_keys(protocol):
        chosen = range(places(resource)) if place is None else (place,)
        if isinstance(resource, Capacity):
            spans = list(pairwise(edges.tolist()))
            there = [[unit_days(resource.units[k], span) / (span[1] - span[0]) for span in spans] for k in chosen]
            rows.append(np.sum(there, axis=0))
        elif isinstance(resource, Cadence):
            offered = np.sum([resource.offered(k) for k in chosen], axis=0)
            rows.append(np.histogram(np.array(resource.offer_days), edges, weights=offered)[0].astype(float))
        else:
            rows.append(np.full(len(edges) - 1, np.nan))
    return np.array(rows) if rows else np.zeros((0, len(edges) - 1))


def stock_levels(protocol: Protocol, trace: Trace, edges: FloatArray) -> FloatArray:
    """Of the stock in each bin: mean doses on the shelf, share of time without one, doses expired, lots started.

    Shape (replications, 4, bins); NaN throughout where there is no stock.
    """
    stock = next((resource for resource in protocol.resources if isinstance(resource, Stock)), None)
    replications = len(trace.stop_day)
    if stock is None:
        return np.full((replications, 4, len(edges) - 1), np.nan)
    uses, lots, expiries = trace.uses, trace.lots, trace.expiries
    issued = (uses.resource == protocol.resources.index(stock)) & np.isfinite(uses.began)
    ready, every = np.isfinite(lots.ready), np.arange(replications)
    of = np.concatenate([every, lots.replication[ready], uses.replication[issued], expiries.replication])
    days = np.concatenate([np.zeros(replications), lots.ready[ready], uses.began[issued], expiries.day])
    opening = np.full(replications, sum(stock.opening))
    change = np.concatenate([opening, lots.doses[ready], np.full(issued.sum(), -1), -expiries.doses])
    order = np.lexsort((days, of))
    of, days, total = of[order], days[order], np.cumsum(change[order])
    before = np.concatenate([[0], total])[np.searchsorted(of, of)]
    shelf = (total - before).astype(float)
    # the last level lasts to the end
    ends = np.maximum(days, edges[-1])
    ends[:-1] = np.where(of[1:] == of[:-1], days[1:], ends[:-1])
    by = ByGroup(of, replications)
    expired = histogram(ByGroup(expiries.replication, replications), expiries.day, edges, expiries.doses.astype(float))
    started = histogram(ByGroup(lots.replication, replications), lots.started, edges, np.ones(len(lots.started)))
    empty = (shelf <= 0.0).astype(float)
    levels = [mean_level(by, days, ends, edges, shelf), mean_level(by, days, ends, edges, empty)]
    return np.stack([*levels, expired, started], axis=1)


def histogram(by: ByGroup, days: FloatArray, edges: FloatArray, weight: FloatArray) -> FloatArray:
    """The weight in each bin, (groups, bins): from an edge to before the next; the last day is in the last bin."""
    bins = len(edges) - 1
    place = np.where(days == edges[-1], bins - 1, np.searchsorted(edges, days, side="right") - 1)
    there = (place >= 0) & (place < bins)
    return by.within(np.where(there, place, 0), bins).total(weight, there).reshape(by.groups, bins)


def mean_level(by: ByGroup, start: FloatArray, end: FloatArray, edges: FloatArray, weight: NDArray[Any]) -> FloatArray:
    """The time mean in each bin of the summed weight of what lasts from `start` to `end`, shape (groups, bins)."""
    area = _area_after(by, start, weight, edges) - _area_after(by, end, weight, edges)
    return np.asarray(np.maximum(np.diff(area), 0.0) / np.diff(edges))


def _area_after(by: ByGroup, days: FloatArray, weight: NDArray[Any], edges: FloatArray) -> FloatArray:
    """The integral up to each edge of the weight of what has begun by then, shape (groups, edges)."""
    place = np.searchsorted(edges, days)
    reached = place < len(edges)
    cells = by.within(np.where(reached, place, 0), len(edges))
    shape = (by.groups, len(edges))
    weights = np.cumsum(cells.total(weight, reached).reshape(shape), axis=1)
    moments = np.cumsum(cells.total(weight * days, reached).reshape(shape), axis=1)
    return np.asarray(weights * edges - moments)
