"""Use of resources and stock through calendar time, for one replication: means over bins of days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.engine.trace import Trace
from sim.outcomes.resource_use import places
from sim.pieces.loads import unit_days
from sim.pieces.protocol import Cadence, Capacity, Protocol, Resource, Stock

FloatArray = NDArray[np.float64]
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
                yield resource, place, protocol.centres[place]


def use_levels(protocol: Protocol, trace: Trace, edges: FloatArray) -> FloatArray:
    """Mean units in use and mean number queueing in each bin, shape (rows of `use_keys`, 2, bins).

    "In use" of dated slots is the number claimed of those offered in the bin; of a stock it is NaN.
    """
    uses, rows = trace.uses, []
    began = np.isfinite(uses.began)
    until = np.where(np.isnan(uses.ended), trace.stop_day, uses.ended)
    served = np.where(began, uses.began, until)
    queued = served > uses.asked
    index = {resource.name: place for place, resource in enumerate(protocol.resources)}
    for resource, place, _ in use_keys(protocol):
        chosen = uses.resource == index[resource.name]
        if place is not None:
            chosen &= uses.centre == place
        waiting = chosen & queued
        queue = mean_level(uses.asked[waiting], served[waiting], edges)
        if isinstance(resource, Capacity):
            held = chosen & began
            in_use = mean_level(uses.began[held], until[held], edges, uses.units[held].astype(float))
        elif isinstance(resource, Cadence):
            slots = trace.slots
            mine = (slots.resource == index[resource.name]) & (slots.holder >= 0)
            if place is not None:
                mine &= slots.centre == place
            in_use = np.histogram(slots.offered[mine], edges)[0].astype(float)
        else:
            in_use = np.full(len(edges) - 1, np.nan)
        rows.append(np.array([in_use, queue]))
    return np.array(rows) if rows else np.zeros((0, 2, len(edges) - 1))


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

    Shape (4, bins); NaN throughout where there is no stock.
    """
    stock = next((resource for resource in protocol.resources if isinstance(resource, Stock)), None)
    if stock is None:
        return np.full((4, len(edges) - 1), np.nan)
    uses, lots, expiries = trace.uses, trace.lots, trace.expiries
    issued = uses.began[(uses.resource == protocol.resources.index(stock)) & np.isfinite(uses.began)]
    ready = np.isfinite(lots.ready)
    days = np.concatenate([[0.0], lots.ready[ready], issued, expiries.day])
    change = np.concatenate([[sum(stock.opening)], lots.doses[ready], -np.ones(len(issued)), -expiries.doses])
    order = np.argsort(days, kind="stable")
    days, shelf = days[order], np.cumsum(change[order])
    ends = np.append(days[1:], max(float(days[-1]), float(edges[-1])))
    empty = shelf <= 0.0
    expired = np.histogram(expiries.day, edges, weights=expiries.doses.astype(float))[0]
    started = np.histogram(lots.started, edges)[0].astype(float)
    doses = mean_level(days, ends, edges, shelf)
    return np.array([doses, mean_level(days[empty], ends[empty], edges), expired, started])


def mean_level(start: FloatArray, end: FloatArray, edges: FloatArray, weight: FloatArray | None = None) -> FloatArray:
    """The time mean in each bin of the summed weight of what lasts from `start` to `end`."""
    heavy = np.ones(len(start)) if weight is None else weight
    area = _area_after(start, heavy, edges) - _area_after(end, heavy, edges)
    return np.asarray(np.maximum(np.diff(area), 0.0) / np.diff(edges))


def _area_after(days: FloatArray, weight: FloatArray, edges: FloatArray) -> FloatArray:
    """The integral up to each edge of the weight of what has begun by then."""
    order = np.argsort(days, kind="stable")
    sorted_days, heavy = days[order], weight[order]
    upto = np.searchsorted(sorted_days, edges, side="right")
    weights = np.concatenate([[0.0], np.cumsum(heavy)])[upto]
    moments = np.concatenate([[0.0], np.cumsum(heavy * sorted_days)])[upto]
    return np.asarray(weights * edges - moments)
