"""What encloses the present operations of a walker hears how they came to their end, and gives back what it holds."""

from __future__ import annotations

from sim.engine.kernel.heaps import add_task
from sim.engine.kernel.machine import inlined
from sim.engine.kernel.names import (
    AFTER,
    ATTEMPT,
    ATTEMPTS,
    BACK,
    BETWEEN,
    BRANCH_FAILED,
    CLOCK,
    CODE,
    COMPLETION,
    CUT,
    DAY,
    DEPTH,
    ENDED_DAY,
    ENTITY,
    FAILED,
    FRAME_BETWEEN,
    FRAME_BOUND,
    FRAME_OP,
    FRAME_OUTER,
    FRAME_REQUEST,
    FRAME_TRIED,
    FRESH,
    GIVING,
    GO_ON,
    HOLDING,
    INFINITY,
    KIND,
    LEAVES,
    LEFT,
    MOST,
    MOST_ATTEMPTS,
    NAME,
    ONWARD,
    OTHERWISE,
    OUT,
    PARENT,
    PART,
    PARTED,
    PC,
    POOL,
    STAGE_BOUND,
    TASKS,
    TODAY,
    TOO_MANY,
    UNLIMITED,
    USE,
    WALK,
    WHY,
)
from sim.engine.kernel.pools import give_back
from sim.engine.kernel.tables import Pools, Records, Requests, Route, Run, Shelves, Slots, Walkers
from sim.engine.kernel.walkers import begin_attempt, free_row, meet


@inlined
def close_frame(
    route: Route,
    run: Run,
    walkers: Walkers,
    requests: Requests,
    pools: Pools,
    slots: Slots,
    shelves: Shelves,
    records: Records,
    w: int,
) -> int:
    """What the walker does next, or needs first, at the end of its innermost frame; PARTED at the end of all."""
    depth = walkers.rows[w, DEPTH]
    if depth == 0:
        return end_journey(run, walkers, w)
    opened = walkers.frames[w, depth - 1, FRAME_OP]
    if route.operations[opened, CODE] == USE:
        return close_use(route, run, walkers, requests, pools, slots, w)
    if route.operations[opened, CODE] == ATTEMPTS:
        return close_attempt(route, walkers, shelves, records, w)
    return close_branch(route, walkers, w)


@inlined
def end_journey(run: Run, walkers: Walkers, w: int) -> int:
    """The journey is over; with the last of its branches, a parent goes on."""
    run.n[TASKS] -= 1
    parent = walkers.rows[w, PARENT]
    if parent >= 0:
        waits, days = walkers.rows[parent], walkers.days[parent]
        days[DAY] = max(days[DAY], walkers.days[w, DAY])
        if walkers.rows[w, WHY] == FAILED:
            waits[BRANCH_FAILED] = 1
        waits[OUT] -= 1
        if waits[OUT] == 0 and waits[PART] == BACK:
            add_task(run, WALK, parent, 0)
    free_row(run, walkers, w)
    return PARTED


@inlined
def close_use(route: Route, run: Run, walkers: Walkers, requests: Requests, pools: Pools, slots: Slots, w: int) -> int:
    """Give back what was held, on the day of the walker."""
    me, day = walkers.rows[w], walkers.days[w, DAY]
    frame = me[DEPTH] - 1
    request = walkers.frames[w, frame, FRAME_REQUEST]
    unlimited = pools.rows[requests.rows[request, POOL], UNLIMITED]
    if me[PART] != GIVING and day > run.t[TODAY] and not unlimited:
        return meet(run, walkers, w, CLOCK if me[WHY] == LEFT else COMPLETION, GIVING)
    me[PART], me[DEPTH] = FRESH, frame
    me[HOLDING] -= 1
    requests.days[request, ENDED_DAY] = day
    give_back(run, requests, pools, slots, request, me[WHY] == LEFT)
    me[PC] = route.operations[walkers.frames[w, frame, FRAME_OP], AFTER]
    return GO_ON


@inlined
def close_attempt(route: Route, walkers: Walkers, shelves: Shelves, records: Records, w: int) -> int:
    """After a failure the next attempt, if there is one left; what lies between two comes first."""
    me, days = walkers.rows[w], walkers.days[w]
    depth = me[DEPTH] - 1
    frame = walkers.frames[w, depth]
    opening = route.operations[frame[FRAME_OP]]
    if frame[FRAME_BETWEEN] and me[WHY] == ONWARD:
        frame[FRAME_BETWEEN] = 0
        frame[FRAME_TRIED] += 1
        me[PC] = frame[FRAME_OP]
        return try_next(route, walkers, shelves, records, w)
    if me[WHY] == FAILED and not frame[FRAME_BETWEEN] and days[LEAVES] > days[DAY]:
        me[WHY] = ONWARD
        if frame[FRAME_TRIED] != opening[MOST]:
            frame[FRAME_BETWEEN] = 1
            me[PC] = opening[BETWEEN]
            return GO_ON
        me[ATTEMPT], me[DEPTH] = frame[FRAME_OUTER], depth
        me[PC] = opening[OTHERWISE]
        return GO_ON
    if me[WHY] == FAILED and not frame[FRAME_BETWEEN]:
        me[WHY] = LEFT  # a product whose patient has left is not tried again
    me[ATTEMPT], me[DEPTH] = frame[FRAME_OUTER], depth
    me[PC] = opening[AFTER]
    return GO_ON


@inlined
def try_next(route: Route, walkers: Walkers, shelves: Shelves, records: Records, w: int) -> int:
    """Begin the next attempt of the operation at which the walker is."""
    me = walkers.rows[w]
    name = route.operations[me[PC], NAME]
    me[ATTEMPT] = begin_attempt(records, shelves, me[KIND], me[ENTITY], name)
    if me[ATTEMPT] >= MOST_ATTEMPTS:
        return TOO_MANY
    me[PC] += 1
    return GO_ON


@inlined
def close_branch(route: Route, walkers: Walkers, w: int) -> int:
    """Without a product of its own to care for, the walk ends if the patient has left."""
    me, days = walkers.rows[w], walkers.days[w]
    depth = me[DEPTH] - 1
    frame = walkers.frames[w, depth]
    cut = walkers.cuts[w, depth]
    days[CUT] = min(cut, days[LEAVES]) if cut < INFINITY else cut
    me[STAGE_BOUND], me[DEPTH] = frame[FRAME_BOUND], depth
    if me[WHY] == ONWARD and days[CUT] <= days[DAY]:
        me[WHY] = LEFT
    me[PC] = route.operations[frame[FRAME_OP], AFTER]
    return GO_ON
