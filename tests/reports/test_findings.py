"""The sentences: their numbers are those of the tables, and they claim no more than the intervals allow."""

from __future__ import annotations

import csv
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.findings import Findings, clause, gather, headline, sentence
from reports.tables import read
from reports.words import Estimate

WAIT, PROGRESSED = "waiting_days_mean", "progressed_before_infusion_share"


def row(folder: Path, table: str, metric: str, place: int = 0) -> dict[str, str]:
    """The row of a CSV file as text, straight from the disk."""
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return [one for one in csv.DictReader(file) if one["metric"] == metric][place]


def made_up(value: float, low: float, high: float, replications: int = 10) -> Findings:
    changes = {
        ("B", WAIT): Estimate(value, low, high, "days", "Waiting days, mean", change=True),
        ("B", PROGRESSED): Estimate(-0.1, -0.2, -0.05, "share", "Progressed", change=True),
    }
    levels = {("A", "infused_share"): Estimate(0.5, 0.4, 0.6, "share"), ("B", "infused_share"): Estimate(0.0)}
    return Findings(("A", "B"), "A", replications, levels, changes)


def test_the_sentence_has_the_numbers_of_differences_csv(folder: Callable[[str], Path]) -> None:
    place = folder("pair")
    said = sentence(gather(read(place)), "Allogeneic, off the shelf")
    wait, progressed = row(place, "differences", WAIT), row(place, "differences", PROGRESSED)
    days = {name: f"{abs(float(wait[name])):.0f}" for name in ("estimate", "low", "high")}
    points = {name: f"{abs(float(progressed[name])) * 100:.0f}" for name in ("estimate", "low", "high")}
    assert float(wait["high"]) < 0
    assert float(progressed["high"]) < 0
    assert said == (
        "With \N{LEFT DOUBLE QUOTATION MARK}Allogeneic, off the shelf\N{RIGHT DOUBLE QUOTATION MARK} instead of "
        "\N{LEFT DOUBLE QUOTATION MARK}Autologous, just enough slots\N{RIGHT DOUBLE QUOTATION MARK}, "
        f"the mean wait from referral to infusion is {days['estimate']} days shorter "
        f"(95% simulation interval {days['high']} to {days['low']}), "
        f"and the proportion progressed before infusion is {points['estimate']} percentage points lower "
        f"(95% simulation interval {points['high']} to {points['low']})."
    )


def test_a_single_run_says_its_levels(folder: Callable[[str], Path]) -> None:
    place = folder("single")
    said = sentence(gather(read(place)), "Autologous, just enough slots")
    wait, progressed = row(place, "summary", WAIT), row(place, "summary", PROGRESSED)
    assert (
        f"infused patients wait {float(wait['estimate']):.0f} days (95% simulation interval {float(wait['low']):.0f} to"
        in said
    )
    assert f"{float(progressed['estimate']) * 100:.0f}% (95% simulation interval" in said
    assert "instead of" not in said


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (-31.4, -33.0, -29.8, "is 31 days shorter (95% simulation interval 30 to 33)"),
        (31.4, 29.8, 33.0, "is 31 days longer (95% simulation interval 30 to 33)"),
        (
            -0.4,
            -1.2,
            0.5,
            "no clear difference in the mean wait from referral to infusion (\N{MINUS SIGN}0.4 days,",
        ),
        (0.0, 0.0, 0.0, "the mean wait from referral to infusion is the same (0 days,"),
        (1.0, 0.0, 2.0, "no clear difference"),
        (math.nan, math.nan, math.nan, "cannot be compared, as nobody was infused with B"),
    ],
)
def test_what_may_be_said(value: float, low: float, high: float, words: str) -> None:
    assert words in clause(made_up(value, low, high), "B", WAIT)


def test_one_replication_gives_no_interval() -> None:
    said = clause(made_up(-31.4, math.nan, math.nan, replications=1), "B", WAIT)
    assert said.endswith("is 31 days shorter (one replication, no interval)")
    assert "the same (0 days, no interval)" in clause(made_up(0.0, math.nan, math.nan, 1), "B", WAIT)


def test_identical_scenarios_differ_in_nothing(folder: Callable[[str], Path], tmp_path: Path) -> None:
    place = tmp_path / "same"
    shutil.copytree(folder("pair"), place)
    with (place / "differences.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with (place / "differences.csv").open("w", encoding="utf-8", newline="") as file:
        places = [rows[0].index(name) for name in ("estimate", "low", "high")]
        same = [["0.0" if k in places else cell for k, cell in enumerate(one)] for one in rows[1:]]
        csv.writer(file).writerows([rows[0], *same])
    findings = gather(read(place))
    assert sentence(findings, findings.others[0]).count("is the same") == 2
    assert headline(findings, "infused_share").count("is the same") == 1


def test_nobody_infused(folder: Callable[[str], Path]) -> None:
    findings = gather(read(folder("nobody")))
    said = sentence(findings, "No slots at all")
    assert "cannot be compared, as nobody was infused with" in said
    assert "nan" not in said.lower()
    alone = gather(read(folder("nobody_single")))
    assert sentence(alone, "No slots at all").startswith("With No slots at all, nobody is infused, and ")


def test_the_largest_of_several(folder: Callable[[str], Path]) -> None:
    place = folder("six")
    findings = gather(read(place))
    biggest = min(float(row(place, "differences", WAIT, k)["estimate"]) for k in range(5))
    title = headline(findings, WAIT)
    assert title.startswith("Largest difference from")
    assert f"{abs(biggest):.0f} days shorter" in title
    assert findings.others == findings.scenarios[1:]
    assert len(findings.others) == 5


def test_several_without_a_difference() -> None:
    flat = Estimate(0.1, -1.0, 1.0, "days", change=True)
    findings = Findings(("A", "B", "C"), "A", 5, {}, {("B", WAIT): flat, ("C", WAIT): flat})
    assert headline(findings, WAIT).startswith("No clear difference from A in the mean wait")


def test_order_is_that_of_the_run_and_the_baseline_is_first(folder: Callable[[str], Path], tmp_path: Path) -> None:
    place = tmp_path / "turned"
    shutil.copytree(folder("pair"), place)
    header, *rows = (place / "summary.csv").read_text(encoding="utf-8").splitlines()
    (place / "summary.csv").write_text("\n".join([header, *sorted(rows)]) + "\n", encoding="utf-8")
    findings = gather(read(place))
    assert findings.scenarios == ("Autologous, just enough slots", "Allogeneic, off the shelf")
    assert (findings.baseline, findings.place("Allogeneic, off the shelf")) == (
        "Autologous, just enough slots",
        1,
    )


def test_names_are_quoted_only_where_they_would_run_into_the_sentence() -> None:
    assert Findings(("Plain", "Other"), None, 1, {}, {}).quoted("Plain") == "Plain"
    assert Findings(("Plain", "A, b"), None, 1, {}, {}).quoted("Plain") == "\N{LEFT DOUBLE QUOTATION MARK}Plain" + (
        "\N{RIGHT DOUBLE QUOTATION MARK}"
    )
