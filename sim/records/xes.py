"""Register files that are event logs in XES, as they are or packed with gzip."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Collection
from io import BufferedIOBase
from pathlib import Path

import numpy as np
import pandas as pd

from sim.records.cells import MOST_BYTES, SAMPLE, Raw, require_columns
from sim.records.faults import RecordsError

_GZIP = b"\x1f\x8b"


def read_xes(path: Path, wanted: Collection[str] | None, most_rows: int) -> Raw:
    """The events of an XES log, one row an event, with a column for every attribute of events and of cases."""
    from xml.etree.ElementTree import ParseError, iterparse

    _require_plain(path)
    columns: dict[str, list[str]] = {}
    count = 0
    of_case: dict[str, str] = {}
    inside: list[str] = []
    event: dict[str, str] | None = None
    try:
        with _opened(path) as file:
            for kind, element in iterparse(file, events=("start", "end")):
                tag = element.tag.rpartition("}")[2]
                if kind == "start":
                    inside.append(tag)
                    if tag == "trace":
                        of_case = {}
                    elif tag == "event":
                        event = {}
                    continue
                inside.pop()
                key, value = element.get("key"), element.get("value")
                if key is not None and value is not None and inside[-1:] == ["event"] and event is not None:
                    event[key] = value
                elif key is not None and value is not None and inside[-1:] == ["trace"]:
                    of_case[f"case:{key}"] = value
                elif tag == "event" and event is not None:
                    for name, text in (event | of_case).items():
                        if wanted is None or name in wanted or not columns.get(name):
                            column = columns.setdefault(name, [])
                            column += [""] * (count - len(column))
                            column.append(sys.intern(text))  # the same text again takes no memory
                    count += 1
                    event = None
                if tag in ("trace", "event"):
                    element.clear()
                if count >= most_rows:
                    break
    except (ParseError, ValueError) as error:
        raise RecordsError(f"{path}: cannot be read as XES ({error})") from error
    if not count:
        raise RecordsError(f"{path}: holds no events")
    kept = require_columns(path, list(columns), wanted)
    padded = {name: columns[name] + [""] * (count - len(columns[name])) for name in kept}
    frame = pd.DataFrame(padded, columns=kept, dtype=str)
    return Raw(frame, np.arange(1, 1 + len(frame), dtype=np.int64))


def _opened(path: Path) -> BufferedIOBase:
    """The file to read from, unpacked, whatever its name: packed is what begins like gzip."""
    with path.open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
    return gzip.open(path) if packed else path.open("rb")


def _require_plain(path: Path) -> None:
    """Nothing, or a RecordsError where a log is too large once it is unpacked, or would have things put in."""
    end, size = b"", 0
    try:
        with _opened(path) as file:
            while block := file.read(SAMPLE):
                size += len(block)
                if size > MOST_BYTES:
                    raise RecordsError(f"{path}: unpacks to more than {MOST_BYTES} bytes")
                if b"<!DOCTYPE" in end + block or b"<!ENTITY" in end + block:
                    raise RecordsError(f"{path}: declares a document type or entities, which are not read")
                end = block[-10:]
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise RecordsError(f"{path}: cannot be unpacked with gzip ({error})") from error
