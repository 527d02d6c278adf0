"""Registers made from simulated patients: what a hospital would hold of them at an extract, as a table of text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from sim.engine.choice import COMPILED, SIMPY
from sim.experiment.runs.replicate import Arm, Keep, run_arm
from sim.outcomes.recorded import in_view, recorded
from sim.records.value import MILESTONES, date_of, day_number
from sim.scenario import Loaded
from tests.runs import HAS_NUMBA

START = date(2026, 1, 1)


@dataclass(frozen=True)
class Extract:
    """When a register began and was extracted, in days of the simulation, and what brings a patient into it."""

    since: float
    as_of: float
    included_at: str = "referral"


def simulated(loaded: Loaded, replication: int = 0) -> pd.DataFrame:
    """The patient table of one replication."""
    arm = Arm("truth", loaded.scenario)
    runs, _ = run_arm(arm, [replication], Keep(patients=True), COMPILED if HAS_NUMBA else SIMPY)
    return pd.DataFrame(runs[0].patients)


def register_of(patients: pd.DataFrame, extract: Extract, form: str = "%Y-%m-%d") -> pd.DataFrame:
    """What is in the register on the day of the extract: nothing of what came later, nobody who had left before it."""
    # simulated slots begin at midnight; the days of hospitals begin whenever
    hour = np.random.default_rng(len(patients)).random(len(patients))
    hours = {str(name): patients[name] + hour for name in patients if str(name).endswith("_day")}
    everything = recorded({name: patients.assign(**hours)[name].to_numpy() for name in patients}, START)
    first = day_number(START)
    seen = in_view(everything, first + extract.as_of, first + max(extract.since, -1e9), extract.included_at)
    columns = {"Patient": [f"Person {k}" for k in range(len(seen))]}
    days = {**seen.milestones, "progression": seen.progression_day, "bridging": seen.bridging_day, "end": seen.end_day}
    columns |= {name: [_date(day, form) for day in of_all] for name, of_all in days.items()}
    columns["outcome"] = np.where(seen.infused, "infused", seen.outcome).tolist()
    columns |= {name: seen.categories[name].tolist() for name in ("region", "risk_group")}
    for name, tried in seen.attempts.items():
        if f"attempts.{name}" in seen.has:
            columns[name] = [str(int(number)) if np.isfinite(number) else "" for number in tried]
    return pd.DataFrame(columns)


def _date(day: float, form: str) -> str:
    """A day as a date, "" where there is none."""
    return date_of(np.floor(day)).strftime(form) if np.isfinite(day) else ""


def describe(folder: Path, table: pd.DataFrame, extract: Extract, more: str = "", **written: object) -> Path:
    """Write a register and its description; the path of the description."""
    settings: Mapping[str, object] = {"index": False, "encoding": "utf-8", "sep": ",", **written}
    table.to_csv(folder / "register.csv", **settings)  # type: ignore[call-overload]
    milestones = [name for name in MILESTONES if name in table]
    day = lambda number: (START + timedelta(days=int(number))).isoformat()  # noqa: E731
    separator = {",": "comma", ";": "semicolon", "\t": "tab"}[str(settings["sep"])]
    lines = [
        "file: register.csv",
        f"encoding: {settings['encoding']}",
        f"separator: {separator}",
        f"as_of: {day(extract.as_of)}",
        f"included_at: {extract.included_at}",
        'dates: ["%Y-%m-%d"]' if "dates:" not in more else "",
        "id: Patient",
        "milestones: {" + ", ".join(f"{name}: {name}" for name in milestones) + "}",
        "outcome: {column: outcome, day: end}",
        "progression: progression",
        "bridging: bridging" if "bridging" in table else "",
        "categories: {region: region, risk_group: risk_group}",
        "attempts: {collection: collection, manufacture: manufacture}" if "collection" in table else "",
        f"since: {day(extract.since)}" if np.isfinite(extract.since) else "",
        more,
    ]
    path = folder / "register.yaml"
    path.write_text("\n".join(filter(None, lines)) + "\n", encoding="utf-8")
    return path
