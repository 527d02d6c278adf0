"""Single files: written whole or not at all, and never over one that somebody else made or changed."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

MANIFEST = "manifest.json"
# What is being built is hidden beside its place as `.NAME.xxxxxxxx.partial`, and owned by a lock while its maker lives.
PARTIAL = ".partial"
# The last line of a page that stands by itself: the digest of all that is before it.
SIGNED = re.compile(rb"\n<!-- sha256 ([0-9a-f]{64}) of all above: .*-->\n\Z")


class FolderError(Exception):
    """A results folder or file that cannot be used, in words for the user."""


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
    _remove_leftovers(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=PARTIAL, dir=path.parent)
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


def _remove_leftovers(path: Path) -> None:
    """Remove what dead processes left half-written beside `path`; what a living process builds stays."""
    ours = re.compile(re.escape(f".{path.name[:100]}.") + r"[a-z0-9_]{8}" + re.escape(PARTIAL))
    for entry in list(path.parent.iterdir()):
        if ours.fullmatch(entry.name) and entry.is_file() and not entry.is_symlink():
            with suppress(OSError), entry.open("ab") as lock:
                if own(lock, wait=False):
                    entry.unlink(missing_ok=True)


def signed(text: str) -> str:
    """A page that stands by itself, with its digest as a comment in its last line (HTML or Markdown)."""
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return f"{text}\n<!-- sha256 {digest} of all above: without changes it is replaced by the next page -->\n"


def require_ours(folder: Path, names: Collection[str]) -> None:
    """Nothing, or a FolderError where a folder of pictures beside a page holds anything but files of these names."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FolderError(f"{folder}: is a file; the pictures of the page need a folder of that name")
    others = sorted({entry.name for entry in folder.iterdir()} - set(names))
    if others:
        raise FolderError(f"{folder}: holds {others[0]}, which is no picture of this page; name another page")


def require_page(path: Path, replace: Sequence[str] = ()) -> None:
    """Nothing, or a FolderError where a signed page could not be written, or would take the place of something else.

    `replace`: names of files that may be replaced all the same.
    """
    if path.is_dir():
        raise FolderError(f"{path}: is a folder; name a file")
    parent = path.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise FolderError(f"{path}: {parent} is not a folder")
    try:
        there = os.path.lexists(path)
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise FolderError(f"{path}: cannot be written ({error.strerror})") from error
    if there and not ({path.name, str(path)} & set(replace)) and not _is_signed(path):
        raise FolderError(
            f"{path}: is no page of this program, or was changed since; name another file, or add --replace {path.name}"
        )


def _is_signed(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    content = path.read_bytes()
    found = SIGNED.search(content)
    return found is not None and hashlib.sha256(content[: found.start()]).hexdigest() == found[1].decode()
