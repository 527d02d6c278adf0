"""Keys that do nothing because of what another key says.

Written in one file, such a pair is an error. Where a later file (or `--set`) throws the switch, the inherited key is
left out instead: a planner who wants to see unlimited lines need not know that the base said how long one is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sim.scenario.nodes import Branch, Node, plain, walk

Path = tuple[str, ...]


def never_binds(lines: Any) -> bool:
    """Whether a raw capacity is unlimited."""
    steps = list(lines.values()) if isinstance(lines, dict) else [lines]
    return all(units == "unlimited" for units in steps)


def is_zero(share: Any) -> bool:
    """Whether a raw share is none at all."""
    return type(share) in (int, float) and share == 0


def not_by_centre(slots: Any) -> bool:
    """Whether raw slots are not counted for each centre."""
    return slots == "unlimited" or (isinstance(slots, dict) and slots.get("scope") == "pool")


def without_priority(policy: Any) -> bool:
    """Whether a raw policy does not look at priorities."""
    return policy in ("first_come", "lottery", "likely_benefit")


def without_benefit(policy: Any) -> bool:
    """Whether a raw policy does not look at benefits."""
    return policy in ("first_come", "lottery", "sickest_first")


def without_score(policy: Any) -> bool:
    """Whether a raw policy does not add up a score."""
    return bool(policy != "score")


def without_bed(model: Any) -> bool:
    """Whether a raw model of infusion needs no bed but for toxicity."""
    return bool(model == "outpatient")


def monthly(every: Any) -> bool:
    """Whether raw slots are offered every month."""
    return bool(every == "month")


def at_factory(site: Any) -> bool:
    """Whether a raw site of manufacture is one for all."""
    return bool(site == "factory")


def never(days: Any) -> bool:
    """Whether a raw wait never ends."""
    return bool(days == "never")


def gives_no_dose(strategy: Any) -> bool:
    """Whether a raw strategy never gives an off-the-shelf product."""
    return bool(strategy == "autologous")


def makes_no_product(strategy: Any) -> bool:
    """Whether a raw strategy never makes a product for a patient."""
    return bool(strategy == "allogeneic")


@dataclass(frozen=True)
class Switch:
    """`key` ("*" stands for any name) is unused where the value at `path` is `off`, `unless` another key is there."""

    key: Path
    path: Path
    off: Callable[[Any], bool]
    unless: Path = ()


# With a later course patients may be given a product of the other kind.
LATER = ("later_course",)
SWITCHES = (
    Switch(("manufacturing", "line_held"), ("manufacturing", "lines"), never_binds),
    Switch(("release_testing", "accepted"), ("release_testing", "out_of_specification"), is_zero),
    Switch(("release_testing", "exception"), ("release_testing", "out_of_specification"), is_zero),
    Switch(("release_testing", "not_accepted"), ("release_testing", "out_of_specification"), is_zero),
    Switch(("centres", "*", "slots"), ("manufacturing", "slots"), not_by_centre),
    Switch(("patients", "risk_groups", "*", "priority"), ("waiting_list", "policy"), without_priority),
    Switch(("patients", "risk_groups", "*", "benefit"), ("waiting_list", "policy"), without_benefit),
    Switch(("waiting_list", "score"), ("waiting_list", "policy"), without_score),
    Switch(("infusion", "stay"), ("infusion", "model"), without_bed),
    Switch(("infusion", "bed_from"), ("infusion", "model"), without_bed),
    Switch(("manufacturing", "slots", "weekday"), ("manufacturing", "slots", "every"), monthly),
    Switch(("centres", "*", "lines"), ("manufacturing", "site"), at_factory),
    Switch(("after_infusion", "allogeneic"), ("strategy",), gives_no_dose, LATER),
    Switch(("after_infusion", "autologous"), ("strategy",), makes_no_product, LATER),
    Switch(("after_infusion", "out_of_specification"), ("strategy",), makes_no_product, LATER),
    # economics cover one course only
    Switch(("economics",), LATER, lambda later: later is not None),
    Switch(("economics", "costs", "product", "allogeneic"), ("strategy",), gives_no_dose),
    Switch(("economics", "costs", "product", "autologous"), ("strategy",), makes_no_product),
    Switch(("economics", "costs", "unused_product", "allogeneic"), ("strategy",), gives_no_dose),
    Switch(("economics", "costs", "unused_product", "autologous"), ("strategy",), makes_no_product),
    Switch(("economics", "costs", "apheresis"), ("strategy",), makes_no_product),
    Switch(("economics", "costs", "bridging"), ("strategy",), makes_no_product),
    Switch(("hybrid", "since"), ("hybrid", "after_waiting"), never),
)


def drop_unused(tree: Branch, files: Sequence[str]) -> Branch:
    """The tree without keys that a later one of the `files` made useless."""
    order = {file: number for number, file in enumerate(files)}
    for switch in SWITCHES:
        thrown = _at(tree, switch.path)
        excepted = switch.unless and _at(tree, switch.unless) is not None
        if thrown is None or excepted or not switch.off(plain(thrown)):
            continue
        since = _last(thrown, tree, switch.path, order)
        for path in _matching(tree, switch.key):
            node = _at(tree, path)
            if node is not None and _last(node, tree, path, order) < since:
                tree = _without(tree, path)
    return tree


def _at(node: Node | None, path: Path) -> Node | None:
    for key in path:
        node = node.entries.get(key) if isinstance(node, Branch) else None
    return node


def _last(node: Node, tree: Branch, path: Path, order: dict[str, int]) -> int:
    """The number of the last file that had a hand in a value."""
    parent = _at(tree, path[:-1])
    key_file = parent.keys[path[-1]].file if isinstance(parent, Branch) else ""
    files = [key_file, node.place.file, *(place.file for _, place, _ in walk(node))]
    return max((order[file] for file in files if file in order), default=-1)


def _matching(tree: Branch, pattern: Path) -> Iterator[Path]:
    found: list[Path] = [()]
    for step in pattern:
        longer: list[Path] = []
        for path in found:
            node = _at(tree, path)
            if isinstance(node, Branch):
                longer += [(*path, key) for key in node.entries if step in ("*", key)]
        found = longer
    yield from found


def _without(node: Branch, path: Path) -> Branch:
    first, rest = path[0], path[1:]
    entries = dict(node.entries)
    inner = entries[first]
    if rest and isinstance(inner, Branch):
        entries[first] = _without(inner, rest)
    else:
        del entries[first]
    return Branch(node.place, entries, {key: node.keys[key] for key in entries})
