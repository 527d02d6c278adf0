"""The results as slides: native, editable charts where PowerPoint has the form, pictures where it has not."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.export import Picture
from reports.findings import Findings, sentence
from reports.first_screen import lead
from reports.grids import KEY
from reports.native import NATIVE, Native
from reports.own import intervals
from reports.packages import timeless
from reports.slide_charts import draw_native
from reports.tables import Tables
from reports.words import bounds, level

WIDTH, HEIGHT = 13.333, 7.5
MARGIN, TOP = 0.6, 1.55
INK, MUTED = "1B2530", "55616E"


class NoDeckError(Exception):
    """Slides cannot be made; the message says why."""


class TemplateError(NoDeckError):
    """The presenter's file is no presentation."""


def opened(template: Path | None) -> Any:
    """The presentation that slides are added to: the presenter's own, or an empty one. Raises `NoDeckError`."""
    try:
        import pptx
    except ImportError:
        raise NoDeckError("python-pptx is not installed: pip install python-pptx") from None
    try:
        return pptx.Presentation(str(template) if template else None)
    except Exception as error:
        # a file that is no presentation fails in as many ways as there are files
        raise TemplateError(f"{template}: is not a PowerPoint presentation ({error})") from error


def deck(
    tables: Tables,
    findings: Findings,
    pictures: Sequence[Picture],
    images: Mapping[str, bytes],
    template: Path | None = None,
) -> bytes:
    """The `.pptx` file: title, finding with key figures, a slide a chart, and where the numbers come from.

    `images`: PNG by chart, for charts that PowerPoint does not have; a chart without either is named on the last
    slide. `template`: the presenter's own file, whose slides stay in front and whose layouts are used. Raises
    `NoDeckError` where python-pptx is missing or the template cannot be read.
    """
    show = opened(template)
    if template is None:
        from pptx.util import Inches

        show.slide_width, show.slide_height = Inches(WIDTH), Inches(HEIGHT)
    room = (show.slide_width or 0) / 914_400, (show.slide_height or 0) / 914_400
    _opening(show, room, tables, findings)
    if findings.scenarios:
        _key_figures(show, room, tables, findings)
    left_out = []
    for picture in pictures:
        native = _native(picture, tables, findings)
        if native is None and picture.name not in images:
            left_out.append(picture.heading)
            continue
        slide = _slide(show, room, picture.heading, picture.subtitle)
        if native is not None:
            draw_native(slide, (MARGIN, TOP, room[0] - 2 * MARGIN, room[1] - TOP - 0.35), native)
        else:
            _image(slide, room, images[picture.name], picture.alt)
        _note(slide, [picture.heading, picture.subtitle, picture.reading, picture.alt, _source(tables, picture.table)])
    _closing(show, room, tables, left_out)
    out = io.BytesIO()
    show.save(out)
    return timeless(out.getvalue())


def has_native(picture: Picture, tables: Tables, findings: Findings) -> bool:
    """Whether a chart can be one of PowerPoint's own."""
    return _native(picture, tables, findings) is not None


def _native(picture: Picture, tables: Tables, findings: Findings) -> Native | None:
    return NATIVE[picture.name](tables[picture.table], findings) if picture.name in NATIVE else None


def _layout(show: Any, *names: str) -> Any:
    """The layout of the first of these names that there is, else the one with the fewest places to fill."""
    by_name = {layout.name.lower(): layout for layout in show.slide_layouts}
    for name in names:
        if name in by_name:
            return by_name[name]
    return min(show.slide_layouts, key=lambda layout: len(layout.placeholders))


def _slide(show: Any, room: tuple[float, float], title: str, subtitle: str = "") -> Any:
    slide = show.slides.add_slide(_layout(show, "title only", "nur titel", "titre seul"))
    for place in list(slide.placeholders):
        if slide.shapes.title is None or place.placeholder_format.idx != 0:
            place.element.getparent().remove(place.element)
    _title(slide, room, title)
    if subtitle:
        _box(slide, (MARGIN, 1.16, room[0] - 2 * MARGIN, 0.4), [subtitle], 13, MUTED)
    return slide


def _title(slide: Any, room: tuple[float, float], text: str) -> None:
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Inches, Pt

    shape = slide.shapes.title
    if shape is None:
        shape = slide.shapes.add_textbox(0, 0, 0, 0)
    shape.left, shape.top = Inches(MARGIN), Inches(0.22)
    shape.width, shape.height = Inches(room[0] - 2 * MARGIN), Inches(0.95)
    shape.text_frame.word_wrap = True
    shape.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    shape.text_frame.text = text
    for paragraph in shape.text_frame.paragraphs:
        paragraph.alignment = PP_ALIGN.LEFT
        paragraph.font.size, paragraph.font.bold = Pt(24 if len(text) < 110 else 20 if len(text) < 160 else 16), True


def _box(slide: Any, where: tuple[float, float, float, float], texts: Sequence[str], size: float, colour: str) -> None:
    from pptx.dml.color import RGBColor
    from pptx.util import Inches, Pt

    frame = slide.shapes.add_textbox(*(Inches(one) for one in where)).text_frame
    frame.word_wrap = True
    for place, text in enumerate(texts):
        paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
        paragraph.text = text
        paragraph.font.size, paragraph.font.color.rgb = Pt(size), RGBColor.from_string(colour)
        paragraph.space_after = Pt(6)


def _note(slide: Any, texts: Sequence[str]) -> None:
    slide.notes_slide.notes_text_frame.text = "\n".join(text for text in texts if text)


def _source(tables: Tables, table: str) -> str:
    manifest = tables.manifest
    digests = [str(one.get("digest", ""))[:12] for one in manifest.get("scenarios", []) if isinstance(one, dict)]
    told = [
        f"Source: {table}.csv",
        f"command: {manifest.get('command', '')}",
        f"seed {manifest.get('seed', '')}",
        f"{manifest.get('replications', '')} replications",
        f"scenario digests {', '.join(digests)}" if digests else "",
        intervals(manifest),
    ]
    return "; ".join(text for text in told if text) + "."


def _opening(show: Any, room: tuple[float, float], tables: Tables, findings: Findings) -> None:
    title = str(tables.manifest.get("title") or "CAR-T vein-to-vein simulation")
    slide = _slide(show, room, title)
    sentences = [lead(findings)] if findings.scenarios else []
    sentences = sentences or [str(text) for text in tables.manifest.get("said") or []]
    _box(slide, (MARGIN, 2.0, room[0] - 2 * MARGIN, 3.5), sentences[:4], 24 if len(sentences) < 3 else 16, INK)
    created = str(tables.manifest.get("created") or "")[:10]
    _box(
        slide, (MARGIN, room[1] - 0.9, room[0] - 2 * MARGIN, 0.4), [f"Simulation results {created}".strip()], 13, MUTED
    )
    whole = [sentence(findings, scenario) for scenario in findings.others or findings.scenarios[:1]]
    _note(slide, [*(whole or sentences), _source(tables, "summary")])


def _key_figures(show: Any, room: tuple[float, float], tables: Tables, findings: Findings) -> None:
    """A native table: the main metrics, a column a scenario and, of two, their difference."""
    from pptx.util import Inches, Pt

    metrics = [m for m in KEY if any((s, m) in findings.levels for s in findings.scenarios)]
    others = findings.others if len(findings.others) == 1 else ()
    heads = ["", *findings.scenarios, *("Difference" for _ in others)]
    slide = _slide(show, room, "Key figures", findings.population())
    shape = slide.shapes.add_table(
        len(metrics) + 1, len(heads), Inches(MARGIN), Inches(TOP + 0.2), Inches(room[0] - 2 * MARGIN), Inches(4.5)
    )
    table = shape.table
    rows = [heads]
    for metric in metrics:
        label = next(e.label for (_, name), e in findings.levels.items() if name == metric)
        estimates = [findings.level(s, metric) for s in findings.scenarios]
        estimates += [findings.change(s, metric) for s in others]
        told = [level(e, short=True) + (f"\n({within})" if (within := bounds(e)) else "") for e in estimates]
        rows.append([label, *told])
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            cell = table.cell(r, c)
            cell.text = text
            for paragraph in cell.text_frame.paragraphs:
                paragraph.font.size = Pt(14 if len(heads) <= 4 else 10)
    _note(
        slide,
        ["Waiting days count infused patients only: read them beside the share infused.", _source(tables, "summary")],
    )


def _image(slide: Any, room: tuple[float, float], content: bytes, alt: str) -> None:
    """A picture as large as fits under the title, with its alternative text."""
    from pptx.util import Inches

    picture = slide.shapes.add_picture(io.BytesIO(content), Inches(MARGIN), Inches(TOP))
    largest = Inches(room[0] - 2 * MARGIN), Inches(room[1] - TOP - 0.25)
    factor = min(largest[0] / picture.width, largest[1] / picture.height)
    picture.width, picture.height = int(picture.width * factor), int(picture.height * factor)
    picture.left = int((Inches(room[0]) - picture.width) / 2)
    picture._element.nvPicPr.cNvPr.set("descr", alt)


def _closing(show: Any, room: tuple[float, float], tables: Tables, left_out: Sequence[str]) -> None:
    manifest = tables.manifest
    texts = [f"Warning: {text}" for text in manifest.get("warnings") or []]
    texts += [f"Not modelled: {text}" for text in manifest.get("not_modelled") or []]
    texts += [f"Left out, as no browser was there to draw it: {text}" for text in left_out]
    slide = _slide(show, room, "How far to trust this")
    texts = [_source(tables, "summary"), *texts]
    size = 16 if sum(map(len, texts)) < 1_200 else 12 if sum(map(len, texts)) < 2_600 else 9
    _box(slide, (MARGIN, 1.3, room[0] - 2 * MARGIN, room[1] - 1.7), texts, size, INK)
    _note(slide, [_source(tables, "summary")])
