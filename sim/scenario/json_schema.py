"""JSON Schema of the scenario file, derived from the models, for editors that complete and check while one types."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from sim.scenario.as_waiting import AS_WAITING
from sim.scenario.kinds import Kind
from sim.scenario.leaves import marker_of
from sim.scenario.nodes import REPLACE
from sim.scenario.people import AfterApheresis
from sim.scenario.schema import Scenario
from sim.scenario.section import Section
from sim.scenario.versions import KEY, SCHEMA

EXTENDS: dict[str, Any] = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    "description": "File, or files, whose values this one inherits; relative to this file.",
}
VERSION: dict[str, Any] = {
    "type": "integer", "minimum": 1, "maximum": SCHEMA,
    "description": f"The version of the scenario file that it was written for; {SCHEMA} unless given.",
}  # fmt: skip
DEFINED = "#/$defs/"
REMOVED, REPLACED = "Removed", "Replaced"
WORDS: dict[str, dict[str, Any]] = {
    REMOVED: {"type": "null", "description": "Removes what is inherited; the default holds."},
    REPLACED: {"const": True, "description": "Nothing that is inherited of this map stays."},
}


class _Generator(GenerateJsonSchema):
    """Leaves out defaults, which are filled in by their texts afterwards."""

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """JSON Schema of a scenario file.

    A file that extends another may leave out what is required, so for it `required` does not hold; of several forms of
    a value, parts of more than one may match; what is not required may be removed, and a map replaced.
    """
    full = Scenario.model_json_schema(schema_generator=_Generator)
    definitions = full.pop("$defs")
    models = {cls.__name__: cls for cls in sections()}
    for name, definition in [*definitions.items(), ("Scenario", full)]:
        _fill_in_defaults(definition, models[name])
        if models[name] is AfterApheresis:
            its = definition["properties"]
            definition["properties"] = {key: _or_the_word(one, AS_WAITING) for key, one in its.items()}
        if bare := models[name].bare:
            definitions[name] = {"anyOf": [definition["properties"][bare], definition]}
    full["properties"] = {"extends": EXTENDS, KEY: VERSION, **full["properties"]}
    about = {name: definition["description"] for name, definition in definitions.items() if "description" in definition}
    relaxed_definitions = {f"{name}Change": _relaxed(definition, about) for name, definition in definitions.items()}
    relaxed = _relaxed(full, about, is_top=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Vein-to-vein scenario",
        "if": {"required": ["extends"]},
        "then": relaxed,
        "else": full,
        "$defs": {**definitions, **relaxed_definitions, **WORDS},
    }


def sections(cls: type[Section] = Section) -> list[type[Section]]:
    """Every kind of section that a scenario may hold; not those of other files, which have rooms of their own."""
    inner = [found for one in cls.__subclasses__() for found in sections(one)]
    return [one for one in (cls, *inner) if one.__module__.startswith("sim.scenario.")]


def _fill_in_defaults(definition: dict[str, Any], model: type[Section]) -> None:
    """Write defaults as a file would have them."""
    for name, field in model.model_fields.items():
        marker = marker_of(field)
        if not isinstance(marker, Kind) or field.is_required():
            continue
        default = getattr(marker, "word", None) if field.default is None else marker.write(field.default)
        if default not in (None, "", {}):
            definition["properties"][field.alias or name]["default"] = default


def _relaxed(schema: Any, about: Mapping[str, str], *, is_top: bool = False) -> Any:
    """A copy for files that change a part of another one: nothing is required, and what is not may be removed.

    `about`: descriptions of the definitions, for editors to show where a key has none of its own.
    """
    if isinstance(schema, list):
        return [_relaxed(item, about) for item in schema]
    if not isinstance(schema, dict):
        return copy.copy(schema)
    found: dict[str, Any] = {}
    kept = {"extends", KEY, *schema.get("required", ())}
    for key, value in schema.items():
        if (key == "required" and isinstance(value, list)) or key == "dependentRequired":
            continue
        if key == "$ref" and isinstance(value, str):
            found[key] = f"{value}Change"
        elif key == "properties":
            inner = {name: _relaxed(one, about) for name, one in value.items()}
            found[key] = {name: one if name in kept else _or_nothing(one, about) for name, one in inner.items()}
        elif key == "maxProperties":
            found[key] = value + 1  # the word `replace`
        else:
            found["anyOf" if key == "oneOf" else key] = _relaxed(value, about)
    is_by_name = "propertyNames" in schema
    if is_by_name:
        found["additionalProperties"] = _or_nothing(found["additionalProperties"], about)
        found.pop("minProperties", None)
    if not is_top and (is_by_name or "properties" in schema):
        found["properties"] = {**found.get("properties", {}), REPLACE: {"$ref": f"{DEFINED}{REPLACED}"}}
    return found


def _or_the_word(schema: dict[str, Any], word: str) -> dict[str, Any]:
    """The schema, or a word in its place; what is said of the value stays where editors look for it."""
    told: dict[str, Any] = {key: schema[key] for key in ("description", "default") if key in schema}
    left = {key: value for key, value in schema.items() if key not in told}
    return {**told, "anyOf": [left, {"const": word}]}


def _or_nothing(schema: dict[str, Any], about: Mapping[str, str]) -> dict[str, Any]:
    """The schema, or a written null; what is said of the value stays where editors look for it."""
    defined = about.get(schema.get("$ref", "").removeprefix(DEFINED).removesuffix("Change"))
    told = {} if defined is None else {"description": defined}
    told |= {key: schema[key] for key in ("description", "default") if key in schema}
    left = {key: value for key, value in schema.items() if key not in ("description", "default")}
    return {**told, "anyOf": [left, {"$ref": f"{DEFINED}{REMOVED}"}]}
