"""The command line of the simulator: `python run_sim.py COMMAND`. Each command is a file of `sim/shell`."""

from __future__ import annotations

import atexit
import gc
import os

import click

from sim.shell.commands import Commands
from sim.shell.screen import in_words


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="vein2vein", prog_name="vein2vein")
def cli() -> None:
    """How many days do patients wait for CAR T-cell therapy, and how many progress before infusion?"""


# So many objects more than have gone are made before Python looks for garbage among them.
OBJECTS = 100_000


def main() -> None:
    """Run the command line and leave with its exit code; Ctrl-C leaves with 130."""
    # Matrices here are small: threads for them would wait for one another, and for the other workers. Read by numpy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # What modules and tables are made of stays to the end: Python would look through it again and again.
    gc.set_threshold(OBJECTS)
    # And three times more as it ends, which takes half a second after a comparison.
    atexit.register(gc.freeze)
    with in_words():
        cli(standalone_mode=False)


if __name__ == "__main__":
    main()
