"""Inheritance: a file over the files it extends, and values set on the command line over both.

Sections merge deeply. A value replaces a value; so does a map that is one value, such as a capacity by date. A
distribution merges with one of its own family and replaces one of another.
"""

from __future__ import annotations

from sim.scenario.blocks import WAYS, BlockKind
from sim.scenario.clock_values import ClockBlock
from sim.scenario.kinds import Kind
from sim.scenario.leaves import marker_at
from sim.scenario.nodes import Branch, Leaf, Node

Path = tuple[str, ...]
# Maps by path, of which a file may change single entries.
BY_PATH = (("sources",), ("uncertainty",))
# What stands beside a family, and may change alone: what follows a survival table.
BESIDE_A_FAMILY = set(ClockBlock.beside)


def merge(parent: Branch, child: Branch, path: Path = ()) -> Branch:
    """The parent's tree with the child's values over it; each value keeps its place."""
    entries, keys = dict(parent.entries), dict(parent.keys)
    for key in _given_way(parent, child, path[-1] if path else ""):
        del entries[key], keys[key]
    for key, value in child.entries.items():
        entries[key] = _merge_node(entries.get(key), value, (*path, key))
        keys[key] = child.keys[key]
    return Branch(child.place, entries, keys)


def spelled_out(node: Node, path: Path = ()) -> Node:
    """The tree with each section that is written as a single value as a section: `9` as `{count: 9}`."""
    if isinstance(node, Branch):
        return Branch(node.place, {k: spelled_out(v, (*path, k)) for k, v in node.entries.items()}, node.keys)
    section = marker_at(path)
    bare = section.bare if isinstance(section, type) else ""
    if not bare or not isinstance(node, Leaf) or node.value is None:
        return node
    return Branch(node.place, {bare: node}, {bare: node.place})


def _merge_node(parent: Node | None, child: Node, path: Path) -> Node:
    if not isinstance(parent, Branch) or not isinstance(child, Branch):
        return child
    if path[0] == "uncertainty" and len(path) == 2:
        return child
    marker = marker_at(path)
    if isinstance(marker, BlockKind):
        return _merge_block(parent, child)
    if isinstance(marker, Kind) and path not in BY_PATH:
        return child
    return merge(parent, child, path)


def _merge_block(parent: Branch, child: Branch) -> Branch:
    """A distribution or clock over another one."""
    if set(child.entries) <= BESIDE_A_FAMILY and not set(parent.entries) <= BESIDE_A_FAMILY:
        return Branch(child.place, {**parent.entries, **child.entries}, {**parent.keys, **child.keys})
    if list(parent.entries) != list(child.entries) or len(child.entries) != 1:
        return child
    (family,) = child.entries
    old, new = parent.entries[family], child.entries[family]
    if family == "piecewise" or not isinstance(old, Branch) or not isinstance(new, Branch):
        return child
    merged = merge(old, new, (family,))
    inner_old, inner_new = old.entries.get("of"), new.entries.get("of")
    if family == "cure" and isinstance(inner_old, Branch) and isinstance(inner_new, Branch):
        entries = {**merged.entries, "of": _merge_block(inner_old, inner_new)}
        merged = Branch(merged.place, entries, merged.keys)
    return Branch(child.place, {family: merged}, child.keys)


def _given_way(parent: Branch, child: Branch, name: str) -> set[str]:
    """Keys of the parent that another way of giving the same parameters replaces: `mean` drops `median`."""
    ways = WAYS.get(name, ())
    chosen = [way for way in ways if way & set(child.entries)]
    return {key for way in ways if way not in chosen for key in way & set(parent.entries)} if chosen else set()
