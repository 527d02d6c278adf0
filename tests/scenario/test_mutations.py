"""Random damage to valid files: whatever is written, the answer is a scenario or problems in single lines."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.scenario import ScenarioError, load, write_resolved
from tests.runs import SHIPPED
from tests.scenario.writing import DATA, SAMPLES, data_of, write

# The samples, and shipped scenarios that between them have every section.
SHIPPED_ONES = ("autologous", "library/hybrid", "library/sequential", "library/combined")
FILES = [*(DATA / f"{name}.yaml" for name in SAMPLES), *(SHIPPED / f"{name}.yaml" for name in SHIPPED_ONES)]
WHOLE = [write_resolved(load(file)) for file in FILES]
ODD: list[Any] = [
    None, True, 0, -1, 1, 2**70, 10**350, 0.5, 1.2, -0.1, "", "x", "21 d", "0 d", "1e-320 d", "1e400 d", "4 / month",
    "never", "unlimited", "2026-01-01", "9999-12-31", 20260101, "nan", "a\0b", "\x1b[31m", "x" * 5000, "x.csv",
    [], {}, [1], ["1 d"],
    [["0 d", 1], ["1 d", 0.5]], {"a": 1}, {"0 d": 1}, {"": 1}, {"2026-01-01": "3 / month"}, {"lognormal": None},
    {"lognormal": {"mean": "1e-300 d", "sd": "1e9 d"}}, {"gamma": {"mean": "1 d", "sd": "1e-9 d"}},
    {"weibull": {"shape": 0.1, "median": "1e9 d"}}, {"exponential": {"rate": "1e-300 / d"}}, {"empirical": "x.csv"},
    {"cure": {"share": 1, "of": {"cure": {"share": 0.5, "of": "never"}}}}, {"piecewise": {}}, {"table": None},
]  # fmt: skip
SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(folder: Path, text: str) -> None:
    """Load it; what loads must survive being written, and what does not must say why in single lines."""
    try:
        loaded = load(write(folder, text))
    except ScenarioError as error:
        lines = [str(problem) for problem in error.problems]
    else:
        assert load(write(folder, write_resolved(loaded), "again.yaml")).digest == loaded.digest
        return
    assert lines
    assert all(line.isprintable() and line.startswith(str(folder)) for line in lines)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values."""
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [found for key, value in inner for found in [(*path, key), *places(value, (*path, key))]]


@SETTINGS
@given(data=st.data())
def test_values_of_any_other_kind(tmp_path: Path, data: st.DataObject) -> None:
    content = copy.deepcopy(data_of(data.draw(st.sampled_from(WHOLE))))
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(places(content)))
        section = content
        for key in path[:-1]:
            section = section[key]
        match data.draw(st.sampled_from(["replace", "replace", "remove", "rename"])):
            case "replace":
                section[path[-1]] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
            case "rename" if isinstance(section, dict):
                section[str(path[-1]) + data.draw(st.sampled_from(["x", ".", " ", "\x07"]))] = section.pop(path[-1])
            case _:
                del section[path[-1]]
    check(tmp_path, json.dumps(content))


@SETTINGS
@given(data=st.data())
def test_characters_put_in_or_taken_out(tmp_path: Path, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(WHOLE))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(text)))
        more = data.draw(st.text(alphabet=":{}[],&*!|>'\"%@`-? \n\t0.a#\x85\u2028\ufeffé😀", max_size=2))
        text = text[:position] + more + text[position + data.draw(st.integers(0, 3)) :]
    check(tmp_path, text)


@SETTINGS
@given(data=st.data())
def test_lines_moved_doubled_or_indented(tmp_path: Path, data: st.DataObject) -> None:
    lines = data.draw(st.sampled_from(WHOLE)).splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["double", "remove", "indent"])):
            case "double":
                lines.insert(position, lines[data.draw(st.integers(0, len(lines) - 1))])
            case "remove":
                del lines[position]
            case _:
                lines[position] = " " * data.draw(st.integers(0, 6)) + lines[position].strip()
    check(tmp_path, "\n".join(lines))


@pytest.mark.parametrize(
    "content", [bytes(range(256)), b"\xff\xfe", b"\xef\xbb\xbf", b"%YAML 9.9\n---\na: 1", b"%TAG ! x\n--- !a\n"]
)
def test_bytes_that_are_no_text(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ScenarioError):
        load(write(tmp_path, content))
