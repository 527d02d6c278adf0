"""The plane with its threshold, ellipse and quadrants, and the budget by year, against their tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from reports.charts.economics import draw_budget, draw_plane
from reports.charts.frontier import draw_frontier, has_several
from reports.findings import Findings, gather
from reports.tables import Tables

NOTHING = Findings(("A", "B"), "A", 5, {}, {}, thresholds=(50_000.0, 100_000.0, 150_000.0))


def plane(qalys: np.ndarray, costs: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample": np.arange(len(qalys)), "strategy": "B", "baseline": "A", "unit": "EUR 2024",
            "incremental_qalys": qalys, "incremental_cost": costs,
        }
    )  # fmt: skip


def test_the_ellipse_holds_95_percent_of_a_normal_cloud_and_the_line_is_the_threshold() -> None:
    random = np.random.default_rng(3)
    x = random.normal(0.2, 0.5, 20_000)
    y = 20_000.0 + 60_000.0 * (x - 0.2) + random.normal(0.0, 30_000.0, 20_000)
    picture = draw_plane(plane(x, y), NOTHING)
    outline = next(one for one in picture.data if one["mode"] == "lines" and len(one["x"]) > 2)
    # inside, by the angle that a closed outline makes around a point
    edges = np.column_stack([outline["x"], outline["y"]]) / [0.5, 30_000.0]
    points = np.column_stack([x, y])[:2000] / [0.5, 30_000.0]
    turns = np.diff(np.unwrap(np.arctan2(*(edges[None] - points[:, None]).transpose(2, 0, 1)), axis=1)).sum(axis=1)
    assert (np.abs(turns) > np.pi).mean() == pytest.approx(0.95, abs=0.015)
    line = next(one for one in picture.data if one["mode"] == "lines" and len(one["x"]) == 2)
    assert np.array(line["y"]) == pytest.approx(100_000.0 * np.array(line["x"]))
    assert min(line["x"]) < 0.0 < max(line["x"])


def test_the_corners_have_the_shares_of_the_table_of_quadrants() -> None:
    shares = {"better_cheaper": 0.2, "better_dearer": 0.4, "worse_cheaper": 0.0, "worse_dearer": 0.3, "same": 0.1}
    means = {f"{name}{end}": 0.0 for name in ("incremental_cost", "incremental_qalys") for end in ("", "_low", "_high")}
    row = {"strategy": "B", "baseline": "A", "unit": "EUR 2024", **means}
    row |= {f"share_{name}": share for name, share in shares.items()}
    findings = gather(Tables({"psa_quadrants": pd.DataFrame([row])}, {}, {}))
    picture = draw_plane(plane(np.array([1.0, -1.0]), np.array([5.0, -5.0])), findings)
    told = {(note["xanchor"], note["yanchor"]): note["text"] for note in picture.annotations}
    assert told == {
        ("right", "top"): "40% of samples", ("right", "bottom"): "20% of samples", ("left", "top"): "30% of samples",
        ("center", "bottom"): "no difference:<br>10% of samples",
    }  # fmt: skip


def test_nothing_is_said_of_a_line_or_an_ellipse_that_is_not_drawn() -> None:
    x = np.linspace(-1.0, -0.1, 20)
    picture = draw_plane(plane(x, np.resize([1e5, 3e5], 20)), NOTHING)
    # worse and costlier in all samples: the line of the threshold passes the other quadrants only
    assert "dotted" not in picture.layout["title"]["subtitle"]["text"]
    assert "ellipses" in picture.layout["title"]["subtitle"]["text"]
    few = draw_plane(plane(x[:3], np.array([1e5, 3e5, 2e5])), NOTHING)
    assert "ellipses" not in few.layout["title"]["subtitle"]["text"]


def test_the_budget_is_that_of_its_table_year_by_year() -> None:
    rows = [
        {
            "scenario": name, "baseline": "A", "year": year, "quantity": quantity, "label": quantity,
            "unit": "EUR 2024", "estimate": 100.0 * year + k, "low": 90.0, "high": 900.0,
            "increment": 10.0 * k, "increment_low": 5.0 * k, "increment_high": 15.0 * k,
        }
        for k, name in enumerate("AB") for year in (1, 2, 3) for quantity in ("spent", "spent_on_products")
    ]  # fmt: skip
    picture = draw_budget(pd.DataFrame(rows), NOTHING)
    lines = [one for one in picture.data if one.get("mode") == "lines+markers"]
    assert [list(one["y"]) for one in lines] == [[100.0, 200.0, 300.0], [101.0, 201.0, 301.0]] * 2
    title = picture.layout["title"]["text"].replace("<br>", " ")
    assert "In year 3 B costs 10.0 EUR 2024 more (95% simulation interval 5.00 to 15.0) than A" in title


def standings(*rows: tuple[str, float, float, str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"scenario": name, "qalys": qalys, "cost": cost, "status": status, "arm": arm, "unit": "EUR 2024",
             "against": "", "icer": float("nan")}
            for name, qalys, cost, status, arm in rows
        ]
    )  # fmt: skip


def test_the_frontier_joins_only_those_that_are_clearly_on_it() -> None:
    table = standings(
        ("Care", 1.0, 10.0, "on the frontier", "reference"), ("A", 3.0, 50.0, "on the frontier", "infusing"),
        ("B", 2.0, 40.0, "extendedly dominated", "infusing"), ("C", 2.5, 60.0, "dominated", "infusing"),
        ("D", 3.1, 90.0, "no clear difference in QALYs", "infusing"),
    )  # fmt: skip
    picture = draw_frontier(table, NOTHING)
    (line,) = [one for one in picture.data if one["mode"] == "lines"]
    assert (line["x"], line["y"]) == ([1.0, 3.0], [10.0, 50.0])
    marks = {one["name"]: one["marker"]["symbol"] for one in picture.data if one["mode"] == "markers"}
    assert marks == {
        "reference arm": "square-open", "Care": "circle", "A": "circle", "B": "triangle-down", "C": "x",
        "D": "circle-open",
    }  # fmt: skip
    title = picture.layout["title"]["text"].replace("<br>", " ")
    assert "Of 5 strategies, 2 are clearly on the cost-effectiveness frontier: Care and A" in title
    subtitle = picture.layout["title"]["subtitle"]["text"]
    assert all(word in subtitle for word in ("cross", "triangle", "hollow", "square"))


def test_of_one_replication_no_frontier_is_drawn() -> None:
    table = standings(
        *((name, k, k, "on the frontier (one replication: not judged)", "infusing") for k, name in enumerate("AB"))
    )
    picture = draw_frontier(table.drop(columns="arm"), NOTHING)
    assert not [one for one in picture.data if one["mode"] == "lines"]
    assert {one["marker"]["symbol"] for one in picture.data} == {"circle-open"}
    assert "none is clearly on the frontier" in picture.layout["title"]["text"].replace("<br>", " ")
    assert has_several(table)
    assert not has_several(table[:1])
