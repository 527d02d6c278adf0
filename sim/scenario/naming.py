"""What scenarios are called in tables, and whether they can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.scenario.files import is_shipped
from sim.scenario.load import Loaded


def by_name(loaded: Sequence[Loaded]) -> dict[str, Loaded]:
    """The scenarios by name; those of one name are told apart by their files."""
    names = [one.scenario.name for one in loaded]
    found: dict[str, Loaded] = {}
    for name, one in zip(names, loaded, strict=True):
        key = name if names.count(name) == 1 else f"{name} ({one.path.name})"
        number = 2
        while key in found:
            key, number = f"{name} ({one.path.name}, {number})", number + 1
        found[key] = one
    return found


def changed_meaning(scenarios: Mapping[str, Loaded], *, certain: bool = False) -> list[str]:
    """What each scenario, and the files that it extends, leave out, in sentences.

    `certain`: also inputs that are no longer uncertain. What shipped files leave out of one another is meant so, and
    not said.
    """
    return list(
        dict.fromkeys(
            dropped.sentence
            for loaded in scenarios.values()
            for dropped in loaded.dropped
            if (certain or dropped.path[0] != "uncertainty") and not is_shipped(dropped.by.file)
        )
    )


def seed_notes(scenarios: Mapping[str, Loaded]) -> list[str]:
    """Notes on scenarios that cannot be paired because they are seeded differently."""
    seeds = {name: loaded.scenario.run.seed for name, loaded in scenarios.items()}
    if len(set(seeds.values())) < 2:
        return []
    told = ", ".join(f"{name} {seed}" for name, seed in seeds.items())
    return [
        f"the scenarios have different seeds ({told}): their patients are not the same; give --seed to make them so"
    ]
