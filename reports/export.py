"""The one way out for a figure: JSON, and HTML that fetches nothing and sends nothing.

A page holds the Plotly library itself, or shares the copy that lies beside it. It forbids by a Content-Security-Policy
everything else that is not in the file (scripts in it are allowed by their digest, so that no other runs), and has the
button that sends a chart to a cloud switched off. The same figures give the same bytes.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from reports import LIBRARY
from reports.figure import Figure
from reports.theme import PICTURE_WIDTH

if TYPE_CHECKING:
    import plotly.graph_objects as go

CONFIG: Mapping[str, Any] = {
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    # a tool bar would add stops for the keyboard that nobody sees; what can be saved has buttons below each chart
    "displayModeBar": False,
    "responsive": True,
    "scrollZoom": False,
    "toImageButtonOptions": {"format": "svg", "width": PICTURE_WIDTH},
}


DARK = "screen and (prefers-color-scheme: dark)"
"""Where the dark style sheet holds until the button of a page is used; never on paper."""


@dataclass(frozen=True)
class Picture:
    """A figure ready for a page. `name` is a word and makes the ids; `reading` tells how to read the chart.

    `table`: the table that it was drawn from. `printed`: whether it is on paper too.
    """

    name: str
    figure: Figure
    reading: str
    table: str
    printed: bool = True

    @property
    def heading(self) -> str:
        """The title as a line of plain text."""
        return unbroken(self.figure.layout["title"]["text"])

    @property
    def subtitle(self) -> str:
        """The subtitle as a line of plain text."""
        return unbroken(self.figure.layout["title"]["subtitle"]["text"])

    @property
    def alt(self) -> str:
        """The alternative text."""
        return str(self.figure.layout["meta"]["alt"])

    @cached_property
    def json(self) -> str:
        """The figure as Plotly JSON."""
        return figure_json(self.figure)


@dataclass(frozen=True)
class Script:
    """A script of ours, put into a page as it is."""

    text: str

    @cached_property
    def source(self) -> str:
        """What a Content-Security-Policy calls it: its digest."""
        return "'sha256-" + base64.b64encode(hashlib.sha256(self.text.encode()).digest()).decode() + "'"

    def __html__(self) -> str:
        return f"<script>{self.text}</script>"


@dataclass(frozen=True)
class Neighbour:
    """A script in a file beside the page. Browsers refuse one with a digest where both are opened from a disk."""

    name: str
    source: ClassVar[str] = "'self'"

    def __html__(self) -> str:
        return f'<script src="{self.name}"></script>'


def figure_json(figure: Figure) -> str:
    """The figure as Plotly JSON: keys in one order, so that the same figure is the same text."""
    return json.dumps(figure.plain(), sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def as_plotly(figure: Figure) -> go.Figure:
    """The figure as one of Plotly, checked by Plotly itself."""
    import plotly.graph_objects as go

    return go.Figure(figure.plain())


def block(ident: str, value: Any) -> Markup:
    """A value as a data block of a page, to be read by its script."""
    return sealed(ident, json.dumps(value, sort_keys=True, ensure_ascii=False))


def inlined(content: bytes, form: str) -> str:
    """An image as an address that holds it."""
    kind = {"svg": "svg+xml"}.get(form, form)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def packed(text: str) -> str:
    """A text as gzip in base64, always the same for the same text."""
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode()


def sealed(ident: str, text: str) -> Markup:
    """A JSON text as a data block; nothing in it can end the block or start another."""
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return Markup('<script type="application/json" id="{}">{}</script>').format(ident, Markup(text))


def unbroken(text: str) -> str:
    """A text of a figure as plain text in one line: without our own tags, entities resolved."""
    return unescape(re.sub(r"</?b>", "", text.replace("-<br>", "-").replace("<br>", " ")))


def page(template: str, alone: bool = True, **values: Any) -> str:
    """A page from a template of ours; its scripts and its policy are put in here and nowhere else.

    `alone`: it holds the Plotly library; else it loads the file `LIBRARY` beside it.
    """
    library, ours = _whole_library() if alone else Neighbour(LIBRARY), Script(_shipped("page.js"))
    return (
        templates()
        .get_template(template)
        .render(
            config=CONFIG,
            block=block,
            packed=packed,
            sealed=sealed,
            alone=alone,
            policy=policy([library, ours]),
            library=library,
            ours=ours,
            **values,
        )
    )


def plotly_library() -> str:
    """Plotly's JavaScript, five megabytes."""
    return _whole_library().text


@cache
def _whole_library() -> Script:
    return Script(str(get_plotlyjs()))


def part(name: str, *values: Any) -> Markup:
    """A piece that several pages share, such as a table, as the macro of this name makes it."""
    made = getattr(templates().get_template("parts.html.jinja").module, name)(*values)
    return Markup(made)


@cache
def templates() -> Environment:
    """The templates, with the style that all pages have."""
    environment = Environment(
        loader=PackageLoader("reports", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        style=Markup('<style>{}</style>\n<style id="dark" media="{}">{}</style>').format(
            Markup(_shipped("page.css")), DARK, Markup(_shipped("dark.css"))
        ),
        library_file=LIBRARY,
    )
    return environment


def policy(scripts: Sequence[Script | Neighbour]) -> str:
    """The Content-Security-Policy of a page with these scripts: nothing else runs, nothing else is fetched."""
    allowed = " ".join(script.source for script in scripts) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _shipped(name: str) -> str:
    return (Path(__file__).parent / "page" / name).read_text(encoding="utf-8")
