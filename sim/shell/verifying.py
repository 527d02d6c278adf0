"""The command `verify`: a stored result, run again and compared number by number."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sim.shell.screen import MISSED, errors_in_words, print_table, progress, say


def verify_command(folder: Path, engine: str, workers: int | None, quiet: bool) -> None:
    """Print the verdict on every table; leave with 3 where one is not what comes out again."""
    with errors_in_words():
        from sim.experiment.verify import read_manifest, verify

        if not quiet:
            say(f"Running {folder} again")
        with progress(int(read_manifest(folder)["replications"]), quiet) as done:
            found = verify(folder, engine, workers, done)
    print_table(["", "verdict", ""], [[check.name, check.verdict, check.said] for check in found.checks], 3)
    for note in [*found.notes, found.promise]:
        click.echo(f"{note[0].upper()}{note[1:]}.")
    wrong = [check.name for check in found.checks if not check.passed]
    click.echo(f"NOT IDENTICAL: {', '.join(wrong)}" if wrong else "Every number of every table came out again.")
    sys.exit(MISSED if wrong else 0)
