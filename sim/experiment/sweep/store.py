"""Results of a sweep on disk as they come: one SQLite file, every block of replications whole or not there.

SQLite keeps what was committed through a kill, a full disk or a power cut, and takes back what was not.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sim.experiment.disk.folder import FolderError
from sim.pure.arrays import FloatArray

STORE = "sweep.sqlite"
Identity = Mapping[str, str]


class StoreError(Exception):
    """Results that could not be kept, in words for the user."""


class Store:
    """Blocks of results: for each (point, first replication) an array (replications, scenarios, columns)."""

    def __init__(self, database: sqlite3.Connection, path: Path, shape: tuple[int, int]) -> None:
        self._database, self._path, self._shape = database, path, shape

    def have(self) -> set[tuple[int, int]]:
        """The (point, first replication) of every block that is there."""
        return {(point, first) for point, first in self._database.execute("SELECT point, first FROM blocks")}

    def workers(self) -> list[str]:
        """Who made the blocks."""
        return [who for (who,) in self._database.execute("SELECT DISTINCT worker FROM blocks ORDER BY worker")]

    def add(self, blocks: Iterable[tuple[int, int, FloatArray]], worker: str) -> None:
        """Keep blocks, all of them or, at an error, none. Raises StoreError."""
        rows = []
        for point, first, values in blocks:
            data = np.ascontiguousarray(values).tobytes()
            rows.append((point, first, worker, data, _digest(point, first, data)))
        try:
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: results cannot be written ({error})") from error

    def values(self, point: int) -> FloatArray:
        """All that is there of a point, shape (replications, scenarios, columns), in order of the replications."""
        found = self._database.execute("SELECT data FROM blocks WHERE point = ? ORDER BY first", (point,))
        parts = [np.frombuffer(data, dtype=np.float64).reshape(-1, *self._shape) for (data,) in found]
        return np.concatenate(parts) if parts else np.empty((0, *self._shape))


def _digest(point: int, first: int, data: bytes) -> str:
    """What is kept beside a block, so that a changed one is never taken for a result."""
    return hashlib.sha256(f"{point} {first} ".encode() + data).hexdigest()


@contextmanager
def open_store(folder: Path, identity: Identity, shape: tuple[int, int]) -> Iterator[Store]:
    """The store of a folder, new or with what an earlier run of the same sweep left there.

    Raises FolderError where the folder holds results of another sweep or other things, or another process fills it.
    """
    path = folder / STORE
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise FolderError(f"{path}: is no store of results; name another folder")
    database = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, timeout=1.0, isolation_level="DEFERRED")
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and tables != {"identity", "blocks"}:
            raise FolderError(f"{path}: is a database of something else; name another folder")
        with database:
            database.execute("CREATE TABLE IF NOT EXISTS identity (name TEXT PRIMARY KEY, value TEXT)")
            database.execute(
                "CREATE TABLE IF NOT EXISTS blocks"
                " (point INTEGER, first INTEGER, worker TEXT, data BLOB, digest TEXT, PRIMARY KEY (point, first))"
            )
            there = dict(database.execute("SELECT name, value FROM identity"))
            if not there:
                database.executemany("INSERT INTO identity VALUES (?, ?)", list(identity.items()))
        if there and there != dict(identity):
            raise FolderError(f"{folder}: holds {_told(there, identity)}; name another folder, or delete {STORE}")
        for point, first, data, digest in database.execute("SELECT point, first, data, digest FROM blocks"):
            if not isinstance(data, bytes) or digest != _digest(point, first, data):
                raise FolderError(
                    f"{path}: results of point {point} were changed since they were written; delete it, and run again"
                )
        yield Store(database, path, shape)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise FolderError(f"{folder}: another sweep is being written there") from error
        raise StoreError(f"{path}: results cannot be written ({error})") from error
    except sqlite3.DatabaseError as error:
        raise FolderError(f"{path}: is no store of results ({error}); delete it, or name another folder") from error
    finally:
        if database is not None:
            database.close()


def _told(there: Mapping[str, Any], wanted: Identity) -> str:
    """In which way what is there is something else."""
    changed = [
        name for name in [*wanted, *(n for n in there if n not in wanted)] if there.get(name) != wanted.get(name)
    ]
    short = [f"{name} was {_short(there.get(name))}, now {_short(wanted.get(name))}" for name in changed]
    return f"results of another sweep ({'; '.join(short)})"


def _short(value: str | None) -> str:
    if value is None:
        return "not given"
    text = value if len(value) != 64 else value[:12]
    return json.dumps(text, ensure_ascii=False) if not text.replace(".", "").isalnum() else text
