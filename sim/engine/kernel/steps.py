"""The operations that are not asking: one short function each.

Each moves the walker's day and place on and answers GO_ON, PARTED where the walker stops here for now, or what is
needed first; then it is called again at the same place.
"""

from __future__ import annotations

import math

from sim.engine.kernel.clocks import (
    at_progression,
    end_before,
    forecast,
    run_clocks,
    set_multiplier,
    switch_set,
    touch_clocks,
)
from sim.engine.kernel.frames import try_next
from sim.engine.kernel.heaps import add_task, push, put_batch
from sim.engine.kernel.hours import span_of
from sim.engine.kernel.machine import compiled, inlined
from sim.engine.kernel.names import (
    ARRIVAL,
    AS_DRAWN,
    BACK,
    CHOOSE,
    CLOCK,
    COME_BACK,
    COMPLETION,
    DELIVERY,
    ENDED,
    EXPIRING,
    EXPIRY,
    FAILED,
    FINISH_STAGE,
    FLAGGED,
    FRESH,
    GO_ON,
    HAZARD,
    INFINITY,
    LEAVE,
    LEAVES,
    LEFT,
    LOOKED,
    MET,
    MORE_CHANGES,
    MORE_DRAWS,
    MORE_HEAP,
    MORE_SHELF,
    MORE_STAGES,
    MORE_WALKERS,
    NO_SLOT,
    NOTED,
    ON_UNIT,
    PARTED,
    PATIENT,
    ROOM,
    SERVED_BY,
    STAGE,
    STARTING,
    STAYS,
    STOP,
    SUPPLY,
    WALK,
)
from sim.engine.kernel.pools import call_turn, chain_after, review
from sim.engine.kernel.rows import Operation, Walker
from sim.engine.kernel.tables import (
    ClockRows,
    Draws,
    Hazards,
    HourTables,
    People,
    Pools,
    Records,
    Route,
    Run,
    Shelves,
    Walkers,
)
from sim.engine.kernel.walkers import (
    begin_walker,
    leave_on,
    meet,
    must_stop,
    no_row_left,
    open_frame,
    order_of,
    pause,
    value_of,
)


@inlined
def note(step: Operation, records: Records, me: Walker) -> None:
    """MILESTONE: note the day; the walker goes on."""
    if me.kind == PATIENT:
        records.notes[me.entity, step.name] = me.day
        records.passes[me.entity, step.name] += 1
    me.pc += 1


@inlined
def pass_stage(
    step: Operation, hours: HourTables, run: Run, walkers: Walkers, draws: Draws, records: Records, me: Walker
) -> int:
    """STAGE and SLOT_STAGE: an interval in which nothing is contended; leaving wins over being lost."""
    if me.part == LOOKED:
        me.part = FRESH
        leave_on(me, records.leave_day[me.entity])
    if must_stop(me):
        return GO_ON
    now, asked = run.now, me.day
    if now.traced and now.stages >= len(records.stages):
        return MORE_STAGES
    began, ended, lost = asked, asked, False
    if step.code == STAGE:
        lasts = value_of(run, draws, step.purpose, me)
        if lasts < 0.0:
            return MORE_DRAWS
        since = asked
        if step.since >= 0:
            noted = records.notes[me.entity, step.since]
            since = asked if math.isnan(noted) else noted
        if step.hours < 0:
            ended, lost = since + min(lasts, step.number), lasts > step.number
        else:
            began, ended, lost = span_of(hours, step.hours, since, lasts)
        if step.since >= 0:
            began, ended = asked, max(asked, ended)
    else:
        start = walkers.shares[me.row, step.resource].start
        if math.isnan(start):
            return NO_SLOT
        ended = max(start, asked)
    if me.looks and now.today < me.cut <= ended and me.cut < INFINITY:
        push(run, me.cut, CLOCK + order_of(me), WALK, me.row)
        return pause(run, me, LOOKED)
    if ended >= me.cut:
        began, ended, me.why = min(began, me.cut), me.cut, LEFT
    elif lost:
        me.why = FAILED
    if now.traced:
        passed = records.stages[now.stages]
        passed.kind, passed.entity, passed.name = me.kind, me.entity, step.name
        passed.asked, passed.began, passed.ended = asked, began, ended
        now.stages += 1
    me.day = ended
    me.pc += 1
    return GO_ON


@inlined
def choose(
    step: Operation, people: People, run: Run, walkers: Walkers, draws: Draws, records: Records, me: Walker
) -> int:
    """CHOOSE, NOTED, FLAGGED, SERVED_BY, ON_UNIT and PROGRESSION_NOTED: one of two ways."""
    if step.code == CHOOSE:
        chance = value_of(run, draws, step.purpose, me)
        if chance < 0.0:
            return MORE_DRAWS
        holds = chance < step.number
    elif step.code == NOTED:
        holds = records.notes[me.entity, step.name] <= me.day
    elif step.code == FLAGGED:
        holds = people.flags[step.name, me.entity] != 0
    elif step.code == SERVED_BY:
        holds = not math.isnan(walkers.shares[me.row, step.resource].start)
    elif step.code == ON_UNIT:
        holds = step.units <= walkers.shares[me.row, step.resource].unit <= step.most
    else:
        holds = records.progression_day[me.entity] <= me.day
    me.pc = me.pc + 1 if holds else step.otherwise
    return GO_ON


@inlined
def begin_attempts(step: Operation, run: Run, walkers: Walkers, shelves: Shelves, records: Records, me: Walker) -> int:
    """ATTEMPTS: the first of them."""
    frame = open_frame(walkers, me)
    frame.outer, frame.tried, frame.between = me.attempt, 1, 0
    return try_next(run, shelves, records, me, step)


@inlined
def begin_branch(step: Operation, walkers: Walkers, me: Walker) -> int:
    """SHIELD: from here on the walker is a product, and goes on when its patient leaves, as the branch says."""
    frame = open_frame(walkers, me)
    frame.cut, frame.bound = me.cut, me.stage_bound
    me.cut = me.leaves if step.mode == STOP else INFINITY
    me.stage_bound = 1 if step.mode == FINISH_STAGE else 0
    me.pc += 1
    return GO_ON


@inlined
def begin_aside(walkers: Walkers, me: Walker) -> int:
    """ASIDE: what passes beside all that follows, as far as it goes."""
    frame = open_frame(walkers, me)
    frame.cut, frame.bound, frame.day = me.cut, me.stage_bound, me.day
    me.cut, me.stage_bound = INFINITY, 0
    me.pc += 1
    return GO_ON


@compiled
def run_branches(step: Operation, route: Route, run: Run, walkers: Walkers, records: Records, me: Walker) -> int:
    """TOGETHER: begin one branch after the other, each running ahead; go on when all have ended."""
    if me.part == FRESH:
        # a branch that has ended moves the walker's day on; yet all branches start on the same
        me.part, me.out, me.branch, me.branch_failed, me.branched = STARTING, step.units, 0, 0, me.day
        run.now.busy += 1
    if me.part == STARTING:
        if me.branch < step.units:
            if no_row_left(run, walkers):
                return MORE_WALKERS
            begins = route.branches[step.name + me.branch]
            me.branch += 1
            branch = begin_walker(run, walkers, me.kind, me.entity, me.centre, begins, me.branched, me.leaves)
            # a branch has what its walker had when it began; queue keys they share
            branch.cut, branch.stage_bound, branch.looks = me.cut, me.stage_bound, me.looks | step.mode
            branch.parent, branch.attempt, branch.keys = me.row, me.attempt, me.keys
            for resource in range(walkers.shares.shape[1]):
                its, mine = walkers.shares[branch.row, resource], walkers.shares[me.row, resource]
                its.start, its.booking, its.unit = mine.start, mine.booking, mine.unit
            add_task(run, WALK, branch.row, 0, 0)
            return PARTED
        run.now.busy -= 1
        me.part = BACK
        if me.out > 0:
            return pause(run, me, BACK)
    me.part = FRESH
    if me.looks or step.mode:
        leave_on(me, records.leave_day[me.entity])
    if me.cut <= me.day:
        me.why = LEFT
    elif me.branch_failed:
        me.why = me.branch_failed
    me.pc += 1
    return GO_ON


@compiled
def change_clocks(
    step: Operation,
    hazards: Hazards,
    people: People,
    run: Run,
    draws: Draws,
    clocks: ClockRows,
    records: Records,
    me: Walker,
) -> int:
    """HAZARD and CLOCKS: a clock runs slower or faster, now or after a delay, or all follow another set of hazards.

    Either way the leaving day is foreseen anew.
    """
    i, delay = me.entity, 0.0
    if step.code == HAZARD:
        if clocks.touched[i] and clocks.rows[i].changes >= clocks.changes.shape[1]:
            return MORE_CHANGES
        if step.purpose >= 0:
            delay = value_of(run, draws, step.purpose, me)
            if delay < 0.0:
                return MORE_DRAWS
    touch_clocks(hazards, people, clocks, records, run.now.first_set, i)
    run_clocks(hazards, clocks, i, me.day)
    if step.code == HAZARD:
        set_multiplier(clocks, i, me.day, step.name, step.number, me.day + delay)
    else:
        switch_set(hazards, clocks, i, me.day, step.name, step.mode)
    forecast(hazards, clocks, records, i)
    leave_on(me, records.leave_day[i])
    me.pc += 1
    return GO_ON


@inlined
def begin_unless(walkers: Walkers, me: Walker) -> int:
    """UNLESS: from here on another way is open to who progresses."""
    open_frame(walkers, me)
    me.pc += 1
    return GO_ON


@inlined
def turn_at_progression(
    step: Operation, hazards: Hazards, people: People, run: Run, clocks: ClockRows, records: Records, me: Walker
) -> int:
    """AT_PROGRESSION: what a progression of the patient means from now on."""
    i, eligibility = me.entity, people.eligibility[me.entity]
    touch_clocks(hazards, people, clocks, records, run.now.first_set, i)
    if step.mode != AS_DRAWN:
        eligibility = LEAVES if step.mode == LEAVE else STAYS
    elif 0.0 <= clocks.rows[i].eligibility <= 1.0:
        eligibility = clocks.rows[i].eligibility
    at_progression(hazards, clocks, records, i, me.day, eligibility)
    leave_on(me, records.leave_day[i])
    me.pc += 1
    return GO_ON


@inlined
def stop_clocks(records: Records, me: Walker) -> int:
    """CLOCKS: none; a progression foreseen for later does not happen."""
    i = me.entity
    if not records.progression_day[i] <= me.day:
        records.progression_day[i] = INFINITY
    records.leave_day[i], records.leave_clock[i] = INFINITY, -1
    leave_on(me, INFINITY)
    me.pc += 1
    return GO_ON


@inlined
def foresee_return(step: Operation, run: Run, draws: Draws, records: Records, me: Walker) -> int:
    """RETURN: the patient will be back for the next course, if that is in time."""
    delay = value_of(run, draws, step.purpose, me)
    if delay < 0.0:
        return MORE_DRAWS
    later, back = me.entity + run.now.first_courses, me.day + delay
    in_time = later < run.now.patients and back < step.number
    if in_time and math.isinf(records.referral[later]):
        records.referral[later] = back
        push(run, back, ARRIVAL + later, COME_BACK, later)
    me.pc += 1
    return GO_ON


@inlined
def end_path(step: Operation, records: Records, me: Walker) -> int:
    """END: the patient's path ends by itself, unless he has left."""
    me.why = ENDED
    if me.leaves > me.day:
        records.ended_outcome[me.entity], records.ended_day[me.entity] = step.name, me.day
    return GO_ON


@inlined
def end_by_then(step: Operation, records: Records, me: Walker) -> int:
    """END_BY_THEN: the path will have ended on the day of what passes aside, unless a clock comes first."""
    me.why = ENDED
    records.ended_outcome[me.entity], records.ended_day[me.entity] = step.name, me.day
    end_before(records, me.entity)
    return GO_ON


@compiled
def finish_lot(step: Operation, run: Run, pools: Pools, shelves: Shelves, me: Walker) -> int:
    """SUPPLY and LOT_END: a lot puts its doses on its shelf, or has failed."""
    now, supplies = run.now, step.code == SUPPLY
    if me.part == FRESH and me.day > now.today:
        return meet(run, me, DELIVERY if supplies else COMPLETION, MET)
    stock, lot = pools.rows[now.stock_pool + me.entity % now.shelves], shelves.lots[now.first_lot + me.entity]
    if stock.batches >= shelves.batches.shape[1]:
        return MORE_SHELF
    if now.due + ROOM > len(run.happenings):
        return MORE_HEAP
    me.part = FRESH
    stock.planned -= now.doses_per_lot
    if supplies:
        lot.ready = me.day
        stock.supplied, stock.chain_supplied = now.today, chain_after(run, lot)
        expires = now.today + now.shelf_life
        put_batch(shelves, stock, expires, float(now.doses_per_lot))
        stock.on_hand += now.doses_per_lot
        if expires < INFINITY:
            push(run, expires, EXPIRY + stock.resource, EXPIRING, stock.row)
        call_turn(run, stock)
        me.pc += 1
        return GO_ON
    lot.failed = me.day
    me.why = ENDED
    begun = now.tasks
    review(run, stock, chain_after(run, lot))
    return PARTED if now.tasks > begun else GO_ON
