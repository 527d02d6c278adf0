"""A targets file: metrics of the scenario as somebody has measured them, each with its standard error.

source: Annual report 2025             # where the numbers stand
as_of: 2025-12-31
targets:
  waiting_days_mean: {value: 92, standard_error: 4}
  infused_share: {value: 0.61, standard_error: 0.03}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from sim.outcomes.figures import metric_named
from sim.outcomes.metrics import Metric
from sim.pieces.protocol import Protocol
from sim.scenario import Problem, Scenario, ScenarioError
from sim.scenario.described import read_described, read_tree
from sim.scenario.kinds import DAY, Number, Text
from sim.scenario.nodes import Branch
from sim.scenario.section import Fault, Section

MOST_NUMBER = 1e12


class Target(Section):
    """A metric as it was measured."""

    value: Annotated[float, Number(-MOST_NUMBER, MOST_NUMBER)] = Field(description="In the unit of the metric.")
    standard_error: Annotated[float, Number(0.0, MOST_NUMBER, above=True)] = Field(description="Of this value.")


class Targets(Section):
    """What a scenario is calibrated to."""

    source: Annotated[str, Text()] = Field("", description="Where the values stand.")
    as_of: Annotated[date | None, DAY] = Field(None, description="The day of which they are.")
    targets: Annotated[Mapping[str, Target], Any] = Field(description="Each metric, with value and standard error.")

    def checks(self) -> Iterator[Fault]:
        if not self.targets:
            yield ("targets",), "found an empty section; allowed: at least one metric, with value and standard_error"


def is_target_file(path: Path) -> bool:
    """Whether a file states targets and describes no register. Raises ScenarioError where it cannot be read."""
    tree, _ = read_tree(path)
    return isinstance(tree, Branch) and "targets" in tree.entries


def read_targets(path: Path, scenario: Scenario, protocol: Protocol) -> tuple[Targets, list[Metric]]:
    """(what the file says, the metric of each target). Raises ScenarioError with every problem."""
    found, places = read_described(path, Targets)
    problems: list[Problem] = []
    metrics: list[Metric] = []
    for name, target in found.targets.items():
        try:
            metric = metric_named(name, scenario, protocol)
            low, high = (float(end) for end in metric.possible)  # type: ignore[arg-type]
            if not low <= target.value <= high:
                percent = metric.unit == "share" and 1.0 < target.value <= 100.0
                hint = f"; for {target.value:g}% write {target.value / 100:g}" if percent else ""
                raise ValueError(f"found the value {target.value:g}; allowed: {low:g} to {high:g}{hint}")
            metrics.append(metric)
        except ValueError as error:
            problems.append(Problem(places[("targets", name)], f"targets.{name}", str(error)))
    if problems:
        raise ScenarioError(problems)
    return found, metrics
