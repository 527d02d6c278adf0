"""The planning page: levers, the answer to one, the page without and with a browser, on loopback only."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports import planner, write_all
from reports.planner import plain
from reports.planner_state import decoded, encoded, parsed
from sim.experiment.disk.folder import write_file
from sim.experiment.plan import page as planning
from sim.experiment.plan.page import BASELINE, VARIANTS
from sim.scenario import ScenarioError, load
from tests.reports import axe
from tests.reports.browser import running
from tests.runs import SHIPPED

ROOT = Path(__file__).parents[1]
SMALL = """
extends: {shipped}
name: "=cmd() <b>small</b>"
run: {{warm_up: 60 d, window: 90 d, follow_up: 200 d}}
"""


def small(folder: Path) -> Path:
    place = folder / "small.yaml"
    place.write_text(SMALL.format(shipped=os.path.relpath(SHIPPED / "autologous.yaml", folder)), encoding="utf-8")
    return place


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return small(tmp_path)


def test_levers_are_the_numbers_of_the_scenario_in_its_own_units(file: Path) -> None:
    found = {lever.path: lever for lever in planning.levers(load(file))}
    lines = found["manufacturing.lines"]
    assert (lines.value, lines.kind, lines.text(12.0)) == (16.0, "count", "12")
    assert found["release_testing.sterility"].text(7.0) == "7 d"
    assert found["regions.capital.referrals"].text(5.5) == "5.5 / month"
    assert found["centres.capital.beds"].of_one
    assert "manufacturing.duration" not in found
    assert all(lever.low <= lever.value <= lever.high for lever in found.values())


def test_every_capacity_that_is_one_number_is_a_lever() -> None:
    def counts(name: str, *overrides: str) -> set[str]:
        return {lever.path for lever in planning.levers(load(name, overrides)) if lever.kind == "count"}

    makers = {
        f"manufacturing.manufacturers.{name}.{what}" for name in ("near", "far") for what in ("slots.count", "lines")
    }
    assert makers <= counts("two_manufacturers")
    shared = "shared={ward: {centres: [capital, north], beds: 7}}"
    more = ("centres.coast.places=2", "release_testing.lab=9", "centres.highland.beds=0")
    found = counts("autologous", shared, *more)
    assert {"shared.ward.beds", "centres.coast.places", "release_testing.lab", "centres.highland.beds"} <= found
    # what the ward has instead, what is without limit, and what is no capacity
    assert not {"centres.capital.beds", "centres.capital.places", "apheresis.attempts", "run.seed"} & found


@pytest.mark.parametrize("name", ["autologous", "allogeneic", "two_manufacturers"])
def test_every_lever_can_be_moved_to_either_end(name: str) -> None:
    file = Path(name)
    for lever in planning.levers(load(file)):
        for end in (lever.low, lever.high):
            if "order" in lever.path and end != lever.value:
                continue  # s below S: the two levers bound each other
            moved = planning.moved(file, {lever.path: lever.text(end)})
            told = {p.path: p.value_text for p in moved.parameters}[lever.path]
            assert told.split()[0] == f"{end:g}"


def test_the_answer_is_paired_and_a_variant_without_a_change_is_none(file: Path) -> None:
    alone = planning.answer(file, [{}, {}], 2).frames
    assert list(dict.fromkeys(alone["summary"]["scenario"])) == [BASELINE]
    assert "differences" not in alone
    sterility, lines = {"release_testing.sterility": "3 d"}, {"manufacturing.lines": "3"}
    frames = planning.answer(file, [sterility, lines], 2).frames
    assert list(dict.fromkeys(frames["summary"]["scenario"])) == [BASELINE, *VARIANTS]
    changes = frames["differences"].set_index(["scenario", "metric"])["estimate"]
    assert changes[VARIANTS[0], "turnaround_days_mean"] < -1
    assert changes[VARIANTS[1], "turnaround_days_mean"] > -1
    # each variant stands beside the same scenario, whatever the other one changes
    single = planning.answer(file, [sterility, {}], 2).frames["differences"].set_index(["scenario", "metric"])
    assert single["estimate"][VARIANTS[0], "turnaround_days_mean"] == changes[VARIANTS[0], "turnaround_days_mean"]
    assert {"economics", "icer", "nmb"} <= set(frames)


def test_the_scenario_file_stands_for_itself_and_the_report_compares(file: Path, tmp_path: Path) -> None:
    changes = {"manufacturing.lines": "3"}
    alone = tmp_path / "alone.yaml"
    alone.write_text(planning.scenario_file(file, changes), encoding="utf-8")
    assert load(alone).digest == planning.moved(file, changes).digest
    text = planning.report(file, [{}, changes], 2, lambda folder: write_all(folder, write_file).paths)
    assert "With variant B instead of the scenario as it is" in text


def test_who_is_served_next_can_be_chosen_and_dates_can_be_typed(file: Path) -> None:
    (policy,) = planning.choices(load(file))
    # nobody has a priority here, and there is no score
    assert (policy.value, policy.options) == ("first_come", ("first_come", "lottery"))
    for word in policy.options:
        assert planning.moved(file, {policy.path: word}).scenario.waiting_list.policy == word
    dated = parsed("manufacturing.slots.count: {2026-01-01: 4, 2026-03-01: 6}\n# a note\nwaiting_list.policy=lottery\n")
    assert dated == {
        "manufacturing.slots.count": "{2026-01-01: 4, 2026-03-01: 6}",
        "waiting_list.policy": "lottery",
    }
    assert planning.moved(file, dated).digest != load(file).digest
    with pytest.raises(ScenarioError, match=r"manufacturing\.slot"):
        planning.moved(file, parsed("manufacturing.slot.count: 5"))


def test_the_wait_of_a_hybrid_is_a_lever() -> None:
    found = {lever.path: lever for lever in planning.levers(load("hybrid"))}
    assert found["hybrid.after_waiting"].text(30.0) == "30 d"


def test_an_address_that_cannot_be_read_changes_nothing() -> None:
    kept: list[dict[str, Any]] = [{"manufacturing.lines": 3}, {"": "waiting_list.policy=lottery"}]
    assert decoded(encoded(kept), 2) == kept
    for text in ("", "[", "{}", "[1]", "[1, null]", '[{"a": [1]}, {}]'):
        assert decoded(text, 2) == [{}, {}]


def test_names_are_shown_letter_for_letter() -> None:
    assert plain("[a](http://b) <c> $x$ :red[d]") == r"\[a\]\(http\://b\) \<c\> \$x\$ \:red\[d\]"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The page, with one of its charts."""
    monkeypatch.setattr(planner, "SHOWN", planner.SHOWN[:1])
    testing = pytest.importorskip("streamlit.testing.v1")
    return testing.AppTest.from_file(str(ROOT / "tests" / "reports" / "planning_script.py"), default_timeout=300)


def field(page: Any, label: str, variant: int = 0) -> Any:
    """The field of this label of a variant."""
    return [one for one in page.number_input if one.label.startswith(label)][variant]


def button(page: Any, label: str) -> Any:
    return next(one for one in page.button if one.label == label)


def test_the_page_opens_on_the_autologous_scenario_and_draws_no_comparison_with_itself(
    page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # with all of its charts
    page.run()
    assert not page.exception
    assert page.selectbox[0].value == "Autologous, just enough slots"
    assert len(page.metric) == 4
    assert not any(one.delta for one in page.metric)
    assert "difference" not in " ".join(one.value for one in page.markdown)


def test_two_variants_stand_side_by_side_and_undo_and_reset_lead_back(page: Any) -> None:
    page.run()
    before = [one.value for one in page.metric]
    field(page, "Sterility test").set_value(3.0).run()
    assert not page.exception
    wait = page.metric[0]
    assert wait.value != before[0]
    # streamlit colours by the hyphen in front; a shorter wait is better
    assert wait.delta.startswith("-")
    assert wait.proto.color == wait.proto.MetricColor.GREEN
    assert wait.proto.direction == wait.proto.MetricDirection.DOWN
    assert any("Variant A: a mean wait" in one.value.replace("\\", "") for one in page.markdown)
    field(page, "Manufacturing lines", 1).set_value(3).run()
    assert len(page.metric) == 8
    heads = next(one.value for one in page.markdown if one.value.startswith("| Figure")).split("\n")[0]
    assert heads == (
        "| Figure | the scenario as it is | variant A | variant B | variant A, difference | variant B, difference |"
    )
    button(page, "Undo").click().run()
    assert not page.exception
    assert (field(page, "Manufacturing lines", 1).value, field(page, "Sterility test").value) == (16, 3.0)
    assert page.metric[0].value == wait.value
    button(page, "Reset").click().run()
    assert [one.value for one in page.metric] == before
    button(page, "Undo").click().run()
    assert field(page, "Sterility test").value == 3.0


def test_the_address_brings_back_what_was_changed_and_its_steps(page: Any) -> None:
    page.query_params["scenario"] = "Allogeneic, off the shelf"
    page.query_params["replications"] = "20"
    page.query_params["steps"] = ["[{},{}]", '[{"lymphodepletion.duration":4.0,"no.field":1},{"":"run.window=90 d"}]']
    page.run()
    assert not page.exception
    assert page.selectbox[0].value == "Allogeneic, off the shelf"
    assert page.select_slider[0].value == 20
    assert any(area.value == "run.window=90 d" for area in page.text_area)
    assert field(page, "Lymphodepletion").value == 4.0
    button(page, "Undo").click().run()
    assert not any(area.value for area in page.text_area)


def test_fields_are_of_the_file_that_is_put_in_place_and_of_it_again_once_it_is_edited(
    page: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.run()
    field(page, "Lymphodepletion").set_value(4.0).run()
    stated = file.read_text(encoding="utf-8")
    file.write_text(stated + "release_testing: {sterility: 9 d}\n", encoding="utf-8")
    monkeypatch.setattr("reports.planner._uploaded", lambda *_: file)
    page.run()
    assert not page.exception
    assert field(page, "Sterility test").value == 9.0
    # nothing is changed in it, so that it is compared with nothing
    assert not any(one.delta for one in page.metric)
    field(page, "Lymphodepletion", 1).set_value(6.0).run()
    file.write_text(stated + "release_testing: {sterility: 11 d}\n", encoding="utf-8")
    page.run()
    assert (field(page, "Sterility test").value, field(page, "Lymphodepletion", 1).value) == (11.0, 6.0)
    monkeypatch.undo()
    page.run()
    assert (field(page, "Sterility test").value, field(page, "Lymphodepletion").value) == (14.0, 5.0)
    assert not any(one.delta for one in page.metric)


def test_a_value_that_the_scenario_file_would_refuse_is_refused_in_its_words(page: Any) -> None:
    page.run()
    page.text_area[0].set_value("waiting_list.policy: loudest_first").run()
    assert not page.exception
    assert "loudest" in page.error[0].value
    assert "lottery" in page.error[0].value


def test_without_streamlit_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    import run_sim
    from sim.shell import app

    monkeypatch.setattr(app, "find_spec", lambda name: None)
    told = CliRunner().invoke(run_sim.cli, ["app"])
    assert told.exit_code == 4
    assert "pip install --upgrade streamlit" in told.output


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a page that runs as long as its tests."""
    pytest.importorskip("streamlit")
    file = small(tmp_path_factory.mktemp("served"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "run_sim.py", "app", "--port", str(port), str(file)]
    server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                    break
            except OSError:
                assert server.poll() is None, "the server ended"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.2)
        yield port
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


@pytest.mark.slow
def test_the_page_in_a_browser_answers_to_a_key_and_asks_nobody_else(
    served: int, chromium: str, tmp_path: Path
) -> None:
    with running(chromium, tmp_path / "profile") as browser:
        browser.events.clear()
        browser.call("Page.navigate", url=f"http://127.0.0.1:{served}")
        figures = "[...document.querySelectorAll('[data-testid=stMetricValue]')].map(one => one.textContent).join()"
        browser.wait_for(f"({figures}).includes('days')", 60)
        shown = browser.value("[...document.querySelectorAll('input')].map(one => one.value).join()")
        assert "=cmd() <b>small</b>" in shown + browser.value("document.body.innerText")
        before = browser.value(figures)
        typed = "document.querySelector('input[type=number][aria-label*=Sterility]')"
        browser.value(f"{typed}.focus(), {typed}.select()")
        browser.call("Input.insertText", text="3")
        for kind in ("rawKeyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13)
        browser.wait_for(f"({figures}) !== {before!r} && document.querySelectorAll('.js-plotly-plot').length >= 3", 60)
        changed = browser.value(figures)
        assert "release_testing.sterility" in browser.value("decodeURIComponent(location.search)")
        browser.call("Page.navigate", url=browser.value("location.href"))
        browser.wait_for(f"({figures}) === {changed!r}", 60)
        # with everything opened; what is minor lies inside fields of streamlit's own
        judge = axe.script()
        if judge is not None:
            browser.value("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
            assert [
                one for one in axe.violations(browser, judge) if one[1] in ("serious", "critical", "moderate")
            ] == []
        assert all(f"//127.0.0.1:{served}" in address for address in browser.requests)


def test_the_page_is_served_to_this_machine_only(served: int) -> None:
    own = socket.gethostbyname(socket.gethostname())
    if own.startswith("127."):
        pytest.skip("this machine has no address but its own")
    with socket.socket() as other:
        other.settimeout(3)
        assert other.connect_ex((own, served)) != 0
