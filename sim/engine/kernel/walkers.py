"""Walkers: the rows of those who are on their way, their frames, their draws, and their meetings with the clock."""

from __future__ import annotations

from sim.engine.kernel.heaps import push
from sim.engine.kernel.machine import compiled, inlined
from sim.engine.kernel.names import BEFORE, HOW_MANY, LEFT, LOT, MEETS, NAN, PARTED, WALK
from sim.engine.kernel.rows import Frame, Walker
from sim.engine.kernel.tables import Draws, Records, Run, Shelves, Walkers


@inlined
def no_row_left(run: Run, walkers: Walkers) -> bool:
    """Whether another walker needs a longer table."""
    return run.now.free_row < 0 and run.now.next_row >= len(walkers.rows)


@compiled
def begin_walker(
    run: Run, walkers: Walkers, kind: int, entity: int, centre: int, pc: int, day: float, leaves: float
) -> Walker:
    """A patient, a lot or a branch at the start of its path, without a slot and without a queue key."""
    row = run.now.free_row
    if row >= 0:
        run.now.free_row = walkers.rows[row].pc
    else:
        row = run.now.next_row
        run.now.next_row = row + 1
    me = walkers.rows[row]
    me.row, me.pc, me.kind, me.entity, me.centre, me.parent, me.keys = row, pc, kind, entity, centre, -1, -1
    me.part = me.why = me.attempt = me.depth = me.holding = me.stage_bound = me.looks = 0
    me.out = me.branch = me.branch_failed = me.request = 0
    me.day, me.leaves, me.cut, me.branched, me.queues_by = day, leaves, leaves, day, NAN
    for resource in range(walkers.shares.shape[1]):
        mine = walkers.shares[row, resource]
        mine.start, mine.booking, mine.unit = NAN, -1, 0
    return me


@inlined
def free_row(run: Run, me: Walker) -> None:
    """Nobody asks for this walker again; the free rows are a chain."""
    me.pc = run.now.free_row
    run.now.free_row = me.row


@inlined
def order_of(me: Walker) -> int:
    """The order of a walker's entity among those to whom something happens at one instant."""
    return (me.kind << 32) + me.entity


@inlined
def meet(run: Run, me: Walker, priority: int, part: int) -> int:
    """MEETS: the walker goes on at this part of its operation when the clock has come to its day."""
    me.part, run.now.meeting = part, priority
    return MEETS


@inlined
def let_meet(run: Run, me: Walker) -> None:
    """The walker waits for the clock to come to its day."""
    run.now.tasks -= 1
    push(run, me.day, run.now.meeting + order_of(me), WALK, me.row)


@inlined
def pause(run: Run, me: Walker, part: int) -> int:
    """PARTED: the walker goes on at this part of its operation when somebody calls it."""
    me.part = part
    run.now.tasks -= 1
    return PARTED


@inlined
def open_frame(walkers: Walkers, me: Walker) -> Frame:
    """A new frame, which encloses what follows the present operation."""
    frame = walkers.frames[me.row, me.depth]
    frame.op = me.pc
    me.depth += 1
    return frame


@inlined
def must_stop(me: Walker) -> bool:
    """Whether nothing more may begin: clocks come before all else that happens on a day. Then the walker has left."""
    stops = (me.leaves if me.stage_bound else me.cut) <= me.day
    if stops:
        me.why = LEFT
    return stops


@inlined
def leave_on(me: Walker, day: float) -> None:
    """The walker's patient now leaves on `day`."""
    if me.cut == me.leaves:
        me.cut = day
    me.leaves = day


@inlined
def value_of(run: Run, draws: Draws, purpose: int, me: Walker) -> float:
    """Days of a duration or the uniform of a share, in the present attempt; -1 where it is not drawn yet."""
    its, entity, attempt = draws.purposes[purpose], me.entity, me.attempt
    if its.fixed >= 0.0:
        return its.fixed
    if entity >= its.width:
        return -1.0
    if me.kind == LOT:
        entity += run.now.replication * its.width
    if attempt == 0:
        return float(draws.values[its.first + entity])
    if attempt <= draws.later.shape[1] and draws.later[purpose, attempt - 1] >= 0:
        return float(draws.values[draws.later[purpose, attempt - 1] + entity])
    if its.foreseen < 0 or attempt > draws.foreseen[HOW_MANY, its.foreseen + entity]:
        return -1.0
    return float(draws.values[its.later + draws.foreseen[BEFORE, its.foreseen + entity] + attempt - 1])


@inlined
def begin_attempt(run: Run, records: Records, shelves: Shelves, me: Walker, name: int) -> int:
    """The number of the attempt that begins now, from 0."""
    counts, row = records.attempts, me.entity
    if me.kind == LOT:
        counts, row = shelves.tries, row + run.now.first_lot
    counts[row, name] += 1
    return int(counts[row, name] - 1)
