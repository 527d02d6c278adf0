"""A register that was read as a results folder, and the rows that are not used as its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sim.experiment.disk.manifest import about_program, about_scenarios, scenario_files, write_manifest, write_scenarios
from sim.experiment.disk.publish import new_results
from sim.experiment.disk.table_files import write_table
from sim.pure.checksum import checksum
from sim.records.faults import RowFault
from sim.records.reader import Reading
from sim.records.register import Described
from sim.scenario import Loaded
from sim.tables import TABLES

FAULTS = "records_faults"


def faults_table(faults: Sequence[RowFault]) -> pd.DataFrame:
    """The rows that are not used, each with its reasons."""
    rows = [(fault.row, fault.column, fault.kind, fault.reason) for fault in faults]
    frame = pd.DataFrame(rows, columns=[column.name for column in TABLES[FAULTS].columns])
    return frame.drop_duplicates(["row", "column", "kind"]).reset_index(drop=True)


def about_inputs(**files: Path | None) -> dict[str, dict[str, str]]:
    """Name and digest of each file that results are made from and that does not stand in their folder, by its role."""
    return {role: {"file": file.name, "sha256": checksum(file)} for role, file in files.items() if file is not None}


def as_declared(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables of fits by name, each with the columns that are declared of it."""
    found = {}
    for name, frame in frames.items():
        columns = [column.name for column in TABLES[name].columns]
        found[name] = pd.DataFrame(columns=columns) if frame.empty else frame.set_axis(columns, axis=1)
    counts = dict.fromkeys(("n", "events", "censored", "truncated"), "Int64")
    return {**found, "fits": found["fits"].astype(counts)}


def about_register(file: Path, reading: Reading) -> dict[str, Any]:
    """What a manifest says of a register: its file and digest, not its rows."""
    faults = len({fault.row for fault in reading.faults})
    read = {"rows": reading.rows, "used": len(reading.records), "faults": faults}
    return {"file": file.name, "sha256": reading.digest, **read}


def write_results(
    folder: Path,
    kind: str,
    reading: Reading,
    described: Described,
    tables: Mapping[str, pd.DataFrame],
    command: str,
    more: Mapping[str, Any],
    replace: Sequence[str] = (),
    scenarios: Mapping[str, Loaded] | None = None,
) -> None:
    """Write tables and manifest of a register into a folder; the manifest holds the file's digest, not its rows.

    `scenarios`: those that were run, to be written in full.
    """
    inputs = about_inputs(description=described.path, register=described.file)
    about = {"register": about_register(described.file, reading), "inputs": inputs, **more}
    publish(folder, kind, f"Own records: {described.file.name}", tables, command, about, replace, scenarios)


def publish(
    folder: Path,
    kind: str,
    title: str,
    tables: Mapping[str, pd.DataFrame],
    command: str,
    more: Mapping[str, Any],
    replace: Sequence[str] = (),
    scenarios: Mapping[str, Loaded] | None = None,
) -> None:
    """Write tables and their manifest into a folder; `scenarios`: those that were run, to be written in full."""
    ran = scenarios or {}
    with new_results(folder, [*(TABLES[name].file for name in tables), *scenario_files(ran)], replace) as building:
        for name, frame in tables.items():
            write_table(building, name, frame)
        write_scenarios(building, ran)
        about = {"kind": kind, "title": title, "command": command, "scenarios": about_scenarios(ran), **more}
        write_manifest(building, {**about_program(), **about})
