"""What the README says of the shipped network is what comes out of it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from sim.engine.choice import COMPILED, SIMPY
from sim.experiment.runs.replicate import Arm, Keep, replicate
from sim.experiment.study.not_modelled import NOT_MODELLED
from sim.outcomes.metrics import INFUSED_AND_FREE, METRIC_NAMES
from sim.scenario import load
from tests.runs import HAS_NUMBA, SHIPPED

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
VALIDATION = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
COLUMNS = (
    "waiting_days_mean",
    "progressed_before_infusion_share",
    INFUSED_AND_FREE[12],
    "alive_at_24_months_share",
)
REPLICATIONS = 20


def table() -> dict[str, list[float]]:
    """The figures of the README by scenario file: days, then percentages."""
    rows = re.findall(r"^\| .*\(`([\w/]+)`\) \| (\d+) \| (\d+)% \| (\d+)% \| (\d+)% \|$", README, re.M)
    return {name: [float(figure) for figure in figures] for name, *figures in rows}


def test_the_table_of_ways_to_organise_is_what_comes_out() -> None:
    told = table()
    assert list(told) == ["library/slot_starved", "autologous", "library/unconstrained", "allogeneic"]
    arms = [Arm(name, load(SHIPPED / f"{name}.yaml").scenario) for name in told]
    engine = COMPILED if HAS_NUMBA else SIMPY
    runs = replicate(arms, range(REPLICATIONS), 1, Keep(patients=False), lambda _: None, engine)
    values = np.array([[run.metrics for run in replication.runs] for replication in runs])
    places = [METRIC_NAMES.index(name) for name in COLUMNS]
    mean, spread = values.mean(axis=0)[:, places], values.std(axis=0, ddof=1)[:, places]
    scale = np.array([1.0, 100.0, 100.0, 100.0])
    # three standard errors of these few replications, and half of the last digit
    allowed = 3.0 * spread * scale / np.sqrt(REPLICATIONS) + 0.5
    assert (np.abs(mean * scale - np.array(list(told.values()))) <= allowed).all()


def test_the_counts_of_validation_are_those_of_its_page() -> None:
    counted = re.search(
        r"held out: (\d+) of (\d+) met; published figures calibrated to: (\d+) of (\d+) met; "
        r"closed forms and cases by hand: (\d+) of (\d+) met",
        VALIDATION,
    )
    assert counted is not None
    said = " ".join(README.split())
    out, of_out, to, of_to, exact, of_exact = counted.groups()
    assert f"{out} of {of_out} published figures held out are met" in said
    assert f"{to} of {of_to} that a value was calibrated to, {exact} of {of_exact} closed forms" in said


@pytest.mark.parametrize(("quantity", "scale"), [("median wait of the served days", 1.0), ("progressed share", 100.0)])
def test_the_two_misses_on_the_question_asked_are_told_as_they_are(quantity: str, scale: float) -> None:
    """In the README and in the report: what was published, and what comes out."""
    row = rf"\| {quantity} \| ([\d.]+) \(.*?\) \| ([\d.]+) \(.*\*\*missed, as stated\*\*"
    rows = re.findall(row, VALIDATION)
    ((published, simulated), *_) = rows
    for text in (" ".join(README.split()), " ".join(NOT_MODELLED)):
        for figure in (published, simulated):
            assert re.search(rf"\b{float(figure) * scale:.0f}\b", text)
