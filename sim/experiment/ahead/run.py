"""The forecast of a register: everybody from where they are today, months ahead, with what is uncertain drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from sim.experiment.ahead.backtest import Asked as AskedBack
from sim.experiment.ahead.backtest import Scored, back_test, said_of, scores_table
from sim.experiment.ahead.months import Months, months_after
from sim.experiment.ahead.placing import FAULT, Placed, placed
from sim.experiment.ahead.simulate import Courses, Wanted, courses_of
from sim.experiment.ahead.tables import below_table, few, forecast_table, individual_table, today_table
from sim.experiment.asked import require_one_count
from sim.experiment.disk.folder import FolderError, write_text
from sim.experiment.disk.manifest import scenario_files
from sim.experiment.disk.publish import require_free
from sim.experiment.disk.table_files import write_table
from sim.experiment.options import FINISH_TODAY
from sim.experiment.own.observe import doubts, first_day, knows_register
from sim.experiment.own.tables import FAULTS, faults_table, write_results
from sim.experiment.study.not_modelled import NOT_MODELLED
from sim.fits.fit import require_names
from sim.outcomes.ahead import INFUSIONS, LIST, quantities_of
from sim.pieces.strategies import build_protocol
from sim.records.faults import RecordsError
from sim.records.reader import Reading, read_records
from sim.records.register import Described, read_register
from sim.records.value import date_of, day_number
from sim.scenario import Loaded, Scenario, load
from sim.scenario.files import shipped_file
from sim.scenario.in_progress import COLUMNS, INFUSED, UnderWay, digest_of, text_of
from sim.scenario.unused.happens import gives
from sim.tables import TABLES
from sim.tables.words import counted, spelt

# The name of the second scenario of a folder, the base that was fitted to what was known on earlier days.
BACK_TESTED = "{}, base of the back-test"


@dataclass(frozen=True)
class Asked:
    """How to forecast. `origins`: earlier days from which it is made as well and scored, 0 for none; `months`: ahead.

    `samples`: draws of what is uncertain, `replications` simulated futures for each.
    """

    months: int
    samples: int
    replications: int
    list_below: int | None
    overdue: str
    individual: bool
    origins: int
    base: str | None
    changes: Sequence[str]
    engine: str
    workers: int | None
    command: str
    replace: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Forecast:
    """A finished forecast: what was read, tables by name, sentences, what to warn of, and the file of patients."""

    reading: Reading
    tables: dict[str, pd.DataFrame]
    said: tuple[str, ...]
    warnings: tuple[str, ...]
    today: Path


@dataclass(frozen=True, eq=False)
class Study:
    """All that is known before anything is simulated; `runs`: how many simulated futures there will be."""

    loaded: Loaded
    described: Described
    reading: Reading
    placed: Placed
    months: Months
    base: Loaded | None
    first: float
    warnings: tuple[str, ...]
    runs: int


def names_of(asked: Asked) -> list[str]:
    """The tables that are written."""
    more = {"forecast_below": asked.list_below is not None, "forecast_individual": asked.individual,
            "forecast_scores": asked.origins > 0}  # fmt: skip
    return [FAULTS, "forecast", "forecast_today", *(name for name, there in more.items() if there)]


def files_of(asked: Asked) -> list[str]:
    """Their files."""
    return [TABLES[name].file for name in names_of(asked)]


def today_file(folder: Path) -> Path:
    """Where the file of patients in progress stands: beside the results, and not in them."""
    return folder.with_name(f"{folder.name}-today.csv")


def prepare_study(scenario: Path, register: Path, folder: Path, asked: Asked) -> Study:
    """Read, place and check. Raises ScenarioError, RecordsError, FolderError and OptionError."""
    require_one_count(asked.changes, None, reads_own=False)
    loaded, described = load(scenario, tuple(asked.changes)), read_register(register)
    ran = {"ahead": loaded, **({"base": loaded} if asked.origins else {})}
    require_free(folder, [*files_of(asked), *scenario_files(ran)], asked.replace)
    _require_own(today_file(folder), asked.replace)
    reading = read_records(described)
    records = reading.records
    require_names(records, loaded.scenario)
    if records.included_at == "infusion":
        raise RecordsError(f"{described.file}: is a register of the treated: patients still waiting are not in it")
    first = first_day(records, described.file)
    months = months_after(records.as_of, asked.months)
    found = placed(loaded, reading, months, asked.overdue)
    warnings = [*doubts(reading), *_warnings(reading, loaded), *found.notes]
    base = _base(loaded, scenario, reading, asked) if asked.origins else None
    runs = asked.samples * asked.replications * (1 + asked.origins)
    return Study(loaded, described, reading, found, months, base, first, tuple(warnings), runs)


def _require_own(file: Path, replace: Sequence[str]) -> None:
    """Nothing, or a FolderError where something else stands where the file of patients is to stand."""
    if not file.exists() or file.name in replace:
        return
    if not file.is_file() or not file.read_bytes().startswith(",".join(COLUMNS).encode() + b"\n"):
        raise FolderError(f"{file}: is no file of patients in progress; add --replace {file.name}, or another --out")


def _warnings(reading: Reading, loaded: Loaded) -> list[str]:
    found = []
    if reading.records.included_at != "referral":
        found.append(
            f"patients come into the register at {reading.records.included_at}: those referred and not in it yet "
            "are left out, so that the first weeks are forecast too low"
        )
    if not loaded.scenario.uncertainty:
        found.append("no input of the scenario is uncertain: the bands show chance alone, and are too narrow")
    if gives(loaded.scenario, "allogeneic"):
        found.append(
            "no register records the stock of doses: the forecast begins with the "
            f"{counted(loaded.scenario.allogeneic.stock.opening, 'dose')} of allogeneic.stock.opening and no lot in "
            "production; state the doses of that day"
        )
    if any(region.already_waiting is not None for region in loaded.scenario.regions.values()):
        found.append("the patients already waiting on day 0 of the scenario are left out: the register has them")
    return found


def _base(loaded: Loaded, path: Path, reading: Reading, asked: Asked) -> Loaded:
    """The scenario that knows nothing of this register, to be fitted to what was known on earlier days."""
    if asked.base is not None:
        path = shipped_file(asked.base) or Path(asked.base)
        loaded = load(path, tuple(asked.changes))
    while knows_register(loaded, reading):
        above = _extends(path)
        if above is None:
            raise RecordsError(
                f"{path}: was fitted to this register, so it knows what came after any earlier day; name the scenario "
                "it was fitted over: --base"
            )
        path = above
        loaded = load(path, tuple(asked.changes))
    return loaded


def _extends(path: Path) -> Path | None:
    """The one file that a scenario file extends."""
    from ruamel.yaml import YAML

    file = shipped_file(str(path)) or path
    above = YAML(typ="safe").load(file.read_text(encoding="utf-8")).get("extends")
    if not isinstance(above, str):
        return None
    return shipped_file(above) or file.parent / above


def forecast(study: Study, folder: Path, asked: Asked, done: Callable[[int], None]) -> Forecast:
    """Simulate, and write tables and the file of patients in progress; `done` hears of finished simulated futures."""
    records, months, moved = study.reading.records, study.months, study.placed.moved
    wanted = Wanted(months, records.included_at, asked.individual)
    found = courses_of(moved, wanted, asked.samples, asked.replications, asked.engine, asked.workers, done)
    scored = _scored(study, asked, done)
    tables = _tables(study, asked, found, scored)
    said = [
        *_said(study.placed.patients, tables, months, asked),
        *(said_of(tables["forecast_scores"], scored) if scored else []),
    ]
    text, today = text_of(study.placed.patients), today_file(folder)
    about: dict[str, Any] = {
        "replications": asked.samples * asked.replications,
        "seed": moved.scenario.run.seed,
        "asked": {
            "since": records.included_at, "months": asked.months, "samples": asked.samples,
                  "replications": asked.replications,
                  "list_below": asked.list_below, "individual": asked.individual, "origins": asked.origins,
                  "overdue": asked.overdue},
        "today": {"file": today.name, "sha256": digest_of(text)},
        "from": months.start.isoformat(),
        "said": said,
        "not_modelled": list(NOT_MODELLED),
        "warnings": list(study.warnings),
    }  # fmt: skip
    write_text(today, text)
    ran = {moved.scenario.name: moved}
    if study.base is not None:
        ran[BACK_TESTED.format(study.base.scenario.name)] = study.base
    write_results(folder, "forecast", study.reading, study.described, tables, asked.command, about, asked.replace, ran)
    return Forecast(study.reading, tables, tuple(said), study.warnings, today)


def _scored(study: Study, asked: Asked, done: Callable[[int], None]) -> list[Scored]:
    if study.base is None:
        return []
    back = AskedBack(
        asked.origins, asked.months, asked.samples, asked.replications, asked.engine, asked.workers,
        _late(asked.overdue),
    )  # fmt: skip
    return back_test(study.base, study.described.file.name, study.reading, study.first, back, done)


def _late(overdue: str) -> str:
    """What becomes of who was late on an earlier day."""
    return FINISH_TODAY if overdue == FAULT else overdue


def _tables(study: Study, asked: Asked, found: Courses, scored: Sequence[Scored]) -> dict[str, pd.DataFrame]:
    moved = study.placed.moved.scenario
    ahead = _ahead(moved, study.placed.patients, study.months, found, asked.list_below, asked.individual)
    scores = {"forecast_scores": scores_table(scored)} if scored else {}
    return {FAULTS: faults_table(study.reading.faults), **ahead, **scores}


def _ahead(
    moved: Scenario,
    patients: Sequence[UnderWay],
    months: Months,
    found: Courses,
    list_below: int | None,
    individual: bool,
) -> dict[str, pd.DataFrame]:
    """The tables of what lies ahead, and of where patients stand."""
    names = quantities_of(build_protocol(moved))
    tables = {"forecast": forecast_table(found, names, months), "forecast_today": today_table(patients)}
    if list_below is not None:
        tables["forecast_below"] = below_table(found.daily, list_below, months)
    if individual:
        tables["forecast_individual"] = individual_table(found, patients, months)
    return tables


def forecast_again(
    moved: Loaded, asked: Mapping[str, Any], again: Path, engine: str, workers: int | None, done: Callable[[int], None]
) -> None:
    """Leave in `again` the tables of what lies ahead, from the scenario that was run and what the manifest asks for.

    Scores and faults are of the register: `register_again`.
    """
    start, individual = moved.scenario.run.start, asked["individual"] is True
    months = months_after(day_number(start) - 1.0, int(asked["months"]))
    wanted = Wanted(months, str(asked["since"]), individual)
    samples, replications = int(asked["samples"]), int(asked["replications"])
    found = courses_of(moved, wanted, samples, replications, engine, workers, done)
    below = None if asked["list_below"] is None else int(asked["list_below"])
    today = moved.scenario.in_progress
    patients = () if today is None else today.file.patients
    for name, table in _ahead(moved.scenario, patients, months, found, below, individual).items():
        write_table(again, name, table)


def register_again(
    described: Described,
    bases: Sequence[Loaded],
    asked: Mapping[str, Any],
    again: Path,
    engine: str,
    workers: int | None,
    done: Callable[[int], None],
) -> None:
    """Leave in `again` the rows that are not used, and the scores of the forecast over its base, where it has one."""
    reading = read_records(described)
    write_table(again, FAULTS, faults_table(reading.faults))
    for base in bases:
        back = AskedBack(
            int(asked["origins"]), int(asked["months"]), int(asked["samples"]), int(asked["replications"]), engine,
            workers, _late(str(asked["overdue"])),
        )  # fmt: skip
        first = first_day(reading.records, described.file)
        scored = back_test(base, described.file.name, reading, first, back, done)
        write_table(again, "forecast_scores", scores_table(scored))


def _said(patients: Sequence[UnderWay], tables: dict[str, pd.DataFrame], months: Months, asked: Asked) -> list[str]:
    """What is forecast, in sentences, the first of them alone enough for a board."""
    waiting = sum(one.state != INFUSED for one in patients)
    whole = tables["forecast"]
    last = whole[(whole["group"] == "all") & (whole["month"] == months.count)].set_index("quantity")
    there = last.loc[LIST]
    end, day = spelt(months.last(months.count)), spelt(date_of(months.as_of))
    said = [
        f"On {day}, {few(waiting)} were waiting for infusion; on {end} about {there.p50:.0f} will be "
        f"(nine in ten simulated futures: {there.p5:.0f} to {there.p95:.0f})."
    ]
    mine = whole[(whole["group"] == "all") & (whole["quantity"] == INFUSIONS)]
    said.append(
        f"Infusions a month: {mine['mean'].mean():.1f} on average, {mine['p5'].min():.0f} to {mine['p95'].max():.0f} "
        "in single months (nine in ten futures)."
    )
    if asked.list_below is not None:
        its = tables["forecast_below"]
        share, when = float(its["probability"].iloc[0]), its.set_index("quantile")["date"]
        middle = when["p50"]
        half = f"; as likely as not by {spelt(date.fromisoformat(middle))}" if isinstance(middle, str) else ""
        said.append(
            f"Fewer than {counted(asked.list_below, 'patient')} waiting at some time within "
            f"{counted(months.count, 'month')}: in {100 * share:.0f} of 100 futures{half}."
        )
    return said
