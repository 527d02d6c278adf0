"""The compiled engine's kernel: one function that runs the table of operations of any protocol.

It does what `walker.py`, `pools.py`, `stocks.py` and `timeline.py` do, move by move, on arrays: a walker is a row, a
request is a row, and what the reference engine keeps on Python's call stack (a pool that serves, lots that begin,
branches that start) stands on a stack of tasks. So the kernel can stop anywhere, say what it needs (a column of draws,
or a larger array), and go on at the same operation when it is called again.

Longer than 400 lines, and with its own names for the columns of the tables, for one reason: numba's cache on disk
notices a change of this file only, so everything that is compiled in stands here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

# Laid out by hand: long signatures and tuples of names keep to a few lines.
# fmt: off

# Arrays of one, two and three dimensions.
Floats: TypeAlias = NDArray[np.float64]
FloatTable: TypeAlias = NDArray[np.float64]
FloatCube: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
IntTable: TypeAlias = NDArray[np.int64]
IntCube: TypeAlias = NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])

NUMBA_TYPES: dict[str, Any] = {
    "None": types.void, "bool": types.boolean, "int": types.int64, "float": types.float64,
    "Floats": types.float64[::1], "FloatTable": types.float64[:, ::1], "FloatCube": types.float64[:, :, ::1],
    "Ints": types.int64[::1], "IntTable": types.int64[:, ::1], "IntCube": types.int64[:, :, ::1],
}


# Exact arithmetic: no fast-math. `_nrt` off: numba does not count references to arrays, which would cost two atomic
# operations each time one is passed on (a fifth of a run); so no compiled function may make or keep an array.
OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: F) -> F:
    """The function in machine code for exactly the types that it states, from the cache on disk where it is there."""
    *inputs, result = (_numba_type(name) for name in function.__annotations__.values())
    return cast(F, njit(result(*inputs), **OPTIONS)(function))


def _numba_type(name: str) -> Any:
    if name.startswith("tuple["):
        parts = name[len("tuple[") : -1].split(", ")
        return types.Tuple([NUMBA_TYPES[part] for part in parts])  # type: ignore[no-untyped-call]
    return NUMBA_TYPES[name]


INFINITY, NAN = math.inf, math.nan
PATIENT, LOT = 0, 1
DEATH, PROGRESSION, REMOVAL = 0, 1, 2

# The phases of one instant, as in `timeline.Phase`.
ORDER_BITS = 44
CLOCK, COMPLETION, EXPIRY = 1 << ORDER_BITS, 2 << ORDER_BITS, 3 << ORDER_BITS
DELIVERY, ARRIVAL, PATIENCE = 4 << ORDER_BITS, 5 << ORDER_BITS, 7 << ORDER_BITS
PERISH, CHECK = 8 << ORDER_BITS, 9 << ORDER_BITS

# Operations, and the columns of their table.
(STAGE, SLOT_STAGE, USE, DRAW, SUPPLY, CHOOSE, NOTED, FLAGGED, PROGRESSION_NOTED, JUMP, ATTEMPTS, FAIL, SHIELD,
 TOGETHER, HAZARD, CLOCKS, MILESTONE, RETURN, END, LOT_END, CLOSE, DONE) = range(22)
OPERATION_NAMES = (
    "STAGE", "SLOT_STAGE", "USE", "DRAW", "SUPPLY", "CHOOSE", "NOTED", "FLAGGED", "PROGRESSION_NOTED", "JUMP",
    "ATTEMPTS", "FAIL", "SHIELD", "TOGETHER", "HAZARD", "CLOCKS", "MILESTONE", "RETURN", "END", "LOT_END", "CLOSE",
    "DONE",
)
CODE, AFTER, PURPOSE, NAME, RESOURCE, UNITS, MODE, MOST, BETWEEN, OTHERWISE, HOURS, PATIENT_SINCE = range(12)
OPERATION_WIDTH = 12
# From when patience counts, where there is any.
NO_PATIENCE, JOINING, LISTING, REFERRAL = range(4)
STOP, FINISH_STAGE, FINISH = 0, 1, 2

# Why the frames of a walker are unwound.
ONWARD, LEFT, FAILED, ENDED = 0, 1, 2, 3
# Where in its operation a walker goes on after a meeting with the clock.
FRESH, MET, WAITED, ASKED, GIVING, STARTING, BACK = range(7)

# Walkers: whole numbers, days; frames.
(PC, PART, WHY, ATTEMPT, HOLDING, STAGE_BOUND, PARENT, OUT, KIND, ENTITY, KEYS, DEPTH, REQUEST, BRANCH,
 BRANCH_FAILED) = range(15)
WALKER_WIDTH = 15
DAY, LEAVES, CUT, BRANCHED = 0, 1, 2, 3
FRAME_OP, FRAME_REQUEST, FRAME_OUTER, FRAME_TRIED, FRAME_BETWEEN, FRAME_BOUND = 0, 1, 1, 2, 3, 1

# Requests.
WHO, POOL, WANTED_UNITS, STATE, SLOT, OF_KIND, OF_ENTITY, ENTRY = range(8)
REQUEST_WIDTH = 8
ASKED_DAY, BEGAN, ENDED_DAY, LAPSES, RANK, KEY_DAY = range(6)
REQUEST_DAYS = 6
WAITING, GRANTED, LAPSED, GAVE_UP = 0, 1, 2, 3

# Pools.
(OF_RESOURCE, CENTRE, POOL_KIND, UNLIMITED, POLICY, IN_USE, DUE, QUEUED, TICKETS, FREE_SLOTS, FREE_ROWS, OFFERS,
 OFFER_DAYS, PER_OFFER, CARRY_OVER, BATCHES, ON_HAND, PLANNED, WANTED, LOTS_BEGUN) = range(20)
POOL_WIDTH = 20
LIMIT, LEAD, NOTICE, LOT_RANK = 0, 1, 2, 3
POOL_NUMBERS = 4
CAPACITY, CADENCE, STOCK = 0, 1, 2
FIRST_COME = -1  # other policies are numbered from 0
PER_DAY, AT_PROGRESSION = 0, 1

# Slots.
SLOT_POOL, HOLDER, HANDED_BACK, IS_FREE, NEXT_SLOT = range(5)
SLOT_WIDTH = 5
OFFERED, START, PERISHED, CLOSES = 0, 1, 2, 3

# Lots.
LOT_STARTED, LOT_READY, LOT_FAILED = 0, 1, 2

# The heap of happenings, and the tasks under way.
PRIORITY, TICKET, WHAT, SUBJECT = 0, 1, 2, 3
(ARRIVE, WALK, LAPSE, GIVE_UP, RANK_JUMP, COME_BACK, CHANGE, OFFER, PERISHING, EXPIRING, ORDERING, CHECKING, SERVE,
 BEGIN_LOTS, ORDER_AGAIN) = range(15)
TASK_WIDTH = 4

# Hours: where the intervals of each table are, and how many.
OPEN_AT, OPEN_COUNT, COUNT_AT, COUNT_COUNT, LOSS_AT, LOSS_COUNT, FIT = range(7)
HOURS_WIDTH = 7

# Clocks.
ORIGIN, SINCE, ELIGIBILITY, PROGRESSED_DAY, USED, FACTOR, THRESHOLD, GROUP, ANEW_THRESHOLD, ANEW_ELIGIBILITY = (
    0, 1, 2, 3, 4, 7, 10, 13, 16, 17,
)
TOUCHED, CLOCK_SET, PROGRESSED, CHANGES = 0, 1, 2, 3

# Counters (whole numbers) and days of the run.
(HEAP, TICKETS_GIVEN, TASKS, TURNS, BUSY, REQUESTS, LONGEST, NEXT_ROW, FREE_ROW, SLOTS, LOTS, EXPIRIES, STAGES,
 ARRIVED, ARRIVING, MEASURED, RUNNING, TRACED, STOCK_POOL, SHELVES, REORDERS, ORDER_AT, ORDER_UP_TO, DOSES_PER_LOT,
 LOT_PATH, LATER_PATH, FIRST_COURSES, INFUSION, LISTED, NEED_PURPOSE, NEED_NAME, NEED_ATTEMPT, NEED_KIND, NEED_ENTITY,
 FIRST_SET, PATIENTS, MOST_GIVEN_BACK) = range(37)
COUNTERS = 37
TODAY, SHELF_LIFE, ORDER_EVERY, NEXT_CHECK, CHECK_EVERY, FOLLOW_UP = range(6)
DAYS_OF_RUN = 6

# What the kernel returns: it is through, it needs something, or it cannot go on.
(THROUGH, MORE_DRAWS, MORE_HEAP, MORE_TASKS, MORE_WALKERS, MORE_REQUESTS, MORE_QUEUE, MORE_SHELF, MORE_LOTS,
 MORE_EXPIRIES, MORE_STAGES, MORE_CHANGES, NO_SLOT, TOO_MANY) = range(14)
MOST_ATTEMPTS = 1_000
ROOM = 8  # the most rows that one turn of the kernel's loop adds to the heap (but for slots) or to the tasks


class Plan(NamedTuple):
    """What never changes: the operations, who serves whom, and the hazard tables one after the other."""

    operations: IntTable
    numbers: Floats
    branches: Ints
    first_pool: Ints
    pool_count: Ints
    offer_days: FloatTable
    change_pool: Ints
    change_units: Floats
    fixed: Floats
    hazards: FloatTable
    hazard_at: IntCube
    ends_eligibility: Floats
    after_progression: Floats
    policies: FloatTable
    hours: IntTable
    hour_days: FloatTable
    viable: Floats


class People(NamedTuple):
    """The patients of a replication, in the order of the cohort; `arrivals` and `measured` hold their places."""

    arrivals: Ints
    centre: Ints
    thresholds: FloatTable
    groups: FloatTable
    eligibility: Floats
    anew_threshold: Floats
    anew_eligibility: Floats
    ranks: FloatTable
    flags: IntTable
    measured: Ints


class State(NamedTuple):
    """Everything that changes while the kernel runs; any array may be exchanged for a larger one between two calls."""

    n: Ints
    t: Floats
    heap_days: Floats
    heap: IntTable
    tasks: IntTable
    walkers: IntTable
    days: FloatTable
    frames: IntCube
    frame_cuts: FloatTable
    key_days: FloatTable
    slot_of: IntTable
    requests: IntTable
    request_days: FloatTable
    pools: IntTable
    pool_numbers: FloatTable
    queue_keys: FloatCube
    queue: IntCube
    slots: IntTable
    slot_days: FloatTable
    free_slots: IntTable
    shelf: FloatCube
    lots: FloatTable
    lot_tries: IntTable
    expiries: FloatTable
    stages: IntTable
    stage_days: FloatTable
    column: IntTable
    drawn: FloatTable
    lot_column: IntTable
    lot_drawn: FloatTable
    clocks: FloatTable
    clock_state: IntTable
    changes: FloatCube
    notes: FloatTable
    passes: IntTable
    attempts: IntTable
    ended_fate: Ints
    ended_day: Floats
    leave_day: Floats
    leave_clock: Ints
    progression_day: Floats
    referral: Floats


for group in (Plan, People, State):
    fields = [_numba_type(array.__forward_arg__) for array in group.__annotations__.values()]
    NUMBA_TYPES[group.__name__] = types.NamedTuple(fields, group)  # type: ignore[no-untyped-call]


# -- heaps ----------------------------------------------------------------------------------------------------------


@compiled
def push(n: Ints, days: Floats, heap: IntTable, day: float, priority: int, what: int, subject: int) -> None:
    """Let something happen on a day; of equal (day, priority) the one pushed first happens first."""
    n[TICKETS_GIVEN] += 1
    k = n[HEAP]
    n[HEAP] = k + 1
    while k > 0:
        up = (k - 1) >> 1
        if days[up] < day or (days[up] == day and heap[up, PRIORITY] <= priority):
            break
        days[k] = days[up]
        for c in range(4):
            heap[k, c] = heap[up, c]
        k = up
    days[k] = day
    heap[k, PRIORITY], heap[k, TICKET], heap[k, WHAT], heap[k, SUBJECT] = priority, n[TICKETS_GIVEN], what, subject


@compiled
def pop(n: Ints, days: Floats, heap: IntTable) -> None:
    """Take the first happening off the heap."""
    last = n[HEAP] - 1
    n[HEAP] = last
    day, priority, ticket = days[last], heap[last, PRIORITY], heap[last, TICKET]
    k, down = 0, 1
    while down < last:
        other = down + 1
        if other < last and (
            days[other] < days[down]
            or (
                days[other] == days[down]
                and (
                    heap[other, PRIORITY] < heap[down, PRIORITY]
                    or (heap[other, PRIORITY] == heap[down, PRIORITY] and heap[other, TICKET] < heap[down, TICKET])
                )
            )
        ):
            down = other
        if day < days[down] or (
            day == days[down]
            and (priority < heap[down, PRIORITY] or (priority == heap[down, PRIORITY] and ticket < heap[down, TICKET]))
        ):
            break
        days[k] = days[down]
        for c in range(4):
            heap[k, c] = heap[down, c]
        k, down = down, 2 * down + 1
    days[k] = day
    for c in range(4):
        heap[k, c] = heap[last, c]


@compiled
def queue_before(keys: FloatCube, queue: IntCube, pool: int, a: int, b: int) -> bool:
    """Whether entry a of a pool's queue is served before entry b: by (rank, key day, order, ticket)."""
    if keys[pool, a, 0] != keys[pool, b, 0]:
        return bool(keys[pool, a, 0] < keys[pool, b, 0])
    if keys[pool, a, 1] != keys[pool, b, 1]:
        return bool(keys[pool, a, 1] < keys[pool, b, 1])
    if queue[pool, a, 0] != queue[pool, b, 0]:
        return bool(queue[pool, a, 0] < queue[pool, b, 0])
    return bool(queue[pool, a, 1] < queue[pool, b, 1])


@compiled
def queue_swap(keys: FloatCube, queue: IntCube, pool: int, a: int, b: int) -> None:
    """Exchange two entries of a queue."""
    for c in range(2):
        keys[pool, a, c], keys[pool, b, c] = keys[pool, b, c], keys[pool, a, c]
    for c in range(3):
        queue[pool, a, c], queue[pool, b, c] = queue[pool, b, c], queue[pool, a, c]


@compiled
def join(
    n: Ints, pools: IntTable, keys: FloatCube, queue: IntCube, requests: IntTable, pool: int, rank: float,
    key_day: float, order: int, request: int,
) -> None:
    """Put a request into the pool's queue; an entry that it had before is stale from now on."""
    k = pools[pool, QUEUED]
    pools[pool, QUEUED] = k + 1
    pools[pool, TICKETS] += 1
    requests[request, ENTRY] = pools[pool, TICKETS]
    keys[pool, k, 0], keys[pool, k, 1] = rank, key_day
    queue[pool, k, 0], queue[pool, k, 1], queue[pool, k, 2] = order, pools[pool, TICKETS], request
    while k > 0:
        up = (k - 1) >> 1
        if not queue_before(keys, queue, pool, k, up):
            break
        queue_swap(keys, queue, pool, k, up)
        k = up
    if pools[pool, QUEUED] > n[LONGEST]:
        n[LONGEST] = pools[pool, QUEUED]


@compiled
def quit_queue(pools: IntTable, keys: FloatCube, queue: IntCube, pool: int) -> None:
    """Take the first request out of the pool's queue."""
    last = pools[pool, QUEUED] - 1
    pools[pool, QUEUED] = last
    queue_swap(keys, queue, pool, 0, last)
    k, down = 0, 1
    while down < last:
        if down + 1 < last and queue_before(keys, queue, pool, down + 1, down):
            down += 1
        if not queue_before(keys, queue, pool, down, k):
            break
        queue_swap(keys, queue, pool, down, k)
        k, down = down, 2 * down + 1


@compiled
def slot_before(slot_days: FloatTable, a: int, b: int) -> bool:
    """Whether slot a is given away before slot b: by (start, row)."""
    if slot_days[a, START] != slot_days[b, START]:
        return bool(slot_days[a, START] < slot_days[b, START])
    return a < b


@compiled
def put_slot(pools: IntTable, free: IntTable, slot_days: FloatTable, pool: int, row: int) -> None:
    """Put a slot among the free ones of its pool."""
    k = pools[pool, FREE_ROWS]
    pools[pool, FREE_ROWS] = k + 1
    pools[pool, FREE_SLOTS] += 1
    while k > 0:
        up = (k - 1) >> 1
        if not slot_before(slot_days, row, free[pool, up]):
            break
        free[pool, k] = free[pool, up]
        k = up
    free[pool, k] = row


@compiled
def take_slot(pools: IntTable, free: IntTable, slots: IntTable, slot_days: FloatTable, pool: int) -> int:
    """The first free slot of a pool; perished ones are still in the heap and are passed over."""
    while True:
        found = free[pool, 0]
        last = pools[pool, FREE_ROWS] - 1
        pools[pool, FREE_ROWS] = last
        row = free[pool, last]
        k, down = 0, 1
        while down < last:
            if down + 1 < last and slot_before(slot_days, free[pool, down + 1], free[pool, down]):
                down += 1
            if not slot_before(slot_days, free[pool, down], row):
                break
            free[pool, k] = free[pool, down]
            k, down = down, 2 * down + 1
        free[pool, k] = row
        if slots[found, IS_FREE]:
            slots[found, IS_FREE] = 0
            pools[pool, FREE_SLOTS] -= 1
            return int(found)


@compiled
def batch_before(shelf: FloatCube, at: int, a: int, b: int) -> bool:
    """Whether batch a of doses on a shelf is used before batch b: by (expiry, place, doses)."""
    for c in range(2):
        if shelf[at, a, c] != shelf[at, b, c]:
            return bool(shelf[at, a, c] < shelf[at, b, c])
    return bool(shelf[at, a, 2] < shelf[at, b, 2])


@compiled
def batch_swap(shelf: FloatCube, at: int, a: int, b: int) -> None:
    """Exchange two batches."""
    for c in range(3):
        shelf[at, a, c], shelf[at, b, c] = shelf[at, b, c], shelf[at, a, c]


@compiled
def put_batch(pools: IntTable, shelf: FloatCube, pool: int, expires: float, doses: float) -> None:
    """Put a batch of doses on the shelf of a pool."""
    at, k = pools[pool, CENTRE], pools[pool, BATCHES]
    pools[pool, BATCHES] = k + 1
    shelf[at, k, 0], shelf[at, k, 1], shelf[at, k, 2] = expires, float(k), doses
    while k > 0:
        up = (k - 1) >> 1
        if not batch_before(shelf, at, k, up):
            break
        batch_swap(shelf, at, k, up)
        k = up


@compiled
def drop_batch(pools: IntTable, shelf: FloatCube, pool: int) -> None:
    """Take the first batch off the shelf of a pool."""
    at, last = pools[pool, CENTRE], pools[pool, BATCHES] - 1
    pools[pool, BATCHES] = last
    batch_swap(shelf, at, 0, last)
    k, down = 0, 1
    while down < last:
        if down + 1 < last and batch_before(shelf, at, down + 1, down):
            down += 1
        if not batch_before(shelf, at, down, k):
            break
        batch_swap(shelf, at, down, k)
        k, down = down, 2 * down + 1


# -- clocks: `pieces/clocks.py`, row by row -------------------------------------------------------------------------


@compiled
def hazard_by(hazards: FloatTable, first: int, count: int, age: float) -> float:
    """Cumulative hazard at an age."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if age < hazards[first + middle, 0]:
            high = middle
        else:
            low = middle + 1
    # an age below the first knot reads the last one, as an index of -1 does in the reference engine
    k = first + (low - 1 if low > 0 else count - 1)
    return float(hazards[k, 1] + hazards[k, 2] * (age - hazards[k, 0]))


@compiled
def age_at(hazards: FloatTable, first: int, count: int, hazard: float) -> float:
    """First age at which the cumulative hazard is reached."""
    if hazard <= 0.0:
        return 0.0
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if hazards[first + middle, 1] < hazard:
            low = middle + 1
        else:
            high = middle
    k = first + max(low - 1, 0)
    if hazards[k, 2] == 0.0:
        return INFINITY
    return float(hazards[k, 0] + (hazard - hazards[k, 1]) / hazards[k, 2])


@compiled
def multiplier_of(c: FloatTable, s: IntTable, after: Floats, i: int, clock: int) -> float:
    """How many times as fast as its table the clock runs."""
    factor = c[i, GROUP + clock] * c[i, FACTOR + clock]
    return float(factor * after[clock]) if s[i, PROGRESSED] else float(factor)


@compiled
def event_day(c: FloatTable, s: IntTable, hazards: FloatTable, at: IntCube, after: Floats, i: int, clock: int) -> float:
    """The day of the clock's event, should nothing change any more."""
    if clock == PROGRESSION and s[i, PROGRESSED]:
        return INFINITY
    multiplier = multiplier_of(c, s, after, i, clock)
    if multiplier == 0.0:
        return INFINITY
    first, count = at[s[i, CLOCK_SET], clock, 0], at[s[i, CLOCK_SET], clock, 1]
    needed = (c[i, THRESHOLD + clock] - c[i, USED + clock]) / multiplier
    reached = hazard_by(hazards, first, count, c[i, SINCE] - c[i, ORIGIN]) + needed
    day = c[i, ORIGIN] + age_at(hazards, first, count, reached)
    return float(day) if day > c[i, SINCE] else float(c[i, SINCE])


@compiled
def move_clocks(
    c: FloatTable, s: IntTable, hazards: FloatTable, at: IntCube, after: Floats, i: int, day: float
) -> None:
    """Let the hazards run to `day`, on which nothing else happens."""
    for clock in range(3):
        first, count = at[s[i, CLOCK_SET], clock, 0], at[s[i, CLOCK_SET], clock, 1]
        grown = hazard_by(hazards, first, count, day - c[i, ORIGIN]) - hazard_by(
            hazards, first, count, c[i, SINCE] - c[i, ORIGIN]
        )
        c[i, USED + clock] = c[i, USED + clock] + multiplier_of(c, s, after, i, clock) * grown
    c[i, SINCE] = day


@compiled
def run_clocks(
    c: FloatTable, s: IntTable, changes: FloatCube, hazards: FloatTable, at: IntCube, ends: Floats,
    after: Floats, i: int, until: float,
) -> tuple[float, int]:
    """(leaving day, clock) if the patient leaves by `until`; else (infinity, -1), with the clocks moved on."""
    while True:
        change, first = INFINITY, -1
        for k in range(s[i, CHANGES]):
            if changes[i, k, 0] < change:
                change, first = changes[i, k, 0], k
        boundary = until if until < change else change
        day, clock = event_day(c, s, hazards, at, after, i, 0), 0
        for other in range(1, 3):
            its = event_day(c, s, hazards, at, after, i, other)
            if its < day:
                day, clock = its, other
        if day <= boundary and day < INFINITY:
            if clock != PROGRESSION:
                return day, clock
            if day < c[i, PROGRESSED_DAY]:
                c[i, PROGRESSED_DAY] = day
            if c[i, ELIGIBILITY] < ends[s[i, CLOCK_SET]]:
                return day, clock
            move_clocks(c, s, hazards, at, after, i, day)
            s[i, PROGRESSED] = 1
            continue
        if boundary == INFINITY:
            return INFINITY, -1
        move_clocks(c, s, hazards, at, after, i, boundary)
        if change > until:
            return INFINITY, -1
        c[i, FACTOR + int(changes[i, first, 1])] = changes[i, first, 2]
        s[i, CHANGES] -= 1
        for k in range(first, s[i, CHANGES]):
            for column in range(3):
                changes[i, k, column] = changes[i, k + 1, column]


@compiled
def touch_clocks(
    c: FloatTable, s: IntTable, referral: Floats, thresholds: FloatTable, groups: FloatTable,
    eligibility: Floats, anew_threshold: Floats, anew_eligibility: Floats, first_set: int, i: int,
) -> None:
    """The clocks of a patient as they stood at referral, where nothing has touched them yet."""
    if s[i, TOUCHED]:
        return
    s[i, TOUCHED], s[i, CLOCK_SET], s[i, PROGRESSED], s[i, CHANGES] = 1, first_set, 0, 0
    c[i, ORIGIN] = c[i, SINCE] = referral[i]
    c[i, ELIGIBILITY], c[i, PROGRESSED_DAY] = eligibility[i], INFINITY
    c[i, ANEW_THRESHOLD], c[i, ANEW_ELIGIBILITY] = anew_threshold[i], anew_eligibility[i]
    for clock in range(3):
        c[i, USED + clock], c[i, FACTOR + clock] = 0.0, 1.0
        c[i, THRESHOLD + clock], c[i, GROUP + clock] = thresholds[clock, i], groups[clock, i]


@compiled
def set_multiplier(s: IntTable, c: FloatTable, changes: FloatCube, i: int, day: float, clock: int, by: float,
                   from_day: float) -> None:
    """Set the path's multiplier of a clock from `from_day` on, in place of any set for later."""
    kept = 0
    for k in range(s[i, CHANGES]):
        if int(changes[i, k, 1]) != clock or changes[i, k, 0] < from_day:
            for column in range(3):
                changes[i, kept, column] = changes[i, k, column]
            kept += 1
    if from_day <= day:
        c[i, FACTOR + clock] = by
    else:
        changes[i, kept, 0], changes[i, kept, 1], changes[i, kept, 2] = from_day, float(clock), by
        kept += 1
    s[i, CHANGES] = kept


@compiled
def forecast(
    c: FloatTable, s: IntTable, changes: FloatCube, hazards: FloatTable, at: IntCube, ends: Floats,
    after: Floats, i: int,
) -> tuple[float, int, float]:
    """(leaving day, clock, progression day) as things stand, worked out in the row beyond the last patient."""
    ahead = s.shape[0] - 1
    for column in range(c.shape[1]):
        c[ahead, column] = c[i, column]
    for column in range(s.shape[1]):
        s[ahead, column] = s[i, column]
    for k in range(s[i, CHANGES]):
        for column in range(3):
            changes[ahead, k, column] = changes[i, k, column]
    day, clock = run_clocks(c, s, changes, hazards, at, ends, after, ahead, INFINITY)
    return day, clock, c[ahead, PROGRESSED_DAY]


# -- hours: `pure/hours.py`, interval by interval --------------------------------------------------------------------


@compiled
def interval_from(days: FloatTable, first: int, count: int, day: float) -> int:
    """The last interval that begins by `day`, or the first one."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if day < days[first + middle, 0]:
            high = middle
        else:
            low = middle + 1
    return low - 1 if low > 0 else 0


@compiled
def start_in(hours: IntTable, days: FloatTable, h: int, day: float, duration: float) -> float:
    """The first day from `day` on, on which a stage of this duration may start."""
    first, count = hours[h, OPEN_AT], hours[h, OPEN_COUNT]
    if count == 0:
        return day
    for k in range(interval_from(days, first, count, day), count):
        begun = max(day, days[first + k, 0])
        if begun < days[first + k, 1] and (not hours[h, FIT] or begun + duration <= days[first + k, 1]):
            return float(begun)
    return float(max(day, days[first + count - 1, 1]))


@compiled
def end_in(hours: IntTable, days: FloatTable, h: int, begun: float, duration: float) -> float:
    """The day on which a stage that started on `begun` has had its duration."""
    first, count = hours[h, COUNT_AT], hours[h, COUNT_COUNT]
    if count == 0:
        return begun + duration
    left, day = duration, begun
    for k in range(interval_from(days, first, count, begun), count):
        day = max(day, days[first + k, 0])
        closed = days[first + k, 1]
        if day >= closed:
            continue
        if left <= closed - day:
            return float(day + left)
        left -= closed - day
        day = closed
    return float(day + left)


@compiled
def span_of(
    hours: IntTable, days: FloatTable, viable: Floats, h: int, day: float, duration: float
) -> tuple[float, float, bool]:
    """(start, end, whether it was lost) of a stage of this duration that could start on `day`."""
    begun = start_in(hours, days, h, day, duration)
    if begun - day > viable[h]:
        return day + viable[h], day + viable[h], True
    ended = end_in(hours, days, h, begun, duration)
    for k in range(hours[h, LOSS_AT], hours[h, LOSS_AT] + hours[h, LOSS_COUNT]):
        if days[k, 0] >= begun:
            if days[k, 0] < ended:
                return begun, days[k, 0], True
            break
    return begun, ended, False


# -- pools ----------------------------------------------------------------------------------------------------------


@compiled
def call_turn(n: Ints, pools: IntTable, pool: int) -> None:
    """Let a pool take its turn at this instant, after everything else."""
    if pools[pool, QUEUED] > 0 and not pools[pool, DUE]:
        pools[pool, DUE] = 1
        n[TURNS] += 1


@compiled
def has_units(pools: IntTable, numbers: FloatTable, pool: int, units: int) -> bool:
    """Whether so many units, slots or doses are free. For 1 unit: whether there is any."""
    if pools[pool, POOL_KIND] == CAPACITY:
        return bool(pools[pool, IN_USE] + units <= numbers[pool, LIMIT])
    if pools[pool, POOL_KIND] == CADENCE:
        return bool(pools[pool, FREE_SLOTS] >= units)
    return bool(pools[pool, ON_HAND] >= units)


@compiled
def has_any(pools: IntTable, numbers: FloatTable, pool: int) -> bool:
    """Whether it is worth while to take a turn."""
    if pools[pool, POOL_KIND] == CAPACITY:
        return bool(pools[pool, IN_USE] < numbers[pool, LIMIT])
    return has_units(pools, numbers, pool, 1)


@compiled
def grant(
    t: Floats, pools: IntTable, requests: IntTable, request_days: FloatTable, slots: IntTable, slot_days: FloatTable,
    free: IntTable, shelf: FloatCube, request: int,
) -> None:
    """Give a request what it asks for."""
    pool = requests[request, POOL]
    requests[request, STATE] = GRANTED
    request_days[request, BEGAN] = t[TODAY]
    if pools[pool, POOL_KIND] == CAPACITY:
        pools[pool, IN_USE] += requests[request, WANTED_UNITS]
    elif pools[pool, POOL_KIND] == CADENCE:
        # several slots are a chain
        last = -1
        for _ in range(requests[request, WANTED_UNITS]):
            row = take_slot(pools, free, slots, slot_days, pool)
            slots[row, HOLDER], slots[row, NEXT_SLOT] = requests[request, OF_ENTITY], -1
            if last < 0:
                requests[request, SLOT] = row
            else:
                slots[last, NEXT_SLOT] = row
            last = row
    else:
        at = pools[pool, CENTRE]
        shelf[at, 0, 2] -= 1.0
        if shelf[at, 0, 2] == 0.0:
            drop_batch(pools, shelf, pool)
        pools[pool, ON_HAND] -= 1
        pools[pool, WANTED] -= 1


@compiled
def lots_to_begin(n: Ints, pools: IntTable, pool: int) -> int:
    """How many lots the review of a shelf's inventory position starts."""
    position = pools[pool, ON_HAND] + pools[pool, PLANNED] - pools[pool, WANTED]
    if not n[REORDERS] or position > n[ORDER_AT]:
        return 0
    return math.ceil(float(n[ORDER_UP_TO] - position) / float(n[DOSES_PER_LOT]))


@compiled
def add_task(n: Ints, tasks: IntTable, what: int, who: int, count: int) -> None:
    """Put a task on top of those under way."""
    k = n[TASKS]
    n[TASKS] = k + 1
    tasks[k, 0], tasks[k, 1], tasks[k, 2], tasks[k, 3] = what, who, count, 0


@compiled
def review(n: Ints, pools: IntTable, tasks: IntTable, pool: int) -> None:
    """Begin the lots that a shelf's inventory position asks for, before anything else goes on."""
    count = lots_to_begin(n, pools, pool)
    if count > 0:
        add_task(n, tasks, BEGIN_LOTS, pool, count)


@compiled
def quit_asking(n: Ints, pools: IntTable, tasks: IntTable, requests: IntTable, request: int, closing: bool) -> None:
    """One request less; for a dose it moves the inventory position."""
    pool = requests[request, POOL]
    if pools[pool, POOL_KIND] == STOCK and not closing:
        pools[pool, WANTED] -= 1
        review(n, pools, tasks, pool)


@compiled
def lapse(n: Ints, pools: IntTable, tasks: IntTable, requests: IntTable, request_days: FloatTable, request: int,
          closing: bool) -> None:
    """Let a waiting request lapse on its day; one for a dose moves the inventory position."""
    requests[request, STATE] = LAPSED
    request_days[request, ENDED_DAY] = request_days[request, LAPSES]
    quit_asking(n, pools, tasks, requests, request, closing)


@compiled
def leave_queue(
    n: Ints, pools: IntTable, numbers: FloatTable, tasks: IntTable, requests: IntTable, request_days: FloatTable,
    request: int, state: int, day: float,
) -> None:
    """A waiter asks no more and goes on; those behind him may need fewer units than he did."""
    add_task(n, tasks, WALK, requests[request, WHO], 0)
    requests[request, STATE] = state
    request_days[request, ENDED_DAY] = day
    quit_asking(n, pools, tasks, requests, request, False)
    pool = requests[request, POOL]
    if has_any(pools, numbers, pool):
        call_turn(n, pools, pool)


@compiled
def begin_walker(
    walkers: IntTable, days: FloatTable, slot_of: IntTable, row: int, kind: int, entity: int, pc: int, day: float,
    leaves: float,
) -> None:
    """A patient, a lot or a branch at the start of its path, without a slot and without a first queue key."""
    for c in range(WALKER_WIDTH):
        walkers[row, c] = 0
    walkers[row, PC], walkers[row, KIND], walkers[row, ENTITY] = pc, kind, entity
    walkers[row, PARENT], walkers[row, KEYS] = -1, -1
    days[row, DAY], days[row, LEAVES], days[row, CUT] = day, leaves, leaves
    for resource in range(slot_of.shape[1]):
        slot_of[row, resource] = -1


@compiled
def new_row(n: Ints, walkers: IntTable) -> int:
    """A row that no walker uses."""
    row = n[FREE_ROW]
    if row >= 0:
        n[FREE_ROW] = walkers[row, PC]
        return int(row)
    n[NEXT_ROW] += 1
    return int(n[NEXT_ROW] - 1)


@compiled
def value_of(column: IntTable, drawn: FloatTable, fixed: Floats, purpose: int, attempt: int, entity: int) -> float:
    """Days of a duration or the uniform of a share; -1 where it is not drawn yet."""
    if fixed[purpose] >= 0.0:
        return float(fixed[purpose])
    if attempt >= column.shape[1] or column[purpose, attempt] < 0 or entity >= drawn.shape[1]:
        return -1.0
    return float(drawn[column[purpose, attempt], entity])


@compiled
def begin_attempt(attempts: IntTable, lot_tries: IntTable, kind: int, entity: int, name: int) -> int:
    """The number of the attempt that begins now, from 0."""
    if kind == PATIENT:
        attempts[entity, name] += 1
        return int(attempts[entity, name] - 1)
    lot_tries[entity, name] += 1
    return int(lot_tries[entity, name] - 1)


@compiled
def leave_on(days: FloatTable, w: int, day: float) -> None:
    """The walker's patient now leaves on `day`."""
    if days[w, CUT] == days[w, LEAVES]:
        days[w, CUT] = day
    days[w, LEAVES] = day


# -- the run --------------------------------------------------------------------------------------------------------


@compiled
def simulate(plan: Plan, people: People, state: State) -> int:
    """THROUGH when the run has stopped; otherwise what is needed first. `state` holds the run in every detail."""
    # unpacked here once: each look-up by name inside the loops would cost two atomic counts
    (
        operations, numbers, branches, first_pool, pool_count, offer_days, change_pool, change_units, fixed, hazards,
        hazard_at, ends, after, policies, hours, hour_days, viable,
    ) = plan
    (
        arrivals, centres, thresholds, groups, eligibility, anew_threshold, anew_eligibility, ranks, flags, measured,
    ) = people
    (
        n, t, heap_days, heap, tasks, walkers, days, frames, frame_cuts, key_days, slot_of, requests, request_days,
        pools, pool_numbers, queue_keys, queue, slots, slot_days, free_slots, shelf, lots, lot_tries, expiries, stages,
        stage_days, column, drawn, lot_column, lot_drawn, clocks, clock_state, changes, notes, passes, attempts,
        ended_fate, ended_day, leave_day, leave_clock, progression_day, referral,
    ) = state
    while n[RUNNING]:
        # room for whatever one turn of this loop may add: a walker that leaves may hand back every slot it holds
        if n[HEAP] + ROOM + n[MOST_GIVEN_BACK] > heap.shape[0]:
            return MORE_HEAP
        if n[TASKS] + ROOM > tasks.shape[0]:
            return MORE_TASKS

        if n[TASKS] == 0:
            # nothing is under way: a pool's turn, once nothing else is left at this instant, or what happens next
            if n[TURNS] > 0 and not (heap_days[0] == t[TODAY] and heap[0, PRIORITY] < PATIENCE):
                pool = 0
                while not pools[pool, DUE]:
                    pool += 1
                pools[pool, DUE] = 0
                n[TURNS] -= 1
                n[BUSY] += 1
                add_task(n, tasks, SERVE, pool, 0)
                continue
            what, subject = heap[0, WHAT], heap[0, SUBJECT]
            if what == OFFER and n[HEAP] + pools[subject, PER_OFFER] + ROOM > heap.shape[0]:
                return MORE_HEAP
            if (what == ARRIVE or what == COME_BACK) and n[FREE_ROW] < 0 and n[NEXT_ROW] >= walkers.shape[0]:  # noqa: SIM109
                return MORE_WALKERS
            if what == EXPIRING and n[EXPIRIES] + pools[subject, BATCHES] > expiries.shape[0]:
                return MORE_EXPIRIES
            if what == RANK_JUMP and n[LONGEST] >= queue.shape[1]:
                return MORE_QUEUE
            now = heap_days[0]
            t[TODAY] = now
            pop(n, heap_days, heap)
            if what == WALK:
                add_task(n, tasks, WALK, subject, 0)
            elif what == ARRIVE:
                # the next arrival first, as its ticket comes before those of this patient
                n[ARRIVED] += 1
                if n[ARRIVED] < n[ARRIVING]:
                    upcoming = arrivals[n[ARRIVED]]
                    push(n, heap_days, heap, max(referral[upcoming], 0.0), ARRIVAL + upcoming, ARRIVE, upcoming)
                row = new_row(n, walkers)
                begin_walker(walkers, days, slot_of, row, PATIENT, subject, 0, now, leave_day[subject])
                add_task(n, tasks, WALK, row, 0)
            elif what == COME_BACK:
                touch_clocks(
                    clocks, clock_state, referral, thresholds, groups, eligibility, anew_threshold, anew_eligibility,
                    n[FIRST_SET], subject,
                )
                leave_day[subject], leave_clock[subject], progression_day[subject] = forecast(
                    clocks, clock_state, changes, hazards, hazard_at, ends, after, subject
                )
                row = new_row(n, walkers)
                begin_walker(
                    walkers, days, slot_of, row, PATIENT, subject, n[LATER_PATH], referral[subject], leave_day[subject]
                )
                add_task(n, tasks, WALK, row, 0)
            elif what == LAPSE:
                if requests[subject, STATE] == WAITING:
                    # first the lots that this begins, if any, then the walker
                    leave_queue(
                        n, pools, pool_numbers, tasks, requests, request_days, subject, LAPSED,
                        request_days[subject, LAPSES],
                    )
            elif what == GIVE_UP:
                if requests[subject, STATE] == WAITING:
                    leave_queue(n, pools, pool_numbers, tasks, requests, request_days, subject, GAVE_UP, now)
            elif what == RANK_JUMP:
                if requests[subject, STATE] == WAITING:
                    pool = requests[subject, POOL]
                    join(
                        n, pools, queue_keys, queue, requests, pool, request_days[subject, RANK],
                        request_days[subject, KEY_DAY], requests[subject, OF_ENTITY], subject,
                    )
                    if has_any(pools, pool_numbers, pool):
                        call_turn(n, pools, pool)
            elif what == CHANGE:
                pool_numbers[change_pool[subject], LIMIT] = change_units[subject]
                call_turn(n, pools, change_pool[subject])
            elif what == OFFER:
                resource, made, total = pools[subject, OF_RESOURCE], pools[subject, OFFERS], pools[subject, OFFER_DAYS]
                last = min(made + pools[subject, CARRY_OVER], total - 1)
                pools[subject, OFFERS] = made + 1
                if made + 1 < total:
                    push(n, heap_days, heap, offer_days[resource, made + 1], DELIVERY + resource, OFFER, subject)
                for _ in range(pools[subject, PER_OFFER]):
                    row = n[SLOTS]
                    n[SLOTS] = row + 1
                    slots[row, SLOT_POOL], slots[row, HOLDER], slots[row, HANDED_BACK] = subject, -1, 0
                    slots[row, IS_FREE] = 1
                    slot_days[row, OFFERED], slot_days[row, START] = now, now + pool_numbers[subject, LEAD]
                    slot_days[row, PERISHED] = NAN
                    slot_days[row, CLOSES] = offer_days[resource, last] + 1.0
                    put_slot(pools, free_slots, slot_days, subject, row)
                    push(n, heap_days, heap, slot_days[row, CLOSES], PERISH + row, PERISHING, row)
                    call_turn(n, pools, subject)
            elif what == PERISHING:
                if slots[subject, IS_FREE] and slot_days[subject, CLOSES] <= now:
                    slots[subject, IS_FREE] = 0
                    pools[slots[subject, SLOT_POOL], FREE_SLOTS] -= 1
                    slot_days[subject, PERISHED] = now
            elif what == EXPIRING:
                at = pools[subject, CENTRE]
                while pools[subject, BATCHES] > 0 and shelf[at, 0, 0] <= now:
                    doses = shelf[at, 0, 2]
                    drop_batch(pools, shelf, subject)
                    if doses > 0.0:
                        pools[subject, ON_HAND] -= int(doses)
                        row = n[EXPIRIES]
                        expiries[row, 0], expiries[row, 1], expiries[row, 2] = now, doses, float(at)
                        n[EXPIRIES] = row + 1
                review(n, pools, tasks, subject)
            elif what == ORDERING:
                add_task(n, tasks, ORDER_AGAIN, subject, 0)
                add_task(n, tasks, BEGIN_LOTS, subject, 1)
            else:  # CHECKING: who of the measured is not resolved yet?
                kept = 0
                for k in range(n[MEASURED]):
                    i = measured[k]
                    infused = n[INFUSION] >= 0 and notes[i, n[INFUSION]] <= now
                    if not (leave_day[i] <= now or ended_day[i] <= now or infused or referral[i] + t[FOLLOW_UP] <= now):
                        measured[kept] = i
                        kept += 1
                n[MEASURED] = kept
                if kept > 0:
                    t[NEXT_CHECK] = t[NEXT_CHECK] + t[CHECK_EVERY]
                    push(n, heap_days, heap, t[NEXT_CHECK], CHECK, CHECKING, 0)
                else:
                    n[RUNNING] = 0
            continue

        top = n[TASKS] - 1
        task = tasks[top, 0]
        now = t[TODAY]

        if task == SERVE:  # a pool's turn: everybody who can be served, one after the other
            pool = tasks[top, 1]
            while True:
                if pools[pool, QUEUED] == 0:
                    n[TASKS] -= 1
                    n[BUSY] -= 1
                    break
                request = queue[pool, 0, 2]
                if requests[request, STATE] != WAITING or queue[pool, 0, 1] != requests[request, ENTRY]:
                    quit_queue(pools, queue_keys, queue, pool)
                    continue
                if request_days[request, LAPSES] <= now:
                    lapse(n, pools, tasks, requests, request_days, request, False)
                    # nobody asks for this walker again
                    walkers[requests[request, WHO], PC] = n[FREE_ROW]
                    n[FREE_ROW] = requests[request, WHO]
                    if n[TASKS] - 1 > top:
                        break
                    continue
                if not has_units(pools, pool_numbers, pool, requests[request, WANTED_UNITS]):
                    n[TASKS] -= 1
                    n[BUSY] -= 1
                    break
                quit_queue(pools, queue_keys, queue, pool)
                grant(t, pools, requests, request_days, slots, slot_days, free_slots, shelf, request)
                add_task(n, tasks, WALK, requests[request, WHO], 0)
                break
            continue

        if task == BEGIN_LOTS:  # one lot after the other; each runs ahead before the next begins
            pool = tasks[top, 1]
            if tasks[top, 3]:
                tasks[top, 3] = 0
                n[BUSY] -= 1
            if tasks[top, 2] == 0:
                n[TASKS] -= 1
                continue
            lot = pools[pool, LOTS_BEGUN] * n[SHELVES] + pools[pool, CENTRE]
            if lot >= lots.shape[0]:
                return MORE_LOTS
            if n[FREE_ROW] < 0 and n[NEXT_ROW] >= walkers.shape[0]:
                return MORE_WALKERS
            pools[pool, LOTS_BEGUN] += 1
            n[LOTS] = max(n[LOTS], lot + 1)
            lots[lot, LOT_STARTED], lots[lot, LOT_READY], lots[lot, LOT_FAILED] = now, NAN, NAN
            pools[pool, PLANNED] += n[DOSES_PER_LOT]
            n[BUSY] += 1
            tasks[top, 3] = 1
            tasks[top, 2] -= 1
            row = new_row(n, walkers)
            begin_walker(walkers, days, slot_of, row, LOT, lot, n[LOT_PATH], now, INFINITY)
            add_task(n, tasks, WALK, row, 0)
            continue

        if task == ORDER_AGAIN:  # the lot has begun: when the next one is ordered
            pool = tasks[top, 1]
            n[TASKS] -= 1
            push(n, heap_days, heap, now + t[ORDER_EVERY], DELIVERY + pools[pool, OF_RESOURCE], ORDERING, pool)
            continue

        # WALK: a walker goes along its path until it meets the clock, or something else must be done first
        w = tasks[top, 1]
        me, my_days, my_frames = walkers[w], days[w], frames[w]
        kind, entity = me[KIND], me[ENTITY]
        order = (kind << 32) + entity
        pc, part, why, day = me[PC], me[PART], me[WHY], my_days[DAY]
        need = THROUGH
        while True:
            step = operations[pc]
            code = step[CODE]

            # (`in` a tuple is slow here)
            if why != ONWARD or code == CLOSE or code == DONE:  # noqa: SIM109
                depth = me[DEPTH]
                if depth == 0:  # the journey is over
                    n[TASKS] -= 1
                    parent = me[PARENT]
                    if parent >= 0:
                        if day > days[parent, DAY]:
                            days[parent, DAY] = day
                        if why == FAILED:
                            walkers[parent, BRANCH_FAILED] = 1
                        walkers[parent, OUT] -= 1
                        if walkers[parent, OUT] == 0 and walkers[parent, PART] == BACK:
                            add_task(n, tasks, WALK, parent, 0)
                    pc = n[FREE_ROW]  # the free rows are a chain
                    n[FREE_ROW] = w
                    break
                frame = depth - 1
                opened = my_frames[frame, FRAME_OP]
                opening = operations[opened]
                closing = opening[CODE]
                if closing == USE:
                    request = my_frames[frame, FRAME_REQUEST]
                    pool = requests[request, POOL]
                    if part != GIVING and day > now and not pools[pool, UNLIMITED]:
                        push(n, heap_days, heap, day, (CLOCK if why == LEFT else COMPLETION) + order, WALK, w)
                        part = GIVING
                        n[TASKS] -= 1
                        break
                    part = FRESH
                    me[DEPTH] = frame
                    me[HOLDING] -= 1
                    request_days[request, ENDED_DAY] = day
                    if pools[pool, POOL_KIND] == CAPACITY:
                        pools[pool, IN_USE] -= requests[request, WANTED_UNITS]
                        call_turn(n, pools, pool)
                    else:
                        row = requests[request, SLOT]
                        while row >= 0:
                            following = slots[row, NEXT_SLOT]
                            if why == LEFT and now <= slot_days[row, START] - pool_numbers[pool, NOTICE]:
                                slots[row, HOLDER] = -1
                                slots[row, HANDED_BACK] += 1
                                slots[row, IS_FREE] = 1
                                slot_days[row, CLOSES] = now + 1.0
                                put_slot(pools, free_slots, slot_days, pool, row)
                                push(n, heap_days, heap, slot_days[row, CLOSES], PERISH + row, PERISHING, row)
                                call_turn(n, pools, pool)
                            row = following
                    pc = opening[AFTER]
                elif closing == ATTEMPTS:
                    between = my_frames[frame, FRAME_BETWEEN]
                    if between and why == ONWARD:
                        my_frames[frame, FRAME_BETWEEN] = 0
                        my_frames[frame, FRAME_TRIED] += 1
                        pc = opened
                        step = operations[pc]
                        me[ATTEMPT] = begin_attempt(attempts, lot_tries, kind, entity, step[NAME])
                        if me[ATTEMPT] >= MOST_ATTEMPTS:
                            need = TOO_MANY
                            break
                        pc += 1
                    elif why == FAILED and not between and my_days[LEAVES] > day:
                        why = ONWARD
                        if my_frames[frame, FRAME_TRIED] != opening[MOST]:
                            my_frames[frame, FRAME_BETWEEN] = 1
                            pc = opening[BETWEEN]
                        else:
                            me[ATTEMPT] = my_frames[frame, FRAME_OUTER]
                            me[DEPTH] = frame
                            pc = opening[OTHERWISE]
                    else:
                        # a product whose patient has left is not tried again
                        if why == FAILED and not between:
                            why = LEFT
                        me[ATTEMPT] = my_frames[frame, FRAME_OUTER]
                        me[DEPTH] = frame
                        pc = opening[AFTER]
                else:  # SHIELD
                    cut = frame_cuts[w, frame]
                    if cut < INFINITY and my_days[LEAVES] < cut:
                        cut = my_days[LEAVES]
                    my_days[CUT] = cut
                    me[STAGE_BOUND] = my_frames[frame, FRAME_BOUND]
                    me[DEPTH] = frame
                    if why == ONWARD and cut <= day:
                        why = LEFT
                    pc = opening[AFTER]

            elif code == MILESTONE:
                if kind == PATIENT:
                    notes[entity, step[NAME]] = day
                    passes[entity, step[NAME]] += 1
                pc += 1

            elif code == STAGE or code == SLOT_STAGE:  # noqa: SIM109
                if me[STAGE_BOUND] and my_days[LEAVES] <= day:
                    why = LEFT
                    continue
                if n[TRACED] and n[STAGES] >= stages.shape[0]:
                    need = MORE_STAGES
                    break
                if code == STAGE:
                    lasts = (
                        value_of(column, drawn, fixed, step[PURPOSE], me[ATTEMPT], entity)
                        if kind == PATIENT
                        else value_of(
                            lot_column, lot_drawn, fixed, step[PURPOSE], me[ATTEMPT],
                            entity,
                        )
                    )
                    if lasts < 0.0:
                        need = MORE_DRAWS
                        break
                    begun, ended, lost = day, day + lasts, False
                    if step[HOURS] >= 0:
                        begun, ended, lost = span_of(hours, hour_days, viable, step[HOURS], day, lasts)
                else:
                    row = slot_of[w, step[RESOURCE]]
                    if row < 0:
                        need = NO_SLOT
                        break
                    begun, ended, lost = day, day, False
                    while row >= 0:
                        if slot_days[row, START] > ended:
                            ended = slot_days[row, START]
                        row = slots[row, NEXT_SLOT]
                if ended >= my_days[CUT]:
                    ended, why = my_days[CUT], LEFT
                    if begun > ended:
                        begun = ended
                elif lost:
                    why = FAILED
                if n[TRACED]:
                    k = n[STAGES]
                    n[STAGES] = k + 1
                    stages[k, 0], stages[k, 1], stages[k, 2] = kind, entity, step[NAME]
                    stage_days[k, 0], stage_days[k, 1], stage_days[k, 2] = day, begun, ended
                day = ended
                pc += 1

            elif code == USE or code == DRAW:  # noqa: SIM109
                if part == FRESH and code == USE and me[STAGE_BOUND] and my_days[LEAVES] <= day:
                    why = LEFT
                    continue
                resource = step[RESOURCE]
                centre = centres[entity] if kind == PATIENT else entity % n[SHELVES]
                pool = first_pool[resource] + min(centre, pool_count[resource] - 1)
                if part == FRESH and not pools[pool, UNLIMITED] and day > now:
                    push(n, heap_days, heap, day, COMPLETION + order, WALK, w)
                    part = MET
                    n[TASKS] -= 1
                    break
                if part == FRESH or part == MET:  # noqa: SIM109
                    if n[REQUESTS] >= requests.shape[0]:
                        need = MORE_REQUESTS
                        break
                    if n[LONGEST] >= queue.shape[1]:
                        need = MORE_QUEUE
                        break
                    request = n[REQUESTS]
                    n[REQUESTS] = request + 1
                    me[REQUEST] = request
                    requests[request, WHO], requests[request, POOL] = w, pool
                    requests[request, WANTED_UNITS], requests[request, STATE] = step[UNITS], WAITING
                    requests[request, SLOT] = -1
                    requests[request, OF_KIND], requests[request, OF_ENTITY] = kind, entity
                    request_days[request, ASKED_DAY], request_days[request, ENDED_DAY] = day, NAN
                    request_days[request, BEGAN], request_days[request, LAPSES] = NAN, my_days[CUT]
                    part = ASKED
                    if pools[pool, UNLIMITED]:
                        request_days[request, BEGAN] = day
                        requests[request, STATE] = GRANTED
                    else:
                        key_day = day
                        # who is on the initial list has waited since his referral
                        if day == 0.0 and kind == PATIENT and referral[entity] < 0.0:
                            key_day = referral[entity]
                        if step[MODE]:  # queues again with the key of the first time
                            if me[KEYS] < 0:
                                me[KEYS] = w
                                for other in range(key_days.shape[1]):
                                    key_days[w, other] = NAN
                            keys = me[KEYS]
                            if math.isnan(key_days[keys, resource]):
                                key_days[keys, resource] = key_day
                            key_day = key_days[keys, resource]
                        if code == DRAW:
                            pools[pool, WANTED] += 1
                        alone = n[BUSY] == 0 and n[TURNS] == 0 and (n[HEAP] == 0 or heap_days[0] > now)
                        if pools[pool, QUEUED] == 0 and alone and has_units(pools, pool_numbers, pool, step[UNITS]):
                            grant(t, pools, requests, request_days, slots, slot_days, free_slots, shelf, request)
                        else:
                            rank = 0.0
                            policy = pools[pool, POLICY]
                            if kind == LOT:
                                rank = pool_numbers[pool, LOT_RANK]
                            elif policy != FIRST_COME:
                                rank = policies[policy, PER_DAY] * key_day + ranks[policy, entity]
                                jump = policies[policy, AT_PROGRESSION]
                                if jump != 0.0:
                                    if progression_day[entity] <= day:
                                        rank = rank + jump
                                    elif progression_day[entity] < my_days[CUT]:
                                        request_days[request, RANK], request_days[request, KEY_DAY] = (
                                            rank + jump, key_day,
                                        )
                                        push(
                                            n, heap_days, heap, progression_day[entity], CLOCK + order, RANK_JUMP,
                                            request,
                                        )
                            join(n, pools, queue_keys, queue, requests, pool, rank, key_day, order, request)
                            if has_any(pools, pool_numbers, pool):
                                call_turn(n, pools, pool)
                        if code == DRAW:
                            review(n, pools, tasks, pool)
                            if n[TASKS] - 1 > top:
                                break
                request = me[REQUEST]
                if part == ASKED and requests[request, STATE] != GRANTED:
                    # a waiter that holds something, that a parent waits for, that a stock counts on or that needs
                    # several units leaves on his day; the rest lapse when they are passed over
                    if code == DRAW or me[HOLDING] > 0 or me[PARENT] >= 0 or step[UNITS] > 1:
                        if me[STAGE_BOUND]:
                            request_days[request, LAPSES] = my_days[LEAVES]
                        lapses = request_days[request, LAPSES]
                        if lapses < INFINITY:
                            due = day if day > lapses else lapses
                            push(n, heap_days, heap, due, CLOCK + order, LAPSE, request)
                    if step[PATIENT_SINCE] != NO_PATIENCE:
                        since = day
                        if step[PATIENT_SINCE] != JOINING:
                            since = referral[entity]
                            if step[PATIENT_SINCE] == LISTING and n[LISTED] >= 0:
                                listed = notes[entity, n[LISTED]]
                                if not math.isnan(listed):
                                    since = listed
                        due = since + numbers[pc]
                        if due < day:
                            due = day
                        if due < request_days[request, LAPSES]:
                            push(n, heap_days, heap, due, PATIENCE + order, GIVE_UP, request)
                    part = WAITED
                    n[TASKS] -= 1
                    break
                if part == WAITED:
                    if requests[request, STATE] == GAVE_UP:
                        day, part, pc = request_days[request, ENDED_DAY], FRESH, step[OTHERWISE]
                        continue
                    if requests[request, STATE] != GRANTED:
                        day, why, part = request_days[request, LAPSES], LEFT, FRESH
                        continue
                    day = now
                part = FRESH
                if code == DRAW:
                    request_days[request, ENDED_DAY] = day
                    pc = step[AFTER]
                    continue
                if requests[request, SLOT] >= 0:
                    slot_of[w, resource] = requests[request, SLOT]
                me[HOLDING] += 1
                frame = me[DEPTH]
                my_frames[frame, FRAME_OP], my_frames[frame, FRAME_REQUEST] = pc, request
                me[DEPTH] = frame + 1
                pc += 1

            elif code == CHOOSE:
                chance = (
                    value_of(column, drawn, fixed, step[PURPOSE], me[ATTEMPT], entity)
                    if kind == PATIENT
                    else value_of(lot_column, lot_drawn, fixed, step[PURPOSE], me[ATTEMPT], entity)
                )
                if chance < 0.0:
                    need = MORE_DRAWS
                    break
                pc = pc + 1 if chance < numbers[pc] else step[OTHERWISE]

            elif code == NOTED:
                pc = pc + 1 if notes[entity, step[NAME]] <= day else step[OTHERWISE]

            elif code == FLAGGED:
                pc = pc + 1 if flags[step[NAME], entity] else step[OTHERWISE]

            elif code == PROGRESSION_NOTED:
                pc = pc + 1 if progression_day[entity] <= day else step[OTHERWISE]

            elif code == JUMP:
                pc = step[AFTER]

            elif code == ATTEMPTS:
                frame = me[DEPTH]
                my_frames[frame, FRAME_OP], my_frames[frame, FRAME_OUTER] = pc, me[ATTEMPT]
                my_frames[frame, FRAME_TRIED], my_frames[frame, FRAME_BETWEEN] = 1, 0
                me[DEPTH] = frame + 1
                me[ATTEMPT] = begin_attempt(attempts, lot_tries, kind, entity, step[NAME])
                if me[ATTEMPT] >= MOST_ATTEMPTS:
                    need = TOO_MANY
                    break
                pc += 1

            elif code == FAIL:
                why = FAILED

            elif code == SHIELD:
                frame = me[DEPTH]
                my_frames[frame, FRAME_OP], my_frames[frame, FRAME_BOUND] = pc, me[STAGE_BOUND]
                frame_cuts[w, frame] = my_days[CUT]
                me[DEPTH] = frame + 1
                my_days[CUT] = my_days[LEAVES] if step[MODE] == STOP else INFINITY
                me[STAGE_BOUND] = 1 if step[MODE] == FINISH_STAGE else 0
                pc += 1

            elif code == TOGETHER:
                if part == FRESH:
                    part = STARTING
                    me[OUT], me[BRANCH], me[BRANCH_FAILED] = step[UNITS], 0, 0
                    # a branch that has ended moves the walker's day on; yet all branches start on the same
                    my_days[BRANCHED] = day
                    n[BUSY] += 1
                if part == STARTING:
                    branch = me[BRANCH]
                    if branch < step[UNITS]:
                        if n[FREE_ROW] < 0 and n[NEXT_ROW] >= walkers.shape[0]:
                            need = MORE_WALKERS
                            break
                        me[BRANCH] = branch + 1
                        row = new_row(n, walkers)
                        begin_walker(
                            walkers, days, slot_of, row, kind, entity, branches[step[NAME] + branch],
                            my_days[BRANCHED], my_days[LEAVES],
                        )
                        # a branch has what its walker had when it began; queue keys they share
                        days[row, CUT], walkers[row, STAGE_BOUND] = my_days[CUT], me[STAGE_BOUND]
                        walkers[row, PARENT], walkers[row, ATTEMPT] = w, me[ATTEMPT]
                        walkers[row, KEYS] = me[KEYS]
                        for other in range(slot_of.shape[1]):
                            slot_of[row, other] = slot_of[w, other]
                        add_task(n, tasks, WALK, row, 0)
                        break
                    n[BUSY] -= 1
                    part = BACK
                    if me[OUT] > 0:
                        n[TASKS] -= 1
                        break
                part = FRESH
                if my_days[CUT] <= day:
                    why = LEFT
                elif me[BRANCH_FAILED]:
                    why = FAILED
                pc += 1

            elif code == HAZARD:
                if clock_state[entity, TOUCHED] and clock_state[entity, CHANGES] >= changes.shape[1]:
                    need = MORE_CHANGES
                    break
                delay = 0.0
                if step[PURPOSE] >= 0:
                    delay = value_of(column, drawn, fixed, step[PURPOSE], me[ATTEMPT], entity)
                    if delay < 0.0:
                        need = MORE_DRAWS
                        break
                touch_clocks(
                    clocks, clock_state, referral, thresholds, groups, eligibility, anew_threshold, anew_eligibility,
                    n[FIRST_SET], entity,
                )
                run_clocks(clocks, clock_state, changes, hazards, hazard_at, ends, after, entity, day)
                set_multiplier(clock_state, clocks, changes, entity, day, step[NAME], numbers[pc], day + delay)
                leave_day[entity], leave_clock[entity], progression_day[entity] = forecast(
                    clocks, clock_state, changes, hazards, hazard_at, ends, after, entity
                )
                leave_on(days, w, leave_day[entity])
                pc += 1

            elif code == CLOCKS:
                if step[NAME] < 0:
                    # a progression foreseen for later does not happen
                    if not progression_day[entity] <= day:
                        progression_day[entity] = INFINITY
                    leave_day[entity], leave_clock[entity] = INFINITY, -1
                    leave_on(days, w, INFINITY)
                else:
                    touch_clocks(
                        clocks, clock_state, referral, thresholds, groups, eligibility, anew_threshold,
                        anew_eligibility, n[FIRST_SET], entity,
                    )
                    run_clocks(clocks, clock_state, changes, hazards, hazard_at, ends, after, entity, day)
                    clock_state[entity, CLOCK_SET] = step[NAME]
                    clocks[entity, ORIGIN] = day
                    if step[MODE] and clock_state[entity, PROGRESSED]:
                        clock_state[entity, PROGRESSED] = 0
                        clocks[entity, THRESHOLD + PROGRESSION] = clocks[entity, ANEW_THRESHOLD]
                        clocks[entity, ELIGIBILITY] = clocks[entity, ANEW_ELIGIBILITY]
                        clocks[entity, USED + PROGRESSION] = 0.0
                    leave_day[entity], leave_clock[entity], progression_day[entity] = forecast(
                        clocks, clock_state, changes, hazards, hazard_at, ends, after, entity
                    )
                    leave_on(days, w, leave_day[entity])
                pc += 1

            elif code == RETURN:
                delay = value_of(column, drawn, fixed, step[PURPOSE], me[ATTEMPT], entity)
                if delay < 0.0:
                    need = MORE_DRAWS
                    break
                later, back = entity + n[FIRST_COURSES], day + delay
                followed = later < n[PATIENTS] and back < referral[entity] + t[FOLLOW_UP]
                if followed and math.isinf(referral[later]):
                    referral[later] = back
                    push(n, heap_days, heap, back, ARRIVAL + later, COME_BACK, later)
                pc += 1

            elif code == END:
                why = ENDED
                if my_days[LEAVES] > day:
                    ended_fate[entity], ended_day[entity] = step[NAME], day

            else:  # SUPPLY and LOT_END: a lot delivers its doses, or has failed
                if part == FRESH and day > now:
                    push(n, heap_days, heap, day, (DELIVERY if code == SUPPLY else COMPLETION) + order, WALK, w)
                    part = MET
                    n[TASKS] -= 1
                    break
                stock = n[STOCK_POOL] + entity % n[SHELVES]
                if pools[stock, BATCHES] >= shelf.shape[1]:
                    need = MORE_SHELF
                    break
                if n[HEAP] + ROOM > heap.shape[0]:
                    need = MORE_HEAP
                    break
                part = FRESH
                pools[stock, PLANNED] -= n[DOSES_PER_LOT]
                if code == SUPPLY:
                    lots[entity, LOT_READY] = day
                    expires = now + t[SHELF_LIFE]
                    put_batch(pools, shelf, stock, expires, float(n[DOSES_PER_LOT]))
                    pools[stock, ON_HAND] += n[DOSES_PER_LOT]
                    if expires < INFINITY:
                        push(n, heap_days, heap, expires, EXPIRY + pools[stock, OF_RESOURCE], EXPIRING, stock)
                    call_turn(n, pools, stock)
                    pc += 1
                else:
                    lots[entity, LOT_FAILED] = day
                    why = ENDED
                    review(n, pools, tasks, stock)
                    if n[TASKS] - 1 > top:
                        break

        me[PC], me[PART], me[WHY], my_days[DAY] = pc, part, why, day
        if need != THROUGH:
            # for MORE_DRAWS and TOO_MANY: of what, and for whom
            n[NEED_PURPOSE], n[NEED_NAME] = step[PURPOSE], step[NAME]
            n[NEED_ATTEMPT], n[NEED_KIND], n[NEED_ENTITY] = me[ATTEMPT], kind, entity
            return need

    # the queues at the stop: who should have left by now has
    for pool in range(pools.shape[0]):
        for k in range(pools[pool, QUEUED]):
            request = queue[pool, k, 2]
            fresh = queue[pool, k, 1] == requests[request, ENTRY]
            if requests[request, STATE] == WAITING and fresh and request_days[request, LAPSES] <= t[TODAY]:
                lapse(n, pools, tasks, requests, request_days, request, True)
    return THROUGH


@compiled
def list_uses(
    requests: IntTable, days: FloatTable, pools: IntTable, count: int, patients: int, stop: float, first: Ints,
    end: Ints, order: Ints, whole: IntTable, real: FloatTable,
) -> int:
    """How many uses were asked for by the stop; `whole` and `real` then hold their columns, as rows, in order.

    The log is in order of asking, nearly; so it is dealt out by entity, and each hand is put in order by insertion.
    `first` (all 0) and `end` have a place for each patient, each lot, and one more; `order` for each request.
    """
    for k in range(count):
        if days[k, ASKED_DAY] <= stop:
            first[requests[k, OF_ENTITY] + patients * requests[k, OF_KIND] + 1] += 1
    for group in range(len(first) - 1):
        first[group + 1] += first[group]
        end[group] = first[group]
    for k in range(count):
        if days[k, ASKED_DAY] > stop:
            continue
        group = requests[k, OF_ENTITY] + patients * requests[k, OF_KIND]
        place = end[group]
        end[group] = place + 1
        while place > first[group]:
            other = order[place - 1]
            if days[other, ASKED_DAY] < days[k, ASKED_DAY] or (
                days[other, ASKED_DAY] == days[k, ASKED_DAY]
                and pools[requests[other, POOL], OF_RESOURCE] <= pools[requests[k, POOL], OF_RESOURCE]
            ):
                break
            order[place] = other
            place -= 1
        order[place] = k
    kept = first[len(first) - 1]
    for place in range(kept):
        k = order[place]
        pool = requests[k, POOL]
        whole[0, place], whole[1, place] = requests[k, OF_KIND], requests[k, OF_ENTITY]
        whole[2, place], whole[3, place] = pools[pool, OF_RESOURCE], pools[pool, CENTRE]
        whole[4, place] = requests[k, WANTED_UNITS]
        real[0, place] = days[k, ASKED_DAY]
        real[1, place] = NAN if days[k, BEGAN] > stop else days[k, BEGAN]
        real[2, place] = NAN if days[k, ENDED_DAY] > stop else days[k, ENDED_DAY]
    return int(kept)
