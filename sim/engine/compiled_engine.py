"""The compiled engine: a protocol flattened to a table and run by the kernel; the trace of `simpy_engine`, faster."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from sim.engine import trace
from sim.engine.draws import Ask, no_draws, of_some, with_attempt, with_first
from sim.engine.flatten import Flat, flatten
from sim.engine.guard import attempts_without_end, lots_without_end, orders_without_end
from sim.engine.kernel import draws as kernel_draws
from sim.engine.kernel import names as k
from sim.engine.kernel import run as kernel
from sim.engine.kernel.rows import (
    Batch,
    Clocks,
    Due,
    Entry,
    Expiry,
    FactorChange,
    Frame,
    Happening,
    Lot,
    Passed,
    Request,
    Share,
    Slot,
    Task,
    Walker,
    blank,
    copied,
    rows,
)
from sim.engine.kernel.stamp import mark_ready
from sim.engine.kernel.tables import ClockRows, Draws, People, Pools, Records, Run, Shelves, Slots, State, Walkers
from sim.engine.trace import (
    CHECK_EVERY_DAYS,
    EngineError,
    Expiries,
    FloatArray,
    IntArray,
    Lots,
    Stages,
    Trace,
    Uses,
    only_one,
)
from sim.pieces.cohort import Cohort
from sim.pieces.luck import Luck
from sim.pieces.protocol import Protocol

# Importing the kernel has compiled it, or found it kept.
mark_ready()

# How many rows there are for what nobody can count beforehand; they grow when they are used up.
FIRST_ROOM = 256
# Bytes that one block of memory has to have for glibc to keep as much at hand from then on (its limit is 32 MB).
KEPT_BYTES = 2**24

# Which arrays grow when the kernel asks for more of something: their group, their names, the axis.
GROWING: dict[int, tuple[str, tuple[str, ...], int]] = {
    k.MORE_HEAP: ("run", ("heap", "happenings"), 0),
    k.MORE_TASKS: ("run", ("tasks",), 0),
    k.MORE_WALKERS: ("walkers", Walkers._fields, 0),
    k.MORE_REQUESTS: ("", ("requests",), 0),
    k.MORE_QUEUE: ("pools", ("queue",), 1),
    k.MORE_SHELF: ("shelves", ("batches",), 1),
    k.MORE_LOTS: ("shelves", ("lots", "tries"), 0),
    k.MORE_EXPIRIES: ("shelves", ("expiries",), 0),
    k.MORE_STAGES: ("records", ("stages",), 0),
    k.MORE_CHANGES: ("clocks", ("changes",), 1),
}


def run(protocol: Protocol, cohort: Cohort, luck: Luck, least: float, follow_up: float, traced: bool = False) -> Trace:
    """The trace of a batch of replications, equal to the bit to that of `simpy_engine.run`. Raises EngineError."""
    flat = _flat(_Same(protocol))
    draws = _first_draws(flat, cohort, luck)
    return trace.joined(
        [
            _run_one(flat, alone, alone.luck, _draws_of(flat, draws, cohort, place), least, follow_up, traced)
            for place, alone in enumerate(map(cohort.alone, range(len(luck.replications))))
        ]
    )


def _run_one(
    flat: Flat, cohort: Cohort, luck: Luck, draws: Draws, least: float, follow_up: float, traced: bool
) -> Trace:
    people = _people(flat, cohort)
    state = _start(flat, cohort, people, draws, least, follow_up, traced)
    while (need := kernel.simulate(flat.plan, people, state)) != k.THROUGH:
        if need == k.MORE_DRAWS:
            state = _draw(flat, state, luck)
        elif need in (k.NO_SLOT, k.TOO_MANY, k.LOTS_WITHOUT_END, k.ORDERS_WITHOUT_END):
            raise _end_of_it(flat, state, need, cohort)
        else:
            state = _grow(state, need)
    return _trace(flat, state)


def uniforms(
    keys: IntArray, source: IntArray, replication: IntArray, number: IntArray, attempt: IntArray
) -> FloatArray:
    """As `streams.uniforms`, to the bit, and quicker."""
    found = np.empty((len(keys), len(number)))
    kernel_draws.fill(keys, source, replication, number, attempt, found)
    return found


def _end_of_it(flat: Flat, state: State, need: int, cohort: Cohort) -> EngineError:
    """Why the run cannot go on."""
    now = _now(state)
    if need == k.TOO_MANY:
        names = flat.attempt_names if now["need_kind"] == k.PATIENT else flat.lot_attempt_names
        return attempts_without_end(cohort, int(now["need_kind"]), int(now["need_entity"]), names[now["need_name"]])
    if need == k.LOTS_WITHOUT_END:
        return lots_without_end(int(now["need_entity"]))
    if need == k.ORDERS_WITHOUT_END:
        return orders_without_end()
    return EngineError("a stage lasts until the start of a slot that nobody holds")


class _Same:
    """A protocol as a key: the same object, not an equal one (its tables have no quick equality)."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol

    def __hash__(self) -> int:
        return id(self.protocol)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.protocol is self.protocol


@lru_cache(maxsize=16)
def _flat(same: _Same) -> Flat:
    # glibc hands the arrays of a replication back to the system and gets them anew for the next: 400 page faults, a
    # fifth of the time of Model P. Once it has seen one large block come and go it keeps that much for itself.
    np.empty(KEPT_BYTES, dtype=np.uint8)
    return flatten(same.protocol)


def _people(flat: Flat, cohort: Cohort) -> People:
    """The patients as the kernel reads them."""
    count = len(cohort.referral_day)
    ranks = np.zeros((len(flat.policies), count))
    for place, policy in enumerate(flat.policies):
        if policy in cohort.ranks:
            ranks[place] = cohort.ranks[policy]
    flags = np.empty((len(flat.flags), count), dtype=np.int64)
    for place, flag in enumerate(flat.flags):
        if flag not in cohort.flags:
            raise EngineError(f"nobody carries the flag {flag!r}")
        flags[place] = cohort.flags[flag]
    begins = cohort.begin_day
    arrivals = np.argsort(np.maximum(begins, 0.0), kind="stable")
    if cohort.courses > 1:
        arrivals = arrivals[np.isfinite(cohort.referral_day[arrivals])]
    return People(
        arrivals=arrivals,
        begins=begins,
        queues_by=np.array(cohort.queues_by, dtype=np.float64),
        centre=cohort.centre,
        ranks=ranks,
        flags=flags,
        measured=np.flatnonzero(cohort.measured),
        thresholds=np.ascontiguousarray(cohort.thresholds),
        groups=np.ascontiguousarray(cohort.group_multipliers),
        eligibility=cohort.eligibility,
        anew_threshold=cohort.anew_threshold,
        anew_eligibility=cohort.anew_eligibility,
    )


def _start(
    flat: Flat, cohort: Cohort, people: People, draws: Draws, least: float, follow_up: float, traced: bool
) -> State:
    """The state of a run before anything has happened."""
    count, pools, shelves = len(cohort.referral_day), len(flat.pools.rows), flat.shelf.shape[0]
    resources, room, opening = len(flat.plan.supplies.resources), FIRST_ROOM, flat.shelf.shape[1]
    clocks = rows(Clocks, count + 1)
    clocks["touched"] = 0
    batches = rows(Batch, shelves, opening + room)
    notes, attempts = _lived(flat, cohort)
    batches[:, :opening] = flat.shelf
    return State(
        _run(flat, cohort, people, least, follow_up, traced),
        Walkers(rows(Walker, room), rows(Frame, room, flat.depth), rows(Share, room, resources)),
        rows(Request, count * flat.uses + room),
        Pools(copied(flat.pools.rows), rows(Entry, pools, room)),
        Slots(rows(Slot, flat.pools.slots), np.empty((pools, flat.pools.slots_of_one), dtype=np.int64)),
        Shelves(
            batches=batches,
            lots=blank(Lot, room),
            tries=np.zeros((room, len(flat.lot_attempt_names)), dtype=np.int64),
            expiries=rows(Expiry, room),
        ),
        draws,
        ClockRows(clocks, rows(FactorChange, count + 1, min(4, room))),
        Records(
            notes=notes,
            passes=(~np.isnan(notes)).astype(np.int64),
            attempts=attempts,
            ended_outcome=np.full(count, -1, dtype=np.int64),
            ended_day=np.full(count, np.nan),
            leave_day=cohort.leave_day.copy(),
            leave_clock=cohort.leave_clock.copy(),
            progression_day=cohort.progression_day.copy(),
            referral=cohort.referral_day.copy(),
            stages=rows(Passed, 16 * room if traced else 0),
        ),
    )


def _lived(flat: Flat, cohort: Cohort) -> tuple[FloatArray, IntArray]:
    """(days of milestones passed, attempts made) by the start."""
    count = len(cohort.referral_day)
    notes = np.full((count, len(flat.milestones)), np.nan)
    attempts = np.zeros((count, len(flat.attempt_names)), dtype=np.int64)
    for place, name in enumerate(flat.milestones):
        notes[:, place] = cohort.notes.get(name, np.nan)
    for place, name in enumerate(flat.attempt_names):
        attempts[:, place] = cohort.attempts.get(name, 0)
    return notes, attempts


def _run(flat: Flat, cohort: Cohort, people: People, least: float, follow_up: float, traced: bool) -> Run:
    """The counters of a run at its start, and what is due from then on."""
    now, arrivals, count = copied(flat.now)[0], people.arrivals, len(cohort.referral_day)
    now["patients"], now["first_courses"], now["arriving"] = count, count // cohort.courses, len(arrivals)
    now["measured"], now["traced"], now["running"] = len(people.measured), traced, 1
    now["follow_up"], now["next_check"], now["check_every"] = follow_up, least, CHECK_EVERY_DAYS
    due = [*flat.happenings, (least, k.CHECK, k.CHECKING, 0)]
    due.sort(key=lambda happening: happening[:2])  # sorted, it is a heap
    heap, happenings = rows(Due, len(due) + FIRST_ROOM), rows(Happening, len(due) + FIRST_ROOM)
    heap["row"] = np.arange(len(heap))
    heap["day"][: len(due)] = [day for day, *_ in due]
    happenings[: len(due)] = [(priority, place, what, of) for place, (_, priority, what, of) in enumerate(due)]
    now["heap"] = now["tickets"] = len(due)
    now["next_arrival"] = np.inf
    if len(arrivals):
        now["next_patient"], now["next_arrival"] = arrivals[0], max(float(people.begins[arrivals[0]]), 0.0)
    return Run(now, heap, happenings, rows(Task, FIRST_ROOM))


def _first_draws(flat: Flat, cohort: Cohort, luck: Luck) -> Draws:
    """The draws that the replications of a batch are foreseen to need."""
    draws, replications = no_draws(flat.fixed), len(luck.replications)
    if len(cohort.replication):
        courses = [np.flatnonzero(cohort.course == course) for course in (1, 2)]
        draws = with_first(draws, flat.of_patients, courses, cohort.flags, luck.patients)
    return _with_lots(flat, draws, luck, FIRST_ROOM, replications) if flat.of_lots.rules else draws


def _draws_of(flat: Flat, draws: Draws, cohort: Cohort, place: int) -> Draws:
    """Those of a replication of the batch, whose patients and lots count from 0."""
    first, end = int(cohort.first[place]), int(cohort.first[place + 1])
    return of_some(of_some(draws, flat.of_patients, first, end - first), flat.of_lots, FIRST_ROOM * place, FIRST_ROOM)


def _with_lots(flat: Flat, draws: Draws, luck: Luck, count: int, replications: int = 1) -> Draws:
    """With those of the first lots of each of several replications."""
    return with_first(draws, flat.of_lots, (np.arange(count * replications),), {}, _asked_of_lots(flat, luck, count))


def _asked_of_lots(flat: Flat, luck: Luck, count: int) -> Ask:
    return lambda purposes, who, attempt: luck.lots(flat.lot_streams, purposes, who % count, attempt, who // count)


def _draw(flat: Flat, state: State, luck: Luck) -> State:
    """The state with the draws that the kernel has come to, and that were not foreseen."""
    now, draws = _now(state), state.draws
    purpose, attempt, entity = int(now["need_purpose"]), int(now["need_attempt"]), int(now["need_entity"])
    width = int(draws.width[purpose])
    if entity >= width:
        return state._replace(draws=_with_lots(flat, draws, luck, 2 * width))
    if now["need_kind"] == k.PATIENT:
        return state._replace(draws=with_attempt(draws, flat.of_patients, purpose, attempt, luck.patients))
    return state._replace(draws=with_attempt(draws, flat.of_lots, purpose, attempt, _asked_of_lots(flat, luck, width)))


def _now(state: State) -> Any:
    """Where the run is, as numpy reads it: by the names of its fields."""
    return state.run.now


def _grow(state: State, need: int) -> State:
    """The state with the arrays of one kind twice as long, or wide."""
    name, fields, axis = GROWING[need]
    group: Any = getattr(state, name) if name else state
    now, pools, at_least = _now(state), state.pools.rows, 16
    if need == k.MORE_HEAP or need == k.MORE_EXPIRIES:
        offered, batches = pools["most_offered"].max(initial=0), pools["batches"].max(initial=0)
        at_least = 2 * int(offered) + int(batches) + int(now["most_given_back"]) + 2 * k.ROOM
    if need == k.MORE_LOTS:
        at_least = int(pools["lots_begun"].max() + 1) * int(now["shelves"])
    larger: dict[str, Any] = {}
    for field in fields:
        old = getattr(group, field)
        shape = list(old.shape)
        shape[axis] = max(shape[axis], at_least)
        # lots that have not begun have no day, and no attempts
        more = blank(Lot, *shape) if field == "lots" else np.zeros(shape, dtype=old.dtype)
        larger[field] = np.concatenate([old, more], axis=axis)
    if need == k.MORE_HEAP:  # the new rows are free
        larger["heap"]["row"][len(group.heap) :] = np.arange(len(group.heap), len(larger["heap"]))
    group = group._replace(**larger)
    return state._replace(**{name: group}) if name else group


def _trace(flat: Flat, state: State) -> Trace:
    now, records = _now(state), state.records
    stop = float(now["today"])
    uses = _uses(state, stop)
    slots, lots, expiries = (
        state.slots.rows[: now["slots"]], state.shelves.lots[: now["lots"]], state.shelves.expiries[: now["expiries"]]
    )  # fmt: skip
    begun = np.flatnonzero(~np.isnan(lots["started"]))
    referral = records.referral
    # a return foreseen for after the stop has not taken place
    later = referral[int(now["first_courses"]) :]
    later[later > stop] = np.inf
    return Trace(
        stop_day=np.array([stop]),
        milestones=flat.milestones,
        notes=records.notes,
        passes=records.passes,
        attempt_names=flat.attempt_names,
        attempts=records.attempts,
        outcomes=flat.outcomes,
        reasons=flat.reasons,
        referral_day=referral,
        ended_outcome=records.ended_outcome,
        ended_day=records.ended_day,
        leave_day=records.leave_day,
        leave_clock=records.leave_clock,
        progression_day=records.progression_day,
        uses=uses,
        slots=trace.Slots(
            only_one(slots),
            state.pools.rows["resource"][slots["pool"]],
            state.pools.rows["centre"][slots["pool"]],
            *(slots[name].copy() for name in ("offered", "start", "holder", "handed_back", "perished", "withdrawn")),
        ),
        lots=Lots(
            only_one(begun),
            begun,
            begun % int(now["shelves"]),
            lots["started"][begun],
            lots["ready"][begun],
            lots["failed"][begun],
            np.full(len(begun), now["doses_per_lot"]),
        ),
        expiries=Expiries(
            only_one(expiries),
            expiries["shelf"].copy(),
            expiries["day"].copy(),
            expiries["doses"].astype(np.int64),
        ),
        stages=_stages(flat, state, stop) if now["traced"] else None,
    )


def _uses(state: State, stop: float) -> Uses:
    """The rows in order of (kind, entity, asked in turn), as far as asked by the stop."""
    now = _now(state)
    count, patients, groups = int(now["requests"]), int(now["patients"]), int(now["patients"] + now["lots"])
    first, end, order = np.zeros(groups + 1, np.int64), np.empty(groups, np.int64), np.empty(count, np.int64)
    whole, real = np.empty((6, count), np.int64), np.empty((3, count))
    kept = kernel.list_uses(state.requests, state.pools.rows, count, patients, stop, first, end, order, whole, real)
    columns, days = whole[:, :kept], real[:, :kept]
    return Uses(
        only_one(columns[0]),
        columns[0],
        columns[1],
        columns[2],
        columns[3],
        columns[4],
        columns[5],
        days[0],
        days[1],
        days[2],
    )


def _stages(flat: Flat, state: State, stop: float) -> Stages:
    """The rows in order of (kind, entity, began, ended, stage); names in the order in which they were first passed."""
    passes = state.records.stages[: _now(state)["stages"]].tolist()
    passed = list(dict.fromkeys(name for _, _, name, *_ in passes))
    place = {name: number for number, name in enumerate(passed)}
    listed = sorted(
        (kind, entity, asked, began, ended, place[name])
        for kind, entity, name, asked, began, ended in passes
        if asked <= stop
    )
    columns = list(zip(*listed, strict=True)) or [()] * 6

    def by_the_stop(number: int) -> FloatArray:
        found = np.array(columns[number], dtype=float)
        return np.where(found > stop, np.nan, found)

    return Stages(
        tuple(flat.stage_names[name] for name in passed),
        only_one(columns[0]),
        np.array(columns[0], dtype=np.int64),
        np.array(columns[1], dtype=np.int64),
        np.array(columns[5], dtype=np.int64),
        np.array(columns[2], dtype=float),
        by_the_stop(3),
        by_the_stop(4),
    )
