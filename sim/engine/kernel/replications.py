"""One replication of a batch after the other, in the same tables: how each begins, and what is kept of it."""

from __future__ import annotations

import math

from sim.engine.kernel.happenings import expect_arrival
from sim.engine.kernel.heaps import push
from sim.engine.kernel.machine import compiled
from sim.engine.kernel.names import CHECK, CHECKING, LAPSED, MORE_USES, NAN, PATIENT, THROUGH, WAITING
from sim.engine.kernel.rows import Pool, Replication, Request
from sim.engine.kernel.tables import People, Pools, Records, Run, Shelves, Start, Table, Uses


@compiled
def begin_replication(
    start: Start, people: People, run: Run, pools: Pools, shelves: Shelves, of: Table[Replication]
) -> None:
    """The next replication as it stands before anything has happened."""
    now = run.now
    now.replication += 1
    first_patient = now.arrived = now.first_measured = 0
    if now.replication > 0:
        before = of[now.replication - 1]
        first_patient, now.arrived, now.first_measured = before.patients, before.arrivals, before.measured
    mine = of[now.replication]
    now.patients, now.arriving, now.measured = mine.patients, mine.arrivals, mine.measured
    now.first_courses = (now.patients - first_patient) // now.courses
    now.today, now.running, now.first_lot = 0.0, 1, now.lots
    now.gap = now.tasks = now.turns = now.busy = now.requests = now.longest = now.next_row = 0
    now.free_row = -1
    for pool in range(len(start.pools)):
        pools.rows[pool] = start.pools[pool]
    for unit in range(len(start.units)):
        pools.units[unit] = start.units[unit]
    for shelf in range(start.batches.shape[0]):
        for batch in range(start.batches.shape[1]):
            shelves.batches[shelf, batch] = start.batches[shelf, batch]
    now.heap = now.tickets = len(start.heap)
    for row in range(len(run.heap)):
        run.heap[row].row = row
    for row in range(len(start.heap)):
        run.heap[row], run.happenings[row] = start.heap[row], start.happenings[row]
    now.next_check = now.first_check
    push(run, now.next_check, CHECK, CHECKING, 0)
    expect_arrival(people, run)


@compiled
def close_queues(run: Run, requests: Table[Request], pools: Pools) -> None:
    """The queues at the stop: who should have left by now has, and nothing more follows from it."""
    for pool in range(len(pools.rows)):
        for k in range(pools.rows[pool].queued):
            entry_of = pools.queue[pool, k]
            asked = requests[entry_of.request]
            fresh = asked.state == WAITING and entry_of.ticket == asked.entry
            if fresh and asked.lapses <= run.now.today:
                asked.state, asked.ended = LAPSED, asked.lapses


@compiled
def asked_before(requests: Table[Request], pools: Table[Pool], a: int, b: int) -> bool:
    """Whether request a of an entity comes before request b in its order."""
    one, other = requests[a], requests[b]
    if one.asked != other.asked:
        return one.asked < other.asked
    return pools[one.pool].resource < pools[other.pool].resource


@compiled
def put_in_order(requests: Table[Request], pools: Table[Pool], first: int, new: int) -> int:
    """The first of the requests of an entity, with one more; of equal ones the last put in comes first."""
    before, after = -1, first
    while after >= 0 and asked_before(requests, pools, after, new):
        before, after = after, requests[after].following
    requests[new].following = after
    if before < 0:
        return new
    requests[before].following = new
    return first


@compiled
def list_uses(run: Run, requests: Table[Request], pools: Table[Pool], uses: Uses, first: int) -> None:
    """Write down the requests of an entity, from its first one on."""
    now, row = run.now, first
    while row >= 0:
        asked, k = requests[row], now.uses
        pool = pools[asked.pool]
        uses.kind[k], uses.entity[k], uses.units[k] = asked.kind, asked.entity, asked.units
        uses.resource[k], uses.centre[k], uses.source[k] = pool.resource, pool.centre, pools[asked.source].resource
        uses.asked[k] = asked.asked
        uses.began[k] = NAN if asked.began > now.today else asked.began
        uses.ended[k] = NAN if asked.ended > now.today else asked.ended
        now.uses = k + 1
        row = asked.following


@compiled
def end_replication(
    run: Run,
    requests: Table[Request],
    pools: Pools,
    shelves: Shelves,
    records: Records,
    uses: Uses,
    of: Table[Replication],
) -> int:
    """Keep what the trace will say of the replication that has stopped; or say what is needed first.

    The log of requests is in order of asking, nearly: read from its end, most of them come first of their entity.
    """
    now = run.now
    if now.uses + now.requests > len(uses.kind):
        return MORE_USES
    close_queues(run, requests, pools)
    for k in range(now.requests - 1, -1, -1):
        asked = requests[k]
        if asked.asked > now.today:
            continue
        if asked.kind == PATIENT:
            first = records.first_use[asked.entity]
            records.first_use[asked.entity] = put_in_order(requests, pools.rows, first, k)
        else:
            lot = shelves.lots[now.first_lot + asked.entity]
            lot.first_use = put_in_order(requests, pools.rows, lot.first_use, k)
    mine = of[now.replication]
    for patient in range(0 if now.replication == 0 else of[now.replication - 1].patients, now.patients):
        list_uses(run, requests, pools.rows, uses, records.first_use[patient])
    for row in range(now.first_lot, now.lots):
        if not math.isnan(shelves.lots[row].started):
            list_uses(run, requests, pools.rows, uses, shelves.lots[row].first_use)
    mine.stop, mine.slots, mine.lots, mine.expiries = now.today, now.slots, now.lots, now.expiries
    mine.stages, mine.uses = now.stages, now.uses
    return THROUGH
