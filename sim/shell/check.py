"""The command `check`: what scenario files ask of each resource, and the patient's path."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.shell.naming import changed_meaning
from sim.shell.options import SCENARIO_FILE, overrides
from sim.shell.screen import BAD_INPUT, errors_in_words, print_table, say, warn

if TYPE_CHECKING:
    from sim.scenario import Loaded


@click.command("check")
@click.argument("files", nargs=-1, required=True, type=SCENARIO_FILE)
@overrides
@click.option("--path", "shows_path", is_flag=True, help="Also print the patient's path, step by step.")
@click.option("--sources", "shows_sources", is_flag=True, help="Also list the numbers for which no source is given.")
@click.option("--mermaid", is_flag=True, help="Print the path as a flow chart in Mermaid's notation, and nothing else.")
def check_command(
    files: Sequence[Path], overrides: Sequence[str], shows_path: bool, shows_sources: bool, mermaid: bool
) -> None:
    """Check scenario files and show what they ask of each resource; run nothing."""
    from sim.experiment.runs.limits import require_size
    from sim.experiment.runs.replicate import Arm
    from sim.scenario import ScenarioError, load
    from sim.scenario.arms import unlike

    wrong = False
    warnings: list[str] = []
    checked: dict[str, Loaded] = {}
    for file in files:
        try:
            loaded = load(file, overrides)
            require_size([Arm(loaded.scenario.name, loaded.scenario)], {loaded.scenario.name: loaded})
        except ScenarioError as error:
            wrong = True
            for problem in error.problems:
                say(str(problem))
            continue
        with errors_in_words():
            if mermaid:
                _flow_chart(loaded)
            else:
                warnings += _check_one(file, loaded, shows_path, shows_sources)
                checked[loaded.scenario.name] = loaded
    warn([*warnings, *unlike(checked)])
    sys.exit(BAD_INPUT if wrong else 0)


def _flow_chart(loaded: Loaded) -> None:
    from sim.pieces.diagram import mermaid
    from sim.pieces.strategies import build_protocol

    click.echo(mermaid(build_protocol(loaded.scenario)), nl=False)


def _check_one(file: Path, loaded: Loaded, shows_path: bool, shows_sources: bool) -> list[str]:
    """Print what is known of a scenario before it runs; what to warn of."""
    from sim.experiment.study.run import load_warnings
    from sim.pieces.diagram import outline
    from sim.pieces.loads import expect, flag_shares, offered_loads
    from sim.pieces.strategies import build_protocol

    protocol = build_protocol(loaded.scenario)
    click.echo(f"{file}: {loaded.scenario.name} ({loaded.scenario.strategy}), digest {loaded.digest[:12]}")
    touch = expect(protocol.path, flag_shares(loaded.scenario)).days
    click.echo(f"  without any queue, from referral to the end of the stay: {touch:.1f} days on average")
    if shows_path:
        click.echo("\n".join(["", *outline(protocol), ""]))
    loads = offered_loads(loaded.scenario, protocol)
    if loads:
        print_table(
            ["resource", "name", "centre", "offered load"],
            [[load.label, load.resource, load.centre, f"{load.load:.3f}"] for load in loads],
            numbers_from=3,
        )
    people = loaded.scenario.patients
    recorded = [name for name in ("age", "sex") if getattr(people, name) is not None]
    if recorded:
        click.echo(f"  {' and '.join(recorded)} of patients: recorded in patients.parquet; acts on nothing")
    unsourced = [p.path for p in loaded.parameters if not p.stated]
    if unsourced:
        how = "" if shows_sources else "; --sources lists them"
        say(f"{file}: no source is given for {len(unsourced)} numbers; the report will call them assumptions{how}")
    if shows_sources:
        click.echo("\n".join(f"  no source: {path}" for path in unsourced))
    for note in changed_meaning({"": loaded}, certain=True):
        say(f"note: {note}")
    return load_warnings({loaded.scenario.name: loaded})
