"""Results put into a folder, by a process that may be killed half-way. It imports little, for it is started often."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from sim.experiment.disk.folder import PARTIAL, write_text
from sim.experiment.disk.manifest import write_manifest
from sim.experiment.disk.publish import UNFINISHED, new_results


def put(place: Path, replace: tuple[str, ...] = (), **texts: str) -> None:
    """Results of these tables."""
    names = {f"{name}.csv": text for name, text in texts.items()}
    with new_results(place, list(names), replace) as building:
        for name, text in names.items():
            write_text(building / name, text)
        write_manifest(building, {"title": "A study"})


def killed_at(place: Path, number: int) -> None:
    """New results, in a process that ends at its move of this number as a kill would: nothing is cleaned up."""
    moves = [number]

    def counting(real: Callable[..., object]) -> Callable[..., object]:
        def move(self: Path, *more: object, **given: object) -> object:
            if self.name != "lock" and (UNFINISHED in str(self) or PARTIAL in str(self)):
                moves[0] -= 1
                if moves[0] == 0:
                    os._exit(9)
            return real(self, *more, **given)

        return move

    Path.replace, Path.unlink = counting(Path.replace), counting(Path.unlink)  # type: ignore[method-assign,assignment]
    put(place, a="new", c="new")
