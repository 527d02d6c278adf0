"""The planning page: change values of a scenario in one or two variants, and see what comes of it beside the scenario.

Served by streamlit on loopback only. It draws what it is given; who computes it, it does not know. What is changed
stands in the address (`reports.planner_state`), so that it survives a reload and can be sent to a colleague who has the
same scenario; an uploaded file is not in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from reports.charts import CHARTS
from reports.export import CONFIG
from reports.findings import EVERYBODY, SHORT, Findings, gather
from reports.first_screen import caveat, lead
from reports.grids import KEY
from reports.money import money
from reports.planner_state import Changes, State, parsed
from reports.styles import untitled
from reports.tables import Tables
from reports.words import MINUS, Estimate, bounds, capital, compact, counted, interval, level
from sim.outcomes.metrics import BY_NAME
from sim.outcomes.verdicts import HIGHER

SHOWN = ("of_hundred", "incidence", "waiting_ecdf", "stages", "outcomes")
FIRST = ("waiting_days_mean", "progressed_before_infusion_share", "infused_share", EVERYBODY)
REPLICATIONS = (10, 20, 50, 100)
FEW_AT_FIRST = 10
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])")
OTHER_HELP = (
    "One value per line, as path: value. Anything that a scenario file can say, for example\n\n"
    "manufacturing.slots.count: {2026-01-01: 4, 2026-07-01: 6}\n\n"
    "disruptions.august: {resource: line, from: 2026-08-01, for: 14 d, work: pause}"
)


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


class Choice(Protocol):
    """One word to choose."""

    path: str
    label: str
    value: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """What the page needs to know and to have done.

    `places`: what stands for each scenario, by the name that the list shows (a file, to whoever computes). `levers` and
    `choices` are functions of a place. `answer(place, variants, replications)` gives the tables by name; `variants` are
    changed values by path, as many as `names`. It and the others raise `refused` with all that is wrong, a line each.
    """

    places: Mapping[str, Any]
    levers: Any
    choices: Any
    answer: Any
    scenario_file: Any
    report: Any
    names: Sequence[str]
    refused: type[Exception]


def show(page: Page) -> None:
    """Draws the page, once for each thing that the reader does."""
    import streamlit as st

    st.set_page_config(page_title="Vein to vein: planning", layout="wide")
    st.title("What if? Waits and progression after your changes")
    state = State(st, list(page.places), REPLICATIONS, FEW_AT_FIRST, len(page.names))
    first, second = st.columns([3, 1])
    scenario = str(first.selectbox("Scenario", list(page.places), key=state.scenario_key))
    replications = int(second.select_slider("Replications", REPLICATIONS, key=state.replications_key))
    place = _uploaded(st, page) or page.places[scenario]
    top = st.container()
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.header("Change")
        try:
            which = str(place), _stamp(place)
            with top, st.spinner("Reading the scenario and what can be changed in it …"):
                levers, choices = state.known(("fields", which), lambda: (page.levers(place), page.choices(place)))
            state.stands_for(*which)
        except page.refused as error:
            _refusal(st, error, place)
            return
        buttons = st.container()
        variants = [
            _variant(st, tab, state, number, levers, choices)
            for number, tab in enumerate(st.tabs([capital(name) for name in page.names]))
        ]
        state.keep()
        state.buttons(buttons)
    with top:
        try:
            tables = _answer(st, page, state, place, variants, replications)
        except page.refused as error:
            _refusal(st, error, place)
            return
        findings = gather(tables)
        _finding(st, findings)
    with right:
        _figures(st, findings)
        _charts(st, tables, findings)
        _costs(st, tables, findings)
        _downloads(st, page, place, variants, replications)


def plain(text: str) -> str:
    """The text as Markdown shows it letter for letter."""
    return MARKDOWN.sub(r"\\\1", text)


def _refusal(st: Any, error: Exception, place: Any) -> None:
    """Says what is wrong, and where; of a file, which may lie in a folder for a while only, the name alone."""
    told = str(error).replace(str(place), str(getattr(place, "name", place)))
    st.error("\n\n".join(plain(line) for line in told.splitlines()))


def _uploaded(st: Any, page: Page) -> Any:
    """A file of the reader's in place of the scenario of the list; it may extend a shipped one by its name."""
    import tempfile
    from pathlib import Path

    with st.expander("A scenario file of your own"):
        given = st.file_uploader("Scenario file (YAML)", type=["yaml", "yml"])
        st.markdown("It stays on this machine and replaces the scenario above until you remove it.")
    if given is None:
        return None
    folder = st.session_state.setdefault("uploads", tempfile.TemporaryDirectory(prefix="vein2vein-"))
    place = Path(folder.name) / "uploaded.yaml"
    content = given.getvalue()
    # a file that is written again is another one
    if not place.exists() or place.read_bytes() != content:
        place.write_bytes(content)
    return place


def _variant(
    st: Any, tab: Any, state: State, number: int, levers: Sequence[Lever], choices: Sequence[Choice]
) -> Changes:
    """Fields of one variant; returns the values that differ from the scenario's, by path."""
    changes: Changes = {}
    with tab:
        for choice in choices:
            options = list(choice.options)
            told = st.selectbox(
                plain(choice.label),
                options,
                format_func=lambda word: word.replace("_", " "),
                key=state.widget(number, choice.path, choice.value),
            )
            if told != choice.value:
                changes[choice.path] = str(told)
        single = [lever for lever in levers if lever.of_one]
        for lever in levers:
            if not lever.of_one:
                _field(st, state, number, lever, changes)
        if single:
            with st.expander("One centre, region or manufacturer at a time"):
                for lever in single:
                    _field(st, state, number, lever, changes)
        with st.expander("Any other value, also by date"):
            st.markdown(plain(OTHER_HELP).replace("\n\n", "  \n"))
            text = st.text_area("Other values", key=state.widget(number, "", ""), height=110)
            changes.update(parsed(str(text)))
    return changes


def _field(st: Any, state: State, number: int, lever: Lever, changes: Changes) -> None:
    """A number to type or to step, in per cent where it is a share."""
    factor = 100.0 if lever.kind == "share" else 1.0
    unit = {"share": " (%)", "days": " (days)", "rate": " (a month)"}.get(lever.kind, "")
    at = round(lever.value * factor, 6)
    whole = lever.kind == "count"
    told = st.number_input(
        plain(lever.label) + unit,
        min_value=0 if whole else 0.0,
        max_value=None if lever.kind != "share" else 100.0,
        step=int(lever.step) if whole else round(lever.step * factor, 6),
        format="%d" if whole else "%.4g" if lever.kind == "share" else "%g",
        key=state.widget(number, lever.path, int(at) if whole else at),
        help=plain(f"{lever.path}; the scenario has {at:g}"),
    )
    if told is not None and float(told) != at:
        changes[lever.path] = lever.text(round(float(told) / factor, 9))


def _answer(st: Any, page: Page, state: State, place: Any, variants: Sequence[Changes], replications: int) -> Tables:
    """The tables, from memory where they have been asked for; else what is being done is said before."""
    many = 1 + sum(map(bool, variants))
    what = f"Running {counted(replications, 'replication')} of {counted(many, 'scenario')} on the same patients …"
    question = place, _stamp(place), [sorted(one.items()) for one in variants], replications
    with st.spinner(what, show_time=True):
        found = state.known(question, lambda: page.answer(place, variants, replications))
    return Tables(found, {}, {})


def _stamp(place: Any) -> object:
    """What tells whether a file is still the one that was read."""
    from pathlib import Path

    return Path(place).stat().st_mtime_ns


def _finding(st: Any, findings: Findings) -> None:
    """The finding in a sentence and the main figures of each variant with their change: first on any screen."""
    for scenario in findings.others or findings.scenarios[:1]:
        st.markdown(f"**{plain(capital(_told(findings, scenario)))}**")
        known = [metric for metric in FIRST if findings.level(scenario, metric).known]
        for place, metric in zip(st.columns(len(FIRST))[: len(known)], known, strict=True):
            now = findings.level(scenario, metric)
            text, colour = _change(findings, scenario, metric)
            name = SHORT.get(metric) or now.label or metric
            place.metric(plain(name), level(now, short=True), text, delta_color=colour, help=plain(interval(now)))
    st.markdown(plain(caveat(findings)))


def _change(findings: Findings, scenario: str, metric: str) -> tuple[str | None, str]:
    """The change of a figure, and how it is coloured: green for better, red for worse, grey where that is not clear.

    Arrow and colour hang on the sign in front, which has to be a hyphen.
    """
    change = findings.change(scenario, metric)
    if not change.known or change.value == 0.0 or not change.bounded:
        return None, "off"
    text = f"{level(change, short=True)} ({bounds(change)})"
    if not findings.verdict(scenario, metric).resolved:
        return text.replace(MINUS, "-", 1) if change.value < 0.0 else text, "off"
    higher = BY_NAME[metric].better == HIGHER
    return text.replace(MINUS, "-", 1) if change.value < 0.0 else text, "normal" if higher else "inverse"


def _figures(st: Any, findings: Findings) -> None:
    """The key figures side by side."""
    others = findings.others
    rows = [
        [
            next(e.label for s in findings.scenarios if (e := findings.level(s, metric)).label),
            *(_cell(findings.level(name, metric)) for name in findings.scenarios),
            *(_cell(findings.change(name, metric)) for name in others),
        ]
        for metric in KEY
        if any(findings.level(name, metric).known for name in findings.scenarios)
    ]
    _table(st, ["Figure", *findings.scenarios, *(f"{name}, difference" for name in others)], rows)


def _told(findings: Findings, scenario: str) -> str:
    """The sentence of the first screen about one scenario."""
    if findings.baseline is None or len(findings.others) < 2:
        return lead(findings)
    return lead(replace(findings, scenarios=(findings.baseline, scenario)))


def _cell(estimate: Estimate) -> str:
    return compact(estimate) if estimate.known else ""


def _table(st: Any, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table that a screen reader reads and a phone scrolls."""
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    told = ["| " + " | ".join(one if k == 1 else plain(one) for one in line) + " |" for k, line in enumerate(lines)]
    st.markdown("\n".join(told))


def _charts(st: Any, tables: Tables, findings: Findings) -> None:
    drawn = {chart.name: chart for chart in CHARTS}
    for name in SHOWN:
        chart = drawn[name]
        if chart.table in tables and chart.fits(tables[chart.table]):
            figure = chart.draw(tables[chart.table], findings)
            meta = figure.layout["meta"]
            # words of the page, which break where its column ends, as those in a picture do not
            st.markdown(f"### {capital(plain(meta['title']))}")
            st.markdown(plain(meta["subtitle"]))
            st.plotly_chart(untitled(figure).plain(), config=dict(CONFIG), theme=None, key=name)
            st.markdown(plain(chart.reading))


def _costs(st: Any, tables: Tables, findings: Findings) -> None:
    """Costs and QALYs as tables, folded; each says on how many assumptions it stands."""
    found = money(tables, findings)
    if found is None:
        return
    with st.expander("Costs and QALYs"):
        for table in found.grids:
            st.markdown(plain(table.caption))
            rows = [[" ".join(c.striptags().split()) if hasattr(c, "striptags") else c for c in r] for r in table.rows]
            _table(st, list(table.heads), rows)


def _downloads(st: Any, page: Page, place: Any, variants: Sequence[Changes], replications: int) -> None:
    """The scenario file of each variant, and the report of all of them."""
    changed = [(name, changes) for name, changes in zip(page.names, variants, strict=True) if changes]
    for name, changes in changed or [("the scenario", {})]:
        file = f"{name.replace(' ', '-')}.yaml"
        st.download_button(
            f"Download {name} as a scenario file",
            page.scenario_file(place, changes),
            file,
            "application/yaml",
            key=file,
        )
    if st.button("Make the report", help="Runs these scenarios again with all that the report shows."):
        with st.spinner("Running all that the report shows …", show_time=True):
            text = page.report(place, variants, replications)
        st.download_button("Download the report", text, "report.html", "text/html")
