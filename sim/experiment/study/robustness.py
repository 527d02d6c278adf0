"""What a finding rests on: every assumption of the scenarios tried at a lower and a higher value, one at a time.

Few replications, on the patients of the comparison itself, tell how far each moves the difference. Where a value seems
to turn the difference round, that is confirmed on at least `CONFIRMED` replications. Results depend neither on the
engine nor on the number of workers: a variant is a function of its scenario and its numbers of replications.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.experiment.runs.work import meanwhile, run_tasks
from sim.experiment.study.variants import HEADLINE, Outcome, Task, Variant, reached, run_variants, tasks_of
from sim.outcomes.estimates import FEW, interval, possible_change
from sim.outcomes.metrics import BY_NAME, METRIC_NAMES
from sim.outcomes.verdicts import Verdict, verdict
from sim.pure.arrays import FloatArray
from sim.pure.odds import share_at_odds
from sim.scenario import Loaded
from sim.scenario.amounts import Amount, amount
from sim.scenario.kinds import Number
from sim.scenario.leaves import inline, is_whole_at, marker_at, values
from sim.scenario.lists import COUNTED
from sim.scenario.schema import NOT_IN_DIGEST
from sim.scenario.sources import ASSUMPTION
from sim.scenario.uncertainty import marginal
from sim.scenario.unused import why_unused

TRIED, CONFIRMED = 2, 50
"""Replications of every variant, and at the least of one that seems to turn the difference round."""
LOW, HIGH, BOTH = "low", "high", "both"
UNCERTAIN, HALVED, ODDS = "its uncertainty", "half and double", "odds halved and doubled"
WITHIN = (0.025, 0.975)
"""The part of an uncertainty that is tried."""
MONEY_ONLY = "moves costs and QALYs alone"
CHOSEN = ("manufacturing.batches", "hybrid.after_waiting")
"""Numbers that say which strategy a scenario is: they are decided, and nobody assumes them."""
CHOICE = "a choice: another number is another strategy"


@dataclass(frozen=True)
class Input:
    """One number that is an assumption. `path`: of the value that holds it; `name`: also which number inside it."""

    path: str
    name: str
    stated: str
    basis: str
    low: str | None
    high: str | None

    def text(self, end: str) -> str | None:
        """The whole value with this number moved, None where there is no such end."""
        return self.low if end == LOW else self.high


@dataclass(frozen=True)
class Skipped:
    """What was not tried, or which end of it, and why."""

    scenario: str
    path: str
    end: str
    value: str
    why: str


@contextmanager
def tried_meanwhile(
    scenarios: Mapping[str, Loaded], replications: int, engine: str, helpers: int
) -> Iterator[Callable[[], Iterator[Outcome]] | None]:
    """What `robustness` takes as `tried`: variants with which helpers begin before the comparison itself is through.

    None without helpers, and where there will be too few replications.
    """
    if not helpers or replications < FEW or len(scenarios) < 2:
        yield None
        return
    variants, _ = find_variants(scenarios)
    with meanwhile(run_variants, tasks_of(scenarios, variants, range(TRIED), engine), helpers) as results:
        yield results


def robustness(
    scenarios: Mapping[str, Loaded],
    known: FloatArray,
    engine: str,
    workers: int,
    done: Callable[[int], None] = lambda _: None,
    tried: Callable[[], Iterator[Outcome]] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """(`robustness.csv`, `not_tried.csv`); None where there are too few replications to tell a shift from chance.

    `known`: metric values of the comparison, shape (replications, scenarios, metrics), the baseline first; `done` hears
    of variants. `tried`: as `tried_meanwhile` gives it. Raises WorkerError.
    """
    if len(known) < FEW or len(scenarios) < 2:
        return None
    variants, skipped = find_variants(scenarios)
    numbers = range(min(TRIED, len(known)))
    tasks = tasks_of(scenarios, variants, numbers, engine)
    found, refused = _values(len(variants), _run(tasks, workers) if tried is None else tried(), done)
    for place, why in refused.items():
        v = variants[place]
        skipped += [Skipped(name, v.name, v.end, v.stated, why) for name in v.texts]
    names, base = list(scenarios), _headline(known)
    moved = [(v, _with(base[numbers], names, found[k])) for k, v in enumerate(variants) if k not in refused]
    rows = [row for v, values in moved for row in _rows(scenarios, v, values, base, len(numbers))]
    confirmed = _confirmed(scenarios, variants, rows, base, engine, workers)
    table = pd.DataFrame([_told(row, confirmed) for row in rows], columns=COLUMNS)
    return _ranked(table), pd.DataFrame(
        [vars(one) for one in skipped], columns=["scenario", "path", "end", "value", "why"]
    )


COLUMNS = (
    "scenario", "baseline", "metric", "label", "unit", "path", "moved_in", "end", "basis", "stated_value", "value",
    "stated", "shift", "estimate", "low", "high", "verdict", "turns", "rank", "replications",
)  # fmt: skip


def find_variants(scenarios: Mapping[str, Loaded]) -> tuple[list[Variant], list[Skipped]]:
    """(what is tried, what is not); scenarios that state the same number for an input share it: it moves in all."""
    inputs: dict[tuple[str, str, str], tuple[Input, list[str]]] = {}
    skipped: list[Skipped] = []
    for name, loaded in scenarios.items():
        for one in assumptions(loaded):
            if isinstance(one, Input):
                inputs.setdefault((one.path, one.name, one.stated), (one, []))[1].append(name)
            else:
                skipped.append(Skipped(name, *one))
    # a scenario that has the same number from a source shares it as well
    stated = {
        name: {".".join(v.path): inline(v.plain, shorten_lists=False) for v in values(loaded.scenario)}
        for name, loaded in scenarios.items()
    }
    for one, mine in inputs.values():
        same = stated[mine[0]][one.path]
        mine += [name for name in scenarios if name not in mine and stated[name].get(one.path) == same]
    variants = []
    for one, mine in inputs.values():
        for end in (LOW, HIGH):
            text = one.text(end)
            if text is not None:
                ordered = [name for name in scenarios if name in mine]
                value = _shown(one, text)
                variants.append(
                    Variant(one.name, end, dict.fromkeys(ordered, text), one.stated, value, one.basis, one.path)
                )
    return variants, skipped


def _shown(one: Input, text: str) -> str:
    """The moved number alone where it lies inside a distribution, else the value."""
    if one.name == one.path:
        return text
    inside = one.name.removeprefix(f"{one.path}.").split(".")[-1]
    found = text[text.index(f"{inside}: ") + len(inside) + 2 :]
    return found[: found.index("]") + 1] if found.startswith("[") else found.split(",")[0].rstrip("}")


def assumptions(loaded: Loaded) -> Iterator[Input | tuple[str, str, str, str]]:
    """Each scalar number of a scenario whose source is an assumption; (path, end, value, why) of what is not tried."""
    assumed = {p.path for p in loaded.parameters if ASSUMPTION in p.source_ids}
    sourced = {p.path for p in loaded.parameters} - assumed
    for value in values(loaded.scenario):
        path = ".".join(value.path)
        if value.path[0] == "run" or value.path[0] in NOT_IN_DIGEST or path in sourced:
            continue
        text = inline(value.plain, shorten_lists=False)
        if path not in assumed:
            yield path, BOTH, text, "a word or a date, not a number"
        elif value.path[0] == "economics":
            yield path, BOTH, text, MONEY_ONLY
        elif path in CHOSEN:
            yield path, BOTH, text, CHOICE
        elif (why := why_unused(value.path, loaded.scenario)) is not None:
            yield path, BOTH, text, f"has no effect here: {why}"
        else:
            yield from _scalars(path, value.plain, loaded)


def _scalars(path: str, plain: object, loaded: Loaded) -> Iterator[Input | tuple[str, str, str, str]]:
    """The numbers inside one value: itself, or those of a distribution; a list of numbers there moves together."""
    if isinstance(plain, dict):
        for family, inside in plain.items():
            for key, part in inside.items() if isinstance(inside, dict) else [(family, inside)]:
                name = f"{path}.{family}.{key}" if isinstance(inside, dict) else f"{path}.{family}"
                written = _writer(plain, family, key if isinstance(inside, dict) else None)
                yield _input(path, name, part, written, loaded)
    else:
        yield _input(path, path, plain, lambda moved: moved, loaded)


def _writer(plain: Mapping[str, object], family: str, key: str | None) -> Callable[[str], str]:
    """How the whole distribution is written with one part of it moved."""

    def write(moved: str) -> str:
        inside = plain[family]
        parts = {k: inline(v, shorten_lists=False) for k, v in inside.items()} if isinstance(inside, dict) else {}
        told = moved if key is None else "{" + ", ".join(f"{k}: {v}" for k, v in (parts | {key: moved}).items()) + "}"
        others = [f"{k}: {inline(v, shorten_lists=False)}" for k, v in plain.items() if k != family]
        return "{" + ", ".join([f"{family}: {told}", *others]) + "}"

    return write


def _input(
    path: str, name: str, part: object, written: Callable[[str], str], loaded: Loaded
) -> Input | tuple[str, str, str, str]:
    """The input with its two values, or (path, end, value, why) where it cannot be moved."""
    text = inline(part, shorten_lists=False)
    if name == path and path in loaded.scenario.uncertainty:
        uncertain = marginal(path, loaded.scenario.uncertainty)
        ends = [uncertain.text(float(value)) for value in uncertain.quantile(np.array(WITHIN))]
        return Input(path, name, text, UNCERTAIN, ends[0], ends[1])
    parts = part if isinstance(part, list) else [part]
    try:
        amounts = [amount(str(one)) for one in parts]
    except ValueError:
        return name, BOTH, text, "a word or a table, not a number"
    if all(one.number == 0.0 for one in amounts) and not is_whole_at(tuple(path.split("."))):
        return name, BOTH, text, "0 has neither half nor double"
    marker = marker_at(tuple(path.split(".")))
    if name == path and isinstance(marker, Number) and (marker.low, marker.high) == (0.0, 1.0):
        share = amounts[0].number
        if share in (0.0, 1.0):
            return name, BOTH, text, "none or all of them: odds cannot be halved"
        low, high = (Amount(float(share_at_odds(share, ratio))).text() for ratio in (0.5, 2.0))
        return Input(path, name, text, ODDS, low, high)
    if name == path and is_whole_at(tuple(path.split("."))):
        count = int(amounts[0].number)
        # a capacity of 0 closes what the path asks for, which is another scenario
        low_count = max(min(count // 2, count - 1), 1 if marker in COUNTED else 0)
        return Input(
            path, name, text, HALVED, str(low_count) if low_count < count else None, str(max(2 * count, count + 1))
        )
    scaled = [[Amount(one.number * factor, one.unit).text() for one in amounts] for factor in (0.5, 2.0)]
    told = [f"[{', '.join(texts)}]" if isinstance(part, list) else texts[0] for texts in scaled]
    return Input(path, name, text, HALVED, written(told[0]), written(told[1]))


def _run(tasks: Sequence[Task], workers: int) -> Iterator[Outcome]:
    return (outcome for outcome, _ in run_tasks(run_variants, tasks, max(1, min(workers, len(tasks)))))


def _values(
    count: int, outcomes: Iterable[Outcome], done: Callable[[int], None] = lambda _: None
) -> tuple[list[dict[str, FloatArray]], dict[int, str]]:
    """(headline values of each moved scenario of each of so many variants, why a variant is refused, by its place)."""
    found: list[dict[str, FloatArray]] = [{} for _ in range(count)]
    refused: dict[int, str] = {}
    for name, places, results in outcomes:
        for place, result in zip(places, results, strict=True):
            if isinstance(result, str):
                refused[place] = result
            else:
                found[place][name] = result
        done(len(results))
    return found, dict(sorted(refused.items()))


def _headline(metrics: FloatArray) -> FloatArray:
    """The figures of the headline of all metrics, the last axis."""
    return reached(metrics[..., [METRIC_NAMES.index(name) for name in HEADLINE]])


def _with(base: FloatArray, names: Sequence[str], moved: Mapping[str, FloatArray]) -> FloatArray:
    """The values of all scenarios, shape (replications, scenarios, figures), those of the moved ones put in."""
    found = base.copy()
    for name, values_of in moved.items():
        found[:, names.index(name)] = values_of
    return found


def _mean(table: FloatArray) -> float:
    """The mean over replications in which there is a value."""
    known = table[np.isfinite(table)]
    return float(known.mean()) if len(known) else float("nan")


def _rows(
    scenarios: Mapping[str, Loaded], variant: Variant, moved: FloatArray, base: FloatArray, count: int
) -> Iterator[dict[str, object]]:
    """A row a scenario and figure of one variant, from few replications."""
    baseline, *others = scenarios
    for place, name in enumerate(others, start=1):
        for figure, metric in enumerate(HEADLINE):
            stated = _mean(base[:, place, figure] - base[:, 0, figure])
            before = base[:count, place, figure] - base[:count, 0, figure]
            shift = _mean(moved[:, place, figure] - moved[:, 0, figure] - before)
            yield {
                "scenario": name,
                "baseline": baseline,
                "metric": metric,
                "label": BY_NAME[metric].label,
                "unit": BY_NAME[metric].unit,
                "path": variant.name,
                "moved_in": "; ".join(variant.texts),
                "end": variant.end,
                "basis": variant.basis,
                "stated_value": variant.stated,
                "value": variant.value,
                "stated": stated,
                "shift": shift,
                "estimate": stated + shift,
                "replications": count,
                "seems": np.isfinite(shift) and stated * (stated + shift) < 0.0,
                "clear": _verdict(base[:, place, figure] - base[:, 0, figure], metric)[0].resolved,
            }


def _verdict(differences: FloatArray, metric: str) -> tuple[Verdict, float, float, float]:
    """(verdict, mean, low, high) of the differences of replications."""
    mean, low, high = (float(one) for one in interval(differences, within=possible_change(BY_NAME[metric].unit)))
    return verdict(mean, low, high, BY_NAME[metric].better), mean, low, high


Confirmed = dict[tuple[object, ...], tuple[Verdict, float, float, float, int]]
KEY = ("scenario", "metric", "path", "moved_in", "end")


def _confirmed(
    scenarios: Mapping[str, Loaded],
    variants: Sequence[Variant],
    rows: Sequence[dict[str, object]],
    base: FloatArray,
    engine: str,
    workers: int,
) -> Confirmed:
    """The differences of variants that seem to turn a clear difference round, on at least `CONFIRMED` replications."""
    seeming = {(row["path"], row["moved_in"], row["end"]) for row in rows if row["seems"] and row["clear"]}
    again = [v for v in variants if (v.name, "; ".join(v.texts), v.end) in seeming]
    if not again:
        return {}
    names, numbers = list(scenarios), range(max(CONFIRMED, min(len(base), CONFIRMED)))
    stated = base[: len(numbers)]
    if len(stated) < len(numbers):
        (plain,), _ = _values(1, _run(tasks_of(scenarios, [None], numbers, engine), workers))
        stated = np.stack([plain[name] for name in names], axis=1)
    found, _ = _values(len(again), _run(tasks_of(scenarios, again, numbers, engine), workers))
    confirmed: Confirmed = {}
    for variant, moved in zip(again, found, strict=True):
        values_of = _with(stated, names, moved)
        for place, name in enumerate(names[1:], start=1):
            for figure, metric in enumerate(HEADLINE):
                told = _verdict(values_of[:, place, figure] - values_of[:, 0, figure], metric)
                key = (name, metric, variant.name, "; ".join(variant.texts), variant.end)
                confirmed[key] = (*told, len(numbers))
    return confirmed


def _told(row: dict[str, object], confirmed: Confirmed) -> dict[str, object]:
    """A row as the table has it, with what was confirmed in the place of what few replications say."""
    nothing = {"low": np.nan, "high": np.nan, "verdict": str(Verdict.UNJUDGED), "turns": False, "rank": 0}
    told = confirmed.get(tuple(row[key] for key in KEY))
    if told is None:
        return row | nothing
    found, mean, low, high, count = told
    stated = row["stated"]
    assert isinstance(stated, float)
    turns = bool(row["clear"]) and found.resolved and mean * stated < 0.0
    sure = {"estimate": mean, "low": low, "high": high, "verdict": str(found), "turns": turns, "replications": count}
    return row | nothing | sure | {"shift": mean - stated}


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """The table by rank: the larger shift of both ends decides, ties by path."""
    size = table["shift"].abs().fillna(-1.0)
    table = table.assign(size=size.groupby([table[key] for key in KEY[:-1]]).transform("max"))
    table = table.sort_values(["scenario", "metric", "size", "path", "moved_in", "end"],
                              ascending=[True, True, False, True, True, False], kind="stable")  # fmt: skip
    first = ~table.duplicated(list(KEY[:-1]))
    table["rank"] = first.groupby([table["scenario"], table["metric"]]).cumsum().astype(int)
    return table[list(COLUMNS)].reset_index(drop=True)
