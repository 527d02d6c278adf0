"""Each chart: its numbers are those of its table, its words those of the findings, its text harmless."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from reports.charts import CHARTS
from reports.charts.rows import ROW
from reports.findings import gather
from reports.tables import read
from tests.reports.conftest import HOSTILE
from tests.reports.validated import validated

Files = Mapping[str, str]
BY_NAME = {chart.name: chart for chart in CHARTS}
COMPARED = [
    *("of_hundred", "waiting_times", "incidence", "stages", "occupancy", "outcomes", "differences", "same_patients"),
]


def drawn(files: Files, name: str) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(files[f"charts/{name}.json"])
    return figure


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv")


def test_the_registry_is_complete() -> None:
    assert set(COMPARED) < set(BY_NAME)
    assert len(BY_NAME) == len(CHARTS) > 20
    assert all(chart.title and chart.reading.endswith(".") and chart.table for chart in CHARTS)


@pytest.mark.parametrize(
    ("name", "charts"),
    [
        ("pair", COMPARED),
        ("single", ["of_hundred", "waiting_times", "incidence", "stages", "occupancy", "outcomes"]),
        ("six", COMPARED),
        ("once", COMPARED),
        ("nobody", ["of_hundred", "waiting_times", "incidence", "stages", "occupancy", "outcomes", "differences"]),
        ("nobody_single", ["of_hundred", "incidence", "occupancy", "outcomes"]),
    ],
)
def test_charts_are_drawn_where_their_table_has_something(
    files: Callable[[str], Files], name: str, charts: list[str]
) -> None:
    found = [Path(path).stem for path in files(name) if path.startswith("charts/") and path.endswith(".json")]
    assert found == charts
    assert [Path(path).stem for path in files(name) if path.endswith(".html")] == [*charts, "report"]


def test_waiting_times_are_those_of_the_table(folder: Callable[[str], Path], files: Callable[[str], Files]) -> None:
    waits, bars = table(folder("pair"), "waits"), drawn(files("pair"), "waiting_times")["data"]
    for scenario, trace in zip(dict.fromkeys(waits["scenario"]), bars, strict=True):
        mine = waits[waits["scenario"] == scenario]
        assert trace["name"] == scenario
        assert trace["y"] == pytest.approx(list(mine["share"] * 100))
        assert trace["x"] == pytest.approx(list((mine["day_from"] + mine["day_to"]) / 2))
        assert trace["error_y"]["array"] == pytest.approx(list((mine["high"] - mine["share"]) * 100))


def test_an_open_bin_and_bins_of_nobody_are_drawn(folder: Callable[[str], Path]) -> None:
    tables = read(folder("pair"))
    waits = tables["waits"].copy()
    mine = waits["scenario"] == "Autologous, just enough slots"
    waits.loc[waits[mine].index[-1], "day_to"] = math.inf
    waits.loc[~mine, ["share", "low", "high"]] = math.nan
    figure = validated(BY_NAME["waiting_times"].draw(waits, gather(tables)))
    assert all(math.isfinite(day) for day in figure.data[0].x)
    assert "or more days" in figure.data[0].hovertext[-1]
    assert len(figure.data[1].x) == 0
    assert "nobody infused" in BY_NAME["waiting_times"].describe(waits, gather(tables))


def test_incidence_follows_the_table(folder: Callable[[str], Path], files: Callable[[str], Files]) -> None:
    frame, figure = table(folder("pair"), "incidence"), drawn(files("pair"), "incidence")
    lines = [trace for trace in figure["data"] if not trace.get("fill")]
    bands = [trace for trace in figure["data"] if trace.get("fill") == "toself"]
    assert len(lines) == len(bands) == 8
    event = frame[(frame["event"] == "infused") & (frame["scenario"] == lines[1]["name"])]
    shown = event[event["day"] <= max(lines[1]["x"])]
    assert lines[1]["y"] == pytest.approx(list(shown["estimate"] * 100), abs=1e-4)
    assert bands[1]["y"][: len(shown)] == pytest.approx(list(shown["high"] * 100), abs=1e-4)
    tops = {figure["layout"][f"yaxis{k}"]["range"][1] for k in (2, 3, 4)}
    assert len(tops) == 1
    assert figure["layout"]["yaxis"]["range"] == [0, 100]


def test_incidence_of_one_scenario_is_one_panel_in_the_colours_of_outcomes(files: Callable[[str], Files]) -> None:
    figure = drawn(files("single"), "incidence")
    lines = [trace for trace in figure["data"] if not trace.get("fill")]
    assert [trace["name"] for trace in lines] == ["Infused", "Lost eligibility by progression", "Died", "Withdrawn"]
    assert len({trace["line"]["color"] for trace in lines}) == len({trace["line"]["dash"] for trace in lines}) == 4


def test_end_labels_do_not_touch(files: Callable[[str], Files]) -> None:
    figure = drawn(files("six"), "incidence")
    labels = [note for note in figure["layout"]["annotations"] if note["x"] == 1]
    assert len(labels) == 6
    places = sorted(note["y"] for note in labels)
    assert min(b - a for a, b in itertools.pairwise(places)) > 100 * 16 / 270


def test_stages_are_stacked_in_order_with_queues_apart(
    folder: Callable[[str], Path], files: Callable[[str], Files]
) -> None:
    frame, figure = table(folder("pair"), "stages"), drawn(files("pair"), "stages")
    assert figure["layout"]["barmode"] == "stack"
    assert [trace["x"][0] for trace in figure["data"]] == pytest.approx(list(frame["mean_days"]))
    colours = {kind: set() for kind in ("queue", "process")}
    for kind, trace in zip(frame["kind"], figure["data"], strict=True):
        colours[kind].add(trace["marker"]["color"])
    assert len(colours["queue"]) == 1
    assert not colours["queue"] & colours["process"]
    assert [trace["name"] for trace in figure["data"] if trace["showlegend"]] == [
        "work under way",
        "waiting in a queue",
    ]


def test_a_queue_and_its_work_may_share_a_label_and_rounding_residue_is_not_drawn(
    folder: Callable[[str], Path],
) -> None:
    tables = read(folder("single"))
    name = "Autologous, just enough slots"
    rows = [
        (name, 0, "a-b", "process", "Scheduling", 14.0, 13.0, 15.0),
        (name, 0, "a-b", "queue", "Scheduling", 30.0, 29.0, 31.0),
        (name, 1, "b-c", "queue", "Apheresis", -9e-16, -2e-15, 1e-16),
    ]
    stages = pd.DataFrame(rows, columns=["scenario", "order", "stage", "kind", "label", "mean_days", "low", "high"])
    figure = validated(BY_NAME["stages"].draw(stages, gather(tables)))
    assert [trace.x[0] for trace in figure.data] == [30.0, 14.0]
    title = figure.layout.title.text.replace("<br>", " ")
    assert (
        "\N{LEFT DOUBLE QUOTATION MARK}Scheduling\N{RIGHT DOUBLE QUOTATION MARK} (queue): 30 days "
        "(95% simulation interval 29 " in title
    )


def test_outcomes_start_at_zero_and_show_their_intervals(
    folder: Callable[[str], Path], files: Callable[[str], Files]
) -> None:
    frame, figure = table(folder("pair"), "outcomes"), drawn(files("pair"), "outcomes")
    bars = [trace for trace in figure["data"] if trace["type"] == "bar"]
    had = frame.groupby("outcome")["estimate"].transform("max") > 0
    for trace in bars:
        mine = frame[had & (frame["scenario"] == trace["name"])].set_index("label")["estimate"] * 100
        assert sorted(trace["x"]) == pytest.approx(sorted(mine))
        assert trace["error_x"]["visible"] is True
        assert trace["width"] < ROW
    assert figure["layout"]["xaxis"]["range"][0] == 0
    assert "Collection failed" not in json.dumps(figure)


def test_differences_are_those_of_the_table(folder: Callable[[str], Path], files: Callable[[str], Files]) -> None:
    frame, figure = table(folder("six"), "differences"), drawn(files("six"), "differences")
    points = [trace for trace in figure["data"] if trace.get("mode") == "markers"]
    assert len({trace["marker"]["symbol"] for trace in points}) == 5
    days = [trace for trace in points if trace["xaxis"] == "x"]
    waits = frame[frame["metric"] == "waiting_days_mean"]
    assert [trace["x"][0] for trace in days] == pytest.approx(list(waits["estimate"]))
    assert [trace["name"][:40] for trace in days] == [name[:40] for name in waits["scenario"]]
    assert figure["layout"]["xaxis2"]["title"]["text"] == "difference in percentage points"


def test_the_same_patients_add_up(folder: Callable[[str], Path], files: Callable[[str], Files]) -> None:
    frame, figure = table(folder("pair"), "same_patients"), drawn(files("pair"), "same_patients")
    bars = [trace for trace in figure["data"] if trace["type"] == "bar"]
    assert [trace["x"][0] for trace in bars] == pytest.approx(list(frame["share"] * 100))
    assert sum(trace["x"][0] for trace in bars) == pytest.approx(100)


@pytest.mark.parametrize("name", ["pair", "single", "six", "once", "nobody", "nobody_single", "hostile"])
def test_every_chart_has_title_subtitle_and_alternative_text(files: Callable[[str], Files], name: str) -> None:
    for path, text in files(name).items():
        if not path.endswith(".json"):
            continue
        layout = json.loads(text)["layout"]
        assert len(layout["title"]["text"]) > 20
        assert "replication" in layout["title"]["subtitle"]["text"]
        assert layout["meta"]["alt"].endswith(".")
        assert not re.search(r"\bnan\b", text, re.IGNORECASE)
        assert "template" in layout
        assert "colorscale" not in layout["template"].get("layout", {})


@pytest.mark.parametrize("name", ["pair", "single", "six", "once", "nobody"])
def test_what_changes_on_a_phone_is_there_to_be_changed(files: Callable[[str], Files], name: str) -> None:
    for path, text in files(name).items():
        if not path.endswith(".json"):
            continue
        figure = json.loads(text)
        for changes in (figure["layout"]["meta"]["page"], figure["layout"]["meta"]["narrow"]):
            for dotted in changes:
                place: Any = figure
                for key in dotted.split(".")[:-1]:
                    place = place[int(key)] if isinstance(place, list) else place[key]
                assert isinstance(place, dict), dotted


@pytest.mark.parametrize(("name", "chart"), [("six", "stages"), ("real", "flow")])
def test_names_of_some_length_are_whole_on_a_phone(
    files: Callable[[str], Files], folder: Callable[[str], Path], name: str, chart: str
) -> None:
    names = [one for one in dict.fromkeys(table(folder(name), "summary")["scenario"]) if len(one) <= 36]
    assert max(map(len, names)) > 26
    narrow = drawn(files(name), chart)["layout"]["meta"]["narrow"]
    told = [text.replace("<br>", " ") for text in narrow.values() if isinstance(text, str)]
    assert [one for one in names if not any(f"<b>{one}</b>" in text for text in told)] == []


def test_one_replication_draws_no_whiskers_and_says_so(files: Callable[[str], Files]) -> None:
    for name in ("waiting_times", "outcomes", "differences"):
        figure = drawn(files("once"), name)
        for trace in figure["data"]:
            for error in ("error_x", "error_y"):
                assert trace.get(error, {}).get("visible", False) is False
        assert "1 replication: no intervals" in figure["layout"]["title"]["subtitle"]["text"]
    assert not [trace for trace in drawn(files("once"), "incidence")["data"] if trace.get("fill")]


def test_a_hostile_name_stays_text(files: Callable[[str], Files]) -> None:
    for path, text in files("hostile").items():
        if path.endswith(".json"):
            figure = json.loads(text)
            del figure["layout"]["meta"]
            assert "<script" not in json.dumps(figure)
    waits = drawn(files("hostile"), "waiting_times")
    assert waits["data"][0]["name"].startswith("&lt;script&gt;alert(1)&lt;/script&gt;")
    assert HOSTILE[:20] in drawn(files("hostile"), "outcomes")["layout"]["meta"]["alt"]
