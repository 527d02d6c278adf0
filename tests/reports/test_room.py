"""No two texts of a chart overlap, none is cut and none leaves the picture: in every style, and on a telephone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reports.findings import gather
from reports.pages import draw
from reports.tables import read
from tests.reports.browser import find, running
from tests.reports.room import FORMS, PHONE, Room, unfit

Folder = Callable[[str], Path]
EVERY_DAY = (("real", (PHONE, "slide")), ("study", (PHONE, "print")))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    program = find()
    if program is None:
        pytest.skip("no Chrome, Chromium or Edge on this machine (set BROWSER_PATH)")
    place = tmp_path_factory.mktemp("room")
    with running(program, place / "profile") as browser:
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
    assert [str(fault) for fault in room.faults(draw(tables, gather(tables)), forms)] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pair", "single", "six", "once", "real", "study", "study_line", "fit", "observe"])
def test_texts_have_room_in_every_style(room: Room, folder: Folder, name: str) -> None:
    tables = read(folder(name))
    assert [str(fault) for fault in room.faults(draw(tables, gather(tables)), FORMS)] == []
