"""Sections behind names that the planner chose, such as regions, or behind one word: `slots: unlimited`."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from sim.scenario.kinds import JsonSchema
from sim.scenario.problems import is_visible, name_of_character, show, suggestion
from sim.scenario.section import Fault, Named, Section, details, details_of, fault

LONGEST_NAME = 60
MOST_NAMES = 500
NAME_PATTERN = rf"^[\w -]{{1,{LONGEST_NAME}}}$"


@lru_cache(maxsize=1024)
def name_fault(name: str) -> str | None:
    """What is wrong with a name, if anything is."""
    if not name.strip():
        return "found an empty name; allowed: letters, digits, space, - and _"
    if len(name) > LONGEST_NAME:
        return f"found a name of {len(name)} characters; allowed: at most {LONGEST_NAME}"
    odd = sorted({c for c in name if unicodedata.category(c)[0] not in "LM" and not c.isdecimal() and c not in " -_"})
    unseen = next((c for c in name if not is_visible(c) and c not in "\n\t\r"), None)
    if unseen is not None:
        return f"found the character {name_of_character(unseen)} in a name; allowed: letters, digits, space, - and _"
    if unicodedata.category(name[0])[0] == "M":
        return f"found {show(name)}; a name starts with a letter or digit, not with an accent alone"
    if odd:
        return f"found {show(odd[0])} in a name; allowed: letters, digits, space, - and _"
    if name != name.strip():
        return f"found {show(name)}; a name neither starts nor ends with a space"
    return None


@dataclass(frozen=True)
class Names:
    """A map from names to sections of one kind, at least one."""

    what: str
    section: type[Section]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = core_schema.dict_schema(core_schema.str_schema(), handler.generate_schema(self.section))

        def validate(value: Any, read: core_schema.ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
            if not isinstance(value, dict):
                raise fault(f"found {show(value)}; allowed: a section with at least one {self.what}, by name")
            if not value:
                raise fault(f"found an empty section; allowed: at least one {self.what}, by name")
            faults: list[Fault] = [((name,), text) for name in value if (text := name_fault(name)) is not None]
            if len(value) > MOST_NAMES:
                raise fault(f"found {len(value)} names; allowed: at most {MOST_NAMES}")
            lines = details(faults)
            try:
                found = read(value)
            except ValidationError as error:
                lines += details_of(error)
            if lines:
                raise ValidationError.from_exception_data(self.what, lines)
            return Named(found)

        dump = core_schema.wrap_serializer_function_ser_schema(lambda value, write: write(dict(value)), schema=inner)
        return core_schema.with_info_wrap_validator_function(validate, inner, serialization=dump)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        inner: Any = schema
        names = {"minProperties": 1, "propertyNames": {"pattern": NAME_PATTERN}}
        return {**handler(inner["schema"]), **names}


@dataclass(frozen=True)
class OrWord:
    """None for the word, else the section."""

    word: str
    section: type[Section]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: Any, read: core_schema.ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
            if value == self.word:
                return None
            if isinstance(value, dict):
                return read(value)
            hint = suggestion(value, [self.word]) if isinstance(value, str) else ""
            raise fault(f"found {show(value)}; allowed: {self.word}, or {self.section.allowed()}{hint}")

        inner = handler.generate_schema(self.section)
        dump = core_schema.wrap_serializer_function_ser_schema(
            lambda value, write: None if value is None else write(value), schema=inner
        )
        return core_schema.with_info_wrap_validator_function(validate, inner, serialization=dump)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        inner: Any = schema
        return {"anyOf": [{"const": self.word}, handler(inner["schema"])]}
