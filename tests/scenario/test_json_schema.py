"""The JSON Schema for editors."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest

from sim.scenario import load
from sim.scenario.json_schema import json_schema
from tests.scenario.writing import ALLOGENEIC, AUTOLOGOUS, DATA, SAMPLES, data_of

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def faults(content: Any) -> list[str]:
    """Where the schema finds faults."""
    return sorted({".".join(str(step) for step in error.absolute_path) for error in VALIDATOR.iter_errors(content)})


def test_it_is_a_schema_and_plain_json() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert json_schema() == SCHEMA


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_valid(name: str) -> None:
    assert faults(data_of((DATA / f"{name}.yaml").read_text(encoding="utf-8"))) == []
    assert faults(data_of((DATA / "network.yaml").read_text(encoding="utf-8"))) != []
    assert faults(load(DATA / f"{name}.yaml").resolved) == []


@pytest.mark.parametrize("text", [AUTOLOGOUS, ALLOGENEIC])
def test_the_least_scenarios_are_valid(text: str) -> None:
    assert faults(data_of(text)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("manufacturing.duration", 21),
        ("manufacturing.duration", "21"),
        ("manufacturing.duration", "21 dayz"),
        ("manufacturing.duration", {}),
        ("manufacturing.duration", {"lognorml": {"median": "3 d", "sigma": 1}}),
        ("manufacturing.duration", {"lognormal": {"median": 3, "sigma": 1}}),
        ("manufacturing.failure", 1.2),
        ("manufacturing.attempts", 0),
        ("manufacturing.lines", "many"),
        ("manufacturing.lines", {"0 d": 2.5}),
        ("manufacturing.slots", {"count": 3}),
        ("manufacturing.linez", 3),
        ("manufacturing.on_leave", "halt"),
        ("regions.here.referrals", "4"),
        ("clocks.waiting.death", "21 d"),
        ("clocks.waiting.death", {"cure": {"share": 1.2, "of": "never"}}),
        ("clocks.waiting.death", {"cure": {"share": 0.2, "of": {"cure": {"share": 2, "of": "never"}}}}),
        ("strategy", "autologus"),
        ("centres.a.b", {}),
    ],
)
@pytest.mark.parametrize("extends", [False, True])
def test_typing_errors_are_found(path: str, value: Any, extends: bool) -> None:
    content = copy.deepcopy(data_of(AUTOLOGOUS))
    section = content
    *sections, key = path.split(".") if path != "centres.a.b" else ["centres", "a.b"]
    for name in sections:
        section = section[name]
    section[key] = value
    if extends:
        content["extends"] = "base.yaml"
    if extends and value in ({"count": 3}, {}) and path != "centres.a.b":
        # a part of a value may be all that changes
        assert path == "manufacturing.slots" or faults(content)
    else:
        assert faults(content)


@pytest.mark.parametrize(
    "content",
    [
        {"extends": "base.yaml"},
        {"extends": ["a.yaml", "b.yaml"], "name": "x"},
        {"extends": "base.yaml", "manufacturing": {"failure": 0.2}},
        {"extends": "base.yaml", "regions": {"here": {"referrals": "3 / month"}}},
        {"extends": "base.yaml", "manufacturing": {"slots": {"count": 3}}},
        {"extends": "base.yaml", "clocks": {"waiting": {"death": {"cure": {"share": 0.2}}}}},
        {"extends": "base.yaml", "allogeneic": {"stock": {"opening": 3}}},
    ],
)
def test_a_file_that_extends_may_leave_out_what_is_required(content: Any) -> None:
    assert faults(content) == []
    if len(content) > 1 and "name" not in content:
        assert faults({key: value for key, value in content.items() if key != "extends"})


@pytest.mark.parametrize(
    "content",
    [
        {"manufacturing": {"failure": None}},
        {"manufacturing": None},
        {"manufacturing": {"slots": None}},
        {"manufacturing": {"slots": {"lead": None}}},
        {"manufacturing": {"duration": {"lognormal": {"shift": None}}}},
        {"manufacturing": {"duration": {"replace": True, "lognormal": {"median": "3 d", "sigma": 1}}}},
        {"centres": {"here": None, "there": {"beds": 2}}},
        {"centres": {"replace": True, "there": {"beds": None}}},
        {"centres": {"here": {"replace": True, "beds": 2}}},
        {"patients": {"risk_groups": {"high": None}}},
        {"sources": {"manufacturing.failure": None}},
        {"uncertainty": {"manufacturing.failure": None, "replace": True}},
        {"description": None},
    ],
)
def test_a_file_that_extends_may_remove_and_replace(content: Any) -> None:
    assert faults({"extends": "base.yaml", **content}) == []
    assert faults({**data_of(AUTOLOGOUS), **content}), "nothing is inherited"


@pytest.mark.parametrize(
    "content",
    [
        {"strategy": None},
        {"centres": {"here": {"beds": {"2026-01-01": None}}}},
        {"centres": {"replace": "yes"}},
        {"regions": {"here": {"centre": None}}},
        {"replace": True},
        {"extends": None},
    ],
)
def test_what_cannot_be_removed_or_replaced_is_a_fault_to_editors(content: Any) -> None:
    assert faults({"extends": "base.yaml", **content})


def _properties(schema: Any, found: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            found.append((name, value))
        for value in schema.values():
            _properties(value, found)
    if isinstance(schema, list):
        for value in schema:
            _properties(value, found)
    return found


def test_every_key_has_a_description() -> None:
    found = _properties(SCHEMA, [])
    assert len(found) > 200
    for name, schema in found:
        # where a key says nothing of its own, editors show what its section says
        section = SCHEMA["$defs"].get(schema.get("$ref", "").removeprefix("#/$defs/"), {})
        assert schema.get("description") or section.get("description"), name


def test_defaults_are_shown_as_one_would_write_them() -> None:
    run = SCHEMA["$defs"]["Run"]["properties"]
    assert (run["start"]["default"], run["warm_up"]["default"], run["seed"]["default"]) == ("2026-01-01", "365 d", 1)
    made = SCHEMA["$defs"]["Manufacturing"]["properties"]
    assert (made["lines"]["default"], made["attempts"]["default"]) == ("unlimited", 1)
    assert SCHEMA["$defs"]["Apheresis"]["properties"]["duration"]["default"] == "0 d"
    assert SCHEMA["$defs"]["WaitingClocks"]["properties"]["death"]["default"] == "never"
