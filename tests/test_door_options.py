"""What the front door takes: limits of the command line, wrong kinds in words, results that are gone, old names."""

from __future__ import annotations

import inspect
import os
import pickle
import re
import threading
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

import vein2vein as v2v
from run_sim import cli
from sim.experiment.asked import OptionError
from sim.experiment.options import EVERY, MOST_WORKERS, OWN, Number, Whole, Word, limit
from vein2vein import going
from vein2vein.limits import kind, read

ROOT = Path(__file__).parents[1]
TINY = {
    "extends": "autologous",
    "name": "Tiny",
    "run": {"window": "60 d", "warm_up": "0 d", "follow_up": "100 d", "replications": 2},
}
FUNCTIONS = [name for name in v2v.__all__ if inspect.isfunction(getattr(v2v, name))]
METHODS = ("table", "figure", "report", "save")
COMMANDS = sorted(set(FUNCTIONS) & set(cli.list_commands(click.Context(cli))))
OPTIONS = [
    *((function, option) for function in FUNCTIONS for option in inspect.signature(getattr(v2v, function)).parameters),
    *(
        (method, option)
        for method in METHODS
        for option in inspect.signature(getattr(v2v.Results, method)).parameters
        if option != "self"
    ),
]
WRONG: tuple[object, ...] = (object(), b"bytes", [3], {3: 4}, {"a"}, float("nan"), -1, 2.5, "", None, 1 + 2j)


@pytest.fixture(scope="module")
def tiny() -> v2v.Study:
    return v2v.run(TINY)


def refusal(function: str, option: str, value: object) -> OptionError | None:
    """The error on such a value; None where it is taken."""
    try:
        read(function, option, value)
    except OptionError as error:
        return error
    return None


@pytest.mark.parametrize(("function", "option"), OPTIONS)
def test_every_option_is_read_and_what_it_cannot_be_is_told_with_its_name(function: str, option: str) -> None:
    assert kind(function, option) is not None
    refused = [error for wrong in WRONG if (error := refusal(function, option, wrong)) is not None]
    assert {error.option for error in refused} == {option}
    for error in refused:
        assert re.fullmatch(rf"{option}: found .+; allowed: .+", str(error))
    assert (
        len(refused) >= len(WRONG) - 2
    )  # a mapping of numbers is a scenario, if a wrong one; some numbers are numbers


@pytest.mark.parametrize(
    ("function", "option", "given", "taken"),
    [
        ("run", "replications", 20.0, 20),  # as R has it
        ("run", "replications", np.int64(20), 20),
        ("run", "replications", np.float64(20.0), 20),
        ("sweep", "metrics", "infused_share", ("infused_share",)),  # one text is a list of one
        ("plan", "targets", ["infused_share >= 1"], ("infused_share >= 1",)),
        ("psa", "population", 250, 250),
        ("run", "progress", print, print),
    ],
)
def test_what_an_option_is_taken_for(function: str, option: str, given: object, taken: object) -> None:
    found = read(function, option, given)
    assert found == taken
    assert type(found) is type(taken)


@pytest.mark.parametrize("command", COMMANDS)
def test_command_and_function_have_the_same_limits_and_defaults(command: str) -> None:
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    signature = inspect.signature(getattr(v2v, command)).parameters
    options = {one.opts[0].lstrip("-").replace("-", "_"): one for one in found.params if isinstance(one, click.Option)}
    shared = [name for name in options if limit(command, name) is not None]
    assert "replications" in shared or command in ("fit", "new")
    assert set(OWN.get(command, {})) <= set(options)
    for name in shared:
        allowed, option = limit(command, name), options[name]
        match allowed:
            case Whole() | Number():
                assert isinstance(option.type, click.IntRange | click.FloatRange)
                assert (option.type.min, option.type.max) == (allowed.low, allowed.high)
            case Word():
                assert isinstance(option.type, click.Choice)
                assert tuple(option.type.choices) == allowed.words
        if name in signature and allowed is not None:
            assert signature[name].default in (allowed.usual, inspect.Parameter.empty), name
            # a sweep file may say another design
            assert option.to_info_dict()["default"] in (allowed.usual, None), name


def test_no_command_has_a_limit_of_its_own_beside_the_table() -> None:
    names = {name for own in (EVERY, *OWN.values()) for name in own}
    for command in COMMANDS:
        file = ROOT / "sim" / "shell" / f"{'run' if command == 'compare' else command}.py"
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            assert not re.search(r"(IntRange|FloatRange|Choice)\(", text), (file.name, names)


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: v2v.run(TINY, replication=3), r"run\(\) has no option 'replication'; did you mean 'replications'"),
        (lambda: v2v.sweep(TINY), r"sweep\(\): missing a required argument: 'vary'"),
        (lambda: v2v.run(TINY, TINY), r"run\(\): too many positional arguments"),
    ],
)
def test_an_option_that_there_is_not_is_told_with_the_nearest(ask: Callable[[], object], told: str) -> None:
    with pytest.raises(TypeError, match=told):
        ask()


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: v2v.run(3), "scenario: found 3; allowed: the name of a shipped scenario, a file, a mapping"),
        (lambda: v2v.compare(TINY, [TINY]), "scenarios: found a value of type list; allowed"),
        (lambda: v2v.run(TINY, replications="20"), "replications: found '20'; allowed: a whole number, 1 or more"),
        (lambda: v2v.run(TINY, replications=True), "replications: found True; allowed: a whole number"),
        (lambda: v2v.run(TINY, set=["a=3"]), "set: found a value of type list; allowed: a mapping"),
        (lambda: v2v.run(TINY, events="no"), "events: found 'no'; allowed: True or False"),
        (lambda: v2v.run(TINY, folder=""), "folder: found an empty text; allowed: the path of a folder"),
        (lambda: v2v.run(TINY, precision={"infused_share": "x"}), "precision: found 'x'; allowed: METRIC=HALFWIDTH"),
        (lambda: v2v.psa("autologous", years=101), "years: found 101; allowed: 1 to 100"),
        (lambda: v2v.psa("autologous", population=0), "population: found 0; allowed: more than 0"),
        (lambda: v2v.forecast("autologous", "r.yaml", back_test=61), "back_test: found 61; allowed: 5 to 60"),
        (lambda: v2v.forecast("autologous", "r.yaml", samples=100_001), "samples: found 100001; allowed: 2 to 100000"),
        (lambda: v2v.observe("autologous", "r.yaml", fit_until="2026-01-01"), "fit_until: found '2026-01-01'; allowed"),
        (
            lambda: v2v.calibrate("autologous", "t.yaml", vary={"manufacturing.lines": (1, 2, 3)}),
            "vary: manufacturing.lines: found a value of type tuple; allowed: .LOWEST, HIGHEST.",
        ),
        (
            lambda: v2v.psa("autologous", groups={"all": [3]}),
            "groups: all: found a value of type list; allowed: a list of texts",
        ),
        (
            lambda: v2v.psa("autologous", "allogeneic", groups={"all": "economics.costz"}),
            "group: found 'economics.costz', which is no uncertain input here; did you mean 'economics.costs'",
        ),
        (lambda: v2v.sweep("autologous", vary={"manufacturing.lines": None}), "vary manufacturing.lines: found null"),
        (lambda: v2v.new(3), "base: found 3; allowed: a text"),
    ],
)
def test_a_wrong_kind_is_told_in_words(ask: Callable[[], object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        ask()


def test_a_mapping_that_holds_itself_is_refused() -> None:
    endless: dict[str, object] = {"extends": "autologous"}
    endless["run"] = endless
    with pytest.raises(ValueError, match="mapping: holds itself, or is nested too deeply"):
        v2v.load(endless)


def test_results_whose_folder_is_gone_say_so(tmp_path: Path) -> None:
    lost = v2v.run(TINY)
    for file in sorted(lost.folder.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    lost.folder.rmdir()
    asks: list[Callable[[], object]] = [
        lambda: lost.summary, lambda: lost.finding, lambda: lost.figures, lambda: lost.figure("incidence"),
        lambda: lost.report(tmp_path / "report.html"), lambda: lost.save(tmp_path / "kept"), lost._repr_html_,
    ]  # fmt: skip
    for ask in asks:
        with pytest.raises(v2v.FolderError, match="no longer there; it was a temporary one"):
            ask()
    assert list(tmp_path.iterdir()) == []


def test_results_never_show_the_numbers_of_others_that_took_their_folder(tmp_path: Path) -> None:
    first = v2v.run(TINY, folder=tmp_path / "same")
    second = v2v.run(TINY, seed=9, folder=tmp_path / "same")
    with pytest.raises(v2v.FolderError, match="holds other results, written after these; `open_results` reads them"):
        _ = first.summary
    second.save(tmp_path / "same")  # pages beside the tables leave them the same results
    assert v2v.open_results(tmp_path / "same").table("summary").equals(second.summary)


def test_a_report_that_cannot_be_written_is_told(tiny: v2v.Study, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(v2v.FolderError, match=r"folder: cannot be written \("):
        tiny.report(tmp_path / "folder")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_results_are_the_same_from_a_thread_and_a_copy(tiny: v2v.Study) -> None:
    found: list[v2v.Study] = []
    threads = [threading.Thread(target=lambda: found.append(v2v.run(TINY))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.summary.equals(tiny.summary) for one in found] == [True, True]
    assert pickle.loads(pickle.dumps(tiny)).summary.equals(tiny.summary)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_takes_no_folder_with_it(tiny: v2v.Study) -> None:
    child = os.fork()
    if child == 0:
        tiny._kept.__dict__.clear()  # type: ignore[union-attr]
        from weakref import finalize

        finalize._exitfunc()  # type: ignore[attr-defined]  # as Python does at its end
        os._exit(0)
    os.waitpid(child, 0)
    assert tiny.folder.is_dir()


def test_every_kind_of_results_shows_its_finding_and_a_chart(tiny: v2v.Study, monkeypatch: pytest.MonkeyPatch) -> None:
    import IPython.display
    import plotly.graph_objects as go

    swept = v2v.sweep(TINY, vary={"manufacturing.slots.count": [3, 4]}, replications=2, workers=1)
    shown: list[object] = []
    monkeypatch.setattr(IPython.display, "display", shown.append)
    tiny._ipython_display_()
    swept._ipython_display_()
    text, chart, swept_text, swept_chart = shown
    assert tiny.finding in text.data.replace("&lt;", "<")  # type: ignore[attr-defined]
    assert swept.finding in swept_text.data  # type: ignore[attr-defined]
    assert isinstance(chart, go.Figure)
    assert isinstance(swept_chart, go.Figure)
    assert swept_chart == swept.figure(swept.figures[0])


def test_an_attribute_that_there_is_not_is_told_with_the_nearest(tiny: v2v.Study) -> None:
    with pytest.raises(AttributeError, match="'Study' object has no attribute 'sumary'; did you mean 'summary'"):
        _ = tiny.sumary  # type: ignore[attr-defined]


def test_what_goes_works_until_it_is_gone_and_says_what_to_write(
    tiny: v2v.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {
        "simulate": "run", "run.trials": "replications", "Study.table_of_patients": "patients",
        "Results.sentence": "finding", "list --samples": "--effects",
    }  # fmt: skip
    monkeypatch.setattr(going, "GOING", {old: going.Going(now, "0.3") for old, now in names.items()})
    monkeypatch.setattr("sim.shell.commands.GOING", going.GOING)
    with pytest.warns(FutureWarning, match=r"^simulate is now run; the old name goes with version 0\.3$"):
        old = v2v.simulate  # type: ignore[attr-defined]
    assert old is v2v.run
    with pytest.warns(FutureWarning, match=r"^run\.trials is now replications; ") as heard:
        found = v2v.run(TINY, trials=1)  # type: ignore[call-arg]
    assert heard[0].filename == __file__
    assert found.summary["replications"].max() == 1
    with pytest.warns(FutureWarning, match=r"^Study\.table_of_patients is now patients; ") as heard:
        assert tiny.table_of_patients.equals(tiny.patients)  # type: ignore[attr-defined]
    assert heard[0].filename == __file__
    with pytest.warns(FutureWarning, match=r"^Results\.sentence is now finding; "):
        assert tiny.sentence == tiny.finding  # type: ignore[attr-defined]
    said = CliRunner().invoke(cli, ["simulate", "nothing.yaml"])
    assert "Note: simulate is now run; the old name goes with version 0.3" in said.stderr
    assert "nothing.yaml: no such file" in said.stderr
    said = CliRunner().invoke(cli, ["list", "--samples", "--help"])
    assert "Note: list --samples is now --effects" in said.stderr
    assert said.exit_code == 0


def test_nothing_that_goes_is_named_for_a_version_that_is_here() -> None:
    import sim

    here = tuple(int(part) for part in sim.__version__.split("."))
    for old, one in going.GOING.items():
        assert tuple(int(part) for part in one.until.split(".")) > here, f"{old} was to be gone with {one.until}"


def test_no_more_workers_than_a_machine_can_bear(tmp_path: Path) -> None:
    # there is no such file: whatever becomes of the limit, nothing is started
    nowhere = str(tmp_path / "nowhere.yaml")
    for command in ("run", "compare", "sweep", "psa", "plan"):
        done = CliRunner().invoke(cli, [command, nowhere, "--workers", str(MOST_WORKERS + 1)])
        assert done.exit_code == 2, command
        assert f"{MOST_WORKERS + 1} is not in the range 1<=x<={MOST_WORKERS}" in done.output, (command, done.output)
    with pytest.raises(ValueError, match=f"workers.*1 to {MOST_WORKERS}"):
        v2v.run(nowhere, workers=MOST_WORKERS + 1)
