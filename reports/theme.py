"""The one look of all charts: colours by meaning, type, titles. No global Plotly state is read or set.

Scenarios are told apart by place in the run (the baseline is first and navy in every chart), outcomes and
kinds of stage by name. The colours differ in lightness as well as in hue, so that they hold for colour-blind
readers and in greyscale; `tests/reports/test_theme.py` measures both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from reports.figure import Figure
from reports.words import folded, shortened
from sim.tables import WITHDRAWALS

INK, MUTED, RULE, PAPER = "#1B2530", "#55616E", "#DFE4E9", "#FFFFFF"
FONT = "'Segoe UI', 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
TITLE_SIZE, SUBTITLE_SIZE, BODY_SIZE, SMALL_SIZE = 20, 13, 13, 12
TITLE_WIDTH, SUBTITLE_WIDTH = 82, 135
"""Characters in a line of the title and subtitle on a picture 1,100 pixels wide."""
PICTURE_WIDTH = 1100


@dataclass(frozen=True)
class Mark:
    """How one scenario is drawn in every chart; `hatch`: what its bars bear, so that grey paper tells them apart."""

    colour: str
    dash: str
    symbol: str
    hatch: str = ""


SCENARIOS = (
    Mark("#12355B", "solid", "circle"),
    Mark("#E07A1F", "dash", "square", "/"),
    Mark("#7F55CA", "dot", "diamond", "."),
    Mark("#4E899C", "dashdot", "triangle-up", "x"),
    Mark("#803E03", "longdash", "cross", "-"),
    Mark("#321911", "longdashdot", "x", "|"),
)
OFFICE_HATCHES: Mapping[str, str] = {
    "/": "wide_upward_diagonal",
    ".": "percent_25",
    "x": "trellis",
    "-": "dark_horizontal",
    "|": "dark_vertical",
}
"""What Office calls the hatches of the scenarios, on slides and in the workbook."""
OUTCOMES: Mapping[str, str] = {
    "infused": "#096E75",
    "alternative": "#182A54",
    "progressed": "#C9651F",
    "died": "#2B1420",
    "withdrawn": "#C79BD9",
    "collection_failed": "#7A1606",
    "product_failed": "#782C97",
    "unsuitable": "#6D7653",
    "waiting": "#83C9B2",
}
EVENTS: Mapping[str, str] = {
    **OUTCOMES,
    **dict.fromkeys(WITHDRAWALS, OUTCOMES["withdrawn"]),
    "funding": OUTCOMES["unsuitable"],
    "standard_care": OUTCOMES["unsuitable"],
    "failed": OUTCOMES["product_failed"],
}
"""Outcomes with the reasons of withdrawal, and the groups of outcomes that a chart of events puts together."""
UNKNOWN = "#8A929B"
QUEUE = "#9B2D6E"
PROCESS = ("#B9C7D5", "#D9E1E9", "#9DB0C3")
"""Neighbouring stages take these in turn; what matters is that none is the colour of a queue."""
NEITHER = "#C4CBD2"


HIGHEST = 1600
"""Pixels of panels on a screen that paper still holds on one page, with a title and what is said below."""
LEAST_ZOOM, MOST_SQUEEZE, WORDS_SQUEEZE = 1.15, 2.5, 1.3
"""On a slide: the least enlargement of type, and how much higher a plot may be to be squeezed into its room, and one
that has words in each of its rows."""


def mark(place: int) -> Mark:
    """The mark of the scenario at this place; they repeat after six."""
    return SCENARIOS[place % len(SCENARIOS)]


def hatched(one: Mark) -> dict[str, object]:
    """How a bar of the scenario is filled: lighter inside, so that a dark whisker is seen on it, with its hatch."""
    inside = lighter(one.colour)
    hatch = {"shape": one.hatch, "fgcolor": one.colour, "bgcolor": inside, "size": 7, "solidity": 0.18}
    return {
        "color": inside,
        "line": {"width": 1.2, "color": one.colour},
        **({"pattern": hatch} if one.hatch else {}),
    }


def outcome_colour(outcome: str) -> str:
    """The colour of an outcome or event."""
    return EVENTS.get(outcome, UNKNOWN)


def plain(text: str) -> str:
    """The text as Plotly shows it letter for letter: no tag, link or entity in it comes to life."""
    return escape(text, quote=False)


def name_of(scenario: str, width: int = 48) -> str:
    """A scenario's name on one line of a chart, cut where it is long."""
    return plain(shortened(" ".join(scenario.split()), width))


def lines(text: str, width: int, most: int = 3) -> str:
    """Plain text broken into lines for a chart."""
    return "<br>".join(plain(line) for line in folded(text, width, most))


def legible(colour: str) -> str:
    """The colour, darkened until text in it has a contrast of 4.5 to 1 on white."""
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    while _luminance(channels) > 0.18:
        channels = [int(channel * 0.96) for channel in channels]
    return "#" + "".join(f"{channel:02X}" for channel in channels)


def _luminance(channels: Sequence[int]) -> float:
    """Relative luminance of an sRGB colour as in WCAG 2."""
    linear = [c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def lighter(colour: str, part: float = 0.45) -> str:
    """The colour mixed with so much of white: what is filled with it has an edge in the colour itself."""
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(channel + (255 - channel) * part):02X}" for channel in channels)


def faint(colour: str, opacity: float) -> str:
    """The colour with some transparency, for bands."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def canvas() -> Figure:
    """An empty figure in the theme, which is its own template: no default of Plotly has a say."""
    axis = {
        "gridcolor": RULE,
        "linecolor": MUTED,
        "zerolinecolor": MUTED,
        "zerolinewidth": 1,
        "tickfont": {"size": SMALL_SIZE, "color": MUTED},
        "title": {"font": {"size": SMALL_SIZE, "color": MUTED}, "standoff": 8},
        "automargin": False,
        "ticklabelstandoff": 5,
    }
    template = {
        "layout": {
            "font": {"family": FONT, "size": BODY_SIZE, "color": INK},
            "paper_bgcolor": PAPER,
            "plot_bgcolor": PAPER,
            "colorway": [one.colour for one in SCENARIOS],
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {
                "bgcolor": PAPER,
                "bordercolor": MUTED,
                "font": {"size": 13, "color": INK},
                "align": "left",
            },
            "hovermode": "closest",
            "dragmode": False,
            "barcornerradius": 0,
        }
    }
    return Figure(layout={"template": template})


@dataclass(frozen=True)
class Style:
    """How large everything is on a picture: `zoom` of type, margins and rows, `lines` of line widths.

    `width`, `least_height`: pixels of the picture, before a raster is made at `scale` times as many.
    """

    name: str
    width: int
    zoom: float
    title_size: int
    lines: float
    scale: float
    least_height: int = 0


SCREEN = Style("screen", PICTURE_WIDTH, 1.0, TITLE_SIZE, 1.0, 2.0)
SLIDE = Style("slide", 1280, 1.5, 30, 1.6, 1.5, least_height=720)
PRINT = Style("print", 800, 1.0, 17, 0.9, 3.0)
STYLES: Mapping[str, Style] = {style.name: style for style in (SCREEN, SLIDE, PRINT)}
"""`screen`: a web page; `slide`: 16 to 9, read from the back of a room; `print`: 170 mm wide on paper, 8 point."""


def fitting(style: Style, height: int) -> Style:
    """The style for a plot so many pixels high: where it has a height to keep to, type is smaller in a higher plot."""
    if not style.least_height:
        return style
    zoom = min(style.zoom, max(LEAST_ZOOM, 0.75 * style.least_height / height))
    return replace(style, zoom=zoom)


def finish(
    figure: Figure,
    *,
    title: str,
    subtitle: str,
    alt: str,
    height: int,
    margin: Mapping[str, int],
    legend: Sequence[str] = (),
    narrow: Mapping[str, Any] | None = None,
    narrow_height: int | None = None,
    squeeze: float = MOST_SQUEEZE,
) -> Figure:
    """The figure with title, subtitle, legend and size, in the style of the screen.

    `height`, `margin`: pixels of the plot with its margins at the left, right and below, title and legend not
    counted. `legend`: names in the legend on a wide page; a figure's traces say which of them show.
    `squeeze`: how many times higher than its room on a slide the plot may be to be squeezed into it; a higher one makes
    the picture higher. `narrow`: what is different on a phone, as dotted path to value. `layout.meta` keeps these
    changes, the alternative text for the page that shows the figure (the title is a heading there, which wraps) and
    what another style needs.
    """
    narrow = dict(narrow or {})
    names = narrow.pop("legend", legend)
    narrow_legend = 24 * _legend_rows(names, 300) + 10 if names else 30
    phone = {
        "layout.height": (narrow_height or height) + narrow_legend,
        "layout.margin.t": narrow_legend,
        "layout.showlegend": bool(names),
        **narrow,
    }
    sizes = {"height": height, "margin": dict(margin), "legend": list(legend), "squeeze": squeeze}
    figure.update_layout(meta={"alt": alt, "narrow": phone, "title": title, "subtitle": subtitle, "sizes": sizes})
    return frame(figure, SCREEN)


def frame(figure: Figure, style: Style) -> Figure:
    """The figure with its title, legend, margins and size as this style has them."""
    meta = figure.layout["meta"]
    sizes, zoom = meta["sizes"], style.zoom
    legend, wide = sizes["legend"], style.width / PICTURE_WIDTH
    letters = int(TITLE_WIDTH * wide * TITLE_SIZE / style.title_size), int(SUBTITLE_WIDTH * wide / zoom)
    title_lines, subtitle_lines = folded(meta["title"], letters[0], 4), folded(meta["subtitle"], letters[1], 3)
    title_height = 1.3 * style.title_size * len(title_lines) + 18 * zoom * len(subtitle_lines)
    head = round(10 + style.title_size + title_height + 12 * zoom)
    rows = _legend_rows(legend, (style.width - 100) / zoom)
    legend_height = round((26 * rows + 6 if legend else 30) * zoom)
    plot = round(sizes["height"] * zoom)
    if style.least_height:
        room = style.least_height - head - legend_height
        plot = room if plot < sizes["squeeze"] * room else plot
    full, page = plot + head + legend_height, plot + legend_height
    figure.update_layout(
        title={
            "text": "<b>" + "<br>".join(map(plain, title_lines)) + "</b>",
            "font": {"size": style.title_size, "color": INK},
            "subtitle": {
                "text": "<br>".join(map(plain, subtitle_lines)),
                "font": {"size": SUBTITLE_SIZE * zoom, "color": MUTED},
            },
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"l": 20, "t": 12 + style.title_size},
        },
        height=full,
        margin={side: round(space * zoom) for side, space in sizes["margin"].items()}
        | {"t": head + legend_height, "pad": 0},
        legend={
            "orientation": "h",
            "x": 0.01,
            "xref": "container",
            "xanchor": "left",
            "y": (full - head + 4) / full,
            "yref": "container",
            "yanchor": "top",
            "font": {"size": BODY_SIZE * zoom},
            "itemclick": False,
            "itemdoubleclick": False,
            "bgcolor": "rgba(0,0,0,0)",
        },
        showlegend=bool(legend),
        meta={
            **meta,
            "page": {
                "layout.title": None,
                "layout.height": page,
                "layout.margin.t": legend_height,
                "layout.legend.x": 0,
                "layout.legend.y": 1,
            },
        },
    )
    return figure


def _legend_rows(names: Sequence[str], width: float) -> int:
    """How many rows a horizontal legend takes, by its letters: all entries are as wide as the longest."""
    if not names:
        return 0
    entry = 50 + 7.5 * max(len(name) for name in names)
    a_row = max(1, int(width / entry))
    return -(-len(names) // a_row)


def on_a_page(heights: Sequence[float], gap: float) -> int:
    """How many panels so high come on one printed page: at least the first."""
    there = [sum(heights[: count + 1]) + gap * count <= HIGHEST for count in range(len(heights))]
    return max(1, sum(there))


def stacked(heights: Sequence[float], gap: float, above: float) -> list[tuple[float, float]]:
    """The vertical domains (0 to 1, from the top down) of panels so many pixels high.

    `gap`: pixels between two panels; `above`: over the first, for its heading.
    """
    whole = above + sum(heights) + gap * (len(heights) - 1)
    domains, top = [], whole - above
    for panel in heights:
        domains.append(((top - panel) / whole, top / whole))
        top -= panel + gap
    return domains


def day_tick(last: float, most: int = 8) -> int:
    """Days between two ticks on an axis that ends at `last`."""
    return next((step for step in (1, 2, 7, 14, 30, 60, 90, 180, 365, 730) if last / step <= most), 1460)
