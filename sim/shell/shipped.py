"""The commands `list`, `schema`, `tables` and `new`: what comes with the program, and how to start from it."""

from __future__ import annotations

from pathlib import Path

import click

from sim.shell.options import SCENARIO_FILE
from sim.shell.screen import BAD_INPUT, print_table, stop


@click.command("list")
def list_command() -> None:
    """The shipped scenarios, one line each."""
    from sim.scenario.shipped import shipped

    rows = [[str(path), one.scenario.name, one.scenario.description.strip().split("\n")[0]] for path, one in shipped()]
    print_table(["file", "name", "what it is"], rows, numbers_from=3)


@click.command("schema")
def schema_command() -> None:
    """JSON Schema of the scenario file, for editors."""
    import json

    from sim.scenario import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@click.command("tables")
def tables_command() -> None:
    """The tables of a results folder, in Markdown: rows, columns, units, what null means."""
    from sim.tables.dictionary import dictionary

    click.echo(dictionary(), nl=False)


@click.command("new")
@click.argument("file", type=SCENARIO_FILE)
@click.option("--from", "base", default="autologous", show_default=True, help="The shipped scenario to start from.")
def new_command(file: Path, base: str) -> None:
    """Write a commented scenario file to start from; it extends a shipped one."""
    from sim.experiment.disk.folder import write_text
    from sim.scenario.shipped import ShippedError, template

    try:
        text = template(file, base)
    except ShippedError as error:
        stop(str(error), BAD_INPUT)
    if file.exists():
        stop(f"{file}: exists already; it was left as it is", BAD_INPUT)
    try:
        write_text(file, text)
    except OSError as error:
        stop(f"{file}: cannot be written ({error.strerror})", BAD_INPUT)
    click.echo(f"Wrote {file}. Check it with: python run_sim.py check {file}")
