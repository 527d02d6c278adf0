"""A rule of what has no effect, or cannot be, and the places of a scenario that it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sim.scenario.schema import Scenario
from sim.scenario.section import Section

Path = tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """`key` does nothing, or cannot be, `when` the scenario is so, `because` of the values at these paths: `why`.

    `key`, `because`: dotted, "*" for any name; a key of several words, or with choices, "a.{b,c}", stands for each.
    `when(scenario, *names)`. `why`: a text in which `{s}` is the scenario and `{0}` the first name, or a function like
    `when`. `is_detail`: written in a file, it is said and not refused.
    """

    key: str
    when: Callable[..., bool]
    because: tuple[str, ...]
    why: str | Callable[..., str]
    is_detail: bool = False

    @cached_property
    def path(self) -> Path:
        """The key in parts."""
        return tuple(self.key.split("."))

    def names(self, path: Path) -> tuple[str, ...] | None:
        """What "*" stands for where the rule is about this path or a section around it, else None."""
        parts = self.path
        if len(path) < len(parts) or any(mine not in ("*", its) for mine, its in zip(parts, path, strict=False)):
            return None
        return tuple(its for mine, its in zip(parts, path, strict=False) if mine == "*")

    def reason(self, scenario: Scenario, *names: str) -> str:
        """Why, with the values at hand."""
        return self.why(scenario, *names) if callable(self.why) else self.why.format(*names, s=scenario)


def spelled_out(keys: str) -> Iterator[str]:
    """The single keys that a key stands for: of words and of choices in braces, "a b.{c,d}", each."""
    for key in keys.split():
        head, brace, rest = key.partition("{")
        choices, _, tail = rest.partition("}")
        if brace:
            yield from (one for choice in choices.split(",") for one in spelled_out(head + choice + tail))
        else:
            yield key


# The sections that a key without its last part stands for, by that part: (section or map, path, names for "*").
Sections = dict[Path, list[tuple[Any, Path, tuple[str, ...]]]]


def matching(around: Sections, key: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """(path, names) of every place in the scenario that a key stands for; what is around it is added to `around`."""
    for holder, path, names in _around(around, key[:-1]):
        for name in holder if key[-1] == "*" else (key[-1],):
            yield (*path, name), (*names, name) if key[-1] == "*" else names


def _around(around: Sections, key: Path) -> list[tuple[Any, Path, tuple[str, ...]]]:
    if key not in around:
        around[key] = [
            (inner, (*path, name), (*names, name) if key[-1] == "*" else names)
            for holder, path, names in _around(around, key[:-1])
            for name, inner in _inside(holder, key[-1])
        ]
    return around[key]


def _inside(holder: Any, part: str) -> Iterator[tuple[str, Any]]:
    """(name, section) of what `part` stands for in a section or map; nothing where it is not there."""
    if part == "*":
        yield from holder.items()
        return
    inner = getattr(holder, part)
    if isinstance(inner, Section | Mapping):
        yield part, inner
