"""The command `plan`: the smallest capacity that meets a target."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.shell.options import SCENARIO_FILE, Asked, cluster, picture_options, run_options, vary
from sim.shell.report import draw, require_room
from sim.shell.screen import BAD_INPUT, MISSED, command_line, errors_in_words, print_table, progress, say, stop
from sim.shell.sweep import load_base, parse_vary, resumable

if TYPE_CHECKING:
    from reports import Wanted


@click.command("plan")
@click.argument("file", type=SCENARIO_FILE)
@click.option(
    "--target", multiple=True, required=True, metavar="'METRIC <= X'", help="What must hold, with <= or >=; repeatable."
)
@click.option(
    "--confidence", type=click.FloatRange(0.5, 0.9999), default=0.95, show_default=True, help="How sure it must be."
)
@vary
@run_options()
@cluster
@picture_options
def plan_command(
    file: Path,
    vary: tuple[str, ...],
    target: tuple[str, ...],
    confidence: float,
    asked: Asked,
    cluster: str | None,
    wanted: Wanted,
) -> None:
    """The smallest capacity that meets a target, and the curve; leaves with 3 where there is none."""
    from sim.scenario import ScenarioError

    if len(vary) != 1:
        raise click.UsageError("plan varies one path: give --vary once, such as --vary manufacturing.lines=1:40")
    (factor,) = parse_vary(vary)
    with errors_in_words():
        from sim.experiment.plan.run import PLAN_FILES, ascending, run_plan
        from sim.experiment.plan.search import FloorMissingError, expected_points, parse_target
        from sim.experiment.sweep.designs import build_design
        from sim.experiment.sweep.evaluate import SweepPlan
        from sim.experiment.sweep.file import places_of, relocate

        try:
            goals = [parse_target(text) for text in target]
        except ValueError as error:
            stop(f"--target: {error}", BAD_INPUT)
        try:
            factor = ascending(factor)
            design = build_design("grid", [factor], {})
        except ValueError as error:
            stop(f"--vary {factor.path}: {error}", BAD_INPUT)
        base = load_base([file], asked.changes)
        count = asked.replications or next(iter(base.scenarios.values())).scenario.run.replications
        plan = SweepPlan(base, design.points, count, asked.workers, asked.engine, cluster)
        folder = asked.folder("plan", file.stem)
        require_room(folder, PLAN_FILES, wanted, asked.replace)
        if not asked.quiet:
            say(f"{len(design.points)} values of {factor.path}, {count} replications each")
        try:
            expected = expected_points(len(design.points)) * count
            with resumable(folder), progress(expected, asked.quiet, per=count) as done:
                study = run_plan(plan, factor.path, goals, confidence, folder, command_line(), done, asked.replace)
        except FloorMissingError as error:
            stop(f"--target: {error}", BAD_INPUT)
        except ScenarioError as error:
            raise relocate(error, places_of([factor])) from error
    if asked.as_json:
        import json

        rows = json.loads(study.table.to_json(orient="records", double_precision=15))
        click.echo(json.dumps({"answer": study.value, "said": study.said, "curve": rows}, indent=2))
    else:
        names = ["estimate", "low", "high", "bound"]
        rows = [
            [
                row["value"],
                row["target"],
                *(f"{row[n]:.4g}" for n in names),
                "met" if row["met"] else "missed",
                f"{100 * row['infused_share']:.1f} %",
                f"{100 * row['unresolved_share']:.1f} %",
            ]
            for _, row in study.table.iterrows()
        ]
        print_table([factor.path, "target", *names, "", "infused", "still waiting"], rows)
        click.echo("\n".join(study.said))
        click.echo(f"Tables: {folder} (plan.csv)")
    draw(folder, wanted, asked)
    sys.exit(0 if study.value is not None else MISSED)
