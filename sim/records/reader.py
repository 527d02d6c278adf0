"""From a described register to `Records`: dates read, rows checked, ids left behind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sim.pure.checksum import checksum
from sim.pure.discounting import DAYS_PER_MONTH
from sim.records.cells import Form
from sim.records.events import of_events
from sim.records.faults import RecordsError, RowFault
from sim.records.raw import header, read_raw
from sim.records.register import Described, Register
from sim.records.table import Table
from sim.records.value import Records, Referred, date_of
from sim.tables.words import counted

# Days without a date before the extract, and how unlikely they must be, for a warning.
LEAST_SILENCE, CHANCE = 2.0 * DAYS_PER_MONTH, 1e-4


@dataclass(frozen=True)
class Reading:
    """A register read.

    `rows`: how many patients the file holds. `referred`: of them, those with a readable day of referral who are there
    once, whether or not something else is doubtful: days, and regions and centres as text, for the rate of referrals.
    """

    records: Records
    faults: tuple[RowFault, ...]
    rows: int
    referred: Referred
    digest: str
    notes: tuple[str, ...]


def read_records(described: Described, keep_empty: bool = False) -> Reading:
    """The records of a register. Raises RecordsError where nothing can be made of it.

    `keep_empty`: also where no row is without a fault, so that the faults can be looked at.
    """
    r, file = described.register, described.file
    form = Form(r.encoding, r.separator, r.header)
    raw = read_raw(file, form, r.columns, r.sheet)
    table = Table.of_patients(r, raw) if r.events is None else of_events(r, r.events, raw)
    records, referred = table.read(str(file))
    if not len(records) and not keep_empty:
        raise RecordsError(f"{file}: no row is without a fault; `records check` lists them")
    unused = list(unused_columns(header(file, form, r.sheet), r))
    if unused:
        table.notes.append(f"{counted(len(unused), 'column is', 'columns are')} neither used nor under `ignore`")
    faults = tuple(sorted(table.faults, key=lambda fault: fault.row))
    return Reading(records, faults, len(table.row), referred, checksum(file), tuple(table.notes))


def silent_end(records: Records) -> Iterator[str]:
    """What to warn of where no date lies in so long a time before the extract as chance does not bring about.

    As seldom as once in ten thousand registers, if one date a patient fell there as often as before: of all dates those
    of one patient come together. The last day is not told, as it is somebody's.
    """
    kinds = (*records.milestones.values(), records.end_day, records.progression_day, records.bridging_day)
    days = np.concatenate([known[np.isfinite(known)] for known in kinds])
    if not len(days):
        return
    silent, spoken = records.as_of - days.max(), days.max() - days.min() + 1.0
    if silent >= LEAST_SILENCE and silent * len(records) / spoken > -math.log(CHANCE):
        yield (
            f"nothing is recorded in the last {counted(int(silent // DAYS_PER_MONTH), 'month')} before as_of, "
            f"{date_of(records.as_of).isoformat()}: is it the day of the extract? All of that time counts as time in "
            "which nobody was referred, and nothing happened to those who are unresolved"
        )


def unused_columns(names: Sequence[str], register: Register) -> Iterator[str]:
    """The columns of a file of which its description says nothing."""
    said = {*register.columns, *register.ignore}
    return (name for name in names if name not in said)
