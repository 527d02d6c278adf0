"""The cells of a register, one row a patient, and every reason for which a row may not be used.

A doubtful row is not used at all, whatever is doubtful in it; it is listed with the reason. What is merely not
recorded (an empty cell) is no fault.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.records.cells import Raw
from sim.records.dates import AMBIGUOUS, FIRST_DAY, UNREADABLE, emptied, read_dates
from sim.records.faults import WHOLE_ROW, RecordsError, RowFault
from sim.records.register import BOOKED, BRIDGING, PROGRESSION, PROGRESSION_FREE, DateColumn, Register
from sim.records.small import told
from sim.records.value import ATTEMPTS, CATEGORIES, ENDS, MILESTONES, UNORDERED, Records, Referred, day_number
from sim.scenario.kinds import parse_number
from sim.scenario.units import DAYS_PER_UNIT, UNIT_OF_SPELLING

LONGEST_STAY = 3650.0
BROKEN = "has not as many cells as the row of names"
_YES = {
    "yes": 1.0,
    "no": 0.0,
    "true": 1.0,
    "false": 0.0,
    "1": 1.0,
    "0": 0.0,
    "y": 1.0,
    "n": 0.0,
    "ja": 1.0,
    "nein": 0.0,
    "oui": 1.0,
    "non": 0.0,
    "sí": 1.0,
    "si": 1.0,
}


@dataclass
class Table:
    """Cells by what they are, one row a patient, and the faults found so far."""

    register: Register
    row: IntArray
    dates: dict[str, FloatArray]
    cells: dict[str, NDArray[np.object_]]
    columns: dict[str, str]
    bad: BoolArray
    faults: list[RowFault]
    notes: list[str]
    has: frozenset[str]
    again: BoolArray

    @classmethod
    def of_patients(cls, r: Register, raw: Raw) -> Table:
        """One row a patient, as it stands in the file."""
        nobody = np.zeros(len(raw.row), bool)
        found = cls(r, raw.row, {}, {}, {}, nobody, [], list(raw.notes), frozenset(), nobody.copy())
        found.faults += [RowFault(n, WHOLE_ROW, "broken", BROKEN) for n in raw.broken]
        for name, column in r.date_columns:
            found.read_date(name, column, raw.dates(column.column))
        for name, other in r.other_columns.items():
            found.columns[name] = other.column
            found.cells[name] = raw.columns[other.column].str.strip().to_numpy(dtype=object)
        if r.id:
            found.refuse_duplicates(raw.columns[r.id].str.strip())
        else:
            found.notes.append("no column tells patients apart (id): a patient who stands there twice counts twice")
        found.has = frozenset(found.dates) | frozenset(found.cells)
        return found

    def read_date(self, name: str, column: DateColumn, cells: pd.Series[str]) -> None:
        """Read one column of dates."""
        read = read_dates(emptied(cells, self.register.empty), column.dates or self.register.dates)
        self.dates[name], self.columns[name] = read.days, column.column
        self.fault(read.fault == AMBIGUOUS, name, AMBIGUOUS, "a date that the stated formats read as different days")
        self.fault(read.fault == UNREADABLE, name, UNREADABLE, "no date in a stated format")

    def fault(self, rows: BoolArray, name: str, kind: str, reason: str) -> None:
        """Note a fault of these rows."""
        column = self.columns.get(name, WHOLE_ROW)
        self.faults += [RowFault(int(n), column, kind, reason) for n in self.row[rows]]
        self.bad |= rows

    def refuse_duplicates(self, ids: pd.Series[str]) -> None:
        """Of patients who stand there more than once none is used: nobody knows which row holds."""
        alike = ids.str.casefold()  # a slip of the shift key makes nobody another
        twice = (alike.duplicated(keep=False) & (ids != "")).to_numpy()
        self.columns["id"] = self.register.id
        self.again = (alike.duplicated() & (ids != "")).to_numpy()
        self.fault(twice, "id", "duplicate", "the same patient stands in another row, too")
        self.fault((ids == "").to_numpy(), "id", "no id", "nothing tells this patient apart from others")

    def day(self, name: str) -> FloatArray:
        return self.dates.get(name, np.full(len(self.row), np.nan))

    def text(self, name: str) -> NDArray[np.object_]:
        return self.cells.get(name, np.full(len(self.row), "", dtype=object))

    def read(self, file: str) -> tuple[Records, Referred]:
        """Everything checked: the rows without a fault as records, and who was referred when and where."""
        r = self.register
        as_of = float(day_number(r.as_of))
        if not len(self.row):
            raise RecordsError(f"{file}: holds no rows")
        self.discharge_by_stay()
        for name, days in self.dates.items():
            if name != BOOKED:
                self.fault(days > as_of, name, "after as_of", f"a day after the extract, {r.as_of}")
            self.fault(days < FIRST_DAY, name, "implausible", "a day before 1990")
        referral = self.day("referral")
        if np.isnan(referral).all():
            raise RecordsError(f"{file}: no row has a day of referral that can be read; see `dates` and the column")
        self.fault(np.isnan(referral) & ~self.bad, "referral", "no referral", "has no day of referral")
        self.in_order()
        outcome, end = self.ends()
        self.inclusion()
        categories = {name: self.category(name) for name in CATEGORIES}
        attempts = {name: self.whole(f"attempts.{name}") for name in ATTEMPTS}
        responded = self.answers()
        known = ~np.isnan(referral) & ~self.again & (referral <= as_of)
        referred = Referred(referral[known], categories["region"][known], categories["centre"][known])
        inclusion = self.day(r.included_at)
        since = -np.inf if r.since is None else float(day_number(r.since))
        whole = Records(
            row=self.row,
            as_of=as_of,
            since=since,
            included_at=r.included_at,
            milestones={name: self.day(name) for name in MILESTONES if name in self.dates},
            entered=np.fmax(inclusion, since),
            end_day=end,
            outcome=outcome,
            followed=self.followed(as_of),
            progression_day=self.day(PROGRESSION),
            progression_free_day=self.day(PROGRESSION_FREE),
            bridging_day=self.day(BRIDGING),
            booked_for=self.day(BOOKED),
            responded=responded,
            categories=categories,
            attempts=attempts,
            has=self.has,
        )
        records = whole.of(~self.bad)
        gone = (records.last_day < records.entered) & (records.included_at != "infusion")
        if gone.any():  # they cannot be in a register that began after they had left
            self.bad[:] = False
            doubtful = np.isin(self.row, records.row[gone])
            self.fault(doubtful, "", "before since", "resolved before the register began or the patient came into it")
            records = records.of(~gone)
        return records, referred

    def in_order(self) -> None:
        """Milestones come in the order of the path; none comes after an end before infusion."""
        before, last = np.full(len(self.row), -np.inf), ""
        for name in (m for m in MILESTONES if m in self.dates and m not in UNORDERED):
            days = self.dates[name]
            self.fault(days < before, name, "order", f"before an earlier milestone ({last} or one before it)")
            before, last = np.fmax(before, days), name
        for name in (*UNORDERED, BRIDGING, PROGRESSION, BOOKED):
            self.fault(self.day(name) < self.day("referral"), name, "order", "before referral")
        self.fault(self.day(PROGRESSION_FREE) > self.day(PROGRESSION), PROGRESSION_FREE, "order",
                   "an assessment without progression after progression")  # fmt: skip
        # relapse after infusion is another matter, and no fault
        after = self.day(PROGRESSION) > self.day("infusion")
        for name in (PROGRESSION, PROGRESSION_FREE):
            if name in self.dates:
                self.dates[name] = np.where(after, np.nan, self.dates[name])

    def ends(self) -> tuple[NDArray[np.object_], FloatArray]:
        """(outcome, day) of each path that ended before infusion."""
        count = len(self.row)
        outcome, end = np.full(count, "", dtype=object), np.full(count, np.nan)
        infusion = self.day("infusion")
        for name in ENDS:
            days = self.day(f"ends.{name}")
            sooner = ~np.isnan(days) & ~(days > infusion) & ~(days >= end)
            outcome[sooner], end[sooner] = name, days[sooner]
        given = self.register.outcome
        if given is not None:
            day = self.day("outcome.day")
            words, cells = given.values, self.text("outcome")
            for cell in sorted(set(cells.tolist())):
                word, those = words.get(cell, cell), cells == cell
                if cell == "" or word in ("waiting", "infused"):
                    continue
                if word not in ENDS:
                    self.fault(those, "outcome", "unknown outcome", "a cell that outcome.values does not name")
                    continue
                before = those & ~(day > infusion)
                self.fault(
                    before & np.isnan(day) & np.isnan(infusion), "outcome.day", "no day", "ended, and no day is given"
                )
                before &= ~np.isnan(day) & ~(day >= end)
                outcome[before], end[before] = word, day[before]
        # who loses eligibility by progression and has no day of it has progressed that day
        lost = outcome == "progressed"
        if lost.any() or PROGRESSION in self.dates:
            self.dates[PROGRESSION] = np.where(lost & np.isnan(self.day(PROGRESSION)), end, self.day(PROGRESSION))
        self.fault(end < self.day("referral"), "outcome.day", "order", "ended before referral")
        for name in (m for m in MILESTONES if m in self.dates):
            self.fault(self.dates[name] > end, name, "order", "after the end of the path")
        self.fault(self.day(PROGRESSION) > end, PROGRESSION, "order", "after the end of the path")
        self.fault(~np.isnan(end) & ~np.isnan(infusion), "outcome.day", "order", "ended before infusion, and infused")
        return outcome, end

    def followed(self, as_of: float) -> FloatArray:
        """Up to when those without an end were followed: a day of infusion that is missing hides all that follows."""
        given = np.zeros(len(self.row), dtype=bool)
        if self.register.outcome is not None:
            words = self.register.outcome.values
            given = np.array([words.get(cell, cell) == "infused" for cell in self.text("outcome").tolist()], dtype=bool)
        hidden = (given | np.isfinite(self.day("discharge"))) & np.isnan(self.day("infusion"))
        last = self.day("referral")
        for name in MILESTONES[: MILESTONES.index("infusion")]:
            last = np.fmax(last, self.day(name))
        count = int((hidden & ~self.bad).sum())
        if count:
            self.notes.append(
                f"{told(count)} were infused on a day that is not recorded: followed to the milestone before"
            )
        return np.where(hidden, last, as_of)

    def inclusion(self) -> None:
        """Who is in the register has been included."""
        r = self.register
        missing = np.isnan(self.day(r.included_at)) & ~self.bad
        if r.included_at != "referral":
            self.fault(
                missing, r.included_at, "not included", f"has no day of {r.included_at}, at which patients come into it"
            )

    def discharge_by_stay(self) -> None:
        """The day of discharge from the length of stay, where that is what is recorded."""
        stay = self.register.stay
        if stay is None:
            return
        unit = UNIT_OF_SPELLING[stay.unit]
        days = np.full(len(self.row), np.nan)
        mixed, unreadable = np.zeros(len(self.row), bool), np.zeros(len(self.row), bool)
        for place, cell in enumerate(self.text("stay").tolist()):
            if not cell:
                continue
            number, rest = _number_and_rest(cell)
            if number is None or not 0.0 <= number * DAYS_PER_UNIT[unit] <= LONGEST_STAY:
                unreadable[place] = True
            elif rest and UNIT_OF_SPELLING.get(rest.casefold()) != unit:
                mixed[place] = True
            else:
                days[place] = number * DAYS_PER_UNIT[unit]
        self.fault(mixed, "stay", "mixed units", f"another unit than the stated one, {stay.unit}")
        self.fault(unreadable, "stay", UNREADABLE, "no length of stay")
        # a stay of whole days, counted from the day of infusion
        self.dates["discharge"] = self.day("infusion") + np.floor(days + 0.5)
        self.has |= {"discharge"}

    def category(self, name: str) -> NDArray[np.object_]:
        """The names of a category, with what cells stand for in their place."""
        column = getattr(self.register.categories, name)
        cells = self.text(name)
        if column is None or not column.values:
            return cells
        codes, texts = pd.factorize(cells)
        words = np.array([column.values.get(str(text), str(text)) for text in texts], dtype=object)
        return words[codes]

    def whole(self, name: str) -> FloatArray:
        """A column of counts."""
        found = np.full(len(self.row), np.nan)
        bad = np.zeros(len(self.row), bool)
        for place, cell in enumerate(self.text(name).tolist() if name in self.cells else ()):
            if cell:
                number = parse_number(cell)
                if number is None or number != int(number) or not 0 <= number <= 100:
                    bad[place] = True
                else:
                    found[place] = number
        self.fault(bad, name, UNREADABLE, "no count")
        return found

    def answers(self) -> FloatArray:
        """Whether bridging was responded to: 1, 0, or NaN."""
        found = np.full(len(self.row), np.nan)
        bridging = self.register.bridging
        if bridging is None or bridging.responded is None:
            return found
        words = bridging.responded.values
        cells = self.text("responded")
        unknown = np.zeros(len(self.row), bool)
        for cell in set(cells.tolist()) - {""}:
            answer = _YES.get(words.get(cell, cell).casefold())
            unknown |= (cells == cell) if answer is None else False
            found[cells == cell] = np.nan if answer is None else answer
        self.fault(unknown, "responded", UNREADABLE, "neither yes nor no")
        return found


def _number_and_rest(cell: str) -> tuple[float | None, str]:
    """(number, unit) of a cell such as `12,5 d`."""
    digits = cell.rstrip(" .abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    rest = cell[len(digits) :].strip(" .")
    number = digits.strip()
    return parse_number(number.replace(",", ".") if number.count(",") == 1 and "." not in number else number), rest
