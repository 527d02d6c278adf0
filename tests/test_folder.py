"""A results folder is whole or not there; what stood there stays until the new one is whole."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import BinaryIO

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


def partial(place: Path) -> list[Path]:
    return sorted(place.parent.glob(f".{place.name}.*.partial"))


def test_what_a_living_process_builds_stays_and_what_a_dead_one_left_goes(tmp_path: Path) -> None:
    place = tmp_path / "results"
    with new_results(place) as mine:
        with new_results(place) as other:
            (other / MANIFEST).write_text("other")
            folders.remove_leftovers(place)
            assert [folder / "results" for folder in partial(place)] == sorted([mine, other])
        assert mine.is_dir()
        (mine / MANIFEST).write_text("mine")
    assert (place / MANIFEST).read_text() == "mine"
    dead = tmp_path / ".results.0a_b3c4d.partial"
    (dead / "results" / "charts").mkdir(parents=True)
    (tmp_path / ".results.9a_b3c4d.partial").write_text("half a file")
    kept = [tmp_path / ".results.mine.partial", tmp_path / ".results.1.0a_b3c4d.partial", tmp_path / "results.partial"]
    for folder in kept:
        folder.mkdir()
    (tmp_path / ".results.link_ink.partial").symlink_to(kept[0])
    with new_results(place) as building:
        (building / MANIFEST).write_text("new")
    assert sorted(leftovers(place)) == sorted([".results.link_ink.partial", *(folder.name for folder in kept)])


def test_a_folder_that_is_taken_for_a_leftover_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, own, tried = tmp_path / "results", folders.own, []

    def interfered(lock: BinaryIO, wait: bool = True) -> bool:
        if not tried:
            tried.append(lock.name)
            shutil.rmtree(Path(lock.name).parent)
        return own(lock, wait)

    monkeypatch.setattr(folders, "own", interfered)
    with new_results(place) as building:
        (building / MANIFEST).write_text("new")
        assert str(building.parent) != str(Path(tried[0]).parent)
    assert (place / MANIFEST).read_text() == "new"


def test_a_half_written_file_of_a_dead_process_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    (tmp_path / ".table.csv.0a_b3c4d.partial").write_text("half")
    with folders.new_file(file) as building:
        write_text(file, "other\n")
        building.write_text("mine\n")
    assert file.read_text() == "mine\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.csv"]


def test_results_moved_away_for_new_ones_that_never_came_are_put_back(tmp_path: Path) -> None:
    place = tmp_path / "results"
    results(tmp_path / ".results.old", "old")
    with pytest.raises(RuntimeError), new_results(place):  # noqa: PT012 the error comes half-way on purpose
        assert (place / MANIFEST).read_text() == "old"
        raise RuntimeError
    assert (place / MANIFEST).read_text() == "old"
    assert leftovers(place) == []


def test_a_full_disk_is_told_with_the_folder(tmp_path: Path) -> None:
    place = tmp_path / "results"
    with pytest.raises(OSError, match="No space left on device") as caught, new_results(place):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.filename == str(place)


def test_a_name_that_is_no_text_is_spelt(tmp_path: Path) -> None:
    write_text(tmp_path / "manifest.json", "run Z\udcfcrich.yaml\n")
    assert (tmp_path / "manifest.json").read_bytes() == rb"run Z\udcfcrich.yaml" + b"\n"
