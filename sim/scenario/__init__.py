"""Scenario files: what a planner writes, checked whole and read as a frozen value."""

from __future__ import annotations

from sim.scenario.evidence import Evidence, read_evidence, reference
from sim.scenario.load import Loaded, compare_scenarios, load, load_mapping, write_resolved
from sim.scenario.problems import Place, Problem, ScenarioError
from sim.scenario.resolve import Difference, digest
from sim.scenario.schema import Scenario
from sim.scenario.sources import Parameter

__all__ = [
    "Difference",
    "Evidence",
    "Loaded",
    "Parameter",
    "Place",
    "Problem",
    "Scenario",
    "ScenarioError",
    "compare_scenarios",
    "digest",
    "load",
    "load_mapping",
    "read_evidence",
    "reference",
    "write_resolved",
]
