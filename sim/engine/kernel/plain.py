"""The kernel as plain Python, for tests that change it or measure which lines they reach. No numba here.

Python reads a field of a numpy record some thirty times as slowly as an attribute; so each row that is touched is a
plain object until the function is through.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])


class _Rows:
    """A table whose rows are objects from when they are first looked at."""

    def __init__(self, table: Any) -> None:
        self.shape, self._table, self._rows = table.shape, table, dict[Any, SimpleNamespace]()

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, place: Any) -> SimpleNamespace:
        if place not in self._rows:
            self._rows[place] = _row(self._table[place])
        return self._rows[place]

    def __setitem__(self, place: Any, row: SimpleNamespace) -> None:
        vars(self[place]).update(vars(row))

    def write(self) -> None:
        for place, row in self._rows.items():
            self._table[place] = tuple(vars(row).values())


def _row(record: Any) -> SimpleNamespace:
    return SimpleNamespace(**dict(zip(record.dtype.names, record.item(), strict=True)))


def _write(record: Any, row: SimpleNamespace) -> None:
    for name, value in vars(row).items():
        record[name] = value


def plain(function: F) -> F:
    """What Python calls of the kernel, as plain Python: on the same tables, and with the same left in them."""

    @wraps(function)
    def called(*given: Any) -> Any:
        written: list[Callable[[], object]] = []

        def opened(of: Any) -> Any:
            if isinstance(of, tuple):
                members = map(opened, of)
                return type(of)(*members) if hasattr(of, "_fields") else tuple(members)
            if isinstance(of, np.void):
                row = _row(of)
                written.append(partial(_write, of, row))
                return row
            if isinstance(of, np.ndarray) and of.dtype.names:
                table = _Rows(of)
                written.append(table.write)
                return table
            return of

        result = function(*opened(given))
        for write in written:
            write()
        return result

    return cast(F, called)
