"""Short ways to write a path: what is switched off in the scenario leaves no step behind."""

from __future__ import annotations

import math
from collections.abc import Iterable

from sim.pieces.protocol import Capacity, CapacitySteps, Out, inner_paths, unlimited, walk_steps
from sim.pieces.steps import Attempts, Choose, Fail, Flagged, Path, Share, Stage, Use
from sim.pure.distributions import Distribution
from sim.pure.hours import ALWAYS, Hours


def stage(name: str, duration: Distribution, hours: Hours | None = None, since: str = "") -> Path:
    """The stage, or nothing where it is switched off (`0 d`) and need not wait for an opening."""
    if duration.is_nothing and (hours is None or hours.openings is ALWAYS):
        return ()
    return (Stage(name, duration, hours, since),)


def by_flag(paths: dict[str, Path]) -> Path:
    """The path of the first flag that the patient carries; that of the last one, if they carry no other."""
    *others, (_, path) = paths.items()
    for flag, other in reversed(others):
        if other != path:
            path = (Choose(Flagged(flag), other, path),)
    return path


def choose(purpose: str, share: float, then: Path, otherwise: Path = ()) -> Path:
    """The branch, or one of its sides alone where the share is 0 or 1."""
    if share == 0.0 or then == otherwise:
        return otherwise
    if share == 1.0:
        return then
    return (Choose(Share(purpose, share), then, otherwise),)


def divide(purpose: str, ways: Iterable[tuple[str, float, Path]], otherwise: Path = ()) -> Path:
    """One of several ways (name, share of all, path), or none of them for the share that is left.

    The ways are asked for one after the other, each by its share of those who are left and a draw of its own.
    """
    ways = list(ways)
    left, conditional = 1.0, []
    for _, share, _ in ways:
        # rounding must not leave a last patient without a way
        conditional.append(1.0 if left - share < 1e-12 and share > 0.0 else share / left if left > 0.0 else 0.0)
        left -= share
    path = otherwise
    for (name, _, way), share in zip(reversed(ways), reversed(conditional), strict=True):
        path = choose(f"{purpose}/{name}", share, way, path)
    return path


def fail(purpose: str, share: float) -> Path:
    """The attempt fails with this share."""
    return choose(purpose, share, (Fail(),))


def can_fail(path: Path) -> bool:
    """Whether a failure on this path would reach the attempts around it."""
    for step in path:
        if isinstance(step, Fail) or (isinstance(step, Stage) and _can_be_lost(step)):
            return True
        if isinstance(step, Attempts):
            if can_fail(step.between) or can_fail(step.otherwise):
                return True
        elif any(can_fail(inner) for inner in inner_paths(step)):
            return True
    return False


def _can_be_lost(step: Stage) -> bool:
    hours = step.hours
    return step.at_most < math.inf or (hours is not None and (bool(hours.losses) or not math.isinf(hours.viable)))


def use(resource: Capacity, steps: Path, rejoin: bool = False, units: int = 1) -> Path:
    """Hold units for the steps; just the steps where units are unlimited and no time passes."""
    endless = all(unlimited(there) for there in resource.units)
    if endless and not any(isinstance(step, Stage | Use) for step in walk_steps(steps)):
        return steps
    return (Use(resource.name, steps, units=units, rejoin=rejoin),)


def one_each(name: str, label: str, units: list[CapacitySteps], policy: str = "first_come") -> Capacity:
    """A capacity that each centre has for itself."""
    return Capacity(name, label, per_centre=True, units=tuple(units), policy=policy)


def shared(
    name: str,
    label: str,
    units: CapacitySteps,
    policy: str = "first_come",
    lot_rank: float = 0.0,
    out: tuple[Out, ...] = (),
) -> Capacity:
    """A capacity that serves all centres; `out`: units that are out with the work on them."""
    numbered = (out,) if out else ()
    return Capacity(name, label, per_centre=False, units=(units,), policy=policy, lot_rank=lot_rank, out=numbered)
