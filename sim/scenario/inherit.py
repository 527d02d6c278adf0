"""Reading a scenario file together with the files that it extends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from sim.scenario.allowance import Allowance
from sim.scenario.csv_values import fill_in_csv
from sim.scenario.files import (
    SHIPPED,
    SHIPPED_MARK,
    find_inside,
    is_shipped,
    named,
    read_text,
    shipped_file,
    shown_path,
    shown_shipped,
)
from sim.scenario.merge import merge, spelled_out
from sim.scenario.nodes import Branch, Items, Leaf, Node, parse_yaml, plain, with_words
from sim.scenario.problems import Place, Problem, show
from sim.scenario.versions import KEY, check_version

MOST_FILES = 50
# What a file extends that counts beds in intensive care and says of no toxicity that anybody needs one.
TOXICITY = SHIPPED / "parts" / "toxicity.yaml"
STAY, CARE = ("infusion", "stay"), ("toxicity", "icu")


@dataclass(frozen=True)
class Layer:
    """What one file, or one `--set`, states by itself; `command`: 0 for files, and 1, 2, … for what is set on top."""

    file: str
    tree: Branch
    command: int = 0


@dataclass(frozen=True)
class Reading:
    """A file and those it extends: merged, and each by itself, from the first inherited one to the file itself.

    `complete`: whether every one of them could be read to its end.
    """

    tree: Branch
    layers: tuple[Layer, ...]
    problems: tuple[Problem, ...]
    complete: bool


@dataclass
class _State:
    """What has been read so far."""

    roots: tuple[Path, ...]
    allowance: Allowance = field(default_factory=Allowance)
    problems: list[Problem] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    merged: dict[Path, Branch] = field(default_factory=dict)
    chain: list[Path] = field(default_factory=list)
    complete: bool = True
    stay: bool = False  # whether a file of the planner's own states a stay


def read_layers(path: Path) -> Reading:
    """The file, or the shipped scenario of this name, and those it extends; no layers where it cannot be read."""
    shipped = named(path)
    shown = str(path) if shipped is None else shown_shipped(shipped)
    path = shipped or path
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        return Reading(_empty(shown), (), (Problem(Place(shown, 0), "", f"is no file name: {error}"),), complete=False)
    state = _State(roots=(path.absolute().parent.resolve(), resolved.parent, SHIPPED))
    try:
        text = read_text(path, state.allowance)
    except ValueError as error:
        return Reading(_empty(shown), (), (Problem(Place(shown, 0), "", str(error)),), complete=False)
    return _reading(text, shown, resolved, state)


def read_text_layers(text: str, shown: str, folder: Path) -> Reading:
    """As `read_layers`, of a text that stands in no file, called `shown`; what it names lies in `folder` or below.

    Its places have no line numbers, for nobody sees its lines.
    """
    state = _State(roots=(folder.resolve(), SHIPPED))
    return _reading(text, shown, folder.resolve() / shown, state, numbered=False)


def _reading(text: str, shown: str, path: Path, state: _State, numbered: bool = True) -> Reading:
    tree = _read(text, shown, path, state, numbered)
    return Reading(tree, tuple(state.layers), tuple(state.problems), state.complete)


def _empty(shown: str) -> Branch:
    return Branch(Place(shown, 1), {}, {})


def _read(text: str, shown: str, path: Path, state: _State, numbered: bool = True) -> Branch:
    root, problems = _parsed(text, shown, numbered, state.allowance)
    state.problems.extend(problems)
    if not isinstance(root, Branch):
        if not problems:
            found = (
                "found an empty file"
                if root is None or (isinstance(root, Leaf) and root.value is None)
                else "found no keys"
            )
            message = f"{found}; allowed: a scenario with the keys name, strategy, regions, centres, ..."
            state.problems.append(Problem(Place(shown, int(numbered)), "", message))
        root = _empty(shown)
        state.complete = False
    state.chain.append(path)
    parents: list[Branch] = []
    for name in _extended(root, state):
        parent = _inherited(name, shown, path, state)
        if parent is None:
            state.complete = False
        elif any(parent is other for other in parents):
            state.problems.append(Problem(name.place, "extends", f"found {show(name.value)} twice; allowed: each once"))
        else:
            parents.append(parent)
    state.chain.pop()
    check_version(root, state.problems)
    own = spelled_out(with_words(_of_the_scenario(root), (), state.problems))
    assert isinstance(own, Branch)
    own = fill_in_csv(own, shown, path.parent, state.roots, state.problems, state.allowance)
    state.stay |= _states(own, "infusion", "stay") and not path.is_relative_to(SHIPPED)
    tree = _empty(shown)
    for parent in parents:
        tree = merge(tree, parent)
    if not state.chain and _lacks_toxicity(merge(tree, own)):
        tree = merge(tree, _default_toxicity(state))
    state.layers.append(Layer(shown, own))
    tree = merge(tree, own)
    state.merged[path] = tree
    return tree


def _lacks_toxicity(tree: Branch) -> bool:
    """Whether a scenario counts beds in intensive care, and leaves out from which toxicity patients come to them."""
    strategy = tree.entries.get("strategy")
    stated = isinstance(tree.entries.get("toxicity"), Leaf) or any(
        _states(tree, "toxicity", event) for event in ("crs", "neurotoxicity")
    )
    makes = isinstance(strategy, Leaf) and strategy.value in ("autologous", "hybrid")
    return makes and not stated and _counts_intensive_care(tree)


def _counts_intensive_care(tree: Branch) -> bool:
    return any(
        _states(tree, section, name, "icu")
        for section in ("centres", "shared")
        if isinstance(places := tree.entries.get(section), Branch)
        for name in places.entries
    )


def _default_toxicity(state: _State) -> Branch:
    """The toxicity that comes with the program, and the stay without it, unless the planner has stated a stay."""
    told = f"{TOXICITY.relative_to(SHIPPED)}{SHIPPED_MARK}"
    tree = _read(read_text(TOXICITY, state.allowance), told, TOXICITY, state)
    if state.stay:
        tree = _less(tree, [STAY])
        state.layers[-1] = Layer(told, tree)
    return tree


def toxicity_for(reading: Reading, change: Branch) -> Layer | None:
    """The toxicity that comes with the program, where it is a change on the command line that first counts beds in
    intensive care; the change may be one of this toxicity, too. What the files say of it, and of a stay, holds.
    """
    others = Branch(change.place, {k: v for k, v in change.entries.items() if k != "toxicity"}, change.keys)
    if not _counts_intensive_care(change) or not _lacks_toxicity(merge(reading.tree, others)):
        return None
    state = _State(roots=(SHIPPED,))
    tree = _default_toxicity(state)
    own = [layer.tree for layer in reading.layers if layer.command or not is_shipped(layer.file)]
    stated = [STAY] if any(_states(layer, *STAY) for layer in own) else []
    if _states(reading.tree, *CARE):
        stated.append(CARE)
    return Layer(state.layers[-1].file, _less(tree, stated))


def _less(tree: Branch, gone: Sequence[tuple[str, str]]) -> Branch:
    """The tree without some values of its sections, and without their sources."""
    entries = dict(tree.entries)
    for section, key in [*gone, *(("sources", ".".join(path)) for path in gone)]:
        before = entries.pop(section)
        assert isinstance(before, Branch)
        if left := {name: node for name, node in before.entries.items() if name != key}:
            entries[section] = Branch(before.place, left, before.keys)
    return Branch(tree.place, entries, tree.keys)


def _states(node: Node | None, *path: str) -> bool:
    """Whether something stands at a path of a tree."""
    for key in path:
        node = node.entries.get(key) if isinstance(node, Branch) else None
    return node is not None


def _parsed(text: str, shown: str, numbered: bool, allowance: Allowance) -> tuple[Node | None, Sequence[Problem]]:
    """(tree, problems) of a text; many scenarios extend one file, and reading it is most of their time."""
    if len(text) > min(allowance.values_left, allowance.keys_left):  # what a letter each could not use up
        return parse_yaml(text, shown, numbered, allowance)
    root, problems, values, keys = _parsed_whole(text, shown, numbered)
    allowance.take(values, keys)
    return root, problems


@lru_cache(maxsize=64)
def _parsed_whole(text: str, shown: str, numbered: bool) -> tuple[Node | None, tuple[Problem, ...], int, int]:
    """(tree, problems, how many values, how many keys) of a text; trees are never changed."""
    whole, left = Allowance(), Allowance()
    root, problems = parse_yaml(text, shown, numbered, left)
    return root, tuple(problems), whole.values_left - left.values_left, whole.keys_left - left.keys_left


def _extended(root: Branch, state: _State) -> list[Leaf]:
    """The names after `extends`."""
    node: Node | None = root.entries.get("extends")
    if node is None:
        return []
    where = root.keys["extends"]
    names = [(n, n.place) for n in node.items] if isinstance(node, Items) and node.items else [(node, where)]
    found: list[Leaf] = []
    for name, place in names:
        if isinstance(name, Leaf) and isinstance(name.value, str):
            found.append(Leaf(place, name.value))
        else:
            message = f"found {show(plain(name))}; allowed: a file name, or a list of file names"
            state.problems.append(Problem(place, "extends", message))
            state.complete = False
    return found


def _inherited(name: Leaf, shown: str, path: Path, state: _State) -> Branch | None:
    text_of_name = str(name.value)

    def report(message: str) -> None:
        state.problems.append(Problem(name.place, "extends", message))

    try:
        beside = find_inside(text_of_name, path.parent, state.roots)
        shipped = None if beside.is_file() else shipped_file(text_of_name)
        found = shipped or beside
    except ValueError as error:
        report(f"{show(text_of_name)} {error}")
        return None
    if found in state.chain:
        circle = [*(p.name for p in state.chain[state.chain.index(found) :]), found.name]
        report(f"goes round in a circle: {' -> '.join(circle)}")
        return None
    if found in state.merged:
        return state.merged[found]
    if len(state.layers) + len(state.chain) >= MOST_FILES:
        report(f"leads to more than {MOST_FILES} files")
        return None
    try:
        text = read_text(found, state.allowance)
    except ValueError as error:
        report(f"file {show(text_of_name)}: {error}")
        return None
    by_name = shipped is not None or shown.endswith(SHIPPED_MARK)
    told = shown_shipped(found) if by_name else shown_path(shown, text_of_name)
    return _read(text, told, found, state)


def _of_the_scenario(root: Branch) -> Branch:
    """Without what a file says of itself."""
    entries = {key: value for key, value in root.entries.items() if key not in ("extends", KEY)}
    return Branch(root.place, entries, {key: root.keys[key] for key in entries})
