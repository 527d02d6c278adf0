"""How it was run: initial state, length, replications, software, random numbers, as points of an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.findings import PHRASES
from reports.methods.facts import PLAN, Case, Facts, days_of
from reports.words import counted, figure

# Of which metrics the width of the interval is told.
TOLD = ("waiting_days_mean", "progressed_before_infusion_share", "infused_share")


def initialisation(f: Facts) -> tuple[str, ...]:
    """Warm-up, and who and what is there at the start."""

    def told(case: Case) -> str:
        warm_up = days_of(case.value("run.warm_up"))
        there = [f"{r['label'].lower()}: {r['amount']}" for r in case.model["resources"] if r["kind"] == "stock"]
        listed = [name for name, region in case.value("regions", {}).items() if region.get("already_waiting")]
        there += [f"an initial waiting list in {', '.join(listed)}"] if listed else []
        start = f"starts on {case.value('run.start')} with " + ("; ".join(there) if there else "nobody in the system")
        after = f"; patients referred in the first {warm_up:g} d are not measured" if warm_up else "; no warm-up"
        return f"{start}{after}."

    advised = [str(text) for text in f.manifest.get("warnings") or [] if "MSER-5" in str(text)]
    return (*f.each(told), *(f"{text}." for text in advised))


def run_length(f: Facts) -> tuple[str, ...]:
    """Measuring window and follow-up, in days."""
    return f.each(
        lambda case: (
            f"patients referred over {days_of(case.value('run.window')):g} d are measured, each until resolved or for "
            f"{days_of(case.value('run.follow_up')):g} d from referral; arrivals go on until then "
            f"({days_of(case.value('run.warm_up')) + days_of(case.value('run.window')):g} d at least). Time is in days."
        )
    )


def estimation(f: Facts) -> tuple[str, ...]:
    """Replications, and why so many."""
    rule = f.manifest.get("precision")
    each = {"sweep": " of each point", "plan": " of a combination at least", "psa": " of each sample"}.get(f.kind, "")
    points = [f"{counted(f.replications, 'independent replication')}{each}"]
    if isinstance(rule, dict):
        points[0] += (
            f", until the 95% interval of {_limits(rule)} to each side "
            f"(from {rule['at_least']} to {rule['at_most']}): {'reached' if rule['met'] else 'not reached'}"
        )
    elif f.kind != PLAN:
        points[0] += ", a number set beforehand"
    points[0] += "."
    return (*points, common_numbers(f))


def _limits(rule: Mapping[str, Any]) -> str:
    each = [rule, *rule.get("also", ())]
    return " and that of ".join(f"{one['metric']} was at most {one['half_width']:g}" for one in each)


def common_numbers(f: Facts) -> str:
    """Whether the scenarios treat the same patients."""
    if not f.compared and f.kind == "study":
        return "One scenario, so that no common random numbers are needed."
    if "same_patients" in f.tables or f.kind != "study":
        return "Common random numbers: the same patients, with the same luck, in every scenario and point."
    why = f.manifest.get("same_patients_note") or "the folder does not say why"
    return f"The patients are not the same in all scenarios: {why}."


def reached(f: Facts) -> tuple[str, ...]:
    """The precision that the replications bought, where there are levels."""
    if f.replications < 2:
        return ()

    def told(case: Case) -> str:
        levels = {metric: f.findings.level(case.name, metric) for metric in TOLD}
        found = [f"{PHRASES[metric][0]} {figure(level)}" for metric, level in levels.items() if level.bounded]
        return f"{'; '.join(found)}." if found else ""

    return f.each(told)


def software(f: Facts) -> tuple[str, ...]:
    """Versions and operating system."""
    versions = dict(f.manifest["versions"])
    own, python = versions.pop("vein2vein", "unknown"), versions.pop("python", "unknown")
    return (
        f"vein2vein {own} (code {str(f.manifest.get('code', ''))[:12]}) on Python {python}, {f.manifest['platform']}.",
        f"With {', '.join(f'{name} {version}' for name, version in versions.items())}.",
    )


def random_sampling(f: Facts) -> tuple[str, ...]:
    """Generator, streams and seed."""
    purposes = f.each(lambda case: f"{counted(len(case.model['purposes']), 'purpose')} of draws on the path.")
    return (
        f"{f.method['generator']}: {', '.join(f.method['key'])}; seed {f.manifest['seed']}.",
        "A uniform is a function of its key alone, turned into a value by a quantile function: one more patient, stage "
        "or line changes no other draw.",
        *purposes,
    )


def execution(f: Facts) -> tuple[str, ...]:
    """Engine, event processing and workers."""
    m = f.manifest
    way = {
        "simpy": "process interaction, a process a patient and lot on SimPy's event list",
        "compiled": "event scheduling, one compiled loop over a binary heap",
        "simpy until compiled": "a process a patient and lot on SimPy's event list, then one compiled loop over a heap",
    }.get(str(m["engine"]), "")
    return (
        f"Engine: {m['engine']} ({m.get('engine_why') or 'as asked'}): {way}; both engines give the same records.",
        f"{counted(int(m['workers']), 'worker process', 'worker processes')}; their number changes no result.",
    )


def ties(f: Facts) -> tuple[str, ...]:
    """The order of what falls on one instant."""
    return (f"What falls on one instant happens in this order: {'; '.join(f.method['ties'])}.",)


def system(f: Facts) -> tuple[str, ...]:
    """Run time and machine."""
    m = f.manifest
    return (
        f"Run time {m['seconds']:.1f} s on {m['platform']} ({f.method['machine']}, "
        f"{counted(int(f.method['processors'] or 1), 'processor')} seen), finished {m['created']}.",
    )


def sharing(f: Facts) -> tuple[str, ...]:
    """What another needs to run it again."""
    files = [f"{case.file} (digest {case.digest[:12]})" for case in f.cases]
    again = "`python run_sim.py verify` on the results folder runs it again and compares."
    return (
        f"The program is free under the MIT licence. Made by: {f.manifest['command']}.",
        f"Scenario files: {', '.join(files)}; in full in manifest.json. {again}",
    )
