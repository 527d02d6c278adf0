"""Numbers set at the same values again, as the many points of a sweep do: what hangs on which values are set alone is
worked out once, and only what a number can change is looked at for each.

Whoever is not surely sound is read anew as any other scenario, which finds what is wrong and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sim.scenario.dropped import Dropped, still_idle, written_nowhere
from sim.scenario.faults import read_tree
from sim.scenario.inherit import Layer
from sim.scenario.never import contradictions
from sim.scenario.nodes import Branch, Leaf, scalar_value, walk
from sim.scenario.overrides import is_number
from sim.scenario.schema import Scenario
from sim.scenario.unused import speaking_of
from sim.scenario.unused.rule import Rule

# Which of the numbers stands at a key, or those that stand in the map there.
Changes = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Alike:
    """How scenarios are read that set numbers at these paths.

    `tree`, `first`: what the first of them was read from, and the scenario; `places`: those of the numbers in the tree.
    `left_out`: what has no effect in the first.
    """

    paths: tuple[str, ...]
    tree: Branch
    first: Scenario
    places: Changes
    leaves: tuple[Leaf, ...]
    left_out: tuple[Dropped, ...]

    @cached_property
    def rules(self) -> tuple[tuple[Rule, tuple[str, ...]], ...]:
        """Those of no effect that speak of anything written, with the names that they stand for."""
        spoken = speaking_of(self.first)
        return tuple((rule, names) for path, rule, names in spoken if not written_nowhere(self.tree, path))

    def scenario(self, overrides: Sequence[str]) -> Scenario | None:
        """The scenario with these values; None where they are others, or anything may be wrong with them."""
        paths, texts = split(overrides)
        if paths != self.paths or not all(map(is_number, texts)):
            return None
        leaves = [Leaf(leaf.place, scalar_value(text)) for leaf, text in zip(self.leaves, texts, strict=True)]
        found = read_tree(_changed(self.tree, self.places, leaves))
        if not isinstance(found, Scenario) or not still_idle(found, self.left_out):
            return None
        if any(rule.when(found, *names) for rule, names in self.rules) or any(contradictions(found)):
            return None
        return found


def alike(
    overrides: Sequence[str], tree: Branch, layers: Sequence[Layer], scenario: Scenario, left_out: tuple[Dropped, ...]
) -> list[Alike]:
    """How others like this sound scenario are read; nothing where it sets anything but numbers.

    `tree`: what it was read from; `layers`: what the overrides say, one each.
    """
    paths, texts = split(overrides)
    leaves = [node for layer in layers for _, _, node in walk(layer.tree) if isinstance(node, Leaf)]
    if not all(map(is_number, texts)) or len(leaves) != len(texts):
        return []
    number = {id(leaf): k for k, leaf in enumerate(leaves)}
    sections = dict.fromkeys(key for layer in layers for key in layer.tree.entries if key in tree.entries)
    below = (found for key in sections for found in walk(tree.entries[key], (key,)))
    at = {path: number[id(node)] for path, _, node in below if id(node) in number}
    if len(set(at.values())) < len(leaves):
        return []
    return [Alike(paths, tree, scenario, _nested(at), tuple(leaves), left_out)]


def split(overrides: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(paths, values) of `PATH=VALUE` each."""
    parts = [text.partition("=") for text in overrides]
    return tuple(path for path, _, _ in parts), tuple(value for _, _, value in parts)


def _nested(at: Mapping[tuple[str, ...], int]) -> Changes:
    found: dict[str, Any] = {}
    for path, number in at.items():
        inner = found
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = number
    return found


def _changed(tree: Branch, places: Changes, leaves: Sequence[Leaf]) -> Branch:
    """The tree with these numbers in it; what has none of them is the same, and has been read."""
    entries = dict(tree.entries)
    for key, inner in places.items():
        before = entries[key]
        entries[key] = _changed(before, inner, leaves) if isinstance(before, Branch) else leaves[inner]
    return Branch(tree.place, entries, tree.keys)
