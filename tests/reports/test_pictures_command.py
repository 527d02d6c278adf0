"""The command line of the pictures: what is asked for is written, what cannot be made is said, with the right code."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import run_sim
from reports import LIBRARY
from reports.charts import CHARTS

Folder = Callable[[str], Path]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(run_sim.cli, [str(one) for one in arguments])


@pytest.fixture
def results(folder: Folder, tmp_path: Path) -> Path:
    place = tmp_path / "results"
    shutil.copytree(folder("pair"), place)
    return place


def test_charts_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    run_sim.cli(["charts"], standalone_mode=False)
    told = capsys.readouterr().out
    assert all(chart.name in told and chart.table in told for chart in CHARTS)


@pytest.mark.usefixtures("chromium")
def test_images_slides_and_workbook_are_written_beside_the_report(results: Path) -> None:
    told = call("report", results, "--image", "svg", "--image", "png", "--pptx", "--xlsx", "--style", "print")
    assert told.exit_code == 0, told.output
    for chart in ("outcomes", "incidence"):
        assert (results / f"charts/{chart}.svg").read_bytes().startswith(b"<svg")
        assert (results / f"charts/{chart}.png").read_bytes().startswith(b"\x89PNG")
        page = (results / f"charts/{chart}.html").read_text(encoding="utf-8")
        still = base64.b64encode((results / f"charts/{chart}.svg").read_bytes()).decode()
        assert f'<img src="data:image/svg+xml;base64,{still}"' in page
    assert (results / "slides.pptx").stat().st_size > 50_000
    assert (results / "workbook.xlsx").stat().st_size > 10_000


def test_without_a_browser_the_code_is_4_and_the_rest_is_there(
    results: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    assert call("report", results).exit_code == 0
    told = call("report", results, "--image", "pdf", "--xlsx")
    assert told.exit_code == 4
    assert "no Chrome, Chromium or Edge found" in told.output
    assert "Traceback" not in told.output
    assert (results / "workbook.xlsx").exists()


def test_a_missing_package_is_said(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    told = call("report", results, "--xlsx")
    assert told.exit_code == 4
    assert "no workbook: XlsxWriter is not installed: pip install XlsxWriter" in told.output


def test_a_template_that_is_none_is_said(results: Path, tmp_path: Path) -> None:
    assert call("report", results, "--template", tmp_path / "nowhere.pptx").exit_code == 2
    (tmp_path / "own.pptx").write_text("hello")
    told = call("report", results, "--template", tmp_path / "own.pptx")
    assert told.exit_code == 2
    assert "own.pptx: is not a PowerPoint presentation" in told.output
    assert not (results / "report.html").exists()


def test_an_unknown_style_is_refused(results: Path) -> None:
    told = call("report", results, "--style", "poster")
    assert told.exit_code == 2
    assert "screen" in told.output


def test_a_library_that_is_not_of_earlier_results_stays_as_it_is(results: Path) -> None:
    own = results / "charts" / LIBRARY
    own.parent.mkdir()
    own.write_text("of somebody else", encoding="utf-8")
    told = call("report", results)
    assert told.exit_code == 2, told.output
    assert f"--replace charts/{LIBRARY}" in told.output
    assert not (results / "report.html").exists()
    assert call("report", results, "--standalone").exit_code == 0
    assert own.read_text(encoding="utf-8") == "of somebody else"
    assert call("report", results, "--replace", f"charts/{LIBRARY}").exit_code == 0
    assert call("report", results).exit_code == 0
    assert own.stat().st_size > 4_000_000
    assert f"charts/{LIBRARY}" in json.loads((results / "manifest.json").read_text(encoding="utf-8"))["pages"]


def test_a_report_loads_neither_validators_nor_the_scenario(results: Path) -> None:
    heavy = "('plotly.graph_objects', 'sim.scenario', 'pydantic', 'scipy', 'asyncio', 'pptx', 'xlsxwriter', 'kaleido')"
    program = (
        "import sys, run_sim\n"
        "run_sim.cli(['report', '-q', sys.argv[1]], standalone_mode=False)\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    arguments = [sys.executable, "-c", program, str(results)]
    run = subprocess.run(arguments, cwd=Path(run_sim.__file__).parent, capture_output=True, text=True, check=True)
    assert (results / "report.html").exists()
    assert run.stdout.strip() == "[]"
