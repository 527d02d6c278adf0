"""A figure in another style: for a slide or for paper instead of the screen. Its numbers are the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reports.figure import Figure
from reports.theme import SCREEN, Style, fitting, frame

SIZED_IN_TEXT = re.compile(r"font-size:(\d+(?:\.\d+)?)px")


def styled(figure: Figure, style: Style) -> Figure:
    """The figure, drawn for the screen, in this style; the one given stays as it was."""
    if style == SCREEN:
        return figure
    style = fitting(style, figure.layout["meta"]["sizes"]["height"])
    found = figure.copy()
    layout = {
        key: value if key in ("meta", "title") else _larger(value, key, style) for key, value in found.layout.items()
    }
    data = [{key: _larger(value, key, style) for key, value in trace.items()} for trace in found.data]
    return frame(Figure(data, layout), style)


def untitled(figure: Figure) -> Figure:
    """The figure without its title, for a place that has one of its own; the one given stays as it was."""
    found = figure.copy()
    page = found.layout["meta"]["page"]
    found.update_layout(
        title=None,
        height=page["layout.height"],
        margin={"t": page["layout.margin.t"]},
        legend={"y": 1.0, "yref": "container", "yanchor": "top"},
    )
    return found


def _larger(value: Any, key: str, style: Style) -> Any:
    """A part of a figure with its type, lines and symbols as large as the style has them."""
    if isinstance(value, Mapping):
        return {inner: _scaled(one, key, inner, style) for inner, one in value.items()}
    if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
        return [_larger(one, key, style) for one in value]
    if key in ("text", "ticktext", "name"):
        return _text(value, style)
    return value


def _scaled(value: Any, outer: str, key: str, style: Style) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and key == "size" and ("font" in outer or outer == "marker"):
        return value * style.zoom
    if number and key in ("width", "thickness") and (outer == "line" or outer.startswith("error_")):
        return value * style.lines
    if number and key in ("yshift", "xshift", "standoff"):
        return value * style.zoom
    return _larger(value, key, style)


def _text(value: Any, style: Style) -> Any:
    """Text with the sizes that it states itself."""
    if isinstance(value, str):
        return SIZED_IN_TEXT.sub(lambda found: f"font-size:{float(found[1]) * style.zoom:g}px", value)
    if isinstance(value, list | tuple):
        return [_text(one, style) for one in value]
    return value
