"""The manifest of a results folder: what was run, by which program, from which scenarios, and what came out.

`tables` and `pages` hold the SHA-256 of every table and page, `seal` that of the manifest itself: a changed number or
word is noticed, and what somebody else put beside the results, or changed, is known to be theirs.
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
from typing import TYPE_CHECKING, Any

from sim import __version__
from sim.experiment.disk.folder import MANIFEST, FolderError, write_text
from sim.experiment.disk.program import code_digest
from sim.pure import streams
from sim.pure.checksum import checksum
from sim.tables import VERSION, why_unread

if TYPE_CHECKING:
    from sim.scenario import Loaded

# What is written about scenarios needs their schema; to read a manifest, as `report` does, nothing of it is loaded.

PACKAGES = ("simpy", "numba", "numpy", "pandas", "scipy", "pyarrow", "plotly", "pydantic", "ruamel.yaml", "joblib")


MOST_BYTES = 200_000_000
TABLES = ("*.csv", "*.parquet", "scenarios/*.yaml", "event_log/*.csv")
PAGES = "pages"


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Write the manifest, whole or not at all, once every file of the folder is written."""
    from sim.scenario.versions import SCHEMA

    tables = checksums(folder)
    pages = {name: checksum(folder / name) for name in _files(folder) if name not in tables}
    whole = {"format": VERSION, "schema": SCHEMA, "draws": streams.VERSION, **content, "tables": tables, PAGES: pages}
    plain = json.loads(json.dumps(whole, default=_plain, allow_nan=False))
    write_text(folder / MANIFEST, reseal({**plain, "seal": ""}))


def reseal(manifest: Mapping[str, Any]) -> str:
    """A manifest as text, with a seal that fits; one of an earlier version, which has none, stays without."""
    whole = {**manifest, "seal": seal(manifest)} if "seal" in manifest else manifest
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def parse_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a results folder of this version, whatever else is in it. Raises FolderError."""
    file = folder / MANIFEST
    if not file.is_file():
        raise FolderError(f"{folder}: no results here (no {MANIFEST})")
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes")
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise FolderError(f"{file}: cannot be read as a manifest ({error})") from error
    if not isinstance(manifest, dict) or not all(_names_files(manifest.get(key, {})) for key in ("tables", PAGES)):
        raise FolderError(f"{file}: is no manifest of results")
    why = why_unread(manifest)
    if why:
        raise FolderError(f"{file}: {why}")
    return manifest


def _names_files(files: Any) -> bool:
    """Whether these are digests by names of files, none of them outside the folder."""
    return isinstance(files, dict) and all(
        isinstance(digest, str) and re.fullmatch(r"((scenarios|charts|event_log)/)?[\w.-]+", name)
        for name, digest in files.items()
    )


def listed(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The digest of every table and page that a manifest lists, by name."""
    return {**manifest.get("tables", {}), **manifest.get(PAGES, {})}


def is_sealed(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest is as it was written; one of an earlier version does not say."""
    return bool(manifest.get("seal", seal(manifest)) == seal(manifest))


def require_sealed(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Nothing, or a FolderError where the manifest of this folder was changed after it was written."""
    if not is_sealed(manifest):
        raise FolderError(f"{folder / MANIFEST}: is not as it was written; see `verify`, or run it again")


def require_whole(folder: Path) -> None:
    """Nothing, or a FolderError where a table is gone, cut off or changed since the manifest was written."""
    manifest = parse_manifest(folder)
    require_sealed(folder, manifest)
    for name, stated in manifest.get("tables", {}).items():
        if not (folder / name).is_file():
            raise FolderError(f"{folder / name}: is gone; see `verify`, or run it again")
        if checksum(folder / name) != stated:
            raise FolderError(f"{folder / name}: is cut off or changed since it was written; see `verify`")


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of each table and resolved scenario that a results folder holds, by name."""
    files = sorted({file for pattern in TABLES for file in folder.glob(pattern) if file.is_file()})
    return {file.relative_to(folder).as_posix(): checksum(file) for file in files}


def _files(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def seal(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest as JSON, its own seal left out."""
    content = {key: value for key, value in manifest.items() if key != "seal"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def scenario_files(scenarios: Mapping[str, Loaded]) -> list[str]:
    """The names of the files that hold the scenarios in full."""
    return [f"scenarios/{number}.yaml" for number in range(1, len(scenarios) + 1)]


def write_scenarios(folder: Path, scenarios: Mapping[str, Loaded]) -> list[str]:
    """Write each scenario in full, with its sources, so that the results can be run again; their file names."""
    from sim.scenario import write_resolved

    names = scenario_files(scenarios)
    for name, loaded in zip(names, scenarios.values(), strict=True):
        write_text(folder / name, write_resolved(loaded))
    return names


def about_program() -> dict[str, Any]:
    """When this is, the versions of the program and its libraries, and how it runs any model."""
    from sim.experiment.disk.about_model import about_method

    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"vein2vein": __version__, "python": platform.python_version(), **_versions(PACKAGES)},
        "platform": platform.platform(),
        "code": code_digest(),
        "method": about_method(),
    }


def about_scenarios(scenarios: Mapping[str, Loaded]) -> list[dict[str, Any]]:
    """Each scenario in full, and what its path is made of."""
    from sim.experiment.disk.about_model import about_model

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
    import numpy as np

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
