"""The operations USE and DRAW: to ask for units, wait for them, and have them or not."""

from __future__ import annotations

import math

from sim.engine.kernel.heaps import join, push
from sim.engine.kernel.machine import inlined
from sim.engine.kernel.names import (
    AFTER,
    ASKED,
    ASKED_DAY,
    AT_PROGRESSION,
    BEGAN,
    BUSY,
    CLOCK,
    CODE,
    COMPLETION,
    CUT,
    DAY,
    DRAW,
    ENDED_DAY,
    ENTITY,
    FIRST_COME,
    FRAME_REQUEST,
    FRESH,
    GAVE_UP,
    GIVE_UP,
    GO_ON,
    GRANTED,
    HOLDING,
    INFINITY,
    JOINING,
    KEEPS_PLACE,
    KEY_DAY,
    KEYS,
    KIND,
    LAPSE,
    LAPSES,
    LEAVES,
    LEFT,
    LISTED,
    LISTING,
    LONGEST,
    LOSING,
    LOT,
    LOT_RANK,
    MET,
    MODE,
    MORE_QUEUE,
    MORE_REQUESTS,
    NAN,
    NEXT_ARRIVAL,
    NEXT_SLOT,
    NO_PATIENCE,
    OF_ENTITY,
    OF_KIND,
    OTHERWISE,
    PARENT,
    PART,
    PARTED,
    PATIENCE,
    PATIENT,
    PATIENT_SINCE,
    PC,
    PER_DAY,
    POLICY,
    POOL,
    QUEUED,
    QUEUES_BY,
    RANK,
    RANK_JUMP,
    REQUEST,
    REQUESTS,
    RESOURCE,
    SHELVES,
    SLOT,
    STAGE_BOUND,
    START,
    STATE,
    TASKS,
    TODAY,
    TURNS,
    UNITS,
    UNLIMITED,
    USE,
    WAITED,
    WAITING,
    WANTED,
    WANTED_UNITS,
    WHO,
    WHY,
)
from sim.engine.kernel.pools import call_turn_if_any, grant, has_units, review, take_back, withdrawal
from sim.engine.kernel.tables import (
    People,
    Pools,
    Records,
    Requests,
    Route,
    Run,
    Shelves,
    Slots,
    Supplies,
    Walkers,
)
from sim.engine.kernel.walkers import meet, must_stop, open_frame, order_of, pause


@inlined
def ask(
    route: Route,
    supplies: Supplies,
    people: People,
    run: Run,
    walkers: Walkers,
    requests: Requests,
    pools: Pools,
    slots: Slots,
    shelves: Shelves,
    records: Records,
    w: int,
) -> int:
    """The whole of USE or DRAW: what the walker does next, or what it needs first."""
    me, days = walkers.rows[w], walkers.days[w]
    step = route.operations[me[PC]]
    if me[PART] == LOSING:
        lost = me[REQUEST]
        take_back(run, requests, pools, slots, lost)
        keeps_place = pools.rows[requests.rows[lost, POOL], KEEPS_PLACE]
        days[QUEUES_BY] = requests.days[lost, KEY_DAY] if keeps_place else run.t[TODAY]
        me[PART] = FRESH
    if me[PART] == FRESH and step[CODE] == USE and must_stop(walkers, w):
        return GO_ON
    pool = pool_of(supplies, people, run, walkers, w, step[RESOURCE])
    if me[PART] == FRESH and not pools.rows[pool, UNLIMITED] and days[DAY] > run.t[TODAY]:
        return meet(run, walkers, w, COMPLETION, MET)
    if me[PART] == FRESH or me[PART] == MET:
        if run.n[REQUESTS] >= requests.rows.shape[0]:
            return MORE_REQUESTS
        if run.n[LONGEST] >= pools.queue.shape[1]:
            return MORE_QUEUE
        me[PART] = ASKED
        request = new_request(run, walkers, requests, w, pool, step[UNITS])
        if pools.rows[pool, UNLIMITED]:
            requests.rows[request, STATE], requests.days[request, BEGAN] = GRANTED, days[DAY]
        else:
            begun = run.n[TASKS]
            if step[CODE] == DRAW:
                pools.rows[pool, WANTED] += 1
            take_or_join(route, supplies, people, run, walkers, requests, pools, slots, shelves, records, w, pool)
            if step[CODE] == DRAW:
                review(run, pools, pool, 0)
            if run.n[TASKS] > begun:
                return PARTED
    request = me[REQUEST]
    if me[PART] == ASKED and requests.rows[request, STATE] != GRANTED:
        end_the_wait(route, run, walkers, requests, records, w)
        return pause(run, walkers, w, WAITED)
    if me[PART] == WAITED:
        if requests.rows[request, STATE] == GAVE_UP:
            me[PART], me[PC], days[DAY] = FRESH, step[OTHERWISE], requests.days[request, ENDED_DAY]
            return GO_ON
        if requests.rows[request, STATE] != GRANTED:
            me[PART], me[WHY], days[DAY] = FRESH, LEFT, requests.days[request, LAPSES]
            return GO_ON
        days[DAY] = run.t[TODAY]
    me[PART] = FRESH
    if step[CODE] == DRAW:
        requests.days[request, ENDED_DAY] = days[DAY]
        me[PC] = step[AFTER]
        return GO_ON
    withdrawn = INFINITY if requests.rows[request, SLOT] < 0 else withdrawal(requests, slots, request)
    if withdrawn < days[CUT]:
        days[DAY] = withdrawn
        return meet(run, walkers, w, COMPLETION, LOSING)
    hold(walkers, requests, slots, w, request, step[RESOURCE])
    if withdrawn < INFINITY:
        # the walker leaves before
        days[DAY], me[WHY] = days[CUT], LEFT
        return GO_ON
    me[PC] += 1
    return GO_ON


@inlined
def pool_of(supplies: Supplies, people: People, run: Run, walkers: Walkers, w: int, resource: int) -> int:
    """The pool of a resource that serves the walker's centre: the patient's, or that of the lot's shelf."""
    entity = walkers.rows[w, ENTITY]
    centre = people.centre[entity] if walkers.rows[w, KIND] == PATIENT else entity % run.n[SHELVES]
    return int(supplies.first_pool[resource] + min(centre, supplies.pool_count[resource] - 1))


@inlined
def new_request(run: Run, walkers: Walkers, requests: Requests, w: int, pool: int, units: int) -> int:
    """A request of the walker for so many units, not granted yet."""
    request = run.n[REQUESTS]
    run.n[REQUESTS] = request + 1
    walkers.rows[w, REQUEST] = request
    row, days = requests.rows[request], requests.days[request]
    row[WHO], row[POOL], row[WANTED_UNITS], row[STATE], row[SLOT] = w, pool, units, WAITING, -1
    row[OF_KIND], row[OF_ENTITY] = walkers.rows[w, KIND], walkers.rows[w, ENTITY]
    days[ASKED_DAY], days[ENDED_DAY], days[BEGAN] = walkers.days[w, DAY], NAN, NAN
    days[LAPSES] = walkers.days[w, CUT]
    return int(request)


@inlined
def take_or_join(
    route: Route,
    supplies: Supplies,
    people: People,
    run: Run,
    walkers: Walkers,
    requests: Requests,
    pools: Pools,
    slots: Slots,
    shelves: Shelves,
    records: Records,
    w: int,
    pool: int,
) -> None:
    """Grant the walker's request at once where nobody else could come before it, or put it into the queue."""
    n, me, day = run.n, walkers.rows[w], walkers.days[w, DAY]
    step, request, entity = route.operations[me[PC]], me[REQUEST], me[ENTITY]
    key_day = key_day_of(walkers, records, w, step[RESOURCE], step[MODE])
    requests.days[request, KEY_DAY] = key_day
    alone = n[BUSY] == 0 and n[TURNS] == 0 and run.due[0] > run.t[TODAY] and run.t[NEXT_ARRIVAL] > run.t[TODAY]
    if pools.rows[pool, QUEUED] == 0 and alone and has_units(pools, pool, step[UNITS]):
        grant(run, requests, pools, slots, shelves, request)
        return
    rank, policy = 0.0, pools.rows[pool, POLICY]
    if me[KIND] == LOT:
        rank = pools.numbers[pool, LOT_RANK]
    elif policy != FIRST_COME:
        rank = supplies.policies[policy, PER_DAY] * key_day + people.ranks[policy, entity]
        jump = supplies.policies[policy, AT_PROGRESSION]
        if jump != 0.0:
            progression = records.progression_day[entity]
            if progression <= day:
                rank = rank + jump
            elif progression < walkers.days[w, CUT]:
                requests.days[request, RANK] = rank + jump
                push(run, progression, CLOCK + entity, RANK_JUMP, request)
    join(run, requests, pools, pool, rank, key_day, order_of(walkers, w), request)
    call_turn_if_any(run, pools, pool)


@inlined
def key_day_of(walkers: Walkers, records: Records, w: int, resource: int, rejoin: int) -> float:
    """The day by which the walker queues: that of asking, of the referral, or of when it first asked here."""
    me, day, stated = walkers.rows[w], walkers.days[w, DAY], walkers.days[w, QUEUES_BY]
    if not math.isnan(stated):
        walkers.days[w, QUEUES_BY] = NAN
        return float(stated)
    key_day = day
    # who is on the initial list has waited since his referral
    if day == 0.0 and me[KIND] == PATIENT and records.referral[me[ENTITY]] < 0.0:
        key_day = records.referral[me[ENTITY]]
    if rejoin:
        if me[KEYS] < 0:
            me[KEYS] = w
            for other in range(walkers.key_days.shape[1]):
                walkers.key_days[w, other] = NAN
        keys = walkers.key_days[me[KEYS]]
        if math.isnan(keys[resource]):
            keys[resource] = key_day
        key_day = keys[resource]
    return float(key_day)


@inlined
def end_the_wait(route: Route, run: Run, walkers: Walkers, requests: Requests, records: Records, w: int) -> None:
    """Post the days on which the wait may end by itself.

    A waiter that holds something, that a parent waits for, that a stock counts on or that needs several units leaves
    on his day; the rest lapse when they are passed over.
    """
    me, days = walkers.rows[w], walkers.days[w]
    step, request, day = route.operations[me[PC]], me[REQUEST], days[DAY]
    order, wait = order_of(walkers, w), requests.days[request]
    if step[CODE] == DRAW or me[HOLDING] > 0 or me[PARENT] >= 0 or step[UNITS] > 1:
        if me[STAGE_BOUND]:
            wait[LAPSES] = days[LEAVES]
        if wait[LAPSES] < INFINITY:
            push(run, max(wait[LAPSES], day), CLOCK + order, LAPSE, request)
    if step[PATIENT_SINCE] != NO_PATIENCE:
        since = day
        if step[PATIENT_SINCE] != JOINING:
            since = records.referral[me[ENTITY]]
            if step[PATIENT_SINCE] == LISTING and run.n[LISTED] >= 0:
                listed = records.notes[me[ENTITY], run.n[LISTED]]
                if not math.isnan(listed):
                    since = listed
        due = max(since + route.numbers[me[PC]], day)
        if due < wait[LAPSES]:
            push(run, due, PATIENCE + order, GIVE_UP, request)


@inlined
def hold(walkers: Walkers, requests: Requests, slots: Slots, w: int, request: int, resource: int) -> None:
    """The walker holds what it was granted, until the end of the frame that opens here."""
    row = requests.rows[request, SLOT]
    if row >= 0:
        start = slots.days[row, START]
        while row >= 0:
            start = max(start, slots.days[row, START])
            row = slots.rows[row, NEXT_SLOT]
        walkers.starts[w, resource] = start
    walkers.rows[w, HOLDING] += 1
    walkers.frames[w, open_frame(walkers, w), FRAME_REQUEST] = request
