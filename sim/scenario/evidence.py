"""The table of published figures behind the numbers of scenarios."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sim.scenario.files import SHIPPED

EVIDENCE_FILE = SHIPPED / "evidence.tsv"
UNVERIFIED = "unverified"


@dataclass(frozen=True)
class Evidence:
    """One published figure."""

    id: str
    topic: str
    product_or_population: str
    quantity: str
    value: str
    unit: str
    spread: str
    n: str
    source: str
    doi_or_pmid: str
    url: str
    verified: str

    @property
    def reference(self) -> str:
        """The publication, with its identifier where it has one."""
        return f"{self.source}, {self.doi_or_pmid}" if self.doi_or_pmid else self.source


def read_evidence(path: Path = EVIDENCE_FILE) -> Mapping[str, Evidence] | None:
    """The figures by id; None where there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int, _size: int) -> Mapping[str, Evidence]:
    names = list(Evidence.__dataclass_fields__)
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["id"]: Evidence(**{name: row.get(name) or "" for name in names}) for row in rows}


def reference(source_id: str, path: Path = EVIDENCE_FILE) -> str:
    """The publication behind an evidence id; "" for anything else, such as the word assumption."""
    row = (read_evidence(path) or {}).get(source_id)
    return row.reference if row is not None else ""
