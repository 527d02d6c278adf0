"""Results put into a folder: whole, or as it was, or marked as unfinished; and nothing of others is touched.

Longer than 400 lines because what may lie in a folder, and when a process may die, is listed whole.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from click.testing import CliRunner, Result

from run_sim import cli
from sim.experiment.disk import folder as folders
from sim.experiment.disk import publish
from sim.experiment.disk.folder import MANIFEST, PARTIAL, FolderError, require_page, signed, write_text
from sim.experiment.disk.manifest import parse_manifest, require_whole, write_manifest
from sim.experiment.disk.publish import (
    UNFINISHED,
    WORKSHOP,
    finish,
    new_pages,
    new_results,
    require_finished,
    require_free,
)
from tests.experiments import SMALL
from tests.half_way import killed_at, put
from tests.program import apart, shortened

FILES = ("a.csv", "b.csv")


def texts(place: Path) -> dict[str, str]:
    """What the files of a folder say, but for the manifest."""
    return {
        file.relative_to(place).as_posix(): file.read_text()
        for file in sorted(place.rglob("*"))
        if file.is_file() and file.name != MANIFEST
    }


def test_new_results_take_the_place_of_the_old_ones_and_of_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "above" / "results"
    put(place, a="old", b="old")
    (place / "notes.txt").write_text("mine")
    with new_pages(place, ["charts/x.html"]) as building:
        write_text(building / "charts" / "x.html", "drawn from the old")
    with new_results(place, ["a.csv"]) as building:
        write_text(building / "a.csv", "new")
        write_manifest(building, {"title": "A study"})
        assert (place / "a.csv").read_text() == "old"
    assert texts(place) == {"a.csv": "new", "notes.txt": "mine"}
    require_whole(place)
    assert sorted(entry.name for entry in place.iterdir()) == ["a.csv", MANIFEST, "notes.txt"]
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_on_the_way_leaves_all_as_it_was(tmp_path: Path, error: type[BaseException]) -> None:
    place, fresh = tmp_path / "results", tmp_path / "x" / "fresh"
    put(place, a="old")
    for folder in (place, fresh):
        with pytest.raises(error), new_results(folder, FILES) as building:  # noqa: PT012 it comes half-way on purpose
            write_text(building / "a.csv", "half")
            raise error
    assert texts(place) == {"a.csv": "old"}
    require_whole(place)
    assert list(tmp_path.iterdir()) == [place]


def test_pages_are_listed_and_drawn_anew_and_others_are_not_touched(tmp_path: Path) -> None:
    place = tmp_path / "results"
    put(place, a="1")
    for text in ("first", "second"):
        with new_pages(place, ["report.html"]) as building:
            write_text(building / "report.html", text)
    assert texts(place) == {"a.csv": "1", "report.html": "second"}
    assert set(parse_manifest(place)["pages"]) == {"report.html"}
    require_whole(place)
    (place / "report.html").write_text("changed by hand")
    with pytest.raises(FolderError, match=r"report.html: is not from earlier results here, or was changed since"):
        require_free(place, ["report.html"])
    require_free(place, ["report.html"], ["rep*.html"])
    with new_pages(place, ["report.html"], ["report.html"]) as building:
        write_text(building / "report.html", "third")
    assert texts(place)["report.html"] == "third"


def test_pages_of_results_that_are_replaced_meanwhile_are_not_put_beside_the_new_ones(tmp_path: Path) -> None:
    place = tmp_path / "results"
    put(place, a="1")
    with pytest.raises(FolderError, match="other results have come there"), new_pages(place, []) as building:  # noqa: PT012
        write_text(building / "report.html", "of 1")
        put(place, a="2")
    assert texts(place) == {"a.csv": "2"}


def test_what_appears_while_a_run_is_on_is_left_and_the_results_are_kept_beside_it(tmp_path: Path) -> None:
    place = tmp_path / "results"
    with pytest.raises(FolderError, match=r"a.csv: is not from earlier") as told, new_results(place, FILES) as building:  # noqa: PT012
        write_text(building / "a.csv", "new")
        write_manifest(building, {"title": "A study"})
        (place / "a.csv").write_text("mine")
    (kept,) = place.glob("kept-*")
    assert str(kept) in str(told.value)
    require_whole(kept)
    assert texts(place) == {"a.csv": "mine", f"{kept.name}/a.csv": "new"}


def test_killed_at_any_move_the_folder_is_old_or_new_or_unfinished_and_can_be_ended(tmp_path: Path) -> None:
    seen, number, code = set(), 0, 9
    while code == 9:
        number += 1
        place = tmp_path / str(number)
        put(place, a="old", b="old")
        (place / "notes.txt").write_text("mine")
        code = apart(killed_at, place, number)
        assert code in (0, 9)
        if (place / UNFINISHED).exists():
            with pytest.raises(FolderError, match="unfinished"):
                require_finished(place)
            again = Path(shutil.copytree(place, tmp_path / f"{number} again"))
            put(again, a="newer", b="newer")
            assert {k: v for k, v in texts(again).items() if PARTIAL not in k} == {
                "a.csv": "newer", "b.csv": "newer", "notes.txt": "mine"
            }  # fmt: skip
            require_whole(again)
            finish(place)
            state = "unfinished"
        else:
            state = (place / "a.csv").read_text()
        require_whole(place)
        there = {k: v for k, v in texts(place).items() if PARTIAL not in k}
        expected = {"a.csv": "old", "b.csv": "old"} if state == "old" else {"a.csv": "new", "c.csv": "new"}
        assert there == {**expected, "notes.txt": "mine"}
        seen.add(state)
        put(place, a="last")
        assert texts(place) == {"a.csv": "last", "notes.txt": "mine"}, "and nothing half-made is left"
    assert seen == {"old", "unfinished", "new"}
    assert number > 6


def test_what_cannot_be_ended_says_so_and_new_results_replace_it(tmp_path: Path) -> None:
    place = tmp_path / "results"
    put(place, a="old", b="old")
    assert apart(killed_at, place, 8) == 9
    assert (place / UNFINISHED).exists()
    shutil.rmtree(next(entry for entry in place.iterdir() if WORKSHOP.fullmatch(entry.name)))
    with pytest.raises(FolderError, match=r"unfinished, and .* is gone; run it again"):
        finish(place)
    put(place, a="newer")
    assert texts(place) == {"a.csv": "newer"}
    require_whole(place)


def test_a_link_is_followed_and_one_to_nowhere_is_found_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link, lost = tmp_path / "link", tmp_path / "lost"
    link.symlink_to("real")
    lost.symlink_to("nowhere")
    put(link, a="1")
    put(link, a="2")
    assert link.is_symlink()
    assert texts(tmp_path / "real") == {"a.csv": "2"}
    with pytest.raises(FolderError, match=r"lost: is a link to .*nowhere, which does not exist"):
        put(lost, a="1")
    assert lost.is_symlink()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["file", "file/results", "n" * 300, "/".join(["n" * 200] * 21), "zero\0", "charts"])
def test_a_place_that_cannot_be_written_is_found_before_anything_runs(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "charts").write_text("in the way")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(FolderError), new_results(tmp_path / name, ["charts/x.html"]):
        pytest.fail("it went on")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_found_before_anything_runs(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    for place in (closed, closed / "results"):
        with pytest.raises(FolderError, match="cannot be written"):
            put(place, a="1")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "table.csv"
    write_text(file, "first\n")
    monkeypatch.setattr(Path, "replace", lambda self, target: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_text(file, "second\n")
    assert file.read_text() == "first\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.csv"]


def test_what_a_living_process_builds_stays_and_what_a_dead_one_left_goes(tmp_path: Path) -> None:
    place = tmp_path / "results"
    with new_results(place, FILES) as mine:
        put(place, a="other")
        assert mine.is_dir()
        (place / ".vein2vein.0a_b3c4d.partial" / "new").mkdir(parents=True)
        (place / ".vein2vein.mine.partial").mkdir()
        put(place, a="other again")
        write_text(mine / "a.csv", "mine")
        write_manifest(mine, {})
    assert texts(place) == {"a.csv": "mine"}
    assert sorted(entry.name for entry in place.iterdir()) == [".vein2vein.mine.partial", "a.csv", MANIFEST]


def test_a_folder_that_is_taken_for_a_leftover_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, own, tried = tmp_path / "results", publish.own, []

    def interfered(lock: BinaryIO, wait: bool = True) -> bool:
        if not tried:
            tried.append(lock.name)
            shutil.rmtree(Path(lock.name).parent)
        return own(lock, wait)

    monkeypatch.setattr(publish, "own", interfered)
    put(place, a="1")
    assert tried
    assert texts(place) == {"a.csv": "1"}


def test_a_half_written_file_of_a_dead_process_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    (tmp_path / ".table.csv.0a_b3c4d.partial").write_text("half")
    with folders.new_file(file) as building:
        write_text(file, "other\n")
        building.write_text("mine\n")
    assert file.read_text() == "mine\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.csv"]


def test_a_full_disk_is_told_with_the_folder(tmp_path: Path) -> None:
    place = tmp_path / "results"
    with pytest.raises(OSError, match="No space left on device") as caught, new_results(place, FILES):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.filename == str(place)


def test_a_name_that_is_no_text_is_spelt(tmp_path: Path) -> None:
    write_text(tmp_path / "manifest.json", "run Z\udcfcrich.yaml\n")
    assert (tmp_path / "manifest.json").read_bytes() == rb"run Z\udcfcrich.yaml" + b"\n"


def test_a_page_by_itself_is_replaced_as_long_as_nobody_changed_it(tmp_path: Path) -> None:
    page = tmp_path / "gallery.html"
    require_page(page)
    write_text(page, signed("<p>first</p>\n"))
    require_page(page)
    write_text(page, page.read_text().replace("first", "mine"))
    with pytest.raises(FolderError, match=r"is no page of this program, or was changed since.*--replace gallery.html"):
        require_page(page)
    require_page(page, ["gallery.html"])
    with pytest.raises(FolderError, match="is a folder"):
        require_page(tmp_path)


# The program as a user calls it, with what is of others in the folder of results.

RUN = ("-q", "--engine", "simpy", "-n", "2", "--workers", "1")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario and the results of one run of it, never changed."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    done = call("run", folder / "small.yaml", *RUN, "--out", folder / "out")
    assert done.exit_code == 0, done.output
    return folder


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def write(name: str, text: str = "mine") -> Callable[[Path], None]:
    def harm(out: Path) -> None:
        (out / os.path.dirname(name)).mkdir(exist_ok=True)
        (out / name).write_text(text)

    return harm


def own_manifest(out: Path) -> None:
    (out / MANIFEST).unlink()
    (out / MANIFEST).write_text(json.dumps({"name": "a web app", "icons": []}))


def own_folder(name: str) -> Callable[[Path], None]:
    def harm(out: Path) -> None:
        if (out / name).exists():
            (out / name).unlink()
        (out / name).mkdir()
        (out / name / "mine.txt").write_text("mine")

    return harm


def link_to(name: str) -> Callable[[Path], None]:
    def harm(out: Path) -> None:
        (out.parent / "elsewhere.csv").write_bytes((out / name).read_bytes())
        (out / name).unlink()
        (out / name).symlink_to("../elsewhere.csv")

    return harm


def linked_charts(out: Path) -> None:
    (out / "charts").rename(out.parent / "my charts")
    (out / "charts").symlink_to("../my charts")


def file_for_folder(out: Path) -> None:
    shutil.rmtree(out / "charts")
    (out / "charts").write_text("a list of charts")


def bind(out: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(out)  # the path of a socket is short
        try:
            listening.bind("socket")
        finally:
            os.chdir(here)


def fifo_for_file(out: Path) -> None:
    (out / "summary.csv").unlink()
    os.mkfifo(out / "summary.csv")


LEFT: dict[str, Callable[[Path], None]] = {
    "notes": write("notes.txt"),
    "a table of a name that a run does not write": write("tornado.csv", "mine\n1\n"),
    "another manifest below": write(f"web/{MANIFEST}", "{}"),
    "a folder of sources": own_folder("src"),
    "a repository": write(".git/HEAD", "ref: refs/heads/mine"),
    "a hidden file": write(".env", "KEY=1"),
    "a link to a file": lambda out: (out / "link").symlink_to("/etc/hostname"),
    "a link to a folder": lambda out: (out / "linked").symlink_to("/usr"),
    "a link to nowhere": lambda out: (out / "lost").symlink_to("nowhere at all"),
    "a file that cannot be written": lambda out: (out / "fixed.txt").touch(0o400),
    "a folder that cannot be written": lambda out: (out / "fixed").mkdir(0o500),
    "a name in other letters": write("Žluťoučký \u202ekůň 🐎.csv"),
    "a name that is no text": write(os.fsdecode(b"\xff\xfe.csv")),
    "a socket": bind,
    "a pipe": lambda out: os.mkfifo(out / "pipe"),
    "own charts": write("charts/my own.html"),
    "own scenarios": write("scenarios/7.yaml"),
    "another store": write("sweep.sqlite", "SQLite format 3\0"),
    "what looks half-built": write(".vein2vein.12345678.partial", "a file"),
    "an empty folder": lambda out: (out / "empty").mkdir(),
    "the lock of a spreadsheet": write("~$workbook.xlsx", "lock"),
}
# How it comes about, the file that is named, and what may be said with --replace, if anything.
REFUSED: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "another manifest": (own_manifest, MANIFEST, "*"),
    "a table changed by hand": (write("summary.csv", "a\n1\n"), "summary.csv", "summary.csv"),
    "a page changed by hand": (write("report.html"), "report.html", "*.html"),
    "a chart changed by hand": (write("charts/outcomes.html"), "charts/outcomes.html", "charts/outcomes.html"),
    "a folder with the name of a table": (own_folder("summary.csv"), "summary.csv", ""),
    "a folder with the name of the manifest": (own_folder(MANIFEST), MANIFEST, ""),
    "a table that is a link": (link_to("summary.csv"), "summary.csv", "summary.csv"),
    "the folder of charts is a link": (linked_charts, "charts", ""),
    "a file with the name of a folder": (file_for_folder, "charts", ""),
    "a pipe with the name of a table": (fifo_for_file, "summary.csv", "summary.csv"),
}


def seen(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Kind and mode, size, time and content of all in a folder; what links lead to is not looked at."""
    found = {}
    for above, names, files in os.walk(folder):
        for name in [*names, *files]:
            path = os.path.join(above, name)
            status = os.lstat(path)
            content = b""
            if stat.S_ISLNK(status.st_mode):
                content = os.fsencode(os.readlink(path))
            elif stat.S_ISREG(status.st_mode):
                content = Path(path).read_bytes()
            found[os.path.relpath(path, folder)] = (status.st_mode, status.st_size, status.st_mtime_ns, content)
    return found


def test_what_is_of_others_is_left_as_it_is_and_the_run_goes_on(made: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(made / "out", tmp_path / "out"))
    ours = set(seen(out))
    for harm in LEFT.values():
        harm(out)
    of_others = {name: what for name, what in seen(out).items() if name not in ours}
    assert len(of_others) >= len(LEFT)
    for arguments in (("run", made / "small.yaml", *shortened(RUN, ["-n", "3"]), "--out", out), ("report", out, "-q")):
        done = call(*arguments)
        assert done.exit_code == 0, done.output
        after = seen(out)
        assert {name: after.get(name) for name in of_others} == of_others
        assert set(after) == ours | set(of_others)
        require_whole(out)
    assert "tornado" not in (out / "report.html").read_text(encoding="utf-8"), "a table of others is not drawn"
    assert parse_manifest(out)["replications"] == 3


@pytest.mark.parametrize("kind", REFUSED)
def test_where_a_file_that_must_be_written_is_of_others_nothing_runs(made: Path, tmp_path: Path, kind: str) -> None:
    harm, name, replaced = REFUSED[kind]
    out = Path(shutil.copytree(made / "out", tmp_path / "out"))
    harm(out)
    before = seen(tmp_path)
    for arguments in (
        ("run", made / "small.yaml", *RUN, "--out", out),
        ("compare", made / "small.yaml", made / "small.yaml", *RUN, "--out", out),
    ):
        done = call(*arguments)
        assert done.exit_code == 2, done.output
        assert f"{out / name}: " in done.stderr
        assert "--out" in done.stderr
        assert ("--replace" in done.stderr) is bool(replaced)
        assert seen(tmp_path) == before
    if replaced:
        done = call("run", made / "small.yaml", *RUN, "--out", out, "--replace", replaced)
        assert done.exit_code == 0, done.output
        require_whole(out)


def test_a_page_that_fails_leaves_the_tables_and_says_what_to_do(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reports import report

    def fails(*_: object) -> str:
        raise ValueError("cannot be drawn\nat all")

    with monkeypatch.context() as patched:
        patched.setattr(report, "page_of", fails)
        done = call("run", made / "small.yaml", *RUN, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert f"the report was not drawn (ValueError: cannot be drawn); all tables are in {tmp_path / 'out'}: " in (
        done.stderr
    )
    assert done.stderr.endswith(f" report {tmp_path / 'out'}\n")
    assert "Proportion infused" in done.stdout
    require_whole(tmp_path / "out")
    for table in (made / "out").glob("*.csv"):
        assert (tmp_path / "out" / table.name).read_bytes() == table.read_bytes()
    assert not (tmp_path / "out" / "report.html").exists()
    assert call("report", tmp_path / "out", "-q").exit_code == 0
    assert (tmp_path / "out" / "report.html").exists()


def test_every_command_that_writes_leaves_what_is_of_others(made: Path, tmp_path: Path) -> None:
    small, vary = made / "small.yaml", ("--vary", "manufacturing.lines=1:3:1")
    commands = {
        "points.csv": ("sweep", small, *vary, *RUN, "--out"),
        "plan.csv": ("plan", small, *vary, "--target", "infused_share >= 0.1", *shortened(RUN, ["-n", "5"]), "--out"),
        "validation.md": ("validate", "scenarios/validation/fifty_patients_5.yaml", "-q", "--out"),
    }
    for name, arguments in commands.items():
        out = tmp_path / name
        out.mkdir()
        (out / name).write_text("mine")
        (out / "notes.txt").write_text("mine")
        before = seen(out)
        done = call(*arguments, out)
        assert done.exit_code == 2, done.output
        assert f"{out / name}: is not from earlier results here" in done.stderr
        assert seen(out) == before
        (out / name).unlink()
        for _ in range(2):  # a second time over its own
            done = call(*arguments, out)
            assert done.exit_code == 0, done.output
        assert (out / "notes.txt").read_text() == "mine"
        (out / "methods.md").unlink(missing_ok=True)
    out = Path(shutil.copytree(made / "out", tmp_path / "methods"))
    assert call("methods", out, "-q").exit_code == 0
    (out / "methods.md").write_text("mine")
    done = call("methods", out)
    assert done.exit_code == 2
    assert "methods.md: is not from earlier results here" in done.stderr
    assert (out / "methods.md").read_text() == "mine"
