"""Bounds of hazards where those who left were not like the others: a refit, and closed forms by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from sim.fits.bounds import bounds
from sim.fits.fit import fit
from sim.fits.hazards import WAITING, Model
from sim.fits.numbers import Row
from sim.records.reader import Reading, read_records
from sim.records.register import read_register
from sim.records.value import CLOCK_OF_END, Records
from tests.records.round_trip import BEGAN, DAYS, World, world
from tests.records.simulated import Extract, describe, register_of, simulated
from tests.records.test_likelihood import history

DEATH = ("clocks.waiting.death", "rate")


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Reading]:
    """A register of about 600 referrals, and its world."""
    w, extract = world(600), Extract(BEGAN, BEGAN + DAYS)
    path = describe(tmp_path_factory.mktemp("bounds"), register_of(simulated(w.truth, 7), extract), extract)
    return w, read_records(read_register(path))


def rows(w: World, reading: Reading, records: Records) -> Mapping[tuple[str, str], Row]:
    found = fit(replace(reading, records=records), w.truth.scenario, bootstrap=0)
    return {(row.path, row.parameter): row for number in found.numbers for row in number.rows}


@pytest.fixture(scope="module")
def fitted(register: tuple[World, Reading]) -> Mapping[tuple[str, str], Row]:
    """What is fitted to the register as it is."""
    w, reading = register
    return rows(w, reading, reading.records)


def test_the_upper_bound_is_the_fit_of_what_it_supposes(
    register: tuple[World, Reading], fitted: Mapping[tuple[str, str], Row]
) -> None:
    w, reading = register
    records, told = reading.records, fitted[DEATH]
    left = np.array([CLOCK_OF_END.get(str(outcome)) == "removal" for outcome in records.outcome])
    assert left.sum() > 20
    assert told.bound_low < told.low < told.estimate < told.high < told.bound_high
    dead = replace(records, outcome=np.where(left, "died", records.outcome).astype(object))
    assert rows(w, reading, dead)[DEATH].estimate == pytest.approx(told.bound_high, rel=0.05)


def test_withdrawal_itself_and_numbers_that_are_no_hazards_have_none(fitted: Mapping[tuple[str, str], Row]) -> None:
    for (path, _), row in fitted.items():
        bounded = path.startswith(("clocks.waiting", "clocks.after_apheresis")) and path.endswith(
            (".progression", ".death")
        )
        assert np.isfinite(row.bound_low) == np.isfinite(row.bound_high) == (bounded and row.parameter != "shape"), path


def test_one_who_left_by_hand() -> None:
    # left on day 40, 100 days before the extract, of a hazard of 0.01 a day: with 4 events, 1 more at once or expected
    h = history(end=40.0, cause=2)
    model = Model({(WAITING, "death"): lambda t: 0.01 * t}, np.ones(1))
    assert bounds(h, model, (WAITING, "death"), 4, np.array([140.0])) == pytest.approx((4 / 5, 5 / 4))
    nobody = bounds(history(end=40.0, cause=-1), model, (WAITING, "death"), 4, np.array([140.0]))
    assert np.isnan(nobody).all()
