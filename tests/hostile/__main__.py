"""Reads the hostile files under watch and prints a line of JSON a case: what came of it, its time, what it opened.

`python -m tests.hostile [N [K]]`: every file, or each Nth of them from the Kth (0) on. A process of its own: its memory
is limited to 1 GB, and an audit hook sees every file that Python opens.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import sysconfig
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from sim.experiment.psa.run import psa_points, require_economics
from sim.experiment.sweep.designs import build_design
from sim.experiment.sweep.file import read_sweep_file
from sim.experiment.sweep.points import require_valid
from sim.scenario import ScenarioError, load
from sim.shell.sweep import load_base
from tests.hostile.corpus import VALID, Case, base_text, cases
from tests.runs import SHIPPED

sys.dont_write_bytecode = True  # what the interpreter keeps of a module is not written by the program

MOST_BYTES = 1_000_000_000
MOST_SECONDS = 5.0
# Python's own files, and those of its time zones.
LIBRARY = tuple(
    os.path.realpath(p)
    for p in {
        sys.prefix,
        sys.base_prefix,
        *sysconfig.get_paths().values(),
        *filter(None, sys.path),
        "/usr/share/zoneinfo",
    }
)
PROJECT = str(SHIPPED.parent)


class Watch:
    """Every file that is opened or listed, and how."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, bool]] = []
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note what concerns files and processes."""
        if event == "open" and isinstance(arguments[0], str | bytes):
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            self.opened.append((os.fsdecode(arguments[0]), bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))))
        elif event in ("os.listdir", "os.scandir") and isinstance(arguments[0], str):
            self.opened.append((arguments[0], False))
        elif event in ("os.system", "subprocess.Popen", "socket.connect", "os.remove", "os.rename", "os.mkdir"):
            self.opened.append((f"{event} {arguments[0]!r}", True))

    def strange(self, home: Path) -> list[str]:
        """What lies outside the case's folder, the shipped scenarios and Python itself, or was written."""
        allowed = (str(home), PROJECT, *LIBRARY)
        return sorted(
            {
                path
                for path, written in self.opened
                if written or not any(Path(os.path.realpath(path)).is_relative_to(root) for root in allowed)
            }
        )


def read(case: Case, entry: Path) -> None:
    """Load what a case is, as the command line does."""
    if case.kind == "scenario":
        load(entry)
        return
    if case.kind == "psa":
        base, _ = load_base([entry], [])
        require_economics(base)
        require_valid(base, psa_points(base, 4))
        return
    wanted = read_sweep_file(entry)
    base, _ = load_base(wanted.files, wanted.overrides)
    design = build_design(wanted.design, wanted.factors, wanted.variants, wanted.samples, 1)
    require_valid(base, design.points)


def judge(case: Case, folder: Path, watch: Watch) -> dict[str, Any]:
    """What came of one case."""
    entry = case.lay_out(folder)
    found: dict[str, Any] = {"name": case.name, "must": case.must, "said": "", "trace": ""}
    watch.opened.clear()
    began = time.process_time()
    try:
        read(case, entry)
        found["came"] = "valid"
    except ScenarioError as error:
        lines = [str(problem) for problem in error.problems]
        found["came"] = (
            "refused" if lines and all(line.isprintable() and len(line) < 2000 for line in lines) else "mute"
        )
        found["said"] = lines[0] if lines else ""
    except ValueError as error:
        # a design's own words, which the command line puts behind its kind
        found["came"] = "refused" if case.kind == "sweep" and str(error).startswith("found") else "traceback"
        found["said"], found["trace"] = str(error)[:300], traceback.format_exc()
    except BaseException:
        found["came"], found["trace"] = "traceback", traceback.format_exc()
    found["seconds"] = time.process_time() - began
    found["strange"] = watch.strange(folder / "home")
    return found


def main() -> None:
    """Print a line a case, then one with the most memory used at any time."""
    every, first = (*map(int, sys.argv[1:]), *(1, 0)[len(sys.argv) - 1 :])
    chosen = [Case("no damage", base_text(), VALID), *cases()[first::every]]
    resource.setrlimit(resource.RLIMIT_AS, (2 * MOST_BYTES, 2 * MOST_BYTES))
    watch = Watch()
    with tempfile.TemporaryDirectory() as place:
        load(SHIPPED / "autologous.yaml")
        gc.freeze()  # what stays is not looked through after every case
        for number, case in enumerate(chosen):
            # a case that hangs is ended, and ends the run: its name is the last one begun
            print(json.dumps({"begun": case.name}), flush=True)
            signal.setitimer(signal.ITIMER_VIRTUAL, 6 * MOST_SECONDS)
            print(json.dumps(judge(case, Path(place) / str(number), watch)), flush=True)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            gc.collect()
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"bytes": used}))


if __name__ == "__main__":
    main()
