"""One slide: its title of two lines at most, its texts, tables and pictures, and the number in its corner."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

from reports.words import folded, shortened

MARGIN, TOP = 0.6, 1.75
INK, MUTED = "1B2530", "55616E"
TITLE_POINTS, SUBTITLE_POINTS, TEXT_POINTS, LEAST_POINTS = 20, 12, 18, 14
TITLE_LINES, SUBTITLE_LINES = 2, 2
LETTERS = 132.0
"""Letters in an inch at one point: a line of w inches holds w x 132 / points of them, bold ones 12% fewer."""
BOLD = 0.88
BROKEN = 12
"""Letters that breaking a line may leave without use."""
INSTEAD = re.compile("^With “(.+?)” instead of “.+?”, ")
INTERVAL = re.compile(r" \((?:[^()]*, )?95% simulation interval ([^()]+)\)")
CERTAIN = " (in every replication)"
Room = tuple[float, float]
Box = tuple[float, float, float, float]


def letters(width: float, points: float, bold: bool = False) -> int:
    """How many letters a line so many inches wide holds."""
    return int(width * LETTERS / points * (BOLD if bold else 1.0))


def title_text(text: str, width: float, named: str = "") -> str:
    """A title that takes two lines at most: first its intervals lose their words, then go, then the baseline's name.

    Where all that is not enough, what is shown is named instead, or without a name the text is cut.
    """
    a_line = letters(width, TITLE_POINTS, bold=True)
    bare = INTERVAL.sub("", text).replace(CERTAIN, "")
    short = INSTEAD.sub(r"\1: ", bare)
    for one in (text, INTERVAL.sub(r" (\1)", text), bare, short, *filter(None, [named])):
        if len(folded(one, a_line, TITLE_LINES + 1)) <= TITLE_LINES:
            return one
    most = TITLE_LINES * a_line - BROKEN
    while len(folded(shortened(short, most), a_line, TITLE_LINES + 1)) > TITLE_LINES:
        most -= BROKEN
    return shortened(short, most)


def add_slide(show: Any, room: Room, title: str, subtitle: str = "", named: str = "") -> Any:
    """A slide with title, subtitle and number at the end of the show; `named`: the title where that is too long."""
    slide = show.slides.add_slide(_layout(show, "title only", "nur titel", "titre seul"))
    for place in list(slide.placeholders):
        if slide.shapes.title is None or place.placeholder_format.idx != 0:
            place.element.getparent().remove(place.element)
    _title(slide, room, title, named)
    wide = room[0] - 2 * MARGIN
    if subtitle:
        told = shortened(subtitle, SUBTITLE_LINES * letters(wide, SUBTITLE_POINTS) - BROKEN)
        add_text(slide, (MARGIN, 1.18, wide, 0.5), [told], SUBTITLE_POINTS, MUTED)
    _number(slide, room)
    return slide


def _layout(show: Any, *names: str) -> Any:
    """The layout of the first of these names that there is, else the one with the fewest places to fill."""
    by_name = {layout.name.lower(): layout for layout in show.slide_layouts}
    for name in names:
        if name in by_name:
            return by_name[name]
    return min(show.slide_layouts, key=lambda layout: len(layout.placeholders))


def _title(slide: Any, room: Room, text: str, named: str) -> None:
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Inches, Pt

    shape = slide.shapes.title
    if shape is None:
        shape = slide.shapes.add_textbox(0, 0, 0, 0)
    shape.left, shape.top = Inches(MARGIN), Inches(0.22)
    shape.width, shape.height = Inches(room[0] - 2 * MARGIN), Inches(0.95)
    shape.text_frame.word_wrap = True
    shape.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    shape.text_frame.text = title_text(text, room[0] - 2 * MARGIN, named)
    for paragraph in shape.text_frame.paragraphs:
        paragraph.alignment = PP_ALIGN.LEFT
        paragraph.font.size, paragraph.font.bold = Pt(TITLE_POINTS), True


def _number(slide: Any, room: Room) -> None:
    """The slide's number at the lower right, as a field: it follows when slides are moved."""
    from pptx.enum.text import PP_ALIGN
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls
    from pptx.util import Inches

    where = (room[0] - MARGIN - 0.8, room[1] - 0.36, 0.8, 0.3)
    shape = slide.shapes.add_textbox(*(Inches(one) for one in where))
    shape.name = "Slide number"
    paragraph = shape.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT
    field = parse_xml(
        f'<a:fld {nsdecls("a")} id="{{6D6A1F0E-5B0C-4B52-9C39-7B3B6F0C1A11}}" type="slidenum"><a:rPr lang="en-GB" '
        f'sz="1100"><a:solidFill><a:srgbClr val="{MUTED}"/></a:solidFill></a:rPr><a:t>\N{EN DASH}</a:t></a:fld>'
    )
    paragraph._p.append(field)


def add_text(slide: Any, where: Box, texts: Sequence[str], points: float, colour: str) -> None:
    """Paragraphs in a box at (left, top, width, height), in inches."""
    from pptx.dml.color import RGBColor
    from pptx.util import Inches, Pt

    # python-pptx states no types for this one
    inked = RGBColor.from_string(colour)  # type: ignore[no-untyped-call]
    frame = slide.shapes.add_textbox(*(Inches(one) for one in where)).text_frame
    frame.word_wrap = True
    for place, text in enumerate(texts):
        paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
        paragraph.text = text
        paragraph.font.size, paragraph.font.color.rgb = Pt(points), inked
        paragraph.space_after = Pt(6)


def add_table(slide: Any, where: Box, rows: Sequence[Sequence[str]], alt: str) -> None:
    """A native table, its first row the heads; the numbers stand at the right."""
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Inches, Pt

    shape = slide.shapes.add_table(len(rows), len(rows[0]), *(Inches(one) for one in where))
    describe(shape, alt)
    first = min(0.4, 1.4 / len(rows[0]))
    for c in range(len(rows[0])):
        part = first if c == 0 else (1.0 - first) / (len(rows[0]) - 1)
        shape.table.columns[c].width = Inches(where[2] * part)
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            cell = shape.table.cell(r, c)
            cell.text = text
            cell.margin_top = cell.margin_bottom = Inches(0.03)
            for paragraph in cell.text_frame.paragraphs:
                paragraph.font.size = Pt(LEAST_POINTS if len(rows[0]) <= 4 else 11)
                paragraph.alignment = PP_ALIGN.LEFT if c == 0 else PP_ALIGN.RIGHT


def add_picture(slide: Any, room: Room, content: bytes, alt: str) -> None:
    """A picture as large as fits under the title, with its alternative text."""
    from pptx.util import Inches

    picture = slide.shapes.add_picture(io.BytesIO(content), Inches(MARGIN), Inches(TOP))
    largest = Inches(room[0] - 2 * MARGIN), Inches(room[1] - TOP - 0.4)
    factor = min(largest[0] / picture.width, largest[1] / picture.height)
    picture.width, picture.height = int(picture.width * factor), int(picture.height * factor)
    picture.left = int((Inches(room[0]) - picture.width) / 2)
    describe(picture, alt)


def describe(shape: Any, alt: str) -> None:
    """Gives a picture, chart or table its alternative text."""
    shape._element.xpath("./*/p:cNvPr")[0].set("descr", alt)


def add_note(slide: Any, texts: Sequence[str]) -> None:
    """What the speaker sees."""
    slide.notes_slide.notes_text_frame.text = "\n".join(text for text in texts if text)


def portioned(texts: Sequence[str], width: float, height: float, points: float) -> Iterator[list[str]]:
    """The texts in portions that each fit on a slide in a box of this size."""
    most, a_line = int(height * 72 / (points * 1.25)), letters(width, points)
    portion: list[str] = []
    used = 0.0
    for text in texts:
        lines = len(folded(text, a_line, 1_000)) + 0.4
        if portion and used + lines > most:
            yield portion
            portion, used = [], 0.0
        portion.append(text)
        used += lines
    if portion:
        yield portion
