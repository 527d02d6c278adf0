"""Event logs: what `--event-log` writes is what a register holds, and reads back as one."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from sim.outcomes.recorded import in_view, in_whole_days, recorded
from sim.records.guess import describe
from sim.records.reader import read_records
from sim.records.register import read_register
from sim.records.value import Records
from sim.scenario import load
from tests.program import call
from tests.records.worlds import truth

SHORT = ("-n", "1", "--workers", "1", "--engine", "simpy", "-q", "--set", "run.window=400 d")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a comparison of two scenarios with their event logs."""
    folder = tmp_path_factory.mktemp("log")
    for name, patients in (("first", 120), ("second", 150)):
        text = truth(patients).replace("name: Truth", f"name: The <{name}> & only")
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    files = [str(folder / f"{name}.yaml") for name in ("first", "second")]
    done = call("compare", *files, *SHORT, "--event-log", "--out", str(folder / "out"), cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def of_scenario(results: Path, number: int) -> Records:
    """What a register would hold of the patients of the results, in whole days."""
    loaded = load(results / "scenarios" / f"{number}.yaml")
    frame = pd.read_parquet(results / "patients.parquet")
    mine = frame[(frame["scenario"] == loaded.scenario.name) & (frame["replication"] == 0)]
    columns = {str(name): mine[name].to_numpy() for name in mine if mine[name].notna().any()}
    return in_whole_days(in_view(recorded(columns, loaded.scenario.run.start), np.inf))


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("suffix", [".csv", ".xes"])
def test_a_log_reads_back_as_the_register_of_the_same_patients(
    results: Path, tmp_path: Path, number: int, suffix: str
) -> None:
    file = results / "event_log" / f"{number}{suffix}"
    (tmp_path / file.name).write_bytes(file.read_bytes())
    description = tmp_path / "register.yaml"
    description.write_text(describe(tmp_path / file.name), encoding="utf-8")
    reading = read_records(read_register(description))
    expected = of_scenario(results, number)
    found = reading.records
    assert not reading.faults
    assert len(found) == len(expected) > 50
    for name, days in expected.milestones.items():
        np.testing.assert_array_equal(found.day(name), days, err_msg=name)
    for name in ("end_day", "progression_day", "bridging_day"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    assert found.outcome.tolist() == expected.outcome.tolist()
    assert {"died", "withdrawn"} & set(found.outcome.tolist())
    for name in ("region", "centre", "risk_group", "product"):
        assert found.categories[name].tolist() == expected.categories[name].tolist(), name
    for name, number_of in expected.attempts.items():
        np.testing.assert_array_equal(found.attempts[name], number_of, err_msg=name)
        assert np.nanmax(number_of) > 1


def test_both_forms_hold_the_same_events_in_the_order_of_time(results: Path) -> None:
    log = pd.read_csv(results / "event_log" / "1.csv")
    space = "{http://www.xes-standard.org/}"
    traces = ElementTree.parse(results / "event_log" / "1.xes").getroot().findall(f"{space}trace")
    events = [
        (trace.find(f"{space}string").get("value"), *(part.get("value") for part in event))  # type: ignore[union-attr]
        for trace in traces
        for event in trace.findall(f"{space}event")
    ]
    assert events == [(str(row.case), row.activity, row.time) for row in log.itertuples()]
    assert log.groupby("case")["time"].apply(lambda times: times.is_monotonic_increasing).all()
    assert log.groupby("case")["activity"].first().eq("referral").all()


def test_the_logs_are_tables_of_the_folder_and_come_out_again(results: Path) -> None:
    done = call("verify", str(results), "--engine", "simpy", "-q", cwd=results)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "event_log/2.csv" in done.stdout
    log = results / "event_log" / "2.csv"
    whole = log.read_text(encoding="utf-8")
    log.write_text(whole.replace("referral", "listing", 1), encoding="utf-8")
    changed = call("verify", str(results), "--engine", "simpy", "-q", cwd=results)
    log.write_text(whole, encoding="utf-8")
    assert changed.returncode == 3
