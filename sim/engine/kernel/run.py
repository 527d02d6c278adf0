"""The kernel's loop, which Python calls."""

from __future__ import annotations

from sim.engine.kernel.asking import ask, end_turn
from sim.engine.kernel.frames import close_frame
from sim.engine.kernel.happenings import begin_lots, happen, order_again, serve, serve_lists
from sim.engine.kernel.heaps import add_task, look_ahead
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
    MEETS,
    MILESTONE,
    MORE_HEAP,
    MORE_TASKS,
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
)
from sim.engine.kernel.replications import begin_replication, end_replication
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
from sim.engine.kernel.tables import People, Plan, Pools, Run, State, opened
from sim.engine.kernel.walkers import let_meet


@inlined
def more_before_turns(run: Run) -> bool:
    """Whether anything that comes before the turns of pools is still to happen at this instant."""
    today, first = run.now.today, run.heap[0]
    if run.now.next_arrival == today:
        return True
    return run.now.heap > 0 and first.day == today and run.happenings[first.row].priority < PATIENCE


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


@entry
def simulate(plan: Plan, people: People, state: State) -> int:
    """THROUGH when all replications have stopped; otherwise what is needed first. `state` holds every detail.

    One function for the loop and for the choice between operations: numba optimises a function once for each function
    that it is called through.
    """
    route, supplies, hazards, hours, start = opened(Plan, plan)
    people = opened(People, people)
    run, walkers, requests, pools, slots, shelves, draws, clocks, records, uses, replications = opened(State, state)
    now = run.now
    while True:
        if not now.running:
            # the present replication has stopped, where one has begun
            if now.replication >= 0:
                need = end_replication(run, requests, pools, shelves, records, uses, replications)
                if need != THROUGH:
                    return need
            if now.replication + 1 == len(replications):
                return THROUGH
            begin_replication(start, people, run, pools, shelves, replications)

        # room for whatever one turn of this loop may add: a walker that leaves may hand back every slot it holds, and
        # who joined for a turn that is over waits until one day or another
        if now.due + ROOM + now.most_given_back + 2 * now.new_waits > len(run.happenings):
            return MORE_HEAP
        if now.tasks + ROOM > len(run.tasks):
            return MORE_TASKS

        if now.tasks == 0:
            # a pool's turn, once nothing else is left at this instant, or what happens next
            look_ahead(run)
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
                begun = now.tasks
                serve(supplies, hours, run, walkers, requests, pools, slots, shelves, served)
                if now.tasks < begun:
                    end_turn(route, run, walkers, requests, clocks, records, served)
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
            if me.why == ONWARD:
                # every third operation is one of these, and they are quick
                while step.code == MILESTONE:
                    note(step, records, me)
                    step = route.operations[me.pc]
            code = step.code
            # CLOSE and DONE are the last two; `in` a tuple is slow here and below
            if me.why != ONWARD or code >= CLOSE:
                answer = close_frame(route, hazards, run, walkers, requests, pools, slots, shelves, clocks, records, me)
            elif code == STAGE or code == SLOT_STAGE:  # noqa: SIM109
                answer = pass_stage(step, hours, run, walkers, draws, records, me)
            elif code == USE or code == DRAW:  # noqa: SIM109
                answer = ask(
                    step, supplies, hours, people, run, walkers, requests, pools, slots, shelves, draws, clocks,
                    records, me,
                )  # fmt: skip
            elif CHOOSE <= code <= PROGRESSION_NOTED:
                answer = choose(step, people, run, walkers, draws, records, me)
            elif code == JUMP:
                me.pc = step.after
            elif code == ATTEMPTS:
                answer = begin_attempts(step, run, walkers, shelves, records, me)
            elif code == FAIL:
                me.why = FAILED
            elif code == SHIELD:
                answer = begin_branch(step, walkers, me)
            elif code == TOGETHER:
                answer = run_branches(step, route, run, walkers, records, me)
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
        if answer == MEETS:
            let_meet(run, me)
        elif answer > GO_ON:
            # for draws and for too many attempts: of what, and for whom
            step = route.operations[me.pc]
            now.need_purpose, now.need_name, now.need_attempt = step.purpose, step.name, me.attempt
            now.need_kind, now.need_entity = me.kind, me.entity
            return answer
