"""The one way out: nothing fetched, nothing sent, nothing but our scripts runs, the same bytes each time."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs

import reports
from reports import LIBRARY, Wanted
from reports.export import CONFIG, block, sealed
from tests.reports.conftest import written

Files = Mapping[str, str]
ROOT = Path(__file__).parents[2]
FETCHING = {"src", "srcset", "href", "action", "data", "poster", "formaction", "background", "cite"}


class Page(HTMLParser):
    """What a page holds: its tags with attributes, and its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.visible: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        elif self.cdata_elem is None:
            self.visible.append(data)

    @property
    def policy(self) -> str:
        (found,) = [
            a["content"] for t, a in self.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
        ]
        return found or ""


def digest(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"


PAGES = ["report.html", "charts/waiting_times.html", "charts/stages.html", "charts/same_patients.html"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fetches_nothing(files: Callable[[str], Files], path: str) -> None:
    page = Page(files("pair")[path])
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "img", "object", "embed", "form", "base", "video", "audio"), tag
        for name, value in attributes.items():
            beside = (tag, name, value) == ("script", "src", LIBRARY) and path != "report.html"
            assert beside or name not in FETCHING or (value or "").startswith("#"), (tag, name, value)
            assert not name.startswith("on"), (tag, name)
    style = re.search(r"<style>(.*?)</style>", files("pair")[path], re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


@pytest.mark.parametrize("path", PAGES)
def test_the_policy_allows_our_scripts_and_nothing_else(files: Callable[[str], Files], path: str) -> None:
    page = Page(files("pair")[path])
    rules = dict(rule.strip().split(" ", 1) for rule in page.policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": rules["script-src"],
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    running = [(a.get("src"), text) for a, text in page.scripts if a.get("type") != "application/json"]
    sources = {"'self'" if beside else digest(text) for beside, text in running}
    assert set(rules["script-src"].split()) == sources
    assert len(running) == 2
    assert [beside for beside, _ in running] == [None if path == "report.html" else LIBRARY, None]
    head = files("pair")[path][:2000]
    assert head.index("Content-Security-Policy") < head.index("<title>")
    assert head.index('charset="utf-8"') < 100


@pytest.mark.parametrize("path", PAGES)
def test_the_share_button_is_off_and_the_library_is_there_once(files: Callable[[str], Files], path: str) -> None:
    page = Page(files("pair")[path])
    (config,) = [json.loads(text) for attributes, text in page.scripts if attributes.get("id") == "chart-config"]
    assert config["showSendToCloud"] is False
    assert config["plotlyServerURL"] == ""
    assert config["toImageButtonOptions"]["format"] == "svg"
    assert config == CONFIG
    assert files("pair")[path].count("* plotly.js v") == (path == "report.html")


def test_pages_of_charts_share_one_library_and_a_folder_of_charts_is_small(files: Callable[[str], Files]) -> None:
    drawn = {path: text for path, text in files("real").items() if path.startswith("charts/")}
    assert len(drawn) > 30
    assert [path for path, text in drawn.items() if "* plotly.js v" in text] == [f"charts/{LIBRARY}"]
    assert drawn[f"charts/{LIBRARY}"] == get_plotlyjs()
    assert sum(len(text.encode()) for text in drawn.values()) < 20e6


def test_pages_that_travel_alone_hold_the_library_and_name_no_neighbour(folder: Callable[[str], Path]) -> None:
    found: dict[str, str] = {}
    reports.write_all(folder("pair"), lambda p, text: found.update({p.name: str(text)}), Wanted(standalone=True))
    assert LIBRARY not in found
    assert found["outcomes.html"].count("* plotly.js v") == 1
    page = Page(found["outcomes.html"])
    assert not [attributes for _, attributes in page.tags if "src" in attributes]
    assert "'self'" not in page.policy
    assert "--standalone" not in "".join(page.visible)


@pytest.mark.parametrize("standalone", [True, False])
def test_the_files_that_will_be_namesare_known_before(folder: Callable[[str], Path], standalone: bool) -> None:
    wanted = Wanted(standalone=standalone)
    made = reports.write_all(folder("pair"), lambda path, text: None, wanted)
    tables = [path.name for path in folder("pair").glob("*.csv")]
    names = {path.relative_to(folder("pair")).as_posix() for path in made.paths}
    assert names <= set(reports.page_files(tables, wanted))
    assert (f"charts/{LIBRARY}" in reports.page_files(tables, wanted)) is not standalone


def test_ids_are_fixed_and_unique(files: Callable[[str], Files]) -> None:
    for path, text in files("six").items():
        if path.endswith(".html"):
            ids = [attributes["id"] for _, attributes in Page(text).tags if "id" in attributes]
            assert len(ids) == len(set(ids)), path
    assert 'id="chart-waiting_times"' in files("pair")["charts/waiting_times.html"]


def test_the_same_tables_give_the_same_bytes(folder: Callable[[str], Path], files: Callable[[str], Files]) -> None:
    assert written(folder("pair")) == files("pair")


def test_bytes_do_not_depend_on_the_hash_seed(folder: Callable[[str], Path], files: Callable[[str], Files]) -> None:
    program = (
        "import hashlib, pathlib, sys, reports\n"
        "digest = hashlib.sha256()\n"
        "reports.write_all(pathlib.Path(sys.argv[1]), lambda path, text: digest.update(text.encode()))\n"
        "print(digest.hexdigest())"
    )
    digest = hashlib.sha256()
    for text in files("pair").values():
        digest.update(text.encode())
    run = subprocess.run(
        [sys.executable, "-c", program, str(folder("pair"))],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == digest.hexdigest()


def test_the_page_holds_the_figure_of_the_json_file(files: Callable[[str], Files]) -> None:
    page = Page(files("hostile")["report.html"])
    for attributes, text in page.scripts:
        ident = attributes.get("id") or ""
        if ident.startswith("figure-"):
            assert json.loads(text) == json.loads(files("hostile")[f"charts/{ident.removeprefix('figure-')}.json"])


def test_a_data_block_cannot_be_left() -> None:
    text = "</script><!-- <script> ]]> & \u2028"
    inside = str(block("x", text)).removeprefix('<script type="application/json" id="x">').removesuffix("</script>")
    assert not set("<>&\u2028") & set(inside)
    assert json.loads(inside) == text
    assert str(sealed('"><b>', "{}")).startswith('<script type="application/json" id="&#34;&gt;&lt;b&gt;">')


def calls(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_there_is_no_other_way_out() -> None:
    for path in (ROOT / "reports").rglob("*.py"):
        assert not calls(path) & {"to_html", "write_html", "write_image", "to_image", "show", "plot"}, path
        if path.name != "export.py":
            assert "to_json" not in calls(path), path


def test_import_is_light() -> None:
    program = "import sys, reports; print([m for m in ('pandas', 'plotly', 'jinja2', 'numpy') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
