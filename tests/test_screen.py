"""What a study prints, on screens of several widths."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pandas as pd
import pytest

from reports.words import Estimate, bare
from sim.experiment.plan.targets import parse_target
from sim.experiment.study.run import Plan, Study, run_study
from sim.scenario import load
from sim.scenario.naming import by_name
from sim.shell.results import ON_SCREEN, show

SHORT = ("run.window=120 d", "run.warm_up=60 d")
FOUR = ("slot_starved", "autologous", "unconstrained", "allogeneic")
Printed = Callable[[int, bool], list[str]]


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Study:
    scenarios = by_name([load(name, SHORT) for name in FOUR])
    return run_study(Plan(scenarios, 10, 1, "test"), tmp_path_factory.mktemp("four") / "results", lambda _: None)


@pytest.fixture
def printed(four: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Printed:
    def lines(columns: int, inputs: bool = False) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        show(four, as_json=False, inputs=inputs)
        return capsys.readouterr().out.splitlines()

    return lines


@pytest.mark.parametrize("columns", [40, 80, 100])
def test_four_scenarios_have_at_most_ten_lines_each_and_no_line_is_too_long(columns: int, printed: Printed) -> None:
    lines = printed(columns, False)
    assert max(map(len, lines)) <= columns
    first = lines.index("")
    assert lines[0].startswith("Compared with ")
    assert " ".join(lines[:first]).count(". ") == 0, "the finding is one sentence"
    heads = [k for k, line in enumerate(lines) if k > first and not line.startswith(" ")][: len(FOUR) + 1]
    for head, after in pairwise(heads):
        assert 5 <= after - head <= 10
    assert "What differs between the scenarios" not in lines
    assert "--inputs lists them" in " ".join(lines)


def at_a_glance(row: pd.Series) -> str:
    """The number of a row of a table, as the screen writes it."""
    return bare(Estimate(row["estimate"], row["low"], row["high"], row["unit"]))


def test_every_figure_is_that_of_the_table(four: Study, printed: Printed) -> None:
    wide, blocks, narrow = (printed(columns, False) for columns in (300, 80, 40))
    summary = four.summary.set_index(["scenario", "metric"])
    assert four.differences is not None
    changes = four.differences.set_index(["scenario", "metric"])
    for name in dict.fromkeys(four.summary["scenario"]):
        for metric, in_narrow in (("waiting_days_mean", True), ("lost_before_infusion_share", False)):
            number = at_a_glance(summary.loc[(name, metric)])
            for lines in (wide, blocks, *([narrow] if in_narrow else [])):
                assert any(number in line for line in lines), f"{metric} of {name}"
            if (name, metric) in changes.index:
                change = at_a_glance(changes.loc[(name, metric)])
                line = next(line for line in blocks if ON_SCREEN[metric] in line and number in line)
                assert change in line.split(")")[-2] + line


def test_a_table_where_there_is_room(printed: Printed) -> None:
    [head] = [line for line in printed(300, False) if line.count("difference: ") == 3]
    assert all(name in head for name in ("starved", "unconstrained", "off the shelf"))


def test_inputs_are_listed_on_request(four: Study, printed: Printed) -> None:
    lines = printed(300, True)
    assert "What differs between the scenarios" in lines
    assert sum(line.startswith(" manufacturing.slots") for line in lines) > 3
    assert any(f"differ in {len(four.changes)} inputs" in line for line in printed(300, False))


def test_a_share_may_be_a_percentage_in_a_target() -> None:
    for text in ("infused_share >= 85%", "infused_share >= 85 %", "infused_share>=0.85"):
        assert parse_target(text).value == 0.85
    with pytest.raises(ValueError, match=r"for 85% write 0\.85 or 85%"):
        parse_target("infused_share >= 85")
    with pytest.raises(ValueError, match="without %"):
        parse_target("waiting_days_mean <= 85%")
