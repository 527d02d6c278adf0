"""The results as slides: native, editable charts where PowerPoint has the form, pictures where it has not."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from reports.charts import CHARTS, COSTS
from reports.export import Picture
from reports.findings import Findings, sentence
from reports.grids import KEY
from reports.money import money
from reports.native import NATIVE, Native
from reports.own import intervals
from reports.packages import timeless
from reports.slide_charts import draw_native
from reports.slides import (
    INK,
    LEAST_POINTS,
    MARGIN,
    MUTED,
    TEXT_POINTS,
    TOP,
    Room,
    add_note,
    add_picture,
    add_slide,
    add_table,
    add_text,
    portioned,
)
from reports.study_screens import first_screen
from reports.tables import Tables
from reports.words import bounds, counted, level, shortened

WIDTH, HEIGHT = 13.333, 7.5
MOST_ROWS, MOST_MONEY = 7, 2
"""Rows of a table on a slide; tables of costs in a deck, the others are in the report."""


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


def of_nobody(properties: Any, title: str) -> None:
    """Give a file a title, and take off it the names of whoever made the empty presentation that it began as."""
    properties.title = title
    properties.author = properties.last_modified_by = properties.comments = ""


def deck(
    tables: Tables,
    findings: Findings,
    pictures: Sequence[Picture],
    images: Mapping[str, bytes],
    template: Path | None = None,
) -> bytes:
    """The `.pptx` file: the finding, key figures, a slide a chart, costs, and where the numbers come from.

    `images`: PNG by chart, for charts that PowerPoint does not have; a chart without either is named on the last
    slide. `template`: the presenter's own file, whose slides stay in front and whose layouts are used. Raises
    `NoDeckError` where python-pptx is missing or the template cannot be read.
    """
    show = opened(template)
    if template is None:
        from pptx.util import Inches

        show.slide_width, show.slide_height = Inches(WIDTH), Inches(HEIGHT)
        of_nobody(show.core_properties, str(tables.manifest.get("title") or TITLE))
    room = (show.slide_width or 0) / 914_400, (show.slide_height or 0) / 914_400
    _opening(show, room, tables, findings)
    if findings.scenarios:
        _key_figures(show, room, tables, findings)
    of_costs = {chart.name for chart in CHARTS if chart.section == COSTS}
    left_out = _charts(show, room, tables, findings, [p for p in pictures if p.name not in of_costs], images)
    _costs(show, room, tables, findings)
    left_out += _charts(show, room, tables, findings, [p for p in pictures if p.name in of_costs], images)
    _closing(show, room, tables, left_out)
    out = io.BytesIO()
    show.save(out)
    return timeless(out.getvalue())


TITLE = "CAR-T vein-to-vein simulation"
NAMES = {chart.name: chart.title for chart in CHARTS}
"""What a chart is called where its finding takes more than two lines."""
TALL = ("pathway", "network", "day_by_day")
"""What is read from top to bottom: on a slide its words would be too small; it stands in the report."""
COLOURED = {"stages": "; waiting in a queue stands out in colour"}
"""What PowerPoint's own chart has no legend for."""


def has_native(picture: Picture, tables: Tables, findings: Findings) -> bool:
    """Whether a chart can be one of PowerPoint's own."""
    return _native(picture, tables, findings) is not None


def _native(picture: Picture, tables: Tables, findings: Findings) -> Native | None:
    return NATIVE[picture.name](tables[picture.table], findings) if picture.name in NATIVE else None


def _charts(
    show: Any, room: Room, tables: Tables, findings: Findings, pictures: Sequence[Picture], images: Mapping[str, bytes]
) -> list[str]:
    """A slide a chart; the headings of those that could not be drawn."""
    left_out = []
    for picture in pictures:
        native = _native(picture, tables, findings)
        if picture.name in TALL:
            continue
        if native is None and picture.name not in images:
            left_out.append(picture.heading)
            continue
        subtitle = f"{picture.subtitle}{COLOURED.get(picture.name, '')}"
        slide = add_slide(show, room, picture.heading, subtitle, NAMES.get(picture.name, ""))
        if native is not None:
            draw_native(slide, (MARGIN, TOP, room[0] - 2 * MARGIN, room[1] - TOP - 0.4), native, picture.alt)
        else:
            add_picture(slide, room, images[picture.name], picture.alt)
        add_note(
            slide, [picture.heading, picture.subtitle, picture.reading, picture.alt, _source(tables, picture.table)]
        )
    return left_out


def _source(tables: Tables, table: str) -> str:
    manifest = tables.manifest
    digests = [str(one.get("digest", ""))[:12] for one in manifest.get("scenarios", []) if isinstance(one, dict)]
    told = [
        f"Source: {table}.csv",
        f"command: {manifest.get('command', '')}",
        f"seed {manifest.get('seed', '')}",
        f"{counted(manifest.get('replications', ''), 'replication')}",
        f"scenario digests {', '.join(digests)}" if digests else "",
        intervals(manifest),
    ]
    return "; ".join(text for text in told if text) + "."


def _opening(show: Any, room: Room, tables: Tables, findings: Findings) -> None:
    """The sentence and the findings of the first screen, with who is counted; the whole sentence in the notes."""
    slide = add_slide(show, room, str(tables.manifest.get("title") or TITLE))
    sentences = [sentence(findings, scenario) for scenario in findings.others or findings.scenarios[:1]]
    said = sentences or [str(text) for text in tables.manifest.get("said") or []]
    first = first_screen(tables, findings, "")
    wide = room[0] - 2 * MARGIN
    told = [first.sentence] if first is not None and first.sentence else said[:4]
    size = 28 if sum(map(len, told)) < 260 else TEXT_POINTS
    add_text(slide, (MARGIN, TOP, wide, 3.4), told, size, INK)
    caveat = first.caveat if first is not None else ""
    created = str(tables.manifest.get("created") or "")[:10]
    below = [*([caveat] if caveat else []), f"Simulation results {created}".strip()]
    add_text(slide, (MARGIN, room[1] - 1.7, wide, 1.0), below, LEAST_POINTS, MUTED)
    add_note(slide, [*said, _source(tables, "summary")])


def _key_figures(show: Any, room: Room, tables: Tables, findings: Findings) -> None:
    """The main metrics, a column a scenario and, of two, their difference; as many slides as they need."""
    metrics = [m for m in KEY if any((s, m) in findings.levels for s in findings.scenarios)]
    others = findings.others if len(findings.others) == 1 else ()
    rows = []
    for metric in metrics:
        label = next(e.label for (_, name), e in findings.levels.items() if name == metric)
        estimates = [findings.level(s, metric) for s in findings.scenarios]
        estimates += [findings.change(s, metric) for s in others]
        told = [level(e, short=True) + (f" ({within})" if (within := bounds(e)) else "") for e in estimates]
        rows.append([label, *told])
    note = "Waiting days count infused patients only: read them beside the proportion infused."
    heads = ["", *findings.scenarios, *("Difference" for _ in others)]
    for slide in _tabled(show, room, "Key figures", findings.population(), heads, rows):
        add_note(slide, [note, _source(tables, "summary")])


def _costs(show: Any, room: Room, tables: Tables, findings: Findings) -> None:
    """Costs and QALYs as tables, the first rows of each; their captions say on what they stand."""
    found = money(tables, findings)
    for table in found.grids[:MOST_MONEY] if found is not None else ():
        rows = [[_text(cell) for cell in row] for row in table.rows[:MOST_ROWS]]
        more = f"; {len(table.rows) - MOST_ROWS} more rows in the report" if len(table.rows) > MOST_ROWS else ""
        for slide in _tabled(
            show, room, "Costs and QALYs", table.caption.replace(", listed above", "") + more, list(table.heads), rows
        ):
            add_note(slide, [table.caption, _source(tables, "economics" if "economics" in tables else "psa_icer")])


def _text(cell: str | Markup) -> str:
    return " ".join(cell.striptags().split()) if isinstance(cell, Markup) else str(cell)


def _tabled(
    show: Any, room: Room, title: str, subtitle: str, heads: Sequence[str], rows: Sequence[Sequence[str]]
) -> Iterator[Any]:
    """Slides with the table, so many rows on each."""
    pages = [rows[at : at + MOST_ROWS] for at in range(0, len(rows), MOST_ROWS)]
    shown = [shortened(head, 60) for head in heads]
    for place, some in enumerate(pages, start=1):
        which = f" ({place} of {len(pages)})" if len(pages) > 1 else ""
        slide = add_slide(show, room, title + which, subtitle)
        where = (MARGIN, TOP + 0.1, room[0] - 2 * MARGIN, 0.55 * (len(some) + 1))
        add_table(slide, where, [shown, *some], f"Table: {title}. {subtitle}")
        yield slide


def _closing(show: Any, room: Room, tables: Tables, left_out: Sequence[str]) -> None:
    manifest = tables.manifest
    texts = [_source(tables, "summary")]
    texts += [f"Warning: {text}" for text in manifest.get("warnings") or []]
    texts += [f"Not modelled: {text}" for text in manifest.get("not_modelled") or []]
    texts += [f"Left out, as no browser was there to draw it: {text}" for text in left_out]
    wide, high = room[0] - 2 * MARGIN, room[1] - 1.3 - 0.5
    for portion in portioned(texts, wide, high, LEAST_POINTS):
        slide = add_slide(show, room, "How far to trust this")
        add_text(slide, (MARGIN, 1.3, wide, high), portion, LEAST_POINTS, INK)
        add_note(slide, [_source(tables, "summary")])
