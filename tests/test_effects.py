"""What each shipped scenario does, as `list --effects` tells it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from reports.library import library_page, rows
from reports.tables import Tables
from run_sim import cli
from sim.experiment.study.effects import Effects, effects
from sim.scenario.files import shipped_names
from sim.scenario.shipped import shipped


@pytest.fixture(scope="module")
def found() -> list[Effects]:
    return effects(shipped(), 3, lambda _: None)


def told_of(one: Effects) -> list[list[str]]:
    return rows(one.about, Tables({"summary": one.summary, "differences": one.differences}, {}, {}))


def test_every_shipped_scenario_is_held_against_that_of_its_product(found: list[Effects]) -> None:
    assert [one.base for one in found] == ["autologous", "allogeneic"]
    assert sorted(stem for one in found for stem in one.scenarios) == sorted(shipped_names())
    for one in found:
        assert next(iter(one.scenarios)) == one.base
        assert {loaded.scenario.strategy for loaded in one.scenarios.values()} - {"hybrid", "standard_care"} == {
            one.base
        }


def test_figures_are_those_of_the_tables(found: list[Effects]) -> None:
    one = found[0]
    told = {row[0]: row for row in told_of(one)}
    frame = one.differences[one.differences["metric"] == "waiting_days_mean"].set_index("scenario")
    change = frame.loc["unconstrained", "estimate"]
    assert change < -3.0
    assert f"\N{MINUS SIGN}{abs(change):.0f} days (" in told["unconstrained"][2]
    level = (
        one.summary[one.summary["metric"] == "waiting_days_mean"].set_index("scenario").loc["autologous", "estimate"]
    )
    assert told["autologous"][2] == f"{level:.0f} days"
    assert told["dual_target"][2].endswith("no clear difference")


def test_the_page_has_a_row_for_each(found: list[Effects]) -> None:
    page = library_page({one.base: told_of(one) for one in found}, 3)
    for one in found:
        for stem in one.scenarios:
            assert page.count(f"| `{stem}` |") == 1


def test_a_page_goes_with_effects_only(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["list", "--page", str(tmp_path / "page.md")])
    assert done.exit_code == 2
    assert "used with --effects only" in done.output


@pytest.mark.parametrize("options", [[], ["--effects"]])
def test_replacing_goes_with_a_page_only(options: list[str]) -> None:
    done = CliRunner().invoke(cli, ["list", *options, "--replace", "page.md"])
    assert done.exit_code == 2
    assert "--replace: used with --page only" in done.output


def test_a_page_of_somebody_is_replaced_where_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: shipped_names()[name] for name in ("autologous", "allogeneic", "hybrid", "lot_shortage")}
    monkeypatch.setattr("sim.scenario.shipped.shipped_names", lambda: few)
    page = tmp_path / "page.md"
    page.write_text("mine", encoding="utf-8")
    asked = ["list", "--effects", "-n", "2", "--page", str(page), "--quiet"]
    refused = CliRunner().invoke(cli, asked)
    assert "is no page of this program" in refused.output
    assert page.read_text(encoding="utf-8") == "mine"
    done = CliRunner().invoke(cli, [*asked, "--replace", "page.md"])
    assert done.exit_code == 0, done.output
    assert "| `hybrid` |" in page.read_text(encoding="utf-8")
