"""Own records: a scenario fitted to a register of past patients, a register held against one, and what is to come."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from sim.experiment.ahead.placing import FAULT
from sim.experiment.ahead.run import Asked as AskedAhead
from sim.experiment.ahead.run import forecast as forecast_register
from sim.experiment.ahead.run import prepare_study
from sim.experiment.options import BOOTSTRAP, BOOTSTRAP_SEED, FORECAST_REPLICATIONS, FORECAST_SAMPLES, MONTHS, REGISTERS
from sim.experiment.own.fit import fit_register
from sim.experiment.own.observe import Asked
from sim.experiment.own.observe import observe as observe_register
from sim.scenario.files import shipped_file
from vein2vein.limits import checked
from vein2vein.progress import Heard, heard
from vein2vein.results import Fit, Forecast, Kept, Observed, place
from vein2vein.scenarios import Given, called, file_of, overrides


@checked
def fit(
    register: str | os.PathLike[str],
    *,
    base: str | os.PathLike[str] = "autologous",
    out: str | os.PathLike[str] | None = None,
    bootstrap: int = BOOTSTRAP,
    seed: int = BOOTSTRAP_SEED,
    folder: str | os.PathLike[str] | None = None,
) -> Fit:
    """Fit a scenario to a register of past patients: what the records can say, over a base.

    `register`: the YAML file that describes it (`records new` on the command line writes one). `base`: a shipped
    scenario by its name, or a file. `out`: where to write the scenario file; without it, `text` holds what it would be.
    `bootstrap`: samples of each test of fit, 0 for none; `seed`: of these. `folder`: keep the tables there.

    Returns a `Fit`: `scenario` (for `run` and `compare`), `text`, `numbers` and `faults` as frames. Raises RecordsError
    and ScenarioError with what is wrong, ValueError for a base that is a file without `out` (the scenario would name
    its base by a path from nowhere).
    """
    where = place(folder)
    if out is None and shipped_file(str(base)) is None:
        raise ValueError(f"base is the file {base}: give out=, where the scenario that extends it is to stand")
    beside = Kept()  # a file that nobody asked for stands among no results
    file = Path(out) if out is not None else beside.folder / "fitted.yaml"
    tables = where.folder if folder is not None else where.folder / "tables"
    command = called("fit", [register], {"base": base, "bootstrap": bootstrap, "seed": seed})
    found = fit_register(Path(register), str(base), file, tables, bootstrap, seed, command)
    text = file.read_text(encoding="utf-8")
    return Fit(tables, tuple(found.fitted.warnings), where.kept, scenario=found.scenario, text=text)


@checked
def observe(
    scenario: Given,
    register: str | os.PathLike[str],
    *,
    replications: int = REGISTERS,
    fit_until: date | None = None,
    engine: str = "auto",
    progress: Heard = False,
    folder: str | os.PathLike[str] | None = None,
) -> Observed:
    """Hold a register against the simulation of its own time: what agrees, and what is off.

    `scenario`: as in `run`; `register`: the YAML file that describes it. `replications`:
    registers to simulate. `fit_until`: fit the scenario to what was known at the end of this day, and score what came
    after. All else as in `run`.

    Returns an `Observed`: `verdict`, `scores` and `envelopes`. Raises RecordsError and ScenarioError.
    """
    where, beside = place(folder), Kept()
    command = called("observe", [scenario, register], {"replications": replications, "fit_until": fit_until})
    asked = Asked(replications, fit_until, engine, command)
    with heard(progress, replications) as done:
        found = observe_register(
            file_of(scenario, beside.folder / "scenario.yaml"), Path(register), where.folder, asked, done
        )
    return Observed(where.folder, tuple(found.warnings), where.kept, verdict=found.verdict)


@checked
def forecast(
    scenario: Given,
    register: str | os.PathLike[str],
    *,
    months: int = MONTHS,
    list_below: int | None = None,
    overdue: str | None = None,
    individual: bool = False,
    back_test: int | None = None,
    base: str | os.PathLike[str] | None = None,
    samples: int = FORECAST_SAMPLES,
    replications: int = FORECAST_REPLICATIONS,
    set: Mapping[str, object] | None = None,
    seed: int | None = None,
    workers: int | None = None,
    engine: str = "auto",
    progress: Heard = False,
    folder: str | os.PathLike[str] | None = None,
) -> Forecast:
    """Forecast a register from its last day on: who is on the way, aphereses, infusions and beds by month.

    `scenario`: as in `run`; `register`: the YAML file that describes it. `months`: how many.
    `list_below`: also when fewer than this number are on the way. `overdue`: what becomes of who has been in a
    stage for longer than it can last: `"finish-today"` or `"refit"`; refused unless given. `individual`: also the
    chances of each patient, by the row of the register, for planning and not for decisions on a patient's care.
    `back_test`: forecast from so many earlier days as well (5 or more) and score it; `base`: the scenario that is
    fitted there, what `scenario` extends unless given. `samples`: draws of what is uncertain, `replications`
    simulated futures for each. All else as in `run`. The file of patients in progress stands beside `folder`, as
    `NAME-today.csv`.

    Returns a `Forecast`: `months`, `below` and `scores` as frames. Raises RecordsError with every row that the scenario
    cannot hold, ScenarioError, FolderError, and ValueError for an option that cannot be.
    """
    if base is not None and back_test is None:
        raise ValueError("base: is for back_test alone")
    where, beside = place(folder), Kept()
    tables = where.folder if folder is not None else where.folder / "forecast"
    options = {"months": months, "list_below": list_below, "overdue": overdue, "individual": individual,
               "back_test": back_test, "base": base, "samples": samples, "replications": replications, "set": set,
               "seed": seed}  # fmt: skip
    asked = AskedAhead(
        months, samples, replications, list_below, overdue or FAULT, individual, back_test or 0,
        None if base is None else str(base), overrides(set, seed), engine, workers,
        called("forecast", [scenario, register], options),
    )  # fmt: skip
    study = prepare_study(file_of(scenario, beside.folder / "scenario.yaml"), Path(register), tables, asked)
    with heard(progress, study.runs) as done:
        found = forecast_register(study, tables, asked, done)
    return Forecast(tables, study.warnings, where.kept, said=found.said, today=found.today)
