"""What supply costs in a window of days, whoever it was for: capacity, doses that expired, and lots that failed.

All of it is of a window and not of a patient: the ledger shares that of the measuring window evenly among those
referred in it, on the day of their referral, so that it is not discounted; the budget has that of each year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.engine.trace import Trace
from sim.outcomes.by_group import ByGroup
from sim.pieces.protocol import Cadence, Capacity, Protocol, Resource, Stock
from sim.pieces.standing import dated_slots, standing_unit_days
from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.pure.discounting import DAYS_PER_MONTH
from sim.scenario import Scenario
from sim.scenario.capacity_costs import amounts

Window = tuple[float, float]
CAPACITY, UNUSED_PRODUCT = "capacity", "unused_product"
UNUSED_DOSES = "costs.unused_product.allogeneic"


@dataclass(frozen=True, eq=False)
class Supplied:
    """How much of one thing there was in a window: `units`, an entry a replication.

    `path`: of its price, in the section `economics`. `category`: of costs.
    """

    path: str
    category: str
    units: FloatArray


def supplied(s: Scenario, protocol: Protocol, trace: Trace, window: Window) -> tuple[Supplied, ...]:
    """What is priced, is in view, and there is in this scenario, in a steady order; the scenario has economics.

    Months of capacity are what the scenario names, by date. Uses, claimed slots, lots, expiries and failures are those
    that fall inside the window; what patients in progress hold on the first day is taken on it.
    """
    return tuple(_supplied(s, protocol, trace, window))


def _supplied(s: Scenario, protocol: Protocol, trace: Trace, window: Window) -> Iterator[Supplied]:
    economics = s.economics
    assert economics is not None
    every = ByGroup(np.zeros(0, np.int64), len(trace.stop_day))
    having = {resource.name.partition("/")[0] for resource in protocol.resources}
    priced = {
        kind: prices
        for kind, its in economics.costs.capacity.kinds.items()
        if kind in having and economics.in_view(its.paid_by) and (prices := amounts(its))
    }
    standing = standing_unit_days(s, window) if any("unit_month" in prices for prices in priced.values()) else {}
    for kind, prices in priced.items():
        mine = [k for k, resource in enumerate(protocol.resources) if resource.name.partition("/")[0] == kind]
        for key in prices:
            if key == "unit_month":
                units = np.full(every.groups, standing[kind] / DAYS_PER_MONTH)
            else:
                units = _counted(key, protocol.resources[mine[0]], mine, trace, window)
            yield Supplied(f"costs.capacity.{kind}.{key}", CAPACITY, units)
    if any(isinstance(resource, Stock) for resource in protocol.resources) and economics.in_view(
        economics.costs.unused_paid_by
    ):
        yield Supplied(UNUSED_DOSES, UNUSED_PRODUCT, doses_lost(trace, window))


def standing_month(s: Scenario) -> float:
    """What the capacity that a scenario names costs a month, used or not, as a mean over its measuring window."""
    economics, window = s.economics, (s.run.warm_up, s.run.window_end)
    if economics is None:
        return 0.0
    prices = {
        kind: amounts(its) for kind, its in economics.costs.capacity.kinds.items() if economics.in_view(its.paid_by)
    }
    months = (window[1] - window[0]) / DAYS_PER_MONTH
    units = {kind: days / DAYS_PER_MONTH for kind, days in standing_unit_days(s, window).items()}
    spent = [
        prices[kind].get("unit_month", 0.0) * units[kind] for kind in units if "unit_month" in prices.get(kind, {})
    ]
    each = prices["slot"].get("each", 0.0)
    return economics.factor * (sum(spent) + (each * dated_slots(s, window) if each else 0.0)) / months


def _counted(key: str, resource: Resource, mine: list[int], trace: Trace, window: Window) -> FloatArray:
    """Units of what is counted from the record, of the resources `mine`, all of one kind."""
    match resource, key:
        case Cadence(), _:
            return _slots(trace, mine, window, claimed=key == "use")
        case Stock(), "dose_month":
            return dose_days(resource, mine[0], trace, window) / DAYS_PER_MONTH
        case Stock(), "lot":
            return _by(trace, trace.lots.replication).count(_inside(trace.lots.started, window))
        case Capacity(), "use":
            uses = trace.uses
            taken = _inside(uses.began, window) & np.isin(uses.source, mine)
            return _by(trace, uses.replication).total(uses.units, taken)
    raise AssertionError(f"{key} of {resource.name} is not counted")


def _by(trace: Trace, replication: IntArray) -> ByGroup:
    return ByGroup(replication, len(trace.stop_day))


def _inside(days: FloatArray, window: Window) -> BoolArray:
    """Which days lie in the window; NaN does not."""
    return (days >= window[0]) & (days < window[1])


def _slots(trace: Trace, mine: list[int], window: Window, claimed: bool) -> FloatArray:
    """Slots that start in the window and were not taken back; of these those with a holder where `claimed`."""
    slots = trace.slots
    there = _inside(slots.start, window) & np.isin(slots.resource, mine) & np.isnan(slots.withdrawn)
    return _by(trace, slots.replication).count(there & ((slots.holder >= 0) | (not claimed)))


def doses_lost(trace: Trace, window: Window) -> FloatArray:
    """Doses that expired on the shelf in the window, and those of lots that failed in it."""
    expiries, lots = trace.expiries, trace.lots
    expired = _by(trace, expiries.replication).total(expiries.doses, _inside(expiries.day, window))
    return expired + _by(trace, lots.replication).total(lots.doses, _inside(lots.failed, window))


def dose_days(stock: Stock, place: int, trace: Trace, window: Window) -> FloatArray:
    """Doses on all shelves times days inside the window: what came, less what was drawn or expired since."""
    lots, uses, expiries = trace.lots, trace.uses, trace.expiries
    drawn = (uses.source == place) & np.isfinite(uses.began)
    came = _by(trace, lots.replication).total(lots.doses * _left(lots.ready, window), np.isfinite(lots.ready))
    gone = _by(trace, uses.replication).total(uses.units * _left(uses.began, window), drawn)
    gone = gone + _by(trace, expiries.replication).total(
        expiries.doses * _left(expiries.day, window), np.ones(len(expiries.day), bool)
    )
    # rounding must leave nothing below none
    return np.maximum(sum(stock.opening) * (window[1] - window[0]) + came - gone, 0.0)


def _left(days: FloatArray, window: Window) -> FloatArray:
    """Days of the window from a day on."""
    return np.asarray(np.maximum(window[1] - np.maximum(np.nan_to_num(days, nan=np.inf), window[0]), 0.0))
