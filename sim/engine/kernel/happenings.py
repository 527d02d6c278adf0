"""What falls due: arrivals, ends of waits, changes of capacity, offers, expiries, orders, the check for the stop."""

from __future__ import annotations

from sim.engine.kernel.clocks import forecast, touch_clocks
from sim.engine.kernel.heaps import add_task, join, pop, push, quit_queue
from sim.engine.kernel.machine import inlined
from sim.engine.kernel.names import (
    ARRIVAL,
    ARRIVED,
    ARRIVING,
    BATCHES,
    BEGIN_LOTS,
    BUSY,
    CARRY_OVER,
    CENTRE,
    CHANGE,
    CHECK,
    CHECK_EVERY,
    CHECKING,
    CLOSES,
    COME_BACK,
    DELIVERY,
    DOSES_PER_LOT,
    ENTRY,
    ENTRY_REQUEST,
    ENTRY_TICKET,
    EXPIRIES,
    EXPIRING,
    EXPIRY,
    FIRST_SET,
    FOLLOW_UP,
    FREE_SLOTS,
    GAVE_UP,
    GIVE_UP,
    HANDED_BACK,
    HEAP,
    HOLDER,
    INFINITY,
    INFUSION,
    INSTANT_DAYS,
    IS_FREE,
    KEY_DAY,
    LAPSE,
    LAPSED,
    LAPSES,
    LATER_PATH,
    LEAD,
    LIMIT,
    LONGEST,
    LOT,
    LOT_CHAIN,
    LOT_FAILED,
    LOT_PATH,
    LOT_READY,
    LOT_STARTED,
    LOTS,
    LOTS_BEGUN,
    LOTS_WITHOUT_END,
    MEASURED,
    MORE_EXPIRIES,
    MORE_HEAP,
    MORE_LOTS,
    MORE_QUEUE,
    MORE_WALKERS,
    MOST_RETURNS,
    NAN,
    NEED_ENTITY,
    NEXT_ARRIVAL,
    NEXT_CHECK,
    NEXT_PATIENT,
    OF_ENTITY,
    OF_RESOURCE,
    OFFER,
    OFFER_DAYS,
    OFFERED,
    OFFERS,
    ORDER_AGAIN,
    ORDER_EVERY,
    ORDERING,
    ORDERS_WITHOUT_END,
    PATIENT,
    PER_OFFER,
    PERISHED,
    PERISHING,
    PLANNED,
    POOL,
    PRIORITY,
    QUEUED,
    RANK,
    RANK_JUMP,
    ROOM,
    RUNNING,
    SHELVES,
    SLOT_POOL,
    SLOTS,
    START,
    STATE,
    SUBJECT,
    TASK_BEGUN,
    TASK_CHAIN,
    TASK_COUNT,
    TASK_OF,
    TASKS,
    THROUGH,
    TODAY,
    WAITING,
    WALK,
    WANTED_UNITS,
    WHAT,
    WHO,
    WITHDRAWALS,
    WITHDRAWING,
    WITHDRAWN,
    WITHDRAWS,
)
from sim.engine.kernel.pools import (
    call_turn,
    call_turn_if_any,
    expire,
    grant,
    has_units,
    leave_queue,
    offer_slot,
    stop_asking,
)
from sim.engine.kernel.tables import (
    ClockRows,
    Hazards,
    People,
    Pools,
    Records,
    Requests,
    Run,
    Shelves,
    Slots,
    Supplies,
    Walkers,
)
from sim.engine.kernel.walkers import begin_walker, free_row, no_row_left


@inlined
def happen(
    supplies: Supplies,
    hazards: Hazards,
    people: People,
    run: Run,
    walkers: Walkers,
    requests: Requests,
    pools: Pools,
    slots: Slots,
    shelves: Shelves,
    clocks: ClockRows,
    records: Records,
) -> int:
    """Let the next thing happen; or say what it needs first."""
    if arrival_is_next(run):
        if no_row_left(run, walkers):
            return MORE_WALKERS
        run.t[TODAY] = run.t[NEXT_ARRIVAL]
        arrive(people, run, walkers, records)
        return THROUGH
    first = run.happenings[run.which[0]]
    what, subject = first[WHAT], first[SUBJECT]
    need = needed_for(run, walkers, pools, shelves, what, subject)
    if need != THROUGH:
        return need
    run.t[TODAY] = run.due[0]
    pop(run)
    if what == WALK:
        add_task(run, WALK, subject, 0)
    elif what == COME_BACK:
        touch_clocks(people, clocks, records, run.n[FIRST_SET], subject)
        forecast(hazards, clocks, records, subject)
        begin_path(run, walkers, records, subject, run.n[LATER_PATH])
    elif what == LAPSE:
        if requests.rows[subject, STATE] == WAITING:
            leave_queue(run, requests, pools, subject, LAPSED, requests.days[subject, LAPSES])
    elif what == GIVE_UP:
        if requests.rows[subject, STATE] == WAITING:
            leave_queue(run, requests, pools, subject, GAVE_UP, run.t[TODAY])
    elif what == RANK_JUMP:
        if requests.rows[subject, STATE] == WAITING:
            asked, days = requests.rows[subject], requests.days[subject]
            join(run, requests, pools, asked[POOL], days[RANK], days[KEY_DAY], asked[OF_ENTITY], subject)
            call_turn_if_any(run, pools, asked[POOL])
    elif what == CHANGE:
        pool = supplies.change_pool[subject]
        pools.numbers[pool, LIMIT] = supplies.change_units[subject]
        call_turn(run, pools, pool)
    elif what == OFFER:
        offer(supplies, run, pools, slots, subject)
    elif what == PERISHING:
        if slots.rows[subject, IS_FREE] and slots.days[subject, CLOSES] <= run.t[TODAY]:
            slots.rows[subject, IS_FREE] = 0
            pools.rows[slots.rows[subject, SLOT_POOL], FREE_SLOTS] -= 1
            slots.days[subject, PERISHED] = run.t[TODAY]
    elif what == WITHDRAWING:
        if slots.rows[subject, IS_FREE]:
            slots.rows[subject, IS_FREE] = 0
            pools.rows[slots.rows[subject, SLOT_POOL], FREE_SLOTS] -= 1
            slots.days[subject, WITHDRAWN] = run.t[TODAY]
    elif what == EXPIRING:
        expire(run, pools, shelves, subject)
    elif what == ORDERING:
        add_task(run, ORDER_AGAIN, subject, 0)
        add_task(run, BEGIN_LOTS, subject, 1)
        run.tasks[run.n[TASKS] - 1, TASK_CHAIN] = 0
    else:
        check(people, run, records)
    return THROUGH


@inlined
def needed_for(run: Run, walkers: Walkers, pools: Pools, shelves: Shelves, what: int, subject: int) -> int:
    """What a happening needs before it may happen."""
    if what == OFFER and run.n[HEAP] + 2 * pools.rows[subject, PER_OFFER] + ROOM > len(run.due):
        return MORE_HEAP
    if what == COME_BACK and no_row_left(run, walkers):
        return MORE_WALKERS
    if what == EXPIRING and run.n[EXPIRIES] + pools.rows[subject, BATCHES] > shelves.expiries.shape[0]:
        return MORE_EXPIRIES
    if what == RANK_JUMP and run.n[LONGEST] >= pools.queue.shape[1]:
        return MORE_QUEUE
    if what == ORDERING and orders_without_end(run, pools, shelves, subject):
        return ORDERS_WITHOUT_END
    return THROUGH


@inlined
def orders_without_end(run: Run, pools: Pools, shelves: Shelves, pool: int) -> bool:
    """Whether a shelf has begun so many lots, one an order, while time has not moved on."""
    row = pools.rows[pool]
    if row[LOTS_BEGUN] < MOST_RETURNS:
        return False
    earlier = (row[LOTS_BEGUN] - MOST_RETURNS) * run.n[SHELVES] + row[CENTRE]
    return bool(run.due[0] - shelves.lots[earlier, LOT_STARTED] < INSTANT_DAYS)


@inlined
def arrival_is_next(run: Run) -> bool:
    """Whether the next arrival, which waits beside the heap, comes before all that is in it."""
    day = run.t[NEXT_ARRIVAL]
    if day != run.due[0]:
        return bool(day < run.due[0])
    return bool(ARRIVAL + run.n[NEXT_PATIENT] < run.happenings[run.which[0], PRIORITY])


@inlined
def arrive(people: People, run: Run, walkers: Walkers, records: Records) -> None:
    """A patient starts on his path."""
    n, t, patient = run.n, run.t, run.n[NEXT_PATIENT]
    n[ARRIVED] += 1
    t[NEXT_ARRIVAL] = INFINITY
    if n[ARRIVED] < n[ARRIVING]:
        n[NEXT_PATIENT] = people.arrivals[n[ARRIVED]]
        t[NEXT_ARRIVAL] = max(records.referral[n[NEXT_PATIENT]], 0.0)
    begin_path(run, walkers, records, patient, 0)


@inlined
def begin_path(run: Run, walkers: Walkers, records: Records, patient: int, pc: int) -> None:
    """A patient starts on a path today."""
    row = begin_walker(run, walkers, PATIENT, patient, pc, run.t[TODAY], records.leave_day[patient])
    add_task(run, WALK, row, 0)


@inlined
def offer(supplies: Supplies, run: Run, pools: Pools, slots: Slots, pool: int) -> None:
    """The slots of one offer day, and when there are more."""
    row, now = pools.rows[pool], run.t[TODAY]
    days, made = supplies.offer_days[row[OF_RESOURCE]], row[OFFERS]
    closes = days[min(made + row[CARRY_OVER], row[OFFER_DAYS] - 1)] + 1.0
    row[OFFERS] = made + 1
    if made + 1 < row[OFFER_DAYS]:
        push(run, days[made + 1], DELIVERY + row[OF_RESOURCE], OFFER, pool)
    for number in range(row[PER_OFFER]):
        new = run.n[SLOTS]
        run.n[SLOTS] = new + 1
        its, days_of_it = slots.rows[new], slots.days[new]
        its[SLOT_POOL], its[HOLDER], its[HANDED_BACK], its[IS_FREE] = pool, -1, 0, 0
        days_of_it[OFFERED], days_of_it[START] = now, now + pools.numbers[pool, LEAD]
        days_of_it[PERISHED], days_of_it[WITHDRAWN], days_of_it[WITHDRAWS] = NAN, NAN, INFINITY
        if row[WITHDRAWALS]:
            days_of_it[WITHDRAWS] = supplies.withdrawals[pool, made * row[PER_OFFER] + number]
        if days_of_it[WITHDRAWS] <= now:
            days_of_it[WITHDRAWN] = now
            continue
        offer_slot(run, pools, slots, pool, new, closes)
        if days_of_it[WITHDRAWS] < INFINITY:
            push(run, days_of_it[WITHDRAWS], EXPIRY + new, WITHDRAWING, new)


@inlined
def check(people: People, run: Run, records: Records) -> None:
    """Go on for as long as the first course of a measured patient is open."""
    now, kept = run.t[TODAY], 0
    for k in range(run.n[MEASURED]):
        i = people.measured[k]
        if is_open(run, records, i, now):
            people.measured[kept] = i
            kept += 1
    run.n[MEASURED] = kept
    if kept > 0:
        run.t[NEXT_CHECK] = run.t[NEXT_CHECK] + run.t[CHECK_EVERY]
        push(run, run.t[NEXT_CHECK], CHECK, CHECKING, 0)
    else:
        run.n[RUNNING] = 0


@inlined
def is_open(run: Run, records: Records, i: int, now: float) -> bool:
    """Whether a patient's first course goes on: until discharge or the end of the path, or as long as followed."""
    if records.leave_day[i] <= now or records.ended_day[i] <= now:
        return False
    limit, infusion = records.referral[i] + run.t[FOLLOW_UP], run.n[INFUSION]
    infused = records.notes[i, infusion] if infusion >= 0 else NAN
    if infused <= min(limit, now):
        return bool(infused + run.t[FOLLOW_UP] > now)
    return bool(limit > now)


# -- tasks under way ------------------------------------------------------------------------------------------------


@inlined
def serve(
    run: Run, walkers: Walkers, requests: Requests, pools: Pools, slots: Slots, shelves: Shelves, pool: int
) -> None:
    """A pool's turn, one step of it: the next who can be served is; where nobody can, the turn is over."""
    begun = run.n[TASKS]
    while pools.rows[pool, QUEUED] > 0:
        request = pools.queue[pool, 0, ENTRY_REQUEST]
        asked = requests.rows[request]
        if asked[STATE] != WAITING or pools.queue[pool, 0, ENTRY_TICKET] != asked[ENTRY]:
            quit_queue(pools, pool)
            continue
        if requests.days[request, LAPSES] <= run.t[TODAY]:
            stop_asking(run, requests, pools, request, LAPSED, requests.days[request, LAPSES])
            free_row(run, walkers, asked[WHO])
            if run.n[TASKS] > begun:
                return
            continue
        if not has_units(pools, pool, asked[WANTED_UNITS]):
            break
        quit_queue(pools, pool)
        grant(run, requests, pools, slots, shelves, request)
        add_task(run, WALK, asked[WHO], 0)
        return
    run.n[TASKS] -= 1
    run.n[BUSY] -= 1


@inlined
def begin_lots(run: Run, walkers: Walkers, pools: Pools, shelves: Shelves) -> int:
    """One lot after the other; each runs ahead before the next begins. What is needed first, if anything."""
    n, now, task = run.n, run.t[TODAY], run.tasks[run.n[TASKS] - 1]
    row = pools.rows[task[TASK_OF]]
    if task[TASK_BEGUN]:
        task[TASK_BEGUN] = 0
        n[BUSY] -= 1
    if task[TASK_COUNT] == 0:
        n[TASKS] -= 1
        return THROUGH
    lot = row[LOTS_BEGUN] * n[SHELVES] + row[CENTRE]
    if task[TASK_CHAIN] >= MOST_RETURNS:
        n[NEED_ENTITY] = lot
        return LOTS_WITHOUT_END
    if lot >= shelves.lots.shape[0]:
        return MORE_LOTS
    if no_row_left(run, walkers):
        return MORE_WALKERS
    row[LOTS_BEGUN] += 1
    row[PLANNED] += n[DOSES_PER_LOT]
    n[LOTS] = max(n[LOTS], lot + 1)
    shelves.lots[lot, LOT_STARTED], shelves.lots[lot, LOT_READY], shelves.lots[lot, LOT_FAILED] = now, NAN, NAN
    shelves.lots[lot, LOT_CHAIN] = float(task[TASK_CHAIN])
    n[BUSY] += 1
    task[TASK_BEGUN] = 1
    task[TASK_COUNT] -= 1
    add_task(run, WALK, begin_walker(run, walkers, LOT, lot, n[LOT_PATH], now, INFINITY), 0)
    return THROUGH


@inlined
def order_again(run: Run, pools: Pools, pool: int) -> None:
    """The lot has begun: when the next one is ordered."""
    run.n[TASKS] -= 1
    priority = DELIVERY + pools.rows[pool, OF_RESOURCE]
    push(run, run.t[TODAY] + run.t[ORDER_EVERY], priority, ORDERING, pool)
