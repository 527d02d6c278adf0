"""The files of a report, made in memory: charts, the report page, the method tables, and what was asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from reports import Wanted, report
from reports.animation import animation_page
from reports.charts import CHARTS
from reports.deck import NoDeckError, deck, has_native
from reports.export import Picture, chart_page
from reports.findings import Findings, gather
from reports.images import Job, NoImagesError, images
from reports.methods import methods_text
from reports.styles import styled
from reports.tables import Tables, read
from reports.theme import SCREEN, SLIDE, STYLES, Style
from reports.workbook import NoWorkbookError, workbook


def build(folder: Path, wanted: Wanted, cannot: list[str]) -> Iterator[tuple[str, str | bytes]]:
    """Name and content of each file, the report after the charts, then what was asked for beside them.

    What cannot be made on this machine is left out, and why is added to `cannot`.
    """
    tables = read(folder)
    findings = gather(tables)
    pictures = draw(tables, findings)
    style = STYLES[wanted.style]
    for picture in pictures if style == SCREEN else in_style(pictures, style):
        yield f"charts/{picture.name}.json", picture.json + "\n"
        yield f"charts/{picture.name}.html", chart_page(picture)
    yield "report.html", report.page_of(tables, findings, pictures)
    methods = methods_text(tables)
    if methods is not None:
        yield "methods.md", methods
    yield from _asked_for(folder, tables, findings, pictures, wanted, cannot)


def _asked_for(
    folder: Path,
    tables: Tables,
    findings: Findings,
    pictures: Sequence[Picture],
    wanted: Wanted,
    cannot: list[str],
) -> Iterator[tuple[str, str | bytes]]:
    if wanted.animation:
        moving = animation_page(folder, findings)
        if moving is None:
            cannot.append("no animation: the results folder has no patients.parquet, or nobody in it")
        else:
            yield "charts/animation.html", moving
    if wanted.workbook:
        try:
            yield "workbook.xlsx", workbook(tables, findings, folder)
        except NoWorkbookError as error:
            cannot.append(f"no workbook: {error}")
    files = [Job(picture, form, STYLES[wanted.style]) for picture in pictures for form in wanted.images]
    for_deck = [
        Job(one, "png", SLIDE, bare=True) for one in pictures if wanted.slides and not has_native(one, tables, findings)
    ]
    drawn: list[bytes] = []
    try:
        drawn = images([*files, *for_deck])
    except NoImagesError as error:
        cannot.append(str(error) if files else f"slides without the charts that PowerPoint does not have: {error}")
    for job, content in zip(files, drawn[: len(files)], strict=False):
        yield f"charts/{job.picture.name}.{job.form}", content
    if wanted.slides:
        shown = {job.picture.name: content for job, content in zip(for_deck, drawn[len(files) :], strict=False)}
        try:
            yield "slides.pptx", deck(tables, findings, pictures, shown, wanted.template)
        except NoDeckError as error:
            cannot.append(f"no slides: {error}")


def draw(tables: Tables, findings: Findings) -> list[Picture]:
    """The charts whose table there is, in the order of the registry."""
    return [
        Picture(chart.name, chart.draw(tables[chart.table], findings), chart.reading, chart.table)
        for chart in CHARTS
        if chart.table in tables and chart.fits(tables[chart.table])
    ]


def in_style(pictures: Sequence[Picture], style: Style) -> list[Picture]:
    """The pictures in another style than that of the screen."""
    return [dataclasses.replace(picture, figure=styled(picture.figure, style)) for picture in pictures]
