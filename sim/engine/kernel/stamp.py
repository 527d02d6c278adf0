"""What the machine code of the kernel on disk is known by, and whether it is there. No numba here."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def stamp(folder: Path) -> str:
    """What stands for the contents of all modules in a folder."""
    found = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        found.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


def is_compiled() -> bool:
    """Whether numba has kept machine code of the kernel as it stands, in any of the places where it keeps some.

    Beside the code, where the environment says, or, where neither can be written to, in the user's own cache.
    """
    stated = os.environ.get("NUMBA_CACHE_DIR")
    places = [Path(stated)] if stated else [FOLDER / "__pycache__", Path.home() / ".cache" / "numba"]
    mark = stamp(FOLDER).encode()
    return any(mark in index.read_bytes() for place in places for index in place.rglob("run.simulate-*.nbi"))
