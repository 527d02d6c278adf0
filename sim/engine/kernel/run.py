"""The kernel's loop, and the two functions that Python calls."""

from __future__ import annotations

from sim.engine.kernel.asking import ask
from sim.engine.kernel.frames import close_frame
from sim.engine.kernel.happenings import begin_lots, happen, order_again, serve, serve_lists
from sim.engine.kernel.heaps import add_task
from sim.engine.kernel.machine import entry, inlined
from sim.engine.kernel.names import (
    ANY_OF,
    ASIDE,
    AT_PROGRESSION,
    ATTEMPTS,
    BEGIN_LOTS,
    CHOOSE,
    CLOCKS,
    CLOSE,
    DRAW,
    END,
    END_BY_THEN,
    FAIL,
    FAILED,
    GO_ON,
    HAZARD,
    JUMP,
    LAPSED,
    MILESTONE,
    MORE_HEAP,
    MORE_TASKS,
    NAN,
    ONWARD,
    ORDER_AGAIN,
    PATIENCE,
    PROGRESSION_NOTED,
    RETURN,
    ROOM,
    SERVE,
    SHIELD,
    SLOT_STAGE,
    STAGE,
    THROUGH,
    TOGETHER,
    UNLESS,
    USE,
    WAITING,
)
from sim.engine.kernel.rows import Pool, Request
from sim.engine.kernel.steps import (
    begin_aside,
    begin_attempts,
    begin_branch,
    begin_unless,
    change_clocks,
    choose,
    end_by_then,
    end_path,
    finish_lot,
    foresee_return,
    note,
    pass_stage,
    run_branches,
    stop_clocks,
    turn_at_progression,
)
from sim.engine.kernel.tables import FloatTable, Ints, IntTable, People, Plan, Pools, Run, State, Table


@inlined
def more_before_turns(run: Run) -> bool:
    """Whether anything that comes before the turns of pools is still to happen at this instant."""
    today, first = run.now.today, run.heap[0]
    if run.now.next_arrival == today:
        return True
    return first.day == today and run.happenings[first.row].priority < PATIENCE


@inlined
def begin_turn(run: Run, pools: Pools) -> None:
    """The turn of the first pool in order of declaration that is due for one."""
    pool = 0
    while not pools.rows[pool].due:
        pool += 1
    pools.rows[pool].due = 0
    run.now.turns -= 1
    run.now.busy += 1
    add_task(run, SERVE, pool, 0, 0)


@inlined
def close_queues(run: Run, requests: Table[Request], pools: Pools) -> None:
    """The queues at the stop: who should have left by now has, and nothing more follows from it."""
    for pool in range(len(pools.rows)):
        for k in range(pools.rows[pool].queued):
            entry_of = pools.queue[pool, k]
            asked = requests[entry_of.request]
            fresh = asked.state == WAITING and entry_of.ticket == asked.entry
            if fresh and asked.lapses <= run.now.today:
                asked.state, asked.ended = LAPSED, asked.lapses


@entry
def simulate(plan: Plan, people: People, state: State) -> int:
    """THROUGH when the run has stopped; otherwise what is needed first. `state` holds the run in every detail.

    One function for the loop and for the choice between operations: numba optimises a function once for each function
    that it is called through.
    """
    route, supplies, hazards, hours = plan
    run, walkers, requests, pools, slots, shelves, draws, clocks, records = state
    now = run.now
    while now.running:
        # room for whatever one turn of this loop may add: a walker that leaves may hand back every slot it holds
        if now.heap + ROOM + now.most_given_back > len(run.heap):
            return MORE_HEAP
        if now.tasks + ROOM > len(run.tasks):
            return MORE_TASKS

        if now.tasks == 0:
            # a pool's turn, once nothing else is left at this instant, or what happens next
            if now.turns > 0 and not more_before_turns(run):
                begin_turn(run, pools)
                continue
            need = happen(supplies, hazards, people, run, walkers, requests, pools, slots, shelves, clocks, records)
            if need != THROUGH:
                return need
            if now.tasks == 0:
                continue
        top = run.tasks[now.tasks - 1]
        if top.task == SERVE:
            served = pools.rows[top.of]
            if served.kind == ANY_OF or served.feeds:
                serve_lists(supplies, run, walkers, requests, pools, slots, shelves)
            else:
                serve(supplies, hours, run, walkers, requests, pools, slots, shelves, served)
            continue
        if top.task == BEGIN_LOTS:
            need = begin_lots(run, walkers, pools, shelves)
            if need != THROUGH:
                return need
            continue
        if top.task == ORDER_AGAIN:
            order_again(run, pools.rows[top.of])
            continue

        # WALK: a walker goes along its path until it meets the clock, or something else must be done first
        me = walkers.rows[top.of]
        answer = GO_ON
        while answer == GO_ON:
            step = route.operations[me.pc]
            code = step.code
            # CLOSE and DONE are the last two; (`in` a tuple is slow here)
            if me.why != ONWARD or code >= CLOSE:
                answer = close_frame(route, hazards, run, walkers, requests, pools, slots, shelves, clocks, records, me)
            elif code == MILESTONE:
                answer = note(step, records, me)
            elif code == STAGE or code == SLOT_STAGE:  # noqa: SIM109
                answer = pass_stage(step, hours, run, walkers, draws, records, me)
            elif code == USE or code == DRAW:  # noqa: SIM109
                answer = ask(
                    step, supplies, hours, people, run, walkers, requests, pools, slots, shelves, draws, clocks,
                    records, me,
                )  # fmt: skip
            elif CHOOSE <= code <= PROGRESSION_NOTED:
                answer = choose(step, people, walkers, draws, records, me)
            elif code == JUMP:
                me.pc = step.after
            elif code == ATTEMPTS:
                answer = begin_attempts(step, walkers, shelves, records, me)
            elif code == FAIL:
                me.why = FAILED
            elif code == SHIELD:
                answer = begin_branch(step, walkers, me)
            elif code == TOGETHER:
                answer = run_branches(step, route, run, walkers, me)
            elif code == ASIDE:
                answer = begin_aside(walkers, me)
            elif code == UNLESS:
                answer = begin_unless(walkers, me)
            elif code == AT_PROGRESSION:
                answer = turn_at_progression(step, hazards, people, run, clocks, records, me)
            elif code == CLOCKS and step.name < 0:
                answer = stop_clocks(records, me)
            elif code == HAZARD or code == CLOCKS:  # noqa: SIM109
                answer = change_clocks(step, hazards, people, run, draws, clocks, records, me)
            elif code == RETURN:
                answer = foresee_return(step, run, draws, records, me)
            elif code == END:
                answer = end_path(step, records, me)
            elif code == END_BY_THEN:
                answer = end_by_then(step, records, me)
            else:
                answer = finish_lot(step, run, pools, shelves, me)
        if answer > GO_ON:
            # for draws and for too many attempts: of what, and for whom
            step = route.operations[me.pc]
            now.need_purpose, now.need_name, now.need_attempt = step.purpose, step.name, me.attempt
            now.need_kind, now.need_entity = me.kind, me.entity
            return answer
    close_queues(run, requests, pools)
    return THROUGH


@entry
def list_uses(
    requests: Table[Request],
    pools: Table[Pool],
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
        if requests[k].asked <= stop:
            first[requests[k].entity + patients * requests[k].kind + 1] += 1
    for group in range(len(first) - 1):
        first[group + 1] += first[group]
        end[group] = first[group]
    for k in range(count):
        asked = requests[k]
        if asked.asked > stop:
            continue
        group = asked.entity + patients * asked.kind
        place = end[group]
        end[group] = place + 1
        while place > first[group]:
            before = requests[order[place - 1]]
            if before.asked < asked.asked or (
                before.asked == asked.asked and pools[before.pool].resource <= pools[asked.pool].resource
            ):
                break
            order[place] = order[place - 1]
            place -= 1
        order[place] = k
    kept = first[len(first) - 1]
    for place in range(kept):
        asked = requests[order[place]]
        pool = pools[asked.pool]
        whole[0, place], whole[1, place] = asked.kind, asked.entity
        whole[2, place], whole[3, place], whole[4, place] = pool.resource, pool.centre, asked.units
        whole[5, place] = pools[asked.source].resource
        real[0, place] = asked.asked
        real[1, place] = NAN if asked.began > stop else asked.began
        real[2, place] = NAN if asked.ended > stop else asked.ended
    return int(kept)
