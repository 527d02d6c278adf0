"""The files of a report, made in memory: charts, the report page, the method tables, and what was asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from reports import LIBRARY, Held, Wanted, grids, report
from reports.animation import animation_page
from reports.charts import CHARTS, Chart
from reports.deck import NoDeckError, deck, has_native
from reports.export import Picture, as_plotly, inlined, page, part, plotly_library
from reports.findings import Findings, gather
from reports.first_screen import lead
from reports.grids import of_charts
from reports.images import Job, NoImagesError, images
from reports.methods import methods_text
from reports.styles import styled
from reports.tables import Tables, read
from reports.theme import SCREEN, SLIDE, STYLES, Style
from reports.workbook import NoWorkbookError, workbook

if TYPE_CHECKING:
    import plotly.graph_objects as go

SHOWN = ("svg", "png")
"""The forms of images that a page can show, the better one first."""


class NoChartError(LookupError):
    """A chart that these results do not have; the message names those that they have."""


@dataclass(frozen=True)
class Drawn:
    """What a browser drew: the files that were asked for, by chart and form, and the images for slides, by chart."""

    files: Mapping[tuple[str, str], bytes]
    slides: Mapping[str, bytes]


def build(
    folder: Path, wanted: Wanted, cannot: list[str], held: Held | None = None
) -> Iterator[tuple[str, str | bytes]]:
    """Name and content of each file, the report after the charts, then what was asked for beside them.

    What cannot be made on this machine is left out, and why is added to `cannot`. `held`: tables that need not be read.
    """
    tables = read(folder, held or {})
    findings = gather(tables)
    pictures = draw(tables, findings)
    numbers = _numbers(tables, findings)
    style = STYLES[wanted.style]
    drawn = _drawn_by_a_browser(tables, findings, pictures, wanted, cannot)
    stills = _stills(drawn)
    if pictures and not wanted.standalone:
        yield f"charts/{LIBRARY}", plotly_library()
    for picture in pictures if style == SCREEN else in_style(pictures, style):
        yield f"charts/{picture.name}.json", picture.json + "\n"
        yield f"charts/{picture.name}.html", _chart_page(picture, numbers[picture.table], stills, wanted)
    yield "report.html", report.page_of(tables, findings, pictures, numbers, stills)
    methods = methods_text(tables)
    if methods is not None:
        yield "methods.md", methods
    yield from _asked_for(folder, tables, findings, pictures, drawn, wanted, cannot)


def _numbers(tables: Tables, findings: Findings) -> dict[str, Markup]:
    """The table behind each chart as HTML, by the name of its table."""
    return {name: part("grid", table) for name, table in of_charts(tables, findings).items()}


def _chart_page(picture: Picture, numbers: Markup, stills: Mapping[str, str], wanted: Wanted) -> str:
    """One chart as a page of its own, with its numbers."""
    still = stills.get(picture.name)
    return page(
        "chart.html.jinja", wanted.standalone, title=picture.heading, picture=picture, numbers=numbers, still=still
    )


def _stills(drawn: Drawn) -> dict[str, str]:
    """The images that a page shows where it cannot draw, as addresses, by chart; the better form of those there are."""
    found: dict[str, str] = {}
    for wanted in SHOWN:
        for (name, form), content in drawn.files.items():
            if form == wanted:
                found.setdefault(name, inlined(content, form))
    return found


def _drawn_by_a_browser(
    tables: Tables, findings: Findings, pictures: Sequence[Picture], wanted: Wanted, cannot: list[str]
) -> Drawn:
    """The images that were asked for, and those for slides of charts that PowerPoint does not have."""
    files = [Job(picture, form, STYLES[wanted.style]) for picture in pictures for form in wanted.images]
    for_deck = [
        Job(one, "png", SLIDE, bare=True) for one in pictures if wanted.slides and not has_native(one, tables, findings)
    ]
    try:
        made = images([*files, *for_deck])
    except NoImagesError as error:
        cannot.append(str(error) if files else f"slides without the charts that PowerPoint does not have: {error}")
        return Drawn({}, {})
    of_files = {(job.picture.name, job.form): one for job, one in zip(files, made[: len(files)], strict=True)}
    return Drawn(of_files, {job.picture.name: one for job, one in zip(for_deck, made[len(files) :], strict=True)})


def _asked_for(
    folder: Path,
    tables: Tables,
    findings: Findings,
    pictures: Sequence[Picture],
    drawn: Drawn,
    wanted: Wanted,
    cannot: list[str],
) -> Iterator[tuple[str, str | bytes]]:
    if wanted.animation:
        moving = animation_page(folder, tables.frames.get("use_through_time"), findings, wanted.standalone)
        if moving is None:
            cannot.append("no animation: the results folder has no patients.parquet, or nobody in it")
        else:
            yield "charts/animation.html", moving
    if wanted.workbook:
        try:
            yield "workbook.xlsx", workbook(tables, findings, folder)
        except NoWorkbookError as error:
            cannot.append(f"no workbook: {error}")
    for (name, form), content in drawn.files.items():
        yield f"charts/{name}.{form}", content
    if wanted.slides:
        try:
            yield "slides.pptx", deck(tables, findings, pictures, drawn.slides, wanted.template)
        except NoDeckError as error:
            cannot.append(f"no slides: {error}")


def draw(tables: Tables, findings: Findings) -> list[Picture]:
    """The charts whose table there is, in the order of the registry."""
    several = len(findings.others) > 1

    def picture(chart: Chart) -> Picture:
        printed = chart.printed and not (several and chart.grows)
        return Picture(chart.name, chart.draw(tables[chart.table], findings), chart.reading, chart.table, printed)

    return [picture(chart) for chart in CHARTS if chart.table in tables and chart.fits(tables[chart.table])]


def report_of(folder: Path) -> str:
    """`report.html` of the tables in `folder`, as text: one file that needs no other."""
    tables = read(folder)
    findings = gather(tables)
    pictures = draw(tables, findings)
    return report.page_of(tables, findings, pictures, _numbers(tables, findings), {})


def finding_of(folder: Path) -> str:
    """What the tables in `folder` say, in one sentence."""
    return lead(gather(read(folder)))


def tiles_of(folder: Path) -> str:
    """The figures that matter most of the tables in `folder`, as a table in HTML."""
    findings = gather(read(folder))
    return str(part("grid", grids.key_figures(findings)[0]))


def chart_names(folder: Path) -> tuple[str, ...]:
    """The charts that the tables in `folder` have, in the order of the report."""
    tables = read(folder)
    return tuple(chart.name for chart in CHARTS if chart.table in tables and chart.fits(tables[chart.table]))


def figure_of(folder: Path, name: str, style: str = "screen") -> go.Figure:
    """A chart of the tables in `folder`, as a figure of Plotly. Raises NoChartError where there is none of the name."""
    tables = read(folder)
    there = [chart for chart in CHARTS if chart.table in tables and chart.fits(tables[chart.table])]
    found = next((chart for chart in there if chart.name == name), None)
    if found is None:
        raise NoChartError(f"no chart {name!r} in these results; there are: {', '.join(one.name for one in there)}")
    return as_plotly(styled(found.draw(tables[found.table], gather(tables)), STYLES[style]))


def in_style(pictures: Sequence[Picture], style: Style) -> list[Picture]:
    """The pictures in another style than that of the screen."""
    return [dataclasses.replace(picture, figure=styled(picture.figure, style)) for picture in pictures]
