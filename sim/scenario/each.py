"""Several scenarios with the same values set in each that has a use for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from sim.scenario.load import Loaded, load
from sim.scenario.problems import ScenarioError
from sim.scenario.unused import why_unused

Load = Callable[[Sequence[str]], Loaded]


def load_each(files: Sequence[Path], overrides: Sequence[str]) -> tuple[list[Loaded], list[str]]:
    """As `set_in_each`, of the scenarios of these files."""
    return set_in_each([partial(load, file) for file in files], overrides)


def set_in_each(loads: Sequence[Load], overrides: Sequence[str]) -> tuple[list[Loaded], list[str]]:
    """(the scenarios, a sentence for each value that a scenario has no use for and is not given).

    `loads`: what loads each scenario with values on top. A value goes to every scenario that has a use for it, as the
    price of a product does to the arms that use that product; one that none has a use for is refused. Raises
    ScenarioError.
    """
    try:
        return [load_it(overrides) for load_it in loads], []
    except ScenarioError:
        if len(loads) == 1 or not overrides:
            raise
    plain = [load_it([]) for load_it in loads]
    useless = {
        text: [why_unused(tuple(text.partition("=")[0].strip().split(".")), one.scenario) for one in plain]
        for text in overrides
    }
    found, notes = [], []
    for place, (load_it, one) in enumerate(zip(loads, plain, strict=True)):
        kept = [text for text in overrides if useless[text][place] is None or None not in useless[text]]
        notes += [
            f"--set {text.partition('=')[0]} is not set in {one.scenario.name}: {useless[text][place]}"
            for text in overrides
            if text not in kept
        ]
        found.append(load_it(kept))
    return found, notes
