"""Where the machine code of the kernel is kept, what it is known by, and whether it is there. No numba here."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).parent
READY = "ready"


@cache
def stamp(folder: Path) -> str:
    """What stands for the contents of all modules in a folder."""
    found = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        found.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


def place() -> Path | None:
    """The folder of machine code for the kernel as it stands; None where nothing can be kept.

    Where NUMBA_CACHE_DIR says; else beside the code; else, where that cannot be written to, in the user's own cache.
    Each kernel, numba and Python has a folder of its own, so that a half-written one is never taken for another's; and
    so has each copy of the program, for numba takes a file for another one where its place or its date is another.
    """
    dates = [file.stat().st_mtime_ns for file in sorted(FOLDER.glob("*.py"))]
    checks = os.environ.get("NUMBA_BOUNDSCHECK", "")
    made_by = f"{version('numba')} {version('llvmlite')} {sys.implementation.cache_tag} {checks}"
    told = f"{stamp(FOLDER)} {FOLDER} {dates} {made_by}"
    name = f"kernel-{hashlib.sha256(told.encode()).hexdigest()[:24]}"
    return next((parent / name for parent in _parents() if _usable(parent / name)), None)


def is_compiled() -> bool:
    """Whether machine code of the kernel as it stands is kept, all of it."""
    found = place()
    return found is not None and (found / READY).is_file()


def mark_ready() -> None:
    """Say that all machine code of the kernel is kept, where anything is."""
    found = place()
    if found is not None and not (found / READY).exists():
        (found / READY).touch()


def _parents() -> list[Path]:
    stated = os.environ.get("NUMBA_CACHE_DIR")
    if stated:
        return [Path(stated)]
    found = [FOLDER / "__pycache__"]
    own = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    if own:
        found.append(Path(own) / "vein2vein")
    elif home := os.environ.get("HOME"):
        found.append(Path(home) / ".cache" / "vein2vein")
    return found


@cache
def _usable(folder: Path) -> bool:
    """Whether files can be made in a folder, which is made where it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
