"""Reading the text files of a scenario: only regular files, of a bearable size, inside the folders allowed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sim.scenario.allowance import MOST_BYTES, Allowance
from sim.scenario.problems import nearest, shorten

# The scenarios that come with the program; files anywhere may inherit from them.
LIBRARY, PARTS = "library", "parts"
SHIPPED = Path(__file__).resolve().parents[2] / "scenarios"
# The scenarios of the main job; beside them users may keep files of their own.
OF_THE_MAIN_JOB = ("autologous.yaml", "allogeneic.yaml")
# Behind the name of a shipped file that was named from elsewhere.
SHIPPED_MARK = " (shipped)"

# How files of Excel (packed, and of old) and LibreOffice begin.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


def read_text(path: Path, allowance: Allowance | None = None) -> str:
    """The text of a UTF-8 file, taken from the allowance; a ValueError that says why it cannot be had."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ValueError("is a folder; allowed: a file")
        # a pipe or a device could be waited for, or read, without end
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("is no ordinary file")
        if status.st_size > MOST_BYTES:
            raise ValueError(f"has {status.st_size} bytes; allowed: at most {MOST_BYTES}")
        content = _read(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError(no_such_file(path)) from error
    except PermissionError as error:
        raise ValueError("cannot be read: permission denied") from error
    except OSError as error:
        raise ValueError(f"cannot be read: {shorten(error.strerror or str(error))}") from error
    if content.startswith(_WORKBOOKS):
        raise ValueError("is a workbook: save the sheet as CSV (UTF-8)")
    if allowance is not None:
        allowance.read(len(content))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"is not UTF-8 text (line {line}); save it as UTF-8") from error


def _read(path: Path) -> bytes:
    """The bytes of a file that may grow, or be exchanged for a pipe, while it is read."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"has more than {MOST_BYTES} bytes")
    return content


def no_such_file(path: Path) -> str:
    """What is said of a file that there is not: the nearest one, or the shipped scenario that was meant."""
    if path.suffix == ".yaml" and shipped_file(path.stem) is not None:
        return f"no such file; the shipped one is '{path.stem}', without .yaml"
    said, close = "no such file", near_file(path)
    if _BARE.fullmatch(path.name):
        said, close = "no such file, and no shipped scenario of that name", close or nearest(path.name, shipped_names())
    if close is not None:
        return f"{said}; did you mean {close!r}?"
    return f"{said}; `list` names those there are" if _BARE.fullmatch(path.name) else said


def near_file(path: Path) -> str | None:
    """The name of a file in the same folder that is most like this one's."""
    try:
        names = sorted(entry.name for entry in os.scandir(path.parent))
    except (OSError, ValueError):
        return None
    # without endings, which would make any two names alike
    by_stem = {Path(name).stem: name for name in names}
    close = nearest(path.stem, by_stem)
    return by_stem[close] if close else None


# What names a shipped scenario, and no file of another kind.
_BARE = re.compile(r"[\w-]+")


@cache
def shipped_names() -> Mapping[str, Path]:
    """The shipped scenarios by name, such as `autologous`: the two of the main job, then the library."""
    of_the_main_job = (SHIPPED / name for name in OF_THE_MAIN_JOB)
    return {path.stem: path for path in (*of_the_main_job, *sorted((SHIPPED / LIBRARY).glob("*.yaml")))}


def shipped_file(name: str) -> Path | None:
    """The shipped scenario of this name; None where there is none."""
    return shipped_names().get(name)


def shown_shipped(file: Path) -> str:
    """How a shipped file that was named from elsewhere is shown."""
    return f"{file.relative_to(SHIPPED)}{SHIPPED_MARK}"


def named(path: Path) -> Path | None:
    """The shipped scenario that a path given by the user is the name of; None where the path is that of a file."""
    found = shipped_file(str(path))
    return None if found is None or path.is_file() else found


def find_inside(name: str, folder: Path, roots: tuple[Path, ...]) -> Path:
    """The file that `name`, written in a file of `folder`, stands for; a ValueError where it is outside the roots."""
    if not name.strip() or "\0" in name or not name.isprintable() or len(name) > 500:
        raise ValueError("is no file name")
    if os.path.isabs(name) or Path(name).drive:
        raise ValueError("is an absolute path; allowed: a path relative to this file")
    try:
        found = (folder / name).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise ValueError("is no file name") from error
    if not any(found.is_relative_to(root) for root in roots):
        raise ValueError("is outside the scenario's folder; allowed: files in that folder and below it")
    return found


def shown_path(shown_file: str, name: str) -> str:
    """How a file named in another one is shown: beside it, and as shipped where that one is."""
    mark = SHIPPED_MARK if shown_file.endswith(SHIPPED_MARK) else ""
    return os.path.normpath(os.path.join(os.path.dirname(shown_file), name)) + mark


def is_shipped(file: str) -> bool:
    """Whether a scenario file, as it is shown, comes with the program, as far as its name and folder tell."""
    if file.endswith(SHIPPED_MARK):
        return True
    path = Path(file).resolve()
    others = (SHIPPED / LIBRARY, SHIPPED / PARTS)
    return path.parent in others or (path.parent == SHIPPED and path.name in OF_THE_MAIN_JOB)
