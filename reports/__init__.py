"""Charts and the report page, drawn from the tables of a results folder and from nothing else.

Importing this package is cheap: pandas, plotly and jinja2 are loaded when something is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

__all__ = ["Write", "write_all"]

Write = Callable[[Path, str], None]


def write_all(folder: Path, write: Write) -> list[Path]:
    """The files written: `charts/NAME.html`, `charts/NAME.json` and `report.html` under `folder`.

    `folder` holds the results tables and `manifest.json`; `write(path, text)` puts a UTF-8 text file in its
    place. A chart whose table is absent is left out. Raises `reports.tables.ResultsError` when a table is
    missing, misses a column or holds two rows for the same thing.
    """
    from reports import pages

    written = []
    for name, text in pages.build(folder):
        path = folder / name
        write(path, text)
        written.append(path)
    return written
