"""The pages of own records: the verdict first, then the picture; every number of the tables; harmless text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from reports.charts.forecast import drawer as drawer_ahead
from reports.charts.observed import about, drawer
from reports.findings import Findings
from sim.experiment.own.observe import ADDS_UP
from sim.experiment.own.quantities import WAITS
from tests.reports.conftest import HOSTILE

Files = Mapping[str, str]
Drawn = Callable[[str], Files]
Folder = Callable[[str], Path]
NOTHING = Findings((), None, 1, {}, {})
OBSERVED = ["observed", "observed_events", "observed_months"]
FITTED = ["fitted_stages", "fitted_clocks", "fitted_quantiles", "register_waits"]


def figure(files: Files, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files[f"charts/{name}.json"])
    return found


def read_aloud(page: str) -> str:
    """The words of a page, without its scripts and data."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)
    return " ".join(unescape(re.sub(r"<wbr>", "", re.sub(r"<(?!wbr)[^>]*>", " ", body))).split())


@pytest.mark.parametrize(("name", "charts"), [("observe", OBSERVED), ("fit", FITTED)])
def test_the_charts_of_the_tables_there_are(files: Drawn, name: str, charts: list[str]) -> None:
    assert [Path(path).stem for path in files(name) if path.endswith(".json")] == charts
    assert "report.html" in files(name)
    assert "methods.md" not in files(name)


def test_the_verdict_the_picture_and_where_it_is_off_come_first(files: Drawn) -> None:
    told = read_aloud(files("observe")["report.html"])
    places = [
        told.index(words)
        for words in (
            "The simulation does not reproduce the register",
            "Half of those infused had waited at most 21 days; 20 simulated (90% of simulated registers: 16 to 24)",
            "Differs: Infusions by month, 2026-02: 40 observed, 20 simulated",
            "3 of 4 quantities agree.",
            "Whether this simulation could have produced",
            "Time off.",
        )
    ]
    assert places == sorted(places)
    assert "quantities agree" not in read_aloud(files("observe_agrees")["report.html"])


def test_envelopes_and_points_are_those_of_the_table(folder: Folder, files: Drawn) -> None:
    table, found = pd.read_csv(folder("observe") / "observed.csv"), figure(files("observe"), "observed")
    waits = table[table["quantity"] == "waiting_days"]
    bands = [trace["y"] for trace in found["data"] if trace.get("fill") == "toself" and trace["xaxis"] == "x"]
    assert bands == [pytest.approx([*waits[f"high_{share}"], *waits[f"low_{share}"][::-1]]) for share in ("90", "50")]
    lines = {trace["name"]: trace["y"] for trace in found["data"] if "fill" not in trace and trace["xaxis"] == "x"}
    assert lines["register"] == pytest.approx(list(waits["observed"]))
    assert lines["simulation, median"] == pytest.approx(list(waits["simulated"]))
    infused = table[table["quantity"] == "incidence_infused"]
    of_infused = [t["y"] for t in found["data"] if t["xaxis"] == "x2" and t.get("name") == "register"]
    assert of_infused == [pytest.approx(list(100 * infused["observed"]))]


def test_every_wait_is_drawn_by_proportion_and_months_are_counts() -> None:
    names = {name: label for name, label, _, _ in WAITS}
    table = pd.DataFrame(
        [{"quantity": name, "label": label, "point": f"{share}% of patients", "unit": "days", "observed": 20.0,
          "simulated": 21.0, "low_50": 19.0, "high_50": 23.0, "low_90": 15.0, "high_90": 30.0, "inside_50": True,
          "inside_90": True} for name, label in names.items() for share in (10, 50, 90)]
    )  # fmt: skip
    assert {about(name) for name in names} == {"first"}
    assert {about(name) for name in ADDS_UP} == {"months"}
    lines = [trace for trace in drawer("first")(table, NOTHING).data if trace.get("name") == "register"]
    assert [list(trace["x"]) for trace in lines] == [[10.0, 50.0, 90.0]] * 3


def test_a_month_that_is_not_told_breaks_the_line_of_who_is_in_the_register() -> None:
    known = {"label": "Infusions in the month", "quantity": "infusions", "unit": "patients", "p5": 1.0, "p25": 2.0,
             "p75": 8.0, "p95": 9.0}  # fmt: skip
    days = ("2026-01-31", "2026-02-28", "2026-03-31")
    told = {"all": (7.0, 7.0, 7.0), "register": (7.0, math.nan, 0.0)}
    rows = [
        {**known, "group": group, "last_day": day, "p50": value}
        for group, values in told.items()
        for day, value in zip(days, values, strict=True)
    ]
    found = drawer_ahead(True)(pd.DataFrame(rows), NOTHING).plain()
    (theirs,) = [trace for trace in found["data"] if "already" in trace.get("name", "")]
    assert theirs["y"] == [7.0, None, 0.0]
    assert not theirs.get("connectgaps", False)


def test_points_outside_the_envelope_are_marked_and_counted(files: Drawn) -> None:
    found = figure(files("observe"), "observed_months")
    (outside,) = [trace for trace in found["data"] if "outside" in trace.get("name", "")]
    assert outside["x"] == ["2026-01-01", "2026-02-01"]
    assert outside["y"] == [20.0, 40.0]
    assert "infusions by month at 2 of 2 points" in found["layout"]["title"]["text"].replace("<br>", " ")
    calm = figure(files("observe_agrees"), "observed_months")
    assert not [trace for trace in calm["data"] if "outside" in trace.get("name", "")]
    assert "Every point of the register lies within the 90% band" in calm["layout"]["title"]["text"]


def test_curves_are_steps_with_bands_and_patients_at_risk(folder: Folder, files: Drawn) -> None:
    table, found = pd.read_csv(folder("fit") / "fits_curves.csv"), figure(files("fit"), "fitted_stages")
    mine = table[table["path"] == "work_up.duration"]
    observed, fitted = [trace for trace in found["data"] if "fill" not in trace]
    assert observed["x"][:5] == [0, 1, 1, 2, 2]
    assert observed["y"][1:5] == pytest.approx([100 * mine["observed"].iloc[k] for k in (0, 1, 1, 2)])
    assert fitted["y"][-1] == pytest.approx(100 * mine["fitted"].iloc[-1])
    (band,) = [trace for trace in found["data"] if trace.get("fill") == "toself"]
    assert max(band["y"]) == pytest.approx(100.0)
    at_risk = {note["x"]: note["text"] for note in found["layout"]["annotations"] if note["text"].isdigit()}
    assert {0: "100", 30: "10"}.items() <= at_risk.items()
    assert all(int(text) == 100 - 3 * day for day, text in at_risk.items())


def test_titles_say_which_curve_leaves_its_band(files: Drawn) -> None:
    stages, clocks = (figure(files("fit"), name)["layout"]["title"]["text"] for name in FITTED[:2])
    assert "The fitted curve of work-up: duration keeps to the 95% band" in stages.replace("<br>", " ")
    assert re.search(r"outside the 95% band.*clocks: waiting, death on \d+ of 30 days", clocks.replace("<br>", " "))


def test_quantiles_lie_on_the_line_where_both_are_equal(files: Drawn) -> None:
    found = figure(files("fit"), "fitted_quantiles")
    line, points = found["data"]
    assert line["x"] == line["y"]
    assert points["y"] == pytest.approx([1.1 * day for day in points["x"]])
    assert "those of work-up: duration at 95%, 38 days observed, 41.8 fitted" in found["layout"]["title"][
        "text"
    ].replace("<br>", " ")


def test_every_number_with_what_it_rests_on(files: Drawn) -> None:
    told = read_aloud(files("fit")["report.html"])
    assert "100 patients of the register determine 3 numbers" in told
    assert "work_up.duration lognormal median 13.7 d (1 to 30) 9 100 90 10 3 fits (p 0.4) least AICc" in told
    assert "more than by chance (p 0.002) shape of the base, scale fitted; bounds if those who left" in told
    assert "differed from the others: 0.0012 to 0.0031" in told
    assert "9 (40%) 100 90 10 3 not tested few events: partly the base's" in told
    assert "What this register could not determine, and why Number Why bridging.share not recorded" in told
    assert "What a register does not record (1)" in told
    assert "listing to slot median 75 d 80 60 a wait for manufacturing slots" in told
    assert "2 of 102 rows of the register cannot be used" in told
    assert "Fault Rows order 1 unreadable 1" in told
    assert "discrete-event simulation. Each replication" not in told


def test_what_a_register_says_stays_text(files: Drawn) -> None:
    for name in ("fit_hostile", "observe_hostile"):
        page = files(name)["report.html"]
        assert "<script>alert(1)" not in page
        assert HOSTILE in unescape(page)


def test_a_folder_without_faults_says_so(files: Drawn) -> None:
    assert "All 102 rows of the register can be used" in read_aloud(files("observe")["report.html"])
