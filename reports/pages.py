"""The files of a report, made in memory: every chart twice, and the report page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reports import report
from reports.charts import CHARTS
from reports.export import Picture, chart_page
from reports.findings import Findings, gather
from reports.tables import Tables, read


def build(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each file, in the order in which they are best written: the report last."""
    tables = read(folder)
    findings = gather(tables)
    pictures = draw(tables, findings)
    for picture in pictures:
        yield f"charts/{picture.name}.json", picture.json + "\n"
        yield f"charts/{picture.name}.html", chart_page(picture)
    yield "report.html", report.page_of(tables, findings, pictures)


def draw(tables: Tables, findings: Findings) -> list[Picture]:
    """The charts whose table there is, in the order of the registry."""
    return [
        Picture(chart.name, chart.draw(tables[chart.table], findings), chart.reading, chart.table)
        for chart in CHARTS
        if chart.table in tables
    ]
