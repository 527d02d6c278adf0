"""Pools: who has units, takes turns, grants and gives back; and the inventory position that starts lots."""

from __future__ import annotations

import math

from sim.engine.kernel.heaps import add_task, drop_batch, push, put_slot, take_slot
from sim.engine.kernel.machine import compiled, inlined
from sim.engine.kernel.names import (
    BATCHES,
    BEGAN,
    BEGIN_LOTS,
    CADENCE,
    CAPACITY,
    CENTRE,
    CHAIN_SUPPLIED,
    CLOSES,
    DOSES,
    DOSES_PER_LOT,
    DUE,
    ENDED_DAY,
    EXPIRED_AT,
    EXPIRED_DOSES,
    EXPIRED_ON,
    EXPIRES,
    EXPIRIES,
    FREE_SLOTS,
    GRANTED,
    HANDED_BACK,
    HOLDER,
    IN_USE,
    INFINITY,
    INSTANT_DAYS,
    IS_FREE,
    LIMIT,
    LOT_CHAIN,
    LOT_STARTED,
    NEXT_SLOT,
    NOTICE,
    OF_ENTITY,
    ON_HAND,
    ORDER_AT,
    ORDER_UP_TO,
    PERISH,
    PERISHING,
    PLANNED,
    POOL,
    POOL_KIND,
    QUEUED,
    REORDERS,
    SLOT,
    START,
    STATE,
    STOCK,
    SUPPLIED,
    TASK_CHAIN,
    TASKS,
    TODAY,
    TURNS,
    WALK,
    WANTED,
    WANTED_UNITS,
    WHO,
    WITHDRAWN,
    WITHDRAWS,
)
from sim.engine.kernel.tables import Pools, Requests, Run, Shelves, Slots


@inlined
def call_turn(run: Run, pools: Pools, pool: int) -> None:
    """Let a pool take its turn at this instant, after everything else."""
    if pools.rows[pool, QUEUED] > 0 and not pools.rows[pool, DUE]:
        pools.rows[pool, DUE] = 1
        run.n[TURNS] += 1


@inlined
def has_units(pools: Pools, pool: int, units: int) -> bool:
    """Whether so many units, slots or doses are free."""
    row = pools.rows[pool]
    if row[POOL_KIND] == CAPACITY:
        return bool(row[IN_USE] + units <= pools.numbers[pool, LIMIT])
    if row[POOL_KIND] == CADENCE:
        return bool(row[FREE_SLOTS] >= units)
    return bool(row[ON_HAND] >= units)


@inlined
def call_turn_if_any(run: Run, pools: Pools, pool: int) -> None:
    """Let a pool take its turn, if it has anything to give, be it a part of a unit."""
    if pools.rows[pool, POOL_KIND] == CAPACITY:
        if pools.rows[pool, IN_USE] < pools.numbers[pool, LIMIT]:
            call_turn(run, pools, pool)
    elif has_units(pools, pool, 1):
        call_turn(run, pools, pool)


@inlined
def grant(run: Run, requests: Requests, pools: Pools, slots: Slots, shelves: Shelves, request: int) -> None:
    """Give a request what it asks for."""
    asked = requests.rows[request]
    pool = asked[POOL]
    asked[STATE] = GRANTED
    requests.days[request, BEGAN] = run.t[TODAY]
    if pools.rows[pool, POOL_KIND] == CAPACITY:
        pools.rows[pool, IN_USE] += asked[WANTED_UNITS]
    elif pools.rows[pool, POOL_KIND] == CADENCE:
        # several slots are a chain
        last = -1
        for _ in range(asked[WANTED_UNITS]):
            row = take_slot(pools, slots, pool)
            slots.rows[row, HOLDER], slots.rows[row, NEXT_SLOT] = asked[OF_ENTITY], -1
            if last < 0:
                asked[SLOT] = row
            else:
                slots.rows[last, NEXT_SLOT] = row
            last = row
    else:
        at = pools.rows[pool, CENTRE]
        shelves.batches[at, 0, DOSES] -= 1.0
        if shelves.batches[at, 0, DOSES] == 0.0:
            drop_batch(pools, shelves, pool)
        pools.rows[pool, ON_HAND] -= 1
        pools.rows[pool, WANTED] -= 1


@inlined
def give_back(run: Run, requests: Requests, pools: Pools, slots: Slots, request: int, has_left: bool) -> None:
    """The holder is through; slots that he leaves in time are offered again until the day is over."""
    pool, now = requests.rows[request, POOL], run.t[TODAY]
    if pools.rows[pool, POOL_KIND] == CAPACITY:
        pools.rows[pool, IN_USE] -= requests.rows[request, WANTED_UNITS]
        call_turn(run, pools, pool)
        return
    row = requests.rows[request, SLOT]
    while row >= 0:
        following = slots.rows[row, NEXT_SLOT]
        if has_left:
            hand_back(run, pools, slots, pool, row, now)
        row = following


@compiled
def hand_back(run: Run, pools: Pools, slots: Slots, pool: int, row: int, now: float) -> None:
    """A slot that its holder leaves in time is offered again until the day is over."""
    if now <= slots.days[row, START] - pools.numbers[pool, NOTICE]:
        slots.rows[row, HOLDER] = -1
        slots.rows[row, HANDED_BACK] += 1
        offer_slot(run, pools, slots, pool, row, now + 1.0)


@compiled
def withdrawal(requests: Requests, slots: Slots, request: int) -> float:
    """The day on which the first of a request's slots is withdrawn before it has started; infinite where none is."""
    day, row = INFINITY, requests.rows[request, SLOT]
    while row >= 0:
        its = slots.days[row]
        if its[WITHDRAWS] <= its[START] and its[WITHDRAWS] < day:
            day = its[WITHDRAWS]
        row = slots.rows[row, NEXT_SLOT]
    return float(day)


@compiled
def take_back(run: Run, requests: Requests, pools: Pools, slots: Slots, request: int) -> None:
    """The manufacturer takes back a slot of this request today; its others go back as if the holder had left."""
    pool, now, row = requests.rows[request, POOL], run.t[TODAY], requests.rows[request, SLOT]
    requests.days[request, ENDED_DAY] = now
    while row >= 0:
        following = slots.rows[row, NEXT_SLOT]
        if slots.days[row, WITHDRAWS] <= now:
            slots.rows[row, HOLDER] = -1
            slots.days[row, WITHDRAWN] = now
        else:
            hand_back(run, pools, slots, pool, row, now)
        row = following


@compiled
def offer_slot(run: Run, pools: Pools, slots: Slots, pool: int, row: int, closes: float) -> None:
    """Let a slot be claimed until it perishes."""
    slots.rows[row, IS_FREE] = 1
    slots.days[row, CLOSES] = closes
    put_slot(pools, slots, pool, row)
    push(run, closes, PERISH + row, PERISHING, row)
    call_turn(run, pools, pool)


@compiled
def stop_asking(run: Run, requests: Requests, pools: Pools, request: int, state: int, day: float) -> None:
    """A waiting request has come to nothing; where it was for a dose, that moves the inventory position."""
    asked = requests.rows[request]
    asked[STATE] = state
    requests.days[request, ENDED_DAY] = day
    if pools.rows[asked[POOL], POOL_KIND] == STOCK:
        pools.rows[asked[POOL], WANTED] -= 1
        review(run, pools, asked[POOL], 0)


@compiled
def leave_queue(run: Run, requests: Requests, pools: Pools, request: int, state: int, day: float) -> None:
    """A waiter asks no more and goes on; those behind him may need fewer units than he did."""
    add_task(run, WALK, requests.rows[request, WHO], 0)
    stop_asking(run, requests, pools, request, state, day)
    call_turn_if_any(run, pools, requests.rows[request, POOL])


@compiled
def review(run: Run, pools: Pools, pool: int, chain: int) -> None:
    """Begin the lots that a shelf's inventory position asks for, before anything else goes on.

    `chain`: how many lots have been begun and come to nothing, one after the other, while time did not move on.
    """
    n, row = run.n, pools.rows[pool]
    position = row[ON_HAND] + row[PLANNED] - row[WANTED]
    if n[REORDERS] and position <= n[ORDER_AT]:
        count = math.ceil(float(n[ORDER_UP_TO] - position) / float(n[DOSES_PER_LOT]))
        if count > 0:
            add_task(run, BEGIN_LOTS, pool, count)
            run.tasks[n[TASKS] - 1, TASK_CHAIN] = chain


@inlined
def chain_after(run: Run, shelves: Shelves, lot: int) -> int:
    """The `chain` of what follows from the end of a lot: none, where time has moved on since it began."""
    its = shelves.lots[lot]
    return int(its[LOT_CHAIN]) + 1 if run.t[TODAY] - its[LOT_STARTED] < INSTANT_DAYS else 0


@compiled
def expire(run: Run, pools: Pools, shelves: Shelves, pool: int) -> None:
    """Take off a shelf what is past its day."""
    n, now, at = run.n, run.t[TODAY], pools.rows[pool, CENTRE]
    while pools.rows[pool, BATCHES] > 0 and shelves.batches[at, 0, EXPIRES] <= now:
        doses = shelves.batches[at, 0, DOSES]
        drop_batch(pools, shelves, pool)
        if doses > 0.0:
            pools.rows[pool, ON_HAND] -= int(doses)
            expired = shelves.expiries[n[EXPIRIES]]
            expired[EXPIRED_ON], expired[EXPIRED_DOSES], expired[EXPIRED_AT] = now, doses, float(at)
            n[EXPIRIES] += 1
    chain = int(pools.numbers[pool, CHAIN_SUPPLIED]) if now - pools.numbers[pool, SUPPLIED] < INSTANT_DAYS else 0
    review(run, pools, pool, chain)
