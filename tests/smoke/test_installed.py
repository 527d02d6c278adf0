"""As users install it: a wheel in a folder of a strange name that nobody may write to, no home, another folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.program import ROOT, contents
from tests.faults.test_disk import OWN_MOUNTS, can_mount

pytestmark = pytest.mark.slow
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of packages that a wheel of this tree was installed into, without the libraries."""
    place = tmp_path_factory.mktemp("Büro 1")
    subprocess.run([*PIP, "wheel", "--no-deps", "--wheel-dir", str(place), str(ROOT)], check=True)
    (wheel,) = place.glob("*.whl")
    subprocess.run([*PIP, "install", "--no-deps", "--target", str(place / "packages"), str(wheel)], check=True)
    return place / "packages"


def ran(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m ...` in a folder, with the packages read-only where this machine can make them so, and no home."""
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed), "HOME": "/nonexistent"}
    locked = [*OWN_MOUNTS, "sh", "-c", READ_ONLY, str(installed)] if can_mount() else []
    command = [*locked, sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)


def test_the_installed_program_compares_what_it_ships(installed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Meine Szenarien"
    folder.mkdir()
    before = contents(installed)
    pair = [str(installed / "scenarios" / f"{name}.yaml") for name in ("autologous", "allogeneic")]
    done = ran(
        installed, folder, "run_sim", "compare", *pair, "-n", "4", "--workers", "2", "-q", "--out", "Ergebnisse ü"
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "Ergebnisse ü" / "report.html").stat().st_size > 100_000
    assert contents(installed) == before
    where = ran(installed, folder, "run_sim", "new", "mein.yaml")
    assert where.returncode == 0, where.stderr
    assert ran(installed, folder, "run_sim", "check", "mein.yaml").returncode == 0


def test_it_is_the_installed_program(installed: Path, tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import run_sim, sim, reports; print(run_sim.__file__, sim.__file__, reports.__file__)"],
        cwd=tmp_path, env={"PYTHONPATH": str(installed)}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert told.count(str(installed)) == 3


def test_it_is_imported_and_run_as_a_module(installed: Path, tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import vein2vein as v2v; print(v2v.run('autologous', replications=2).finding)"],
        cwd=tmp_path, env={"PYTHONPATH": str(installed), "HOME": "/nonexistent"}, capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    assert "infused" in told
    assert list(tmp_path.iterdir()) == []
    assert (installed / "vein2vein" / "py.typed").is_file()
    asked = ran(
        installed, tmp_path, "vein2vein", "compare", "autologous", "allogeneic", "-n", "2", "-q", "--no-robustness"
    )
    assert asked.returncode == 0, asked.stderr
    assert (tmp_path / "results" / "compare-autologous-allogeneic" / "report.html").is_file()
