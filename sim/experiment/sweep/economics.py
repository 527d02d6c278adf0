"""Costs, QALYs, life years and net benefit as outcomes of a sweep: kept as quantities, told in the scenarios' money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sim.experiment.runs.replicate import economics_of
from sim.experiment.study.economics_tables import unit_of, why_not_comparable
from sim.experiment.sweep.evaluate import INCREMENTAL, Column, Reducer, money_column
from sim.experiment.sweep.points import Base
from sim.outcomes.economic_metrics import OF_QUANTITIES, require_metric
from sim.outcomes.economic_quantities import MONEY
from sim.scenario.problems import any_of, show

SECTION = "economics"


def _reducer(columns: Iterable[Column]) -> Reducer:
    # The function is one of `replicate`, not of this module, so that workers need not load the tables (pandas, 60 MB).
    return Reducer(SECTION, tuple(columns), economics_of, lives_of_all=False)


ECONOMICS = _reducer(money_column(metric, metric.kind) for metric in OF_QUANTITIES)


def why_no_economics(base: Base) -> str | None:
    """Why the scenarios have no economic outcomes together, or None where they have them."""
    having = [name for name in base.names if base.scenarios[name].scenario.economics is not None]
    if not having:
        return "no scenario has a section economics"
    if len(having) < len(base.names):
        return f"only {any_of(having)} has a section economics"
    return why_not_comparable(base.scenarios)


def economic_outcomes(base: Base) -> tuple[Reducer | None, str]:
    """(what keeps the economic quantities, unit of amounts) where the scenarios have economics together; (None, "")."""
    if why_no_economics(base) is not None:
        return None, ""
    loaded = base.scenarios[base.names[0]]
    return _reducer(money_column(one, unit_of(loaded, one.kind)) for one in OF_QUANTITIES), unit_of(loaded, MONEY)


def require_outcomes(base: Base, paths: Sequence[str], metrics: Sequence[str]) -> None:
    """Nothing, or a ValueError where these scenarios have no such metric, or an input is of economics that are not."""
    why = why_no_economics(base)
    for name in metrics:
        if metrics.count(name) > 1:
            raise ValueError(f"found the metric {show(name)} twice; allowed: each once")
        economic = require_metric(name.removeprefix(INCREMENTAL)) is not None
        if name.startswith(INCREMENTAL) and (not economic or "@" not in name or len(base.names) < 2):
            raise ValueError(
                f"found the metric {show(name)}; allowed with {INCREMENTAL}: net_benefit@AMOUNT, of several scenarios"
            )
        if economic and why is not None:
            raise ValueError(f"{name} has no value here: {why}")
    moved = next((path for path in paths if path.split(".")[0] == SECTION and why is not None), None)
    if moved is not None:
        raise ValueError(f"{moved} would move no outcome: there are no economic results here, as {why}")
