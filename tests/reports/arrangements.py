"""Tables of the path and of the network of made-up scenarios, without a simulation, and the charts of them."""

from __future__ import annotations

import pandas as pd

from reports.charts import CHARTS
from reports.export import Picture
from reports.findings import Findings
from sim.experiment.runs.replicate import Arm
from sim.experiment.study.arrangement import network, pathway
from sim.scenario import load
from tests.runs import SHIPPED, load_text

BASE = """
strategy: autologous
clocks: {waiting: {progression: never}}
apheresis: {shortfall: 0.03, attempts: 2}
shipping: {to_factory: 1 d, to_centre: 36 h, loss: 0.01}
"""
LONG = "Klinik Nummer {} mit einem langen Namen am Fluss und am Meer"


def of(*names: str) -> list[Arm]:
    """The shipped scenarios of these files below `scenarios/`, under the names that they have."""
    scenarios = [load(SHIPPED / f"{name}.yaml").scenario for name in names]
    return [Arm(scenario.name, scenario) for scenario in scenarios]


def network_of(centres: int, name: str = "Many centres", long: bool = False) -> Arm:
    """So many centres, each with a region of its own that sends a quarter to the next, and two manufacturers."""
    names = [(LONG if long else "c{}").format(place) for place in range(centres)]
    lines = [f"name: {name!r}", BASE, "regions:"]
    for place, centre in enumerate(names):
        ways = f"{{'{centre}': 0.75, '{names[place - 1]}': 0.25}}" if centres > 1 else f"'{centre}'"
        lines.append(f"  r{place}: {{centre: {ways}, referrals: 2 / month}}")
    lines.append("centres:")
    for place, centre in enumerate(names):
        makers = "[near]" if place % 2 else "[far, near]"
        lines.append(f"  '{centre}': {{beds: {place + 1}, chairs: 1, manufacturers: {makers}}}")
    lines += ["manufacturing:", "  duration: 10 d", "  manufacturers:"]
    lines += ["    near: {slots: {count: 2, every: week, scope: pool}}", "    far:", "      slots:"]
    lines += ["        {count: 1, every: month, scope: pool}", "      lanes:"]
    lines += [
        f"        '{c}': {{to_factory: {1 + k % 3} d, to_centre: 2 d}}" for k, c in enumerate(names) if k % 2 == 0
    ]
    scenario = load_text("\n".join(lines)).scenario
    return Arm(name, scenario)


def pictures(arms: list[Arm]) -> list[Picture]:
    """The two charts of these arms."""
    findings = Findings(tuple(arm.name for arm in arms), None, 1, {}, {})
    tables: dict[str, pd.DataFrame] = {"pathway": pathway(arms), "network": network(arms)}
    return [
        Picture(chart.name, chart.draw(tables[chart.table], findings), chart.reading, chart.table)
        for chart in CHARTS
        if chart.table in tables
    ]
