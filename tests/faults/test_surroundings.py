"""Locale, time zone, screen and clock of the machine: the tables are the same, and nothing falls over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.program import contents, finish, leftovers, start, tables

# A clock that was set back by years and goes on running backwards.
BACKWARDS = """
import time
told = time.time
began = told()
time.time = lambda: 1e9 - 1000.0 * (told() - began)
"""


def test_the_tables_are_the_same_everywhere(made: Path, folder: Path) -> None:
    (folder / "clock").mkdir()
    (folder / "clock" / "sitecustomize.py").write_text(BACKWARDS, encoding="utf-8")
    given = {"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati", "PYTHONPATH": str(folder / "clock")}
    code, told = finish(start(["run", "small.yaml", "--engine", "simpy"], folder, folder / "results", given=given))
    assert code == 0, told
    assert "Traceback" not in told
    assert tables(folder / "results") == tables(made / "results")
    assert leftovers(folder / "results") == []


@pytest.mark.parametrize(
    "given",
    [
        {"PYTHONIOENCODING": "ascii"},
        pytest.param({"PYTHONIOENCODING": "cp1252"}, marks=pytest.mark.slow),
        pytest.param({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_a_name_that_the_screen_cannot_show_is_spelt(folder: Path, given: dict[str, str]) -> None:
    text = (folder / "small.yaml").read_text(encoding="utf-8").replace("name: Small", "name: Zürich → İstanbul")
    (folder / "zürich.yaml").write_text(text, encoding="utf-8")
    code, told = finish(start(["compare", "zürich.yaml", "more.yaml"], folder, folder / "spelt", given=given))
    assert code == 0, told
    assert "Traceback" not in told
    assert r"\u2192" in told
    assert "Zürich → İstanbul" in (folder / "spelt" / "summary.csv").read_text(encoding="utf-8")
    again = finish(start(["compare", "zürich.yaml", "more.yaml"], folder, folder / "shown"))
    assert again[0] == 0
    assert tables(folder / "spelt") == tables(folder / "shown")
    assert contents(folder / "spelt").keys() == contents(folder / "shown").keys()
