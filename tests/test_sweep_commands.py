"""The commands `sweep` and `plan`, and the options of `run` that came with them, as a user meets them."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.experiment.sweep.file import read_sweep_file
from sim.scenario import ScenarioError
from tests.experiments import SMALL
from tests.program import call, call_apart

QUICK = ["--workers", "1", "--engine", "simpy"]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    return file


def test_sweep_from_the_command_line(small: Path) -> None:
    out = small.parent / "out"
    arguments = ["sweep", str(small), "--vary", "manufacturing.lines=1:3:1", "--vary", "apheresis.duration=1d,36 h"]
    done = call(*arguments, "-n", "3", "--out", str(out), *QUICK)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "6 points, 3 replications each of Small\n"
    assert done.stdout == f"Tables: {out} (sweep.csv, points.csv, heat_map.csv)\nReport: {out / 'report.html'}\n"
    points = pd.read_csv(out / "points.csv", dtype=str)
    assert points["apheresis.duration"].tolist() == ["1d", "36 h"] * 3
    table = pd.read_csv(out / "sweep.csv")
    assert not table.duplicated(["point", "scenario", "metric"]).any()
    waits = table[table["metric"] == "waiting_days_mean"].set_index(["manufacturing.lines", "apheresis.duration"])
    assert waits.loc[(1, 1.0), "estimate"] > waits.loc[(3, 1.0), "estimate"]
    assert (waits["low"] <= waits["estimate"]).all()
    assert waits["replications"].tolist() == [3] * 6
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["kind"] == "sweep"
    assert manifest["paths"] == {"manufacturing.lines": "", "apheresis.duration": "days"}
    again = call(*arguments, "-n", "4", "--out", str(out), *QUICK)
    assert again.returncode == 2
    assert "holds results of another sweep (replications was 3, now 4)" in again.stderr


def test_sweep_from_a_file_with_a_tornado(small: Path) -> None:
    sweep = small.parent / "sweep.yaml"
    sweep.write_text(
        "base: small.yaml\ndesign: one_at_a_time\nreplications: 3\n"
        "vary:\n  manufacturing.lines: {low: 1, high: 9}\n  apheresis.duration: {low: 1 d, high: 2 d}\n",
        encoding="utf-8",
    )
    out = small.parent / "out"
    done = call("sweep", str(sweep), "--out", str(out), "--json", *QUICK)
    assert done.returncode == 0, done.stderr
    rows = {row["path"]: row for row in json.loads(done.stdout)["tornado"] if row["metric"] == "waiting_days_mean"}
    assert rows["manufacturing.lines"]["rank"] == 1
    assert rows["manufacturing.lines"]["low_estimate"] > rows["manufacturing.lines"]["high_estimate"]
    assert rows["manufacturing.lines"]["base_value"] == "3"
    assert rows["apheresis.duration"]["low_change"] == 0.0
    shown = call("sweep", str(sweep), "--out", str(out), *QUICK)
    assert "Proportion progressed before infusion, by what moves it most" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--vary", "manufacturing.linse=1,2"], "--vary manufacturing.linse: unknown key; did you mean 'lines'?"),
        (["--vary", "manufacturing.lines=1,x"], "--vary manufacturing.lines: found 'x'; allowed: a whole number"),
        (
            ["--vary", "later_course.share=0.1,0.2"],
            "--vary later_course.share: later_course.relapse: required, but not",
        ),
        (["--vary", "manufacturing.lines=2:1"], "--vary manufacturing.lines: found 2 to 1"),
        (["--vary", "manufacturing.failure=0:1"], "without a step; allowed: FROM:TO:STEP, or the values one by one"),
        (["--vary", "a=1", "--vary", "a=2"], "--vary a: given twice"),
        (["--vary", "manufacturing.lines=1,2", "--samples", "8"], "grid: takes no samples, as its values say which"),
        (
            ["--vary", "manufacturing.lines=1,2", "--metric", "referred", "--metric", "referred"],
            "found the metric 'referred' twice; allowed: each once",
        ),
        ([], "nothing is varied: give --vary PATH=VALUES, or a sweep file"),
        (
            ["--vary", "manufacturing.failure=0:1", "--design", "sobol", "--samples", "6"],
            "sobol: found 6 samples; allowed: a power of 2",
        ),
        (["--vary", "manufacturing.lines=1,2", "--cluster", "nonsense://x"], "no Dask scheduler answers there"),
    ],
)
def test_wrong_sweeps_say_so_on_one_line(small: Path, arguments: list[str], told: str) -> None:
    # Dask leaves its threads behind
    how = call_apart if "--cluster" in arguments else call
    done = how("sweep", str(small), *arguments, "-n", "2", "--out", str(small.parent / "out"), "--quiet", *QUICK)
    assert done.returncode == (1 if "--cluster" in arguments else 2), done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        (
            "metrics:\n  - infused_shar\n  - referred\n  - referred\n",
            [],
            "{file}:4: metrics: found the metric 'infused_shar'; did you mean 'infused_share'?\n"
            "{file}:6: metrics: found the metric 'referred' twice; allowed: each once\n",
        ),
        ("metrics: [x]\n", ["--metric", "infused_shar"], "found the metric 'infused_shar'; did you mean 'infused_"),
        ("samples: 8\n", [], "{file}:3: samples: grid: takes no samples, as its values say which points it has"),
        ("seed: 8\n", [], "{file}:3: seed: grid: takes no seed, as nothing of it is drawn; allowed "),
        ("", ["--samples", "8"], "grid: takes no samples"),
        ("set: {run.seed: 1}\ndesign: sobol\n", ["--samples", "7"], "sobol: found 7 samples; allowed: a power of 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_of_a_sweep_is_told_with_its_line(
    small: Path, text: str, arguments: list[str], told: str
) -> None:
    file = small.parent / "sweep.yaml"
    file.write_text(
        f"base: small.yaml\nvary: {{apheresis.duration: {{low: 1 d, high: 2 d}}}}\n{text}", encoding="utf-8"
    )
    done = call("sweep", str(file), *arguments, "-n", "2", "--out", str(small.parent / "out"), "--quiet", *QUICK)
    assert done.returncode == 2
    assert done.stderr.startswith(told.format(file=file)), done.stderr


def test_a_sweep_leaves_what_else_is_in_its_folder_as_it_is(small: Path) -> None:
    out = small.parent / "out"
    out.mkdir()
    (out / "diary.txt").write_text("mine")
    done = call("sweep", str(small), "--vary", "manufacturing.lines=1,2", "-n", "2", "--out", str(out), *QUICK)
    assert done.returncode == 0
    assert (out / "diary.txt").read_text() == "mine"
    assert (out / "sweep.csv").is_file()


def test_plan_says_the_smallest_capacity_or_that_there_is_none(small: Path) -> None:
    out = small.parent / "out"
    vary = ["plan", str(small), "--vary", "manufacturing.lines=8:10", "-n", "5", *QUICK]
    floor = ["--target", "infused_share >= 0.5"]
    done = call(*vary, "--target", "waiting_days_mean <= 22", *floor, "--zone", "infused_share=5%", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "3 values of manufacturing.lines; from 5 to 2000 replications each\n" in done.stderr
    assert "target: waiting_days_mean <= 22, indifference zone 1.1\n" in done.stderr
    assert "target: infused_share >= 0.5, indifference zone 0.05\n" in done.stderr
    table = pd.read_csv(out / "plan.csv")
    table = table[table["metric"] == "waiting_days_mean"]
    (answer,) = table.loc[table["answer"], "manufacturing.lines"]
    assert done.stdout.startswith(
        f"manufacturing.lines = {answer:g} is the smallest that meets waiting_days_mean <= 22"
    )
    estimates = table.set_index("manufacturing.lines")["estimate"]
    assert estimates[answer] < 22.0 + 1.1
    assert estimates[answer - 1] > 22.0 - 1.1
    bare = call(*vary, "--target", "waiting_days_mean <= 22", "--out", str(small.parent / "bare"))
    assert bare.returncode == 2
    assert "add a target, for example 'infused_share >= " in bare.stderr
    none = call(*vary, "--target", "waiting_days_mean <= 3", *floor, "--out", str(small.parent / "none"))
    assert none.returncode == 3
    assert "No value of manufacturing.lines from 8 to 10 meets waiting_days_mean <= 3" in none.stdout
    wrong = call(*vary, "--target", "waiting_day_mean <= 3")
    assert wrong.returncode == 2
    assert "did you mean 'waiting_days_mean'?" in wrong.stderr


def test_run_to_a_precision_and_by_when_a_list_is_short(small: Path) -> None:
    out = small.parent / "out"
    rule = ["--precision", "infused_share=0.02", "--min-replications", "4", "--max-replications", "60"]
    done = call("run", str(small), *rule, "--list-below", "200", "--out", str(out), *QUICK)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["precision"]["met"] is True
    assert 4 < manifest["replications"] <= 60
    assert manifest["precision"]["reached"]["Small"] <= 0.02
    assert len(pd.read_csv(out / "runs.csv")) == manifest["replications"]
    assert "referred, not yet infused: below 200 on average from 2026-01-01 on" in done.stdout
    lists = pd.read_csv(out / "waiting_list.csv")
    assert lists.groupby("list")["day"].apply(list).tolist() == [list(range(121))] * 2
    assert np.isfinite(lists[["estimate", "low", "high", "range_low", "range_high"]].to_numpy()).all()
    assert pd.read_csv(out / "list_below.csv")["day"].tolist() == [0, 0]
    both = call("run", str(small), *rule, "-n", "3")
    assert both.returncode == 2
    assert "exclude each other" in both.stderr
    missed = call("run", str(small), "--precision", "infused_share=1e-6", "--max-replications", "5", "--out", str(out))
    assert missed.returncode == 0
    assert (
        "after 5 replications infused_share is not as precise as wanted"
        in json.loads((out / "manifest.json").read_text())["warnings"]
    )


def test_what_common_random_numbers_save_is_in_the_differences(small: Path) -> None:
    out = small.parent / "out"
    other = small.parent / "other.yaml"
    other.write_text("extends: small.yaml\nname: Other\nmanufacturing: {lines: 4}\n", encoding="utf-8")
    done = call("compare", str(small), str(other), "--out", str(out), "-n", "16", *QUICK)
    assert done.returncode == 0, done.stderr
    runs = pd.read_csv(out / "runs.csv").pivot_table(index="replication", columns="scenario", values="infused_share")
    row = pd.read_csv(out / "differences.csv").set_index("metric").loc["infused_share"]
    assert row["difference_variance"] == pytest.approx((runs["Other"] - runs["Small"]).var())
    assert row["unpaired_variance"] == pytest.approx(runs["Other"].var() + runs["Small"].var())
    assert row["variance_reduction"] == pytest.approx(1 - row["difference_variance"] / row["unpaired_variance"])
    assert row["variance_reduction"] > 0.3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--target", "waiting_list_lenght <= 3"], "--target: found the metric 'waiting_list_lenght'; did you mean"),
        (["--target", "infused_share >= 0.5", "--cost", "qalys=3"], "--cost: found 'qalys'; allowed: PATH=NUMBER"),
        (["--target", "infused_share >= 0.5", "--vary", "apheresis.duration=1d,2d"], "--cost: found no cost of"),
        (["--target", "infused_share >= 0.5", "--zone", "infused=1"], "--zone: found infused, which is no target"),
        (
            ["--target", "infused_share >= 0.5", "--vary", "run.seed=1:3"],
            "says how much is simulated, and is no capacity",
        ),
        (
            ["--target", "infused_share >= 0.5", "--vary", "apheresis.chiars=1:3"],
            "--vary apheresis.chiars: unknown key",
        ),
        (
            ["--target", "waiting_days_mean <= 50", "--target", "waiting_days_mean >= 60"],
            "waiting_days_mean <= 50 and waiting_days_mean >= 60, which nothing can meet together",
        ),
        (["--target", "infused_share >= 0.5", "--evaluations", "2"], "Optuna"),
    ],
)
def test_wrong_plans_say_so_on_one_line(small: Path, arguments: list[str], told: str) -> None:
    if "--evaluations" in arguments and find_spec("optuna"):
        pytest.skip("Optuna is installed")
    done = call(
        "plan", str(small), "--vary", "manufacturing.lines=1:3", *arguments, "--out", str(small.parent / "out"), *QUICK
    )
    assert done.returncode == (4 if "--evaluations" in arguments else 2), done.stderr
    assert told in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (small.parent / "out").exists()


@pytest.mark.parametrize("design", ["grid", "latin_hypercube", "morris", "sobol"])
def test_a_base_that_stands_at_no_point_is_refused(small: Path, design: str) -> None:
    file = small.parent / "sweep.yaml"
    values = "apheresis.duration: {low: 1 d, base: 1.5 d, high: 2 d}"
    file.write_text(f"base: small.yaml\ndesign: {design}\nvary:\n  {values}\n", encoding="utf-8")
    done = call("sweep", str(file), "-n", "2", "--out", str(small.parent / "out"), "--quiet", *QUICK)
    assert done.returncode == 2, done.stderr
    assert f"{file}:4: vary.apheresis.duration.base: has no effect with design {design};" in done.stderr


@pytest.mark.parametrize(("base", "refused"), [("1.5 d", False), ("36 h", False), ("3 d", True), ("0.5 wk", True)])
def test_a_base_beyond_its_ends_is_refused(small: Path, base: str, refused: bool) -> None:
    file = small.parent / "sweep.yaml"
    values = f"apheresis.duration: {{low: 1 d, base: {base}, high: 2 d}}"
    file.write_text(f"base: small.yaml\ndesign: one_at_a_time\nvary:\n  {values}\n", encoding="utf-8")
    if not refused:
        assert read_sweep_file(file).factors[0].base == base
        return
    with pytest.raises(ScenarioError, match=f"found base {base}; allowed: from low to high, 1 d to 2 d"):
        read_sweep_file(file)
