"""Walkers: the rows of those who are on their way, their frames, their draws, and their meetings with the clock."""

from __future__ import annotations

from sim.engine.kernel.heaps import push
from sim.engine.kernel.machine import compiled, inlined
from sim.engine.kernel.names import (
    BEFORE,
    CUT,
    DAY,
    DEPTH,
    ENTITY,
    FORESEEN,
    FRAME_OP,
    FREE_ROW,
    HOW_MANY,
    KEYS,
    KIND,
    LEAVES,
    LEFT,
    NAN,
    NEXT_ROW,
    PARENT,
    PART,
    PARTED,
    PATIENT,
    PC,
    QUEUES_BY,
    STAGE_BOUND,
    TASKS,
    VALUES,
    WALK,
    WALKER_WIDTH,
    WHY,
)
from sim.engine.kernel.tables import Draws, Records, Run, Shelves, Walkers


@inlined
def no_row_left(run: Run, walkers: Walkers) -> bool:
    """Whether another walker needs a longer table."""
    return bool(run.n[FREE_ROW] < 0 and run.n[NEXT_ROW] >= walkers.rows.shape[0])


@inlined
def begin_walker(run: Run, walkers: Walkers, kind: int, entity: int, pc: int, day: float, leaves: float) -> int:
    """The row of a patient, a lot or a branch at the start of its path, without a slot and without a queue key."""
    row = int(run.n[FREE_ROW])
    if row >= 0:
        run.n[FREE_ROW] = walkers.rows[row, PC]
    else:
        row = int(run.n[NEXT_ROW])
        run.n[NEXT_ROW] = row + 1
    me, days = walkers.rows[row], walkers.days[row]
    for c in range(WALKER_WIDTH):
        me[c] = 0
    me[PC], me[KIND], me[ENTITY] = pc, kind, entity
    me[PARENT], me[KEYS] = -1, -1
    days[DAY], days[LEAVES], days[CUT], days[QUEUES_BY] = day, leaves, leaves, NAN
    for resource in range(walkers.starts.shape[1]):
        walkers.starts[row, resource] = NAN
    return row


@inlined
def free_row(run: Run, walkers: Walkers, w: int) -> None:
    """Nobody asks for this walker again; the free rows are a chain."""
    walkers.rows[w, PC] = run.n[FREE_ROW]
    run.n[FREE_ROW] = w


@inlined
def order_of(walkers: Walkers, w: int) -> int:
    """The order of a walker's entity among those to whom something happens at one instant."""
    return int((walkers.rows[w, KIND] << 32) + walkers.rows[w, ENTITY])


@inlined
def meet(run: Run, walkers: Walkers, w: int, priority: int, part: int) -> int:
    """PARTED: the walker goes on at this part of its operation when the clock has come to its day."""
    push(run, walkers.days[w, DAY], priority + order_of(walkers, w), WALK, w)
    return pause(run, walkers, w, part)


@inlined
def pause(run: Run, walkers: Walkers, w: int, part: int) -> int:
    """PARTED: the walker goes on at this part of its operation when somebody calls it."""
    walkers.rows[w, PART] = part
    run.n[TASKS] -= 1
    return PARTED


@inlined
def open_frame(walkers: Walkers, w: int) -> int:
    """The place of a new frame, which encloses what follows the present operation."""
    frame = walkers.rows[w, DEPTH]
    walkers.rows[w, DEPTH] = frame + 1
    walkers.frames[w, frame, FRAME_OP] = walkers.rows[w, PC]
    return int(frame)


@inlined
def must_stop(walkers: Walkers, w: int) -> bool:
    """Whether a product that only finishes its stage may begin nothing more; then the walker has left."""
    stops = walkers.rows[w, STAGE_BOUND] and walkers.days[w, LEAVES] <= walkers.days[w, DAY]
    if stops:
        walkers.rows[w, WHY] = LEFT
    return bool(stops)


@compiled
def leave_on(walkers: Walkers, w: int, day: float) -> None:
    """The walker's patient now leaves on `day`."""
    days = walkers.days[w]
    if days[CUT] == days[LEAVES]:
        days[CUT] = day
    days[LEAVES] = day


@inlined
def value_of(draws: Draws, purpose: int, attempt: int, entity: int) -> float:
    """Days of a duration or the uniform of a share; -1 where it is not drawn yet."""
    if draws.fixed[purpose] >= 0.0:
        return float(draws.fixed[purpose])
    if entity >= draws.width[purpose]:
        return -1.0
    if attempt < draws.at.shape[1] and draws.at[purpose, attempt] >= 0:
        return float(draws.values[draws.at[purpose, attempt] + entity])
    foreseen = draws.again[purpose, FORESEEN] + entity
    if draws.again[purpose, FORESEEN] < 0 or attempt > draws.foreseen[HOW_MANY, foreseen]:
        return -1.0
    return float(draws.values[draws.again[purpose, VALUES] + draws.foreseen[BEFORE, foreseen] + attempt - 1])


@inlined
def begin_attempt(records: Records, shelves: Shelves, kind: int, entity: int, name: int) -> int:
    """The number of the attempt that begins now, from 0."""
    counts = records.attempts if kind == PATIENT else shelves.tries
    counts[entity, name] += 1
    return int(counts[entity, name] - 1)
