"""Numbers of many replications outside memory: a row of arrays each, read back some rows or columns at a time."""

from __future__ import annotations

import math
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
# The name of an array, and the place of the arm that it is of.
Key = tuple[str, int]
# So much of the rows is in memory at once: what is made of it takes a few times as much.
BYTES_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class _Place:
    """Where an array lies in a row, in bytes from its beginning, and what it is."""

    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def _close(file: IO[bytes]) -> None:
    """Close a file of which nothing is wanted any more; what a full disk did not take is lost with it."""
    with suppress(OSError):
        file.close()


class Rows:
    """Rows that hold the same arrays under the same keys, of one shape and type each, in a file without a name.

    `folder`: where that file lies; the system's folder for such files if None. It is gone when the program ends,
    however it ends.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (open for as long as this is there)
        weakref.finalize(self, _close, self._file)
        self._places: dict[Key, _Place] = {}
        self._width = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, arrays: Mapping[Key, Array]) -> None:
        """One row more."""
        if not self._places:
            for key, array in arrays.items():
                self._places[key] = _Place(self._width, array.shape, array.dtype)
                self._width += array.nbytes
        assert {key: (array.shape, array.dtype) for key, array in arrays.items()} == {
            key: (place.shape, place.dtype) for key, place in self._places.items()
        }, "rows differ in what they hold"
        self._file.seek(self._count * self._width)
        for array in arrays.values():
            self._file.write(array.tobytes())
        self._count += 1

    def __contains__(self, key: Key) -> bool:
        return key in self._places

    def shape(self, key: Key) -> tuple[int, ...]:
        """That of the array under a key."""
        return self._places[key].shape

    def whole(self, key: Key) -> Array:
        """The array under a key of every row, shape (rows, ...)."""
        return self._read(key, range(self._count))

    def columns(self, key: Key) -> Iterator[Array]:
        """All rows of the array under a key, flat, a few columns at a time, in their order: shape (rows, columns).

        There are two columns at least, where the array has as many: numpy adds the numbers of one column alone in
        another order, so that the last bit of a sum would hang on the number of rows.
        """
        place = self._places[key]
        width, size = math.prod(place.shape), place.dtype.itemsize
        at_once = max(2, BYTES_AT_ONCE // (8 * max(1, self._count)))
        for part in np.array_split(np.arange(width), max(1, width // at_once)):
            found = np.empty((self._count, len(part)), place.dtype)
            for row in range(self._count):
                self._file.seek(row * self._width + place.offset + int(part[0]) * size)
                self._file.readinto(found[row].view(np.uint8))
            yield found

    def parts(self, key: Key) -> Iterator[tuple[slice, Array]]:
        """(which rows, their arrays under a key) of a few rows at a time, in their order: shape (rows, ...)."""
        at_once = max(1, BYTES_AT_ONCE // max(1, 8 * math.prod(self.shape(key))))
        for first in range(0, self._count, at_once):
            some = range(first, min(first + at_once, self._count))
            yield slice(some.start, some.stop), self._read(key, some)

    def _read(self, key: Key, rows: range) -> Array:
        place = self._places[key]
        found = np.empty((len(rows), *place.shape), place.dtype)
        for k, row in enumerate(rows):
            self._file.seek(row * self._width + place.offset)
            self._file.readinto(found[k].reshape(-1).view(np.uint8))
        return found
