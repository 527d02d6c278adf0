"""The planning page: move the levers of a scenario and see waiting days and progression against the baseline.

Served by streamlit on loopback only. It draws what it is given; who computes it, it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from reports.charts import CHARTS
from reports.export import CONFIG
from reports.findings import EVERYBODY, Findings, gather
from reports.first_screen import lead
from reports.grids import KEY
from reports.tables import Tables
from reports.words import Estimate, bounds, compact, interval, level
from sim.outcomes.metrics import BY_NAME
from sim.outcomes.verdicts import HIGHER

SHOWN = ("incidence", "waiting_ecdf", "stages", "outcomes")
FIRST = ("waiting_days_mean", "progressed_before_infusion_share", "infused_share", EVERYBODY)
REPLICATIONS = (10, 20, 50, 100)
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])")


class Lever(Protocol):
    """One value to move, in the words of the page."""

    path: str
    label: str
    kind: str
    value: float
    low: float
    high: float
    step: float
    of_one: bool

    def text(self, number: float) -> str:
        """The value as a scenario file writes it."""


@dataclass(frozen=True)
class Page:
    """What the page needs to know and to have done; a scenario goes by the name that the list shows.

    `answer(scenario, changes, replications)` gives the tables by name; it and the others raise `refused` with
    all that is wrong with the changes, a line each.
    """

    scenarios: Sequence[str]
    levers: Any
    answer: Any
    scenario_file: Any
    report: Any
    refused: type[Exception]


def show(page: Page) -> None:
    """Draws the page, once for each thing that the reader does."""
    import streamlit as st

    st.set_page_config(page_title="Vein to vein: planning", layout="wide")
    st.title("Waiting and progression, if you changed this")
    with st.sidebar:
        scenario = str(st.selectbox("Scenario", page.scenarios))
        replications = int(st.select_slider("Replications", REPLICATIONS, value=20))
        changes = _levers(st, page.levers(scenario), scenario)
    try:
        frames = page.answer(scenario, changes, replications)
    except page.refused as error:
        st.error("\n\n".join(plain(line) for line in str(error).splitlines()))
        return
    tables = Tables(frames, {}, {})
    findings = gather(tables)
    _figures(st, findings, bool(changes))
    _charts(st, tables, findings)
    _downloads(st, page, scenario, changes, replications)


def plain(text: str) -> str:
    """The text as Markdown shows it letter for letter."""
    return MARKDOWN.sub(r"\\\1", text)


def _levers(st: Any, levers: Sequence[Lever], scenario: str) -> dict[str, str]:
    """A slider a lever; returns the values that differ from the scenario's, by path."""
    changes = {}
    single = st.expander("One centre or region at a time")
    for lever in levers:
        place = single if lever.of_one else st
        number = place.slider(
            plain(lever.label),
            min_value=lever.low,
            max_value=lever.high,
            value=lever.value,
            step=lever.step,
            format={"share": "%.3f", "days": "%.1f d"}.get(lever.kind, "%g"),
            key=f"{scenario} {lever.path}",
            help=plain(lever.path),
        )
        if number != lever.value:
            changes[lever.path] = lever.text(float(number))
    return changes


def _figures(st: Any, findings: Findings, moved: bool) -> None:
    """The main figures with the change against the scenario as it is, and the finding in a sentence."""
    (changed,) = findings.others
    told = lead(findings) if moved else "Nothing is changed yet: move a lever at the left."
    st.markdown(f"**{plain(told)}**")
    known = [metric for metric in FIRST if findings.level(changed, metric).known]
    for place, metric in zip(st.columns(len(FIRST))[: len(known)], known, strict=True):
        now, change = findings.level(changed, metric), findings.change(changed, metric)
        differs = change.known and change.value != 0.0
        place.metric(
            plain(now.label or metric),
            level(now, short=True),
            f"{level(change, short=True)} ({bounds(change)})" if differs and change.bounded else None,
            delta_color="normal" if BY_NAME[metric].better == HIGHER else "inverse",
            help=plain(interval(now)),
        )

    def cell(estimate: Estimate) -> str:
        return compact(estimate) if estimate.known else ""

    rows = [
        {
            "": findings.level(changed, metric).label,
            **{name: cell(findings.level(name, metric)) for name in findings.scenarios},
            "difference": cell(findings.change(changed, metric)),
        }
        for metric in KEY
        if findings.level(changed, metric).known
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)


def _charts(st: Any, tables: Tables, findings: Findings) -> None:
    drawn = {chart.name: chart for chart in CHARTS}
    for name in SHOWN:
        chart = drawn[name]
        if chart.table in tables and chart.fits(tables[chart.table]):
            figure = chart.draw(tables[chart.table], findings).plain()
            st.plotly_chart(figure, config=dict(CONFIG), theme=None, key=name)
            st.caption(plain(chart.reading))


def _downloads(st: Any, page: Page, scenario: str, changes: Mapping[str, str], replications: int) -> None:
    first, second = st.columns(2)
    first.download_button(
        "Download the scenario file", page.scenario_file(scenario, changes), "scenario.yaml", "application/yaml"
    )
    if second.button("Make the report", help="Runs the comparison again with everything that the report shows."):
        text = page.report(scenario, changes, replications)
        second.download_button("Download the report", text, "report.html", "text/html")
