"""The heaps: what will happen, who waits, slots that are free, doses on a shelf; and the stack of tasks."""

from __future__ import annotations

from sim.engine.kernel.machine import compiled, inlined
from sim.engine.kernel.names import (
    BATCHES,
    CENTRE,
    DOSES,
    ENTRY,
    ENTRY_ORDER,
    ENTRY_REQUEST,
    ENTRY_TICKET,
    EXPIRES,
    FREE_ROWS,
    FREE_SLOTS,
    HEAP,
    IS_FREE,
    KEYED,
    LONGEST,
    PLACE,
    PRIORITY,
    QUEUED,
    RANKED,
    START,
    SUBJECT,
    TASK,
    TASK_BEGUN,
    TASK_COUNT,
    TASK_OF,
    TASKS,
    TICKET,
    TICKETS,
    TICKETS_GIVEN,
    WHAT,
)
from sim.engine.kernel.tables import FloatCube, Pools, Requests, Run, Shelves, Slots

# -- what will happen: by (day, priority, ticket) -------------------------------------------------------------------


@inlined
def push(run: Run, day: float, priority: int, what: int, subject: int) -> None:
    """Let something happen on a day; of equal (day, priority) the one pushed first happens first."""
    n, due, which = run.n, run.due, run.which
    k = n[HEAP]
    n[HEAP] = k + 1
    n[TICKETS_GIVEN] += 1
    new = which[k]
    row = run.happenings[new]
    row[PRIORITY], row[TICKET], row[WHAT], row[SUBJECT] = priority, n[TICKETS_GIVEN], what, subject
    while k > 0:
        up = (k - 1) >> 1
        if due[up] < day or (due[up] == day and run.happenings[which[up], PRIORITY] <= priority):
            break
        due[k], which[k] = due[up], which[up]
        k = up
    due[k], which[k] = day, new


@inlined
def comes_first(run: Run, a: int, b: int) -> bool:
    """Whether happening a comes before happening b of the same day."""
    rows = run.happenings
    if rows[a, PRIORITY] != rows[b, PRIORITY]:
        return bool(rows[a, PRIORITY] < rows[b, PRIORITY])
    return bool(rows[a, TICKET] < rows[b, TICKET])


@inlined
def pop(run: Run) -> None:
    """Take the first happening off the heap.

    The gap that it leaves goes down to the end, always to the earlier side, and what was last in the heap goes up
    again from there: it seldom has far to go, and one comparison a floor is enough, where to let it down takes two.
    """
    n, due, which = run.n, run.due, run.which
    last = n[HEAP] - 1
    n[HEAP] = last
    freed, day, moved = which[0], due[last], which[last]
    k, down = 0, 1
    while down < last:
        if down + 1 < last:
            if due[down] == due[down + 1]:
                down += comes_first(run, which[down + 1], which[down])
            else:
                down += due[down + 1] < due[down]
        due[k], which[k] = due[down], which[down]
        k, down = down, 2 * down + 1
    while k > 0:
        up = (k - 1) >> 1
        if due[up] < day or (due[up] == day and comes_first(run, which[up], moved)):
            break
        due[k], which[k] = due[up], which[up]
        k = up
    due[k], which[k], which[last] = day, moved, freed


@inlined
def add_task(run: Run, task: int, of: int, count: int) -> None:
    """Put a task on top of those under way."""
    k = run.n[TASKS]
    run.n[TASKS] = k + 1
    row = run.tasks[k]
    row[TASK], row[TASK_OF], row[TASK_COUNT], row[TASK_BEGUN] = task, of, count, 0


# -- who waits: by (rank, key day, order of the entity, ticket) -----------------------------------------------------


@inlined
def queue_before(pools: Pools, pool: int, a: int, b: int) -> bool:
    """Whether entry a of a pool's queue is served before entry b."""
    keys, queue = pools.keys, pools.queue
    if keys[pool, a, RANKED] != keys[pool, b, RANKED]:
        return bool(keys[pool, a, RANKED] < keys[pool, b, RANKED])
    if keys[pool, a, KEYED] != keys[pool, b, KEYED]:
        return bool(keys[pool, a, KEYED] < keys[pool, b, KEYED])
    if queue[pool, a, ENTRY_ORDER] != queue[pool, b, ENTRY_ORDER]:
        return bool(queue[pool, a, ENTRY_ORDER] < queue[pool, b, ENTRY_ORDER])
    return bool(queue[pool, a, ENTRY_TICKET] < queue[pool, b, ENTRY_TICKET])


@inlined
def queue_swap(pools: Pools, pool: int, a: int, b: int) -> None:
    """Exchange two entries of a queue."""
    keys, queue = pools.keys, pools.queue
    for c in range(2):
        keys[pool, a, c], keys[pool, b, c] = keys[pool, b, c], keys[pool, a, c]
    for c in range(3):
        queue[pool, a, c], queue[pool, b, c] = queue[pool, b, c], queue[pool, a, c]


@inlined
def join(
    run: Run, requests: Requests, pools: Pools, pool: int, rank: float, key_day: float, order: int, request: int
) -> None:
    """Put a request into the pool's queue; an entry that it had before is stale from now on."""
    row = pools.rows[pool]
    k = row[QUEUED]
    row[QUEUED] = k + 1
    row[TICKETS] += 1
    requests.rows[request, ENTRY] = row[TICKETS]
    pools.keys[pool, k, RANKED], pools.keys[pool, k, KEYED] = rank, key_day
    new = pools.queue[pool, k]
    new[ENTRY_ORDER], new[ENTRY_TICKET], new[ENTRY_REQUEST] = order, row[TICKETS], request
    while k > 0:
        up = (k - 1) >> 1
        if not queue_before(pools, pool, k, up):
            break
        queue_swap(pools, pool, k, up)
        k = up
    run.n[LONGEST] = max(run.n[LONGEST], row[QUEUED])


@inlined
def quit_queue(pools: Pools, pool: int) -> None:
    """Take the first entry out of the pool's queue."""
    last = pools.rows[pool, QUEUED] - 1
    pools.rows[pool, QUEUED] = last
    queue_swap(pools, pool, 0, last)
    k, down = 0, 1
    while down < last:
        if down + 1 < last and queue_before(pools, pool, down + 1, down):
            down += 1
        if not queue_before(pools, pool, down, k):
            break
        queue_swap(pools, pool, down, k)
        k, down = down, 2 * down + 1


# -- slots that are free: by (start, row) ---------------------------------------------------------------------------


@compiled
def slot_before(slots: Slots, a: int, b: int) -> bool:
    """Whether slot a is given away before slot b."""
    if slots.days[a, START] != slots.days[b, START]:
        return bool(slots.days[a, START] < slots.days[b, START])
    return a < b


@compiled
def put_slot(pools: Pools, slots: Slots, pool: int, row: int) -> None:
    """Put a slot among the free ones of its pool."""
    free = slots.free[pool]
    k = pools.rows[pool, FREE_ROWS]
    pools.rows[pool, FREE_ROWS] = k + 1
    pools.rows[pool, FREE_SLOTS] += 1
    while k > 0:
        up = (k - 1) >> 1
        if not slot_before(slots, row, free[up]):
            break
        free[k] = free[up]
        k = up
    free[k] = row


@compiled
def take_slot(pools: Pools, slots: Slots, pool: int) -> int:
    """The first free slot of a pool; perished ones are still in the heap and are passed over."""
    free = slots.free[pool]
    while True:
        found = free[0]
        last = pools.rows[pool, FREE_ROWS] - 1
        pools.rows[pool, FREE_ROWS] = last
        row = free[last]
        k, down = 0, 1
        while down < last:
            if down + 1 < last and slot_before(slots, free[down + 1], free[down]):
                down += 1
            if not slot_before(slots, free[down], row):
                break
            free[k] = free[down]
            k, down = down, 2 * down + 1
        free[k] = row
        if slots.rows[found, IS_FREE]:
            slots.rows[found, IS_FREE] = 0
            pools.rows[pool, FREE_SLOTS] -= 1
            return int(found)


# -- doses on a shelf: by (expiry, place, doses) --------------------------------------------------------------------


@compiled
def batch_before(batches: FloatCube, at: int, a: int, b: int) -> bool:
    """Whether batch a of doses on a shelf is used before batch b."""
    if batches[at, a, EXPIRES] != batches[at, b, EXPIRES]:
        return bool(batches[at, a, EXPIRES] < batches[at, b, EXPIRES])
    if batches[at, a, PLACE] != batches[at, b, PLACE]:
        return bool(batches[at, a, PLACE] < batches[at, b, PLACE])
    return bool(batches[at, a, DOSES] < batches[at, b, DOSES])


@compiled
def batch_swap(batches: FloatCube, at: int, a: int, b: int) -> None:
    """Exchange two batches."""
    for c in range(3):
        batches[at, a, c], batches[at, b, c] = batches[at, b, c], batches[at, a, c]


@compiled
def put_batch(pools: Pools, shelves: Shelves, pool: int, expires: float, doses: float) -> None:
    """Put a batch of doses on the shelf of a pool."""
    batches, at, k = shelves.batches, pools.rows[pool, CENTRE], pools.rows[pool, BATCHES]
    pools.rows[pool, BATCHES] = k + 1
    batches[at, k, EXPIRES], batches[at, k, PLACE], batches[at, k, DOSES] = expires, float(k), doses
    while k > 0:
        up = (k - 1) >> 1
        if not batch_before(batches, at, k, up):
            break
        batch_swap(batches, at, k, up)
        k = up


@compiled
def drop_batch(pools: Pools, shelves: Shelves, pool: int) -> None:
    """Take the first batch off the shelf of a pool."""
    batches, at, last = shelves.batches, pools.rows[pool, CENTRE], pools.rows[pool, BATCHES] - 1
    pools.rows[pool, BATCHES] = last
    batch_swap(batches, at, 0, last)
    k, down = 0, 1
    while down < last:
        if down + 1 < last and batch_before(batches, at, down + 1, down):
            down += 1
        if not batch_before(batches, at, down, k):
            break
        batch_swap(batches, at, down, k)
        k, down = down, 2 * down + 1
