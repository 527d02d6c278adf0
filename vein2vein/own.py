"""Own records: a scenario fitted to a register of past patients, and a register held against a scenario."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from sim.experiment.own.fit import fit_register
from sim.experiment.own.observe import Asked
from sim.experiment.own.observe import observe as observe_register
from sim.scenario.files import shipped_file
from vein2vein.limits import ENGINES, require, require_within, require_word
from vein2vein.progress import Heard, heard
from vein2vein.results import Fit, Kept, Observed, place
from vein2vein.scenarios import called


def fit(
    register: str | os.PathLike[str],
    *,
    base: str | os.PathLike[str] = "autologous",
    out: str | os.PathLike[str] | None = None,
    bootstrap: int = 99,
    seed: int = 1,
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
    require_within("bootstrap", bootstrap, 0, 9_999)
    require(seed=(seed, 0))
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


def observe(
    scenario: str | os.PathLike[str],
    register: str | os.PathLike[str],
    *,
    replications: int = 260,
    fit_until: date | None = None,
    engine: str = "auto",
    progress: Heard = False,
    folder: str | os.PathLike[str] | None = None,
) -> Observed:
    """Hold a register against the simulation of its own time: what agrees, and what is off.

    `scenario`: a file, or a shipped one by its name; `register`: the YAML file that describes it. `replications`:
    registers to simulate. `fit_until`: fit the scenario to what was known at the end of this day, and score what came
    after. All else as in `run`.

    Returns an `Observed`: `verdict`, `scores` and `envelopes`. Raises RecordsError and ScenarioError.
    """
    require(replications=(replications, 2))
    require_word("engine", engine, ENGINES)
    where = place(folder)
    command = called("observe", [scenario, register], {"replications": replications, "fit_until": fit_until})
    asked = Asked(replications, fit_until, engine, command)
    with heard(progress, replications) as done:
        found = observe_register(Path(scenario), Path(register), where.folder, asked, done)
    return Observed(where.folder, tuple(found.warnings), where.kept, verdict=found.verdict)
