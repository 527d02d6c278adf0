"""Of many cases of one kind, some for every day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest


def some(cases: Mapping[str, Any], every_day: Collection[str]) -> list[Any]:
    """The cases, by name, as parameters; those that `every_day` does not name are marked `slow`.

    AssertionError if one that it names is none of them: a sample does not get smaller unseen.
    """
    assert set(every_day) <= set(cases), sorted(set(every_day) - set(cases))
    return [
        pytest.param(case, id=name, marks=() if name in every_day else pytest.mark.slow) for name, case in cases.items()
    ]
