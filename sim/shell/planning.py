"""The planning page: served on this machine only, and drawn by the server's own call of the program."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sim.shell.naming import by_name
from sim.shell.screen import FAILED, say

PROGRAM = Path(__file__).parents[2] / "run_sim.py"


def serve(files: Sequence[Path], port: int) -> None:
    """Serve the page until Ctrl-C."""
    settings = {
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
    }
    say(f"The planning page: http://127.0.0.1:{port} (Ctrl-C ends it)")
    command = [sys.executable, "-m", "streamlit", "run", str(PROGRAM), *(f"--{k}={v}" for k, v in settings.items())]
    ended = subprocess.run([*command, "--", "app", "--page", *map(str, files)], check=False, stdout=subprocess.DEVNULL)
    sys.exit(FAILED if ended.returncode > 0 else 0)


def planning_page(files: Sequence[Path]) -> None:
    """The page with what the simulator does for it."""
    from reports import planner, write_all
    from sim.experiment import planning
    from sim.experiment.folder import write_file
    from sim.scenario import ScenarioError, load
    from sim.scenario.shipped import shipped

    found = [(file, load(file)) for file in files] + shipped()
    scenarios = by_name([loaded for _, loaded in found])
    place = dict(zip(scenarios, (file for file, _ in found), strict=True))
    planner.show(
        planner.Page(
            list(scenarios),
            lambda name: planning.levers(scenarios[name]),
            lambda name, changes, count: planning.answer(place[name], changes, count).frames,
            lambda name, changes: planning.scenario_file(place[name], changes),
            lambda name, changes, count: planning.report(
                place[name], changes, count, lambda folder: write_all(folder, write_file).paths
            ),
            ScenarioError,
        )
    )
