"""From rows of events to one row a patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.records.cells import Raw
from sim.records.dates import AMBIGUOUS, UNREADABLE, read_dates
from sim.records.faults import WHOLE_ROW, RowFault
from sim.records.register import BRIDGING, PROGRESSION, Events, Register
from sim.records.small import told
from sim.records.table import BROKEN, Table
from sim.records.value import ENDS
from sim.tables.words import counted

# An activity that is passed more than once counts when it is first passed; of all others the last one counts.
FIRST_COUNTS = ("referral", "listing", "apheresis", PROGRESSION, BRIDGING)


def of_events(r: Register, events: Events, raw: Raw) -> Table:
    """One row a patient, made of one row an event: of an activity its first or last pass, of others the first cell."""
    case = raw.columns[events.case].str.strip()
    activity = activity_of(raw, events.activity, events.transition)
    read = read_dates(raw.dates(events.time.column), events.time.dates or r.dates)
    meaning = activity.map(events.activities).to_numpy(dtype=object)
    used = pd.notna(meaning) & (case != "").to_numpy()
    codes, _ = pd.factorize(case)
    count = int(codes.max()) + 1 if len(codes) else 0
    row = np.zeros(count, dtype=np.int64)
    row[codes[::-1]] = raw.row[::-1]
    nobody = np.zeros(count, bool)
    table = Table(r, row, {}, {}, {}, nobody, [], list(raw.notes), frozenset(), nobody.copy())
    table.faults += [RowFault(n, WHOLE_ROW, "broken", BROKEN) for n in raw.broken]
    of_nobody = (case == "").to_numpy()
    table.faults += [
        RowFault(int(n), events.case, "no case", "says of no case that it is theirs") for n in raw.row[of_nobody]
    ]
    for kind, reason in ((AMBIGUOUS, "a time that the stated formats read as different days"),
                         (UNREADABLE, "no time in a stated format")):  # fmt: skip
        doubtful = (read.fault == kind) & used
        table.faults += [RowFault(int(n), events.time.column, kind, reason) for n in raw.row[doubtful]]
        table.bad[codes[doubtful]] = True
    used &= ~_of_later_courses(table, codes, meaning, used, read.days)
    other = sorted(set(activity[pd.isna(meaning)].tolist()) - {""})
    if other:
        table.notes.append(
            counted(len(other), "activity stands for nothing and was", "activities stand for nothing and were")
            + " not used"
        )
    for name in dict.fromkeys(events.activities.values()):
        mine = used & (meaning == name) & ~np.isnan(read.days)
        days = np.full(count, np.nan)
        (np.fmin if name in FIRST_COUNTS else np.fmax).at(days, codes[mine], read.days[mine])
        key = f"ends.{name}" if name in ENDS else name
        table.dates[key], table.columns[key] = days, events.time.column
    for name, column in r.other_columns.items():
        table.columns[name] = column.column
        table.cells[name] = _first_cells(raw.columns[column.column].str.strip().to_numpy(dtype=object), codes, count)
    table.has = frozenset(table.dates) | frozenset(table.cells)
    return table


def activity_of(raw: Raw, activity: str, transition: str) -> pd.Series[str]:
    """What happened in each row, by its name and what of it where a column says that: Culture start."""
    names = raw.columns[activity].str.strip()
    return (names + " " + raw.columns[transition].str.strip()).str.strip() if transition else names


def _of_later_courses(
    table: Table, codes: IntArray, meaning: NDArray[np.object_], used: BoolArray, days: FloatArray
) -> BoolArray:
    """The events after the first infusion, but for the discharge that follows it, of cases infused on several days.

    Of a case that was infused once nothing is left out, so that events in the wrong order stay a fault.
    """
    infused, count = used & (meaning == "infusion") & ~np.isnan(days), len(table.row)
    first, last, home = np.full(count, np.inf), np.full(count, -np.inf), np.full(count, np.inf)
    np.fmin.at(first, codes[infused], days[infused])
    np.fmax.at(last, codes[infused], days[infused])
    several = last > first
    if several.any():
        table.notes.append(f"{told(int(several.sum()))} cases were infused on several days: the first course counts")
    leaving = used & (meaning == "discharge") & (days >= first[codes])
    np.fmin.at(home, codes[leaving], days[leaving])
    return np.asarray(several[codes] & (days > np.where(meaning == "discharge", home[codes], first[codes])))


def _first_cells(cells: NDArray[np.object_], codes: IntArray, count: int) -> NDArray[np.object_]:
    """The first cell of each case that is not empty."""
    found = np.full(count, "", dtype=object)
    there = np.flatnonzero(cells != "")[::-1]
    found[codes[there]] = cells[there]
    return found
