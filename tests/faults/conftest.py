"""Results to be harmed, made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.experiments import SMALL
from tests.faults.program import finish, start


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two scenarios and the results of one, never changed."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    (folder / "more.yaml").write_text("extends: small.yaml\nname: More\nmanufacturing: {lines: 4}\n", encoding="utf-8")
    code, told = finish(start(["run", "small.yaml", "-q", "--engine", "simpy"], folder, folder / "results"))
    assert code == 0, told
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be harmed."""
    return Path(shutil.copytree(made, tmp_path / "work"))
