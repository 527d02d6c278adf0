"""The command `verify`: a stored result, run again and compared number by number."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sim.shell.options import FOLDER, engine, quiet, workers
from sim.shell.screen import MISSED, errors_in_words, print_table, say
from vein2vein.progress import progress


@click.command("verify")
@click.argument("folder", type=FOLDER)
@click.option(
    "--today", type=click.Path(path_type=Path), help="The file of patients in progress; beside the folder unless given."
)
@engine
@workers
@quiet
def verify_command(folder: Path, today: Path | None, engine: str, workers: int | None, quiet: bool) -> None:
    """Run a stored result again and compare every number; leaves with 3 where one differs."""
    with errors_in_words():
        from sim.experiment.verify.check import NOT_RUN, read_manifest, verify

        if not quiet:
            say(f"Running {folder} again")
        manifest = read_manifest(folder)
        points = next((int(manifest[key]) for key in ("points", "samples", "values_run") if key in manifest), 1)
        with progress(int(manifest["replications"]) * points, quiet) as done:
            found = verify(folder, engine, workers, done, today)
    print_table(["", "verdict", ""], [[check.name, check.verdict, check.said] for check in found.checks], 3)
    for note in [*found.notes, found.promise]:
        click.echo(f"{note[0].upper()}{note[1:]}.")
    left = [check.name for check in found.checks if check.verdict == NOT_RUN]
    if left:
        click.echo(f"Not run again, and so not checked: {', '.join(left)}.")
    wrong = [check.name for check in found.checks if not check.passed]
    good = f"Every number of every {'other ' if left else ''}table came out again."
    click.echo(f"NOT IDENTICAL: {', '.join(wrong)}" if wrong else good)
    sys.exit(MISSED if wrong else 0)
