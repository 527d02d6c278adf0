"""Maps that remember what was read from them: most of a scenario is the same at every point of a sweep.

What a section or kind makes of a map depends on the map and the context alone, and can be changed as little as the map.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

Read = TypeVar("Read")


class ReadOnce(dict[str, Any]):
    """A map of a file as a dict that nobody changes. `known`: what was read from it, by reader and context."""

    __slots__ = ("known",)

    def __init__(self, entries: Mapping[str, Any]) -> None:
        super().__init__(entries)
        self.known: dict[Hashable, Any] = {}

    def __reduce__(self) -> tuple[type[ReadOnce], tuple[dict[str, Any]]]:
        return ReadOnce, (dict(self),)


def once(value: Any, reader: Hashable, context: Mapping[str, Any], read: Callable[[], Read]) -> Read:
    """What `read` gives, or gave before where the same reader had the same map in the same context.

    Nothing is remembered of a map in which `read` finds a fault, nor of anything that is no `ReadOnce`.
    """
    if not isinstance(value, ReadOnce):
        return read()
    key = reader, *context.items()
    if key not in value.known:
        value.known[key] = read()
    found: Read = value.known[key]
    return found
