"""What lies between two milestones and is no input: it is told beside what the base takes there if nobody waits."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from run_sim import cli

PATIENTS = 60
DESCRIBED = """\
file: register.csv
as_of: 2025-12-31
included_at: referral
milestones:
  referral: {column: referred, dates: ["%Y-%m-%d"]}
  listing: {column: listed, dates: ["%Y-%m-%d"]}
  apheresis: {column: collected, dates: ["%Y-%m-%d"]}
  released: {column: released, dates: ["%Y-%m-%d"]}
  infusion: {column: infused, dates: ["%Y-%m-%d"]}
"""


def fitted(folder: Path, turnaround: int, release: int = 0, base: str = "autologous") -> tuple[pd.DataFrame, str]:
    """(the table of fits, what was said) of a register in which `turnaround` days lie between apheresis and release,
    `release` and up to two more of them after manufacture where that is recorded."""
    days = np.random.default_rng(3).integers(7, 22, PATIENTS)
    with (folder / "register.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["referred", "listed", "collected", "made", "released", "infused"])
        for k, work_up in enumerate(days):
            referred = date(2025, 1, 1) + timedelta(days=3 * k)
            listed = referred + timedelta(days=int(work_up))
            collected = listed + timedelta(days=12)
            released = collected + timedelta(days=turnaround)
            made = released - timedelta(days=release + k % 3)
            rows.writerow([referred, listed, collected, made, released, released + timedelta(days=9 + k % 3)])
    more = '  manufactured: {column: made, dates: ["%Y-%m-%d"]}\n' if release else ""
    (folder / "register.yaml").write_text(DESCRIBED + more, encoding="utf-8")
    words = ["fit", folder / "register.yaml", "--base", base, "--out", folder / "ours.yaml", "--bootstrap", "0"]
    done = CliRunner().invoke(cli, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    fits = pd.read_csv(folder / "ours" / "fits.csv", keep_default_na=False, na_values=[""])
    return fits, " ".join(done.output.split())


def test_a_base_that_is_too_slow_even_without_a_queue_is_warned_of(tmp_path: Path) -> None:
    fits, said = fitted(tmp_path, turnaround=20)
    checks = fits[fits["status"] == "check"].set_index("path")
    row = checks.loc["apheresis to released"]
    # everybody counts, although the register does not say who was manufactured again
    assert (row["estimate"], row["n"], row["events"]) == (20.0, PATIENTS, PATIENTS)
    # 1 d of apheresis, 1.2 d to the factory, a median of 10 d of culture and the rest of release testing
    assert 30.0 < row["base"] < 45.0
    assert f"apheresis to released: a median of 20 d in the register, and {row['base']:.0f} d in the base" in said
    stays = fits[(fits["status"] == "base") & fits["note"].str.startswith("apheresis to released: a wait for")]
    assert {"manufacturing.duration", "release_testing.review", "shipping.to_factory"} <= set(stays["path"])


@pytest.mark.parametrize("turnaround", [40, 60])
def test_a_wait_that_a_queue_may_explain_is_no_fault_of_the_base(tmp_path: Path, turnaround: int) -> None:
    fits, said = fitted(tmp_path, turnaround)
    (estimate,) = fits.loc[fits["path"] == "apheresis to released", "estimate"]
    assert estimate == turnaround
    assert "even if nobody waits: its durations" not in said


@pytest.mark.parametrize(("release", "warned"), [(9, True), (20, False)])
def test_a_stage_that_was_shorter_than_what_the_base_has_beside_it_is_warned_of(
    tmp_path: Path, release: int, warned: bool
) -> None:
    _, said = fitted(tmp_path, turnaround=40, release=release)
    # sterility takes 14 d in the base, beside the review that is fitted
    told = "manufactured to released: 100% took less than the 14 d that release_testing.sterility"
    assert (told in said) == warned


@pytest.mark.parametrize(("turnaround", "warned"), [(20, True), (60, False)])
def test_a_stage_that_cannot_be_fitted_counts_in_what_the_base_takes(
    tmp_path: Path, turnaround: int, warned: bool
) -> None:
    base = tmp_path / "base.yaml"
    base.write_text(
        "extends: autologous\nname: No queue\nmanufacturing: {slots: null, lines: null, line_held: null}\n",
        encoding="utf-8",
    )
    fits, said = fitted(tmp_path, turnaround, base=str(base))
    row = fits[fits["status"] == "check"].set_index("path").loc["apheresis to released"]
    assert row["note"].startswith("may be repeated in between")
    # as where it is a wait for a line: the review, which would be fitted, is part of it
    assert 30.0 < row["base"] < 45.0
    told = f"apheresis to released: a median of {turnaround} d in the register, and {row['base']:.0f} d in the base"
    assert (told in said) == warned
