"""One replication of a batch after the other, in the same tables: how each begins, and what is kept of it."""

from __future__ import annotations

import math

from sim.engine.kernel.happenings import expect_arrival
from sim.engine.kernel.heaps import push
from sim.engine.kernel.machine import compiled, inlined
from sim.engine.kernel.names import CHECK, CHECKING, LAPSED, MORE_USES, NAN, PATIENT, THROUGH, WAITING
from sim.engine.kernel.rows import Batch, Pool, Replication, Request, Unit
from sim.engine.kernel.tables import People, Pools, Records, Run, Shelves, Start, Table, Uses


@compiled
def copy_pool(old: Pool, new: Pool) -> None:
    """Write a pool into another row: field by field, for the compiler takes a whole row byte by byte."""
    new.row, new.resource, new.centre, new.kind, new.policy = old.row, old.resource, old.centre, old.kind, old.policy
    new.first_new, new.last_new = old.first_new, old.last_new
    new.due, new.queued, new.tickets, new.unlimited = old.due, old.queued, old.tickets, old.unlimited
    new.in_use, new.limit, new.first_unit, new.numbers = old.in_use, old.limit, old.first_unit, old.numbers
    new.other, new.chain, new.chained, new.hours = old.other, old.chain, old.chained, old.hours
    new.known, new.known_count, new.booked_for, new.looks = old.known, old.known_count, old.booked_for, old.looks
    new.feeds, new.first_choice, new.choices, new.lot_rank = old.feeds, old.first_choice, old.choices, old.lot_rank
    new.turn_round, new.free_slots, new.free_rows = old.turn_round, old.free_slots, old.free_rows
    new.most_offered, new.offers, new.offered = old.most_offered, old.offers, old.offered
    new.offer_days, new.carry_over, new.withdrawals = old.offer_days, old.carry_over, old.withdrawals
    new.keeps_place, new.lead, new.notice, new.batches = old.keeps_place, old.lead, old.notice, old.batches
    new.on_hand, new.planned, new.wanted, new.lots_begun = old.on_hand, old.planned, old.wanted, old.lots_begun
    new.chain_supplied, new.supplied = old.chain_supplied, old.supplied


@compiled
def copy_unit(old: Unit, new: Unit) -> None:
    """Write a unit with a number into another row."""
    new.holder, new.out = old.holder, old.out


@compiled
def copy_batch(old: Batch, new: Batch) -> None:
    """Write doses on a shelf into another row."""
    new.expires, new.place, new.doses = old.expires, old.place, old.doses


@compiled
def foresee(start: Start, run: Run) -> None:
    """What is due from the start, and the first check."""
    now = run.now
    now.due = now.heap = now.tickets = now.stretch = now.free_due = 0
    for row in range(len(run.happenings)):
        run.happenings[row].following = row + 1
    for stretch in range(len(run.ahead)):
        run.ahead[stretch] = -1
    for row in range(len(start.happenings)):
        due = start.happenings[row]
        push(run, due.day, due.priority, due.what, due.subject)
    now.next_check = now.first_check
    push(run, now.next_check, CHECK, CHECKING, 0)


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
    now.tasks = now.turns = now.busy = now.requests = now.longest = now.next_row = now.new_waits = 0
    now.free_row = -1
    for pool in range(len(start.pools)):
        copy_pool(start.pools[pool], pools.rows[pool])
    for unit in range(len(start.units)):
        copy_unit(start.units[unit], pools.units[unit])
    for shelf in range(start.batches.shape[0]):
        for batch in range(start.batches.shape[1]):
            copy_batch(start.batches[shelf, batch], shelves.batches[shelf, batch])
    foresee(start, run)
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


@inlined
def asked_before(requests: Table[Request], pools: Table[Pool], a: int, b: int) -> bool:
    """Whether request a of an entity comes before request b in its order; equal ones are in order of asking."""
    one, other = requests[a], requests[b]
    if one.asked != other.asked:
        return one.asked < other.asked
    resource, other_resource = pools[one.pool].resource, pools[other.pool].resource
    return resource < other_resource if resource != other_resource else a < b


@compiled
def give_places(run: Run, requests: Table[Request], shelves: Shelves, records: Records, first_patient: int) -> None:
    """Let `uses` of each entity say where its requests begin among all that are kept."""
    now = run.now
    for k in range(now.requests):
        asked = requests[k]
        if asked.asked > now.today:
            continue
        if asked.kind == PATIENT:
            records.uses[asked.entity] += 1
        else:
            shelves.lots[now.first_lot + asked.entity].uses += 1
    place = now.uses
    for patient in range(first_patient, now.patients):
        count = records.uses[patient]
        records.uses[patient] = place
        place += count
    for row in range(now.first_lot, now.lots):
        lot = shelves.lots[row]
        if not math.isnan(lot.started):
            count = lot.uses
            lot.uses = place
            place += count


@compiled
def list_uses(run: Run, requests: Table[Request], pools: Table[Pool], uses: Uses, end: int) -> None:
    """Write down the requests of an entity, which stand at the next places up to `end`, in order."""
    now, rows = run.now, uses.source
    for k in range(now.uses + 1, end):
        row, place = rows[k], k
        while place > now.uses and asked_before(requests, pools, row, rows[place - 1]):
            rows[place] = rows[place - 1]
            place -= 1
        rows[place] = row
    for k in range(now.uses, end):
        asked = requests[rows[k]]
        pool = pools[asked.pool]
        uses.kind[k], uses.entity[k], uses.units[k] = asked.kind, asked.entity, asked.units
        uses.resource[k], uses.centre[k], uses.source[k] = pool.resource, pool.centre, pools[asked.source].resource
        uses.asked[k] = asked.asked
        uses.began[k] = NAN if asked.began > now.today else asked.began
        uses.ended[k] = NAN if asked.ended > now.today else asked.ended
    now.uses = end


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
    """Keep what the trace will say of the replication that has stopped; or say what is needed first."""
    now = run.now
    if now.uses + now.requests > len(uses.kind):
        return MORE_USES
    close_queues(run, requests, pools)
    mine, first_patient = of[now.replication], 0
    if now.replication > 0:
        first_patient = of[now.replication - 1].patients
    give_places(run, requests, shelves, records, first_patient)
    # each request comes to the places of its entity; `source` holds its row until it is written down
    for k in range(now.requests):
        asked = requests[k]
        if asked.asked > now.today:
            continue
        if asked.kind == PATIENT:
            uses.source[records.uses[asked.entity]] = k
            records.uses[asked.entity] += 1
        else:
            lot = shelves.lots[now.first_lot + asked.entity]
            uses.source[lot.uses] = k
            lot.uses += 1
    for patient in range(first_patient, now.patients):
        list_uses(run, requests, pools.rows, uses, records.uses[patient])
    for row in range(now.first_lot, now.lots):
        if not math.isnan(shelves.lots[row].started):
            list_uses(run, requests, pools.rows, uses, shelves.lots[row].uses)
    mine.stop, mine.slots, mine.lots, mine.expiries = now.today, now.slots, now.lots, now.expiries
    mine.stages, mine.uses = now.stages, now.uses
    return THROUGH
