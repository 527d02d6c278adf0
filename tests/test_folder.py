"""A results folder is whole or not there; what stood there stays until the new one is whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sim.experiment import folder as folders
from sim.experiment.folder import MANIFEST, FolderError, new_results, require_usable, write_text


def results(place: Path, text: str) -> None:
    place.mkdir()
    (place / MANIFEST).write_text(text)


def leftovers(place: Path) -> list[str]:
    return [entry.name for entry in place.parent.iterdir() if entry != place]


def test_new_results_take_the_place_of_the_old_ones(tmp_path: Path) -> None:
    place = tmp_path / "results"
    results(place, "old")
    (place / "stale.csv").write_text("old")
    with new_results(place) as building:
        (building / MANIFEST).write_text("new")
        assert (place / MANIFEST).read_text() == "old"
    assert (place / MANIFEST).read_text() == "new"
    assert not (place / "stale.csv").exists()
    assert leftovers(place) == []


def test_folders_above_are_made(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b"
    with new_results(place) as building:
        (building / MANIFEST).write_text("new")
    assert (place / MANIFEST).read_text() == "new"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_on_the_way_leaves_the_old_results_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    place = tmp_path / "results"
    results(place, "old")
    with pytest.raises(error), new_results(place) as building:  # noqa: PT012 the error comes half-way on purpose
        (building / MANIFEST).write_text("half")
        raise error
    assert (place / MANIFEST).read_text() == "old"
    assert leftovers(place) == []


def test_where_folders_cannot_be_exchanged_the_old_one_is_moved_away_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_exchange", lambda a, b: False)
    place = tmp_path / "results"
    results(place, "old")
    with new_results(place) as building:
        (building / MANIFEST).write_text("new")
    assert (place / MANIFEST).read_text() == "new"
    assert leftovers(place) == []


def test_a_folder_of_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("precious")
    with pytest.raises(FolderError, match="holds other things than results"):
        require_usable(tmp_path)
    file = tmp_path / "thesis.docx"
    with pytest.raises(FolderError, match="is a file"):
        require_usable(file)
    with pytest.raises(FolderError, match="is not a folder"):
        require_usable(file / "results")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(FolderError, match="cannot be written"):
        require_usable(closed / "results")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "table.csv"
    write_text(file, "first\n")
    monkeypatch.setattr(Path, "replace", lambda self, target: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_text(file, "second\n")
    assert file.read_text() == "first\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.csv"]
