"""Method tables of a results folder: STRESS-DES, the good practices of ISPOR-SMDM, and CHEERS where there is economics.

Each item is filled from what the manifest and the tables say of this run, or names what is left to the author.
"""

from __future__ import annotations

from reports.methods.cheers import cheers
from reports.methods.facts import Facts, facts_of
from reports.methods.ispor import ispor
from reports.methods.item import Item, MethodTable
from reports.methods.page import methods_page
from reports.methods.stress import stress
from reports.methods.voi import has_value_of_information, value_of_information
from reports.tables import ResultsError, Tables

__all__ = ["Item", "MethodTable", "method_tables", "methods_text"]


def method_tables(tables: Tables) -> list[MethodTable]:
    """The tables that fit this results folder; none where its manifest does not describe the model.

    Raises ResultsError where the manifest describes it in another way than this version does.
    """
    facts = facts_of(tables)
    return [] if facts is None else _filled(facts)


def methods_text(tables: Tables) -> str | None:
    """`methods.md`; None where the manifest does not describe the model. Raises as `method_tables`."""
    facts = facts_of(tables)
    return None if facts is None else methods_page(_filled(facts), facts)


def _filled(facts: Facts) -> list[MethodTable]:
    try:
        found = [stress(facts), ispor(facts)]
        found += [cheers(facts)] if facts.economics else []
        return [*found, value_of_information(facts)] if has_value_of_information(facts) else found
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        # a manifest is a file that anybody may have changed
        raise ResultsError(f"manifest.json: does not describe the model as this version does ({error!r})") from error
