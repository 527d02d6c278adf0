"""Dates as registers write them, read by stated formats only; and which formats a column seems to be written in.

A time of day, with or without a time zone, may follow a date; the date is the local one that is written, and is kept.
"""

from __future__ import annotations

import re
from calendar import month_abbr, month_name
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.pure.arrays import FloatArray
from sim.records.cells import DAYS
from sim.records.value import EPOCH, day_number
from sim.records.words import plain

# The days since 30 December 1899 by which workbooks count.
SERIAL = "serial"
_SERIAL_START = date(1899, 12, 30)
_SERIAL = re.compile(DAYS)
# In the order in which they are preferred where two read a column equally well.
FORMATS = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
    "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%d. %B %Y",
    "%d. %b %Y", "%d.%b.%Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%y", "%d. %b %y", "%Y%m%d", SERIAL,
)  # fmt: skip
WORDS = {
    "%Y": "year", "%y": "year of two digits", "%m": "month", "%d": "day", "%b": "month by its short name",
    "%B": "month by its name",
}  # fmt: skip
# Names of months beside the English ones, as German, French and Spanish programs write them, in the order of the year.
_LONG = (
    ("januar", "jaenner", "janvier", "enero"), ("februar", "feber", "fevrier", "febrero"), ("maerz", "mars", "marzo"),
    ("april", "avril", "abril"), ("mai", "mayo"), ("juni", "juin", "junio"), ("juli", "juillet", "julio"),
    ("august", "aout", "agosto"), ("september", "septembre", "septiembre", "setiembre"),
    ("oktober", "octobre", "octubre"), ("november", "novembre", "noviembre"),
    ("dezember", "decembre", "diciembre"),
)  # fmt: skip
_SHORT = (
    ("jan", "jaen", "janv", "ene"), ("feb", "fev", "fevr"), ("mar", "mrz", "maer", "maerz", "mars"),
    ("apr", "avr", "abr"), ("may", "mai"),
    ("jun", "juni", "juin"), ("jul", "juli", "juil"), ("aug", "aout", "ago"), ("sep", "sept"), ("okt", "oct"),
    ("nov",), ("dez", "dec", "dic"),
)  # fmt: skip
_NAMES = {
    code: {name: calendar[1 + k] for k, names in enumerate(months) for name in names}
    for code, months, calendar in (("%B", _LONG, month_name), ("%b", _SHORT, month_abbr))
}
_WORD = re.compile(r"([^\W\d_]+)(\.(?=\s|$))?")
_TIME = re.compile(
    r"(?:T|[ ,]\s*)([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?\s*([AaPp]\.?[Mm]\.?)?"
    r"\s*(Z|UTC|GMT|[A-Z]{3,4}|[+-][0-9]{2}:?[0-9]{2})?$"
)
# No cell product was given to anybody before.
FIRST_DAY = day_number(date(1990, 1, 1))
LAST_YEAR = 2200

UNREADABLE, AMBIGUOUS = "unreadable", "ambiguous"


def in_words(form: str) -> str:
    """A format as people say it: day.month.year."""
    if form == SERIAL:
        return "a number of days since 30 December 1899"
    for code, word in WORDS.items():
        form = form.replace(code, word)
    return form


def is_format(form: str) -> bool:
    """Whether this is a format that dates may be stated in: day, month and year, each once."""
    codes = sorted(re.findall(r"%(.)", form))
    return form == SERIAL or (
        len(codes) == 3 and "d" in codes and bool({"m", "b", "B"} & set(codes)) and bool({"Y", "y"} & set(codes))
    )


@dataclass(frozen=True, eq=False)
class Dates:
    """A column read: days since the epoch, NaN where there is none; `fault`: "" or why the cell is doubtful."""

    days: FloatArray
    fault: NDArray[np.object_]


def read_dates(cells: pd.Series[str], formats: Sequence[str]) -> Dates:
    """The cells of a column read by the stated formats.

    A cell that two of them read as different days is ambiguous. Empty cells have no date and no fault.
    """
    codes, texts = pd.factorize(cells)
    read = [_read_cell(str(text), formats) for text in texts]
    days = np.array([day for day, _ in read] or [np.nan], dtype=np.float64)
    fault = np.array([why for _, why in read] or [""], dtype=object)
    return Dates(days[codes], fault[codes])


def emptied(cells: pd.Series[str], marks: Sequence[str]) -> pd.Series[str]:
    """The cells of a column, those that are one of these marks, in large or small letters, without text."""
    if not marks:
        return cells
    return cells.mask(cells.str.strip().str.casefold().isin([mark.strip().casefold() for mark in marks]), "")


def _read_cell(text: str, formats: Sequence[str]) -> tuple[float, str]:
    stripped = _TIME.sub("", text.strip()).strip()
    if not stripped:
        return np.nan, UNREADABLE if text.strip() else ""
    found = {day for form in formats if (day := _day(stripped, form)) is not None}
    if len(found) > 1:
        return np.nan, AMBIGUOUS
    return (float(found.pop()), "") if found else (np.nan, UNREADABLE)


def _day(text: str, form: str) -> int | None:
    """The day number of a text in one format; None where it is not written in it."""
    if form == SERIAL:
        if not _SERIAL.fullmatch(text):
            return None
        return int(float(text)) - (EPOCH - _SERIAL_START).days
    # strptime takes 5.1.2026 for %d.%m.%Y as for 05.01.2026, and `1 2 2026` for nothing else
    if len(text) > 40 or (form == "%Y%m%d" and not re.fullmatch(r"[0-9]{8}", text)):
        return None
    for code, names in _NAMES.items():
        if code in form:
            text = _WORD.sub(lambda word, names=names: names.get(plain(word[1]), word[0]), text)  # type: ignore[misc]
    try:
        return day_number(datetime.strptime(text, form).date())
    except ValueError:
        return None


@dataclass(frozen=True)
class Guess:
    """The formats that a column seems to be written in, and the evidence of it in words.

    No formats where the order of day and month cannot be told, or too little of it is dates. `share`: the part of its
    cells that are dates in some format.
    """

    formats: tuple[str, ...]
    evidence: str
    share: float


def guess_formats(cells: pd.Series[str]) -> Guess:
    """What formats the non-empty cells of a column are written in."""
    there = cells[cells.str.strip() != ""]
    counts = there.value_counts()
    texts = [_TIME.sub("", str(text).strip()).strip() for text in counts.index]
    many = counts.to_numpy(dtype=np.int64)
    total = int(many.sum())
    if not total:
        return Guess((), "the column is empty", 0.0)
    plausible = [f for f in FORMATS if any(_plausible(text, f) for text in texts[:200])]
    read = {form: np.array([_plausible(text, form) for text in texts]) for form in plausible}
    some = np.any(list(read.values()), axis=0) if read else np.zeros(len(texts), bool)
    chosen: list[str] = []
    told: list[str] = []
    left = np.ones(len(texts), bool)
    while read:
        by_form = {form: int(many[hit & left].sum()) for form, hit in read.items()}
        best = max(by_form, key=lambda form: by_form[form])
        if by_form[best] < max(1, total // 200):
            break
        other = _swapped(best)
        if other in read:
            first, second = read[best] & left, read[other] & left
            only, against = int(many[first & ~second].sum()), int(many[second & ~first].sum())
            differ = [
                t for t, a, b in zip(texts, first, second, strict=True) if a and b and _day(t, best) != _day(t, other)
            ]
            if differ and (against or not only):
                either = f"{in_words(best)} or {in_words(other)}"
                said = f"{only} can only be {in_words(best)} and {against} only {in_words(other)}"
                said = said if only or against else f"all can be {either}"
                return Guess((), f"{said}: state which", float(many[some].sum() / total))
            told.append(f"{by_form[best]} of {total} read as {in_words(best)} ({only} of them in no other order)")
        else:
            told.append(f"{by_form[best]} of {total} read as {in_words(best)}")
        chosen.append(best)
        left &= ~read[best]
        read = {form: hit for form, hit in read.items() if form not in (best, other)}
        if not (left & some).any():
            break
    return Guess(tuple(chosen), "; ".join(told) or "no dates", float(many[some].sum() / total))


def _plausible(text: str, form: str) -> bool:
    day = _day(text, form)
    return day is not None and FIRST_DAY <= day < day_number(date(LAST_YEAR, 1, 1))


def _swapped(form: str) -> str:
    """The format with day and month in each other's place; the same where that cannot be."""
    return form.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m") if "%m" in form else ""
