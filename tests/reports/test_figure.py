"""Figures are plain dicts: Plotly's own validators allow what is in them, and they merge as Plotly's do."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.export import figure_json
from reports.figure import Figure, merged, trace
from reports.findings import gather
from reports.pages import draw
from reports.styles import styled, untitled
from reports.tables import read
from reports.theme import PRINT, SLIDE, Style, canvas
from tests.reports.conftest import FOLDERS
from tests.reports.validated import validated

Files = Mapping[str, str]


@pytest.mark.parametrize("name", FOLDERS)
def test_plotly_finds_nothing_wrong_with_any_chart(folder: Callable[[str], Path], name: str) -> None:
    tables = read(folder(name))
    pictures = draw(tables, gather(tables))
    assert pictures
    for picture in pictures:
        assert validated(picture.figure).to_plotly_json() == picture.figure.plain(), picture.name


@pytest.mark.parametrize("name", ["pair", "study"])
@pytest.mark.parametrize("style", [SLIDE, PRINT])
def test_nor_with_one_in_another_style(folder: Callable[[str], Path], name: str, style: Style) -> None:
    tables = read(folder(name))
    for picture in draw(tables, gather(tables)):
        figure = styled(picture.figure, style)
        assert validated(figure).to_plotly_json() == figure.plain(), picture.name
        assert validated(untitled(figure)).to_plotly_json() == untitled(figure).plain(), picture.name


def test_plotly_finds_what_is_wrong() -> None:
    figure = Figure()
    figure.add_trace(trace("bar", x=[1], y=[2], colour="red"))
    with pytest.raises(ValueError, match="colour"):
        validated(figure)
    figure = Figure()
    figure.update_layout(xaxis={"range": [0, 1]}, showlegend="perhaps")
    with pytest.raises(ValueError, match="showlegend"):
        validated(figure)


def test_properties_merge_as_those_of_plotly_do() -> None:
    steps = [
        {"xaxis": {"range": [0, 1], "title": {"text": "days", "standoff": 8}}, "showlegend": True},
        {"xaxis": {"title": {"text": "weeks"}}, "meta": {"alt": "a", "page": {"layout.title": None}}},
        {"xaxis": {"range": [3, 4]}, "showlegend": None, "meta": {"alt": "b"}},
        {"xaxis": {"range": None}, "margin": {"t": 5}},
    ]
    figure, plotly = canvas(), validated(canvas())
    for step in steps:
        figure.update_layout(step)
        plotly.update_layout(step)
        assert figure.plain()["layout"] == plotly.to_plotly_json()["layout"]
    del figure.layout["template"]
    assert figure.layout == {
        "xaxis": {"title": {"text": "weeks", "standoff": 8}},
        "meta": {"alt": "b"},
        "margin": {"t": 5},
    }


def test_merging_leaves_what_it_is_given_as_it_was() -> None:
    axis = {"range": [0, 1], "title": {"text": "days"}}
    figure = Figure(layout=merged({}, {"xaxis": axis, "yaxis": axis}))
    figure.update_layout(xaxis={"title": {"text": "weeks"}, "range": None})
    assert axis == {"range": [0, 1], "title": {"text": "days"}}
    assert figure.layout == {"xaxis": {"title": {"text": "weeks"}}, "yaxis": axis}


def test_a_copy_shares_nothing() -> None:
    figure = Figure()
    figure.add_trace(trace("bar", x=[1], marker={"color": ["red"]}))
    other = figure.copy()
    other.data[0]["marker"]["color"].append("blue")
    other.add_annotation(text="one more")
    assert figure.data[0]["marker"]["color"] == ["red"]
    assert figure.annotations == []


def test_numbers_of_any_kind_are_plain_numbers_and_what_is_none_is_null() -> None:
    figure = Figure()
    table = pd.DataFrame({"day": [1.5, math.nan]})
    figure.add_trace(
        trace("scatter", x=np.array([1, 2]), y=table["day"], name=None, text=(np.int64(3), np.bool_(True), math.inf))
    )
    assert json.loads(figure_json(figure)) == {
        "data": [{"type": "scatter", "x": [1, 2], "y": [1.5, None], "text": [3, True, None]}],
        "layout": {},
    }
    with pytest.raises(TypeError, match="Timestamp"):
        figure_json(Figure(layout={"title": pd.Timestamp("2026-01-01")}))
