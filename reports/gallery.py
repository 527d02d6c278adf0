"""All charts on one page, as pictures, drawn from results folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reports import pages
from reports.charts import CHARTS
from reports.export import Picture, inlined, still_page
from reports.findings import gather
from reports.images import Job, images
from reports.tables import read


def gallery(folders: Sequence[Path]) -> str:
    """The page as text: each chart of the registry once, from the first folder that has its table.

    Raises `NoImagesError` where images cannot be made, `ResultsError` for a folder that cannot be drawn.
    """
    found: dict[str, Picture] = {}
    for folder in folders:
        tables = read(folder)
        for picture in pages.draw(tables, gather(tables)):
            found.setdefault(picture.name, picture)
    shown = [(chart, found[chart.name]) for chart in CHARTS if chart.name in found]
    drawn = images([Job(picture, "svg") for _, picture in shown])
    return still_page(
        "gallery.html.jinja",
        title="The charts of vein2vein",
        shown=[
            (chart, picture, inlined(content, "svg")) for (chart, picture), content in zip(shown, drawn, strict=True)
        ],
        others=[chart for chart in CHARTS if chart.name not in found],
    )
