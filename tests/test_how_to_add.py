"""How to add a stage, a policy, a metric and a chart: each is added here to the house as it stands, and does its work.

`docs/architecture.md` says in which files such an addition would stand for good.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from reports.charts import CHARTS, Chart
from reports.figure import Figure, trace
from reports.findings import Findings
from reports.theme import canvas, finish
from sim.engine.choice import COMPILED, SIMPY, engine
from sim.engine.trace import Trace
from sim.experiment.runs.replicate import Arm, Keep
from sim.experiment.runs.replicate import replicate as run_replications
from sim.experiment.study import tables
from sim.outcomes import metrics
from sim.outcomes.estimates import ranges
from sim.outcomes.metrics import Metric
from sim.outcomes.patients import Patients, resolve
from sim.pieces.cohort import draw_cohort
from sim.pieces.diagram import outline
from sim.pieces.expectations import expect
from sim.pieces.protocol import Capacity, Policy, Protocol
from sim.pieces.steps import Milestone, Stage
from sim.pieces.strategies import build_protocol
from sim.pure.distributions import Fixed
from sim.scenario import Scenario
from tests.reports import sample
from tests.reports.conftest import written
from tests.runs import load_text

# Four patients, a day apart; a work-up of 5 days, one line, 10 days on it.
ONE_LINE = """
name: One line
strategy: autologous
run: {warm_up: 0 d, window: 20 d, follow_up: 100 d, replications: 2, seed: 1}
regions: {here: {centre: here, referral_days: [0 d, 1 d, 2 d, 3 d]}}
centres: {here: {}}
clocks: {waiting: {progression: never}}
work_up: {duration: 5 d}
apheresis: {duration: 0 d}
manufacturing: {duration: 10 d, lines: 1}
"""
ENGINES = (SIMPY, COMPILED)


@pytest.fixture
def scenario() -> Scenario:
    return load_text(ONE_LINE).scenario


@pytest.fixture
def protocol(scenario: Scenario) -> Protocol:
    return build_protocol(scenario)


def infused_on(scenario: Scenario, protocol: Protocol, with_engine: str) -> list[float]:
    """The day of infusion of each patient."""
    if with_engine == COMPILED:
        pytest.importorskip("numba")
    cohort, luck = draw_cohort(scenario, protocol.clocks, [0])
    trace = engine(with_engine)(protocol, cohort, luck, 20.0, 100.0, False)
    days: list[float] = resolve(cohort, trace, 100.0).day("infusion").tolist()
    return days


@pytest.mark.parametrize("with_engine", ENGINES)
def test_a_stage_is_one_more_step_of_the_path(scenario: Scenario, protocol: Protocol, with_engine: str) -> None:
    assert infused_on(scenario, protocol, with_engine) == [15.0, 25.0, 35.0, 45.0]
    place = protocol.path.index(Milestone("listing"))
    second_opinion = Stage("second_opinion", Fixed(3.0))
    longer = replace(protocol, path=(*protocol.path[:place], second_opinion, *protocol.path[place:]))
    assert infused_on(scenario, longer, with_engine) == [18.0, 28.0, 38.0, 48.0]
    assert "  second_opinion: 3 d on average" in outline(longer)
    assert expect(longer.path).days == expect(protocol.path).days + 3.0


@pytest.mark.parametrize("with_engine", ENGINES)
def test_a_policy_says_what_a_day_of_waiting_is_worth(scenario: Scenario, protocol: Protocol, with_engine: str) -> None:
    def with_policy(name: str) -> Protocol:
        ruled = [
            replace(r, policy=name) if isinstance(r, Capacity) and r.name == "line" else r for r in protocol.resources
        ]
        # who asked a day later has a rank lower by one, and the lowest rank is served first
        return replace(protocol, resources=tuple(ruled), policies={"last_come": Policy(per_day=-1.0)})

    assert infused_on(scenario, with_policy("first_come"), with_engine) == [15.0, 25.0, 35.0, 45.0]
    assert infused_on(scenario, with_policy("last_come"), with_engine) == [15.0, 45.0, 35.0, 25.0]


def test_a_metric_is_one_more_row_of_the_registry(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    def within_a_month(p: Patients, trace: Trace, window: metrics.Window) -> metrics.FloatArray:
        return p.by.share(p.between("referral", "infusion") <= 30.0, p.cohort.measured)

    added = Metric(
        "infused_within_30_days_share", "Proportion infused within 30 days", "share", "higher", None, within_a_month
    )
    registry = (*metrics.METRICS, added)
    for room in (metrics, tables):
        monkeypatch.setattr(room, "METRICS", registry)
    # what the module makes of its rows when it is read
    monkeypatch.setattr(tables, "POSSIBLE", ranges([metric.possible for metric in registry]))
    collected = tables.Collected([Arm("One line", scenario)])
    for replication in run_replications(collected.arms, range(2), 1, Keep(patients=False), lambda _: None):
        collected.add(replication)
    summary = tables.summary(collected).set_index("metric")
    # days 15, 24, 33 and 42 after referral
    assert summary.loc["waiting_days_mean", "estimate"] == 28.5
    assert summary.loc["infused_within_30_days_share", "estimate"] == 0.5
    assert summary.loc["infused_within_30_days_share", "label"] == "Proportion infused within 30 days"


def test_a_chart_is_a_function_from_a_table_to_a_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def describe(outcomes: pd.DataFrame, findings: Findings) -> str:
        return f"Patients infused: {', '.join(f'{n:.1f}' for n in outcomes['count_mean'])}."

    def draw(outcomes: pd.DataFrame, findings: Findings) -> Figure:
        infused = outcomes[outcomes["outcome"] == "infused"]
        figure = canvas()
        figure.add_trace(trace("bar", x=infused["scenario"], y=infused["count_mean"]))
        words = {"title": "Patients infused", "subtitle": "a replication", "alt": describe(infused, findings)}
        return finish(figure, **words, height=300, margin={"l": 60, "r": 20, "b": 40})

    added = Chart(
        "infused_count", "Patients infused", "outcomes", draw, describe, "Each bar is a mean over replications."
    )
    for name, room in list(sys.modules.items()):
        if name.split(".")[0] == "reports" and getattr(room, "CHARTS", None) is CHARTS:
            monkeypatch.setattr(room, "CHARTS", (*CHARTS, added))
    sample.write(tmp_path, replications=4)
    files = written(tmp_path)
    figure = json.loads(files["charts/infused_count.json"])
    outcomes = pd.read_csv(tmp_path / "outcomes.csv").query("outcome == 'infused'")
    assert figure["data"][0]["y"] == outcomes["count_mean"].tolist()
    assert 'data-chart="infused_count"' in files["report.html"]
    assert "Each bar is a mean over replications." in files["report.html"]
