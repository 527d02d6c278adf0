"""Parts of pages that are made from the program: metrics, charts, keys of the scenario file, commands, functions."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import click

import vein2vein
from reports.charts import CHARTS
from run_sim import cli
from sim.outcomes.economic_metrics import OF_QUANTITIES
from sim.outcomes.metrics import METRICS
from sim.pieces.diagram import outline
from sim.pieces.strategies import build_protocol
from sim.scenario import load
from sim.scenario.files import SHIPPED


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *cells])


def metrics() -> str:
    """Every metric of the registry, and every economic one."""
    rows = [
        [f"`{one.name}`", one.label, one.unit, one.better, "the supply" if one.over is None else one.over.label]
        for one in METRICS
    ]
    money = [[f"`{one.name}`", one.label, one.kind, one.better, one.over.label] for one in OF_QUANTITIES]
    heads = ["name", "what it is", "unit", "better", "over"]
    return f"{table(heads, rows)}\n\n## Of costs and effects\n\n{table(heads, money)}"


def charts() -> str:
    """Every chart: what it is drawn from, and how to read it."""
    rows = [[f"`{one.name}`", one.title, f"`{one.table}`", one.reading] for one in CHARTS]
    return table(["name", "title", "table", "how to read it"], rows)


def scenario_keys() -> str:
    """Every key of the scenario file by section, from its JSON Schema."""
    schema = json.loads((SHIPPED / "scenario.schema.json").read_text(encoding="utf-8"))
    parts = ["## The file itself\n", _keys(schema["then"])]
    for name, one in schema["$defs"].items():
        if "properties" in one:
            parts += [f"\n## {_words(name)}\n", one.get("description", ""), "", _keys(one)]
    return "\n".join(parts)


def _keys(section: dict[str, Any]) -> str:
    rows = [
        [f"`{key}`", one.get("description", ""), _form(one), "" if "default" not in one else f"`{one['default']}`"]
        for key, one in section["properties"].items()
    ]
    return table(["key", "what it says", "written as", "unless given"], rows)


def _form(one: dict[str, Any]) -> str:
    """How a value is written, in short."""
    if "anyOf" in one:
        return "; or ".join(dict.fromkeys(_form(part) for part in one["anyOf"]))
    if "$ref" in one:
        return _words(one["$ref"].rpartition("/")[2])
    if "const" in one:
        return f"`{one['const']}`"
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    if one.get("examples") and one.get("type") == "string":
        return f"`{one['examples'][0]}`"
    if one.get("type") == "object" and isinstance(one.get("additionalProperties"), dict):
        return f"a section, each: {_form(one['additionalProperties'])}"
    if one.get("type") == "array":
        return f"a list of: {_form(one['items'])}" if "items" in one else "a list"
    low, high = one.get("minimum"), one.get("maximum")
    within = f", {low:g} to {high:g}" if low is not None and high is not None else f", {low:g} or more" if low else ""
    return {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false"}.get(
        str(one.get("type")), "a value"
    ) + within


def _words(name: str) -> str:
    """`ByEarlierTarget` as "By earlier target"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def commands() -> str:
    """What every command says of itself."""
    context = click.Context(cli, info_name="vein2vein")
    parts = []
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        parts += [
            f"## {name}\n",
            "```text",
            *_help(command, click.Context(command, info_name=name, parent=context)),
            "```\n",
        ]
    return "\n".join(parts)


def _help(command: click.Command, context: click.Context) -> Iterator[str]:
    context.max_content_width = context.terminal_width = 100
    yield command.get_help(context)
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        part = command.get_command(context, name)
        assert part is not None
        inner = click.Context(part, info_name=name, parent=context)
        inner.max_content_width = inner.terminal_width = 100
        yield f"\n{part.get_help(inner)}"


def functions() -> str:
    """The functions and results of the front door, for autodoc."""
    parts: dict[str, list[str]] = {"Functions": [], "Results": [], "Errors": []}
    for name in vein2vein.__all__:
        found = getattr(vein2vein, name)
        if inspect.isfunction(found):
            parts["Functions"].append(f".. autofunction:: vein2vein.{name}")
        elif inspect.isclass(found) and issubclass(found, Exception):
            parts["Errors"].append(f".. autoexception:: vein2vein.{name}\n   :no-members:")
        elif inspect.isclass(found):
            own = "" if name == "Loaded" else "\n   :members:"
            parts["Results"].append(f".. autoclass:: vein2vein.{name}{own}\n   :class-doc-from: class")
    return "\n".join(
        f"## {title}\n\n```{{eval-rst}}\n" + "\n\n".join(entries) + "\n```\n" for title, entries in parts.items()
    )


def path_of(name: str) -> str:
    """The path of a shipped scenario, step by step, as a block of text."""
    return "```text\n" + "\n".join(outline(build_protocol(load(SHIPPED / f"{name}.yaml").scenario))) + "\n```"
