"""The charts of the tables of pictures and of studies: their numbers are those of the table, their text is harmless."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from reports.charts import CHARTS
from reports.charts.flow import draw as draw_flow
from reports.charts.screening import draw_morris
from reports.charts.sweeps import as_number, draw_sobol, readable
from reports.findings import Findings
from reports.theme import OUTCOMES, QUEUE
from reports.words import folded
from sim.tables import WITHDRAWALS
from sim.tables.inputs import point_label
from tests.reports import studies

Files = Mapping[str, str]
Folder = Callable[[str], Path]
Drawn = Callable[[str], Files]
NOTHING = Findings((), None, 1, {}, {})


def figure(files: Files, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files[f"charts/{name}.json"])
    return found


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", keep_default_na=True)


def drawn_in(files: Files) -> set[str]:
    return {Path(path).stem for path in files if path.endswith(".json")}


def test_every_chart_of_the_registry_is_drawn_from_a_run_or_a_study(files: Drawn) -> None:
    # of comparisons of five replications or more, and of forecasts, which have tests of their own
    beside = {"budget", "robustness", "forecast", "forecast_more"}
    drawn = [drawn_in(files(name)) for name in ("real", "study", "fit", "observe")]
    assert set().union(*drawn) | beside == {chart.name for chart in CHARTS}
    assert "sweep_map" not in drawn_in(files("study_line"))


@pytest.mark.parametrize("name", ["real", "real_hostile", "study", "study_line", "fit", "observe", "observe_agrees"])
def test_titles_say_something_and_nothing_is_not_a_number(files: Drawn, name: str) -> None:
    for path, text in files(name).items():
        if not path.endswith(".json"):
            continue
        layout = json.loads(text)["layout"]
        assert re.search(r"\d", layout["title"]["text"]), path
        assert layout["title"]["subtitle"]["text"]
        assert layout["meta"]["alt"].endswith("."), path
        assert not re.search(r"\bnan\b", text, re.IGNORECASE), path


def test_hostile_names_stay_text_in_every_chart(files: Drawn) -> None:
    for path, text in files("real_hostile").items():
        if path.endswith(".json"):
            found = json.loads(text)
            del found["layout"]["meta"]
            assert "<script" not in json.dumps(found), path


def test_the_flow_has_the_counts_of_the_table_and_the_colours_of_outcomes(folder: Folder, files: Drawn) -> None:
    flow, found = table(folder("real"), "flow"), figure(files("real"), "flow")
    for place, scenario in enumerate(dict.fromkeys(flow["scenario"])):
        mine = flow[flow["scenario"] == scenario]
        reach = [t for t in found["data"] if t["xaxis"] == ("x" if place == 0 else f"x{2 * place + 1}")]
        lost = [t for t in found["data"] if t["xaxis"] == f"x{2 * place + 2}"]
        into = mine.groupby("target")["estimate"].sum()
        assert reach[0]["x"][-1] == pytest.approx(into["infused"])
        assert reach[0]["marker"]["line"]["color"][-1] == OUTCOMES["infused"]
        ends = mine[~mine["target"].isin([*mine["source"], "infused"])]
        assert sum(sum(t["x"]) for t in lost) == pytest.approx(ends["estimate"].sum())
    ranges = {tuple(found["layout"][f"xaxis{k}"]["range"]) for k in (2, 4)}
    assert len(ranges) == 1, "losses have one scale in every panel"


def test_a_sum_without_an_interval_does_not_make_the_largest_loss_one_of_several() -> None:
    one, other = list(WITHDRAWALS)[:2]
    rows = [("died", "Died", 20.0, 19.0, 21.0), (one, "Withdrew", 2.0, 1.0, 3.0),
            (other, "Withdrew", 2.0, 1.0, 3.0), ("infused", "Infused", 76.0, 75.0, 77.0)]  # fmt: skip
    flow = pd.DataFrame(
        [{"scenario": "A", "source": "referral", "source_label": "Referred", "target": target, "target_label": label,
          "estimate": value, "low": low, "high": high} for target, label, value, low, high in rows]
    )  # fmt: skip
    title = draw_flow(flow, Findings(("A",), None, 5, {}, {})).layout["title"]["text"].replace("<br>", " ")
    assert title.removeprefix("<b>").startswith("The largest loss, with A: 20 patients")


def test_use_and_queue_through_time_are_those_of_the_table(folder: Folder, files: Drawn) -> None:
    use, found = table(folder("real"), "use_through_time"), figure(files("real"), "use")
    use["centre"] = use["centre"].fillna("")
    slots = use[(use["resource"] == "slot") & (use["centre"] == "")]
    lines = [trace for trace in found["data"] if trace.get("fill") is None]
    drawn = [trace["y"] for trace in lines]
    assert pytest.approx(list(slots["queue"])) in drawn
    assert pytest.approx(list(slots["in_use"])) in drawn
    assert pytest.approx(list(slots["capacity"])) in drawn
    assert all(found["layout"][axis]["range"][0] == 0 for axis in found["layout"] if axis.startswith("yaxis"))


def test_the_waiting_list_and_the_stock(folder: Folder, files: Drawn) -> None:
    lists, found = table(folder("real"), "waiting_list"), figure(files("real"), "waiting_list")
    assert list(lists["day"])[-1] % 7 != 0, "the last day is not one of whole weeks from the start"
    lists = lists[(lists["day"].max() - lists["day"]) % 7 == 0]
    first = lists[(lists["list"] == "waiting_list") & (lists["scenario"] == lists["scenario"].iloc[0])]
    assert pytest.approx(list(first["estimate"])) in [trace["y"] for trace in found["data"]]
    stock, found = table(folder("real"), "stock_through_time"), figure(files("real"), "stock")
    assert pytest.approx(list(stock["doses"])) in [trace["y"] for trace in found["data"]]
    assert not (stock["stock_out_share"] > 0.0).any()
    assert "Time without a dose" not in str(found["layout"]["annotations"]), "no panel of nothing"


def test_the_cumulative_waits_rise_from_nobody_to_everybody(files: Drawn) -> None:
    for trace in figure(files("real"), "waiting_ecdf")["data"]:
        if trace.get("fill") is None:
            assert trace["y"][0] == 0
            assert trace["y"][-1] == pytest.approx(100)
            assert all(b >= a for a, b in zip(trace["y"], trace["y"][1:], strict=False))


def test_groups_have_their_numbers_and_small_ones_are_marked(folder: Folder, files: Drawn) -> None:
    groups, found = table(folder("real"), "groups"), figure(files("real"), "groups")
    mine = groups[groups["metric"] == "waiting_days_mean"]
    bars = [trace for trace in found["data"] if trace["type"] == "bar" and trace["xaxis"] == "x"]
    assert len(bars) == 2
    for trace in bars:
        assert sorted(trace["x"]) == pytest.approx(sorted(mine.loc[mine["scenario"] == trace["name"], "estimate"]))
    labels = " ".join(found["layout"]["yaxis"]["ticktext"]).replace("<br>", " ")
    shown = groups[groups["metric"].isin(["waiting_days_mean", "progressed_before_infusion_share", "infused_share"])]
    assert ("(few, n =" in labels) == bool((shown["patients"] < 10).any())
    assert labels.count("n=") == len(shown.drop_duplicates(["grouping", "group"]))


def test_timelines_show_queues_apart_and_each_outcome(folder: Folder, files: Drawn) -> None:
    spells, found = table(folder("real"), "timeline_sample"), figure(files("real"), "timelines")
    bars = [trace for trace in found["data"] if trace["type"] == "bar"]
    queued = [trace for trace in bars if trace["marker"]["color"] == QUEUE]
    shown = spells[spells["patient"] <= 12]
    assert sum(sum(trace["x"]) for trace in queued) == pytest.approx(
        (shown["to_day"] - shown["from_day"])[shown["kind"] == "queue"].sum()
    )
    ends = [text.strip() for trace in found["data"] if trace.get("mode") == "markers+text" for text in trace["text"]]
    assert sorted(ends) == sorted(shown.drop_duplicates(["scenario", "patient"])["outcome_label"])


def test_beds_and_slots_are_bars_within_their_weeks(folder: Folder, files: Drawn) -> None:
    days, found = table(folder("real"), "day_by_day"), figure(files("real"), "day_by_day")
    shown = days[(days["resource"] == "bed") | days["kind"].isin(["claimed", "unclaimed"])]
    bars = [trace for trace in found["data"] if trace["type"] == "bar"]
    assert sum(len(trace["x"]) for trace in bars) == len(shown)
    first, last = shown["window_from"].iloc[0], shown["window_to"].iloc[0]
    inside = shown["to_day"].clip(upper=last) - shown["from_day"].clip(lower=first)
    assert sum(sum(trace["x"]) for trace in bars) == pytest.approx(inside.sum() * 86_400_000)
    stays = (shown["resource"] == "bed") & (shown["scenario"] == shown["scenario"].iloc[0])
    assert f"{stays.sum()} stays in infusion beds" in found["layout"]["title"]["text"].replace("<br>", " ")


def test_a_sweep_is_lines_and_a_map(folder: Folder, files: Drawn) -> None:
    sweep = table(folder("study"), "sweep")
    waits = sweep[sweep["metric"] == "waiting_days_mean"]
    lines = [trace for trace in figure(files("study"), "sweep")["data"] if trace.get("fill") is None]
    first = waits[waits["manufacturing.slots.lead"] == "7 d"]
    assert lines[0]["x"] == list(first["manufacturing.lines"])
    assert lines[0]["y"] == pytest.approx(list(first["estimate"]))
    (cells,) = figure(files("study"), "sweep_map")["data"]
    assert sorted(value for row in cells["z"] for value in row) == pytest.approx(sorted(waits["estimate"]))
    assert cells["x"] == ["4", "6", "8", "10", "12"]


def test_the_tornado_starts_at_the_base_and_the_widest_is_first(folder: Folder, files: Drawn) -> None:
    found = figure(files("study"), "tornado")
    assert found["layout"]["yaxis"]["ticktext"][0] == "Slots of each offer"
    low, high = found["data"]
    assert {low["base"], high["base"]} == {107.1}
    assert low["base"] + low["x"][0] == pytest.approx(161.0)
    assert high["base"] + high["x"][0] == pytest.approx(84.0)


def test_indices_the_plan_and_the_curves(folder: Folder, files: Drawn) -> None:
    sobol = [trace for trace in figure(files("study"), "sobol")["data"] if trace["type"] == "bar"]
    assert sobol[1]["x"] == pytest.approx([72, 27, 1])
    plan = figure(files("study"), "plan")
    drawn = {t["name"]: (t["x"], t["y"]) for t in plan["data"]}
    assert drawn["cheapest that meets the targets"] == ([240_000], [pytest.approx(18.7)])
    assert drawn["misses a target"][0] == [120_000, 160_000, 200_000]
    assert drawn["not needed or not decided"][0] == [280_000, 320_000]
    assert drawn["nothing cheaper is better"][0] == [40_000 * value for value in range(3, 9)]
    (goal,) = [s for s in plan["layout"]["shapes"] if s["line"].get("dash") == "dot"]
    assert goal["y0"] == 20
    assert "Slots of each offer 6 is the cheapest" in plan["layout"]["title"]["text"]
    ceac = table(folder("study"), "ceac")
    curves = [trace for trace in figure(files("study"), "ceac")["data"] if trace.get("showlegend")]
    for trace in curves:
        assert trace["y"] == pytest.approx(list(ceac.loc[ceac["strategy"] == trace["name"], "probability"] * 100))
    plane = [trace for trace in figure(files("study"), "ce_plane")["data"] if trace["showlegend"]]
    assert plane[0]["x"] == pytest.approx(list(table(folder("study"), "ce_plane")["incremental_qalys"]))
    assert "assumptions" in figure(files("study"), "ce_plane")["layout"]["title"]["subtitle"]["text"]
    bars = figure(files("study"), "evppi")["layout"]["title"]
    assert "Costs: product is worth most to know: 6,000" in bars["text"]
    assert "2 inputs held fixed, not assessed" in bars["subtitle"]["text"]
    assert "at most 9,000" in figure(files("study"), "evpi")["layout"]["title"]["text"]


@pytest.mark.parametrize(("text", "value"), [("21 d", 21.0), ("0.5", 0.5), ("-3e2 x", -300.0)])
def test_a_value_is_the_number_it_begins_with(text: str, value: float) -> None:
    assert as_number(text) == value
    assert as_number("unlimited") != as_number("unlimited")


@pytest.mark.parametrize("name", ["pair", "six", "real", "study"])
def test_no_bar_ends_beyond_its_axis(files: Drawn, name: str) -> None:
    drawn = files(name)
    checked = 0
    for chart in drawn_in(drawn):
        found = figure(drawn, chart)
        for trace in found["data"]:
            axis = found["layout"].get("xaxis" + trace.get("xaxis", "x")[1:], {})
            if trace["type"] != "bar" or trace.get("orientation") != "h" or "range" not in axis:
                continue
            if axis.get("type") == "date":
                continue  # lengths are milliseconds there; the bars of days are held to their weeks above
            base = trace.get("base") or 0.0
            starts = base if isinstance(base, list) else [base] * len(trace["x"])
            ends = [start + length for start, length in zip(starts, trace["x"], strict=True)]
            low, high = axis["range"]
            assert all(low - 1e-9 <= end <= high + 1e-9 for end in [*starts, *ends]), chart
            checked += 1
    assert checked > 3


def test_what_moves_the_result_most_comes_first(files: Drawn) -> None:
    found = figure(files("study"), "morris")
    (points,) = found["data"]
    assert (points["x"], points["y"]) == (pytest.approx([31.0, 0.4]), pytest.approx([22.0, 0.3]))
    assert points["error_x"]["array"] == pytest.approx([4.5, 0.2])
    assert "Slots of each offer moves it most" in found["layout"]["title"]["text"].replace("<br>", " ")
    found = figure(files("study"), "prcc")
    (bars_of_prcc,) = [trace for trace in found["data"] if trace["type"] == "bar"]
    assert bars_of_prcc["x"] == pytest.approx([-0.83, 0.05])
    title = found["layout"]["title"]["text"].replace("<br>", " ")
    assert "Waiting days, mean falls most closely with Slots of each offer" in title
    assert "\N{MINUS SIGN}0.83 (95% simulation interval \N{MINUS SIGN}0.90 to \N{MINUS SIGN}0.70)" in title
    low, high = found["layout"]["xaxis"]["range"]
    assert low < -0.9, "the bar of a negative correlation, with its interval, is on the axis"
    assert high > 0.3


def test_the_warm_up_has_what_is_used_and_what_is_advised(folder: Folder, files: Drawn) -> None:
    rows, found = table(folder("real"), "warm_up"), figure(files("real"), "warm_up")
    first = rows[rows["scenario"] == rows["scenario"].iloc[0]]
    assert pytest.approx(list(first["waiting"])) in [trace["y"] for trace in found["data"]]
    drawn = {shape["x0"] for shape in found["layout"]["shapes"]}
    assert drawn == {*rows["used_day"], *rows.loc[rows["advised"].astype(str).str.lower() == "true", "day"]}


@pytest.mark.parametrize(
    ("name", "metric", "factor"), [("utilisation", "utilisation", 100.0), ("queues", "queue_mean", 1.0)]
)
def test_the_largest_of_the_resources_are_drawn(
    folder: Folder, files: Drawn, name: str, metric: str, factor: float
) -> None:
    rows = table(folder("real"), "resources_summary").fillna({"centre": ""})
    mine = rows[(rows["metric"] == metric) & rows["estimate"].notna()]
    drawn = [value for trace in figure(files("real"), name)["data"] if trace["type"] == "bar" for value in trace["x"]]
    largest = mine.groupby(["resource", "centre"])["estimate"].max().nlargest(6)
    kept = largest[(largest >= 0.05) | (metric == "utilisation")]
    assert max(drawn) == pytest.approx(mine["estimate"].max() * factor)
    wanted = mine.set_index(["resource", "centre"]).loc[list(kept.index), "estimate"]
    wanted = wanted[(wanted >= 0.05) | (metric == "utilisation")]
    assert sorted(drawn) == pytest.approx(sorted(wanted * factor))


def test_values_of_inputs_have_their_unit_and_names_of_points_read_as_a_sentence() -> None:
    found = replace(NOTHING, stated={"release_testing.sterility": "14 d", "manufacturing.lines": 16})
    values = pd.DataFrame(
        {"release_testing.sterility": ["7.0", "14 d", "2w"], "manufacturing.lines": [8.0, 12.0, 16.0]}
    )
    told = readable(values, list(values), found)
    assert told["release_testing.sterility"].tolist() == ["7 d", "14 d", "2 w"]
    assert told["manufacturing.lines"].tolist() == ["8", "12", "16"]
    name = "manufacturing.slots.count=6, release_testing.sterility=7d"
    assert point_label(name) == "Slots of each offer 6, sterility test 7 d"


def test_the_whiskers_of_a_screening_are_whole() -> None:
    screening = studies.morris()
    drawn = draw_morris(screening, NOTHING)
    end = drawn.layout["xaxis"]["range"][1]
    assert end >= (screening["mu_star"] + screening["mu_star_half_width"]).max()


def test_an_index_above_one_is_said_to_be_chance() -> None:
    indices = studies.sobol()
    sure = draw_sobol(indices, NOTHING).layout["meta"]["subtitle"]
    beyond = draw_sobol(indices.assign(total=indices["total"] * 2.0), NOTHING).layout["meta"]["subtitle"]
    assert "too few samples" not in sure
    assert "too few samples" in beyond


def test_a_panel_of_the_flow_bears_the_whole_name_of_its_scenario() -> None:
    name = "Autologous, or a bispecific antibody after 30 days on the list"
    rows = [(name, "referral", "listing"), (name, "listing", "died")]
    flow = pd.DataFrame(
        [(*row, row[1], row[2], 9.0, 8.0, 10.0) for row in rows],
        columns=["scenario", "source", "target", "source_label", "target_label", "estimate", "low", "high"],
    )
    notes = draw_flow(flow, Findings((name,), None, 5, {}, {})).annotations
    assert f"<b>{'<br>'.join(folded(name, 40, 2))}</b>" in [note["text"] for note in notes]
    assert " ".join(folded(name, 40, 2)) == name
