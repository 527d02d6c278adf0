"""All charts on one page that a code host shows, with its pictures beside it, drawn from results folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reports import pages
from reports.charts import CHARTS, Chart
from reports.export import Picture
from reports.findings import gather
from reports.images import Job, images
from reports.tables import read

FORM = "svg"


@dataclass(frozen=True)
class Gallery:
    """The page as Markdown, and its pictures by file name; it looks for them in the folder that it was made for."""

    text: str
    pictures: Mapping[str, bytes]


def gallery(folders: Sequence[Path], pictures_in: str) -> Gallery:
    """Each chart of the registry once, from the first folder that has its table; `pictures_in`: the folder's name.

    Raises `NoImagesError` where images cannot be made, `ResultsError` for a folder that cannot be drawn.
    """
    found: dict[str, Picture] = {}
    for folder in folders:
        tables = read(folder)
        for picture in pages.draw(tables, gather(tables)):
            found.setdefault(picture.name, picture)
    shown = [(chart, found[chart.name]) for chart in CHARTS if chart.name in found]
    drawn = images([Job(picture, FORM) for _, picture in shown])
    others = [chart for chart in CHARTS if chart.name not in found]
    files = {f"{chart.name}.{FORM}": content for (chart, _), content in zip(shown, drawn, strict=True)}
    return Gallery(_page(shown, others, pictures_in), files)


def _page(shown: Sequence[tuple[Chart, Picture]], others: Sequence[Chart], pictures_in: str) -> str:
    lines = [
        "# The charts of vein2vein",
        "",
        "Drawn from the shipped scenarios by `python run_sim.py charts --gallery docs/gallery.md`; the register is "
        "simulated, too. In a report each of them is interactive and has its data table.",
        "",
    ]
    for chart, picture in shown:
        lines += [
            f"## {chart.title}",
            "",
            f"`{chart.name}`, from `{chart.table}.csv`. {chart.reading}",
            "",
            f"![{_in_brackets(picture.alt)}]({pictures_in}/{chart.name}.{FORM})",
            "",
        ]
    if others:
        lines += ["## Charts of other studies", ""]
        lines += [f"- **{chart.title}** (`{chart.table}.csv`). {chart.reading}" for chart in others]
        lines.append("")
    return "\n".join(lines)


def _in_brackets(text: str) -> str:
    """Text that does not end the brackets it stands in."""
    return " ".join(text.replace("[", "(").replace("]", ")").split())
