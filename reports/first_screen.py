"""The first screen of a report: one sentence, three number tiles, one picture, one line of caveat, a few findings.

`FirstScreen` is the contract between what a command found and the page: every kind of report makes one from its
tables (`tile` and `Row` are all that a new kind needs) and the page knows no other. Nothing is computed here: the
numbers stand in the tables, what may be said of a difference is its verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.findings import EVERYBODY, SHORT, UNRESOLVED, Findings, half_infused, is_flattered, losses
from reports.theme import mark
from reports.words import (
    Estimate,
    bounds,
    counted,
    glance,
    level,
    listed,
    number,
    of_hundred,
    of_hundred_apart,
    rounded,
    side_by_side,
    size,
    told_apart,
)
from sim.outcomes.estimates import FEW
from sim.outcomes.metrics import BY_NAME
from sim.outcomes.verdicts import LOWER, Verdict

MOST_TILES, MOST_FINDINGS = 3, 5
WAIT, INFUSED, PROGRESSED = "waiting_days_mean", "infused_share", "progressed_before_infusion_share"
TILES = (WAIT, PROGRESSED, EVERYBODY)
WHO: dict[str, str] = {
    EVERYBODY: "infused and progression-free at one year",
    INFUSED: "infused",
    "not_travelled_share": "who do not travel to a centre",
    "lost_before_infusion_share": "lost before infusion",
    "still_waiting_share": "still waiting when follow-up ends",
    PROGRESSED: "progressed before infusion",
}
"""Of whom a share speaks, after `28 of 100 patients`."""
MOST_NAMES = 40
"""Letters that the names of two strategies may take in the finding; longer ones stand in the tiles below."""
AIR = 1.12
"""The axis of a tile ends so much beyond its largest number."""


@dataclass(frozen=True)
class Row:
    """One number in a tile. `colour`, `symbol`: the mark of the scenario; the positions are percent of the axis."""

    name: str
    text: str
    within: str
    colour: str
    symbol: str
    at: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Tile:
    """One number of every scenario, as a dumbbell: the first row is what the others are compared with.

    `note`: the difference in words; `verdict`: better, worse and so on, empty where nothing is compared. `zero`: where
    on the axis 0 lies, percent; None where the axis begins there.
    """

    label: str
    rows: tuple[Row, ...]
    note: str = ""
    verdict: str = ""
    zero: float | None = None


@dataclass(frozen=True)
class FirstScreen:
    """What the first screen of a report holds; empty texts and tuples are left out of the page.

    `sentence`: the finding. `tiles`: at most three. `picture`: the name of the chart that stands there. `caveat`: who
    is counted and what the intervals show. `findings`: at most five further ones, a line each. `note`: what is to be
    done about one of them.
    """

    sentence: str
    tiles: tuple[Tile, ...] = ()
    picture: str = ""
    caveat: str = ""
    findings: tuple[str, ...] = ()
    note: str = ""


def tile(label: str, entries: Sequence[tuple[str, int, Estimate]], note: str = "", verdict: str = "") -> Tile:
    """A tile of (name, place of its mark, number) in rows; numbers share one axis, which holds 0."""
    known = [e for _, _, e in entries if e.known]
    ends = [end for e in known for end in (e.value, e.low, e.high) if math.isfinite(end)]
    least, most = min([0.0, *ends]), max([0.0, *ends])
    least, most = least * AIR, most * AIR
    if known and known[0].unit == "share":
        least, most = max(least, -1.0), min(most, 1.0)

    def at(value: float) -> float | None:
        return round(100.0 * (value - least) / (most - least), 2) if most > least and math.isfinite(value) else None

    texts = side_by_side([e for _, _, e in entries])
    rows = tuple(
        Row(name, text, bounds(e), mark(place).colour, mark(place).symbol, at(e.value), at(e.low), at(e.high))
        for (name, place, e), text in zip(entries, texts, strict=True)
    )
    return Tile(label, rows, note, verdict, at(0.0) if least < 0.0 else None)


def lead(findings: Findings) -> str:
    """The finding in one short sentence, wherever it stands alone: screen, first slide, workbook, notebook."""
    return f"{sentence_of(findings)}."


def of_scenarios(findings: Findings, picture: str, further: Sequence[str] = ()) -> FirstScreen:
    """The first screen of a run or a comparison."""
    return FirstScreen(
        sentence=lead(findings),
        tiles=tuple(_tile_of(findings, metric) for metric in _told(findings)),
        picture=picture,
        caveat=caveat(findings),
        findings=tuple(further[:MOST_FINDINGS]),
    )


def _told(findings: Findings) -> list[str]:
    """The metrics of the tiles: those infused stand in for who is progression-free, where nothing is known of that."""
    known = any(findings.level(s, EVERYBODY).known for s in findings.scenarios)
    return [metric if metric != EVERYBODY or known else INFUSED for metric in TILES]


def _tile_of(findings: Findings, metric: str) -> Tile:
    label = SHORT.get(metric, metric)
    if metric == WAIT and findings.censored:
        label += ", of those infused so far"
    entries = [(s, findings.place(s), findings.level(s, metric)) for s in findings.scenarios]
    if len(findings.others) != 1:
        return tile(label, entries)
    (other,) = findings.others
    change, found = findings.change(other, metric), findings.verdict(other, metric)
    word = "" if found in (Verdict.UNJUDGED, Verdict.INCOMPARABLE, Verdict.DIFFERENT) else str(found)
    return tile(label, entries, _difference(change, found, metric), word)


def _difference(change: Estimate, found: Verdict, metric: str) -> str:
    """A difference in words: `57 days shorter (56.7 to 57.5)`."""
    if found is Verdict.INCOMPARABLE:
        return ""
    if found is Verdict.SAME or change.value == 0.0:
        return "the same in every replication"
    if found is Verdict.UNCLEAR:
        return f"{level(change)} ({bounds(change)})"
    less, more = ("shorter", "longer") if BY_NAME[metric].unit == "days" else ("fewer", "more")
    sized = size(change).replace("95% simulation interval ", "").replace(" (no interval)", "")
    amount, bracket, rest = sized.replace("percentage points", "of 100").partition(" (")
    return f"{amount} {less if change.value < 0.0 else more}{bracket}{rest}"


def caveat(findings: Findings) -> str:
    """Who is counted, and that intervals show the error of the simulation only: one line."""
    counts = sorted({round(e.value) for s in findings.scenarios if (e := findings.level(s, "referred")).known})
    most = number(counts[-1], 0) if counts else ""
    many = "" if not counts else f" {most}" if counts[0] == counts[-1] else f" up to {most}"
    who = f"Waits: infused patients. Proportions: all{many} referred in the measuring window"
    if findings.censored:
        who += f"; {findings.unresolved()}"
    once = findings.replications
    if once == 1:
        return f"{who}. One replication was run: no number here has an interval, and no difference can be judged."
    few = ", too few to judge" if once < FEW else ""
    return (
        f"{who}. {counted(once, 'replication')}{few}; intervals show simulation error only, not uncertainty in the "
        "inputs."
    )


def sentence_of(findings: Findings) -> str:
    """The finding without its full stop: the wait, paired with the outcome of everybody."""
    if findings.baseline is None:
        return _of_one(findings, findings.scenarios[0])
    if len(findings.others) == 1:
        return _of_two(findings, findings.others[0])
    return _of_several(findings) if findings.others else f"{findings.baseline}: nothing to compare it with"


def _of_one(findings: Findings, scenario: str) -> str:
    wait, metric = findings.level(scenario, WAIT), _outcome(findings)
    if not findings.level(scenario, INFUSED).known:
        return f"{scenario}: nobody is referred in the measuring window"
    who = f"{of_hundred(findings.level(scenario, metric).value)} patients {WHO[metric]}"
    still = _still(findings, (scenario,))
    if still and wait.known:
        half = half_infused(findings, scenario)
        return f"{scenario}: {still.removeprefix('; ')}{f', and {half}' if half else ''}"
    if not wait.known:
        progressed = findings.level(scenario, PROGRESSED)
        told = f"; {of_hundred(progressed.value)} patients progress before infusion" if progressed.known else ""
        return f"{scenario}: nobody is infused{told}{still}"
    return f"{scenario}: a mean wait of {glance(wait.value, 'days')}, and {who}{still}"


def _outcome(findings: Findings) -> str:
    """The outcome of everybody that stands beside the wait."""
    return EVERYBODY if any(findings.level(s, EVERYBODY).known for s in findings.scenarios) else INFUSED


def _still(findings: Findings, scenarios: Sequence[str]) -> str:
    """Who is not counted in the wait, as more than one in a hundred are still waiting; empty where they are not."""
    mine = [s for s in scenarios if s in findings.censored]
    if not mine:
        return ""
    told = [of_hundred(findings.level(s, UNRESOLVED).value) for s in mine]
    if len(scenarios) == 1:
        return f"; {told[0]} still wait when follow-up ends"
    named = [f"{share} with {findings.quoted(s)}" for s, share in zip(mine, told, strict=True)]
    return f"; still waiting when follow-up ends: {listed(named)}"


def _of_two(findings: Findings, scenario: str) -> str:
    """`Off the shelf: a mean wait of 26 days instead of 83, but 28 of 100 patients infused and … instead of 41`."""
    baseline, metric = findings.baseline or "", _lost_or(findings, scenario)
    wait, outcome = (findings.verdict(scenario, one) for one in (WAIT, metric))
    alike = (Verdict.UNCLEAR, Verdict.SAME)
    still = _still(findings, (baseline, scenario))
    if wait in alike and outcome in alike:
        told = "the same" if wait is outcome is Verdict.SAME else "no clear difference"
        days = glance(findings.level(scenario, WAIT).value, "days")
        share = of_hundred(findings.level(scenario, metric).value)
        both = f"the mean wait ({days}) {'and' if told == 'the same' else 'or'} in who is {_is(metric)} ({share})"
        joint = "as" if told == "the same" else "from"
        if told == "the same":
            return f"{scenario}: {told} as {findings.quoted(baseline)} in {both}{still}"
        return f"{scenario}: {told} {joint} {findings.quoted(baseline)} in {both}{still}"
    first, second = _wait(findings, scenario, wait), _share(findings, scenario, metric, outcome)
    opposed = {wait, outcome} == {Verdict.BETTER, Verdict.WORSE}
    once = " (a single replication, which cannot be judged)" if Verdict.UNJUDGED in (wait, outcome) else ""
    return f"{scenario}: {first}, {'but' if opposed else 'and'} {second}{still}{once}"


def _is(metric: str) -> str:
    return WHO[metric].removeprefix("who ")


def _lost_or(findings: Findings, scenario: str) -> str:
    """The outcome of everybody, or the loss of patients where only that shows why a wait is shorter."""
    metric = _outcome(findings)
    flattered = is_flattered(findings, scenario, (WAIT,)) and findings.verdict(scenario, metric) is not Verdict.WORSE
    lost = [m for m in losses(findings, scenario) if m in WHO and findings.change(scenario, m).known]
    return lost[0] if flattered and lost else metric


def _wait(findings: Findings, scenario: str, found: Verdict) -> str:
    mine, theirs = (findings.level(s, WAIT) for s in (scenario, findings.baseline or ""))
    if found is Verdict.INCOMPARABLE:
        if mine.known:
            return f"a mean wait of {glance(mine.value, 'days')}, where nobody is infused with the baseline"
        return "nobody is infused"
    if found is Verdict.SAME:
        return f"the same mean wait of {glance(mine.value, 'days')}"
    a, b = told_apart(mine.value, theirs.value, lambda value, figures: rounded(value, figures))
    if found is Verdict.UNCLEAR:
        return (
            f"no clear difference in the mean wait ({a} and {counted(b, 'day')})"
            if a != b
            else (f"no clear difference in the mean wait ({counted(a, 'day')})")
        )
    return f"a mean wait of {counted(a, 'day')} instead of {b}"


def _share(findings: Findings, scenario: str, metric: str, found: Verdict) -> str:
    mine, theirs = (findings.level(s, metric) for s in (scenario, findings.baseline or ""))
    if found in (Verdict.UNCLEAR, Verdict.SAME):
        told = "as many" if found is Verdict.SAME else "no clear difference in who is"
        return f"{told} {_is(metric)} ({of_hundred(mine.value)})"
    if found is Verdict.INCOMPARABLE:
        return f"{of_hundred(mine.value)} patients {WHO[metric]}" if mine.known else f"nobody {WHO[metric]}"
    a, b = of_hundred_apart(mine.value, theirs.value)
    return f"{counted(a, 'patient')} {WHO[metric]} instead of {b}"


def _of_several(findings: Findings) -> str:
    """Which of several strategies waits least and which has most patients well: each only where it stands out."""
    metric = _outcome(findings)
    against = f"Compared with {findings.quoted(findings.baseline or '')}"
    once = findings.replications == 1
    differ = once or any(findings.verdict(s, m).resolved for s in findings.others for m in (WAIT, metric))
    parts = [p for p in (_best(findings, WAIT, "days"), _best(findings, metric, "share")) if p] if differ else []
    end = " (a single replication, which cannot be judged)" if once else ""
    still = _still(findings, findings.scenarios)
    if not parts:
        told = f"no clear difference in the mean wait or in who is {_is(metric)}"
        return f"{against}: {told}{still}{end}"
    return f"{against}: {', '.join(parts)}{still}{end}"


def _best(findings: Findings, metric: str, unit: str) -> str:
    """`shortest wait with B (26 days instead of 83)`; those that cannot be told apart from it are named with it."""
    lower = BY_NAME[metric].better == LOWER
    known = [s for s in findings.scenarios if findings.level(s, metric).known]
    if len(known) < 2:
        return ""
    ranked = sorted(known, key=lambda s: findings.level(s, metric).value * (1 if lower else -1))
    best, baseline = ranked[0], findings.baseline or ""
    ties = [] if findings.replications == 1 else [s for s in ranked[1:] if not _apart(findings, best, s, metric)]
    what = "shortest wait" if metric == WAIT else f"most {_is(metric)}"
    value = findings.level(best, metric).value
    shown = rounded(value) + " days" if unit == "days" else of_hundred(value)
    theirs = findings.level(baseline, metric).value
    before = rounded(theirs) if unit == "days" else of_hundred(theirs).removesuffix(" of 100")
    if baseline in (best, *ties):
        than = "no wait clearly shorter than" if metric == WAIT else f"no more {_is(metric)} than"
        return f"{than} its {before} {'days' if unit == 'days' else 'of 100'}"
    if len(ties) > 1:
        return f"{what} with {len(ties) + 1} of them alike (about {shown} instead of {before})"
    with_them = listed([findings.quoted(s) for s in (best, *ties)])
    if ties and len(with_them) > MOST_NAMES:
        with_them = "two of them"
    instead = ""
    if math.isfinite(theirs):
        pair = told_apart(value, theirs, rounded) if unit == "days" else of_hundred_apart(value, theirs)
        shown, before = pair[0] + (" days" if unit == "days" else ""), pair[1]
        instead = f" instead of {before}"
    return f"{what} with {with_them} ({shown}{instead})"


def _apart(findings: Findings, one: str, other: str, metric: str) -> bool:
    """Whether two scenarios differ beyond chance: against the baseline by the paired verdict, else by their bounds."""
    for mine, theirs in ((one, other), (other, one)):
        if theirs == findings.baseline:
            return findings.verdict(mine, metric).resolved
    return findings.apart(one, other, metric)
