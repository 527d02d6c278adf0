"""The kernel's tables, in groups that belong together; `rows` says what one row of each holds. No numba here."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from sim.engine.kernel.rows import (
    Batch,
    Change,
    Choice,
    Clocks,
    Curve,
    Due,
    Entry,
    Expiry,
    FactorChange,
    Frame,
    Happening,
    Interval,
    Knot,
    KnownStep,
    Lesson,
    Lot,
    Now,
    OneClock,
    Opening,
    Operation,
    Passed,
    Policy,
    Pool,
    Purpose,
    Replication,
    Request,
    Share,
    Slot,
    Task,
    Unit,
    UnitChange,
    Walker,
)
from sim.pure.mortality import Ahead as Ahead  # the types of the kernel's groups are looked for here

# Arrays of one and two dimensions.
Floats: TypeAlias = NDArray[np.float64]
FloatTable: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
IntTable: TypeAlias = NDArray[np.int64]
IntCube: TypeAlias = NDArray[np.int64]
# Small numbers, of two dimensions.
Counts: TypeAlias = NDArray[np.int32]

R = TypeVar("R", covariant=True)
G = TypeVar("G")


def opened(kind: type[G], group: G) -> G:
    """A group of tables, of a kind, as it was handed to the kernel; machine code is given the address of it."""
    return group


class Table(Protocol[R]):
    """Rows of one kind, as the type checker sees them: a numpy array of records."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, place: int) -> R: ...
    @overload
    def __getitem__(self, place: slice | str | NDArray[Any]) -> Any: ...
    def __setitem__(self, place: int, row: Any) -> None: ...


class Grid(Protocol[R]):
    """The same with several rows for each first index."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @overload
    def __getitem__(self, place: tuple[int, int]) -> R: ...
    @overload
    def __getitem__(self, place: str) -> Any: ...
    def __setitem__(self, place: tuple[int, int], row: Any) -> None: ...


# -- the plan: what never changes -----------------------------------------------------------------------------------


class Wanted(NamedTuple):
    """Keyed uniforms that are asked for, and where they go: one row a purpose."""

    keys: IntCube
    source: Ints
    replication: Ints
    number: Ints
    attempt: Ints
    found: FloatTable


class Route(NamedTuple):
    """The operations of all paths, and where branches begin."""

    operations: Table[Operation]
    branches: Ints


class Supplies(NamedTuple):
    """Which pool serves whom, when slots are offered and withdrawn, how capacities change, how policies rank.

    `known`, `lessons`: what is known of the capacities that may be booked. `choices`: what serves lists for any of
    several.
    """

    serving: IntTable  # the pool of each resource that serves each centre
    offer_days: FloatTable
    per_offer: IntTable  # slots on each offer day, one row a pool
    withdrawals: FloatTable
    changes: Table[Change]
    units_out: Table[UnitChange]
    policies: Table[Policy]
    known: Table[KnownStep]
    lessons: Table[Lesson]
    choices: Table[Choice]


class Hazards(NamedTuple):
    """All hazard tables one after the other, where that of each set and clock is, and what comes with progression."""

    knots: Table[Knot]
    curves: Grid[Curve]
    ends_eligibility: Floats
    after_progression: Floats


class HourTables(NamedTuple):
    """All intervals of all hours, and where those of each are."""

    openings: Table[Opening]
    intervals: Table[Interval]


class Start(NamedTuple):
    """How every replication begins: its pools, what is due, in order, and the doses on the shelves."""

    pools: Table[Pool]
    units: Table[Unit]
    happenings: Table[Happening]
    batches: Grid[Batch]


class Plan(NamedTuple):
    """What never changes."""

    route: Route
    supplies: Supplies
    hazards: Hazards
    hours: HourTables
    start: Start


class People(NamedTuple):
    """The patients of a batch, in the order of the cohort; `arrivals` and `measured` hold their places.

    These two are in order of the replication, too.
    """

    arrivals: Ints
    begins: Floats
    queues_by: Floats
    centre: Ints
    ranks: FloatTable
    flags: IntTable
    measured: Ints
    thresholds: FloatTable
    groups: FloatTable
    eligibility: Floats
    anew_threshold: Floats
    anew_eligibility: Floats


# -- the state: any array may be exchanged for a larger one between two calls of the kernel -------------------------


class Run(NamedTuple):
    """Where the run is; all that will happen, in a heap or by the stretch of days; tasks under way.

    `ahead`: of each stretch of days the first of a chain of happenings; -1: there is none. All until the end of the
    present stretch are in the heap instead, so that it is small, however much is to come.
    """

    now: Now
    heap: Table[Due]
    happenings: Table[Happening]
    ahead: Ints
    tasks: Table[Task]


class Walkers(NamedTuple):
    """Those who are on their way; their frames; by resource, what they have of it."""

    rows: Table[Walker]
    frames: Grid[Frame]
    shares: Grid[Share]


class Pools(NamedTuple):
    """The pools and their queues, each a heap; the units of any that have numbers."""

    rows: Table[Pool]
    queue: Grid[Entry]
    units: Table[Unit]


class Slots(NamedTuple):
    """All slots ever offered in any replication, and the heap of free ones of each pool."""

    rows: Table[Slot]
    free: IntTable


class Shelves(NamedTuple):
    """The heap of batches on each shelf; of each replication, lots by number, and attempts at them; expired doses."""

    batches: Grid[Batch]
    lots: Table[Lot]
    tries: IntTable
    expiries: Table[Expiry]


class Draws(NamedTuple):
    """All values drawn, one after the other, and where they are.

    `later`: by purpose, where the values of the second attempt, and of each further one, begin that was drawn for
    everybody (-1: not drawn). `foreseen`: how many further attempts each entity comes to by its own draws, and how many
    there are before its own.
    """

    purposes: Table[Purpose]
    later: IntTable
    foreseen: IntTable
    values: Floats


class ClockRows(NamedTuple):
    """The clocks of each patient, one by one too, and their changes set for later; the last row is to look ahead in.

    `touched`: whether there is anything in the rows of a patient; as long as there is not, their clocks stand as they
    stood at referral.
    """

    touched: Ints
    rows: Table[Clocks]
    each: Grid[OneClock]
    changes: Grid[FactorChange]


class Records(NamedTuple):
    """What the trace will say of each patient; stages passed, in order.

    `uses`: how many requests each has made, and then where they end, once the replication is through.
    """

    notes: FloatTable
    passes: Counts
    attempts: IntTable
    ended_outcome: Ints
    ended_day: Floats
    leave_day: Floats
    leave_clock: Ints
    progression_day: Floats
    referral: Floats
    uses: Ints
    stages: Table[Passed]


class Uses(NamedTuple):
    """The columns of what was asked for by the stop: in each replication by kind, entity and day."""

    kind: Ints
    entity: Ints
    resource: Ints
    centre: Ints
    units: Ints
    source: Ints
    asked: Floats
    began: Floats
    ended: Floats


class State(NamedTuple):
    """Everything that changes while the kernel runs.

    Patients, slots, lots, uses and what else the trace will say follow each other replication by replication; all else
    is used anew by each. `requests` holds all that the present one has made, in order.
    """

    run: Run
    walkers: Walkers
    requests: Table[Request]
    pools: Pools
    slots: Slots
    shelves: Shelves
    draws: Draws
    clocks: ClockRows
    records: Records
    uses: Uses
    replications: Table[Replication]
