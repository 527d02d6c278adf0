"""The commands of docs/economics.md run as they stand, and leave the tables that it names."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from tests.program import call
from tests.runs import copy_shipped

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "economics.md"


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which somebody has typed the ten lines."""
    here = tmp_path_factory.mktemp("economist")
    copy_shipped(here / "scenarios")
    (block,) = re.findall(r"<!-- commands: economics -->\n```sh\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    lines = block.strip().splitlines()
    assert len(lines) == 10
    for line in lines:
        words = shlex.split(line)
        if words[0] == "cat":
            assert len(pd.read_csv(here / words[1])) > 1, line
            continue
        assert words[:2] == ["python", "run_sim.py"]
        done = call(*words[2:], cwd=here)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    return here


def test_the_ten_lines_leave_every_table(followed: Path) -> None:
    told = set(re.findall(r"`([a-z_]+\.csv)`", DOCUMENT.read_text(encoding="utf-8"))) - {"resources.csv"}
    compared, psa = (followed / "results" / f"{kind}-mine-allogeneic" for kind in ("compare", "psa"))
    economics = {"economics.csv", "economics_differences.csv", "icer.csv", "nmb.csv", "price.csv", "budget.csv"}
    economics |= {"subgroups.csv", "distribution.csv"}
    # `evsi.csv` only where a study is asked for, `supply.csv` where a capacity has a price
    assert told == {f.name for f in psa.glob("*.csv")} | economics | {"evsi.csv", "supply.csv"}
    assert economics <= {f.name for f in compared.glob("*.csv")}
    report = (compared / "report.html").read_text(encoding="utf-8")
    assert "Costs and QALYs" in report
    assert "The inputs that are assumptions" in report
    assert "economics.utilities.waiting" in report


def test_no_economics_without_its_sections(tmp_path: Path) -> None:
    done = call("psa", str(ROOT / "scenarios" / "validation" / "mmc.yaml"), "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "economics: required by psa, but not given" in done.stderr
    assert not (tmp_path / "out").exists()
