"""Every leaf of every scenario, changed there, moves a record, or is refused with its reason: nothing is ignored.

`leaf_changes` says how each kind of value is changed, `leaf_effects` what counts as moved. The everyday run takes 60
leaves, other ones every day; `-m slow` takes all of them, those of 100 random scenarios included.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("numba")

from sim.engine.choice import COMPILED, SIMPY
from sim.scenario import Loaded, ScenarioError, load, write_resolved
from tests.leaf_changes import Change, changes
from tests.leaf_effects import MOVED, REFUSED, Before, Effect, effect, moved, records
from tests.leaf_scenarios import busy_scenario
from tests.runs import SHIPPED, load_text

FILES = {path.stem: path for path in sorted([*SHIPPED.glob("*.yaml"), *(SHIPPED / "library").glob("*.yaml")])}
RANDOM = range(100)
A_DAY = 60
MOST_REFUSED = 0.1

# What moves no record of patients, resources and ledger, wherever it stands.
EXEMPT = {
    "name": "a text",
    "description": "a text",
    "sources": "texts: where numbers come from",
    "validation": "what must come out; `validate` alone looks at it",
    "strategy": "another strategy has other sections: it is another file",
    "run.replications": "how many records, not which",
    "economics.currency": "the unit of tables",
    "economics.price_year": "the unit of tables",
    "economics.willingness_to_pay": "where tables show net benefit; tested in test_inert_economics.py",
}


def leaves(loaded: Loaded) -> Iterator[Change]:
    """The changes of all leaves that are not exempt."""
    for change in changes(loaded):
        dotted = ".".join(change.path)
        if not any(dotted == path or dotted.startswith(f"{path}.") for path in EXEMPT):
            yield change


@lru_cache(maxsize=4)
def scenario(name: str) -> Loaded:
    """A shipped scenario by its file's name, or a random one by its number."""
    return busy_scenario(int(name.removeprefix("random "))) if name.startswith("random ") else load(FILES[name])


def faults(name: str, found: list[Effect]) -> list[str]:
    """What is wrong with these effects, a line a leaf."""
    return [
        f"{name}: {e.change.name} is {e.outcome} at {e.change.old!r}: {' | '.join(e.tried)}"
        for e in found
        if e.outcome not in (MOVED, REFUSED)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*FILES, *(f"random {number}" for number in RANDOM)])
def test_every_leaf_has_an_effect(name: str) -> None:
    before = Before(scenario(name))
    found = [effect(before, change) for change in leaves(before.loaded)]
    assert faults(name, found) == []
    assert sum(e.outcome == REFUSED for e in found) <= MOST_REFUSED * len(found)
