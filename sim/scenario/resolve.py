"""A scenario written out in full: as data, as a digest, as a file, and against another one."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sim.scenario.afterwards import Durability
from sim.scenario.as_waiting import AFTER, AS_WAITING, CLOCKS
from sim.scenario.leaves import Value, inline, values
from sim.scenario.schema import NOT_IN_DIGEST, Scenario
from sim.scenario.sources import Parameter
from sim.scenario.versions import KEY, SCHEMA
from sim.scenario.written import Nodes, written
from sim.scenario.yaml_text import yaml_text

# Maps in which the order of names moves results: who comes first in a tie, which uniforms mean which group.
ORDERED = (
    ("regions",),
    ("centres",),
    ("patients", "risk_groups"),
    ("manufacturing", "products"),
    ("manufacturing", "manufacturers"),
)


@dataclass(frozen=True)
class Difference:
    """A value that two scenarios do not share; "" where one of them has no such value."""

    path: str
    a_text: str
    b_text: str


def resolve(scenario: Scenario, used: Iterable[Value] | None = None) -> dict[str, Any]:
    """The scenario as YAML would hold it, with all defaults and nothing that it does not use.

    `used`: its `values`, where they are at hand.
    """
    resolved: dict[str, Any] = {}
    for value in values(scenario) if used is None else used:
        section = resolved
        for key in value.path[:-1]:
            section = section.setdefault(key, {})
        section[value.path[-1]] = value.plain
    # sections that a file cannot do without, though nothing in them need be used
    resolved.setdefault("clocks", {}).setdefault("waiting", {})
    for name in scenario.centres:
        resolved.setdefault("centres", {}).setdefault(name, {})
    return resolved


def digest(scenario: Scenario, resolved: Mapping[str, Any] | None = None) -> str:
    """A SHA-256 of all that can move a result: two files that mean the same have the same one.

    `resolved`: what `resolve` makes of the scenario, where it is at hand; it stays as it is.
    """
    whole = resolve(scenario) if resolved is None else resolved
    content = {key: value for key, value in whole.items() if key not in NOT_IN_DIGEST}
    for path in ORDERED:
        _in_order(content, path)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _in_order(content: dict[str, Any], path: tuple[str, ...]) -> None:
    """The map at a path of the content, if there is one, as a list of its entries; what holds it is copied."""
    key, *rest = path
    if key in content:
        content[key] = dict(content[key]) if rest else list(content[key].items())
        if rest:
            _in_order(content[key], tuple(rest))


def differences(a: Scenario, b: Scenario, a_nodes: Nodes, b_nodes: Nodes) -> list[Difference]:
    """The values that differ, those of `a` in the order of the schema and then what only `b` has.

    Name, description, sources and validation do not count. Texts are those of the files, unless these are the same:
    dates that count from different starts.
    """
    in_a, in_b = ({v.path: v for v in values(s) if v.path[0] not in NOT_IN_DIGEST} for s in (a, b))
    found: list[Difference] = []
    for path in dict.fromkeys([*in_a, *in_b]):
        one, other = in_a.get(path), in_b.get(path)
        if one is not None and other is not None and one.plain == other.plain:
            continue
        texts = (
            "" if one is None else written(one, a_nodes),
            "" if other is None else written(other, b_nodes),
        )
        if texts[0] == texts[1] and one is not None and other is not None:
            texts = (inline(one.plain), inline(other.plain))
        found.append(Difference(".".join(path), *texts))
    return found


def resolved_yaml(scenario: Scenario, parameters: Iterable[Parameter], as_waiting: Iterable[str] = ()) -> str:
    """YAML text that loads to the same scenario by itself; every value that has a source keeps it.

    What follows another value is left to follow it, so that a change does the same to this text as to the scenario:
    `as_waiting`, keys of clocks after apheresis, and clocks of those who do not respond that are not given.
    """
    used = tuple(values(scenario))
    content = resolve(scenario, used)
    for key in set(as_waiting) & set(_section(content, CLOCKS, AFTER)):
        content[CLOCKS][AFTER][key] = AS_WAITING
    rules = scenario.after_infusion
    if rules is not None:
        for above, places in (((), rules), (("later_course",), rules.later_course)):
            for name in type(places).model_fields:
                curves = getattr(places, name)
                for key in curves.following if isinstance(curves, Durability) else ():
                    _section(content, "after_infusion", *above, name).pop(key, None)
    content["sources"] = {p.path: p.source for p in parameters if p.stated}
    head = f"# Every value of this scenario, defaults included; it needs no other file.\n{KEY}: {SCHEMA}\n"
    return head + yaml_text(content, {value.path for value in used} - {("sources",)})


def _section(content: dict[str, Any], *path: str) -> dict[str, Any]:
    """The section at this path; an empty one where there is none."""
    for key in path:
        content = content.get(key) or {}
    return content


def mapping_text(content: Mapping[str, Any]) -> str:
    """YAML text of a scenario held in memory; a ValueError where it holds what no scenario file can."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    # the order of regions, centres and groups means something
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # typed as None in the library
    yaml.default_flow_style = False
    yaml.width = 1_000_000_000
    text = io.StringIO()
    yaml.dump(_in_words_of_yaml(content, ()), text)
    return text.getvalue()


def _in_words_of_yaml(value: Any, path: tuple[str, ...]) -> Any:
    """The value in what YAML has: maps, lists, text, numbers, dates; numbers of numpy are numbers."""
    if isinstance(value, Mapping):
        return {str(key): _in_words_of_yaml(one, (*path, str(key))) for key, one in value.items()}
    if isinstance(value, str | bool | int | float | date | None):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # of numpy and pandas: a number, or an array of them
        return _in_words_of_yaml(value.tolist(), path)
    if isinstance(value, Sequence):
        return [_in_words_of_yaml(one, path) for one in value]
    found = f"{'.'.join(path)}: " if path else ""
    raise ValueError(f"{found}found a {type(value).__name__}; allowed: mappings, lists, text, numbers and dates")
