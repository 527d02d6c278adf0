"""Results folders of the toy model, written once a session, and what `reports` makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

import reports
from reports import LIBRARY
from reports.export import plotly_library
from sim.experiment.study.run import Plan, run_study
from sim.scenario import load
from tests.reports import own_records, sample, studies
from tests.reports.browser import Browser, running
from tests.runs import SHIPPED

HOSTILE = '<script>alert(1)</script> & "=cmd()" {{ 7*7 }} %{x} </script>'
FORMULA = "=cmd()"
Files = Mapping[str, str]
# Beyond the end of every report.
LINE = 20_000


def written(folder: Path) -> dict[str, str]:
    """The files that `reports.write_all` writes for a folder, by path below it."""
    files: dict[str, str] = {}
    made = reports.write_all(folder, lambda path, text: files.update({path.relative_to(folder).as_posix(): str(text)}))
    assert [path.relative_to(folder).as_posix() for path in made.paths] == list(files)
    assert made.cannot == []
    return files


def run(folder: Path, *names: str) -> Path:
    """The results of the shipped pair under these names, on few and short replications."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [SHIPPED / "autologous.yaml", SHIPPED / "allogeneic.yaml"]
    short = ("run.warm_up=90 d", "run.window=150 d", "run.follow_up=300 d")
    loaded = {name: load(file, short) for name, file in zip(names, files, strict=True)}
    run_study(Plan(loaded, 3, 1, "run_sim.py compare a.yaml b.yaml", engine="simpy"), folder, lambda count: None)
    return folder


FOLDERS: Mapping[str, Callable[[Path], Path]] = {
    "pair": lambda root: sample.write(root, replications=8),
    "single": lambda root: sample.write(root, sample.PAIR[:1], replications=4),
    "six": lambda root: sample.write(root, sample.SIX, replications=3),
    "once": lambda root: sample.write(root, replications=1),
    "nobody": lambda root: sample.write(root, (sample.PAIR[0], sample.NOBODY), replications=4, same=False),
    "real": lambda root: run(root, "Autologous, just enough slots", "Allogeneic, off the shelf"),
    "real_hostile": lambda root: run(root, HOSTILE, FORMULA),
    "study": lambda root: studies.write(root),
    "study_line": lambda root: studies.write(root, paths=1),
    "fit": lambda root: own_records.write_fit(root),
    "fit_hostile": lambda root: own_records.write_fit(root, HOSTILE),
    "observe": lambda root: own_records.write_observe(root),
    "observe_agrees": lambda root: own_records.write_observe(root, off=False),
    "observe_hostile": lambda root: own_records.write_observe(root, HOSTILE),
    "nobody_single": lambda root: sample.write(root, (sample.NOBODY,), replications=4),
    "hostile": lambda root: sample.write(
        root, (sample.autologous(HOSTILE), sample.allogeneic(FORMULA)), replications=3, title=HOSTILE
    ),
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The results folder of this name, made when it is first asked for."""
    made: dict[str, Path] = {}

    def of(name: str) -> Path:
        if name not in made:
            made[name] = FOLDERS[name](tmp_path_factory.mktemp(name))
        return made[name]

    return of


@pytest.fixture(scope="session")
def files(folder: Callable[[str], Path]) -> Callable[[str], Files]:
    """The files drawn from the results folder of this name."""
    drawn: dict[str, Files] = {}

    def of(name: str) -> Files:
        if name not in drawn:
            drawn[name] = written(folder(name))
        return drawn[name]

    return of


@pytest.fixture(scope="session")
def one_browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests."""
    with running(chromium, tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture
def browser(one_browser: Browser) -> Browser:
    """The browser, light and with scripts whatever the test before it asked for."""
    one_browser.emulate()
    return one_browser


@pytest.fixture(scope="session")
def disk(files: Callable[[str], Files], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """The path of a page of a results folder, written to disk; it holds until another folder's page of that name is.

    A browser compiles a script once for an address and a line: there is one of each for a page of whatever folder.
    """
    place, whose = tmp_path_factory.mktemp("pages"), dict[str, str]()

    def put(name: str, page: str) -> Path:
        path, library = place / page, place / "charts" / LIBRARY
        library.parent.mkdir(exist_ok=True)
        if whose.get(page) != name:
            path.write_text(_library_on_its_line(files(name)[page]), encoding="utf-8")
            whose[page] = name
        if page.startswith("charts/") and not library.exists():
            library.write_text(plotly_library(), encoding="utf-8")
        return path

    return put


def _library_on_its_line(page: str) -> str:
    """A page with so many empty lines before the library, if that stands in it, that it begins on the same in all."""
    before, library, after = page.partition(f"<script>{plotly_library()}")
    return before + "\n" * (LINE - before.count("\n") if library else 0) + library + after
