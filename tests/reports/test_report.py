"""The report page: what stands in it, and that it is what the tables say."""

from __future__ import annotations

import base64
import csv
import gzip
import itertools
import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from reports.findings import gather, sentence
from reports.first_screen import sentence_of
from reports.tables import read
from reports.words import rounded
from sim.tables import VERSION
from tests.reports.conftest import FORMULA, HOSTILE, written
from tests.reports.test_export import Page

Files = Mapping[str, str]


def words(text: str) -> str:
    """What a reader sees of a page, on one line."""
    return re.sub(r"\s+", " ", " ".join(Page(text).visible))


def unpacked(block: str) -> str:
    """The table in a data block of a page."""
    return gzip.decompress(base64.b64decode(json.loads(block))).decode()


def test_the_first_screen_comes_first_and_the_finding_in_full_with_the_key_figures(
    folder: Callable[[str], Path], files: Callable[[str], Files]
) -> None:
    said = words(files("pair")["report.html"])
    findings = gather(read(folder("pair")))
    first, whole = sentence_of(findings), sentence(findings, "Allogeneic, off the shelf")
    places = [said.index(text) for text in (first, "simulation error only", whole)]
    assert places == sorted(places)
    with (folder("pair") / "summary.csv").open(encoding="utf-8", newline="") as file:
        shares = [row for row in csv.DictReader(file) if row["metric"] == "infused_share"]
    for row in shares:
        assert rounded(float(row["estimate"]) * 100, 3) + "%" in said[places[0] : places[1]]


def test_several_scenarios_begin_with_one_sentence(files: Callable[[str], Files]) -> None:
    said = words(files("six")["report.html"])
    assert said.index("Compared with ") < said.index("With \N{LEFT DOUBLE QUOTATION MARK}Allogeneic")
    assert said.count("instead of \N{LEFT DOUBLE QUOTATION MARK}Autologous, just enough slots") >= 5


def test_all_numbers_of_the_summary_are_there(folder: Callable[[str], Path], files: Callable[[str], Files]) -> None:
    said = words(files("pair")["report.html"])
    for name in ("summary", "differences"):
        with (folder("pair") / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["estimate"]:
                    factor = 100 if row["unit"] == "share" else 1
                    number = f"{abs(float(row['estimate'])) * factor:.1f}"
                    assert number in said, (name, row["scenario"], row["metric"])
                assert row["label"] in said


def test_sections_and_chart_parts(files: Callable[[str], Files]) -> None:
    text = files("pair")["report.html"]
    said = words(text)
    sections = [
        "Key figures",
        "Waits and outcomes",
        "What differs",
        "Parameters",
        "What is not modelled",
        "Method",
        "Provenance",
    ]
    places = [said.rindex(section) for section in sections]
    assert places == sorted(places)
    for name in ("waiting_times", "incidence", "stages", "outcomes", "differences", "same_patients"):
        assert f'data-chart="{name}" role="img" aria-label="' in text
        assert f'data-picture="{name}"' in text
    buttons = set(re.findall(r'data-csv="(\w+)"', text))
    blocks = set(re.findall(r'id="csv-(\w+)"', text))
    assert buttons == blocks >= {"summary", "differences", "waits", "incidence", "stages", "outcomes", "parameters"}


def test_the_download_is_the_table(folder: Callable[[str], Path], files: Callable[[str], Files]) -> None:
    for attributes, text in Page(files("pair")["report.html"]).scripts:
        ident = attributes.get("id") or ""
        if ident.startswith("csv-"):
            path = folder("pair") / f"{ident.removeprefix('csv-')}.csv"
            assert unpacked(text) == path.read_text(encoding="utf-8")


def test_a_formula_is_made_plain_in_the_download(files: Callable[[str], Files]) -> None:
    blocks = {attributes.get("id"): text for attributes, text in Page(files("hostile")["report.html"]).scripts}
    summary = list(csv.reader(unpacked(blocks["csv-summary"]).splitlines()))
    assert {row[0] for row in summary[1:]} == {HOSTILE, "'" + FORMULA}
    assert FORMULA in words(files("hostile")["report.html"])


def test_parameters_and_their_sources(files: Callable[[str], Files]) -> None:
    said = words(files("pair")["report.html"])
    assert "Autologous, just enough slots: 8 parameters, 5 assumptions, 2 without a source given" in said
    assert said.count("no source given: assumption") == 3
    assert "doi:10.1000/ex.1" in said
    assert "no published figure found" in said


def test_warnings_limits_and_provenance(folder: Callable[[str], Path], files: Callable[[str], Files]) -> None:
    said = words(files("pair")["report.html"])
    manifest = json.loads((folder("pair") / "manifest.json").read_text(encoding="utf-8"))
    for text in [*manifest["warnings"], *manifest["not_modelled"], manifest["command"], manifest["created"]]:
        assert text in said
    for scenario in manifest["scenarios"]:
        assert scenario["digest"] in said
    assert "simpy 4.1.2" in said
    assert "41.2 s" in said


def test_why_the_same_patients_are_not_shown(files: Callable[[str], Files]) -> None:
    said = words(files("nobody")["report.html"])
    assert "The same patients under both scenarios: not shown, as the scenarios have other referral rates." in said
    assert "with the same luck" not in said


def test_nobody_infused(files: Callable[[str], Files]) -> None:
    said = words(files("nobody_single")["report.html"])
    assert "nobody is infused" in said
    assert "Waiting times: not drawn, as waits.csv has nothing to draw." in said
    assert not re.search(r"\bnan\b", said, re.IGNORECASE)


def test_one_replication_has_no_intervals(files: Callable[[str], Files]) -> None:
    said = words(files("once")["report.html"])
    assert "(one replication, no interval)" in said
    assert "One replication was run: no number here has an interval, and no difference can be judged." in said
    assert not re.search(r"95% simulation interval (?=[\d\N{MINUS SIGN}])", said)


@pytest.mark.parametrize("path", ["report.html", "charts/outcomes.html", "charts/waiting_times.html"])
def test_hostile_names_stay_text(files: Callable[[str], Files], path: str) -> None:
    text = files("hostile")[path]
    page = Page(text)
    running = [one for attributes, one in page.scripts if attributes.get("type") != "application/json"]
    assert len(running) == 2
    assert not [one for one in running if "alert(1)" in one]
    assert "<script>alert" not in text
    assert "alert(1)" in words(text)
    assert "{{ 7*7 }}" in words(text)


@pytest.mark.parametrize("name", ["pair", "single", "six", "once", "study", "real"])
def test_the_words_of_a_report_are_those_of_the_field(files: Callable[[str], Files], name: str) -> None:
    """Outcome, withdrawal, willingness to pay, expand all, data table; patients are they."""
    # a path of the scenario file is not prose
    forbidden = r"\bfates?\b|(?<![.\w])removals?\b|worth of a QALY|"
    forbidden += r"\bfolds?\b|numbers of this chart|\bhis\b|\bhe\b|\bhim\b"
    pages = {path: words(text) for path, text in files(name).items() if path.endswith(".html")}
    assert "Expand all" in pages["report.html"]
    for path, said in pages.items():
        found = re.search(forbidden, said, re.IGNORECASE)
        assert not found, (path, found)


def test_identical_scenarios(folder: Callable[[str], Path], tmp_path: Path) -> None:
    place = tmp_path / "same"
    shutil.copytree(folder("pair"), place)
    (place / "changes.csv").write_text(
        'path,belongs_to,"Autologous, just enough slots","Allogeneic, off the shelf"\n', encoding="utf-8"
    )
    assert "The scenarios do not differ in any value." in words(written(place)["report.html"])


def test_a_manifest_that_says_little_will_do(folder: Callable[[str], Path], tmp_path: Path) -> None:
    place = tmp_path / "bare"
    shutil.copytree(folder("single"), place)
    (place / "manifest.json").write_text(json.dumps({"format": VERSION}), encoding="utf-8")
    said = words(written(place)["report.html"])
    assert "The results folder does not say." in said
    assert "CAR-T vein-to-vein simulation" in said


@pytest.mark.parametrize("name", ["pair", "six"])
def test_the_report_is_small_enough_to_mail(files: Callable[[str], Files], name: str) -> None:
    assert len(files(name)["report.html"].encode()) < 8_000_000


def test_headings_do_not_skip_and_tables_have_captions(files: Callable[[str], Files]) -> None:
    tags = [tag for tag, _ in Page(files("pair")["report.html"]).tags]
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert tags.count("table") == tags.count("caption") > 8
    assert tags.count("main") == 1
