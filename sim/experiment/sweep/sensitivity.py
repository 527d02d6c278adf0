"""What moves the results: tables of sensitivity, from the results of a sweep by its design.

Their columns are declared in `sim.tables.points`. The results of a point are its means over replications. A metric that
does not apply at some point gets NaN; one that is the same at every point gets 0 throughout: nothing moves it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from sim.experiment.study.tables import reached, with_bounds
from sim.experiment.sweep.designs import MORRIS_LEVELS, Design
from sim.experiment.sweep.evaluate import Sweep
from sim.outcomes.estimates import CONFIDENCE, Range, interval, possible_change, ranges
from sim.outcomes.metrics import unresolved_of
from sim.outcomes.verdicts import verdict
from sim.pure.arrays import FloatArray


def tornado(sweep: Sweep, design: Design, base_texts: dict[str, str]) -> pd.DataFrame:
    """One row a scenario, metric and path: what its first and last value change. `base_texts`: values of the base."""
    base = sweep.values(design.points[0].number)
    base_mean = _mean(base)
    patients = [sweep.plan.patients_of(base[:, place]) for place in range(base.shape[1])]
    limits = ranges([possible_change(column.unit) for column in sweep.plan.columns])
    rows = []
    for factor in design.factors:
        ends, both, unresolved = [], [], [_unresolved(base)]
        for text in factor.ends:
            point = next((p for p in design.points[1:] if p.overrides.get(factor.path) == text), design.points[0])
            values = sweep.values(point.number)
            both.append(values)
            unresolved.append(_unresolved(values))
            ends.append((_mean(values), *_change(values, base, limits)))
        span = _change(both[1], both[0], limits)
        for s, scenario in enumerate(sweep.plan.base.names):
            for c in sweep.plan.shown(s):
                column = sweep.plan.columns[c]
                (low, *low_change), (high, *high_change) = ([part[s, c] for part in end] for end in ends)
                three = [base_mean[s, c], low, high]
                mine = [float(part[s, c]) for part in span]
                rows.append(
                    {
                        "scenario": scenario, "metric": column.name, "label": column.label, "unit": column.unit,
                        "path": factor.path, "low_value": factor.ends[0],
                        "base_value": factor.base or base_texts.get(factor.path, ""), "high_value": factor.ends[1],
                        "base_estimate": base_mean[s, c], "low_estimate": low, "high_estimate": high,
                        **with_bounds("low_change", low_change), **with_bounds("high_change", high_change),
                        **with_bounds("range", mine),
                        "verdict": str(verdict(mine[0], mine[1], mine[2], column.better)),
                        "swing": max(three) - min(three) if np.isfinite(three).all() else np.nan,
                        "patients": patients[s][c],
                        "unresolved_share": max(share[s] for share in unresolved),
                    }
                )  # fmt: skip
    table = pd.DataFrame([row for row in rows if row["scenario"] in sweep.plan.base.takers(str(row["path"]))])
    rank = table.groupby(["scenario", "metric"], sort=False)["swing"].rank(ascending=False, method="first")
    table["rank"] = rank.astype("Int64")
    return _sorted(table, sweep)


def _mean(values: FloatArray) -> FloatArray:
    """Means over replications; NaN where one did not reach the value."""
    return reached(interval(values)[0])


def _change(values: FloatArray, base: FloatArray, limits: Range) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(mean, low, high) of the change, paired by replication."""
    with np.errstate(invalid="ignore"):
        mean, low, high = interval(values - base, within=limits)
    return reached(mean), low, high


def _unresolved(values: FloatArray) -> list[float]:
    return [unresolved_of(values[:, place]) for place in range(values.shape[1])]


def sobol(sweep: Sweep, design: Design) -> pd.DataFrame:
    """One row a scenario, metric and path: first-order and total indices (Saltelli 2010, Jansen 1999, as in SALib)."""
    from SALib.analyze import sobol as salib

    def analyse(values: FloatArray) -> Sequence[FloatArray]:
        found = salib.analyze(design.problem, values, calc_second_order=False, seed=design.seed)
        return found["S1"], found["S1_conf"], found["ST"], found["ST_conf"]

    return _each(sweep, design, ("first_order", "first_order_half_width", "total", "total_half_width"), analyse)


def morris(sweep: Sweep, design: Design) -> pd.DataFrame:
    """One row a scenario, metric and path: elementary effects (Morris 1991, Campolongo 2007, as in SALib)."""
    from SALib.analyze import morris as salib

    assert design.shares is not None
    shares = design.shares

    def analyse(values: FloatArray) -> Sequence[FloatArray]:
        found = salib.analyze(design.problem, shares, values, num_levels=MORRIS_LEVELS, seed=design.seed)
        return found["mu"], found["mu_star"], found["mu_star_conf"], found["sigma"]

    return _each(sweep, design, ("mu", "mu_star", "mu_star_half_width", "sigma"), analyse)


def prcc(sweep: Sweep, design: Design) -> pd.DataFrame:
    """One row a scenario, metric and path: partial rank correlation (Marino 2008)."""
    assert design.shares is not None
    shares = design.shares
    names = ("prcc", "low", "high", "p_value")
    return _each(sweep, design, names, lambda values: list(partial_rank_correlation(shares, values)))


def partial_rank_correlation(inputs: FloatArray, output: FloatArray) -> FloatArray:
    """Correlation, low, high and p-value (4, factors) of each column of the inputs (points, factors) with the output.

    The correlation of what linear regression on the other inputs' ranks leaves of both ranks; Fisher's z interval
    and Student's t test with points - 2 - (factors - 1) degrees of freedom.
    """
    from scipy.special import ndtri, stdtr
    from scipy.stats import rankdata

    count, factors = inputs.shape
    ranks, target = rankdata(inputs, axis=0), rankdata(output)
    free = count - 1 - factors
    found = np.full((4, factors), np.nan)
    for k in range(factors if free > 2 else 0):
        others = np.column_stack([np.ones(count), np.delete(ranks, k, axis=1)])
        left = [v - others @ np.linalg.lstsq(others, v, rcond=None)[0] for v in (ranks[:, k], target)]
        norm = float(np.linalg.norm(left[0]) * np.linalg.norm(left[1]))
        if norm < 1e-9 * count:
            found[:, k] = 0.0, 0.0, 0.0, 1.0  # the others leave nothing that this one could go with
            continue
        r = float(np.clip(left[0] @ left[1] / norm, -1.0, 1.0))
        half = ndtri(0.5 + CONFIDENCE / 2) / np.sqrt(free - 1)
        z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
        t = abs(r) * np.sqrt(free / max(1.0 - r * r, 1e-300))
        found[:, k] = r, np.tanh(z - half), np.tanh(z + half), 2.0 * stdtr(free, -t)
    return found


def _each(
    sweep: Sweep, design: Design, names: Sequence[str], analyse: Callable[[FloatArray], Sequence[FloatArray]]
) -> pd.DataFrame:
    """The analysis of each scenario's and metric's means at the points of the design.

    0 where they do not vary, so that nothing has an effect (and a p-value of 1); NaN where some point has none.
    """
    assert design.shares is not None
    means = sweep.means()[: len(design.shares)]
    frames = []
    for s, scenario in enumerate(sweep.plan.base.names):
        for c in sweep.plan.shown(s):
            column = sweep.plan.columns[c]
            values = means[:, s, c]
            found: Sequence[FloatArray] = [np.full(len(design.factors), np.nan)] * len(names)
            if np.isfinite(values).all() and np.ptp(values) == 0.0:
                found = [np.full(len(design.factors), 1.0 if name == "p_value" else 0.0) for name in names]
            elif np.isfinite(values).all():
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    found = analyse(values)
            keys = {"scenario": scenario, "metric": column.name, "label": column.label, "unit": column.unit}
            frame = pd.DataFrame({"path": [f.path for f in design.factors], **dict(zip(names, found, strict=True))})
            for place, (name, value) in enumerate(keys.items()):
                frame.insert(place, name, value)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _sorted(table: pd.DataFrame, sweep: Sweep) -> pd.DataFrame:
    """Scenario by scenario, metric by metric, in the order of the plan."""
    scenarios = {name: k for k, name in enumerate(sweep.plan.base.names)}
    metrics = {column.name: k for k, column in enumerate(sweep.plan.columns)}
    order = table["scenario"].map(scenarios) * len(metrics) + table["metric"].map(metrics)
    return table.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
