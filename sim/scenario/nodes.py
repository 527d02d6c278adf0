"""YAML text as a tree of values that know their file and line.

The tree is built from the events of ruamel.yaml's parser, not from its Python objects: so every fault of a file is
found in one go (several duplicate keys, aliases, odd keys), depth and size are bounded while reading, and `NO`,
`12:30` or `014` mean what YAML 1.2's core schema says. Keys are always taken as the text that was written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn, TypeGuard

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from sim.scenario.allowance import MOST_PROBLEMS, Allowance
from sim.scenario.problems import Place, Problem, shorten, show
from sim.scenario.read_once import ReadOnce
from sim.scenario.units import comma_hint

MOST_LEVELS = 40

# In a map: nothing that is inherited of it stays.
REPLACE = "replace"

Scalar = str | int | float | bool | None
Path = tuple[str, ...]


@dataclass(frozen=True)
class Leaf:
    """A single value."""

    place: Place
    value: Scalar


@dataclass(frozen=True)
class Mark(Leaf):
    """What a file says of what it inherits: a written `null` (value None) removes the value at its key, and the word
    `replace: true` the rest of its map. `done`: whether there was something to remove.
    """

    done: bool = False


@dataclass(frozen=True)
class Items:
    """A list."""

    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Branch:
    """A map; `keys` are the places of its keys."""

    place: Place
    entries: dict[str, Node]
    keys: dict[str, Place]

    @cached_property
    def is_marked(self) -> bool:
        """Whether there is a mark anywhere in it: most trees have none, and many are merged with the same branches."""
        inner = self.entries.values()
        return any(isinstance(node, Mark) or (isinstance(node, Branch) and node.is_marked) for node in inner)

    @cached_property
    def to_read(self) -> ReadOnce:
        """The map as dicts, lists and single values, the same each time, so that it is read once."""
        inner = self.entries.items()
        return ReadOnce({key: node.to_read if isinstance(node, Branch) else plain(node) for key, node in inner})

    @cached_property
    def made(self) -> dict[str, Branch]:
        """What was made of it, by who did: it stays as it is, so that nobody makes the same of it twice."""
        return {}

    @cached_property
    def written_in(self) -> dict[str, Place]:
        """The first place in it of each file, or command, that something in it comes from."""
        found: dict[str, Place] = {}
        for key, node in self.entries.items():
            found.setdefault(self.keys[key].file, self.keys[key])
            for file, place in written_in(node).items():
                found.setdefault(file, place)
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Without what it works out for itself."""
        return {"place": self.place, "entries": self.entries, "keys": self.keys}


Node = Leaf | Items | Branch


def plain(node: Node) -> Any:
    """The node as dicts, lists and single values."""
    match node:
        case Leaf():
            return node.value
        case Items():
            return [plain(item) for item in node.items]
        case Branch():
            return {key: plain(value) for key, value in node.entries.items()}


def with_words(node: Node, path: Path, problems: list[Problem]) -> Node:
    """The node with `replace: true` of its maps read as what it says; anything else there is added to `problems`."""
    if not isinstance(node, Branch):
        return node
    entries = {key: with_words(value, (*path, key), problems) for key, value in node.entries.items()}
    word = entries.pop(REPLACE, None)
    if word is not None:
        fault = f"found {show(plain(word))}; allowed: true (nothing that is inherited of '{'.'.join(path)}' stays)"
        if not path:
            fault = "stands in a map of the scenario; a file that inherits nothing has no `extends`"
        if path and not isinstance(word, Mark) and word == Leaf(word.place, True):
            entries[REPLACE] = Mark(word.place, True)
        else:
            problems.append(Problem(node.keys[REPLACE], ".".join((*path, REPLACE)), fault))
    return Branch(node.place, entries, {key: node.keys[key] for key in entries})


def walk(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Place, Node]]:
    """(path, place, node) of every value below a node; a value of a map stands at its key."""
    inside = [_just_below(node, path)]
    while inside:
        found = next(inside[-1], None)
        if found is None:
            inside.pop()
            continue
        yield found
        if not isinstance(found[2], Leaf):
            inside.append(_just_below(found[2], found[0]))


def _just_below(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Place, Node]]:
    """(path, place, node) of each entry of a map, or item of a list; none of a single value."""
    if isinstance(node, Branch):
        return (((*path, key), node.keys[key], value) for key, value in node.entries.items())
    if isinstance(node, Items):
        return (((*path, str(number)), item.place, item) for number, item in enumerate(node.items))
    return iter(())


def written_in(node: Node) -> Mapping[str, Place]:
    """The first place below a node of each file, or command, that something there comes from."""
    if isinstance(node, Branch):
        return node.written_in
    found: dict[str, Place] = {}
    for _, place, _ in walk(node):
        found.setdefault(place.file, place)
    return found


# YAML 1.2.2, section 10.3.2 (core schema)
_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL, _HEX = re.compile(r"0o([0-7]+)"), re.compile(r"0x([0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_NAN = re.compile(r"\.(nan|NaN|NAN)")
# beyond any number of a scenario; longer ones stay text
_LONGEST_NUMBER = 400


def scalar_value(text: str) -> Scalar:
    """What an unquoted YAML text stands for."""
    if _NULL.fullmatch(text):
        return None
    if len(text) > _LONGEST_NUMBER:
        return text
    if _BOOL.fullmatch(text):
        return text[0] in "tT"
    if _INT.fullmatch(text):
        return int(text)
    for pattern, base in ((_OCTAL, 8), (_HEX, 16)):
        if found := pattern.fullmatch(text):
            return int(found[1], base)
    if _FLOAT.fullmatch(text):
        return float(text)
    if found := _INFINITY.fullmatch(text):
        return -math.inf if found[1] == "-" else math.inf
    return math.nan if _NAN.fullmatch(text) else text


def join_surrogates(text: str) -> str:
    """The text with each pair of escaped halves as one character: JSON writes some characters as two."""
    if not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class _StopError(Exception):
    """Reading cannot go on after this problem."""


class _Reader:
    """Reads one tree from events, each value by the method that calls itself for what is inside; collects problems."""

    def __init__(self, events: Iterator[Event], file: str, numbered: bool, allowance: Allowance) -> None:
        self.events, self.file, self.numbered, self.allowance = events, file, numbered, allowance
        self.problems: list[Problem] = []

    def place(self, mark: Any) -> Place:
        return Place(self.file, mark.line + 1 if self.numbered and mark is not None else 0)

    def report(self, place: Place, path: Path, message: str) -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            self.problems.append(Problem(place, "", f"more than {MOST_PROBLEMS} problems; reading stops here"))
            raise _StopError
        self.problems.append(Problem(place, ".".join(step for step in path if step), message))

    def stop(self, place: Place, path: Path, message: str) -> NoReturn:
        self.report(place, path, message)
        raise _StopError

    def document(self) -> Node | None:
        """The one document of the text; None where there is none."""
        root: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    place = self.place(event.start_mark)
                    self.stop(place, (), "found a second document ('---'); one file holds one scenario")
            elif isinstance(event, NodeEvent):
                root = self.value(event, (), 1)
        return root

    def value(self, event: Event, path: Path, level: int) -> Node:
        """The value that begins with an event."""
        place = self.place(event.start_mark)
        self.check(event, place, path)
        node: Node
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            if level > MOST_LEVELS:
                self.stop(place, path, f"nested more than {MOST_LEVELS} levels deep")
            is_map = isinstance(event, MappingStartEvent)
            node = self.branch(place, path, level) if is_map else self.items(place, path, level)
        elif isinstance(event, ScalarEvent):
            text = join_surrogates(event.value)
            value = scalar_value(text) if event.style is None else text
            # a value that was forgotten removes nothing
            node = Mark(place, None) if value is None and text else Leaf(place, value)
        else:
            node = Leaf(place, None)
        if (wrong := self.allowance.take(values=1)) is not None:
            self.stop(place, path, wrong)
        return node

    def check(self, event: Any, place: Place, path: Path) -> None:
        """Anchors, aliases and tags have no place in a scenario."""
        if event.anchor is not None:
            kind = "alias (*)" if isinstance(event, AliasEvent) else "anchor (&)"
            self.report(place, path, f"found a YAML {kind}; write the value out, or inherit it with 'extends'")
        if (tag := getattr(event, "tag", None)) is not None:
            self.report(place, path, f"found a YAML tag '{shorten(str(tag))}'; values are written without tags")

    def items(self, place: Place, path: Path, level: int) -> Items:
        found: list[Node] = []
        before: Event | None = None
        while not isinstance(event := next(self.events), SequenceEndEvent):
            if _is_fraction(event, before) and not _IN_A_LIST.fullmatch(event.value):
                found[-1] = self.decimal(found[-1], event.value, path)
            else:
                item = self.value(event, path, level + 1)
                # a list is replaced as a whole: a null in it removes nothing
                found.append(Leaf(item.place, None) if isinstance(item, Mark) else item)
            before = event
        return Items(place, tuple(found))

    def decimal(self, whole: Node, fraction: str, path: Path) -> Leaf:
        """The number that a comma has parted, read as if it were a point, and told."""
        assert isinstance(whole, Leaf)
        written = f"{whole.value},{fraction}"
        self.report(whole.place, path, f"found '{shorten(written)}'{comma_hint(written)}")
        return Leaf(whole.place, scalar_value(f"{whole.value}.{fraction}"))

    def branch(self, place: Place, path: Path, level: int) -> Branch:
        found = Branch(place, {}, {})
        last: str | None = None
        content: Event | None = None
        while not isinstance(event := next(self.events), MappingEndEvent):
            where = self.place(event.start_mark)
            if last is not None and _is_fraction(event, content):
                content = next(self.events)
                if isinstance(content, ScalarEvent) and not content.value:
                    found.entries[last] = self.decimal(found.entries[last], event.value, (*path, last))
                    continue
                key: str | None = self.key(event, where, path, level)
            else:
                key = self.key(event, where, path, level)
                content = next(self.events)
            node = self.value(content, (*path, key or ""), level + 1)
            last = key
            if key is not None and key not in found.entries:
                found.entries[key], found.keys[key] = node, where
            elif key is not None:
                first = found.keys[key].line
                told = f"it stands in line {first} already" if first else "it stands there already"
                self.report(where, (*path, key), f"found this key twice; {told}")
        return found

    def key(self, event: Event, place: Place, path: Path, level: int) -> str | None:
        """The text of a key; None where something else stands there."""
        if not isinstance(event, ScalarEvent):
            if not isinstance(event, AliasEvent):
                self.report(place, path, "found a list or section as a key; a key is a plain name")
            self.value(event, path, level + 1)
            return None
        self.check(event, place, path)
        if (wrong := self.allowance.take(keys=1)) is not None:
            self.stop(place, path, wrong)
        return join_surrogates(event.value)


# What stands behind the comma of `1,5 d`; and before it.
_FRACTION = re.compile(r"[0-9]{1,9}(\s*(%|/?\s*[^\W\d_][\w\s/]*))?")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,8})")
# What may well be a number of its own behind a comma in a list; nobody writes one that begins with zeros: `[100,000]`.
_IN_A_LIST = re.compile(r"0|[1-9][0-9]*")


def _is_fraction(event: Event, before: Event | None) -> TypeGuard[ScalarEvent]:
    """Whether a comma without a space parts two plain texts in brackets that are one number: `{duration: 1,5 d}`."""
    return (
        isinstance(before, ScalarEvent)
        and isinstance(event, ScalarEvent)
        and before.style is None
        and event.style is None
        and event.start_mark.index == before.end_mark.index + 1
        and _WHOLE.fullmatch(before.value) is not None
        and _FRACTION.fullmatch(event.value) is not None
    )


def parse_yaml(
    text: str, file: str, numbered: bool = True, allowance: Allowance | None = None
) -> tuple[Node | None, list[Problem]]:
    """(tree, problems) of a YAML text; no tree where there is nothing in it or it could not be read to its end.

    `numbered`: whether the places hold line numbers (the value of a `--set` has none). `allowance`: what the text may
    hold; that of a scenario of its own unless given.
    """
    reader = _Reader(iter(YAML(typ="safe", pure=True).parse(text)), file, numbered, allowance or Allowance())
    try:
        return reader.document(), reader.problems
    except _StopError:
        pass
    except MarkedYAMLError as error:
        place = reader.place(error.problem_mark or error.context_mark)
        reader.problems.append(Problem(place, "", _syntax_message(error)))
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        found = f"found the control character {chr(error.character)!r}; allowed: printable text"
        reader.problems.append(Problem(Place(file, line if numbered else 0), "", found))
    except (YAMLError, ValueError, RecursionError, AttributeError, TypeError, IndexError) as error:
        # ruamel.yaml itself stumbles over some malformed directives and tags
        message = f"not readable as YAML: {shorten(str(error) or type(error).__name__)}"
        reader.problems.append(Problem(Place(file, 1 if numbered else 0), "", message))
    return None, reader.problems


def _syntax_message(error: MarkedYAMLError) -> str:
    problem = " ".join(str(error.problem or error.context or "not readable as YAML").split())
    hint = ""
    if "mapping values are not allowed" in problem:
        hint = "; a text that holds ': ' stands in quotes, and keys of one section start in one column"
    elif "'\\t'" in problem:
        hint = "; indent with spaces, not with tabs"
    elif "expected <block end>" in problem:
        hint = "; keys of one section start in one column"
    words = problem if len(problem) <= 120 else f"{problem[:117]}..."
    return f"not valid YAML: {words}{hint}"
