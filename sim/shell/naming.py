"""What scenarios are called in tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.scenario import Loaded


def by_name(loaded: Sequence[Loaded]) -> dict[str, Loaded]:
    """The scenarios by name; those of one name are told apart by their files."""
    names = [one.scenario.name for one in loaded]
    found: dict[str, Loaded] = {}
    for name, one in zip(names, loaded, strict=True):
        key = name if names.count(name) == 1 else f"{name} ({one.path.name})"
        number = 2
        while key in found:
            key, number = f"{name} ({one.path.name}, {number})", number + 1
        found[key] = one
    return found
