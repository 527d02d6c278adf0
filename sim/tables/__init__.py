"""The contract of every table that a results folder holds. What others may use stands here.

Writers check a frame against its table, reports and workbook read by it, and `docs/tables.md` is printed from it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.tables.arrangement import ARRANGEMENT
from sim.tables.calibration import CALIBRATION
from sim.tables.comparison import COMPARISON, VALIDATION
from sim.tables.contract import Bounds, Column, ContractError, Kind, Table
from sim.tables.economics import ECONOMICS
from sim.tables.forecast import FORECAST
from sim.tables.patients import BIG, EVENTS_TABLE, PATIENTS, QUANTITIES
from sim.tables.points import POINTS
from sim.tables.records import RECORDS
from sim.tables.robustness import ROBUSTNESS
from sim.tables.through_time import THROUGH_TIME
from sim.tables.words import CURVES, EVENTS, OUTCOMES, PROGRESSED_BEFORE, PROGRESSED_IN, WITHDRAWALS

VERSION = 3
"""Of the contract, kept in the manifest; a folder of another version is not read."""

OF_A_RUN = (*COMPARISON, *THROUGH_TIME, VALIDATION, *ARRANGEMENT, *ROBUSTNESS)
OF_STUDIES = (*ECONOMICS, *POINTS, *RECORDS, *CALIBRATION, *FORECAST, *BIG)
TABLES: Mapping[str, Table] = {table.name: table for table in (*OF_A_RUN, *OF_STUDIES)}
"""Every table by its name."""


def why_unread(manifest: Mapping[str, object]) -> str:
    """Why the tables of a folder with this manifest cannot be read by this program; "" where they can."""
    found = manifest.get("format", 1)
    if found == VERSION:
        return ""
    return (
        f"its tables are of version {found}, this program reads version {VERSION}; "
        "run its scenarios again, or use the program that wrote it"
    )


__all__ = [
    "CURVES",
    "EVENTS",
    "EVENTS_TABLE",
    "OUTCOMES",
    "PATIENTS",
    "PROGRESSED_BEFORE",
    "PROGRESSED_IN",
    "QUANTITIES",
    "TABLES",
    "VERSION",
    "WITHDRAWALS",
    "Bounds",
    "Column",
    "ContractError",
    "Kind",
    "Table",
    "why_unread",
]
