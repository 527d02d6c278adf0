"""The heaps: what will happen, who waits, slots that are free, doses on a shelf; and the stack of tasks."""

from __future__ import annotations

from sim.engine.kernel.machine import compiled, inlined
from sim.engine.kernel.rows import Batch, Entry, Pool, Request
from sim.engine.kernel.tables import Pools, Run, Shelves, Slots

# -- what will happen: by (day, priority, ticket); below each place of the heap there are four ----------------------


@inlined
def stretch_of(run: Run, day: float) -> int:
    """The stretch of days in which a day lies; the last one has no end."""
    place, last = day * run.now.per_day, len(run.ahead) - 1
    return int(place) if place < last else last


@inlined
def push(run: Run, day: float, priority: int, what: int, subject: int) -> None:
    """Let something happen on a day; of equal (day, priority) the one pushed first happens first."""
    now, row = run.now, run.now.free_due
    new = run.happenings[row]
    now.free_due = new.following
    now.due += 1
    now.tickets += 1
    new.day, new.priority, new.ticket, new.what, new.subject = day, priority, now.tickets, what, subject
    stretch = stretch_of(run, day)
    if stretch > now.stretch:
        new.following, run.ahead[stretch] = run.ahead[stretch], row
    else:
        put_in_heap(run, day, row)


@inlined
def comes_first(run: Run, a: int, b: int) -> bool:
    """Whether happening a comes before happening b of the same day."""
    one, other = run.happenings[a], run.happenings[b]
    if one.priority != other.priority:
        return one.priority < other.priority
    return one.ticket < other.ticket


@inlined
def earlier(run: Run, a: int, b: int) -> bool:
    """Whether what is at place a of the heap comes before what is at place b."""
    one, other = run.heap[a], run.heap[b]
    if one.day == other.day:
        return comes_first(run, one.row, other.row)
    return one.day < other.day


@inlined
def rise(run: Run, k: int, day: float, row: int) -> None:
    """Put a happening into a heap at place k, which is a gap, or above."""
    heap = run.heap
    while k > 0:
        up = (k - 1) >> 2
        above = heap[up]
        if above.day < day or (above.day == day and comes_first(run, above.row, row)):
            break
        heap[k].day, heap[k].row = above.day, above.row
        k = up
    heap[k].day, heap[k].row = day, row


@compiled
def put_in_heap(run: Run, day: float, row: int) -> None:
    """Put a happening into the heap."""
    run.now.heap += 1
    rise(run, run.now.heap - 1, day, row)


@compiled
def close_gap(run: Run) -> None:
    """What is behind the last place of the heap takes the place of the first.

    The gap goes down to the end, always to the earliest side, and the happening goes up again from there: it seldom
    has far to go.
    """
    heap, last = run.heap, run.now.heap
    k, down = 0, 1
    while down < last:
        first = down
        for other in range(down + 1, min(down + 4, last)):
            if earlier(run, other, first):
                first = other
        heap[k].day, heap[k].row = heap[first].day, heap[first].row
        k, down = first, 4 * first + 1
    rise(run, k, heap[last].day, heap[last].row)


@inlined
def pop(run: Run) -> None:
    """The first happening is over, and its row is free."""
    now, row = run.now, run.heap[0].row
    run.happenings[row].following, now.free_due = now.free_due, row
    now.due -= 1
    now.heap -= 1
    if now.heap > 0:
        close_gap(run)


@inlined
def look_ahead(run: Run) -> None:
    """Let the heap hold what happens next, where that is no arrival: all of the next stretch of days that has any."""
    now, arrival = run.now, stretch_of(run, run.now.next_arrival)
    while now.heap == 0 and now.stretch < arrival:
        now.stretch += 1
        row = run.ahead[now.stretch]
        while row >= 0:
            following = run.happenings[row].following
            put_in_heap(run, run.happenings[row].day, row)
            row = following


@inlined
def add_task(run: Run, task: int, of: int, count: int, chain: int) -> None:
    """Put a task on top of those under way."""
    k = run.now.tasks
    run.now.tasks = k + 1
    new = run.tasks[k]
    new.task, new.of, new.count, new.begun, new.chain = task, of, count, 0, chain


# -- who waits: by (rank, key day, order of the entity, ticket) -----------------------------------------------------


@inlined
def served_first(a: Entry, b: Entry) -> bool:
    """Whether entry a of a queue is served before entry b."""
    if a.rank != b.rank:
        return a.rank < b.rank
    if a.key_day != b.key_day:
        return a.key_day < b.key_day
    if a.order != b.order:
        return a.order < b.order
    return a.ticket < b.ticket


@inlined
def exchange(a: Entry, b: Entry) -> None:
    """Let two entries of a queue change places."""
    a.rank, b.rank = b.rank, a.rank
    a.key_day, b.key_day = b.key_day, a.key_day
    a.order, b.order = b.order, a.order
    a.ticket, b.ticket = b.ticket, a.ticket
    a.request, b.request = b.request, a.request


@inlined
def copy_entry(old: Entry, new: Entry) -> None:
    """Write an entry of a queue into another place."""
    new.rank, new.key_day, new.order, new.ticket, new.request = (
        old.rank,
        old.key_day,
        old.order,
        old.ticket,
        old.request,
    )


@inlined
def join(
    run: Run, pools: Pools, pool: Pool, rank: float, key_day: float, order: int, request: int, asked: Request
) -> None:
    """Put a request into the pool's queue; an entry that it had before is stale from now on."""
    queue, at, k = pools.queue, pool.row, pool.queued
    pool.queued = k + 1
    pool.tickets += 1
    asked.entry = pool.tickets
    new = queue[at, k]
    new.rank, new.key_day, new.order, new.ticket, new.request = rank, key_day, order, pool.tickets, request
    while k > 0:
        up = (k - 1) >> 1
        if not served_first(queue[at, k], queue[at, up]):
            break
        exchange(queue[at, k], queue[at, up])
        k = up
    run.now.longest = max(run.now.longest, pool.queued)


@inlined
def quit_queue(pools: Pools, pool: Pool) -> None:
    """Take the first entry out of the pool's queue."""
    queue, at, last = pools.queue, pool.row, pool.queued - 1
    pool.queued = last
    moved, k, down = queue[at, last], 0, 1
    while down < last:
        if down + 1 < last and served_first(queue[at, down + 1], queue[at, down]):
            down += 1
        if not served_first(queue[at, down], moved):
            break
        copy_entry(queue[at, down], queue[at, k])
        k, down = down, 2 * down + 1
    copy_entry(moved, queue[at, k])


# -- slots that are free: by (start, row) ---------------------------------------------------------------------------


@inlined
def given_first(slots: Slots, a: int, b: int) -> bool:
    """Whether slot a is given away before slot b."""
    one, other = slots.rows[a].start, slots.rows[b].start
    return one < other if one != other else a < b


@compiled
def put_slot(slots: Slots, pool: Pool, row: int) -> None:
    """Put a slot among the free ones of its pool."""
    free, k = slots.free[pool.row], pool.free_rows
    pool.free_rows = k + 1
    pool.free_slots += 1
    while k > 0:
        up = (k - 1) >> 1
        if not given_first(slots, row, free[up]):
            break
        free[k] = free[up]
        k = up
    free[k] = row


@inlined
def drop_slot(slots: Slots, pool: Pool) -> None:
    """Take the first slot out of those of a pool."""
    free, last = slots.free[pool.row], pool.free_rows - 1
    pool.free_rows = last
    row = free[last]
    k, down = 0, 1
    while down < last:
        if down + 1 < last and given_first(slots, free[down + 1], free[down]):
            down += 1
        if not given_first(slots, free[down], row):
            break
        free[k] = free[down]
        k, down = down, 2 * down + 1
    free[k] = row


@compiled
def first_slot(slots: Slots, pool: Pool) -> int:
    """The first free slot of a pool that has one; perished ones are still in the heap, and are dropped."""
    free = slots.free[pool.row]
    while not slots.rows[free[0]].free:
        drop_slot(slots, pool)
    return int(free[0])


@compiled
def take_slot(slots: Slots, pool: Pool) -> int:
    """The first free slot of a pool, which is free no more."""
    found = first_slot(slots, pool)
    drop_slot(slots, pool)
    slots.rows[found].free = 0
    pool.free_slots -= 1
    return found


# -- doses on a shelf: by (expiry, place, doses) --------------------------------------------------------------------


@inlined
def used_first(a: Batch, b: Batch) -> bool:
    """Whether batch a of doses on a shelf is used before batch b."""
    if a.expires != b.expires:
        return a.expires < b.expires
    if a.place != b.place:
        return a.place < b.place
    return a.doses < b.doses


@inlined
def swap(a: Batch, b: Batch) -> None:
    """Let two batches change places."""
    a.expires, b.expires = b.expires, a.expires
    a.place, b.place = b.place, a.place
    a.doses, b.doses = b.doses, a.doses


@compiled
def put_batch(shelves: Shelves, pool: Pool, expires: float, doses: float) -> None:
    """Put a batch of doses on the shelf of a pool."""
    batches, at, k = shelves.batches, pool.centre, pool.batches
    pool.batches = k + 1
    new = batches[at, k]
    new.expires, new.place, new.doses = expires, float(k), doses
    while k > 0:
        up = (k - 1) >> 1
        if not used_first(batches[at, k], batches[at, up]):
            break
        swap(batches[at, k], batches[at, up])
        k = up


@compiled
def drop_batch(shelves: Shelves, pool: Pool) -> None:
    """Take the first batch off the shelf of a pool."""
    batches, at, last = shelves.batches, pool.centre, pool.batches - 1
    pool.batches = last
    swap(batches[at, 0], batches[at, last])
    k, down = 0, 1
    while down < last:
        if down + 1 < last and used_first(batches[at, down + 1], batches[at, down]):
            down += 1
        if not used_first(batches[at, down], batches[at, k]):
            break
        swap(batches[at, down], batches[at, k])
        k, down = down, 2 * down + 1
