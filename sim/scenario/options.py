"""Yes or no, and sections that one word can stand in for, such as `slots: unlimited`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from sim.scenario.kinds import Context, JsonSchema, Kind
from sim.scenario.problems import show, suggestion
from sim.scenario.section import Section, fault


@dataclass(frozen=True)
class OnOff(Kind):
    """Yes or no, as `true` or `false`."""

    numeric = False

    def read(self, value: Any, context: Context) -> bool:
        if isinstance(value, bool):
            return value
        raise ValueError(f"found {show(value)}; allowed: true | false")

    def write(self, value: bool) -> bool:
        return value

    def describe(self) -> JsonSchema:
        return {"type": "boolean"}


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
