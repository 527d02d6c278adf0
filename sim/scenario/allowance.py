"""How much one scenario may ask of the reader, over all its files: far more than any real one, and read in seconds."""

from __future__ import annotations

from dataclasses import dataclass

# A file; and all files of one scenario together.
MOST_BYTES, MOST_BYTES_IN_ALL = 1_000_000, 3_000_000
# The reader takes about 25 µs a value and 50 µs a key.
MOST_VALUES, MOST_KEYS = 61_000, 20_000
MOST_PROBLEMS = 1_000


@dataclass
class Allowance:
    """What is left; a CSV file counts as the values that stand for it."""

    bytes_left: int = MOST_BYTES_IN_ALL
    values_left: int = MOST_VALUES
    keys_left: int = MOST_KEYS

    def read(self, count: int) -> None:
        """Take `count` bytes; a ValueError where fewer are left."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise ValueError(f"with it the files of one scenario have more than {MOST_BYTES_IN_ALL} bytes in all")

    def take(self, values: int = 0, keys: int = 0) -> str | None:
        """Take values and keys; what is wrong where fewer are left, else None."""
        self.values_left -= values
        self.keys_left -= keys
        if self.values_left < 0:
            return f"more than {MOST_VALUES} values in all; a scenario has a few hundred, and lists of some thousands"
        return f"more than {MOST_KEYS} keys in all; a scenario has a few hundred" if self.keys_left < 0 else None
