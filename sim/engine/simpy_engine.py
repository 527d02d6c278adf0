"""The reference engine: a protocol run in SimPy, one process for each patient and each lot."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from sim.engine.guard import MOST_RETURNS
from sim.engine.requests import NAN
from sim.engine.timeline import Action, Phase, Timeline
from sim.engine.trace import (
    CHECK_EVERY_DAYS,
    PATIENT,
    Expiries,
    FloatArray,
    Lots,
    Slots,
    Stages,
    Trace,
    joined,
    only_one,
)
from sim.engine.usage import uses
from sim.engine.walker import Walker
from sim.engine.world import World
from sim.pieces.cohort import Cohort, Luck
from sim.pieces.protocol import Protocol

# Calls of Python from one lot to the next that is begun because of it.
FRAMES_OF_A_LOT = 8


def run(protocol: Protocol, cohort: Cohort, luck: Luck, least: float, follow_up: float, traced: bool = False) -> Trace:
    """The trace of a batch of replications: to day `least`, and on until every measured first course is closed.

    A course is closed by discharge or by the end of its path; for who is not infused within `follow_up` days of
    referral, then; and for who is still in hospital so many days after infusion, then. Raises EngineError.
    """
    with _collector_at_rest(), _room_for_chains():
        each = range(len(luck.replications))
        return joined([_run_one(protocol, cohort.alone(k), luck.alone(k), least, follow_up, traced) for k in each])


def _run_one(protocol: Protocol, cohort: Cohort, luck: Luck, least: float, follow_up: float, traced: bool) -> Trace:
    world = World(protocol, cohort, luck, follow_up, traced)
    _refer_patients(world)
    _check_from(world, least)
    world.timeline.run_to_stop()
    stop = world.timeline.today
    for pool in world.all_pools():
        pool.close(stop)
    trace = _trace(world, stop)
    # requests and pools refer to each other: let go by hand, they need not be looked for
    world.log.clear()
    world.timeline.queue.clear()
    return trace


@contextmanager
def _room_for_chains() -> Iterator[None]:
    """Room on Python's stack for lots that come to nothing at once, each begun from within the one before it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, FRAMES_OF_A_LOT * MOST_RETURNS + before))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """No collection of cyclic garbage meanwhile: a run makes little, and looking for it costs a tenth of the time."""
    resting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if resting:
            gc.enable()


def _refer_patients(world: World) -> None:
    """Let each patient start on their path when they are referred, or on day 0; equal days in order of the cohort."""
    timeline, path, leaves = world.timeline, world.path, world.leave_day
    days = np.maximum(world.cohort.referral_day, 0.0)
    order = np.argsort(days, kind="stable")
    order = order[np.isfinite(days[order])]
    queue = iter(zip(order.tolist(), days[order].tolist(), strict=True))
    upcoming = next(queue, None)

    def refer() -> None:
        nonlocal upcoming
        assert upcoming is not None
        patient, day = upcoming
        upcoming = next(queue, None)
        if upcoming is not None:
            timeline.at(upcoming[1], Phase.ARRIVAL + upcoming[0], arrival)
        Walker(world, PATIENT, patient, path, day, leaves[patient]).happen()

    arrival = Action(timeline, refer)
    if upcoming is not None:
        timeline.at(upcoming[1], Phase.ARRIVAL + upcoming[0], arrival)


def _check_from(world: World, least: float) -> None:
    """Stop at the first check, from day `least` on, that finds every measured patient's first course closed."""
    timeline: Timeline = world.timeline
    measured = np.flatnonzero(world.cohort.measured).tolist()
    limits = (world.cohort.referral_day + world.follow_up).tolist()
    width = len(world.milestones)
    infusion = world.milestones.index("infusion") if "infusion" in world.milestones else None
    day = least

    def is_open(i: int) -> bool:
        now, limit = timeline.today, limits[i]
        if world.leave_day[i] <= now or world.ended_day[i] <= now:
            return False
        infused = NAN if infusion is None else world.notes[i * width + infusion]
        return infused + world.follow_up > now if infused <= min(limit, now) else limit > now

    def check() -> None:
        nonlocal measured, day
        measured = [i for i in measured if is_open(i)]
        if measured:
            day = day + CHECK_EVERY_DAYS
            timeline.at(day, Phase.CHECK, checking)
        else:
            timeline.stop()

    checking = Action(timeline, check)
    timeline.at(day, Phase.CHECK, checking)


def _trace(world: World, stop: float) -> Trace:
    count = len(world.cohort.referral_day)
    slots, lots = world.slots, world.lots

    def whole(values: Sequence[int] | Sequence[Sequence[int]]) -> Any:
        return np.array(values, dtype=np.int64)

    def days(values: Sequence[float]) -> Any:
        return np.array(values, dtype=float)

    return Trace(
        stop_day=np.array([stop]),
        milestones=world.milestones,
        notes=days(world.notes).reshape(count, len(world.milestones)),
        passes=whole(world.passes).reshape(count, len(world.milestones)),
        attempt_names=world.attempt_names,
        attempts=whole(world.attempts()).reshape(len(world.attempt_names), count).T,
        outcomes=tuple(end.outcome for end in world.ends),
        reasons=tuple(end.reason for end in world.ends),
        referral_day=_referral_days(world, stop),
        ended_outcome=whole(world.ended_outcome),
        ended_day=days(world.ended_day),
        leave_day=days(world.leave_day),
        leave_clock=whole(world.leave_clock),
        progression_day=days(world.progression_day),
        uses=uses(world.log, stop),
        slots=Slots(
            only_one(slots.resource),
            whole(slots.resource),
            whole(slots.centre),
            days(slots.offered),
            days(slots.start),
            whole(slots.holder),
            whole(slots.handed_back),
            days(slots.perished),
            days(slots.withdrawn),
        ),
        lots=_lots(world),
        expiries=Expiries(
            only_one(lots.expiry_shelf), whole(lots.expiry_shelf), days(lots.expiry_day), whole(lots.expired)
        ),
        stages=_stages(world, stop),
    )


def _referral_days(world: World, stop: float) -> FloatArray:
    """The days of referral and return; a return foreseen for after the stop has not taken place."""
    found = np.array(world.referral_day, dtype=float)
    later = found[len(found) // world.cohort.courses :] if world.cohort.courses > 1 else found[:0]
    later[later > stop] = np.inf
    return found


def _expiries(world: World) -> Expiries:
    lots = world.lots
    shelf, doses = np.array(lots.expiry_shelf, dtype=np.int64), np.array(lots.expired, dtype=np.int64)
    return Expiries(only_one(shelf), shelf, np.array(lots.expiry_day, dtype=float), doses)


def _lots(world: World) -> Lots:
    lots = dict(sorted(world.lots.lots.items()))
    return Lots(
        only_one(lots),
        np.array(list(lots), dtype=np.int64),
        np.array([lot.shelf for lot in lots.values()], dtype=np.int64),
        np.array([lot.started for lot in lots.values()], dtype=float),
        np.array([lot.ready for lot in lots.values()], dtype=float),
        np.array([lot.failed for lot in lots.values()], dtype=float),
        np.array([lot.doses for lot in lots.values()], dtype=np.int64),
    )


def _stages(world: World, stop: float) -> Stages | None:
    if world.stages is None:
        return None
    names = tuple(dict.fromkeys(row[2] for row in world.stages))
    place = {name: k for k, name in enumerate(names)}
    rows = sorted(
        (kind, entity, asked, began, ended, place[name]) for kind, entity, name, asked, began, ended in world.stages
    )
    columns = list(zip(*(row for row in rows if row[2] <= stop), strict=True)) or [()] * 6

    def by_the_stop(days: Sequence[float]) -> FloatArray:
        found = np.array(days, dtype=float)
        return np.where(found > stop, np.nan, found)

    kind, entity, asked, began, ended, stage = columns
    return Stages(
        names,
        only_one(kind),
        np.array(kind, dtype=np.int64),
        np.array(entity, dtype=np.int64),
        np.array(stage, dtype=np.int64),
        np.array(asked, dtype=float),
        by_the_stop(began),
        by_the_stop(ended),
    )
