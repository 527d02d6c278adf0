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
from sim.records.value import MILESTONES
from sim.scenario import Loaded
from tests.runs import HAS_NUMBA

START = date(2026, 1, 1)
OF_CLOCK = ("died", "progressed", "withdrawn", "hospice", "other_therapy", "own_choice", "infection_or_organ_function")


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
    as_of = extract.as_of + 1.0  # to the end of that day
    # simulated slots begin at midnight; the days of hospitals begin whenever
    hour = np.random.default_rng(len(patients)).random(len(patients))
    p = patients.assign(**{name: patients[name] + hour for name in patients if str(name).endswith("_day")})
    infusion = p.get("infusion_day", pd.Series(np.nan, p.index))
    ended = p["outcome"].isin([*OF_CLOCK, "collection_failed", "product_failed"])
    left = p["end_day"].where(ended)
    last = infusion.where(infusion < as_of, left.where(left < as_of, np.inf))
    inclusion = p[f"{extract.included_at}_day"]
    there = (inclusion < as_of) & (last >= max(extract.since, -1e9)) & (p["referral_day"] < as_of)
    if extract.included_at == "infusion":
        there &= inclusion >= extract.since
    p, left, last = p[there], left[there], last[there]
    chosen = {name: p[f"{name}_day"] for name in MILESTONES if f"{name}_day" in p}
    columns: dict[str, pd.Series] = {"Patient": pd.Series([f"Person {k}" for k in range(len(p))], index=p.index)}
    latest = pd.Series(-np.inf, index=p.index)
    for name, day in chosen.items():
        # a milestone of an attempt that was begun anew is struck out
        known = day.where((day < as_of) & (day >= latest) & (day <= left.fillna(np.inf)))
        latest = latest.where(known.isna(), known)
        columns[name] = known
    progression = p["progression_day"]
    columns["progression"] = progression.where((progression < as_of) & (progression <= last))
    columns["bridging"] = p["bridging_day"].where((p["bridging_day"] < as_of) & (p["bridging_day"] <= last))
    gone = left.where(left < as_of)
    columns["end"] = gone
    table = pd.DataFrame({name: _dates(days, form) if name != "Patient" else days for name, days in columns.items()})
    status = p["outcome"].where(gone.notna(), "").astype(str)
    table["outcome"] = status.where(columns["infusion"].isna(), "infused")
    for name in ("region", "risk_group"):
        table[name] = p[name].astype(str)
    for name, reached in (("collection", "received_at_factory"), ("manufacture", "product_received")):
        if f"{name}_attempts" in p:
            # how often is known once it has come to its end, or the patient has left
            tried = p[f"{name}_attempts"].astype(int).astype(str)
            table[name] = tried.where(columns[reached].notna() | gone.notna(), "")
    return table.reset_index(drop=True)


def _dates(days: pd.Series, form: str) -> pd.Series:
    """Days of the simulation as dates, "" where there is none."""
    return days.map(lambda day: (START + timedelta(days=int(np.floor(day)))).strftime(form) if np.isfinite(day) else "")


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
