"""The manifest of a results folder: what was run, by which program, from which scenarios."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from sim import __version__
from sim.experiment.folder import MANIFEST, write_text
from sim.scenario import Loaded

PACKAGES = ("simpy", "numba", "numpy", "pandas", "scipy", "pyarrow", "plotly", "pydantic", "ruamel.yaml", "joblib")


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Write the manifest, whole or not at all."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=_plain, allow_nan=False)
    write_text(folder / MANIFEST, text + "\n")


def about_program() -> dict[str, Any]:
    """When this is, and the versions of the program and its libraries."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"vein2vein": __version__, "python": platform.python_version(), **_versions(PACKAGES)},
        "platform": platform.platform(),
    }


def about_scenarios(scenarios: Mapping[str, Loaded]) -> list[dict[str, Any]]:
    """Each scenario in full."""
    return [
        {
            "name": name,
            "description": loaded.scenario.description,
            "file": loaded.path.name,
            "digest": loaded.digest,
            "strategy": loaded.scenario.strategy,
            "resolved": loaded.resolved,
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
