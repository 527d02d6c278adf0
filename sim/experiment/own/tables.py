"""A register that was read as a results folder, and the rows that are not used as its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sim.experiment.disk.manifest import about_program, write_manifest
from sim.experiment.disk.publish import new_results
from sim.experiment.disk.table_files import write_table
from sim.records.faults import RowFault
from sim.records.reader import Reading
from sim.tables import TABLES

FAULTS = "records_faults"


def faults_table(faults: Sequence[RowFault]) -> pd.DataFrame:
    """The rows that are not used, each with its reasons."""
    rows = [(fault.row, fault.column, fault.kind, fault.reason) for fault in faults]
    frame = pd.DataFrame(rows, columns=[column.name for column in TABLES[FAULTS].columns])
    return frame.drop_duplicates(["row", "column", "kind"]).reset_index(drop=True)


def write_results(
    folder: Path,
    kind: str,
    reading: Reading,
    file: Path,
    tables: Mapping[str, pd.DataFrame],
    command: str,
    more: Mapping[str, Any],
    replace: Sequence[str] = (),
) -> None:
    """Write tables and manifest of a register into a folder; the manifest holds the file's digest, not its rows."""
    with new_results(folder, [TABLES[name].file for name in tables], replace) as building:
        for name, frame in tables.items():
            write_table(building, name, frame)
        about = {
            "kind": kind,
            "title": f"Own records: {file.name}",
            "command": command,
            "register": {
                "file": file.name,
                "sha256": reading.digest,
                "rows": reading.rows,
                "used": len(reading.records),
                "faults": len({fault.row for fault in reading.faults}),
            },
            **more,
        }
        write_manifest(building, {**about_program(), **about})
