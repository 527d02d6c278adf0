"""What was asked and from what: purpose, outputs, experiments, data and assumptions, as points of an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.methods.facts import PLAN, PSA, SWEEP, Facts, leaves, metrics, some, sourced, sources_of
from reports.words import counted

# Designs whose points are drawn.
SAMPLED = ("latin_hypercube", "sobol", "morris")


def purpose(f: Facts) -> tuple[str, ...]:
    """What is estimated, and under which ways of organising the therapy."""
    asked = (
        "To estimate how many days patients wait for CAR T-cell therapy, from referral to infusion, and how many "
        f"progress before infusion, under {counted(len(f.cases), 'way')} of organising it."
    )
    return (asked, *(f"{case.name} ({case.strategy}): {case.description or 'no description'}." for case in f.cases))


def outputs(f: Facts) -> tuple[str, ...]:
    """The quantities that the folder reports."""
    if f.kind == PSA:
        samples = counted(f.manifest["samples"], "sample")
        return (f"Cost and QALYs per patient referred in each of {samples} of uncertain inputs.",)
    found = metrics(f)
    named = [f"{label} ({unit})" if unit else label for label, unit in found]
    point: tuple[str, ...] = (
        f"{counted(len(found), 'quantity', 'quantities')}, each computed from the finished record of a replication: "
        f"{'; '.join(named)}.",
    )
    if f.findings.scenarios:
        point += ("Proportions are of the patients referred in the measuring window; waiting days are of the infused.",)
    return point


def intervals(f: Facts) -> tuple[str, ...]:
    """How intervals are made."""
    if f.kind == PSA:
        return ("Means over samples; within a sample, over its replications.",)
    count = f.replications
    if count < 2:
        return ("One replication only, so no interval is given.",)
    text = (
        f"Estimates are means over {counted(count, 'replication')} with 95% simulation intervals: score intervals "
        f"with Student's t ({count - 1} d.f.), Wilson's for shares, which stay inside what is possible"
    )
    if f.findings.others:
        text += f"; differences from '{f.findings.baseline}' are paired by replication"
    return (f"{text}.",)


def aims(f: Facts) -> tuple[str, ...]:
    """The experiment: scenarios compared, points of a design, or a target."""
    m = f.manifest
    names = " against ".join(f"'{case.name}'" for case in f.cases)
    if f.kind == SWEEP:
        paths = [f"{path} ({unit})" if unit else str(path) for path, unit in m["paths"].items()]
        seed = f", drawn with seed {m['design_seed']}" if m["design"] in SAMPLED else ""
        design = str(m["design"]).replace("_", " ")
        return (
            f"Design of experiments: {design}, {counted(m['points'], 'point')}{seed}, of {names}; "
            f"varied: {some(paths)}.",
        )
    if f.kind == PLAN:
        return _search(m, names)
    if f.kind == PSA:
        uncertain = list(dict.fromkeys(path for case in f.cases for path in case.value("uncertainty", {})))
        return (
            f"Probabilistic sensitivity analysis of {names}: {counted(m['samples'], 'sample')} of "
            f"{counted(len(uncertain), 'input')} ({some(uncertain, 'uncertainty in the scenario files')}).",
        )
    if not f.compared:
        return (f"One scenario, {names}; no experiment.",)
    told = f"Scenario analysis: {names}; the first is the baseline."
    if "changes" not in f.tables:
        return (told, "No value differs between them.")
    return (told, f"{counted(len(f.tables['changes']), 'value differs', 'values differ')} between them (changes.csv).")


def _search(m: Mapping[str, Any], names: str) -> tuple[str, ...]:
    """What a search for the cheapest capacity asked, how it decided, and what it found."""
    levers = [f"{lever['path']} ({', '.join(lever['levels'])})" for lever in m["levers"]]
    prices = [f"{price:g} a unit of {path}" for path, price in m["prices"].items()]
    targets = [f"{target} (indifference zone {zone:g})" for target, zone in zip(m["targets"], m["zones"], strict=True)]
    answer = " and ".join(f"{path} = {value}" for path, value in (m["answer"] or {}).items())
    tried = f"{m['evaluated']} of {counted(m['combinations'], 'combination')} run"
    by = f", proposed by {m['proposed_by']}" if m["proposed_by"] else ""
    return (
        f"Search for the {'cheapest' if prices else 'smallest'} {some(levers)} of {names} with "
        f"{' and '.join(targets)}; {tried}{by}; answer: {answer or 'none'}.",
        *([f"Costs: {some(prices)}; they are known beforehand and not simulated."] if prices else []),
        f"Each target of each combination is tested by itself, in order of cost (procedure {m['procedure']}), from "
        f"{counted(m['first_stage'], 'replication')} up to {m['most_replications']}; a confidence of "
        f"{m['confidence']:g} holds for all tests together.",
    )


def data_sources(f: Facts) -> tuple[str, ...]:
    """Publications behind the numbers."""
    found = sources_of(f)
    files = {str(value) for case in f.cases for _, value in leaves(case.resolved) if str(value).endswith(".csv")}
    points = [f"{counted(len(found), 'figure')} from published sources: {', '.join(found) or 'none'}."]
    points += [f"Read from files: {some(sorted(files))}."] if files else []
    return (*points, *f.each(sourced))


def preprocessing(f: Facts) -> tuple[str, ...]:
    """What the program does to inputs before it runs."""
    rates = [path for case in f.cases for path, value in leaves(case.resolved) if str(value).endswith("/ month")]
    return (
        f"Rates and lengths in months ({counted(len(set(rates)), 'rate')} here) are turned into days at 365.25/12 d a "
        "month; survival shapes into piecewise linear tables of cumulative hazard, relative error 1e-6 at most.",
    )


def parameters(f: Facts) -> tuple[str, ...]:
    """Where all input values stand, and the first differences."""
    points = [f"Every one with its value and source: table of inputs in methods.md ({_counts(f)})."]
    if f.kind == SWEEP:
        points.append("Values of each point: points.csv.")
    elif "changes" in f.tables:
        points.append(
            f"Values in which the scenarios differ: {some(list(f.tables['changes']['path']), 'changes.csv')}."
        )
    uncertain = {path for case in f.cases for path in case.value("uncertainty", {})}
    if uncertain:
        used = "drawn in this analysis" if f.kind == PSA else "not used in this run"
        points.append(f"Distributions of the uncertainty of {counted(len(uncertain), 'input')}, {used}.")
    return tuple(points)


def _counts(f: Facts) -> str:
    return ", ".join(f"{case.name}: {counted(len(case.model['parameters']), 'number')}" for case in f.cases)


def assumptions(f: Facts) -> tuple[str, ...]:
    """The inputs without a published source."""
    return f.each(
        lambda case: (
            f"{counted(len(case.assumed), 'number')} of {len(case.model['parameters'])} "
            f"{'is an assumption' if len(case.assumed) == 1 else 'are assumptions'}: "
            f"{some([p for p in case.assumed if not p.startswith('run.')], 'marked in the table of inputs')}."
        )
    )


def left_out(f: Facts) -> tuple[str, ...]:
    """What the model leaves out, as the manifest says it."""
    found = f.manifest.get("not_modelled") or []
    return tuple(f"Not modelled: {text}" for text in found)
