"""The kernel's tables, in groups that belong together. The names of their columns are in `names`. No numba here."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

# Arrays of one, two and three dimensions.
Floats: TypeAlias = NDArray[np.float64]
FloatTable: TypeAlias = NDArray[np.float64]
FloatCube: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
IntTable: TypeAlias = NDArray[np.int64]
IntCube: TypeAlias = NDArray[np.int64]


# -- the plan: what never changes -----------------------------------------------------------------------------------


class Route(NamedTuple):
    """The operations of all paths, a number that goes with each, and where branches begin."""

    operations: IntTable
    numbers: Floats
    branches: Ints


class Supplies(NamedTuple):
    """Which pools a resource has, when slots are offered and withdrawn, how capacities change, how policies rank."""

    first_pool: Ints
    pool_count: Ints
    offer_days: FloatTable
    withdrawals: FloatTable
    change_pool: Ints
    change_units: Floats
    policies: FloatTable


class Hazards(NamedTuple):
    """All hazard tables one after the other, where each is, and what comes with progression."""

    knots: FloatTable
    at: IntCube
    ends_eligibility: Floats
    after_progression: Floats


class HourTables(NamedTuple):
    """All intervals of all hours, where those of each are, and how long each may wait."""

    at: IntTable
    days: FloatTable
    viable: Floats


class Plan(NamedTuple):
    """What never changes."""

    route: Route
    supplies: Supplies
    hazards: Hazards
    hours: HourTables


class People(NamedTuple):
    """The patients of a replication, in the order of the cohort; `arrivals` and `measured` hold their places."""

    arrivals: Ints
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
    """Counters and days of the run; the heap of what will happen; tasks under way.

    `due`: the days, in the order of the heap; `which`: whose days they are, as rows of `happenings`, and after the end
    of the heap the rows that are free.
    """

    n: Ints
    t: Floats
    due: Floats
    which: Ints
    happenings: IntTable
    tasks: IntTable


class Walkers(NamedTuple):
    """Patients, lots and branches on their way; their frames; by resource: first queue keys, starts of slots held."""

    rows: IntTable
    days: FloatTable
    frames: IntCube
    cuts: FloatTable
    key_days: FloatTable
    starts: FloatTable


class Requests(NamedTuple):
    """All requests ever made, in order."""

    rows: IntTable
    days: FloatTable


class Pools(NamedTuple):
    """The pools and their queues, each a heap."""

    rows: IntTable
    numbers: FloatTable
    keys: FloatCube
    queue: IntCube


class Slots(NamedTuple):
    """All slots ever offered, and the heap of free ones of each pool."""

    rows: IntTable
    days: FloatTable
    free: IntTable


class Shelves(NamedTuple):
    """The heap of batches on each shelf; lots by number, and attempts at them; doses that expired."""

    batches: FloatCube
    lots: FloatTable
    tries: IntTable
    expiries: FloatTable


class Draws(NamedTuple):
    """Values that are the same for all (-1 where not); all others, one after the other, and where they are.

    By purpose: for how many entities it is drawn; where the values of each attempt begin (-1: not drawn for
    everybody); where in `foreseen`, and where in `values`, those of further attempts begin that only some come to.
    `foreseen`: how many such attempts each entity has, and how many there are before its own.
    """

    fixed: Floats
    width: Ints
    at: IntTable
    again: IntTable
    foreseen: IntTable
    values: Floats


class ClockRows(NamedTuple):
    """The clocks of each patient that something has touched; the last row is there to look ahead in."""

    rows: FloatTable
    state: IntTable
    changes: FloatCube


class Records(NamedTuple):
    """What the trace will say of each patient; stages passed, in order."""

    notes: FloatTable
    passes: IntTable
    attempts: IntTable
    ended_outcome: Ints
    ended_day: Floats
    leave_day: Floats
    leave_clock: Ints
    progression_day: Floats
    referral: Floats
    stages: IntTable
    stage_days: FloatTable


class State(NamedTuple):
    """Everything that changes while the kernel runs."""

    run: Run
    walkers: Walkers
    requests: Requests
    pools: Pools
    slots: Slots
    shelves: Shelves
    draws: Draws
    clocks: ClockRows
    records: Records
