"""Small numbers of patients, and what is told of them where it leaves the hospital."""

from __future__ import annotations

from collections.abc import Sequence

# A number of patients from 1 to one less than this is not told.
LEAST = 5


def is_small(count: float) -> bool:
    """Whether a number of patients is not told: not 0, and below `LEAST`."""
    return 0 < count < LEAST


def told(count: float) -> str:
    """A number of patients (or events) in words where it is small, else as it is."""
    return f"fewer than {LEAST}" if is_small(count) else f"{count:.0f}"


def suppressed(counts: Sequence[int]) -> list[int | None]:
    """The counts without those from 1 to 4; where one of them stands alone, without the next larger one, too.

    For the sum of all is known, and one unknown alone would follow from it.
    """
    found: list[int | None] = [None if is_small(count) else count for count in counts]
    if found.count(None) == 1:
        others = [(count, k) for k, count in enumerate(counts) if found[k] is not None and count > 0]
        # without another one the sum itself is not told
        if others:
            found[min(others)[1]] = None
    return found
