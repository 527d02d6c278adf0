"""Charts, the report page, slides and workbook, drawn from the tables of a results folder and from nothing else.

Importing this package is cheap: pandas, plotly and jinja2 are loaded when something is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Held", "Wanted", "Write", "Written", "page_files", "write_all"]

LIBRARY = "plotly.min.js"
"""The file of the Plotly library that the pages of charts in one folder share."""
Write = Callable[[Path, str | bytes], None]
Held = Mapping[str, "tuple[pd.DataFrame, str]"]
"""Tables by name that are still in memory as they were just written: cells by their kind, and the text of the file."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for beside charts and report. `style`: of charts and images; `images`: of svg, png, pdf.

    `template`: the presenter's own file for the slides. `standalone`: each page of a chart holds the Plotly library, so
    that it can travel alone; else they share one copy in their folder.
    """

    style: str = "screen"
    images: tuple[str, ...] = ()
    slides: bool = False
    template: Path | None = None
    workbook: bool = False
    animation: bool = False
    standalone: bool = False


@dataclass(frozen=True)
class Written:
    """The files written, in order, and why something that was asked for could not be made on this machine."""

    paths: list[Path]
    cannot: list[str]


def page_files(tables: Collection[str], wanted: Wanted) -> list[str]:
    """The files that `write_all` may write, from the names of the files of tables that there are."""
    from reports.charts import CHARTS

    drawn = [f"charts/{chart.name}" for chart in CHARTS if f"{chart.table}.csv" in tables]
    found = [f"{name}.{form}" for name in drawn for form in ("json", "html", *wanted.images)]
    found += ["report.html", "methods.md"]
    found += [] if wanted.standalone else [f"charts/{LIBRARY}"]
    found += ["charts/animation.html"] if wanted.animation else []
    found += ["workbook.xlsx"] if wanted.workbook else []
    return [*found, *(["slides.pptx"] if wanted.slides else [])]


def write_all(folder: Path, write: Write, wanted: Wanted | None = None, held: Held | None = None) -> Written:
    """Writes `charts/NAME.html`, `charts/NAME.json`, `report.html`, `methods.md` and what else is wanted.

    `folder` holds the results tables and `manifest.json`; `write(path, content)` puts a file in its place, text as
    UTF-8. A chart whose table is absent is left out. What is `held` is not read again. Raises
    `reports.tables.ResultsError` when a table is missing, misses a column or holds two rows for the same thing.
    """
    from reports import pages

    written: list[Path] = []
    cannot: list[str] = []
    for name, content in pages.build(folder, wanted or Wanted(), cannot, held):
        path = folder / name
        write(path, content)
        written.append(path)
    return Written(written, cannot)
