"""What each shipped scenario does to waits, progression and outcomes, against the scenario of its product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.engine.choice import pick
from sim.experiment.runs.replicate import Arm, Keep, replicate
from sim.experiment.study import tables
from sim.pieces.loads import expected_patients
from sim.scenario import Loaded

BASES = ("autologous", "allogeneic")


@dataclass(frozen=True, eq=False)
class Effects:
    """Scenarios beside their base, by file stem: the base first. `summary`, `differences`: as in a results folder."""

    base: str
    scenarios: dict[str, Loaded]
    summary: pd.DataFrame
    differences: pd.DataFrame

    @property
    def about(self) -> dict[str, str]:
        """What each scenario is, by file stem."""
        return {stem: loaded.scenario.description for stem, loaded in self.scenarios.items()}


def effects(
    shipped: Sequence[tuple[Path, Loaded]], replications: int, done: Callable[[int], None], wanted: str = "auto"
) -> list[Effects]:
    """The effects of each scenario of the library, by base, on the same patients; scenarios are named by file stem."""
    by_stem = {file.stem: loaded for file, loaded in shipped}
    found = []
    for base in BASES:
        mine = {base: by_stem[base]}
        mine |= {stem: loaded for stem, loaded in by_stem.items() if stem not in BASES and base_of(loaded) == base}
        arms = [Arm(stem, loaded.scenario) for stem, loaded in mine.items()]
        engine, _ = pick(wanted, replications * sum(expected_patients(arm.scenario) for arm in arms))
        collected = tables.Collected(arms)
        for replication in replicate(arms, range(replications), 1, Keep(patients=False), done, engine):
            collected.add(replication)
        found.append(Effects(base, mine, tables.summary(collected), tables.differences(collected)))
    return found


def base_of(loaded: Loaded) -> str:
    """The scenario of the main job that a scenario of the library is held against: that of its product."""
    return "allogeneic" if loaded.scenario.strategy == "allogeneic" else "autologous"
