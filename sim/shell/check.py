"""The command `check`: what scenario files ask of each resource, what that could carry, and the patient's path."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.shell.options import PATH, overrides
from sim.shell.screen import BAD_INPUT, errors_in_words, paragraph, print_table, say, screen_width, tell, warn
from sim.tables.words import counted

if TYPE_CHECKING:
    from sim.pieces.loads import Room
    from sim.scenario import Loaded

# What is shown unless all is asked for.
MOST_WARNINGS, MOST_ROOMS = 3, 10
# Screens with less than this have no room for the table.
NARROW = 60


@click.command("check")
@click.argument("files", nargs=-1, required=True, type=PATH)
@overrides
@click.option("--path", "shows_path", is_flag=True, help="Also print the patient's path, step by step.")
@click.option("--sources", "shows_sources", is_flag=True, help="Also list each number with its source.")
@click.option("--all", "shows_all", is_flag=True, help="Show every warning and every resource.")
@click.option("--mermaid", is_flag=True, help="Print the path as a flow chart in Mermaid's notation, and nothing else.")
def check_command(
    files: Sequence[Path],
    overrides: Sequence[str],
    shows_path: bool,
    shows_sources: bool,
    shows_all: bool,
    mermaid: bool,
) -> None:
    """Check scenario files and show what they ask of each resource; run nothing."""
    from sim.experiment.runs.limits import require_size
    from sim.experiment.runs.replicate import Arm
    from sim.scenario import ScenarioError, load
    from sim.scenario.arms import unlike
    from sim.scenario.load import require_fit

    wrong = False
    checked: dict[str, Loaded] = {}
    for file in files:
        try:
            loaded = load(file, overrides)
            require_size([Arm(loaded.scenario.name, loaded.scenario)], {loaded.scenario.name: loaded})
            require_fit(loaded)
        except ScenarioError as error:
            wrong = True
            for problem in error.problems:
                say(str(problem))
            continue
        with errors_in_words():
            if mermaid:
                _flow_chart(loaded)
            else:
                _check_one(file, loaded, shows_path, shows_sources, shows_all)
                checked[loaded.scenario.name] = loaded
    warn(unlike(checked))
    sys.exit(BAD_INPUT if wrong else 0)


def _flow_chart(loaded: Loaded) -> None:
    from sim.pieces.diagram import mermaid
    from sim.pieces.strategies import build_protocol

    click.echo(mermaid(build_protocol(loaded.scenario)), nl=False)


def _check_one(file: Path, loaded: Loaded, shows_path: bool, shows_sources: bool, shows_all: bool) -> None:
    """Print what is known of a scenario before it runs: what to worry about, then what it could carry."""
    from sim.experiment.study.run import load_warnings
    from sim.pieces.diagram import outline
    from sim.pieces.expectations import expect
    from sim.pieces.loads import flag_shares, rooms
    from sim.pieces.strategies import build_protocol
    from sim.scenario.naming import changed_meaning

    protocol = build_protocol(loaded.scenario)
    paragraph(f"{file}: {loaded.scenario.name} ({loaded.scenario.strategy}), digest {loaded.digest[:12]}")
    warnings = load_warnings({loaded.scenario.name: loaded})
    shown = len(warnings) if shows_all else MOST_WARNINGS
    warn(warnings[:shown])
    if warnings[shown:]:
        say(f"and {len(warnings) - shown} more warnings; --all lists them")
    tell(changed_meaning({"": loaded}, certain=True))
    groups = grouped(rooms(loaded.scenario, protocol))
    for line in bottleneck(groups):
        paragraph(line)
    _print_rooms(groups, shows_all)
    touch = expect(protocol.path, flag_shares(loaded.scenario)).days
    paragraph(f"Without any queue, from referral to the end of the stay: {touch:.1f} days on average.")
    if shows_path:
        click.echo("\n".join(["", *outline(protocol), ""]))
    people = loaded.scenario.patients
    recorded = [name for name in ("age", "sex") if getattr(people, name) is not None]
    rules = loaded.scenario.after_infusion
    if recorded and (rules is None or rules.general_population is None):
        paragraph(f"{' and '.join(recorded)} of patients: recorded in patients.parquet; acts on nothing")
    _tell_sources(file, loaded, shows_sources)


@dataclass(frozen=True)
class Group:
    """A resource at the centres (none: all together) where it has one load; referrals a month at most, and as they
    come, of these centres together."""

    first: Room
    centres: tuple[str, ...]
    at_most: float
    referred: float

    @property
    def name(self) -> str:
        """What a row calls it."""
        where = self.centres[0] if len(self.centres) == 1 else counted(len(self.centres), "centre")
        return f"{self.first.label}, {where}" if self.centres[0] else self.first.label


def grouped(found: Sequence[Room]) -> list[Group]:
    """The rooms, centres with the same load of one resource together."""
    alike: dict[tuple[str, str], list[Room]] = {}
    for room in found:
        alike.setdefault((room.resource, f"{room.load:.2f}"), []).append(room)
    return [
        Group(
            rooms[0],
            tuple(room.centre for room in rooms),
            sum(room.at_most for room in rooms),
            sum(room.referred for room in rooms),
        )
        for rooms in alike.values()
    ]


def bottleneck(groups: Sequence[Group]) -> Iterator[str]:
    """What binds first, what it could carry at most, and what would bind next."""
    if not groups:
        yield "No resource has a limit: nobody waits for one."
        return
    first, *others = groups
    if first.first.load == 0.0:
        yield "Nobody asks for what has a limit."
        return
    yield f"Bottleneck: {_told(first)}."
    # more of the first is more for its bookings, too
    after = next((g for g in others if g.first.of != first.first.of or not {*g.centres} & {*first.centres}), None)
    if after is None or after.first.load == 0.0:
        yield "Nothing else that is asked for has a limit."
    else:
        yield f"With more of that, the next would be {_told(after)}."


def _told(group: Group) -> str:
    room = group.first
    where = "" if not room.centre else f" at {room.centre}" if len(group.centres) == 1 else ""
    where = where or (f" at {counted(len(group.centres), 'centre')}" if room.centre else "")
    load = "none there" if math.isinf(room.load) else f"load {room.load:.2f}{f' {room.why}' if room.why else ''}"
    whose = " there" if room.centre else ""
    most = counted(_number(group.at_most), "referral")
    carries = f"at most {most} a month{whose}, where {_number(group.referred)} come"
    return f"{room.label[0].lower()}{room.label[1:]}{where} ({load}): {carries}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 1000.0 else "1,000 or more"


def _print_rooms(groups: Sequence[Group], shows_all: bool) -> None:
    shown = groups if shows_all else groups[:MOST_ROOMS]
    if not shown:
        return
    rows = [
        [
            group.name,
            "none there" if math.isinf(group.first.load) else f"{group.first.load:.3f}",
            "any number" if math.isinf(group.at_most) else _number(group.at_most),
            _number(group.referred),
        ]
        for group in shown
    ]
    if screen_width() < NARROW:
        for name, load, carries, referred in rows:
            paragraph(f"{name}: offered load {load}, carries {carries}, {referred} come", hanging=2)
    else:
        print_table(["resource", "offered load", "carries", "referred"], rows)
    told = "Carries, referred: referrals a month, at most and as they come."
    if screen_width() < NARROW:
        told = "Carries, come: referrals a month, at most and as they are."
    paragraph(f"{told} Nobody is taken off the path for this, so loads are upper bounds.")
    if len(groups) > len(shown):
        paragraph(f"{len(groups) - len(shown)} more with lower loads; --all lists them.")


def _tell_sources(file: Path, loaded: Loaded, shows_sources: bool) -> None:
    """How many numbers stand on what; each of them where that is asked for."""
    from sim.scenario.sources import ASSUMPTION

    unsourced = [p for p in loaded.parameters if not p.stated]
    assumed = [p for p in loaded.parameters if p.stated and ASSUMPTION in p.source_ids]
    published = [p for p in loaded.parameters if p.stated and ASSUMPTION not in p.source_ids]
    how = "" if shows_sources else "; --sources lists them"
    paragraph(
        f"Sources of {counted(len(loaded.parameters), 'number')}: {len(published)} published, "
        f"{counted(len(assumed), 'assumption')}, {len(unsourced)} without a source{how}."
    )
    if unsourced:
        told = "them assumptions" if len(unsourced) > 1 else "it an assumption"
        say(f"{file}: no source is given for {counted(len(unsourced), 'number')}; the report will call {told}{how}")
    if shows_sources:
        click.echo("\n".join(f"  no source: {p.path}" for p in unsourced))
        print_table(
            ["number", "value", "source"],
            [[p.path, p.value_text, p.source] for p in (*assumed, *published)],
            numbers_from=3,
        )
