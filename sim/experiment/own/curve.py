"""From a survival curve that was read off a figure to a scenario that has it as a clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.experiment.disk.folder import write_text
from sim.experiment.disk.manifest import scenario_files
from sim.experiment.disk.publish import require_free
from sim.experiment.disk.table_files import write_table
from sim.experiment.own.fit import extends_of, loads, name_of, require_out
from sim.experiment.own.tables import about_inputs, as_declared, publish
from sim.fits.curve_choices import BEST, TABLE
from sim.fits.digitised import (
    CurveError,
    Digitised,
    fit_families,
    numbers_of,
    observed,
    pseudo_records,
    repaired,
    table_of,
)
from sim.fits.numbers import Number
from sim.fits.written import curve_text, digest_of_text
from sim.pure.arrays import FloatArray, IntArray
from sim.pure.checksum import checksum
from sim.records.faults import RecordsError
from sim.records.raw import guess_form, read_raw
from sim.scenario import Loaded, load
from sim.scenario.clock_values import Clock
from sim.scenario.files import shipped_file
from sim.scenario.leaves import marker_at
from sim.scenario.problems import any_of, show, suggestion
from sim.scenario.units import DAYS_PER_UNIT, SPELLINGS
from sim.tables import TABLES
from sim.tables.words import counted

NAMES = ("fits", "fits_covariance", "fits_curves")
FILES = tuple(TABLES[name].file for name in NAMES)
# What a column of survival may be called, and how many of it make up 1.
SURVIVAL: Mapping[str, float] = {"survival": 1.0, "share": 1.0, "percent": 100.0}
AT_RISK = "at_risk"
MOST_POINTS = 5_000
# What a manifest says of what was asked for, beside the files.
STATED = ("path", "source", "patients", "family", "after")


@dataclass(frozen=True)
class Asked:
    """What is to be made of a digitised curve.

    `path`: of the clock; `source`: where the figure stands; `at_risk`: a file of numbers at risk; `patients`: how many
    there were, where that file is not to be had; `after`: what follows a table that does not end at 0.
    """

    curve: Path
    path: str
    base: str
    source: str
    at_risk: Path | None
    patients: int | None
    family: str
    after: str | None


@dataclass(frozen=True)
class Outcome:
    """A finished fit of a curve: what became of it, what was mended, and the scenario as it loads."""

    number: Number
    digitised: Digitised
    said: tuple[str, ...]
    scenario: Loaded


def fit_curve(asked: Asked, out: Path, folder: Path, command: str, replace: Sequence[str] = ()) -> Outcome:
    """Fit a clock to a digitised curve, write the scenario to `out` and its tables into `folder`.

    Raises RecordsError, ScenarioError and FolderError; an earlier scenario file is then as it was.
    """
    require_out(out, replace)
    base = load(shipped_file(asked.base) or Path(asked.base))
    require_free(folder, [*FILES, *scenario_files({"": base})], replace)
    _require_clock(asked.path, base)
    curve = _read(asked.curve)
    _require_choice(asked, float(curve.day[-1]), float(curve.survival[-1]))
    number, frames = _fitted(asked, curve)
    mended = ", ".join(f"{kind}: {count}" for kind, count in curve.repairs.items()) or "nothing"
    said = (
        f"{asked.path} follows {asked.source}: {number.basis}.",
        f"{counted(len(curve.day), 'point')} up to day {curve.day[-1]:.0f}; corrected: {mended}.",
        *(row.note for row in number.rows[:1] if row.note),
    )
    text, found = _scenario(asked, out, number, frames)
    about = {
        "said": list(said),
        "inputs": about_inputs(curve=asked.curve, at_risk=asked.at_risk),
        "asked": {name: getattr(asked, name) for name in STATED},
        "scenario": out.name,
        "scenario_digest": digest_of_text(text),
    }
    publish(folder, "curve", f"Digitised curve: {asked.curve.name}", frames, command, about, replace,
            {base.scenario.name: base})  # fmt: skip
    write_text(out, text)
    return Outcome(number, curve, said, found)


def curve_again(
    curve: Path, at_risk: Path | None, base: Loaded, asked: Mapping[str, Any], out: Path, again: Path
) -> str:
    """Leave in `again` the tables of a curve as its manifest asks for it; the digest of what the scenario file sets.

    `base`: read from a file beside `out`, where nothing is left.
    """
    wanted = Asked(curve, base=str(base.path), at_risk=at_risk, **{name: asked[name] for name in STATED})
    number, frames = _fitted(wanted, _read(curve))
    for name, table in frames.items():
        write_table(again, name, table)
    return digest_of_text(_scenario(wanted, out, number, frames)[0])


def _read(file: Path) -> Digitised:
    """The curve of a file, mended. Raises RecordsError."""
    rows, days, survival = _columns(file, SURVIVAL)
    try:
        return repaired(days, survival)
    except CurveError as fault:
        where = "" if fault.row is None else f":{int(rows[fault.row])}"
        raise RecordsError(f"{file}{where}: {fault}") from fault


def _scenario(asked: Asked, out: Path, number: Number, frames: Mapping[str, pd.DataFrame]) -> tuple[str, Loaded]:
    """(text, the scenario as it loads) of the scenario that is to stand at `out`, where nothing is left yet."""
    text = curve_text(
        name_of(out), extends_of(asked.base, out), number, frames["fits_covariance"].itertuples(index=False, name=None),
        f"{asked.source} (digitised: {asked.curve.name}, sha256 {checksum(asked.curve)[:12]}; {number.basis})",
    )  # fmt: skip
    return text, loads(out, text)


def _require_clock(path: str, base: Loaded) -> None:
    if isinstance(marker_at(tuple(path.split("."))), Clock):
        return
    clocks = [p.path for p in base.parameters if isinstance(marker_at(tuple(p.path.split("."))), Clock)]
    raise RecordsError(
        f"--path {path}: is no clock of the scenario{suggestion(path, clocks) or f'; allowed: {any_of(clocks)}'}"
    )


def _require_choice(asked: Asked, last_day: float, left: float) -> None:
    """Nothing, or a RecordsError where what is asked for cannot be had from what is given; `left`: who is on the last
    day of the curve."""
    if not asked.source.strip():
        raise RecordsError("--source: found an empty text; allowed: such as 'Name 2020, figure 2'")
    if asked.family == TABLE:
        if asked.at_risk is not None or asked.patients is not None:
            raise RecordsError("--family table: takes the curve as it is; leave out --at-risk and --patients")
        if left > 0.0 and asked.after is None:
            raise RecordsError(
                f"--after: is needed: the curve ends on day {last_day:.0f} at {100.0 * left:.3g}%; allowed: never "
                "(nobody who is left has the event), or last_rate (the hazard between its last two points goes on)"
            )
        if left <= 0.0 and asked.after is not None:
            raise RecordsError("--after: is not used: the curve ends at 0%, where nobody is left")
        return
    if asked.after is not None:
        raise RecordsError(
            "--after: says what follows a table; a family goes on by itself; add --family table, or leave it out"
        )
    if (asked.at_risk is None) == (asked.patients is None):
        raise RecordsError(
            "one of --at-risk (a file with the numbers under the figure) and --patients is needed to fit a family: a "
            "curve alone does not say how sure it is; or --family table takes it as it is"
        )


def _fitted(asked: Asked, curve: Digitised) -> tuple[Number, dict[str, pd.DataFrame]]:
    """(the clock, the tables by name)."""
    covariance: list[tuple[str, str, float]] = []
    if asked.family == TABLE:
        number = table_of(asked.path, curve, asked.after, "the digitised curve, linear hazard between its points")
        points = [
            (day, share, math.nan, math.nan, 0, share) for day, share in zip(curve.day, curve.survival, strict=True)
        ]
    else:
        risk_day, at_risk = np.zeros(1), np.array([float(asked.patients or 0)])
        if asked.at_risk is not None:
            rows, risk_day, at_risk = _columns(asked.at_risk, {AT_RISK: 1.0})
            if (
                risk_day[0] != 0.0
                or (np.diff(risk_day) <= 0).any()
                or (at_risk != np.round(at_risk)).any()
                or at_risk[0] < 2
            ):
                raise RecordsError(
                    f"{asked.at_risk}:{int(rows[0])}: numbers at risk start on day 0 with 2 or more, are whole, and "
                    "their days go up"
                )
        try:
            day, event = pseudo_records(curve, risk_day, at_risk)
        except CurveError as fault:
            raise RecordsError(f"{asked.at_risk or asked.curve}: {fault}") from fault
        fits = fit_families(day, event, curve)
        if asked.family != BEST:
            fits.sort(key=lambda fit: fit.family != asked.family)
        off = max(
            abs(int((day >= start).sum()) - int(n))
            for start, n in zip(risk_day, at_risk, strict=True)
            if start < curve.day[-1]
        )
        note = f"numbers at risk are met {'exactly' if not off else f'within {off}'}"
        number = numbers_of(asked.path, fits, event, note)
        names, matrix = list(number.mixes), fits[0].free.covariance
        covariance = [(a, names[j], float(matrix[i, j])) for i, a in enumerate(names) for j in range(i, len(names))]
        km = observed(day, event)
        fitted = np.exp(-fits[0].shape.hazard(km.day))
        points = list(zip(km.day, km.share, km.low, km.high, km.at_risk.astype(int), fitted, strict=True))
    frames = {
        "fits": pd.DataFrame([asdict(row) for row in number.rows]),
        "fits_covariance": pd.DataFrame(covariance),
        "fits_curves": pd.DataFrame([(asked.path, "survival", *point) for point in points]),
    }
    return number, as_declared(frames)


def _columns(file: Path, values: Mapping[str, float]) -> tuple[IntArray, FloatArray, FloatArray]:
    """(number of each row, days, values) of a file with a column of time, named by its unit, and one of values.

    `values`: what that column may be called, and how many of it make up 1. Raises RecordsError.
    """
    form = guess_form(file)[0]
    raw = read_raw(file, form, most_rows=MOST_POINTS + 1)
    names = {name.strip().casefold(): name for name in raw.columns.columns}
    times = {word: unit for unit, words in SPELLINGS.items() for word in words}
    time = [name for name in names if name in times]
    value = [name for name in names if name in values]
    allowed = f"a column of time (day, week, month or year) and one of {any_of(list(values))}"
    if len(time) != 1 or len(value) != 1 or len(names) != 2:
        raise RecordsError(f"{file}:1: found the header {', '.join(show(name) for name in names)}; allowed: {allowed}")
    if raw.broken:
        raise RecordsError(f"{file}:{raw.broken[0]}: has not as many cells as the header")
    if not 2 <= len(raw.row) + (len(values) == 1) <= MOST_POINTS:
        raise RecordsError(f"{file}: has {counted(len(raw.row), 'row')}; allowed: 2 to {MOST_POINTS}")
    of = values[value[0]]
    days = _numbers(file, raw.row, raw.columns[names[time[0]]], time[0], lambda x: x >= 0.0, "0 or more")
    days = days * DAYS_PER_UNIT[times[time[0]]]
    most = f"from 0 to {of:g}" if len(values) > 1 else "0 or more"
    found = _numbers(
        file,
        raw.row,
        raw.columns[names[value[0]]],
        value[0],
        lambda x: 0.0 <= x <= (of if len(values) > 1 else math.inf),
        most,
    )
    if of == 100.0 and found.max() <= 1.0:
        raise RecordsError(
            f"{file}: 'percent' is at most {found.max():g}; call the column 'survival' where 1 is everybody"
        )
    return raw.row, days, found / of


def _numbers(
    file: Path, rows: IntArray, cells: pd.Series, column: str, holds: Callable[[float], bool], allowed: str
) -> FloatArray:
    """The cells as numbers, with decimal points or commas."""
    found = np.empty(len(cells))
    for place, cell in enumerate(cells):
        try:
            found[place] = float(str(cell).strip().replace(",", "."))
        except ValueError:
            found[place] = math.nan
        if not (math.isfinite(found[place]) and holds(float(found[place]))):
            raise RecordsError(f"{file}:{int(rows[place])}: {column}: found {show(cell)}; allowed: a number, {allowed}")
    return found
