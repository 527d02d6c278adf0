"""From a protocol to the tables that the kernel runs: `operations` of its paths, `supplies`, clocks and hours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.draws import Purposes, purposes_of
from sim.engine.kernel import names as k
from sim.engine.kernel.rows import (
    Change,
    Choice,
    Curve,
    Interval,
    Knot,
    KnownStep,
    Lesson,
    Opening,
    Operation,
    Policy,
    UnitChange,
    copied,
    layout,
)
from sim.engine.kernel.tables import Hazards, HourTables, Plan, Route, Start, Supplies
from sim.engine.operations import Operations
from sim.engine.supplies import (
    FromStart,
    Pools,
    choices_of,
    happenings_of,
    in_order,
    knowledge_of,
    offer_days_of,
    per_pool,
    pools_of,
    serving_of,
    stock_of,
    table_of,
    units_of,
)  # fmt: skip
from sim.engine.walkable import check_bookings, check_lists, check_numbers
from sim.pieces.protocol import (
    Protocol,
    Stock,
    attempt_names,
    drawn,
    ends,
    milestones,
    walk_steps,
)
from sim.pieces.steps import (
    Draw,
    Use,
)
from sim.pure.arrays import FloatArray, IntArray
from sim.pure.distributions import Distribution
from sim.pure.hours import ALWAYS, Hours


@dataclass(frozen=True, eq=False)
class Flat:
    """A protocol, flattened: the kernel's plan, its state at the start of any run, and the names behind the numbers.

    `of_patients`, `of_lots`: what is drawn for; `fixed`: the value of each purpose where that is the same for all, else
    -1. `now`: one row. `slots`: how many there are in a replication, and `slots_of_one`, of the pool that has most.
    """

    plan: Plan
    now: Any
    slots: int
    slots_of_one: int
    of_patients: Purposes
    of_lots: Purposes
    fixed: FloatArray
    milestones: tuple[str, ...]
    attempt_names: tuple[str, ...]
    lot_attempt_names: tuple[str, ...]
    outcomes: tuple[str, ...]
    reasons: tuple[str, ...]
    stage_names: tuple[str, ...]
    depth: int
    uses: int
    policies: tuple[str, ...]
    flags: tuple[str, ...]
    lot_streams: tuple[str, ...]


def flatten(protocol: Protocol) -> Flat:
    """The kernel's tables of a protocol. Raises EngineError for a step that the kernel does not know."""
    check_bookings(protocol)
    check_lists(protocol)
    check_numbers(protocol)
    path = protocol.patient_steps
    patients, lots = drawn(path), drawn(protocol.lot_path)
    rules = (*patients.values(), *lots.values())
    names, tries, found = milestones(path), attempt_names(path), ends(path)
    lot_tries = attempt_names(protocol.lot_path)
    places = {name: place for place, name in enumerate(patients)}
    table = Operations(protocol, k.PATIENT, places, names, tries, found, [], [], [], [], [])
    table.path(protocol.path, 0)
    table.add(k.DONE)
    later_start = len(table.rows)
    table.path(protocol.later_path, 0)
    table.add(k.DONE)
    lot_start = len(table.rows)
    of_lots = Operations(
        protocol, k.LOT, {name: len(patients) + place for place, name in enumerate(lots)}, (), lot_tries, (),
        table.rows, table.branches, table.stages, table.hours, table.flags, table.depth,
    )  # fmt: skip
    of_lots.path(protocol.lot_path, 0)
    of_lots.add(k.DONE)
    given = _given(_Resources(protocol))
    pools, table_of_now = replace(given.pools, rows=copied(given.pools.rows)), copied(given.now)
    known, lessons, learned = knowledge_of(protocol, pools, table)
    changes, happenings = happenings_of(protocol, given.first_pool, learned, given.unit_days)
    plan = Plan(
        Route(operations=_operations(table.rows), branches=np.array(table.branches, dtype=np.int64)),
        Supplies(
            serving=given.serving,
            offer_days=given.offer_days,
            per_offer=given.per_offer,
            withdrawals=given.withdrawals,
            changes=table_of(Change, changes),
            units_out=given.units_out,
            policies=table_of(Policy, ((rule.per_day, rule.progressed) for rule in protocol.policies.values())),
            known=table_of(KnownStep, known),
            lessons=table_of(Lesson, lessons),
            choices=given.choices,
        ),
        _hazards(protocol),
        _hour_tables(table.hours),
        Start(copied(pools.rows), given.units, in_order(protocol, happenings, given.opening), given.shelf),
    )
    now = table_of_now.view(np.recarray)[0]
    now.lot_path, now.later_path = lot_start, later_start
    now.infusion = names.index("infusion") if "infusion" in names else -1
    now.alternative = names.index("alternative") if "alternative" in names else -1
    now.listed = names.index("listing") if "listing" in names else -1
    units = [int(row["units"]) for row in table.rows if row["code"] == k.USE]
    now.most_given_back = of_lots.depth * max(units, default=0)
    now.first_set = list(protocol.clocks.sets).index(protocol.clocks.first)
    now.turning = any(row["code"] == k.AT_PROGRESSION for row in table.rows)
    now.free_row = -1
    lists = np.flatnonzero(pools.rows["kind"] == k.ANY_OF)
    now.first_list, now.lists = lists.min(initial=len(pools.rows)), len(lists)
    return Flat(
        plan=plan,
        now=table_of_now,
        slots=pools.slots,
        slots_of_one=pools.slots_of_one,
        of_patients=purposes_of((protocol.path, protocol.later_path), 0),
        of_lots=purposes_of((protocol.lot_path,), len(patients)),
        fixed=np.array([r.mean() if isinstance(r, Distribution) and r.is_fixed else -1.0 for r in rules], dtype=float),
        milestones=names,
        attempt_names=tries,
        lot_attempt_names=lot_tries,
        outcomes=tuple(end.outcome for end in found),
        reasons=tuple(end.reason for end in found),
        stage_names=tuple(table.stages),
        depth=of_lots.depth,
        uses=sum(isinstance(step, Use | Draw) for step in walk_steps(path)),
        policies=tuple(protocol.policies),
        flags=tuple(table.flags),
        lot_streams=protocol.lot_streams,
    )


class _Resources:
    """A protocol as a key: all that says what is there, and where, and nothing that draws of a sweep move."""

    def __init__(self, protocol: Protocol) -> None:
        resources = (replace(r, lot_path=()) if isinstance(r, Stock) else r for r in protocol.resources)
        self.protocol, self.key = protocol, (tuple(resources), protocol.centres, tuple(protocol.policies))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Resources) and other.key == self.key


@dataclass(frozen=True, eq=False)
class _Given:
    """The tables that resources alone make; never to be changed."""

    pools: Pools
    first_pool: IntArray
    serving: IntArray
    choices: Any
    units: Any
    units_out: Any
    unit_days: list[list[FromStart]]
    now: Any
    shelf: Any
    opening: list[FromStart]
    offer_days: FloatArray
    per_offer: NDArray[Any]
    withdrawals: NDArray[Any]


# Points of a sweep mostly have the same resources, and a comparison as many kinds of them as scenarios.
@lru_cache(maxsize=8)
def _given(resources: _Resources) -> _Given:
    protocol = resources.protocol
    pools, first_pool = pools_of(protocol)
    serving = serving_of(protocol, first_pool)
    choices = choices_of(protocol, pools, first_pool, serving)
    units, units_out, unit_days = units_of(protocol, pools, first_pool)
    now, shelf, opening = stock_of(protocol, first_pool, pools)
    return _Given(
        pools=pools,
        first_pool=first_pool,
        serving=serving,
        choices=table_of(Choice, choices),
        units=units,
        units_out=table_of(UnitChange, units_out),
        unit_days=unit_days,
        now=now,
        shelf=shelf,
        opening=opening,
        offer_days=offer_days_of(protocol),
        per_offer=per_pool(protocol, lambda cadence: cadence.counts, 0),
        withdrawals=per_pool(protocol, lambda cadence: cadence.withdrawn, np.inf),
    )


def _operations(rows: list[dict[str, float]]) -> Any:
    """The table of operations, of which few say anything in most columns."""
    place = {name: k for k, name in enumerate(layout(Operation).names or ())}
    found = []
    for row in rows:
        values = [0.0] * len(place)
        for name, value in row.items():
            values[place[name]] = value
        found.append(values)
    return table_of(Operation, found)


def _hour_tables(hours: list[Hours]) -> HourTables:
    """All intervals of all hours, one table after the other."""
    openings: list[tuple[float, ...]] = []
    intervals: list[tuple[float, float]] = []
    for its in hours:
        places: list[int] = []
        for table in (its.openings, its.counts, tuple((day, day) for day in its.losses)):
            places += len(intervals), k.ALWAYS if table is ALWAYS else len(table)
            intervals += table or ()
        openings.append((*places, its.fit, its.viable))
    return HourTables(table_of(Opening, openings), table_of(Interval, intervals))


def _hazards(protocol: Protocol) -> Hazards:
    """The hazard tables of all sets and clocks, one after the other."""
    sets = protocol.clocks.sets.values()
    tables = [table for hazards in sets for table in hazards.tables]
    counts = [len(table.days) for table in tables]
    knots = [knot for table in tables for knot in zip(table.days, table.hazards, table.rates, strict=True)]
    curves = table_of(Curve, zip(np.cumsum([0, *counts])[:-1], counts, strict=True)).reshape(len(sets), 3)
    ends = np.array([hazards.ends_eligibility for hazards in sets], dtype=float)
    after = np.array(protocol.clocks.after_progression, dtype=float)
    return Hazards(table_of(Knot, knots), curves, ends, after)
