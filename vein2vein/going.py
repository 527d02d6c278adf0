"""What goes with a later version: until then it works, with a warning that says what to write instead.

One table, of names of the package (`simulate`), options of functions (`run.trials`), attributes of results
(`Study.waits`), commands (`simulate`, the name of a function, too) and their options (`run --trials`). Whoever renames
something that is kept stable (docs/stability.md) adds its line, and takes it away with the version that it names.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Going:
    """`now`: what to write instead; `until`: the version in which the old name is gone."""

    now: str
    until: str


GOING: Mapping[str, Going] = {}


def told(key: str) -> str | None:
    """What is to be said of a name that goes, in a sentence; None for one that stays."""
    going = GOING.get(key)
    return None if going is None else f"{key} is now {going.now}; the old name goes with version {going.until}"


def renamed(key: str, stacklevel: int = 3) -> str | None:
    """The present name of what goes, after a FutureWarning where it was called; None for a name that stays."""
    said = told(key)
    if said is None:
        return None
    warnings.warn(said, FutureWarning, stacklevel=stacklevel)
    return GOING[key].now
