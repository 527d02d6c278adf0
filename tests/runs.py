"""Running a scenario written in a test: from YAML text to patients and trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from sim.engine.simpy_engine import run
from sim.engine.trace import Trace
from sim.outcomes.fates import FATE_NAMES, Patients, resolve, table
from sim.outcomes.resource_use import ResourceUse, resource_use
from sim.pieces.cohort import SOURCES, draw_cohort
from sim.pieces.protocol import Protocol
from sim.pieces.strategies import build_protocol
from sim.scenario import Loaded, Scenario, load

SHIPPED = Path(__file__).parents[1] / "scenarios"

# What a small timeline does not speak of: nothing, or without limit.
NOTHING_ELSE = """
name: Small timeline
strategy: {strategy}
run: {{start: 2026-01-01, warm_up: 0 d, window: 400 d, follow_up: 400 d, replications: 1, seed: 7}}
regions:
  here: {{centre: here, referral_days: [{days}]}}
centres:
  here: {{{centre}}}
"""


@dataclass(frozen=True)
class Ran:
    """One replication of a scenario."""

    scenario: Scenario
    protocol: Protocol
    patients: Patients
    trace: Trace

    def days(self, milestone: str) -> list[float | None]:
        """The day of a milestone, patient by patient; None where it did not happen."""
        return [None if np.isnan(day) else float(day) for day in self.patients.day(milestone)]

    def rows(self, column: str) -> list[object]:
        """A column of the patient table: one row a patient, and one for each later course that he began."""
        names: dict[str, Sequence[str]] = {
            "region": list(self.scenario.regions),
            "source": SOURCES,
            "centre": list(self.scenario.centres),
            "risk_group": list(self.scenario.patients.risk_groups),
        }
        found = table(self.patients, "here", 0, names, self.protocol.product)[column]
        return list(np.asarray(found).tolist())

    @property
    def fates(self) -> list[str]:
        """The fate of each patient."""
        return [FATE_NAMES[fate] for fate in self.patients.fate]

    def resource(self, name: str, centre: str = "") -> ResourceUse:
        """How a resource was used over the measuring window."""
        window = (self.scenario.run.warm_up, self.scenario.run.warm_up + self.scenario.run.window)
        uses = resource_use(self.protocol, self.patients, self.trace, window)
        return next(use for use in uses if use.resource == name and use.centre in (centre, centre or use.centre))


def load_text(text: str, *overrides: str) -> Loaded:
    """A scenario from text, as if it stood in a file of its own."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "scenario.yaml"
        file.write_text(text, encoding="utf-8")
        return load(file, overrides)


def run_scenario(scenario: Scenario, replication: int = 0, traced: bool = False) -> Ran:
    """One replication."""
    protocol = build_protocol(scenario)
    cohort, luck = draw_cohort(scenario, protocol.clocks, replication)
    end = scenario.run.warm_up + scenario.run.window
    trace = run(protocol, cohort, luck, end, scenario.run.follow_up, traced=traced)
    return Ran(scenario, protocol, resolve(cohort, trace, scenario.run.follow_up), trace)


def small(rest: str, days: str, strategy: str = "autologous", centre: str = "", *overrides: str) -> Ran:
    """A small timeline: patients referred on the given days, and whatever else `rest` says."""
    text = NOTHING_ELSE.format(strategy=strategy, days=days, centre=centre)
    if "patients:" not in rest:
        rest += "\npatients: {risk_groups: {everybody: {share: 1}}}\n"
    if "clocks:" not in rest:
        rest += "\nclocks: {waiting: {progression: never}}\n"
    if strategy != "allogeneic" and "apheresis:" not in rest:
        rest += "\napheresis: {duration: 0 d}\n"
    if strategy != "allogeneic" and "manufacturing:" not in rest:
        rest += "\nmanufacturing: {duration: 0 d}\n"
    return run_scenario(load_text(text + rest, *overrides).scenario)
