"""The version of the scenario file: what is read, what is refused, and every pair of docs/migration.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.experiment.runs.precision import parse_precisions
from sim.outcomes.economic_metrics import require_metric
from sim.scenario import ScenarioError, load, load_mapping, write_resolved
from sim.scenario.json_schema import sections
from sim.scenario.versions import SCHEMA
from vein2vein.going import GOING

PAGE = (Path(__file__).parents[2] / "docs" / "migration.md").read_text(encoding="utf-8")
METRICS_GONE = re.findall(r"^\| `(\w+)` \| `(\w+)` \|$", PAGE, re.M)
PAIRS = re.findall(r"^`([\w.]+)`\n\n```yaml\n(.*?)^```\n\n```yaml\n(.*?)^```", PAGE, re.M | re.S)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (SCHEMA + 1, f"found {SCHEMA + 1}, a later version of the scenario file; allowed: {SCHEMA}"),
        ("'1'", "found '1'; allowed: 1, the version that this program reads"),
        ("0", "found 0; allowed: 1"),
        ("true", "found true; allowed: 1"),
        ("[1]", "found [1]; allowed: 1"),
    ],
)
def test_a_file_of_a_version_that_cannot_be_read_is_refused_where_it_says_so(
    tmp_path: Path, said: object, told: str
) -> None:
    file = tmp_path / "later.yaml"
    file.write_text(f"extends: autologous\nschema: {said}\nname: Later\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}:2: schema: {told}")
    heir = tmp_path / "heir.yaml"
    heir.write_text("extends: later.yaml\nname: Heir\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"later\.yaml:2: schema: "):
        load(heir)


def test_a_file_of_this_version_is_the_same_with_and_without_saying_so() -> None:
    plain = load("autologous")
    said = load_mapping({"extends": "autologous", "schema": SCHEMA})
    assert said.digest == plain.digest
    assert f"\nschema: {SCHEMA}\n" in write_resolved(plain)
    with pytest.raises(ScenarioError, match="cannot be set on the command line"):
        load("autologous", ["schema=1"])


@pytest.mark.parametrize(
    ("key", "before", "after"), PAIRS, ids=[f"{pair[0]}-{number}" for number, pair in enumerate(PAIRS)]
)
def test_a_pair_of_the_page(tmp_path: Path, key: str, before: str, after: str) -> None:
    (tmp_path / "before.yaml").write_text(before, encoding="utf-8")
    (tmp_path / "after.yaml").write_text(after, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path / "before.yaml")
    (problem,) = caught.value.problems
    assert problem.path == key
    assert "write" in problem.message
    assert load(tmp_path / "after.yaml").scenario.name == load(tmp_path / "after.yaml").resolved["name"]


def test_every_key_that_has_gone_stands_on_the_page() -> None:
    gone = {key for section in sections() for key in section.replaced}
    assert gone == {key.rpartition(".")[2] for key, _, _ in PAIRS}


@pytest.mark.parametrize(("before", "now"), METRICS_GONE)
def test_a_metric_that_has_gone_is_refused_with_its_new_name(before: str, now: str) -> None:
    for parse in (lambda name: parse_precisions([f"{name}=0.1"], None, None), require_metric):
        with pytest.raises(ValueError, match=f"found the metric '{before}'; did you mean '{now}'"):
            parse(before)
        parse(now)


def test_the_page_names_what_goes_where_something_does() -> None:
    assert len(METRICS_GONE) == 3
    assert ("None does at present." in PAGE) == (not GOING)
    assert all(f"`{old}`" in PAGE for old in GOING)
