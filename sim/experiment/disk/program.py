"""What this program is, so that results of two versions never mix, and a cluster runs the same one."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

import sim


@cache
def code_digest() -> str:
    """A SHA-256 of the simulator's own code."""
    folder = Path(sim.__file__).parent
    found = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        found.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


def libraries() -> str:
    """Python and the libraries whose versions could move a number."""
    return ", ".join(
        [f"python {platform.python_version()}", *(f"{name} {version(name)}" for name in ("numpy", "scipy"))]
    )
