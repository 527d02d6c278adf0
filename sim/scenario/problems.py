"""What is wrong with a scenario, where, and in words that a planner can act on."""

from __future__ import annotations

import difflib
import itertools
import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

COMMAND_LINE = "--set"
LONGEST_SHOWN = 60
# Lists of single values up to this length are shown whole.
MOST_ITEMS = 4
# Finding the nearest of many names takes time for each of them.
MOST_COMPARED = 2000
# When a name is like another one: see `nearest`.
LEAST_LETTERS, ALIKE = 4, 0.66

_UNSEEN = ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
# Unicode 16, Default_Ignorable_Code_Point (of letters and marks), and the blank of Braille.
_SHOWN_AS_NOTHING = (
    ("\u034f", "\u034f"), ("\u115f", "\u1160"), ("\u17b4", "\u17b5"), ("\u180b", "\u180f"), ("\u2800", "\u2800"),
    ("\u3164", "\u3164"), ("\ufe00", "\ufe0f"), ("\uffa0", "\uffa0"), ("\U000e0100", "\U000e01ef"),
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A line of a file; for a value set on the command line, the file is `--set PATH` and the line 0."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Problem:
    """One fault: its place, the path of the value in the scenario ("" where there is none), and the message."""

    place: Place
    path: str
    message: str

    def __str__(self) -> str:
        named_by_place = not self.path or str(self.place) == f"{COMMAND_LINE} {self.path}"
        middle = "" if named_by_place else f"{self.path}: "
        return one_line(f"{self.place}: {middle}{self.message}")


class ScenarioError(Exception):
    """A scenario that cannot be used, with every problem found in it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


def one_line(text: str) -> str:
    """The text with everything that a terminal would act upon written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


@lru_cache(maxsize=1024)
def is_visible(c: str) -> bool:
    """Whether a reader can see a character: no control or format character, none that is shown as nothing."""
    return unicodedata.category(c) not in _UNSEEN and not any(first <= c <= last for first, last in _SHOWN_AS_NOTHING)


def name_of_character(c: str) -> str:
    """A character that cannot be seen, in words."""
    return f"U+{ord(c):04X}{f' ({name})' if (name := unicodedata.name(c, '')) else ''}"


def shorten(text: str) -> str:
    """The text on one line, cut where it is too long for a message."""
    text = one_line(text)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def show(value: object) -> str:
    """A value as a message names it: what kind of thing was found, and what it says."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{shorten(value)}'" if value else "an empty text"
        case float() if math.isnan(value):
            return "NaN"
        case float() if math.isinf(value):
            return "infinity" if value > 0.0 else "minus infinity"
        case int() | float():
            return shorten(str(value)) if abs(value) < 1e300 else "a number too large"
        case dict() if not value:
            return "an empty section"
        case dict():
            return f"a section with {any_of(list(value)[:3])}{', ...' if len(value) > 3 else ''}"
        case list() | tuple():
            return "an empty list" if not value else _show_list(value)
        case _:
            return shorten(str(value))


def _show_list(items: Sequence[object]) -> str:
    """A short list of single values as it is written; of any other, how long it is."""
    if len(items) > MOST_ITEMS or any(isinstance(item, dict | list | tuple) for item in items):
        return f"a list of {len(items)}"
    return shorten(f"[{', '.join(item if isinstance(item, str) else show(item) for item in items)}]")


def any_of(names: Iterable[object]) -> str:
    """The names, quoted and parted by commas."""
    return ", ".join(f"'{shorten(str(name))}'" for name in names)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, if any is alike.

    Alike are names that differ in case only; names with `ALIKE` of their characters in common, in the same order (the
    ratio of difflib), where one has at least `LEAST_LETTERS`; and names of three letters or more with which the other
    begins. Nothing is like a number.
    """
    by_folded = {k.casefold(): k for k in itertools.islice(known, MOST_COMPARED)}
    folded = name.casefold()[:LONGEST_SHOWN]
    if folded in by_folded or not any(c.isalpha() for c in folded):
        return by_folded.get(folded)
    long = [k for k in by_folded if max(len(k), len(folded)) >= LEAST_LETTERS]
    if close := difflib.get_close_matches(folded, long, n=1, cutoff=ALIKE):
        return by_folded[close[0]]
    begins = [k for k in by_folded if min(len(k), len(folded)) >= 3 and (folded.startswith(k) or k.startswith(folded))]
    return by_folded[max(begins, key=len)] if begins else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of a message: the nearest known name, if any is like it."""
    close = nearest(name, known)
    return "" if close is None else f"; did you mean '{shorten(close)}'?"


def did_you_mean(name: str, known: Sequence[str], what: str = "allowed") -> str:
    """The end of a message: the nearest known name, or else the names that are known."""
    if (hint := suggestion(name, known)) or not known:
        return hint
    listed = ", ".join(shorten(k) for k in list(known)[:20])
    return f"; {what}: {listed}{', ...' if len(known) > 20 else ''}"
