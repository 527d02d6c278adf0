"""The method tables as a page of Markdown, with what they refer to: flow charts, inputs, sources and words."""

from __future__ import annotations

from collections.abc import Sequence

from reports.glossary import GLOSSARY
from reports.markdown import fenced, plain, table
from reports.methods.facts import Facts, sources_of
from reports.methods.item import AUTHOR, Item, MethodTable
from reports.words import counted

BREAK = "<br>"


def methods_page(found: Sequence[MethodTable], facts: Facts) -> str:
    """`methods.md` as text."""
    left = sum(one.open for one in found)
    parts = [
        f"# Methods: {plain(facts.manifest.get('title') or 'vein2vein')}",
        "Made by the program from the scenario files, the code and this run. What only the authors know is marked "
        f"**{AUTHOR}** ({left} of {counted(sum(len(one.items) for one in found), 'row')}).",
    ]
    for one in found:
        parts += [f"## {plain(one.name)}", plain(one.reference) + ".", _items(one)]
    parts += ["## Flow charts", "What a patient's path is made of; attempts and held units are named, not looped."]
    for case in facts.cases:
        parts += [f"### {plain(case.name)}", fenced(str(case.model["flow_chart"]), "mermaid")]
    parts += ["## Inputs"]
    for case in facts.cases:
        rows = [
            [plain(p["path"]), plain(p["value"]), plain(p["source"]) + ("" if p["stated"] else " (no source given)")]
            for p in case.model["parameters"]
        ]
        parts += [f"### Inputs of {plain(case.name)}", table(["input", "value", "source"], rows)]
    sources = sources_of(facts)
    if sources:
        rows = [[plain(name), plain(text)] for name, text in sources.items()]
        parts += ["## Sources", table(["id", "publication"], rows)]
    parts += ["## Words", "\n".join(f"- **{word}**: {text}" for word, text in GLOSSARY)]
    return "\n\n".join(parts) + "\n"


def _items(one: MethodTable) -> str:
    return table(
        ["item", "name", "in this run"], [[_number(item), plain(item.name), _said(item)] for item in one.items]
    )


def _number(item: Item) -> str:
    return f"{plain(item.section)} {plain(item.number)}"


def _said(item: Item) -> str:
    asked = [f"**{AUTHOR}**: {plain(item.ask)}"] if item.ask else []
    return BREAK.join([*(plain(point) for point in item.said), *asked])
