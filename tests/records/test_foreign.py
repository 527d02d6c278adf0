"""Registers as other houses write them: guessed, corrected by a person, read, fitted, observed and forecast."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from run_sim import cli
from sim.pure.arrays import FloatArray
from sim.records.guess import describe
from sim.records.reader import read_records
from sim.records.register import read_register
from sim.records.value import MILESTONES, day_number
from sim.scenario import write_resolved
from tests.records.another_hospital import live
from tests.records.another_hospital_trials import STATED
from tests.records.foreign import BEGAN, EXTRACT, LIKE, REGISTERS, START, awaiting, described, known_by
from tests.records.round_trip import BEGAN as WARM_UP
from tests.records.round_trip import world


@pytest.mark.parametrize("name", REGISTERS)
def test_every_day_is_read_as_it_was(tmp_path: Path, name: str) -> None:
    records, course = (
        read_records(read_register(described(name, tmp_path))).records,
        known_by(live(LIKE, 1), EXTRACT + 1.0),
    )
    last = np.where(course.infused, course.milestones["infusion"], np.nan_to_num(course.end, nan=np.inf))
    there = (course.milestones["referral"] <= EXTRACT) & (last >= BEGAN)
    first = day_number(START.date())
    # the progression that ends a path is on the day of that end
    progressed = np.where(course.outcome == "progressed", np.fmin(course.end, course.progression), course.progression)
    true = {**course.milestones, "end": course.end, "progression": progressed, "bridging": course.bridging}
    read = {**records.milestones, "end": records.end_day, "progression": records.progression_day,
            "bridging": records.bridging_day}  # fmt: skip
    assert _sorted(read) == _sorted({name: first + np.floor(day[there]) for name, day in true.items()})
    assert sorted(records.outcome) == sorted(course.outcome[there])
    for category, of_all in (("region", course.region), ("risk_group", course.risk)):
        assert sorted(records.categories[category]) == sorted(of_all[there])


def _sorted(days: Mapping[str, FloatArray]) -> list[list[float]]:
    """Each patient's days, in an order of their own."""
    assert set(MILESTONES) < set(days)
    return sorted(np.nan_to_num(np.stack([days[name] for name in sorted(days)], axis=1), nan=-1.0).tolist())


def test_an_activity_is_called_by_its_transition_and_a_plan_is_no_event(tmp_path: Path) -> None:
    described("log.xes", tmp_path)
    text = describe(tmp_path / "log.xes")
    assert 'transition: "lifecycle:transition"' in text
    for line in ("Apheresis start: apheresis", "Apheresis complete: collected", "Manufacturing start: manufacturing",
                 "Manufacturing complete: manufactured", "# Apheresis schedule: ?"):  # fmt: skip
        assert f"    {line} " in text


def test_a_plan_is_no_date_and_rare_activities_are_guessed_as_well(tmp_path: Path) -> None:
    log = ["Case,Event,Date"]
    log += [f"{case},Visit {kind},2026-01-{1 + case:02}" for case in range(1, 9) for kind in range(40)]
    log += ["1,Referral,2026-01-01", "1,Infusion planned,2026-03-01", "1,Conditioning start,2026-02-01",
            "1,Conditioning end,2026-02-04", "1,Death,2026-02-09"]  # fmt: skip
    (tmp_path / "log.csv").write_text("\n".join(log) + "\n", encoding="utf-8")
    text = describe(tmp_path / "log.csv")
    for line in ("Referral: referral", "Death: died", "Conditioning start: lymphodepletion"):
        assert f"    {line} " in text
    assert "Infusion planned: infusion" not in text
    assert "Conditioning end: lymphodepletion" not in text


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seed"), list(zip(REGISTERS, (1, 2, 3), strict=True)))
def test_from_the_file_to_the_forecast_what_is_said_is_true(tmp_path: Path, name: str, seed: int) -> None:
    def run(*words: object) -> str:
        done = CliRunner().invoke(cli, [str(word) for word in words])
        assert done.exit_code == 0, done.output
        return done.output

    register, ours = described(name, tmp_path, seed), tmp_path / "ours.yaml"
    base = world(300).base.with_overrides([f"run.warm_up={WARM_UP:.0f} d"])
    (tmp_path / "base.yaml").write_text(write_resolved(base), encoding="utf-8")
    run("fit", register, "--base", tmp_path / "base.yaml", "--out", ours, "--bootstrap", 0)
    fits = pd.read_csv(tmp_path / "ours" / "fits.csv", keep_default_na=False, na_values={"low": [""], "high": [""]})
    fits = fits[fits["status"] == "fitted"].set_index(["path", "family", "parameter"])
    stated = [fits.loc[key] for key in STATED if key in fits.index]
    true = [value for key, value in STATED.items() if key in fits.index]
    held = [row["low"] <= value <= row["high"] for row, value in zip(stated, true, strict=True)]
    # 95% intervals of a dozen numbers
    assert len(held) >= 10
    assert sum(held) >= len(held) - 2
    said = run("observe", ours, register, "--out", tmp_path / "observed", "-n", 260)
    assert said.startswith("The simulation reproduces the register from ")
    run("forecast", ours, register, "--out", tmp_path / "ahead", "--samples", 40)
    ahead = pd.read_csv(tmp_path / "ahead" / "forecast.csv")
    months = ahead[(ahead["quantity"] == "waiting_list") & (ahead["group"] == "all")]
    course = live(LIKE, seed)
    came = [awaiting(course, (pd.Timestamp(day) - pd.Timestamp(START)).days) for day in months["last_day"]]
    assert ((months["p5"] <= came) & (came <= months["p95"])).sum() >= 5
