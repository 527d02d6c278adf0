"""The list of terms: which words a user reads, and which are not used; `python -m tests.terms` shows where any is left.

User-facing are the texts of the program (every string that is a sentence or a label, with the help of commands), the
templates of its pages, the descriptions of the schema and of shipped scenarios, and the documents. Keys of scenario
files, columns of tables and names of Python are no prose: what stands in backticks or looks like code is left out.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.runs import CASES, FILES, PARTS

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "scenarios" / "scenario.schema.json"
CODE = ("sim", "reports", "vein2vein")
NO_PROSE = re.compile(
    r"```.*?```|`[^`]*`|<!--.*?-->|<code>.*?</code>|https?://\S+|\{[^{}]*\}|\b\w+(?:[._/]\w+)+\b|--\w[\w-]*", re.DOTALL
)
"""Code, addresses, what is filled in, paths and names with a dot or an underscore, options."""


@dataclass(frozen=True)
class Term:
    """A way of saying something that is not ours: its pattern, what is said instead, where it means another thing."""

    pattern: str
    instead: str
    unless: str = ""

    def found(self, text: str) -> Iterator[str]:
        """Each place of the text in which it stands, with what stands around it."""
        for place in re.finditer(self.pattern, text, re.IGNORECASE):
            around = text[max(0, place.start() - 40) : place.end() + 40]
            if not self.unless or not re.search(self.unless, around, re.IGNORECASE):
                yield " ".join(around.split())


TERMS = (
    Term(r"\bfates?\b", "outcome"),
    Term(r"\bremovals?\b", "withdrawal", unless=r"removal of (?:tissue|cells)"),
    Term(
        r"\b(?:the|a|an|this|that|its|mean|each|no|in|by|of|what|which|same|small|large|as|and|or|per|their) shares?\b"
        r"(?! (?:it|them|one|no|nothing|the|a|this|that|both|same|in|its|their|slots|beds|with)\b)"
        r"|\bshares? (?:of|infused|lost|died"
        r"|alive|still|progressed|not|who|that|given|withdrawn|treated)\b|^shares?,? \w+",
        "proportion, or %",
    ),
    Term(r"\bworth of (?:a|one) QALY\b|\bwhat a QALY is worth\b", "willingness to pay per QALY"),
    Term(r"\bworth of a year\b|\bwhat a year (?:in \w+ \w+ )?is worth\b", "utility"),
    Term(
        r"(?<!not )(?<!in )\bso (?:long|many|often|much)\b(?! (?:as|that|later)\b)",
        "this long, this many; or say what is counted",
    ),
    Term(
        r"\btells? all metrics\b|\b(?:year|ratio|time|metric|outcome)s? (?:of a budget )?(?:is|are) told\b",
        "given, shown",
    ),
    Term(r"\bmoney of the results\b", "currency"),
    Term(r"\b(?:open|close) all folds\b|\ball folds\b", "expand all"),
    Term(r"\bless (?:patients|slots|beds|doses|products|lots|referrals|infusions|chairs|replications)\b", "fewer"),
    Term(r"\b(?:he|she|him|his|hers|himself|herself)\b", "they, their"),
    Term(r"\bconfidence interval over replications\b", "simulation interval"),
    Term(r"\bdearer\b", "costlier, higher cost"),
    Term(r"[0-9] %(?![\w(])", "one style of per cent: 95%"),
    Term(r"\bpatients a replication\b", "patients (mean of a replication), or of all referred"),
)


@dataclass(frozen=True)
class Text:
    """A text that a user may read, and where it stands."""

    place: str
    words: str


@cache
def texts() -> tuple[Text, ...]:
    """Every text that a user may read, without what is code in it."""
    return tuple(Text(found.place, NO_PROSE.sub(" ", found.words)) for found in _all())


def _all() -> Iterator[Text]:
    for folder in CODE:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield from _of_code(file)
        for pattern in ("*.jinja", "*.js"):
            for file in sorted((ROOT / folder).rglob(pattern)):
                words = re.sub(r"\{[#%].*?[#%]\}|<[^>]*>", " ", file.read_text(encoding="utf-8"), flags=re.DOTALL)
                yield Text(str(file.relative_to(ROOT)), words)
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        if file.name != "changelog.md":
            yield Text(str(file.relative_to(ROOT)), file.read_text(encoding="utf-8"))
    yield from _of_schema(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for file in (*FILES, *CASES, *PARTS):
        for line in re.findall(r"^(?:name|description): (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE):
            yield Text(str(file.relative_to(ROOT)), line)


def _of_schema(part: object) -> Iterator[Text]:
    """Each description of the schema, those among them that document a class of the code."""
    if isinstance(part, dict):
        if isinstance(told := part.get("description"), str):
            yield Text(str(SCHEMA.relative_to(ROOT)), " ".join(told.split()))
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        yield from _of_schema(inner)


def _of_code(file: Path) -> Iterator[Text]:
    """The strings of a module that hold a blank, and the help of commands; not what documents the code itself."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    documenting = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    commands = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any("command" in ast.unparse(one) for one in node.decorator_list)
        and isinstance(node.body[0], ast.Expr)
    }
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            words = "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            words = node.value
        else:
            continue
        if " " in words.strip() and (id(node) not in documenting or id(node) in commands):
            yield Text(f"{file.relative_to(ROOT)}:{node.lineno}", words)


def wrong() -> list[str]:
    """Each place in which a term that is not ours is used: where, what stands there, what is said instead."""
    return [
        f"{text.place}: {around!r}: say {term.instead}"
        for text in texts()
        for term in TERMS
        for around in term.found(text.words)
    ]


if __name__ == "__main__":
    print("\n".join(wrong()))
