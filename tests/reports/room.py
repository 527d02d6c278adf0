"""Whether the texts of a chart have room: measured in a browser that draws it, for as many charts as one likes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.export import Picture, figure_json, plotly_library
from reports.styles import styled
from reports.theme import SCREEN, STYLES, Style
from tests.reports.browser import Browser

PHONE, PHONE_WIDTH = "phone", 358
"""A telephone is 390 pixels wide, and a page has a margin of 16 at each side."""
FORMS = (*STYLES, PHONE)
SLACK = 2.0
"""Pixels by which the boxes of letters may touch: a box is higher than the letters in it."""

PAGE = """<!doctype html><meta charset="utf-8"><style>body {{ margin: 0; background: #fff }}</style>
<div id="place"></div><script src="plotly.min.js"></script><script>
function change(figure, changes) {{
  for (const [path, value] of Object.entries(changes || {{}})) {{
    const keys = path.split("."), last = keys.pop();
    let place = figure;
    for (const key of keys) {{
      if (place[key] === undefined || place[key] === null) place[key] = {{}};
      place = place[key];
    }}
    if (value === null) delete place[last]; else place[last] = value;
  }}
}}
async function draw(figure, width, phone) {{
  if (phone) {{ change(figure, figure.layout.meta.page); change(figure, figure.layout.meta.narrow); }}
  figure.layout.width = width;
  const place = document.getElementById("place");
  Plotly.purge(place);
  await Plotly.newPlot(place, figure.data, figure.layout, {{ displayModeBar: false, staticPlot: true }});
  return place.querySelector(".svg-container").getBoundingClientRect().height;
}}
// Every line of every text that is seen, with its box; a text with a box behind it of its own may lie over others.
function texts() {{
  const found = [];
  document.querySelectorAll("#place svg text").forEach(function (text, whole) {{
    const style = getComputedStyle(text);
    if (style.visibility === "hidden" || style.display === "none" || Number(style.opacity) === 0) return;
    if (text.closest(".hoverlayer, .g-gtitle .placeholder, defs, .modebar")) return;
    const lines = text.querySelectorAll("tspan.line").length ? text.querySelectorAll("tspan.line") : [text];
    for (const line of lines) {{
      const box = line.getBoundingClientRect();
      const said = line.textContent.trim();
      if (!said || !box.width || !box.height) continue;
      found.push({{ said: said, whole: whole, box: [box.left, box.top, box.right, box.bottom] }});
    }}
  }});
  return found;
}}
// The boxes that bars make.
function boxes() {{
  return [...document.querySelectorAll("#place .bars .point path")].map(function (bar) {{
    const box = bar.getBoundingClientRect();
    return [box.left, box.top, box.right, box.bottom];
  }});
}}
</script>"""


@dataclass(frozen=True)
class Fault:
    """A text without room. `why`: what is wrong with it."""

    chart: str
    form: str
    why: str

    def __str__(self) -> str:
        return f"{self.chart} ({self.form}): {self.why}"


class Room:
    """A page in a browser on which charts are drawn one after another."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        (folder / "plotly.min.js").write_text(plotly_library(), encoding="utf-8")
        (folder / "room.html").write_text(PAGE.format(), encoding="utf-8")
        self._browser = browser
        browser.open(folder / "room.html", 1400, 900)
        browser.wait_for("typeof Plotly !== 'undefined'")

    def draw(self, picture: Picture, form: str) -> tuple[float, float]:
        """Draws the chart in this form; returns its width and height in pixels."""
        style: Style = SCREEN if form == PHONE else STYLES[form]
        figure, width = styled(picture.figure, style), PHONE_WIDTH if form == PHONE else style.width
        height = self._browser.value(f"draw({figure_json(figure)}, {width}, {str(form == PHONE).lower()})")
        return width, float(height)

    def image(self, picture: Picture, form: str) -> bytes:
        """The chart as a PNG, as a browser shows it."""
        width, height = self.draw(picture, form)
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        answer = self._browser.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(answer["data"])

    def faults(self, pictures: Sequence[Picture], forms: Sequence[str] = FORMS) -> Iterator[Fault]:
        """The texts without room of each chart in each form."""
        for picture in pictures:
            for form in forms:
                width, height = self.draw(picture, form)
                texts = json.loads(json.dumps(self._browser.value("texts()")))
                for why in (*unfit(texts, width, height), *outside(texts, self._browser.value("boxes()"))):
                    yield Fault(picture.name, form, why)


def unfit(texts: Sequence[dict[str, Any]], width: float, height: float) -> Iterator[str]:
    """What leaves the picture, and which two lines of text overlap; lines of one text stand below each other."""
    for text in texts:
        left, top, right, bottom = text["box"]
        if left < -SLACK or top < -SLACK or right > width + SLACK or bottom > height + SLACK:
            yield f"{text['said']!r} leaves the picture"
    for place, one in enumerate(texts):
        for other in texts[place + 1 :]:
            if one["whole"] != other["whole"] and _overlap(one["box"], other["box"]):
                yield f"{one['said']!r} and {other['said']!r} overlap"


def outside(texts: Sequence[dict[str, Any]], boxes: Sequence[Sequence[float]]) -> Iterator[str]:
    """What begins inside a box, or ends inside it, and leaves it at the other end, or above or below."""
    for text in texts:
        left, top, right, bottom = text["box"]
        middle = (top + bottom) / 2.0
        for box in boxes:
            if not (box[0] < left < box[2] and box[1] < middle < box[3]):
                continue
            # letters fill some two thirds of the height of their line
            above, below = box[1] - top, bottom - box[3]
            if right > box[2] + SLACK or max(above, below) > 0.3 * (bottom - top):
                yield f"{text['said']!r} leaves its box"


def _overlap(one: Sequence[float], other: Sequence[float]) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    # letters fill some two thirds of the height of their line
    lowest = min(one[3] - one[1], other[3] - other[1])
    return across > SLACK and down > max(SLACK, 0.3 * lowest)
