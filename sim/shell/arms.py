"""Scenarios of one command, with the values that the command sets in each that has a use for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.scenario import Loaded


def load_each(files: Sequence[Path], overrides: Sequence[str]) -> tuple[list[Loaded], list[str]]:
    """(the scenarios of the files, a sentence for each value that a scenario has no use for and is not given).

    A value goes to every scenario that has a use for it, as the price of a product does to the arms that use that
    product; one that none has a use for is refused. Raises ScenarioError.
    """
    from sim.scenario import ScenarioError, load
    from sim.scenario.unused import why_unused

    try:
        return [load(file, overrides) for file in files], []
    except ScenarioError:
        if len(files) == 1 or not overrides:
            raise
    plain = [load(file) for file in files]
    useless = {
        text: [why_unused(tuple(text.partition("=")[0].strip().split(".")), one.scenario) for one in plain]
        for text in overrides
    }
    found, notes = [], []
    for place, (file, one) in enumerate(zip(files, plain, strict=True)):
        kept = [text for text in overrides if useless[text][place] is None or None not in useless[text]]
        notes += [
            f"--set {text.partition('=')[0]} is not set in {one.scenario.name}: {useless[text][place]}"
            for text in overrides
            if text not in kept
        ]
        found.append(load(file, kept))
    return found, notes
