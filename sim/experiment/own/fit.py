"""From a described register and a base to a fitted scenario file and a results folder that tells how it was fitted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sim.experiment.disk.folder import FolderError, write_text
from sim.experiment.disk.manifest import scenario_files
from sim.experiment.disk.publish import require_free
from sim.experiment.disk.table_files import write_table
from sim.experiment.own.small_fits import without_small
from sim.experiment.own.tables import FAULTS, as_declared, faults_table, write_results
from sim.fits.fit import fit
from sim.fits.numbers import Number, Row, kept
from sim.fits.verdicts import DIFFERS, FITS, NO_FAMILY
from sim.fits.work import Fitted
from sim.fits.written import digest_of_text, scenario_text
from sim.records.reader import Reading, read_records
from sim.records.register import Described, read_register
from sim.records.value import date_of
from sim.scenario import Loaded, load
from sim.scenario.files import shipped_file
from sim.scenario.problems import Place, Problem, ScenarioError
from sim.tables import TABLES
from sim.tables.words import counted

NAMES = (FAULTS, "fits", "fits_covariance", "fits_curves", "fits_quantiles")
FILES = tuple(TABLES[name].file for name in NAMES)
SILENT = "the register does not record it"
TOLD = ("fitted", "scaled", "shrunk")


@dataclass(frozen=True)
class Outcome:
    """A finished fit: what was read, what was fitted, the scenario as it loads, and what it comes to in sentences."""

    reading: Reading
    fitted: Fitted
    scenario: Loaded
    base: Loaded
    said: Sequence[str]


def fit_register(
    register: Path,
    base: str,
    out: Path,
    folder: Path,
    bootstrap: int,
    seed: int,
    command: str,
    replace: Sequence[str] = (),
) -> Outcome:
    """Fit the base to a register, write the scenario to `out` and its tables into `folder`.

    The scenario file is written last, once it has loaded: whatever goes wrong, an earlier one is as it was. Raises
    ScenarioError, RecordsError and FolderError.
    """
    require_out(out, replace)
    loaded = load(shipped_file(base) or Path(base))
    extends_of(base, out)
    require_free(folder, [*FILES, *scenario_files({"": loaded})], replace)
    described = read_register(register)
    reading = read_records(described)
    fitted = fit(reading, loaded.scenario, bootstrap, seed)
    text, found = scenario_of(out, base, fitted, reading, described.file.name, folder.name)
    tables = tables_of(reading, fitted, loaded)
    said = said_of(reading, tables["fits"])
    more = {"base": loaded.scenario.name, "base_digest": loaded.digest,
            "asked": {"bootstrap": bootstrap, "seed": seed},
            "scenario": out.name, "scenario_digest": digest_of_text(text), "said": said,
            "warnings": list(fitted.warnings)}  # fmt: skip
    write_results(folder, "fit", reading, described, tables, command, more, replace, {loaded.scenario.name: loaded})
    write_text(out, text)
    return Outcome(reading, fitted, found, loaded, said)


def fit_again(described: Described, base: Loaded, asked: Mapping[str, Any], out: Path, again: Path) -> str:
    """Leave in `again` the tables of a fit as its manifest asks for it; the digest of what the scenario file sets.

    `base`: read from a file beside `out`, where nothing is left.
    """
    reading = read_records(described)
    fitted = fit(reading, base.scenario, int(asked["bootstrap"]), int(asked["seed"]))
    text, _ = scenario_of(out, str(base.path), fitted, reading, described.file.name, out.stem)
    for name, table in tables_of(reading, fitted, base).items():
        write_table(again, name, table)
    return digest_of_text(text)


def said_of(reading: Reading, fits: pd.DataFrame) -> list[str]:
    """What a fit comes to, in sentences, the first of them alone enough for a board."""
    told = fits[fits["status"].isin(TOLD)]
    kept = fits[fits["status"] == "base"]
    patients = counted(len(reading.records), "patient")
    said = [
        f"{patients} of the register determine {counted(told['path'].nunique(), 'number')} of the scenario; "
        f"{kept['path'].nunique()} stay as in the base."
    ]
    tested = told[told["verdict"].isin((FITS, DIFFERS, NO_FAMILY))].drop_duplicates("path")
    off = tested[tested["verdict"] != FITS]
    if len(tested):
        odd = [f"{path} ({verdict})" for path, verdict in zip(off["path"], off["verdict"], strict=True)]
        said.append(
            f"{len(tested) - len(off)} of {len(tested)} durations and hazards tested fit their curve"
            f"{'; not ' + ', '.join(odd) if odd else ''}."
        )
    leaning = list(dict.fromkeys(told.loc[(told["weight_of_base"] > 0.0) | (told["status"] == "shrunk"), "path"]))
    if leaning:
        said.append(f"Few events, so partly taken from the base: {', '.join(leaning)}.")
    return said


def require_out(out: Path, replace: Sequence[str]) -> None:
    """Nothing, or a FolderError where the scenario file is there already and may not be replaced."""
    if os.path.lexists(out) and not {out.name, str(out)} & set(replace):
        raise FolderError(f"{out}: exists already; name another file, or add --replace {out.name}")
    if out.suffix != ".yaml":
        raise FolderError(f"{out}: a scenario file ends in .yaml")


def scenario_of(out: Path, base: str, fitted: Fitted, reading: Reading, file: str, folder: str) -> tuple[str, Loaded]:
    """(text, the scenario as it loads) of a fitted scenario that is to stand at `out`, where nothing is left yet.

    `base`: a shipped scenario by its name, or a file; `file`, `folder`: of the register, and of the tables
    """
    day = date_of(reading.records.as_of).isoformat()
    text = scenario_text(
        name_of(out), extends_of(base, out), fitted, file, reading.digest, len(reading.records), day, folder
    )
    return text, loads(out, text)


def name_of(out: Path) -> str:
    """What a scenario is called that is to stand at `out`."""
    return out.stem.replace("_", " ").replace("-", " ").strip().capitalize() or "Own"


def extends_of(base: str, out: Path) -> str:
    """How a scenario that is to stand at `out` names its base: a shipped one by its name, a file from where it is.

    Raises FolderError where that is a place from which no scenario may take its base.
    """
    if shipped_file(base) is not None:
        return base
    place = os.path.relpath(Path(base).resolve(), out.resolve().parent)
    if place.startswith(os.pardir):
        where = "allowed: beside its base, or in a folder above it"
        raise FolderError(f"{out}: its base {base} lies outside the folder of this file; {where}")
    return place


def loads(out: Path, text: str) -> Loaded:
    """The scenario of a text that is to stand at `out`, checked as any other file there."""
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{out.stem[:50]}.", suffix=".yaml", dir=out.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        return load(name)
    except ScenarioError as error:
        # of a file that nobody has seen: as of the one that it was to become
        here = (Place(str(out) if one.place.file == name else one.place.file, one.place.line) for one in error.problems)
        told = [Problem(place, one.path, one.message) for place, one in zip(here, error.problems, strict=True)]
        raise ScenarioError(told) from error
    finally:
        Path(name).unlink()


def tables_of(reading: Reading, fitted: Fitted, base: Loaded) -> dict[str, pd.DataFrame]:
    """The tables of a fit by name."""
    told = [number.path for number in fitted.numbers]
    silent: list[Number] = [
        kept(parameter.path, SILENT)
        for parameter in base.parameters
        if not any(parameter.path == path or parameter.path.startswith(f"{path}.") for path in told)
    ]
    rows: list[Row] = [row for number in (*fitted.numbers, *silent) for row in number.rows] + list(fitted.checks)
    frames = {
        "fits": pd.DataFrame([asdict(row) for row in rows]),
        "fits_covariance": pd.DataFrame(fitted.covariance),
        "fits_curves": pd.DataFrame([asdict(row) for row in fitted.curves]),
        "fits_quantiles": pd.DataFrame(fitted.quantiles),
    }
    return {FAULTS: faults_table(reading.faults), **without_small(as_declared(frames))}
