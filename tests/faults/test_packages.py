"""Libraries that are not installed: which one, how it is had, and the right exit code; all else is done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.experiments import SMALL
from tests.faults.program import ROOT, finish, start, tables

# The program on an interpreter that finds everything but these.
WITHOUT = """
import sys
from importlib.machinery import PathFinder
names = {names!r}
class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in names else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Without
sys.path[0] = {root!r}
sys.argv = ["run_sim.py", *{arguments!r}]
import run_sim
run_sim.main()
"""


def call(without: str, *arguments: str, cwd: Path) -> tuple[int, str]:
    """(exit code, what was said) of the program where these libraries cannot be found."""
    program = WITHOUT.format(names=without.split(), root=str(ROOT), arguments=arguments)
    done = subprocess.run([sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


ALL_THREE = ("report", "results", "--image", "svg", "--pptx", "--xlsx")
LINES = ("sweep", "small.yaml", "--vary", "manufacturing.lines=1:3", "--samples", "4", "--out", "swept", "-q")


@pytest.mark.parametrize(
    ("without", "arguments", "told"),
    [
        ("streamlit", ("app",), ["the planning page needs streamlit", "pip install --upgrade streamlit"]),
        (
            "SALib",
            (*LINES, "--design", "sobol"),
            ["a design sobol needs SALib", "pip install SALib"],
        ),
        ("SALib", (*LINES, "--design", "morris"), ["a design morris needs SALib"]),
        (
            "dask distributed",
            (*LINES, "--design", "latin_hypercube", "--cluster", "tcp://127.0.0.1:1"),
            ["--cluster needs Dask", "pip install 'dask[distributed]'"],
        ),
        (
            "numba",
            ("run", "small.yaml", "--engine", "compiled", "--out", "ran"),
            ["the compiled engine needs numba", "pip install numba", "--engine simpy"],
        ),
        ("plotly", ("report", "results"), ["plotly is not installed", "pip install plotly"]),
        ("pyarrow", ("run", "small.yaml", "--out", "ran"), ["pyarrow is not installed", "pip install pyarrow"]),
    ],
)
def test_what_is_missing_is_told_and_nothing_is_left(
    folder: Path, without: str, arguments: tuple[str, ...], told: list[str]
) -> None:
    code, said = call(without, *arguments, cwd=folder)
    assert code == 4, said
    assert all(words in said for words in told), said
    assert "Traceback" not in said
    assert {entry.name for entry in folder.iterdir()} <= {"results", "small.yaml", "more.yaml", "swept"}
    assert not (folder / "swept" / "sweep.csv").exists()


def test_pictures_slides_and_workbook_that_cannot_be_made_are_told_and_the_report_is_made(folder: Path) -> None:
    (folder / "results" / "report.html").unlink()
    code, said = call("kaleido pptx xlsxwriter", *ALL_THREE, cwd=folder)
    assert code == 4, said
    assert "kaleido is not installed" in said
    assert "pip install kaleido" in said
    assert "pip install python-pptx" in said
    assert "pip install XlsxWriter" in said
    assert (folder / "results" / "report.html").is_file()


def test_without_numba_the_other_engine_runs_and_says_so(made: Path, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    code, said = call("numba", "run", "small.yaml", "--out", "ran", cwd=tmp_path)
    assert code == 0, said
    assert "numba is not installed: everything runs on the SimPy engine" in said
    for name in ("runs.csv", "summary.csv", "patients.parquet"):
        assert (tmp_path / "ran" / name).read_bytes() == (made / "results" / name).read_bytes()


def test_where_nothing_can_be_kept_it_runs_and_says_so(made: Path, tmp_path: Path) -> None:
    """A read-only installation without a home folder, reached from a folder with a space and an umlaut."""
    folder = tmp_path / "für die Planung"
    folder.mkdir()
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    nowhere = tmp_path / "a file"
    nowhere.write_text("no folder can be made in it")
    given = {"NUMBA_CACHE_DIR": str(nowhere / "numba"), "HOME": str(nowhere), "XDG_CACHE_HOME": ""}
    code, said = finish(start(["run", "small.yaml"], folder, folder / "ran", given=given))
    assert code == 0, said
    assert "machine code can be kept nowhere" in said
    assert "everything runs on the SimPy engine" in said
    assert "Traceback" not in said
    assert tables(folder / "ran") == tables(made / "results")
