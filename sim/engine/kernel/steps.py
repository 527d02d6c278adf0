"""The operations that are not asking: one short function each.

Each moves the walker's day and place on and answers GO_ON, PARTED where the walker stops here for now, or what is
needed first; then it is called again at the same place.
"""

from __future__ import annotations

import math

from sim.engine.kernel.clocks import forecast, run_clocks, set_multiplier, switch_set, touch_clocks
from sim.engine.kernel.frames import try_next
from sim.engine.kernel.heaps import add_task, push, put_batch
from sim.engine.kernel.hours import span_of
from sim.engine.kernel.machine import inlined
from sim.engine.kernel.names import (
    ARRIVAL,
    ATTEMPT,
    BACK,
    BATCHES,
    BRANCH,
    BRANCH_FAILED,
    BRANCHED,
    BUSY,
    CHAIN_SUPPLIED,
    CHANGES,
    CHOOSE,
    CODE,
    COME_BACK,
    COMPLETION,
    CUT,
    DAY,
    DELIVERY,
    DOSES_PER_LOT,
    ENDED,
    ENTITY,
    EXPIRING,
    EXPIRY,
    FAILED,
    FINISH_STAGE,
    FIRST_COURSES,
    FIRST_SET,
    FLAGGED,
    FRAME_BETWEEN,
    FRAME_BOUND,
    FRAME_OUTER,
    FRAME_TRIED,
    FRESH,
    GO_ON,
    HEAP,
    HOURS,
    INFINITY,
    KEYS,
    KIND,
    LEAVES,
    LEFT,
    LOT_FAILED,
    LOT_READY,
    MET,
    MODE,
    MORE_CHANGES,
    MORE_DRAWS,
    MORE_HEAP,
    MORE_SHELF,
    MORE_STAGES,
    MORE_WALKERS,
    NAME,
    NO_SLOT,
    NOTED,
    OF_RESOURCE,
    ON_HAND,
    OTHERWISE,
    OUT,
    PARENT,
    PART,
    PARTED,
    PATIENT,
    PATIENTS,
    PC,
    PLANNED,
    PURPOSE,
    RESOURCE,
    ROOM,
    SHELF_LIFE,
    SHELVES,
    STAGE,
    STAGE_BOUND,
    STAGES,
    STARTING,
    STOCK_POOL,
    STOP,
    SUPPLIED,
    SUPPLY,
    TASKS,
    TODAY,
    TOUCHED,
    TRACED,
    UNITS,
    WALK,
    WHY,
)
from sim.engine.kernel.pools import call_turn, chain_after, review
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
from sim.engine.kernel.walkers import begin_walker, leave_on, meet, must_stop, no_row_left, open_frame, pause, value_of


@inlined
def note(route: Route, walkers: Walkers, records: Records, w: int) -> int:
    """MILESTONE: note the day."""
    me = walkers.rows[w]
    if me[KIND] == PATIENT:
        name = route.operations[me[PC], NAME]
        records.notes[me[ENTITY], name] = walkers.days[w, DAY]
        records.passes[me[ENTITY], name] += 1
    me[PC] += 1
    return GO_ON


@inlined
def pass_stage(
    route: Route, hours: HourTables, run: Run, walkers: Walkers, draws: Draws, records: Records, w: int
) -> int:
    """STAGE and SLOT_STAGE: an interval in which nothing is contended; leaving wins over being lost."""
    if must_stop(walkers, w):
        return GO_ON
    me, days = walkers.rows[w], walkers.days[w]
    step, asked = route.operations[me[PC]], days[DAY]
    if run.n[TRACED] and run.n[STAGES] >= records.stages.shape[0]:
        return MORE_STAGES
    began, ended, lost = asked, asked, False
    if step[CODE] == STAGE:
        lasts = value_of(draws, step[PURPOSE], me[ATTEMPT], me[ENTITY])
        if lasts < 0.0:
            return MORE_DRAWS
        since = asked if step[MODE] == 0 else records.notes[me[ENTITY], step[MODE] - 1]
        if math.isnan(since):
            since = asked
        if step[HOURS] < 0:
            ended = since + lasts
        else:
            began, ended, lost = span_of(hours, step[HOURS], since, lasts)
        if step[MODE] != 0:
            began, ended = asked, max(asked, ended)
    else:
        start = walkers.starts[w, step[RESOURCE]]
        if math.isnan(start):
            return NO_SLOT
        ended = max(start, asked)
    if ended >= days[CUT]:
        began, ended, me[WHY] = min(began, days[CUT]), days[CUT], LEFT
    elif lost:
        me[WHY] = FAILED
    if run.n[TRACED]:
        k = run.n[STAGES]
        run.n[STAGES] = k + 1
        what, when = records.stages[k], records.stage_days[k]
        what[0], what[1], what[2] = me[KIND], me[ENTITY], step[NAME]
        when[0], when[1], when[2] = asked, began, ended
    days[DAY] = ended
    me[PC] += 1
    return GO_ON


@inlined
def choose(route: Route, people: People, walkers: Walkers, draws: Draws, records: Records, w: int) -> int:
    """CHOOSE, NOTED, FLAGGED and PROGRESSION_NOTED: one of two ways."""
    me, day = walkers.rows[w], walkers.days[w, DAY]
    step, entity = route.operations[me[PC]], me[ENTITY]
    if step[CODE] == CHOOSE:
        chance = value_of(draws, step[PURPOSE], me[ATTEMPT], entity)
        if chance < 0.0:
            return MORE_DRAWS
        holds = chance < route.numbers[me[PC]]
    elif step[CODE] == NOTED:
        holds = records.notes[entity, step[NAME]] <= day
    elif step[CODE] == FLAGGED:
        holds = people.flags[step[NAME], entity] != 0
    else:
        holds = records.progression_day[entity] <= day
    me[PC] = me[PC] + 1 if holds else step[OTHERWISE]
    return GO_ON


@inlined
def begin_attempts(route: Route, walkers: Walkers, shelves: Shelves, records: Records, w: int) -> int:
    """ATTEMPTS: the first of them."""
    frame = walkers.frames[w, open_frame(walkers, w)]
    frame[FRAME_OUTER], frame[FRAME_TRIED], frame[FRAME_BETWEEN] = walkers.rows[w, ATTEMPT], 1, 0
    return try_next(route, walkers, shelves, records, w)


@inlined
def begin_branch(route: Route, walkers: Walkers, w: int) -> int:
    """SHIELD: from here on the walker is a product, and goes on when its patient leaves, as the branch says."""
    me, days = walkers.rows[w], walkers.days[w]
    mode, frame = route.operations[me[PC], MODE], open_frame(walkers, w)
    walkers.cuts[w, frame], walkers.frames[w, frame, FRAME_BOUND] = days[CUT], me[STAGE_BOUND]
    days[CUT] = days[LEAVES] if mode == STOP else INFINITY
    me[STAGE_BOUND] = 1 if mode == FINISH_STAGE else 0
    me[PC] += 1
    return GO_ON


@inlined
def run_branches(route: Route, run: Run, walkers: Walkers, w: int) -> int:
    """TOGETHER: begin one branch after the other, each running ahead; go on when all have ended."""
    me, days = walkers.rows[w], walkers.days[w]
    step = route.operations[me[PC]]
    if me[PART] == FRESH:
        me[PART], me[OUT], me[BRANCH], me[BRANCH_FAILED] = STARTING, step[UNITS], 0, 0
        # a branch that has ended moves the walker's day on; yet all branches start on the same
        days[BRANCHED] = days[DAY]
        run.n[BUSY] += 1
    if me[PART] == STARTING:
        if me[BRANCH] < step[UNITS]:
            if no_row_left(run, walkers):
                return MORE_WALKERS
            begins = route.branches[step[NAME] + me[BRANCH]]
            me[BRANCH] += 1
            row = begin_walker(run, walkers, me[KIND], me[ENTITY], begins, days[BRANCHED], days[LEAVES])
            # a branch has what its walker had when it began; queue keys they share
            branch = walkers.rows[row]
            walkers.days[row, CUT], branch[STAGE_BOUND] = days[CUT], me[STAGE_BOUND]
            branch[PARENT], branch[ATTEMPT], branch[KEYS] = w, me[ATTEMPT], me[KEYS]
            for resource in range(walkers.starts.shape[1]):
                walkers.starts[row, resource] = walkers.starts[w, resource]
            add_task(run, WALK, row, 0)
            return PARTED
        run.n[BUSY] -= 1
        me[PART] = BACK
        if me[OUT] > 0:
            return pause(run, walkers, w, BACK)
    me[PART] = FRESH
    if days[CUT] <= days[DAY]:
        me[WHY] = LEFT
    elif me[BRANCH_FAILED]:
        me[WHY] = FAILED
    me[PC] += 1
    return GO_ON


@inlined
def change_hazard(
    route: Route,
    hazards: Hazards,
    people: People,
    run: Run,
    walkers: Walkers,
    draws: Draws,
    clocks: ClockRows,
    records: Records,
    w: int,
) -> int:
    """HAZARD: a clock runs slower or faster, now or after a delay, and the leaving day is foreseen anew."""
    me, day = walkers.rows[w], walkers.days[w, DAY]
    step, i = route.operations[me[PC]], me[ENTITY]
    if clocks.state[i, TOUCHED] and clocks.state[i, CHANGES] >= clocks.changes.shape[1]:
        return MORE_CHANGES
    delay = 0.0
    if step[PURPOSE] >= 0:
        delay = value_of(draws, step[PURPOSE], me[ATTEMPT], i)
        if delay < 0.0:
            return MORE_DRAWS
    touch_clocks(people, clocks, records, run.n[FIRST_SET], i)
    run_clocks(hazards, clocks, i, day)
    set_multiplier(clocks, i, day, step[NAME], route.numbers[me[PC]], day + delay)
    forecast(hazards, clocks, records, i)
    leave_on(walkers, w, records.leave_day[i])
    me[PC] += 1
    return GO_ON


@inlined
def switch_clocks(
    route: Route,
    hazards: Hazards,
    people: People,
    run: Run,
    walkers: Walkers,
    clocks: ClockRows,
    records: Records,
    w: int,
) -> int:
    """CLOCKS: another set of hazards, or none."""
    me, day = walkers.rows[w], walkers.days[w, DAY]
    step, i = route.operations[me[PC]], me[ENTITY]
    if step[NAME] < 0:
        # a progression foreseen for later does not happen
        if not records.progression_day[i] <= day:
            records.progression_day[i] = INFINITY
        records.leave_day[i], records.leave_clock[i] = INFINITY, -1
    else:
        touch_clocks(people, clocks, records, run.n[FIRST_SET], i)
        run_clocks(hazards, clocks, i, day)
        switch_set(clocks, i, day, step[NAME], step[MODE])
        forecast(hazards, clocks, records, i)
    leave_on(walkers, w, records.leave_day[i])
    me[PC] += 1
    return GO_ON


@inlined
def foresee_return(route: Route, run: Run, walkers: Walkers, draws: Draws, records: Records, w: int) -> int:
    """RETURN: the patient will be back for the next course, if that is in time."""
    me = walkers.rows[w]
    i = me[ENTITY]
    delay = value_of(draws, route.operations[me[PC], PURPOSE], me[ATTEMPT], i)
    if delay < 0.0:
        return MORE_DRAWS
    later, back = i + run.n[FIRST_COURSES], walkers.days[w, DAY] + delay
    in_time = later < run.n[PATIENTS] and back < route.numbers[me[PC]]
    if in_time and math.isinf(records.referral[later]):
        records.referral[later] = back
        push(run, back, ARRIVAL + later, COME_BACK, later)
    me[PC] += 1
    return GO_ON


@inlined
def end_path(route: Route, walkers: Walkers, records: Records, w: int) -> int:
    """END: the patient's path ends by itself, unless he has left."""
    me, days = walkers.rows[w], walkers.days[w]
    me[WHY] = ENDED
    if days[LEAVES] > days[DAY]:
        records.ended_outcome[me[ENTITY]] = route.operations[me[PC], NAME]
        records.ended_day[me[ENTITY]] = days[DAY]
    return GO_ON


@inlined
def finish_lot(route: Route, run: Run, walkers: Walkers, pools: Pools, shelves: Shelves, w: int) -> int:
    """SUPPLY and LOT_END: a lot puts its doses on its shelf, or has failed."""
    me, n, now = walkers.rows[w], run.n, run.t[TODAY]
    supplies, lot, day = route.operations[me[PC], CODE] == SUPPLY, me[ENTITY], walkers.days[w, DAY]
    if me[PART] == FRESH and day > now:
        return meet(run, walkers, w, DELIVERY if supplies else COMPLETION, MET)
    stock = n[STOCK_POOL] + lot % n[SHELVES]
    if pools.rows[stock, BATCHES] >= shelves.batches.shape[1]:
        return MORE_SHELF
    if n[HEAP] + ROOM > len(run.due):
        return MORE_HEAP
    me[PART] = FRESH
    pools.rows[stock, PLANNED] -= n[DOSES_PER_LOT]
    if supplies:
        shelves.lots[lot, LOT_READY] = day
        pools.numbers[stock, SUPPLIED] = now
        pools.numbers[stock, CHAIN_SUPPLIED] = float(chain_after(run, shelves, lot))
        expires = now + run.t[SHELF_LIFE]
        put_batch(pools, shelves, stock, expires, float(n[DOSES_PER_LOT]))
        pools.rows[stock, ON_HAND] += n[DOSES_PER_LOT]
        if expires < INFINITY:
            push(run, expires, EXPIRY + pools.rows[stock, OF_RESOURCE], EXPIRING, stock)
        call_turn(run, pools, stock)
        me[PC] += 1
        return GO_ON
    shelves.lots[lot, LOT_FAILED] = day
    me[WHY] = ENDED
    begun = n[TASKS]
    review(run, pools, stock, chain_after(run, shelves, lot))
    return PARTED if n[TASKS] > begun else GO_ON
