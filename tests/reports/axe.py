"""What axe-core finds on an open page."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from tests.reports.browser import Browser


def script() -> str | None:
    """The text of axe-core, or None where it is not installed."""
    found = importlib.util.find_spec("axe_core_python")
    if found is None or found.origin is None:
        return None
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(browser: Browser, script: str) -> list[list[str]]:
    """Rule, impact and first place of each violation on the page as it stands."""
    browser.value(script + ";true")
    browser.value(
        "axe.run(document, {resultTypes: ['violations']}).then(found => { window.judged = JSON.stringify("
        "found.violations.map(one => [one.id, one.impact, one.nodes[0].html])); }); true"
    )
    browser.wait_for("window.judged", seconds=120)
    found: list[list[str]] = json.loads(browser.value("window.judged"))
    return found
