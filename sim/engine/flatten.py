"""From a protocol to the table of operations that the kernel runs, and its other tables that never change.

Longer than 400 lines because the whole vocabulary, steps and resources alike, is translated in this one place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.engine.draws import Purposes, purposes_of
from sim.engine.kernel import names as k
from sim.engine.kernel.tables import Hazards, HourTables, Plan, Route, Supplies
from sim.engine.trace import EngineError, FloatArray, IntArray
from sim.pieces.clocks import Clock
from sim.pieces.protocol import (
    FIRST_COME,
    Cadence,
    Capacity,
    Protocol,
    Stock,
    attempt_names,
    drawn,
    ends,
    milestones,
    unlimited,
    walk_steps,
)
from sim.pieces.steps import (
    Attempts,
    Choose,
    Clocks,
    Draw,
    End,
    Fail,
    Flagged,
    Hazard,
    Milestone,
    Noted,
    OnLeave,
    Path,
    Patience,
    Progressed,
    Return,
    Share,
    Since,
    Stage,
    Step,
    Supply,
    Together,
    UntilSlotStart,
    Use,
)
from sim.pure.distributions import Distribution
from sim.pure.hours import ALWAYS, Hours

SINCE = {Since.JOINING: k.JOINING, Since.LISTING: k.LISTING, Since.REFERRAL: k.REFERRAL}
ON_LEAVE = {OnLeave.STOP: k.STOP, OnLeave.FINISH_STAGE: k.FINISH_STAGE, OnLeave.FINISH: k.FINISH}


@dataclass(frozen=True, eq=False)
class Pools:
    """The pools at the start: one row each, in order of declaration and centre."""

    whole: IntArray
    numbers: FloatArray
    slots: int
    slots_of_one: int


@dataclass(frozen=True, eq=False)
class Flat:
    """A protocol, flattened: the kernel's plan, its state at the start of any run, and the names behind the numbers.

    `of_patients`, `of_lots`: what is drawn for; `fixed`: the value of each purpose where that is the same for all, else
    -1. `happenings`: (day, priority, what, subject) that are due from the start, in the order in which they become so.
    `shelf`: opening stock.
    """

    plan: Plan
    counters: IntArray
    days_of_run: FloatArray
    pools: Pools
    happenings: tuple[tuple[float, int, int, int], ...]
    shelf: FloatArray
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


@dataclass
class _Table:
    """A table of operations under construction, and the numbers that its names have."""

    protocol: Protocol
    kind: int
    purposes: dict[str, int]
    milestones: tuple[str, ...]
    attempts: tuple[str, ...]
    ends: tuple[End, ...]
    rows: list[list[int]]
    numbers: list[float]
    branches: list[int]
    stages: list[str]
    hours: list[Hours]
    flags: list[str]
    depth: int = 0
    resources: dict[str, int] = field(init=False)
    sets: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.resources = {resource.name: index for index, resource in enumerate(self.protocol.resources)}
        self.sets = {name: index for index, name in enumerate(self.protocol.clocks.sets)}

    def add(self, code: int, number: float = 0.0, **columns: int) -> int:
        """The place of a new operation."""
        row = [0] * k.OPERATION_WIDTH
        row[k.CODE], row[k.HOURS] = code, -1
        for name, value in columns.items():
            row[COLUMNS[name]] = value
        self.rows.append(row)
        self.numbers.append(number)
        return len(self.rows) - 1

    def here(self, place: int, column: int) -> None:
        """Let a column of an earlier operation point to the next one."""
        self.rows[place][column] = len(self.rows)

    # -- one short block a step -------------------------------------------------------------------------------------

    def path(self, path: Path, depth: int) -> None:
        """The operations of a path, inside so many frames."""
        self.depth = max(self.depth, depth)
        for step in path:
            if type(step) not in STEPS:
                raise EngineError(f"the compiled engine does not know the step {type(step).__name__}")
            if self.kind == k.LOT and isinstance(step, Draw | Hazard | Clocks | Return):
                raise EngineError(f"{type(step).__name__} has no meaning on the path of a lot")
            STEPS[type(step)](self, step, depth)

    def stage(self, step: Stage, depth: int) -> None:
        name = self._stage_name(step.name)
        if step.name in self.purposes:
            begun = 0  # or 1 more than the place of the milestone at which it began
            if step.since:
                if self.kind == k.LOT:
                    raise EngineError(f"a stage since {step.since} has no meaning on the path of a lot")
                begun = 1 + self.milestones.index(step.since)
            hours = self._hours(step.hours)
            self.add(k.STAGE, purpose=self.purposes[step.name], name=name, hours=hours, mode=begun)
        elif isinstance(step.duration, UntilSlotStart):
            self.add(k.SLOT_STAGE, resource=self._resource(step.duration.slots, Cadence), name=name)
        else:
            raise EngineError(f"the compiled engine cannot tell how long the stage {step.name!r} lasts")

    def use(self, step: Use, depth: int) -> None:
        resource = self._resource(step.resource, Capacity | Cadence)
        opened = self.add(k.USE, resource=resource, units=step.units, mode=int(step.rejoin))
        self.path(step.steps, depth + 1)
        self.add(k.CLOSE)
        self._patience(opened, step.patience, depth)

    def draw(self, step: Draw, depth: int) -> None:
        opened = self.add(k.DRAW, resource=self._resource(step.stock, Stock), units=1)
        self._patience(opened, step.patience, depth)

    def _patience(self, opened: int, patience: Patience | None, depth: int) -> None:
        """What follows a wait that is given up, right behind what follows a grant."""
        self.here(opened, k.OTHERWISE)
        if patience is not None:
            if self.kind == k.LOT and patience.since != Since.JOINING:
                raise EngineError(f"patience since {patience.since} has no meaning on the path of a lot")
            self.rows[opened][k.PATIENT_SINCE], self.numbers[opened] = SINCE[patience.since], patience.days
            self.path(patience.otherwise, depth)
        self.here(opened, k.AFTER)

    def supply(self, step: Supply, depth: int) -> None:
        if self.kind != k.LOT:
            raise EngineError("Supply has no meaning on the path of a patient")
        self._resource(step.stock, Stock)
        self.add(k.SUPPLY)

    def choose(self, step: Choose, depth: int) -> None:
        if self.kind == k.LOT and not isinstance(step.when, Share):
            raise EngineError(f"{type(step.when).__name__} has no meaning on the path of a lot")
        match step.when:
            case Share(purpose=purpose, share=share):
                chosen = self.add(k.CHOOSE, share, purpose=self.purposes[purpose])
            case Noted(milestone=milestone):
                chosen = self.add(k.NOTED, name=self.milestones.index(milestone))
            case Flagged(flag=flag):
                if flag not in self.flags:
                    self.flags.append(flag)
                chosen = self.add(k.FLAGGED, name=self.flags.index(flag))
            case Progressed():
                chosen = self.add(k.PROGRESSION_NOTED)
            case _:
                raise EngineError(f"the compiled engine does not know the condition {type(step.when).__name__}")
        self.path(step.then, depth)
        jump = self.add(k.JUMP)
        self.here(chosen, k.OTHERWISE)
        self.path(step.otherwise, depth)
        self.here(jump, k.AFTER)

    def attempts_of(self, step: Attempts, depth: int) -> None:
        most = -1 if step.at_most is None else step.at_most
        opened = self.add(k.ATTEMPTS, name=self.attempts.index(step.name), most=most)
        self.path(step.steps, depth + 1)
        self.add(k.CLOSE)
        self.here(opened, k.BETWEEN)
        self.path(step.between, depth + 1)
        self.add(k.CLOSE)
        self.here(opened, k.OTHERWISE)
        self.path(step.otherwise, depth)
        self.here(opened, k.AFTER)

    def fail(self, step: Fail, depth: int) -> None:
        self.add(k.FAIL)

    def together(self, step: Together, depth: int) -> None:
        if len(step.branches) == 1:
            self._branch(step, depth)
            return
        opened = self.add(k.TOGETHER, units=len(step.branches))
        jump = self.add(k.JUMP)
        starts = []
        for branch in step.branches:  # each is a journey of its own, in frames of its own
            starts.append(len(self.rows))
            self._branch(Together((branch,)), 0)
            self.add(k.DONE)
        self.rows[opened][k.NAME] = len(self.branches)
        self.branches += starts
        self.here(jump, k.AFTER)

    def _branch(self, step: Together, depth: int) -> None:
        branch = step.branches[0]
        opened = self.add(k.SHIELD, mode=ON_LEAVE[branch.on_leave])
        self.path(branch.steps, depth + 1)
        self.add(k.CLOSE)
        self.here(opened, k.AFTER)

    def hazard(self, step: Hazard, depth: int) -> None:
        purpose = -1 if step.after is None else self.purposes[step.name]
        self.add(k.HAZARD, step.multiplier, name=int(Clock[step.clock.upper()]), purpose=purpose)

    def clocks(self, step: Clocks, depth: int) -> None:
        self.add(k.CLOCKS, name=-1 if step.hazards is None else self.sets[step.hazards], mode=int(step.anew))

    def comes_back(self, step: Return, depth: int) -> None:
        self.add(k.RETURN, step.until, purpose=self.purposes[step.name])

    def milestone(self, step: Milestone, depth: int) -> None:
        name = self.milestones.index(step.name) if self.kind == k.PATIENT else 0
        self.add(k.MILESTONE, name=name)

    def end(self, step: End, depth: int) -> None:
        if self.kind == k.LOT:
            self.add(k.LOT_END)
        else:
            self.add(k.END, name=self.ends.index(step))

    def _hours(self, hours: Hours | None) -> int:
        """The number of a stage's hours; -1 where it is always open."""
        if hours is None:
            return -1
        if hours not in self.hours:
            self.hours.append(hours)
        return self.hours.index(hours)

    def _stage_name(self, name: str) -> int:
        if name not in self.stages:
            self.stages.append(name)
        return self.stages.index(name)

    def _resource(self, name: str, kind: Any) -> int:
        if name not in self.resources:
            raise EngineError(f"there is no resource {name!r}")
        index = self.resources[name]
        if not isinstance(self.protocol.resources[index], kind):
            raise EngineError(f"the compiled engine cannot use {name!r} like that: it is another kind of resource")
        return index


COLUMNS = {
    "after": k.AFTER, "purpose": k.PURPOSE, "name": k.NAME, "resource": k.RESOURCE, "units": k.UNITS,
    "mode": k.MODE, "most": k.MOST, "between": k.BETWEEN, "otherwise": k.OTHERWISE,
    "hours": k.HOURS,
}  # fmt: skip
STEPS: dict[type[Step], Any] = {
    Stage: _Table.stage,
    Use: _Table.use,
    Draw: _Table.draw,
    Supply: _Table.supply,
    Choose: _Table.choose,
    Attempts: _Table.attempts_of,
    Fail: _Table.fail,
    Together: _Table.together,
    Hazard: _Table.hazard,
    Clocks: _Table.clocks,
    Milestone: _Table.milestone,
    Return: _Table.comes_back,
    End: _Table.end,
}


def flatten(protocol: Protocol) -> Flat:
    """The kernel's tables of a protocol. Raises EngineError for a step that the kernel does not know."""
    path = protocol.patient_steps
    patients, lots = drawn(path), drawn(protocol.lot_path)
    rules = (*patients.values(), *lots.values())
    names, tries, found = milestones(path), attempt_names(path), ends(path)
    lot_tries = attempt_names(protocol.lot_path)
    places = {name: place for place, name in enumerate(patients)}
    table = _Table(protocol, k.PATIENT, places, names, tries, found, [], [], [], [], [], [])
    table.path(protocol.path, 0)
    table.add(k.DONE)
    later_start = len(table.rows)
    table.path(protocol.later_path, 0)
    table.add(k.DONE)
    lot_start = len(table.rows)
    of_lots = _Table(
        protocol, k.LOT, {name: len(patients) + place for place, name in enumerate(lots)}, (), lot_tries, (),
        table.rows, table.numbers, table.branches, table.stages, table.hours, table.flags, table.depth,
    )  # fmt: skip
    of_lots.path(protocol.lot_path, 0)
    of_lots.add(k.DONE)
    pools, first_pool, pool_count = _pools(protocol)
    change_pool, change_units, happenings = _happenings(protocol, first_pool)
    policies = np.array([[rule.per_day, rule.progressed] for rule in protocol.policies.values()], dtype=float)
    plan = Plan(
        Route(
            operations=np.array(table.rows, dtype=np.int64),
            numbers=np.array(table.numbers, dtype=float),
            branches=np.array(table.branches, dtype=np.int64),
        ),
        Supplies(
            first_pool=first_pool,
            pool_count=pool_count,
            offer_days=_offer_days(protocol),
            withdrawals=_withdrawals(protocol),
            change_pool=change_pool,
            change_units=change_units,
            policies=policies.reshape(-1, 2),
        ),
        _hazards(protocol),
        _hour_tables(table.hours),
    )
    counters, days_of_run, shelf, opening = _stock(protocol, first_pool, pools)
    counters[k.LOT_PATH], counters[k.LATER_PATH] = lot_start, later_start
    counters[k.INFUSION] = names.index("infusion") if "infusion" in names else -1
    counters[k.LISTED] = names.index("listing") if "listing" in names else -1
    units = [row[k.UNITS] for row in table.rows if row[k.CODE] == k.USE]
    counters[k.MOST_GIVEN_BACK] = of_lots.depth * max(units, default=0)
    counters[k.FIRST_SET] = list(protocol.clocks.sets).index(protocol.clocks.first)
    counters[k.FREE_ROW] = -1
    return Flat(
        plan=plan,
        counters=counters,
        days_of_run=days_of_run,
        pools=pools,
        happenings=tuple(sorted(_in_order(protocol, happenings, opening), key=lambda due: due[:2])),
        shelf=shelf,
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


def _centres(resource: Capacity | Cadence | Stock) -> int:
    match resource:
        case Capacity():
            return len(resource.units)
        case Cadence():
            return len(resource.counts)
        case _:
            return len(resource.opening)


def _pools(protocol: Protocol) -> tuple[Pools, IntArray, IntArray]:
    """(every pool at the start, the first pool of each resource, how many each has)."""
    counts = [_centres(resource) for resource in protocol.resources]
    whole = np.zeros((sum(counts), k.POOL_WIDTH), dtype=np.int64)
    numbers = np.zeros((sum(counts), k.POOL_NUMBERS))
    first = np.cumsum([0, *counts])[:-1]
    slots = most = 0
    for index, resource in enumerate(protocol.resources):
        if resource.policy not in (FIRST_COME, *protocol.policies):
            raise EngineError(f"{resource.name}: there is no policy {resource.policy!r}")
        policy = k.FIRST_COME if resource.policy == FIRST_COME else list(protocol.policies).index(resource.policy)
        for centre in range(counts[index]):
            row, real = whole[first[index] + centre], numbers[first[index] + centre]
            row[k.OF_RESOURCE], row[k.CENTRE], row[k.POLICY] = index, centre, policy
            match resource:
                case Capacity():
                    row[k.POOL_KIND], row[k.UNLIMITED] = k.CAPACITY, int(unlimited(resource.units[centre]))
                    real[k.LIMIT] = [units for day, units in resource.units[centre] if day <= 0.0][-1]
                    real[k.LOT_RANK] = resource.lot_rank
                case Cadence():
                    row[k.POOL_KIND], row[k.PER_OFFER] = k.CADENCE, resource.counts[centre]
                    row[k.OFFER_DAYS], row[k.CARRY_OVER] = len(resource.offer_days), resource.carry_over
                    row[k.WITHDRAWALS], row[k.KEEPS_PLACE] = bool(resource.withdrawn), resource.keeps_place
                    real[k.LEAD], real[k.NOTICE] = resource.lead, resource.notice
                    offered = resource.counts[centre] * len(resource.offer_days)
                    slots, most = slots + offered, max(most, offered)
                case Stock():
                    row[k.POOL_KIND], real[k.SUPPLIED] = k.STOCK, -np.inf
                case _:
                    raise EngineError(f"the compiled engine does not know the resource {type(resource).__name__}")
    return Pools(whole, numbers, slots, most), first.astype(np.int64), np.array(counts, dtype=np.int64)


def _offer_days(protocol: Protocol) -> FloatArray:
    """One row a resource; empty but for the dated slots."""
    days = [resource.offer_days if isinstance(resource, Cadence) else () for resource in protocol.resources]
    table = np.full((len(days), max((len(row) for row in days), default=0)), np.nan)
    for index, row in enumerate(days):
        table[index, : len(row)] = row
    return table


def _withdrawals(protocol: Protocol) -> FloatArray:
    """One row a pool: when each of its slots is withdrawn; empty but for those of dated slots."""
    rows = [
        resource.withdrawn[pool] if isinstance(resource, Cadence) and resource.withdrawn else ()
        for resource in protocol.resources
        for pool in range(_centres(resource))
    ]
    table = np.full((len(rows), max((len(row) for row in rows), default=0)), np.inf)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


Due = tuple[float, int, int, int]


def _happenings(protocol: Protocol, first_pool: IntArray) -> tuple[IntArray, FloatArray, list[list[Due]]]:
    """(the pool and the new limit of each capacity change, and what is due from the start, one list a resource)."""
    pools: list[int] = []
    limits: list[float] = []
    due: list[list[Due]] = []
    for index, resource in enumerate(protocol.resources):
        found: list[Due] = []
        match resource:
            case Capacity():
                for centre, steps in enumerate(resource.units):
                    for day, units in steps:
                        if day > 0.0:
                            found.append((day, k.DELIVERY + index, k.CHANGE, len(pools)))
                            pools.append(int(first_pool[index]) + centre)
                            limits.append(units)
            case Cadence() if resource.offer_days:
                for centre in range(len(resource.counts)):
                    found.append((resource.offer_days[0], k.DELIVERY + index, k.OFFER, int(first_pool[index]) + centre))
        due.append(found)
    return np.array(pools, dtype=np.int64), np.array(limits, dtype=float), due


def _stock(
    protocol: Protocol, first_pool: IntArray, pools: Pools
) -> tuple[IntArray, FloatArray, FloatArray, list[Due]]:
    """(counters and days of a run at its start, opening shelves, what is due for the stock); fills in its pools."""
    counters, days = np.zeros(k.COUNTERS, dtype=np.int64), np.zeros(k.DAYS_OF_RUN)
    days[k.SHELF_LIFE] = days[k.ORDER_EVERY] = np.inf
    counters[k.STOCK_POOL], counters[k.SHELVES] = -1, 1
    stocks = [(i, resource) for i, resource in enumerate(protocol.resources) if isinstance(resource, Stock)]
    if not stocks:
        return counters, days, np.empty((1, 0, 3)), []
    if len(stocks) > 1:
        raise EngineError(f"{stocks[1][1].name}: a second stock, where lots are of one kind")
    index, stock = stocks[0]
    shelves = np.empty((len(stock.opening), max(stock.opening), 3))
    due: list[Due] = []
    for shelf, opening in enumerate(stock.opening):
        pool = int(first_pool[index]) + shelf
        for dose in range(opening):
            shelves[shelf, dose] = stock.shelf_life * ((dose + 1) / opening), float(dose), 1.0
            if stock.shelf_life < np.inf:
                due.append((float(shelves[shelf, dose, 0]), k.EXPIRY + index, k.EXPIRING, pool))
        if stock.every < np.inf:
            due.append((stock.every, k.DELIVERY + index, k.ORDERING, pool))
        pools.whole[pool, k.ON_HAND] = pools.whole[pool, k.BATCHES] = opening
    counters[k.STOCK_POOL], counters[k.DOSES_PER_LOT] = first_pool[index], stock.doses_per_lot
    counters[k.SHELVES] = len(stock.opening)
    if stock.reorder is not None:
        counters[k.REORDERS], (counters[k.ORDER_AT], counters[k.ORDER_UP_TO]) = 1, stock.reorder
    days[k.SHELF_LIFE], days[k.ORDER_EVERY] = stock.shelf_life, stock.every
    return counters, days, shelves, due


def _hour_tables(hours: list[Hours]) -> HourTables:
    """All intervals of all hours, one table after the other."""
    places = np.zeros((len(hours), k.HOURS_WIDTH), dtype=np.int64)
    rows: list[tuple[float, float]] = []
    for place, its in zip(places, hours, strict=True):
        losses = tuple((day, day) for day in its.losses)
        tables = ((k.OPEN_AT, its.openings), (k.COUNT_AT, its.counts), (k.LOSS_AT, losses))
        for at, table in tables:
            place[at], place[at + 1] = len(rows), k.ALWAYS if table is ALWAYS else len(table)
            rows += table or ()
        place[k.FIT] = int(its.fit)
    viable = np.array([its.viable for its in hours], dtype=float)
    return HourTables(places, np.array(rows, dtype=float).reshape(-1, 2), viable)


def _in_order(protocol: Protocol, due: list[list[Due]], stock: list[Due]) -> list[Due]:
    """What is due from the start, resource by resource."""
    return [
        happening
        for resource, found in zip(protocol.resources, due, strict=True)
        for happening in (stock if isinstance(resource, Stock) else found)
    ]


def _hazards(protocol: Protocol) -> Hazards:
    """The hazard tables of all sets and clocks, one after the other."""
    sets = protocol.clocks.sets.values()
    tables = [table for hazards in sets for table in hazards.tables]
    counts = [len(table.days) for table in tables]
    knots = np.concatenate([np.stack([table.days, table.hazards, table.rates], axis=1) for table in tables])
    at = np.stack([np.cumsum([0, *counts])[:-1], counts], axis=1).reshape(len(sets), 3, 2)
    ends = np.array([hazards.ends_eligibility for hazards in sets], dtype=float)
    after = np.array(protocol.clocks.after_progression, dtype=float)
    return Hazards(np.ascontiguousarray(knots, dtype=float), np.ascontiguousarray(at, dtype=np.int64), ends, after)
