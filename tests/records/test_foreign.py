"""Registers as other houses write them: guessed, corrected by a person, read, fitted, observed and forecast."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from sim.records.guess import describe
from sim.records.reader import read_records
from sim.records.register import read_register
from sim.records.value import MILESTONES, FloatArray, day_number
from tests.records.another_hospital import live
from tests.records.foreign import BEGAN, LIKE, REGISTERS, START, described


@pytest.mark.parametrize("name", REGISTERS)
def test_every_day_is_read_as_it_was(tmp_path: Path, name: str) -> None:
    records, course = read_records(read_register(described(name, tmp_path))).records, live(LIKE, 1)
    last = np.where(course.infused, course.milestones["infusion"], np.nan_to_num(course.end, nan=np.inf))
    there, first = last >= BEGAN, day_number(START.date())
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
