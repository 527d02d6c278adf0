"""Hostile files: refused in words or valid, within 5 s of processor time and 1 GB, and nothing strange is opened."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from tests.hostile.__main__ import MOST_BYTES, MOST_SECONDS
from tests.hostile.corpus import EITHER, cases
from tests.runs import SHIPPED

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, links and limits are those of POSIX systems")


# The cases are read in so many parts: the first of them every day, a few more by `-m slow`, the others by `-m long`.
PARTS = 16
EVERY = [
    pytest.param(k, id=f"part{k}", marks=[] if k == 0 else pytest.mark.slow if k < 5 else pytest.mark.long)
    for k in range(PARTS)
]


@pytest.fixture(scope="module", params=EVERY)
def found(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """What came of every case of a part, and last the memory used."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile", str(PARTS), str(request.param)],
        cwd=SHIPPED.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"ended at {lines[-1] if lines else 'the start'}: {done.stderr[-2000:]}"
    return [line for line in lines if "begun" not in line]


def test_there_are_enough_of_them() -> None:
    assert len(cases()) >= 500


def test_every_file_is_refused_in_words_or_valid(found: list[dict[str, Any]]) -> None:
    came = Counter(one.get("came") for one in found[:-1])
    assert set(came) == {"refused", "valid"}, [one for one in found[:-1] if one["came"] not in ("refused", "valid")]
    assert [one["name"] for one in found[:-1] if one["must"] != EITHER and one["came"] != one["must"]] == []
    assert came["refused"] > 5 * came["valid"]


def test_none_takes_long(found: list[dict[str, Any]]) -> None:
    # processor time; a core whose other half is busy with other tests takes up to half as long again
    slow = {one["name"]: one["seconds"] for one in found[:-1] if one["seconds"] > 1.5 * MOST_SECONDS}
    assert slow == {}


def test_none_takes_much_memory(found: list[dict[str, Any]]) -> None:
    assert found[-1]["bytes"] < MOST_BYTES


def test_nothing_outside_the_named_folders_is_opened_and_nothing_written(found: list[dict[str, Any]]) -> None:
    assert {one["name"]: one["strange"] for one in found[:-1] if one["strange"]} == {}
