"""The resources of a protocol as the kernel's tables: pools, slots, lists, stock, and what is due from the start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.kernel import names as k
from sim.engine.kernel.rows import Batch, Happening, Now, Pool, Unit, layout, rows
from sim.engine.operations import Operations
from sim.engine.trace import EngineError
from sim.pieces.protocol import (
    FIRST_COME,
    AnyOf,
    Bookings,
    Cadence,
    Capacity,
    Protocol,
    Stock,
    place_for,
    places,
    unlimited,
)  # fmt: skip
from sim.pure.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Pools:
    """The pools at the start: one row each, in order of declaration and centre."""

    rows: Any
    slots: int
    slots_of_one: int


def table_of(kind: type, found: Iterable[Sequence[float]]) -> Any:
    """A table of rows of one kind."""
    return np.array([tuple(row) for row in found], dtype=layout(kind))


def pools_of(protocol: Protocol) -> tuple[Pools, IntArray]:
    """(every pool at the start, the first pool of each resource)."""
    counts = [places(resource) for resource in protocol.resources]
    table = np.zeros(sum(counts), dtype=layout(Pool)).view(np.recarray)
    table.row = np.arange(len(table))
    table.other = table.chain = table.first_new = -1
    names = [resource.name for resource in protocol.resources]
    first = np.cumsum([0, *counts])[:-1]
    slots = most = 0
    for index, resource in enumerate(protocol.resources):
        if resource.policy not in (FIRST_COME, *protocol.policies):
            raise EngineError(f"{resource.name}: there is no policy {resource.policy!r}")
        policy = k.FIRST_COME if resource.policy == FIRST_COME else list(protocol.policies).index(resource.policy)
        for centre in range(counts[index]):
            row = table[first[index] + centre]
            row.resource, row.centre, row.policy = index, centre, policy
            match resource:
                case Capacity():
                    row.kind, row.unlimited = k.CAPACITY, int(unlimited(resource.units[centre]))
                    row.limit = [units for day, units in resource.units[centre] if day <= 0.0][-1]
                    row.lot_rank, row.turn_round = resource.lot_rank, resource.turn_round
                case Bookings():
                    booked = table[first[names.index(resource.of)] + centre]
                    row.kind, row.unlimited, row.booked_for = k.BOOKING, booked.unlimited, resource.planned
                    row.other, booked.other, row.looks = booked.row, row.row, -np.inf
                case Cadence():
                    row.kind, row.most_offered = k.CADENCE, max(resource.counts[centre], default=0)
                    row.offer_days, row.carry_over = len(resource.offer_days), resource.carry_over
                    row.withdrawals, row.keeps_place = bool(resource.withdrawn), resource.keeps_place
                    row.lead, row.notice = resource.lead, resource.notice
                    offered = sum(resource.counts[centre])
                    slots, most = slots + offered, max(most, offered)
                case Stock():
                    row.kind, row.supplied = k.STOCK, -np.inf
                case AnyOf():
                    row.kind = k.ANY_OF
                case _:
                    raise EngineError(f"the compiled engine does not know the resource {type(resource).__name__}")
    return Pools(np.asarray(table), slots, most), first.astype(np.int64)


def serving_of(protocol: Protocol, first_pool: IntArray) -> IntArray:
    """The pool of each resource that serves each centre."""
    table = np.empty((len(protocol.resources), max(1, len(protocol.centres))), dtype=np.int64)
    for index, resource in enumerate(protocol.resources):
        table[index] = [first_pool[index] + place_for(resource, centre) for centre in range(table.shape[1])]
    return table


def choices_of(protocol: Protocol, pools: Pools, first_pool: IntArray, serving: IntArray) -> list[tuple[int, float]]:
    """What serves the lists for any of several, one list after the other; fills in the pools of both."""
    found: list[tuple[int, float]] = []
    names = [resource.name for resource in protocol.resources]
    for index, resource in enumerate(protocol.resources):
        if not isinstance(resource, AnyOf):
            continue
        for centre, (sources, rest) in enumerate(zip(resource.of, resource.rest, strict=True)):
            mine = int(first_pool[index]) + centre
            pools.rows["first_choice"][mine], pools.rows["choices"][mine] = len(found), len(sources)
            for name, days in zip(sources, rest, strict=True):
                source = int(serving[names.index(name), centre])
                pools.rows["feeds"][source] = 1
                found.append((source, days))
    return found


def offer_days_of(protocol: Protocol) -> FloatArray:
    """One row a resource; empty but for the dated slots."""
    days = [resource.offer_days if isinstance(resource, Cadence) else () for resource in protocol.resources]
    table = np.full((len(days), max((len(row) for row in days), default=0)), np.nan)
    for index, row in enumerate(days):
        table[index, : len(row)] = row
    return table


def per_pool(protocol: Protocol, of: Callable[[Cadence], Sequence[Sequence[float]]], blank: float) -> NDArray[Any]:
    """One row a pool: what dated slots say of each of theirs; `blank` where nothing is said, or of other pools."""
    rows: list[Sequence[float]] = []
    for resource in protocol.resources:
        said = of(resource) if isinstance(resource, Cadence) else ()
        rows += said or ((),) * places(resource)
    table = np.full((len(rows), max((len(row) for row in rows), default=0)), blank)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


FromStart = tuple[float, int, int, int]


def knowledge_of(
    protocol: Protocol, pools: Pools, table: Operations
) -> tuple[list[tuple[float, float]], list[tuple[int, int, int]], list[list[FromStart]]]:
    """(steps known of capacities that may be booked, one list after the other; lessons; when they are learned, one list
    a resource); fills in the pools of bookings."""
    known: list[tuple[float, float]] = []
    lessons: list[tuple[int, int, int]] = []
    due: list[list[FromStart]] = []
    for index, resource in enumerate(protocol.resources):
        found: list[FromStart] = []
        if isinstance(resource, Bookings):
            mine = np.flatnonzero(pools.rows["resource"] == index)
            pools.rows["hours"][mine] = table.hours_of(resource.hours)
            for pool, lists in zip(mine.tolist(), resource.known, strict=True):
                for day, steps in lists:
                    if day > 0.0:
                        found.append((day, k.DELIVERY + index, k.LEARNING, len(lessons)))
                        lessons.append((pool, len(known), len(steps)))
                    else:
                        pools.rows["known"][pool], pools.rows["known_count"][pool] = len(known), len(steps)
                    known += steps
        due.append(found)
    return known, lessons, due


def units_of(
    protocol: Protocol, pools: Pools, first_pool: IntArray
) -> tuple[Any, list[tuple[int, int, int]], list[list[FromStart]]]:
    """(units with numbers at the start, their changes, when these are due, one list a resource); fills in the pools."""
    out_at_first: list[int] = []
    changes: list[tuple[int, int, int]] = []
    due: list[list[FromStart]] = []
    for index, resource in enumerate(protocol.resources):
        found: list[FromStart] = []
        for place, its in enumerate(resource.out if isinstance(resource, Capacity) else ()):
            assert isinstance(resource, Capacity)
            pool, numbers, first = int(first_pool[index]) + place, resource.numbers(place), len(out_at_first)
            pools.rows["first_unit"][pool], pools.rows["numbers"][pool] = first, numbers
            out_at_first += [0] * numbers
            for out in its:
                for day, is_out in ((out.first, 1), (out.end, 0)):
                    if day > 0.0:
                        found.append((day, k.DELIVERY + index, k.UNIT_OUT, len(changes)))
                        changes.append((pool, first + out.unit - 1, is_out))
                    else:
                        out_at_first[first + out.unit - 1] = is_out
        due.append(found)
    return table_of(Unit, ((-1, is_out) for is_out in out_at_first)), changes, due


def happenings_of(
    protocol: Protocol, first_pool: IntArray, learned: list[list[FromStart]], numbered: list[list[FromStart]]
) -> tuple[list[tuple[int, float]], list[list[FromStart]]]:
    """(the pool and the new limit of each capacity change, and what is due from the start, one list a resource)."""
    changes: list[tuple[int, float]] = []
    due: list[list[FromStart]] = []
    for index, resource in enumerate(protocol.resources):
        found = [*learned[index], *numbered[index]]
        match resource:
            case Capacity():
                for centre, steps in enumerate(resource.units):
                    for day, units in steps:
                        if day > 0.0:
                            found.append((day, k.DELIVERY + index, k.CHANGE, len(changes)))
                            changes.append((int(first_pool[index]) + centre, units))
            case Cadence() if resource.offer_days:
                for centre in range(len(resource.counts)):
                    found.append((resource.offer_days[0], k.DELIVERY + index, k.OFFER, int(first_pool[index]) + centre))
        due.append(found)
    return changes, due


def stock_of(protocol: Protocol, first_pool: IntArray, pools: Pools) -> tuple[Any, Any, list[FromStart]]:
    """(the run at its start, opening shelves, what is due for the stock); fills in its pools."""
    table = np.zeros(1, dtype=layout(Now))
    now = table.view(np.recarray)[0]
    now.shelf_life = now.order_every = np.inf
    now.stock_pool, now.shelves = -1, 1
    stocks = [(i, resource) for i, resource in enumerate(protocol.resources) if isinstance(resource, Stock)]
    if not stocks:
        return table, rows(Batch, 1, 0), []
    if len(stocks) > 1:
        raise EngineError(f"{stocks[1][1].name}: a second stock, where lots are of one kind")
    index, stock = stocks[0]
    shelves = rows(Batch, len(stock.opening), max(stock.opening))
    due: list[FromStart] = []
    for shelf, opening in enumerate(stock.opening):
        pool = int(first_pool[index]) + shelf
        for dose in range(opening):
            shelves[shelf, dose] = stock.shelf_life * ((dose + 1) / opening), float(dose), 1.0
            if stock.shelf_life < np.inf:
                due.append((float(shelves[shelf, dose]["expires"]), k.EXPIRY + index, k.EXPIRING, pool))
        if stock.every < np.inf:
            due.append((stock.first_order, k.DELIVERY + index, k.ORDERING, pool))
        pools.rows["on_hand"][pool] = pools.rows["batches"][pool] = opening
    now.stock_pool, now.doses_per_lot, now.shelves = first_pool[index], stock.doses_per_lot, len(stock.opening)
    if stock.reorder is not None:
        now.reorders, (now.order_at, now.order_up_to) = 1, stock.reorder
    now.shelf_life, now.order_every = stock.shelf_life, stock.every
    return table, shelves, due


def in_order(protocol: Protocol, due: list[list[FromStart]], stock: list[FromStart]) -> Any:
    """What is due from the start: by day and priority, and then resource by resource."""
    found = [
        happening
        for resource, its in zip(protocol.resources, due, strict=True)
        for happening in (stock if isinstance(resource, Stock) else its)
    ]
    found.sort(key=lambda due: due[:2])
    return table_of(Happening, ((day, priority, 0, what, of, -1) for day, priority, what, of in found))
