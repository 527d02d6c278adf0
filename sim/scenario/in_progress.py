"""Patients in progress on the first day: each where they are, from a CSV file with a row a patient, in days.

A row says what is known of a patient by the first day, and nothing of who they are. The resolved scenario names the
file and its digest, and not its rows.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.scenario.kinds import Context, Plain, parse_number
from sim.scenario.problems import show, suggestion
from sim.scenario.section import Fault, Section
from sim.scenario.units import MOST_DAYS, comma_hint, write_number
from sim.tables.words import counted

# The last milestone that a patient has passed, in the order of the path; nothing but days lies between some of them.
STATES = (
    "referral", "listing", "slot", "apheresis", "collected", "received_at_factory", "manufacturing", "manufactured",
    "released", "product_received", "lymphodepletion", "infusion",
)  # fmt: skip
INFUSED = "infusion"
BEFORE_INFUSION = tuple(state for state in STATES if state != INFUSED)
COLLECTED = STATES[STATES.index("apheresis") :]
TESTS = ("sterility", "potency", "identity")
REQUIRED = ("row", "region", "state", "days")
COLUMNS = (
    "row", "region", "centre", "risk_group", "state", "days", "referral_days", "apheresis_days", "progressed_days",
    "booked_in_days", "attempt", "results_known", "queue_days",
)  # fmt: skip
MOST_ROW, MOST_ATTEMPT = 10_000_000, 100
SEAL = re.compile(r"(?P<name>.+?) sha256:(?P<digest>[0-9a-f]{64})")


@dataclass(frozen=True)
class UnderWay:
    """One patient on the first day. Days count back from then, but for `booked_in_days`.

    `row`: in the order of the register. `state`: the milestone last passed, and `days` since it. `referral_days`,
    `apheresis_days`, `progressed_days`: since referral, the first apheresis and progression; NaN where there was none.
    `booked_in_days`: until the day for which a slot is booked; NaN where it is not known. `attempt`: the number of the
    manufacture under way, or of the next one. `results_known`: release tests that have ended. `queue_days`: since the
    day by which the patient queues. `centre`, `risk_group`: "" where drawn.
    """

    row: int
    region: str
    state: str
    days: float
    referral_days: float
    centre: str = ""
    risk_group: str = ""
    apheresis_days: float = math.nan
    progressed_days: float = math.nan
    booked_in_days: float = math.nan
    attempt: int = 1
    results_known: tuple[str, ...] = ()
    queue_days: float = math.nan

    @property
    def is_collected(self) -> bool:
        """Whether their cells have been collected, or are being."""
        return self.state in COLLECTED


@dataclass(frozen=True)
class Today:
    """The patients in progress, and the file that they come from; equal where their rows are."""

    file: str = field(compare=False)
    digest: str
    patients: tuple[UnderWay, ...]


def sealed(patients: tuple[UnderWay, ...], file: str = "today.csv") -> Today:
    """Patients that stand in no file yet, under the digest of the file that they would be."""
    return Today(file, digest_of(text_of(patients)), patients)


def digest_of(text: str) -> str:
    """The SHA-256 of a file's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def text_of(patients: tuple[UnderWay, ...]) -> str:
    """The CSV file of these patients."""
    return "\n".join([",".join(COLUMNS), *(",".join(_cell(getattr(one, c)) for c in COLUMNS) for one in patients), ""])


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        return "+".join(value)
    if isinstance(value, float):
        return "" if math.isnan(value) else write_number(value)
    return str(value)


def row_of(cells: Mapping[str, str]) -> UnderWay:
    """The patient of one row of the file; a ValueError that says what is wrong with it."""
    row = _whole(cells, "row", 1, MOST_ROW)
    state = cells["state"]
    if state not in STATES:
        raise ValueError(
            f"row {row}: column 'state': found {show(state)}; allowed: {', '.join(STATES)}{suggestion(state, STATES)}"
        )
    days = _days(cells, "days", row)
    if math.isnan(days):
        raise ValueError(f"row {row}: column 'days': found nothing; allowed: the days since {state}")
    known = tuple(filter(None, re.split(r"[+; ]+", cells.get("results_known", ""))))
    known = TESTS if known == ("all",) else known
    if wrong := [name for name in known if name not in TESTS]:
        raise ValueError(
            f"row {row}: column 'results_known': found {show(wrong[0])}; allowed: {' + '.join(TESTS)}, or all"
        )
    found = UnderWay(
        row=row,
        region=cells["region"],
        state=state,
        days=days,
        referral_days=days if state == "referral" else _days(cells, "referral_days", row),
        centre=cells.get("centre", ""),
        risk_group=cells.get("risk_group", ""),
        apheresis_days=days if state == "apheresis" else _days(cells, "apheresis_days", row),
        progressed_days=_days(cells, "progressed_days", row),
        booked_in_days=_days(cells, "booked_in_days", row),
        attempt=_whole(cells, "attempt", 1, MOST_ATTEMPT) if cells.get("attempt") else 1,
        results_known=known,
        queue_days=_days(cells, "queue_days", row) if cells.get("queue_days") else days,
    )
    if wrong_row := next(_contradictions(found), ""):
        raise ValueError(f"row {row}: {wrong_row}")
    return found


def _contradictions(p: UnderWay) -> Iterator[str]:
    """What in a row cannot be."""
    if math.isnan(p.referral_days):
        yield "column 'referral_days': found nothing; allowed: the days since referral"
    if p.referral_days < p.days:
        yield f"referred {counted(f'{p.referral_days:g}', 'day')} ago, {p.state} for {p.days:g}; allowed: no longer"
    if p.is_collected and math.isnan(p.apheresis_days):
        yield f"column 'apheresis_days': found nothing; allowed: the days since apheresis, which comes before {p.state}"
    if p.is_collected and not p.days <= p.apheresis_days <= p.referral_days:
        allowed = f"{p.days:g} (days) to {p.referral_days:g} (referral)"
        yield f"column 'apheresis_days': found {p.apheresis_days:g}; allowed: {allowed}"
    if not p.is_collected and not math.isnan(p.apheresis_days):
        yield f"column 'apheresis_days': found {p.apheresis_days:g}; allowed: nothing before apheresis"
    if p.progressed_days > p.referral_days:
        yield f"column 'progressed_days': found {p.progressed_days:g}; allowed: at most {p.referral_days:g} (referral)"
    if not math.isnan(p.booked_in_days) and p.state != "slot":
        yield f"column 'booked_in_days': found {p.booked_in_days:g}; allowed: nothing in the state {p.state}"
    if p.results_known and p.state != "manufactured":
        yield f"column 'results_known': found {'+'.join(p.results_known)}; allowed: nothing in the state {p.state}"
    if p.attempt > 1 and not (p.is_collected):
        yield f"column 'attempt': found {p.attempt}; allowed: 1 before apheresis"


def _days(cells: Mapping[str, str], column: str, row: int) -> float:
    cell = cells.get(column, "")
    if not cell:
        return math.nan
    number = parse_number(cell)
    if number is None or not 0.0 <= number <= MOST_DAYS:
        raise ValueError(
            f"row {row}: column '{column}': found {show(cell)}; allowed: a number of days, without a unit"
            f"{comma_hint(cell)}"
        )
    return number


def _whole(cells: Mapping[str, str], column: str, low: int, high: int) -> int:
    cell = cells[column]
    if not re.fullmatch("[0-9]{1,9}", cell) or not low <= int(cell) <= high:
        raise ValueError(f"column '{column}': found {show(cell)}; allowed: a whole number from {low} to {high}")
    return int(cell)


def _read_today(value: Any, _: Context) -> Today:
    """The patients of a CSV file with a row a patient; the loader has put its rows in the place of its name."""
    if not isinstance(value, list) or len(value) < 2:
        raise ValueError(f"found {show(value)}; allowed: the name of a CSV file, such as today.csv")
    name, digest, *rows = value
    return Today(name, digest, tuple(row_of(dict(zip(COLUMNS, row, strict=True))) for row in rows))


TODAY_FILE = Plain(
    _read_today,
    lambda value: f"{value.file} sha256:{value.digest}",
    {"type": "string", "pattern": r"\.csv( sha256:[0-9a-f]{64})?$", "examples": ["today.csv"]},
    numeric=False,
)


class InProgress(Section):
    """Patients in progress on the first day: who is on the list, booked, in manufacture, or about to be infused."""

    bare = "file"

    file: Annotated[Today, TODAY_FILE] = Field(
        description="A CSV file with a row a patient: row, region, state (the milestone last passed), days since it, "
        "and as far as known centre, risk_group, referral_days, apheresis_days, progressed_days, booked_in_days, "
        "attempt, results_known, queue_days."
    )
    overdue: Literal["fault", "finish_today"] = Field(
        "fault",
        description="Who has been in a stage for longer than it can last: fault (each is listed), or finish_today (the "
        "stage ends on the first day).",
    )

    def checks(self) -> Iterator[Fault]:
        seen: set[int] = set()
        for one in self.file.patients:
            if one.row in seen:
                yield ("file",), f"row {one.row}: stands there twice; allowed: a number for each patient"
            seen.add(one.row)
