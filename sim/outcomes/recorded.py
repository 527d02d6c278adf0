"""What the register of a hospital would hold of patients on the day of an extract, simulated or real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.pure.arrays import FloatArray, IntArray
from sim.records.value import ATTEMPTS, CATEGORIES, ENDS, MILESTONES, UNORDERED, Records, day_number

# By when it is known how often something was tried, unless the patient has left.
TRIED_BY = {"collection": "received_at_factory", "manufacture": "product_received"}


def recorded(patients: Mapping[str, Any], start: date) -> Records:
    """All that ever happened to the patients of a patient table, in days since `EPOCH` with their fractions.

    `patients`: columns of `patients.parquet`; `start`: the date of its day 0. A course is an entry of its own.
    """
    origin, count = day_number(start), len(patients["outcome"])
    nothing = np.full(count, np.nan)

    def day(column: str) -> FloatArray:
        return origin + np.asarray(patients[column], dtype=np.float64) if column in patients else nothing

    def named(column: str) -> NDArray[np.object_]:
        cells = patients.get(column)
        return np.full(count, "", object) if cells is None else np.array([c or "" for c in cells], dtype=object)

    outcome = named("outcome")
    ended = np.isin(outcome.astype(str), ENDS)
    tried = {name: f"{name}_attempts" for name in ATTEMPTS}
    milestones = {name: day(f"{name}_day") for name in MILESTONES if f"{name}_day" in patients}
    return Records(
        row=np.arange(1, count + 1, dtype=np.int64),
        as_of=np.inf,
        since=-np.inf,
        included_at="referral",
        milestones=milestones,
        entered=day("referral_day"),
        end_day=np.where(ended, day("end_day"), np.nan),
        outcome=np.where(ended, outcome, "").astype(object),
        followed=np.full(count, np.inf),
        progression_day=day("progression_day"),
        progression_free_day=nothing,
        bridging_day=day("bridging_day"),
        booked_for=nothing,
        responded=nothing,
        categories={name: named(name) for name in CATEGORIES},
        attempts={
            name: np.asarray(patients[column], dtype=np.float64) if column in patients else nothing
            for name, column in tried.items()
        },
        has=frozenset(
            [*milestones, "outcome", "progression", "bridging", *CATEGORIES]
            + [f"attempts.{name}" for name, column in tried.items() if column in patients]
        ),
    )


def in_view(records: Records, as_of: float, since: float = -np.inf, included_at: str = "referral") -> Records:
    """What was known of them at the end of the day `as_of`: nothing of what came later, nobody who had left by `since`.

    Of an attempt that was begun anew, the milestones are struck out.
    """
    end = as_of + 1.0
    infusion, left = records.day("infusion"), records.end_day
    last = np.where(infusion < end, infusion, np.where(left < end, left, np.inf))
    inclusion = records.day(included_at)
    there = (inclusion < end) & (records.day("referral") < end) & (last >= since)
    if included_at == "infusion":
        there &= inclusion >= since
    seen, last, inclusion = records.of(there), last[there], inclusion[there]
    gone = seen.end_day < end
    milestones = _not_begun_anew(seen, end)
    bridging = _known(seen.bridging_day, end, last)
    return replace(
        seen,
        as_of=as_of,
        since=since,
        included_at=included_at,
        entered=np.fmax(inclusion, since),
        milestones=milestones,
        end_day=np.where(gone, seen.end_day, np.nan),
        outcome=np.where(gone, seen.outcome, "").astype(object),
        followed=np.minimum(seen.followed, as_of),
        progression_day=_known(seen.progression_day, end, last),
        progression_free_day=_known(seen.progression_free_day, end, last),
        bridging_day=bridging,
        booked_for=np.where(np.isfinite(milestones.get("slot", np.full(len(seen), np.nan))), seen.booked_for, np.nan),
        responded=np.where(np.isnan(bridging), np.nan, seen.responded),
        attempts={
            name: np.where(np.isfinite(milestones.get(TRIED_BY[name], np.nan)) | gone, number, np.nan)
            for name, number in seen.attempts.items()
        },
    )


def in_whole_days(records: Records) -> Records:
    """The same with the dates of a register in place of times: days without their fractions."""
    return replace(
        records,
        milestones={name: np.floor(day) for name, day in records.milestones.items()},
        entered=np.floor(records.entered),
        end_day=np.floor(records.end_day),
        progression_day=np.floor(records.progression_day),
        progression_free_day=np.floor(records.progression_free_day),
        bridging_day=np.floor(records.bridging_day),
    )


def events_of(records: Records, ends: Sequence[str] = ENDS) -> tuple[IntArray, NDArray[np.object_], FloatArray]:
    """(place of the patient, activity, day) of every event, in the order of patients, times and the path.

    Activities are the names of milestones and ends, and progression and bridging.
    """
    last = np.where(records.infused, np.inf, np.nan_to_num(records.end_day, nan=np.inf))
    named = [*records.milestones.items(), ("bridging", records.bridging_day), ("progression", records.progression_day)]
    named += [(name, np.where(records.outcome == name, last, np.nan)) for name in ends]
    who = [np.flatnonzero(np.isfinite(day)) for _, day in named]
    days = np.concatenate([day[those] for (_, day), those in zip(named, who, strict=True)])
    kinds = np.repeat(np.arange(len(named)), [len(those) for those in who])
    places = np.concatenate(who)
    order = np.lexsort((kinds, days, places))
    words = np.array([name for name, _ in named], dtype=object)
    return places[order], words[kinds[order]], days[order]


def _known(day: FloatArray, end: float, last: FloatArray) -> FloatArray:
    return np.where((day < end) & (day <= last), day, np.nan)


def _not_begun_anew(seen: Records, end: float) -> dict[str, FloatArray]:
    """The milestones known by `end`: none after the patient had left, none before an earlier one of the path."""
    left = np.nan_to_num(seen.end_day, nan=np.inf)
    latest = np.full(len(seen), -np.inf)
    found = {}
    for name, day in seen.milestones.items():
        known = (day < end) & (day <= left)
        if name not in UNORDERED:
            known &= day >= latest
            latest = np.where(known, day, latest)
        found[name] = np.where(known, day, np.nan)
    return found
