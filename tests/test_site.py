"""The site of documents: built with warnings as errors, whole without a network, and searched from a folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.reports import browser

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", str(place)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    return place


class Links(HTMLParser):
    """What a page links to and loads, and the places in it that can be linked to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.places: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.places.add(value)
            if value and name == "href":
                (self.loaded if tag == "link" else self.links).append(value)
            if value and name == "src":
                self.loaded.append(value)


def test_every_link_leads_somewhere_and_nothing_is_fetched(site: Path) -> None:
    pages = {page: Links(page) for page in site.rglob("*.html")}
    assert len(pages) > 20
    for page, found in pages.items():
        for link in [*found.links, *found.loaded]:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https", "mailto"):
                assert link in found.links, f"{page.name} fetches {link}"
                continue
            target = page if not parts.path else (page.parent / unquote(parts.path)).resolve()
            assert target.exists(), f"{page.relative_to(site)}: {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].places, f"{page.relative_to(site)}: {link}"


def test_the_reference_has_what_the_program_has(site: Path) -> None:
    import vein2vein as v2v
    from reports.charts import CHARTS
    from sim.outcomes.metrics import METRICS
    from sim.shell.commands import COMMANDS

    reference = {page.stem: page.read_text(encoding="utf-8") for page in (site / "reference").glob("*.html")}
    assert all(f">{metric.name}<" in reference["metrics"] for metric in METRICS)
    assert all(f">{chart.name}<" in reference["charts"] for chart in CHARTS)
    assert all(f'id="{name}"' in reference["commands"] for name in COMMANDS)
    places = set(re.findall(r'id="vein2vein\.(\w+)"', reference["python"]))
    assert set(v2v.__all__) - {"__version__"} <= places
    assert ">manufacturing<" in reference["scenario-keys"]


def test_it_is_read_and_searched_from_a_folder(site: Path, chromium: str, tmp_path: Path) -> None:
    with browser.running(chromium, tmp_path) as page:
        page.open(site / "index.html")
        assert page.value("document.querySelector('article img').naturalWidth") > 100
        page.call("Page.navigate", url=f"{(site / 'search.html').as_uri()}?q=apheresis")
        page.wait_for("document.querySelectorAll('#search-results li').length > 2")
        assert [url for url in page.requests if not url.startswith("file:")] == []
        assert page.complaints == []
