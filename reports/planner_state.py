"""What has been changed on the planning page: in its fields, in its address, and step by step for undoing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

Changes = dict[str, str]
SCENARIO, REPLICATIONS, STEPS = "scenario", "replications", "steps"
MOST_STEPS, MOST_KEPT = 8, 16
"""Steps that can be undone (they stand in the address as well), and answers that are kept."""
LETTERS = "ab"
FIELDS, WANTED, FRESH = "fields of the page", "what they hold", "fields are made again"
ANSWERS, LOADED, FILE = "answers", "read from the address", "whose fields they are"
Snapshot = list[dict[str, Any]]
"""Of each variant what its fields hold that the reader has changed, by path; "" is the field of other values."""


def parsed(text: str) -> Changes:
    """The values of lines `path: value` or `path=value`, by path; a line of neither form is a path without a value."""
    found: Changes = {}
    for line in text.splitlines():
        told = line.strip()
        if not told or told.startswith("#"):
            continue
        ends = [at for at in (told.find(":"), told.find("=")) if at > 0]
        at = min(ends, default=len(told))
        found[told[:at].strip()] = told[at + 1 :].strip()
    return found


def encoded(snapshot: Snapshot) -> str:
    """A snapshot as it stands in the address."""
    return json.dumps(snapshot, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def decoded(text: str, count: int) -> Snapshot:
    """The snapshot that an address holds; one without changes where it holds none that can be read."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or len(found) != count:
        return [{} for _ in range(count)]
    return [
        {str(k): v for k, v in one.items() if isinstance(v, int | float | str)} if isinstance(one, dict) else {}
        for one in found
    ]


class State:
    """The state of one reader's page. Fields have keys of the session; the address follows them."""

    scenario_key, replications_key = SCENARIO, REPLICATIONS

    def __init__(self, st: Any, scenarios: Sequence[str], counts: Sequence[int], count: int, variants: int) -> None:
        """Reads the address once a session: a page that is loaded again is a new session."""
        self._st, self._session, self._variants = st, st.session_state, variants
        self._stated: list[dict[str, Any]] = [{} for _ in range(variants)]
        if LOADED in self._session:
            if self._session[LOADED] != self._session[SCENARIO]:
                # what was changed in one scenario is not changed in another
                self._session[LOADED] = self._session[SCENARIO]
                self._session[STEPS] = [self._unchanged()]
                self._apply(self._unchanged())
            return
        asked = st.query_params
        name, many = asked.get(SCENARIO, ""), asked.get(REPLICATIONS, "")
        self._session[SCENARIO] = name if name in scenarios else scenarios[0]
        self._session[REPLICATIONS] = int(many) if many in map(str, counts) else count
        steps = [decoded(text, variants) for text in asked.get_all(STEPS)][-MOST_STEPS:]
        self._session[STEPS] = steps or [self._unchanged()]
        self._session[FIELDS] = set()
        self._session[ANSWERS] = {}
        self._session[LOADED] = self._session[SCENARIO]
        self._apply(self._session[STEPS][-1])

    def stands_for(self, place: str, stamp: object) -> None:
        """Which file the fields are of: those of another one hold its values, and changes are not carried over to it.

        A file that has been edited keeps the changes, beside values of its own.
        """
        before, self._session[FILE] = self._session.get(FILE), (place, stamp)
        if before is None or before == (place, stamp):
            return
        if before[0] == place:
            self._apply(self._session[WANTED])
        elif not self._session.get(FRESH, False):
            self._session[STEPS] = [self._unchanged()]
            self._apply(self._unchanged())

    def widget(self, number: int, path: str, value: Any) -> str:
        """The key of a field, which holds what the address or an undone step has for it, else the scenario's value."""
        key = self._key(number, path)
        self._session[FIELDS].add(key)
        self._stated[number][path] = value
        if key not in self._session:
            wanted = self._session[WANTED][number].get(path, value)
            fits = isinstance(wanted, str) == isinstance(value, str)
            self._session[key] = type(value)(wanted) if fits else value
        return key

    def _key(self, number: int, path: str) -> str:
        return f"{LETTERS[number]} {self._session[SCENARIO]} {path}"

    def keep(self) -> None:
        """Notes a step where a field has changed, and writes the address."""
        now: Snapshot = [
            {path: held for path, value in stated.items() if (held := self._session[self._key(number, path)]) != value}
            for number, stated in enumerate(self._stated)
        ]
        steps = self._session[STEPS]
        if self._session.pop(FRESH, False):
            # of an address some may name no field
            steps[-1] = now
        elif steps[-1] != now:
            steps.append(now)
            del steps[:-MOST_STEPS]
        self._session[WANTED] = now
        self._st.query_params.from_dict(
            {
                SCENARIO: self._session[SCENARIO],
                REPLICATIONS: str(self._session[REPLICATIONS]),
                STEPS: [encoded(one) for one in steps],
            }
        )

    def buttons(self, place: Any) -> None:
        """Undo and reset; each leaves a page as it was."""
        undo, reset = place.columns(2)
        steps = self._session[STEPS]
        undo.button("Undo", on_click=self._undo, disabled=len(steps) < 2, width="stretch")
        reset.button("Reset", on_click=self._reset, disabled=not any(steps[-1]), width="stretch")

    def _undo(self) -> None:
        steps = self._session[STEPS]
        if len(steps) > 1:
            steps.pop()
            self._apply(steps[-1])

    def _reset(self) -> None:
        self._session[STEPS].append(self._unchanged())
        self._apply(self._unchanged())

    def _apply(self, snapshot: Snapshot) -> None:
        """Fields are made again from the snapshot when the page is drawn next."""
        for key in self._session[FIELDS]:
            self._session.pop(key, None)
        self._session[FIELDS] = set()
        self._session[WANTED] = snapshot
        self._session[FRESH] = True

    def _unchanged(self) -> Snapshot:
        return [{} for _ in range(self._variants)]

    def known(self, question: object, ask: Callable[[], Any]) -> Any:
        """The answer to a question, from memory where it has been given; the oldest answers go."""
        answers, asked = self._session[ANSWERS], repr(question)
        if asked not in answers:
            answers[asked] = ask()
            for old in list(answers)[:-MOST_KEPT]:
                del answers[old]
        return answers[asked]
