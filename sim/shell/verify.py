"""The command `verify`: a stored result, run again and compared number by number."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sim.shell.options import PATH, engine, quiet, workers
from sim.shell.screen import MISSED, errors_in_words, print_table, say
from vein2vein.progress import progress


@click.command("verify")
@click.argument("folder", type=PATH)
@click.option("--today", type=PATH, help="The file of patients in progress; beside the folder unless given.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    type=PATH,
    help="A file of your own that the results were made from and that stands in no folder: register.yaml, a file of "
    "targets, a digitised curve, its numbers at risk.",
)
@engine
@workers
@quiet
def verify_command(
    folder: Path, today: Path | None, inputs: tuple[Path, ...], engine: str, workers: int | None, quiet: bool
) -> None:
    """Run a stored result again and compare every number; leaves with 3 where one differs."""
    with errors_in_words():
        from sim.experiment.verify.check import NOT_RUN, read_manifest, runs_of, verify

        if not quiet:
            say(f"Running {folder} again")
        manifest = read_manifest(folder)
        with progress(runs_of(manifest), quiet) as done:
            found = verify(folder, engine, workers, done, today, inputs)
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
