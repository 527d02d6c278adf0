"""The base of every section of a scenario: it finds all its faults at once, in words, with their paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, Literal, Self, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, ValidationInfo, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from sim.scenario.problems import did_you_mean, show, suggestion
from sim.scenario.read_once import once

Value = TypeVar("Value")
Where = TypeVar("Where")
Loc = tuple[str | int, ...]
# A fault found by a rule: where, below the section, and the message.
Fault = tuple[Loc, str]
ABSENT = "absent"
# Of a list with more faults than this, the first are told.
MOST_FAULTS = 50


class Absent(str):
    """A message about something that is not there, though it may stand in a file that could not be read."""

    __slots__ = ()


class Named(Mapping[str, Value]):
    """An ordered map that cannot be changed, can be hashed where its values can, and travels between processes."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, Value]) -> None:
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> Value:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __hash__(self) -> int:
        return hash(tuple(self._entries.items()))

    def __repr__(self) -> str:
        return repr(self._entries)


def fault(message: str) -> PydanticCustomError:
    """An error whose text is the message as it stands."""
    return PydanticCustomError(ABSENT if isinstance(message, Absent) else "wrong", "{message}", {"message": message})


def details(faults: Iterable[Fault]) -> list[InitErrorDetails]:
    """The faults as pydantic wants them."""
    return [InitErrorDetails(type=fault(message), loc=loc, input=None) for loc, message in faults]


def details_of(error: ValidationError) -> list[InitErrorDetails]:
    """The faults inside a validation error, in words, ready to be raised again together with others."""
    return details((found["loc"], _in_words(found)) for found in error.errors(include_url=False))


def _in_words(found: ErrorDetails) -> str:
    """What pydantic found, as planners read it."""
    match found["type"]:
        case "missing":
            return Absent("required, but not given")
        case "literal_error":
            words = re.findall("'([^']*)'", found["ctx"]["expected"])
            hint = suggestion(found["input"], words) if isinstance(found["input"], str) else ""
            return f"found {show(found['input'])}; allowed: {' | '.join(words)}{hint}"
        case "bool_type":
            return f"found {show(found['input'])}; allowed: true | false"
        case "absent":
            return Absent(found["msg"])
        case _:
            return found["msg"]


def refuse(faults: Iterable[Fault]) -> ValidationError:
    """A validation error that holds these faults, or the first of very many."""
    return ValidationError.from_exception_data("scenario", details(first(list(faults), "problems like these")))


def first(faults: list[tuple[Where, str]], what: str) -> list[tuple[Where, str]]:
    """The faults, or the first of very many and how many `what` there are besides."""
    if len(faults) <= MOST_FAULTS:
        return faults
    return [*faults[:MOST_FAULTS], (faults[MOST_FAULTS][0], f"{len(faults) - MOST_FAULTS} more {what}")]


@cache
def key_names(section: type[Section]) -> Mapping[str, bool]:
    """Whether a key of a section is required, by its name in the file."""
    return {field.alias or name: field.is_required() for name, field in section.model_fields.items()}


@cache
def left_out(section: type[Section]) -> tuple[tuple[str, str], ...]:
    """What pydantic takes nothing at all for, though it may only be left out: (key, what is allowed)."""
    found = []
    for name, field in section.model_fields.items():
        for choice in get_args(field.annotation) if not field.metadata else ():
            if isinstance(choice, type) and issubclass(choice, Section):
                found.append((field.alias or name, choice.allowed()))
            elif get_origin(choice) is Literal:
                found.append((field.alias or name, " | ".join(get_args(choice))))
    return tuple(found)


class Section(BaseModel):
    """A section: a map with known keys. Subclasses add `rules` for what their fields cannot say alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    # keys that the loader deals with before the section is read
    also_known: ClassVar[tuple[str, ...]] = ()
    # the key that a single value in place of the section stands for, if it may
    bare: ClassVar[str] = ""
    # keys that there were once, and what to write in their place
    replaced: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterable[Fault]:
        """Faults between the fields of this section, found in its raw data, which may be wrong in any way."""
        return ()

    def checks(self) -> Iterable[Fault]:
        """Faults between the fields of this section, found in its values once each of them is allowed."""
        return ()

    @classmethod
    def by_default(cls, **given: Any) -> Self:
        """A section with its defaults, unchecked: building its checks at start-up would take longer than most runs of
        `--help`."""
        return cls.model_construct(**given)

    @classmethod
    def key_names(cls) -> Mapping[str, bool]:
        """Whether a key is required, by its name in the file."""
        return key_names(cls)

    @classmethod
    def allowed(cls) -> str:
        """What a message says of the section's form."""
        return f"a section with the keys {', '.join(cls.key_names())}, written below it and indented"

    @classmethod
    def _unknown(cls, keys: Iterable[str]) -> list[Fault]:
        """What is said of keys that there are not."""
        names = [*cls.also_known, *cls.key_names()]
        return [((k,), cls.replaced[k] if k in cls.replaced else f"unknown key{did_you_mean(k, names)}") for k in keys]

    @model_validator(mode="wrap")
    @classmethod
    def _find_all_faults(cls, data: Any, handler: ModelWrapValidatorHandler[Any], info: ValidationInfo) -> Any:
        if isinstance(data, cls):
            return data
        if not isinstance(data, dict):
            raise fault(f"found {show(data)}; allowed: {cls.allowed()}")
        context = info.context or {}
        return once(data, cls, context, lambda: cls._read(data, handler, context))

    @classmethod
    def _read(cls, data: dict[str, Any], handler: ModelWrapValidatorHandler[Any], context: Mapping[str, Any]) -> Any:
        known = cls.key_names()
        unknown = [k for k in data if k not in known]
        empty = {key: allowed for key, allowed in left_out(cls) if key in data and data[key] is None}
        faults = first(cls._unknown(unknown), "unknown keys") if unknown else []
        faults.extend(((key,), f"found nothing; allowed: {allowed}") for key, allowed in empty.items())
        faults.extend(cls.rules(data, context))
        lines = details(faults)
        left = {k: v for k, v in data.items() if k in known and k not in empty} if unknown or empty else data
        try:
            found = handler(left)
            lines += details(found.checks())
        except ValidationError as error:
            lines += details_of(error)
        if lines:
            raise ValidationError.from_exception_data(cls.__name__, lines)
        return found
