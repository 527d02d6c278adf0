"""Targets that a capacity meets best by infusing hardly anybody."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sim.experiment.plan.space import Space
from sim.experiment.plan.targets import Target
from sim.experiment.sweep.evaluate import SweepPlan, evaluate, open_sweep
from sim.outcomes.estimates import SHARE, interval
from sim.outcomes.metrics import METRIC_NAMES


class FloorMissingError(ValueError):
    """Targets that a capacity meets best by infusing hardly anybody; the message says what to add."""


def require_floor(plan: SweepPlan, space: Space, targets: Sequence[Target]) -> None:
    """Nothing, or FloorMissingError where a target speaks of selected patients and none says how many they should be.

    A capacity that starves is best at such a target: who is infused at all has waited least. The message has the share
    infused with every lever at its largest value, which is run for it.
    """
    selected = next((target for target in targets if target.metric.selected), None)
    if selected is None or any(target.is_floor for target in targets):
        return
    largest = space.size - 1
    with tempfile.TemporaryDirectory() as place, open_sweep(plan, Path(place)) as sweep:
        sweep.add([space.point(largest)])
        evaluate(sweep, [space.point(largest)], lambda count: None, range(plan.replications))
        infused = sweep.values(largest)[:, 0, METRIC_NAMES.index("infused_share")]
    share, low, high = (float(x) for x in interval(infused, within=SHARE))
    over = selected.metric.over
    assert over is not None
    lowest = low if math.isfinite(low) else share
    floor = max(0.01, math.floor(20.0 * lowest) / 20.0)
    within = f" ({100 * low:.1f} to {100 * high:.1f})" if math.isfinite(low) else ""
    raise FloorMissingError(
        f"{selected} speaks of {over.label} alone, and a capacity at which few are infused meets it too. "
        f"At {space.told(largest)}, the largest, {100 * share:.1f}%{within} of the referred are infused. "
        f"Say how many should be at least; add a target, for example 'infused_share >= {floor:g}'"
    )
