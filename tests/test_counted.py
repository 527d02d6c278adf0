"""A counted noun agrees with its number: texts are made by `counted`, not by a plural behind whatever number comes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from reports.words import Estimate, counted, level, side_by_side
from tests.terms import CODE, ROOT

NOUNS = (
    "day", "month", "year", "week", "patient", "referral", "slot", "product", "dose", "bed", "lot", "centre", "row",
    "input", "number", "replication", "sample", "point", "scenario", "strategy", "event", "registers?", "combination",
    "column", "value", "case", "file",
)  # fmt: skip
PLURAL = re.compile(rf" (?:{'|'.join(NOUNS)})s\b|^ (?:strategies|activities)\b")
ALWAYS_MANY = ("told", "of_hundred", "between")
"""Functions whose text never ends in the number one: `fewer than 5`, `1 of 100`, `0 to 7`."""


def plurals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, what it says) of every filled-in number that is followed by a plural whatever it is."""
    for text in ast.walk(tree):
        if isinstance(text, ast.JoinedStr):
            for number, after in zip(text.values, text.values[1:], strict=False):
                follows = isinstance(after, ast.Constant) and PLURAL.match(str(after.value))
                if follows and isinstance(number, ast.FormattedValue) and not _never_one(number):
                    yield number.lineno, ast.unparse(number.value) + str(follows.group())


def _never_one(number: ast.FormattedValue) -> bool:
    value, form = number.value, ast.unparse(number.format_spec) if number.format_spec else ""
    decimals = re.search(r"\.[1-9]\d*f", form) is not None
    constant = isinstance(value, ast.Name) and value.id.isupper()
    many = isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] in ALWAYS_MANY
    return decimals or constant or many


def test_no_text_has_a_plural_whatever_its_number() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {said}"
        for folder in CODE
        for file in sorted((ROOT / folder).rglob("*.py"))
        for line, said in plurals(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(("text", "seen"), [
    ("f'{n} days'", True), ("f'{n:.0f} days are'", True), ("f'{n:.1f} days'", False), ("f'{MOST} rows'", False),
    ("f'{told(n)} patients'", False), ("f'{name} days'.upper()", True), ("f'{counted(n, \"day\")}'", False),
])  # fmt: skip
def test_a_plural_that_may_be_one_is_seen(text: str, seen: bool) -> None:
    assert bool(list(plurals(ast.parse(text)))) is seen


@pytest.mark.parametrize(("count", "text"), [
    (1, "1 day"), (0, "0 days"), (2, "2 days"), ("1", "1 day"), ("1.0", "1.0 days"), ("1,001", "1,001 days"),
    ("\N{MINUS SIGN}1", "\N{MINUS SIGN}1 day"),
])  # fmt: skip
def test_a_count_and_its_noun(count: int | str, text: str) -> None:
    assert counted(count, "day") == text


def test_a_unit_agrees_with_its_number() -> None:
    assert level(Estimate(1.0, unit="days")) == "1 day"
    assert level(Estimate(0.01, unit="share", change=True)) == "1 percentage point"
    assert level(Estimate(2.0, unit="QALYs per patient referred")) == "2 QALYs per patient referred"
    assert level(Estimate(1.0, unit="QALYs per patient referred")) == "1 QALY per patient referred"
    assert level(Estimate(1.0, unit="USD 2021")) == "1 USD 2021"
    assert side_by_side([Estimate(1.0, unit="days"), Estimate(2.0, unit="days")]) == ["1.00 days", "2.00 days"]
