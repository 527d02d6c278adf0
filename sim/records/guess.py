"""A first description of a register, to be corrected: each line with the evidence for it, and nothing guessed twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from sim.records.cells import Raw
from sim.records.dates import Guess, emptied, guess_formats, read_dates
from sim.records.events import activity_of
from sim.records.faults import RecordsError
from sim.records.raw import guess_form, read_raw
from sim.records.register import ACTIVITIES, quoted
from sim.records.value import ATTEMPTS, ENDS, MILESTONES, date_of
from sim.records.words import ENDING, NO_DATE, OTHER_WORDS, OUTCOME_WORDS, PLANNED, WORDS, plain
from sim.scenario.problems import one_line, shorten
from sim.tables.words import counted

# A column of dates has dates in so many of its filled cells at least.
LEAST_DATES = 0.6
MOST_NAMES = 30
# What only a register of one row an event has.
OF_EVENTS = ("activity", "transition", "time")
STAYS = "goes no further than this file"
# With as many days without a date in between, the latest date is no guess of the day of the extract.
LONGEST_SILENCE = 1096.0


@dataclass
class _Columns:
    """The columns of a file, each taken for one thing at most."""

    raw: Raw
    dates: dict[str, Guess]
    taken: dict[str, str] = field(default_factory=dict)

    def claim(self, wanted: Mapping[str, Sequence[str]], dates: bool) -> dict[str, str]:
        """The column of each thing that some free column's name speaks of; the surest first."""
        scores = []
        for place, (thing, words) in enumerate(wanted.items()):
            for column in self.raw.columns.columns:
                score = _likeness(str(column), words)
                if score > 0.0 and (column in self.dates) == dates:
                    scores.append((-score, place, str(column), thing))
        found: dict[str, str] = {}
        for _, _, column, thing in sorted(scores):
            if column not in self.taken and thing not in found:
                self.taken[column], found[thing] = thing, column
        return {thing: found[thing] for thing in wanted if thing in found}


def describe(path: Path) -> str:
    """The text of a `register.yaml` for this file. Raises RecordsError where nothing can be made of it."""
    form, told = guess_form(path)
    raw = read_raw(path, form)
    if not len(raw.row):
        why = (
            f"none of its {counted(len(raw.broken), 'row')} has as many cells as the first one"
            if raw.broken
            else "holds no rows"
        )
        raise RecordsError(f"{path}: {why}")
    dates, marks = {}, Counter[str]()
    for name in raw.columns.columns:
        column = emptied(raw.columns[name], NO_DATE)
        guess = guess_formats(column)
        if guess.share >= LEAST_DATES:
            dates[str(name)] = guess
            marks.update(raw.columns[name][(column == "") & (raw.columns[name].str.strip() != "")].str.strip())
            raw.columns[name] = column
    columns = _Columns(raw, dates)
    head = [
        "# What the columns of a register mean. Every line is a guess with its evidence: correct what is wrong, and",
        "# delete what should not be used. Then: records check, and fit.",
        f"file: {quoted(path.name)}",
    ]
    if told:
        head += [f"encoding: {form.encoding}    # {told}", f"separator: {form.separator}"]
    if form.header > 1:
        head.append(f"header: {form.header}    # the row with the names of the columns; what is above it is not used")
    head += [f"# {note}" for note in raw.notes]
    if raw.broken:
        have = counted(len(raw.broken), "row has", "rows have")
        head.append(f"# {have} not as many cells as the first one, and will not be used")
    is_log = _is_log(columns)
    body = list(_events(columns) if is_log else _patients(columns))
    if marks and not is_log:
        told = ", ".join(f"{mark} in {count}" for mark, count in marks.most_common())
        head.append(
            f"empty: [{', '.join(map(_in_quotes, marks))}]    # no date: {_plain(told)} cells of columns of dates"
        )
    rest = [str(name) for name in raw.columns.columns if str(name) not in columns.taken]
    if rest:
        body += ["ignore:                # columns that are not used", *(f"  - {quoted(name)}" for name in rest)]
    return "\n".join([*head, *body]) + "\n"


def _in_quotes(text: str) -> str:
    there = quoted(text)
    return there if there.startswith('"') else f'"{there}"'


def _is_log(columns: _Columns) -> bool:
    """Whether a row is an event: an activity beside one single date, and cases that come again."""
    names = [str(name) for name in columns.raw.columns.columns]
    activity = [name for name in names if _likeness(name, OTHER_WORDS["activity"]) > 0 and name not in columns.dates]
    times = [name for name in names if _likeness(name, OTHER_WORDS["time"]) > 0 and name in columns.dates]
    return bool(activity and times) and len(columns.dates) == 1


def _patients(columns: _Columns) -> Iterator[str]:
    raw = columns.raw
    milestones = columns.claim({name: WORDS[name] for name in WORDS}, dates=True)
    other = columns.claim({k: OTHER_WORDS[k] for k in OTHER_WORDS if k not in (*OF_EVENTS, "end")}, dates=False)
    end = columns.claim({"end": OTHER_WORDS["end"]}, dates=True).get("end")
    yield "rows: patients"
    yield from _when(raw, columns.dates)
    yield from _included_at(raw, milestones)
    if "id" in other:
        ids = raw.columns[other["id"]].str.strip()
        different = ids[ids != ""].nunique()
        yield f"id: {quoted(other['id'])}    # {different} different ones in {counted(len(raw.row), 'row')}; {STAYS}"
    yield "milestones:"
    for name in MILESTONES:
        if name in milestones:
            yield f"  {name}: {_date_column(milestones[name], columns.dates)}"
    if not any(name in milestones for name in MILESTONES):
        yield '  # no column was recognised; name them: referral: {column: ..., dates: ["%d.%m.%Y"]}'
    ends = [name for name in ENDS if name in milestones]
    if ends:
        yield "ends:                  # the day on which the path ended before infusion, by how it ended"
        for name in ends:
            yield f"  {name}: {_date_column(milestones[name], columns.dates)}"
    if "outcome" in other and end is not None:
        yield from _outcome(raw, other["outcome"], end, columns.dates)
    elif "outcome" in other:
        columns.taken.pop(other["outcome"])
    if "progression" in milestones:
        yield "progression:           # before infusion"
        yield f"  column: {quoted(milestones['progression'])}"
        yield from _formats_below(columns.dates[milestones["progression"]], "  ")
        if "progression_free" in milestones:
            yield f"  last_free: {_date_column(milestones['progression_free'], columns.dates)}"
    elif "progression_free" in milestones:
        columns.taken.pop(milestones["progression_free"])
    if "bridging" in milestones:
        yield "bridging:              # the day on which it began"
        yield f"  column: {quoted(milestones['bridging'])}"
        yield from _formats_below(columns.dates[milestones["bridging"]], "  ")
        if "responded" in other:
            yield f"  responded: {quoted(other['responded'])}"
    elif "responded" in other:
        columns.taken.pop(other["responded"])
    yield from _categories(raw, other)
    yield from _attempts(other)
    if "stay" in other and "discharge" not in milestones:
        yield f"stay: {{column: {quoted(other['stay'])}, unit: d}}    # its unit is a guess"
    elif "stay" in other:
        columns.taken.pop(other["stay"])


def _events(columns: _Columns) -> Iterator[str]:
    raw = columns.raw
    time = columns.claim({"time": OTHER_WORDS["time"]}, dates=True)["time"]
    other = columns.claim(
        {k: OTHER_WORDS[k] for k in ("activity", "id", "region", "centre", "risk_group", "product", *ATTEMPTS)},
        dates=False,
    )
    yield "rows: events"
    yield from _when(raw, columns.dates)
    if "id" not in other:
        raise RecordsError("no column says whose event a row is; describe the register by hand: events.case")
    transition = _transition(columns)
    activities = activity_of(raw, other["activity"], transition)
    counts = activities[activities != ""].value_counts()
    spoken = _spoken(raw, other["activity"], transition)
    meaning: dict[str, str] = {}
    for activity in map(str, counts.index):
        name = spoken.get(activity, activity)
        means = _best(name, {**WORDS, **OUTCOME_WORDS}, ACTIVITIES)
        # "progressed" is progression, unless that has a name of its own there
        its_own = name in ACTIVITIES and (not means or (activities == means).any())
        means = name if its_own else means
        if means or len(meaning) < MOST_NAMES:
            meaning[activity] = means
    _part_ends(meaning, spoken)
    _part_progression(meaning)
    yield "included_at: referral  # what brings a patient into the register: referral | listing | apheresis | infusion"
    yield "events:"
    different = raw.columns[other["id"]].nunique()
    yield f"  case: {quoted(other['id'])}    # {different} different ones; {STAYS}"
    yield f"  activity: {quoted(other['activity'])}"
    if transition:
        yield f"  transition: {quoted(transition)}    # activities are called by both: Culture start, Culture complete"
    yield f"  time: {_date_column(time, columns.dates)}"
    yield "  activities:"
    for name, means in meaning.items():
        line = f"{quoted(name)}: {means}" if means else f"# {quoted(name)}: ?"
        yield f"    {line}    # {counted(counts[name], 'row')}"
    yield from _categories(raw, other)
    yield from _attempts(other)


def _transition(columns: _Columns) -> str:
    """The column that says what of an activity an event is, where it says different things; "" where none does."""
    found = columns.claim({"transition": OTHER_WORDS["transition"]}, dates=False).get("transition", "")
    cells = columns.raw.columns[found].str.strip().str.casefold() if found else None
    if cells is None or cells[cells != ""].nunique() > 1:
        return found
    columns.taken.pop(found)
    return ""


def _spoken(raw: Raw, activity: str, transition: str) -> dict[str, str]:
    """What activities that are called by their transition as well are in plain words.

    What completes is its end where its start is there too, and else itself; what was only planned is nothing.
    """
    if not transition:
        return {}
    pairs = pd.DataFrame({"name": raw.columns[activity].str.strip(), "of_it": raw.columns[transition].str.strip()})
    every = {(str(name), str(of_it)) for name, of_it in pairs.drop_duplicates().itertuples(index=False)}
    started = {name for name, of_it in every if of_it.casefold() == "start"}
    found = {}
    for name, of_it in every:
        match of_it.casefold():
            case "start":
                said = f"{name} start"
            case "complete" | "":
                said = f"{name} end" if name in started else name
            case _:
                said = ""
        found[f"{name} {of_it}".strip()] = said
    return found


def _part_ends(meaning: dict[str, str], spoken: Mapping[str, str]) -> None:
    """Of several activities that stand for one milestone, those that are its end are not it."""
    for name, means in list(meaning.items()):
        others = [its for other, its in meaning.items() if other != name]
        if means in others and means in MILESTONES and _likeness(spoken.get(name, name), ENDING) > 0.0:
            meaning[name] = ""


def _part_progression(meaning: dict[str, str]) -> None:
    """Where several activities speak of progression, the one that is most like the word is it, and ends no path."""
    several = [name for name, means in meaning.items() if means == "progression"]
    surest = max(several, key=lambda name: _likeness(name, WORDS["progression"]), default="")
    meaning.update({name: "progressed" for name in several if name != surest})


def _when(raw: Raw, dates: Mapping[str, Guess]) -> Iterator[str]:
    latest, of = -np.inf, ""
    every: list[float] = []
    for name, guess in dates.items():
        if guess.formats:
            days = read_dates(raw.dates(name), guess.formats).days
            every += np.unique(days[np.isfinite(days)]).tolist()
            if np.isfinite(days).any() and np.nanmax(days) > latest:
                latest, of = float(np.nanmax(days)), name
    gaps = np.diff(np.unique(every))
    if of and len(gaps) and gaps.max() > LONGEST_SILENCE:
        silence = counted(f"{gaps.max():.0f}", "day without a date lies", "days without a date lie")
        gap = f"{silence} before it, or between others"
        yield f"# as_of: {date_of(latest).isoformat()}    # no guess: {gap}; look for slips of the pen,"
        yield "#                        # and state the day of the extract"
    elif of:
        why = f"the latest date in the file ({_plain(of)}); state the day of the extract"
        yield f"as_of: {date_of(latest).isoformat()}      # {why}"
    else:
        yield "# as_of: 2026-01-31    # the day of the extract; no date of the file could be read"
    yield "# since: 2020-01-01    # state it where the register began on a day: who was referred before is in it only"
    yield "#                      # if they were unresolved then"


def _included_at(raw: Raw, milestones: Mapping[str, str]) -> Iterator[str]:
    filled = {m: int((raw.columns[c].str.strip() != "").sum()) for m, c in milestones.items() if m in MILESTONES}
    total = len(raw.row)
    found = next((m for m in ("infusion", "apheresis", "listing") if filled.get(m) == total), "referral")
    if total < 2:
        found = "referral"
    why = ", ".join(
        f"{filled[m]} of {total} have {m}" for m in ("referral", "listing", "apheresis", "infusion") if m in filled
    )
    yield f"included_at: {found}    # what brings a patient into it: referral | listing | apheresis | infusion; {why}"


def _date_column(name: str, dates: Mapping[str, Guess]) -> str:
    guess = dates[name]
    if not guess.formats:
        return f'{{column: {quoted(name)}}}    # dates: {_plain(guess.evidence)}, such as dates: ["%d/%m/%Y"]'
    formats = ", ".join(f'"{form}"' for form in guess.formats)
    return f"{{column: {quoted(name)}, dates: [{formats}]}}    # {_plain(guess.evidence)}"


def _formats_below(guess: Guess, indent: str) -> Iterator[str]:
    if guess.formats:
        formats = ", ".join(f'"{form}"' for form in guess.formats)
        yield f"{indent}dates: [{formats}]    # {_plain(guess.evidence)}"
    else:
        yield f"{indent}# dates: {_plain(guess.evidence)}"


def _outcome(raw: Raw, column: str, end: str, dates: Mapping[str, Guess]) -> Iterator[str]:
    counts = raw.columns[column].str.strip().value_counts()
    yield "outcome:               # how the path ended before infusion, and when"
    yield f"  column: {quoted(column)}"
    yield f"  day: {_date_column(end, dates)}"
    if len(counts) > MOST_NAMES:
        yield f"  # {len(counts)} different cells: name under `values` what each stands for"
        return
    yield "  values:"
    for cell, count in counts.items():
        if cell:
            means = _best(str(cell), OUTCOME_WORDS, tuple(OUTCOME_WORDS))
            line = f"{quoted(str(cell))}: {means}" if means else f"# {quoted(str(cell))}: ?"
            yield f"    {line}    # {counted(count, 'row')}"


def _categories(raw: Raw, other: Mapping[str, str]) -> Iterator[str]:
    there = [name for name in ("region", "centre", "risk_group", "product") if name in other]
    if not there:
        return
    yield "categories:            # names of the base scenario: say under `values` which one each cell is"
    for name in there:
        counts = raw.columns[other[name]].str.strip().value_counts()
        yield f"  {name}:"
        yield f"    column: {quoted(other[name])}"
        if len(counts) <= MOST_NAMES:
            yield "    values:"
            for cell, count in counts.items():
                if cell:
                    yield f"      {quoted(str(cell))}: {quoted(str(cell))}    # {counted(count, 'row')}"


def _attempts(other: Mapping[str, str]) -> Iterator[str]:
    there = [name for name in ATTEMPTS if name in other]
    if there:
        yield "attempts:"
        yield from (f"  {name}: {quoted(other[name])}" for name in there)


def _best(text: str, words: Mapping[str, Sequence[str]], allowed: Sequence[str]) -> str:
    scores = {thing: _likeness(text, said) for thing, said in words.items() if thing in allowed}
    best = max(scores, key=lambda thing: scores[thing])
    return best if scores[best] > 0.0 else ""


def _likeness(name: str, words: Sequence[str]) -> float:
    """How well a name is one of the words: 2 if it is one, up to 1 if it holds one as a whole, 0 otherwise.

    What was only planned is nothing that happened.
    """
    plain = _folded(name)
    if not PLANNED.isdisjoint(plain.split()):
        return 0.0
    best = 0.0
    for word in words:
        folded = _folded(word)
        if plain == folded:
            best = max(best, 2.0)
        elif folded and re.search(rf"(?:^| ){re.escape(folded)}(?: |$)", plain):
            best = max(best, len(folded) / len(plain))
    return best


def _folded(text: str) -> str:
    text = plain(re.sub("([a-z])([A-Z])", r"\1 \2", text))
    return " ".join(re.sub(r"[^a-z0-9†]+", " ", text).replace(" date", "").replace("datum", "").split()) or " ".join(
        re.sub(r"[^a-z0-9†]+", " ", text).split()
    )


def _plain(text: str) -> str:
    """Text as a comment of a YAML file may hold it."""
    return shorten(one_line(text)) if len(text) > 200 else one_line(text)
