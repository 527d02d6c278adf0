"""The compiled engine: a protocol flattened to a table and run by the kernel; the trace of `simpy_engine`, faster.

Longer than 400 lines because every table of the kernel is filled, and read again, here.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from sim.engine import trace
from sim.engine.draws import Ask, no_draws, with_attempt, with_first
from sim.engine.flatten import Flat, flatten
from sim.engine.guard import attempts_without_end, lots_without_end, orders_without_end
from sim.engine.kernel import draws as kernel_draws
from sim.engine.kernel import meeting as kernel_meeting
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
    OneClock,
    Passed,
    Pool,
    Replication,
    Request,
    Share,
    Slot,
    Task,
    Unit,
    Walker,
    blank,
    copied,
    rows,
)
from sim.engine.kernel.stamp import mark_ready
from sim.engine.kernel.tables import (
    ClockRows,
    Counts,
    Draws,
    People,
    Pools,
    Records,
    Run,
    Shelves,
    Slots,
    State,
    Uses,
    Walkers,
    Wanted,
)
from sim.engine.trace import CHECK_EVERY_DAYS, EngineError, Expiries, Lots, Stages, Trace
from sim.pieces.cohort import Cohort
from sim.pieces.luck import Luck
from sim.pieces.protocol import Protocol
from sim.pure.arrays import FloatArray, IntArray
from sim.pure.mortality import Ahead

# Importing the kernel has compiled it, or found it kept.
mark_ready()

# How many rows there are for what nobody can count beforehand; they grow when they are used up.
FIRST_ROOM = 256
# Stretches of days a patient, by which happenings that are to come are kept apart.
STRETCHES = 3
# Bytes of one block of memory, somewhat below glibc's limit of 32 MB: once one has come and gone, glibc keeps twice as
# much at hand.
KEPT_BYTES = 2**25 - 2**16

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
    k.MORE_USES: ("uses", Uses._fields, 0),
}


def run(protocol: Protocol, cohort: Cohort, luck: Luck, least: float, follow_up: float, traced: bool = False) -> Trace:
    """The trace of a batch of replications, equal to the bit to that of `simpy_engine.run`. Raises EngineError."""
    flat = _flat(_Same(protocol))
    people = _people(flat, cohort)
    state = _start(flat, cohort, people, _first_draws(flat, cohort, luck), least, follow_up, traced)
    while (need := kernel.simulate(flat.plan, people, state)) != k.THROUGH:
        if need == k.MORE_DRAWS:
            state = _draw(flat, state, luck)
        elif need in (k.NO_SLOT, k.TOO_MANY, k.LOTS_WITHOUT_END, k.ORDERS_WITHOUT_END):
            raise _end_of_it(flat, state, need, cohort)
        else:
            state = _grow(state, need)
    return _trace(flat, cohort, state)


def uniforms(
    keys: IntArray, source: IntArray, replication: IntArray, number: IntArray, attempt: IntArray
) -> FloatArray:
    """As `streams.uniforms`, to the bit, and quicker."""
    found = np.empty((len(keys), len(number)))
    kernel_draws.fill(Wanted(keys, source, replication, number, attempt, found))
    return found


def meet(ahead: Ahead) -> None:
    """As `mortality.met_together`, to the bit, and quicker."""
    kernel_meeting.fill(ahead)


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
    # glibc hands the arrays of a batch back to the system and gets them anew for the next: 230 page faults a
    # replication, a fifth of the time of Model P. Once it has seen one large block come and go, it keeps them.
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
    arrivals = _in_order_of_arrival(cohort)
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


def _in_order_of_arrival(cohort: Cohort) -> IntArray:
    """The places of the patients, replication by replication, by the day on which they begin.

    Those of a source are in this order already: sorting each replication is a merge of a few runs.
    """
    days = np.maximum(cohort.begin_day, 0.0)
    order = np.arange(len(days))
    back = 1 + np.flatnonzero(days[1:] < days[:-1])
    if (cohort.first[np.searchsorted(cohort.first, back)] == back).all():
        return order
    for first, end in pairwise(cohort.first.tolist()):
        order[first:end] = first + np.argsort(days[first:end], kind="stable")
    return order


def _start(
    flat: Flat, cohort: Cohort, people: People, draws: Draws, least: float, follow_up: float, traced: bool
) -> State:
    """The state before the first replication has begun."""
    start, count, pools = flat.plan.start, len(cohort.referral_day), len(flat.plan.start.pools)
    resources, room = len(flat.plan.supplies.serving), FIRST_ROOM
    replications = _replications(cohort, people)
    most = int(np.diff(cohort.first).max(initial=0))
    now = copied(flat.now)[0]
    now["replication"], now["courses"], now["traced"] = -1, cohort.courses, traced
    now["follow_up"], now["first_check"], now["check_every"] = follow_up, least, CHECK_EVERY_DAYS
    # about one happening a stretch, as far as they can be foreseen
    stretches = STRETCHES * most + 1
    now["per_day"] = stretches / max(least + 2.0 * follow_up, 1.0)
    notes, passes, attempts = _lived(flat, cohort)
    return State(
        Run(
            now,
            rows(Due, len(start.happenings) + room),
            rows(Happening, len(start.happenings) + room),
            np.empty(stretches, dtype=np.int64),
            rows(Task, room),
        ),
        Walkers(rows(Walker, room), rows(Frame, room, flat.depth), rows(Share, room, resources)),
        rows(Request, most * flat.uses + room),
        Pools(rows(Pool, pools), rows(Entry, pools, room), rows(Unit, len(flat.plan.start.units))),
        Slots(
            rows(Slot, len(replications) * flat.slots),
            np.empty((pools, flat.slots_of_one), dtype=np.int64),
        ),
        Shelves(
            batches=rows(Batch, start.batches.shape[0], start.batches.shape[1] + room),
            lots=blank(Lot, room),
            tries=np.zeros((room, len(flat.lot_attempt_names)), dtype=np.int64),
            expiries=rows(Expiry, room),
        ),
        draws,
        ClockRows(
            np.zeros(count, dtype=np.int64),
            rows(Clocks, count + 1),
            rows(OneClock, count + 1, 3),
            rows(FactorChange, count + 1, min(4, room)),
        ),
        Records(
            notes=notes,
            passes=passes,
            attempts=attempts,
            ended_outcome=np.full(count, -1, dtype=np.int64),
            ended_day=np.full(count, np.nan),
            leave_day=cohort.leave_day.copy(),
            leave_clock=cohort.leave_clock.copy(),
            progression_day=cohort.progression_day.copy(),
            referral=cohort.referral_day.copy(),
            uses=np.zeros(count, dtype=np.int64),
            stages=rows(Passed, 16 * room if traced else 0),
        ),
        _no_uses(count * flat.uses + room),
        replications,
    )


def _no_uses(room: int) -> Uses:
    kind, entity, resource, centre, units, source = np.empty((6, room), dtype=np.int64)
    asked, began, ended = np.empty((3, room))
    return Uses(kind, entity, resource, centre, units, source, asked, began, ended)


def _replications(cohort: Cohort, people: People) -> Any:
    """Where the patients of each replication end, and the places of those who arrive and of those who are measured."""
    found = rows(Replication, len(cohort.first) - 1)
    found["patients"] = cohort.first[1:]
    for name, places in (("arrivals", people.arrivals), ("measured", people.measured)):
        found[name] = np.searchsorted(cohort.replication[places], np.arange(len(found)), side="right")
    return found


def _lived(flat: Flat, cohort: Cohort) -> tuple[FloatArray, Counts, IntArray]:
    """(days of milestones passed, how often they were, attempts made) by the start."""
    count = len(cohort.referral_day)
    notes = np.full((count, len(flat.milestones)), np.nan)
    passes = np.zeros((count, len(flat.milestones)), dtype=np.int32)
    attempts = np.zeros((count, len(flat.attempt_names)), dtype=np.int64)
    for place, name in enumerate(flat.milestones):
        if name in cohort.notes:
            notes[:, place] = cohort.notes[name]
            passes[:, place] = ~np.isnan(cohort.notes[name])
    for place, name in enumerate(flat.attempt_names):
        if name in cohort.attempts:
            attempts[:, place] = cohort.attempts[name]
    return notes, passes, attempts


def _first_draws(flat: Flat, cohort: Cohort, luck: Luck) -> Draws:
    """The draws that the replications of a batch are foreseen to need."""
    draws = no_draws(flat.fixed)
    if len(cohort.replication):
        courses = [np.flatnonzero(cohort.course == course) for course in (1, 2)]
        chances = luck.patients(tuple(flat.of_patients.rules))
        draws = with_first(draws, flat.of_patients, courses, cohort.flags, chances, luck.patients)
    return _with_lots(flat, draws, luck, FIRST_ROOM) if flat.of_lots.rules else draws


def _with_lots(flat: Flat, draws: Draws, luck: Luck, count: int) -> Draws:
    """With those of the first lots of each replication."""
    every, ask = np.arange(count * len(luck.replications)), _asked_of_lots(flat, luck, count)
    chances = ask(tuple(flat.of_lots.rules), every, np.zeros(len(every), dtype=np.int64))
    return with_first(draws, flat.of_lots, (every,), {}, chances, ask, count)


def _asked_of_lots(flat: Flat, luck: Luck, count: int) -> Ask:
    return lambda purposes, who, attempt: luck.lots(flat.lot_streams, purposes, who % count, attempt, who // count)


def _draw(flat: Flat, state: State, luck: Luck) -> State:
    """The state with the draws that the kernel has come to, and that were not foreseen: for the whole batch."""
    now, draws = _now(state), state.draws
    purpose, attempt, entity = int(now["need_purpose"]), int(now["need_attempt"]), int(now["need_entity"])
    width = int(draws.purposes["width"][purpose])
    if entity >= width:
        return state._replace(draws=_with_lots(flat, draws, luck, 2 * width))
    if now["need_kind"] == k.PATIENT:
        return state._replace(draws=with_attempt(draws, flat.of_patients, purpose, attempt, luck.patients, width))
    ask, count = _asked_of_lots(flat, luck, width), width * len(luck.replications)
    return state._replace(draws=with_attempt(draws, flat.of_lots, purpose, attempt, ask, count))


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
        at_least = int(now["first_lot"]) + int(pools["lots_begun"].max() + 1) * int(now["shelves"])
    if need == k.MORE_USES:
        at_least = int(now["uses"] + now["requests"])
    larger: dict[str, Any] = {}
    for field in fields:
        old = getattr(group, field)
        shape = list(old.shape)
        shape[axis] = max(shape[axis], at_least)
        # lots that have not begun have no day, and no attempts
        more = blank(Lot, *shape) if field == "lots" else np.zeros(shape, dtype=old.dtype)
        larger[field] = np.concatenate([old, more], axis=axis)
    if need == k.MORE_HEAP:  # the chain of free rows goes on where it ended, behind the last one
        following = larger["happenings"]["following"]
        following[len(group.happenings) :] = np.arange(len(group.happenings), len(following)) + 1
    group = group._replace(**larger)
    return state._replace(**{name: group}) if name else group


def _trace(flat: Flat, cohort: Cohort, state: State) -> Trace:
    now, records, each = _now(state), state.records, state.replications
    count = int(now["uses"])
    slots, expiries = state.slots.rows[: now["slots"]], state.shelves.expiries[: now["expiries"]]
    lots = np.flatnonzero(~np.isnan(state.shelves.lots["started"][: now["lots"]]))
    its = state.shelves.lots[lots]
    of_lots = np.searchsorted(each["lots"], lots, side="right")
    numbers = lots - np.concatenate([[0], each["lots"]])[of_lots]
    referral = records.referral
    if cohort.courses > 1:
        # a return foreseen for after the stop has not taken place
        referral[(cohort.course > 1) & (referral > each["stop"][cohort.replication])] = np.inf
    return Trace(
        stop_day=each["stop"].copy(),
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
        uses=trace.Uses(_places(each["uses"]), **{name: its[:count] for name, its in state.uses._asdict().items()}),
        slots=trace.Slots(
            _places(each["slots"]),
            state.pools.rows["resource"][slots["pool"]],
            state.pools.rows["centre"][slots["pool"]],
            *(slots[name].copy() for name in ("offered", "start", "holder", "handed_back", "perished", "withdrawn")),
        ),
        lots=Lots(
            of_lots,
            numbers,
            numbers % int(now["shelves"]),
            its["started"],
            its["ready"],
            its["failed"],
            np.full(len(lots), now["doses_per_lot"]),
        ),
        expiries=Expiries(
            _places(each["expiries"]),
            expiries["shelf"].copy(),
            expiries["day"].copy(),
            expiries["doses"].astype(np.int64),
        ),
        stages=_stages(flat, state) if now["traced"] else None,
    )


def _places(ends: IntArray) -> IntArray:
    """The replication of each row, given where the rows of each replication end."""
    return np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))


def _stages(flat: Flat, state: State) -> Stages:
    """The rows of each replication in order of (kind, entity, asked, began, ended, stage).

    Stages come, there, in the order in which the replication first passed them; their names, as the batch did.
    """
    each, listed = state.replications, state.records.stages[: int(_now(state)["stages"])]
    named: dict[int, int] = {}
    parts, ends = [listed[:0]], [0]
    for first, end, stop in zip([0, *each["stages"]], each["stages"], each["stop"], strict=False):
        part = listed[first:end]
        _, at, own = np.unique(part["name"], return_index=True, return_inverse=True)
        for place in np.sort(at):
            named.setdefault(int(part["name"][place]), len(named))
        order = np.lexsort((at[own], part["ended"], part["began"], part["asked"], part["entity"], part["kind"]))
        kept = part[order][part["asked"][order] <= stop]
        for day in ("began", "ended"):
            kept[day][kept[day] > stop] = np.nan
        parts.append(kept)
        ends.append(ends[-1] + len(kept))
    passed = np.concatenate(parts)
    numbers = np.zeros(len(flat.stage_names), dtype=np.int64)
    numbers[list(named)] = range(len(named))
    return Stages(
        tuple(flat.stage_names[name] for name in named),
        _places(np.array(ends[1:])),
        passed["kind"].copy(),
        passed["entity"].copy(),
        numbers[passed["name"]],
        *(passed[day].copy() for day in ("asked", "began", "ended")),
    )
