"""What the model is made of: path, people, resources, queues, clocks, as points of an item."""

from __future__ import annotations

from typing import Any

from reports.methods.facts import Case, Facts, some
from reports.words import counted, listed

NOBODY_GIVES_UP = "nobody gives up a queue"
POLICIES = {
    "first_come": "first come, first served",
    "sickest_first": "by priority of the risk group, then first come",
    "likely_benefit": "by benefit of the risk group, then first come",
    "lottery": "by a lot drawn once for each patient",
    "score": "by a score of days waited, priority, benefit and progression",
}
CLOCK_WORDS = {"progression": "progression", "death": "death", "removal": "withdrawal"}


def diagram(f: Facts) -> tuple[str, ...]:
    """Where the flow charts are, and how large."""
    return f.each(
        lambda case: (
            f"flow chart (in methods.md), made from the path that was run: {counted(_nodes(case), 'node')}, "
            f"{counted(case.model['flow_chart'].count('-->'), 'arrow')}."
        )
    )


def _nodes(case: Case) -> int:
    return sum("-->" not in line for line in case.model["flow_chart"].splitlines()[1:])


def logic(f: Facts) -> tuple[str, ...]:
    """Milestones of each path, its size, and how long it takes without queues."""

    def told(case: Case) -> str:
        model = case.model
        kinds = sum(model["steps"].values())
        days = f"; {model['touch_days']:.1f} days without any queue" if model["touch_days"] is not None else ""
        return (
            f"{case.strategy} path of {kinds} steps of {counted(len(model['steps']), 'kind')}, through "
            f"{', '.join(model['milestones'])}{days}."
        )

    return f.each(told)


def leaving(f: Facts) -> tuple[str, ...]:
    """How patients are lost."""

    def told(case: Case) -> str:
        waiting = case.value("clocks.waiting", {})
        kinds = [name for name in CLOCK_WORDS if waiting.get(name) not in (None, "never")]
        shapes = [f"{CLOCK_WORDS[name]} ({_shape(waiting[name])})" for name in kinds]
        if not kinds:
            return "no clock runs against waiting patients, so that nobody leaves by one."
        switched = (
            ", replaced at apheresis by those measured after it" if "after_apheresis" in case.model["clocks"] else ""
        )
        lost = waiting.get("ends_eligibility", 0)
        return (
            f"{counted(len(kinds), 'clock')} run against each waiting patient: {listed(shapes)}{switched}; "
            "a patient leaves when accumulated hazard reaches a threshold drawn once; a proportion of "
            f"{lost} loses eligibility at progression."
        )

    return f.each(told)


def _shape(value: Any) -> str:
    return str(next(iter(value))).replace("_", " ") if isinstance(value, dict) and value else str(value)


def scenario_logic(f: Facts) -> tuple[str, ...]:
    """What is on the path of one scenario and not on that of the baseline."""
    if not f.compared:
        return ("One scenario: its logic is the base model's.",)
    base, points = f.cases[0], []
    for case in f.cases[1:]:
        here, there = _parts(base), _parts(case)
        if here == there:
            points.append(f"{case.name}: same stages and resources as {base.name}; only values differ.")
            continue
        only_here, only_there = [p for p in here if p not in there], [p for p in there if p not in here]
        points.append(f"Only in {case.name}: {some(only_there) or 'nothing'}.")
        points.append(f"Only in {base.name}: {some(only_here) or 'nothing'}.")
    return tuple(points)


def _parts(case: Case) -> list[str]:
    stages = [str(stage["name"]) for stage in case.model["stages"]]
    return [*stages, *(str(resource["label"]) for resource in case.model["resources"])]


def algorithms(f: Facts) -> tuple[str, ...]:
    """Rules that stand for decisions: slots, stock, remakes, opening hours."""

    def told(case: Case) -> str:
        rules = [f"{r['label']}: {r['amount']}" for r in case.model["resources"] if r["kind"] in ("cadence", "stock")]
        for path, words in (("manufacturing.attempts", "manufacture"), ("apheresis.attempts", "collection")):
            if case.value(path) is not None and case.strategy != "allogeneic":
                most = case.value(path)
                rules.append(
                    f"{counted(most, words)} a patient at most" if isinstance(most, int) else f"{words}s: {most}"
                )
        hours = [str(stage["name"]) for stage in case.model["stages"] if stage["hours"]]
        rules += [f"opening times hold for {some(hours)}"] if hours else []
        return f"{'; '.join(rules) or 'no slots, stock, remakes or opening times'}."

    return f.each(told)


def entities(f: Facts) -> tuple[str, ...]:
    """Patients with their attributes, and lots."""

    def told(case: Case) -> str:
        groups = case.value("patients.risk_groups", {})
        named = [
            f"{name} (share {group.get('share')}, hazard x {group.get('hazard', 1)})" for name, group in groups.items()
        ]
        regions, centres = len(case.value("regions", {})), len(case.value("centres", {}))
        text = (
            f"patients of {counted(regions, 'region')}, treated at {counted(centres, 'centre')}, each with a risk "
            f"group ({some(named)}) and thresholds of the clocks"
        )
        lots = [r for r in case.model["resources"] if r["kind"] == "stock"]
        later = "; a proportion comes back for a later course" if case.value("later_course") else ""
        return text + ("; lots of doses, made beside them" if lots else "") + f"{later}."

    return f.each(told)


def activities(f: Facts) -> tuple[str, ...]:
    """Every stage with its mean length."""

    def told(case: Case) -> str:
        stages = [f"{stage['name']} ({_length(stage)})" for stage in case.model["stages"]]
        return f"{counted(len(stages), 'stage')}: {', '.join(stages)}."

    return f.each(told)


def _length(stage: Any) -> str:
    of = "" if stage["of"] == "patient" else f", of a {stage['of']}"
    if stage["mean_days"] is None:
        return f"{stage['rule'].lower()}{of}"
    return f"{stage['rule'].lower()}, mean {stage['mean_days']:.3g} d{of}"


def resources(f: Facts) -> tuple[str, ...]:
    """Every resource with its amount and offered load."""
    return f.each(lambda case: "; ".join(_resource(r) for r in case.model["resources"]) + ".")


def _resource(resource: Any) -> str:
    loads = resource["loads"]
    most = max((load for load in loads.values() if load is not None), default=None)
    load = "" if most is None else f", offered load {'up to ' if len(loads) > 1 else ''}{most:.2f}"
    return f"{resource['label']} ({resource['kind']}): {resource['amount']}{load}"


def queues(f: Facts) -> tuple[str, ...]:
    """Discipline of each queue, and who gives up."""

    def told(case: Case) -> str:
        by_rule: dict[str, list[str]] = {}
        for resource in case.model["resources"]:
            by_rule.setdefault(str(resource["policy"]), []).append(str(resource["label"]))
        rules = [f"{listed(labels)}: {POLICIES.get(rule, rule)}" for rule, labels in by_rule.items()]
        patience = case.model["patience"]
        gives_up = f"after too long a wait patients go another way: {some(patience)}" if patience else NOBODY_GIVES_UP
        told = f"{'; '.join(rules) or 'no queue'}; {gives_up}"
        return f"{told}; queues have no limit; a patient who leaves by a clock leaves every queue."

    return f.each(told)


def entries(f: Facts) -> tuple[str, ...]:
    """Where patients come from."""

    def told(case: Case) -> str:
        regions = [f"{name} ({_arrivals(region)})" for name, region in case.value("regions", {}).items()]
        return f"in: referral to {some(regions)}."

    return f.each(told)


def _arrivals(region: Any) -> str:
    ways = []
    if region.get("referrals") is not None:
        rate = region["referrals"]
        ways.append(f"Poisson, {rate}" if isinstance(rate, str) else "Poisson, rate by date")
    if region.get("referral_days"):
        ways.append("listed dates")
    if region.get("already_waiting"):
        ways.append("an initial waiting list")
    return " and ".join(ways) or "nobody"


def exits(f: Facts) -> tuple[str, ...]:
    """With which outcomes patients go out."""
    return f.each(
        lambda case: (
            f"out: by the path as {listed(case.model['outcomes'])}; by a clock as progressed, died or withdrawn."
        )
    )
