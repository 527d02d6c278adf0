"""Written values that do nothing: refused where they are written, left out and said where they are inherited.

A value is left out where a later file or command made it meaningless, and refused where the same file, the same
command, or nothing at all did: setting one value never changes another that was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sim.scenario.inherit import Layer
from sim.scenario.kinds import Kind
from sim.scenario.leaves import marker_at, stated
from sim.scenario.merge import alternatives_at
from sim.scenario.nodes import REPLACE, Branch, Leaf, Mark, Node, written_in
from sim.scenario.problems import Place, Problem
from sim.scenario.schema import Scenario
from sim.scenario.uncertainty import BELOW, CORRELATION, SAME_AS
from sim.scenario.unused import unused, why_unused
from sim.scenario.unused.rule import Path, Rule

# (command, number of the file): files come before commands, and all `--set` of one command come at once.
When = tuple[int, int]


class Order:
    """When each layer came: files one after the other, then commands, each of which sets its values at once."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._when = {
            layer.file: (layer.command, 0 if layer.command else number) for number, layer in enumerate(layers)
        }

    def last(self, node: Node, key: Place | None = None) -> tuple[When, Place] | None:
        """When a value was written last, and where; None for what no layer wrote. Lines of CSV files belong to none."""
        places = [*([key] if key is not None else []), node.place, *written_in(node).values()]
        known = [(self._when[place.file], place) for place in places if place.file in self._when]
        return max(known, key=lambda found: found[0], default=None)

    def latest(self, tree: Branch, patterns: Iterable[str]) -> tuple[When, Place] | None:
        """When, and where, the last of the values at these patterns was written; None where all are defaults."""
        paths = (path for pattern in patterns for path in matching(tree, tuple(pattern.split("."))))
        written = (self.last(node, _key(tree, path)) for path in paths if (node := at(tree, path)) is not None)
        return max((one for one in written if one is not None), key=lambda one: one[0], default=None)

    def is_older(self, tree: Branch, path: Path) -> bool:
        """Whether there is a value at the path that the last command did not touch."""
        node = at(tree, path)
        written = None if node is None else self.last(node, _key(tree, path))
        return written is not None and written[0] < max(self._when.values())


@dataclass(frozen=True)
class Dropped:
    """A value that is left out; `place`: where it stands, `by`: where the later one stands that made it meaningless.

    A detail of what is switched off in its own file has no such later one: its `by` is its own place. `holds`: whether
    what holds without it, a default, is the same.
    """

    path: Path
    place: Place
    why: str
    by: Place
    holds: bool = False

    @property
    def sentence(self) -> str:
        """What became of it, for the user."""
        if self.path[0] == "uncertainty":
            return f"{self.by}: {self.path[1]} is now certain: {self.why}"
        if self.by == self.place:
            return f"{self.place}: {'.'.join(self.path)} has no effect: {self.why.partition('; allowed')[0]}"
        return f"{self.by}: {'.'.join(self.path)} ({self.place}) is left out: {self.why.partition('; allowed')[0]}"


@dataclass(frozen=True)
class Sorted:
    """What is written without effect: the values to leave out, and those to refuse."""

    dropped: tuple[Dropped, ...]
    refused: tuple[Problem, ...]


def sort_unused(scenario: Scenario, tree: Branch, order: Order) -> Sorted:
    """The values of the tree that do nothing in its scenario, by what becomes of them."""
    dropped: list[Dropped] = []
    refused: list[Problem] = []
    done: list[Path] = []
    found = unused(scenario, lambda path: not written_nowhere(tree, path))
    for path, rule, names in sorted(found, key=lambda entry: len(entry[0])):
        if any(path[: len(other)] == other for other in done):
            continue
        done.append(path)
        key, node = _key(tree, path), at(tree, path)
        written = order.last(node, key) if node is not None else None
        if written is None:
            continue
        cause = order.latest(tree, _because(rule, names))
        why = rule.reason(scenario, *names)
        if cause is not None and cause[0] > written[0]:
            dropped.append(Dropped(path, key, why, cause[1]))
            continue
        if rule.is_detail and not written[0][0]:
            dropped.append(Dropped(path, key, why, key))
            continue
        elsewhere = cause is not None and cause[1].file != written[1].file
        hint = f" ({cause[1]})" if cause is not None and elsewhere else ""
        place = key if key.file == written[1].file else written[1]
        refused.append(Problem(place, ".".join(path), f"is not used: {why}{hint}"))
    return Sorted(tuple(dropped), tuple(refused))


def told_apart(dropped: Iterable[Dropped], before: Scenario, after: Scenario) -> tuple[Dropped, ...]:
    """What was left out, and whether it was what holds without it; `before`, `after`: with it and without it."""
    found = []
    for one in dropped:
        was, now = (
            [(here, value) for here, _, value in stated(scenario) if here[: len(one.path)] == one.path]
            for scenario in (before, after)
        )
        found.append(replace(one, holds=was == now))
    return tuple(found)


def still_idle(scenario: Scenario, dropped: Iterable[Dropped]) -> bool:
    """Whether all of this would still do nothing in the scenario."""
    return all(why_unused(one.path, scenario) is not None for one in dropped if one.path[0] != "uncertainty")


def voided(tree: Branch, order: Order) -> tuple[Dropped, ...]:
    """The distributions under `uncertainty` that spoke of another value than the one that holds now.

    A distribution belongs to the value that it was written for, as a source does. Where a later file or command has
    changed that value, or the family of the distribution or clock that it is a parameter of, it is void.
    """
    section = tree.entries.get("uncertainty")
    found = []
    for name, entry in section.entries.items() if isinstance(section, Branch) else ():
        key = section.keys[name] if isinstance(section, Branch) else None
        spoke, holds = order.last(entry, key), _value_of(tree, tuple(name.split(".")), order)
        if isinstance(entry, Mark):
            continue
        if key is not None and spoke is not None and holds is not None and holds[0] > spoke[0]:
            why = f"its distribution ({spoke[1]}) was written for another value"
            found.append(Dropped(("uncertainty", name), key, why, holds[1]))
    return (*found, *_void_with(section, found))


def _void_with(section: Node | None, void: Sequence[Dropped]) -> Iterator[Dropped]:
    """The distributions that were written with one that is void: the same, below it, or correlated with it."""
    if not void:
        return
    gone = {one.path[1]: one for one in void}
    waiting = dict(section.entries) if isinstance(section, Branch) else {}
    while True:
        named = {
            name: partner
            for name, entry in waiting.items()
            if name not in gone and (partner := next((n for n in _names_of(entry) if n in gone), None)) is not None
        }
        if not named:
            return
        for name, partner in named.items():
            assert isinstance(section, Branch)
            why = f"its distribution was written with that of {partner}, which is void"
            gone[name] = Dropped(("uncertainty", name), section.keys[name], why, gone[partner].by)
            yield gone[name]


def _names_of(entry: Node) -> Iterator[str]:
    """The other inputs that an entry names."""
    for key in (SAME_AS, BELOW):
        named = at(entry, (key,))
        if isinstance(named, Leaf) and isinstance(named.value, str):
            yield named.value
    together = at(entry, (CORRELATION,))
    yield from together.entries if isinstance(together, Branch) else ()


def _value_of(tree: Branch, path: Path, order: Order) -> tuple[When, Place] | None:
    """When, and where, the value was written of which this path is the whole or a part; None for a default."""
    along: list[Node] = [tree]
    for key in path:
        inner = along[-1].entries.get(key) if isinstance(along[-1], Branch) else None
        if inner is None:
            break
        along.append(inner)
    depth = len(along) - 1
    for length, node in enumerate(along[1:], 1):
        is_value = length == len(path) or not isinstance(node, Branch) or isinstance(marker_at(path[:length]), Kind)
        # a part that is still there is as it was written; one that is gone went with the whole
        if is_value and (depth == len(path)) == (length == len(path)):
            return order.last(node, _key(tree, path[:length]))
    around, table = along[-1], alternatives_at(path[:depth])
    if not isinstance(around, Branch):
        return None
    others = table.keys if table is not None and path[depth] in table.keys else ()
    gave_way = [order.last(node, around.keys[key]) for key, node in around.entries.items() if key in (REPLACE, *others)]
    return max((when for when in gave_way if when is not None), key=lambda when: when[0], default=None)


def _because(rule: Rule, names: Sequence[str]) -> Iterator[str]:
    """The patterns of the values that decide; a cause beside the key is that of the same name."""
    for text in rule.because:
        beside = text.partition(".")[0] == rule.path[0] and text.count("*") == rule.path.count("*") == 1
        yield text.replace("*", names[0]) if beside else text


def at(node: Node | None, path: Path) -> Node | None:
    """The node at a path; None where there is none."""
    for key in path:
        node = node.entries.get(key) if isinstance(node, Branch) else None
    return node


def written_nowhere(tree: Branch, path: Path) -> bool:
    """Whether nothing stands at a path, or only a word that takes away what is inherited there."""
    node = at(tree, path)
    return node is None or isinstance(node, Mark)


def _key(tree: Branch, path: Path) -> Place:
    """Where the key of an entry stands."""
    parent = at(tree, path[:-1])
    assert isinstance(parent, Branch)
    return parent.keys[path[-1]]


def matching(tree: Branch, pattern: Path) -> Iterator[Path]:
    """The paths of the tree that a pattern stands for, "*" for any key; a path ends where a file took the rest away."""
    found: list[Path] = [()]
    for step in pattern:
        longer: list[Path] = []
        for path in found:
            node = at(tree, path)
            if isinstance(node, Mark):
                longer.append(path)
            elif isinstance(node, Branch):
                longer += [(*path, key) for key in node.entries if step in ("*", key, REPLACE) or key == REPLACE]
        found = longer
    yield from found


def without(tree: Branch, paths: Iterable[Path]) -> Branch:
    """The tree without the values at these paths."""
    below: dict[str, list[Path]] = {}
    for first, *rest in paths:
        if first in tree.entries:
            below.setdefault(first, []).append(tuple(rest))
    if not below:
        return tree
    entries: dict[str, Node] = dict(tree.entries)
    for first, parts in below.items():
        inner = entries[first]
        if isinstance(inner, Branch) and () not in parts:
            entries[first] = left = without(inner, parts)
            # a map of names is there with one of them at least
            is_whole = left.entries or first not in ("calendars", "disruptions", "by_risk_group")
            if is_whole:
                continue
        del entries[first]
    return Branch(tree.place, entries, {key: tree.keys[key] for key in entries})
