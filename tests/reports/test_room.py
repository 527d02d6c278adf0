"""No two texts of a chart overlap, none is cut and none leaves the picture: in every style, and on a telephone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reports.findings import gather
from reports.pages import draw
from reports.tables import Tables, read
from tests.reports import arrangements
from tests.reports.browser import running
from tests.reports.room import FORMS, PHONE, Room, outside, unfit

Folder = Callable[[str], Path]
EVERY_DAY = (("real", (PHONE, "slide")), ("study", (PHONE, "print")))
LONG_SCENARIO = "{}: a strategy with a name that goes on and on, with <b>tags</b> & more of it, until nobody can say it"
LONG_PLACE = "Klinik Nummer {} mit einem langen Namen am Fluss und am Meer"


def long_named(tables: Tables) -> Tables:
    """The tables with very long names of scenarios, centres and regions."""
    scenarios = dict.fromkeys(tables["summary"]["scenario"])
    groups = tables["groups"]
    places = dict.fromkeys(groups.loc[groups["grouping"] != "risk_group", "group"])
    names = {name: LONG_SCENARIO.format(k + 1) for k, name in enumerate(scenarios)}
    names |= {name: LONG_PLACE.format(k + 1) for k, name in enumerate(places)}
    columns = ("scenario", "baseline", "against", "strategy", "centre", "group", "name", "other")
    frames = {
        key: frame.assign(**{column: frame[column].replace(names) for column in columns if column in frame})
        for key, frame in tables.frames.items()
    }
    return replace(tables, frames=frames)


@pytest.fixture(scope="module")
def room(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    place = tmp_path_factory.mktemp("room")
    with running(chromium, place / "profile") as browser:
        yield Room(browser, place)


def test_what_overlaps_or_leaves_the_picture_is_found() -> None:
    one = {"said": "a", "whole": 0, "box": [0, 0, 50, 15]}
    over = {"said": "b", "whole": 1, "box": [40, 5, 90, 20]}
    below = {"said": "c", "whole": 2, "box": [0, 40, 50, 55]}
    out = {"said": "d", "whole": 3, "box": [80, 40, 130, 55]}
    assert list(unfit([one, over, below], 100, 100)) == ["'a' and 'b' overlap"]
    assert list(unfit([one, out], 100, 100)) == ["'d' leaves the picture"]


@pytest.mark.parametrize(("name", "forms"), EVERY_DAY)
def test_texts_have_room(room: Room, folder: Folder, name: str, forms: tuple[str, ...]) -> None:
    tables = read(folder(name))
    tables = long_named(tables) if name == "real" else tables
    assert [str(fault) for fault in room.faults(draw(tables, gather(tables)), forms)] == []


def test_boxes_hold_their_words_whatever_the_network(room: Room) -> None:
    drawn = arrangements.pictures([arrangements.network_of(20, long=True)])
    assert [str(fault) for fault in room.faults(drawn, (PHONE, "slide"))] == []


@pytest.mark.slow
@pytest.mark.parametrize("centres", [1, 5])
def test_boxes_hold_their_words_in_every_style(room: Room, centres: int) -> None:
    drawn = arrangements.pictures([arrangements.network_of(centres)])
    drawn += arrangements.pictures(arrangements.of("library/hybrid_by_risk", "library/two_manufacturers"))
    assert [str(fault) for fault in room.faults(drawn, FORMS)] == []


def test_a_word_that_leaves_its_box_is_found() -> None:
    inside = {"said": "a", "whole": 0, "box": [12, 12, 60, 27]}
    beyond = {"said": "b", "whole": 1, "box": [12, 12, 130, 27]}
    beside = {"said": "c", "whole": 2, "box": [125, 12, 190, 27]}
    assert list(outside([inside, beyond, beside], [[10, 10, 120, 30]])) == ["'b' leaves its box"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pair", "single", "six", "once", "real", "study", "study_line", "fit", "observe"])
def test_texts_have_room_in_every_style(room: Room, folder: Folder, name: str) -> None:
    tables = read(folder(name))
    assert [str(fault) for fault in room.faults(draw(tables, gather(tables)), FORMS)] == []
