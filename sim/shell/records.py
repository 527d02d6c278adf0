"""The commands `records new` and `records check`: a register described, and which of its rows are not used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.shell.commands import Once
from sim.shell.options import PATH, quiet, replace
from sim.shell.screen import BAD_INPUT, command_line, errors_in_words, print_table, program, stop, tell
from sim.tables.words import counted

if TYPE_CHECKING:
    from sim.records.reader import Reading


@click.group("records", cls=Once)
def records_command() -> None:
    """Describe a register of past patients, or check one: `records new`, `records check`."""


@records_command.command("new")
@click.argument("file", type=PATH)
@click.option("--out", type=PATH, help="The description to write; register.yaml beside the file unless given.")
def new_command(file: Path, out: Path | None) -> None:
    """Write a commented description of a register, to be corrected: what each column seems to mean, and why."""
    with errors_in_words():
        from sim.experiment.disk.folder import write_text
        from sim.records.guess import describe

        target = out if out is not None else file.parent / "register.yaml"
        if target.parent.resolve() != file.parent.resolve():
            stop(f"{target}: a description stands beside the file that it describes, in {file.parent}", BAD_INPUT)
        if target.exists():
            stop(f"{target}: exists already; it was left as it is", BAD_INPUT)
        text = describe(file)
        try:
            write_text(target, text)
        except OSError as error:
            stop(f"{target}: cannot be written ({error.strerror})", BAD_INPUT)
    click.echo(f"Wrote {target}: look at every line, correct it, then: {program()} records check {target}")


@records_command.command("check")
@click.argument("register", type=PATH)
@click.option("--out", type=PATH, help="Folder for records_faults.csv; below `results` unless given.")
@replace
@quiet
def check_command(register: Path, out: Path | None, replace: tuple[str, ...], quiet: bool) -> None:
    """Read a register and list the rows that are not used, with the reasons, in records_faults.csv."""
    with errors_in_words():
        from sim.experiment.own.tables import FAULTS, faults_table, write_results
        from sim.records.reader import read_records, silent_end
        from sim.records.register import read_register

        described = read_register(register)
        reading = read_records(described, keep_empty=True)
        folder = out if out is not None else Path("results") / f"records-{register.stem}"
        tables = {FAULTS: faults_table(reading.faults)}
        write_results(folder, "records", reading, described, tables, command_line(), {}, replace)
        if not quiet:
            tell_reading(reading)
            tell((), tuple(silent_end(reading.records)))
        click.echo(f"Rows not used: {folder / f'{FAULTS}.csv'}")
        if not len(reading.records):
            stop(f"{described.file}: no row is without a fault", BAD_INPUT)


def tell_reading(reading: Reading) -> None:
    """Say what is in a register, and how many of its rows are not used for what reason."""
    from sim.records.faults import by_kind
    from sim.records.small import told
    from sim.records.value import MILESTONES

    records = reading.records
    tell(reading.notes)
    click.echo(f"{len(records)} of {counted(reading.rows, 'row')} used")
    if reading.faults:
        print_table(["Not used, as", "Rows"], [[kind, str(rows)] for kind, rows in by_kind(reading.faults)])
    reached = [
        (name, int((records.day(name) == records.day(name)).sum())) for name in MILESTONES if name in records.has
    ]
    print_table(["Milestone", "Patients"], [[name, told(count)] for name, count in reached])
