"""What a scenario asks an engine to run: paths, resources in order of declaration, stocks, clocks; plain values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sim.pieces.clocks import ClockBook
from sim.pieces.steps import (
    Attempts,
    Choose,
    Hazard,
    Milestone,
    Path,
    Share,
    Stage,
    Step,
    Together,
    Use,
)
from sim.pure.distributions import Distribution

# (day, units) in force from that day on, first entry at or before day 0; units may be infinite.
CapacitySteps = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Capacity:
    """A resource of which units are held and given back. `units`: one entry a centre, or a single one for all."""

    name: str
    label: str
    per_centre: bool
    units: tuple[CapacitySteps, ...]
    policy: str = "first_come"


@dataclass(frozen=True)
class Cadence:
    """Dated slots. `counts` are offered on each of `offer_days`, one entry a centre, or a single one for the pool.

    A slot starts `lead` days after its offer, may be claimed until its offer day closes `carry_over` offers later,
    and is offered again when its holder leaves at least `notice` days before its start.
    """

    name: str
    label: str
    per_centre: bool
    counts: tuple[int, ...]
    offer_days: tuple[float, ...]
    lead: float
    carry_over: int
    notice: float
    policy: str = "first_come"


@dataclass(frozen=True)
class Stock:
    """Doses of an allogeneic product, and when a lot of them is started.

    `reorder` is (s, S) in doses; `every` starts one lot each so many days instead.
    """

    name: str
    label: str
    opening: int
    shelf_life: float
    reorder: tuple[int, int] | None
    every: float
    doses_per_lot: int
    lot_path: Path
    policy: str = "first_come"


Resource = Capacity | Cadence | Stock


@dataclass(frozen=True)
class Protocol:
    """One way of organising the therapy, ready for an engine."""

    product: str
    path: Path
    resources: tuple[Resource, ...]
    clocks: ClockBook
    centres: tuple[str, ...]

    @property
    def lot_path(self) -> Path:
        """The path of a lot, empty where there is no stock."""
        return next((r.lot_path for r in self.resources if isinstance(r, Stock)), ())


def walk_steps(path: Path) -> Iterator[Step]:
    """Every step of a path, each before the steps inside it, in reading order."""
    for step in path:
        yield step
        for inner in inner_paths(step):
            yield from walk_steps(inner)


def inner_paths(step: Step) -> tuple[Path, ...]:
    """The paths inside a step."""
    match step:
        case Use():
            return (step.steps,)
        case Choose():
            return (step.then, step.otherwise)
        case Attempts():
            return (step.steps, step.between, step.otherwise)
        case Together():
            return tuple(branch.steps for branch in step.branches)
        case _:
            return ()


def milestones(path: Path) -> tuple[str, ...]:
    """Names of the milestones on a path, in order, each once."""
    return tuple(dict.fromkeys(s.name for s in walk_steps(path) if isinstance(s, Milestone)))


def attempt_names(path: Path) -> tuple[str, ...]:
    """Names of the counted attempts on a path, in order, each once."""
    return tuple(dict.fromkeys(s.name for s in walk_steps(path) if isinstance(s, Attempts)))


def drawn(path: Path) -> dict[str, Distribution | float]:
    """The purposes that a path draws for: a distribution of days, or the share of a `Choose`, by name.

    One name stands for one thing: a ValueError where two steps of a name differ.
    """
    found: dict[str, Distribution | float] = {}
    for step in walk_steps(path):
        match step:
            case Stage(name=name, duration=Distribution() as rule) | Hazard(name=name, after=Distribution() as rule):
                pass
            case Choose(when=Share(purpose=name, share=rule)):
                pass
            case _:
                continue
        if found.setdefault(name, rule) != rule:
            raise ValueError(f"two steps draw for {name!r}, from different distributions")
    return found


def unlimited(units: CapacitySteps) -> bool:
    """Whether a capacity never binds."""
    return all(math.isinf(u) for _, u in units)
