"""A clock after apheresis that is the same as while waiting, so that its number stands once in a scenario."""

from __future__ import annotations

from sim.scenario.nodes import Branch, Leaf, Mark
from sim.scenario.people import WaitingClocks

# What stands in the place of a value of `clocks.after_apheresis`: that of the same key of `clocks.waiting`.
AS_WAITING = "as_waiting"
CLOCKS, WAITING, AFTER = "clocks", "waiting", "after_apheresis"


def with_values_of_waiting(tree: Branch) -> Branch:
    """The tree with the values that are meant; a key that `waiting` does not have has its default.

    A key that no clocks have stays, and is refused for what it is.
    """
    clocks = tree.entries.get(CLOCKS)
    if not isinstance(clocks, Branch):
        return tree
    if AS_WAITING not in clocks.made:
        clocks.made[AS_WAITING] = _meant(clocks)
    meant = clocks.made[AS_WAITING]
    return tree if meant is clocks else Branch(tree.place, {**tree.entries, CLOCKS: meant}, tree.keys)


def _meant(clocks: Branch) -> Branch:
    """The clocks with the values that are meant; themselves where the word stands nowhere."""
    waiting, after = clocks.entries.get(WAITING), clocks.entries.get(AFTER)
    if not isinstance(waiting, Branch) or not isinstance(after, Branch):
        return clocks
    meant = _with_the_word(after)
    if not meant:
        return clocks
    left = _with_the_word(waiting)  # has no meaning there, and is refused there
    there = {key: node for key, node in waiting.entries.items() if not isinstance(node, Mark) and key not in left}
    entries = {
        key: there[key] if key in meant else node
        for key, node in after.entries.items()
        if key not in meant or key in there
    }
    whole = Branch(after.place, entries, {key: after.keys[key] for key in entries if key in after.keys})
    return Branch(clocks.place, {**clocks.entries, AFTER: whole}, clocks.keys)


def kept_words(tree: Branch) -> set[str]:
    """The keys of `clocks.after_apheresis` in whose place the word stands."""
    clocks = tree.entries.get(CLOCKS)
    after = clocks.entries.get(AFTER) if isinstance(clocks, Branch) else None
    return _with_the_word(after) if isinstance(after, Branch) else set()


def _with_the_word(clocks: Branch) -> set[str]:
    known = WaitingClocks.model_fields
    found = clocks.entries.items()
    return {key for key, node in found if key in known and isinstance(node, Leaf) and node.value == AS_WAITING}
