"""What is known of calibrated values before and after: each alone, and two by two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from reports.figure import Figure, trace
from reports.findings import Findings
from reports.theme import MUTED, NEITHER, canvas, faint, finish, mark, plain
from reports.words import number, uncapital
from sim.tables.inputs import input_label

PANEL, GAP, BELOW = 190, 70, 60
BINS = 24
MOST_PAIRS = 6
FIXED = ("of", "particle", "weight")
BEFORE, AFTER = "prior", "posterior"


def varied(sample: pd.DataFrame) -> list[str]:
    """The calibrated paths."""
    return [str(name) for name in sample.columns if name not in FIXED]


def has_pairs(sample: pd.DataFrame) -> bool:
    """Whether there are two values to draw against each other."""
    return len(varied(sample)) > 1


def draw_values(sample: pd.DataFrame, findings: Findings) -> Figure:
    """A panel a value: the share of prior and posterior in equal parts of the range."""
    picture = canvas()
    paths = varied(sample)
    places = _rows(len(paths))
    for place, path in enumerate(paths):
        middles, width, shares = _parts(sample, path)
        suffix = "" if place == 0 else str(place + 1)
        for name, colour in ((BEFORE, NEITHER), (AFTER, faint(mark(0).colour, 0.75))):
            picture.add_trace(
                trace(
                    "bar", x=middles, y=[100 * share for share in shares[name]], width=width, name=name,
                    marker={"color": colour, "line": {"width": 0}}, showlegend=place == 0, legendgroup=name,
                    xaxis=f"x{suffix}", yaxis=f"y{suffix}", hovertemplate=f"{name}: %{{y:.1f}}%<extra></extra>",
                )
            )  # fmt: skip
        picture.update_layout(_axes(suffix, places[place], input_label(path), "proportion", "%"))
    picture.update_layout(barmode="overlay", bargap=0)
    return finish(
        picture,
        title=_title(sample, paths),
        subtitle="Proportion of prior and posterior in equal parts of the range",
        alt=describe_values(sample, findings),
        height=_height(len(paths)),
        margin={"l": 66, "r": 24, "b": BELOW},
        legend=[BEFORE, AFTER],
        narrow={"layout.margin.l": 50, "layout.margin.r": 10},
    )


def describe_values(sample: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: median and 90% interval of each value, before and after."""
    parts = []
    for path in varied(sample):
        before, after = (_interval(sample, name, path) for name in (BEFORE, AFTER))
        parts.append(
            f"{input_label(path)}: median {after[1]}, 90% between {after[0]} and {after[2]} "
            f"(before: {before[0]} and {before[2]})"
        )
    return f"Bars of prior and posterior. {'; '.join(parts)}."


def draw_pairs(sample: pd.DataFrame, findings: Findings) -> Figure:
    """A panel a pair of values: a point a particle."""
    picture = canvas()
    pairs = list(combinations(varied(sample), 2))[:MOST_PAIRS]
    places = _rows(len(pairs))
    for place, (across, up) in enumerate(pairs):
        suffix = "" if place == 0 else str(place + 1)
        for name, colour in ((BEFORE, NEITHER), (AFTER, mark(0).colour)):
            mine = sample[sample["of"] == name]
            size = 5.0 if name == BEFORE else (4.0 + 8.0 * np.sqrt(mine["weight"] / mine["weight"].max())).tolist()
            picture.add_trace(
                trace(
                    "scatter", mode="markers", x=mine[across].tolist(), y=mine[up].tolist(), name=name,
                    marker={"color": faint(colour, 0.6), "size": size, "line": {"width": 0}},
                    showlegend=place == 0, legendgroup=name, xaxis=f"x{suffix}", yaxis=f"y{suffix}", hoverinfo="skip",
                )
            )  # fmt: skip
        picture.update_layout(_axes(suffix, places[place], input_label(across), input_label(up), ""))
    strongest = max(pairs, key=lambda pair: abs(_correlation(sample, *pair)))
    both = input_label(strongest[0]), uncapital(input_label(strongest[1]))
    return finish(
        picture,
        title=f"{' and '.join(both)}: correlation {number(_correlation(sample, *strongest), 2)}",
        subtitle="The pair that is tied most; posterior particles over those of the prior",
        alt=describe_pairs(sample, findings),
        height=_height(len(pairs)),
        margin={"l": 76, "r": 24, "b": BELOW},
        legend=[BEFORE, AFTER],
        narrow={"layout.margin.l": 56, "layout.margin.r": 10},
    )


def describe_pairs(sample: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the correlation of each pair."""
    told = [
        f"{input_label(a)} and {uncapital(input_label(b))} {number(_correlation(sample, a, b), 2)}"
        for a, b in list(combinations(varied(sample), 2))[:MOST_PAIRS]
    ]
    return f"Points of posterior particles, two values at a time. Correlations: {'; '.join(told)}."


def _title(sample: pd.DataFrame, paths: Sequence[str]) -> str:
    """The value of which most was learned."""

    def left(path: str) -> float:
        before, after = (_numbers(sample, name, path) for name in (BEFORE, AFTER))
        return float((after[2] - after[0]) / (before[2] - before[0])) if before[2] > before[0] else 1.0

    path = min(paths, key=left)
    low, middle, high = _interval(sample, AFTER, path)
    return f"{input_label(path)}: {middle}, 90% interval {low} to {high}"


def _numbers(sample: pd.DataFrame, of: str, path: str) -> tuple[float, float, float]:
    """The 5%, 50% and 95% quantiles: the least values up to which so much of the weight lies."""
    mine = sample[sample["of"] == of].sort_values(path, kind="stable")
    upto = (mine["weight"].cumsum() / mine["weight"].sum()).to_numpy(float)
    values = mine[path].to_numpy(float)
    low, middle, high = (
        float(values[min(int(np.searchsorted(upto, share)), len(values) - 1)]) for share in (0.05, 0.5, 0.95)
    )
    return low, middle, high


def _interval(sample: pd.DataFrame, of: str, path: str) -> tuple[str, str, str]:
    low, middle, high = (f"{value:.3g}" for value in _numbers(sample, of, path))
    return low, middle, high


def _correlation(sample: pd.DataFrame, a: str, b: str) -> float:
    """Weighted; 0 where one of them does not vary."""
    mine = sample[sample["of"] == AFTER]
    covariance = np.cov(mine[a], mine[b], aweights=mine["weight"])
    spread = float(np.sqrt(covariance[0, 0] * covariance[1, 1]))
    return float(covariance[0, 1] / spread) if spread > 0.0 else 0.0


def _parts(sample: pd.DataFrame, path: str) -> tuple[list[float], float, dict[str, list[float]]]:
    """(middle of each part of the range, its width, the share of prior and posterior in it); a part a whole number."""
    values = sample[path].to_numpy(float)
    low, high = float(values.min()), float(values.max())
    whole = bool((values == np.round(values)).all()) and high - low < 2 * BINS
    edges = np.arange(low - 0.5, high + 1.0) if whole else np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    shares = {}
    for name in (BEFORE, AFTER):
        mine = sample[sample["of"] == name]
        counts, _ = np.histogram(mine[path], bins=edges, weights=mine["weight"])
        shares[name] = (counts / mine["weight"].sum()).tolist()
    return ((edges[1:] + edges[:-1]) / 2).tolist(), float(edges[1] - edges[0]), shares


def _height(panels: int) -> int:
    return panels * PANEL + (panels - 1) * GAP + BELOW


def _rows(panels: int) -> list[tuple[float, float]]:
    """Where each panel stands, from the top down, as shares of the picture's height."""
    whole = panels * PANEL + (panels - 1) * GAP
    return [(1.0 - (k * (PANEL + GAP) + PANEL) / whole, 1.0 - k * (PANEL + GAP) / whole) for k in range(panels)]


def _axes(suffix: str, place: tuple[float, float], across: str, up: str, unit: str) -> dict[str, Any]:
    title = {"font": {"color": MUTED, "size": 12}, "standoff": 6}
    return {
        f"xaxis{suffix}": {"title": {"text": plain(across), **title}, "anchor": f"y{suffix}", "showgrid": False},
        f"yaxis{suffix}": {
            "title": {"text": plain(up), **title},
            "anchor": f"x{suffix}",
            "domain": [max(0.0, place[0]), min(1.0, place[1])],
            "ticksuffix": unit,
        },
    }
