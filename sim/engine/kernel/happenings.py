"""What falls due: arrivals, ends of waits, changes of capacity, offers, expiries, orders, the check for the stop.

Longer than 400 lines because every kind of happening, and every task, stands here.
"""

from __future__ import annotations

from sim.engine.kernel.bookings import come_again, fits, needed_on
from sim.engine.kernel.clocks import forecast, touch_clocks
from sim.engine.kernel.heaps import add_task, join, pop, push, quit_queue, served_first
from sim.engine.kernel.machine import compiled, inlined
from sim.engine.kernel.names import (
    ARRIVAL,
    BEGIN_LOTS,
    BOOKING,
    CHANGE,
    CHECK,
    CHECKING,
    CLOCK,
    COME_BACK,
    DELIVERY,
    EXPIRING,
    EXPIRY,
    GAVE_UP,
    GIVE_UP,
    INFINITY,
    INSTANT_DAYS,
    LAPSE,
    LAPSED,
    LEARNING,
    LOOKING,
    LOT,
    LOTS_WITHOUT_END,
    MORE_EXPIRIES,
    MORE_HEAP,
    MORE_LOTS,
    MORE_QUEUE,
    MORE_WALKERS,
    MOST_RETURNS,
    NAN,
    OFFER,
    ORDER_AGAIN,
    ORDERING,
    ORDERS_WITHOUT_END,
    PATIENT,
    PERISHING,
    RANK_JUMP,
    ROOM,
    THROUGH,
    TURNED_ROUND,
    UNIT_OUT,
    WAITING,
    WALK,
    WITHDRAWING,
)
from sim.engine.kernel.pools import (
    best_source,
    call_turn,
    call_turn_if_any,
    change_unit,
    expire,
    grant,
    has_units,
    leave_queue,
    offer_slot,
    set_free,
    stop_asking,
)
from sim.engine.kernel.rows import Now, Pool, Request, Slot
from sim.engine.kernel.tables import (
    ClockRows,
    Hazards,
    HourTables,
    People,
    Pools,
    Records,
    Run,
    Shelves,
    Slots,
    Supplies,
    Table,
    Walkers,
)
from sim.engine.kernel.walkers import begin_walker, free_row, no_row_left, order_of

# -- arrivals -------------------------------------------------------------------------------------------------------


@inlined
def arrival_is_next(run: Run) -> bool:
    """Whether the next arrival, which waits beside the heap, comes before all that is in it."""
    if run.now.heap == 0:
        return True
    day, first = run.now.next_arrival, run.heap[0]
    if day != first.day:
        return day < first.day
    return ARRIVAL + run.now.next_patient < run.happenings[first.row].priority


@inlined
def begin_path(people: People, run: Run, walkers: Walkers, records: Records, patient: int, pc: int, day: float) -> None:
    """A patient starts on a path today, or started on it on an earlier day."""
    centre, leaves = people.centre[patient], records.leave_day[patient]
    me = begin_walker(run, walkers, PATIENT, patient, centre, pc, day, leaves)
    add_task(run, WALK, me.row, 0, 0)


@inlined
def expect_arrival(people: People, run: Run) -> None:
    """Who arrives next, and when."""
    now = run.now
    now.next_arrival = INFINITY
    if now.arrived < now.arriving:
        now.next_patient = people.arrivals[now.arrived]
        now.next_arrival = max(people.begins[now.next_patient], 0.0)


@inlined
def arrive(people: People, run: Run, walkers: Walkers, records: Records) -> None:
    """A patient starts on his path."""
    now, patient = run.now, run.now.next_patient
    now.today = now.next_arrival
    now.arrived += 1
    expect_arrival(people, run)
    begin_path(people, run, walkers, records, patient, 0, people.begins[patient])


# -- what is in the heap --------------------------------------------------------------------------------------------


@compiled
def offer(supplies: Supplies, run: Run, slots: Slots, pool: Pool) -> None:
    """The slots of one offer day, and when there are more."""
    now, made = run.now, pool.offers
    days = supplies.offer_days[pool.resource]
    closes = days[min(made + pool.carry_over, pool.offer_days - 1)] + 1.0
    pool.offers = made + 1
    if made + 1 < pool.offer_days:
        push(run, days[made + 1], DELIVERY + pool.resource, OFFER, pool.row)
    first = pool.offered
    pool.offered = first + supplies.per_offer[pool.row, made]
    for number in range(first, pool.offered):
        row = now.slots
        now.slots = row + 1
        new = slots.rows[row]
        new.pool, new.holder, new.handed_back, new.free = pool.row, -1, 0, 0
        new.offered, new.start = now.today, now.today + pool.lead
        new.perished, new.withdrawn, new.withdraws = NAN, NAN, INFINITY
        if pool.withdrawals:
            new.withdraws = supplies.withdrawals[pool.row, number]
        if new.withdraws <= now.today:
            new.withdrawn = now.today
            continue
        offer_slot(run, slots, pool, row, closes)
        if new.withdraws < INFINITY:
            push(run, new.withdraws, EXPIRY + row, WITHDRAWING, row)


@inlined
def close_slot(pools: Pools, slot: Slot) -> None:
    """A free slot can no longer be claimed."""
    slot.free = 0
    pools.rows[slot.pool].free_slots -= 1


@inlined
def is_open(now: Now, records: Records, i: int) -> bool:
    """Whether a patient's first course goes on: until discharge or the end of the path, or as long as followed."""
    if records.leave_day[i] <= now.today or records.ended_day[i] <= now.today:
        return False
    limit = records.referral[i] + now.follow_up
    treated = records.notes[i, now.infusion] if now.infusion >= 0 else NAN
    if not treated <= min(limit, now.today) and now.alternative >= 0:
        treated = records.notes[i, now.alternative]
    if treated <= min(limit, now.today):
        return bool(treated + now.follow_up > now.today)
    return bool(limit > now.today)


@compiled
def check(people: People, run: Run, records: Records) -> None:
    """Go on for as long as the first course of a measured patient is open."""
    now = run.now
    kept = now.first_measured
    for k in range(kept, now.measured):
        i = people.measured[k]
        if is_open(now, records, i):
            people.measured[kept] = i
            kept += 1
    now.measured = kept
    if kept > now.first_measured:
        now.next_check += now.check_every
        push(run, now.next_check, CHECK, CHECKING, 0)
    else:
        now.running = 0


@inlined
def orders_without_end(run: Run, shelves: Shelves, pool: Pool) -> bool:
    """Whether a shelf has begun so many lots, one an order, while time has not moved on."""
    if pool.lots_begun < MOST_RETURNS:
        return False
    earlier = (pool.lots_begun - MOST_RETURNS) * run.now.shelves + pool.centre
    return run.heap[0].day - shelves.lots[run.now.first_lot + earlier].started < INSTANT_DAYS


@inlined
def needed_for(run: Run, walkers: Walkers, pools: Pools, shelves: Shelves, what: int, subject: int) -> int:
    """What a happening needs before it may happen."""
    now = run.now
    if what == OFFER and now.due + 2 * pools.rows[subject].most_offered + ROOM > len(run.happenings):
        return MORE_HEAP
    if what == COME_BACK and no_row_left(run, walkers):
        return MORE_WALKERS
    if what == EXPIRING and now.expiries + pools.rows[subject].batches > len(shelves.expiries):
        return MORE_EXPIRIES
    if what == RANK_JUMP and now.longest >= pools.queue.shape[1]:
        return MORE_QUEUE
    if what == ORDERING and orders_without_end(run, shelves, pools.rows[subject]):
        return ORDERS_WITHOUT_END
    return THROUGH


@inlined
def happen(
    supplies: Supplies,
    hazards: Hazards,
    people: People,
    run: Run,
    walkers: Walkers,
    requests: Table[Request],
    pools: Pools,
    slots: Slots,
    shelves: Shelves,
    clocks: ClockRows,
    records: Records,
) -> int:
    """Let the next thing happen; or say what it needs first."""
    now = run.now
    if arrival_is_next(run):
        if no_row_left(run, walkers):
            return MORE_WALKERS
        arrive(people, run, walkers, records)
        return THROUGH
    first = run.happenings[run.heap[0].row]
    what, subject = first.what, first.subject
    if what != WALK:
        need = needed_for(run, walkers, pools, shelves, what, subject)
        if need != THROUGH:
            return need
    now.today = run.heap[0].day
    pop(run)
    if what == WALK:
        add_task(run, WALK, subject, 0, 0)
    elif what == COME_BACK:
        touch_clocks(hazards, people, clocks, records, now.first_set, subject)
        forecast(hazards, clocks, records, subject)
        begin_path(people, run, walkers, records, subject, now.later_path, now.today)
    elif what == LAPSE or what == GIVE_UP or what == RANK_JUMP:  # noqa: SIM109 - `in` a tuple is slow here
        asked = requests[subject]
        if asked.state == WAITING:
            pool = pools.rows[asked.pool]
            if what == LAPSE and walkers.rows[asked.who].looks and records.leave_day[asked.entity] > asked.lapses:
                asked.lapses = records.leave_day[asked.entity]
                if asked.lapses < INFINITY:
                    push(run, asked.lapses, CLOCK + order_of(walkers.rows[asked.who]), LAPSE, subject)
            elif what == LAPSE:
                leave_queue(run, pool, asked, LAPSED, asked.lapses)
            elif what == GIVE_UP:
                leave_queue(run, pool, asked, GAVE_UP, now.today)
            else:
                join(run, pools, pool, asked.rank, asked.key_day, asked.entity, subject, asked)
                call_turn_if_any(run, pool)
    elif what == CHANGE:
        change = supplies.changes[subject]
        pools.rows[change.pool].limit = change.limit
        call_turn(run, pools.rows[change.pool])
        if pools.rows[change.pool].other >= 0:
            call_turn(run, pools.rows[pools.rows[change.pool].other])
    elif what == UNIT_OUT:
        out = supplies.units_out[subject]
        change_unit(pools, pools.rows[out.pool], out)
    elif what == LOOKING:
        call_turn(run, pools.rows[subject])
    elif what == TURNED_ROUND:
        set_free(run, requests, pools, pools.rows[requests[subject].source], subject)
    elif what == LEARNING:
        lesson = supplies.lessons[subject]
        bookings = pools.rows[lesson.pool]
        bookings.known, bookings.known_count = lesson.first, lesson.count
        call_turn(run, bookings)
    elif what == OFFER:
        offer(supplies, run, slots, pools.rows[subject])
    elif what == PERISHING:
        slot = slots.rows[subject]
        if slot.free and slot.closes <= now.today:
            close_slot(pools, slot)
            slot.perished = now.today
    elif what == WITHDRAWING:
        slot = slots.rows[subject]
        if slot.free:
            close_slot(pools, slot)
            slot.withdrawn = now.today
    elif what == EXPIRING:
        expire(run, shelves, pools.rows[subject])
    elif what == ORDERING:
        add_task(run, ORDER_AGAIN, subject, 0, 0)
        add_task(run, BEGIN_LOTS, subject, 1, 0)
    else:
        check(people, run, records)
    return THROUGH


# -- tasks under way ------------------------------------------------------------------------------------------------


@inlined
def serve(
    supplies: Supplies,
    hours: HourTables,
    run: Run,
    walkers: Walkers,
    requests: Table[Request],
    pools: Pools,
    slots: Slots,
    shelves: Shelves,
    pool: Pool,
) -> None:
    """A pool's turn, one step of it: the next who can be served is; where nobody can, the turn is over."""
    now, begun = run.now, run.now.tasks
    while pool.queued > 0:
        first = pools.queue[pool.row, 0]
        asked = requests[first.request]
        if asked.state != WAITING or first.ticket != asked.entry:
            quit_queue(pools, pool)
            continue
        if asked.lapses <= now.today:
            stop_asking(run, pool, asked, LAPSED, asked.lapses)
            free_row(run, walkers.rows[asked.who])
            if now.tasks > begun:
                return
            continue
        day = NAN
        if pool.kind == BOOKING:
            day = needed_on(hours, run, pool, asked)
            if not fits(supplies, run, requests, pools, pool, asked, day):
                come_again(supplies, hours, run, requests, pools, pool, asked)
                break
        elif not has_units(pool, asked.units):
            break
        row = first.request
        quit_queue(pools, pool)
        grant(run, requests, pools, slots, shelves, row, day)
        add_task(run, WALK, asked.who, 0, 0)
        return
    now.tasks -= 1
    now.busy -= 1


@inlined
def serve_lists(
    supplies: Supplies,
    run: Run,
    walkers: Walkers,
    requests: Table[Request],
    pools: Pools,
    slots: Slots,
    shelves: Shelves,
) -> None:
    """A turn of what serves lists, one step of it: the first of all lists who can be served is."""
    now, best, its = run.now, -1, -1
    for row in range(now.first_list, now.first_list + now.lists):
        pool = pools.rows[row]
        while pool.queued > 0:
            first = pools.queue[row, 0]
            asked = requests[first.request]
            if asked.state == WAITING and first.ticket == asked.entry:
                if asked.lapses > now.today:
                    break
                stop_asking(run, pool, asked, LAPSED, asked.lapses)
                free_row(run, walkers.rows[asked.who])
            quit_queue(pools, pool)
        if pool.queued == 0:
            continue
        first = pools.queue[row, 0]
        if best < 0 or served_first(first, pools.queue[best, 0]):
            source = best_source(supplies, run, pools, slots, pool, requests[first.request].units)
            if source >= 0:
                best, its = row, source
    if best < 0:
        now.tasks -= 1
        now.busy -= 1
        return
    chosen = pools.queue[best, 0].request
    quit_queue(pools, pools.rows[best])
    requests[chosen].source = its
    grant(run, requests, pools, slots, shelves, chosen, NAN)
    add_task(run, WALK, requests[chosen].who, 0, 0)


@compiled
def begin_lots(run: Run, walkers: Walkers, pools: Pools, shelves: Shelves) -> int:
    """One lot after the other; each runs ahead before the next begins. What is needed first, if anything."""
    now, task = run.now, run.tasks[run.now.tasks - 1]
    pool = pools.rows[task.of]
    if task.begun:
        task.begun = 0
        now.busy -= 1
    if task.count == 0:
        now.tasks -= 1
        return THROUGH
    number = pool.lots_begun * now.shelves + pool.centre
    if task.chain >= MOST_RETURNS:
        now.need_entity = number
        return LOTS_WITHOUT_END
    row = now.first_lot + number
    if row >= len(shelves.lots):
        return MORE_LOTS
    if no_row_left(run, walkers):
        return MORE_WALKERS
    pool.lots_begun += 1
    pool.planned += now.doses_per_lot
    now.lots = max(now.lots, row + 1)
    lot = shelves.lots[row]
    lot.started, lot.ready, lot.failed, lot.chain, lot.uses = now.today, NAN, NAN, task.chain, 0
    now.busy += 1
    task.begun = 1
    task.count -= 1
    me = begin_walker(run, walkers, LOT, number, pool.centre, now.lot_path, now.today, INFINITY)
    add_task(run, WALK, me.row, 0, 0)
    return THROUGH


@inlined
def order_again(run: Run, pool: Pool) -> None:
    """The lot has begun: when the next one is ordered."""
    now = run.now
    now.tasks -= 1
    push(run, now.today + now.order_every, DELIVERY + pool.resource, ORDERING, pool.row)
