"""The values of a scenario as its files have them: `{median: 60 d}` where the program knows a scale of 76.6 d."""

from __future__ import annotations

from collections.abc import Mapping

from sim.scenario.leaves import Path, Value, inline
from sim.scenario.nodes import Node, plain
from sim.scenario.problems import Place

Nodes = Mapping[Path, tuple[Place, Node]]


def written(value: Value, nodes: Nodes) -> str:
    """A value in the words of its file; a default in those of the program."""
    return inline(plain(nodes[value.path][1])) if value.path in nodes else inline(value.plain)
