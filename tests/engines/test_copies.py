"""Rows that the kernel writes into others field by field, with all their fields."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("numba")

from sim.engine.kernel import clocks, replications
from sim.engine.kernel.rows import Batch, FactorChange, Pool, Unit, layout


@pytest.mark.parametrize(
    ("kind", "copy"),
    [
        (Pool, replications.copy_pool),
        (Unit, replications.copy_unit),
        (Batch, replications.copy_batch),
        (FactorChange, clocks.copy_change),
    ],
)
def test_every_field_is_copied(kind: type, copy: Callable[..., None]) -> None:
    names = layout(kind).names
    assert names
    old = SimpleNamespace(**{name: place for place, name in enumerate(names)})
    new: Any = SimpleNamespace()
    getattr(copy, "py_func", copy)(old, new)
    assert vars(new) == vars(old)
