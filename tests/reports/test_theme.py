"""The colours: apart from each other for every reader and in greyscale, legible on white."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from reports.theme import (
    NEITHER,
    OFFICE_HATCHES,
    OUTCOMES,
    PROCESS,
    QUEUE,
    SCENARIOS,
    canvas,
    day_tick,
    hatched,
    legible,
    plain,
    stacked,
)
from tests.reports.validated import validated

Array = NDArray[np.float64]
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
# Machado, Oliveira and Fernandes 2009 (doi:10.1109/TVCG.2009.113), severity 1.0
VISION = {
    "full": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(colour: str) -> Array:
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb: Array) -> Array:
    scaled = TO_XYZ @ rgb / np.array([0.95047, 1.0, 1.08883])
    root = np.where(scaled > 0.008856, np.cbrt(scaled), 7.787 * scaled + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def contrast(colour: str, paper: str = "#FFFFFF") -> float:
    least, most = sorted(float(TO_XYZ[1] @ linear(one)) + 0.05 for one in (colour, paper))
    return most / least


def nearest(colours: Sequence[str], vision: Array) -> float:
    seen = [lab(np.clip(vision @ linear(colour), 0, 1)) for colour in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2))


@pytest.mark.parametrize("vision", VISION)
def test_scenarios_and_outcomes_stay_apart(vision: str) -> None:
    assert nearest([mark.colour for mark in SCENARIOS], VISION[vision]) > 25
    assert nearest(list(OUTCOMES.values()), VISION[vision]) > 20


@pytest.mark.parametrize("colours", [[mark.colour for mark in SCENARIOS], list(OUTCOMES.values())])
def test_greys_stay_apart(colours: list[str]) -> None:
    lightness = sorted(lab(linear(colour))[0] for colour in colours)
    assert min(np.diff(lightness)) > 5


def test_scenarios_stand_out_from_the_paper_and_differ_in_dash_and_symbol() -> None:
    assert min(contrast(mark.colour) for mark in SCENARIOS) >= 3
    assert len({mark.dash for mark in SCENARIOS}) == len({mark.symbol for mark in SCENARIOS}) == len(SCENARIOS)


def test_bars_of_scenarios_differ_on_grey_paper() -> None:
    """The first is plain; each other has a hatch of its own, on screen, slides and in the workbook."""
    hatches = [one.hatch for one in SCENARIOS]
    assert hatches[0] == ""
    assert len(set(hatches)) == len(SCENARIOS)
    assert {one for one in hatches if one} == set(OFFICE_HATCHES)
    assert ["pattern" in hatched(one) for one in SCENARIOS] == [bool(one) for one in hatches]


def test_a_queue_is_dark_and_work_is_light() -> None:
    queue = lab(linear(QUEUE))[0]
    assert all(lab(linear(colour))[0] - queue > 30 for colour in (*PROCESS, NEITHER))


@pytest.mark.parametrize("colour", [*(mark.colour for mark in SCENARIOS), *OUTCOMES.values()])
def test_text_colours_are_legible(colour: str) -> None:
    assert contrast(legible(colour)) >= 4.5


def test_text_is_shown_letter_for_letter() -> None:
    assert plain("<b>a</b> & b") == "&lt;b&gt;a&lt;/b&gt; &amp; b"


def test_the_template_is_our_own() -> None:
    import plotly.io

    before = plotly.io.templates.default
    try:
        plotly.io.templates.default = "plotly_dark"
        dark = validated(canvas()).to_plotly_json()
        plotly.io.templates.default = "none"
        assert validated(canvas()).to_plotly_json() == dark
    finally:
        plotly.io.templates.default = before


def test_panels_fill_their_room_from_the_top() -> None:
    domains = stacked([100, 50], gap=30, above=20)
    assert domains == [pytest.approx((0.4, 0.9)), pytest.approx((0.0, 0.25))]
    assert [day_tick(last) for last in (6, 60, 365, 900, 99999)] == [1, 14, 60, 180, 1460]
