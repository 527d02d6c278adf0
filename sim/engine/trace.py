"""The facts that an engine records, as columns. Every number of the program is derived from these afterwards.

`replication` is everywhere a place in the batch of replications that was run, in whose order the rows are.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from sim.pure.arrays import CountArray, FloatArray, IntArray

PATIENT, LOT = 0, 1
# How often an engine looks whether the first course of every measured patient is closed.
CHECK_EVERY_DAYS = 30.0


class EngineError(RuntimeError):
    """The model cannot be run on as it stands (for example, unlimited attempts that never end)."""


@dataclass(frozen=True, eq=False)
class Uses:
    """One row for each time somebody asked for a resource; in a replication in the order (kind, entity, asked in turn).

    `kind` PATIENT or LOT; `entity` the patient's place in the cohort or the lot's number; `resource` its place in the
    order of declaration; `source` that which served them, the same but for who was on a list for any of several; days,
    NaN where it did not happen by the stop. `ended`: given back, or left the queue.
    """

    replication: IntArray
    kind: IntArray
    entity: IntArray
    resource: IntArray
    centre: IntArray
    units: IntArray
    source: IntArray
    asked: FloatArray
    began: FloatArray
    ended: FloatArray


@dataclass(frozen=True, eq=False)
class Slots:
    """One row for each slot. `holder` is the last claimant, -1 for none; `perished` NaN unless unclaimed.

    `withdrawn`: the day on which the manufacturer took it back (that of the offer, where it was not offered), or NaN.
    """

    replication: IntArray
    resource: IntArray
    centre: IntArray
    offered: FloatArray
    start: FloatArray
    holder: IntArray
    handed_back: IntArray
    perished: FloatArray
    withdrawn: FloatArray


@dataclass(frozen=True, eq=False)
class Lots:
    """One row for each lot started, in order of `number`; `centre` the place of its shelf.

    `ready` is the day its doses were on the shelf, `failed` the day of its failure.
    """

    replication: IntArray
    number: IntArray
    centre: IntArray
    started: FloatArray
    ready: FloatArray
    failed: FloatArray
    doses: IntArray


@dataclass(frozen=True, eq=False)
class Expiries:
    """One row for each time doses expired on a shelf; `centre` its place."""

    replication: IntArray
    centre: IntArray
    day: FloatArray
    doses: IntArray


@dataclass(frozen=True, eq=False)
class Stages:
    """One row for each stage passed, only where a trace was asked for; `stage` indexes `names`.

    `asked`: when it could have begun, had it been open; one lost while it waited begins and ends at its loss.
    """

    names: tuple[str, ...]
    replication: IntArray
    kind: IntArray
    entity: IntArray
    stage: IntArray
    asked: FloatArray
    began: FloatArray
    ended: FloatArray


@dataclass(frozen=True, eq=False)
class Trace:
    """Everything that happened in a batch of replications, up to the `stop_day` of each; patients as in the cohort.

    `notes`: shape (patients, milestones), NaN where not passed; days after a patient has left belong to the product
    that goes on without them; `passes`: how often each was passed. `ended_outcome` indexes `outcomes` and `reasons`
    (-1: the path did not end by itself), `ended_day` with it. `referral_day`: as in the cohort, and the days on which
    patients returned for a later course.
    `leave_day`, `leave_clock`: what the clocks made of them. Days beyond `stop_day` were foreseen, not lived.
    """

    stop_day: FloatArray
    milestones: tuple[str, ...]
    notes: FloatArray
    passes: CountArray
    attempt_names: tuple[str, ...]
    attempts: IntArray
    outcomes: tuple[str, ...]
    reasons: tuple[str, ...]
    referral_day: FloatArray
    ended_outcome: IntArray
    ended_day: FloatArray
    leave_day: FloatArray
    leave_clock: IntArray
    progression_day: FloatArray
    uses: Uses
    slots: Slots
    lots: Lots
    expiries: Expiries
    stages: Stages | None


def only_one(rows: Sized) -> IntArray:
    """The replication of each row: a batch of one."""
    return np.zeros(len(rows), dtype=np.int64)


def joined(traces: Sequence[Trace]) -> Trace:
    """The traces of single replications of one protocol as the trace of a batch."""
    if len(traces) == 1:
        return traces[0]
    counts = [len(trace.referral_day) for trace in traces]
    first = np.concatenate([[0], np.cumsum(counts[:-1], dtype=np.int64)])
    columns: dict[str, Any] = {
        f.name: getattr(traces[0], f.name)
        if f.name in ("milestones", "attempt_names", "outcomes", "reasons")
        else np.concatenate([getattr(trace, f.name) for trace in traces])
        for f in fields(Trace)
        if f.name not in ("uses", "slots", "lots", "expiries", "stages")
    }
    uses, slots = _rows([trace.uses for trace in traces]), _rows([trace.slots for trace in traces])
    uses["entity"] += np.where(uses["kind"] == PATIENT, first[uses["replication"]], 0)
    slots["holder"] += np.where(slots["holder"] >= 0, first[slots["replication"]], 0)
    return Trace(
        **columns,
        uses=Uses(**uses),
        slots=Slots(**slots),
        lots=Lots(**_rows([trace.lots for trace in traces])),
        expiries=Expiries(**_rows([trace.expiries for trace in traces])),
        stages=_stages([trace.stages for trace in traces if trace.stages is not None], first),
    )


def _rows(parts: Sequence[Any]) -> dict[str, Any]:
    """The columns of the same rows of several replications, one after the other."""
    names = [f.name for f in fields(parts[0])]
    found = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    counts = [len(part.replication) for part in parts]
    return found | {"replication": np.repeat(np.arange(len(parts)), counts)}


def _stages(parts: Sequence[Stages], first: IntArray) -> Stages | None:
    if not parts:
        return None
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    numbered = [
        replace(part, names=(), stage=np.array([names.index(name) for name in part.names], dtype=np.int64)[part.stage])
        for part in parts
    ]
    columns = _rows(numbered)
    columns["entity"] += np.where(columns["kind"] == PATIENT, first[columns["replication"]], 0)
    return Stages(**{**columns, "names": names})
