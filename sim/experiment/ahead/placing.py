"""A register and a scenario made one: everybody under way placed in it, and what is done where somebody is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sim.experiment.ahead.months import Months
from sim.experiment.ahead.simulate import moved_to
from sim.experiment.ahead.standing import MOST_TOLD, standing, to_the_day
from sim.experiment.options import FINISH_TODAY, REFIT
from sim.fits.fit import fit
from sim.pieces.endings import Overdue
from sim.records.faults import RecordsError
from sim.records.reader import Reading
from sim.records.small import told
from sim.scenario import Loaded
from sim.scenario.in_progress import UnderWay
from sim.scenario.kept_dates import keeping_dates

FAULT = "fault"


@dataclass(frozen=True)
class Placed:
    """A scenario in which everybody stands where they are; `late`: rows for which a choice was made."""

    moved: Loaded
    patients: tuple[UnderWay, ...]
    late: int
    notes: tuple[str, ...]


def placed(loaded: Loaded, reading: Reading, months: Months, overdue: str) -> Placed:
    """Everybody under way in the scenario. Raises RecordsError with every row that it cannot hold.

    `overdue`: what becomes of who has been in a stage for longer than it can last: `finish-today` (it ends on the
    first day), `refit` (the stage is fitted to the register, where they are censored), or `fault`.
    """
    found = standing(reading.records, loaded.scenario)
    patients, late = to_the_day(loaded.scenario, found.patients)
    notes = list(found.notes)
    count = len(late)
    if late and overdue == FAULT:
        raise RecordsError("\n".join([*_told(late), "say what becomes of them: --overdue finish-today, or refit"]))
    if late and overdue == REFIT:
        stages = sorted({one.stage for one in late})
        loaded = _refitted(loaded, reading, stages)
        patients, still = to_the_day(loaded.scenario, found.patients)
        if still:
            raise RecordsError("\n".join([*_told(still), "--overdue refit: they are late by what was fitted, too"]))
        notes.append(
            f"{told(count)} in progress had been in a stage for longer than it could last: {', '.join(stages)} fitted"
        )
    elif late:
        notes.append(
            f"{told(count)} in progress have been in a stage for longer than it can last: it ends on the first day"
        )
    notes += filter(None, [keeping_dates(loaded.scenario, months.start).kept])
    return Placed(moved_to(loaded, patients, months, overdue == FINISH_TODAY), patients, count, tuple(notes))


def _told(late: Sequence[Overdue]) -> list[str]:
    more = [f"and {len(late) - MOST_TOLD} more"] if len(late) > MOST_TOLD else []
    return [*map(str, late[:MOST_TOLD]), *more]


def _refitted(loaded: Loaded, reading: Reading, stages: Sequence[str]) -> Loaded:
    """The scenario with these stages fitted to the register."""
    told = {number.path: number.value for number in fit(reading, loaded.scenario, bootstrap=0).numbers}
    unknown = [stage for stage in stages if told.get(stage) is None]
    if unknown:
        raise RecordsError(
            f"--overdue refit: {', '.join(unknown)} cannot be fitted to this register; --overdue finish-today ends it "
            "on the first day"
        )
    return loaded.with_overrides([f"{stage}={_as_set(told[stage])}" for stage in stages])


def _as_set(value: Any) -> str:
    """A value as `--set` takes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_as_set(one)}" for key, one in value.items()) + "}"
    return f"[{', '.join(map(_as_set, value))}]" if isinstance(value, list | tuple) else str(value)
