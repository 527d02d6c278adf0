"""Charts and report beside the tables of a results folder. Light: neither scenarios nor frames are loaded for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from reports import Held, Wanted, Written, page_files, write_all

PLAIN = Wanted()


def draw_pages(folder: Path, wanted: Wanted = PLAIN, replace: Sequence[str] = (), held: Held | None = None) -> Written:
    """Draw charts, report and what else is wanted from the tables in a folder, into it. Raises FolderError.

    `held`: tables of this folder that are still in memory.
    """
    from sim.experiment.disk.folder import write_file
    from sim.experiment.disk.manifest import listed, parse_manifest
    from sim.experiment.disk.publish import new_pages

    files = page_files(listed(parse_manifest(folder)), wanted)
    with new_pages(folder, files, replace) as building:
        return write_all(
            folder, lambda path, content: write_file(building / path.relative_to(folder), content), wanted, held
        )


def require_room(folder: Path, tables: Collection[str], wanted: Wanted = PLAIN, replace: Sequence[str] = ()) -> None:
    """Nothing, or a FolderError where these files of tables, or pages drawn from them, could not be put there."""
    from sim.experiment.disk.folder import MANIFEST
    from sim.experiment.disk.publish import require_free

    require_free(folder, [MANIFEST, *tables, *page_files(tables, wanted)], replace)
