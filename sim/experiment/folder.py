"""A results folder that is either whole or not there: built beside its place, then exchanged with what stood there."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MANIFEST = "manifest.json"
RENAME_EXCHANGE = 2
AT_FDCWD = -100


class FolderError(Exception):
    """A results folder that cannot be used, in words for the user."""


def require_usable(folder: Path) -> None:
    """Nothing, or a FolderError where results could not be put there without harm to something else."""
    if folder.exists() and not folder.is_dir():
        raise FolderError(f"{folder}: is a file; name a folder for the results")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise FolderError(f"{folder}: holds other things than results (no {MANIFEST}); name another folder")
    parent = folder.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise FolderError(f"{folder}: {parent} is not a folder")
    probe = folder if folder.is_dir() else parent
    try:
        with tempfile.TemporaryFile(dir=probe):
            pass
    except OSError as error:
        raise FolderError(f"{folder}: cannot be written ({error.strerror})") from error


@contextmanager
def new_results(folder: Path) -> Iterator[Path]:
    """A fresh folder to fill; at the end it takes the place of `folder`, at an error it vanishes."""
    require_usable(folder)
    place = folder.absolute()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".partial", dir=place.parent))
    except OSError as error:
        raise FolderError(f"{folder}: cannot be written ({error.strerror})") from error
    try:
        yield building
        building.chmod(0o755)
        _put(building, place)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _put(building: Path, place: Path) -> None:
    """Move the new folder to its place, in one step wherever the system has one for it."""
    if not place.exists():
        building.rename(place)
    elif not _exchange(building, place):
        old = place.with_name(f".{place.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        place.rename(old)
        building.rename(place)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(a: Path, b: Path) -> bool:
    """Swap two folders in one step (Linux); False where that cannot be had."""
    with suppress(AttributeError, OSError):
        swap = ctypes.CDLL(None, use_errno=True).renameat2
        return bool(swap(AT_FDCWD, os.fsencode(a), AT_FDCWD, os.fsencode(b), RENAME_EXCHANGE) == 0)
    return False


def write_text(path: Path, text: str) -> None:
    """Write a text file, in UTF-8, whole or not at all."""
    write_file(path, text)


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; text in UTF-8."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
