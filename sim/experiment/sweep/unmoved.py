"""Varied inputs that move nothing: found by comparing points that differ in one input alone, and said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.experiment.sweep.designs import Design, point_of
from sim.experiment.sweep.evaluate import Sweep, evaluate
from sim.experiment.sweep.factors import Factor
from sim.experiment.sweep.points import Point


def unmoved(sweep: Sweep, design: Design) -> list[str]:
    """A sentence for each varied input that moved no metric shown, of no scenario, in no replication.

    Where the design has no two points that differ in an input alone, as in a Latin hypercube, both ends of the input
    are run beside the first point.
    """
    shown = "none of the metrics chosen" if sweep.plan.metrics else "no metric"
    return [
        f"{factor.path} from {factor.ends[0]} to {factor.ends[1]} moved {shown} of any scenario, in any replication: "
        "these results do not depend on it"
        for place, factor in enumerate(design.factors)
        if not _moves(sweep, _pairs(sweep, design, factor, place))
    ]


def _pairs(sweep: Sweep, design: Design, factor: Factor, place: int) -> list[list[Point]]:
    """Points that differ in this input alone, in groups."""
    groups: dict[tuple[tuple[str, str], ...], list[Point]] = {}
    varied = {factor.path for factor in design.factors}
    for point in design.points:
        if set(point.overrides) <= varied:
            others = tuple(sorted((p, text) for p, text in point.overrides.items() if p != factor.path))
            groups.setdefault(others, []).append(point)
    found = [points for points in groups.values() if len({p.overrides.get(factor.path) for p in points}) > 1]
    if found:
        return found
    first, after = design.points[0], len(design.points) + 2 * place
    ends = [point_of(after + end, {**first.overrides, factor.path: text}) for end, text in enumerate(factor.ends)]
    sweep.add(ends)
    evaluate(sweep, ends, lambda _: None)
    return [ends]


def _moves(sweep: Sweep, groups: Sequence[Sequence[Point]]) -> bool:
    return any(
        not np.array_equal(values[:, place, shown], first[:, place, shown], equal_nan=True)
        for group in groups
        for first in (sweep.values(group[0].number),)
        for values in (sweep.values(point.number) for point in group[1:])
        for place in range(len(sweep.plan.base.names))
        for shown in (sweep.plan.shown(place),)
    )
