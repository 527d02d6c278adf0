"""Pools: who has units, takes turns, grants and gives back; and the inventory position that starts lots."""

from __future__ import annotations

import math

from sim.engine.kernel.heaps import add_task, drop_batch, first_slot, push, put_slot, take_slot
from sim.engine.kernel.machine import compiled, inlined
from sim.engine.kernel.names import (
    ANY_OF,
    BEGIN_LOTS,
    BOOKING,
    CADENCE,
    CAPACITY,
    DELIVERY,
    GRANTED,
    INFINITY,
    INSTANT_DAYS,
    NAN,
    PERISH,
    PERISHING,
    STOCK,
    TURNED_ROUND,
    WALK,
)
from sim.engine.kernel.rows import Lot, Pool, Request, UnitChange
from sim.engine.kernel.tables import Pools, Run, Shelves, Slots, Supplies, Table


@inlined
def call_turn(run: Run, pool: Pool) -> None:
    """Let a pool take its turn at this instant, after everything else."""
    if (pool.queued > 0 or pool.feeds) and not pool.due:
        pool.due = 1
        run.now.turns += 1


@inlined
def has_units(pool: Pool, units: int) -> bool:
    """Whether so many units, slots or doses are free; bookings, and what serves a list, may be: who asks decides."""
    if pool.kind == CAPACITY:
        return pool.in_use + units <= pool.limit
    if pool.kind == BOOKING or pool.kind == ANY_OF:
        return True
    if pool.kind == CADENCE:
        return pool.free_slots >= units
    return pool.on_hand >= units


@inlined
def call_turn_if_any(run: Run, pool: Pool) -> None:
    """Let a pool take its turn, if it has anything to give, be it a part of a unit."""
    if pool.in_use < pool.limit if pool.kind == CAPACITY else has_units(pool, 1):
        call_turn(run, pool)


@compiled
def grant_slots(slots: Slots, pool: Pool, asked: Request) -> None:
    """Give a request its slots; several are a chain."""
    last = -1
    for _ in range(asked.units):
        row = take_slot(slots, pool)
        slots.rows[row].holder, slots.rows[row].following = asked.entity, -1
        if last < 0:
            asked.slot = row
        else:
            slots.rows[last].following = row
        last = row


@compiled
def grant_dose(shelves: Shelves, pool: Pool) -> None:
    """Take the dose that is used first off a shelf."""
    first = shelves.batches[pool.centre, 0]
    first.doses -= 1.0
    if first.doses == 0.0:
        drop_batch(shelves, pool)
    pool.on_hand -= 1
    pool.wanted -= 1


# -- bookings, and the chains of those who hold something that may be booked ----------------------------------------


@compiled
def chain(requests: Table[Request], pool: Pool, row: int) -> None:
    """Put a request into its pool's chain."""
    requests[row].following, requests[row].before = pool.chain, -1
    if pool.chain >= 0:
        requests[pool.chain].before = row
    pool.chain = row
    pool.chained += requests[row].units


@compiled
def unchain(requests: Table[Request], pool: Pool, row: int) -> None:
    """Take a request out of its pool's chain."""
    gone = requests[row]
    pool.chained -= gone.units
    if gone.before < 0:
        pool.chain = gone.following
    else:
        requests[gone.before].following = gone.following
    if gone.following >= 0:
        requests[gone.following].before = gone.before


@compiled
def take_up(run: Run, requests: Table[Request], pools: Pools, pool: Pool, asked: Request, day: float) -> None:
    """Whoever is granted a unit takes up their booking, if they have one, and is expected to stay as planned."""
    if asked.booking < 0:
        return
    booking, bookings = requests[asked.booking], pools.rows[pool.other]
    if math.isnan(booking.ended):
        booking.ended, booking.day = day, day + booking.planned
        if not pool.unlimited:
            unchain(requests, bookings, asked.booking)
            call_turn(run, bookings)
    asked.day = booking.day


@compiled
def give_up(run: Run, requests: Table[Request], pool: Pool, row: int) -> None:
    """A booking is not taken up."""
    if not pool.unlimited:
        unchain(requests, pool, row)
        requests[row].day = NAN
        call_turn(run, pool)


@compiled
def take_unit(pools: Pools, pool: Pool, asked: Request, row: int) -> None:
    """Who holds one of the units with numbers has the first that is neither held nor out; or none, if none is."""
    for number in range(pool.numbers):
        unit = pools.units[pool.first_unit + number]
        if unit.holder < 0 and not unit.out:
            unit.holder, asked.unit = row, number + 1
            return


@compiled
def leave_unit(pools: Pools, pool: Pool, asked: Request) -> bool:
    """Nobody is on the unit of a request any more; whether it was out, and so did not count as in use."""
    unit = pools.units[pool.first_unit + asked.unit - 1]
    unit.holder = -1
    return unit.out != 0


@compiled
def change_unit(pools: Pools, pool: Pool, change: UnitChange) -> None:
    """A unit is out from now on, or there again, with what is held on it."""
    unit = pools.units[change.unit]
    unit.out = change.out
    if unit.holder >= 0:
        pool.in_use += -1 if change.out else 1


@inlined
def grant(
    run: Run,
    requests: Table[Request],
    pools: Pools,
    slots: Slots,
    shelves: Shelves,
    row: int,
    needed_on: float,
) -> None:
    """Give a request what it asks for, from its source; `needed_on`: the day for which it is, of a booking."""
    asked = requests[row]
    source = pools.rows[asked.source]
    asked.state, asked.began = GRANTED, run.now.today
    if source.kind == CAPACITY:
        source.in_use += asked.units
        if source.numbers > 0:
            take_unit(pools, source, asked, row)
        if source.other >= 0:
            take_up(run, requests, pools, source, asked, run.now.today)
            chain(requests, source, row)
    elif source.kind == BOOKING:
        asked.day = needed_on
        chain(requests, source, row)
    elif source.kind == CADENCE:
        grant_slots(slots, source, asked)
    else:
        grant_dose(shelves, source)


@compiled
def best_source(supplies: Supplies, run: Run, pools: Pools, slots: Slots, pool: Pool, units: int) -> int:
    """The pool that promises whoever is first on a list the earliest infusion; -1 where none has so many units."""
    best, earliest = -1, INFINITY
    for row in range(pool.first_choice, pool.first_choice + pool.choices):
        choice = supplies.choices[row]
        source = pools.rows[choice.source]
        if not has_units(source, units):
            continue
        day = run.now.today
        if source.kind == CADENCE:
            day = max(day, slots.rows[first_slot(slots, source)].start)
        if day + choice.rest < earliest or best < 0:
            best, earliest = choice.source, day + choice.rest
    return best


@compiled
def offer_slot(run: Run, slots: Slots, pool: Pool, row: int, closes: float) -> None:
    """Let a slot be claimed until it perishes."""
    slots.rows[row].free, slots.rows[row].closes = 1, closes
    put_slot(slots, pool, row)
    push(run, closes, PERISH + row, PERISHING, row)
    call_turn(run, pool)


@compiled
def hand_back(run: Run, slots: Slots, pool: Pool, row: int) -> None:
    """A slot that its holder leaves in time is offered again until the day is over."""
    slot, today = slots.rows[row], run.now.today
    if today <= slot.start - pool.notice:
        slot.holder = -1
        slot.handed_back += 1
        offer_slot(run, slots, pool, row, today + 1.0)


@compiled
def hand_all_back(run: Run, slots: Slots, pool: Pool, asked: Request) -> None:
    """The slots of a request whose holder has left."""
    row = asked.slot
    while row >= 0:
        following = slots.rows[row].following
        hand_back(run, slots, pool, row)
        row = following


@compiled
def set_free(run: Run, requests: Table[Request], pools: Pools, pool: Pool, row: int) -> None:
    """The units of a request are free again; one that is out was not counted."""
    if requests[row].unit == 0 or not leave_unit(pools, pool, requests[row]):
        pool.in_use -= requests[row].units
    call_turn(run, pool)
    if pool.other >= 0 and not pool.unlimited:
        unchain(requests, pool, row)
        call_turn(run, pools.rows[pool.other])


@compiled
def turn_round(run: Run, requests: Table[Request], pools: Pools, pool: Pool, row: int) -> None:
    """The units of a request are given back, and made ready for the next."""
    requests[row].day = run.now.today + pool.turn_round
    push(run, requests[row].day, DELIVERY + pool.resource, TURNED_ROUND, row)
    if pool.other >= 0:
        call_turn(run, pools.rows[pool.other])


@inlined
def give_back(
    run: Run, requests: Table[Request], pools: Pools, slots: Slots, pool: Pool, row: int, has_left: bool
) -> None:
    """The holder is through; slots that he leaves in time are offered again until the day is over."""
    if pool.kind == CAPACITY:
        if pool.turn_round == 0.0 or pool.unlimited:
            set_free(run, requests, pools, pool, row)
        else:
            turn_round(run, requests, pools, pool, row)
    elif pool.kind == BOOKING:
        give_up(run, requests, pool, row)
    elif has_left:
        hand_all_back(run, slots, pool, requests[row])


@compiled
def withdrawal(slots: Slots, asked: Request) -> float:
    """The day on which the first of a request's slots is withdrawn before it has started; infinite where none is."""
    day, row = INFINITY, asked.slot
    while row >= 0:
        slot = slots.rows[row]
        if slot.withdraws <= slot.start and slot.withdraws < day:
            day = slot.withdraws
        row = slot.following
    return day


@compiled
def take_back(run: Run, slots: Slots, pool: Pool, lost: Request) -> None:
    """The manufacturer takes back a slot of this request today; its others go back as if the holder had left."""
    today, row = run.now.today, lost.slot
    lost.ended = today
    while row >= 0:
        slot = slots.rows[row]
        following = slot.following
        if slot.withdraws <= today:
            slot.holder, slot.withdrawn = -1, today
        else:
            hand_back(run, slots, pool, row)
        row = following


@compiled
def review(run: Run, pool: Pool, chain: int) -> None:
    """Begin the lots that a shelf's inventory position asks for, before anything else goes on.

    `chain`: how many lots have been begun and come to nothing, one after the other, while time did not move on.
    """
    now = run.now
    position = pool.on_hand + pool.planned - pool.wanted
    if now.reorders and position <= now.order_at:
        count = math.ceil(float(now.order_up_to - position) / float(now.doses_per_lot))
        if count > 0:
            add_task(run, BEGIN_LOTS, pool.row, count, chain)


@inlined
def stop_asking(run: Run, pool: Pool, asked: Request, state: int, day: float) -> None:
    """A waiting request has come to nothing; where it was for a dose, that moves the inventory position."""
    asked.state, asked.ended = state, day
    if pool.kind == STOCK:
        pool.wanted -= 1
        review(run, pool, 0)


@compiled
def leave_queue(run: Run, pool: Pool, asked: Request, state: int, day: float) -> None:
    """A waiter asks no more and goes on; those behind him may need fewer units than he did."""
    add_task(run, WALK, asked.who, 0, 0)
    stop_asking(run, pool, asked, state, day)
    call_turn_if_any(run, pool)


@inlined
def chain_after(run: Run, lot: Lot) -> int:
    """The `chain` of what follows from the end of a lot: none, where time has moved on since it began."""
    return lot.chain + 1 if run.now.today - lot.started < INSTANT_DAYS else 0


@compiled
def expire(run: Run, shelves: Shelves, pool: Pool) -> None:
    """Take off a shelf what is past its day."""
    now = run.now
    while pool.batches > 0 and shelves.batches[pool.centre, 0].expires <= now.today:
        doses = shelves.batches[pool.centre, 0].doses
        drop_batch(shelves, pool)
        if doses > 0.0:
            pool.on_hand -= int(doses)
            expired = shelves.expiries[now.expiries]
            expired.day, expired.doses, expired.shelf = now.today, doses, pool.centre
            now.expiries += 1
    review(run, pool, pool.chain_supplied if now.today - pool.supplied < INSTANT_DAYS else 0)
