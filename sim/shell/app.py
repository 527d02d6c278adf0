"""The command `app`: the planning page, served on this machine only, drawn by the server's own call of the program."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import click

from sim.shell.options import PATH, WholeRange
from sim.shell.screen import CANNOT_BE_MADE, FAILED, errors_in_words, say, stop

FIRST = "autologous"
"""The shipped scenario on which the page opens where no file is given."""
SERVER = Path(__file__).parents[2] / "reports" / "serve.py"


@click.command("app")
@click.argument("files", nargs=-1, type=PATH)
@click.option("--port", type=WholeRange(1024, 65535), default=8501, show_default=True, help="Where it is served.")
@click.option("--page", is_flag=True, hidden=True, help="Draw the page: the server calls this.")
def app_command(files: tuple[Path, ...], port: int, page: bool) -> None:
    """The planning page, served on this machine only: move levers, see what they do."""
    if page:
        planning_page(files)
        return
    if find_spec("streamlit") is None or find_spec("streamlit.starlette") is None:
        what = "which is not installed" if find_spec("streamlit") is None else "in a newer version"
        stop(f"the planning page needs streamlit, {what}: pip install --upgrade streamlit", CANNOT_BE_MADE)
    with errors_in_words():
        from sim.experiment.plan.page import moved

        for file in files:
            moved(file, {})
    serve(files, port)


def serve(files: Sequence[Path], port: int) -> None:
    """Serve the page until Ctrl-C."""
    settings = {
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "server.maxUploadSize": "5",
        "theme.base": "light",
        "theme.primaryColor": "#12355B",
        "theme.textColor": "#1B2530",
    }
    say(f"The planning page: http://127.0.0.1:{port} (Ctrl-C ends it)")
    command = [sys.executable, "-m", "streamlit", "run", str(SERVER), *(f"--{k}={v}" for k, v in settings.items())]
    ended = subprocess.run([*command, "--", "app", "--page", *map(str, files)], check=False, stdout=subprocess.DEVNULL)
    sys.exit(FAILED if ended.returncode > 0 else 0)


def planning_page(files: Sequence[Path]) -> None:
    """The page with what the simulator does for it; a file is read when it is chosen."""
    from reports import planner, write_all
    from sim.experiment.disk.folder import write_file
    from sim.experiment.plan import page as planning
    from sim.scenario import ScenarioError, load
    from sim.scenario.naming import by_name
    from sim.scenario.shipped import shipped_heads

    own = by_name([load(file) for file in files])
    places = dict(zip(own, files, strict=True))
    # what most people come for stands first
    for head in sorted(shipped_heads(), key=lambda each: each.file.stem != FIRST):
        places.setdefault(head.name, head.file)
    planner.show(
        planner.Page(
            places,
            lambda file: planning.levers(load(file)),
            lambda file: planning.choices(load(file)),
            lambda file, variants, count: planning.answer(file, variants, count).frames,
            planning.scenario_file,
            lambda file, variants, count: planning.report(
                file, variants, count, lambda folder: write_all(folder, write_file).paths
            ),
            planning.VARIANTS,
            ScenarioError,
        )
    )
