"""Short ways to write a path: what is switched off in the scenario leaves no step behind."""

from __future__ import annotations

from sim.pieces.protocol import Capacity, CapacitySteps, unlimited, walk_steps
from sim.pieces.steps import Choose, Fail, Path, Share, Stage, Use
from sim.pure.distributions import Distribution


def stage(name: str, duration: Distribution) -> Path:
    """The stage, or nothing where it is switched off (`0 d`)."""
    return () if duration.is_fixed and duration.mean() == 0.0 else (Stage(name, duration),)


def choose(purpose: str, share: float, then: Path, otherwise: Path = ()) -> Path:
    """The branch, or one of its sides alone where the share is 0 or 1."""
    if share == 0.0:
        return otherwise
    if share == 1.0:
        return then
    return (Choose(Share(purpose, share), then, otherwise),)


def fail(purpose: str, share: float) -> Path:
    """The attempt fails with this share."""
    return choose(purpose, share, (Fail(),))


def use(resource: Capacity, steps: Path, rejoin: bool = False) -> Path:
    """Hold a unit for the steps; just the steps where units are unlimited and no time passes."""
    endless = all(unlimited(units) for units in resource.units)
    if endless and not any(isinstance(step, Stage | Use) for step in walk_steps(steps)):
        return steps
    return (Use(resource.name, steps, rejoin=rejoin),)


def one_each(name: str, label: str, units: list[CapacitySteps]) -> Capacity:
    """A capacity that each centre has for itself."""
    return Capacity(name, label, per_centre=True, units=tuple(units))


def shared(name: str, label: str, units: CapacitySteps, policy: str = "first_come") -> Capacity:
    """A capacity that serves all centres."""
    return Capacity(name, label, per_centre=False, units=(units,), policy=policy)
