"""Random text and random damage: the loader answers with a scenario or with problems, never with anything else."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.experiment.sweep.factors import parse_factor
from sim.experiment.sweep.file import read_sweep_file
from sim.scenario import Loaded, ScenarioError, load
from tests.hostile.corpus import base_text
from tests.runs import SHIPPED

SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = st.lists(
    st.sampled_from(
        ["a", "run", "seed", "extends", "sources", "1", "21 d", "never", ": ", ":", "- ", "\n", "\n  ", "{", "}",
         "[", "]", ",", "'", '"', "&", "*", "!", "|", ">", "#", "?", "%", "---", "\t", "\0", "\u2028", "é",
         "\ud83d\ude00", "<<", "=", ".inf", ".nan", "~", "x.csv", "../", "1e999", "0x", "\\", "\\u", "@"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


def answer(file: Path) -> Loaded | list[str]:
    try:
        return load(file)
    except ScenarioError as error:
        lines = [str(problem) for problem in error.problems]
        assert lines
        assert all(line.isprintable() for line in lines)
        return lines


@SETTINGS
@given(text=PIECES)
def test_pieces_of_yaml(tmp_path: Path, text: str) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert isinstance(answer(file), list)


@SETTINGS
@given(data=st.binary(max_size=300))
def test_noise(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_bytes(data)
    assert isinstance(answer(file), list)


@SETTINGS
@given(seed=st.integers(0, 2**32), count=st.integers(1, 8))
def test_bytes_of_a_valid_file_changed(tmp_path: Path, seed: int, count: int) -> None:
    luck = random.Random(seed)
    text = bytearray(base_text())
    for _ in range(count):
        place = luck.randrange(len(text))
        match luck.randrange(4):
            case 0:
                text[place] = luck.randrange(256)
            case 1:
                del text[place : place + luck.randrange(1, 200)]
            case 2:
                text[place:place] = text[luck.randrange(len(text)) :][:50]
            case _:
                text[place:place] = luck.choice(
                    [b"\0", b"{", b"[", b": ", b"'", b"\t", b"&a ", b"\xff", b"\n---\n", b"9" * 40]
                )
    file = tmp_path / "scenario.yaml"
    file.write_bytes(bytes(text))
    answer(file)


@SETTINGS
@given(text=PIECES)
def test_sweep_files(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_bytes(b"base: x.yaml\nvary:\n  " + text.encode("utf-8", "surrogatepass"))
    lines = []
    try:
        read_sweep_file(file)
    except ScenarioError as error:
        lines = [str(problem) for problem in error.problems]
    assert all(line.isprintable() for line in lines)


@SETTINGS
@given(text=st.text(max_size=60) | PIECES)
def test_values_of_the_command_line(text: str) -> None:
    lines, said = [], "found"
    try:
        load(SHIPPED / "autologous.yaml", [text])
    except ScenarioError as error:
        lines = [str(problem) for problem in error.problems]
    assert all(line.isprintable() for line in lines)
    assert lines or "=" in text
    try:
        parse_factor(text)
    except ValueError as error:
        said = str(error)
    assert said.startswith("found")
