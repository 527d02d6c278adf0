"""The manifest of a results folder: what was run, by which program, from which scenarios, and what came out.

`tables` holds the SHA-256 of every table, `seal` that of the manifest itself: a changed number or word is noticed.
`verify` also runs everything again, so neither has to be believed.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from sim import __version__
from sim.experiment.about_model import about_method, about_model
from sim.experiment.folder import MANIFEST, FolderError, write_text
from sim.experiment.program import code_digest
from sim.scenario import Loaded, write_resolved

PACKAGES = ("simpy", "numba", "numpy", "pandas", "scipy", "pyarrow", "plotly", "pydantic", "ruamel.yaml", "joblib")


# Of the results folder; a folder without it comes from a version before 0.2 and has no checksums.
FORMAT = 2
MOST_BYTES = 200_000_000
TABLES = ("*.csv", "*.parquet", "scenarios/*.yaml")


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Write the manifest, whole or not at all, once every table of the folder is written."""
    whole = {"format": FORMAT, **content, "tables": checksums(folder)}
    plain = json.loads(json.dumps(whole, default=_plain, allow_nan=False))
    text = json.dumps({**plain, "seal": seal(plain)}, indent=2, ensure_ascii=False)
    write_text(folder / MANIFEST, text + "\n")


def parse_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a results folder, whatever is in it. Raises FolderError."""
    file = folder / MANIFEST
    if not file.is_file():
        raise FolderError(f"{folder}: no results here (no {MANIFEST})")
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes")
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise FolderError(f"{file}: cannot be read as a manifest ({error})") from error
    if not isinstance(manifest, dict) or not _names_tables(manifest.get("tables", {})):
        raise FolderError(f"{file}: is no manifest of results")
    return manifest


def _names_tables(tables: Any) -> bool:
    """Whether these are digests by names of tables, none of them outside the folder."""
    return isinstance(tables, dict) and all(
        isinstance(digest, str) and not name.startswith("/") and re.fullmatch(r"(scenarios/)?[\w.-]+", name)
        for name, digest in tables.items()
    )


def require_whole(folder: Path) -> None:
    """Nothing, or a FolderError where a table is gone, cut off or changed since the manifest was written.

    The manifest of an earlier version says nothing of its tables.
    """
    manifest = parse_manifest(folder)
    if manifest.get("seal", seal(manifest)) != seal(manifest):
        raise FolderError(f"{folder / MANIFEST}: is not as it was written; see `verify`, or run it again")
    for name, stated in manifest.get("tables", {}).items():
        if not (folder / name).is_file():
            raise FolderError(f"{folder / name}: is gone; see `verify`, or run it again")
        if checksum(folder / name) != stated:
            raise FolderError(f"{folder / name}: is cut off or changed since it was written; see `verify`")


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of each table and resolved scenario that a results folder holds, by name."""
    files = sorted({file for pattern in TABLES for file in folder.glob(pattern) if file.is_file()})
    return {file.relative_to(folder).as_posix(): checksum(file) for file in files}


def checksum(file: Path) -> str:
    """SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def seal(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest as JSON, its own seal left out."""
    content = {key: value for key, value in manifest.items() if key != "seal"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def write_scenarios(folder: Path, scenarios: Mapping[str, Loaded]) -> list[str]:
    """Write each scenario in full, with its sources, so that the results can be run again; their file names."""
    names = [f"scenarios/{number}.yaml" for number in range(1, len(scenarios) + 1)]
    for name, loaded in zip(names, scenarios.values(), strict=True):
        write_text(folder / name, write_resolved(loaded))
    return names


def about_program() -> dict[str, Any]:
    """When this is, the versions of the program and its libraries, and how it runs any model."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"vein2vein": __version__, "python": platform.python_version(), **_versions(PACKAGES)},
        "platform": platform.platform(),
        "code": code_digest(),
        "method": about_method(),
    }


def about_scenarios(scenarios: Mapping[str, Loaded]) -> list[dict[str, Any]]:
    """Each scenario in full, and what its path is made of."""
    return [
        {
            "name": name,
            "description": loaded.scenario.description,
            "file": loaded.path.name,
            "digest": loaded.digest,
            "strategy": loaded.scenario.strategy,
            "resolved": loaded.resolved,
            "left_out": [dropped.sentence for dropped in loaded.dropped],
            "model": about_model(loaded),
        }
        for name, loaded in scenarios.items()
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value)


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
