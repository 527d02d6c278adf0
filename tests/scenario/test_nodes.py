"""YAML text as a tree: values as YAML 1.2 has them, places, and every fault at once."""

# Messages stand whole, so that they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.allowance import Allowance
from sim.scenario.nodes import MOST_LEVELS, Branch, parse_yaml, plain, walk


def faults(text: str) -> list[str]:
    return [str(problem) for problem in parse_yaml(text, "f")[1]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("12:30", "12:30"), ("014", 14), ("0o14", 12), ("0x1F", 31),
        ("1_000", "1_000"), ("2026-01-01", "2026-01-01"), ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("-3", -3),
        ("+3", 3), ("", None), ("~", None), ("null", None), ("true", True), ("False", False), ("TRUE", True),
        ("tRue", "tRue"), (".inf", math.inf), ("-.inf", -math.inf), ("1e400", math.inf), ("'3'", "3"), ('"true"', "true"),
        ("''", ""), ("|\n  a\n  b\n", "a\nb\n"), ("9" * 401, "9" * 401), ("9" * 300, int("9" * 300)), ("=", "="),
    ],
)  # fmt: skip
def test_values_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    tree, found = parse_yaml(f"a: {text}", "f")
    assert not found
    assert tree is not None
    assert plain(tree) == {"a": value}
    assert type(plain(tree)["a"]) is type(value)


def test_not_a_number() -> None:
    tree, _ = parse_yaml("a: .nan", "f")
    assert tree is not None
    assert math.isnan(plain(tree)["a"])


def test_keys_are_the_text_that_was_written() -> None:
    tree, found = parse_yaml("1: a\ntrue: b\nNO: c\n~: d\n2026-01-01: e\n'': f\n0x10: g\n<<: {x: 1}\n", "f")
    assert not found
    assert isinstance(tree, Branch)
    assert list(tree.entries) == ["1", "true", "NO", "~", "2026-01-01", "", "0x10", "<<"]


def test_places_are_those_of_the_keys() -> None:
    tree, _ = parse_yaml("# one\na: 1\nb:\n  c: [x,\n      y]\n  d: {e: 2}\n", "f")
    assert tree is not None
    lines = {".".join(path): place.line for path, place, _ in walk(tree)}
    assert lines == {"a": 2, "b": 3, "b.c": 4, "b.c.0": 4, "b.c.1": 5, "b.d": 6, "b.d.e": 6}


def test_all_duplicates_are_found_and_the_first_stands() -> None:
    tree, found = parse_yaml("a: 1\nb: {c: 1, c: 2}\na: 2\n", "f")
    assert [str(problem) for problem in found] == [
        "f:2: b.c: found this key twice; it stands in line 2 already",
        "f:3: a: found this key twice; it stands in line 1 already",
    ]
    assert tree is not None
    assert plain(tree) == {"a": 1, "b": {"c": 1}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1", "f:1: a: found a YAML anchor (&); write the value out, or inherit it with 'extends'"),
        ("a: 1\n*x : 2", "f:2: found a YAML alias (*); write the value out, or inherit it with 'extends'"),
        ("a: !!int 3", "f:1: a: found a YAML tag 'tag:yaml.org,2002:int'; values are written without tags"),
        ("a: !!python/object/apply:os.system [ls]", "f:1: a: found a YAML tag 'tag:yaml.org,2002:python/object/apply:os.system'; values are written without tags"),
        ("? [1, 2]\n: 3", "f:1: found a list or section as a key; a key is a plain name"),
        ("? {a: 1}\n: 3", "f:1: found a list or section as a key; a key is a plain name"),
        ("a: 1\n---\nb: 2", "f:2: found a second document ('---'); one file holds one scenario"),
        ("a: b: c", "f:1: not valid YAML: mapping values are not allowed here; a text that holds ': ' stands in quotes, and keys of one section start in one column"),
        ("a:\n\tb: 1", "f:2: not valid YAML: found character '\\t' that cannot start any token; indent with spaces, not with tabs"),
        ("a: 'x' y", "f:1: not valid YAML: expected <block end>, but found '<scalar>'; keys of one section start in one column"),
        ("a: [1,", "f:1: not valid YAML: expected the node content, but found '<stream end>'"),
        ("a: 'x", "f:1: not valid YAML: found unexpected end of stream"),
        ("a: 1\nb: \x07", "f:2: found the control character '\\x07'; allowed: printable text"),
        ("a: \x00", "f:1: found the control character '\\x00'; allowed: printable text"),
        ("[" * 1000, f"f:1: nested more than {MOST_LEVELS} levels deep"),
        ("- " * 1000, f"f:1: nested more than {MOST_LEVELS} levels deep"),
    ],
)  # fmt: skip
def test_faults(text: str, message: str) -> None:
    assert faults(text) == [message]


def test_the_name_of_a_fault_deep_down() -> None:
    assert faults("a:\n  b:\n    c: &x 1\n    d: *x\n") == [
        "f:3: a.b.c: found a YAML anchor (&); write the value out, or inherit it with 'extends'",
        "f:4: a.b.d: found a YAML alias (*); write the value out, or inherit it with 'extends'",
    ]


def test_aliases_are_never_expanded() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for this, last in zip("bcdefghij", "abcdefghi", strict=True):
        bomb += f"{this}: &{this} [{', '.join([f'*{last}'] * 9)}]\n"
    # expanded, they would be some 10 ** 9 values, and each of them a fault
    assert len(faults(bomb)) == 10 + 9 * 9


def test_too_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Allowance(values_left=1000)
    assert parse_yaml("a: [" + "1," * 998 + "]", "f", allowance=few)[1] == []
    assert few.values_left == 0
    found = parse_yaml("a: [1,\n" + "1," * 1001 + "]", "f", allowance=Allowance(values_left=1000))[1]
    assert [str(problem) for problem in found] == [
        "f:2: a: more than 61000 values in all; a scenario has a few hundred, and lists of some thousands"
    ]


def test_too_many_keys() -> None:
    found = parse_yaml("a:\n" + "  b: {c: 1}\n" * 9, "f", allowance=Allowance(keys_left=11))[1]
    assert str(found[-1]) == "f:7: a: more than 20000 keys in all; a scenario has a few hundred"


def test_reading_stops_after_a_thousand_problems() -> None:
    found = faults("a: [" + "&b 1," * 1500 + "]")
    assert len(found) == 1001
    assert found[-1] == "f:1: more than 1000 problems; reading stops here"


def test_halves_of_a_character_are_joined() -> None:
    tree, _ = parse_yaml('{"a": "\\ud83d\\ude00", "b": "\\ud83d", "\\ud83d\\ude00": 1}', "f")
    assert tree is not None
    assert plain(tree) == {"a": "😀", "b": "\ufffd", "😀": 1}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n...\n"])
def test_nothing_in_it(text: str) -> None:
    tree, found = parse_yaml(text, "f")
    assert not found
    assert tree is None or plain(tree) is None


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    tree, found = parse_yaml(text, "f")
    assert all(str(problem).isprintable() and str(problem).startswith("f:") for problem in found)
    assert tree is not None or found or not text.strip() or text.lstrip()[0] in "#%-.\ufeff\x85\u2028\u2029"


@given(st.text(alphabet="ab:-?{}[],&*!|>'\"%@`# \n\t0~.", max_size=60))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    _, found = parse_yaml(text, "f")
    assert all(str(problem).isprintable() for problem in found)
