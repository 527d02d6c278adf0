"""The reference engine: a protocol run in SimPy, one process for each patient, lot and branch.

It is written to be read beside the semantics that both engines share (docs/model.md), before it is fast: `walker.py`
takes the steps of a path one after the other, `pools.py`, `slots.py` and `stocks.py` serve those who ask, in turns that
`grants.py` gives them, and `timeline.py` keeps exact days and the order of what happens at one instant.
"""

from __future__ import annotations

import gc
from array import array
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

import numpy as np
import simpy

from sim.engine.pools import Request
from sim.engine.timeline import Phase
from sim.engine.trace import CHECK_EVERY_DAYS, PATIENT, Expiries, Lots, Slots, Stages, Trace, Uses, joined, only_one
from sim.engine.walkable import check_walkable
from sim.engine.world import World
from sim.pieces.cohort import Cohort
from sim.pieces.luck import Luck
from sim.pieces.protocol import Protocol, attempt_names
from sim.pure.arrays import FloatArray


def run(protocol: Protocol, cohort: Cohort, luck: Luck, least: float, follow_up: float, traced: bool = False) -> Trace:
    """The trace of a batch of replications: to day `least`, and on until every measured first course is closed.

    A course is closed by discharge or by the end of its path; for who is not infused within `follow_up` days of
    referral, then; and for who is still in hospital so many days after infusion, then. Raises EngineError.
    """
    check_walkable(protocol, cohort.flags)
    traces = []
    for k in range(len(luck.replications)):
        with _kept_until_over():
            traces.append(_run_one(protocol, cohort.alone(k), luck.alone(k), least, follow_up, traced))
    return joined(traces)


@contextmanager
def _kept_until_over() -> Iterator[None]:
    """What a replication makes is let go of as a whole, when it is over: to look for what could be let go of before
    finds nothing, and takes a tenth of the time; more, the more patients there are."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _run_one(protocol: Protocol, cohort: Cohort, luck: Luck, least: float, follow_up: float, traced: bool) -> Trace:
    world = World(protocol, cohort, luck, traced)
    timeline = world.timeline
    timeline.process(_refer_patients(world))
    timeline.run(until=timeline.process(_until_closed(world, least, follow_up)))
    return _trace(world)


def _refer_patients(world: World) -> Generator[simpy.Event, None, None]:
    """Let each patient start on their path when they are referred, or on day 0; equal days in order of the cohort.

    Who is in progress on day 0 walks through what they have lived by then at once, from their referral on.
    """
    begins = world.cohort.begin_day
    days = np.maximum(begins, 0.0)
    order = np.argsort(days, kind="stable")
    order = order[np.isfinite(days[order])]
    for patient, day, begin in zip(order.tolist(), days[order].tolist(), begins[order].tolist(), strict=True):
        yield world.timeline.on(day, Phase.ARRIVAL + patient)
        world.refer(patient, begin)


def _until_closed(world: World, least: float, follow_up: float) -> Generator[simpy.Event, None, None]:
    """Until the first check, from day `least` on, that finds every measured patient's first course closed."""
    treatments = [world.notes[name] for name in ("infusion", "alternative") if name in world.notes]

    def is_open(i: int, now: float) -> bool:
        limit = world.referral_day[i] + follow_up
        if world.leave_day[i] <= now or world.ended_day[i] <= now:
            return False
        treated = next((days[i] for days in treatments if days[i] <= min(limit, now)), None)
        return limit > now if treated is None else treated + follow_up > now

    measured, day = np.flatnonzero(world.cohort.measured).tolist(), least
    while True:
        yield world.timeline.on(day, Phase.CHECK)
        measured = [i for i in measured if is_open(i, day)]
        if not measured:
            return
        day = day + CHECK_EVERY_DAYS


def _trace(world: World) -> Trace:
    stop, count = world.timeline.now, len(world.referral_day)

    def columns(values: Iterable[array[Any]], names: Sequence[str], kind: type) -> Any:
        return np.array([*values], dtype=kind).reshape(len(names), count).T

    milestones, attempts = tuple(world.notes), attempt_names(world.protocol.patient_steps)
    begun = np.zeros((count, len(attempts)), dtype=np.int64)
    for (kind, name, entity), made in world.attempts.items():
        if kind == PATIENT:
            begun[entity, attempts.index(name)] = made

    return Trace(
        stop_day=np.array([stop]),
        milestones=milestones,
        notes=columns(world.notes.values(), milestones, np.float64),
        passes=columns(world.passes.values(), milestones, np.int32),
        attempt_names=attempts,
        attempts=begun,
        outcomes=tuple(end.outcome for end in world.ends),
        reasons=tuple(end.reason for end in world.ends),
        referral_day=_referral_days(world, stop),
        ended_outcome=np.array(world.ended_outcome, dtype=np.int64),
        ended_day=np.array(world.ended_day, dtype=np.float64),
        leave_day=np.array(world.leave_day, dtype=np.float64),
        leave_clock=np.array(world.leave_clock, dtype=np.int64),
        progression_day=np.array(world.progression_day, dtype=np.float64),
        uses=_uses(world.log, stop),
        slots=Slots(**_columns(Slots, world.slots)),
        lots=Lots(**_columns(Lots, [world.lots[number] for number in sorted(world.lots)])),
        expiries=Expiries(**_columns(Expiries, world.expiries)),
        stages=_stages(world, stop),
    )


def _columns(table: type, records: Sequence[object]) -> dict[str, Any]:
    """The columns of a table of the trace, each from the field of that name of all records."""
    kinds = {"IntArray": np.int64, "FloatArray": np.float64}
    found = {
        f.name: np.fromiter(map(attrgetter(f.name), records), kinds[str(f.type)])
        for f in fields(table)
        if f.type in kinds and f.name != "replication"
    }
    return {"replication": only_one(records), **found}


def _lived(days: FloatArray, stop: float) -> FloatArray:
    """Days by the stop; NaN for what was only foreseen."""
    return np.where(days > stop, np.nan, days)


def _referral_days(world: World, stop: float) -> FloatArray:
    """The days of referral and return; a return foreseen for after the stop has not taken place."""
    found = np.array(world.referral_day, dtype=np.float64)
    later = found[len(found) // world.cohort.courses :]
    later[later > stop] = np.inf
    return found


def _uses(log: Sequence[Request], stop: float) -> Uses:
    """The rows in order of (kind, entity, asked in turn), without what was only foreseen for after the stop."""
    columns = _columns(Uses, log)
    # a stable sort: what one entity asks for at one instant of one resource stays in the order of asking
    order = np.lexsort([columns[name] for name in ("resource", "asked", "entity", "kind")])
    order = order[columns["asked"][order] <= stop]
    uses = Uses(**{name: column[order] for name, column in columns.items()})
    left = np.isnan(uses.began) & np.isnan(uses.ended)
    ended = np.where(left, np.array([r.lapses for r in log], dtype=np.float64)[order], uses.ended)
    return replace(uses, began=_lived(uses.began, stop), ended=_lived(ended, stop))


def _stages(world: World, stop: float) -> Stages | None:
    """The rows in order of (kind, entity, asked, began, ended, name); names in the order in which first passed."""
    if world.stages is None:
        return None
    passed = sorted(stage for stage in world.stages if stage.asked <= stop)
    stages = Stages(tuple(world.stage_names), **_columns(Stages, passed))
    return replace(stages, began=_lived(stages.began, stop), ended=_lived(stages.ended, stop))
