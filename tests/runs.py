"""Running a scenario written in a test, from YAML text to patients and trace; or a path and patients made by hand."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from sim.engine.choice import COMPILED, SIMPY, engine
from sim.engine.simpy_engine import run
from sim.engine.trace import PATIENT, Trace
from sim.experiment.runs.replicate import resolved
from sim.outcomes.patients import OUTCOME_NAMES, Patients, table
from sim.outcomes.resource_use import ResourceUse, resource_use
from sim.pieces.breakdowns import as_drawn
from sim.pieces.clocks import Clock, ClockBook, ClockSet
from sim.pieces.cohort import Cohort, draw_cohort, first_leave
from sim.pieces.luck import LISTED, SOURCES, Block, Luck
from sim.pieces.protocol import Protocol, Resource
from sim.pieces.steps import Path as Steps
from sim.pieces.strategies import build_protocol
from sim.pure.survival import HazardTable
from sim.scenario import Loaded, Scenario, load
from sim.scenario.files import LIBRARY, OF_THE_MAIN_JOB, SHIPPED, shipped_names
from sim.scenario.shipped import validation_files

# What is shipped, by the lists that the program has: users keep files of their own beside it, which no test takes.
FILES = sorted(shipped_names().values())
CASES = [file.resolve() for file in validation_files()]
PARTS = sorted(file for place in (SHIPPED, SHIPPED / "validation") for file in (place / "parts").glob("*.yaml"))
HAS_NUMBA = find_spec("numba") is not None
# For what is about results, not about an engine.
QUICKEST = COMPILED if HAS_NUMBA else SIMPY
if HAS_NUMBA:
    from tests.engines.both import difference

# What a small timeline does not speak of: nothing, or without limit.
NOTHING_ELSE = """
name: Small timeline
strategy: {strategy}
run: {{start: 2026-01-01, warm_up: 0 d, window: 400 d, follow_up: 400 d, replications: 1, seed: 7}}
regions:
  here: {{centre: here, referral_days: [{days}]}}
centres:
  here: {{{centre}}}
"""


@cache
def shipped(file: Path, *overrides: str) -> Loaded:
    """A shipped scenario, read once in this process: many tests look at each, and none can change it."""
    return load(file, overrides)


def copy_shipped(place: Path) -> None:
    """The scenarios as they are shipped, in a new folder."""
    ours = {*OF_THE_MAIN_JOB, LIBRARY, "parts", "validation"}
    shutil.copytree(SHIPPED, place, ignore=lambda at, names: {*names} - ours if Path(at) == SHIPPED else ())


@dataclass(frozen=True)
class Ran:
    """One replication of a scenario."""

    scenario: Scenario
    protocol: Protocol
    patients: Patients
    trace: Trace

    def days(self, milestone: str) -> list[float | None]:
        """The day of a milestone, patient by patient; None where it did not happen."""
        return [None if np.isnan(day) else float(day) for day in self.patients.day(milestone)]

    def rows(self, column: str) -> list[object]:
        """A column of the patient table: one row a patient, and one for each later course that he began."""
        names: dict[str, Sequence[str]] = {
            "region": list(self.scenario.regions),
            "source": SOURCES,
            "centre": list(self.scenario.centres),
            "risk_group": list(self.scenario.patients.risk_groups),
        }
        never = np.full(len(self.patients.outcome), np.nan)
        found = table(self.patients, "here", names, self.protocol.product, never, self.trace.stop_day, {})[column]
        return list(np.asarray(found).tolist())

    @property
    def outcomes(self) -> list[str]:
        """The outcome of each patient."""
        return [OUTCOME_NAMES[outcome] for outcome in self.patients.outcome]

    def resource(self, name: str, centre: str = "") -> ResourceUse:
        """How a resource was used over the measuring window."""
        window = (self.scenario.run.warm_up, self.scenario.run.warm_up + self.scenario.run.window)
        uses = resource_use(self.protocol, self.patients, self.trace, window)[0]
        return next(use for use in uses if use.resource == name and use.centre in (centre, centre or use.centre))


def load_text(text: str, *overrides: str) -> Loaded:
    """A scenario from text, as if it stood in a file of its own."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "scenario.yaml"
        file.write_text(text, encoding="utf-8")
        return load(file, overrides)


def run_scenario(scenario: Scenario, replication: int = 0, traced: bool = False, quick: bool = False) -> Ran:
    """One replication on the reference engine; where the other one is there, it must have come to the same.

    `quick`: on the quickest engine alone.
    """
    scenario = as_drawn(scenario, replication)
    protocol = build_protocol(scenario)
    cohort, luck = draw_cohort(scenario, protocol.clocks, [replication])
    given = (protocol, cohort, luck, scenario.runs_until, scenario.run.follow_up)
    trace = engine(QUICKEST)(*given, traced) if quick else run(*given, traced=traced)
    if HAS_NUMBA and not quick:
        assert difference(trace, engine(COMPILED)(*given, traced)) == []
    return Ran(scenario, protocol, resolved(scenario, protocol, cohort, trace), trace)


def small(rest: str, days: str, strategy: str = "autologous", centre: str = "", *overrides: str) -> Ran:
    """A small timeline: patients referred on the given days, and whatever else `rest` says."""
    text = NOTHING_ELSE.format(strategy=strategy, days=days, centre=centre)
    if "patients:" not in rest:
        rest += "\npatients: {risk_groups: {everybody: {share: 1}}}\n"
    if "clocks:" not in rest:
        rest += "\nclocks: {waiting: {progression: never}}\n"
    if strategy != "allogeneic" and "apheresis:" not in rest:
        rest += "\napheresis: {duration: 0 d}\n"
    if strategy != "allogeneic" and "manufacturing:" not in rest:
        rest += "\nmanufacturing: {duration: 0 d}\n"
    return run_scenario(load_text(text + rest, *overrides).scenario)


# -- by hand: a path of steps, and patients of whom it is known on which day what happens ----------------------------

DAY_BY_DAY = HazardTable(np.array([0.0]), np.array([0.0]), np.array([1.0]))


def waiting_clocks(ends_eligibility: float = 0.0) -> ClockBook:
    """Clocks of one unit of hazard a day, so that an event falls when a patient has waited as long as his threshold."""
    clocks = ClockSet((DAY_BY_DAY, DAY_BY_DAY, DAY_BY_DAY), ends_eligibility)
    return ClockBook({"waiting": clocks}, first="waiting", after_progression=(1.0, 1.0, 1.0))


def by_hand(path: Steps, *resources: Resource, **more: object) -> Protocol:
    """A protocol of these steps for one centre and without policies, unless `more` says otherwise."""
    told = {"product": "any", "clocks": waiting_clocks(), "centres": ("here",), **more}
    return Protocol(path=path, resources=resources, **told)  # type: ignore[arg-type]


def people(
    referred: Sequence[float],
    courses: int = 1,
    dies: Mapping[int, float] | None = None,
    progresses: Mapping[int, float] | None = None,
    book: ClockBook | None = None,
    **more: object,
) -> tuple[Cohort, Luck]:
    """Patients referred on these days; `dies`, `progresses`: after so many days since referral, by number.

    In their second course patient i has the number `len(referred)` + i. `more`: further columns of the cohort.
    """
    first, count = len(referred), len(referred) * courses
    blocks = tuple(Block("here", LISTED, first * k, first, course=k + 1) for k in range(courses))
    referral = np.array([*referred, *[np.inf] * (count - first)], dtype=float)
    thresholds = np.full((3, count), np.inf)
    for clock, days in ((Clock.DEATH, dies), (Clock.PROGRESSION, progresses)):
        for patient, day in (days or {}).items():
            thresholds[clock, patient] = day
    multipliers, eligibility, nobody = np.ones((3, count)), np.zeros(count), np.full(count - first, np.inf)
    leave, clock_of, progression = first_leave(
        book or waiting_clocks(),
        referral[:first],
        thresholds[:, :first],
        multipliers[:, :first],
        eligibility[:first],
    )
    columns = {
        "region": np.zeros(count, np.int64),
        "source": np.full(count, LISTED),
        "number": np.tile(np.arange(first), courses),
        "centre": np.zeros(count, np.int64),
        "group": np.zeros(count, np.int64),
        "measured": np.arange(count) < first,
        "anew_threshold": np.full(count, np.inf),
        "anew_eligibility": np.zeros(count),
        **more,
    }
    luck = Luck(7, np.zeros(1, dtype=np.int64), blocks)
    cohort = Cohort(
        luck=luck,
        replication=np.zeros(count, np.int64),
        referral_day=referral,
        thresholds=thresholds,
        group_multipliers=multipliers,
        eligibility=eligibility,
        leave_day=np.concatenate([leave, nobody]),
        leave_clock=np.concatenate([clock_of, np.full(len(nobody), -1)]),
        progression_day=np.concatenate([progression, nobody]),
        courses=courses,
        **columns,  # type: ignore[arg-type]
    )
    return cohort, luck


@dataclass(frozen=True)
class Walked:
    """What an engine made of a path by hand."""

    protocol: Protocol
    trace: Trace

    def days(self, milestone: str) -> list[float | None]:
        """The day of a milestone, entity by entity; None where it did not happen."""
        notes = self.trace.notes[:, self.trace.milestones.index(milestone)].tolist()
        return [day if day <= self.trace.stop_day else None for day in notes]

    def uses(self, resource: str, kind: int = PATIENT) -> list[tuple[float | None, ...]]:
        """(entity, asked, began, ended) of each request for a resource by patients (or lots)."""
        uses = self.trace.uses
        place = [r.name for r in self.protocol.resources].index(resource)
        rows = np.flatnonzero((uses.resource == place) & (uses.kind == kind))
        columns = (uses.entity, uses.asked, uses.began, uses.ended)
        return [tuple(None if np.isnan(c[row]) else float(c[row]) for c in columns) for row in rows]

    def stages(self, name: str) -> list[tuple[float, ...]]:
        """(entity, asked, began, ended) of each pass of a stage."""
        stages = self.trace.stages
        assert stages is not None
        rows = np.flatnonzero(stages.stage == stages.names.index(name))
        columns = (stages.entity, stages.asked, stages.began, stages.ended)
        return [tuple(float(c[row]) for c in columns) for row in rows]

    @property
    def ends(self) -> list[tuple[str, str, float] | None]:
        """(outcome, reason, day) with which each path ended by itself."""
        t = self.trace
        ended = zip(t.ended_outcome.tolist(), t.ended_day.tolist(), strict=True)
        return [None if outcome < 0 else (t.outcomes[outcome], t.reasons[outcome], day) for outcome, day in ended]


def walk(protocol: Protocol, who: tuple[Cohort, Luck], with_engine: str, follow_up: float = 400.0) -> Walked:
    """A path by hand on an engine, to day 400 at least."""
    return Walked(protocol, engine(with_engine)(protocol, *who, 400.0, follow_up, True))
