"""The charts of the path and of the network: what they say is what the scenario has, whatever it is called."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from reports.charts.network import MOST
from reports.export import Picture
from sim.experiment.study.arrangement import network, pathway
from sim.tables import TABLES
from tests.reports import arrangements
from tests.runs import load_text

HYBRID = "library/hybrid"


def words(picture: Picture) -> list[str]:
    """The texts on the picture, without our own tags."""
    return [str(one["text"]).replace("<b>", "").replace("</b>", "") for one in picture.figure.annotations]


def drawn(name: str, *names: str) -> Picture:
    return next(one for one in arrangements.pictures(arrangements.of(*names)) if one.name == name)


def test_the_tables_keep_their_contract_for_every_kind_of_strategy() -> None:
    names = ("autologous", "allogeneic", HYBRID, "library/point_of_care", "library/standard_care_conventional")
    arms = arrangements.of(*names, "library/sequential", "library/few_centres")
    for name, table in (("pathway", pathway(arms)), ("network", network(arms))):
        TABLES[name].checked(table)
        assert set(table["scenario"]) == {arm.name for arm in arms}


def test_the_path_reads_in_the_order_in_which_it_happens() -> None:
    said = words(drawn("pathway", "autologous"))
    order = ["Work-up: 13.3 days", "Queue: manufacturing slots", "Apheresis: 1 day", "Queue: manufacturing lines",
             "Manufacture: 10.3 days", "QA review: 13.6 days", "Lymphodepletion: 5 days", "Queue: infusion beds",
             "Infusion", "Discharge"]  # fmt: skip
    places = [said.index(one) for one in order]
    assert all(a < b for a, b in pairwise(places))
    assert said[said.index("Apheresis: 1 day") + 1] == "too few cells 3%"
    assert "Collection: up to 2 attempts" in said
    assert "After the last failure: product failed" in said


def test_paths_that_part_are_told_and_what_they_share_only_once() -> None:
    said = words(drawn("pathway", HYBRID))
    assert {"Suitable for a donor product: 95%", "Unsuitable for a donor product: 5%"} <= set(said)
    assert "After 60 days since listing: another therapy instead" in said
    assert sum(one.startswith("Lymphodepletion") for one in said) == 1
    assert any("As above, from appointment for infusion on" in one for one in said)


def test_scenarios_with_the_same_path_share_a_panel() -> None:
    picture = drawn("pathway", "autologous", "library/policy_lottery")
    assert sum(one.startswith("Work-up") for one in words(picture)) == 1
    assert " and " in words(picture)[0]


def test_the_network_says_what_each_place_has_and_who_is_preferred() -> None:
    on_site = drawn("network", "library/point_of_care")
    assert "Made on site<br>manufacture 10.3 days" in words(on_site)
    assert on_site.heading.endswith("; products from the centres themselves")
    picture = drawn("network", "library/two_manufacturers")
    said = words(picture)
    assert "capital<br>2 apheresis chairs, 5 beds" in said
    assert "capital<br>5 patients a month" in said
    assert any(one.startswith("near<br>2 slots a week, 8 lines<br>") and "1.17 days there, 1.17 back" in one
               for one in said)  # fmt: skip
    assert picture.heading == "16 patients a month from 4 regions to 4 centres; products from 2 manufacturers"
    ties = {t["name"]: t for t in picture.figure.data if t["type"] == "scatter" and t.get("showlegend")}
    assert sum(x is None for x in ties["preferred manufacturer"]["x"]) == 4
    assert sum(x is None for x in ties["another manufacturer"]["x"]) == 3
    assert ties["another manufacturer"]["line"]["dash"] == "dash"


def test_a_lane_of_its_own_stands_at_its_centre_and_patients_are_divided() -> None:
    arm = arrangements.network_of(3)
    (picture,) = [one for one in arrangements.pictures([arm]) if one.name == "network"]
    assert any("far: 1 day there, 2 back" in one for one in words(picture))
    widths = {t["text"]: t["line"]["width"] for t in picture.figure.data if t["type"] == "scatter" and t.get("text")}
    assert widths["r0 to c0: 1.5 patients a month"] > widths["r0 to c2: 0.5 patients a month"]
    assert len(widths) == 6


@pytest.mark.parametrize(("centres", "boxes"), [(1, 1), (20, 20), (23, MOST)])
def test_from_one_to_many_centres(centres: int, boxes: int) -> None:
    (picture,) = [one for one in arrangements.pictures([arrangements.network_of(centres)]) if one.name == "network"]
    (column,) = [t for t in picture.figure.data if t["type"] == "bar" and t["base"][0] == 0.33]
    assert len(column["y"]) == boxes
    assert ("not drawn" in picture.subtitle) == (centres > MOST)


def test_what_changes_by_date_is_marked_and_what_has_no_limit_said() -> None:
    text = """
name: Growing
strategy: autologous
run: {start: 2026-01-01, warm_up: 30 d, window: 300 d}
regions: {here: {centre: here, referrals: {2026-01-01: 3 / month, 2026-06-01: 6 / month}}}
centres: {here: {beds: {2026-01-01: 2, 2026-06-01: 4}}}
clocks: {waiting: {progression: never}}
manufacturing: {duration: 10 d, lines: 3}
"""
    arm = arrangements.Arm("Growing", load_text(text).scenario)
    (picture,) = [one for one in arrangements.pictures([arm]) if one.name == "network"]
    said = " ".join(words(picture)).replace("<br>", " ")
    assert "3 patients a month (changes by date)" in said
    assert "2 beds (changes by date)" in said
    assert "apheresis chairs without limit" in said


def test_names_stay_text() -> None:
    arm = arrangements.network_of(2, name="<script>alert(1)</script> & <b>bold</b>")
    for picture in arrangements.pictures([arm]):
        found = picture.figure.plain()
        del found["layout"]["meta"]
        assert "<script" not in json.dumps(found)
        assert "&lt;script" in json.dumps(found)


def test_patients_on_given_days_and_on_the_list_are_no_patients_a_month() -> None:
    text = """
name: Given days
strategy: autologous
run: {start: 2026-01-01, warm_up: 30 d, window: 300 d}
regions:
  here: {centre: here, referrals: 3 / month, already_waiting: {count: 12}, declines: 0.05}
  there: {centre: here, referral_days: [40 d, 50 d, 400 d]}
centres: {here: {beds: 2, chairs: 1}}
clocks: {waiting: {progression: never}}
manufacturing: {duration: 10 d, lines: 3}
"""
    path, net = arrangements.pictures([arrangements.Arm("Given days", load_text(text).scenario)])
    assert {path.name, net.name} == {"pathway", "network"}
    path, net = (path, net) if path.name == "pathway" else (net, path)
    said = [one.replace("<br>", " ") for one in words(net)]
    assert "here 3 patients a month 12 on the list on the first day 5% will not travel" in said
    assert "there 2 patients while measuring" in said
    assert net.heading.startswith("3 patients a month, plus others on given days, from 2 regions to 1 centre")
    told = [t["text"] for t in net.figure.data if t["type"] == "scatter" and t.get("text")]
    assert told == ["here to here: 3 patients a month", "there to here"]
    # who will not travel are some, and not all
    assert "Will not travel: 0 to 5%" in words(path)


def test_a_queue_on_several_ways_is_one_and_all_places_are_counted() -> None:
    # slots, chairs, lines, bookings of beds and beds: the other therapy is given in the same beds
    assert drawn("pathway", "library/bispecific_after_30_days").heading.startswith("5 queues on the path of")
    assert drawn("pathway", HYBRID).heading.startswith("6 queues on the path of")
    (picture,) = [one for one in arrangements.pictures([arrangements.network_of(23)]) if one.name == "network"]
    assert picture.heading.startswith("46 patients a month from 23 regions to 23 centres")
    assert "6 with fewer patients are not drawn" in picture.subtitle
