"""A figure of Plotly as plain dicts and lists, in the words of Plotly's own JSON.

Nothing is checked here: Plotly's validators take longer than all else that drawing takes. The tests check every figure
that they draw against Plotly itself (`tests/reports/test_figure.py`).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

Properties = dict[str, Any]
OURS = "meta"
"""The property of a layout that holds what our pages want to know: replaced as a whole, and a None in it stays."""


def trace(kind: str, **properties: Any) -> Properties:
    """A trace of this type, such as `bar` or `scatter`; a property that is None is left out."""
    return merged({"type": kind}, properties)


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> Properties:
    """The old properties with the new ones: dicts are merged, lists and values replaced, None takes one away."""
    found = dict(old)
    for key, value in new.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, Mapping) and key != OURS:
            before = found.get(key)
            found[key] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            found[key] = value
    return found


@dataclass
class Figure:
    """Traces, layout and, of an animation, frames (each a `name` and its `data`)."""

    data: list[Properties] = field(default_factory=list)
    layout: Properties = field(default_factory=dict)
    frames: list[Properties] = field(default_factory=list)

    @property
    def annotations(self) -> list[Properties]:
        """The texts of the layout, in the order in which they were added."""
        return list(self.layout.get("annotations", ()))

    def add_trace(self, added: Properties) -> None:
        """Add a trace as `trace` makes it."""
        self.data.append(added)

    def add_annotation(self, **properties: Any) -> None:
        """Add a text."""
        self.layout["annotations"] = [*self.annotations, merged({}, properties)]

    def add_shape(self, **properties: Any) -> None:
        """Add a line or a rectangle."""
        self.layout["shapes"] = [*self.layout.get("shapes", ()), merged({}, properties)]

    def update_layout(self, changes: Mapping[str, Any] | None = None, **named: Any) -> None:
        """Merge these properties into those of the layout."""
        self.layout = merged(merged(self.layout, changes or {}), named)

    def copy(self) -> Figure:
        """A figure that shares nothing with this one."""
        return copy.deepcopy(self)

    def plain(self) -> dict[str, Any]:
        """What Plotly's JSON has: dicts, lists, text, true and false, numbers, and None for what is not a number."""
        found = {"data": self.data, "layout": self.layout, **({"frames": self.frames} if self.frames else {})}
        return {key: _plain(value) for key, value in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | pd.Series | pd.Index):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    raise TypeError(f"{type(value).__name__} cannot stand in a figure: {value!r}")
