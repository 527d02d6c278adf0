"""Compare and run: scenarios replicated on the same patients, their results on the screen and in a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.shell.drawing import leave_if_not_all
from sim.shell.naming import by_name, changed_meaning, seed_notes
from sim.shell.results import show
from sim.shell.screen import BAD_INPUT, command_line, errors_in_words, loaded, progress, say, stop

if TYPE_CHECKING:
    from reports import Wanted
    from sim.experiment.precision import Precision
    from sim.scenario import Loaded


def study_command(
    files: Sequence[Path],
    verb: str,
    replications: int | None,
    precision: tuple[str, ...],
    min_replications: int | None,
    max_replications: int | None,
    seed: int | None,
    overrides: tuple[str, ...],
    engine: str,
    workers: int | None,
    out: Path | None,
    list_below: int | None,
    trace: bool,
    quiet: bool,
    as_json: bool,
    wanted: Wanted,
) -> None:
    """Run the scenarios, the baseline first, write their results and show them."""
    rule = _precision(precision, replications, min_replications, max_replications)
    if not quiet:
        say(f"Reading {', '.join(str(file) for file in files)}")
    changed = [*overrides, *([f"run.seed={seed}"] if seed is not None else [])]
    scenarios = by_name([loaded(file, changed) for file in files])
    if rule is not None:
        _require_possible(rule, scenarios)
    folder = out if out is not None else Path("results") / "-".join([verb, *(file.stem for file in files)])
    with errors_in_words():
        from sim.experiment.folder import new_results, require_usable
        from sim.experiment.study import Plan, load_warnings, run_study

        require_usable(folder)
        first = next(iter(scenarios.values())).scenario.run
        count = rule.most if rule is not None else replications or first.replications
        notes = seed_notes(scenarios)
        plan = Plan(scenarios, count, workers, command_line(), trace, engine, rule, list_below)
        if engine == "auto" and find_spec("numba") is None:
            say("numba is not installed: everything runs on the SimPy engine, with the same results but more slowly")
        for note in changed_meaning(scenarios):
            say(f"note: {note}")
        for warning in [*notes, *load_warnings(scenarios)]:
            say(f"warning: {warning}")
        if not quiet:
            many = f"{'at most ' if rule else ''}{count} replications"
            say(f"{len(scenarios)} scenario{'s' if len(scenarios) > 1 else ''}, {many}")
        with new_results(folder) as building:
            with progress(count, quiet) as done:
                study = run_study(plan, building, done)
            from reports import write_all
            from sim.experiment.folder import write_file

            if not quiet:
                say("Drawing charts and report")
            made = write_all(building, write_file, wanted)
    show(study, as_json)
    click.echo(f"Report: {folder / 'report.html'}", err=as_json)
    leave_if_not_all(made)


def _require_possible(rule: Precision, scenarios: Mapping[str, Loaded]) -> None:
    from sim.experiment.precision import require_possible

    try:
        require_possible(rule, {name: one.scenario for name, one in scenarios.items()})
    except ValueError as error:
        stop(f"--precision: {error}", BAD_INPUT)


def _precision(texts: Sequence[str], replications: int | None, least: int | None, most: int | None) -> Precision | None:
    if not texts:
        if least is not None or most is not None:
            raise click.UsageError("--min-replications and --max-replications belong to --precision")
        return None
    if replications is not None:
        raise click.UsageError("--replications and --precision exclude each other; see --max-replications")
    from sim.experiment.precision import parse_precisions

    try:
        return parse_precisions(texts, least, most)
    except ValueError as error:
        return stop(f"--precision: {error}", BAD_INPUT)
