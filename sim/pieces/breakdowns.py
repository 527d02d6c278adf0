"""Outages that recur by chance: drawn ahead for each replication, they are shut-downs like those that have a date.

When they come depends on nothing that happens in a run (time between outages passes whether the resource is in use or
not), so no engine knows of them: a replication is that of a scenario in which they have dates.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.pieces.calendars import beyond, table_days
from sim.pieces.luck import Luck
from sim.pure.arrays import FloatArray
from sim.scenario import Scenario
from sim.scenario.opening import Disruption
from sim.scenario.section import Named


def breaks_down(s: Scenario) -> bool:
    """Whether there are outages by chance, which differ from replication to replication."""
    return any(d.by_chance for d in s.disruptions.values())


def as_drawn(s: Scenario, replication: int, parameter_set: int = 0) -> Scenario:
    """The scenario of one replication: with a disruption for each outage that was drawn, in place of those by chance.

    A disruption draws by its name: the same in every scenario that has it, whatever else is different.
    """
    if not breaks_down(s):
        return s
    luck = Luck(s.run.seed, np.array([replication], dtype=np.int64), parameter_set=parameter_set)
    dated: dict[str, Disruption] = {}
    for name, disruption in s.disruptions.items():
        if not disruption.by_chance:
            dated[name] = disruption
            continue
        for number, (start, end) in enumerate(_outages(name, disruption, luck, table_days(s))):
            dated[f"{name}/{number}"] = disruption.outage(start, end - start)
        dated[f"{name}/beyond"] = beyond(s, disruption)
    return s.model_copy(update={"disruptions": Named(dated)})


def _outages(name: str, disruption: Disruption, luck: Luck, days: float) -> Iterator[tuple[float, float]]:
    """(first day, day on which it is over) of each outage that begins within so many days of the start."""
    between = disruption.between
    assert between is not None
    source = f"disruption/{name}"
    count = int(days / (between.mean() + disruption.length.mean())) + 16
    while True:
        up = between.quantile(luck.sequence(source, "between", count)[0])
        down = disruption.length.quantile(luck.sequence(source, "for", count)[0])
        turns: FloatArray = np.cumsum(np.stack([up, down], axis=1))
        if turns[-2] >= days:
            return ((float(start), float(end)) for start, end in turns.reshape(-1, 2) if start < days)
        count *= 2


def availability(s: Scenario, resource: str, centre: str, hold: float, units: float) -> float:
    """The long-run share of time that the outages by chance of a resource leave of its capacity.

    `hold`: how long a unit is held at a time; in an outage that lets work in progress go on, so much of it is not lost.
    `units`: how many there are without any; of those, an outage may take a part. Independent outages of all units
    multiply; those of a part add up.
    """
    share, parts = 1.0, 0.0
    for d in s.disruptions.values():
        if d.between is not None and d.resource == resource and d.centre in (None, centre):
            lasts = d.length.quantile(np.linspace(0.0, 1.0, 1_001)[:-1] + 0.0005)
            lost = np.maximum(lasts - hold, 0.0) if d.work == "finish" else lasts
            out = float(lost.mean()) / (d.between.mean() + float(lasts.mean()))
            if d.units is None or d.units >= units:
                share *= 1.0 - out
            else:
                parts += out * d.units / units
    return share * max(0.0, 1.0 - parts)
