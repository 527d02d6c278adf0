"""Every line of docs/python.md runs, in order, and gives what it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import vein2vein as v2v

TEXT = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
SHORT = {"warm_up": "60 d", "window": "120 d", "follow_up": "300 d"}
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.M | re.S)


def run(block: str, names: dict[str, Any]) -> list[Any]:
    """The values of the expressions of a block."""
    values = []
    for node in ast.parse(block).body:
        if isinstance(node, ast.Expr):
            values.append(eval(compile(ast.Expression(node.value), "python.md", "eval"), names))
        else:
            exec(compile(ast.Module([node], []), "python.md", "exec"), names)
    return values


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"short": lambda name: {"extends": name, "name": name, "run": SHORT}}
    for block in BLOCKS:
        # as few as show it; the page has what one would take
        quick = re.sub(r"replications=(?:20|4)\b|samples=40", lambda m: f"{m[0].partition('=')[0]}=2", block)
        quick = quick.replace("particles=200", "particles=50, generations=2")
        # shipped scenarios in a world that is over sooner; a calibration takes files only
        names_alone = r'(?<!"extends": )"(autologous|allogeneic|standard_care_conventional)"(?!, "targets)'
        quick = re.sub(names_alone, r"short('\1')", quick)
        shown = run(quick, names)
        frames = [value for value in shown if isinstance(value, pd.DataFrame)]
        assert all(len(frame) for frame in frames)
    assert (tmp_path / "results" / "first" / "report.html").is_file()
    assert {entry.name for entry in tmp_path.iterdir()} == {"results", "targets.yaml"}
    assert "manufacturing.line: unknown key; did you mean 'lines'?" in capsys.readouterr().out
    assert names["answer"].answer is not None
    assert {"cost", "qalys"} <= set(names["uncertain"].samples.columns)


def test_the_page_names_every_function() -> None:
    functions = [name for name in v2v.__all__ if name[0].islower()]
    assert [name for name in functions if not re.search(rf"\b{name}\b", TEXT)] == []
