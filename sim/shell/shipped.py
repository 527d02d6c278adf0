"""The commands `list`, `schema`, `tables` and `new`: what comes with the program, and how to start from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from sim.shell.options import NAME, PATH, WholeRange, engine, quiet, replace
from sim.shell.screen import BAD_INPUT, errors_in_words, print_table, program, stop
from vein2vein.progress import progress


@click.command("list")
@click.option(
    "--effects", "shows_effects", is_flag=True, help="Also run each, and show what it does to waits and outcomes."
)
@click.option("-n", "--replications", type=WholeRange(2), default=40, show_default=True, help="With --effects.")
@click.option("--page", type=PATH, help="With --effects: also write the page there, e.g. docs/library.md.")
@replace
@engine
@quiet
def list_command(
    shows_effects: bool, replications: int, page: Path | None, replace: tuple[str, ...], engine: str, quiet: bool
) -> None:
    """The shipped scenarios, one line each, by the names that every command takes."""
    from sim.scenario.shipped import shipped_heads

    if replace and page is None:
        stop("--replace: used with --page only", BAD_INPUT)
    if shows_effects:
        _effects(replications, page, replace, engine, quiet)
        return
    if page is not None:
        stop("--page: used with --effects only", BAD_INPUT)
    rows = [[head.file.stem, head.name, head.what] for head in shipped_heads()]
    print_table(["name", "title", "what it is"], rows, numbers_from=3)


def _effects(replications: int, page: Path | None, replace: Sequence[str], engine: str, quiet: bool) -> None:
    from reports.library import HEADS, library_page, rows
    from reports.tables import Tables
    from sim.experiment.disk.folder import require_page, signed, write_text
    from sim.experiment.study.effects import BASES, effects
    from sim.scenario.shipped import shipped

    with errors_in_words():
        if page is not None:
            require_page(page, replace)
        with progress(replications * len(BASES), quiet) as done:
            found = effects(shipped(), replications, done, engine)
        told = {
            one.base: rows(one.about, Tables({"summary": one.summary, "differences": one.differences}, {}, {}))
            for one in found
        }
        for mine in told.values():
            print_table(list(HEADS), mine, numbers_from=2)
        if page is not None:
            write_text(page, signed(library_page(told, replications)))


@click.command("schema")
def schema_command() -> None:
    """JSON Schema of the scenario file, for editors."""
    import json

    from sim.scenario.json_schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@click.command("tables")
def tables_command() -> None:
    """The tables of a results folder, in Markdown: rows, columns, units, what null means."""
    from sim.tables.dictionary import dictionary

    click.echo(dictionary(), nl=False)


@click.command("new")
@click.argument("file", type=PATH)
@click.option(
    "--from", "base", type=NAME, default="autologous", show_default=True, help="The shipped scenario to start from."
)
@click.option("--centres", metavar="NAMES", help="A network of your own instead of the shipped one, e.g. city,lake.")
@click.option("--blank", is_flag=True, help="The smallest file that runs: a network of your own, and no comments.")
def new_command(file: Path, base: str, centres: str | None, blank: bool) -> None:
    """Write a commented scenario file to start from; it extends a shipped one."""
    from sim.experiment.disk.folder import write_text
    from sim.scenario.own_network import centre_names
    from sim.scenario.shipped import ShippedError, template

    try:
        names = [] if centres is None else centre_names(centres)
    except ValueError as error:
        stop(f"--centres: {error}", BAD_INPUT)
    try:
        text = template(file, base, names, blank=blank)
    except ShippedError as error:
        stop(f"--from: {error}", BAD_INPUT)
    if file.exists():
        stop(f"{file}: exists already; it was left as it is", BAD_INPUT)
    try:
        write_text(file, text)
    except OSError as error:
        stop(f"{file}: cannot be written ({error.strerror})", BAD_INPUT)
    click.echo(f"Wrote {file}. Check it with: {program()} check {file}")
