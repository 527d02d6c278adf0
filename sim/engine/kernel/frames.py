"""What encloses the present operations of a walker hears how they came to their end, and gives back what it holds."""

from __future__ import annotations

import math

from sim.engine.kernel.clocks import at_progression, may_turn
from sim.engine.kernel.heaps import add_task
from sim.engine.kernel.machine import inlined
from sim.engine.kernel.names import (
    ASIDE,
    ATTEMPTS,
    BACK,
    CLOCK,
    COMPLETION,
    ENDED,
    FAILED,
    FRESH,
    GIVING,
    GO_ON,
    INFINITY,
    LEFT,
    MOST_ATTEMPTS,
    NAN,
    ONWARD,
    PARTED,
    PROGRESSION,
    STAYS,
    TOO_MANY,
    UNLESS,
    USE,
    WALK,
)
from sim.engine.kernel.pools import give_back
from sim.engine.kernel.rows import Frame, Operation, Request, Walker
from sim.engine.kernel.tables import ClockRows, Hazards, Pools, Records, Route, Run, Shelves, Slots, Table, Walkers
from sim.engine.kernel.walkers import begin_attempt, free_row, leave_on, meet


@inlined
def end_journey(run: Run, walkers: Walkers, me: Walker) -> int:
    """The journey is over; with the last of its branches, a parent goes on."""
    run.now.tasks -= 1
    if me.parent >= 0:
        waits = walkers.rows[me.parent]
        waits.day = max(waits.day, me.day)
        if me.why == FAILED or me.why == ENDED:
            waits.branch_failed = max(waits.branch_failed, me.why)
        waits.out -= 1
        if waits.out == 0 and waits.part == BACK:
            add_task(run, WALK, waits.row, 0, 0)
    free_row(run, me)
    return PARTED


@inlined
def close_use(
    opening: Operation, run: Run, requests: Table[Request], pools: Pools, slots: Slots, me: Walker, frame: Frame
) -> int:
    """Give back what was held, on the day of the walker."""
    held = requests[frame.request]
    pool = pools.rows[held.source]
    if me.part != GIVING and me.day > run.now.today and not pool.unlimited:
        return meet(run, me, CLOCK if me.why == LEFT else COMPLETION, GIVING)
    me.part = FRESH
    me.depth -= 1
    me.holding -= 1
    if math.isnan(held.ended):  # a booking ended when it was taken up
        held.ended = me.day
        give_back(run, requests, pools, slots, pool, frame.request, me.why == LEFT)
    me.pc = opening.after
    return GO_ON


@inlined
def try_next(run: Run, shelves: Shelves, records: Records, me: Walker, opening: Operation) -> int:
    """Begin the next attempt of the operation at which the walker is."""
    me.attempt = begin_attempt(run, records, shelves, me, opening.name)
    if me.attempt >= MOST_ATTEMPTS:
        return TOO_MANY
    me.pc += 1
    return GO_ON


@inlined
def close_attempt(opening: Operation, run: Run, shelves: Shelves, records: Records, me: Walker, frame: Frame) -> int:
    """After a failure the next attempt, if there is one left; what lies between two comes first."""
    if frame.between and me.why == ONWARD:
        frame.between = 0
        frame.tried += 1
        me.pc = frame.op
        return try_next(run, shelves, records, me, opening)
    if me.why == FAILED and not frame.between and me.leaves > me.day:
        me.why = ONWARD
        if frame.tried != opening.most:
            frame.between = 1
            me.pc = opening.between
            return GO_ON
        me.pc = opening.otherwise
    else:
        if me.why == FAILED and not frame.between:
            me.why = LEFT  # a product whose patient has left is not tried again
        me.pc = opening.after
    me.attempt = frame.outer
    me.depth -= 1
    return GO_ON


@inlined
def close_branch(opening: Operation, me: Walker, frame: Frame) -> int:
    """Without a product of its own to care for, the walk ends if the patient has left."""
    me.cut = min(frame.cut, me.leaves) if frame.cut < INFINITY else frame.cut
    me.stage_bound = frame.bound
    me.depth -= 1
    if me.why == ONWARD and me.cut <= me.day:
        me.why = LEFT
    me.pc = opening.after
    return GO_ON


@inlined
def close_aside(opening: Operation, records: Records, me: Walker, frame: Frame) -> int:
    """Back to the day on which it began; the patient leaves on the day of an end that was come to."""
    me.cut, me.stage_bound, me.day = frame.cut, frame.bound, frame.day
    me.depth -= 1
    if me.why == ENDED:
        leave_on(me, records.leave_day[me.entity])
    me.why = ONWARD
    me.pc = opening.after
    return GO_ON


@inlined
def close_unless(opening: Operation, hazards: Hazards, clocks: ClockRows, records: Records, me: Walker) -> int:
    """Who was taken off by a progression, where each of them does that, goes another way, and stays on it."""
    i = me.entity
    me.depth -= 1
    me.pc = opening.after
    if me.why == LEFT and records.leave_clock[i] == PROGRESSION and may_turn(clocks, i):
        # a walker that has left may have had a key for a request that it did not come to
        me.why, me.pc, me.queues_by = ONWARD, opening.otherwise, NAN
        at_progression(hazards, clocks, records, i, me.day, STAYS)
        leave_on(me, records.leave_day[i])
    return GO_ON


@inlined
def close_frame(
    route: Route,
    hazards: Hazards,
    run: Run,
    walkers: Walkers,
    requests: Table[Request],
    pools: Pools,
    slots: Slots,
    shelves: Shelves,
    clocks: ClockRows,
    records: Records,
    me: Walker,
) -> int:
    """What the walker does next, or needs first, at the end of its innermost frame; PARTED at the end of all."""
    if me.depth == 0:
        return end_journey(run, walkers, me)
    frame = walkers.frames[me.row, me.depth - 1]
    opening = route.operations[frame.op]
    if opening.code == USE:
        return close_use(opening, run, requests, pools, slots, me, frame)
    if opening.code == ATTEMPTS:
        return close_attempt(opening, run, shelves, records, me, frame)
    if opening.code == ASIDE:
        return close_aside(opening, records, me, frame)
    if opening.code == UNLESS:
        return close_unless(opening, hazards, clocks, records, me)
    return close_branch(opening, me, frame)
