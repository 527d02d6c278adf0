"""The command `methods`: the method tables of a results folder of any kind."""

from __future__ import annotations

from pathlib import Path

import click

from sim.shell.options import PATH, quiet, replace
from sim.shell.screen import BAD_INPUT, errors_in_words, say, stop

METHODS = "methods.md"


@click.command("methods")
@click.argument("folder", type=PATH)
@replace
@quiet
def methods_command(folder: Path, replace: tuple[str, ...], quiet: bool) -> None:
    """Write methods.md into a results folder: STRESS-DES, ISPOR-SMDM and CHEERS, and print it."""
    with errors_in_words():
        from reports.methods import methods_text
        from reports.tables import ResultsError, read
        from sim.experiment.disk.folder import MANIFEST, write_text
        from sim.experiment.disk.publish import new_pages

        if not (folder / MANIFEST).is_file():
            stop(f"{folder}: no results here (no {MANIFEST})", BAD_INPUT)
        try:
            text = methods_text(read(folder))
        except ResultsError as error:
            stop(str(error), BAD_INPUT)
        if text is None:
            stop(f"{folder}: its {MANIFEST} does not describe the model, as an earlier version wrote it", BAD_INPUT)
        with new_pages(folder, [METHODS], replace) as building:
            write_text(building / METHODS, text)
    click.echo(text, nl=False)
    if not quiet:
        say(f"Wrote {folder / METHODS}")
