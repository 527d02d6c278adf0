"""The kernel's loop, and the two functions that Python calls."""

from __future__ import annotations

from sim.engine.kernel.asking import ask
from sim.engine.kernel.frames import close_frame
from sim.engine.kernel.happenings import begin_lots, happen, order_again, serve
from sim.engine.kernel.heaps import add_task
from sim.engine.kernel.machine import entry, inlined
from sim.engine.kernel.names import (
    AFTER,
    ASKED_DAY,
    ATTEMPT,
    ATTEMPTS,
    BEGAN,
    BEGIN_LOTS,
    BUSY,
    CENTRE,
    CHOOSE,
    CLOCKS,
    CLOSE,
    CODE,
    DRAW,
    DUE,
    END,
    ENDED_DAY,
    ENTITY,
    ENTRY,
    ENTRY_REQUEST,
    ENTRY_TICKET,
    FAIL,
    FAILED,
    FLAGGED,
    GO_ON,
    HAZARD,
    HEAP,
    JUMP,
    KIND,
    LAPSED,
    LAPSES,
    MILESTONE,
    MORE_HEAP,
    MORE_TASKS,
    MOST_GIVEN_BACK,
    NAME,
    NAN,
    NEED_ATTEMPT,
    NEED_ENTITY,
    NEED_KIND,
    NEED_NAME,
    NEED_PURPOSE,
    NEXT_ARRIVAL,
    NOTED,
    OF_ENTITY,
    OF_KIND,
    OF_RESOURCE,
    ONWARD,
    ORDER_AGAIN,
    PATIENCE,
    PC,
    POOL,
    PRIORITY,
    PROGRESSION_NOTED,
    PURPOSE,
    QUEUED,
    RETURN,
    ROOM,
    RUNNING,
    SERVE,
    SHIELD,
    SLOT_STAGE,
    STAGE,
    STATE,
    TASK,
    TASK_OF,
    TASKS,
    THROUGH,
    TODAY,
    TOGETHER,
    TURNS,
    USE,
    WAITING,
    WANTED_UNITS,
    WHY,
)
from sim.engine.kernel.steps import (
    begin_attempts,
    begin_branch,
    change_hazard,
    choose,
    end_path,
    finish_lot,
    foresee_return,
    note,
    pass_stage,
    run_branches,
    switch_clocks,
)
from sim.engine.kernel.tables import FloatTable, Ints, IntTable, People, Plan, Pools, Requests, Run, State


@inlined
def more_before_turns(run: Run) -> bool:
    """Whether anything that comes before the turns of pools is still to happen at this instant."""
    today = run.t[TODAY]
    if run.t[NEXT_ARRIVAL] == today:
        return True
    return bool(run.due[0] == today and run.happenings[run.which[0], PRIORITY] < PATIENCE)


@inlined
def begin_turn(run: Run, pools: Pools) -> None:
    """The turn of the first pool in order of declaration that is due for one."""
    pool = 0
    while not pools.rows[pool, DUE]:
        pool += 1
    pools.rows[pool, DUE] = 0
    run.n[TURNS] -= 1
    run.n[BUSY] += 1
    add_task(run, SERVE, pool, 0)


@inlined
def close_queues(run: Run, requests: Requests, pools: Pools) -> None:
    """The queues at the stop: who should have left by now has, and nothing more follows from it."""
    for pool in range(pools.rows.shape[0]):
        for k in range(pools.rows[pool, QUEUED]):
            entry_of = pools.queue[pool, k]
            asked, days = requests.rows[entry_of[ENTRY_REQUEST]], requests.days[entry_of[ENTRY_REQUEST]]
            fresh = asked[STATE] == WAITING and entry_of[ENTRY_TICKET] == asked[ENTRY]
            if fresh and days[LAPSES] <= run.t[TODAY]:
                asked[STATE], days[ENDED_DAY] = LAPSED, days[LAPSES]


@entry
def simulate(plan: Plan, people: People, state: State) -> int:
    """THROUGH when the run has stopped; otherwise what is needed first. `state` holds the run in every detail.

    One function for the loop and for the choice between operations: numba optimises a function once for each function
    that it is called through.
    """
    route, supplies, hazards, hours = plan
    run, walkers, requests, pools, slots, shelves, draws, clocks, records = state
    n = run.n
    while n[RUNNING]:
        # room for whatever one turn of this loop may add: a walker that leaves may hand back every slot it holds
        if n[HEAP] + ROOM + n[MOST_GIVEN_BACK] > len(run.due):
            return MORE_HEAP
        if n[TASKS] + ROOM > run.tasks.shape[0]:
            return MORE_TASKS

        if n[TASKS] == 0:
            # a pool's turn, once nothing else is left at this instant, or what happens next
            if n[TURNS] > 0 and not more_before_turns(run):
                begin_turn(run, pools)
                continue
            need = happen(supplies, hazards, people, run, walkers, requests, pools, slots, shelves, clocks, records)
            if need != THROUGH:
                return need
            if n[TASKS] == 0:
                continue
        top = run.tasks[n[TASKS] - 1]
        task, w = top[TASK], top[TASK_OF]
        if task == SERVE:
            serve(run, walkers, requests, pools, slots, shelves, w)
            continue
        if task == BEGIN_LOTS:
            need = begin_lots(run, walkers, pools, shelves)
            if need != THROUGH:
                return need
            continue
        if task == ORDER_AGAIN:
            order_again(run, pools, w)
            continue

        # WALK: a walker goes along its path until it meets the clock, or something else must be done first
        me = walkers.rows[w]
        answer = GO_ON
        while answer == GO_ON:
            code = route.operations[me[PC], CODE]
            # CLOSE and DONE are the last two; (`in` a tuple is slow here)
            if me[WHY] != ONWARD or code >= CLOSE:
                answer = close_frame(route, run, walkers, requests, pools, slots, shelves, records, w)
            elif code == MILESTONE:
                answer = note(route, walkers, records, w)
            elif code == STAGE or code == SLOT_STAGE:  # noqa: SIM109
                answer = pass_stage(route, hours, run, walkers, draws, records, w)
            elif code == USE or code == DRAW:  # noqa: SIM109
                answer = ask(route, supplies, people, run, walkers, requests, pools, slots, shelves, records, w)
            elif code == CHOOSE or code == NOTED or code == FLAGGED or code == PROGRESSION_NOTED:  # noqa: SIM109
                answer = choose(route, people, walkers, draws, records, w)
            elif code == JUMP:
                me[PC] = route.operations[me[PC], AFTER]
            elif code == ATTEMPTS:
                answer = begin_attempts(route, walkers, shelves, records, w)
            elif code == FAIL:
                me[WHY] = FAILED
            elif code == SHIELD:
                answer = begin_branch(route, walkers, w)
            elif code == TOGETHER:
                answer = run_branches(route, run, walkers, w)
            elif code == HAZARD:
                answer = change_hazard(route, hazards, people, run, walkers, draws, clocks, records, w)
            elif code == CLOCKS:
                answer = switch_clocks(route, hazards, people, run, walkers, clocks, records, w)
            elif code == RETURN:
                answer = foresee_return(route, run, walkers, draws, records, w)
            elif code == END:
                answer = end_path(route, walkers, records, w)
            else:
                answer = finish_lot(route, run, walkers, pools, shelves, w)
        if answer > GO_ON:
            # for draws and for too many attempts: of what, and for whom
            step = route.operations[me[PC]]
            n[NEED_PURPOSE], n[NEED_NAME], n[NEED_ATTEMPT] = step[PURPOSE], step[NAME], me[ATTEMPT]
            n[NEED_KIND], n[NEED_ENTITY] = me[KIND], me[ENTITY]
            return answer
    close_queues(run, requests, pools)
    return THROUGH


@entry
def list_uses(
    requests: IntTable,
    days: FloatTable,
    pools: IntTable,
    count: int,
    patients: int,
    stop: float,
    first: Ints,
    end: Ints,
    order: Ints,
    whole: IntTable,
    real: FloatTable,
) -> int:
    """How many uses were asked for by the stop; `whole` and `real` then hold their columns, as rows, in order.

    The log is in order of asking, nearly; so it is dealt out by entity, and each hand is put in order by insertion.
    `first` (all 0) and `end` have a place for each patient, each lot, and one more; `order` for each request.
    """
    for k in range(count):
        if days[k, ASKED_DAY] <= stop:
            first[requests[k, OF_ENTITY] + patients * requests[k, OF_KIND] + 1] += 1
    for group in range(len(first) - 1):
        first[group + 1] += first[group]
        end[group] = first[group]
    for k in range(count):
        if days[k, ASKED_DAY] > stop:
            continue
        group = requests[k, OF_ENTITY] + patients * requests[k, OF_KIND]
        place = end[group]
        end[group] = place + 1
        while place > first[group]:
            other = order[place - 1]
            if days[other, ASKED_DAY] < days[k, ASKED_DAY] or (
                days[other, ASKED_DAY] == days[k, ASKED_DAY]
                and pools[requests[other, POOL], OF_RESOURCE] <= pools[requests[k, POOL], OF_RESOURCE]
            ):
                break
            order[place] = other
            place -= 1
        order[place] = k
    kept = first[len(first) - 1]
    for place in range(kept):
        k = order[place]
        pool = requests[k, POOL]
        whole[0, place], whole[1, place] = requests[k, OF_KIND], requests[k, OF_ENTITY]
        whole[2, place], whole[3, place] = pools[pool, OF_RESOURCE], pools[pool, CENTRE]
        whole[4, place] = requests[k, WANTED_UNITS]
        real[0, place] = days[k, ASKED_DAY]
        real[1, place] = NAN if days[k, BEGAN] > stop else days[k, BEGAN]
        real[2, place] = NAN if days[k, ENDED_DAY] > stop else days[k, ENDED_DAY]
    return int(kept)
