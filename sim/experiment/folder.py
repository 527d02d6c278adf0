"""A results folder that is either whole or not there: built beside its place, then exchanged with what stood there."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

MANIFEST = "manifest.json"
RENAME_EXCHANGE = 2
AT_FDCWD = -100
# What is being built is hidden beside its place as `.NAME.xxxxxxxx.partial`, and owned by a lock while its maker lives.
PARTIAL = ".partial"
LOCK = "lock"


class FolderError(Exception):
    """A results folder that cannot be used, in words for the user."""


def require_usable(folder: Path) -> None:
    """Nothing, or a FolderError where results could not be put there without harm to something else."""
    if folder.exists() and not folder.is_dir():
        raise FolderError(f"{folder}: is a file; name a folder for the results")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise FolderError(f"{folder}: holds other things than results (no {MANIFEST}); name another folder")
    require_writable(folder)


def require_writable(folder: Path) -> None:
    """Nothing, or a FolderError where no file could be put into the folder, be it there or not."""
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
    """A fresh folder to fill; at the end it takes the place of `folder`, at an error it vanishes.

    What killed runs left beside `folder` is removed first. Of two runs that fill one place at the same time the one
    that ends last stays, whole.
    """
    place = folder.absolute()
    _restore(place)
    require_usable(folder)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(place)
        workshop, lock = _workshop(place)
    except OSError as error:
        raise FolderError(f"{folder}: cannot be written ({error.strerror})") from error
    try:
        building = workshop / place.name
        building.mkdir()
        yield building
        _put(building, place)
    except OSError as error:
        if error.filename is None:  # such as a full disk, of which the system does not say where
            error.filename = str(folder)
        raise
    finally:
        lock.close()
        shutil.rmtree(workshop, ignore_errors=True)


def _workshop(place: Path) -> tuple[Path, BinaryIO]:
    """A hidden folder beside the place, with the open lock that tells others that its owner lives."""
    while True:
        workshop = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=PARTIAL, dir=place.parent))
        with suppress(FileNotFoundError):  # where somebody took it for a leftover before it was locked
            lock = (workshop / LOCK).open("ab")
            if own(lock) and (workshop / LOCK).exists():
                return workshop, lock
            lock.close()


def remove_leftovers(place: Path) -> None:
    """Remove what runs that are no more left half-built beside `place`; what a living process builds stays."""
    ours = re.compile(re.escape(f".{place.name}.") + r"[a-z0-9_]{8}" + re.escape(PARTIAL))
    for entry in list(place.parent.iterdir()):
        if ours.fullmatch(entry.name) and not entry.is_symlink():
            with suppress(OSError), (entry / LOCK if entry.is_dir() else entry).open("ab") as lock:
                if own(lock, wait=False):
                    shutil.rmtree(entry, ignore_errors=True)
                    entry.unlink(missing_ok=True)


def own(lock: BinaryIO, wait: bool = True) -> bool:
    """Whether the open file is now this process's own, until it is closed or the process ends, however it ends.

    Where files cannot be owned, an answer at once (`wait` False) is no, so that nothing of others is ever touched.
    """
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except (ImportError, OSError):
        return wait
    return True


def _put(building: Path, place: Path) -> None:
    """Move the new folder to its place, in one step wherever the system has one for it."""
    try:
        building.rename(place)
        return
    except OSError:
        if not place.is_dir():
            raise
    if not _exchange(building, place):
        old = _old(place)
        shutil.rmtree(old, ignore_errors=True)
        place.rename(old)
        building.rename(place)
        shutil.rmtree(old, ignore_errors=True)


def _old(place: Path) -> Path:
    return place.with_name(f".{place.name}.old")


def _restore(place: Path) -> None:
    """Put back results that were moved away for new ones which then did not come, as the process was killed."""
    if _old(place).is_dir() and not place.exists():
        with suppress(OSError):
            _old(place).rename(place)


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
    """Write a file whole or not at all; text in UTF-8, where what a file's name may hold and UTF-8 cannot is spelt."""
    whole = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with new_file(path) as building:
        building.write_bytes(whole)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A fresh file to fill; at the end it takes the place of `path`, at an error it vanishes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=PARTIAL, dir=path.parent)
    building = Path(name)
    try:
        with os.fdopen(handle, "ab") as lock:
            own(lock)
            yield building
            building.chmod(0o644)
            building.replace(path)
    except BaseException:
        building.unlink(missing_ok=True)
        raise
