"""Costs, QALYs, life years and net benefit as outcomes of a sweep: kept as quantities, told in the scenarios' money."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

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


def wrong_metrics(base: Base, metrics: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(metric, what is wrong with it) of each that these scenarios do not have, or that is asked for twice."""
    why = why_no_economics(base)
    for name in metrics:
        if metrics.count(name) > 1:
            yield name, f"found the metric {show(name)} twice; allowed: each once"
            continue
        try:
            economic = require_metric(name.removeprefix(INCREMENTAL)) is not None
        except ValueError as error:
            yield name, str(error)
            continue
        if name.startswith(INCREMENTAL) and (not economic or "@" not in name or len(base.names) < 2):
            allowed = f"allowed with {INCREMENTAL}: net_benefit@AMOUNT, of several scenarios"
            yield name, f"found the metric {show(name)}; {allowed}"
        elif economic and why is not None:
            yield name, f"{name} has no value here: {why}"


def idle_inputs(base: Base, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(path, why it would move no outcome) of each input of economics, where there are no economic results."""
    if (why := why_no_economics(base)) is not None:
        for path in paths:
            if path.split(".")[0] == SECTION:
                yield path, f"{path} would move no outcome: there are no economic results here, as {why}"
