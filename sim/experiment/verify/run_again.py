"""A stored result run again from its manifest and its scenarios, whatever kind of study it is."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim.experiment.ahead.run import forecast_again, register_again
from sim.experiment.asked import How
from sim.experiment.disk.folder import MANIFEST, FolderError
from sim.experiment.disk.manifest import write_scenarios
from sim.experiment.plan.bench import metrics_of
from sim.experiment.plan.run import asked_from_plain, run_plan, sweep_of
from sim.experiment.psa.prepare import psa_plan
from sim.experiment.psa.run import run_psa, wanted_from_plain
from sim.experiment.runs.precision import rule_from_plain
from sim.experiment.study.run import Plan, run_study
from sim.experiment.sweep.designs import Design, build_design
from sim.experiment.sweep.factors import from_plain, number_of
from sim.experiment.sweep.points import Base, Point
from sim.experiment.sweep.prepare import sweep_plan
from sim.experiment.sweep.run import run_sweep
from sim.experiment.verify.inputs import inputs_of
from sim.experiment.verify.own_again import CALIBRATE, KINDS, own_again
from sim.scenario import Loaded
from sim.tables.spreadsheets import unescaped


def run_again(
    manifest: Mapping[str, Any],
    folder: Path,
    scenarios: dict[str, Loaded],
    engine: str,
    workers: int | None,
    again: Path,
    done: Callable[[int], None],
    given: Sequence[Path] = (),
) -> str:
    """Leaves in `again` what the results in `folder` should hold; the digest of what the scenario file beside them
    sets, "" where there is none. Raises FolderError, and what a run raises.

    `given`: the files of the user's own that they were made from.
    """
    with _told_how(folder):
        kind = manifest.get("kind", "study")
        if kind in KINDS:
            (scenario,) = scenarios.values()
            if kind != CALIBRATE:  # which writes them itself
                write_scenarios(again, scenarios)
            return own_again(manifest, inputs_of(manifest, folder, given), scenario, engine, workers, again, done)
        base, count, how = Base(scenarios), int(manifest["replications"]), How(workers, engine)
        if kind == "sweep":
            points = tuple(_points(folder / "points.csv"))
            plan = sweep_plan(base, points, count, [str(name) for name in manifest.get("metrics", ())], how)
            run_sweep(plan, _design(manifest, points), again, "", done)
        elif kind == "psa":
            plan = psa_plan(base, int(manifest["samples"]), count, how)
            run_psa(plan, again, "", done, wanted=wanted_from_plain(manifest))
        elif kind == "plan":
            asked = asked_from_plain(manifest, metrics_of(base))
            run_plan(sweep_of(base, asked, workers, engine), asked, again, "", done)
        elif kind == "forecast":
            moved, *bases = scenarios.values()
            write_scenarios(again, scenarios)
            told = mapping(manifest, "asked")
            forecast_again(moved, told, again, engine, workers, done)
            if given:
                described = inputs_of(manifest, folder, given).described
                register_again(described, bases, told, again, engine, workers, done)
        elif kind == "study":
            run_study(_plan(manifest, folder, scenarios, engine, workers), again, done)
        else:
            raise FolderError(f"{folder}: holds a '{kind}', which this version cannot run again")
        return ""


def mapping(manifest: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A section of a manifest, empty where there is none."""
    found = manifest.get(key)
    return found if isinstance(found, dict) else {}


@contextmanager
def _told_how(folder: Path) -> Iterator[None]:
    """A FolderError where the manifest does not say what is asked of it."""
    try:
        yield
    except (KeyError, TypeError, AttributeError) as error:
        raise FolderError(f"{folder / MANIFEST}: does not say how this was run ({error})") from error


def _plan(
    manifest: Mapping[str, Any], folder: Path, scenarios: dict[str, Loaded], engine: str, workers: int | None
) -> Plan:
    asked = mapping(manifest, "asked")
    rule, below = asked.get("precision"), asked.get("list_below")
    try:
        return Plan(
            scenarios,
            int(asked.get("replications") or manifest["replications"]),
            workers,
            "",
            keep_events=(folder / "events.parquet").is_file(),
            event_log=asked.get("event_log") is True,
            engine=engine,
            precision=rule_from_plain(rule) if isinstance(rule, dict) else None,
            list_below=None if below is None else int(below),
            robustness=asked.get("robustness") is True,
        )
    except (TypeError, ValueError) as error:
        raise FolderError(f"{folder / MANIFEST}: what was asked for cannot be asked for again ({error})") from error


def _design(manifest: Mapping[str, Any], points: tuple[Point, ...]) -> Design:
    """The design that these points come from, as its tables of sensitivity ask for it."""
    kind, seed, samples = str(manifest["design"]), int(manifest["design_seed"]), int(manifest["samples"])
    factors = [from_plain(one) for one in manifest["factors"]]
    built = build_design(kind, factors, {}, samples or None, seed)
    return replace(built, points=points)


def _points(file: Path) -> Iterator[Point]:
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            for row in csv.DictReader(opened, strict=True):
                given = {unescaped(k): unescaped(v) for k, v in row.items() if k not in ("point", "name") and v}
                yield Point(
                    int(row["point"]), unescaped(row["name"]), given, {k: number_of(v) for k, v in given.items()}
                )
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise FolderError(f"{file}: cannot be read ({error})") from error
