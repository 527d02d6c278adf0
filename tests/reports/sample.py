"""Results folders as `compare` and `run` leave them, made by a toy model for the tests of the pictures.

Run as a module, it writes folders to look at: `python -m tests.reports.sample DIR`.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.tables import TABLES, VERSION
from sim.tables.words import OUTCOMES

Array = NDArray[np.float64]
LAST_DAY, BIN = 365, 7
METRICS = {
    "referred": ("Patients referred", "patients"),
    "infused": ("Patients infused", "patients"),
    "infused_share": ("Proportion infused", "share"),
    "progressed_before_infusion": ("Patients progressed before infusion", "patients"),
    "progressed_before_infusion_share": ("Proportion progressed before infusion", "share"),
    "lost_before_infusion_share": ("Proportion lost before infusion", "share"),
    "died_before_infusion_share": ("Proportion died before infusion", "share"),
    "waiting_days_mean": ("Waiting days, mean", "days"),
    "waiting_days_median": ("Waiting days, median", "days"),
    "waiting_days_p90": ("Waiting days, 90th percentile", "days"),
    "referral_to_apheresis_days_mean": ("Referral to apheresis, mean", "days"),
    "vein_to_vein_days_mean": ("Vein-to-vein days, mean", "days"),
    "vein_to_vein_days_median": ("Vein-to-vein days, median", "days"),
    "product_wasted": ("Products or doses made, not infused", "products"),
}
PAIRED = ("both", "only_baseline", "only_scenario", "neither")


@dataclass(frozen=True)
class Stage:
    """A stage of the toy path: exponential around its mean for a queue, nearly fixed for a process."""

    name: str
    kind: str
    label: str
    days: float
    vein: bool = False


@dataclass(frozen=True)
class Toy:
    """A scenario of the toy model."""

    name: str
    stages: tuple[Stage, ...]
    failure: float = 0.02
    infuses: bool = True


def autologous(name: str, slot: float = 38.0, testing: float = 14.0, infuses: bool = True) -> Toy:
    """The patient's own cells: a queue for a slot, weeks of manufacturing."""
    stages = (
        Stage("work_up.duration", "process", "Work-up", 14),
        Stage("slot", "queue", "Manufacturing slots", slot),
        Stage("scheduling.duration", "process", "Scheduling", 7),
        Stage("chair", "queue", "Apheresis chairs", 0.4),
        Stage("apheresis.duration", "process", "Apheresis", 1, vein=True),
        Stage("shipping.to_factory", "process", "Shipping to the factory", 1.2, vein=True),
        Stage("line", "queue", "Manufacturing lines", 3.1, vein=True),
        Stage("manufacturing.duration", "process", "Manufacturing", 10, vein=True),
        Stage("lab", "queue", "Release-testing places", 0.8, vein=True),
        Stage("release_testing", "process", "Release testing", testing, vein=True),
        Stage("shipping.to_centre", "process", "Shipping to the centre", 1.1, vein=True),
        Stage("bed", "queue", "Beds", 1.9, vein=True),
        Stage("lymphodepletion.duration", "process", "Lymphodepletion", 5, vein=True),
    )
    return Toy(name, stages, infuses=infuses)


def allogeneic(name: str) -> Toy:
    """A dose from stock within days."""
    stages = (
        Stage("work_up.duration", "process", "Work-up", 7),
        Stage("stock", "queue", "Doses in stock", 2.2),
        Stage("allogeneic.shipping.duration", "process", "Shipping of the dose", 1),
        Stage("bed", "queue", "Beds", 1.2),
        Stage("lymphodepletion.duration", "process", "Lymphodepletion", 5),
    )
    return Toy(name, stages, failure=0.06)


PAIR = (autologous("Autologous, just enough slots"), allogeneic("Allogeneic, off the shelf"))
SIX = (
    *PAIR,
    autologous("Autologous, twice the slots", slot=14),
    autologous("Autologous, rapid release testing", testing=7),
    autologous("Autologous, twice the slots and rapid release testing at every centre", slot=14, testing=7),
    autologous("Autologous, fewer slots", slot=60),
)
NOBODY = autologous("No slots at all", infuses=False)


def write(
    folder: Path,
    toys: Sequence[Toy] = PAIR,
    replications: int = 40,
    patients: float = 140.0,
    title: str = "Autologous against allogeneic",
    same: bool = True,
) -> Path:
    """The folder, with all tables of a comparison (of a single run when there is one toy)."""
    folder.mkdir(parents=True, exist_ok=True)
    runs = pd.concat([_runs(toy, replications, patients) for toy in toys], ignore_index=True)
    names, baseline = [toy.name for toy in toys], toys[0].name
    metrics = pd.DataFrame([_metrics(name, r, part) for (name, r), part in runs.groupby(["scenario", "replication"])])
    save(folder, "summary", _summary(metrics, names, replications))
    if len(toys) > 1:
        save(folder, "differences", _differences(metrics, names, baseline))
        if same:
            save(folder, "same_patients", _same(runs, names, baseline))
        save(folder, "changes", _changes(toys))
    save(folder, "waits", _waits(runs, names))
    save(folder, "incidence", _incidence(runs, names))
    save(folder, "outcomes", _outcomes(runs, names))
    save(folder, "stages", _stages(runs, toys))
    save(folder, "parameters", _parameters(toys))
    manifest = _manifest(toys, replications, title, same)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return folder


def _runs(toy: Toy, replications: int, patients: float) -> pd.DataFrame:
    """One row a patient: outcome, end day, waiting days and each stage; every toy has the same luck."""
    parts = []
    for replication in range(replications):
        luck = np.random.default_rng([7, replication])
        count = int(luck.poisson(patients)) or 1
        clocks = {name: luck.exponential(mean, count) for name, mean in (("p", 182), ("d", 430), ("w", 900))}
        uniforms = luck.random((count, 16))
        ends_eligibility, fails = luck.random(count) < 0.3, luck.random(count) < toy.failure
        days = np.column_stack([_days(stage, uniforms[:, k]) for k, stage in enumerate(toy.stages)])
        done = days.sum(axis=1) if toy.infuses else np.full(count, math.inf)
        lost = np.where(ends_eligibility, clocks["p"], math.inf)
        ends = np.column_stack([done, lost, clocks["d"], clocks["w"], np.full(count, float(LAST_DAY))])
        which = ends.argmin(axis=1)
        outcome = np.array(["infused", "progressed", "died", "withdrawn", "waiting"], dtype=object)[which]
        outcome[(outcome == "infused") & fails] = "product_failed" if len(toy.stages) > 6 else "unsuitable"
        infused = outcome == "infused"
        part = pd.DataFrame(
            {
                "scenario": toy.name,
                "replication": replication,
                "outcome": outcome,
                "end_day": ends.min(axis=1),
                "waiting_days": np.where(infused, done, math.nan),
                "vein": np.where(infused & (len(toy.stages) > 6), _vein(toy, days), math.nan),
                "progressed": clocks["p"] < ends.min(axis=1) + 1e-9,
            }
        )
        stages = pd.DataFrame(np.where(infused[:, None], days, math.nan), columns=[s.name for s in toy.stages])
        parts.append(pd.concat([part, stages], axis=1))
    return pd.concat(parts, ignore_index=True)


def _days(stage: Stage, luck: Array) -> Array:
    return -np.log1p(-luck) * stage.days if stage.kind == "queue" else stage.days * (0.7 + 0.6 * luck)


def _vein(toy: Toy, days: Array) -> Array:
    return days[:, [stage.vein for stage in toy.stages]].sum(axis=1)


def _metrics(name: str, replication: int, part: pd.DataFrame) -> dict[str, object]:
    wait, outcome = part["waiting_days"].dropna(), part["outcome"]
    lost = ~outcome.isin(["infused", "waiting"])
    return {
        "scenario": name,
        "replication": replication,
        "referred": len(part),
        "infused": (outcome == "infused").sum(),
        "infused_share": (outcome == "infused").mean(),
        "progressed_before_infusion": part["progressed"].sum(),
        "progressed_before_infusion_share": part["progressed"].mean(),
        "lost_before_infusion_share": lost.mean(),
        "died_before_infusion_share": (outcome == "died").mean(),
        "waiting_days_mean": wait.mean(),
        "waiting_days_median": wait.median(),
        "waiting_days_p90": wait.quantile(0.9),
        "referral_to_apheresis_days_mean": (part["waiting_days"] - part["vein"]).mean(),
        "vein_to_vein_days_mean": part["vein"].mean(),
        "vein_to_vein_days_median": part["vein"].median(),
        "product_wasted": (outcome == "died").sum() / 9,
    }


def _interval(values: Array) -> tuple[float, float, float]:
    values = values[~np.isnan(values)]
    if not len(values):
        return (math.nan,) * 3
    mean = float(values.mean())
    if len(values) < 2:
        return mean, math.nan, math.nan
    half = 1.97 * float(values.std(ddof=1)) / math.sqrt(len(values))
    return mean, mean - half, mean + half


def _summary(metrics: pd.DataFrame, names: Sequence[str], replications: int) -> pd.DataFrame:
    rows = []
    for name in names:
        mine = metrics[metrics["scenario"] == name]
        for metric, (label, unit) in METRICS.items():
            rows.append((name, metric, label, unit, *_interval(mine[metric].to_numpy(float)), replications))
    columns = ["scenario", "metric", "label", "unit", "estimate", "low", "high", "replications"]
    return pd.DataFrame(rows, columns=columns)


def _differences(metrics: pd.DataFrame, names: Sequence[str], baseline: str) -> pd.DataFrame:
    rows = []
    base = metrics[metrics["scenario"] == baseline].set_index("replication")
    for name in names[1:]:
        mine = metrics[metrics["scenario"] == name].set_index("replication")
        for metric, (label, unit) in METRICS.items():
            rows.append(
                (
                    name,
                    baseline,
                    metric,
                    label,
                    unit,
                    *_interval((mine[metric] - base[metric]).to_numpy(float)),
                )
            )
    return pd.DataFrame(rows, columns=["scenario", "baseline", "metric", "label", "unit", "estimate", "low", "high"])


def _same(runs: pd.DataFrame, names: Sequence[str], baseline: str) -> pd.DataFrame:
    rows = []
    base = runs[runs["scenario"] == baseline]
    for name in names[1:]:
        mine = runs[runs["scenario"] == name]
        a, b = base["progressed"].to_numpy(), mine["progressed"].to_numpy()
        for where, hit in zip(PAIRED, (a & b, a & ~b, ~a & b, ~a & ~b), strict=True):
            by_run = pd.Series(hit, dtype=float).groupby(base["replication"].to_numpy())
            label = f"Progressed before infusion: {where.replace('_', ' ')}"
            rows.append((name, baseline, where, label, by_run.sum().mean(), *_interval(by_run.mean().to_numpy())))
    return pd.DataFrame(
        rows, columns=["scenario", "baseline", "progressed_in", "label", "estimate", "share", "low", "high"]
    )


def _by_run(hit: pd.Series, runs: pd.DataFrame) -> tuple[float, float, float]:
    return _interval(hit.groupby(runs["replication"]).mean().to_numpy(float))


def _waits(runs: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    rows = []
    last = runs["waiting_days"].max()
    edges = np.arange(0, (last if last == last else 0) + BIN, BIN)
    for name in names:
        mine = runs[(runs["scenario"] == name) & (runs["outcome"] == "infused")]
        for left in edges if len(mine) else []:
            inside = (mine["waiting_days"] >= left) & (mine["waiting_days"] < left + BIN)
            rows.append((name, left, left + BIN, *_by_run(inside, mine)))
    return pd.DataFrame(rows, columns=["scenario", "day_from", "day_to", "share", "low", "high"])


def _incidence(runs: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    rows = []
    for name in names:
        mine = runs[runs["scenario"] == name]
        for event in ("infused", "progressed", "died", "withdrawn"):
            by_run = []
            for _, part in mine.groupby("replication"):
                ends = np.sort(part.loc[part["outcome"] == event, "end_day"].to_numpy())
                by_run.append(np.searchsorted(ends, np.arange(LAST_DAY + 1), side="right") / len(part))
            for day, values in enumerate(np.array(by_run).T):
                rows.append((name, event, day, *_interval(values)))
    return pd.DataFrame(rows, columns=["scenario", "event", "day", "estimate", "low", "high"])


def _outcomes(runs: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    rows = []
    for name in names:
        mine = runs[runs["scenario"] == name]
        for outcome, label in OUTCOMES.items():
            hit = mine["outcome"] == outcome
            rows.append((name, outcome, label, *_by_run(hit, mine), hit.groupby(mine["replication"]).sum().mean()))
    return pd.DataFrame(rows, columns=["scenario", "outcome", "label", "estimate", "low", "high", "count_mean"])


def _stages(runs: pd.DataFrame, toys: Sequence[Toy]) -> pd.DataFrame:
    rows = []
    for toy in toys:
        mine = runs[runs["scenario"] == toy.name]
        for order, stage in enumerate(toy.stages):
            days = mine.groupby("replication")[stage.name].mean().to_numpy(float)
            rows.append((toy.name, order, stage.name, stage.kind, stage.label, *_interval(days)))
    return pd.DataFrame(rows, columns=["scenario", "order", "stage", "kind", "label", "mean_days", "low", "high"])


def _parameters(toys: Sequence[Toy]) -> pd.DataFrame:
    rows = []
    for toy in toys:
        for k, stage in enumerate(s for s in toy.stages if s.kind == "process"):
            source, note, stated, reference = (
                (
                    "MF-14 AL-13",
                    "",
                    True,
                    "MF-14: Example, J Ex 2023, doi:10.1000/ex.1; AL-13: Example, J Ex 2024",
                )
                if k % 3 == 0
                else ("assumption", "no published figure found", True, "")
                if k % 3 == 1
                else ("assumption", "no source given", False, "")
            )
            rows.append((toy.name, stage.name, f"{stage.days:g} d", source, note, stated, reference))
    return pd.DataFrame(rows, columns=["scenario", "path", "value", "source", "note", "stated", "reference"])


def _changes(toys: Sequence[Toy]) -> pd.DataFrame:
    days = [{stage.name: f"{stage.days:g} d" for stage in toy.stages} for toy in toys]
    paths = [path for path in dict.fromkeys(p for one in days for p in one) if len({d.get(path) for d in days}) > 1]
    table = {"path": paths} | {toy.name: [d.get(p, "") for p in paths] for toy, d in zip(toys, days, strict=True)}
    return pd.DataFrame(table)


def _manifest(toys: Sequence[Toy], replications: int, title: str, same: bool) -> dict[str, object]:
    return {
        "format": VERSION,
        "title": title,
        "command": "run_sim.py compare scenarios/autologous.yaml scenarios/allogeneic.yaml",
        "created": "2026-11-22T19:00:00+00:00",
        "seed": 1,
        "replications": replications,
        "engine": "simpy",
        "versions": {"cart-sim": "0.1.0", "simpy": "4.1.2", "python": "3.11.7"},
        "platform": "Linux x86_64",
        "seconds": 41.2,
        "scenarios": [
            {
                "name": toy.name,
                "description": "A toy for the tests of the pictures.",
                "file": "scenarios/toy.yaml",
                "digest": f"{k:064x}",
                "strategy": "autologous",
                "resolved": {},
            }
            for k, toy in enumerate(toys)
        ],
        "baseline": toys[0].name if len(toys) > 1 else None,
        "warnings": ["Autologous, just enough slots: manufacturing slots have an offered load of 1.08"],
        "not_modelled": ["Toxicity, response and survival after infusion", "Costs and quality of life"],
        "same_patients_note": None if same else "the scenarios have other referral rates",
    }


def save(folder: Path, name: str, table: pd.DataFrame) -> None:
    """Write a table; a column of its contract that the toy says nothing of is empty."""
    declared = [c.name for c in TABLES[name].columns if not c.is_family and not c.optional]
    table = table.assign(**{column: "" for column in declared if column not in table})
    table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    root = Path(sys.argv[1])
    write(root / "pair")
    write(root / "single", PAIR[:1], title="One run")
    write(root / "six", SIX, title="Six ways of organising the therapy")
    write(root / "once", replications=1)
    write(root / "nobody", (PAIR[0], NOBODY), same=False)
    write(root / "nobody_single", (NOBODY,))
