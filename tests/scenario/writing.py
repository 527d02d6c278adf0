"""Scenario files written by tests, and what loading them says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.scenario import Loaded, ScenarioError, load
from sim.scenario.nodes import parse_yaml, plain

DATA = Path(__file__).parent / "data"
EVIDENCE = DATA / "evidence.tsv"
SAMPLES = ("autologous", "allogeneic")

# The least that an autologous scenario needs; every line has a known number.
AUTOLOGOUS = """\
name: Small
strategy: autologous
regions:
  here: {centre: here, referrals: 4 / month}
centres:
  here: {}
clocks:
  waiting: {}
manufacturing:
  duration: 21 d
"""

ALLOGENEIC = """\
name: Small
strategy: allogeneic
regions:
  here: {centre: here, referrals: 4 / month}
centres:
  here: {}
clocks:
  waiting: {}
allogeneic:
  stock: {opening: 10, order: {at: 4, up_to: 12}, doses_per_lot: 6}
"""


def write(folder: Path, text: str | bytes, name: str = "mine.yaml") -> Path:
    """The file, written."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def load_text(folder: Path, text: str, *overrides: str) -> Loaded:
    """The scenario of a text."""
    return load(write(folder, text), overrides, evidence=EVIDENCE)


def problems_of(file: Path, overrides: Sequence[str] = ()) -> list[str]:
    """What loading the file says, line by line, without the folder; none where it loads."""
    try:
        load(file, overrides, evidence=EVIDENCE)
    except ScenarioError as error:
        return [str(problem).replace(f"{file.parent}/", "") for problem in error.problems]
    return []


def problems(folder: Path, text: str | bytes, *overrides: str) -> list[str]:
    """What loading the text says."""
    return problems_of(write(folder, text), overrides)


def with_line(text: str, after: str, line: str) -> str:
    """The text with one more line after the first that starts with `after`."""
    lines = text.splitlines()
    position = next(k for k, found in enumerate(lines) if found.startswith(after))
    return "\n".join([*lines[: position + 1], line, *lines[position + 1 :]]) + "\n"


def data_of(text: str) -> Any:
    """The text as dicts and lists."""
    tree, found = parse_yaml(text, "text")
    assert not found
    assert tree is not None
    return plain(tree)
