"""From a protocol to the table of operations that the kernel runs, and its other tables that never change.

Longer than 400 lines because the whole vocabulary, steps and resources alike, is translated in this one place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.draws import Purposes, purposes_of
from sim.engine.kernel import names as k
from sim.engine.kernel.rows import (
    Batch,
    Change,
    Choice,
    Curve,
    Due,
    Happening,
    Interval,
    Knot,
    KnownStep,
    Lesson,
    Now,
    Opening,
    Operation,
    Policy,
    Pool,
    Unit,
    UnitChange,
    copied,
    layout,
    rows,
)
from sim.engine.kernel.tables import Hazards, HourTables, Plan, Route, Start, Supplies
from sim.engine.trace import EngineError, FloatArray, IntArray
from sim.engine.walkable import check_bookings, check_lists, check_numbers
from sim.pieces.clocks import Clock
from sim.pieces.protocol import (
    FIRST_COME,
    AnyOf,
    Bookings,
    Cadence,
    Capacity,
    Protocol,
    Stock,
    attempt_names,
    drawn,
    ends,
    milestones,
    place_for,
    places,
    unlimited,
    walk_steps,
)
from sim.pieces.steps import (
    Aside,
    AtProgression,
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
    OnUnit,
    Path,
    Patience,
    Progressed,
    Return,
    ServedBy,
    Share,
    Since,
    Stage,
    Step,
    Supply,
    Then,
    Together,
    Unless,
    UntilSlotStart,
    Use,
)
from sim.pure.distributions import Distribution
from sim.pure.hours import ALWAYS, Hours

SINCE = {Since.JOINING: k.JOINING, Since.LISTING: k.LISTING, Since.REFERRAL: k.REFERRAL}
THEN = {Then.AS_DRAWN: k.AS_DRAWN, Then.LEAVE: k.LEAVE, Then.STAY: k.STAY}
ON_LEAVE = {OnLeave.STOP: k.STOP, OnLeave.FINISH_STAGE: k.FINISH_STAGE, OnLeave.FINISH: k.FINISH}


@dataclass(frozen=True, eq=False)
class Pools:
    """The pools at the start: one row each, in order of declaration and centre."""

    rows: Any
    slots: int
    slots_of_one: int


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


@dataclass
class _Table:
    """A table of operations under construction, and the numbers that its names have."""

    protocol: Protocol
    kind: int
    purposes: dict[str, int]
    milestones: tuple[str, ...]
    attempts: tuple[str, ...]
    ends: tuple[End, ...]
    rows: list[dict[str, float]]
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
        self.rows.append({"code": code, "hours": -1, "since": -1, "purpose": -1, "number": number, **columns})
        return len(self.rows) - 1

    def here(self, place: int, column: str) -> None:
        """Let a column of an earlier operation point to the next one."""
        self.rows[place][column] = len(self.rows)

    # -- one short block a step -------------------------------------------------------------------------------------

    def path(self, path: Path, depth: int) -> None:
        """The operations of a path, inside so many frames."""
        self.depth = max(self.depth, depth)
        for step in path:
            if type(step) not in STEPS:
                raise EngineError(f"the compiled engine does not know the step {type(step).__name__}")
            if self.kind == k.LOT and isinstance(step, Draw | AtProgression | Unless | Hazard | Clocks | Return):
                raise EngineError(f"{type(step).__name__} has no meaning on the path of a lot")
            STEPS[type(step)](self, step, depth)

    def stage(self, step: Stage, depth: int) -> None:
        name = self._stage_name(step.name)
        if step.name in self.purposes:
            if step.since and self.kind == k.LOT:
                raise EngineError(f"a stage since {step.since} has no meaning on the path of a lot")
            since = self.milestones.index(step.since) if step.since else -1
            hours = self.hours_of(step.hours)
            self.add(k.STAGE, step.at_most, purpose=self.purposes[step.name], name=name, hours=hours, since=since)
        elif isinstance(step.duration, UntilSlotStart):
            self.add(k.SLOT_STAGE, resource=self._resource(step.duration.slots, Cadence | Capacity), name=name)
        else:
            raise EngineError(f"the compiled engine cannot tell how long the stage {step.name!r} lasts")

    def use(self, step: Use, depth: int) -> None:
        resource = self._resource(step.resource, Capacity | Cadence | Bookings | AnyOf)
        terms = self.protocol.resources[resource]
        ahead = -1
        if isinstance(terms, Bookings) and terms.ahead is not None and not step.at_once:
            ahead = self.purposes[terms.ahead.name]
        keys = terms.keys_of if isinstance(terms, AnyOf) else ""
        opened = self.add(
            k.USE,
            resource=resource,
            units=step.units,
            mode=int(step.rejoin),
            held=int(step.held),
            purpose=ahead,
            name=self._resource(keys, AnyOf) if keys else resource,
        )
        if step.ready:
            self.rows[opened]["since"] = self.milestones.index(step.ready)
        self.path(step.steps, depth + 1)
        self.add(k.CLOSE)
        self._patience(opened, step.patience, depth)

    def draw(self, step: Draw, depth: int) -> None:
        opened = self.add(k.DRAW, resource=self._resource(step.stock, Stock), units=1)
        self._patience(opened, step.patience, depth)

    def _patience(self, opened: int, patience: Patience | None, depth: int) -> None:
        """What follows a wait that is given up, right behind what follows a grant."""
        self.here(opened, "otherwise")
        if patience is not None:
            if self.kind == k.LOT and patience.since != Since.JOINING:
                raise EngineError(f"patience since {patience.since} has no meaning on the path of a lot")
            self.rows[opened].update(patient_since=SINCE[patience.since], number=patience.days)
            self.path(patience.otherwise, depth)
        self.here(opened, "after")

    def supply(self, step: Supply, depth: int) -> None:
        if self.kind != k.LOT:
            raise EngineError("Supply has no meaning on the path of a patient")
        self._resource(step.stock, Stock)
        self.add(k.SUPPLY)

    def choose(self, step: Choose, depth: int) -> None:
        if self.kind == k.LOT and not isinstance(step.when, Share | OnUnit):
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
            case ServedBy(resource=resource):
                chosen = self.add(k.SERVED_BY, resource=self._resource(resource, Capacity | Cadence))
            case OnUnit(resource=resource, first=first, last=last):
                chosen = self.add(k.ON_UNIT, resource=self._resource(resource, Capacity), units=first, most=last)
            case Progressed():
                chosen = self.add(k.PROGRESSION_NOTED)
            case _:
                raise EngineError(f"the compiled engine does not know the condition {type(step.when).__name__}")
        self.path(step.then, depth)
        jump = self.add(k.JUMP)
        self.here(chosen, "otherwise")
        self.path(step.otherwise, depth)
        self.here(jump, "after")

    def attempts_of(self, step: Attempts, depth: int) -> None:
        most = -1 if step.at_most is None else step.at_most
        opened = self.add(k.ATTEMPTS, name=self.attempts.index(step.name), most=most)
        self.path(step.steps, depth + 1)
        self.add(k.CLOSE)
        self.here(opened, "between")
        self.path(step.between, depth + 1)
        self.add(k.CLOSE)
        self.here(opened, "otherwise")
        self.path(step.otherwise, depth)
        self.here(opened, "after")

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
        self.rows[opened]["name"] = len(self.branches)
        self.branches += starts
        self.here(jump, "after")

    def _branch(self, step: Together, depth: int) -> None:
        branch = step.branches[0]
        opened = self.add(k.SHIELD, mode=ON_LEAVE[branch.on_leave])
        self.path(branch.steps, depth + 1)
        self.add(k.CLOSE)
        self.here(opened, "after")

    def aside(self, step: Aside, depth: int) -> None:
        opened = self.add(k.ASIDE)
        first = len(self.rows)
        self.path(step.steps, depth + 1)
        for row in self.rows[first:]:
            row["code"] = k.END_BY_THEN if row["code"] == k.END else row["code"]
        self.add(k.CLOSE)
        self.here(opened, "after")

    def unless(self, step: Unless, depth: int) -> None:
        opened = self.add(k.UNLESS)
        self.path(step.steps, depth + 1)
        self.add(k.CLOSE)
        jump = self.add(k.JUMP)
        self.here(opened, "otherwise")
        self.path(step.otherwise, depth)
        self.here(opened, "after")
        self.here(jump, "after")

    def at_progression(self, step: AtProgression, depth: int) -> None:
        self.add(k.AT_PROGRESSION, mode=THEN[step.then])

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

    def hours_of(self, hours: Hours | None) -> int:
        """The number of some hours; -1 where it is always open."""
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


STEPS: dict[type[Step], Any] = {
    Stage: _Table.stage,
    Use: _Table.use,
    Draw: _Table.draw,
    Supply: _Table.supply,
    Choose: _Table.choose,
    Attempts: _Table.attempts_of,
    Fail: _Table.fail,
    Together: _Table.together,
    Aside: _Table.aside,
    AtProgression: _Table.at_progression,
    Unless: _Table.unless,
    Hazard: _Table.hazard,
    Clocks: _Table.clocks,
    Milestone: _Table.milestone,
    Return: _Table.comes_back,
    End: _Table.end,
}


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
    table = _Table(protocol, k.PATIENT, places, names, tries, found, [], [], [], [], [])
    table.path(protocol.path, 0)
    table.add(k.DONE)
    later_start = len(table.rows)
    table.path(protocol.later_path, 0)
    table.add(k.DONE)
    lot_start = len(table.rows)
    of_lots = _Table(
        protocol, k.LOT, {name: len(patients) + place for place, name in enumerate(lots)}, (), lot_tries, (),
        table.rows, table.branches, table.stages, table.hours, table.flags, table.depth,
    )  # fmt: skip
    of_lots.path(protocol.lot_path, 0)
    of_lots.add(k.DONE)
    pools, first_pool = _pools(protocol)
    serving = _serving(protocol, first_pool)
    known, lessons, learned = _knowledge(protocol, pools, table)
    choices = _choices(protocol, pools, first_pool, serving)
    units, units_out, unit_days = _units(protocol, pools, first_pool)
    changes, happenings = _happenings(protocol, first_pool, learned, unit_days)
    table_of_now, shelf, opening = _stock(protocol, first_pool, pools)
    plan = Plan(
        Route(
            operations=_table(
                Operation, [[row.get(name, 0) for name in layout(Operation).names or ()] for row in table.rows]
            ),
            branches=np.array(table.branches, dtype=np.int64),
        ),
        Supplies(
            serving=serving,
            offer_days=_offer_days(protocol),
            per_offer=_per_pool(protocol, lambda cadence: cadence.counts, 0),
            withdrawals=_per_pool(protocol, lambda cadence: cadence.withdrawn, np.inf),
            changes=_table(Change, changes),
            units_out=_table(UnitChange, units_out),
            policies=_table(Policy, ((rule.per_day, rule.progressed) for rule in protocol.policies.values())),
            known=_table(KnownStep, known),
            lessons=_table(Lesson, lessons),
            choices=_table(Choice, choices),
        ),
        _hazards(protocol),
        _hour_tables(table.hours),
        Start(copied(pools.rows), units, *_heap(_in_order(protocol, happenings, opening)), shelf),
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


def _table(kind: type, found: Iterable[Sequence[float]]) -> Any:
    """A table of rows of one kind."""
    return np.array([tuple(row) for row in found], dtype=layout(kind))


def _pools(protocol: Protocol) -> tuple[Pools, IntArray]:
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


def _serving(protocol: Protocol, first_pool: IntArray) -> IntArray:
    """The pool of each resource that serves each centre."""
    table = np.empty((len(protocol.resources), max(1, len(protocol.centres))), dtype=np.int64)
    for index, resource in enumerate(protocol.resources):
        table[index] = [first_pool[index] + place_for(resource, centre) for centre in range(table.shape[1])]
    return table


def _choices(protocol: Protocol, pools: Pools, first_pool: IntArray, serving: IntArray) -> list[tuple[int, float]]:
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


def _offer_days(protocol: Protocol) -> FloatArray:
    """One row a resource; empty but for the dated slots."""
    days = [resource.offer_days if isinstance(resource, Cadence) else () for resource in protocol.resources]
    table = np.full((len(days), max((len(row) for row in days), default=0)), np.nan)
    for index, row in enumerate(days):
        table[index, : len(row)] = row
    return table


def _per_pool(protocol: Protocol, of: Callable[[Cadence], Sequence[Sequence[float]]], blank: float) -> NDArray[Any]:
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


def _knowledge(
    protocol: Protocol, pools: Pools, table: _Table
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


def _units(
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
    return _table(Unit, ((-1, is_out) for is_out in out_at_first)), changes, due


def _happenings(
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


def _stock(protocol: Protocol, first_pool: IntArray, pools: Pools) -> tuple[Any, Any, list[FromStart]]:
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


def _heap(due: Sequence[FromStart]) -> tuple[Any, Any]:
    """What is due from the start, in order; sorted, it is a heap."""
    heap = _table(Due, ((day, row) for row, (day, *_) in enumerate(due)))
    return heap, _table(Happening, ((priority, row, what, of) for row, (_, priority, what, of) in enumerate(due)))


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
    return HourTables(_table(Opening, openings), _table(Interval, intervals))


def _in_order(protocol: Protocol, due: list[list[FromStart]], stock: list[FromStart]) -> list[FromStart]:
    """What is due from the start: by day and priority, and then resource by resource."""
    found = [
        happening
        for resource, its in zip(protocol.resources, due, strict=True)
        for happening in (stock if isinstance(resource, Stock) else its)
    ]
    return sorted(found, key=lambda due: due[:2])


def _hazards(protocol: Protocol) -> Hazards:
    """The hazard tables of all sets and clocks, one after the other."""
    sets = protocol.clocks.sets.values()
    tables = [table for hazards in sets for table in hazards.tables]
    counts = [len(table.days) for table in tables]
    knots = [knot for table in tables for knot in zip(table.days, table.hazards, table.rates, strict=True)]
    curves = _table(Curve, zip(np.cumsum([0, *counts])[:-1], counts, strict=True)).reshape(len(sets), 3)
    ends = np.array([hazards.ends_eligibility for hazards in sets], dtype=float)
    after = np.array(protocol.clocks.after_progression, dtype=float)
    return Hazards(_table(Knot, knots), curves, ends, after)
