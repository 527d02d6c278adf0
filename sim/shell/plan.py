"""The command `plan`: the cheapest combination of capacities that meets its targets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.experiment.asked import require_one_count
from sim.experiment.options import PLAN_FIRST
from sim.shell.options import PATH, Asked, cluster, limited, picture_options, run_options, vary
from sim.shell.report import draw
from sim.shell.screen import MISSED, command_line, errors_in_words, paragraph, print_json, print_table, table_fits, tell
from sim.shell.sweep import load_base, resumable
from sim.tables.words import counted
from vein2vein.drawing import require_room
from vein2vein.progress import progress

if TYPE_CHECKING:
    import pandas as pd

    from reports import Wanted
    from sim.experiment.plan.run import Asked as Search
    from sim.experiment.plan.run import PlanStudy

# Combinations around the answer; on a narrow screen, where each takes several lines.
SHOWN, SHOWN_NARROW = 8, 3
first_stage = click.option(
    "--replications",
    "-n",
    **limited("plan", "replications"),
    help="Of the first stage, run of every combination; from then on as many as it takes.",
)


@click.command("plan")
@click.argument("file", type=PATH)
@click.option(
    "--target", multiple=True, required=True, metavar="'METRIC <= X'", help="What must hold, with <= or >=; repeatable."
)
@click.option(
    "--cost",
    multiple=True,
    metavar="PATH=NUMBER",
    help="What one unit of a varied value costs; for every one of several. Without it, what economics.costs.capacity "
    "says of each a month; else one value is kept small.",
)
@click.option(
    "--zone",
    multiple=True,
    metavar="METRIC=WIDTH",
    help="So far from its target a metric may be taken for either; 0.01 of a proportion, 5% of another target.",
)
@click.option(
    "--confidence",
    **limited("plan", "confidence"),
    help="How sure it must be, over all combinations and targets together.",
)
@click.option(
    "--max-replications",
    **limited("plan", "max_replications"),
    help="Of a combination that is hard to decide; then it stays undecided.",
)
@click.option(
    "--evaluations",
    **limited("plan", "evaluations"),
    help="Up to this many combinations are all run; of more, an optimiser proposes this many.",
)
@vary
@run_options(first_stage)
@cluster
@picture_options
def plan_command(
    file: Path,
    vary: tuple[str, ...],
    target: tuple[str, ...],
    cost: tuple[str, ...],
    zone: tuple[str, ...],
    confidence: float,
    max_replications: int,
    evaluations: int,
    asked: Asked,
    cluster: str | None,
    wanted: Wanted,
) -> None:
    """The cheapest capacities that meet targets, and what else there is; leaves with 3 where none do."""
    if not vary:
        raise click.UsageError("plan varies something: give --vary, such as --vary manufacturing.lines=1:40")
    with errors_in_words():
        from sim.experiment.plan.prepare import prepare_plan
        from sim.experiment.plan.search import Rule
        from sim.experiment.sweep.prepare import parse_factors

        factors = parse_factors(vary)
        require_one_count(asked.overrides, None, reads_own=False)
        base, _ = load_base([file], asked.changes)
        rule = Rule(confidence, asked.replications or PLAN_FIRST, max_replications)
        prepared = prepare_plan(base, factors, target, cost, zone, rule, asked.how(cluster), evaluations)
        search = prepared.asked
        folder = asked.folder("plan", file.stem)
        require_room(folder, prepared.files, wanted, asked.replace)
        tell(prepared.notes, prepared.warnings)
        if not asked.quiet:
            announce(search)
        with resumable(folder), progress(search.expected, asked.quiet, per=rule.first) as done:
            study = prepared.run(folder, command_line(), done, asked.replace)
    show(study, search, folder, asked.as_json)
    draw(folder, wanted, asked)
    sys.exit(0 if study.value is not None else MISSED)


def announce(search: Search) -> None:
    """How many combinations, and what the tests are told apart by."""

    size, rule = search.space.size, search.rule
    levers = search.space.levers
    what = counted(size, "combination") if len(levers) > 1 else f"{counted(size, 'value')} of {search.space.paths[0]}"
    some = f", {search.evaluations} of them proposed by an optimiser" if search.proposed else ""
    paragraph(f"{what}{some}; from {rule.first} to {counted(rule.limit, 'replication')} each", talk=True)
    for target in search.targets:
        paragraph(f"target: {target}, indifference zone {target.zone:g}", hanging=2, talk=True)


def show(study: PlanStudy, search: Search, folder: Path, as_json: bool) -> None:
    """The combinations that matter and the sentences, or everything as JSON."""
    if as_json:
        print_json({"answer": study.value, "said": study.said, "combinations": study.table})
        return
    table, targets = study.table, search.targets
    order = list(dict.fromkeys(table["combination"]))
    chosen = table.loc[table["answer"], "combination"]
    place = order.index(chosen.iloc[0]) if len(chosen) else len(order) - 1
    priced = ["cost"] if search.space.prices else []
    rest = [*priced, *map(str, targets), "infused", "replications"]
    every = [_row(search, table, number) for number in order]
    is_narrow = not table_fits([*search.space.paths, *rest], [[*values, *cells] for values, cells in every])
    shown = SHOWN_NARROW if is_narrow else SHOWN
    first = max(0, min(place - shown // 2, len(order) - shown))
    around = every[first : first + shown]
    paragraph(study.said[0])
    if is_narrow:
        named = [
            ", ".join(f"{path} {v}" for path, v in zip(search.space.paths, values, strict=True)) for values, _ in around
        ]
        print_table(["", *rest], [[name, *cells] for name, (_, cells) in zip(named, around, strict=True)])
    else:
        print_table([*search.space.paths, *rest], [[*values, *cells] for values, cells in around])
    if len(order) > len(around):
        paragraph(f"{len(around)} of {counted(len(order), 'combination')}, around the answer in order of cost")
    for text in study.said[1:]:
        paragraph(text, hanging=2)
    paragraph(f"Tables: {folder} (plan.csv)", hanging=2)


def _row(search: Search, table: pd.DataFrame, number: int) -> tuple[list[str], list[str]]:
    """(the values, what came of them) of a combination."""
    mine = table[table["combination"] == number]
    cells = [f"{mine['cost'].iloc[0]:,.10g}"] if search.space.prices else []
    cells += [f"{row['estimate']:.4g} {row['decision']}" for _, row in mine.iterrows()]
    cells += [f"{100 * mine['infused_share'].iloc[0]:.1f}%", str(mine["replications"].max())]
    values = search.space.values(number)
    return [values[path] for path in search.space.paths], cells
