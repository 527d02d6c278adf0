"""Inheritance: a file over the files it extends, and values set on the command line over both.

Sections merge deeply. A value replaces a value; so does a map that is one value, such as a capacity by date. Of
alternatives (two families of a distribution, `count` and `since`) the later one stands alone. A written `null` removes
what is inherited, and `replace: true` in a map everything inherited of that map; both stay in the tree as marks, so
that what they took away does not come back, and messages can name them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from functools import lru_cache

from sim.scenario.blocks import ALTERNATIVES, Alternatives, BlockKind
from sim.scenario.clock_values import ClockBlock
from sim.scenario.kinds import Kind
from sim.scenario.leaves import marker_at
from sim.scenario.named import Names
from sim.scenario.nodes import REPLACE, Branch, Leaf, Mark, Node, walk
from sim.scenario.problems import Place, Problem, suggestion

Path = tuple[str, ...]
# Maps by path, of which a file may change single entries.
BY_PATH = (("sources",), ("uncertainty",))
# What stands beside a family, and may change alone: what follows a survival table.
BESIDE_A_FAMILY = set(ClockBlock.beside)


class Form(Enum):
    """What a map is to a later one: merged key by key, a block of alternatives (its families), or one value."""

    MAP, BLOCK, VALUE = range(3)


@lru_cache(maxsize=4096)
def form_at(path: Path) -> Form:
    """The form of the map at a path."""
    if path[:1] == ("uncertainty",) and len(path) == 2:
        return Form.VALUE
    marker = marker_at(path) if path else None
    if isinstance(marker, BlockKind):
        return Form.BLOCK
    if isinstance(marker, Kind) and path not in BY_PATH:
        return Form.VALUE
    if marker is None and path[-2:] == ("cure", "of"):
        return Form.BLOCK
    return Form.VALUE if marker is None and path[-1:] == ("piecewise",) else Form.MAP


def merge(parent: Branch, child: Branch, path: Path = ()) -> Branch:
    """The parent's tree with the child's values over it; each value keeps its place."""
    kept = parent if REPLACE not in child.entries else Branch(parent.place, {}, {})
    gone = _given_way(kept, child, path)
    entries = {key: node for key, node in kept.entries.items() if key not in gone}
    keys = {key: kept.keys[key] for key in entries}
    for key, value in child.entries.items():
        before = parent.entries.get(key)
        entries[key] = _mark(value, parent) if isinstance(value, Mark) else _over(entries.get(key), value, (*path, key))
        if isinstance(value, Mark) and value.value is None:
            entries[key] = replace(value, done=value.done or not isinstance(before, Mark | None))
        keys[key] = child.keys[key]
    return Branch(child.place, entries, keys)


def _mark(word: Mark, parent: Branch) -> Mark:
    """The word `replace` over a map: done where that holds anything."""
    return replace(word, done=word.done or any(not isinstance(node, Mark) for node in parent.entries.values()))


def spelled_out(node: Node, path: Path = ()) -> Node:
    """The tree with each section that is written as a single value as a section: `9` as `{count: 9}`."""
    if isinstance(node, Branch):
        return Branch(node.place, {k: spelled_out(v, (*path, k)) for k, v in node.entries.items()}, node.keys)
    section = marker_at(path)
    bare = section.bare if isinstance(section, type) else ""
    if not bare or not isinstance(node, Leaf) or node.value is None:
        return node
    return Branch(node.place, {bare: node}, {bare: node.place})


def _over(parent: Node | None, child: Node, path: Path) -> Node:
    if not isinstance(child, Branch) or form_at(path) is Form.VALUE:
        return child
    if isinstance(parent, Mark) and REPLACE not in child.entries:
        # a map where an earlier file removed one: nothing comes back
        word = Mark(parent.place, True, parent.done)
        return Branch(child.place, {**child.entries, REPLACE: word}, {**child.keys, REPLACE: parent.place})
    return merge(parent, child, path) if isinstance(parent, Branch) else child


def at_once(one: Branch, other: Branch, path: Path = ()) -> Branch:
    """What two `--set` of one command say: both, where they say different things; else what the other says."""
    if form_at(path) is not Form.MAP:
        return merge(one, other, path)
    entries, keys = dict(one.entries), {**one.keys, **other.keys}
    for key, value in other.entries.items():
        before, here = entries.get(key), (*path, key)
        is_both = isinstance(before, Branch) and isinstance(value, Branch) and form_at(here) is not Form.VALUE
        entries[key] = at_once(before, value, here) if is_both else value  # type: ignore[arg-type]
    return Branch(other.place, entries, keys)


def _given_way(parent: Branch, child: Branch, path: Path) -> set[str]:
    """Keys of the parent that an alternative of the child replaces: `mean` drops `median`, a family another one."""
    given = {key for key, node in child.entries.items() if not isinstance(node, Mark)}
    if form_at(path) is Form.BLOCK:
        return set(parent.entries) - given if given - BESIDE_A_FAMILY else set()
    table = alternatives_at(path)
    if table is None:
        return set()
    there = {key for key, node in parent.entries.items() if not isinstance(node, Mark)}
    if table.together and (len(given & table.keys) > 1 or len(there & table.keys) > 1):
        return set()
    chosen = given & table.keys
    return {key for key in table.keys & there for other in chosen if not table.fit(key, other)} - set(child.entries)


@lru_cache(maxsize=4096)
def alternatives_at(path: Path) -> Alternatives | None:
    """The alternatives among the keys of the map at a path."""
    for pattern, found in ALTERNATIVES.items():
        keys = pattern.split(".")
        is_family = len(keys) == 1 and path[-1:] == (pattern,) and marker_at(path) is None
        if is_family or (len(keys) == len(path) and all(k in ("*", p) for k, p in zip(keys, path, strict=True))):
            return found
    return None


def held(tree: Branch, path: Path = ()) -> Branch:
    """The tree without marks; a map of names that they left empty is gone."""
    if not tree.is_marked:
        return tree
    entries: dict[str, Node] = {}
    for key, node in tree.entries.items():
        if isinstance(node, Branch):
            left = held(node, (*path, key))
            is_emptied = bool(node.entries) and not left.entries
            if not (is_emptied and (isinstance(marker_at((*path, key)), Names) or (*path, key) in BY_PATH)):
                entries[key] = left
        elif not isinstance(node, Mark):
            entries[key] = node
    return Branch(tree.place, entries, {key: tree.keys[key] for key in entries})


def marks(tree: Branch) -> Iterator[tuple[Path, Place, Mark]]:
    """(path, place, mark) of everything that says what becomes of what is inherited."""
    found = walk(tree) if tree.is_marked else ()
    return ((path, place, node) for path, place, node in found if isinstance(node, Mark))


def in_vain(tree: Branch) -> Iterator[Problem]:
    """Marks that met nothing inherited."""
    for path, place, mark in marks(tree):
        if mark.done:
            continue
        whole = next((path[:n] for n in range(1, len(path)) if form_at(path[:n]) is Form.VALUE), None)
        around: Node = tree
        for key in path[:-1]:
            # an item of a list is a part of one value
            around = around.entries[key] if isinstance(around, Branch) else around
        there = (
            [key for key, node in around.entries.items() if not isinstance(node, Mark)]
            if isinstance(around, Branch)
            else []
        )
        if mark.value is True:
            why = "which replaces an inherited map, but nothing is inherited here; leave the word out"
            if whole is not None:
                why = f"but '{'.'.join(whole)}' is one value, which replaces the inherited one anyway; leave it out"
            yield Problem(place, ".".join(path[:-1]), f"found {REPLACE}: true, {why}")
        elif whole is not None:
            why = f"a part of one value; allowed: all of '{'.'.join(whole)}' anew, or null in its place"
            yield Problem(place, ".".join(path), f"found null for {why}")
        else:
            hint = suggestion(path[-1], there) or "; leave the line out"
            yield Problem(
                place, ".".join(path), f"found null, which removes what is inherited, but nothing is here{hint}"
            )
