"""The facts that an engine records, as columns. Every number of the program is derived from these afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PATIENT, LOT = 0, 1
# How often an engine looks whether the first course of every measured patient is closed.
CHECK_EVERY_DAYS = 30.0


class EngineError(RuntimeError):
    """The model cannot be run on as it stands (for example, unlimited attempts that never end)."""


@dataclass(frozen=True, eq=False)
class Uses:
    """One row for each time somebody asked for a resource, in the order (kind, entity, asked in turn).

    `kind` PATIENT or LOT; `entity` the patient's place in the cohort or the lot's number; `resource` its place in the
    order of declaration; days, NaN where it did not happen by the stop. `ended`: given back, or left the queue.
    """

    kind: IntArray
    entity: IntArray
    resource: IntArray
    centre: IntArray
    units: IntArray
    asked: FloatArray
    began: FloatArray
    ended: FloatArray


@dataclass(frozen=True, eq=False)
class Slots:
    """One row for each slot. `holder` is the last claimant, -1 for none; `perished` NaN unless unclaimed.

    `withdrawn`: the day on which the manufacturer took it back (that of the offer, where it was not offered), or NaN.
    """

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

    number: IntArray
    centre: IntArray
    started: FloatArray
    ready: FloatArray
    failed: FloatArray
    doses: IntArray


@dataclass(frozen=True, eq=False)
class Expiries:
    """One row for each time doses expired on a shelf; `centre` its place."""

    centre: IntArray
    day: FloatArray
    doses: IntArray


@dataclass(frozen=True, eq=False)
class Stages:
    """One row for each stage passed, only where a trace was asked for; `stage` indexes `names`.

    `asked`: when it could have begun, had it been open; one lost while it waited begins and ends at its loss.
    """

    names: tuple[str, ...]
    kind: IntArray
    entity: IntArray
    stage: IntArray
    asked: FloatArray
    began: FloatArray
    ended: FloatArray


@dataclass(frozen=True, eq=False)
class Trace:
    """Everything that happened in one replication, up to `stop_day`; patients in the order of the cohort.

    `notes`: shape (patients, milestones), NaN where not passed; days after a patient has left belong to the product
    that goes on without them; `passes`: how often each was passed. `ended_outcome` indexes `outcomes` and `reasons`
    (-1: the path did not end by itself), `ended_day` with it. `referral_day`: as in the cohort, and the days on which
    patients returned for a later course.
    `leave_day`, `leave_clock`: what the clocks made of them. Days beyond `stop_day` were foreseen, not lived.
    """

    stop_day: float
    milestones: tuple[str, ...]
    notes: FloatArray
    passes: IntArray
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
