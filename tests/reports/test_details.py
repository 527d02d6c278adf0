"""What the report says of every shipped scenario, in numbers of its tables."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from reports.details import details, slot_supply
from reports.findings import Findings, gather, sentence
from reports.tables import Tables, read
from reports.words import Estimate, of_hundred
from sim.engine.choice import COMPILED
from sim.experiment.study.run import Plan, run_study
from sim.scenario import load
from tests.runs import FILES, SHIPPED
from tests.samples import some

LIBRARY = [file for file in FILES if file.parent.name == "library"]
NUMBER = re.compile(r"(?<![\w-])\d+\.\d+")
EVERY_DAY = ("hybrid", "lot_shortage", "next_day", "policy_sickest_first", "sequential", "up_regulation")
TABLES = ("summary", "differences", "groups", "resources_summary")
# What a scenario is there for must be said of it, where the two metrics of the headline do not tell it.
STORY = {
    "combined": "patients are infused, down from",
    "dual_target": "progression-free a year after infusion",
    "few_centres": "do not travel to a centre",
    "hybrid": "given a dose from stock",
    "hybrid_by_risk": "given a dose from stock",
    "lot_shortage": "find the shelf empty",
    "next_day": "median vein-to-vein time",
    "outpatient": "need intensive care",
    "policy_lottery": "by risk group, of 100: standard",
    "policy_sickest_first": "by risk group, of 100: standard",
    "sequential": "return for a later course",
    "up_regulation": "progression-free a year after infusion",
}


def study(folder: Path, *files: Path) -> Path:
    read_in = [load(file) for file in files]
    loaded = {one.scenario.name: one for one in read_in}
    folder.mkdir()
    run_study(Plan(loaded, 8, 1, "run_sim.py compare", engine=COMPILED), folder, lambda count: None)
    return folder


def test_what_waits_for_slots_are_made_of_and_that_the_slots_are_assumed() -> None:
    days = {"few": (9.5, 54.3), "enough": (9.5, 6.2), "shelf": (math.nan, math.nan)}
    levels = {
        (name, f"slot_{part}_days_mean"): Estimate(value, unit="days")
        for name, both in days.items()
        for part, value in zip(("calendar", "scarcity"), both, strict=True)
    }
    findings = Findings(tuple(days), "few", 20, levels, {})
    columns = ["scenario", "path", "source"]
    counted = [("few", "manufacturing.slots.count", "MF-01"), ("enough", "centres.city.slots", "assumption")]

    def told(names: tuple[str, ...], *rows: tuple[str, str, str]) -> list[str]:
        tables = Tables({"parameters": pd.DataFrame(rows, columns=columns)}, {}, {})
        return slot_supply(tables, replace(findings, scenarios=names, baseline=names[0]))

    most = "Scarce slots account for up to 54 days of the mean wait with few"
    assert told(tuple(days), counted[0]) == [f"{most}."]
    assert told(tuple(days), *counted) == [f"{most} (supply assumed)."]
    # of one alone, of one beside a product that needs none, and where nobody waits for slots
    (alone,) = told(("enough",), counted[1])
    scarce = "Scarce slots account for 6.2 days of the mean wait"
    assert alone == f"{scarce}, their release dates for 9.5 days (supply assumed)."
    assert told(("enough", "shelf")) == [f"{scarce} with enough."]
    assert told(("shelf",)) == []


def numbers_of(folder: Path) -> set[str]:
    """Every number of the tables as it may be written: a share in per cent, without its sign, to 1, 2 or 3 places."""
    found = set()
    for table in TABLES:
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                factor = 100.0 if row["unit"] == "share" else 1.0
                values = [abs(float(row[column])) * factor for column in ("estimate", "low", "high") if row[column]]
                found |= {f"{value:.{places}f}" for value in values for places in (1, 2, 3)}
    return found


@pytest.mark.parametrize("file", some({file.stem: file for file in LIBRARY}, EVERY_DAY))
def test_the_findings_of_a_scenario_have_the_numbers_of_its_tables(file: Path, tmp_path: Path) -> None:
    base = SHIPPED / ("allogeneic.yaml" if file.stem == "lot_shortage" else "autologous.yaml")
    folder = study(tmp_path / "results", base, file)
    tables = read(folder)
    findings = gather(tables)
    (other,) = findings.others
    said = [sentence(findings, other), *details(tables, findings, other)]
    for one in said:
        written = NUMBER.findall(one)
        assert set(written) <= numbers_of(folder), one
    # where nobody is infused there is no wait and no progression before infusion to be told of
    fewest = 6 if load(file).scenario.infuses else 5
    # those without decimals are told too, at a glance
    assert sum(len(re.findall(r"\d+(?:\.\d+)?", one)) for one in said) >= fewest
    assert STORY.get(file.stem, "") in " ".join(said)


def test_differences_go_the_way_of_their_sign(folder: Callable[[str], Path]) -> None:
    tables = read(folder("pair"))
    findings = gather(tables)
    said = details(tables, findings, "Allogeneic, off the shelf")
    change = findings.change("Allogeneic, off the shelf", "infused_share")
    word = "up" if change.value > 0 else "down"
    assert findings.verdict("Allogeneic, off the shelf", "infused_share").resolved
    told = next(one for one in said if "patients are infused" in one)
    now, before = (of_hundred(findings.level(s, "infused_share").value) for s in reversed(findings.scenarios))
    assert told == f"{now} patients are infused, {word} from {before.removesuffix(' of 100')}."


def test_a_single_run_tells_its_levels(folder: Callable[[str], Path]) -> None:
    tables = read(folder("single"))
    findings = gather(tables)
    said = details(tables, findings, findings.scenarios[0])
    share = findings.level(findings.scenarios[0], "infused_share")
    assert f"{of_hundred(share.value)} patients are infused." in said
    assert not any("instead of" in one or "difference" in one for one in said)
