"""The version of the scenario file: a file may say which one it was written for, `schema: 1`.

An older file is read as it stands; a key that has gone since is refused by its section, with what to write in its place
(`replaced` in `section.py`). A file of a version that is yet to come is refused as a whole. The version rises with any
change after which an older file would be read and mean something else.
"""

from __future__ import annotations

from sim.scenario.nodes import Branch, plain
from sim.scenario.problems import Problem, show

SCHEMA, KEY = 1, "schema"


def check_version(root: Branch, problems: list[Problem]) -> None:
    """Adds a problem where a file says that it was written for a version that this program cannot read."""
    node = root.entries.get(KEY)
    if node is None:
        return
    found = plain(node)
    if type(found) is int and 1 <= found <= SCHEMA:
        return
    allowed = f"allowed: {SCHEMA}, the version that this program reads"
    if type(found) is int and found > SCHEMA:
        message = f"found {found}, a later version of the scenario file; {allowed}; install a newer vein2vein"
    else:
        message = f"found {show(found)}; {allowed}"
    problems.append(Problem(root.keys[KEY], KEY, message))
