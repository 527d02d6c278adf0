"""Values set on the command line: `PATH=VALUE`, merged over the files like one more file that extends them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from sim.scenario.allowance import Allowance
from sim.scenario.csv_values import fill_in_csv, names_csv
from sim.scenario.files import SHIPPED
from sim.scenario.inherit import Layer
from sim.scenario.merge import BY_PATH, spelled_out
from sim.scenario.nodes import Branch, Leaf, Node, parse_yaml, scalar_value, with_words
from sim.scenario.problems import COMMAND_LINE, Place, Problem, shorten, show

# A number with or without a unit, of which a sweep sets thousands: read without a parser of YAML.
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?: (?:/ )?[a-z]+)?")


def parse_overrides(
    overrides: Sequence[str], scenario_file: Path, problems: list[Problem], command: int = 1
) -> list[Layer]:
    """One layer for each `PATH=VALUE`; what is wrong is added to `problems`.

    CSV files named in a value are looked for beside the scenario file. `command`: the number of the command that sets
    them, all at once.
    """
    layers: list[Layer] = []
    folder = scenario_file.resolve().parent
    roots = (scenario_file.absolute().parent.resolve(), folder, SHIPPED)
    allowance = Allowance()
    set_before: set[tuple[str, ...]] = set()

    def filled_in(tree: Branch) -> Branch:
        own = spelled_out(tree)
        assert isinstance(own, Branch)
        return fill_in_csv(own, str(scenario_file), folder, roots, problems, allowance)

    for text in overrides:
        tree = _parse(text, problems, allowance, filled_in)
        if tree is None:
            continue
        paths = set(_paths(tree))
        if twice := sorted(".".join(path) for path in _set_by(paths, set_before)):
            inside = "" if twice == [text.partition("=")[0].strip()] else shorten(", ".join(twice))
            problems.append(Problem(tree.place, inside, "is set more than once; allowed: one value"))
        set_before |= paths
        layers.append(Layer(tree.place.file, tree, command))
    return layers


def is_number(text: str) -> bool:
    """Whether a value is a number with or without a unit, plainly written."""
    return len(text) < 100 and _PLAIN.fullmatch(text) is not None


def paths_set(overrides: Iterable[str]) -> set[str]:
    """The path of every value that these `PATH=VALUE` set, those inside a section that is given whole among them."""
    unheard: list[Problem] = []  # faults are told where the values are set
    trees = [_parse(text, unheard, Allowance(), lambda tree: tree) for text in overrides]
    return {".".join(path) for tree in trees if tree is not None for path in _paths(tree)}


def _set_by(paths: set[tuple[str, ...]], before: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Those that are set before as well: alone, within one value, or by a part of them."""
    above = {path[:k] for path in before for k in range(1, len(path))}
    return {path for path in paths if path in above or any(path[: k + 1] in before for k in range(len(path)))}


def _paths(node: Node, *above: str) -> Iterator[tuple[str, ...]]:
    """The path of every value below, sections apart."""
    if isinstance(node, Branch) and node.entries:
        for key, inner in node.entries.items():
            yield from _paths(inner, *above, key)
    else:
        yield above


def _parse(
    text: str, problems: list[Problem], allowance: Allowance, filled_in: Callable[[Branch], Branch]
) -> Branch | None:
    path_text, separator, value_text = text.partition("=")
    path_text = path_text.strip()
    place = Place(f"{COMMAND_LINE} {shorten(path_text)}", 0)
    keys = path_text.split(".")
    if (keys[0],) in BY_PATH and len(keys) > 2:
        keys = [keys[0], ".".join(keys[1:])]
    fault = ""
    if not separator:
        fault = "found no '='; allowed: PATH=VALUE, such as manufacturing.lines=8"
    elif not all(key.strip() for key in keys):
        fault = f"found the path {show(path_text)}; allowed: names with a '.' between them, such as manufacturing.lines"
    elif len(keys) > 20 or len(path_text) > 500:
        fault = "found a path too long for any value of a scenario"
    elif keys[0] in ("extends", "schema"):
        fault = "cannot be set on the command line; allowed: the values of a scenario"
    if fault:
        problems.append(Problem(place, "", fault))
        return None
    if is_number(value_text):
        leaf, path = Leaf(place, scalar_value(value_text)), tuple(keys)
        own = _nested(keys, leaf, place)
        return own if spelled_out(leaf, path) is leaf and not names_csv(path) else filled_in(own)
    value, found = parse_yaml(value_text, place.file, numbered=False, allowance=allowance)
    problems.extend(Problem(p.place, path_text, p.message) for p in found)
    if value is None:
        if found:
            return None
        value = Leaf(place, None)
    tree = with_words(_nested(keys, value, place), (), problems)
    assert isinstance(tree, Branch)
    return filled_in(tree)


def _nested(keys: Sequence[str], value: Node, place: Place) -> Branch:
    """The value inside a section for each key."""
    for key in reversed(keys):
        value = Branch(place, {key: value}, {key: place})
    assert isinstance(value, Branch)
    return value
