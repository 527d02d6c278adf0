"""What is released: a wheel with the program alone, a source distribution with the documents too, and every command
of the wheel from an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import sim
from sim.shell.commands import COMMANDS

ROOT = Path(__file__).parents[1]
ROOMS = ("sim/", "reports/", "scenarios/", "vein2vein/")
# What a developer needs and a user does not.
NOT_RELEASED = (".ci/", ".gitignore", ".pre-commit-config.yaml", "tests/", "requirements-dev.txt")
slow = pytest.mark.slow


def tracked() -> set[str]:
    """Every file of the repository."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("no repository here to say what belongs to it")
    return {name for name in done.stdout.splitlines() if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both, built from a copy that holds nothing of this machine."""
    copy, place = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("dist")
    for name in tracked():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
    for build in ("build_sdist", "build_wheel"):
        code = f"from setuptools import build_meta; build_meta.{build}({str(place)!r})"
        subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=copy, capture_output=True, check=True)
    return place


@slow
def test_the_wheel_holds_the_program_and_nothing_else(built: Path) -> None:
    (file,) = built.glob("*.whl")
    names = {name for name in zipfile.ZipFile(file).namelist() if not name.endswith("/")}
    about = {name for name in names if ".dist-info/" in name}
    wanted = {name for name in tracked() if name.startswith(ROOMS)} | {"run_sim.py"}
    assert names - about == wanted
    assert any(name.endswith("LICENSE") for name in about)


@slow
def test_the_source_holds_everything_but_what_developers_need(built: Path) -> None:
    (file,) = built.glob("*.tar.gz")
    with tarfile.open(file) as opened:
        names = {name.name.partition("/")[2] for name in opened.getmembers() if name.isfile()}
    made = {name for name in names if ".egg-info/" in name} | {"PKG-INFO", "setup.cfg"}
    assert names - made == {name for name in tracked() if not name.startswith(NOT_RELEASED)}


@slow
def test_every_command_of_the_wheel_says_what_it_does(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    packages, desk = tmp_path / "packages", tmp_path / "für die Planung"
    desk.mkdir()
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(packages)
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(packages), "HOME": "/nonexistent"}

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "vein2vein", *words]
        return subprocess.run(command, cwd=desk, env=given, capture_output=True, text=True, check=False)

    for name in COMMANDS:
        done = call(name, "--help")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"Usage: python -m vein2vein {name}")
    made = call("new", "mine.yaml")
    assert "Check it with: python -m vein2vein check mine.yaml" in made.stdout
    assert call("check", "mine.yaml").returncode == 0
    wrong = call("run", "autologus")
    assert wrong.returncode == 2
    assert "did you mean 'autologous'" in wrong.stderr
    assert [entry.name for entry in desk.iterdir()] == ["mine.yaml"]


def test_what_says_the_version_says_the_same() -> None:
    cited = re.findall(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    meta = re.findall(r'"version": "([^"]+)"', (ROOT / "codemeta.json").read_text(encoding="utf-8"))
    changes = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert {*cited, *meta, changes[0]} == {sim.__version__}


def test_the_paper_says_of_validation_what_the_page_says() -> None:
    page = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    paper = " ".join((ROOT / "paper" / "paper.md").read_text(encoding="utf-8").split())
    counts = re.findall(r"(\d+ of \d+) met", page.partition("\n\n**")[2].partition("**")[0])
    assert len(counts) == 3
    assert re.findall(r"\((\d+ of \d+)(?: come out)?\)", paper) == [counts[2], counts[1], counts[0]]


def test_the_lock_names_every_direct_requirement_and_no_host() -> None:
    text = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.findall(r"^-", text, re.M)  # no option, so no index
    locked = {name.lower().replace("_", "-").replace(".", "-") for name in re.findall(r"^([\w.-]+)==", text, re.M)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {re.split(r"[^\w.-]", one)[0].lower().replace("_", "-").replace(".", "-") for one in asked}
    assert names - {"vein2vein"} <= locked
