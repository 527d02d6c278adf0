"""The method tables: every item is there, filled with what this run says, or left to the author in so many words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from reports.markdown import plain
from reports.methods import Item, MethodTable, method_tables, methods_text
from reports.tables import ResultsError, read
from run_sim import cli
from sim.engine.timeline import Phase
from sim.experiment.disk.about_model import TIES, about_method, about_model
from sim.experiment.disk.manifest import write_manifest
from sim.pure.streams import Source, key_table, philox, sequence
from tests.reports.conftest import FORMULA, HOSTILE, written
from tests.reports.test_report import words
from tests.runs import FILES, SHIPPED, shipped

STRESS = [
    *("1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5.1", "2.5.2", "2.5.3", "2.5.4", "2.5.5"),
    *("3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "5.1", "5.2", "5.3", "5.4", "6.1"),
]


@pytest.fixture(scope="module")
def found(folder: Callable[[str], Path]) -> list[MethodTable]:
    return method_tables(read(folder("real")))


def said(table: MethodTable, number: str) -> str:
    (item,) = (one for one in table.items if one.number == number)
    return "\n".join(item.points)


def test_every_item_of_each_guideline_is_there_and_says_something(found: list[MethodTable]) -> None:
    stress, ispor, cheers = found
    assert [item.number for item in stress.items] == STRESS
    assert len({n[:3] for n in STRESS}) == 20
    assert len(ispor.items) == 15
    assert [item.number for item in cheers.items] == [str(n) for n in range(1, 29)]
    for table in found:
        assert all(item.points for item in table.items), table.name
        assert all(point.strip() and "None" not in point for item in table.items for point in item.points)


def test_what_only_an_author_knows_is_left_to_him(found: list[MethodTable]) -> None:
    stress, _, cheers = found
    left = {table.name: [item.number for item in table.items if not item.said] for table in found}
    assert left == {
        "STRESS-DES": [],
        "ISPOR-SMDM good practices": ["6b"],
        "CHEERS 2022": ["4", "21", "24", "25", "27", "28"],
    }
    assert said(cheers, "27") == "For the author to fill: who paid, and their part in the study"
    assert "For the author to fill" in said(stress, "1.1")
    assert "For the author to fill" not in said(stress, "4.2")


def test_the_items_hold_the_numbers_of_this_run(found: list[MethodTable], folder: Callable[[str], Path]) -> None:
    stress, ispor, cheers = found
    manifest = json.loads((folder("real") / "manifest.json").read_text(encoding="utf-8"))
    assert said(stress, "4.2") == (
        "Patients referred over 150 d are measured, each until resolved or for 300 d from referral; "
        "arrivals go on until then (240 d at least). Time is in days."
    )
    assert "3 independent replications, a number set beforehand." in said(stress, "4.3")
    assert "with Student's t (2 d.f.)" in said(stress, "1.2")
    assert f"seed {manifest['seed']}" in said(stress, "5.2")
    assert f"Run time {manifest['seconds']:.1f} s" in said(stress, "5.4")
    assert manifest["versions"]["numpy"] in said(stress, "5.1")
    assert manifest["scenarios"][1]["digest"][:12] in said(stress, "6.1")
    assert "Engine: simpy (asked for)" in said(stress, "5.3")
    assert "Manufacturing lines (capacity): 16, offered load 0.35" in said(stress, "2.5.3")
    assert "capital (Poisson, 5 / month)" in said(stress, "2.5.5")
    assert "high (share 0.25, hazard x 1.45)" in said(stress, "2.5.1")
    assert "manufacturing.duration (triangular, mean 10.3 d)" in said(stress, "2.5.2")
    assert "most for manufacturing slots (offered load 0.94)" in said(ispor, "1a")
    assert "USD, prices of 2021." in said(cheers, "15")
    assert "14610 d (40.0 years) from referral." in said(cheers, "9")
    assert "3.0% a year for costs, 3.0% for health." in said(cheers, "10")


def test_results_are_those_of_the_tables(found: list[MethodTable], folder: Callable[[str], Path]) -> None:
    import pandas as pd

    icer = pd.read_csv(folder("real") / "icer.csv").set_index("scenario")
    for name, row in icer.iterrows():
        assert f"{name}: {row['cost']:,.0f} USD 2021 and {row['qalys']:.3f} QALYs" in said(found[2], "23")
    changes = pd.read_csv(folder("real") / "changes.csv")
    assert f"{len(changes)} values differ between them" in said(found[0], "1.3")
    summary = pd.read_csv(folder("real") / "summary.csv")
    assert f"{summary['metric'].nunique()} quantities" in said(found[0], "1.2")
    waits = summary[summary["metric"] == "waiting_days_mean"]
    for estimate in waits["estimate"]:
        assert f"the mean wait from referral to infusion {estimate:.0f} days" in said(found[0], "4.3")


def test_the_page_and_the_report_show_the_same_tables(folder: Callable[[str], Path], found: list[MethodTable]) -> None:
    files = written(folder("real"))
    report, page = words(files["report.html"]), files["methods.md"]
    for table in found:
        assert f"{table.name}: {len(table.items)} rows, {table.open} for the author to complete" in report
        assert f"## {table.name}\n" in page
        for item in table.items:
            for point in item.said:
                assert " ".join(point.split()) in report, item.number
                assert plain(point) in page, item.number
    chart = json.loads((folder("real") / "manifest.json").read_text())["scenarios"][0]["model"]["flow_chart"]
    assert f"```mermaid\n{chart}```" in page
    assert "| manufacturing.lines | 16 |" in page


def test_names_of_others_stay_text(folder: Callable[[str], Path]) -> None:
    files = written(folder("real_hostile"))
    page = files["methods.md"]
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert HOSTILE in words(files["report.html"])
    assert FORMULA in page
    for line in page.splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) in (3, 4), line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a | b", r"a \| b"),
        ("[x](javascript:y)", r"\[x\](javascript:y)"),
        ("*bold* _it_ first_come 0.1 * 7", r"\*bold\* \_it\_ first_come 0.1 * 7"),
        ("`code`\n# no heading", r"\`code\` # no heading"),
        ("a & <b>", "a &amp; &lt;b&gt;"),
    ],
)
def test_text_in_markdown(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_sweep_a_plan_and_a_psa_say_what_they_are(folder: Callable[[str], Path], tmp_path: Path) -> None:
    tables = read(folder("real"))
    kinds = {
        "sweep": {"design": "sobol", "design_seed": 7, "points": 64, "paths": {"manufacturing.lines": ""}},
        "plan": {
            "levers": [{"path": "manufacturing.lines", "levels": ["11", "12"]}],
            "prices": {"manufacturing.lines": 40000.0},
            "targets": ["x <= 1"],
            "zones": [0.05],
            "confidence": 0.9,
            "first_stage": 20,
            "most_replications": 500,
            "procedure": "F",
            "combinations": 2,
            "evaluated": 2,
            "proposed_by": None,
            "answer": {"manufacturing.lines": "12"},
        },
        "psa": {"samples": 500},
    }
    told = {
        kind: said(method_tables(replace(tables, manifest={**tables.manifest, "kind": kind, **more}))[0], "1.3")
        for kind, more in kinds.items()
    }
    assert "sobol, 64 points, drawn with seed 7" in told["sweep"]
    assert "Search for the cheapest manufacturing.lines (11, 12)" in told["plan"]
    assert "x <= 1 (indifference zone 0.05); 2 of 2 combinations run; answer: manufacturing.lines = 12." in told["plan"]
    assert "Costs: 40000 a unit of manufacturing.lines" in told["plan"]
    assert "from 20 replications up to 500; a confidence of 0.9 holds for all tests together" in told["plan"]
    assert "500 samples of 44 inputs" in told["psa"]


def test_a_manifest_of_an_earlier_version_has_no_tables(folder: Callable[[str], Path]) -> None:
    tables = read(folder("real"))
    bare = {key: value for key, value in tables.manifest.items() if key != "method"}
    assert method_tables(replace(tables, manifest=bare)) == []
    assert methods_text(replace(tables, manifest={})) is None


def test_a_manifest_that_says_something_else_is_refused_in_words(folder: Callable[[str], Path]) -> None:
    tables = read(folder("real"))
    with pytest.raises(ResultsError, match=r"manifest\.json: does not describe the model"):
        methods_text(replace(tables, manifest={**tables.manifest, "replications": None}))


def test_the_command_writes_the_page_of_any_folder(tmp_path: Path) -> None:
    out = tmp_path / "sweep"
    arguments = ["sweep", str(SHIPPED / "validation" / "erlang_a_five.yaml"), "--vary", "manufacturing.lines=4:5:1"]
    short = ["--set", "run.window=50 d", "--set", "run.warm_up=0 d", "--set", "run.follow_up=50 d", "--workers", "1"]
    done = CliRunner().invoke(cli, [*arguments, *short, "-n", "2", "-q", "--out", str(out)])
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(cli, ["methods", str(out), "-q"])
    assert done.exit_code == 0, done.output
    assert done.output == (out / "methods.md").read_text(encoding="utf-8")
    assert "Design of experiments: grid, 2 points, of 'M/M/5+M'; varied: manufacturing.lines." in done.output
    assert "CHEERS" not in done.output
    empty = CliRunner().invoke(cli, ["methods", str(tmp_path)])
    assert empty.exit_code == 2
    write_manifest(tmp_path, {"replications": 1})
    old = CliRunner().invoke(cli, ["methods", str(tmp_path)])
    assert old.exit_code == 2
    assert "Traceback" not in old.output


def test_the_order_of_ties_is_that_of_the_engine() -> None:
    assert list(TIES) == sorted(Phase)
    ties = about_method()["ties"]
    assert ties == [TIES[phase] for phase in sorted(Phase)]
    assert [ties[k].split(",")[0] for k in (4, 5, 6)] == ["referrals", "grants", "the end of patience"]


def test_the_generator_is_the_one_that_is_named() -> None:
    method = about_method()
    assert method["generator"] == "Philox4x32-10, its key and one word of its counter the BLAKE2b digest of the key"
    digest = blake2b(b"1 0 1 4 here apheresis.duration", digest_size=12).digest()
    first, second, own = (np.frombuffer(digest[at : at + 4], dtype="<u4").astype(np.uint64) for at in (0, 4, 8))
    replication, number, attempt = (np.array([value], dtype=np.uint64) for value in (2, 1, 0))
    upper, lower, _, _ = philox((number, own, attempt, replication), (first, second))
    keys = key_table(1, 0, (Source("here"),), ("apheresis.duration",))
    assert sequence(keys, np.array([2]), 3)[0, 1] == ((int(upper[0]) << 32 | int(lower[0])) >> 11) / 2**53
    assert len(method["key"]) == 8


def test_a_model_is_described_for_every_shipped_scenario() -> None:
    for file in [*FILES, SHIPPED / "validation" / "base_stock.yaml"]:
        model = json.loads(json.dumps(about_model(shipped(file)), allow_nan=False))
        assert model["flow_chart"].startswith("flowchart TD"), file
        kinds = {resource["kind"] for resource in model["resources"]}
        assert kinds <= {"anyof", "bookings", "cadence", "capacity", "stock"}
        ends = {"standard_care"} if "standard_care" in file.stem else {"infusion", "discharge"}
        assert ends <= set(model["milestones"]), file


def test_an_open_item_says_so_last() -> None:
    assert Item("", "1", "", ("a.",), "b").points == ["a.", "For the author to fill: b"]
    assert Item("", "1", "", ("a.",)).points == ["a."]
