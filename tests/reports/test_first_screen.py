"""The first screen: its sentence claims no more than the verdicts allow, its tiles stand where their numbers are."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from reports.charts.of_hundred import WELL, hundred
from reports.findings import Findings
from reports.first_screen import EVERYBODY, PROGRESSED, WAIT, caveat, of_scenarios, sentence_of, tile
from reports.tables import records
from reports.words import Estimate, glance, of_hundred, rounded
from tests.reports import sample

NAN = math.nan


def findings_of(
    wait: tuple[float, float, float], well: tuple[float, float, float], replications: int = 20, names: str = "AB"
) -> Findings:
    """A: 83 days and 41 of 100; the others differ by these, each with its interval."""
    base = {WAIT: 83.0, EVERYBODY: 0.41, PROGRESSED: 0.22, "infused_share": 0.84, "referred": 380.0}
    units = {WAIT: "days", "referred": "patients"}
    moved = {WAIT: wait, EVERYBODY: well}
    levels, changes = {}, {}
    for name in names:
        for metric, value in base.items():
            unit, change = units.get(metric, "share"), moved.get(metric, (0.0, 0.0, 0.0))
            shift = change[0] if name != "A" else 0.0
            levels[name, metric] = Estimate(value + shift, unit=unit)
            if name != "A":
                changes[name, metric] = Estimate(*change, unit, change=True)
    return Findings(tuple(names), "A", replications, levels, changes)


WORSE, SHORTER, UNSURE = (-0.13, -0.14, -0.12), (-57.0, -58.0, -56.0), (-0.4, -1.2, 0.4)


@pytest.mark.parametrize(
    ("wait", "well", "said"),
    [
        (
            SHORTER,
            WORSE,
            "B: a mean wait of 26 days instead of 83, but 28 of 100 patients infused and progression-free at one year "
            "instead of 41",
        ),
        (
            SHORTER,
            (0.05, 0.04, 0.06),
            "B: a mean wait of 26 days instead of 83, and 46 of 100 patients infused and progression-free at one year "
            "instead of 41",
        ),
        (
            SHORTER,
            (0.001, -0.01, 0.01),
            "B: a mean wait of 26 days instead of 83, and no clear difference in who is infused and progression-free "
            "at one year (41 of 100)",
        ),
        (
            UNSURE,
            WORSE,
            "B: no clear difference in the mean wait (82.6 and 83.0 days), and 28 of 100 patients infused and "
            "progression-free at one year instead of 41",
        ),
        (
            UNSURE,
            (0.001, -0.01, 0.01),
            "B: no clear difference from A in the mean wait (83 days) or in who is infused and progression-free at one "
            "year (41 of 100)",
        ),
        (
            (0.0, 0.0, 0.0),
            (0.0, 0.0, 0.0),
            "B: the same as A in the mean wait (83 days) and in who is infused and progression-free at one year "
            "(41 of 100)",
        ),
        (
            (-57.0, NAN, NAN),
            (-0.13, NAN, NAN),
            "B: a mean wait of 26 days instead of 83, and 28 of 100 patients infused and progression-free at one year "
            "instead of 41 (a single replication, which cannot be judged)",
        ),
    ],
    ids=["conflict", "both better", "outcome unclear", "wait unclear", "nothing differs", "the same", "once"],
)
def test_the_sentence_follows_the_verdicts(
    wait: tuple[float, float, float], well: tuple[float, float, float], said: str
) -> None:
    assert sentence_of(findings_of(wait, well)) == said


def test_a_difference_that_whole_patients_do_not_show_is_told_with_more_digits() -> None:
    said = sentence_of(findings_of((-0.3, -0.4, -0.2), (0.002, 0.001, 0.003)))
    assert "a mean wait of 82.7 days instead of 83.0" in said
    assert "41.2 of 100 patients infused and progression-free at one year instead of 41.0" in said


def test_of_several_the_best_is_named_only_where_it_stands_out() -> None:
    alike = findings_of(SHORTER, (0.001, -0.01, 0.01), names="ABC")
    assert sentence_of(alike) == (
        "Compared with A: shortest wait with B and C (26 days instead of 83), no more infused and "
        "progression-free at one year than its 41 of 100"
    )
    nothing = findings_of(UNSURE, (0.001, -0.01, 0.01), names="ABC")
    assert sentence_of(nothing).startswith("Compared with A: no clear difference in the mean wait or")


def test_what_levels_tell_apart_is_not_called_alike() -> None:
    """Differences from a noisy baseline overlap, by its chance; 26 and 36 days, each to within a day, do not."""
    wide = findings_of((-57.0, -66.0, -48.0), WORSE, names="ABC")
    levels = {**wide.levels, ("B", WAIT): Estimate(26.0, 25.5, 26.5, "days"), ("C", WAIT): Estimate(36, 35, 37, "days")}
    changes = {**wide.changes, ("C", WAIT): Estimate(-47.0, -56.0, -38.0, "days", change=True)}
    assert "shortest wait with B (26 days" in sentence_of(replace(wide, levels=levels, changes=changes))


def test_who_still_waits_is_in_the_sentence() -> None:
    found = findings_of(SHORTER, WORSE)
    levels = {**found.levels, ("B", "still_waiting_share"): Estimate(0.3, unit="share")}
    told = Findings(found.scenarios, found.baseline, found.replications, levels, found.changes)
    assert sentence_of(told).endswith("; still waiting when follow-up ends: 30 of 100 with B")
    assert of_scenarios(told, "").tiles[0].label.endswith("of those infused so far")


def test_patients_who_are_counted_are_whole() -> None:
    found = findings_of(SHORTER, WORSE)
    few = {key: replace(one, value=47.0) if key[1] == "referred" else one for key, one in found.levels.items()}
    assert "Proportions: all 47 referred in the measuring window" in caveat(replace(found, levels=few))


def test_a_tile_has_its_marks_where_the_numbers_are() -> None:
    one = tile("Wait", [("A", 0, Estimate(80.0, unit="days")), ("B", 1, Estimate(20.0, unit="days"))])
    assert [row.at for row in one.rows] == [pytest.approx(100 / 1.12, abs=0.01), pytest.approx(25 / 1.12, abs=0.01)]
    assert one.zero is None
    below = tile("Cost", [("B", 1, Estimate(-50.0, unit="USD")), ("C", 2, Estimate(50.0, unit="USD"))])
    assert below.zero == pytest.approx(50.0)
    nothing = tile("Wait", [("A", 0, Estimate(NAN, unit="days"))])
    assert nothing.rows[0].at is None
    assert nothing.rows[0].text == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (57.12, "days", "57 days"),
        (8.44, "days", "8.4 days"),
        (0.2803, "share", "28%"),
        (746_461.0, "USD 2021", "746,000 USD 2021"),
        (383.1, "patients", "383 patients"),
        (1.0, "share", "100%"),
        (0.0, "slots", "0 slots"),
    ],
)
def test_numbers_at_a_glance(value: float, unit: str, text: str) -> None:
    assert glance(value, unit) == text


def test_nobody_and_everybody_are_said_only_where_it_is_so() -> None:
    assert [of_hundred(share) for share in (0.0, 0.001, 0.28, 0.999, 1.0)] == [
        "0 of 100",
        "fewer than 1 of 100",
        "28 of 100",
        "more than 99 of 100",
        "100 of 100",
    ]
    assert rounded(-1234.0) == "\N{MINUS SIGN}1,230"


def test_the_hundred_add_up(tmp_path_factory: pytest.TempPathFactory) -> None:
    from reports.findings import gather
    from reports.tables import read

    tables = read(sample.write(tmp_path_factory.mktemp("hundred"), replications=3))
    findings = gather(tables)
    for scenario in findings.scenarios:
        field = hundred(tables["outcomes"], findings, scenario)
        assert sum(one.count for one in field) == 100
        mine = tables["outcomes"][tables["outcomes"]["scenario"] == scenario]
        share = next(row.estimate for row in records(mine) if row.outcome == "infused")
        assert abs(sum(one.count for one in field if one.name in ("infused", WELL, "since")) - 100 * share) < 1.0


def test_a_window_in_which_nobody_is_referred_is_told_as_that() -> None:
    names = ("referred", "infused_share", WAIT, EVERYBODY, PROGRESSED)
    nobody = {("A", metric): Estimate(0.0 if metric == "referred" else NAN) for metric in names}
    assert sentence_of(Findings(("A",), None, 5, nobody, {})) == "A: nobody is referred in the measuring window"
