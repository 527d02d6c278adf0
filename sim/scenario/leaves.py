"""Walking a scenario by its schema: every single value with its path and kind, and what kind stands at a path."""

from __future__ import annotations

import math
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from pydantic.fields import FieldInfo

from sim.scenario.kinds import WORD, Kind, Whole
from sim.scenario.lists import COUNTED
from sim.scenario.named import Names, OrWord
from sim.scenario.schema import Scenario
from sim.scenario.section import Section
from sim.scenario.unused import unused

Path = tuple[str, ...]
LONGEST_LIST_SHOWN = 6


@dataclass(frozen=True)
class Value:
    """One value of a scenario: `plain` is what YAML holds for it."""

    path: Path
    plain: Any
    numeric: bool


def values(scenario: Scenario) -> Iterator[Value]:
    """Every value that the scenario uses, defaults included, in the order of the schema."""
    # a detail that does nothing has its default, which names no lever but is a part of the scenario's identity
    idle = {path for path, rule, _ in unused(scenario) if not rule.is_detail}
    for value in _values(scenario, ()):
        if not any(value.path[:length] in idle for length in range(1, len(value.path) + 1)):
            yield value


def _values(section: Section, path: Path) -> Iterator[Value]:
    for here, marker, value in stated(section, path):
        if isinstance(marker, OrWord):
            yield Value(here, marker.word, numeric=True)
            continue
        plain = getattr(marker, "word", None) if value is None else marker.write(value)
        if plain is not None:
            yield Value(here, plain, marker.numeric)


def stated(section: Section, path: Path = ()) -> Iterator[tuple[Path, Kind | OrWord, Any]]:
    """(path, kind, value) of each single value in a section, defaults included; a word for a section stands alone."""
    for key, (name, _, marker) in _fields(type(section)).items():
        here = (*path, key)
        value = getattr(section, name)
        if isinstance(marker, Kind):
            yield here, marker, value
        elif isinstance(marker, Names):
            for entry, inner in value.items():
                yield from stated(inner, (*here, entry))
        elif isinstance(marker, OrWord) and value is None:
            yield here, marker, value
        elif value is not None:
            yield from stated(value, here)


@cache
def _fields(section: type[Section]) -> Mapping[str, tuple[str, FieldInfo, Kind | Names | OrWord | None]]:
    """(attribute, field, its marker) by the key that a file has for it."""
    return {field.alias or name: (name, field, marker_of(field)) for name, field in section.model_fields.items()}


def marker_of(field: FieldInfo) -> Kind | Names | OrWord | None:
    """What a field's annotation says about its kind; None for a plain section."""
    forms = (field.annotation, *typing.get_args(field.annotation))
    plain = WORD if any(form is bool or typing.get_origin(form) is Literal for form in forms) else None
    return next((m for m in field.metadata if isinstance(m, Kind | Names | OrWord)), plain)


@lru_cache(maxsize=4096)
def marker_at(path: Path) -> Kind | Names | OrWord | type[Section] | None:
    """What the schema holds at a path: a kind of value, a section, or None where it knows no such path."""
    section: type[Section] = Scenario
    steps = iter(path)
    found: Kind | Names | OrWord | type[Section] | None = Scenario
    for key in steps:
        known = _fields(section).get(key)
        if known is None:
            return None
        _, field, marker = known
        found = marker or _section_of(field)
        if isinstance(marker, Kind):
            return marker if next(steps, None) is None else None
        if isinstance(marker, Names):
            section = marker.section
            if next(steps, None) is None:
                return marker
            found = section
        elif isinstance(marker, OrWord):
            section = marker.section
        else:
            section = _section_of(field)
    return found


def is_whole_at(path: Path) -> bool:
    """Whether the value at a path is a whole number: a count, or a capacity; or one of its values by date."""
    ways = (marker_at(path[:length]) for length in range(1, len(path) + 1))
    kind = next((marker for marker in ways if isinstance(marker, Kind)), None)
    return isinstance(kind, Whole) or kind in COUNTED


def _section_of(field: FieldInfo) -> type[Section]:
    choices = (field.annotation, *typing.get_args(field.annotation))
    return next(c for c in choices if isinstance(c, type) and issubclass(c, Section))


def inline(plain: Any, shorten_lists: bool = True) -> str:
    """A value as one line of YAML; long lists are cut where `shorten_lists`."""
    if isinstance(plain, dict):
        return "{" + ", ".join(f"{key}: {inline(value, shorten_lists)}" for key, value in plain.items()) + "}"
    if isinstance(plain, list):
        cut = shorten_lists and len(plain) > LONGEST_LIST_SHOWN
        shown = plain[: LONGEST_LIST_SHOWN - 1] if cut else plain
        texts = [inline(item, shorten_lists) for item in shown]
        return f"[{', '.join([*texts, f'... {len(plain)} in all'] if cut else texts)}]"
    if isinstance(plain, float) and not math.isfinite(plain):
        return ".nan" if math.isnan(plain) else f"{'-' if plain < 0.0 else ''}.inf"
    return str(plain)
