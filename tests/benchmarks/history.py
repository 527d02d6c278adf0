"""The kept figures of earlier versions, and whether a run is slower than the last of them."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

HISTORY = Path(__file__).with_name("history.json")
SLOWER = 1.25
"""So many times the kept time fails a run."""


def entry(version: str, times: Mapping[str, float], figures: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a run. `times`: of one replication, in replications of ordinary SimPy; `figures`: all of it."""
    machine = f"{platform.system()}, {platform.machine()}, Python {platform.python_version()}"
    kept = {name: float(f"{value:.4g}") for name, value in times.items()}
    return {"date": str(date.today()), "version": version, "machine": machine, "times": kept, "figures": figures}


def kept(file: Path = HISTORY) -> list[dict[str, Any]]:
    """The entries, the last one last."""
    return list(json.loads(file.read_text())) if file.exists() else []


def keep(new: dict[str, Any], file: Path = HISTORY) -> None:
    """Add an entry."""
    file.write_text(json.dumps([*kept(file), new], indent=1) + "\n")


def slower(new: Mapping[str, float], last: Mapping[str, float]) -> list[str]:
    """A sentence for everything that takes more than a quarter longer than it did."""
    return [
        f"{name}: {value:.4g}, {value / last[name]:.2f} times the {last[name]:.4g} kept last"
        for name, value in new.items()
        if name in last and value > SLOWER * last[name]
    ]
