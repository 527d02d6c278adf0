"""`import vein2vein`: the same numbers as the command line, as frames and figures; nothing written unless asked."""

from __future__ import annotations

import ast
import doctest
import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import vein2vein as v2v
from run_sim import cli
from sim.experiment.options import MOST_WORKERS

ROOT = Path(__file__).parents[1]
SMALL = {
    "extends": "autologous",
    "name": "Small",
    "run": {"window": "120 d", "warm_up": "0 d", "follow_up": "400 d", "replications": 3},
}
TARGETS = ["turnaround_days_mean <= 20", "infused_share >= 1"]
EXPORTS = {
    "load", "new", "shipped", "run", "compare", "sweep", "psa", "plan", "fit", "calibrate", "observe", "forecast",
    "validate", "open_results", "Results", "Study", "Sweep", "Psa", "Plan", "Fit", "Calibration", "Observed",
    "Forecast", "Validation",
    "Loaded", "ScenarioError", "RecordsError", "FolderError", "EngineError", "NoTableError", "__version__",
}  # fmt: skip


@pytest.fixture(scope="module")
def pair() -> v2v.Study:
    return v2v.compare(SMALL, v2v.load(SMALL, set={"name": "More slots", "manufacturing.slots.count": 8}))


def test_these_names_and_no_others_are_kept_stable() -> None:
    assert set(v2v.__all__) == EXPORTS
    assert len(v2v.__all__) == len(EXPORTS)
    assert dir(v2v) == sorted(EXPORTS)
    with pytest.raises(AttributeError, match="has no attribute 'simulate'; there are: load, new"):
        _ = v2v.simulate  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(EXPORTS - {"__version__"}))
def test_every_name_says_what_it_gives_and_what_goes_wrong(name: str) -> None:
    found = getattr(v2v, name)
    told = inspect.getdoc(found) or ""
    assert len(told) > 20, name
    if inspect.isfunction(found) and name not in ("shipped",):
        assert "Raises" in told, name
        assert all(option in told or option in (inspect.getdoc(v2v.run) or "") for option in _own_options(found)), name
    for member, value in inspect.getmembers(found if inspect.isclass(found) else None):
        if isinstance(value, property):
            assert inspect.getdoc(value), f"{name}.{member}"


def _own_options(function: object) -> list[str]:
    return [f"`{name}`" for name in inspect.signature(function).parameters]  # type: ignore[arg-type]


@pytest.mark.parametrize("file", sorted((ROOT / "vein2vein").glob("*.py")), ids=lambda file: file.stem)
def test_no_public_name_is_without_a_docstring_or_a_type(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name
        if isinstance(node, ast.FunctionDef):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            assert node.returns is not None, node.name
            assert [one.arg for one in given if one.annotation is None and one.arg != "self"] == [], node.name


def test_the_examples_of_the_docstrings_come_out() -> None:
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner()
    for name in v2v.__all__:
        if inspect.isfunction(getattr(v2v, name)):
            for example in finder.find(getattr(v2v, name), name, globs=vars(v2v) | {name: getattr(v2v, name)}):
                runner.run(example)
    assert (runner.failures, runner.tries) == (0, 4)


def test_the_import_loads_nothing_heavy() -> None:
    heavy = "{'numpy', 'pandas', 'plotly', 'scipy', 'numba', 'pydantic', 'simpy', 'click', 'rich'}"
    code = f"import sys, vein2vein; print(sorted({heavy} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_another_package_called_sim_is_told(tmp_path: Path) -> None:
    (tmp_path / "sim").mkdir()
    (tmp_path / "sim" / "__init__.py").write_text("")
    told = subprocess.run(
        [sys.executable, "-c", "import vein2vein"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode != 0
    assert f"called 'sim', which is that of {tmp_path}" in told.stderr


def test_the_numbers_are_those_of_the_command_line(pair: v2v.Study, tmp_path: Path) -> None:
    for name, loaded in (("a", SMALL), ("b", {**SMALL, "name": "More slots"})):
        own = loaded if name == "a" else {**loaded, "manufacturing": {"slots": {"count": 8}}}
        v2v_text = "\n".join(_yaml(own))
        (tmp_path / f"{name}.yaml").write_text(v2v_text, encoding="utf-8")
    out = tmp_path / "out"
    said = CliRunner().invoke(
        cli, ["compare", str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml"), "--quiet", "--out", str(out)]
    )
    assert said.exit_code == 0, said.output
    theirs = v2v.open_results(out)
    assert isinstance(theirs, v2v.Study)
    for name in ("summary", "differences", "incidence", "patients", "resources", "economics"):
        pd.testing.assert_frame_equal(pair.table(name), theirs.table(name))
    assert pair.finding == theirs.finding
    assert pair.finding in " ".join(said.output.split())


def _yaml(values: dict[str, object], indent: str = "") -> list[str]:
    lines = []
    for key, value in values.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_yaml(value, indent + "  ")]
        else:
            lines.append(f"{indent}{key}: {value}")
    return lines


def test_frames_have_the_types_of_their_columns(pair: v2v.Study) -> None:
    summary = pair.summary
    assert summary["replications"].dtype == np.int64
    assert summary["estimate"].dtype == np.float64
    assert pd.api.types.is_string_dtype(summary["scenario"])
    summary.loc[:, "estimate"] = 0.0
    assert pair.summary["estimate"].abs().max() > 0.0  # a copy of one's own
    assert set(pair.patients["scenario"]) == {"Small", "More slots"}
    with pytest.raises(v2v.NoTableError, match="no table 'tornado' in these results; there are: summary"):
        pair.table("tornado")
    with pytest.raises(LookupError, match="no chart 'tornado' in these results; there are: of_hundred, waiting_times"):
        pair.figure("tornado")


def test_a_figure_is_one_of_plotly_and_a_report_one_file(pair: v2v.Study, tmp_path: Path) -> None:
    import plotly.graph_objects as go

    assert "incidence" in pair.figures
    figure = pair.figure("incidence")
    assert isinstance(figure, go.Figure)
    assert len(figure.data) > 2
    larger = pair.figure("incidence", style="slide")
    assert larger.layout.title.font.size > figure.layout.title.font.size
    written = pair.report(tmp_path / "one.html")
    assert list(tmp_path.iterdir()) == [written]
    assert "Small" in written.read_text(encoding="utf-8")


def test_saved_results_are_those_of_the_command_line(pair: v2v.Study, tmp_path: Path) -> None:
    place = pair.save(tmp_path / "kept")
    assert (place / "report.html").is_file()
    assert (place / "charts" / "incidence.html").is_file()
    verified = CliRunner().invoke(cli, ["verify", str(place), "--quiet"])
    assert verified.exit_code == 0, verified.output
    (place / "mine.txt").write_text("mine")
    pair.save(place)
    assert (place / "mine.txt").read_text() == "mine"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "summary.csv").write_text("mine")
    with pytest.raises(v2v.FolderError, match=r"summary\.csv"):
        pair.save(tmp_path / "other")
    assert (tmp_path / "other" / "summary.csv").read_text() == "mine"


def test_nothing_is_written_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = v2v.run(SMALL, replications=2)
    assert list(tmp_path.iterdir()) == []
    folder = found.folder
    assert folder.is_dir()
    del found
    assert not folder.exists()


def test_a_result_shows_itself_in_a_notebook(pair: v2v.Study) -> None:
    shown = pair._repr_html_()
    assert pair.finding in shown.replace("&lt;", "<")
    assert shown.count("<tr>") > 4
    evil = v2v.run({**SMALL, "name": "<script>alert(1)</script>"}, replications=2)
    assert "<script>" not in evil._repr_html_()


def test_what_is_wrong_is_said_as_on_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(v2v.ScenarioError, match=r"mapping: manufacturing\.line: unknown key; did you mean 'lines'"):
        v2v.load({"extends": "autologous", "manufacturing": {"line": 3}})
    with pytest.raises(v2v.ScenarioError, match="no shipped scenario of that name; did you mean 'autologous'"):
        v2v.run("autologus")
    with pytest.raises(v2v.ScenarioError, match=r"--set manufacturing.lines: .*found -1; allowed"):
        v2v.load("autologous", set={"manufacturing.lines": -1})
    with pytest.raises(ValueError, match="compare takes two scenarios or more"):
        v2v.compare("autologous")
    with pytest.raises(ValueError, match="name: found a object; allowed: mappings, lists, text, numbers and dates"):
        v2v.load({"name": object()})
    with pytest.raises(ValueError, match=r"vary manufacturing.lines: .*allowed: from a lower value to a higher one"):
        v2v.sweep(SMALL, vary={"manufacturing.lines": "9:4:1"})
    with pytest.raises(v2v.FolderError, match="no results here"):
        v2v.open_results(tmp_path)
    with pytest.raises(ValueError, match="give out="):
        v2v.fit(tmp_path / "register.yaml", base=tmp_path / "base.yaml")
    with pytest.raises(ValueError, match="mm2: no such file, and no validation case of that name"):
        v2v.validate("mm2")


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: v2v.run(SMALL, replications=0), "replications: found 0; allowed: 1 or more"),
        (lambda: v2v.run(SMALL, workers=0), f"workers: found 0; allowed: 1 to {MOST_WORKERS}"),
        (lambda: v2v.run(SMALL, engine="compield"), "engine: found 'compield'; allowed: .*did you mean 'compiled'"),
        (lambda: v2v.compare(SMALL, SMALL, list_below=-1), "list_below: found -1; allowed: 0 or more"),
        (lambda: v2v.sweep(SMALL, vary={"manufacturing.lines": [3]}, design="gird"), "design: found 'gird'; allowed"),
        (lambda: v2v.psa("autologous", years=5), "years: belongs to population, which is not given"),
        (lambda: v2v.psa("autologous", samples=1), "samples: found 1; allowed: 2 or more"),
        (
            lambda: v2v.plan(SMALL, vary={"manufacturing.lines": "3:4"}, targets=TARGETS, confidence=1.0),
            "confidence: found 1.0; allowed: 0.5 to 0.9999",
        ),
        (
            lambda: v2v.calibrate("autologous", "targets.yaml", vary={"manufacturing.lines": (3, 9)}, particles=49),
            "particles: found 49; allowed: 50 to 100000",
        ),
        (lambda: v2v.calibrate("mine.yaml", "targets.yaml", vary={}), "scenario is the file mine.yaml: give out="),
        (lambda: v2v.validate("mmc", replications=0), "replications: found 0; allowed: 1 or more"),
    ],
)
def test_no_option_is_taken_and_ignored(ask: Callable[[], object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        ask()


def test_results_keep_what_they_were_asked_for() -> None:
    found = v2v.run(SMALL, replications=2, list_below=3, set={"manufacturing.lines": 12})
    told = "vein2vein.run('Small', replications=2, set={'manufacturing.lines': 12}, list_below=3, events=False)"
    assert found.manifest["command"] == told


def test_values_are_set_as_python_has_them() -> None:
    loaded = v2v.load(
        "autologous", set={"manufacturing.lines": np.int64(7), "release_testing.sterility": "9 d"}, seed=5
    )
    assert loaded.scenario.run.seed == 5
    assert loaded.resolved["manufacturing"]["lines"] == 7
    again = v2v.load(loaded, set={"manufacturing.lines": 8})
    assert (loaded.resolved["manufacturing"]["lines"], again.resolved["manufacturing"]["lines"]) == (7, 8)
    assert "autologous" in v2v.shipped()
    assert "extends: autologous" in v2v.new(centres=["city", "lake"], name="ours")


def test_a_sweep_and_a_plan_of_small_networks() -> None:
    fifty = ROOT / "scenarios" / "validation" / "fifty_patients_3.yaml"
    swept = v2v.sweep(fifty, vary={"manufacturing.lines": [3, 5]}, replications=2)
    turnaround = swept.outcomes.query("metric == 'turnaround_days_mean'")
    assert turnaround["estimate"].is_monotonic_decreasing
    with pytest.raises(v2v.NoTableError, match=r"a grid has no table of sensitivity"):
        _ = swept.sensitivity
    planned = v2v.plan(fifty, vary={"manufacturing.lines": "3:7"}, targets=TARGETS)
    assert planned.answer == {"manufacturing.lines": "5"}
    assert planned.finding.startswith("manufacturing.lines = 5 is the smallest that meets")
    none = v2v.plan(fifty, vary={"manufacturing.lines": "3:4"}, targets=TARGETS)
    assert none.answer is None
    assert none.finding.startswith("No value of manufacturing.lines from 3 to 4 meets")


def test_what_the_command_line_says_of_a_sweep_is_among_its_warnings(tmp_path: Path) -> None:
    """An input that moves nothing, and values that are not set where they have no use: in the same words."""
    fifty = ROOT / "scenarios" / "validation" / "fifty_patients_3.yaml"
    unmoved = {"manufacturing.lines": "60,70"}  # more than there are patients
    found = v2v.sweep(fifty, vary=unmoved, replications=1)
    words = ["sweep", str(fifty), "--vary", "manufacturing.lines=60,70", "-n", "1", "--out", str(tmp_path / "out")]
    said = CliRunner().invoke(cli, words)
    assert said.exit_code == 0, said.output
    assert any("manufacturing.lines" in warning for warning in found.warnings), found.warnings
    for warning in found.warnings:
        assert warning in said.output


def test_a_calibration_to_a_target(tmp_path: Path) -> None:
    fifty = ROOT / "scenarios" / "validation" / "fifty_patients_3.yaml"
    (tmp_path / "targets.yaml").write_text(
        "source: Report 2025\ntargets:\n  turnaround_days_mean: {value: 21.78, standard_error: 0.2}\n", encoding="utf-8"
    )
    found = v2v.calibrate(
        v2v.load(fifty), tmp_path / "targets.yaml", vary={"manufacturing.lines": (3, 7)}, out=tmp_path / "ours.yaml",
        particles=50, generations=2, replications=2, workers=1,
    )  # fmt: skip
    # with 4 lines the fifty patients wait 189 days in all, so that their mean turnaround is 18 + 189 / 50 days
    assert found.scenario.resolved["manufacturing"]["lines"] == 4
    assert found.finding == f"{found.said[0]}."
    assert found.finding.startswith(f"{int(found.posterior['determined'].sum())} of 1 calibrated values are determined")
    assert found.text == (tmp_path / "ours.yaml").read_text(encoding="utf-8")
    assert v2v.load(tmp_path / "ours.yaml").digest == found.scenario.digest
    assert v2v.load(tmp_path / "ours-base.yaml").digest == v2v.load(fifty).digest
    with pytest.raises(ValueError, match="scenario is no file: give out="):
        v2v.calibrate(v2v.load(fifty), tmp_path / "targets.yaml", vary={"manufacturing.lines": (3, 7)})
    assert found.posterior["median"].tolist() == [4.0]
    assert set(found.particles["generation"]) == {1, 2}


def test_a_validation_case() -> None:
    heard: list[int] = []
    found = v2v.validate("fifty_patients_3", progress=heard.append)
    assert sum(heard) >= 1
    assert (found.verdicts["verdict"] == "met").all()
    assert found.summary.endswith("met")


@pytest.mark.slow
def test_a_type_checker_knows_a_users_script(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text(
        "import vein2vein as v2v\n"
        "ours = v2v.load({'extends': 'autologous', 'manufacturing': {'lines': 12}}, set={'run.window': '200 d'})\n"
        "found = v2v.compare(ours, 'allogeneic', replications=3)\n"
        "days: float = found.summary['estimate'].mean()\n"
        "reveal_type(found)\n"
        "reveal_type(ours.scenario.run.seed)\n"
        "v2v.run(3)\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(script)]
    told = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False
    ).stdout
    assert 'Revealed type is "vein2vein.results.Study"' in told
    assert 'mine.py:6: note: Revealed type is "int"' in told
    errors = [line for line in told.splitlines() if ": error:" in line]
    assert len(errors) == 1, errors
    assert 'mine.py:7: error: Argument 1 to "run" has incompatible type "int"' in errors[0]
