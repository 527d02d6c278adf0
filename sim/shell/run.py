"""The commands `run` and `compare`: scenarios replicated on the same patients, on the screen and in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.experiment.asked import require_one_count
from sim.shell.options import PATH, Asked, limited, picture_options, run_options, together
from sim.shell.screen import BAD_INPUT, command_line, errors_in_words, say, stop, tell, warn
from vein2vein.progress import progress

if TYPE_CHECKING:
    from reports import Wanted
    from sim.experiment.runs.precision import Precision


@dataclass(frozen=True)
class Study:
    """What is asked of a study alone: how precise it is to be, and what else it tells."""

    precision: tuple[str, ...]
    min_replications: int | None
    max_replications: int | None
    list_below: int | None
    inputs: bool
    trace: bool
    event_log: bool

    def rule(self, replications: int | None) -> Precision | None:
        """When it is precise enough, None where a number of replications decides."""
        if not self.precision:
            if self.min_replications is not None or self.max_replications is not None:
                raise click.UsageError("--min-replications and --max-replications belong to --precision")
            return None
        if replications is not None:
            raise click.UsageError("--replications and --precision exclude each other; see --max-replications")
        from sim.experiment.runs.precision import parse_precisions

        try:
            return parse_precisions(self.precision, self.min_replications, self.max_replications)
        except ValueError as error:
            return stop(f"--precision: {error}", BAD_INPUT)


study_options = together(
    "study",
    Study,
    click.option(
        "--precision",
        multiple=True,
        metavar="METRIC=HALFWIDTH",
        help="Replicate until the 95% interval is so narrow, e.g. progressed_before_infusion_share=0.01.",
    ),
    click.option(
        "--min-replications", **limited("run", "min_replications"), help="With --precision: at least this many (20)."
    ),
    click.option(
        "--max-replications", **limited("run", "max_replications"), help="With --precision: at most this many (1000)."
    ),
    click.option(
        "--list-below",
        **limited("run", "list_below"),
        help="Also say from which date on fewer patients than this are waiting.",
    ),
    click.option("--inputs", is_flag=True, help="Also print every input in which the scenarios differ."),
    click.option("--trace", is_flag=True, help="Also write every event to events.parquet."),
    click.option(
        "--event-log",
        is_flag=True,
        help="Also write the events of all patients of replication 0, by scenario, as event_log/1.csv and 1.xes.",
    ),
)


@click.command("compare")
@click.argument("files", nargs=-1, required=True, type=PATH)
@run_options()
@study_options
@click.option(
    "--robustness/--no-robustness",
    default=True,
    help="Try every assumption at a lower and a higher value, to tell what the finding rests on.",
)
@picture_options
def compare_command(files: tuple[Path, ...], asked: Asked, study: Study, robustness: bool, wanted: Wanted) -> None:
    """Compare scenarios on the same patients; the first file is the baseline."""
    if len(files) < 2:
        raise click.UsageError("compare takes two scenario files or more; to run one alone, use `run`")
    _study(files, "compare", asked, study, wanted, robustness)


@click.command("run")
@click.argument("file", type=PATH)
@run_options()
@study_options
@picture_options
def run_command(file: Path, asked: Asked, study: Study, wanted: Wanted) -> None:
    """Run one scenario."""
    _study((file,), "run", asked, study, wanted, robustness=False)


def _study(files: Sequence[Path], verb: str, asked: Asked, study: Study, wanted: Wanted, robustness: bool) -> None:
    rule = study.rule(asked.replications)
    with errors_in_words():
        require_one_count(asked.overrides, None, reads_own=rule is None)
    if not asked.quiet:
        say(f"Reading {', '.join(str(file) for file in files)}")
    with errors_in_words():
        from sim.scenario.each import load_each
        from sim.scenario.naming import by_name, changed_meaning, seed_notes

        found_each, left_out = load_each(files, asked.changes)
    tell(left_out)
    scenarios = by_name(found_each)
    folder = asked.folder(verb, *(file.stem for file in files))
    with errors_in_words():
        from reports.words import counted
        from sim.engine.choice import engine_note
        from sim.experiment.study.economics_tables import money_warnings
        from sim.experiment.study.run import load_warnings, run_study, study_files
        from sim.shell.report import draw_results
        from sim.shell.results import show
        from vein2vein.drawing import require_room
        from vein2vein.studies import planned

        try:
            plan = planned(
                scenarios, asked.replications, rule, command_line(), study.list_below, study.trace, study.event_log,
                asked.workers, asked.engine, robustness,
            )  # fmt: skip
        except ValueError as error:
            stop(f"--precision: {error}", BAD_INPUT)
        count = plan.replications
        require_room(folder, study_files(plan), wanted, asked.replace)
        told = engine_note(asked.engine)
        if told is not None:
            say(told)
        tell(changed_meaning(scenarios))
        warn([*seed_notes(scenarios), *load_warnings(scenarios), *money_warnings(scenarios)])
        if not asked.quiet:
            most = "at most " if rule else ""
            say(f"{counted(len(scenarios), 'scenario')}, {most}{counted(count, 'replication')}")
        with progress(count, asked.quiet) as done:
            found = run_study(plan, folder, done, asked.replace)
    if not asked.quiet:
        say("Drawing charts and report")
    drawing = draw_results(folder, wanted, asked.replace, found.written)
    show(found, asked.as_json, study.inputs)
    drawing.tell(quiet=False, to_stderr=asked.as_json)
