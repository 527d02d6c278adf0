"""A small run, comparison, sweep and probabilistic analysis, in one process: `small.py ENGINE WORKERS FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from run_sim import cli
from sim.engine.choice import COMPILED

SCENARIOS = Path(__file__).parents[2] / "scenarios"
AUTOLOGOUS, ALLOGENEIC = str(SCENARIOS / "autologous.yaml"), str(SCENARIOS / "allogeneic.yaml")
SHORT = ["--set", "run.warm_up=30d", "--set", "run.window=90d", "--set", "run.follow_up=120d", "-q"]


def main(engine: str, workers: str, folder: Path) -> None:
    """Leave a folder of results for each command."""
    how = [*SHORT, "--engine", engine, "--workers", workers]
    commands = {
        "run": ["run", str(SCENARIOS / "library" / "hybrid.yaml"), "-n", "4", "--trace"],
        "compare": ["compare", AUTOLOGOUS, ALLOGENEIC, "-n", "8", "--trace"],
        "sweep": ["sweep", AUTOLOGOUS, "-n", "2", "--vary", "manufacturing.lines=6:12:2"],
        "psa": ["psa", AUTOLOGOUS, ALLOGENEIC, "-n", "2", "--samples", "6"],
    }
    if engine == COMPILED:
        del commands["run"]
    for name, arguments in commands.items():
        cli.main([*arguments, *how, "--out", str(folder / name)], standalone_mode=False)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
