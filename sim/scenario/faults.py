"""The faults of a scenario in words, each at the place of the file or command that it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import ValidationError

from sim.scenario.dropped import at, without
from sim.scenario.inherit import Layer
from sim.scenario.kinds import Kind, parse_date
from sim.scenario.leaves import Path as ValuePath
from sim.scenario.leaves import marker_at
from sim.scenario.merge import Form, form_at, held, marks
from sim.scenario.nodes import REPLACE, Branch, Leaf, Mark, Node, walk
from sim.scenario.people import Run
from sim.scenario.problems import Place, Problem
from sim.scenario.schema import Scenario
from sim.scenario.section import ABSENT

Nodes = Mapping[ValuePath, tuple[Place, Node]]


def nodes_of(tree: Branch) -> Nodes:
    """(place, node) of every value of a tree, by path."""
    return {path: (place, node) for path, place, node in walk(tree)}


def checked(
    tree: Branch, problems: list[Problem], complete: bool, files: Branch, layers: Sequence[Layer]
) -> Scenario | None:
    """The checked scenario; None, and more problems, where it has faults.

    `complete`: whether every file could be read; else nothing is said of what may stand in a missing one. `files`: the
    tree without the command line: a fault that is there already names the file, whatever was set beside it.
    """
    found = read_tree(held(tree))
    if isinstance(found, Scenario):
        return found
    before = () if files is tree else read_tree(held(files))
    old = () if isinstance(before, Scenario) else tuple((path, message) for path, message, _ in before)
    nodes, file_nodes = nodes_of(tree), nodes_of(files)
    told = [path for path, _, mark in marks(tree) if not mark.done]
    for path, message, is_absent in found:
        if (is_absent and not complete) or (form_at(path) is Form.VALUE and any(path == p[: len(path)] for p in told)):
            continue
        is_old = (path, message) in old
        place = place_at(path, file_nodes if is_old else nodes, tree.place)
        hint = "" if is_old else _others(path, nodes, place)
        _, node = (file_nodes if is_old else nodes).get(path, (place, None))
        message = _of_what_is_gone(message, node, tree) + hint
        if isinstance(node, Leaf) and not isinstance(node, Mark) and node.value is None:
            message += _ways_out(path, tree, layers)
        problems.append(Problem(place, ".".join(step or "''" for step in path), message))
    return None


def read_tree(tree: Branch) -> Scenario | list[tuple[ValuePath, str, bool]]:
    """The scenario, or its faults: (path, message, whether something is missing)."""
    try:
        return Scenario.model_validate(tree.to_read, context={"start": _start(tree)})
    except ValidationError as error:
        return [
            (tuple(str(step) for step in found["loc"]), found["msg"], found["type"] == ABSENT)
            for found in error.errors(include_url=False, include_input=False)
        ]


def _others(path: ValuePath, nodes: Nodes, place: Place) -> str:
    """Where else the parts of a faulty section were written, if they come from several files or the command line."""
    _, node = nodes.get(path, (place, None))
    if not isinstance(node, Branch) or isinstance(marker_at(path), Kind):
        return ""
    parts = [where for _, where, inner in walk(node) if isinstance(inner, Leaf)]
    others = {where.file: where for where in reversed(parts) if where.file != place.file}
    return f" (with {', '.join(map(str, others.values()))})" if others else ""


def _ways_out(path: ValuePath, tree: Branch, layers: Sequence[Layer]) -> str:
    """What else may be done about an empty value, where an earlier file has one that is not required."""
    if sum(at(layer.tree, path) is not None for layer in layers) < 2:
        return ""
    found = read_tree(held(without(tree, [path])))
    is_required = not isinstance(found, Scenario) and any(path == other for other, _, _ in found)
    return "" if is_required else "; write null to remove what is inherited, or leave this out to keep it"


def _of_what_is_gone(message: str, node: Node | None, tree: Branch) -> str:
    """The message, and who removed what it is about: the value itself, all that was in a map, or what it names."""
    why = message.removesuffix(", but not given")
    if isinstance(node, Mark):
        return f"found null, but it cannot be removed: {why}"
    if isinstance(node, Branch) and node.entries and all(isinstance(inner, Mark) for inner in node.entries.values()):
        return f"found null for all that is in it, but it cannot be empty: {why}"
    if not isinstance(node, Leaf) or ", which is no " not in message:
        return message
    by = next((place for path, place, _ in marks(tree) if path[-1] in (node.value, REPLACE)), None)
    return message if by is None else f"{message} ({by} takes it away)"


def _start(tree: Branch) -> date | None:
    """The date of day 0; None where what is written is no date."""
    run = tree.entries.get("run")
    written = run.entries.get("start") if isinstance(run, Branch) else None
    if written is None or isinstance(written, Mark):
        default: date = Run.model_fields["start"].default
        return default
    try:
        return parse_date(written.value if isinstance(written, Leaf) else None)
    except ValueError:
        return None


def place_at(path: ValuePath, nodes: Nodes, top: Place) -> Place:
    """The place of a value, or of the innermost section around it that a file holds."""
    for length in range(len(path), 0, -1):
        if path[:length] in nodes:
            return nodes[path[:length]][0]
    return top
