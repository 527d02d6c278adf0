"""The command line as a user meets it: what is printed where, exit codes, and that nothing is lost.

Longer than 400 lines because each command is tried here as a user would.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pandas as pd
import pytest
from click.testing import CliRunner

from run_sim import cli
from sim.engine.choice import COMPILED, SIMPY
from sim.experiment.disk.manifest import write_manifest
from sim.experiment.disk.publish import new_results
from sim.outcomes.metrics import METRIC_NAMES
from tests.experiments import SMALL
from tests.program import Done, call
from tests.runs import HAS_NUMBA, SHIPPED

ROOT = Path(__file__).parents[1]
AUTO, ALLO = str(SHIPPED / "autologous.yaml"), str(SHIPPED / "allogeneic.yaml")
SHORT = ["--set", "run.window=120 d", "--set", "run.warm_up=60 d", "--replications", "3", "--workers", "1"]


def every_command(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """(what is typed, the command) of each command, those of groups among them."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from every_command(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    out = tmp_path_factory.mktemp("compared") / "results"
    return out, call("compare", AUTO, ALLO, "--out", str(out), "--trace", *SHORT)


def test_compare_leaves_every_table_of_the_contract(compared: tuple[Path, Done]) -> None:
    out, done = compared
    assert done.returncode == 0, done.stderr
    for name in (
        "summary",
        "differences",
        "runs",
        "resources",
        "stages",
        "incidence",
        "waits",
        "outcomes",
        "same_patients",
    ):
        assert len(pd.read_csv(out / f"{name}.csv")) > 0, name
    assert {"report.html", "manifest.json", "patients.parquet", "events.parquet"} <= {f.name for f in out.iterdir()}
    patients = pd.read_parquet(out / "patients.parquet")
    assert {"waiting_days", "vein_to_vein_days", "outcome", "measured", "referral_day", "infusion_day"} <= set(patients)
    assert not patients.duplicated(["scenario", "replication", "region", "source", "number"]).any()
    events = pd.read_parquet(out / "events.parquet")
    assert list(events) == [
        "scenario", "replication", "entity", "step", "kind", "asked_day", "began_day", "ended_day"
    ]  # fmt: skip
    assert (events["began_day"].dropna() >= events["asked_day"][events["began_day"].notna()]).all()


def test_tables_agree_with_each_other(compared: tuple[Path, Done]) -> None:
    out, _ = compared
    runs, patients = pd.read_csv(out / "runs.csv"), pd.read_parquet(out / "patients.parquet")
    summary = pd.read_csv(out / "summary.csv").set_index(["scenario", "metric"])["estimate"]
    measured = patients[patients["measured"]]
    for (scenario, replication), group in measured.groupby(["scenario", "replication"]):
        row = runs[(runs["scenario"] == scenario) & (runs["replication"] == replication)].iloc[0]
        assert row["referred"] == len(group)
        assert row["infused"] == (group["outcome"] == "infused").sum()
        assert row["progressed_before_infusion"] == group["progressed_before_infusion"].sum()
        assert row["waiting_days_mean"] == pytest.approx(group["waiting_days"].mean())
        assert row["vein_to_vein_days_median"] == pytest.approx(group["vein_to_vein_days"].median(), nan_ok=True)
    for scenario, group in runs.groupby("scenario"):
        for metric in METRIC_NAMES:
            assert summary[scenario, metric] == pytest.approx(group[metric].mean(), nan_ok=True)
    differences = pd.read_csv(out / "differences.csv").set_index("metric")["estimate"]
    wide = runs.pivot_table(index="replication", columns="scenario", values="waiting_days_mean")
    change = wide["Allogeneic, off the shelf"] - wide["Autologous, just enough slots"]
    assert differences["waiting_days_mean"] == pytest.approx(change.mean())
    pairs = pd.read_csv(out / "same_patients.csv")
    assert pairs["estimate"].sum() == pytest.approx(summary["Autologous, just enough slots", "referred"])
    assert pairs["share"].sum() == pytest.approx(1.0)


def test_compare_ends_with_a_table_and_the_report(compared: tuple[Path, Done]) -> None:
    out, done = compared
    for words in (
        "Waiting days, mean",
        "Vein-to-vein days",
        "Proportion infused",
        "Progressed before infusion",
        "Lost before infusion",
        "Scarce slots account for ",
        "The number of slots is an assumption",
    ):
        assert words in " ".join(done.stdout.split())
    # the finding first, short enough to be read at once
    assert len(done.stdout.split("\n\n")[0].split()) <= 35
    assert "--inputs lists them" in done.stdout
    assert done.stdout.strip().endswith(f"Report: {out / 'report.html'}")


def test_the_findings_numbers_are_those_of_the_table(compared: tuple[Path, Done]) -> None:
    out, _ = compared
    differences = pd.read_csv(out / "differences.csv").set_index("metric")
    page = (out / "report.html").read_text(encoding="utf-8")
    for metric, factor in (("waiting_days_mean", 1.0), ("progressed_before_infusion_share", 100.0)):
        row = differences.loc[metric]
        assert f"{abs(row['estimate']) * factor:.1f}" in page
        for bound in (row["low"], row["high"]):
            assert f"{abs(bound) * factor:.1f}" in page


def test_the_same_command_gives_the_same_bytes(compared: tuple[Path, Done], tmp_path: Path) -> None:
    out, _ = compared
    again = tmp_path / "again"
    workers = [*SHORT[:-1], "2"]
    assert call("compare", AUTO, ALLO, "--out", str(again), "--trace", *workers).returncode == 0
    for file in sorted(out.rglob("*")):
        if file.is_file() and file.name not in ("manifest.json", "report.html", "methods.md"):
            assert file.read_bytes() == (again / file.relative_to(out)).read_bytes(), file.name


def test_report_draws_again_from_the_tables(compared: tuple[Path, Done]) -> None:
    out, _ = compared
    before = (out / "report.html").read_bytes()
    (out / "report.html").unlink()
    done = call("report", str(out))
    assert done.returncode == 0, done.stderr
    assert (out / "report.html").read_bytes() == before


def test_run_takes_one_scenario_and_prints_json(tmp_path: Path) -> None:
    done = call("run", AUTO, "--out", str(tmp_path / "results"), "--json", "--quiet", *SHORT)
    assert done.returncode == 0, done.stderr
    summary = {row["metric"]: row for row in json.loads(done.stdout)["summary"]}
    assert summary["referred"]["estimate"] > 0
    *told, report = done.stderr.splitlines()
    assert report == f"Report: {tmp_path / 'results' / 'report.html'}"
    assert all(line.startswith("warning: ") for line in told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("extends: {auto}\nmanufacturing: {{slotts: 3}}\n", "manufacturing.slotts: unknown key; did you mean 'slots'"),
        ("extends: {auto}\nmanufacturing: {{failure: 1.2}}\n", "manufacturing.failure"),
        ("extends: {auto}\nwork_up: {{duration: -3 d}}\n", "work_up.duration"),
        ("extends: {auto}\nwork_up: {{duration: 12 dayz}}\n", "work_up.duration"),
        ("extends: {auto}\nwork_up: {{duration: .nan d}}\n", "work_up.duration"),
        ("extends: {auto}\nwork_up: {{duration: 12}}\n", "work_up.duration"),
        ("extends: mine.yaml\n", "mine.yaml"),
        ("extends: {auto}\nwork_up: {{duration: {{triangular: [9 d, 3 d, 14 d]}}}}\n", "work_up.duration"),
        ("name: [unclosed\n", "mine.yaml:"),
        ("", "mine.yaml"),
    ],
)
def test_bad_input_is_told_in_one_line_each(tmp_path: Path, text: str, told: str) -> None:
    shipped = Path(os.path.relpath(AUTO, tmp_path)).as_posix()
    (tmp_path / "mine.yaml").write_text(text.format(auto=shipped))
    done = call("run", "mine.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "nowhere.yaml"), "no such file"),
        (("run", "."), "is a folder"),
        (("compare", AUTO), "two scenario files or more"),
        (("comapre", AUTO, ALLO), "no command 'comapre'; did you mean 'compare'?"),
        (("run", AUTO, "--replicatons", "3"), "--replications"),
        (("run", AUTO, "--set", "manufacturing.liness=3"), "did you mean"),
        (("run", AUTO, "--replications", "0"), "--replications"),
        (("run", AUTO, "--out", "setup.cfg"), "is a file"),
        (("psa", AUTO, ALLO, "--population", "nan"), "'nan' is no finite number"),
        (("psa", AUTO, ALLO, "--population", "inf"), "'inf' is no finite number"),
        (("psa", AUTO, ALLO, "--group", "u=economics,economics"), "found 'economics' twice in 'u'; allowed: each path"),
        (("report", "."), "no results here"),
        (("new", "mine.yaml", "--from", "autologus"), "--from: found 'autologus', which is no shipped scenario"),
        (("new", "mine.yaml", "--from", "autologus"), "did you mean 'autologous'"),
        (("run", "slot_starvd"), "no shipped scenario of that name; did you mean 'slot_starved'?"),
        (("run", "hybrid-by-risk"), "did you mean 'hybrid_by_risk'?"),
        (("compare", "autologous", "allogeneic.yaml"), "the shipped one is 'allogeneic', without .yaml"),
        (("validate", "erlang_b"), "no validation case of that name; did you mean 'erlang_a'?"),
    ],
)
def test_wrong_usage_is_told_with_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    (tmp_path / "setup.cfg").write_text("precious")
    done = call(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "setup.cfg").read_text() == "precious"


def test_a_failed_run_leaves_old_results_as_they_were(tmp_path: Path) -> None:
    out = tmp_path / "results"
    with new_results(out, []) as building:
        write_manifest(building, {"title": "old"})
    before = (out / "manifest.json").read_text()
    case = SHIPPED / "validation" / "remake.yaml"
    # in a hundred or so attempts on average there is one who needs more than a thousand
    changed = (
        "--set",
        "manufacturing.failure=0.9899",
        "--set",
        "run.window=400 d",
        "--engine",
        COMPILED if HAS_NUMBA else SIMPY,
    )
    done = call("run", str(case), "--out", str(out), *changed, *SHORT[2:])
    assert done.returncode == 1
    assert "still failing after 1,000 attempts" in done.stderr
    assert "Traceback" not in done.stderr
    assert (out / "manifest.json").read_text() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["results"]


def test_a_load_above_one_is_warned_of_before_the_run(tmp_path: Path) -> None:
    done = call("check", AUTO, "--set", "manufacturing.lines=4")
    assert done.returncode == 0
    assert "Manufacturing lines (line): offered load 1." in done.stderr
    assert call("check", AUTO).stderr == ""
    told, count = call("check", AUTO, "--set", "regions.capital.referrals=6 / month").stderr.splitlines()
    assert told.endswith("the waits hang on this supply, and on its source")
    assert "no source is given for 1 number;" in count


STRAINED = (
    *("--set", "manufacturing.slots.count=2", "--set", "centres.north.beds=1", "--set", "infusion.stay=40 d"),
    *("--set", "calendars={c: {hours: [0 h, 24 h], days: [mon, tue, wed, thu, fri, sat, sun]}}"),
    *("--set", "work_up.calendar=c"),
)


def test_check_tells_the_three_warnings_that_matter_first_and_what_binds() -> None:
    done = call("check", AUTO, *STRAINED)
    told = done.stderr.splitlines()
    assert [line.split("offered load ")[-1][:4] for line in told[:3]] == ["5.24", "1.84", "1.31"]
    assert told[3] == "and 3 more warnings; --all lists them"
    everything = call("check", AUTO, *STRAINED, "--all").stderr.splitlines()
    assert everything[:3] == told[:3]
    assert sum(line.startswith("warning: ") for line in everything) == 6
    assert "calendars.c: is open around the clock" in everything[5]
    text = " ".join(done.stdout.split())
    assert "Bottleneck: infusion beds at north (load 5.24): at most 0.8 referrals a month there, where 4 come." in text
    assert "With more of that, the next would be manufacturing slots (load 1.84): at most 8.7 referrals a month" in text
    free = call("check", "unconstrained").stdout
    assert "No resource has a limit" in free


@pytest.mark.parametrize("columns", [40, 80])
def test_check_fits_on_the_screen(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = call("check", "autologous", "--all")
    assert done.returncode == 0
    assert max(len(line) for line in done.stdout.splitlines()) <= columns
    text = " ".join(done.stdout.split())
    for number in ("0.922", "17.3", "45.3", "0.353"):
        assert number in text


def test_the_sources_are_a_count_and_a_list_where_asked_for(tmp_path: Path) -> None:
    count = call("check", "autologous").stdout
    assert "Sources of 182 numbers: 72 published, 110 assumptions, 0 without a source; --sources lists them." in count
    listed = call("check", "autologous", "--sources").stdout
    assert "DV-16" in listed
    assert "manufacturing.failure" in listed


def test_check_tells_the_faults_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: 3 d\nstrategi: autologous\n")
    (tmp_path / "b.yaml").write_text("extends: c.yaml\n")
    done = call("check", "a.yaml", "b.yaml", AUTO, cwd=tmp_path)
    assert done.returncode == 2
    assert "a.yaml:2: strategi" in done.stderr
    assert "b.yaml:1: extends" in done.stderr
    assert "Autologous, just enough slots" in done.stdout


def test_new_writes_a_file_that_loads_and_never_overwrites(tmp_path: Path) -> None:
    for base in ("autologous", "allogeneic"):
        file = tmp_path / f"{base}-mine.yaml"
        assert call("new", str(file), "--from", base).returncode == 0
        assert call("check", str(file)).returncode == 0
    text = file.read_text()
    again = call("new", str(file))
    assert again.returncode == 2
    assert file.read_text() == text


def test_what_new_suggests_can_be_taken_as_it_is(tmp_path: Path) -> None:
    for base in ("autologous", "allogeneic"):
        file = tmp_path / f"{base}.yaml"
        assert call("new", str(file), "--from", base).returncode == 0
        head, marker, rest = file.read_text().partition("# Uncomment")
        suggested = [line[2:] for line in rest.splitlines()[1:] if line.startswith("# ") and not line.endswith(".")]
        assert any(line.startswith("run:") for line in suggested)
        file.write_text(head + "\n".join(suggested) + "\n")
        done = call("check", str(file))
        assert done.returncode == 0, done.stderr
        assert marker


def test_shipped_scenarios_are_named_from_anywhere(tmp_path: Path) -> None:
    by_file = call("check", str(SHIPPED / "library" / "slot_starved.yaml")).stdout.splitlines()
    by_name = call("check", "slot_starved", cwd=tmp_path).stdout.splitlines()
    assert by_name[0].startswith("slot_starved: ")
    assert by_name[0].partition(": ")[2] == by_file[0].partition(": ")[2]
    assert by_name[1:] == by_file[1:]
    (tmp_path / "slot_starved").mkdir()  # a folder of that name, such as one of results, hides nothing
    assert call("check", "slot_starved", cwd=tmp_path).stdout.splitlines() == by_name
    told = call("check", "autologous", "--set", "manufacturing.liness=3", cwd=tmp_path).stderr
    assert told == "--set manufacturing.liness: unknown key; did you mean 'lines'?\n"
    done = call("compare", "autologous", "allogeneic", *SHORT, "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results" / "compare-autologous-allogeneic" / "manifest.json").is_file()
    (tmp_path / "sweep.yaml").write_text("base: [slot_starved, autologous]\nvary: {manufacturing.lines: [9, 12]}\n")
    done = call("sweep", "sweep.yaml", *SHORT, "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_csv_file_beside_the_user_is_found_for_a_scenario_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "days.csv").write_text("day\n400\n410\n")
    done = call("check", "autologous", "--set", "regions.capital.referral_days=days.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_new_starts_from_nothing(tmp_path: Path) -> None:
    assert call("new", "mine.yaml", "--centres", "city, lake", cwd=tmp_path).returncode == 0
    assert call("new", "least.yaml", "--blank", cwd=tmp_path).returncode == 0
    least = (tmp_path / "least.yaml").read_text()
    assert "#" not in least
    assert len(least.splitlines()) < 15
    text = (tmp_path / "mine.yaml").read_text()
    assert len(text.splitlines()) < 50
    for name in ("mine", "least"):
        done = call("check", f"{name}.yaml", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    done = call("run", "least.yaml", *SHORT, "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    head, _, rest = text.partition("# Uncomment")
    suggested = [line[2:] for line in rest.partition("# Who is")[0].splitlines()[1:] if line.startswith("# ")]
    (tmp_path / "mine.yaml").write_text(head + "\n".join(suggested) + "\n")
    assert call("check", "mine.yaml", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("city,,lake", "found an empty name"),
        ("city,city", "found 'city' twice; allowed: each name once"),
        ("a.b", "found '.' in a name"),
        ("replace", "a word of the scenario file"),
        ("", "found an empty name"),
    ],
)
def test_names_of_centres_that_are_none(tmp_path: Path, names: str, told: str) -> None:
    done = call("new", "mine.yaml", "--centres", names, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("--centres: ")
    assert told in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_list_and_schema_and_help() -> None:
    listed = call("list")
    assert listed.returncode == 0
    assert ".yaml" not in listed.stdout
    names = [line.split()[0] for line in listed.stdout.splitlines() if line.startswith(" ") and line.split()]
    assert {"autologous", "allogeneic", "slot_starved"} <= set(names)
    assert "Allogeneic, off the shelf" in listed.stdout
    schema = json.loads(call("schema").stdout)
    assert "manufacturing" in json.dumps(schema)
    helped = call("--help")
    for command in ("compare", "run", "check", "validate", "report", "new", "list", "schema"):
        assert command in helped.stdout


def test_validate_tells_met_and_missed_with_its_exit_code(tmp_path: Path) -> None:
    case = SHIPPED / "validation" / "fifty_patients_5.yaml"
    met = call("validate", str(case), "--out", str(tmp_path / "table"), "--page", str(tmp_path / "page.md"))
    assert met.returncode == 0, met.stderr
    assert "4 of 4 met" in met.stdout
    assert set(pd.read_csv(tmp_path / "table" / "validation.csv")["verdict"]) == {"met"}
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| Fifty patients, 5 lines (`fifty_patients_5`) | total wait days | 21 | 21 | met | Exact" in page
    wrong = tmp_path / "wrong.yaml"
    relative = Path(os.path.relpath(case, tmp_path)).as_posix()
    wrong.write_text(f"extends: {relative}\nmanufacturing: {{lines: 4}}\n")
    missed = call("validate", str(wrong), "--out", str(tmp_path / "missed"))
    assert missed.returncode == 3
    assert "0 of 4 met" in missed.stdout
    assert call("validate", AUTO).returncode == 2


def test_text_in_a_scenario_is_escaped_in_the_report(tmp_path: Path) -> None:
    shipped = Path(os.path.relpath(AUTO, tmp_path)).as_posix()
    (tmp_path / "mine.yaml").write_text(
        f"extends: {shipped}\nname: <script>alert(1)</script>\ndescription: <img src=x>\n"
    )
    done = call("run", "mine.yaml", "--out", "results", *SHORT, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for file in [tmp_path / "results" / "report.html", *(tmp_path / "results" / "charts").glob("*.html")]:
        text = file.read_text(encoding="utf-8")
        assert "<script>alert(1)" not in text
        assert "<img src=x>" not in text


def test_a_narrow_screen_gets_one_row_below_the_other(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from sim.shell.screen import print_table

    headers = ["", "A scenario with a name of many words", "difference"]
    rows = [["Waiting days, mean", "104.2 days (101.1 to 107.3)", "-30.1 days (-32.0 to -28.2)"]]
    for columns in (40, 60, 100):
        monkeypatch.setenv("COLUMNS", str(columns))
        print_table(headers, rows)
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= columns
        text = " ".join(" ".join(lines).split())
        for cell in rows[0]:
            assert cell in text, f"a number is not broken at {columns}"
        assert all(header in text for header in headers)


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 120, 300])
def test_no_word_of_a_table_of_words_is_broken_or_lost(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from sim.shell.screen import print_table

    headers = ["file", "name", "what it is"]
    rows = [["scenarios/a.yaml", "Autologous, present day", "Four centres, and slots that are lost when unclaimed"]] * 2
    monkeypatch.setenv("COLUMNS", str(columns))
    print_table(headers, rows, numbers_from=3)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    words = " ".join(lines).split()
    for word in (word for row in rows for cell in row for word in cell.split()):
        assert words.count(word) >= 2, f"{word} at {columns}"


def test_a_warning_that_scenarios_share_is_said_once(capsys: Any) -> None:
    from sim.shell.screen import warn

    warn(["A: too much", "B: too much", "B: too little", "the seeds differ", "C: too much"])
    assert capsys.readouterr().err.splitlines() == [
        "warning: A: too much (the same of 2 more)",
        "warning: B: too little",
        "warning: the seeds differ",
    ]


def test_check_counts_the_numbers_without_a_source_and_lists_them_where_asked(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    done = call("check", "small.yaml", cwd=tmp_path)
    assert "small.yaml: no source is given for 13 numbers;" in done.stderr
    assert "--sources lists them" in done.stderr
    assert max(map(len, done.stderr.splitlines())) < 160
    listed = [
        line
        for line in call("check", "small.yaml", "--sources", cwd=tmp_path).stdout.splitlines()
        if "no source" in line
    ]
    assert len(listed) == 13
    assert "  no source: manufacturing.lines" in listed


def test_what_new_writes_works_wherever_it_is_sent(tmp_path: Path) -> None:
    assert call("new", "mine.yaml", "--from", "hybrid", cwd=tmp_path).returncode == 0
    text = (tmp_path / "mine.yaml").read_text(encoding="utf-8")
    assert "\nextends: hybrid\n" in text
    assert str(ROOT) not in text
    assert ".." not in text
    elsewhere = tmp_path / "a far" / "place"
    elsewhere.mkdir(parents=True)
    (tmp_path / "mine.yaml").rename(elsewhere / "mine.yaml")
    assert call("check", "mine.yaml", cwd=elsewhere).returncode == 0
    (elsewhere / "hybrid").write_text(SMALL, encoding="utf-8")
    assert "Mine (autologous)" in call("check", "mine.yaml", cwd=elsewhere).stdout, "a file beside it comes first"
    (elsewhere / "mine.yaml").write_text("extends: hybird\n", encoding="utf-8")
    assert "hybird" in call("check", "mine.yaml", cwd=elsewhere).stderr


def test_few_replications_cannot_judge_a_validation_case(tmp_path: Path) -> None:
    case = SHIPPED / "validation" / "fifty_patients_5.yaml"
    arguments = ("validate", str(case), "-q", "--engine", "simpy", "--out", str(tmp_path / "out"))
    said = "fewer than 20 replications cannot judge a case that has chance in it, met or missed (fifty_patients_5)"
    assert said in call(*arguments, "-n", "2").stderr
    assert said not in call(*arguments, "-n", "20").stderr
    assert said not in call(*arguments).stderr, "an exact case of one replication has no chance in it"
    done = call("--help")
    for name in ("validate", "sweep"):
        assert name in done.stdout


def test_a_command_ends_without_looking_for_garbage() -> None:
    code = "import atexit, gc, sys, run_sim\n"
    code += "atexit.register(lambda: print(gc.get_freeze_count() > 0))\n"  # what is registered first is called last
    code += "sys.argv[1:] = ['list']\nrun_sim.main()"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "True"


def test_help_lists_each_command_with_its_own_first_sentence_and_reads_none() -> None:
    import importlib

    from sim.shell.commands import COMMANDS

    rooms = {f"sim.shell.{room}" for room, _ in COMMANDS.values()}
    heavy = ["numpy", "pandas", "pydantic", "ruamel", "rich"]
    code = f"import sys, {', '.join(rooms)}\nprint([name for name in {heavy} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told == "[]\n", "the help of a command is on the screen at once"
    for name, (room, said) in COMMANDS.items():
        command = getattr(importlib.import_module(f"sim.shell.{room}"), f"{name}_command")
        assert command.name == name
        own = " ".join(command.help.split())
        assert own.startswith(said.rstrip(".")), name
    code = "import sys, run_sim\ntry: run_sim.cli(['--help'])\nexcept SystemExit: pass\n"
    code += f"print([m for m in sys.modules if m in {[f'sim.shell.{room}' for room, _ in COMMANDS.values()]!r}])"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "[]"
    for name, (_, said) in COMMANDS.items():
        assert f"  {name} " in told
        assert said.split()[0] in told


PATHS = [
    (name, option.opts[0])
    for name, command in every_command(cli)
    for option in command.params
    if isinstance(option.type, click.Path)
]


@pytest.mark.parametrize(("name", "option"), PATHS)
def test_an_empty_path_is_refused_in_words(name: str, option: str) -> None:
    """A script whose variable is empty would write into the folder in which it stands."""
    given = [option, ""] if option.startswith("-") else [""]
    done = CliRunner().invoke(cli, [*name.split(), *given])
    assert done.exit_code == 2
    assert "found an empty path; allowed: the name of a file or folder" in done.output


def test_every_command_that_writes_takes_a_path() -> None:
    assert {name for name, option in PATHS if option == "--out"} == {
        "calibrate", "compare", "curve", "fit", "forecast", "observe", "plan", "psa", "records check", "records new",
        "run", "sweep", "validate",
    }  # fmt: skip
    assert not {option for _, option in PATHS} & {"--seed", "--set"}
