"""What the commands of many points have in common on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Asked:
    """The shared options of `sweep`, `plan` and `psa`.

    `draw` makes charts and a report of a finished results folder, and says where they are.
    """

    command_line: str
    draw: Callable[[Path], None]
    replications: int | None
    seed: int | None
    overrides: tuple[str, ...]
    engine: str
    workers: int | None
    cluster: str | None
    out: Path | None
    quiet: bool
    as_json: bool

    @property
    def changes(self) -> list[str]:
        """The values that replace those of the scenario files, the seed among them."""
        return [*self.overrides, *([f"run.seed={self.seed}"] if self.seed is not None else [])]

    def folder(self, *names: str) -> Path:
        """Where the results go: as asked for, else a folder of this name below `results`."""
        return self.out if self.out is not None else Path("results") / "-".join(names)
