"""JSON Schema of the scenario file, derived from the models, for editors that complete and check while one types."""

from __future__ import annotations

import copy
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from sim.scenario.kinds import Kind
from sim.scenario.leaves import marker_of
from sim.scenario.schema import Scenario
from sim.scenario.section import Section

EXTENDS: dict[str, Any] = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    "description": "File, or files, whose values this one inherits; relative to this file.",
}
SCHEMA_HINT: dict[str, Any] = {"type": "string", "description": "Where this schema is."}


class _Generator(GenerateJsonSchema):
    """Leaves out defaults, which are filled in by their texts afterwards."""

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """JSON Schema of a scenario file.

    A file that extends another may leave out what is required, so for it `required` does not hold; and of several
    forms of a value, parts of more than one may match.
    """
    full = Scenario.model_json_schema(schema_generator=_Generator)
    definitions = full.pop("$defs")
    models = {cls.__name__: cls for cls in sections()}
    for name, definition in [*definitions.items(), ("Scenario", full)]:
        _fill_in_defaults(definition, models[name])
        if bare := models[name].bare:
            definitions[name] = {"anyOf": [definition["properties"][bare], definition]}
    full["properties"] = {"extends": EXTENDS, **full["properties"]}
    relaxed_definitions = {f"{name}Change": _relaxed(definition) for name, definition in definitions.items()}
    relaxed = _relaxed(full)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Vein-to-vein scenario",
        "if": {"required": ["extends"]},
        "then": relaxed,
        "else": full,
        "$defs": {**definitions, **relaxed_definitions},
    }


def sections(cls: type[Section] = Section) -> list[type[Section]]:
    """Every kind of section that a scenario may hold."""
    return [cls, *(found for inner in cls.__subclasses__() for found in sections(inner))]


def _fill_in_defaults(definition: dict[str, Any], model: type[Section]) -> None:
    """Write defaults as a file would have them."""
    for name, field in model.model_fields.items():
        marker = marker_of(field)
        if not isinstance(marker, Kind) or field.is_required():
            continue
        default = getattr(marker, "word", None) if field.default is None else marker.write(field.default)
        if default not in (None, "", {}):
            definition["properties"][field.alias or name]["default"] = default


def _relaxed(schema: Any) -> Any:
    """A copy in which nothing is required, for files that change a part of another one."""
    if isinstance(schema, list):
        return [_relaxed(item) for item in schema]
    if not isinstance(schema, dict):
        return copy.copy(schema)
    found: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "required" and isinstance(value, list):
            continue
        if key == "$ref" and isinstance(value, str):
            found[key] = f"{value}Change"
        elif key == "properties":
            found[key] = {name: _relaxed(inner) for name, inner in value.items()}
        else:
            found["anyOf" if key == "oneOf" else key] = _relaxed(value)
    return found
