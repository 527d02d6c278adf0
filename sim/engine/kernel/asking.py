"""The operations USE and DRAW: to ask for units, wait for them, and have them or not."""

from __future__ import annotations

import math

from sim.engine.kernel.bookings import fits, needed_on
from sim.engine.kernel.clocks import may_turn
from sim.engine.kernel.heaps import join, push
from sim.engine.kernel.machine import compiled, inlined
from sim.engine.kernel.names import (
    ANY_OF,
    ASKED,
    BOOKING,
    CAPACITY,
    CLOCK,
    COMPLETION,
    DRAW,
    FIRST_COME,
    FRESH,
    GAVE_UP,
    GIVE_UP,
    GO_ON,
    GRANTED,
    INFINITY,
    JOINING,
    LAPSE,
    LEFT,
    LISTING,
    LOSING,
    LOT,
    MET,
    MORE_DRAWS,
    MORE_QUEUE,
    MORE_REQUESTS,
    NAN,
    NO_PATIENCE,
    PARTED,
    PATIENCE,
    PATIENT,
    RANK_JUMP,
    USE,
    WAITED,
    WAITING,
)
from sim.engine.kernel.pools import (
    best_source,
    call_turn_if_any,
    grant,
    has_units,
    review,
    take_back,
    take_up,
    withdrawal,
)
from sim.engine.kernel.rows import Operation, Pool, Request, Walker
from sim.engine.kernel.tables import (
    ClockRows,
    Draws,
    HourTables,
    People,
    Pools,
    Records,
    Route,
    Run,
    Shelves,
    Slots,
    Supplies,
    Table,
    Walkers,
)
from sim.engine.kernel.walkers import leave_on, meet, must_stop, open_frame, order_of, pause, value_of


@inlined
def pool_of(supplies: Supplies, pools: Pools, me: Walker, resource: int) -> Pool:
    """The pool of a resource that serves the walker's centre."""
    row: int = supplies.serving[resource, me.centre]
    return pools.rows[row]


@inlined
def new_request(run: Run, requests: Table[Request], me: Walker, pool: Pool, units: int) -> Request:
    """A request of the walker for so many units, not granted yet."""
    me.request = run.now.requests
    run.now.requests += 1
    new = requests[me.request]
    new.who, new.kind, new.entity = me.row, me.kind, me.entity
    new.pool, new.source, new.units, new.state, new.slot = pool.row, pool.row, units, WAITING, -1
    new.asked, new.began, new.ended, new.lapses = me.day, NAN, NAN, me.cut
    new.booking, new.day, new.unit = -1, NAN, 0
    return new


@inlined
def key_day_of(people: People, walkers: Walkers, me: Walker, step: Operation) -> float:
    """The day by which the walker queues: that of asking, of the referral, or of when it first asked here."""
    stated = me.queues_by
    if not math.isnan(stated):
        me.queues_by = NAN
        return stated
    key_day = me.day
    # who is there on the first day has waited before it
    if me.day == 0.0 and me.kind == PATIENT and people.queues_by[me.entity] < 0.0:
        key_day = people.queues_by[me.entity]
    if step.mode:
        if me.keys < 0:
            me.keys = me.row
            for other in range(walkers.shares.shape[1]):
                walkers.shares[me.row, other].key_day = NAN
        share = walkers.shares[me.keys, step.name]
        if math.isnan(share.key_day):
            share.key_day = key_day
        key_day = share.key_day
    return key_day


@inlined
def nobody_else_today(run: Run) -> bool:
    """Whether nothing else can happen at this instant."""
    now = run.now
    if now.heap > 0 and run.heap[0].day <= now.today:
        return False
    return now.busy == 0 and now.turns == 0 and now.next_arrival > now.today


@inlined
def join_by_rank(
    supplies: Supplies, people: People, run: Run, pools: Pools, records: Records, pool: Pool, me: Walker, asked: Request
) -> None:
    """Put the walker's request into the queue, as the policy ranks it."""
    rank = 0.0
    if me.kind == LOT:
        rank = pool.lot_rank
    elif pool.policy != FIRST_COME:
        policy = supplies.policies[pool.policy]
        rank = policy.per_day * asked.key_day + people.ranks[pool.policy, me.entity]
        if policy.at_progression != 0.0:
            progression = records.progression_day[me.entity]
            if progression <= me.day:
                rank = rank + policy.at_progression
            elif progression < me.cut:
                asked.rank = rank + policy.at_progression
                push(run, progression, CLOCK + me.entity, RANK_JUMP, me.request)
    join(run, pools, pool, rank, asked.key_day, order_of(me), me.request, asked)
    call_turn_if_any(run, pool)


@inlined
def end_the_wait(
    step: Operation, run: Run, clocks: ClockRows, records: Records, pool: Pool, me: Walker, asked: Request
) -> None:
    """Post the days on which the wait may end by itself.

    A waiter that holds something, that a parent waits for, that a stock counts on, that needs several units or a
    booking, or that goes another way, leaves on his day; the rest lapse when they are passed over.
    """
    turns = run.now.turning and me.kind == PATIENT and may_turn(clocks, me.entity)
    if step.code == DRAW or pool.kind == BOOKING or me.holding > 0 or me.parent >= 0 or step.units > 1 or turns:
        if me.stage_bound:
            asked.lapses = me.leaves
        if asked.lapses < INFINITY:
            push(run, max(asked.lapses, me.day), CLOCK + order_of(me), LAPSE, me.request)
    if step.patient_since != NO_PATIENCE:
        since = me.day
        if step.patient_since != JOINING:
            since = records.referral[me.entity]
            if step.patient_since == LISTING and run.now.listed >= 0:
                listed = records.notes[me.entity, run.now.listed]
                if not math.isnan(listed):
                    since = listed
        due = max(since + step.number, me.day)
        if due < asked.lapses:
            push(run, due, PATIENCE + order_of(me), GIVE_UP, me.request)


@inlined
def wait_for_turn(run: Run, requests: Table[Request], pool: Pool, row: int) -> None:
    """The wait is limited when the pool's turn has passed the request over: most are served by it."""
    run.now.new_waits += 1
    requests[row].newer = -1
    if pool.first_new < 0:
        pool.first_new = row
    else:
        requests[pool.last_new].newer = row
    pool.last_new = row


@compiled
def end_turn(
    route: Route,
    run: Run,
    walkers: Walkers,
    requests: Table[Request],
    clocks: ClockRows,
    records: Records,
    pool: Pool,
) -> None:
    """Who joined for a turn that is over, and was not served, waits."""
    row = pool.first_new
    pool.first_new = -1
    while row >= 0:
        asked = requests[row]
        run.now.new_waits -= 1
        if asked.state == WAITING:
            me = walkers.rows[asked.who]
            end_the_wait(route.operations[me.pc], run, clocks, records, pool, me, asked)
        row = asked.newer


@compiled
def last_start(slots: Slots, first: int) -> float:
    """The day on which the last of a chain of slots starts."""
    start, row = slots.rows[first].start, slots.rows[first].following
    while row >= 0:
        start = max(start, slots.rows[row].start)
        row = slots.rows[row].following
    return start


@inlined
def too_early(step: Operation, slots: Slots, records: Records, me: Walker, asked: Request) -> float:
    """The start of a slot for which its holder is not ready by then; infinite where they are."""
    if asked.slot < 0 or step.since < 0:
        return INFINITY
    start = max(me.day, last_start(slots, asked.slot))
    return start if records.notes[me.entity, step.since] > start else INFINITY


@inlined
def hold(
    supplies: Supplies, walkers: Walkers, pools: Pools, slots: Slots, pool: Pool, me: Walker, asked: Request
) -> None:
    """The walker holds what it was granted, until the end of the frame that opens here."""
    source = pools.rows[asked.source]
    walkers.shares[me.row, source.resource].unit = asked.unit
    if pool.kind == BOOKING:
        walkers.shares[me.row, pool.resource].booking = me.request
    if pool.kind == ANY_OF:
        for row in range(pool.first_choice, pool.first_choice + pool.choices):
            walkers.shares[me.row, pools.rows[supplies.choices[row].source].resource].start = NAN
        walkers.shares[me.row, source.resource].start = me.day
    if asked.slot >= 0:
        walkers.shares[me.row, source.resource].start = last_start(slots, asked.slot)
    me.holding += 1
    open_frame(walkers, me).request = me.request


@inlined
def ask(
    step: Operation,
    supplies: Supplies,
    hours: HourTables,
    people: People,
    run: Run,
    walkers: Walkers,
    requests: Table[Request],
    pools: Pools,
    slots: Slots,
    shelves: Shelves,
    draws: Draws,
    clocks: ClockRows,
    records: Records,
    me: Walker,
) -> int:
    """The whole of USE or DRAW: what the walker does next, or what it needs first."""
    now, pool = run.now, pool_of(supplies, pools, me, step.resource)
    if me.part == LOSING:
        lost = requests[me.request]
        source = pools.rows[lost.source]
        taken_back = withdrawal(slots, lost) <= now.today
        take_back(run, slots, source, lost)
        me.queues_by = lost.key_day if source.keeps_place or not taken_back else now.today
        if not taken_back:
            me.day = min(records.notes[me.entity, step.since], me.cut)
        me.part = FRESH
    if me.part == FRESH and must_stop(me):
        return GO_ON
    if me.part == FRESH and not pool.unlimited and me.day > now.today:
        return meet(run, me, COMPLETION, MET)
    if me.part == FRESH or me.part == MET:
        if now.requests >= len(requests):
            return MORE_REQUESTS
        if now.longest >= pools.queue.shape[1]:
            return MORE_QUEUE
        ahead = 0.0
        if step.purpose >= 0:
            ahead = value_of(run, draws, step.purpose, me)
            if ahead < 0.0:
                return MORE_DRAWS
        me.part = ASKED
        new = new_request(run, requests, me, pool, step.units)
        new.ahead, new.planned = ahead, pool.booked_for if math.isnan(step.planned) else step.planned
        if pool.kind == CAPACITY and pool.other >= 0:
            new.booking = walkers.shares[me.row, pools.rows[pool.other].resource].booking
        if pool.unlimited:
            new.state, new.began = GRANTED, me.day
            if new.booking >= 0:
                take_up(run, requests, pools, pool, new, me.day)
        else:
            begun = now.tasks
            if step.code == DRAW:
                pool.wanted += 1
            new.key_day = key_day_of(people, walkers, me, step)
            # at once where nobody else could come before
            day, at_once = NAN, pool.queued == 0 and has_units(pool, step.units) and nobody_else_today(run)
            if step.held:
                at_once = True
                if step.since >= 0:
                    day = records.notes[me.entity, step.since]
            elif at_once and pool.kind == BOOKING:
                day = needed_on(hours, run, pool, new)
                at_once = fits(supplies, run, requests, pools, pool, new, day)
            if at_once and pool.kind == ANY_OF:
                serving = best_source(supplies, run, pools, slots, pool, step.units)
                at_once = serving >= 0
                new.source = serving if at_once else pool.row
            if at_once:
                grant(run, requests, pools, slots, shelves, me.request, day)
            else:
                join_by_rank(supplies, people, run, pools, records, pool, me, new)
            if step.code == DRAW:
                review(run, pool, 0)
            if now.tasks > begun:
                return PARTED
    asked = requests[me.request]
    if me.part == ASKED and asked.state != GRANTED:
        if pool.due and step.code == USE and pool.kind != ANY_OF:
            wait_for_turn(run, requests, pool, me.request)
        else:
            end_the_wait(step, run, clocks, records, pool, me, asked)
        return pause(run, me, WAITED)
    if me.looks and not pool.unlimited:
        leave_on(me, records.leave_day[me.entity])
    if me.part == WAITED:
        if asked.state == GAVE_UP:
            me.part, me.pc, me.day = FRESH, step.otherwise, asked.ended
            return GO_ON
        if asked.state != GRANTED:
            me.part, me.why, me.day = FRESH, LEFT, asked.lapses
            return GO_ON
        me.day = now.today
    me.part = FRESH
    if step.code == DRAW:
        asked.ended = me.day
        me.pc = step.after
        return GO_ON
    withdrawn = INFINITY if asked.slot < 0 else withdrawal(slots, asked)
    late = too_early(step, slots, records, me, asked)
    if min(withdrawn, late) < me.cut:
        me.day = min(withdrawn, late)
        return meet(run, me, COMPLETION, LOSING)
    hold(supplies, walkers, pools, slots, pool, me, asked)
    if withdrawn < INFINITY:
        # the walker leaves before
        me.day, me.why = me.cut, LEFT
        return GO_ON
    me.pc += 1
    return GO_ON
