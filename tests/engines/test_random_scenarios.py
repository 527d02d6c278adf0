"""Random scenarios are read by a quicker way than YAML's, to the same scenario."""

from __future__ import annotations

import json

import pytest

from sim.scenario.nodes import parse_yaml, plain
from tests.engines import random_scenarios
from tests.engines.random_scenarios import parse_json, scenario_text, without_refused


@pytest.mark.parametrize("number", [1, 6])
def test_what_is_refused_and_what_is_left_are_those_of_the_text(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = without_refused(json.loads(scenario_text(number)))
    monkeypatch.setattr(random_scenarios, "parse_json", parse_yaml)
    assert without_refused(json.loads(scenario_text(number))).digest == quick.digest


def test_every_kind_of_value_is_read_as_yaml_reads_it() -> None:
    text = json.dumps({"a": {"b": [1, 2.5, 1e-9, "1", None, True, ["x", {}]], "c": None}, "d": "~", "e": {"f": []}})
    (quick, none), (slow, told) = parse_json(text, "file"), parse_yaml(text, "file")
    assert none == told == []
    assert quick is not None
    assert slow is not None
    assert repr(plain(quick)) == repr(plain(slow))
    assert str(quick).count("Mark(") == str(slow).count("Mark(") == 1
