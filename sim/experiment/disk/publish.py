"""Results put into a folder that may hold other things: no file is touched that earlier results do not list.

What is new is built in a hidden folder inside, `.vein2vein.xxxxxxxx.partial`, which a lock marks as its maker's while
that lives. Once it is whole, a list of what comes and what goes is written, the files are moved one by one, the
manifest last, and the list is removed. Killed before the list is there, a command leaves the old results; killed
after, it leaves them marked as unfinished, and the next command that writes there moves the rest.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from sim.experiment.disk.folder import MANIFEST, PARTIAL, FolderError, own, write_text
from sim.experiment.disk.manifest import PAGES, is_sealed, listed, parse_manifest, require_sealed, reseal, seal
from sim.pure.checksum import checksum

UNFINISHED = "unfinished.json"
WORKSHOP = re.compile(r"\.vein2vein\.[a-z0-9_]{8}" + re.escape(PARTIAL))
LOCK, BUILDING = "lock", "new"
Owned = Mapping[str, Collection[str]]


@contextmanager
def new_results(folder: Path, files: Collection[str], replace: Sequence[str] = ()) -> Iterator[Path]:
    """A fresh folder to fill with results, their manifest among them; at the end they are put into `folder`.

    All that earlier results list is then gone from there, unless it was changed since. At an error nothing is changed.
    `files`: what will be written, as far as known: whatever of it could not be is found out at once. `replace`: names,
    with `*` for any part, that may be replaced whoever made them. Raises FolderError.
    """
    with suppress(FolderError):  # what cannot be ended any more is replaced as a whole
        finish(folder)
    with _workshop(folder, [*files, MANIFEST], replace) as (place, building):
        yield building
        with _alone(place):
            owned = _owned(place)
            new = _digests(building)
            if why := obstacles(place, new, owned, replace):
                raise FolderError(f"{why}; the new results are whole in {_kept(place, building)}")
            gone = [name for name in owned if name not in new and _is_ours(place / name, owned[name])]
            _put(place, building, new, gone, replace)


@contextmanager
def new_pages(folder: Path, files: Collection[str], replace: Sequence[str] = ()) -> Iterator[Path]:
    """A fresh folder to fill with pages drawn from the results in `folder`, where they then are put and listed.

    Raises FolderError, also where other results have come there meanwhile.
    """
    finish(folder)
    with _workshop(folder, files, replace, sealed=False) as (place, building):
        manifest = parse_manifest(place)
        require_sealed(place, manifest)
        yield building
        with _alone(place):
            if parse_manifest(place) != manifest:
                raise FolderError(f"{folder}: other results have come there while these were drawn; draw them again")
            new = _digests(building)
            if why := obstacles(place, new, _owned(place, sealed=False), replace):
                raise FolderError(why)
            pages = {**manifest.get(PAGES, {}), **new}
            write_text(building / MANIFEST, reseal({**manifest, PAGES: pages}))
            _put(place, building, {**new, MANIFEST: checksum(building / MANIFEST)}, (), replace)


def require_free(folder: Path, files: Collection[str], replace: Sequence[str] = ()) -> None:
    """Nothing, or a FolderError where files of these names could not be put into the folder."""
    place = _followed(folder)
    if why := obstacles(place, files, _owned(place), replace):
        raise FolderError(why)


def require_finished(folder: Path) -> None:
    """Nothing, or a FolderError where a command was stopped while it put its results into the folder."""
    if _unfinished(folder) is not None:
        raise FolderError(
            f"{folder}: unfinished; a command was stopped while it put its results there: `report {folder}` ends it"
        )


def finish(folder: Path) -> None:
    """End what a command that was killed left half-moved in the folder. Raises FolderError where that cannot be."""
    place = _followed(folder)
    if _unfinished(place) is None:
        return
    with _alone(place):
        left = _unfinished(place)
        if left is None:
            return
        building = place / left.workshop / BUILDING
        waiting = [name for name in left.new if (building / name).is_file()]
        lost = [n for n in left.new if n not in waiting and not _is_ours(place / n, [left.new[n]])]
        if lost:
            # without its list the folder is what it is: files, some of which the manifest does not list as they are
            raise FolderError(f"{folder}: unfinished, and {lost[0]} is gone; run it again into another folder")
        if why := obstacles(place, waiting, _owned(place), left.replace):
            raise FolderError(f"{why}; it is in the way of results that a stopped command left unfinished")
        _move(place, building, left)


@dataclass(frozen=True)
class _Left:
    """The list of a move: digests of what comes, by name; what goes; where it is built; what may be replaced."""

    workshop: str
    new: Mapping[str, str]
    old: Mapping[str, Sequence[str]]
    gone: Sequence[str]
    replace: Sequence[str]


def obstacles(place: Path, files: Collection[str], owned: Owned, replace: Sequence[str]) -> str:
    """What keeps files of these names from being put into a folder, in words; empty where nothing does."""
    # the manifest first: where that is of others, all is
    order = sorted(files, key=lambda name: (name != MANIFEST, "/" in name, name))
    found = [why for name in order if (why := _obstacle(place, name, owned.get(name, ()), replace))]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{found[0]}{more}" if found else ""


def _obstacle(place: Path, name: str, digests: Collection[str], replace: Sequence[str]) -> str:
    try:
        for above in [place / part for part in reversed(PurePosixPath(name).parents)]:
            if above != place and above.is_symlink():
                return f"{above}: is a link to another place; name another folder with --out"
            if os.path.lexists(above) and not above.is_dir():
                return f"{above}: is in the way, a folder of this name is needed; name another folder with --out"
            if above.is_dir() and not os.access(above, os.W_OK | os.X_OK):
                return f"{above}: cannot be written (permission denied)"
        at = place / name
        if not os.path.lexists(at) or _is_ours(at, digests):
            return ""
    except OSError as error:
        return f"{place / name}: cannot be written ({error.strerror})"
    if stat.S_ISDIR(at.lstat().st_mode):
        return f"{at}: is in the way, a folder with the name of a file; name another folder with --out"
    if any(fnmatchcase(name, pattern) for pattern in replace):
        return ""
    return (
        f"{at}: is not from earlier results here, or was changed since, and stays as it is; "
        f"name another folder with --out, or add --replace {name}"
    )


def _is_ours(file: Path, digests: Collection[str]) -> bool:
    """Whether there is such a file as this program wrote it: an ordinary one, with one of these digests."""
    return bool(digests) and not file.is_symlink() and file.is_file() and checksum(file) in digests


def _owned(place: Path, sealed: bool = True) -> dict[str, set[str]]:
    """Digests, by name, of the files that results in this folder list; none where there are no results.

    `sealed`: only a manifest with a seal that fits tells results from a file that happens to be called so.
    """
    found: dict[str, set[str]] = {}
    with suppress(FolderError):
        manifest = parse_manifest(place)
        if ("seal" in manifest or not sealed) and is_sealed(manifest) and not (place / MANIFEST).is_symlink():
            for name, digest in {**listed(manifest), MANIFEST: checksum(place / MANIFEST)}.items():
                found.setdefault(name, set()).add(digest)
    left = _unfinished(place)
    if left is not None:
        found[UNFINISHED] = {checksum(place / UNFINISHED)}
        for name, digest in left.new.items():
            found.setdefault(name, set()).update([digest, *left.old.get(name, ())])
        for name, digests in left.old.items():
            found.setdefault(name, set()).update(digests)
    return found


def _unfinished(place: Path) -> _Left | None:
    """The list of a move that was not ended, None where there is none of this program's."""
    file = place / UNFINISHED
    if file.is_symlink() or not file.is_file():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content.pop("seal") != seal(content) or not WORKSHOP.fullmatch(content["workshop"]):
            return None
        return _Left(**content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _put(place: Path, building: Path, new: Mapping[str, str], gone: Sequence[str], replace: Sequence[str]) -> None:
    """Say what comes and goes, and move it."""
    old = {name: sorted(digests) for name, digests in _owned(place).items()}
    left = _Left(building.parent.name, new, old, gone, tuple(replace))
    content: dict[str, Any] = {**vars(left)}
    write_text(place / UNFINISHED, json.dumps({**content, "seal": seal(content)}, ensure_ascii=False))
    _move(place, building, left)


def _move(place: Path, building: Path, left: _Left) -> None:
    for name in sorted(left.new, key=lambda name: (name == MANIFEST, name)):
        if (building / name).is_file():
            (place / name).parent.mkdir(exist_ok=True)
            (building / name).replace(place / name)
    for name in left.gone:
        if _is_ours(place / name, left.old[name]):
            (place / name).unlink()
        if (place / name).parent != place:
            with suppress(OSError):
                (place / name).parent.rmdir()
    (place / UNFINISHED).unlink()


@contextmanager
def _workshop(
    folder: Path, files: Collection[str], replace: Sequence[str], sealed: bool = True
) -> Iterator[tuple[Path, Path]]:
    """(the folder itself, where to build) while what it is to hold could be put there. Raises FolderError."""
    place = _followed(folder)
    if why := obstacles(place, [*files, UNFINISHED], _owned(place, sealed), replace):
        raise FolderError(why)
    made: list[Path] = []
    try:
        try:
            made += _make(place)
            _remove_leftovers(place)
            work, lock = _locked(place)
            building = work / BUILDING
            for name in files:  # the longest path is that of a file in here
                (building / name).parent.mkdir(parents=True, exist_ok=True)
                with (building / name).open("x"):
                    pass
                (building / name).unlink()
        except OSError as error:
            raise FolderError(f"{folder}: cannot be written ({error.strerror})") from error
        try:
            yield place, building
        except OSError as error:
            if error.filename is None:  # such as a full disk, of which the system does not say where
                error.filename = str(folder)
            raise
        finally:
            lock.close()
            left = _unfinished(place)
            if left is None or left.workshop != work.name:
                shutil.rmtree(work, ignore_errors=True)
    finally:
        for above in reversed(made):
            with suppress(OSError):
                above.rmdir()


def _locked(place: Path) -> tuple[Path, BinaryIO]:
    """A hidden folder in the folder, with the open lock that tells others that its owner lives."""
    while True:
        work = Path(tempfile.mkdtemp(prefix=".vein2vein.", suffix=PARTIAL, dir=place))
        with suppress(FileNotFoundError):  # where somebody took it for a leftover before it was locked
            lock = (work / LOCK).open("ab")
            if own(lock) and (work / LOCK).exists():
                return work, lock
            lock.close()


def _followed(folder: Path) -> Path:
    """The folder itself, where `folder` may be a link; a FolderError for a link to nothing, or for a file."""
    try:
        place = folder.resolve()
        if folder.is_symlink() and not folder.exists():
            raise FolderError(
                f"{folder}: is a link to {place}, which does not exist; make that folder, or name another"
            )
        if place.exists() and not place.is_dir():
            raise FolderError(f"{folder}: is a file; name a folder for the results")
        above = place
        while not above.exists():
            above = above.parent
        if not above.is_dir():
            raise FolderError(f"{folder}: {above} is not a folder")
    except (OSError, RuntimeError, ValueError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise FolderError(f"{folder}: cannot be written ({told})") from error
    return place


def _make(place: Path) -> list[Path]:
    """Make the folder and those above it; the ones that were made."""
    made: list[Path] = []
    for folder in [*reversed(place.parents), place]:
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            made.append(folder)
    return made


def _remove_leftovers(place: Path) -> None:
    """Remove what dead processes left half-built in the folder; what a living process builds stays."""
    left = _unfinished(place)
    for entry in list(place.iterdir()):
        if left is not None and entry.name == left.workshop:
            continue
        if WORKSHOP.fullmatch(entry.name) and entry.is_dir() and not entry.is_symlink():
            with suppress(OSError), (entry / LOCK).open("ab") as lock:
                if own(lock, wait=False):
                    shutil.rmtree(entry, ignore_errors=True)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """No other process of this program moves files in the folder meanwhile."""
    try:
        handle = os.open(place, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        yield
        return
    try:
        with suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _digests(building: Path) -> dict[str, str]:
    files = sorted(file for file in building.rglob("*") if file.is_file())
    return {file.relative_to(building).as_posix(): checksum(file) for file in files}


def _kept(place: Path, building: Path) -> Path:
    """Where new results are kept that could not be put into the folder: in one of their own inside it."""
    kept = Path(tempfile.mkdtemp(prefix="kept-", dir=place))
    kept.chmod(0o755)
    building.replace(kept)
    return kept
