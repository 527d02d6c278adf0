"""Titles claim what their tables bear out: nothing where nothing differs, a pair where directions conflict, and no
difference as a fact where there is a single replication."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from reports.findings import EVERYBODY, gather
from reports.first_screen import lead
from reports.pages import draw
from reports.tables import Tables, read

Folder = Callable[[str], Path]
CLAIM = re.compile(
    r"\b(shorter|longer|fewer|lower|higher|earlier|later|better|worse|below|above|falls|rises|explains|instead)\b"
)
HEDGE = ("no interval", "one replication", "single replication", "no clear", "cannot be judged", "without an interval")
CHANGES = ("differences", "economics_differences")


def titles(tables: Tables) -> dict[str, str]:
    """The title of each chart that can be drawn from the tables."""
    return {picture.name: picture.heading for picture in draw(tables, gather(tables))}


def changed(tables: Tables, frames: Mapping[str, pd.DataFrame]) -> Tables:
    return replace(tables, frames={**tables.frames, **frames})


def alike(tables: Tables) -> Tables:
    """The tables with the first scenario in every place, and no difference in any replication."""
    first, *others = dict.fromkeys(tables["summary"]["scenario"])
    found: dict[str, pd.DataFrame] = {}
    for name, frame in tables.frames.items():
        if name in CHANGES:
            found[name] = frame.assign(estimate=0.0, low=0.0, high=0.0)
        elif "scenario" in frame and "baseline" not in frame and (frame["scenario"] == first).any():
            mine = frame[frame["scenario"] == first]
            found[name] = pd.concat([mine, *(mine.assign(scenario=other) for other in others)], ignore_index=True)
    return changed(tables, found)


def once(tables: Tables) -> Tables:
    """The tables as of one replication: without any interval."""
    found = {}
    for name, frame in tables.frames.items():
        ends = [c for c in frame if re.search(r"(^|_)(low|high)$", str(c)) and frame[c].dtype.kind == "f"]
        bare = frame.assign(**dict.fromkeys(ends, math.nan))
        found[name] = bare.assign(replications=1) if "replications" in frame else bare
    return replace(changed(tables, found), manifest={**tables.manifest, "replications": 1})


def moved(tables: Tables, by: Mapping[str, float]) -> Tables:
    """The tables with these differences, each clearly apart from none."""
    frame = tables["differences"].copy()
    for metric, value in by.items():
        rows = frame["metric"] == metric
        frame.loc[rows, ["estimate", "low", "high"]] = [value, value - abs(value) / 10, value + abs(value) / 10]
    return changed(tables, {"differences": frame})


@pytest.fixture(scope="module")
def tables(folder: Folder) -> Tables:
    return read(folder("real"))


def test_where_nothing_differs_no_title_says_that_something_does(tables: Tables) -> None:
    found = titles(alike(tables))
    assert len(found) > 18
    named = "instead of \N{LEFT DOUBLE QUOTATION MARK}"
    of_change = {name for name, title in found.items() if CLAIM.search(title.replace(named, ""))}
    # what has groups, stages or places of its own says of these what it says
    assert of_change <= {"warm_up", "stock", "price"}
    same = [title for name, title in found.items() if name in ("waiting_times", "incidence", "outcomes", "differences")]
    assert all("the same" in title for title in same)
    assert "the same as" in lead(gather(alike(tables)))


def test_where_directions_conflict_a_shorter_wait_never_stands_alone(tables: Tables) -> None:
    worse = {"waiting_days_mean": -10.0, "waiting_days_median": -10.0, "infused_share": -0.2,
             "lost_before_infusion_share": 0.2, "progressed_before_infusion_share": 0.1, EVERYBODY: -0.1}  # fmt: skip
    found = titles(moved(tables, worse))
    for name in ("waiting_times", "waiting_ecdf"):
        assert "the proportion infused is 20 percentage points lower" in found[name]
        assert "10 days shorter" in found[name]
    assert "higher" in found["incidence"]
    assert ", but " in lead(gather(moved(tables, worse)))


@pytest.mark.parametrize("name", ["real", "study", "study_line", "fit", "observe"])
def test_of_a_single_replication_no_difference_is_a_fact(folder: Folder, name: str) -> None:
    bare = once(read(folder(name)))
    beside = {"warm_up", "stock", "plan", "psa_price", "ce_plane"}
    for chart, title in titles(bare).items():
        claims = CLAIM.search(re.sub("95% (simulation )?interval .*", "", title))
        if claims and chart not in beside and "95%" not in title:
            assert any(hedge in title for hedge in HEDGE), (chart, title)
