"""What one row of each of the kernel's tables holds. A layout stands here and nowhere else. No numba here.

The classes are never made: a row is a record of a numpy array, with the fields in this order, 8 bytes each, or 4 where
the whole number is `Small`: of the rows that there are many of, so that as few lines of memory as possible are touched.
The type checker reads them, so that a field which does not exist is found before anything runs.

Longer than 400 lines because every layout stands here.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np

Small: TypeAlias = int


@cache
def layout(kind: type) -> np.dtype[Any]:
    """The numpy dtype of a kind of row."""
    fields: dict[str, Any] = {"int": np.int64, "Small": np.int32, "float": np.float64}
    return np.dtype([(name, fields[told]) for name, told in kind.__annotations__.items()], align=True)


def rows(kind: type, *shape: int) -> Any:
    """A table that nobody reads before it is written."""
    return np.empty(shape, dtype=layout(kind))


def blank(kind: type, *shape: int) -> Any:
    """A table of rows that say nothing: no day, and 0 everywhere else."""
    table = np.zeros(shape, dtype=layout(kind))
    for name, told in kind.__annotations__.items():
        if told == "float":
            table[name] = np.nan
    return table


def copied(table: Any) -> Any:
    """The same once more: byte by byte, for numpy copies records field by field, which takes ten times as long."""
    return table.view(np.uint8).copy().view(table.dtype)


# -- the plan -------------------------------------------------------------------------------------------------------


class Operation:
    """One operation of a path."""

    code: int  # what is done
    after: int  # the operation behind what this one encloses
    purpose: int  # what is drawn for; -1: nothing
    name: int  # the stage, milestone, attempts, flag, outcome, clock, set of hazards, first branch or whose queue keys
    resource: int  # what is asked for
    units: int  # how many of it; or how many branches
    mode: int  # rejoin, on leaving, anew, or whether a branch slows clocks
    held: int  # whether what is asked for is held already
    most: int  # attempts; -1: as many as it takes
    between: int  # the operation that begins what lies between two attempts
    otherwise: int  # the operation that follows where a choice, an attempt or patience says no
    hours: int  # of a stage; -1: always open
    since: int  # the milestone at which a stage began, or by which who uses a slot is ready; -1: none
    patient_since: int  # from when patience counts
    planned: float  # days of a booking; NaN: as many as all are for
    number: float  # a share, a multiplier, days of patience, the most of a stage, or the last day of a return


class Change:
    """A change of capacity."""

    pool: int
    limit: float  # from then on


class UnitChange:
    """A unit with a number is out from now on, or there again."""

    pool: int
    unit: int  # its row
    out: int  # whether it is out from then on


class KnownStep:
    """A step of what is known of a capacity."""

    day: float
    units: float  # from then on


class Lesson:
    """From when on something else is known of a capacity."""

    pool: int  # of bookings
    first: int  # of the steps known
    count: int


class Choice:
    """What serves a list for any of several."""

    source: int  # a pool of slots or of units
    rest: float  # mean days until infusion, from today or the start of a slot


class Policy:
    """How a policy ranks."""

    per_day: float  # what a day of waiting is worth
    at_progression: float  # what progression adds


class Knot:
    """A knot of a hazard table."""

    day: float  # age
    hazard: float  # cumulative, at this age
    rate: float  # from this age on


class Curve:
    """Where the knots of a hazard table are."""

    first: int
    count: int


class Opening:
    """Where the intervals of some hours are; a count of -1 (ALWAYS) where all time is open."""

    open_at: int  # a stage may start
    open_count: int
    count_at: int  # time counts towards it
    count_count: int
    loss_at: int  # what is under way is lost
    loss_count: int
    fit: int  # whether the whole stage must fit into an opening
    viable: float  # days that it may wait


class Interval:
    """A time between two days."""

    opens: float
    shuts: float


# -- the state ------------------------------------------------------------------------------------------------------


class Replication:
    """A replication of the batch: its days, and where its rows end in the tables of the batch; then the next begin."""

    patients: int
    arrivals: int
    measured: int
    slots: int  # these and those below are known once it is through
    lots: int
    expiries: int
    stages: int
    uses: int
    stop: float


class Now:
    """Where the run is: today, how much of each table is in use, and what is the same all through the run.

    Slots, lots, expiries, stages and uses are those of all replications so far; all else belongs to the present one.
    """

    replication: int  # its place in the batch; -1: none has begun
    today: float
    next_arrival: float  # infinite after the last one
    next_patient: int  # who arrives then
    arrived: int
    arriving: int  # where the arrivals of this replication end
    running: int  # 0 once it has stopped
    due: int  # happenings that are still to come
    free_due: int  # the first of the chain of rows for another one
    heap: int  # of those, in the heap
    stretch: int  # of days, the last one whose happenings are in the heap
    per_day: float  # stretches
    tickets: int  # given to happenings
    tasks: int  # under way
    turns: int  # pools that are due for a turn
    meeting: int  # the phase of the instant in which a walker meets the clock
    busy: int  # tasks that have been begun and not ended
    requests: int
    new_waits: int  # requests that joined for a turn that is not over
    longest: int  # the most entries that a queue has had
    next_row: int  # the first row of a walker that was never used
    free_row: int  # the first of the chain of those that are free again; -1: none
    slots: int
    first_lot: int  # where the lots of this replication begin
    lots: int
    expiries: int
    stages: int
    uses: int
    first_measured: int
    measured: int  # where the patients end whose first course may be open
    first_check: float
    next_check: float
    check_every: float
    follow_up: float
    patients: int  # where the patients of this replication end
    courses: int
    first_courses: int  # how many patients there are without their later courses
    traced: int  # whether stages are noted
    infusion: int  # the milestone; -1: none
    alternative: int  # the milestone of its first dose; -1: none
    listed: int  # the milestone; -1: none
    turning: int  # whether a path says what a progression means from then on
    first_set: int  # of hazards
    later_path: int  # where the path of a later course begins
    lot_path: int
    most_given_back: int  # slots that one walker may give back at once
    stock_pool: int  # the first pool of the stock; -1: none
    shelves: int
    shelf_life: float
    doses_per_lot: int
    first_list: int  # the first pool of lists for any of several
    lists: int
    reorders: int  # whether a position asks for lots
    order_at: int
    order_up_to: int
    order_every: float
    need_purpose: int  # what is needed, and for whom, when the kernel is left
    need_name: int
    need_attempt: int
    need_kind: int
    need_entity: int


class Due:
    """A place in the heap of what happens next."""

    day: float
    row: int  # of its happening


class Happening:
    """What will happen."""

    day: float
    priority: int  # phase of the instant, and order within it
    ticket: Small  # of equal days and priorities the one pushed first happens first
    what: Small
    subject: Small  # to which walker, request, patient, pool, slot or change
    following: Small  # another one of the same stretch of days, -1: none; of a free row, the next one that is free


class Task:
    """What is under way: the last begun is the first ended."""

    task: Small
    of: Small  # walker or pool
    count: Small  # lots that are still to begin
    begun: Small  # whether one of them is under way
    chain: Small  # lots begun before, one after the other, while time did not move on


class Walker:
    """A patient, a lot or a branch on its way. What every operation asks for comes first."""

    row: Small  # its own place
    pc: Small  # the operation at which it is; of a free row, the next one that is free
    part: Small  # where in this operation it goes on
    why: Small  # why its frames are unwound
    kind: Small
    entity: Small  # number of the patient or the lot
    depth: Small  # frames that are open
    attempt: Small  # the present one, for draws
    day: float  # its own: not before today
    leaves: float  # the day on which its patient leaves
    cut: float  # the day on which it stops where it is
    stage_bound: Small  # whether a product only finishes its stage once its patient has left
    looks: Small  # whether its leaving day may be put off by a branch beside it, and is looked up when it has come
    holding: Small  # of its frames, those that hold something
    request: Small  # the last one
    centre: Small  # the patient's, or that of the lot's shelf
    parent: Small  # the walker of which this is a branch; -1: none
    out: Small  # branches that have not ended
    branch: Small  # the next one to begin
    branch_failed: Small  # FAILED if one of them has failed, ENDED if one has come to an end of the path; 0: neither
    keys: Small  # the walker whose queue keys this one has; -1: nobody's yet
    branched: float  # the day on which its branches begin
    queues_by: float  # the key of its next request, where that is given


class Purpose:
    """What is drawn for, and where the draws are; lots: of each replication, all of one after all of the other."""

    fixed: float  # the value that is the same for all; -1: none
    width: int  # for how many entities it is drawn, lots in each replication
    first: int  # where the values of first attempts begin
    foreseen: int  # where it stands how many further attempts each comes to; -1: nobody does
    later: int  # where the values of these begin


class Frame:
    """What encloses the present operations of a walker."""

    op: Small  # the operation that opened it
    request: Small  # USE: what is held
    outer: Small  # ATTEMPTS: the attempt outside
    tried: Small  # how many have begun
    between: Small  # whether it is between two
    bound: Small  # SHIELD, ASIDE: `stage_bound` outside
    cut: float  # `cut` outside
    day: float  # ASIDE: the day on which the path goes on


class Share:
    """What a walker has of a resource."""

    key_day: float  # by which it queued first
    start: float  # of the slot that it holds
    unit: Small  # the number of the last unit that it had; 0: none
    booking: Small  # the last one that it made, a request; -1: none


class Unit:
    """A unit with a number."""

    holder: int  # a request; -1: none
    out: int  # whether it is out, with the work on it


class Request:
    """A request for units of a pool. What is kept of it in the end comes first."""

    kind: Small
    entity: Small
    pool: Small
    source: Small  # the pool that serves it: the same, but for who is on a list for any of several
    units: Small
    following: Small  # the next request in the pool's chain, or in the end of the same entity; -1: none
    asked: float
    began: float
    ended: float
    who: Small  # the walker
    state: Small
    lapses: float  # the day on which the wait ends by itself
    entry: Small  # ticket of its entry in the queue; earlier ones are stale
    slot: Small  # the first of those granted; -1: none
    unit: Small  # the number of the one granted, of those that have one; 0: none
    booking: Small  # of units that may be booked, the walker's last one; -1: none
    before: Small  # the one before it in the pool's chain; -1: none
    newer: Small  # the next of those that wait for the pool's turn at this instant; -1: none
    rank: float  # after a jump
    key_day: float
    planned: float  # of a booking, days
    ahead: float  # of a booking, days until the unit is needed, once what comes before has begun
    day: float  # for which it is booked; until which it is expected in use


class Pool:
    """Units, dated slots, doses or bookings of one resource at one centre."""

    row: int  # its own place
    resource: int
    centre: int
    kind: int
    policy: int
    due: int  # whether it takes its turn at this instant
    first_new: int  # the first and the last request that joined when its turn was due; -1: none
    last_new: int
    queued: int  # entries, stale ones among them
    tickets: int  # given to entries
    unlimited: int
    in_use: int
    limit: float
    first_unit: int  # the row of the first of its units with numbers
    numbers: int  # how many of its units have one
    other: int  # the pool of a capacity's bookings, or the capacity of bookings; -1: none
    chain: int  # the first of the bookings held, or of the requests that hold what may be booked; -1: none
    chained: int  # units of all these
    hours: int  # in which what comes before a booked unit may begin; -1: always
    known: int  # the first step that is known of the capacity
    known_count: int
    booked_for: float  # days, of each booking that says nothing else
    looks: float  # the day on which it is looked at next
    feeds: int  # whether it serves lists for any of several
    first_choice: int  # of a list, what serves it
    choices: int
    lot_rank: float
    turn_round: float  # days from the end of a use until its units are free
    free_slots: int
    free_rows: int  # in the heap of free slots, perished ones among them
    most_offered: int  # on one day
    offers: int  # made
    offered: int  # slots of these
    offer_days: int  # how many there are
    carry_over: int  # offers for which a slot stays
    withdrawals: int  # whether slots are withdrawn
    keeps_place: int  # of who loses a slot
    lead: float  # days from offer to start
    notice: float  # days before its start until which a slot may be handed back
    batches: int  # on the shelf
    on_hand: int  # doses
    planned: int  # doses of lots under way
    wanted: int  # doses asked for and not had
    lots_begun: int
    chain_supplied: int  # `Task.chain` of the last lot supplied
    supplied: float  # the day of it


class Entry:
    """An entry of a queue; the first in order is served first."""

    rank: float
    key_day: float
    order: int  # of the entity
    ticket: Small
    request: Small


class Slot:
    """A dated slot."""

    pool: int
    holder: int  # patient; -1: nobody
    handed_back: int  # times
    free: int  # whether it may be claimed
    following: int  # the next one of the same request; -1: none
    offered: float
    start: float
    perished: float
    closes: float  # the day on which it perishes
    withdraws: float  # the day on which it will be withdrawn
    withdrawn: float


class Batch:
    """Doses on a shelf; the first in order are used first."""

    expires: float
    place: float
    doses: float


class Lot:
    """A lot."""

    started: float
    ready: float
    failed: float
    chain: int  # `Task.chain` when it began
    uses: int  # how many requests it has made, and then where they end, once the replication is through


class Expiry:
    """Doses that expired."""

    day: float
    doses: float
    shelf: int


class Clocks:
    """All clocks of a patient."""

    hazards: int  # the set
    progressed: int
    progresses: int  # whether the clock of progression runs
    changes: int  # set for later
    origin: float  # ages count from here
    since: float  # `used` is as of this day
    eligibility: float
    progressed_day: float
    anew_threshold: float  # for progression that starts anew
    anew_eligibility: float


class OneClock:
    """One clock of a patient."""

    used: float  # hazard so far
    lived: float  # cumulative hazard of its table at the age on the day as of which `used` is
    factor: float  # the path's multiplier
    group: float  # the risk group's
    threshold: float


class FactorChange:
    """A multiplier set for later."""

    day: float
    clock: int
    factor: float


class Passed:
    """A stage that was passed."""

    kind: int
    entity: int
    name: int
    asked: float
    began: float
    ended: float
