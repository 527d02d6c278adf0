"""What is doubtful in a register: its row, its column, and why; and what stops the reading of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sim.scenario.problems import one_line

# A column of the table of faults says which column of the file is meant; a fault of the whole row names none.
WHOLE_ROW = ""


class RecordsError(Exception):
    """A register that cannot be read or used, in words for the user; one line."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


@dataclass(frozen=True)
class RowFault:
    """One doubtful row: its number in the file (the header is row 1), the column, and why it is not used.

    `kind`: one word for all faults of its sort. Neither the value of the cell nor anything else of the patient is told.
    """

    row: int
    column: str
    kind: str
    reason: str


def by_kind(faults: Sequence[RowFault]) -> list[tuple[str, int]]:
    """(kind, how many rows) of the faults, the most frequent first."""
    rows = {(fault.kind, fault.row) for fault in faults}
    return Counter(kind for kind, _ in rows).most_common()
