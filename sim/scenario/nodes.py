"""YAML text as a tree of values that know their file and line.

The tree is built from the events of ruamel.yaml's parser, not from its Python objects: so every fault of a file is
found in one go (several duplicate keys, aliases, odd keys), depth and size are bounded while reading, and `NO`,
`12:30` or `014` mean what YAML 1.2's core schema says. Keys are always taken as the text that was written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from sim.scenario.allowance import MOST_PROBLEMS, Allowance
from sim.scenario.problems import Place, Problem, shorten

MOST_LEVELS = 40

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Leaf:
    """A single value."""

    place: Place
    value: Scalar


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


def walk(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Place, Node]]:
    """(path, place, node) of every value below a node; a value of a map stands at its key."""
    match node:
        case Branch():
            for key, value in node.entries.items():
                yield (*path, key), node.keys[key], value
                yield from walk(value, (*path, key))
        case Items():
            for number, item in enumerate(node.items):
                yield (*path, str(number)), item.place, item
                yield from walk(item, (*path, str(number)))
        case Leaf():
            return


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


@dataclass
class _Open:
    """A map or list that is being read; `key` waits for its value."""

    place: Place
    is_map: bool
    items: list[Node]
    entries: dict[str, Node]
    keys: dict[str, Place]
    key: str | None = None
    key_place: Place | None = None
    key_is_complex: bool = False


class _StopError(Exception):
    """Reading cannot go on after this problem."""


class _Builder:
    """Builds one tree from events, and collects problems on the way."""

    def __init__(self, file: str, numbered: bool, allowance: Allowance) -> None:
        self.file, self.numbered, self.allowance = file, numbered, allowance
        self.problems: list[Problem] = []
        self.stack: list[_Open] = []
        self.root: Node | None = None
        self.documents = 0

    def place(self, mark: Any) -> Place:
        return Place(self.file, mark.line + 1 if self.numbered and mark is not None else 0)

    def path(self) -> str:
        return ".".join(level.key for level in self.stack if level.is_map and level.key)

    def report(self, place: Place, message: str, name: str | None = None) -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            self.problems.append(Problem(place, "", f"more than {MOST_PROBLEMS} problems; reading stops here"))
            raise _StopError
        self.problems.append(Problem(place, self.path() if name is None else name, message))

    def take(self, event: Event) -> None:
        """Take in the next event."""
        place = self.place(event.start_mark)
        if getattr(event, "anchor", None) is not None:
            kind = "alias (*)" if isinstance(event, AliasEvent) else "anchor (&)"
            self.report(place, f"found a YAML {kind}; write the value out, or inherit it with 'extends'")
        match event:
            case DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    self.report(place, "found a second document ('---'); one file holds one scenario")
                    raise _StopError
            case AliasEvent():
                if self.awaits_key():
                    self.stack[-1].key = ""
                else:
                    self.add(Leaf(place, None))
            case ScalarEvent():
                self.check_tag(event, place)
                text = join_surrogates(event.value)
                if self.awaits_key():
                    self.begin_entry(text, place)
                else:
                    self.add(Leaf(place, scalar_value(text) if event.style is None else text))
            case MappingStartEvent() | SequenceStartEvent():
                self.check_tag(event, place)
                if self.awaits_key():
                    self.report(place, "found a list or section as a key; a key is a plain name")
                    self.stack[-1].key_is_complex = True
                if len(self.stack) >= MOST_LEVELS:
                    self.report(place, f"nested more than {MOST_LEVELS} levels deep")
                    raise _StopError
                self.stack.append(_Open(place, isinstance(event, MappingStartEvent), [], {}, {}))
            case MappingEndEvent() | SequenceEndEvent():
                done = self.stack.pop()
                node = (
                    Branch(done.place, done.entries, done.keys) if done.is_map else Items(done.place, tuple(done.items))
                )
                if self.stack and self.stack[-1].key_is_complex:
                    self.stack[-1].key_is_complex = False
                    self.stack[-1].key, self.stack[-1].key_place = "", None
                else:
                    self.add(node)
            case _:
                pass

    def check_tag(self, event: Any, place: Place) -> None:
        if event.tag is not None:
            self.report(place, f"found a YAML tag '{shorten(str(event.tag))}'; values are written without tags")

    def awaits_key(self) -> bool:
        return bool(self.stack) and self.stack[-1].is_map and self.stack[-1].key is None

    def begin_entry(self, key: str, place: Place) -> None:
        level = self.stack[-1]
        if key in level.entries:
            first = level.keys[key]
            name = f"{self.path()}.{key}" if self.path() else key
            where = f"it stands in line {first.line} already" if first.line else "it stands there already"
            self.report(place, f"found this key twice; {where}", name)
        if (wrong := self.allowance.take(keys=1)) is not None:
            self.report(place, wrong)
            raise _StopError
        level.key, level.key_place = key, place

    def add(self, node: Node) -> None:
        if (wrong := self.allowance.take(values=1)) is not None:
            self.report(node.place, wrong)
            raise _StopError
        if not self.stack:
            self.root = node
            return
        level = self.stack[-1]
        if not level.is_map:
            level.items.append(node)
            return
        if level.key is not None and level.key_place is not None and level.key not in level.entries:
            level.entries[level.key] = node
            level.keys[level.key] = level.key_place
        level.key = level.key_place = None


def parse_yaml(
    text: str, file: str, numbered: bool = True, allowance: Allowance | None = None
) -> tuple[Node | None, list[Problem]]:
    """(tree, problems) of a YAML text; no tree where there is nothing in it or it could not be read to its end.

    `numbered`: whether the places hold line numbers (the value of a `--set` has none). `allowance`: what the text may
    hold; that of a scenario of its own unless given.
    """
    builder = _Builder(file, numbered, allowance or Allowance())
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except _StopError:
        return None, builder.problems
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        builder.problems.append(Problem(builder.place(mark), "", _syntax_message(error)))
        return None, builder.problems
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        found = f"found the control character {chr(error.character)!r}; allowed: printable text"
        builder.problems.append(Problem(Place(file, line if numbered else 0), "", found))
        return None, builder.problems
    except (YAMLError, ValueError, RecursionError, AttributeError, TypeError, IndexError) as error:
        # ruamel.yaml itself stumbles over some malformed directives and tags
        message = f"not readable as YAML: {shorten(str(error) or type(error).__name__)}"
        builder.problems.append(Problem(Place(file, 1 if numbered else 0), "", message))
        return None, builder.problems
    return builder.root, builder.problems


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
