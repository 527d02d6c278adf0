"""One list of terms over every text that a user reads."""

from __future__ import annotations

import pytest

from tests.terms import NO_PROSE, TERMS, texts, wrong


def test_no_text_uses_a_term_that_is_not_ours() -> None:
    assert wrong() == []


def test_texts_of_all_kinds_are_looked_at() -> None:
    places = {text.place.partition(":")[0] for text in texts()}
    for file in (
        "README.md", "docs/model.md", "docs/reference/charts.md", "sim/scenario/people.py", "sim/shell/run.py",
        "reports/charts/__init__.py", "reports/page/report.html.jinja", "reports/planner.py", "sim/tables/shared.py",
        "scenarios/autologous.yaml", "scenarios/scenario.schema.json", "sim/outcomes/metrics.py",
        "vein2vein/studies.py",
    ):  # fmt: skip
        assert file in places, file
    assert len(texts()) > 2_000


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The fate of each patient", True),
        ("hazards of death and removal", True),
        ("the share of patients infused", True),
        ("Share infused", True),
        ("scenarios share the same patients; the panels share one scale", False),
        ("set `clocks.waiting.removal` or infused_share", False),
        ("less patients are infused", True),
        ("the patient and his doctor", True),
        ("this history", False),
        ("what a QALY is worth", True),
        ("Open all folds", True),
        ("20 patients a replication", True),
        ("Share, of those that do not fail", True),
        ("who have waited so long for a slot", True),
        ("as many, but not so many as before", False),
        ("no ratio is told", True),
        ("What a year in each state is worth", True),
    ],
)
def test_the_list_finds_what_it_should(text: str, found: bool) -> None:
    shown = NO_PROSE.sub(" ", text)
    assert any(list(term.found(shown)) for term in TERMS) == found
