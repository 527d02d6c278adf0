"""From a described register to `Records`: dates read, rows checked, ids left behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim.pure.checksum import checksum
from sim.records.cells import Form
from sim.records.events import of_events
from sim.records.faults import RecordsError, RowFault
from sim.records.raw import header, read_raw
from sim.records.register import Described, Register
from sim.records.table import Table
from sim.records.value import Records, Referred
from sim.tables.words import counted


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


def unused_columns(names: Sequence[str], register: Register) -> Iterator[str]:
    """The columns of a file of which its description says nothing."""
    said = {*register.columns, *register.ignore}
    return (name for name in names if name not in said)
