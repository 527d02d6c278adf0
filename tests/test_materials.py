"""No library that the program needs at run time binds it by its licence, and the bill of materials names them all."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.materials import EXTRAS, Material, bill, materials

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_no_library_is_under_gpl_or_agpl() -> None:
    found = materials()
    assert [one for one in found if not one.licences] == []
    assert [one for one in found if one.is_copyleft] == []


@pytest.mark.parametrize(
    ("licences", "binds"),
    [
        (("MIT",), False),
        (("GPL-3.0-or-later",), True),
        (("AGPL-3.0-only",), True),
        (("GNU General Public License v3 (GPLv3)",), True),
        (("GNU Affero General Public License v3",), True),
        (("GNU Lesser General Public License v3 (LGPLv3)",), False),
        (("BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1",), False),
        (("BSD-3-Clause AND GPL-3.0-or-later",), True),
        (("GPL-2.0-only", "MIT"), False),
    ],
)
def test_what_binds(licences: tuple[str, ...], binds: bool) -> None:
    assert Material("x", "1", licences).is_copyleft is binds


def test_the_bill_names_every_library_that_the_program_asks_for() -> None:
    named = {part["name"] for part in bill()["components"]}  # type: ignore[attr-defined]
    asked = {re.split(r"[^\w.-]", text)[0].lower().replace(".", "-") for text in PROJECT["dependencies"]}
    assert asked <= named
    assert {"simpy", "pydantic-core", "tzdata"} & named >= {"simpy", "pydantic-core"}
    assert set(EXTRAS) | {"docs", "test", "mutation"} == set(PROJECT["optional-dependencies"])
